package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"sselfie/core/mail"
)

// Whoever stays away is written to after 30 and after 90 days, and nobody who
// comes is: a visit counts, not the last time that somebody signed in.
func TestOnlyThoseWhoStayAwayAreWelcomedBack(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	const away, here = "away@x.test", "here@x.test"
	browsers := map[string]*http.Client{}
	for _, who := range []string{away, here} {
		c := s.browser()
		browsers[who] = c
		if resp, text := s.send(c, "POST", "/api/auth/sign-up", fmt.Sprintf(`{"email":%q,"password":"correct horse battery","name":"A"}`, who)); resp.StatusCode >= 300 {
			t.Fatalf("sign-up: %d %s", resp.StatusCode, text)
		}
		s.until("the shop is open", func() bool {
			resp, _ := s.send(c, "POST", "/api/checkout/landing", `{"product":"credits_100"}`)
			return resp.StatusCode != http.StatusServiceUnavailable
		})
		s.buy(c, who, "/api/checkout/credits", `{"product":"credits_100","consent":{"immediate":true}}`)
	}
	seen := func(who string) bool {
		return s.holds(`SELECT count(*) = 1 FROM users WHERE email = '` + who + `' AND last_seen_at > last_login_at + 86400000`)
	}
	welcomed := func(who string) (n int) {
		for _, m := range s.mails(who, mail.Sequence) {
			if m.Headers["List-Unsubscribe"] != "" {
				n++
			}
		}
		return n
	}
	for range 5 { // five times 20 days: she comes every time, and never signs in anew
		s.advance(20 * day)
		if resp, _ := s.send(browsers[here], "GET", "/account", ""); resp.StatusCode != http.StatusOK {
			t.Fatalf("the account: %d", resp.StatusCode)
		}
		s.until("the visit is written down", func() bool { return seen(here) })
	}
	if n := welcomed(here); n != 0 {
		t.Errorf("who came every 20 days got %d letters", n)
	}
	if n := welcomed(away); n != 2 {
		t.Errorf("who stayed away for 100 days got %d letters, want one after 30 days and one after 90", n)
	}
	if seen(away) {
		t.Error("who stayed away was seen")
	}
	s.advance(100 * day)
	if n := welcomed(away); n != 2 {
		t.Errorf("%d letters after 200 days", n)
	}
}
