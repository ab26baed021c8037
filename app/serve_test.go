package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

type clockAnswer struct {
	Now time.Time
	Ran []struct {
		Job       string
		At        time.Time
		Processed int
	}
}

func TestTimeTravelRunsWhatFallsDueAndSurvivesARestart(t *testing.T) {
	s := start(t, nil)
	var before, after clockAnswer
	s.get("/dev/clock", &before)
	if code := s.post("/dev/clock/advance", `{"by":"48h"}`, &after); code != http.StatusOK {
		t.Fatalf("advancing answers %d", code)
	}
	if moved := after.Now.Sub(before.Now); moved < 48*time.Hour || moved > 48*time.Hour+time.Minute {
		t.Errorf("the clock moved by %v", moved)
	}
	var backups, catchUps int
	for i, r := range after.Ran {
		if i > 0 && r.At.Before(after.Ran[i-1].At) {
			t.Errorf("%s at %v ran after %v", r.Job, r.At, after.Ran[i-1].At)
		}
		switch r.Job {
		case "backup":
			backups++
			if r.At.Hour() != 4 || r.At.Minute() != 0 || r.Processed != 1 {
				t.Errorf("the backup ran as %+v", r)
			}
		case "stripe-catch-up":
			catchUps++
		}
	}
	if backups != 2 || catchUps != 48 {
		t.Errorf("on the way through two days ran %d backups and %d catch-ups", backups, catchUps)
	}
	var bad map[string]any
	if code := s.post("/dev/clock/advance", `{"to":"2020-01-01T00:00:00Z"}`, &bad); code != http.StatusBadRequest {
		t.Errorf("back in time: %d %v", code, bad)
	}
	if code := s.stop(); code != 0 {
		t.Fatalf("ended with %d:\n%s", code, s.stderr)
	}
	s = start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": s.dir})
	var again clockAnswer
	s.get("/dev/clock", &again)
	if again.Now.Before(after.Now) || again.Now.Sub(after.Now) > time.Minute {
		t.Errorf("after a restart the clock says %v, it was at %v", again.Now, after.Now)
	}
}

func TestTimeStandsStillWhileMailGoesOut(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_MAIL_DRIVER": "smtp", "SSELFIE_SMTP_HOST": "mail.example.com"})
	var answer struct{ Code, Detail string }
	if code := s.post("/dev/clock/advance", `{"by":"1h"}`, &answer); code != http.StatusConflict || !strings.Contains(answer.Detail, "letters from the future") {
		t.Errorf("%d %+v", code, answer)
	}
}

func TestAnEndAnswersWhatWasAccepted(t *testing.T) {
	s := start(t, nil)
	type outcome struct {
		code int
		a    clockAnswer
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.code = s.post("/dev/clock/advance", `{"by":"240h"}`, &o.a)
		done <- o
	}()
	var first clockAnswer
	s.get("/dev/clock", &first)
	s.until("the journey is under way", func() bool {
		var now clockAnswer
		s.get("/dev/clock", &now)
		return now.Now.Sub(first.Now) > 2*time.Hour
	})
	if code := s.stop(); code != 0 {
		t.Errorf("ended with %d:\n%s", code, s.stderr)
	}
	got := <-done
	if got.code != http.StatusOK || len(got.a.Ran) < 240 {
		t.Errorf("the request under way was answered %d with %d runs", got.code, len(got.a.Ran))
	}
	if strings.Contains(s.stderr.String(), "level=ERROR") {
		t.Errorf("it did not end quietly:\n%s", s.stderr)
	}
}

func TestTwoSitesInOneProcess(t *testing.T) {
	a, b := start(t, nil), start(t, nil)
	if a.url == b.url {
		t.Fatal("two sites at one address")
	}
	a.post("/dev/clock/advance", `{"by":"24h"}`, nil)
	var here, there clockAnswer
	a.get("/dev/clock", &here)
	b.get("/dev/clock", &there)
	if here.Now.Sub(there.Now) < 23*time.Hour {
		t.Error("one site's clock moved the other's")
	}
}

func TestTheDemoSellsFromItsFirstSecond(t *testing.T) {
	s := start(t, nil)
	for _, product := range []string{"bio_glowup", "sselfie_studio_membership", "brand_blueprint_paid"} {
		var got struct{ SessionID, ClientSecret, URL string }
		if code := s.post("/api/checkout/landing", `{"product":"`+product+`"}`, &got); code != http.StatusCreated || !strings.HasPrefix(got.SessionID, "cs_test_") || !strings.HasPrefix(got.URL, s.url+"/checkout/") {
			t.Errorf("%s: %d %+v", product, code, got)
		}
	}
}

func TestTheAdminOfTheConfiguration(t *testing.T) {
	vars := map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_ADMIN_EMAIL": "ada@example.com", "SSELFIE_ADMIN_PASSWORD": "correct horse battery"}
	s := start(t, vars)
	login := func(password string) (code int, admin bool) {
		var got struct{ User struct{ IsAdmin bool } }
		code = s.post("/api/auth/login", `{"email":"ADA@example.com","password":"`+password+`"}`, &got)
		return code, got.User.IsAdmin
	}
	if code, admin := login("correct horse battery"); code != http.StatusOK {
		t.Errorf("the admin's first login, at once: %d %v", code, admin)
	}
	s.stop()

	// A new password in the configuration replaces the old one at the next start.
	vars["SSELFIE_DATA_DIR"], vars["SSELFIE_ADMIN_PASSWORD"] = s.dir, "another horse battery"
	s = start(t, vars)
	s.until("the new password counts", func() bool { code, _ := login("another horse battery"); return code == http.StatusOK })
	if code, _ := login("correct horse battery"); code != http.StatusUnauthorized {
		t.Errorf("the old password answers %d", code)
	}
	for _, secret := range []string{"horse", "ada@"} {
		if strings.Contains(s.stderr.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, s.stderr)
		}
	}
}

func TestAnInstallationKeepsItsMode(t *testing.T) {
	s := start(t, nil)
	s.stop()
	live := map[string]string{
		"SSELFIE_DATA_DIR": s.dir, "SSELFIE_STRIPE_SECRET_KEY": "sk_live_a", "SSELFIE_STRIPE_PUBLISHABLE_KEY": "pk_live_a",
		"SSELFIE_STRIPE_WEBHOOK_SECRET": "whsec_a", "SSELFIE_MAIL_DRIVER": "disabled", "SSELFIE_ADDR": "127.0.0.1:0",
	}
	code, stderr := run(t, live, "serve")
	if code != 1 || !strings.Contains(stderr, "belongs to a test installation") {
		t.Errorf("live keys on a test database: %d %s", code, stderr)
	}
	if slices.ContainsFunc([]string{"sk_live_a", "whsec_a"}, func(v string) bool { return strings.Contains(stderr, v) }) {
		t.Errorf("a secret is told: %s", stderr)
	}
}
