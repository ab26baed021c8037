package app_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"sselfie/adapters/web/view"
	"sselfie/core/brand"
	"sselfie/core/catalog"
	"sselfie/static"
)

// unmet are pages in states that the walk through the demo does not come by:
// faults of ours, refused forms, the middle of things.
var unmet = []string{
	"error-429", "error-500", "checkout-success-waiting", "checkout-promo-refused", "checkout-upgrade-member", "login-failed", "sign-up-failed",
	"password-forgot-sent", "password-setup-reset", "confirmed", "unsubscribe-done", "contact-failed", "contact-sent", "free-blueprint-failed",
	"free-blueprint-sent", "withdraw-confirm", "withdraw-done", "withdraw-failed", "account-lost", "account-new", "account-more-failed", "studio-photos",
	"studio-academy-free", "experience-locked", "welcome-free", "welcome-paid", "welcome-studio", "wizard-theme", "wizard-aesthetic", "wizard-situation",
	"wizard-feed", "wizard-list", "wizard-long", "mailbox-empty", "ticket", "ticket-withdrawal", "desk",
}

// long is a text of exactly 200 characters, in words of all lengths.
var long = strings.TrimSpace(string([]rune(strings.Repeat("Brand photographs for Donaudampfschifffahrtsgesellschaftskapitäninnen, ", 4))[:200]))

// names that people have, and names that they type.
var names = map[string]string{
	"arabic": "فاطمة بنت عبد الرحمن العلي", "japanese": "東京都千代田区の山田花子さん", "emoji": "🎞️📸 Zoë 👩‍👩‍👧‍👦", "long": long, "one-word": strings.Repeat("unbroken", 25),
	// Markup that got out would ask for a picture that is not there, or open a dialog.
	"polyglot": `"'></title></textarea></script><script>alert(1)</script><img src=gone.png onerror=alert(2)><svg onload=alert(3)>{{.}}`,
}

// stateServer serves samples of pages, by name.
func stateServer(t *testing.T) (url string, sheets []sheet) {
	t.Helper()
	pages := map[string][]byte{}
	assets := map[string]*view.Assets{}
	add := func(name string, r *view.Renderer, v view.View) {
		var b bytes.Buffer
		if err := r.Render(&b, v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pages["/state/"+name] = b.Bytes()
		sheets = append(sheets, sheet{name: "state-" + name, path: "/state/" + name})
	}
	renderer := func(key string, site view.Site, files fs.FS) *view.Renderer {
		r, err := view.New(view.Options{Site: site, Files: files})
		if err != nil {
			t.Fatal(err)
		}
		assets[key] = r.Assets()
		return r
	}
	site := view.Site{
		Brand: brand.Default(), Catalog: catalog.Default(), BaseURL: "http://localhost", Demo: true, ConsentVersion: "1",
		Payments: view.Payments{PublishableKey: "pk_test_sample", ScriptURL: "/gateway/v3.js"}, PostalAddress: "1 Sample Street, Sampletown",
	}
	shipped := renderer("shipped", site, static.Files)
	samples := map[string]view.View{}
	for _, s := range view.Samples(site) {
		samples[s.Name] = s.View
	}
	for _, name := range unmet {
		if v, ok := samples[name]; ok {
			add(name, shipped, v)
		} else {
			t.Errorf("there is no sample %q", name)
		}
	}
	for key, name := range names {
		in := view.Chrome{Viewer: &view.Viewer{Name: name, Email: "someone@example.com", Balance: 48, Tier: "free"}}
		add("studio-"+key, shipped, view.Studio{Chrome: in, Name: name, Balance: 48, Tier: "free", Owned: samples["studio"].(view.Studio).Owned, Upgrade: &view.UpgradeOffer{Trigger: "button"}})
		account := samples["account"].(view.Account)
		account.Chrome, account.Name = in, name
		add("account-"+key, shipped, account)
		note := samples["ticket"].(view.Ticket)
		note.Title, note.From, note.Message = "A note from "+name, name, name
		add("ticket-"+key, shipped, note)
	}
	// The creator's longest words, a product without proof, pictures that are gone.
	wordy := site
	wordy.Catalog = catalog.Default()
	wordy.Brand.Name, wordy.Brand.Tagline = long, long
	wordy.Catalog.Products[0].Name = long
	r := renderer("wordy", wordy, view.Layered(wordyContent(t), static.Files))
	add("long-home", r, view.Home{})
	add("long-landing", r, view.Landing{Product: "one_time_session"})
	add("bare-landing", r, view.Landing{Product: "bio_glowup"})
	add("lost-pictures", r, view.Landing{Product: "rebrand_reset"})
	add("long-checkout", r, view.Checkout{Product: "one_time_session"})
	add("long-success", r, view.CheckoutSuccess{SessionID: "cs_1", Product: "one_time_session", Status: "complete", Redirect: "/studio"})

	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if page, ok := pages[req.URL.Path]; ok {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(page)
			return
		}
		for _, a := range assets {
			if f, ok := a.Open(req.URL.Path); ok && strings.HasPrefix(req.URL.Path, "/assets/") {
				w.Header().Set("Content-Type", f.ContentType)
				_, _ = w.Write(f.Body)
				return
			}
		}
		if strings.HasPrefix(req.URL.Path, "/api/") { // what scripts ask meanwhile
			_, _ = w.Write([]byte(`{"status":"processing"}`))
			return
		}
		http.NotFound(w, req)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, sheets
}

// wordyContent is a creator's folder that says everything at length.
func wordyContent(t *testing.T) fstest.MapFS {
	t.Helper()
	edit := func(name string, change func(string) string) *fstest.MapFile {
		b, err := fs.ReadFile(static.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		after := change(string(b))
		if after == string(b) {
			t.Fatalf("%s was not changed", name)
		}
		return &fstest.MapFile{Data: []byte(after)}
	}
	lengthen := func(s string) string {
		return regexp.MustCompile(`(?m)^(headline|lead|button|kicker|summary|bring|ready|promise|  - title|    text|    what|    note|  - q|    a): .*$`).ReplaceAllString(s, "$1: "+long)
	}
	return fstest.MapFS{
		"content/home.md":             edit("content/home.md", lengthen),
		"content/one_time_session.md": edit("content/one_time_session.md", lengthen),
		"content/bio_glowup.md": edit("content/bio_glowup.md", func(s string) string {
			return regexp.MustCompile(`(?ms)^(gallery|testimonials|features):\n( .*?\n)+`).ReplaceAllString(s, "")
		}),
		"content/rebrand_reset.md": edit("content/rebrand_reset.md", func(s string) string {
			return regexp.MustCompile(`(?m)^(  - before|    after): .*$`).ReplaceAllString(s, "$1: mine/gone.jpg")
		}),
	}
}

// TestStatesInABrowser looks at what the walk through the demo does not come
// by, and at words and names that strain a layout, as the walk looks.
func TestStatesInABrowser(t *testing.T) {
	axe, err := os.ReadFile(tool(t, "axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	browserCtx := oneBrowser(t)
	url, sheets := stateServer(t)
	for _, wide := range []int64{390, 1440} {
		t.Run(fmt.Sprint(wide), func(t *testing.T) {
			t.Parallel()
			w := &world{site: &site{t: t, url: url}, people: map[string]*http.Client{"": http.DefaultClient}}
			v := newWalker(t, browserCtx, w, wide, string(axe))
			for _, p := range sheets {
				if wanted(p) {
					v.visit(p)
				}
			}
		})
	}
}
