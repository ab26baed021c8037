package sqlite

import (
	"context"
	"fmt"
	"slices"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
)

// Finding is one thing that should hold and doesn't.
type Finding struct {
	Invariant string // what should hold
	Subject   string // an id, never an address
	Detail    string
}

// String returns the finding as one line.
func (f Finding) String() string { return f.Invariant + ": " + f.Subject + ": " + f.Detail }

// mostFindings bounds what one invariant reports: one broken rule can touch
// every row.
const mostFindings = 100

// Verify checks, in one snapshot, every figure that must hold at any moment
// (data.md). It changes nothing.
func (v View) Verify(ctx context.Context, cat catalog.Catalog) ([]Finding, error) {
	var out []Finding
	for _, c := range invariants {
		found, err := all(ctx, v, func(s scanner) (f Finding, err error) {
			err = s.Scan(&f.Subject, &f.Detail)
			f.Invariant = c.says
			return f, err
		}, c.query+` LIMIT 0 + ?`, mostFindings)
		if err != nil {
			return nil, fmt.Errorf("checking that %s: %w", c.says, err)
		}
		out = append(out, found...)
	}
	grants, err := v.missingGrants(ctx, cat)
	if err != nil {
		return nil, err
	}
	rights, err := v.wrongRights(ctx, cat)
	return append(append(out, grants...), rights...), err
}

// invariants that one statement each can check; a row is a violation.
var invariants = []struct{ says, query string }{
	{"the file is sound", `SELECT 'database', integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`},
	{"every reference has its row", `SELECT "table" || ' ' || coalesce(rowid, ''), 'points to a missing row of ' || parent FROM pragma_foreign_key_check`},
	{"a balance is the sum of its ledger", `SELECT u.user_id, 'balance ' || u.balance || ', ledger ' || coalesce(t.total, 0)
		FROM user_credits u LEFT JOIN (SELECT user_id, sum(amount) AS total FROM credit_transactions GROUP BY user_id) t USING (user_id)
		WHERE u.balance <> coalesce(t.total, 0)`},
	{"a ledger has an account", `SELECT DISTINCT user_id, 'lines without an account' FROM credit_transactions
		WHERE user_id NOT IN (SELECT user_id FROM user_credits)`},
	{"every balance follows from the line before", `SELECT t.id, 'balance_after ' || t.balance_after || ' after ' || coalesce(b.balance_after, 0) || ' and ' || t.amount
		FROM credit_transactions t LEFT JOIN credit_transactions b ON b.seq = t.before_seq WHERE t.balance_after <> coalesce(b.balance_after, 0) + t.amount`},
	{"each line names the account's line before, and the account its last", `SELECT user_id, 'line ' || coalesce(named, 'none') || ' is named, ' || coalesce(due, 'none') || ' is due' FROM (
		SELECT user_id, before_seq AS named, lag(seq) OVER (PARTITION BY user_id ORDER BY seq) AS due FROM credit_transactions
		UNION ALL SELECT u.user_id, u.last_seq, t.newest FROM user_credits u LEFT JOIN (
			SELECT user_id, max(seq) AS newest FROM credit_transactions GROUP BY user_id) t USING (user_id)) WHERE named IS NOT due`},
	{"no balance is negative", `SELECT user_id, 'balance ' || balance FROM user_credits WHERE balance < 0`},
	{"spends add up to what was used", `SELECT u.user_id, 'total used ' || u.total_used || ', ledger ' || coalesce(t.used, 0) FROM user_credits u LEFT JOIN (
		SELECT user_id, -sum(amount) AS used FROM credit_transactions WHERE type IN ('spend', 'give_back') GROUP BY user_id) t USING (user_id)
		WHERE u.total_used <> max(coalesce(t.used, 0), 0)`},
	{"an applied checkout has its payment", `SELECT e.id, 'session ' || json_extract(e.payload, '$.data.object.id') || ' has no payment' FROM webhook_events e
		WHERE e.outcome = 'applied' AND e.type IN ('checkout.session.completed', 'checkout.session.async_payment_succeeded') AND e.payload <> ''
		AND json_extract(e.payload, '$.data.object.mode') = 'payment' AND json_extract(e.payload, '$.data.object.payment_status') IN ('paid', 'no_payment_required')
		AND NOT EXISTS (SELECT 1 FROM stripe_payments p WHERE p.session_id = json_extract(e.payload, '$.data.object.id'))`},
	{"a paid invoice that grants a month has one grant", `SELECT e.id, 'invoice ' || json_extract(e.payload, '$.data.object.id') || ' has ' || n || ' grants' FROM (
		SELECT w.id, w.payload, (SELECT count(*) FROM credit_transactions c WHERE c.idempotency_key = 'inv:' || json_extract(w.payload, '$.data.object.id')) AS n
		FROM webhook_events w WHERE w.outcome = 'applied' AND w.type IN ('invoice.paid', 'invoice.payment_succeeded') AND w.payload <> ''
		AND json_extract(w.payload, '$.data.object.billing_reason') IN ('subscription_create', 'subscription_cycle')
		AND json_extract(w.payload, '$.data.object.status') = 'paid' AND json_extract(w.payload, '$.data.object.subtotal') > 0) e WHERE n <> 1`},
	{"a grant of money has its payment", `SELECT c.id, 'no payment ' || c.reference FROM credit_transactions c
		WHERE c.type IN ('purchase', 'membership') AND NOT EXISTS (SELECT 1 FROM stripe_payments p WHERE p.id = c.reference AND p.user_id = c.user_id)`},
	{"a business key grants to one person", `SELECT idempotency_key, count(*) || ' accounts hold it' FROM credit_transactions
		WHERE idempotency_key LIKE 'cs:%' OR idempotency_key LIKE 'inv:%' GROUP BY idempotency_key HAVING count(*) > 1`},
	{"what was refunded was paid before", `SELECT id, 'refunded ' || refunded || ' of ' || amount FROM stripe_payments WHERE refunded > amount`},
	{"a payment's standing has taken its credits", `SELECT p.id, 'taken ' || p.taken || ', short of ' || p.shortfall || ', granted ' || c.amount || ', refunded ' || p.refunded || ', dispute "' || p.dispute || '"'
		FROM stripe_payments p JOIN credit_transactions c ON c.user_id = p.user_id
			AND c.idempotency_key = CASE WHEN p.invoice_id IS NOT NULL THEN 'inv:' || p.invoice_id ELSE 'cs:' || p.session_id END
		WHERE p.taken + p.shortfall <> CASE WHEN p.dispute IN ('open', 'lost') OR (p.refunded > 0 AND p.refunded >= p.amount) THEN c.amount ELSE 0 END`},
	{"what a payment has taken is in the ledger", `SELECT p.id, 'taken ' || p.taken || ', ledger ' || coalesce(t.total, 0) FROM stripe_payments p LEFT JOIN (
		SELECT reference, -sum(amount) AS total FROM credit_transactions WHERE type IN ('refund', 'dispute') GROUP BY reference) t ON t.reference = p.id
		WHERE p.taken <> coalesce(t.total, 0)`},
	{"a kept day is the sum of its payments", `SELECT d.day, 'revenue ' || d.revenue || ', payments ' || d.payments || ', refunded ' || d.refunded FROM payments_by_day d LEFT JOIN (
		SELECT paid_at / 86400000 AS day, sum(CASE WHEN dispute <> 'lost' THEN amount - refunded ELSE 0 END) AS revenue, sum(amount > 0) AS payments,
			sum(amount > 0 AND (refunded > 0 OR dispute = 'lost')) AS refunded FROM stripe_payments GROUP BY 1) p USING (day)
		WHERE d.revenue <> COALESCE(p.revenue, 0) OR d.payments <> COALESCE(p.payments, 0) OR d.refunded <> COALESCE(p.refunded, 0)`},
	{"one row of each right counts", `SELECT user_id, sum(live) || ' rows of ' || product_type || ' count' FROM subscriptions GROUP BY user_id, product_type HAVING sum(live) <> 1`},
	{"a suspended right has its open dispute", `SELECT s.id, s.product_type || ' is suspended, but nothing is contested' FROM subscriptions s WHERE s.status = 'suspended'
		AND NOT EXISTS (SELECT 1 FROM stripe_payments p WHERE p.user_id = s.user_id AND p.dispute = 'open')`},
	{"a sent mail says when", `SELECT id, 'state sent without a time' FROM email_logs WHERE state = 'sent' AND sent_at IS NULL`},
	{"a parked event says why", `SELECT id, 'no reason' FROM webhook_events WHERE outcome = 'parked' AND reason = ''`},
	{"a complete checkout has an owner", `SELECT id, 'no account' FROM checkouts WHERE state = 'complete' AND user_id IS NULL`},
}

