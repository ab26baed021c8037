package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"sselfie/core/billing"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

const leadMail = "mia@x.test"

// leave leaves an address for the free blueprint and returns the link of its mail.
func (s *site) leave() string {
	s.t.Helper()
	if resp, text := s.send(s.browser(), "POST", "/api/freebie", `{"email":"`+leadMail+`","name":"Mia","consent":true}`); resp.StatusCode != http.StatusAccepted {
		s.t.Fatalf("%d %s", resp.StatusCode, text)
	}
	s.until("the blueprint's mail is there", func() bool { return len(s.mails(leadMail, mail.Freebie)) == 1 })
	link := regexp.MustCompile(`/free-blueprint\?t=\S+`).FindString(s.mails(leadMail, mail.Freebie)[0].Text)
	if link == "" {
		s.t.Fatal("the mail has no link")
	}
	return link
}

// A captured address gets no marketing before somebody has shown that it is hers.
func TestACapturedAddressIsProvenFirst(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	link := s.leave()
	s.advance(4 * day)
	if got := s.mails(leadMail, mail.Sequence); len(got) != 0 {
		t.Fatalf("%d letters to an address that nobody has proven", len(got))
	}
	if resp, _ := s.send(s.browser(), "GET", link, ""); resp.StatusCode != http.StatusOK {
		t.Fatalf("the link: %d", resp.StatusCode)
	}
	s.advance(6 * day)
	if got := s.mails(leadMail, mail.Sequence); len(got) == 0 {
		t.Error("no letters after the link was followed")
	}
}

// An account that proves the address has proven it for the letters, too.
func TestAnAccountProvesACapturedAddress(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	s.leave()
	mia := s.browser()
	if resp, text := s.send(mia, "POST", "/api/auth/sign-up", `{"email":"`+leadMail+`","password":"correct horse battery"}`); resp.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	s.until("the welcome mail is there", func() bool { return len(s.mails(leadMail, mail.Welcome)) == 1 })
	confirm := regexp.MustCompile(`/auth/confirm\?token=\S+`).FindString(s.mails(leadMail, mail.Welcome)[0].Text)
	u, err := url.Parse(confirm)
	if err != nil {
		t.Fatal(err)
	}
	s.advance(3 * day)
	if got := s.mails(leadMail, mail.Sequence); len(got) != 0 {
		t.Fatalf("%d letters before", len(got))
	}
	if resp, _ := s.send(mia, "GET", u.String(), ""); resp.StatusCode >= 400 {
		t.Fatalf("confirm: %d", resp.StatusCode)
	}
	s.advance(6 * day)
	if got := s.mails(leadMail, mail.Sequence); len(got) == 0 {
		t.Error("no letters after the account proved the address")
	}
}

// Who reads the free letters and then buys has no account before: the letter in
// which she clicked is credited all the same, without a link that came along.
func TestALeadsFirstPurchaseIsHerLettersMerit(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_MAIL_DOUBLE_OPT_IN": "false", "SSELFIE_ADMIN_EMAIL": "admin@x.test", "SSELFIE_ADMIN_PASSWORD": "adminpassword"})
	s.leave()
	s.advance(4 * day)
	got := s.mails(leadMail, mail.Sequence)
	if len(got) != 1 {
		t.Fatalf("%d letters, want that of day 2", len(got))
	}
	click := regexp.MustCompile(`/api/email/track-click\?id=lnk_[A-Za-z0-9_-]+`).FindString(got[0].Text)
	if resp, _ := s.send(s.browser(), "GET", click, ""); resp.StatusCode != http.StatusFound {
		t.Fatalf("the click: %d", resp.StatusCode)
	}
	s.advance(time.Hour)
	var clock struct{ Now time.Time }
	s.get("/dev/clock", &clock)
	body, _ := paid("cs_test_mia", leadMail, "bio_glowup", 4700) // of a checkout that we keep nothing of
	body = regexp.MustCompile(`"created":\d+`).ReplaceAll(body, fmt.Appendf(nil, `"created":%d`, clock.Now.Unix()))
	if got := deliver(http.DefaultClient, s.url, body, signed(body)); got != billing.Applied {
		t.Fatalf("the purchase: %s", got)
	}
	admin := s.browser()
	if resp, text := s.send(admin, "POST", "/api/auth/login", `{"email":"admin@x.test","password":"adminpassword"}`); resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	var figures tracking.EmailAnalytics
	if _, text := s.send(admin, "GET", "/api/admin/email-analytics", ""); json.Unmarshal([]byte(text), &figures) != nil || len(figures.Sequences) != 1 {
		t.Fatalf("the figures: %s", text)
	}
	if f := figures.Sequences[0]; f.Converted != 1 || f.Revenue != 4700 {
		t.Errorf("the letter of %s %s has %d conversions and %d of revenue, want 1 and 4700", f.Sequence, f.Step, f.Converted, f.Revenue)
	}
}

// Where the creator does not ask for the proof, the letters come at once.
func TestACapturedAddressWithoutProof(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_MAIL_DOUBLE_OPT_IN": "false"})
	s.leave()
	s.advance(4 * day)
	if got := s.mails(leadMail, mail.Sequence); len(got) != 1 {
		t.Errorf("%d letters, want that of day 2", len(got))
	}
}
