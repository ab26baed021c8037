package sqlite_test

import (
	"context"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

const arriving = core.EmailKey("ada@example.com")

// found is what a purchase of usr_1 learns, each from the method that it asks.
type found struct{ Checkout, Account, Parked, Click, Credits, Converted, Listed bool }

func look(t *testing.T, ctx context.Context, tx *sqlite.Tx) (f found) {
	ok := func(err error) {
		t.Helper()
		if err != nil && !core.Is(err, core.NotFound) {
			t.Fatal(err)
		}
	}
	co, err := tx.CheckoutBySession(ctx, "cs_1")
	ok(err)
	_, missing := tx.UserByKey(ctx, arriving)
	ok(missing)
	parked, err := tx.ParkedFor(ctx, []string{"intent:pi_1"})
	ok(err)
	_, clicked, err := tx.LastClick(ctx, "usr_1", "", coretest.Start.Add(-time.Hour), coretest.Start.Add(time.Hour))
	ok(err)
	balance, _, err := tx.CreditAt(ctx, "usr_1", "k")
	ok(err)
	ok(tx.ConvertLead(ctx, arriving, "usr_1", coretest.Start))
	lead, err := tx.LeadByKey(ctx, arriving)
	ok(err)
	_, err = tx.EnqueueMail(ctx, letter("eml_new"))
	ok(err)
	why, err := tx.SuppressionOf(ctx, arriving)
	ok(err)
	return found{co != nil, missing == nil, len(parked) > 0, clicked, balance > 0, !lead.ConvertedAt.IsZero(), why != mail.NotSuppressed}
}

func letter(id core.MailID) mail.Queued {
	return mail.Queued{ID: id, Promise: mail.Promise{Kind: mail.Purchase, To: string(arriving)}, ToKey: arriving, BusinessKey: string(id), At: coretest.Start}
}

// What a transaction was told to expect changes no answer, whatever was there
// before and whatever it writes itself.
func TestExpectingAPurchaseChangesNoAnswer(t *testing.T) {
	type write func(ctx context.Context, tx *sqlite.Tx) error
	user := func(id core.UserID, key core.EmailKey) write {
		return func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.InsertUser(ctx, accounts.User{ID: id, Email: string(key), Key: key, Origin: accounts.FromPurchase, CreatedAt: coretest.Start})
		}
	}
	checkout := func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveCheckout(ctx, billing.Checkout{ID: "chk_1", Session: "cs_1", Product: "bio_glowup", State: billing.CheckoutProcessing, CreatedAt: coretest.Start})
	}
	lead := func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveLead(ctx, leads.Lead{ID: "lead_1", Email: string(arriving), Key: arriving, ConsentAt: coretest.Start, CreatedAt: coretest.Start})
	}
	parks := func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.SaveEvent(ctx, billing.Record{ID: "evt_1", Outcome: billing.Parked, At: coretest.Start, ReceivedAt: coretest.Start}); err != nil {
			return err
		}
		return tx.SaveWaits(ctx, "evt_1", []string{"intent:pi_1"})
	}
	clicks := func(ctx context.Context, tx *sqlite.Tx) error {
		if _, err := tx.EnqueueMail(ctx, letter("eml_1")); err != nil {
			return err
		}
		return tx.RecordClick(ctx, tracking.Hit{Mail: "eml_1", Link: "lnk_1", At: coretest.Start})
	}
	credit := func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.AppendCredit(ctx, credits.Entry{ID: "crd_1", User: "usr_1", Amount: 5, Type: credits.Purchase, BalanceAfter: 5, Key: "k", At: coretest.Start})
	}
	hash := func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SuppressAddress(ctx, mail.Suppression{Key: core.EmailKey(accounts.SuppressionHash(arriving)), Reason: mail.Complaint, Since: coretest.Start})
	}
	erased := func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.SuppressAddress(ctx, mail.Suppression{Key: arriving, Reason: mail.Complaint, Since: coretest.Start}); err != nil {
			return err
		}
		return tx.EraseUser(ctx, "usr_2", arriving, accounts.SuppressionHash(arriving), coretest.Start)
	}
	both := func(a, b write) write {
		return func(ctx context.Context, tx *sqlite.Tx) error {
			if err := a(ctx, tx); err != nil {
				return err
			}
			return b(ctx, tx)
		}
	}
	nothing := func(context.Context, *sqlite.Tx) error { return nil }
	buyer := user("usr_1", arriving)
	for name, c := range map[string]struct {
		before, then write
		want         found
	}{
		"nothing, and nobody yet":            {nothing, nothing, found{}},
		"a stranger":                         {nothing, buyer, found{Account: true}},
		"a checkout of ours":                 {checkout, buyer, found{Account: true, Checkout: true}},
		"a checkout that is noted meanwhile": {nothing, both(buyer, checkout), found{Account: true, Checkout: true}},
		"somebody with the address":          {buyer, nothing, found{Account: true}},
		"somebody else":                      {nothing, user("usr_1", "other@example.com"), found{}},
		"a captured address":                 {lead, buyer, found{Account: true, Converted: true}},
		"one that is captured meanwhile":     {nothing, both(buyer, lead), found{Account: true, Converted: true}},
		"an event that waits":                {parks, buyer, found{Account: true, Parked: true}},
		"one that begins to wait meanwhile":  {nothing, both(buyer, parks), found{Account: true, Parked: true}},
		"a click":                            {clicks, buyer, found{Account: true, Click: true}},
		"a click meanwhile":                  {nothing, both(buyer, clicks), found{Account: true, Click: true}},
		"credits before":                     {both(buyer, credit), nothing, found{Account: true, Credits: true}},
		"credits meanwhile":                  {nothing, both(buyer, credit), found{Account: true, Credits: true}},
		"a complaint that stayed as a hash":  {hash, buyer, found{Account: true, Listed: true}},
		"one that became a hash meanwhile":   {nothing, both(buyer, erased), found{Account: true, Listed: true}},
		"an address that is taken away meanwhile": {both(user("usr_1", "old@example.com"), clicks), func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.SaveUser(ctx, accounts.User{ID: "usr_1", Email: string(arriving), Key: arriving, Origin: accounts.FromPurchase, CreatedAt: coretest.Start})
		}, found{Account: true, Click: true}},
	} {
		for expecting, keys := range map[string][]string{"": nil, ", expected": {"intent:pi_1"}, ", with more keys than can be asked for": {"intent:pi_1", "a", "b", "c", "d", "e"}} {
			t.Run(name+expecting, func(t *testing.T) {
				update := sqlite.Bind(sqlitetest.New(t), func(tx *sqlite.Tx) *sqlite.Tx { return tx }).Update
				if err := update(t.Context(), c.before); err != nil {
					t.Fatal(err)
				}
				err := update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
					if expecting != "" {
						if err := tx.Expect(ctx, billing.Arrival{Session: "cs_1", Key: arriving, Wakes: keys}); err != nil {
							return err
						}
					}
					if err := c.then(ctx, tx); err != nil {
						return err
					}
					if got := look(t, ctx, tx); got != c.want {
						t.Errorf("found %+v, want %+v", got, c.want)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}
