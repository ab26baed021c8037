package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/core/mail"
)

func TestAccountsOverHTTP(t *testing.T) {
	s := open(t)
	cookie := s.signUp("Ada@Example.com")
	type sc = scenario
	for name, c := range map[string]sc{
		"a known address is told, because the form needs it": {
			ask: ask{method: "POST", path: "/api/auth/sign-up", body: `{"email":" ada@example.COM ","password":"another password"}`}, status: 409,
			has: []string{`"code":"conflict"`, `"email"`}, header: map[string]string{"Set-Cookie": "", "Content-Type": "application/problem+json"},
		},
		"a bad address and a short password are both named": {
			ask: ask{method: "POST", path: "/api/auth/sign-up", body: `{"email":"ada","password":"short"}`}, status: 400,
			has: []string{`"code":"invalid_request"`, `"fields":{"email":`, `"password":`},
		},
		"a sign-up of the wrong type says which field": {
			ask: ask{method: "POST", path: "/api/auth/sign-up", body: `{"email":5,"password":"long enough"}`}, status: 400, has: []string{`"fields":{"email":"email must be a text, not number."}`},
		},
		"login is 200 with a cookie": {
			ask: ask{method: "POST", path: "/api/auth/login", body: `{"email":"ADA@example.com","password":"` + password + `","returnTo":"/account"}`}, status: 200,
			has: []string{`"redirect":"/account"`, `"email":"Ada@Example.com"`},
		},
		"a foreign returnTo becomes the studio": {
			ask: ask{method: "POST", path: "/api/auth/login", body: `{"email":"ada@example.com","password":"` + password + `","returnTo":"//evil.example"}`}, status: 200,
			has: []string{`"redirect":"/studio"`},
		},
		"a wrong password is 401": {
			ask: ask{method: "POST", path: "/api/auth/login", body: `{"email":"ada@example.com","password":"not this one"}`}, status: 401,
			has: []string{`"code":"invalid_credentials"`}, header: map[string]string{"Set-Cookie": ""},
		},
		"an unknown address is the same 401": {
			ask: ask{method: "POST", path: "/api/auth/login", body: `{"email":"nobody@example.com","password":"not this one"}`}, status: 401,
			has: []string{`"code":"invalid_credentials"`}, header: map[string]string{"Set-Cookie": ""},
		},
		"login without a password names the field": {
			ask: ask{method: "POST", path: "/api/auth/login", body: `{"email":"ada@example.com"}`}, status: 400, has: []string{`"password"`},
		},
		"me without a cookie is 401": {ask: ask{path: "/api/auth/me"}, status: 401, has: []string{`"code":"not_authenticated"`}},
		"me with a made-up cookie is 401": {
			ask: ask{path: "/api/auth/me", cookie: "made-up"}, status: 401, has: []string{`"code":"not_authenticated"`},
		},
		"me says who, what and how much": {
			ask: ask{path: "/api/auth/me", cookie: cookie}, status: 200,
			has: []string{`"email":"Ada@Example.com"`, `"isAdmin":false`, `"entitlement":{"type":"free","expiresAt":null}`, `"credits":{"balance":2}`},
		},
		"forgot answers a stranger": {ask: ask{method: "POST", path: "/api/auth/password/forgot", body: `{"email":"nobody@example.com"}`}, status: 202},
		"forgot answers a customer": {ask: ask{method: "POST", path: "/api/auth/password/forgot", body: `{"email":"ada@example.com"}`}, status: 202},
		"forgot answers nonsense":   {ask: ask{method: "POST", path: "/api/auth/password/forgot", body: `{"email":"x"}`}, status: 202},
		"a token that is none is 410": {
			ask: ask{method: "POST", path: "/api/auth/password/setup", body: `{"token":"nope","password":"long enough"}`}, status: 410, has: []string{`"code":"token_invalid"`},
		},
		"the set-up page of a bad token says so":  {ask: ask{path: "/auth/password/setup?token=nope"}, status: 410, has: []string{`view.PasswordSetup`, `"Expired":true`}},
		"the confirm page of a bad token says so": {ask: ask{path: "/auth/confirm?token=nope"}, status: 410, has: []string{`view.AddressConfirmed`, `"OK":false`}},
		"the login page keeps where to go":        {ask: ask{path: "/auth/login?returnTo=%2Fcheckout-upgrade%3Fpromo%3DMINI20"}, status: 200, has: []string{`"ReturnTo":"/checkout-upgrade?promo=MINI20"`}},
		"the login page drops foreign places":     {ask: ask{path: "/auth/login?returnTo=https://evil.example/"}, status: 200, has: []string{`"ReturnTo":"/studio"`}, hasNot: []string{"evil"}},
		"the login page of somebody signed in leads on": {
			ask: ask{path: "/auth/login?returnTo=/account", cookie: cookie}, status: 303, header: map[string]string{"Location": "/account"},
		},
		"logout without a session is fine": {ask: ask{method: "POST", path: "/api/auth/logout"}, status: 204},
		"logout by GET is not a thing":     {ask: ask{path: "/api/auth/logout"}, status: 405, has: []string{`"code":"method_not_allowed"`}, header: map[string]string{"Allow": "POST"}},
		"an unknown call is 404":           {ask: ask{path: "/api/auth/nope"}, status: 404, has: []string{`"code":"not_found"`}, header: map[string]string{"Content-Type": "application/problem+json"}},
		"an unknown page is a page":        {ask: ask{path: "/nope"}, status: 404, has: []string{"view.ErrorPage", `"Status":404`}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
}

func TestSignUpLandsWhereItShould(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct{ next, want string }{
		"nowhere in particular": {"", "/studio"},
		"the blueprint tab":     {"/studio?tab=blueprint", "/studio?tab=blueprint"},
		"another page":          {"/account", "/studio"},
		"another site":          {"https://evil.example/studio?tab=blueprint", "/studio"},
		"the upgrade":           {"/checkout-upgrade?promo=MINI20", "/checkout-upgrade?promo=MINI20"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post("/api/auth/sign-up", fmt.Sprintf(`{"email":"%s@example.com","password":%q,"next":%q}`, strings.ReplaceAll(name, " ", "."), password, c.next))
			if a.status != 201 || a.json(t)["redirect"] != c.want {
				t.Fatalf("%d %s, want redirect %s", a.status, a.body, c.want)
			}
		})
	}
}

func TestFormsWorkWithoutScripts(t *testing.T) {
	s := open(t)
	a := s.form("/auth/sign-up", url.Values{"email": {"grace@example.com"}, "password": {password}, "name": {"Grace"}, "next": {"/studio?tab=blueprint"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/studio?tab=blueprint" || cookieOf(a) == "" {
		t.Fatalf("sign-up: %d %v %s", a.status, a.header, a.body)
	}
	cookie := cookieOf(a)
	if a := s.do(ask{path: "/studio", cookie: cookie}); a.status != 200 || !strings.Contains(a.body, `"Name":"Grace"`) || !strings.Contains(a.body, `"Balance":2`) {
		t.Fatalf("studio: %d %s", a.status, a.body)
	}
	again := s.form("/auth/sign-up", url.Values{"email": {"grace@example.com"}, "password": {password}, "name": {"<b>"}})
	if again.status != http.StatusConflict || !strings.Contains(again.body, "view.SignUp") || !strings.Contains(again.body, `"email":"grace@example.com"`) || strings.Contains(again.body, password) {
		t.Fatalf("second sign-up: %d %s", again.status, again.body)
	}
	wrong := s.form("/auth/login", url.Values{"email": {"grace@example.com"}, "password": {"not this one"}, "returnTo": {"/account"}})
	if wrong.status != 401 || !strings.Contains(wrong.body, "view.Login") || !strings.Contains(wrong.body, `"ReturnTo":"/account"`) || strings.Contains(wrong.body, "not this one") {
		t.Fatalf("wrong password: %d %s", wrong.status, wrong.body)
	}
	in := s.form("/auth/login", url.Values{"email": {"grace@example.com"}, "password": {password}, "returnTo": {"/account"}})
	if in.status != http.StatusSeeOther || in.header.Get("Location") != "/account" || cookieOf(in) == "" || cookieOf(in) == cookie {
		t.Fatalf("login: %d %v", in.status, in.header)
	}
	sent := s.form("/auth/password/forgot", url.Values{"email": {"grace@example.com"}})
	if sent.status != 200 || !strings.Contains(sent.body, `"Sent":true`) {
		t.Fatalf("forgot: %d %s", sent.status, sent.body)
	}
	out := s.do(ask{method: "POST", path: "/auth/logout", cookie: cookie})
	if out.status != http.StatusSeeOther || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Fatalf("logout: %d %v", out.status, out.header)
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: cookie}); a.status != 401 {
		t.Fatalf("after logout: %d", a.status)
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: cookieOf(in)}); a.status != 200 {
		t.Fatalf("the other session: %d", a.status)
	}
}

