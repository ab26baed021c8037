package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"sselfie/core/billing"
	"sselfie/core/mail"
)

// Who gets her money back is asked for no more of it.
func TestARefundEndsTheLetters(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	for _, session := range []string{"cs_kept", "cs_returned"} {
		body, signature := paid(session, session+"@x.test", "bio_glowup", 4700)
		if out := deliver(http.DefaultClient, s.url, body, signature); out != billing.Applied {
			t.Fatalf("%s: %q", session, out)
		}
	}
	body, err := json.Marshal(map[string]any{
		"id": "evt_refund", "object": "event", "type": "charge.refunded", "created": time.Now().Unix() + 1, "livemode": false,
		"data": map[string]any{"object": map[string]any{
			"id": "ch_returned", "object": "charge", "payment_intent": "pi_cs_returned", "amount": 4700, "amount_refunded": 4700, "refunded": true, "currency": "usd", "paid": true,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out := deliver(http.DefaultClient, s.url, body, signed(body)); out != billing.Applied {
		t.Fatalf("the refund: %q", out)
	}
	s.advance(16 * day)
	if n := len(s.mails("cs_kept@x.test", mail.Sequence)); n != 3 {
		t.Errorf("who kept it got %d letters", n)
	}
	if n := len(s.mails("cs_returned@x.test", mail.Sequence)); n != 0 {
		t.Errorf("who gave it back got %d letters", n)
	}
}

// Whoever leaves a checkout hears of it once.
func TestALeftCheckoutIsRememberedOnce(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	anna := s.browser()
	if resp, text := s.send(anna, "POST", "/api/auth/sign-up", `{"email":"anna@x.test","password":"correct horse battery","name":"Anna"}`); resp.StatusCode >= 300 {
		t.Fatalf("sign-up: %d %s", resp.StatusCode, text)
	}
	s.until("the shop is open", func() bool {
		resp, _ := s.send(anna, "POST", "/api/checkout/landing", bioGlow)
		return resp.StatusCode < 300
	})
	s.advance(30 * time.Hour)
	got := s.mails(annaMail, mail.AbandonedCheckout)
	if len(got) != 1 || !strings.Contains(got[0].Text, "/api/email/track-click?id=lnk_") || got[0].Headers["List-Unsubscribe"] == "" {
		t.Fatalf("after a day: %d letters, %+v", len(got), got)
	}
	s.advance(10 * day)
	if got = s.mails(annaMail, mail.AbandonedCheckout); len(got) != 1 {
		t.Errorf("%d letters about one checkout", len(got))
	}
}

// Where buyers are asked first, only those who said yes are written to.
func TestOnlyThoseWhoTickedAreWrittenTo(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_MAIL_BUYERS": "opt_in"})
	for email, answer := range map[string]string{"yes@x.test": `"yes"`, "no@x.test": `"no"`, "silent@x.test": `""`} {
		s.buy(s.browser(), email, "/api/checkout/landing", `{"product":"bio_glowup","consent":{"immediate":true,"marketing":`+answer+`}}`)
	}
	s.advance(4 * day)
	for email, want := range map[string]int{"yes@x.test": 1, "no@x.test": 0, "silent@x.test": 0} {
		if n := len(s.mails(email, mail.Sequence)); n != want {
			t.Errorf("%s got %d letters, want %d", email, n, want)
		}
	}
}
