package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/mail"
)

func (s *shop) login(email, password string) answer {
	s.t.Helper()
	return s.post("/api/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
}

func TestTheAccountIsChangedByForms(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	_ = s.signUp("taken@example.com")
	other := cookieOf(s.login("ada@example.com", password))
	form := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	const fresh = "another long password"
	for _, c := range []struct {
		name, path string
		form       url.Values
		status     int
		has        []string
	}{
		{"no address", "/account/email", form("email_password", password), 400, []string{"view.Account", `"Errors":{"email":`}},
		{"half an address", "/account/email", form("email", "x@", "email_password", password), 400, []string{`"Values":{"email":"x@"}`}},
		{"a wrong password moves nothing", "/account/email", form("email", "new@example.com", "email_password", "wrong password"), 401, []string{`"Errors":{"email_password":"This is not your password."}`}},
		{"somebody else's address", "/account/email", form("email", "Taken@example.com", "email_password", password), 409, []string{`"Errors":{"email":"There is an account`}},
		{"a new address", "/account/email", form("email", "new@example.com", "email_password", password), 303, nil},
		{"a short password", "/account/password", form("current_password", password, "new_password", "short"), 400, []string{`"Errors":{"new_password":`}},
		{"the old one is wrong", "/account/password", form("current_password", "not this one", "new_password", fresh), 401, []string{`"Errors":{"current_password":"This is not your password."}`}},
		{"the same once more", "/account/password", form("current_password", password, "new_password", password), 400, []string{`"new_password"`}},
		{"a new one", "/account/password", form("current_password", password, "new_password", fresh), 303, nil},
		{"a wrong password deletes nothing", "/account/delete", form("password", password), 401, []string{`"Delete":{"Values":null,"Errors":{"password":`}},
		{"no password either", "/account/delete", form(), 401, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.send(c.path, ada, c.form)
			if a.status != c.status {
				t.Fatalf("%d, want %d: %.400s", a.status, c.status, a.body)
			}
			a.holds(t, c.name, c.has...)
			if strings.Contains(a.body, password) || strings.Contains(a.body, fresh) {
				t.Error("the page holds a password")
			}
			if a := s.send(c.path, "", c.form); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/auth/login") {
				t.Errorf("a visitor: %d %s", a.status, a.header.Get("Location"))
			}
		})
	}
	if u := s.user("ada@example.com"); u.Email != "ada@example.com" {
		t.Error("the address moved before its link was followed")
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: other}); a.status != 401 {
		t.Errorf("the other device is still signed in: %d", a.status)
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: ada}); a.status != 200 {
		t.Errorf("this one is not: %d", a.status)
	}
	if a := s.login("ada@example.com", fresh); a.status != 200 {
		t.Errorf("the new password: %d", a.status)
	}
}

func TestDevices(t *testing.T) {
	s := open(t)
	ada, eve := s.signUp("ada@example.com"), s.signUp("eve@example.com")
	phone := cookieOf(s.do(ask{
		method: "POST", path: "/api/auth/login", body: fmt.Sprintf(`{"email":"ada@example.com","password":%q}`, password),
		header: map[string]string{"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"},
	}))
	a := s.do(ask{path: "/account", cookie: ada})
	a.holds(t, "the list", `"Name":"Safari on iPhone"`, `"Current":true`, `"Current":false`)
	devices, err := s.people.Devices(context.Background(), s.user("ada@example.com").ID, phone)
	if err != nil || len(devices) != 2 {
		t.Fatalf("%v %v", devices, err)
	}
	id := ""
	for _, d := range devices {
		if d.Current {
			id = d.ID
		}
	}
	if a := s.send("/account/devices/end", eve, url.Values{"id": {id}}); a.status != 303 {
		t.Errorf("%d", a.status)
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: phone}); a.status != 200 {
		t.Error("somebody else signed it out")
	}
	for range 2 { // the second time is fine
		if a := s.send("/account/devices/end", ada, url.Values{"id": {id}}); a.status != 303 {
			t.Errorf("%d", a.status)
		}
	}
	if a := s.do(ask{path: "/api/auth/me", cookie: phone}); a.status != 401 {
		t.Error("it is still signed in")
	}
	third := cookieOf(s.login("ada@example.com", password))
	s.send("/account/devices/end-others", ada, nil)
	if s.do(ask{path: "/api/auth/me", cookie: third}).status != 401 || s.do(ask{path: "/api/auth/me", cookie: ada}).status != 200 {
		t.Error("the others go, this one stays")
	}
}

