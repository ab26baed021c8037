package sqlite

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
)

// SessionsOf returns a user's sessions, the one used last first.
func (r reads) SessionsOf(ctx context.Context, user core.UserID) ([]accounts.Session, error) {
	return all(ctx, r, func(s scanner) (x accounts.Session, err error) {
		err = s.Scan(&x.TokenHash, &x.User, timeIn(&x.CreatedAt), timeIn(&x.LastSeenAt), timeIn(&x.AuthenticatedAt), timeIn(&x.ExpiresAt), &x.UserAgent, &x.Address)
		return x, err
	}, `SELECT token_hash, user_id, created_at, last_seen_at, authenticated_at, expires_at, user_agent, address
		FROM sessions WHERE user_id = ? ORDER BY last_seen_at DESC, token_hash`, user)
}

// PromisedChange returns the address that the user asked to move to last.
func (r reads) PromisedChange(ctx context.Context, user core.UserID) (accounts.Change, bool, error) {
	return maybe(ctx, r, func(s scanner) (c accounts.Change, err error) {
		err = s.Scan(&c.Email, &c.Key, timeIn(&c.At))
		return c, err
	}, `SELECT to_address, to_key, created_at FROM email_logs WHERE user_id = ? AND token = 'change_email' ORDER BY created_at DESC, id DESC LIMIT 1`, user)
}

// documents are what an export holds: a name, and the rows that belong to the
// user (?1) or to one of her addresses (?2, a list). Columns that hold secrets are not named.
var documents = []struct{ name, text string }{
	{"account", `SELECT id, email, name, origin, email_verified_at, address_lost_at, password_set_at, onboarding_completed, base_done_at,
		blueprint_extension_done_at, studio_extension_done_at, blueprint_welcome_shown_at, paid_welcome_shown_at, onboarding_dismissed_at,
		last_login_at, last_seen_at, unsubscribed_at, created_at FROM users WHERE id = ?1`},
	{"brand", `SELECT * FROM user_personal_brand WHERE user_id = ?1`},
	{"blueprint", `SELECT * FROM blueprint_subscribers WHERE user_id = ?1`},
	{"training", `SELECT * FROM training_runs WHERE user_id = ?1 ORDER BY created_at`},
	{"credits", `SELECT user_id, balance, total_purchased, total_used, updated_at FROM user_credits WHERE user_id = ?1`},
	{"credit_transactions", linesOf + `?1` + allBack + `SELECT id, amount, type, description, balance_after, reference, created_at FROM own_lines JOIN credit_transactions USING (seq) ORDER BY seq`},
	{"payments", `SELECT * FROM stripe_payments WHERE user_id = ?1 ORDER BY paid_at`},
	{"refunds", `SELECT r.* FROM refunds r JOIN stripe_payments p ON p.id = r.payment_id WHERE p.user_id = ?1`},
	{"disputes", `SELECT d.* FROM disputes d JOIN stripe_payments p ON p.id = d.payment_id WHERE p.user_id = ?1`},
	{"subscriptions", `SELECT * FROM subscriptions WHERE user_id = ?1 ORDER BY created_at`},
	{"checkouts", `SELECT id, product_id, price, currency, promotion, discount, source, campaign, link, marketing, state, email, created_at, expires_at,
		completed_at FROM checkouts WHERE user_id = ?1 ORDER BY created_at`},
	{"promotions", `SELECT * FROM promotion_uses WHERE user_id = ?1`},
	{"stripe_customers", `SELECT * FROM stripe_customers WHERE user_id = ?1`},
	{"stripe_objects", `SELECT kind, id, snapshot, event_at FROM stripe_objects WHERE user_id = ?1`},
	{"consents", `SELECT * FROM consents WHERE user_id = ?1 OR email_key IN (SELECT value FROM json_each(?2)) ORDER BY at`},
	{"free_blueprint", `SELECT * FROM freebie_subscribers WHERE user_id = ?1 OR email_key IN (SELECT value FROM json_each(?2))`},
	{"notes", `SELECT id, kind, state, email, name, product_id, contract, message, created_at, answered_at, closed_at FROM support_tickets
		WHERE user_id = ?1 OR email_key IN (SELECT value FROM json_each(?2)) ORDER BY created_at`},
	{"mails", `SELECT id, to_address, kind, subject, props, state, reason, created_at, sent_at, opened_at, clicked_at, last_click_at, converted, unsubscribed_at FROM email_logs
		WHERE user_id = ?1 OR (user_id IS NULL AND to_key IN (SELECT value FROM json_each(?2))) ORDER BY created_at`},
	{"mail_links", `SELECT l.email_log_id, l.destination, l.clicks, l.first_click_at FROM email_links l JOIN email_logs m ON m.id = l.email_log_id
		WHERE m.user_id = ?1 OR (m.user_id IS NULL AND m.to_key IN (SELECT value FROM json_each(?2))) ORDER BY l.created_at`},
	{"mail_reports", `SELECT kind, email_log_id, detail, at FROM mail_reports WHERE email_log_id IN (SELECT id FROM email_logs WHERE user_id = ?1)
		OR address_key IN (SELECT value FROM json_each(?2)) OR EXISTS (SELECT 1 FROM json_each(?2) k WHERE instr(lower(detail), k.value)) ORDER BY at`},
	{"mail_preferences", `SELECT offers, newsletter, updated_at FROM mail_preferences WHERE address_key IN (SELECT value FROM json_each(?2))`},
	{"mail_series", `SELECT series, product_id, basis, anchor_at, bought_at, next_step, due_at, ended_at, end_reason FROM mini_product_upsell_sequence
		WHERE user_id = ?1 OR lead_id IN (SELECT id FROM freebie_subscribers WHERE user_id = ?1 OR email_key IN (SELECT value FROM json_each(?2))) ORDER BY anchor_at`},
	{"segments", `SELECT s.name, m.joined_at FROM email_segment_members m JOIN email_segments s ON s.id = m.segment_id WHERE m.user_id = ?1 ORDER BY m.joined_at`},
	{"campaigns", `SELECT c.name, r.part, r.outcome, r.reason, r.at FROM campaign_recipients r JOIN admin_email_campaigns c ON c.id = r.campaign_id
		WHERE r.user_id = ?1 ORDER BY r.at`},
	{"unsubscriptions", `SELECT reason, since FROM email_suppressions WHERE address_key IN (SELECT value FROM json_each(?2))`},
	{"devices", `SELECT created_at, last_seen_at, expires_at, user_agent, address FROM sessions WHERE user_id = ?1`},
	{"links", `SELECT purpose, email_key, created_at, expires_at, used_at FROM auth_tokens WHERE user_id = ?1 ORDER BY created_at`},
	{"second_factor", `SELECT confirmed_at, created_at FROM second_factors WHERE user_id = ?1`},
	{"visits", `SELECT name, product_id, source, campaign, properties, at FROM analytics_events WHERE user_id = ?1 ORDER BY at`},
	{"tags", `SELECT t.name, u.added_at FROM user_tags u JOIN tags t ON t.id = u.tag_id WHERE u.user_id = ?1`},
}

