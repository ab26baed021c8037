package accounts_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

func TestSignUp(t *testing.T) {
	h := newHouse(t)
	s, err := h.SignUp(context.Background(), "  Zoë@Example.com ", "пароль пароль", " Zoë Müller ", "", accounts.Client{UserAgent: "Firefox", Address: "192.0.2.0"})
	must(t, err)
	u := h.user(t, "ZOË@example.COM")
	if u.ID != s.User.ID || u.Email != "Zoë@Example.com" || u.Name != "Zoë Müller" || u.Origin != accounts.FromSignUp {
		t.Errorf("the account is %+v", u)
	}
	if u.Verified() {
		t.Error("signing up proves no address")
	}
	if s.Redirect != "/studio" || !h.in(s.Token) {
		t.Errorf("signed in: %+v", s)
	}
	acct, err := h.db.CreditAccount(context.Background(), u.ID)
	must(t, err)
	if acct.Balance != 2 {
		t.Errorf("%d credits, want 2", acct.Balance)
	}
	if got := h.mails(t); got != "welcome Zoë@Example.com" {
		t.Errorf("mails: %q", got)
	}
	due := h.due(t)
	if len(due) != 1 || due[0].Purpose != mail.ConfirmToken || due[0].Props["credits"] != "2" || due[0].Props["name"] != "Zoë Müller" {
		t.Errorf("the welcome mail carries %+v", due)
	}
	sess, _, err := h.Authenticate(context.Background(), s.Token)
	must(t, err)
	if sess.UserAgent != "Firefox" || sess.Address != "192.0.2.0" || strings.Contains(sess.TokenHash, s.Token) {
		t.Errorf("the session is %+v", sess)
	}
}

func TestSignUpThatIsRefused(t *testing.T) {
	long := strings.Repeat("x", 129)
	for name, c := range map[string]struct {
		email, password, name string
		fields                []string
	}{
		"no address":           {"", password, "", []string{"email"}},
		"an address that none": {"ada at example", password, "", []string{"email"}},
		"a short password":     {email, "1234567", "", []string{"password"}},
		"a long password":      {email, long, "", []string{"password"}},
		"a long name":          {email, password, strings.Repeat("ä", 201), []string{"name"}},
		"everything at once":   {"x", "y", long + long, []string{"email", "name", "password"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			_, err := h.SignUp(context.Background(), c.email, c.password, c.name, "", accounts.Client{})
			wantCode(t, err, core.Invalid)
			var e *core.Error
			errors.As(err, &e)
			var got []string
			for f, msg := range e.Fields {
				got = append(got, f)
				if msg == "" {
					t.Errorf("%s says nothing", f)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.fields) {
				t.Errorf("fields %v, want %v", got, c.fields)
			}
			if h.mails(t) != "" || h.hasher.work() != 0 {
				t.Error("a refused sign-up mails nobody and computes nothing")
			}
		})
	}
}

func TestOneMailboxIsOneAccount(t *testing.T) {
	for name, again := range map[string]string{
		"the same": email, "capitals": "ADA@EXAMPLE.COM", "small letters": "ada@example.com", "space around it": "  ada@example.com\t",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			first := h.joined(t)
			_, err := h.SignUp(context.Background(), again, "another password", "Eve", "", accounts.Client{})
			wantCode(t, err, core.Conflict)
			var e *core.Error
			if !errors.As(err, &e) || e.Fields["email"] == "" {
				t.Error("the form needs to know which field")
			}
			if u := h.user(t, email); u.ID != first.User.ID || u.Name != "Ada" {
				t.Errorf("the account has changed: %+v", u)
			}
			if strings.Count(h.mails(t), "welcome") != 1 {
				t.Error("one welcome")
			}
		})
	}
	h := newHouse(t)
	h.joined(t)
	if _, err := h.SignUp(context.Background(), "ada+shop@example.com", password, "", "", accounts.Client{}); err != nil {
		t.Errorf("a plus tag is another mailbox: %v", err)
	}
}

func TestTwentySignUpsAtOnceMakeOneAccount(t *testing.T) {
	h := newHouse(t)
	var made atomic.Int64
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			_, err := h.SignUp(context.Background(), email, password, "", "", accounts.Client{})
			switch {
			case err == nil:
				made.Add(1)
			case !core.Is(err, core.Conflict):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("%d accounts", made.Load())
	}
}

func TestWhereASignUpLands(t *testing.T) {
	for next, want := range map[string]string{
		"":                                       "/studio",
		"/studio":                                "/studio",
		"/studio?tab=blueprint":                  "/studio?tab=blueprint",
		"/studio?x=1&tab=blueprint":              "/studio?tab=blueprint",
		"/studio?tab=feed":                       "/studio",
		"/account":                               "/studio",
		"/checkout-upgrade?promo=MINI20":         "/checkout-upgrade?promo=MINI20",
		"//evil.test/checkout":                   "/studio",
		"https://evil.test/studio?tab=blueprint": "/studio",
		"/%zz":                                   "/studio",
	} {
		h := newHouse(t)
		s, err := h.SignUp(context.Background(), email, password, "", next, accounts.Client{})
		must(t, err)
		if s.Redirect != want {
			t.Errorf("next=%q lands on %q, want %q", next, s.Redirect, want)
		}
	}
}

func TestAFullQueueOfHashesIsPassedOn(t *testing.T) {
	h := newHouse(t)
	h.hasher.full = true
	_, err := h.SignUp(context.Background(), email, password, "", "", accounts.Client{})
	wantCode(t, err, core.RateLimited)
}
