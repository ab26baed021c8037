package web_test

import (
	"strings"
	"testing"

	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core/brand"
	"sselfie/static"
)

// drawn opens a shop with the real pages.
func drawn(t testing.TB, change ...func(*web.Options)) *shop {
	t.Helper()
	return open(t, append(change, func(o *web.Options) {
		r, err := view.New(view.Options{Files: static.Files, Site: view.Site{
			Brand: brand.Default(), Catalog: o.Catalog, BaseURL: o.BaseURL, Demo: o.Demo, PostalAddress: "1 Sample Street", ConsentVersion: "2026-01",
			Payments: view.Payments{PublishableKey: "pk_test_x", ScriptURL: "/gateway/v3.js"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		o.Pages = r
	})...)
}

// TestEveryPageIsDrawn asks for every page with the templates that ship.
func TestEveryPageIsDrawn(t *testing.T) {
	s := drawn(t, demo)
	ada := s.signUp("ada@example.com")
	s.buy("bio_glowup", "ada@example.com", ada)
	s.send("/welcome/skip", ada, nil) // or the studio would ask first
	n := 0
	for _, r := range s.srv.Routes() {
		if r.Method != "GET" || strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, "/gateway/") || strings.HasPrefix(r.Path, "/assets/") {
			continue
		}
		for _, cookie := range []string{"", ada} {
			a := s.do(ask{path: asked(r.Path), cookie: cookie, header: map[string]string{"Accept": "text/html"}})
			if a.status >= 500 {
				t.Errorf("%s: %d %.300s", r.Path, a.status, a.body)
			}
			if a.status == 200 && strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && !strings.HasSuffix(r.Path, "/frame") {
				n++
				if !strings.Contains(a.body, "</html>") || strings.Contains(a.body, "<no value>") || strings.Contains(a.body, "ZgotmplZ") {
					t.Errorf("%s is not whole", r.Path)
				}
				for _, inline := range []string{"<style", "style=\"", "onclick=", "onload=", "javascript:"} {
					if strings.Contains(a.body, inline) {
						t.Errorf("%s has %s, which its policy refuses", r.Path, inline)
					}
				}
			}
		}
	}
	if n < 30 {
		t.Fatalf("only %d pages", n)
	}
}

// TestAssetsOfAPageExist follows what a page links to.
func TestAssetsOfAPageExist(t *testing.T) {
	s := drawn(t)
	seen := map[string]bool{}
	for _, path := range []string{"/", "/bio-glow-up", "/checkout/bio-glow-up", "/checkout/success", "/auth/login"} {
		for _, part := range strings.Split(s.get(path).body, `"`) {
			part = strings.TrimPrefix(part, s.opts.BaseURL)
			if !strings.HasPrefix(part, "/assets/") || seen[part] {
				continue
			}
			seen[part] = true
			a := s.do(ask{path: part, header: map[string]string{"Accept-Encoding": "gzip"}})
			if a.status != 200 || a.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
				t.Errorf("%s: %d %v", part, a.status, a.header)
			}
			if strings.HasSuffix(part, ".css") && a.header.Get("Content-Encoding") != "gzip" {
				t.Errorf("%s is not compressed", part)
			}
		}
	}
	if len(seen) < 5 {
		t.Fatalf("only %v", seen)
	}
}

// TestTheSuccessPageNamesNobody looks at the words that ship.
func TestTheSuccessPageNamesNobody(t *testing.T) {
	s := drawn(t)
	_ = s.signUp("victim@example.com")
	session := s.buy("bio_glowup", "victim@example.com", "")
	a := s.get("/checkout/success?session_id=" + session)
	for _, bad := range []string{"victim", "Ada", "<form", "type=\"password\"", "type=\"email\""} {
		if strings.Contains(a.body, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(a.body, "Bio Glow-Up") || cookieOf(a) != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
}
