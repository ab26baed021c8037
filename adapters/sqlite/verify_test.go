package sqlite_test

import (
	"context"
	"database/sql"
	"testing"

	_ "modernc.org/sqlite"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core/catalog"
)

// sound is a small business in which everything holds.
const sound = `
INSERT INTO users (id, email, email_key, origin, created_at) VALUES ('usr_1', 'a@x.test', 'a@x.test', 'purchase', 1), ('usr_2', 'b@x.test', 'b@x.test', 'sign_up', 1);
INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, currency, matched_by, session_id, live, paid_at, created_at)
	VALUES ('pay_1', 'usr_1', 'brand_blueprint_paid', 6700, 6700, 'usd', 'new', 'cs_1', 0, 1000, 1000);
INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, currency, matched_by, invoice_id, live, paid_at, created_at)
	VALUES ('pay_2', 'usr_1', 'sselfie_studio_membership', 9700, 9700, 'usd', 'customer', 'in_1', 0, 2000, 2000);
INSERT INTO credit_transactions (seq, before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at) VALUES
	(1, NULL, 'crd_1', 'usr_1', 60, 'purchase', 'Brand Blueprint', 60, 'cs:cs_1', 'pay_1', 1000),
	(2, 1, 'crd_2', 'usr_1', -2, 'spend', 'A grid', 58, 'grid:1', '', 1500),
	(3, 2, 'crd_3', 'usr_1', 200, 'membership', 'Studio', 258, 'inv:in_1', 'pay_2', 2000);
INSERT INTO subscriptions (id, user_id, product_type, status, live, source_payment_id, created_at, updated_at)
	VALUES ('sub_1', 'usr_1', 'paid_blueprint', 'active', 1, 'pay_1', 1000, 1000);
INSERT INTO webhook_events (id, type, outcome, payload, created_at, received_at, applied_at) VALUES
	('evt_1', 'checkout.session.completed', 'applied', '{"data":{"object":{"id":"cs_1","mode":"payment","payment_status":"paid"}}}', 1, 1, 1),
	('evt_2', 'invoice.paid', 'applied', '{"data":{"object":{"id":"in_1","billing_reason":"subscription_create","status":"paid","subtotal":9700}}}', 2, 2, 2);
`

func TestVerifyFindsWhatIsBroken(t *testing.T) {
	for name, c := range map[string]struct{ damage, want string }{
		"a sound business":               {``, ``},
		"a balance that is no sum":       {`UPDATE user_credits SET balance = 999`, `a balance is the sum of its ledger`},
		"an account that is missing":     {`DELETE FROM user_credits`, `a ledger has an account`},
		"a line that was changed":        {`UPDATE credit_transactions SET balance_after = 57 WHERE id = 'crd_2'`, `every balance follows from the line before`},
		"a line that names another":      {`UPDATE credit_transactions SET before_seq = 1 WHERE id = 'crd_3'`, `each line names the account's line before, and the account its last`},
		"a line that names none":         {`UPDATE credit_transactions SET before_seq = NULL WHERE id = 'crd_2'`, `each line names the account's line before, and the account its last`},
		"an account that lost its line":  {`UPDATE user_credits SET last_seq = 2`, `each line names the account's line before, and the account its last`},
		"a wrong count of use":           {`UPDATE user_credits SET total_used = 50`, `spends add up to what was used`},
		"a checkout without payment":     {`UPDATE stripe_payments SET session_id = 'cs_other' WHERE id = 'pay_1'`, `an applied checkout has its payment`},
		"a purchase without grant":       {`UPDATE credit_transactions SET idempotency_key = 'x' WHERE id = 'crd_1'`, `a paid purchase has one grant`},
		"an invoice without grant":       {`UPDATE credit_transactions SET idempotency_key = 'x' WHERE id = 'crd_3'`, `a paid invoice that grants a month has one grant`},
		"a grant without payment":        {`UPDATE credit_transactions SET reference = 'pay_9' WHERE id = 'crd_3'`, `a grant of money has its payment`},
		"a grant to two people":          {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_9', 'usr_2', 5, 'adjustment', '', 5, 'cs:cs_1', 1)`, `a business key grants to one person`},
		"more refunded than paid":        {`UPDATE stripe_payments SET refunded = 9999 WHERE id = 'pay_2'`, `what was refunded was paid before`},
		"a right that ended too early":   {`UPDATE subscriptions SET status = 'canceled'`, `rights follow from snapshots and payments`},
		"a right that nobody paid":       {`INSERT INTO subscriptions (id, user_id, product_type, status, live, created_at, updated_at) VALUES ('sub_9', 'usr_2', 'paid_blueprint', 'active', 1, 1, 1)`, `rights follow from snapshots and payments`},
		"a refund that took nothing":     {`UPDATE stripe_payments SET refunded = 9700 WHERE id = 'pay_2'`, `a payment's standing has taken its credits`},
		"credits held for no reason":     {`UPDATE stripe_payments SET taken = 60 WHERE id = 'pay_1'`, `a payment's standing has taken its credits`},
		"a dispute lost for nothing":     {`UPDATE stripe_payments SET dispute = 'lost', taken = 100 WHERE id = 'pay_2'`, `a payment's standing has taken its credits`},
		"taken beside the ledger":        {`UPDATE stripe_payments SET dispute = 'open', taken = 200 WHERE id = 'pay_2'`, `what a payment has taken is in the ledger`},
		"a day with more than was paid":  {`INSERT INTO payments_by_day VALUES (1, 100, 1, 0)`, `a kept day is the sum of its payments`},
		"a right of which no row counts": {`UPDATE subscriptions SET live = 0`, `one row of each right counts`},
		"suspended without a dispute":    {`UPDATE subscriptions SET status = 'suspended'`, `a suspended right has its open dispute`},
		"a reference to nobody":          {`INSERT INTO consents (id, user_id, purpose, given, text_version, source, at) VALUES ('con_1', 'usr_9', 'x', 1, '1', 'x', 1)`, `every reference has its row`},
		"a parked event without words":   {`UPDATE webhook_events SET outcome = 'parked' WHERE id = 'evt_1'`, `a parked event says why`},
		"a mail sent at no time":         {`INSERT INTO email_logs (id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at) VALUES ('eml_1', 'a', 'a', 'welcome', 'k', '{}', 'sent', 1, 1)`, `a sent mail says when`},
		"a checkout for nobody":          {`INSERT INTO checkouts (id, product_id, price, currency, state, created_at) VALUES ('chk_1', 'x', 1, 'usd', 'complete', 1)`, `a complete checkout has an owner`},
	} {
		t.Run(name, func(t *testing.T) {
			db, path := sqlitetest.NewAt(t, sqlite.Options{})
			damage(t, path, sound+unguard+c.damage)
			var found []sqlite.Finding
			if err := db.View(context.Background(), func(ctx context.Context, v sqlite.View) (err error) {
				found, err = v.Verify(ctx, catalog.Default())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			for _, f := range found {
				if f.Invariant == c.want {
					return
				}
			}
			t.Errorf("did not find that %q is broken, but %v", c.want, found)
		})
	}
}

// unguard takes away the triggers that would refuse the damage.
const unguard = `
DROP TRIGGER credit_transactions_no_update; DROP TRIGGER credit_transactions_no_delete;
`

func damage(t *testing.T, path, text string) {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	if _, err := raw.Exec(text); err != nil {
		t.Fatal(err)
	}
}
