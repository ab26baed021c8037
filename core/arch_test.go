package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// This file keeps the walls of the house where they are. It reads the imports
// from the files themselves: a test that asks `go list` would be answered from
// the test cache after somebody has moved a wall.

const module = "sselfie"

// room says what a folder may lean on. A name that ends in /... means the
// folder and everything below it.
type room struct {
	may     []string // folders of this module
	outside []string // other modules, by the beginning of their import path
}

// rooms is the plan: every folder that holds Go files has a row.
var rooms = map[string]room{
	"core":              {},
	"core/catalog":      {may: []string{"core"}},
	"core/brand":        {may: []string{"core"}},
	"core/credits":      {may: []string{"core"}},
	"core/entitlements": {may: []string{"core"}},
	"core/mail":         {may: []string{"core"}},
	"core/tracking":     {may: []string{"core", "core/catalog"}},
	"core/jobs":         {may: []string{"core"}},
	"core/flags":        {may: []string{"core", "core/mail"}},
	"core/onboarding":   {may: []string{"core", "core/entitlements", "core/flags", "core/tracking"}},
	"core/blueprint":    {may: []string{"core", "core/credits", "core/entitlements", "core/onboarding"}},
	"core/support":      {may: []string{"core", "core/accounts", "core/mail"}},
	"core/leads":        {may: []string{"core", "core/accounts", "core/mail"}},
	"core/moving":       {may: []string{"core", "core/accounts", "core/billing", "core/blueprint", "core/catalog", "core/credits", "core/onboarding"}},
	"core/admin":        {may: []string{"core", "core/accounts", "core/billing", "core/catalog", "core/credits", "core/jobs", "core/mail"}},
	"core/launch":       {may: []string{"core", "core/admin"}},
	"core/why":          {may: []string{"core", "core/accounts", "core/billing", "core/credits", "core/entitlements", "core/flags", "core/onboarding"}},
	"core/accounts":     {may: []string{"core", "core/credits", "core/entitlements", "core/mail", "core/tracking"}},
	"core/billing":      {may: []string{"core", "core/accounts", "core/catalog", "core/credits", "core/entitlements", "core/mail", "core/tracking"}},
	"core/segments":     {may: []string{"core", "core/catalog"}},
	"core/prose":        {},
	"core/sequences":    {may: []string{"core", "core/catalog", "core/mail", "core/prose"}},
	"core/campaigns":    {may: []string{"core", "core/mail", "core/prose", "core/segments", "core/sequences"}},
	"core/coretest":     {may: []string{"core/..."}, outside: []string{"pgregory.net/rapid", "github.com/google/go-cmp"}},

	"migrations":  {},
	"static":      {},
	"static/mail": {},

	"static/sequences": {},

	"adapters/acme":      {may: []string{"core/..."}, outside: []string{"golang.org/x/crypto/acme"}},
	"adapters/clock":     {may: []string{"core/..."}},
	"adapters/dns":       {may: []string{"core/..."}},
	"adapters/letters":   {may: []string{"core/...", "static", "static/mail"}, outside: []string{"golang.org/x/net/html"}},
	"adapters/locksmith": {may: []string{"core/..."}, outside: []string{"github.com/alexedwards/argon2id", "github.com/google/uuid", "golang.org/x/crypto/argon2", "golang.org/x/text/unicode/norm"}},
	"adapters/mailbox":   {may: []string{"core/...", "static"}},
	"adapters/returns":   {may: []string{"core/..."}, outside: []string{"github.com/emersion/go-imap"}},
	"adapters/scheduler": {may: []string{"core/..."}, outside: []string{"github.com/go-co-op/gocron/v2"}},
	"adapters/smtp":      {may: []string{"core/..."}, outside: []string{"github.com/wneessen/go-mail", "github.com/emersion/go-msgauth/dkim"}},
	"adapters/sqlite": {may: []string{"core/...", "migrations"}, outside: []string{
		"modernc.org/libc", "modernc.org/sqlite", "github.com/pressly/goose/v3", "golang.org/x/sys",
	}},
	"adapters/sqlite/sqlitetest": {may: []string{"core/...", "migrations", "adapters/sqlite"}},
	"adapters/stripegate":        {may: []string{"core/...", "static"}},
	"adapters/stripepay":         {may: []string{"core/..."}, outside: []string{"github.com/stripe/stripe-go/v76"}},
	"adapters/web": {may: []string{"core/...", "static", "adapters/web/view"}, outside: []string{
		"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp", "github.com/VictoriaMetrics/metrics", "golang.org/x/time",
		"github.com/klauspost/compress", "golang.org/x/sync", "rsc.io/qr",
	}},
	"adapters/web/view": {may: []string{"core/...", "static"}, outside: []string{"github.com/yuin/goldmark", "github.com/goccy/go-yaml", "golang.org/x/image"}},

	"app": {may: []string{"core/...", "adapters/...", "migrations", "static/..."}, outside: []string{
		"github.com/alecthomas/kong", "github.com/goccy/go-yaml", "github.com/VictoriaMetrics/metrics",
	}},
	"app/sselfie": {may: []string{"app"}},
}

