package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A YAML decoder of the library's own would stop at the first mistake and show
// an excerpt of the file, secrets included. This one walks the syntax tree
// beside the Config, so that it finds all mistakes at once, knows the line of
// each, and shows values only where they are no secret.

// problem is one mistake in the configuration.
type problem struct {
	where string // "config.yaml:12" or the name of a variable
	path  string // the key, "" when the place says it all
	what  string
}

func (p problem) String() string {
	var b strings.Builder
	if p.where != "" {
		b.WriteString(p.where + ": ")
	}
	if p.path != "" {
		b.WriteString(p.path + ": ")
	}
	b.WriteString(p.what)
	return b.String()
}

// reader fills a Config and remembers where each key was set.
type reader struct {
	problems []problem
	advice   []string // what to do about several of them
	origin   map[string]string
	blind    bool // the file could not be read: what it may hold is not missing
}

// mostProblems is how many are told: a file with more is no configuration.
const mostProblems = 100

func (r *reader) say(where, path, format string, args ...any) {
	if len(r.problems) > mostProblems {
		return
	}
	if len(r.problems) == mostProblems {
		where, path, format, args = "", "", "and more", nil
	}
	r.problems = append(r.problems, problem{where, path, fmt.Sprintf(format, args...)})
}

const maxConfigSize = 1 << 20

// file reads a configuration file into c. name is how messages call it.
func (r *reader) file(c *Config, name string, src []byte) {
	r.blind = true
	if len(src) > maxConfigSize {
		r.say(name, "", "is larger than 1 MiB, which no configuration is")
		return
	}
	tree, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		where, what := name, "is not valid YAML"
		var bad yaml.Error
		if errors.As(err, &bad) {
			if t := bad.GetToken(); t != nil && t.Position != nil {
				where = fmt.Sprintf("%s:%d", name, t.Position.Line)
			}
			// The library's message can quote what stands there; only its plain words are repeated.
			if msg := bad.GetMessage(); !strings.ContainsAny(msg, "\"'`\n") {
				what += ": " + msg
			}
		}
		r.say(where, "", "%s", what)
		return
	}
	if len(tree.Docs) > 1 {
		r.say(name, "", "holds more than one document: remove the lines that consist of ---")
		return
	}
	r.blind = false
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			r.section(name, doc.Body, reflect.ValueOf(c).Elem(), "")
		}
	}
}

func (r *reader) at(file string, n ast.Node) string {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return fmt.Sprintf("%s:%d", file, t.Position.Line)
	}
	return file
}

// pairs returns the entries of a mapping, and reports keys that stand twice.
func (r *reader) pairs(file string, n ast.Node, path string) ([]*ast.MappingValueNode, bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil, false
	}
	var out []*ast.MappingValueNode
	seen := map[string]bool{}
	for it := m.MapRange(); it.Next(); {
		pair := it.KeyValue()
		name := keyText(pair)
		if seen[name] {
			r.say(r.at(file, pair.Key), join(path, name), "stands twice: keep one of them")
			continue
		}
		seen[name] = true
		out = append(out, pair)
	}
	return out, true
}

func keyText(pair *ast.MappingValueNode) string {
	if t := pair.Key.GetToken(); t != nil {
		return t.Value
	}
	return pair.Key.String()
}

func (r *reader) section(file string, n ast.Node, v reflect.Value, path string) {
	if empty(n) {
		return
	}
	pairs, ok := r.pairs(file, n, path)
	if !ok {
		what := "is a section: its keys follow on lines of their own, indented"
		if path == "" {
			what = "a configuration consists of lines like addr: 127.0.0.1:8080"
		}
		r.say(r.at(file, n), path, "%s", what)
		return
	}
	names, fields := children(v)
	for _, pair := range pairs {
		if len(r.problems) > mostProblems {
			return
		}
		name := keyText(pair)
		where, at := r.at(file, pair.Key), join(path, name)
		if f, ok := fields[name]; ok {
			r.field(file, pair.Value, f, v.FieldByIndex(f.Index), at, where)
			continue
		}
		if base, ok := strings.CutSuffix(name, "_file"); ok && isSecret(fields[base]) {
			r.secretFile(file, pair.Value, key{join(path, base), fields[base], v.FieldByIndex(fields[base].Index)}, at, where)
			continue
		}
		r.say(where, at, "unknown key%s", suggest(name, path, names))
	}
}

// children returns the keys of a section, and the field of each.
func children(v reflect.Value) ([]string, map[string]reflect.StructField) {
	var names []string
	fields := map[string]reflect.StructField{}
	for f := range v.Type().Fields() {
		name := snake(f.Name)
		fields[name] = f
		names = append(names, name)
		if isSecret(f) {
			names = append(names, name+"_file")
		}
	}
	return names, fields
}

