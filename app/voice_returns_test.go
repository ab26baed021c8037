package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sselfie/core/billing"
	"sselfie/core/mail"
)

// A letter that comes back, and one that is called spam, are the last ones: told
// by a mail server in a file and by a relay's webhook.
func TestWhatComesBackEndsTheLetters(t *testing.T) {
	box := filepath.Join(t.TempDir(), "mbox")
	if err := os.WriteFile(box, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const secret, cron = "returns-secret-0123456789", "cron-secret-0123456789"
	s := start(t, map[string]string{
		"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_RETURNS_PATH": box, "SSELFIE_RETURNS_WEBHOOK_SECRET": secret, "SSELFIE_CRON_SECRET": cron,
	})
	for _, name := range []string{"cs_kept", "cs_gone", "cs_cross"} {
		body, signature := paid(name, name+"@x.test", "bio_glowup", 4700)
		if out := deliver(http.DefaultClient, s.url, body, signature); out != billing.Applied {
			t.Fatalf("%s: %q", name, out)
		}
	}
	s.advance(4 * day)
	id := func(name string) string {
		got := s.mails(name+"@x.test", mail.Sequence)
		if len(got) != 1 {
			t.Fatalf("%s got %d letters", name, len(got))
		}
		return got[0].Headers["Message-ID"]
	}
	dsn := strings.Join([]string{
		"From MAILER-DAEMON Sun", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b", "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; mx.x.test", "", "Final-Recipient: rfc822; cs_gone@x.test", "Action: failed", "Status: 5.1.1", "", "--b",
		"Content-Type: text/rfc822-headers", "", "Message-ID: " + id("cs_gone"), "", "--b--", "", "",
	}, "\n")
	written := time.Now().Add(-time.Minute) // whole: nobody has touched it since
	if err := errors.Join(os.WriteFile(box, []byte(dsn), 0o600), os.Chtimes(box, written, written)); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/cron/mail-returns", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+cron)
	if status := s.ask(req); status != 200 {
		t.Fatalf("the job: %d", status)
	}
	body := fmt.Sprintf(`{"id":"e1","type":"complaint","messageId":%q}`, id("cs_cross"))
	stamp := fmt.Sprint(time.Now().Unix())
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write([]byte(stamp + "." + body))
	req, err = http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/webhooks/mail", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sselfie-Signature", "t="+stamp+",v1="+hex.EncodeToString(sum.Sum(nil)))
	if status := s.ask(req); status != 200 {
		t.Fatalf("the webhook: %d", status)
	}
	s.advance(12 * day)
	for name, want := range map[string]int{"cs_kept": 3, "cs_gone": 1, "cs_cross": 1} {
		if n := len(s.mails(name+"@x.test", mail.Sequence)); n != want {
			t.Errorf("%s got %d letters, want %d", name, n, want)
		}
	}
}

// ask sends a request and returns its status.
func (s *site) ask(req *http.Request) int {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