// testsOnly are folders that no program is built from.
var testsOnly = []string{"core/coretest", "adapters/sqlite/sqlitetest"}

// pure is what core may take from the standard library: what neither reads nor
// changes the world. time is there for its values; its clocks are refused by
// name below.
var pure = []string{
	"bufio", "bytes", "cmp", "context", "crypto/hmac", "crypto/sha1", "crypto/sha256", "crypto/subtle", "encoding", "encoding/base32", "encoding/base64",
	"encoding/binary", "encoding/csv", "encoding/hex", "encoding/json", "errors", "fmt", "hash", "hash/fnv", "html",
	"io", "io/fs", "iter", "maps", "math", "math/bits", "net/mail", "net/netip", "net/url", "path", "reflect", "regexp", "slices", "sort",
	"strconv", "strings", "sync", "sync/atomic", "time", "unicode", "unicode/utf16", "unicode/utf8",
}

// clocks are the functions of package time that know what time it is, and those
// that wait without a way to stop. A worker's timer tells nobody the time.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "Tick"}

// nameless are package names that say nothing about what is inside.
var nameless = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "manager", "managers"}

func TestTheHouseStandsAsDrawn(t *testing.T) {
	for _, bad := range checkHouse(os.DirFS(".."), rooms) {
		t.Error(bad)
	}
}

func TestThePlanSaysNo(t *testing.T) {
	for name, c := range map[string]struct {
		file, src, want string
	}{
		"a driver in core":               {"core/credits/x.go", "package credits\nimport _ \"database/sql\"\n", "core/credits/x.go imports database/sql"},
		"a library in core":              {"core/credits/x.go", "package credits\nimport _ \"github.com/google/uuid\"\n", "imports github.com/google/uuid"},
		"the file system in core":        {"core/x.go", "package core\nimport _ \"os\"\n", "imports os"},
		"a log in core":                  {"core/x.go", "package core\nimport _ \"log/slog\"\n", "imports log/slog"},
		"the net in core":                {"core/jobs/x.go", "package jobs\nimport _ \"net/http\"\n", "imports net/http"},
		"the wall clock in core":         {"core/jobs/x.go", "package jobs\nimport \"time\"\nvar _ = time.Now\n", "uses time.Now"},
		"the wall clock by another name": {"core/jobs/x.go", "package jobs\nimport t \"time\"\nvar _ = t.Since(t.Time{})\n", "uses time.Since"},
		"time with a dot":                {"core/jobs/x.go", "package jobs\nimport . \"time\"\n", "a dot"},
		"core leaning on an adapter":     {"core/mail/x.go", "package mail\nimport _ \"sselfie/adapters/smtp\"\n", "imports sselfie/adapters/smtp"},
		"a lower room on a higher":       {"core/credits/x.go", "package credits\nimport _ \"sselfie/core/billing\"\n", "imports sselfie/core/billing"},
		"an adapter on another":          {"adapters/smtp/x.go", "package smtp\nimport _ \"sselfie/adapters/sqlite\"\n", "imports sselfie/adapters/sqlite"},
		"an adapter on app":              {"adapters/smtp/x.go", "package smtp\nimport _ \"sselfie/app\"\n", "imports sselfie/app"},
		"a framework in the wrong room":  {"adapters/smtp/x.go", "package smtp\nimport _ \"github.com/gofiber/fiber/v2\"\n", "imports github.com/gofiber/fiber/v2"},
		"SQL outside its adapter":        {"app/x.go", "package app\nimport _ \"database/sql\"\n", "imports database/sql"},
		"cgo":                            {"adapters/smtp/x.go", "package smtp\nimport \"C\"\n", "imports C"},
		"test builders in a program":     {"adapters/smtp/x.go", "package smtp\nimport _ \"sselfie/core/coretest\"\n", "only tests import"},
		"a folder without a row":         {"core/cellar/x.go", "package cellar\n", "core/cellar has no row"},
		"a package without a name":       {"core/x.go", "package helpers\n", "says nothing"},
		"an init function":               {"adapters/smtp/x.go", "package smtp\nfunc init() {}\n", "init function"},
		"a test that sleeps":             {"core/x_test.go", "package core\nimport \"time\"\nfunc f() { time.Sleep(1) }\n", "time.Sleep in a test"},
		"a test that builds the app":     {"core/x_test.go", "package core\nimport _ \"sselfie/app\"\n", "imports sselfie/app"},
		"a file that is no Go":           {"core/x.go", "packag core\n", "core/x.go:1"},
	} {
		t.Run(name, func(t *testing.T) {
			got := checkHouse(fstest.MapFS{c.file: {Data: []byte(c.src)}}, rooms)
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Fatalf("planted one mistake, want %q, got %q", c.want, got)
			}
		})
	}
}

