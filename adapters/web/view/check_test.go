package view

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"sselfie/static"
)

func TestWhatShipsHasNoMistake(t *testing.T) {
	for _, p := range Check(static.Files, sampleSite()) {
		t.Error(p)
	}
}

func TestCheckNamesFileAndLine(t *testing.T) {
	home, err := fs.ReadFile(static.Files, "content/home.md")
	if err != nil {
		t.Fatal(err)
	}
	product, err := fs.ReadFile(static.Files, "content/bio_glowup.md")
	if err != nil {
		t.Fatal(err)
	}
	edit := func(src []byte, old, with string) string {
		if !strings.Contains(string(src), old) {
			t.Fatalf("the file no longer holds %q", old)
		}
		return strings.Replace(string(src), old, with, 1)
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"a missing headline":        {"content/home.md", edit(home, "headline: You took the picture. We develop it.", "# gone"), "content/home.md:2: headline is missing"},
		"a headline of spaces":      {"content/home.md", edit(home, "headline: You took the picture. We develop it.", `headline: "  "`), "content/home.md:5: headline is missing"},
		"a misspelt field":          {"content/home.md", edit(home, "headline:", "headlin:"), `content/home.md:5: front matter: unknown field "headlin"`},
		"no front matter":           {"content/home.md", "# Hello\n", "content/home.md:1: must begin with"},
		"front matter without end":  {"content/home.md", "---\ntitle: x\n", "content/home.md:1: must begin with"},
		"YAML that is none":         {"content/home.md", edit(home, "kicker: for", "kicker: [for"), "content/home.md:5: front matter:"},
		"a text where a list is":    {"content/home.md", edit(home, "testimonials: []", "testimonials: yes"), "front matter:"},
		"an unknown word":           {"content/home.md", edit(home, "{from_price}", "{fromprice}"), "content/home.md:3: {fromprice} is not known"},
		"a question, no answer":     {"content/home.md", edit(home, "    a: You do. They lie on this shop's own server, they are used for your pictures alone, and you can delete each of them at any time.\n", ""), "entry 4 of faq has no a"},
		"an unknown drawing":        {"content/bio_glowup.md", edit(product, "art: bio", "art: biow"), `content/bio_glowup.md:11: there is no drawing "biow"`},
		"a missing picture":         {"content/bio_glowup.md", edit(product, "before: raw-bun", "before: gone.jpg"), "content/bio_glowup.md:40: assets/gone.jpg is missing"},
		"an unknown frame":          {"content/bio_glowup.md", edit(product, "before: raw-bun", "before: rawbun"), `there is no drawing "rawbun"`},
		"a template that is broken": {"pages/legal.html", "{{define \"legal\"}}\n{{if}}\n{{end}}", "pages/legal.html:2: missing value for if"},
		"a template, unknown field": {"pages/zz.html", "{{define \"legal\"}}{{template \"top\" .}}\n\n{{.V.Nonsense}}{{end}}", "pages/zz.html:3:"},
		"a legal text without text": {"content/terms.md", "---\ntitle: T\ndescription: D\nupdated: today\n---\n", "content/terms.md:6: the text below the front matter is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			over := fstest.MapFS{c.file: {Data: []byte(c.text)}}
			got := Check(Layered(over, static.Files), sampleSite())
			var all []string
			for _, p := range got {
				all = append(all, p.String())
			}
			if !strings.Contains(strings.Join(all, "\n"), c.want) {
				t.Errorf("want %q, got:\n%s", c.want, strings.Join(all, "\n"))
			}
		})
	}
}

func TestAProductWithoutAFileIsNamed(t *testing.T) {
	site := sampleSite()
	p := site.Catalog.Products[0]
	p.ID, p.Page = "pottery_day", "/pottery-day"
	site.Catalog.Products = append(site.Catalog.Products, p)
	got := Check(static.Files, site)
	if len(got) != 1 || !strings.HasPrefix(got[0].String(), "content/pottery_day.md:1: is missing") {
		t.Errorf("got %v", got)
	}
}

func TestLayered(t *testing.T) {
	under := fstest.MapFS{"a/x": {Data: []byte("under")}, "a/y": {Data: []byte("under")}}
	over := fstest.MapFS{"a/x": {Data: []byte("over")}, "a/z": {Data: []byte("over")}}
	l := Layered(over, under)
	for name, want := range map[string]string{"a/x": "over", "a/y": "under", "a/z": "over"} {
		if b, err := fs.ReadFile(l, name); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	entries, err := fs.ReadDir(l, "a")
	if err != nil || len(entries) != 3 {
		t.Errorf("merged directory: %v, %v", entries, err)
	}
	if Layered(nil, under) == nil {
		t.Error("no override must be the embedded files")
	}
}

// Raw HTML in a text is dropped, and a link cannot run a script.
func TestContentIsNoDoor(t *testing.T) {
	src := "---\ntitle: T\ndescription: D\nupdated: now\n---\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick=\"x\">hi</b>\n"
	text, bad := parseText("content/terms.md", []byte(src), kindLegal, words{})
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	for _, no := range []string{"<script", "javascript:", "onclick"} {
		if strings.Contains(string(text.Body), no) {
			t.Errorf("%q came through: %s", no, text.Body)
		}
	}
}

func TestChangesShowWithoutARestart(t *testing.T) {
	over := fstest.MapFS{}
	r, err := New(Options{Site: sampleSite(), Files: Layered(over, static.Files), Live: true})
	if err != nil {
		t.Fatal(err)
	}
	if page := render(t, r, Home{}); !strings.Contains(page, "You took the picture") {
		t.Fatal("the page that ships is not there")
	}
	home, _ := fs.ReadFile(static.Files, "content/home.md")
	over["content/home.md"] = &fstest.MapFile{Data: []byte(strings.Replace(string(home), "You took the picture", "Words of her own", 1))}
	if page := render(t, r, Home{}); !strings.Contains(page, "Words of her own") {
		t.Error("a changed file does not show")
	}
	a, err := r.Public(Home{})
	if err != nil || !strings.Contains(string(a.Body), "Words of her own") {
		t.Errorf("the cached page is stale: %v", err)
	}
}