// mint makes the link of a mail as the outbox does when it sends it.
func (s *shop) mint(email string, purpose mail.TokenPurpose) string {
	s.t.Helper()
	u := s.user(email)
	token, err := s.people.MintToken(context.Background(), u.ID, purpose, u.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func TestMailedLinks(t *testing.T) {
	s := open(t)
	old := s.signUp("ada@example.com")
	confirm := s.mint("ada@example.com", mail.ConfirmToken)
	if a := s.do(ask{method: "HEAD", path: "/auth/confirm?token=" + confirm}); a.status != 200 || s.user("ada@example.com").Verified() {
		t.Fatalf("HEAD proved the address (%d)", a.status)
	}
	a := s.get("/auth/confirm?token=" + confirm)
	if a.status != 200 || !strings.Contains(a.body, `"OK":true`) || cookieOf(a) != "" || !s.user("ada@example.com").Verified() {
		t.Fatalf("confirm: %d %v %s", a.status, a.header, a.body)
	}
	token := s.mint("ada@example.com", mail.ResetToken)
	for range 2 { // looking uses nothing up
		if a := s.get("/auth/password/setup?token=" + token); a.status != 200 || !strings.Contains(a.body, `"Reset":true`) || a.header.Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("set-up page: %d %s", a.status, a.body)
		}
	}
	short := s.form("/auth/password/setup", url.Values{"token": {token}, "password": {"short"}})
	if short.status != 400 || !strings.Contains(short.body, `"Errors":{"password"`) || !strings.Contains(short.body, token) {
		t.Fatalf("short password: %d %s", short.status, short.body)
	}
	set := s.post("/api/auth/password/setup", fmt.Sprintf(`{"token":%q,"password":"a new password"}`, token))
	if set.status != 200 || cookieOf(set) == "" || set.json(t)["redirect"] != "/studio" {
		t.Fatalf("set-up: %d %s", set.status, set.body)
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: old}); a.status != 401 {
		t.Fatalf("the old session lives: %d", a.status)
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: cookieOf(set)}); a.status != 200 {
		t.Fatalf("the new session does not: %d", a.status)
	}
	if a := s.post("/api/auth/password/setup", fmt.Sprintf(`{"token":%q,"password":"a third password"}`, token)); a.status != 410 {
		t.Fatalf("a second use: %d %s", a.status, a.body)
	}
	late := s.mint("ada@example.com", mail.ResetToken)
	s.clock.Advance(2 * time.Hour)
	if a := s.get("/auth/password/setup?token=" + late); a.status != 410 {
		t.Fatalf("a link that has run out: %d", a.status)
	}
}

