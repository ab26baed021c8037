package accounts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

func TestForgot(t *testing.T) {
	for name, c := range map[string]struct {
		ask  func(h *house) error
		want int
	}{
		"a known address gets a link":              {func(h *house) error { return h.Forgot(context.Background(), " ADA@example.com") }, 1},
		"an unknown one gets nothing":              {func(h *house) error { return h.Forgot(context.Background(), "nobody@example.com") }, 0},
		"what is no address neither":               {func(h *house) error { return h.Forgot(context.Background(), "ada") }, 0},
		"three an hour":                            {func(h *house) error { return h.ask(100) }, 3},
		"two more in the next hour":                {func(h *house) error { _ = h.ask(3); h.wall.Advance(time.Hour); return h.ask(2) }, 5},
		"five a day":                               {func(h *house) error { return h.askFor(10*time.Hour, 100) }, 5},
		"five more on the next day":                {func(h *house) error { _ = h.askFor(10*time.Hour, 100); h.wall.Advance(24 * time.Hour); return h.ask(2) }, 7},
		"too many in an hour don't use up the day": {func(h *house) error { _ = h.ask(50); h.wall.Advance(time.Hour); return h.ask(2) }, 5},
		"business time lifts no limit":             {func(h *house) error { _ = h.ask(3); h.clock.Advance(48 * time.Hour); return h.ask(3) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.joined(t)
			if err := c.ask(h); err != nil {
				t.Errorf("the answer is the same for everybody: %v", err)
			}
			if got := strings.Count(h.mails(t), "password_reset Ada@Example.com"); got != c.want {
				t.Errorf("%d mails, want %d", got, c.want)
			}
		})
	}
}

func (h *house) ask(times int) error {
	for range times {
		if err := h.Forgot(context.Background(), email); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) askFor(d time.Duration, times int) error {
	for range times {
		if err := h.ask(1); err != nil {
			return err
		}
		h.wall.Advance(d / time.Duration(times))
	}
	return nil
}

func TestTheResetMailCarriesAResetLink(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	must(t, h.ask(1))
	for _, m := range h.due(t) {
		if m.Kind == mail.PasswordReset && m.Purpose != mail.ResetToken {
			t.Errorf("it carries %q", m.Purpose)
		}
	}
}

const newPassword = "battery staple"

func (h *house) set(token string) (accounts.Signed, error) {
	return h.SetPassword(context.Background(), token, newPassword, accounts.Client{UserAgent: "test"})
}

// TestSetPassword: Ada has an account, and a link is made for her.
func TestSetPassword(t *testing.T) {
	week := 7 * 24 * time.Hour
	for name, c := range map[string]struct {
		purpose mail.TokenPurpose
		before  func(t *testing.T, h *house, token string)
		want    core.Code
	}{
		"a set-up link":                  {mail.SetupToken, nil, ""},
		"a reset link":                   {mail.ResetToken, nil, ""},
		"set-up works for a week":        {mail.SetupToken, func(_ *testing.T, h *house, _ string) { h.clock.Advance(week - time.Second) }, ""},
		"and not for more":               {mail.SetupToken, func(_ *testing.T, h *house, _ string) { h.clock.Advance(week) }, core.TokenInvalid},
		"reset works for an hour":        {mail.ResetToken, func(_ *testing.T, h *house, _ string) { h.clock.Advance(time.Hour - time.Second) }, ""},
		"and no longer":                  {mail.ResetToken, func(_ *testing.T, h *house, _ string) { h.clock.Advance(time.Hour) }, core.TokenInvalid},
		"links go by business time":      {mail.ResetToken, func(_ *testing.T, h *house, _ string) { h.wall.Advance(week) }, ""},
		"a confirming link sets nothing": {mail.ConfirmToken, nil, core.TokenInvalid},
		"nor does one of a new address":  {mail.ChangeToken, nil, core.TokenInvalid},
		"a used link":                    {mail.SetupToken, func(t *testing.T, h *house, token string) { _, err := h.set(token); must(t, err) }, core.TokenInvalid},
		"another link was used": {mail.SetupToken, func(t *testing.T, h *house, _ string) {
			_, err := h.set(h.mint(t, h.user(t, email), mail.ResetToken))
			must(t, err)
		}, core.TokenInvalid},
		"the address has changed meanwhile": {mail.SetupToken, func(t *testing.T, h *house, _ string) { h.change(t, "new@example.com") }, core.TokenInvalid},
		"the address was lost meanwhile":    {mail.SetupToken, func(t *testing.T, h *house, _ string) { h.change(t, "") }, core.TokenInvalid},
		"the account was revoked meanwhile": {mail.SetupToken, func(t *testing.T, h *house, _ string) {
			must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
				_, err := accounts.Revoke(ctx, tx, h.user(t, email))
				return err
			}))
		}, core.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			old := h.joined(t)
			token := h.mint(t, h.user(t, email), c.purpose)
			if c.before != nil {
				c.before(t, h, token)
			}
			if got := core.CodeOf(h.CheckToken(context.Background(), token)); got != c.want && !strings.Contains(name, "address") {
				t.Errorf("the page that the link leads to says %q", got)
			}
			work := h.hasher.work()
			s, err := h.set(token)
			wantCode(t, err, c.want)
			if c.want != "" {
				if s.Token != "" || (h.hasher.work() != work && !strings.Contains(name, "address")) {
					t.Error("a refused link signs nobody in and computes nothing")
				}
				return
			}
			if h.in(old.Token) || !h.in(s.Token) || s.Redirect != "/studio" {
				t.Error("all other sessions end, this one begins")
			}
			if u := h.user(t, email); !u.Verified() || u.ID != old.User.ID || !u.LastLoginAt.Equal(h.clock.Now()) {
				t.Errorf("the link proves the address: %+v", u)
			}
			if _, err := h.login(email, password); !core.Is(err, core.InvalidCredentials) {
				t.Errorf("the old password: %v", err)
			}
			if _, err := h.login(email, newPassword); err != nil {
				t.Errorf("the new password: %v", err)
			}
			if !strings.Contains(h.mails(t), "password_changed Ada@Example.com") {
				t.Error("the change of an existing password is told by mail")
			}
		})
	}
}

