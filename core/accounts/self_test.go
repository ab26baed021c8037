package accounts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/leads"
	"sselfie/core/mail"
)

// linkTo mints the link of the newest mail that moves the account.
func (h *house) linkTo(t testing.TB, u accounts.User, address string) string {
	t.Helper()
	token, err := h.MintToken(context.Background(), u.ID, mail.ChangeToken, core.EmailKey(strings.ToLower(address)))
	must(t, err)
	return token
}

func TestAnAccountMovesOnceTheLinkIsFollowed(t *testing.T) {
	ctx, h := context.Background(), newHouse(t)
	s := h.joined(t)
	must(t, h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveLead(ctx, leads.Lead{ID: "lead_1", Email: "new@example.com", Key: "new@example.com", ConsentAt: h.clock.Now(), CreatedAt: h.clock.Now()})
	}))
	must(t, h.ChangeAddress(ctx, s.User.ID, " New@Example.com ", password))
	if u := h.user(t, email); u.Email != email || u.Verified() {
		t.Errorf("moved before the link was followed: %+v", u)
	}
	token := h.linkTo(t, s.User, "new@example.com")
	h.clock.Advance(time.Hour)
	for range 2 { // the second click is fine
		must(t, h.Confirm(ctx, token))
	}
	u := h.user(t, "new@example.com")
	if u.ID != s.User.ID || u.Email != "New@Example.com" || !u.VerifiedAt.Equal(h.clock.Now()) {
		t.Errorf("%+v", u)
	}
	if _, err := h.db.UserByKey(ctx, "ada@example.com"); !core.Is(err, core.NotFound) {
		t.Error("the old address is still taken")
	}
	if !strings.Contains(h.mails(t), "notice "+email) || !strings.Contains(h.mails(t), "confirm_address New@Example.com") {
		t.Errorf("mails:\n%s", h.mails(t))
	}
	if !h.in(s.Token) {
		t.Error("moving signs nobody out")
	}
	if l, err := h.db.LeadByKey(ctx, "new@example.com"); err != nil || l.User != u.ID {
		t.Errorf("the captured address did not join: %+v, %v", l, err)
	}
	if _, err := h.login("new@example.com", password); err != nil {
		t.Error(err)
	}
}

func TestAnAccountWithoutAddressGivesANewOne(t *testing.T) {
	ctx, h := context.Background(), newHouse(t)
	s := h.joined(t)
	h.change(t, "")
	must(t, h.ChangeAddress(ctx, s.User.ID, "new@example.com", password))
	must(t, h.Confirm(ctx, h.linkTo(t, s.User, "new@example.com")))
	if u := h.user(t, "new@example.com"); u.ID != s.User.ID || !u.AddressLostAt.IsZero() || !u.Verified() {
		t.Errorf("%+v", u)
	}
}

func TestWhenALinkDoesNotMoveTheAccount(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		then func(t *testing.T, h *house, s accounts.Signed)
		want core.Code
	}{
		"a day has passed": {func(_ *testing.T, h *house, _ accounts.Signed) { h.clock.Advance(24 * time.Hour) }, core.TokenInvalid},
		"she asked for another since": {func(t *testing.T, h *house, s accounts.Signed) {
			h.clock.Advance(time.Minute)
			must(t, h.ChangeAddress(ctx, s.User.ID, "third@example.com", password))
		}, core.TokenInvalid},
		"the password was changed since": {func(t *testing.T, h *house, s accounts.Signed) {
			h.clock.Advance(time.Minute)
			must(t, h.ChangePassword(ctx, s.User.ID, s.Token, password, "another horse"))
		}, core.TokenInvalid},
		"the account was revoked since": {func(t *testing.T, h *house, s accounts.Signed) {
			must(t, h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
				_, err := accounts.Revoke(ctx, tx, s.User)
				return err
			}))
		}, core.TokenInvalid},
		"somebody else took the address since": {func(t *testing.T, h *house, _ accounts.Signed) {
			_, err := h.SignUp(ctx, "new@example.com", password, "", "", accounts.Client{})
			must(t, err)
		}, core.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.joined(t)
			must(t, h.ChangeAddress(ctx, s.User.ID, "new@example.com", password))
			token := h.linkTo(t, s.User, "new@example.com")
			c.then(t, h, s)
			// A link that is minted after the fact must not help either.
			for _, link := range []string{token, h.linkTo(t, s.User, "new@example.com")} {
				if name == "a day has passed" && link != token {
					continue
				}
				wantCode(t, h.Confirm(ctx, link), c.want)
			}
			if u, err := h.db.UserByID(ctx, s.User.ID); err != nil || u.Email != email {
				t.Errorf("%+v, %v", u, err)
			}
		})
	}
}

