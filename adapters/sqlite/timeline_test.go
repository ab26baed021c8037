package sqlite_test

import (
	"context"
	"slices"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/admin"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
)

// What Stripe reported is emptied after a while. A life is told all the same:
// from when to when she was a member, and what she got back.
func TestALifeIsToldWithoutItsReports(t *testing.T) {
	db, from := sqlitetest.New(t), coretest.Start
	until, back := from.AddDate(0, 3, 0), from.AddDate(0, 1, 2)
	err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertUser(ctx, accounts.User{ID: "usr_1", Email: "m@example.com", Key: core.EmailKey("m@example.com"), Origin: "sign_up", CreatedAt: from}); err != nil {
			return err
		}
		if err := tx.InsertPayment(ctx, billing.Payment{
			ID: "pay_1", User: "usr_1", Product: catalog.EntitlementStudio, Amount: 9700, Subtotal: 9700, Currency: "usd", Match: "new", Charge: "ch_1", Invoice: "in_1",
			Subscription: "sub_1", Refunded: 9700, PaidAt: from, CreatedAt: from,
		}); err != nil {
			return err
		}
		if err := tx.SaveRow(ctx, billing.Row{
			ID: "sbs_1", User: "usr_1", Type: catalog.EntitlementStudio, Status: "canceled", Live: true, StripeID: "sub_1", PeriodStart: from, PeriodEnd: until, EndedAt: until, CreatedAt: from,
		}); err != nil {
			return err
		}
		return tx.SaveObject(ctx, billing.Object{Kind: "charge", ID: "ch_1", User: "usr_1", Event: "evt_1", At: back, Snapshot: []byte(`{"id":"ch_1","currency":"usd","amount":9700,"refunded":9700,"full":true}`)})
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := db.Moments(t.Context(), "usr_1")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []admin.Moment{
		{At: from, Kind: admin.KindMembership, Title: "Studio begins", Ref: "sub_1"},
		{At: until, Kind: admin.KindMembership, Title: "Studio has ended", Ref: "sub_1"},
		{At: back, Kind: admin.KindPayment, Title: "Given back", Detail: "USD 97.00 in all, of 97.00", Why: "of the charge ch_1", Ref: "ch_1"},
	} {
		if !slices.ContainsFunc(got, func(m admin.Moment) bool { m.At = m.At.UTC(); return m == want }) {
			t.Errorf("%s is not told in %+v", want.Title, got)
		}
	}
}
