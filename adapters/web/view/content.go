package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"sselfie/core"
)

// Text is one content file: front matter and a Markdown body. Each kind of
// page uses the fields that it needs; requiredFields says which must be there.
type Text struct {
	Title       string        `yaml:"title"`       // of the browser tab and search results
	Description string        `yaml:"description"` // of search results and link previews
	Kicker      string        `yaml:"kicker"`      // pencilled above the headline
	Headline    string        `yaml:"headline"`
	Lead        string        `yaml:"lead"` // the value proposition, one paragraph
	Button      string        `yaml:"button"`
	Bring       string        `yaml:"bring"` // what the customer needs to have
	Ready       string        `yaml:"ready"` // when it is done
	Summary     string        `yaml:"summary"`
	Art         string        `yaml:"art"` // which drawing leads the page
	Box         []BoxItem     `yaml:"box"`
	Features    []Passage     `yaml:"features"`
	Steps       []Passage     `yaml:"steps"`
	Gallery     []Pair        `yaml:"gallery"`
	FAQ         []Question    `yaml:"faq"`
	Promise     string        `yaml:"promise"` // refund and privacy in one plain sentence
	Next        []string      `yaml:"next"`    // what happens after paying, in order
	Compare     string        `yaml:"compare"` // above the table that sets Studio beside it
	Testimonial []Testimonial `yaml:"testimonials"`
	Done        string        `yaml:"done"`    // what a form says when it was sent
	Consent     string        `yaml:"consent"` // beside a form's box
	Updated     string        `yaml:"updated"` // date of a legal text, as people read it

	Body template.HTML `yaml:"-"` // the Markdown below the front matter, rendered
}

// BoxItem is one line of what is in the box: a count and what is counted.
type BoxItem struct {
	Count string `yaml:"count"`
	What  string `yaml:"what"`
	Note  string `yaml:"note"`
}

// Passage is a heading and the sentences under it.
type Passage struct {
	Title string `yaml:"title"`
	Text  string `yaml:"text"`
}

// Pair is one before and after: ids of drawings, or paths of the creator's own
// pictures below /assets/.
type Pair struct {
	Before  string `yaml:"before"`
	After   string `yaml:"after"`
	Caption string `yaml:"caption"`
}

// Question is one entry of the questions section.
type Question struct {
	Q string `yaml:"q"`
	A string `yaml:"a"`
}

// Testimonial is a customer's words. A sample is shown in demo mode alone, and
// is marked there.
type Testimonial struct {
	Quote  string `yaml:"quote"`
	Name   string `yaml:"name"`
	Role   string `yaml:"role"`
	Sample bool   `yaml:"sample"`
}

// Content is every text of the site.
type Content struct {
	Home          Text
	FreeBlueprint Text
	Legal         map[string]Text // by slug
	products      map[core.ProductID]Text
}

// LegalSlugs are the legal pages, in the footer's order.
func LegalSlugs() []string { return []string{"terms", "privacy", "withdrawal", "imprint"} }

// Product returns the texts of a product page. Packs and products that left
// the catalogue have none: the zero Text.
func (c *Content) Product(id core.ProductID) Text { return c.products[id] }

// kind is what a content file is for; it decides which fields are required.
type kind string

const (
	kindHome    kind = "home"
	kindProduct kind = "product"
	kindFree    kind = "free"
	kindLegal   kind = "legal"
)

func requiredFields(k kind) []string {
	switch k {
	case kindHome:
		return []string{"title", "description", "headline", "lead", "button", "steps", "faq"}
	case kindProduct:
		return []string{"title", "description", "headline", "lead", "button", "summary", "bring", "ready", "art", "box", "steps", "faq", "promise", "next"}
	case kindFree:
		return []string{"title", "description", "headline", "lead", "button", "consent", "done", "steps"}
	}
	return []string{"title", "description", "updated"}
}

// LoadContent reads content/ of fsys. It reports every mistake at once, each
// with its file and line.
func LoadContent(fsys fs.FS, site Site) (*Content, []Problem) {
	c := &Content{Legal: map[string]Text{}, products: map[core.ProductID]Text{}}
	var bad []Problem
	read := func(file string, k kind, words words) Text {
		src, err := fs.ReadFile(fsys, "content/"+file)
		if err != nil {
			why := "cannot be read: " + err.Error()
			if errors.Is(err, fs.ErrNotExist) {
				why = "is missing; copy one of its neighbours and change the words"
			}
			bad = append(bad, Problem{File: "content/" + file, Line: 1, Message: why})
			return Text{}
		}
		t, problems := parseText("content/"+file, src, k, words)
		bad = append(bad, problems...)
		return t
	}
	known := siteWords(site)
	c.Home = read("home.md", kindHome, known)
	c.FreeBlueprint = read("free-blueprint.md", kindFree, known)
	for _, slug := range LegalSlugs() {
		c.Legal[slug] = read(slug+".md", kindLegal, known)
	}
	for _, p := range site.Catalog.Products {
		if p.Page != "" {
			c.products[p.ID] = read(string(p.ID)+".md", kindProduct, known.product(p))
		}
	}
	return c, bad
}

// markdown is made once: its tables take longer than a text.
var markdown = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Typographer))
})