// ExportUser writes one JSON document for each table that knows the user.
func (r reads) ExportUser(ctx context.Context, user core.UserID, to accounts.Archive) error {
	u, err := r.UserByID(ctx, user)
	if err != nil {
		return err
	}
	earlier, err := r.EarlierAddresses(ctx, user)
	if err != nil {
		return err
	}
	keys := append([]core.EmailKey{}, earlier...)
	if u.Key != "" {
		keys = append(keys, u.Key)
	}
	hers, err := jsonText(keys)
	if err != nil {
		return err
	}
	for _, d := range documents {
		w, err := to.Entry(d.name + ".json")
		if err != nil {
			return err
		}
		if err := r.exportRows(ctx, w, d.text, user, hers); err != nil {
			return err
		}
	}
	return nil
}

// EarlierAddresses returns the addresses that an account had before. What tells
// them are the notices that it moved, the leads that it joined, and the links
// that it followed.
func (r reads) EarlierAddresses(ctx context.Context, user core.UserID) ([]core.EmailKey, error) {
	return all(ctx, r, func(s scanner) (k core.EmailKey, err error) { return k, s.Scan(&k) },
		`SELECT k FROM (SELECT to_key AS k FROM email_logs WHERE user_id = ?1 AND business_key LIKE 'notice:' || ?1 || ':moved:%'
			UNION SELECT email_key FROM freebie_subscribers WHERE user_id = ?1
			UNION SELECT email_key FROM auth_tokens WHERE user_id = ?1 AND used_at IS NOT NULL)
		WHERE k <> '' AND NOT EXISTS (SELECT 1 FROM users WHERE email_key = k)`, user)
}

