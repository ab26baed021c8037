package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sselfie/adapters/web"
)

// Nobody but an admin comes as far as segments and campaigns: behind the guard
// of this shop there is nothing that could answer.
func TestOnlyAdminsReachSegmentsAndCampaigns(t *testing.T) {
	s, ada := openDesk(t, func(o *web.Options) { o.Voice = &web.Voice{} })
	customer := s.signUp("customer@x.test")
	seen := 0
	for _, r := range deskRoutes(s) {
		if !slices.ContainsFunc([]string{"/segments", "/campaigns", "/email", "/series", "/proof"}, func(part string) bool { return strings.Contains(r.Path, part) }) {
			continue
		}
		seen++
		wants := map[string]int{"": http.StatusUnauthorized, customer: http.StatusForbidden}
		if !strings.HasPrefix(r.Path, "/api/") {
			wants = map[string]int{"": http.StatusSeeOther, customer: http.StatusNotFound}
		}
		for cookie, want := range wants {
			if a := s.do(ask{method: r.Method, path: asked(r.Path), cookie: cookie}); a.status != want {
				t.Errorf("%s %s: %d, want %d", r.Method, r.Path, a.status, want)
			}
		}
		if a := s.do(ask{method: r.Method, path: asked(r.Path), cookie: ada, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}); r.Method != "GET" && a.status != http.StatusForbidden {
			t.Errorf("%s %s from another site: %d", r.Method, r.Path, a.status)
		}
	}
	if seen != 30 {
		t.Errorf("%d routes: is the table read?", seen)
	}
}
