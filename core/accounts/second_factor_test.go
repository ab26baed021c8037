package accounts_test

import (
	"context"
	"encoding/base32"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sselfie/adapters/locksmith"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

// The vectors of RFC 6238, appendix B (SHA-1), cut to the six digits of ours.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := accounts.CodeAt(secret, accounts.StepAt(time.Unix(at, 0))); got != want {
			t.Errorf("at %d the code is %s, want %s", at, got, want)
		}
	}
	if got := accounts.CodeAt("no base32!", 1); got != "" {
		t.Errorf("a secret that is none has the code %q", got)
	}
}

// guarded is an admin with a second factor.
func (h *house) guarded(t *testing.T) (user accounts.User, secret string, recovery []string) {
	t.Helper()
	ctx := context.Background()
	user, err := h.CreateAdmin(ctx, email, password)
	must(t, err)
	must(t, h.BeginSecondFactor(ctx, user.ID))
	_, e, _, err := h.SecondFactorOf(ctx, user.ID)
	must(t, err)
	recovery, err = h.ConfirmSecondFactor(ctx, user.ID, "", accounts.CodeAt(e.Secret, accounts.StepAt(h.wall.Now())))
	must(t, err)
	h.wall.Advance(time.Minute) // the code of the set-up is spent
	return user, e.Secret, recovery
}

func (h *house) code(secret string, drift int64) string {
	return accounts.CodeAt(secret, accounts.StepAt(h.wall.Now())+drift)
}

func (h *house) loginCode(code string) (accounts.Signed, error) {
	return h.Login(context.Background(), email, password, code, "", accounts.Client{Address: "192.0.2.0"})
}

func TestSecondFactorAtLogin(t *testing.T) {
	for name, c := range map[string]struct {
		code func(h *house, secret string, recovery []string) string
		want core.Code
	}{
		"no code is asked for":               {func(*house, string, []string) string { return "" }, core.TOTPRequired},
		"the code of now":                    {func(h *house, s string, _ []string) string { return h.code(s, 0) }, ""},
		"with a space, as phones show it":    {func(h *house, s string, _ []string) string { c := h.code(s, 0); return c[:3] + " " + c[3:] }, ""},
		"a phone that is 30 seconds behind":  {func(h *house, s string, _ []string) string { return h.code(s, -1) }, ""},
		"a phone that is 30 seconds ahead":   {func(h *house, s string, _ []string) string { return h.code(s, 1) }, ""},
		"a code from a minute ago":           {func(h *house, s string, _ []string) string { return h.code(s, -2) }, core.TOTPRequired},
		"a code of the minute to come":       {func(h *house, s string, _ []string) string { return h.code(s, 2) }, core.TOTPRequired},
		"a wrong code":                       {func(*house, string, []string) string { return "000000" }, core.TOTPRequired},
		"a recovery code":                    {func(_ *house, _ string, r []string) string { return r[3] }, ""},
		"a recovery code in capitals":        {func(_ *house, _ string, r []string) string { return strings.ToUpper(r[3]) }, ""},
		"a recovery code without its dashes": {func(_ *house, _ string, r []string) string { return strings.ReplaceAll(r[9], "-", "") }, ""},
		"a recovery code that is none":       {func(*house, string, []string) string { return "aaaa-bbbb-cccc-dddd" }, core.TOTPRequired},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			_, secret, recovery := h.guarded(t)
			got, err := h.loginCode(c.code(h, secret, recovery))
			wantCode(t, err, c.want)
			if in := h.in(got.Token); in != (c.want == "") {
				t.Errorf("signed in: %v", in)
			}
			if (got.Challenge != "") != (c.want == core.TOTPRequired) {
				t.Errorf("the challenge is %q", got.Challenge)
			}
		})
	}
}

func TestAWrongPasswordTellsNothingOfTheSecondFactor(t *testing.T) {
	h := newHouse(t)
	_, secret, _ := h.guarded(t)
	for _, code := range []string{"", h.code(secret, 0)} {
		_, err := h.Login(context.Background(), email, "a wrong one", code, "", accounts.Client{})
		wantCode(t, err, core.InvalidCredentials)
	}
	_, err := h.loginCode(h.code(secret, 0))
	wantCode(t, err, "") // the code was not spent by the wrong password
}

