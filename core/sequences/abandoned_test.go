package sequences_test

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
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

func TestOneMailForALeftCheckout(t *testing.T) {
	now := coretest.Start
	left := billing.Checkout{
		ID: "chk_1", Product: "nine_post_feed", Price: core.Money{Minor: 7700, Currency: "usd"}, Session: "cs_1", State: billing.CheckoutOver, Email: "Anna@x.org",
		CreatedAt: now.Add(-26 * time.Hour), ExpiresAt: now.Add(-2 * time.Hour),
	}
	anna := accounts.User{ID: "usr_1", Email: "anna@x.org", Key: "anna@x.org", Origin: "sign_up", CreatedAt: now.Add(-100 * time.Hour)}
	for name, c := range map[string]struct {
		change func(*billing.Checkout)
		more   func(ctx context.Context, tx *sqlite.Tx) error
		want   sequences.Counts
	}{
		"an address and no purchase": {nil, nil, sequences.Counts{Sent: 1}},
		"no address":                 {func(c *billing.Checkout) { c.Email = "" }, nil, sequences.Counts{}},
		"completed":                  {func(c *billing.Checkout) { c.State = billing.CheckoutComplete }, nil, sequences.Counts{}},
		"it ran out just now":        {func(c *billing.Checkout) { c.ExpiresAt = now.Add(-time.Minute) }, nil, sequences.Counts{}},
		"it ran out last week":       {func(c *billing.Checkout) { c.ExpiresAt = now.Add(-7 * 24 * time.Hour) }, nil, sequences.Counts{}},
		"refused at the checkout":    {func(c *billing.Checkout) { c.Marketing = "no" }, nil, sequences.Counts{Skipped: 1}},
		"bought since": {nil, func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.InsertPayment(ctx, billing.Payment{ID: "pay_1", User: "usr_1", Product: "bio_glowup", Amount: 1, Subtotal: 1, Currency: "usd", Match: "new", Session: "cs_9", PaidAt: now.Add(-time.Hour), CreatedAt: now})
		}, sequences.Counts{Skipped: 1}},
		"bought long before": {nil, func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.InsertPayment(ctx, billing.Payment{ID: "pay_1", User: "usr_1", Product: "bio_glowup", Amount: 1, Subtotal: 1, Currency: "usd", Match: "new", Session: "cs_9", PaidAt: now.Add(-90 * time.Hour), CreatedAt: now})
		}, sequences.Counts{Sent: 1}},
		"unsubscribed": {nil, func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.SuppressAddress(ctx, mail.Suppression{Key: "anna@x.org", Reason: mail.Unsubscribed, Since: now})
		}, sequences.Counts{Skipped: 1}},
		"another letter an hour ago": {nil, func(ctx context.Context, tx *sqlite.Tx) error {
			_, err := tx.PromiseLetter(ctx, mail.Queued{ID: "eml_x", ToKey: "anna@x.org", BusinessKey: "x", At: now.Add(-time.Hour), Promise: mail.Promise{Kind: mail.Campaign, To: "anna@x.org", Props: mail.Props{}}}, sequences.Origin{})
			return err
		}, sequences.Counts{Waiting: 1}},
		"a newer checkout": {nil, func(ctx context.Context, tx *sqlite.Tx) error {
			newer := left
			newer.ID, newer.Session, newer.CreatedAt = "chk_2", "cs_2", left.CreatedAt.Add(time.Hour)
			return tx.SaveCheckout(ctx, newer)
		}, sequences.Counts{Sent: 1, Skipped: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			db := sqlitetest.New(t)
			co := left
			if c.change != nil {
				c.change(&co)
			}
			if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
				if err := tx.InsertUser(ctx, anna); err != nil {
					return err
				}
				if err := tx.SaveCheckout(ctx, co); err != nil {
					return err
				}
				if c.more != nil {
					return c.more(ctx, tx)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			rescue := &sequences.Rescue{
				Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) sequences.AbandonedTx { return tx }), Read: db, Gate: open{}, IDs: &coretest.IDs{}, Tokens: &coretest.Tokens{}, Fold: coretest.Fold,
				Product: func(core.ProductID) (string, bool) { return "9-Post Feed", true },
			}
			got, err := rescue.Run(t.Context(), now)
			if err != nil || got != c.want {
				t.Fatalf("did %+v, %v; want %+v", got, err, c.want)
			}
			if again, err := rescue.Run(t.Context(), now); err != nil || again.Sent != 0 {
				t.Errorf("the second time %+v, %v", again, err)
			}
		})
	}
}
