package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/core/mail"
)

// browser is somebody's browser: it keeps cookies and follows nothing.
func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send asks as that browser; body is JSON where it begins with a brace, a form
// otherwise.
func (s *site) send(c *http.Client, method, path, body string) (*http.Response, string) {
	s.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = s.url + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(text)
}

// buy goes through the checkout and pays with a card that works.
func (s *site) buy(c *http.Client, email, call, body string) {
	s.t.Helper()
	resp, text := s.send(c, "POST", call, body)
	session := regexp.MustCompile(`"sessionId":"([^"]+)"`).FindStringSubmatch(text)
	if session == nil {
		s.t.Fatalf("%s: %d %s", call, resp.StatusCode, text)
	}
	form := url.Values{"email": {email}, "name": {"Anna Berg"}, "number": {"4242424242424242"}, "exp": {"12/60"}, "cvc": {"123"}, "method": {"card"}}
	if resp, text := s.send(c, "POST", "/gateway/c/"+session[1]+"/pay", form.Encode()); resp.StatusCode >= 400 {
		s.t.Fatalf("paying: %d %s", resp.StatusCode, text)
	}
	s.until("the checkout is complete", func() bool {
		_, text := s.send(c, "GET", "/api/checkout/status?session_id="+session[1], "")
		return strings.Contains(text, `"complete"`)
	})
}

func (s *site) advance(d time.Duration) {
	s.t.Helper()
	if code := s.post("/dev/clock/advance", fmt.Sprintf(`{"by":%q}`, d), nil); code != http.StatusOK {
		s.t.Fatalf("advance: %d", code)
	}
}

// mails returns what an address got of some kinds, the oldest first.
func (s *site) mails(to string, kinds ...mail.Kind) (out []mail.Captured) {
	s.t.Helper()
	var box struct{ Items []mail.Captured }
	s.get("/dev/mailbox.json?to="+url.QueryEscape(to), &box)
	for _, m := range slices.Backward(box.Items) {
		if slices.Contains(kinds, m.Kind) {
			out = append(out, m)
		}
	}
	return out
}

const (
	day      = 24 * time.Hour
	bioGlow  = `{"product":"bio_glowup","consent":{"immediate":true}}`
	annaMail = "anna@x.test"
)

// The thirty days of a customer, until she joins.
func TestABuyerIsWrittenTo(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	anna := s.browser()
	s.buy(anna, annaMail, "/api/checkout/landing", bioGlow)
	s.until("the confirmation is there", func() bool { return len(s.mails(annaMail, mail.Purchase)) == 1 })
	setup := regexp.MustCompile(`/auth/password/setup\?token=([A-Za-z0-9_.-]+)`).FindStringSubmatch(s.mails(annaMail, mail.Purchase)[0].Text)
	if setup == nil {
		t.Fatal("the first letter has no link to set a password, or it is tracked")
	}
	if resp, text := s.send(anna, "POST", "/api/auth/password/setup", fmt.Sprintf(`{"token":%q,"password":"correct horse battery"}`, setup[1])); resp.StatusCode >= 300 {
		t.Fatalf("set-up: %d %s", resp.StatusCode, text)
	}
	s.advance(2 * day)
	if got := s.mails(annaMail, mail.Sequence); len(got) != 0 {
		t.Fatalf("after two days she has %d letters", len(got))
	}
	s.advance(2 * day)
	got := s.mails(annaMail, mail.Sequence)
	if len(got) != 1 || !strings.HasPrefix(got[0].Subject, "How did your") {
		t.Fatalf("after four days: %d letters, %+v", len(got), got)
	}
	s.advance(4 * day)
	if got = s.mails(annaMail, mail.Sequence); len(got) != 2 || !strings.HasPrefix(got[1].Subject, "Never run out") {
		t.Fatalf("after eight days: %d letters", len(got))
	}

	// The letter's own link leads to the shop, and what she buys there is its merit.
	m := got[1]
	click := regexp.MustCompile(regexp.QuoteMeta(s.url) + `/api/email/track-click\?id=lnk_[A-Za-z0-9_-]+`).FindString(m.Text)
	if click == "" || m.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || !strings.Contains(m.HTML, "1 Sample Street") ||
		!strings.Contains(m.HTML, "/api/email/track-open?id=pxl_") {
		t.Fatalf("link %q, headers %v", click, m.Headers)
	}
	resp, _ := s.send(anna, "GET", click, "")
	to, err := url.Parse(resp.Header.Get("Location"))
	if resp.StatusCode != http.StatusFound || err != nil || to.Query().Get("link") == "" {
		t.Fatalf("the click answered %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	s.buy(anna, annaMail, "/api/checkout/upgrade", fmt.Sprintf(`{"link":%q,"campaign":"mini-product/day-7","source":"email","consent":{"immediate":true}}`, to.Query().Get("link")))

	// A member is asked to become one no more.
	s.advance(40 * day)
	if got = s.mails(annaMail, mail.Sequence); len(got) != 2 {
		t.Errorf("a member got %d more letters, the last %q", len(got)-2, got[len(got)-1].Subject)
	}
}

// Whatever was missed stays within the rules: no step twice, none that is stale,
// 20 hours between two.
func TestALongJourneySendsWhatTheRulesAllow(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	s.buy(s.browser(), annaMail, "/api/checkout/landing", bioGlow)
	s.advance(40 * day)
	got := s.mails(annaMail, mail.Sequence, mail.Campaign, mail.AbandonedCheckout)
	if len(got) < 4 || len(got) > 6 {
		t.Fatalf("%d letters in 40 days", len(got))
	}
	subjects := map[string]bool{}
	for i, m := range got {
		if subjects[m.Subject] {
			t.Errorf("twice: %s", m.Subject)
		}
		subjects[m.Subject] = true
		if i > 0 && m.SentAt.Sub(got[i-1].SentAt) < 20*time.Hour {
			t.Errorf("%s came %v after the one before", m.Subject, m.SentAt.Sub(got[i-1].SentAt))
		}
	}
}

// One click ends the series, without a login, as often as it is made.
func TestOneClickEndsTheLetters(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	s.buy(s.browser(), annaMail, "/api/checkout/landing", bioGlow)
	s.advance(4 * day)
	got := s.mails(annaMail, mail.Sequence)
	if len(got) != 1 {
		t.Fatalf("%d letters", len(got))
	}
	link := strings.Trim(got[0].Headers["List-Unsubscribe"], "<>")
	nobody := s.browser()
	if resp, text := s.send(nobody, "GET", link, ""); resp.StatusCode != http.StatusOK || !strings.Contains(text, "a…@x.test") {
		t.Fatalf("the page: %d %.300s", resp.StatusCode, text)
	}
	s.advance(4 * day)
	if n := len(s.mails(annaMail, mail.Sequence)); n != 2 {
		t.Fatalf("looking at the page changed something: %d letters", n)
	}
	if resp, _ := s.send(nobody, "POST", link+"x", "List-Unsubscribe=One-Click"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("an altered token: %d", resp.StatusCode)
	}
	for range 2 {
		if resp, _ := s.send(nobody, "POST", link, "List-Unsubscribe=One-Click"); resp.StatusCode != http.StatusOK {
			t.Errorf("one click: %d", resp.StatusCode)
		}
	}
	s.advance(40 * day)
	if n := len(s.mails(annaMail, mail.Sequence)); n != 2 {
		t.Errorf("%d letters after the last", n-2)
	}
}