func TestEachCodeWorksOnce(t *testing.T) {
	h := newHouse(t)
	_, secret, recovery := h.guarded(t)
	for what, code := range map[string]string{"the app's": h.code(secret, 0), "a recovery code": recovery[0]} {
		var wins atomic.Int64
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := h.loginCode(code); err == nil {
					wins.Add(1)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%s let in %d times of 5", what, wins.Load())
		}
	}
	_, err := h.loginCode(h.code(secret, -1))
	wantCode(t, err, core.TOTPRequired) // older than one that was used
}

func TestWrongCodesAreLimited(t *testing.T) {
	h := newHouse(t)
	_, secret, recovery := h.guarded(t)
	ctx := context.Background()
	// Every try comes from another network, with the right password: only the
	// limit of the codes themselves is left.
	try := func(i int, code string) error {
		_, err := h.Login(ctx, email, password, code, "", accounts.Client{Address: "198.51.100." + string(rune('a'+i))})
		return err
	}
	for i := range 10 {
		wantCode(t, try(i, "000000"), core.TOTPRequired)
	}
	wantCode(t, try(11, h.code(secret, 0)), core.RateLimited)
	wantCode(t, try(12, recovery[0]), "") // nobody who guesses locks the owner out
	h.wall.Advance(time.Hour)
	wantCode(t, try(13, h.code(secret, 0)), "")
}

func TestChallengeStandsForThePassword(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, h *house, u accounts.User)
		bend      func(string) string
		want      core.Code
	}{
		"in time":           {want: ""},
		"after ten minutes": {meanwhile: func(_ *testing.T, h *house, _ accounts.User) { h.wall.Advance(11 * time.Minute) }, want: core.InvalidCredentials},
		"altered":           {bend: func(s string) string { return s[:len(s)-2] + "xx" }, want: core.InvalidCredentials},
		"of somebody else":  {bend: func(s string) string { return "usr_other" + s[strings.Index(s, "."):] }, want: core.InvalidCredentials},
		"no challenge":      {bend: func(string) string { return "a.b.c" }, want: core.InvalidCredentials},
		"the password changed": {meanwhile: func(t *testing.T, h *house, u accounts.User) {
			must(t, h.ChangePassword(ctx, u.ID, "", password, "another one"))
		}, want: core.InvalidCredentials},
		"the factor is removed": {meanwhile: func(t *testing.T, h *house, u accounts.User) { must(t, h.RemoveSecondFactor(ctx, u.ID, string(u.ID))) }, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			u, secret, _ := h.guarded(t)
			asked, err := h.loginCode("")
			wantCode(t, err, core.TOTPRequired)
			challenge := asked.Challenge
			if c.bend != nil {
				challenge = c.bend(challenge)
			}
			if c.meanwhile != nil {
				c.meanwhile(t, h, u)
			}
			got, err := h.LoginWithCode(ctx, challenge, h.code(secret, 0), "/admin", accounts.Client{})
			wantCode(t, err, c.want)
			if c.want == "" && (!h.in(got.Token) || got.Redirect != "/admin") {
				t.Errorf("got %+v", got)
			}
		})
	}
	t.Run("tries are counted here as well", func(t *testing.T) {
		h := newHouse(t)
		h.guarded(t)
		asked, _ := h.loginCode("")
		var last error
		for range 12 {
			_, last = h.LoginWithCode(ctx, asked.Challenge, "aaaa-bbbb-cccc-dddd", "", accounts.Client{Address: "192.0.2.0"})
		}
		wantCode(t, last, core.RateLimited)
	})
}

func TestAMailboxAloneDoesNotOpenAGuardedAccount(t *testing.T) {
	h := newHouse(t)
	u, secret, _ := h.guarded(t)
	got, err := h.SetPassword(context.Background(), h.mint(t, u, mail.ResetToken), "a new password", accounts.Client{})
	must(t, err)
	if got.Token != "" || got.Redirect != "/auth/login" {
		t.Fatalf("a reset link signs in: %+v", got)
	}
	_, err = h.Login(context.Background(), email, "a new password", "", "", accounts.Client{})
	wantCode(t, err, core.TOTPRequired)
	_, err = h.Login(context.Background(), email, "a new password", h.code(secret, 0), "", accounts.Client{})
	wantCode(t, err, "")
}

