package accounts_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

func (h *house) login(address, password string) (accounts.Signed, error) {
	return h.Login(context.Background(), address, password, "", "", accounts.Client{UserAgent: "test"})
}

// due claims what the outbox would send now.
func (h *house) due(t testing.TB) (out []mail.Outgoing) {
	t.Helper()
	must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) (err error) {
		out, err = tx.ClaimMails(ctx, mail.Urgent, h.clock.Now(), 100)
		return err
	}))
	return out
}

func TestLogin(t *testing.T) {
	h := newHouse(t)
	first := h.joined(t)
	h.clock.Advance(time.Hour)
	s, err := h.Login(context.Background(), " ADA@example.com ", password, "", "/account?tab=1", accounts.Client{})
	must(t, err)
	if s.User.ID != first.User.ID || s.Redirect != "/account?tab=1" || s.Token == first.Token || !h.in(s.Token) || !h.in(first.Token) {
		t.Errorf("%+v", s)
	}
	if u := h.user(t, email); !u.LastLoginAt.Equal(h.clock.Now()) {
		t.Errorf("last login %s", u.LastLoginAt)
	}
	if s, _ := h.Login(context.Background(), email, password, "", "//evil.test", accounts.Client{}); s.Redirect != "/studio" {
		t.Errorf("it leads to %q", s.Redirect)
	}
}

// A wrong password, an unknown address and an account without a password look
// alike, and cost one hash and the same writes.
func TestAWrongPasswordSaysNothingOfTheAddress(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.InsertUser(ctx, accounts.User{ID: "usr_bought", Email: "buyer@example.com", Key: "buyer@example.com", Origin: accounts.FromPurchase, CreatedAt: h.clock.Now()})
	}))
	var first string
	for _, address := range []string{email, "nobody@example.com", "buyer@example.com", "not an address", ""} {
		before := h.hasher.work()
		_, err := h.login(address, "wrong password")
		wantCode(t, err, core.InvalidCredentials)
		if h.hasher.work() != before+1 {
			t.Errorf("%q: %d hashes, want 1", address, h.hasher.work()-before)
		}
		if first == "" {
			first = err.Error()
		}
		if err.Error() != first {
			t.Errorf("%q: %q is not %q", address, err, first)
		}
	}
	if h.hasher.dummies.Load() != 4 {
		t.Errorf("%d dummies", h.hasher.dummies.Load())
	}
	if _, err := h.login("buyer@example.com", ""); !core.Is(err, core.InvalidCredentials) {
		t.Errorf("no password opens an account without one: %v", err)
	}
}

func TestTenWrongPasswordsAreEnough(t *testing.T) {
	for name, address := range map[string]string{"of an account": email, "of nobody": "nobody@example.com"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.joined(t)
			h.wall.Advance(time.Minute)
			for range 10 {
				_, err := h.login(address, "wrong password")
				wantCode(t, err, core.InvalidCredentials)
			}
			before := h.hasher.work()
			_, err := h.login(address, password)
			wantCode(t, err, core.RateLimited)
			if h.hasher.work() != before {
				t.Error("a try too many is still compared")
			}
			if _, err := h.login("other@example.com", "wrong password"); !core.Is(err, core.InvalidCredentials) {
				t.Errorf("another account is limited too: %v", err)
			}
			h.clock.Advance(time.Hour)
			if _, err := h.login(address, password); !core.Is(err, core.RateLimited) {
				t.Error("the limit goes by the wall clock, not by business time")
			}
			h.wall.Advance(15 * time.Minute)
			_, err = h.login(address, password)
			if address == email {
				must(t, err)
			} else {
				wantCode(t, err, core.InvalidCredentials)
			}
		})
	}
}