func TestWhatIsKnownIsHandedOut(t *testing.T) {
	s := open(t)
	ada, eve := s.signUp("ada@example.com"), s.signUp("eve@example.com")
	s.follow("/welcome", ada, answerForm("base", "1", "", "Lovelace"))
	s.follow("/welcome", eve, answerForm("base", "1", "", "Secretive"))
	s.play(t, scenario{ask: ask{path: "/api/account/export"}, status: 401, has: []string{`"not_authenticated"`}})
	a := s.do(ask{path: "/api/account/export", cookie: ada})
	if a.status != 200 || a.header.Get("Content-Type") != "application/zip" || !strings.Contains(a.header.Get("Content-Disposition"), ".zip") || a.header.Get("Cache-Control") != "private, no-store" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(f.Name, "/") || strings.Contains(f.Name, "..") {
			t.Errorf("the name %q leads elsewhere", f.Name)
		}
	}
	for _, w := range []string{"ada@example.com", "Lovelace", "Credits to start with"} {
		if !strings.Contains(all.String(), w) {
			t.Errorf("the archive lacks %q", w)
		}
	}
	for _, w := range []string{"eve@example.com", "Secretive", "quick:", ada} {
		if strings.Contains(all.String(), w) {
			t.Errorf("the archive has %q", w)
		}
	}
}

func TestAnAccountIsDeleted(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	s.buy("bio_glowup", "ada@example.com", ada)
	post := func(body string) ask {
		return ask{method: "POST", path: "/api/account/delete", body: body, cookie: ada}
	}
	for name, c := range map[string]scenario{
		"nobody":           {ask: ask{method: "POST", path: "/api/account/delete", body: `{"password":"x"}`}, status: 401},
		"without a word":   {ask: post(`{}`), status: 400, has: []string{`"password"`}},
		"a wrong password": {ask: post(`{"password":"wrong one"}`), status: 401, has: []string{`"invalid_credentials"`}},
		"as a text":        {ask: ask{method: "POST", path: "/api/account/delete", body: "x", kind: "text/plain", cookie: ada}, status: 415},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	s.opts.Customer.Privacy.MayLeave = func(context.Context, core.UserID) error {
		return &core.Error{Code: core.Conflict, Op: "test", Message: "Cancel first."}
	}
	s.play(t, scenario{ask: post(fmt.Sprintf(`{"password":%q}`, password)), status: 409, has: []string{"Cancel first."}})
	s.send("/account/delete", ada, url.Values{"password": {password}}).holds(t, "the page says why", "view.Account", `"Delete":{"Values":null,"Errors":null,"Error":"Cancel first."}`)
	s.opts.Customer.Privacy.MayLeave = nil
	a := s.do(post(fmt.Sprintf(`{"password":%q}`, password)))
	if a.status != http.StatusNoContent || !strings.Contains(strings.Join(a.header.Values("Set-Cookie"), ";"), "Max-Age=0") {
		t.Fatalf("%d %v", a.status, a.header)
	}
	if s.do(ask{path: "/api/auth/me", cookie: ada}).status != 401 || s.login("ada@example.com", password).status != 401 {
		t.Error("she can still come in")
	}
	eve := s.signUp("eve@example.com")
	if a := s.send("/account/delete", eve, url.Values{"password": {password}}); a.status != 303 || a.header.Get("Location") != "/" {
		t.Errorf("the form: %d", a.status)
	}
	if _, err := s.people.CreateAdmin(context.Background(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	boss := cookieOf(s.login("boss@example.com", password))
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/account/delete", body: fmt.Sprintf(`{"password":%q}`, password), cookie: boss}, status: 409})
}

// An account that lost its address is told so, and gives another one.
func TestALostAddress(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	u := s.user("ada@example.com")
	u.Email, u.Key, u.AddressLostAt = "", "", s.clock.Now()
	if err := s.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveUser(ctx, u) }); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/studio", "/account"} {
		s.do(ask{path: path, cookie: ada}).holds(t, path, "was claimed by its owner", "/account#h-email")
	}
	s.do(ask{path: "/account", cookie: ada}).holds(t, "the form", `"AddressLost":true`)
	if a := s.send("/account/email", ada, url.Values{"email": {"Mine@example.com"}, "email_password": {password}}); a.status != 303 {
		t.Fatalf("%d %.300s", a.status, a.body)
	}
	token, err := s.people.MintToken(context.Background(), u.ID, mail.ChangeToken, "mine@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if a := s.get("/auth/confirm?token=" + token); a.status != 200 {
		t.Fatalf("%d %.300s", a.status, a.body)
	}
	if a := s.login("mine@example.com", password); a.status != 200 {
		t.Errorf("the new address: %d", a.status)
	}
	if a := s.do(ask{path: "/account", cookie: ada}); strings.Contains(a.body, "was claimed") {
		t.Error("she is still told")
	}
}