func TestSecondFactorIsSetUpAndRemoved(t *testing.T) {
	ctx := context.Background()
	t.Run("customers have none", func(t *testing.T) {
		h := newHouse(t)
		wantCode(t, h.BeginSecondFactor(ctx, h.joined(t).User.ID), core.Forbidden)
	})
	t.Run("nothing is asked for before a code was shown", func(t *testing.T) {
		h := newHouse(t)
		u, err := h.CreateAdmin(ctx, email, password)
		must(t, err)
		must(t, h.BeginSecondFactor(ctx, u.ID))
		_, err = h.ConfirmSecondFactor(ctx, u.ID, "", "000000")
		wantCode(t, err, core.Invalid)
		_, err = h.loginCode("")
		wantCode(t, err, "")
	})
	t.Run("what the app scans", func(t *testing.T) {
		h := newHouse(t)
		u, err := h.CreateAdmin(ctx, email, password)
		must(t, err)
		must(t, h.BeginSecondFactor(ctx, u.ID))
		_, e, _, err := h.SecondFactorOf(ctx, u.ID)
		must(t, err)
		got, err := url.Parse(e.Address)
		must(t, err)
		if got.Scheme != "otpauth" || got.Host != "totp" || got.Path != "/Sselfie:"+email || got.Query().Get("secret") != e.Secret || got.Query().Get("issuer") != "Sselfie" || len(e.Secret) != 32 {
			t.Errorf("the address is %s", e.Address)
		}
	})
	t.Run("other devices are signed out, and the owner is told", func(t *testing.T) {
		h := newHouse(t)
		u, err := h.CreateAdmin(ctx, email, password)
		must(t, err)
		here, err := h.loginCode("")
		must(t, err)
		there, err := h.loginCode("")
		must(t, err)
		must(t, h.BeginSecondFactor(ctx, u.ID))
		_, e, _, err := h.SecondFactorOf(ctx, u.ID)
		must(t, err)
		codes, err := h.ConfirmSecondFactor(ctx, u.ID, here.Token, h.code(e.Secret, 0))
		must(t, err)
		if len(codes) != 10 || !h.in(here.Token) || h.in(there.Token) {
			t.Errorf("%d codes, here %v, there %v", len(codes), h.in(here.Token), h.in(there.Token))
		}
		if !strings.Contains(h.mails(t), "notice "+email) {
			t.Error("nobody was told")
		}
		_, err = h.ConfirmSecondFactor(ctx, u.ID, here.Token, h.code(e.Secret, 0))
		wantCode(t, err, core.Conflict)
		wantCode(t, h.BeginSecondFactor(ctx, u.ID), core.Conflict)
	})
	t.Run("new recovery codes replace the old", func(t *testing.T) {
		h := newHouse(t)
		u, _, old := h.guarded(t)
		fresh, err := h.RenewRecoveryCodes(ctx, u.ID)
		must(t, err)
		_, err = h.loginCode(old[0])
		wantCode(t, err, core.TOTPRequired)
		_, err = h.loginCode(fresh[0])
		wantCode(t, err, "")
		if _, _, left, _ := h.SecondFactorOf(ctx, u.ID); left != 9 {
			t.Errorf("%d are left, want 9", left)
		}
	})
	t.Run("removed", func(t *testing.T) {
		h := newHouse(t)
		u, _, recovery := h.guarded(t)
		must(t, h.RemoveSecondFactor(ctx, u.ID, "command line"))
		_, err := h.loginCode("")
		wantCode(t, err, "")
		wantCode(t, h.RemoveSecondFactor(ctx, u.ID, "command line"), core.NotFound)
		must(t, h.BeginSecondFactor(ctx, u.ID))
		_, err = h.loginCode(recovery[0])
		wantCode(t, err, "") // not on yet: no code is looked at
		log, err := h.db.AuditLog(ctx, 20)
		must(t, err)
		if len(log) == 0 || log[0].Action != "second_factor.removed" || log[0].Actor != "command line" {
			t.Errorf("the audit log says %+v", log)
		}
	})
}

func TestALostKeyLeavesTheRecoveryCodes(t *testing.T) {
	h := newHouse(t)
	_, secret, recovery := h.guarded(t)
	other, err := locksmith.NewVault(locksmith.NewKey())
	must(t, err)
	h.Vault = other
	_, err = h.loginCode(h.code(secret, 0))
	wantCode(t, err, core.Unavailable)
	_, err = h.loginCode(recovery[0])
	wantCode(t, err, "")
}