// suggest returns what an unknown key was probably meant to be: a neighbour's
// name, or a key of the same name elsewhere.
func suggest(name, path string, names []string) string {
	if w := nearest(name, names); w != "" {
		return fmt.Sprintf("; did you mean %s?", join(path, w))
	}
	c := Default()
	var elsewhere []string
	leaves(reflect.ValueOf(&c).Elem(), "", func(k key) {
		if strings.HasSuffix(k.path, "."+name) || strings.ReplaceAll(k.path, ".", "_") == name {
			elsewhere = append(elsewhere, k.path)
		}
	})
	if len(elsewhere) > 0 && len(elsewhere) < 4 {
		return fmt.Sprintf("; did you mean %s?", strings.Join(elsewhere, " or "))
	}
	if slices.Sort(names); len(names) <= 16 {
		return "; here may stand " + strings.Join(names, ", ")
	}
	return "; config.example.yaml lists all keys"
}

// field reads what stands at one key of a section.
func (r *reader) field(file string, n ast.Node, f reflect.StructField, v reflect.Value, path, where string) {
	if empty(n) {
		return // as if the line were not there
	}
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.say(where, path, "anchors, aliases and tags are not understood here: write the value itself")
		return
	}
	switch {
	case f.Tag.Get("keyed") != "":
		r.keyed(file, n, f.Tag.Get("keyed"), v, path)
	case isSection(v):
		r.section(file, n, v, path)
	case v.Kind() == reflect.Slice:
		r.list(file, n, f, v, path, where)
	default:
		text, ok := scalar(n)
		if !ok {
			r.say(where, path, "is one value, not a list or a section")
			return
		}
		if _, twice := r.origin[path]; twice {
			r.say(where, path, "stands beside %s_file: keep one of them", path)
			return
		}
		r.origin[path] = where
		if what := set(key{path, f, v}, text); what != "" {
			r.say(where, path, "%s", what)
		}
	}
}

// keyed reads a section whose keys are made up by the creator. What the file
// names comes first, in the file's order; defaults that it does not name stay.
func (r *reader) keyed(file string, n ast.Node, idField string, v reflect.Value, path string) {
	pairs, ok := r.pairs(file, n, path)
	if !ok {
		r.say(r.at(file, n), path, "is a section: below it stands one name on each line, and its settings below that")
		return
	}
	old := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(old, v)
	out := reflect.MakeSlice(v.Type(), 0, v.Len()+len(pairs))
	named := map[string]bool{}
	for _, pair := range pairs {
		id := keyText(pair)
		named[id] = true
		item := reflect.New(v.Type().Elem()).Elem()
		for i := range old.Len() {
			if old.Index(i).FieldByName(idField).String() == id {
				item.Set(old.Index(i))
			}
		}
		item.FieldByName(idField).SetString(id)
		at := join(path, id)
		r.origin[at] = r.at(file, pair.Key)
		r.section(file, pair.Value, item, at)
		if item.FieldByName(idField).String() != id {
			r.say(r.at(file, pair.Key), at, "the key is the %s already: remove the line inside that says it again", snake(idField))
		}
		out = reflect.Append(out, item)
	}
	for i := range old.Len() {
		if !named[old.Index(i).FieldByName(idField).String()] {
			out = reflect.Append(out, old.Index(i))
		}
	}
	v.Set(out)
}

// list reads a sequence of texts or of small sections. It replaces the default.
func (r *reader) list(file string, n ast.Node, f reflect.StructField, v reflect.Value, path, where string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.say(where, path, "is a list: each entry stands on its own line behind a dash")
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(seq.Values))
	for i, entry := range seq.Values {
		item := reflect.New(v.Type().Elem()).Elem()
		at := path + "[" + strconv.Itoa(i) + "]"
		if item.Kind() == reflect.Struct {
			r.section(file, entry, item, at)
		} else if text, ok := scalar(entry); !ok {
			r.say(r.at(file, entry), at, "is one value, not a list or a section")
		} else if what := set(key{at, f, item}, text); what != "" {
			r.say(r.at(file, entry), at, "%s", what)
		}
		out = reflect.Append(out, item)
	}
	r.origin[path] = where
	v.Set(out)
	if out.Len() == 0 {
		v.SetZero()
	}
}

func empty(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// scalar returns the text of a single value as it was written: 0123 stays 0123.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// secretFile reads a setting from the file that the value names.
func (r *reader) secretFile(file string, n ast.Node, k key, path, where string) {
	name, ok := scalar(n)
	if empty(n) || (ok && name == "") {
		return
	}
	if !ok {
		r.say(where, path, "is the path of a file")
		return
	}
	if _, twice := r.origin[k.path]; twice {
		r.say(where, path, "stands beside %s: keep one of them", k.path)
		return
	}
	if !filepath.IsAbs(name) && file != "" {
		name = filepath.Join(filepath.Dir(file), name)
	}
	r.fromFile(k, name, path, where)
}

func (r *reader) fromFile(k key, name, path, where string) {
	text, err := readSecret(name)
	if err != nil {
		r.say(where, path, "%v", err)
		return
	}
	r.origin[k.path] = where
	if what := set(k, text); what != "" {
		r.say(where, path, "%s", what)
	}
}

// readSecret returns the content of a small file without its last line break.
func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		var bad *os.PathError
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return "", fmt.Errorf("cannot read %s: %w", name, err)
	}
	defer f.Close()
	const most = 64 << 10
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read %s: it is no plain file", name)
	case len(b) > most:
		return "", fmt.Errorf("%s is larger than 64 KiB, which no secret is", name)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return text, nil
}