// change gives Ada another address, "" for none.
func (h *house) change(t testing.TB, to string) {
	t.Helper()
	u := h.user(t, email)
	u.Email, u.Key = to, core.EmailKey(to)
	must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveUser(ctx, u) }))
}

func TestTheFirstPasswordIsNotTold(t *testing.T) {
	h := newHouse(t)
	must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.InsertUser(ctx, accounts.User{ID: "usr_bought", Email: email, Key: "ada@example.com", Origin: accounts.FromPurchase, CreatedAt: h.clock.Now()})
	}))
	h.Home = func(_ context.Context, user core.UserID) string { return "/bio/generator?for=" + string(user) }
	s, err := h.set(h.mint(t, h.user(t, email), mail.SetupToken))
	must(t, err)
	if h.mails(t) != "" {
		t.Errorf("mails: %q", h.mails(t))
	}
	if s.Redirect != "/bio/generator?for=usr_bought" {
		t.Errorf("she lands on %q", s.Redirect)
	}
}

func TestAWeakPasswordLeavesTheLink(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	token := h.mint(t, h.user(t, email), mail.ResetToken)
	_, err := h.SetPassword(context.Background(), token, "short", accounts.Client{})
	wantCode(t, err, core.Invalid)
	_, err = h.set(token)
	must(t, err)
}

func TestANewPasswordLiftsTheLimitOfWrongOnes(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	for range 11 {
		_, _ = h.login(email, "wrong password")
	}
	_, err := h.set(h.mint(t, h.user(t, email), mail.ResetToken))
	must(t, err)
	_, err = h.login(email, newPassword)
	must(t, err)
}

func TestUnknownLinks(t *testing.T) {
	h := newHouse(t)
	for _, token := range []string{"", "guess", strings.Repeat("x", 10_000)} {
		wantCode(t, h.CheckToken(context.Background(), token), core.TokenInvalid)
		wantCode(t, h.Confirm(context.Background(), token), core.TokenInvalid)
		_, err := h.set(token)
		wantCode(t, err, core.TokenInvalid)
	}
}

func TestConfirm(t *testing.T) {
	week := 7 * 24 * time.Hour
	for name, c := range map[string]struct {
		purpose mail.TokenPurpose
		before  func(t *testing.T, h *house, token string)
		want    core.Code
	}{
		"the link of the welcome mail": {mail.ConfirmToken, nil, ""},
		"a second click":               {mail.ConfirmToken, func(t *testing.T, h *house, token string) { must(t, h.Confirm(context.Background(), token)) }, ""},
		"a second click, a month later": {mail.ConfirmToken, func(t *testing.T, h *house, token string) {
			must(t, h.Confirm(context.Background(), token))
			h.clock.Advance(30 * 24 * time.Hour)
		}, ""},
		"within a week":                     {mail.ConfirmToken, func(_ *testing.T, h *house, _ string) { h.clock.Advance(week - time.Second) }, ""},
		"not after it":                      {mail.ConfirmToken, func(_ *testing.T, h *house, _ string) { h.clock.Advance(week) }, core.TokenInvalid},
		"a reset link proves by its use":    {mail.ResetToken, nil, core.TokenInvalid},
		"the address has changed meanwhile": {mail.ConfirmToken, func(t *testing.T, h *house, _ string) { h.change(t, "new@example.com") }, core.TokenInvalid},
		"the address was lost meanwhile":    {mail.ConfirmToken, func(t *testing.T, h *house, _ string) { h.change(t, "") }, core.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.joined(t)
			token := h.mint(t, h.user(t, email), c.purpose)
			if c.before != nil {
				c.before(t, h, token)
			}
			wantCode(t, h.Confirm(context.Background(), token), c.want)
			u, err := h.db.UserByID(context.Background(), s.User.ID)
			must(t, err)
			if u.Verified() != (c.want == "") {
				t.Errorf("proven: %v", u.Verified())
			}
			if !h.in(s.Token) || u.PasswordHash == "" {
				t.Error("confirming changes nothing else")
			}
		})
	}
}

