package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp/syntax"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// longestExpression is how many steps a regular expression of a package may
// compile to. All of them are compiled at each start, before anything else, and
// {1,500} alone makes 1,000 steps and 200 KB: compare the length in Go, or compile
// where it is needed.
const longestExpression = 80

func TestExpressionsCostTheStartLittle(t *testing.T) {
	for _, bad := range checkExpressions(t, os.DirFS("..")) {
		t.Error(bad)
	}
}

func TestALongExpressionIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want int
	}{
		"counted far":         {"var shape = regexp.MustCompile(`^[a-z]{1,500}$`)", 1},
		"counted far in bars": {"var (\n\ta = 1\n\tshape = regexp.MustCompile(`^[a-z]{1,500}$`)\n)", 1},
		"without a count":     {"var shape = regexp.MustCompile(`^[a-z]+$`)", 0},
		"in a function":       {"func f() { regexp.MustCompile(`^[a-z]{1,500}$`) }", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := checkExpressions(t, fstest.MapFS{"app/x.go": {Data: []byte("package app\nimport \"regexp\"\n" + c.src + "\n")}})
			if len(got) != c.want {
				t.Errorf("found %q", got)
			}
		})
	}
}

// checkExpressions reads the regular expressions of packages and returns those
// that are too long.
func checkExpressions(t *testing.T, house fs.FS) (bad []string) {
	t.Helper()
	err := fs.WalkDir(house, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || name == "tools") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(house, name)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			vars, ok := decl.(*ast.GenDecl)
			if !ok || vars.Tok != token.VAR {
				continue
			}
			for _, spec := range vars.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					if n := steps(value); n > longestExpression {
						bad = append(bad, fmt.Sprintf("%s: an expression of %d steps, at most %d", files.Position(value.Pos()), n, longestExpression))
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bad
}

// steps returns how many steps the expression in regexp.MustCompile(`...`) has, 0
// for anything else.
func steps(value ast.Expr) int {
	call, ok := value.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return 0
	}
	if fn, ok := call.Fun.(*ast.SelectorExpr); !ok || fn.Sel.Name != "MustCompile" {
		return 0
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return 0
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return 0
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0
	}
	return len(prog.Inst)
}
