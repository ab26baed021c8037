package leads_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
	"sselfie/core/leads"
	"sselfie/core/mail"
)

// signer signs for the eye.
type signer struct{}

func (signer) Sign(purpose, value string) string { return "signed-" + purpose + "-" + value }
func (s signer) Verify(purpose, value, signature string) bool {
	return signature == s.Sign(purpose, value)
}

type desk struct {
	*leads.Service
	db    *sqlite.DB
	clock *coretest.Clock
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{db: sqlitetest.New(t), clock: coretest.NewClock()}
	ids := &coretest.IDs{}
	d.Service = &leads.Service{
		Store: sqlite.Bind(d.db, func(tx *sqlite.Tx) leads.Tx { return tx }), Clock: d.clock, Wall: d.clock, IDs: ids,
		Fold: coretest.Fold, Post: mail.Post{IDs: ids, Fold: coretest.Fold}, Signer: signer{},
	}
	return d
}

func ask(email string) leads.Request {
	return leads.Request{Email: email, Name: "Anna", Source: "instagram", Consent: true, TextVersion: "2026-03"}
}

func (d *desk) mails(t testing.TB) []mail.Outgoing {
	t.Helper()
	var out []mail.Outgoing
	if err := d.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) (err error) {
		out, err = tx.ClaimMails(ctx, mail.Urgent, d.clock.Now(), 1000)
		if err == nil {
			_, err = tx.RequeueMails(ctx, nil)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *desk) lead(t testing.TB, key core.EmailKey) leads.Lead {
	t.Helper()
	l, err := d.db.LeadByKey(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (d *desk) tx(t testing.TB, fn func(ctx context.Context, tx *sqlite.Tx) error) {
	t.Helper()
	if err := d.db.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestAnAddressIsCapturedOnce(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	for _, typed := range []string{"Anna@Example.com", " anna@example.COM "} {
		if err := d.Capture(ctx, ask(typed)); err != nil {
			t.Fatal(err)
		}
		d.clock.Advance(time.Minute)
	}
	l := d.lead(t, "anna@example.com")
	if l.Email != "anna@example.COM" || l.Name != "Anna" || l.Source != "instagram" || l.ConsentText != "2026-03" || !l.CreatedAt.Equal(coretest.Start) ||
		!l.ConsentAt.Equal(coretest.Start.Add(time.Minute)) || !l.ConfirmedAt.IsZero() || l.Reachable(true) || !l.Reachable(false) {
		t.Errorf("%+v", l)
	}
	mails := d.mails(t)
	if len(mails) != 2 || mails[0].Kind != mail.Freebie || mails[0].User != "" || mails[0].Props["path"] != d.Path(l.ID) || mails[0].Props["name"] != "Anna" {
		t.Errorf("%+v", mails)
	}
}

// The mail says whether further letters wait for its link.
func TestTheMailSaysWhatFollows(t *testing.T) {
	for name, c := range map[string]struct{ doubleOptIn, followed, silent bool }{
		"the link is waited for":       {true, false, true},
		"it was followed before":       {true, true, false},
		"it is not waited for":         {false, false, false},
		"not waited for, but followed": {false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, d := context.Background(), newDesk(t)
			d.DoubleOptIn = c.doubleOptIn
			if err := d.Capture(ctx, ask("anna@example.com")); err != nil {
				t.Fatal(err)
			}
			if c.followed {
				if _, err := d.Follow(ctx, strings.TrimPrefix(d.mails(t)[0].Props["path"], "/free-blueprint?t=")); err != nil {
					t.Fatal(err)
				}
			}
			d.clock.Advance(time.Minute)
			if err := d.Capture(ctx, ask("anna@example.com")); err != nil {
				t.Fatal(err)
			}
			if got := d.mails(t)[1].Props["silent"] == "yes"; got != c.silent {
				t.Errorf("silent: %t", got)
			}
		})
	}
}

func TestTheLinkProvesTheAddress(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	if err := d.Capture(ctx, ask("anna@example.com")); err != nil {
		t.Fatal(err)
	}
	token := strings.TrimPrefix(d.mails(t)[0].Props["path"], "/free-blueprint?t=")
	d.clock.Advance(time.Hour)
	for range 2 {
		l, err := d.Follow(ctx, token)
		if err != nil || l.Key != "anna@example.com" || !l.ConfirmedAt.Equal(coretest.Start.Add(time.Hour)) || !l.Reachable(true) {
			t.Fatalf("%+v, %v", l, err)
		}
		d.clock.Advance(time.Hour)
	}
	for _, bad := range []string{"", ".", "lead_1", token + "x", "x" + token, "lead_9." + signer{}.Sign("lead", "lead_9"), "lead_1." + signer{}.Sign("other", "lead_1")} {
		if _, err := d.Follow(ctx, bad); !core.Is(err, core.TokenInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWhatIsNotCaptured(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *leads.Request)
		bad    string
	}{
		"no address":          {func(r *leads.Request) { r.Email = "" }, "email"},
		"no such address":     {func(r *leads.Request) { r.Email = "anna@" }, "email"},
		"two addresses":       {func(r *leads.Request) { r.Email = "a@example.com, b@example.com" }, "email"},
		"a header inside":     {func(r *leads.Request) { r.Email = "a@example.com\r\nBcc: b@example.com" }, "email"},
		"no consent":          {func(r *leads.Request) { r.Consent = false }, "consent"},
		"a name without end":  {func(r *leads.Request) { r.Name = strings.Repeat("x", 201) }, "name"},
		"everything is wrong": {func(r *leads.Request) { r.Email, r.Consent = "", false }, "consent email"},
	} {
		t.Run(name, func(t *testing.T) {
			d, r := newDesk(t), ask("anna@example.com")
			c.change(&r)
			var e *core.Error
			if err := d.Capture(context.Background(), r); !errors.As(err, &e) || strings.Join(slices.Sorted(maps.Keys(e.Fields)), " ") != c.bad {
				t.Errorf("%v", err)
			}
			if n := len(d.mails(t)); n != 0 {
				t.Errorf("%d mails", n)
			}
		})
	}
}

func TestOneAddressGetsFewMails(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	for range 50 {
		if err := d.Capture(ctx, ask("victim@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.mails(t)); n != 3 {
		t.Errorf("%d mails in an hour", n)
	}
	for range 10 {
		d.clock.Advance(time.Hour)
		for range 5 {
			_ = d.Capture(ctx, ask("victim@example.com"))
		}
	}
	if n := len(d.mails(t)); n != 5 {
		t.Errorf("%d mails in a day", n)
	}
	if err := d.Capture(ctx, ask("other@example.com")); err != nil || len(d.mails(t)) != 6 {
		t.Error("another address pays for it")
	}
}

func TestAnAccountTakesItsLeadWhenTheAddressIsProven(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	if err := d.Capture(ctx, ask("anna@example.com")); err != nil {
		t.Fatal(err)
	}
	u := accounts.User{ID: "usr_1", Email: "anna@example.com", Key: "anna@example.com", Origin: accounts.FromSignUp, CreatedAt: d.clock.Now()}
	other := accounts.User{ID: "usr_2", Origin: accounts.FromSignUp, CreatedAt: d.clock.Now()}
	d.tx(t, func(ctx context.Context, tx *sqlite.Tx) error {
		return errors.Join(tx.InsertUser(ctx, u), tx.InsertUser(ctx, other), leads.Join(ctx, tx, u))
	})
	if l := d.lead(t, u.Key); l.User != "" {
		t.Error("joined before the address was proven")
	}
	u.VerifiedAt = d.clock.Now()
	d.tx(t, func(ctx context.Context, tx *sqlite.Tx) error { return leads.Join(ctx, tx, u) })
	other.Key, other.VerifiedAt = u.Key, u.VerifiedAt
	d.tx(t, func(ctx context.Context, tx *sqlite.Tx) error { return leads.Join(ctx, tx, other) })
	if l := d.lead(t, u.Key); l.User != "usr_1" {
		t.Errorf("%+v", l)
	}
}

func TestAPurchaseConvertsItsLeadOnce(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	for _, email := range []string{"anna@example.com", "bea@example.com", "cleo@example.com"} {
		if err := d.Capture(ctx, ask(email)); err != nil {
			t.Fatal(err)
		}
	}
	anna := accounts.User{ID: "usr_1", Key: "anna@example.com", CreatedAt: d.clock.Now(), Origin: accounts.FromPurchase}
	moved := accounts.User{ID: "usr_2", Key: "bea@example.com", VerifiedAt: d.clock.Now(), CreatedAt: d.clock.Now(), Origin: accounts.FromSignUp}
	d.tx(t, func(ctx context.Context, tx *sqlite.Tx) error {
		return errors.Join(tx.InsertUser(ctx, anna), tx.InsertUser(ctx, moved), leads.Join(ctx, tx, moved))
	})
	moved.Key = "" // she lost the address since; the lead is hers all the same
	for range 2 {
		d.tx(t, func(ctx context.Context, tx *sqlite.Tx) error {
			return errors.Join(leads.Convert(ctx, tx, anna, d.clock.Now()), leads.Convert(ctx, tx, moved, d.clock.Now()))
		})
		d.clock.Advance(time.Hour)
	}
	for key, want := range map[core.EmailKey]time.Time{"anna@example.com": coretest.Start, "bea@example.com": coretest.Start, "cleo@example.com": {}} {
		if got := d.lead(t, key).ConvertedAt; !got.Equal(want) {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
}

// Many captured addresses at once, from wherever: their letters leave over hours.
func TestAFloodOfAddressesIsSpreadOverHours(t *testing.T) {
	d := newDesk(t)
	d.tx(t, func(ctx context.Context, tx *sqlite.Tx) error {
		for range 2000 {
			if _, err := tx.CountHit(ctx, "mail:unproven", time.Hour, d.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err := d.Capture(context.Background(), ask("a@example.com")); err != nil {
		t.Fatal(err)
	}
	if got := d.mails(t); len(got) != 0 {
		t.Errorf("%d letters leave at once", len(got))
	}
	d.clock.Advance(time.Hour)
	if got := d.mails(t); len(got) != 1 {
		t.Errorf("%d letters an hour later, want 1", len(got))
	}
}
