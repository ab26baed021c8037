package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sselfie/core/accounts"
)

const formKind = "application/x-www-form-urlencoded"

// guarded turns the second factor of the desk's admin on, through its pages.
func (s *shop) guarded(t *testing.T, ada string) (secret string, recovery string) {
	t.Helper()
	u := s.user("ada@shop.example")
	html := map[string]string{"Accept": "text/html"}
	s.play(t, scenario{ask: ask{path: "/admin/second-factor", cookie: ada, header: html}, status: 200, has: []string{"view.SecondFactor"}, hasNot: []string{"otpauth"}})
	s.play(t, scenario{ask: ask{method: "POST", path: "/admin/second-factor/begin", kind: formKind, cookie: ada, header: html}, status: 303})
	_, e, _, err := s.people.SecondFactorOf(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.play(t, scenario{ask: ask{method: "POST", path: "/admin/second-factor/confirm", kind: formKind, body: "code=000000", cookie: ada, header: html}, status: 400, has: []string{"not the code of this minute"}})
	code := accounts.CodeAt(e.Secret, accounts.StepAt(s.wall.Now()))
	a := s.play(t, scenario{ask: ask{method: "POST", path: "/admin/second-factor/confirm", kind: formKind, body: "code=" + code, cookie: ada, header: html}, status: 200, has: []string{`"Codes":["`}})
	_, rest, _ := strings.Cut(a.body, `"Codes":["`)
	recovery, _, _ = strings.Cut(rest, `"`)
	s.wall.Move(time.Minute)
	return e.Secret, recovery
}

func (s *shop) newest(secret string) string {
	return accounts.CodeAt(secret, accounts.StepAt(s.wall.Now()))
}

func TestAnAdminWithASecondFactorSendsACode(t *testing.T) {
	s, ada := openDesk(t)
	secret, recovery := s.guarded(t, ada)
	login := func(code string) answer {
		return s.post("/api/auth/login", fmt.Sprintf(`{"email":"ada@shop.example","password":%q,"code":%q}`, password, code))
	}
	for _, c := range []struct {
		name, code string
		status     int
		has        string
	}{
		{"none", "", 401, `"totp_required"`},
		{"a wrong one", "123456", 401, `"totp_required"`},
		{"the app's", s.newest(secret), 200, `"redirect"`},
		{"the same again", s.newest(secret), 401, `"totp_required"`},
		{"a recovery code", recovery, 200, `"redirect"`},
		{"the same recovery code again", recovery, 401, `"totp_required"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := login(c.code)
			if a.status != c.status || !strings.Contains(a.body, c.has) || (cookieOf(a) != "") != (c.status == 200) {
				t.Errorf("%d %s, cookie %q", a.status, a.body, cookieOf(a))
			}
		})
	}
	if a := s.post("/api/auth/login", fmt.Sprintf(`{"email":"ada@shop.example","password":"wrong wrong","code":%q}`, secret)); a.status != 401 || !strings.Contains(a.body, "invalid_credentials") {
		t.Errorf("a wrong password: %d %s", a.status, a.body)
	}
	for _, word := range []string{secret, recovery} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the log holds %s", word)
		}
	}
}

func TestTheSecondStepNeedsNoScript(t *testing.T) {
	s, ada := openDesk(t)
	secret, _ := s.guarded(t, ada)
	html := map[string]string{"Accept": "text/html"}
	post := func(path string, v url.Values) answer {
		return s.do(ask{method: "POST", path: path, kind: formKind, body: v.Encode(), header: html})
	}
	a := post("/auth/login", url.Values{"email": {"ada@shop.example"}, "password": {password}, "returnTo": {"/admin"}})
	_, challenge, found := strings.Cut(a.body, `"Challenge":"`)
	if a.status != http.StatusUnauthorized || !found || strings.Contains(a.body, password) || cookieOf(a) != "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	challenge, _, _ = strings.Cut(challenge, `"`)
	if a := post("/auth/login/code", url.Values{"challenge": {challenge}, "code": {"000000"}, "returnTo": {"/admin"}}); a.status != 401 || !strings.Contains(a.body, "LoginCode") {
		t.Errorf("a wrong code: %d %s", a.status, a.body)
	}
	if a := post("/auth/login/code", url.Values{"challenge": {"made.up.one"}, "code": {s.newest(secret)}}); a.status != 401 || !strings.Contains(a.body, "view.Login {") {
		t.Errorf("no challenge: %d %s", a.status, a.body)
	}
	b := post("/auth/login/code", url.Values{"challenge": {challenge}, "code": {s.newest(secret)}, "returnTo": {"/admin"}})
	if b.status != 303 || b.header.Get("Location") != "/admin" || cookieOf(b) == "" {
		t.Errorf("the right code: %d %s", b.status, b.header.Get("Location"))
	}
}

func TestTheSecondFactorAsksForAFreshLogin(t *testing.T) {
	s, ada := openDesk(t)
	s.wall.Move(16 * time.Minute)
	for _, r := range []struct{ method, path string }{
		{"GET", "/admin/second-factor"},
		{"POST", "/admin/second-factor/begin"},
		{"POST", "/admin/second-factor/confirm"},
		{"POST", "/admin/second-factor/codes"},
		{"POST", "/admin/second-factor/remove"},
	} {
		a := s.do(ask{method: r.method, path: r.path, kind: formKind, cookie: ada, header: map[string]string{"Accept": "text/html", "Referer": s.opts.BaseURL + "/admin/second-factor"}})
		if to := a.header.Get("Location"); a.status != 303 || to != "/auth/login?again=1&returnTo=%2Fadmin%2Fsecond-factor" {
			t.Errorf("%s %s: %d to %s", r.method, r.path, a.status, to)
		}
	}
}

func TestTheSecondFactorIsRemoved(t *testing.T) {
	s, ada := openDesk(t)
	s.guarded(t, ada)
	s.play(t, scenario{ask: ask{method: "POST", path: "/admin/second-factor/codes", kind: formKind, cookie: ada, header: map[string]string{"Accept": "text/html"}}, status: 200, has: []string{`"Codes":["`}})
	s.play(t, scenario{ask: ask{method: "POST", path: "/admin/second-factor/remove", kind: formKind, cookie: ada, header: map[string]string{"Accept": "text/html"}}, status: 303})
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/auth/login", body: fmt.Sprintf(`{"email":"ada@shop.example","password":%q}`, password)}, status: 200})
}