// missingGrants: every paid one-time purchase of a product that grants credits
// has exactly one grant. What was imported was granted where it came from.
func (v View) missingGrants(ctx context.Context, cat catalog.Catalog) ([]Finding, error) {
	var granting []core.ProductID
	for _, p := range cat.Products {
		if p.Credits > 0 {
			granting = append(granting, p.ID)
		}
	}
	list, err := jsonText(granting)
	if err != nil {
		return nil, err
	}
	return all(ctx, v, func(s scanner) (f Finding, err error) {
		err = s.Scan(&f.Subject, &f.Detail)
		f.Invariant = "a paid purchase has one grant"
		return f, err
	}, `SELECT id, n || ' grants' FROM (SELECT p.id, (SELECT count(*) FROM credit_transactions c WHERE c.user_id = p.user_id
		AND c.idempotency_key = 'cs:' || p.session_id) AS n FROM stripe_payments p
		WHERE p.session_id IS NOT NULL AND p.matched_by <> 'import' AND p.product_id IN (SELECT value FROM json_each(?))) WHERE n <> 1 LIMIT 0 + ?`, list, mostFindings)
}

// wrongRights derives every customer's rows again and compares.
func (v View) wrongRights(ctx context.Context, cat catalog.Catalog) ([]Finding, error) {
	users, err := all(ctx, v, scalar[core.UserID], `SELECT user_id FROM subscriptions UNION
		SELECT user_id FROM stripe_objects WHERE kind = 'subscription' AND user_id IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, u := range users {
		want, have, err := billing.Rederive(ctx, v, u, cat, func() core.SubscriptionID { return "sub_missing" })
		if err != nil {
			return nil, err
		}
		for _, r := range want {
			if !slices.Contains(have, r) && len(out) < mostFindings {
				out = append(out, Finding{"rights follow from snapshots and payments", string(u), r.Type + " should be " + r.Status})
			}
		}
		if len(have) != len(want) && len(out) < mostFindings {
			out = append(out, Finding{"rights follow from snapshots and payments", string(u), fmt.Sprintf("%d rows, should be %d", len(have), len(want))})
		}
	}
	return out, nil
}
