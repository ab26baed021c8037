package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"
	"time"
)

func TestTheLogTellsNoSecret(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			c := Default()
			c.Log.Format = format
			c.Admin.Password = "correct horse battery"
			c.Cron.Secret = "cron-0123456789abcdef"
			c.Stripe.WebhookSecret = "whsec_fromtheconfiguration"
			var out bytes.Buffer
			log := newLog(&out, c).With("who", "carla@example.org")
			log.Info("mail to ada@example.com failed", "err", fmt.Errorf("sending: %w", errors.New("550 no such user bob.b+tag@mail.example.co.uk")))
			log.Info("called with sk_live_abcdefGHI123", "key", "rk_test_zzzz", "hook", []byte("whsec_somethingelse"))
			log.Info("GET /auth/password/setup?token=AbC-123_x&a=b", "url", "https://x.test/checkout/success?session_id=cs_test_9&client_secret=zz")
			log.Info("configured", "all", []string{"correct horse battery", "cron-0123456789abcdef"}, "hook", c.Stripe.WebhookSecret)
			log.Info("line one\nline two \x1b[31mred")
			log.Info("GET /gateway/c/cs_test_a1B2c3D4")
			log.WithGroup("g").Info("in a group", "to", "dora@example.com")
			for _, secret := range []string{
				"ada@", "bob.b", "carla@", "dora@", "abcdefGHI123", "rk_test_zzzz", "somethingelse", "AbC-123_x", "cs_test_9", "=zz", "a1B2c3D4",
				"correct horse", "cron-0123", "fromtheconfiguration", "\x1b", "one\nline",
			} {
				if strings.Contains(out.String(), secret) {
					t.Errorf("%q is in the log:\n%s", secret, out.String())
				}
			}
			for _, kept := range []string{"a***@example.com", "b***@mail.example.co.uk", "550 no such user", "sk_live_[hidden]", "a=b"} {
				if !strings.Contains(out.String(), kept) {
					t.Errorf("%q is missing:\n%s", kept, out.String())
				}
			}
		})
	}
}

// In a log of JSON every line is JSON, also what the standard library says, and
// a length of time has one form.
func TestEveryLineOfAJSONLogIsJSON(t *testing.T) {
	c := Default()
	c.Log.Format = "json"
	var out bytes.Buffer
	l := newLog(&out, c)
	giveBack := takeStandardLog(l)
	log.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "x", errors.New("EOF"))
	giveBack()
	l.Info("request", "took", 1500*time.Microsecond)
	sh := &shell{stdout: &out}
	sh.greet(c, "http://127.0.0.1:1")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for _, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if v["msg"] == "request" && v["took_ms"] != 1.5 {
			t.Errorf("took_ms is %v", v["took_ms"])
		}
	}
	if !strings.Contains(lines[0], "Unsolicited") || !strings.Contains(lines[0], `"WARN"`) {
		t.Errorf("%s", lines[0])
	}
}
