package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// parse reads every template of pages/ into one set. Names of files are names
// of templates, so that a mistake is reported as pages/home.html:12.
func parse(fsys fs.FS, s *set) (*template.Template, error) {
	root := template.New("").Funcs(funcs(s)).Option("missingkey=zero")
	err := fs.WalkDir(fsys, "pages", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".html" {
			return err
		}
		src, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		_, err = root.New(p).Parse(string(src))
		return err
	})
	if err != nil {
		return nil, Problems{templateProblem(err)}
	}
	return root, nil
}

// funcs are what templates may call. None reads a clock, a file or a request.
func funcs(s *set) template.FuncMap {
	return template.FuncMap{
		"asset":    s.assets.URL,
		"hasAsset": func(name string) bool { _, err := s.assets.URL(name); return err == nil },
		"dict":     dict,
		"list":     func(v ...any) []any { return v },
		"choiceArt": func(key string) (template.HTML, error) {
			d, err := choiceArt(key)
			return template.HTML(d.svg("")), err //nolint:gosec // drawn by us, no outside text
		},
		"art": func(id, class string) (template.HTML, error) {
			d, err := art(id)
			return template.HTML(d.svg(class)), err //nolint:gosec // drawn by us, no outside text
		},
		"frames":     frameIDs,
		"styles":     styles,
		"money":      core.Money.String,
		"whole":      func(m core.Money) int64 { return m.Minor / 100 },
		"less":       func(a, b core.Money) core.Money { return core.Money{Minor: a.Minor - b.Minor, Currency: a.Currency} },
		"times":      times,
		"packs":      packs,
		"usual":      usual,
		"per":        per,
		"date":       func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"datetime":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") + " UTC" },
		"iso":        func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"json":       jsonText,
		"ld":         jsonData,
		"add":        func(a, b int) int { return a + b },
		"frameNo":    func(i int) string { return fmt.Sprintf("%d", i+1) },
		"paragraphs": paragraphs,
		"initial":    initial,
		"isPicture":  isPicture,
		"signed":     signed,
		"lower":      strings.ToLower,
		"tier":       tierName,
	}
}

// dict builds the argument of a component from pairs of name and value.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict takes pairs of name and value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// per is the price of one credit: "$0.59".
func per(m core.Money, n int) string {
	if n <= 0 {
		return ""
	}
	cents := (m.Minor + int64(n)/2) / int64(n)
	out := core.Money{Minor: cents, Currency: m.Currency}.String()
	return out
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// jsonData is JSON for a data block. Marshal escapes <, > and &, so no text
// can end the block.
func jsonData(v any) (template.JS, error) {
	b, err := json.Marshal(v)
	return template.JS(b), err //nolint:gosec // see above
}

func paragraphs(s string) []string {
	var out []string
	for _, p := range strings.Split(s, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// initial is the first letter of a name, for the account button.
func initial(names ...string) string {
	for _, n := range names {
		for _, r := range strings.TrimSpace(n) {
			return strings.ToUpper(string(r))
		}
	}
	return "·"
}

func signed(n int) string {
	if n < 0 {
		return fmt.Sprintf("−%d", -n)
	}
	return fmt.Sprintf("+%d", n)
}

func tierName(tier string) string {
	switch tier {
	case catalog.EntitlementStudio:
		return "Studio"
	case catalog.EntitlementBlueprint:
		return "Brand Blueprint"
	}
	return "Free"
}

func upper(s string) string { return strings.ToUpper(s) }
