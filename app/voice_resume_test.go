package app_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sselfie/core/mail"
)

// leftCheckout lets somebody begin a checkout and leave it, and returns where
// the letter about it leads, and the session that ran out.
func (s *site) leftCheckout(c *http.Client, to, call, body string) (back *url.URL, session string) {
	s.t.Helper()
	s.until("the shop is open", func() bool {
		_, text := s.send(c, "POST", call, body)
		if m := regexp.MustCompile(`"sessionId":"([^"]+)"`).FindStringSubmatch(text); m != nil {
			session = m[1]
		}
		return session != ""
	})
	s.advance(30 * time.Hour)
	got := s.mails(to, mail.AbandonedCheckout)
	if len(got) != 1 {
		s.t.Fatalf("%d letters about a checkout that was left", len(got))
	}
	link := regexp.MustCompile(`/api/email/track-click\?id=lnk_[A-Za-z0-9_-]+`).FindString(got[0].Text)
	resp, _ := s.send(s.browser(), "GET", link, "")
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound {
		s.t.Fatalf("the letter's link: %d %v", resp.StatusCode, err)
	}
	if strings.Contains(back.String(), "@") || strings.Contains(back.String(), "usr_") {
		s.t.Errorf("the address says who she is: %s", back)
	}
	return back, session
}

// holds asks the site's file a question that is answered by true or false.
func (s *site) holds(query string) (yes bool) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "sselfie.db")+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(s.t.Context(), query).Scan(&yes); err != nil {
		s.t.Fatal(err)
	}
	return yes
}

func (s *site) resume(c *http.Client, back *url.URL, product string) (session string, status int) {
	s.t.Helper()
	q := back.Query()
	resp, text := s.send(c, "POST", "/api/checkout/landing", fmt.Sprintf(`{"product":%q,"resume":%q,"link":%q,"source":"email","consent":{"immediate":false}}`, product, q.Get("resume"), q.Get("link")))
	if m := regexp.MustCompile(`"sessionId":"([^"]+)"`).FindStringSubmatch(text); m != nil {
		session = m[1]
	}
	return session, resp.StatusCode
}

// The letter about a checkout that was left leads back to that very checkout:
// what was chosen and agreed to then counts, the sale is the letter's, and
// nobody else gets in by knowing where it leads.
func TestALeftCheckoutIsRestored(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	anna, eve := s.browser(), s.browser()
	for c, who := range map[*http.Client]string{anna: "anna", eve: "eve"} {
		if resp, text := s.send(c, "POST", "/api/auth/sign-up", fmt.Sprintf(`{"email":"%s@x.test","password":"correct horse battery","name":"A"}`, who)); resp.StatusCode >= 300 {
			t.Fatalf("sign-up: %d %s", resp.StatusCode, text)
		}
	}
	back, old := s.leftCheckout(anna, annaMail, "/api/checkout/landing",
		`{"product":"bio_glowup","source":"instagram","campaign":"spring","consent":{"immediate":true,"marketing":"yes","version":"1"}}`)

	if _, page := s.send(anna, "GET", back.String(), ""); !strings.Contains(page, `data-resume="`+back.Query().Get("resume")+`"`) || strings.Contains(page, `name="immediate"`) || strings.Contains(page, `name="nomail"`) {
		t.Errorf("the page asks again what was answered:\n%s", page)
	}
	// Somebody else who has the address: a visitor has to sign in, another account
	// and a guess begin afresh.
	if resp, _ := s.send(s.browser(), "GET", back.String(), ""); resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "/auth/login?returnTo=") {
		t.Errorf("a visitor: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if _, page := s.send(eve, "GET", back.String(), ""); strings.Contains(page, "chk_") {
		t.Error("another account sees the checkout")
	}
	guess := *back
	q := guess.Query()
	q.Set("link", "lnk_0123456789abcdefghijkl")
	guess.RawQuery = q.Encode()
	if _, page := s.send(anna, "GET", guess.String(), ""); strings.Contains(page, `data-resume="chk_`) {
		t.Error("without the letter's link the ref alone opens it")
	}

	session, _ := s.resume(anna, back, "bio_glowup")
	if again, _ := s.resume(anna, back, "bio_glowup"); session == "" || again != session || session == old {
		t.Fatalf("left %q, then %q and %q", old, session, again)
	}
	if other, _ := s.resume(eve, back, "bio_glowup"); other == session || other == "" {
		t.Errorf("another account got %q", other)
	}
	if fresh, _ := s.resume(anna, back, "nine_post_feed"); fresh == session || fresh == "" {
		t.Errorf("another product got %q", fresh)
	}
	s.payFor(session, annaMail)
	s.until("it is complete", func() bool {
		_, text := s.send(anna, "GET", "/api/checkout/status?session_id="+session, "")
		return strings.Contains(text, `"complete"`)
	})
	s.until("the confirmation is there", func() bool { return len(s.mails(annaMail, mail.Purchase)) == 1 })
	if resp, _ := s.send(anna, "GET", back.String(), ""); !strings.HasPrefix(resp.Header.Get("Location"), "/checkout/success") {
		t.Errorf("the link of a paid checkout leads to %q", resp.Header.Get("Location"))
	}
	if _, status := s.resume(anna, back, "bio_glowup"); status != http.StatusConflict {
		t.Errorf("paying twice: %d", status)
	}

	for want, query := range map[string]string{
		"the same source and campaign":  `SELECT count(*) = 1 FROM stripe_payments WHERE source = 'instagram' AND campaign = 'spring'`,
		"the sale is the letter's":      `SELECT count(*) = 1 FROM email_logs WHERE kind = 'abandoned_checkout' AND converted = 1 AND revenue = 4700`,
		"what was said about mail":      `SELECT count(*) = 1 FROM mini_product_upsell_sequence WHERE basis = 'opt_in'`,
		"one checkout, with its ref":    `SELECT count(*) = 1 FROM checkouts WHERE state = 'complete'`,
		"one consent to begin at once":  `SELECT count(*) = 1 FROM consents WHERE purpose = 'immediate_delivery' AND user_id IS NOT NULL`,
		"one letter about one checkout": `SELECT count(*) = 1 FROM email_logs WHERE kind = 'abandoned_checkout'`,
	} {
		if !s.holds(query) {
			t.Errorf("not kept: %s", want)
		}
	}
}
