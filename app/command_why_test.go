package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sselfie/app"
	"sselfie/core/mail"
)

// One command says of every letter why it was sent, will be sent, or was not, and of
// every segment why she belongs to it, while the site runs.
func TestWhyTellsOfLettersAndSegments(t *testing.T) {
	s := start(t, map[string]string{
		"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_ADMIN_EMAIL": "boss@x.test", "SSELFIE_ADMIN_PASSWORD": "correct horse battery",
	})
	s.buy(s.browser(), annaMail, "/api/checkout/landing", bioGlow)
	s.advance(4 * day)
	s.until("her third day's letter", func() bool { return len(s.mails(annaMail, mail.Sequence)) == 1 })

	boss := s.browser()
	s.send(boss, "POST", "/api/auth/login", `{"email":"boss@x.test","password":"correct horse battery"}`)
	var campaign struct{ ID string }
	resp, text := s.send(boss, "POST", "/api/admin/campaigns", `{"name":"Spring","subject":"Light","body":"Go outside.","action":"Go","path":"/","segment":"seg_bio_glowup_not_studio"}`)
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.StatusCode, text)
	}
	if err := json.Unmarshal([]byte(text), &campaign); err != nil {
		t.Fatal(err)
	}
	var clock struct{ Now time.Time }
	s.get("/dev/clock", &clock)
	if resp, text = s.send(boss, "POST", "/api/admin/campaigns/"+campaign.ID+"/schedule", fmt.Sprintf(`{"sendAt":%q,"zone":"UTC"}`, clock.Now.UTC().Add(time.Hour).Format("2006-01-02T15:04"))); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.StatusCode, text)
	}
	letter := s.mails(annaMail, mail.Sequence)[0]
	_, query, _ := strings.Cut(strings.Trim(letter.Headers["List-Unsubscribe"], "<>"), "?")
	if resp, text = s.send(s.browser(), "POST", "/unsubscribe?"+query, ""); resp.StatusCode != http.StatusOK {
		t.Fatal(resp.StatusCode, text)
	}
	s.advance(2 * time.Hour)

	env := map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": s.dir}
	var out, errs buffer
	if code := app.Run(t.Context(), []string{"why", annaMail}, func(k string) string { return env[k] }, &out, &errs); code != 0 {
		t.Fatal(code, errs.String())
	}
	for _, want := range []string{
		"Segments", "Bio Glow-Up Buyers - Not Studio", "yes: bought bio_glowup: once",
		"Letters to come", "no series runs for her",
		"Letters so far", "Step day-3 of mini-product sent", "day 3 since", "Leaves the series mini-product", "unsubscribed",
		"Does not get the campaign Spring", "the address wants no marketing",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}
