package letters

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"sselfie/core/mail"
)

// parse reads all templates, the creator's over ours.
func (r *Renderer) parse() error {
	if err := r.strangers(); err != nil {
		return err
	}
	var bad []error
	read := func(name string) string {
		text, err := r.read(name)
		if err == nil && path.Ext(name) == ".html" {
			text, err = r.literal(name, text)
		}
		if err != nil {
			bad = append(bad, err)
		}
		return text
	}
	htmlFuncs, textFuncs := functions(r.look)
	base := template.New("").Funcs(htmlFuncs).Option("missingkey=error")
	for _, name := range []string{"base.html", "parts.html"} {
		if _, err := base.New(name).Parse(read(name)); err != nil {
			bad = append(bad, plainly(err))
		}
	}
	footer, err := texttemplate.New("footer.txt").Funcs(textFuncs).Option("missingkey=error").Parse(read("footer.txt"))
	if err != nil {
		bad = append(bad, plainly(err))
	}
	r.footer = footer
	for _, k := range mail.Kinds() {
		name := string(k)
		set, err := base.Clone()
		if err == nil {
			_, err = set.New(name + ".html").Parse(read(name + ".html"))
		}
		if err != nil {
			bad = append(bad, plainly(err))
		}
		text, err := texttemplate.New(name + ".txt").Funcs(textFuncs).Option("missingkey=error").Parse(read(name + ".txt"))
		if err != nil {
			bad = append(bad, plainly(err))
		}
		r.sheets[k] = sheets{html: set, text: text}
	}
	return errors.Join(bad...)
}

// strangers refuses files in the creator's folder that lie over nothing: they
// are spelled wrong, and would be without effect.
func (r *Renderer) strangers() error {
	if r.c.Overrides == nil {
		return nil
	}
	var bad []error
	err := fs.WalkDir(r.c.Overrides, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		if ext := path.Ext(name); ext != ".html" && ext != ".txt" {
			return nil
		}
		if _, err := fs.Stat(r.c.Files, name); err != nil {
			bad = append(bad, fmt.Errorf("%s:1: there is no template of this name to replace", name))
		}
		return nil
	})
	return errors.Join(append(bad, err)...)
}

func (r *Renderer) read(name string) (string, error) {
	if r.c.Overrides != nil {
		text, err := fs.ReadFile(r.c.Overrides, name)
		if err == nil {
			return string(text), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s:1: %w", name, err)
		}
	}
	text, err := fs.ReadFile(r.c.Files, name)
	return string(text), err
}

// check renders every kind with its examples and with nothing but what it
// cannot do without.
func (r *Renderer) check() error {
	var bad []error
	try := *r // without the installation's tokens
	try.c.Unsubscribe = func(context.Context, mail.Outgoing) (string, error) { return "sample", nil }
	for _, k := range mail.Kinds() {
		full := Sample(k)
		full.At = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		bare := full
		bare.Props = mail.Props{}
		for _, p := range kinds[k].Props {
			if p.Required {
				bare.Props[p.Name] = p.Example
			}
		}
		for _, o := range []mail.Outgoing{full, bare} {
			_, err := try.Render(context.Background(), o)
			if err != nil && !slices.ContainsFunc(bad, func(b error) bool { return b.Error() == err.Error() }) {
				bad = append(bad, err)
			}
		}
	}
	return errors.Join(bad...)
}

// plainly cuts the words before file and line.
func plainly(err error) error {
	text := err.Error()
	for _, prefix := range []string{"template: ", "html/template:"} {
		text = strings.TrimPrefix(text, prefix)
	}
	return errors.New(text)
}

// functions are what templates may call besides the constants of their looks.
func functions(l Look) (template.FuncMap, texttemplate.FuncMap) {
	page := pieces(l)
	page["say"], page["facts"], page["paragraphs"], page["button"] = say, facts, paragraphs, newButton
	return page, texttemplate.FuncMap{"say": say, "facts": facts, "table": table, "paragraphs": paragraphs, "prose": written, "before": before}
}