// parseText reads one content file.
func parseText(file string, src []byte, k kind, w words) (Text, []Problem) {
	var t Text
	var bad []Problem
	say := func(line int, format string, args ...any) {
		bad = append(bad, Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
	}
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	front, body, bodyLine, ok := cut(src)
	if !ok {
		say(1, "must begin with a line of three hyphens, the front matter, and another such line")
		return t, bad
	}
	for line, name := range w.unknown(src) {
		say(line, "{%s} is not known here; known are %s", name, w.names())
	}
	tree, err := parser.ParseBytes(front, 0)
	if err == nil && len(tree.Docs) > 0 && tree.Docs[0].Body != nil {
		err = yaml.NodeToValue(tree.Docs[0].Body, &t, yaml.Strict())
	}
	if err != nil {
		line, message := 1, err.Error()
		var ye yaml.Error
		if errors.As(err, &ye) {
			message = ye.GetMessage()
			if tok := ye.GetToken(); tok != nil {
				line = tok.Position.Line + 1
			}
		}
		say(line, "front matter: %s", message)
		return t, bad
	}
	for _, field := range requiredFields(k) {
		if t.empty(field) {
			say(max(2, lineOf(tree, "$."+field)+1), "%s is missing", field)
		}
	}
	for path, message := range t.gaps() {
		say(max(2, lineOf(tree, path)+1), "%s", message)
	}
	if t.Art != "" && !slices.Contains(artIDs(), t.Art) {
		say(lineOf(tree, "$.art")+1, "there is no drawing %q; there are %s", t.Art, strings.Join(artIDs(), ", "))
	}
	for i, g := range t.Gallery {
		for _, id := range []string{g.Before, g.After} {
			if id != "" && !isPicture(id) && !slices.Contains(frameIDs(), id) {
				say(lineOf(tree, fmt.Sprintf("$.gallery[%d]", i))+1, "there is no drawing %q; there are %s", id, strings.Join(frameIDs(), ", "))
			}
		}
	}
	w.fill(&t)
	var html bytes.Buffer
	if err := markdown().Convert([]byte(w.replace(string(body))), &html); err != nil {
		say(bodyLine, "Markdown: %v", err)
	}
	// Goldmark drops raw HTML and dangerous links by itself, and the author of
	// the file is the creator.
	t.Body = template.HTML(html.String()) //nolint:gosec // see above
	if k == kindLegal && strings.TrimSpace(html.String()) == "" {
		say(bodyLine, "the text below the front matter is empty")
	}
	return t, bad
}

// isPicture tells the creator's own picture from a drawing: a file has a dot.
func isPicture(id string) bool { return strings.Contains(id, ".") }

// missingPictures returns pictures that a text names and that are not below
// assets/. Pages show a blank frame for them; only the check complains.
func missingPictures(fsys fs.FS, file string, t Text) []Problem {
	var bad []Problem
	for _, g := range t.Gallery {
		for _, id := range []string{g.Before, g.After} {
			if !isPicture(id) {
				continue
			}
			if _, err := fs.Stat(fsys, "assets/"+id); err == nil {
				continue
			}
			line := 1
			if src, err := fs.ReadFile(fsys, file); err == nil {
				before, _, _ := strings.Cut(string(src), id)
				line += strings.Count(before, "\n")
			}
			bad = append(bad, Problem{File: file, Line: line, Message: fmt.Sprintf("assets/%s is missing", id)})
		}
	}
	return bad
}

// cut splits a file into front matter and body.
func cut(src []byte) (front, body []byte, bodyLine int, ok bool) {
	rest, ok := bytes.CutPrefix(src, []byte("---\n"))
	if !ok {
		return nil, nil, 0, false
	}
	front, body, ok = bytes.Cut(rest, []byte("\n---"))
	if !ok {
		return nil, nil, 0, false
	}
	_, body, _ = bytes.Cut(body, []byte("\n"))
	return front, body, bytes.Count(front, []byte("\n")) + 4, true
}

// lineOf returns the line of a path in the front matter, 0 when it is absent.
func lineOf(tree *ast.File, path string) int {
	p, err := yaml.PathString(path)
	if err != nil {
		return 0
	}
	n, err := p.FilterFile(tree)
	if err != nil || n == nil || n.GetToken() == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

func (t Text) empty(field string) bool {
	for name, value := range map[string]string{
		"title": t.Title, "description": t.Description, "headline": t.Headline, "lead": t.Lead, "button": t.Button,
		"bring": t.Bring, "ready": t.Ready, "summary": t.Summary, "art": t.Art, "promise": t.Promise,
		"consent": t.Consent, "done": t.Done, "updated": t.Updated,
	} {
		if name == field {
			return strings.TrimSpace(value) == ""
		}
	}
	switch field {
	case "box":
		return len(t.Box) == 0
	case "steps":
		return len(t.Steps) == 0
	case "faq":
		return len(t.FAQ) == 0
	case "next":
		return len(t.Next) == 0
	}
	return false
}

// gaps returns list entries that lack a part, by their path.
func (t Text) gaps() map[string]string {
	out := map[string]string{}
	need := func(list string, i int, part, value string) {
		if strings.TrimSpace(value) == "" {
			out[fmt.Sprintf("$.%s[%d]", list, i)] = fmt.Sprintf("entry %d of %s has no %s", i+1, list, part)
		}
	}
	for i, b := range t.Box {
		need("box", i, "what", b.What)
		need("box", i, "count", b.Count)
	}
	for i, p := range t.Features {
		need("features", i, "text", p.Text)
		need("features", i, "title", p.Title)
	}
	for i, p := range t.Steps {
		need("steps", i, "text", p.Text)
		need("steps", i, "title", p.Title)
	}
	for i, q := range t.FAQ {
		need("faq", i, "a", q.A)
		need("faq", i, "q", q.Q)
	}
	for i, g := range t.Gallery {
		need("gallery", i, "before", g.Before)
		need("gallery", i, "after", g.After)
	}
	for i, q := range t.Testimonial {
		need("testimonials", i, "name", q.Name)
		need("testimonials", i, "quote", q.Quote)
	}
	return out
}
