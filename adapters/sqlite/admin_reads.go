package sqlite

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/admin"
	"sselfie/core/billing"
)

// lastRune ends a range of texts that begin alike.
const lastRune = "\U0010FFFF"

// People finds customers: by an id of ours or Stripe's, by the beginning of the
// address, and where none has it by the beginning of the name. Newest first.
func (r reads) People(ctx context.Context, q string, limit int) ([]admin.Person, error) {
	const columns = `SELECT u.id, u.email, u.name, COALESCE(c.balance, 0), u.created_at FROM users u LEFT JOIN user_credits c ON c.user_id = u.id `
	scan := func(s scanner) (p admin.Person, err error) {
		err = s.Scan(&p.ID, &p.Email, &p.Name, &p.Balance, timeIn(&p.CreatedAt))
		return p, err
	}
	name := strings.TrimSpace(q)
	key := strings.ToLower(name)
	var out []admin.Person
	var err error
	if key == "" {
		out, err = all(ctx, r, scan, columns+`WHERE u.deleted_at IS NULL ORDER BY u.id DESC LIMIT 0 + ?`, limit)
	} else {
		out, err = all(ctx, r, scan, columns+`WHERE u.deleted_at IS NULL AND u.id IN (`+peopleByKey+`) ORDER BY u.id DESC LIMIT 0 + ?4`, key, key+lastRune, name, limit)
		if err == nil && len(out) == 0 {
			out, err = all(ctx, r, scan, columns+`WHERE u.deleted_at IS NULL AND u.id IN (`+peopleByName+`) ORDER BY u.id DESC LIMIT 0 + ?3`, name, name+lastRune, limit)
		}
	}
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Rows, err = r.RowsOf(ctx, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// peopleByKey are the customers whose address begins alike, or who have this id.
const peopleByKey = `SELECT id FROM (SELECT id FROM users WHERE email_key >= ?1 AND email_key < ?2 LIMIT 1000)
	UNION SELECT id FROM users WHERE id = ?3 UNION SELECT user_id FROM stripe_customers WHERE customer_id = ?3`

// peopleByName are the customers whose name begins alike, at most a thousand in
// the order of the alphabet: who types one letter is not looking for anybody.
const peopleByName = `SELECT id FROM users WHERE name >= ?1 COLLATE NOCASE AND name < ?2 COLLATE NOCASE AND name <> '' LIMIT 1000`

// Webhooks returns events without their payload, newest first, of one outcome
// or, with "", of any.
func (r reads) Webhooks(ctx context.Context, outcome billing.Outcome, limit int) ([]billing.Record, error) {
	switch outcome {
	case "":
		return all(ctx, r, scanEvent, webhooksAll, limit)
	case billing.Applied: // nearly all of them are
		return all(ctx, r, scanEvent, webhooksApplied, limit)
	}
	return all(ctx, r, scanEvent, webhooksOpen, outcome, limit)
}

const (
	webhookColumns  = `SELECT id, type, outcome, reason, error, attempts, '', created_at, received_at, applied_at FROM webhook_events `
	webhookOrder    = ` ORDER BY received_at DESC, id DESC LIMIT 0 + ?`
	webhooksAll     = webhookColumns + `INDEXED BY webhook_events_received` + webhookOrder
	webhooksApplied = webhookColumns + `INDEXED BY webhook_events_received WHERE outcome = 'applied'` + webhookOrder
	// The list in the text is the condition of the index.
	webhooksOpen = webhookColumns + `INDEXED BY webhook_events_open WHERE ` + notApplied + ` AND outcome = ?` + webhookOrder
)

// EventsOf returns the events that name one of a customer's ids at Stripe,
// oldest first, with their payload.
func (r reads) EventsOf(ctx context.Context, user core.UserID, limit int) ([]billing.Record, error) {
	return all(ctx, r, scanEvent, `WITH known (id) AS (
			SELECT customer_id FROM stripe_customers WHERE user_id = ?1
			UNION SELECT session_id FROM stripe_payments WHERE user_id = ?1 AND session_id IS NOT NULL
			UNION SELECT payment_intent FROM stripe_payments WHERE user_id = ?1 AND payment_intent IS NOT NULL
			UNION SELECT session_id FROM checkouts WHERE user_id = ?1 AND session_id IS NOT NULL)
		SELECT `+eventColumns+` FROM webhook_events WHERE payload <> '' AND (
			json_extract(payload, '$.data.object.customer') IN known OR json_extract(payload, '$.data.object.id') IN known
			OR json_extract(payload, '$.data.object.payment_intent') IN known)
		ORDER BY created_at, received_at, id LIMIT 0 + ?2`, user, limit)
}

// RevenueBetween is what was paid from one time to another, less what has come
// back of those payments.
func (r reads) RevenueBetween(ctx context.Context, from, to time.Time) (int64, error) {
	return one(ctx, r, scalar[int64], revenue, ms(from), ms(to))
}

const revenue = paidBetween + ` SELECT COALESCE(sum(revenue), 0) FROM paid`

// Counts adds up what happened from one time to another. Members are those of
// now, which is to. Rows are as wide as a payload or a mail, so each figure is
// counted in an index, named in case the planner's statistics are older than the
// shop: mails that went out are all of the period's but those that wait or ended
// otherwise, which are few.
func (r reads) Counts(ctx context.Context, from, to time.Time, grace time.Duration) (admin.Counts, error) {
	return one(ctx, r, func(s scanner) (c admin.Counts, err error) {
		err = s.Scan(&c.Revenue, &c.Payments, &c.Refunded, &c.Events, &c.Failed, &c.Sent, &c.Lost, &c.Used, &c.Members, &c.Paying, &c.FromMini, &c.Upgrades, &c.UpgradeMs)
		return c, err
	}, overview, ms(from), ms(to), grace.Milliseconds())
}

const overview = paidBetween + `,
		money AS (SELECT COALESCE(sum(revenue), 0) AS revenue, COALESCE(sum(payments), 0) AS payments, COALESCE(sum(refunded), 0) AS refunded FROM paid),
		events AS (SELECT (SELECT count(*) FROM webhook_events INDEXED BY webhook_events_received WHERE received_at >= ?1 AND received_at < ?2) AS n,
			(SELECT count(*) FROM webhook_events INDEXED BY webhook_events_open WHERE ` + notApplied + ` AND outcome = 'failed' AND received_at >= ?1 AND received_at < ?2) AS failed),
		ended AS (SELECT count(*) AS n, COALESCE(sum(state <> 'suppressed'), 0) AS lost FROM email_logs INDEXED BY email_logs_ended
			WHERE ` + givenUp + ` AND created_at >= ?1 AND created_at < ?2),
		mails AS (SELECT (SELECT count(*) FROM email_logs INDEXED BY email_logs_created WHERE created_at >= ?1 AND created_at < ?2) - ended.n
			- (SELECT count(*) FROM email_logs INDEXED BY email_logs_urgent WHERE state = 'queued' AND ` + urgentKinds + ` AND +created_at >= ?1 AND +created_at < ?2)
			- (SELECT count(*) FROM email_logs INDEXED BY email_logs_bulk WHERE state = 'queued' AND ` + marketingKinds + ` AND +created_at >= ?1 AND +created_at < ?2)
			- (SELECT count(*) FROM email_logs INDEXED BY email_logs_sending WHERE state = 'sending' AND +created_at >= ?1 AND +created_at < ?2) AS sent, ended.lost FROM ended),
		members AS (SELECT count(*) AS n, COALESCE(sum(status <> 'trialing'), 0) AS paying FROM subscriptions
			WHERE product_type = 'sselfie_studio_membership' AND live = 1
			AND (status IN ('active', 'trialing') OR (status = 'past_due' AND COALESCE(past_due_since, 0) > ?2 - ?3))),
		joined AS (SELECT s.created_at AS at, (SELECT min(p.paid_at) FROM stripe_payments p WHERE p.user_id = s.user_id AND p.subscription_id IS NULL
				AND p.invoice_id IS NULL AND p.paid_at <= s.created_at) AS bought FROM subscriptions s
			WHERE s.product_type = 'sselfie_studio_membership' AND s.created_at >= ?1 AND s.created_at < ?2)
		SELECT money.revenue, money.payments, money.refunded,
			events.n, events.failed, mails.sent, mails.lost,
			(SELECT -COALESCE(sum(amount), 0) FROM credit_transactions INDEXED BY credit_transactions_used WHERE type IN ('spend', 'give_back') AND created_at >= ?1 AND created_at < ?2),
			members.n, members.paying,
			(SELECT count(*) FROM joined WHERE bought IS NOT NULL), (SELECT count(*) FROM joined WHERE bought IS NOT NULL),
			(SELECT COALESCE(sum(at - bought), 0) FROM joined WHERE bought IS NOT NULL)
		FROM money, events, mails, members`

// AuditLog returns the newest lines of the audit log.
func (r reads) AuditLog(ctx context.Context, limit int) ([]core.Audit, error) {
	return all(ctx, r, func(s scanner) (a core.Audit, err error) {
		err = s.Scan(&a.ID, &a.Actor, &a.Action, &a.Subject, jsonIn(&a.Detail), timeIn(&a.At))
		return a, err
	}, `SELECT id, actor, action, subject, detail, at FROM admin_audit_log ORDER BY at DESC, id DESC LIMIT 0 + ?`, limit)
}

var _ admin.Reader = (*DB)(nil)
