package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAMomentEndsWhenItsLettersHaveArrived: whoever moves the clock finds in the
// mailbox what the way promised, dated to the moment that promised it, though
// the outbox's own worker is as eager as the time machine.
func TestAMomentEndsWhenItsLettersHaveArrived(t *testing.T) {
	s := start(t, nil)
	const buyers = 20
	for i := range buyers {
		name := "buyer" + string(rune('a'+i))
		body, sig := paid("cs_"+name, name+"@example.com", "bio_glowup", 4700)
		if out := deliver(http.DefaultClient, s.url, body, sig); out != "applied" {
			t.Fatalf("the purchase of %s: %q", name, out)
		}
	}
	for range 4 {
		if code := s.post("/dev/clock/advance", `{"by":"24h"}`, nil); code != http.StatusOK {
			t.Fatalf("the clock answers %d", code)
		}
	}
	var box struct {
		Items []struct {
			Kind   string
			SentAt time.Time
		}
	}
	s.get("/dev/mailbox.json", &box)
	letters := 0
	for _, m := range box.Items {
		if m.Kind != "sequence" {
			continue
		}
		letters++
		if at := m.SentAt.UTC().Format("15:04"); !strings.HasPrefix(at, "12:00") {
			t.Errorf("a letter of the noon run is dated %s", m.SentAt)
		}
	}
	if letters != buyers {
		t.Errorf("%d letters after four days, want one for each of %d buyers", letters, buyers)
	}
}