func TestThePlanSaysYes(t *testing.T) {
	for name, c := range map[string]struct{ file, src string }{
		"values of time in core":         {"core/jobs/x.go", "package jobs\nimport \"time\"\nvar _ = time.Hour\n"},
		"core leaning on core":           {"core/billing/x.go", "package billing\nimport _ \"sselfie/core/credits\"\n"},
		"an adapter on core":             {"adapters/smtp/x.go", "package smtp\nimport _ \"sselfie/core/mail\"\nimport _ \"net/http\"\n"},
		"a room on its own annexe":       {"adapters/web/x.go", "package web\nimport _ \"sselfie/adapters/web/view\"\n"},
		"a method called init":           {"core/x.go", "package core\ntype t struct{}\nfunc (t) init() {}\n"},
		"a test on a real database":      {"core/credits/x_test.go", "package credits_test\nimport _ \"sselfie/adapters/sqlite/sqlitetest\"\nimport _ \"os\"\n"},
		"what is not ours is not judged": {"tools/node_modules/x/x.go", "package util\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := checkHouse(fstest.MapFS{c.file: {Data: []byte(c.src)}}, rooms); len(got) != 0 {
				t.Fatalf("found %q in a house that stands", got)
			}
		})
	}
}

// checkHouse returns one sentence for each thing that is not as drawn.
func checkHouse(house fs.FS, plan map[string]room) []string {
	var bad []string
	missing := map[string]bool{}
	err := fs.WalkDir(house, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") || name == "tools" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		folder := path.Dir(name)
		row, drawn := plan[folder]
		if !drawn {
			if !missing[folder] {
				bad = append(bad, fmt.Sprintf("%s has no row in the plan: say in core/arch_test.go what it may import", folder))
			}
			missing[folder] = true
			return nil
		}
		src, err := fs.ReadFile(house, name)
		if err != nil {
			return err
		}
		bad = append(bad, checkFile(name, src, row)...)
		return nil
	})
	if err != nil {
		bad = append(bad, err.Error())
	}
	return bad
}

func checkFile(name string, src []byte, row room) []string {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, name+" "+fmt.Sprintf(format, args...)) }
	folder, isTest := path.Dir(name), strings.HasSuffix(name, "_test.go")
	inCore := folder == "core" || strings.HasPrefix(folder, "core/")
	timeName := ""
	for _, spec := range file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		if target == "time" {
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
			if timeName == "." {
				say("imports time with a dot, which hides its clocks")
			}
		}
		if reason := refuse(folder, target, row, inCore, isTest); reason != "" {
			say("imports %s: %s", target, reason)
		}
	}
	if slices.Contains(nameless, strings.TrimSuffix(file.Name.Name, "_test")) {
		say("is in package %s, a name that says nothing", file.Name.Name)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" && !isTest {
				say("has an init function: let the caller call it")
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok || timeName == "" || x.Name != timeName {
				return true
			}
			if isTest && n.Sel.Name == "Sleep" {
				say("has time.Sleep in a test (line %d): poll with a deadline or use testing/synctest", set.Position(n.Pos()).Line)
			}
			if inCore && !isTest && folder != "core/coretest" && slices.Contains(clocks, n.Sel.Name) {
				say("uses time.%s (line %d): take the time from core.Clock or as an argument", n.Sel.Name, set.Position(n.Pos()).Line)
			}
		}
		return true
	})
	return bad
}

// refuse says why a folder may not import target, or "".
func refuse(folder, target string, row room, inCore, isTest bool) string {
	ours, isOurs := strings.CutPrefix(target, module+"/")
	switch {
	case target == "C":
		return "the binary is built without cgo"
	case isOurs && isTest:
		// A test may stand up a real database or a local gateway, but not the whole program.
		if under(ours, "app") && !under(folder, "app") {
			return "a test of a room does not build the house"
		}
		return ""
	case isOurs && slices.Contains(testsOnly, ours):
		return "only tests import it"
	case isOurs:
		if ours == folder || slices.ContainsFunc(row.may, func(m string) bool { return matches(ours, m) }) {
			return ""
		}
		return folder + " may not lean on it"
	case isTest:
		return ""
	case strings.Contains(strings.Split(target, "/")[0], "."):
		if slices.ContainsFunc(row.outside, func(m string) bool { return under(target, m) }) {
			return ""
		}
		return "not in this room"
	case inCore && folder != "core/coretest" && !slices.Contains(pure, target):
		return "core takes only the pure parts of the standard library"
	case under(target, "database/sql") && !under(folder, "adapters/sqlite"):
		return "adapters/sqlite holds the only SQL"
	}
	return ""
}

func matches(folder, pattern string) bool {
	if base, all := strings.CutSuffix(pattern, "/..."); all {
		return under(folder, base)
	}
	return folder == pattern
}

func under(name, base string) bool { return name == base || strings.HasPrefix(name, base+"/") }
