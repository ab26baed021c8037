package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"sselfie/core/mail"
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

// Where the creator does not ask for the proof, the letters come at once.
func TestACapturedAddressWithoutProof(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_MAIL_DOUBLE_OPT_IN": "false"})
	s.leave()
	s.advance(4 * day)
	if got := s.mails(leadMail, mail.Sequence); len(got) != 1 {
		t.Errorf("%d letters, want that of day 2", len(got))
	}
}