func TestSessionsAgeByTheWallClock(t *testing.T) {
	s := open(t)
	cookie := s.signUp("ada@example.com")
	s.clock.Advance(400 * 24 * time.Hour)
	if a := s.do(ask{path: "/api/auth/me", cookie: cookie}); a.status != 200 {
		t.Fatalf("the business clock signed somebody out: %d", a.status)
	}
	s.wall.Move(8 * 24 * time.Hour)
	if a := s.do(ask{path: "/api/auth/me", cookie: cookie}); a.status != 401 {
		t.Fatalf("idle for 8 days: %d", a.status)
	}
}

func TestASessionEndsAfterThirtyDaysOfUse(t *testing.T) {
	s := open(t)
	cookie := s.signUp("ada@example.com")
	me := func() int { return s.do(ask{path: "/api/auth/me", cookie: cookie}).status }
	for range 5 {
		s.wall.Move(6*24*time.Hour - 2*time.Minute)
		if got := me(); got != 200 {
			t.Fatalf("in use: %d", got)
		}
	}
	s.wall.Move(20 * time.Minute)
	if got := me(); got != 401 {
		t.Fatalf("after 30 days: %d", got)
	}
	if a := s.do(ask{path: "/account", cookie: cookie}); a.status != 303 {
		t.Fatalf("a page after 30 days: %d", a.status)
	}
}

func TestCookieOfAnHTTPSShop(t *testing.T) {
	s := open(t, func(o *web.Options) { o.BaseURL = "https://shop.example" })
	a := s.do(ask{method: "POST", path: "/api/auth/sign-up", body: `{"email":"ada@example.com","password":"long enough"}`, host: "shop.example"})
	got := a.header.Get("Set-Cookie")
	if !strings.HasPrefix(got, "__Host-sselfie=") || !strings.HasSuffix(got, "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax") {
		t.Fatalf("cookie %q", got)
	}
	if a.header.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Fatalf("no HSTS: %v", a.header)
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(got, "__Host-sselfie="), ";")
	for name, c := range map[string]struct {
		cookie string
		want   int
	}{
		"its own name":            {"__Host-sselfie=" + token, 200},
		"a name without the mark": {"sselfie=" + token, 401},
	} {
		t.Run(name, func(t *testing.T) {
			if a := s.do(ask{path: "/api/auth/me", host: "shop.example", header: map[string]string{"Cookie": c.cookie}}); a.status != c.want {
				t.Fatalf("%d, want %d", a.status, c.want)
			}
		})
	}
}