// Who types wrong passwords elsewhere locks the owner out of nothing, until it
// is a flood.
func TestAStrangerDoesNotLockTheOwnerOut(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	from := func(network, password string) error {
		_, err := h.Login(context.Background(), email, password, "", "", accounts.Client{Address: network})
		return err
	}
	for range 10 {
		wantCode(t, from("203.0.113.0", "wrong password"), core.InvalidCredentials)
	}
	for range 20 {
		wantCode(t, from("203.0.113.0", "wrong password"), core.RateLimited)
	}
	must(t, from("198.51.100.0", password))
	wantCode(t, from("203.0.113.0", password), core.RateLimited)
	for i := range 100 {
		wantCode(t, from(fmt.Sprintf("192.0.%d.0", i), "wrong password"), core.InvalidCredentials)
	}
	wantCode(t, from("198.51.100.0", password), core.RateLimited)
	h.wall.Advance(time.Hour)
	must(t, from("198.51.100.0", password))
}

func TestManyTriesAtOnceDontSlipPastTheLimit(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	before := h.hasher.verifies.Load()
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() { _, _ = h.login(email, fmt.Sprint("guess number ", i)) })
	}
	wait.Wait()
	if n := h.hasher.verifies.Load() - before; n > 10 {
		t.Errorf("%d guesses were compared, want at most 10", n)
	}
}

func TestARightPasswordForgetsTheWrongOnes(t *testing.T) {
	h := newHouse(t)
	h.joined(t)
	for range 3 {
		for range 9 {
			_, err := h.login(email, "wrong password")
			wantCode(t, err, core.InvalidCredentials)
		}
		_, err := h.login(email, password)
		must(t, err)
	}
}

func TestLogout(t *testing.T) {
	h := newHouse(t)
	s := h.joined(t)
	other, err := h.login(email, password)
	must(t, err)
	must(t, h.Logout(context.Background(), s.Token))
	if h.in(s.Token) || !h.in(other.Token) {
		t.Error("one session ends, the other stays")
	}
	for _, token := range []string{s.Token, "unknown", ""} {
		must(t, h.Logout(context.Background(), token))
	}
}

// TestSessions: all by the wall clock.
func TestSessions(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		live func(h *house, token string)
		want bool
	}{
		"at once":                        {func(*house, string) {}, true},
		"idle for just under seven days": {func(h *house, _ string) { h.wall.Advance(7*day - time.Second) }, true},
		"idle for seven days":            {func(h *house, _ string) { h.wall.Advance(7 * day) }, false},
		"used every six days, for a month": {func(h *house, token string) {
			for range 4 {
				h.wall.Advance(6 * day)
				h.in(token)
			}
			h.wall.Advance(6*day - time.Second)
		}, true},
		"thirty days old, however much it was used": {func(h *house, token string) {
			for range 5 {
				h.wall.Advance(6 * day)
				h.in(token)
			}
		}, false},
		"a use within the hour is not written, and counts all the same": {func(h *house, token string) {
			h.wall.Advance(59 * time.Minute)
			h.in(token)
			h.wall.Advance(7*day - time.Hour)
		}, true},
		"the business clock sixty days on signs nobody out": {func(h *house, _ string) { h.clock.Advance(60 * day) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.joined(t)
			c.live(h, s.Token)
			if got := h.in(s.Token); got != c.want {
				t.Errorf("signed in: %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhoIsNotSignedIn(t *testing.T) {
	h := newHouse(t)
	s := h.joined(t)
	for name, token := range map[string]string{"nobody": "", "a guess": "token-99999999", "the hash instead of the token": h.Tokens.HashToken(s.Token)} {
		_, _, err := h.Authenticate(context.Background(), token)
		if !core.Is(err, core.NotAuthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	u := h.user(t, email)
	u.DeletedAt, u.Key, u.Email = h.clock.Now(), "", ""
	must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveUser(ctx, u) }))
	if h.in(s.Token) {
		t.Error("a deleted account is signed in")
	}
}

func TestASignInIsFreshForAQuarterOfAnHour(t *testing.T) {
	h := newHouse(t)
	s := h.joined(t)
	h.wall.Advance(15*time.Minute - time.Second)
	sess, _, err := h.Authenticate(context.Background(), s.Token)
	must(t, err)
	if !sess.Fresh(h.wall.Now()) || sess.Fresh(h.wall.Now().Add(time.Second)) {
		t.Error("fresh for 15 minutes, not for more")
	}
}
