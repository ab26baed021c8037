package view

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"sselfie/core/brand"
	"sselfie/static"
)

func TestAssets(t *testing.T) {
	a, err := NewAssets(fstest.MapFS{
		"assets/app.css":   {Data: []byte(`a{background:url("f/x.woff2")}`)},
		"assets/f/x.woff2": {Data: []byte("font")},
		"assets/js/a.js":   {Data: []byte(`import { b } from "./b.js";`)},
		"assets/js/b.js":   {Data: []byte(`export const b = 1;`)},
	}, sampleSite())
	if err != nil {
		t.Fatal(err)
	}
	url := func(name string) string {
		u, err := a.URL(name)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for name, want := range map[string]string{"app.css": url("f/x.woff2"), "js/a.js": url("js/b.js")} {
		got, ok := a.Open(url(name))
		if !ok || !strings.Contains(string(got.Body), `"`+want+`"`) {
			t.Errorf("%s does not refer to %s", name, want)
		}
		if !got.Immutable || !strings.Contains(got.CacheControl(), "immutable") {
			t.Errorf("%s: a hashed address is not cached", name)
		}
	}
	plain, ok := a.Open("/assets/app.css")
	if !ok || plain.Immutable {
		t.Error("the plain address must exist and must not be cached for good")
	}
	for _, p := range []string{"", "/", "/assets/", "../go.mod", "/assets/../static.go", "app.0000.css", "js", "\x00app.css"} {
		if _, ok := a.Open(p); ok {
			t.Errorf("Open(%q) found something", p)
		}
	}
	if _, err := a.URL("missing.css"); err == nil {
		t.Error("a page may link to what is not there")
	}
}

func TestAssetsRefuseWhatIsBroken(t *testing.T) {
	for name, c := range map[string]struct{ files, want string }{
		"a missing module": {`import "./gone.js";`, "does not exist"},
		"a circle":         {`import "./a.js";`, "circle"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewAssets(fstest.MapFS{"assets/a.js": {Data: []byte(c.files)}}, sampleSite())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a.js") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPreviewPictures(t *testing.T) {
	site := sampleSite()
	a, err := NewAssets(static.Files, site)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"home", "one_time_session", "brand_blueprint_paid", "bio_glowup", "nine_post_feed", "rebrand_reset", "sselfie_studio_membership"} {
		u, err := a.URL("og/" + name + ".png")
		if err != nil {
			t.Fatal(err)
		}
		got, ok := a.Open(u)
		if !ok {
			t.Fatalf("%s was not drawn", name)
		}
		img, err := png.Decode(bytes.NewReader(got.Body))
		if err != nil || img.Bounds().Dx() != 1200 || img.Bounds().Dy() != 630 {
			t.Errorf("%s: %v", name, err)
		}
		if len(got.Body) > 200_000 {
			t.Errorf("%s: %d bytes", name, len(got.Body))
		}
	}
	before, _ := a.URL("og/bio_glowup.png")
	site.Catalog.Products[2].Price.Minor = 5100
	changed, err := NewAssets(static.Files, site)
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := changed.URL("og/bio_glowup.png"); before == after {
		t.Error("a new price keeps the old picture's address")
	}
}

func TestDrawings(t *testing.T) {
	for _, id := range append(artIDs(), frameIDs()...) {
		d, err := art(id)
		if err != nil || len(d.shapes) == 0 {
			t.Errorf("%s: %v", id, err)
			continue
		}
		svg := d.svg(id)
		if len(svg) > 40_000 || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%s: %d bytes", id, len(svg))
		}
		for _, s := range append(d.shapes, frame(id).shapes...) {
			if _, ok := tones(brand.Default().Light)[s.tone]; !ok && s.frame == "" {
				t.Errorf("%s: the preview picture knows no tone %q", id, s.tone)
			}
		}
	}
	if _, err := art("nothing"); err == nil {
		t.Error("an unknown drawing was drawn")
	}
}

// The stylesheet's own colours are the brand that ships, and reach the
// contrast that core/brand asks of every creator.
func TestTokensOfTheStylesheet(t *testing.T) {
	css, err := fs.ReadFile(static.Files, "assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	layer := css[bytes.Index(css, []byte("@layer tokens{")):bytes.Index(css, []byte("@layer reset{"))]
	light, dark, ok := strings.Cut(string(layer), "@media (prefers-color-scheme:dark)")
	if !ok {
		t.Fatal("no dark scheme")
	}
	b := brand.Default()
	for scheme, c := range map[string]struct {
		css  string
		want brand.Scheme
	}{"light": {light, b.Light}, "dark": {dark, b.Dark}} {
		found := map[string]brand.Color{}
		for _, m := range regexp.MustCompile(`--([a-z-]+):(oklch\([^)/]+\));`).FindAllStringSubmatch(c.css, -1) {
			v, err := brand.ParseColor(m[2])
			if err != nil {
				t.Errorf("%s: %v", scheme, err)
			}
			found[m[1]] = v
		}
		for _, tok := range tokens(c.want) {
			if found[tok.name] != tok.color {
				t.Errorf("%s: --%s is %v in the stylesheet, %v in core/brand", scheme, tok.name, found[tok.name], tok.color)
			}
		}
		for _, p := range c.want.Pairs() {
			if got := brand.Contrast(p.TextColor, p.GroundIs); got < brand.MinContrast {
				t.Errorf("%s: %s on %s reaches %.2f", scheme, p.Text, p.Ground, got)
			}
		}
	}
}

// Components take their colours from the tokens, so that a brand re-tints all
// of them: no rule of theirs names a colour of its own.
func TestOnlyTokensNameColours(t *testing.T) {
	var parts string
	for _, sheet := range []string{"app.css", "studio.css"} {
		css, err := fs.ReadFile(static.Files, "assets/"+sheet)
		if err != nil {
			t.Fatal(err)
		}
		_, rules, _ := strings.Cut(string(css), "@layer layout{") // in app.css the tokens come first
		if rules == "" {
			rules = string(css)
		}
		parts += rules
	}
	for _, m := range regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\([^)]*\)|hsla?\([^)]*\)`).FindAllString(parts, -1) {
		// A mask needs opaque black, and a mail is read on white.
		if m != "#000" && m != "#fff" {
			t.Errorf("the stylesheet names the colour %s", m)
		}
	}
}

func TestBrandTintsEverything(t *testing.T) {
	b := brand.Default()
	b.Light.Safelight = brand.OKLCH(0.45, 0.15, 260)
	b.Fonts.Display = "Georgia"
	css := BrandCSS(b)
	for _, want := range []string{"--safelight:oklch(0.45 0.15 260)", `--font-display:"Georgia"`, "prefers-color-scheme:dark"} {
		if !strings.Contains(css, want) {
			t.Errorf("brand.css lacks %s", want)
		}
	}
	if rest := regexp.MustCompile(`--[a-z-]+:[^;]+;`).ReplaceAllString(css, ""); strings.Contains(rest, ":oklch") || strings.Contains(rest, "color:") {
		t.Errorf("brand.css holds more than custom properties: %s", rest)
	}
}

// quality.md, Pages: below 200 KB without pictures, for a first visit.
func TestFirstPageIsSmall(t *testing.T) {
	r := newRenderer(t, sampleSite())
	for name, v := range map[string]View{"home": Home{}, "landing": Landing{Product: "one_time_session"}} {
		page := render(t, r, v)
		total := len(page)
		for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+\.(?:css|js|woff2))"`).FindAllStringSubmatch(page, -1) {
			a, ok := r.Assets().Open(m[1])
			if !ok {
				t.Errorf("%s: %s is not served", name, m[1])
				continue
			}
			total += len(a.Body)
		}
		// Not linked from the page, but loaded by the stylesheet for plain English.
		for _, f := range []string{"fonts/fraunces-italic-basic.woff2"} {
			a, ok := r.Assets().Open(f)
			if !ok {
				t.Fatal(f)
			}
			total += len(a.Body)
		}
		t.Logf("%s: %d bytes", name, total)
		if total > 200_000 {
			t.Errorf("%s: %d bytes before pictures", name, total)
		}
	}
}

// docs/vendored.md says where each file comes from; a file that was
// swapped without a word there is found here.
func TestFontsAreTheOnesInTheTable(t *testing.T) {
	table, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "vendored.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z0-9/.-]+) \| @[a-z/-]+ \| [0-9.]+ \| OFL-1\.1 \| ([0-9a-f]{64}) \|$`).FindAllStringSubmatch(string(table), -1) {
		listed[m[1]] = m[2]
	}
	found := 0
	defer func() {
		if found != len(listed) {
			t.Errorf("the table lists %d files, there are %d", len(listed), found)
		}
	}()
	for _, pattern := range []string{"assets/fonts/*.woff2", "assets/og/*.ttf"} {
		files, err := fs.Glob(static.Files, pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		found += len(files)
		for _, f := range files {
			b, err := fs.ReadFile(static.Files, f)
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(b); listed[strings.TrimPrefix(f, "assets/")] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s is not the file in the table", f)
			}
		}
	}
}
