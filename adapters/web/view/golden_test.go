package view

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sselfie/static"
)

var update = flag.Bool("update", false, "write the goldens anew")

// hashes of assets change with every stylesheet edit; a golden is about the
// page, not about that.
var hashed = regexp.MustCompile(`(/assets/[A-Za-z0-9_./-]+?)\.[0-9a-f]{12}\.`)

func TestEveryPageHasAGolden(t *testing.T) {
	site := sampleSite()
	r := newRenderer(t, site)
	known := map[string]bool{}
	for _, s := range Samples(site) {
		t.Run(s.Name, func(t *testing.T) {
			file := filepath.Join("testdata", s.Name+".html")
			known[s.Name+".html"] = true
			got := hashed.ReplaceAllString(render(t, r, s.View), "$1.")
			got = drawn.ReplaceAllString(got, `<svg class="$1"/>`)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("no golden: look at the page, then run go test -run Golden -update (%v)", err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("differs from its golden:\n%s", diff)
			}
		})
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("testdata/%s belongs to no sample page", f.Name())
		}
	}
}

// Drawings have a test of their own; in a golden their name is enough.
var drawn = regexp.MustCompile(`(?s)<svg class="(art [^"]*)".*?</svg>`)

// Every entry template is shown by some sample, or nobody has ever looked at it.
func TestEveryTemplateIsSampled(t *testing.T) {
	site := sampleSite()
	r := newRenderer(t, site)
	seen := map[string]bool{}
	for _, s := range Samples(site) {
		seen[s.View.about(r).Template] = true
	}
	entry := regexp.MustCompile(`\{\{define "([^"]+)"\}\}\{\{template "top" \.\}\}`)
	found := 0
	files, err := fs.Glob(static.Files, "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := fs.ReadFile(static.Files, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range entry.FindAllSubmatch(src, -1) {
			found++
			if !seen[string(m[1])] {
				t.Errorf("%s: page %q has no sample", f, m[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("found %d entry templates; the pattern no longer matches", found)
	}
}

// rules every page obeys, whatever it shows.
func TestPagesKeepTheRules(t *testing.T) {
	site := sampleSite()
	r := newRenderer(t, site)
	for _, s := range Samples(site) {
		t.Run(s.Name, func(t *testing.T) {
			for _, problem := range rulesBroken(render(t, r, s.View), site.BaseURL) {
				t.Error(problem)
			}
		})
	}
}

func TestTheRulesSayNo(t *testing.T) {
	for name, page := range map[string]string{
		"an inline style":     `<p style="color:red">`,
		"a style element":     `<style>p{}</style>`,
		"an inline script":    `<script>alert(1)</script>`,
		"an event handler":    `<a onclick="x()">`,
		"a foreign script":    `<script src="https://cdn.example.com/x.js"></script>`,
		"a foreign picture":   `<img src="//cdn.example.com/x.png" alt="">`,
		"a picture, no alt":   `<img src="/x.png">`,
		"two headings":        `<h1>a</h1><h1>b</h1>`,
		"an id twice":         `<i id="a"></i><i id="a"></i>`,
		"a failed escape":     `<a href="#ZgotmplZ">`,
		"a javascript link":   `<a href="javascript:alert(1)">`,
		"a missing value":     `<p>&lt;no value&gt;</p>`,
		"a word left to fill": `<p>from {price} on</p>`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := rulesBroken(page, "http://localhost"); len(got) == 0 {
				t.Errorf("%s passed", page)
			}
		})
	}
}

var (
	inlineScript = regexp.MustCompile(`(?i)<script(?:[^>]*)>`)
	handler      = regexp.MustCompile(`(?i)<[^>]+\son[a-z]+\s*=`)
	foreign      = regexp.MustCompile(`(?i)\b(?:src|srcset|action|data-script)\s*=\s*"(?:https?:)?//`)
	stylesheet   = regexp.MustCompile(`(?i)<link[^>]+href="(?:https?:)?//[^"]*"`)
	picture      = regexp.MustCompile(`(?i)<img[^>]*>`)
	ids          = regexp.MustCompile(`\sid="([^"]+)"`)
	unfilled     = regexp.MustCompile(`\{[a-z_]+\}`)
	styleAttr    = regexp.MustCompile(`(?i)<[^>]+\sstyle\s*=|<style`)
)

func rulesBroken(page, base string) []string {
	var bad []string
	say := func(cond bool, what string) {
		if cond {
			bad = append(bad, what)
		}
	}
	for _, tag := range inlineScript.FindAllString(page, -1) {
		data := strings.Contains(tag, "application/ld+json") || strings.Contains(tag, "application/json")
		say(!strings.Contains(tag, " src=") && !data, "inline script: "+tag)
	}
	for _, link := range stylesheet.FindAllString(page, -1) {
		say(!strings.Contains(link, `rel="canonical"`) || !strings.Contains(link, base), "a link element leads elsewhere: "+link)
	}
	say(styleAttr.MatchString(page), "inline style")
	say(handler.MatchString(page), "event handler in markup: "+handler.FindString(page))
	say(foreign.MatchString(page), "request to another host: "+foreign.FindString(page))
	say(strings.Contains(page, "ZgotmplZ"), "a value that html/template refused")
	say(strings.Contains(page, "javascript:"), "a javascript: address")
	say(strings.Contains(page, "no value&gt;"), "a missing value")
	say(unfilled.MatchString(page), "a word was not filled in: "+unfilled.FindString(page))
	for _, img := range picture.FindAllString(page, -1) {
		say(!strings.Contains(img, " alt="), "picture without alt: "+img)
	}
	if n := strings.Count(page, "<h1"); strings.Contains(page, "components") {
		// The components page shows a second heading of the first rank.
		say(n > 2, "too many h1")
	} else {
		say(n > 1 || n == 0 && strings.Contains(page, "<body"), "a page has one h1")
	}
	seen := map[string]bool{}
	for _, m := range ids.FindAllStringSubmatch(page, -1) {
		say(seen[m[1]], "id twice: "+m[1])
		seen[m[1]] = true
	}
	return bad
}

// security.md, T2: whoever knows a session id may see this page.
func TestSuccessPageGivesNothingAway(t *testing.T) {
	r := newRenderer(t, sampleSite())
	for name, v := range map[string]CheckoutSuccess{
		"a known session":   {SessionID: "cs_1", Product: "bio_glowup", Status: "complete"},
		"an unknown one":    {},
		"one still waiting": {SessionID: "cs_1", Product: "bio_glowup", Status: "processing"},
	} {
		t.Run(name, func(t *testing.T) {
			page := render(t, r, v)
			main := page[strings.Index(page, "<main"):strings.Index(page, "</main>")]
			for _, no := range []string{"<form", "<input", "password\" type", "@"} {
				if strings.Contains(main, no) {
					t.Errorf("the page holds %q", no)
				}
			}
			if known := strings.Contains(main, "Bio Glow-Up"); known != (v.Product != "") {
				t.Errorf("names a product: %v", known)
			}
		})
	}
}

func TestHostileTextStaysText(t *testing.T) {
	r := newRenderer(t, sampleSite())
	for _, evil := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</script><svg onload=alert(1)>`, `javascript:alert(1)`, `{{.}}`} {
		for _, v := range []View{
			Account{Chrome: Chrome{Viewer: &Viewer{Name: evil, Email: evil}, Notice: []Notice{{Tone: Warning, Title: evil, Text: evil, Action: evil, Href: evil}}}, Name: evil, Email: evil, History: []CreditLine{{Description: evil}}, Purchases: []Purchase{{Name: evil, Href: evil}}},
			Studio{Name: evil},
			Login{Form: Form{Values: map[string]string{"email": evil}, Error: evil, Errors: map[string]string{"email": evil}}, ReturnTo: evil, Reason: evil},
			Contact{Form: Form{Values: map[string]string{"message": evil, "name": evil}}, Sent: false},
			Checkout{Product: "bio_glowup", Source: evil, Campaign: evil, Link: evil, PromoRefused: evil},
			Mailbox{To: evil, Messages: []MailItem{{ID: "eml_1", To: evil, Subject: evil}}},
			MailboxMessage{Mail: MailItem{ID: "eml_1", To: evil, From: evil, Subject: evil, HTML: evil, Text: evil, Links: []string{evil}, Headers: []Header{{evil, evil}}}},
			ErrorPage{Status: 400, Message: evil, RequestID: evil},
		} {
			page := render(t, r, v)
			for _, no := range []string{"<script>alert", "<img src=x", "<svg onload", `href="javascript:`} {
				if strings.Contains(page, no) {
					t.Errorf("%T: %q came through as markup", v, no)
				}
			}
		}
	}
}