// exportRows writes the rows of a query as a list of objects, one at a time.
func (r reads) exportRows(ctx context.Context, to io.Writer, text string, args ...any) error {
	set, err := r.query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = set.Close() }()
	names, err := set.rows.Columns()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(to)
	between := "[\n"
	for set.Next() {
		values := make([]any, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := set.Scan(into...); err != nil {
			return err
		}
		row := make(map[string]any, len(names))
		for i, name := range names {
			row[name] = readable(name, values[i])
		}
		line, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if _, err := w.WriteString(between + string(line)); err != nil {
			return err
		}
		between = ",\n"
	}
	if between == "[\n" {
		between = "["
	} else {
		between = "\n"
	}
	if _, err := w.WriteString(between + "]\n"); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return set.Close()
}

// embedded are the columns that hold JSON of their own.
var embedded = map[string]bool{"props": true, "properties": true, "form_data": true, "strategy_data": true, "snapshot": true, "content_pillars": true}

// readable turns a stored value into one that a person can read.
func readable(column string, v any) any {
	switch x := v.(type) {
	case int64:
		if column == "at" || column == "since" || strings.HasSuffix(column, "_at") || strings.HasSuffix(column, "_since") || strings.HasPrefix(column, "current_period_") {
			return fromMS(x).Format(time.RFC3339)
		}
	case string:
		if embedded[column] && json.Valid([]byte(x)) {
			return json.RawMessage(x)
		}
	}
	return v
}

// TracesOf finds the rows beside the user's own that name her. A payload names
// her by what she typed at Stripe, by our id, or by her customer.
func (r reads) TracesOf(ctx context.Context, user core.UserID, key core.EmailKey) ([]accounts.Trace, error) {
	return all(ctx, r, func(s scanner) (t accounts.Trace, err error) {
		err = s.Scan(&t.Table, &t.ID)
		return t, err
	}, `SELECT 'webhook_events', id FROM webhook_events WHERE payload <> '' AND (instr(payload, ?1) OR (?2 <> '' AND instr(lower(payload), ?2))
			OR EXISTS (SELECT 1 FROM stripe_customers c WHERE c.user_id = ?1 AND instr(payload, '"' || c.customer_id || '"')))
		UNION ALL
		SELECT 'webhook_events', id FROM webhook_events WHERE ?2 <> '' AND (instr(lower(reason), ?2) OR instr(lower(error), ?2))
		UNION ALL
		SELECT 'email_logs', id FROM email_logs WHERE ?2 <> '' AND (to_key = ?2 OR instr(lower(props), ?2) OR instr(lower(error), ?2)
			OR instr(lower(subject), ?2) OR instr(business_key, ?2))`, user, key)
}

// EraseTraces empties the texts of such rows. An event that still waited goes
// with its customer.
func (tx *Tx) EraseTraces(ctx context.Context, traces []accounts.Trace) error {
	ids := map[string][]string{}
	for _, t := range traces {
		ids[t.Table] = append(ids[t.Table], t.ID)
	}
	events, err := jsonText(append([]string{}, ids["webhook_events"]...))
	if err != nil {
		return err
	}
	mails, err := jsonText(append([]string{}, ids["email_logs"]...))
	if err != nil {
		return err
	}
	for _, step := range []struct{ text, list string }{
		{`DELETE FROM webhook_waits WHERE event_id IN (SELECT value FROM json_each(?))`, events},
		{`UPDATE webhook_events SET payload = '', error = '', reason = iif(outcome IN ('parked', 'failed'), 'its customer deleted the account', ''),
			outcome = iif(outcome IN ('parked', 'failed'), 'ignored', outcome) WHERE id IN (SELECT value FROM json_each(?))`, events},
		{eraseMails + `WHERE id IN (SELECT value FROM json_each(?))`, mails},
	} {
		if _, err := tx.exec(ctx, step.text, step.list); err != nil {
			return err
		}
	}
	return nil
}