func TestALinkIsMintedForTheAddressOfTheAccountOnly(t *testing.T) {
	h := newHouse(t)
	s := h.joined(t)
	for _, p := range []mail.TokenPurpose{mail.SetupToken, mail.ResetToken, mail.ConfirmToken} {
		_, err := h.MintToken(context.Background(), s.User.ID, p, "eve@example.com")
		wantCode(t, err, core.Conflict)
	}
	if _, err := h.MintToken(context.Background(), s.User.ID, mail.ChangeToken, "new@example.com"); err != nil {
		t.Errorf("a change proves the new address: %v", err)
	}
	_, err := h.MintToken(context.Background(), "usr_nobody", mail.ResetToken, "ada@example.com")
	wantCode(t, err, core.NotFound)
}

func TestLifetimes(t *testing.T) {
	for p, want := range map[mail.TokenPurpose]time.Duration{
		mail.SetupToken: 168 * time.Hour, mail.ConfirmToken: 168 * time.Hour, mail.ResetToken: time.Hour, mail.ChangeToken: 24 * time.Hour, "other": time.Hour,
	} {
		if got := accounts.Lifetime(p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
}

func TestCreateAdmin(t *testing.T) {
	admin := func(h *house, address, pass string) (accounts.User, error) {
		return h.CreateAdmin(context.Background(), address, pass)
	}
	for name, do := range map[string]func(t *testing.T, h *house){
		"a new account": func(t *testing.T, h *house) {
			u, err := admin(h, " Ada@Example.com", password)
			must(t, err)
			if u.Origin != accounts.FromAdmin {
				t.Errorf("%+v", u)
			}
		},
		"the same again changes nothing and signs nobody out": func(t *testing.T, h *house) {
			_, err := admin(h, email, password)
			must(t, err)
			s, err := h.login(email, password)
			must(t, err)
			hashes := h.hasher.hashes.Load()
			_, err = admin(h, email, password)
			must(t, err)
			if !h.in(s.Token) || h.hasher.hashes.Load() != hashes {
				t.Error("the admin was signed out")
			}
		},
		"another password ends all sessions": func(t *testing.T, h *house) {
			_, err := admin(h, email, "the password before")
			must(t, err)
			s, err := h.login(email, "the password before")
			must(t, err)
			_, err = admin(h, email, password)
			must(t, err)
			if h.in(s.Token) {
				t.Error("a session of the old password lives on")
			}
		},
		"whoever signed up with the address before is put out": func(t *testing.T, h *house) {
			s, err := h.SignUp(context.Background(), email, "the trojan's password", "", "", accounts.Client{})
			must(t, err)
			link := h.mint(t, h.user(t, email), mail.ResetToken)
			_, err = admin(h, email, password)
			must(t, err)
			if h.in(s.Token) {
				t.Error("the stranger is still signed in, as an admin")
			}
			_, err = h.set(link)
			wantCode(t, err, core.TokenInvalid)
			if _, err := h.login(email, "the trojan's password"); !core.Is(err, core.InvalidCredentials) {
				t.Errorf("%v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			do(t, h)
			u := h.user(t, email)
			if !u.Admin || !u.Verified() {
				t.Errorf("%+v", u)
			}
			_, err := h.login(email, password)
			must(t, err)
		})
	}
	h := newHouse(t)
	_, err := admin(h, "nobody", password)
	wantCode(t, err, core.Invalid)
	_, err = admin(h, email, "short")
	wantCode(t, err, core.Invalid)
}

// counting counts what is asked of the transaction.
type counting struct {
	accounts.Tx
	n *int
}

func (c counting) EnqueueMail(ctx context.Context, q mail.Queued) (bool, error) {
	*c.n++
	return c.Tx.EnqueueMail(ctx, q)
}

func TestAForgottenPasswordIsTheSameWorkForEverybody(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	work := map[string]int{}
	for _, address := range []string{email, "nobody@example.com"} {
		n := 0
		h.Store = sqlite.Bind(h.db, func(tx *sqlite.Tx) accounts.Tx { return counting{tx, &n} })
		must(t, h.Forgot(context.Background(), address))
		work[address] = n
	}
	if work[email] != 1 || work["nobody@example.com"] != 1 {
		t.Errorf("letters written: %v", work)
	}
	for _, o := range h.due(t) {
		if o.ToKey == "nobody@example.com" {
			t.Error("nobody gets a letter")
		}
	}
}
