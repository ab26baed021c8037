package why_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
	"sselfie/core/flags"
	"sselfie/core/onboarding"
	"sselfie/core/why"
)

type tiers struct{ err error }

func (t *tiers) TierOf(context.Context, core.UserID) (entitlements.Tier, error) {
	return entitlements.Studio, t.err
}

func newService(t testing.TB) (*why.Service, *tiers) {
	t.Helper()
	ctx, db, clock, ids := context.Background(), sqlitetest.New(t), coretest.NewClock(), &coretest.IDs{}
	fl := &flags.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) flags.Tx { return tx }), Read: db, Clock: clock, IDs: ids,
		Defaults: map[flags.Key]bool{flags.BlueprintWelcome: true, flags.EntitlementWelcomeFlow: true},
	}
	ti := &tiers{}
	s := &why.Service{
		Read: db, Flags: fl, Clock: clock, Fold: coretest.Fold, Grace: 7 * 24 * time.Hour,
		Onboarding: &onboarding.Service{Store: sqlite.Bind(db, func(tx *sqlite.Tx) onboarding.Tx { return tx }), Read: db, Tiers: ti, Flags: fl, Clock: clock},
	}
	now := clock.Now()
	if err := db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		err := tx.InsertUser(ctx, accounts.User{ID: "usr_1", Email: "Ada@example.com", Key: "ada@example.com", Name: "Ada", Origin: accounts.FromSignUp, CreatedAt: now})
		if err != nil {
			return err
		}
		for _, l := range []credits.Line{
			{User: "usr_1", Amount: 2, Type: credits.SignUp, Description: "Credits to start with", Key: "sign_up", At: now},
			{User: "usr_1", Amount: 200, Type: credits.Membership, Description: "Studio", Key: "inv:in_1", Reference: "pay_1", At: now.Add(time.Hour)},
		} {
			if _, _, err := (credits.Ledger{IDs: ids}).Grant(ctx, tx, l); err != nil {
				return err
			}
		}
		return tx.SaveRow(ctx, billing.Row{
			ID: "sub_1", User: "usr_1", Type: "sselfie_studio_membership", Status: "active", Live: true, StripeID: "sub_stripe",
			PeriodEnd: now.Add(20 * 24 * time.Hour), CancelAtPeriodEnd: true, CreatedAt: now,
		})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := fl.Set(ctx, flags.BlueprintWelcome, flags.Percent, 100, "usr_creator", "everybody now"); err != nil {
		t.Fatal(err)
	}
	return s, ti
}

func TestEverythingIsSaidWithItsReason(t *testing.T) {
	s, _ := newService(t)
	e, err := s.Why(context.Background(), " ADA@example.com ")
	if err != nil || len(e.Trouble) != 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	if e.Tier.Type != "studio" || e.Balance.Balance != 202 || len(e.Balance.Lines) != 2 || e.Wizard.Phase != "base" || len(e.Wizard.Flags) != 2 || len(e.Tier.Features) != 5 || len(e.Tier.Areas) != 4 {
		t.Errorf("%+v", e)
	}
	text := strings.Join(e.Lines(), "\n")
	for _, want := range []string{
		"Ada <Ada@example.com> usr_1",
		"Tier: studio, because studio subscription is active, cancelled for the end of the period",
		"until 2026-03-23 12:00",
		"sselfie_studio_membership: active, period ends 2026-03-23 12:00, cancelled for the end of the period, sub_stripe",
		"+ academy: The Academy comes with Studio.",
		"+ bio: Studio opens everything.",
		"Balance: 202 (granted 202, used 0)",
		"2026-03-03 13:00   +200 -> 202  membership: Studio pay_1",
		"Sees: blueprint_welcome, because first_visit_no_blueprint (wizard: base, step 1 of 5)",
		"dismissed: no",
		"blueprint_welcome_enabled: yes (blueprint_welcome_enabled is open to 100%, this account is in bucket",
		"everybody now",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func TestAskingChangesNothing(t *testing.T) {
	s, _ := newService(t)
	for range 2 {
		if _, err := s.Why(context.Background(), "ada@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	f, err := s.Onboarding.Look(context.Background(), "usr_1")
	if err != nil || f.State.Started {
		t.Errorf("the creator's look counts as the customer's beginning: %+v, %v", f.State, err)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	s, ti := newService(t)
	if _, err := s.Why(context.Background(), "nobody@example.com"); !core.Is(err, core.NotFound) {
		t.Error(err)
	}
	ti.err = errors.New("down")
	e, err := s.Why(context.Background(), "ada@example.com")
	if err != nil || len(e.Trouble) != 1 || e.Trouble[0] != "wizard: internal" || e.Balance.Balance != 202 {
		t.Errorf("%+v, %v", e.Trouble, err)
	}
}