func TestWhatAMoveRefuses(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		email, password string
		want            core.Code
	}{
		"fine":                    {"new@example.com", password, ""},
		"the wrong password":      {"new@example.com", "wrong horse", core.InvalidCredentials},
		"no address":              {"", password, core.Invalid},
		"somebody else's":         {"bob@example.com", password, core.Conflict},
		"somebody else's, folded": {" BOB@example.com", password, core.Conflict},
		"her own, not yet proven": {"ADA@example.com", password, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.joined(t)
			_, err := h.SignUp(ctx, "bob@example.com", password, "", "", accounts.Client{})
			must(t, err)
			before := len(strings.Split(h.mails(t), "\n"))
			wantCode(t, h.ChangeAddress(ctx, s.User.ID, c.email, c.password), c.want)
			want := before
			if c.want == "" {
				want++
			}
			if got := len(strings.Split(h.mails(t), "\n")); got != want {
				t.Errorf("%d mails, want %d", got, want)
			}
		})
	}
	t.Run("her own, proven", func(t *testing.T) {
		h := newHouse(t)
		s := h.joined(t)
		must(t, h.Confirm(ctx, h.mint(t, s.User, mail.ConfirmToken)))
		wantCode(t, h.ChangeAddress(ctx, s.User.ID, email, password), core.Invalid)
	})
	t.Run("many addresses", func(t *testing.T) {
		h := newHouse(t)
		s := h.joined(t)
		for i := range 5 {
			must(t, h.ChangeAddress(ctx, s.User.ID, string(rune('a'+i))+"@example.com", password))
		}
		wantCode(t, h.ChangeAddress(ctx, s.User.ID, "z@example.com", password), core.RateLimited)
	})
	t.Run("one address over and over", func(t *testing.T) {
		h := newHouse(t)
		s := h.joined(t)
		for range 3 {
			must(t, h.ChangeAddress(ctx, s.User.ID, "victim@example.com", password))
		}
		wantCode(t, h.ChangeAddress(ctx, s.User.ID, "victim@example.com", password), core.RateLimited)
	})
	t.Run("one address by many accounts, all day", func(t *testing.T) {
		h, sent := newHouse(t), 0
		for i := range 12 {
			s, err := h.SignUp(ctx, string(rune('a'+i))+"@crowd.test", password, "", "", accounts.Client{})
			must(t, err)
			if h.ChangeAddress(ctx, s.User.ID, "victim@example.com", password) == nil {
				sent++
			}
			h.wall.Advance(30 * time.Minute)
		}
		if sent != 5 {
			t.Errorf("%d letters to one address within a day, want 5", sent)
		}
	})
}

func TestChangingThePassword(t *testing.T) {
	ctx, h := context.Background(), newHouse(t)
	here := h.joined(t)
	there, err := h.login(email, password)
	must(t, err)
	reset := h.mint(t, here.User, mail.ResetToken)
	wantCode(t, h.ChangePassword(ctx, here.User.ID, here.Token, "wrong horse", "another horse"), core.InvalidCredentials)
	wantCode(t, h.ChangePassword(ctx, here.User.ID, here.Token, password, "short"), core.Invalid)
	wantCode(t, h.ChangePassword(ctx, here.User.ID, here.Token, password, password), core.Invalid)
	if !h.in(there.Token) {
		t.Fatal("a refused change signs out")
	}
	must(t, h.ChangePassword(ctx, here.User.ID, here.Token, password, "another horse"))
	if !h.in(here.Token) || h.in(there.Token) {
		t.Error("all other sessions end, and only they")
	}
	wantCode(t, h.CheckToken(ctx, reset), core.TokenInvalid)
	_, err = h.login(email, password)
	wantCode(t, err, core.InvalidCredentials)
	if _, err := h.login(email, "another horse"); err != nil {
		t.Error(err)
	}
	if n := strings.Count(h.mails(t), "password_changed "+email); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestGuessingFromInsideIsLimited(t *testing.T) {
	ctx, h := context.Background(), newHouse(t)
	s := h.joined(t)
	for range 10 {
		wantCode(t, h.ChangePassword(ctx, s.User.ID, s.Token, "wrong horse", "another horse"), core.InvalidCredentials)
	}
	wantCode(t, h.ChangePassword(ctx, s.User.ID, s.Token, password, "another horse"), core.RateLimited)
	h.wall.Advance(16 * time.Minute)
	must(t, h.ChangePassword(ctx, s.User.ID, s.Token, password, "another horse"))
}

func TestDevices(t *testing.T) {
	ctx, h := context.Background(), newHouse(t)
	first := h.joined(t)
	h.wall.Advance(time.Minute)
	second, err := h.Login(ctx, email, password, "", "", accounts.Client{UserAgent: "Firefox", Address: "192.0.2.0"})
	must(t, err)
	stranger, err := h.SignUp(ctx, "eve@example.com", password, "", "", accounts.Client{})
	must(t, err)
	list := func(token string) []accounts.Device {
		t.Helper()
		d, err := h.Devices(ctx, first.User.ID, token)
		must(t, err)
		return d
	}
	d := list(first.Token)
	if len(d) != 2 || d[0].UserAgent != "Firefox" || d[0].Address != "192.0.2.0" || d[0].Current || !d[1].Current || d[0].ID == d[1].ID {
		t.Fatalf("%+v", d)
	}
	for _, id := range []string{"", d[0].ID[:23], d[0].ID + "0", "%"} {
		wantCode(t, h.EndDevice(ctx, first.User.ID, id), core.NotFound)
	}
	wantCode(t, h.EndDevice(ctx, stranger.User.ID, d[0].ID), core.NotFound)
	must(t, h.EndDevice(ctx, first.User.ID, d[0].ID))
	wantCode(t, h.EndDevice(ctx, first.User.ID, d[0].ID), core.NotFound)
	if h.in(second.Token) || !h.in(first.Token) {
		t.Error("the wrong one was signed out")
	}
	third, err := h.login(email, password)
	must(t, err)
	must(t, h.EndOthers(ctx, first.User.ID, third.Token))
	if h.in(first.Token) || !h.in(third.Token) || !h.in(stranger.Token) {
		t.Error("all others of hers end, and nobody else's")
	}
	h.wall.Advance(accounts.SessionIdle)
	if d := list(third.Token); len(d) != 0 {
		t.Errorf("sessions that ran out are shown: %+v", d)
	}
}