func TestLongAndForeignTextsRender(t *testing.T) {
	long := strings.Repeat("Wolkenkuckucksheim ", 10) + strings.Repeat("x", 200)
	for name, text := range map[string]string{
		"200 characters": long, "Arabic": "مها العبدالله", "Japanese": "写真館のさくら", "emoji": "👩🏽‍🎤 Zoë 🎞️", "empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			site := sampleSite()
			if text != "" {
				site.Brand.Name = text
				site.Catalog.Products[0].Name = text
			}
			r := newRenderer(t, site)
			in := Chrome{Viewer: &Viewer{Name: text, Email: "a@example.com"}}
			for _, v := range []View{Home{}, Landing{Product: "one_time_session"}, Checkout{Product: "one_time_session"}, Studio{Chrome: in, Name: text}, Account{Chrome: in, Name: text}} {
				if page := render(t, r, v); text != "" && !strings.Contains(page, strings.TrimSpace(text)) {
					t.Errorf("%T lost the text", v)
				}
			}
		})
	}
}

// A product without testimonials or gallery loses that section, not a heading
// without content.
func TestEmptySectionsLeave(t *testing.T) {
	site := sampleSite()
	site.Demo = false
	page := render(t, newRenderer(t, site), Landing{Product: "one_time_session"})
	if strings.Contains(page, "In their words") || strings.Contains(page, `class="sample"`) {
		t.Error("a live shop shows sample testimonials")
	}
	if strings.Contains(page, "demo-line") {
		t.Error("a live shop says that it is a demo")
	}
	site.Demo = true
	if page := render(t, newRenderer(t, site), Landing{Product: "one_time_session"}); !strings.Contains(page, "Sample, shown in the demo alone") {
		t.Error("a sample is not marked as one")
	}
}

func TestPublicIsCachedPerPage(t *testing.T) {
	r := newRenderer(t, sampleSite())
	a, err := r.Public(Home{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Public(Home{})
	if err != nil || a != b {
		t.Errorf("drawn twice: %v", err)
	}
	other, err := r.Public(Landing{Product: "bio_glowup"})
	if err != nil || bytes.Equal(a.Body, other.Body) {
		t.Errorf("two pages share one body: %v", err)
	}
	if _, err := r.Public(Home{Chrome{Viewer: &Viewer{}}}); err == nil {
		t.Error("a page with somebody's balance was cached for all")
	}
	if len(a.Gzip()) == 0 || len(a.Gzip()) >= len(a.Body) {
		t.Error("no compressed body")
	}
}
