package app

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
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
			log.WithGroup("g").Info("in a group", "to", "dora@example.com")
			for _, secret := range []string{
				"ada@", "bob.b", "carla@", "dora@", "abcdefGHI123", "rk_test_zzzz", "somethingelse", "AbC-123_x", "cs_test_9", "=zz",
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