// eraseMails keeps what the figures count and nothing else; what was not sent
// yet never is.
const eraseMails = `UPDATE email_logs SET to_address = '', to_key = '', props = '{}', subject = '', business_key = 'erased:' || id, token = '',
	error = iif(state IN ('queued', 'sending'), 'the account was deleted', ''), state = iif(state IN ('queued', 'sending'), 'failed', state) `

// eraseTickets keeps that somebody wrote, or withdrew, and when.
const eraseTickets = `UPDATE support_tickets SET user_id = NULL, email = '', email_key = '', name = '', contract = '', message = '' `

// EraseUser erases a person and keeps the money.
func (tx *Tx) EraseUser(ctx context.Context, user core.UserID, key core.EmailKey, hash string, at time.Time) error {
	tx.absent = absent{}
	type step struct {
		text string
		args []any
	}
	steps := []step{
		// Addresses that she only asked for are in limits alone.
		{`DELETE FROM rate_counters WHERE EXISTS (SELECT 1 FROM email_logs l WHERE l.user_id = ? AND l.to_key <> '' AND instr(rate_counters.key, l.to_key))`, []any{user}},
		{eraseMails + `WHERE user_id = ?`, []any{user}},
		{`UPDATE users SET email = '', email_key = NULL, email_verified_at = NULL, address_lost_at = NULL, name = '', password_hash = '', password_set_at = NULL,
			base_done_at = NULL, blueprint_extension_done_at = NULL, studio_extension_done_at = NULL, blueprint_welcome_shown_at = NULL,
			paid_welcome_shown_at = NULL, onboarding_dismissed_at = NULL, onboarding_completed = 0, last_login_at = NULL, last_seen_at = NULL,
			unsubscribed_at = NULL, deleted_at = ? WHERE id = ?`, []any{ms(at), user}},
		{`UPDATE checkouts SET email = '', client_secret = '' WHERE user_id = ?`, []any{user}},
		{`UPDATE consents SET email_key = NULL WHERE user_id = ?`, []any{user}},
		{`UPDATE stripe_payments SET receipt_url = '' WHERE user_id = ?`, []any{user}},
		{`UPDATE analytics_events SET user_id = NULL, visitor = '', properties = '{}' WHERE user_id = ?`, []any{user}},
		{`DELETE FROM freebie_subscribers WHERE user_id = ?`, []any{user}},
		{eraseTickets + `WHERE user_id = ?`, []any{user}},
	}
	for _, text := range []string{
		`DELETE FROM sessions WHERE user_id = ?`, `DELETE FROM auth_tokens WHERE user_id = ?`, `DELETE FROM second_factors WHERE user_id = ?`,
		`DELETE FROM user_personal_brand WHERE user_id = ?`,
		`DELETE FROM blueprint_subscribers WHERE user_id = ?`, `DELETE FROM training_runs WHERE user_id = ?`, `DELETE FROM user_tags WHERE user_id = ?`,
		`DELETE FROM idempotency_answers WHERE user_id = ?`,
	} {
		steps = append(steps, step{text, []any{user}})
	}
	if key != "" {
		steps = append(steps,
			step{`DELETE FROM freebie_subscribers WHERE email_key = ?`, []any{key}},
			step{eraseTickets + `WHERE email_key = ?`, []any{key}},
			step{`UPDATE consents SET email_key = NULL WHERE email_key = ?`, []any{key}},
			step{`UPDATE checkouts SET email = '' WHERE lower(trim(email)) = ?`, []any{key}},
			step{`DELETE FROM rate_counters WHERE instr(key, ?)`, []any{key}},
			step{`UPDATE OR REPLACE email_suppressions SET address_key = ?, detail = '' WHERE address_key = ?`, []any{hash, key}},
		)
	}
	if err := tx.ForgetMarketing(ctx, user, key, at); err != nil {
		return err
	}
	for _, s := range steps {
		if _, err := tx.exec(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// recallSuppression puts a suppression that stayed as a hash back under its
// address, once somebody uses that address again.
func (tx *Tx) recallSuppression(ctx context.Context, key core.EmailKey) error {
	if tx.absent.hashed && tx.absent.Key == key {
		return nil
	}
	_, err := tx.exec(ctx, `UPDATE OR IGNORE email_suppressions SET address_key = ? WHERE address_key = ?`, key, accounts.SuppressionHash(key))
	return err
}
