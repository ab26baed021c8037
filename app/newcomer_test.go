package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/segments"
)

// What is said of a newcomer without looking is what the database says.
func TestANewcomerIsWhatTheDatabaseKnowsOfHer(t *testing.T) {
	sale := billing.Payment{
		ID: "pay_1", User: "usr_1", Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd", Match: "new",
		Session: "cs_1", Source: "landing_page", PaidAt: coretest.Start.Add(1234567 * time.Nanosecond), CreatedAt: coretest.Start,
	}
	for name, c := range map[string]struct {
		then  func(ctx context.Context, tx *followedTx) error
		known bool
	}{
		"one purchase": {func(ctx context.Context, tx *followedTx) error { return tx.InsertPayment(ctx, sale) }, true},
		"a purchase for nothing": {func(ctx context.Context, tx *followedTx) error {
			p := sale
			p.Amount, p.Subtotal = 0, 0
			return tx.InsertPayment(ctx, p)
		}, true},
		"a purchase through our checkout": {func(ctx context.Context, tx *followedTx) error {
			co := billing.Checkout{ID: "chk_1", Product: sale.Product, Price: core.Money{Minor: 4700, Currency: "usd"}, State: billing.CheckoutComplete, Marketing: "no", CreatedAt: coretest.Start}
			if err := tx.SaveCheckout(ctx, co); err != nil {
				return err
			}
			p := sale
			p.Checkout = co.ID
			return tx.InsertPayment(ctx, p)
		}, true},
		"one that is contested already": {func(ctx context.Context, tx *followedTx) error {
			p := sale
			p.Dispute = billing.DisputeLost
			return tx.InsertPayment(ctx, p)
		}, false},
		"one that is refunded in the same breath": {func(ctx context.Context, tx *followedTx) error {
			if err := tx.InsertPayment(ctx, sale); err != nil {
				return err
			}
			p := sale
			p.Refunded = p.Amount
			return tx.SavePayment(ctx, p)
		}, false},
		"two": {func(ctx context.Context, tx *followedTx) error {
			if err := tx.InsertPayment(ctx, sale); err != nil {
				return err
			}
			p := sale
			p.ID, p.Session, p.PaidAt = "pay_0", "cs_0", p.PaidAt.Add(-time.Hour)
			return tx.InsertPayment(ctx, p)
		}, false},
		"an entitlement": {func(ctx context.Context, tx *followedTx) error {
			if err := tx.InsertPayment(ctx, sale); err != nil {
				return err
			}
			return tx.SaveRow(ctx, billing.Row{ID: "sub_1", User: "usr_1", Type: "paid_blueprint", Status: "active", Live: true, Payment: sale.ID, CreatedAt: coretest.Start})
		}, false},
		"a mark": {func(ctx context.Context, tx *followedTx) error {
			return tx.TagUser(ctx, "usr_1", "beta", "tag_1", coretest.Start)
		}, false},
		"something of hers taken back": {func(ctx context.Context, tx *followedTx) error {
			_ = tx.Attempt(ctx, func() error { return errors.New("a report that cannot be applied") })
			return tx.InsertPayment(ctx, sale)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			db := sqlitetest.New(t)
			err := sqlite.Bind(db, func(tx *sqlite.Tx) *sqlite.Tx { return tx }).Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
				f := &followedTx{Tx: tx, fold: func(s string) core.EmailKey { return core.EmailKey(s) }, whom: map[core.UserID]bool{}, newcomers: map[core.UserID]*newcomer{}}
				u := accounts.User{ID: "usr_1", Email: "a@example.com", Key: "a@example.com", Origin: accounts.FromPurchase, CreatedAt: coretest.Start.Add(987654 * time.Nanosecond)}
				if err := f.InsertUser(ctx, u); err != nil {
					return err
				}
				if err := c.then(ctx, f); err != nil {
					return err
				}
				n := f.newcomers[u.ID]
				if (n != nil) != c.known {
					t.Fatalf("known without looking: %v", n != nil)
				}
				if n == nil {
					return nil
				}
				q := segments.Query{Now: coretest.Start.Add(time.Hour), Grace: time.Hour}
				said, _ := n.SegmentFacts(ctx, []core.UserID{u.ID}, q, segments.Everything())
				read, err := tx.SegmentFacts(ctx, []core.UserID{u.ID}, q, segments.Everything())
				if diff := cmp.Diff(read, said, cmpopts.EquateEmpty()); diff != "" || err != nil {
					t.Errorf("her facts (-read +said): %v\n%s", err, diff)
				}
				sold, _ := n.PurchasesOf(ctx, u.ID)
				found, err := tx.PurchasesOf(ctx, u.ID)
				if diff := cmp.Diff(found, sold); diff != "" || err != nil {
					t.Errorf("her purchases (-read +said): %v\n%s", err, diff)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
