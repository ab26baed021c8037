package app_test

import (
	"net/http"
	"testing"

	"sselfie/core/billing"
	"sselfie/core/mail"
)

// Whoever sends a webhook by hand has only the wall clock to date it with. Where
// the demo's clock was moved, such a purchase is of now, and its letters come on
// their days.
func TestAForeignPurchaseIsMadeAtTheDemosTime(t *testing.T) {
	s := start(t, nil)
	if code := s.post("/dev/clock/advance", `{"by":"1440h"}`, nil); code != http.StatusOK {
		t.Fatalf("status %d", code)
	}
	body, signature := paid("cs_test_foreign", "faye@example.com", "bio_glowup", 4700)
	if out := deliver(http.DefaultClient, s.url, body, signature); out != billing.Applied {
		t.Fatalf("the webhook was %q", out)
	}
	s.post("/dev/clock/advance", `{"by":"48h"}`, nil)
	if got := s.mails("faye@example.com", mail.Sequence); len(got) != 0 {
		t.Errorf("after two days she had %d letters", len(got))
	}
	s.post("/dev/clock/advance", `{"by":"48h"}`, nil)
	if got := s.mails("faye@example.com", mail.Sequence); len(got) != 1 {
		t.Errorf("after four days she had %d letters, want the one of day 3", len(got))
	}
}
