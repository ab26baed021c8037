package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

const enrolmentColumns = `e.id, e.series, e.user_id, e.lead_id, e.product_id, e.payment_id, e.basis, e.anchor_at, e.bought_at, e.ended_at, e.end_reason`

func enrolmentFields(e *sequences.Enrolment) []any {
	return []any{
		&e.ID, &e.Series, textIn(&e.User), textIn(&e.Lead), &e.Product, textIn(&e.Payment), &e.Basis, timeIn(&e.Anchor), timeIn(&e.Bought), timeIn(&e.Ended), &e.Reason,
	}
}

// PurchasesOf implements sequences.FollowTx.
func (r reads) PurchasesOf(ctx context.Context, user core.UserID) ([]sequences.Purchase, error) {
	return all(ctx, r, func(s scanner) (p sequences.Purchase, err error) {
		err = s.Scan(&p.Payment, &p.Product, timeIn(&p.At), boolIn(&p.Refunded), textIn(&p.Marketing))
		return p, err
	}, `SELECT p.id, p.product_id, p.paid_at, NOT (`+kept+`), c.marketing FROM stripe_payments p LEFT JOIN checkouts c ON c.id = p.checkout_id
		WHERE p.user_id = ? AND p.invoice_id IS NULL ORDER BY p.paid_at, p.id`, user)
}

// EnrolmentsOf implements sequences.FollowTx.
func (r reads) EnrolmentsOf(ctx context.Context, user core.UserID) ([]sequences.Enrolment, error) {
	return all(ctx, r, func(s scanner) (e sequences.Enrolment, err error) {
		err = s.Scan(enrolmentFields(&e)...)
		return e, err
	}, `SELECT `+enrolmentColumns+` FROM mini_product_upsell_sequence e WHERE e.user_id = ? ORDER BY e.anchor_at, e.id`, user)
}

// A row that was never paid for is no membership.
const memberAfter = `s.product_type = 'sselfie_studio_membership' AND s.status NOT IN ('incomplete', 'incomplete_expired') AND (s.ended_at IS NULL OR s.ended_at > `

// MemberAfter implements sequences.FollowTx.
func (r reads) MemberAfter(ctx context.Context, user core.UserID, t time.Time) (bool, error) {
	return one(ctx, r, scalar[bool], `SELECT EXISTS (SELECT 1 FROM subscriptions s WHERE s.user_id = ? AND `+memberAfter+`?))`, user, ms(t))
}

// InsertEnrolment implements sequences.FollowTx.
func (tx *Tx) InsertEnrolment(ctx context.Context, e sequences.Enrolment, due time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO mini_product_upsell_sequence (id, series, user_id, lead_id, product_id, payment_id, basis, anchor_at, bought_at, due_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		e.ID, e.Series, textOrNull(e.User), textOrNull(e.Lead), e.Product, textOrNull(e.Payment), e.Basis, ms(e.Anchor), msOrNull(e.Bought), ms(due), ms(e.Anchor))
	return err
}

// EndEnrolment implements sequences.FollowTx.
func (tx *Tx) EndEnrolment(ctx context.Context, id sequences.ID, reason string, at time.Time) error {
	res, err := tx.exec(ctx, `UPDATE mini_product_upsell_sequence SET ended_at = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL`, ms(at), reason, id)
	if err != nil || changed(res) == 0 || reason == sequences.Finished {
		return err
	}
	_, err = tx.exec(ctx, `UPDATE email_logs SET state = 'suppressed', error = ? WHERE enrolment_id = ? AND state = 'queued'`, "withdrawn: "+reason, id)
	return err
}

// PromiseLetter implements sequences.Letters.
func (tx *Tx) PromiseLetter(ctx context.Context, q mail.Queued, o sequences.Origin) (bool, error) {
	props, err := jsonText(q.Promise.Props)
	if err != nil {
		return false, err
	}
	res, err := tx.exec(ctx, `INSERT INTO email_logs (id, user_id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at,
		sequence, step, enrolment_id, campaign_id, variant, reason, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		q.ID, textOrNull(q.Promise.User), q.Promise.To, q.ToKey, q.Promise.Kind, q.BusinessKey, props, ms(q.At), ms(q.At),
		textOrNull(o.Series), textOrNull(o.Step), textOrNull(o.Enrolment), textOrNull(o.Campaign), o.Variant, o.Reason, msOrNull(o.Expires))
	if err != nil || changed(res) == 0 {
		return false, err
	}
	if o.Link != "" {
		if _, err := tx.exec(ctx, `INSERT INTO email_links (id, email_log_id, destination, created_at) VALUES (?, ?, ?, ?)`, o.Link, q.ID, o.Dest, ms(q.At)); err != nil {
			return false, err
		}
	}
	for i, l := range o.Placed {
		if _, err := tx.exec(ctx, `INSERT INTO email_links (id, email_log_id, destination, place, created_at) VALUES (?, ?, ?, ?, ?)`, l.ID, q.ID, l.Dest, i+1, ms(q.At)); err != nil {
			return false, err
		}
	}
	tx.Wake(mail.Topic)
	return true, nil
}

// addressFacts are what is known of the address k.key: why it is written to no
// more, what waits for it, and when it last got something.
const addressFacts = `
	(SELECT group_concat(reason) FROM email_suppressions x WHERE x.address_key = k.key),
	EXISTS (SELECT 1 FROM email_logs l WHERE l.to_key = k.key AND ` + marketingKinds + ` AND l.state IN ('queued', 'sending')),
	(SELECT max(coalesce(l.sent_at, l.created_at)) FROM email_logs l WHERE l.to_key = k.key AND ` + marketingKinds + ` AND l.state NOT IN ('suppressed', 'failed'))`

// ClaimEnrolments implements sequences.Tx.
func (r reads) ClaimEnrolments(ctx context.Context, series []sequences.Name, now time.Time, limit int) ([]sequences.Candidate, error) {
	list, err := jsonText(series)
	if err != nil {
		return nil, err
	}
	return all(ctx, r, scanCandidate, `WITH
		due AS MATERIALIZED (SELECT user_id, lead_id FROM mini_product_upsell_sequence WHERE ended_at IS NULL AND series IN (SELECT value FROM json_each(?)) AND due_at <= ? LIMIT 0 + ?),
		mine AS (SELECT e.id FROM mini_product_upsell_sequence e WHERE e.user_id IN (SELECT user_id FROM due) AND e.ended_at IS NULL AND e.due_at <= ?
			UNION SELECT e.id FROM mini_product_upsell_sequence e WHERE e.lead_id IN (SELECT lead_id FROM due) AND e.ended_at IS NULL AND e.due_at <= ?),
		`+candidates+`
			WHERE e.series IN (SELECT value FROM json_each(?)))`+candidateFacts, list, ms(now), limit, ms(now), ms(now), list, ms(now))
}

// CandidatesOf implements sequences.Reads.
func (r reads) CandidatesOf(ctx context.Context, user core.UserID, now time.Time) ([]sequences.Candidate, error) {
	return all(ctx, r, scanCandidate, `WITH mine AS (SELECT id FROM mini_product_upsell_sequence WHERE user_id = ? AND ended_at IS NULL), `+candidates+`)`+candidateFacts, user, ms(now))
}

// candidates and candidateFacts are the enrolments of mine with what decides
// about them.
const (
	candidates = `k AS (SELECT e.*, u.id AS uid, f.user_id AS lead_user, f.id IS NOT NULL AND f.confirmed_at IS NULL AND f.user_id IS NULL AS unproven, f.converted_at AS lead_converted, coalesce(u.email, f.email, '') AS address, coalesce(u.email_key, f.email_key, '') AS key,
			u.deleted_at AS deleted_at, u.unsubscribed_at AS unsubscribed_at, ` + seen + ` AS seen_at
			FROM mine m JOIN mini_product_upsell_sequence e ON e.id = m.id LEFT JOIN users u ON u.id = e.user_id LEFT JOIN freebie_subscribers f ON f.id = e.lead_id`
	candidateFacts = `
		SELECT k.id, k.series, k.user_id, k.lead_id, k.product_id, k.payment_id, k.basis, k.anchor_at, k.bought_at, k.ended_at, k.end_reason,
		(SELECT json_group_array(x.step) FROM enrolment_steps x WHERE x.enrolment_id = k.id),
		k.address, k.key, k.deleted_at IS NOT NULL OR k.key = '', k.unsubscribed_at IS NOT NULL,
		EXISTS (SELECT 1 FROM stripe_payments p WHERE p.id = k.payment_id AND NOT (` + kept + `)),
		EXISTS (SELECT 1 FROM stripe_payments p WHERE p.id = k.payment_id AND p.dispute = 'open'),
		EXISTS (SELECT 1 FROM subscriptions s WHERE s.user_id = coalesce(k.user_id, k.lead_user) AND ` + memberAfter + `k.anchor_at)),
		k.lead_converted IS NOT NULL OR EXISTS (SELECT 1 FROM stripe_payments p WHERE p.user_id = coalesce(k.user_id, k.lead_user) AND p.paid_at > k.anchor_at AND ` + kept + `),
		k.seen_at,
		CASE k.series WHEN 'alumni' THEN EXISTS (SELECT 1 FROM mail_preferences x WHERE x.address_key = k.key AND x.newsletter = 0)
			ELSE EXISTS (SELECT 1 FROM mail_preferences x WHERE x.address_key = k.key AND x.offers = 0) END,
		k.unproven,
		EXISTS (SELECT 1 FROM promotion_uses o WHERE o.user_id = k.user_id AND o.used_at IS NULL AND o.ends_at > ?),
		coalesce((SELECT c.balance FROM user_credits c WHERE c.user_id = k.user_id), 0),` + addressFacts + `
		FROM k ORDER BY k.key, k.user_id, k.lead_id, k.id`
)

func scanCandidate(s scanner) (c sequences.Candidate, err error) {
	var done []string
	var reasons string
	f := &c.Facts
	fields := append(enrolmentFields(&c.Enrolment), jsonIn(&done), &c.To, &c.Key, boolIn(&f.Gone), boolIn(&f.Unsubscribed),
		boolIn(&f.Refunded), boolIn(&f.Contested), boolIn(&f.Member), boolIn(&f.BoughtSince), timeIn(&f.Seen), boolIn(&f.Refused), boolIn(&f.Unproven),
		boolIn(&f.OfferRunning), &f.CreditsBalance, textIn(&reasons), boolIn(&f.Pending), timeIn(&f.LastMarketing))
	if err = s.Scan(fields...); err != nil {
		return c, err
	}
	c.Enrolment.Done = make(map[string]bool, len(done))
	for _, step := range done {
		c.Enrolment.Done[step] = true
	}
	listed := listedAs(reasons)
	f.HardBounce, f.Complained, f.Unsubscribed = listed.bounce, listed.complaint, f.Unsubscribed || listed.refused
	return c, nil
}

// HandleStep implements sequences.Tx.
func (tx *Tx) HandleStep(ctx context.Context, id sequences.ID, step, outcome, reason string, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO enrolment_steps (enrolment_id, step, outcome, reason, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, id, step, outcome, reason, ms(at))
	return err
}

// MoveEnrolment implements sequences.Tx.
func (tx *Tx) MoveEnrolment(ctx context.Context, id sequences.ID, step string, at time.Time) error {
	_, err := tx.exec(ctx, `UPDATE mini_product_upsell_sequence SET next_step = ?, due_at = ? WHERE id = ? AND ended_at IS NULL`, step, ms(at), id)
	return err
}

// ReturnedEnrolments implements sequences.Reads.
func (r reads) ReturnedEnrolments(ctx context.Context, n sequences.Name, from, to time.Time, limit int) ([]sequences.ID, error) {
	return all(ctx, r, scalar[sequences.ID], `SELECT e.id FROM users u JOIN mini_product_upsell_sequence e ON e.user_id = u.id
		WHERE u.deleted_at IS NULL AND `+seen+` BETWEEN ? AND ? AND e.series = ? AND e.ended_at IS NULL AND e.anchor_at < `+seen+` LIMIT 0 + ?`, ms(from), ms(to), n, limit)
}

// EnrolSilent implements sequences.Tx. The basis is a purchase at which marketing
// was not refused.
func (tx *Tx) EnrolSilent(ctx context.Context, n sequences.Name, from, to time.Time, optIn bool, now time.Time, limit int) (int, error) {
	basis := sequences.OwnProducts
	if optIn {
		basis = sequences.OptIn
	}
	res, err := tx.exec(ctx, `INSERT INTO mini_product_upsell_sequence (id, series, user_id, basis, anchor_at, due_at, created_at)
		SELECT 'enr_' || lower(hex(randomblob(16))), ?1, u.id, ?2, `+seen+`, ?3, ?3 FROM users u
		WHERE u.deleted_at IS NULL AND `+seen+` BETWEEN ?4 AND ?5 AND u.email_key IS NOT NULL AND u.unsubscribed_at IS NULL AND u.is_admin = 0
		AND EXISTS (SELECT 1 FROM stripe_payments p LEFT JOIN checkouts c ON c.id = p.checkout_id WHERE p.user_id = u.id AND `+kept+`
			AND coalesce(c.marketing, '') <> 'no' AND (?2 = 'own_products' OR c.marketing = 'yes'))
		AND NOT EXISTS (SELECT 1 FROM stripe_payments p WHERE p.user_id = u.id AND p.paid_at > ?5)
		AND NOT EXISTS (SELECT 1 FROM mini_product_upsell_sequence e WHERE e.user_id = u.id AND e.series = ?1 AND (e.ended_at IS NULL OR e.anchor_at >= `+seen+`))
		AND CASE ?1 WHEN 'win-back' THEN EXISTS (SELECT 1 FROM mini_product_upsell_sequence e WHERE e.user_id = u.id AND e.series = 'alumni' AND e.ended_at IS NULL)
			ELSE NOT EXISTS (SELECT 1 FROM mini_product_upsell_sequence e WHERE e.user_id = u.id AND e.series = 'mini-product' AND e.ended_at IS NULL) END
		LIMIT 0 + ?6`, n, basis, ms(now), ms(from), ms(to), limit)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}

// EnrolSeason implements sequences.Tx.
func (tx *Tx) EnrolSeason(ctx context.Context, season string, begins, now time.Time, limit int) (int, error) {
	res, err := tx.exec(ctx, `INSERT INTO mini_product_upsell_sequence (id, series, user_id, product_id, basis, anchor_at, bought_at, due_at, created_at)
		SELECT 'enr_' || lower(hex(randomblob(16))), 'seasonal', a.user_id, ?1, a.basis, ?2, a.bought_at, ?3, ?3 FROM mini_product_upsell_sequence a
		WHERE a.series = 'alumni' AND a.ended_at IS NULL AND a.user_id IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM mini_product_upsell_sequence e WHERE e.user_id = a.user_id AND e.series = 'seasonal' AND e.product_id = ?1 AND (e.ended_at IS NULL OR e.anchor_at >= ?2))
		LIMIT 0 + ?4`, season, ms(begins), ms(now), limit)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}

// SaveText implements sequences.Tx.
func (tx *Tx) SaveText(ctx context.Context, t sequences.Text, at time.Time) error {
	if t.Text == "" {
		_, err := tx.exec(ctx, `DELETE FROM sequence_texts WHERE series = ? AND step = ? AND product_id = ?`, t.Series, t.Step, t.Product)
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO sequence_texts (series, step, product_id, text, updated_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (series, step, product_id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at`, t.Series, t.Step, t.Product, t.Text, ms(at))
	return err
}

// ReviewSeries implements sequences.Tx.
func (tx *Tx) ReviewSeries(ctx context.Context, n sequences.Name, now time.Time, limit int) (int, error) {
	res, err := tx.exec(ctx, `UPDATE mini_product_upsell_sequence SET due_at = ?1 WHERE id IN (
		SELECT id FROM mini_product_upsell_sequence WHERE series = ?2 AND ended_at IS NULL AND due_at > ?1 LIMIT 0 + ?3)`, ms(now), n, limit)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}

// SequenceTexts implements sequences.Reads.
func (r reads) SequenceTexts(ctx context.Context) ([]sequences.Text, error) {
	return all(ctx, r, func(s scanner) (t sequences.Text, err error) {
		err = s.Scan(&t.Series, &t.Step, &t.Product, &t.Text)
		return t, err
	}, `SELECT series, step, product_id, text FROM sequence_texts`)
}

// SequenceMail is a letter of a series in the log, with its enrolment.
type SequenceMail struct {
	Mail      core.MailID
	Step      string
	Promised  time.Time
	State     mail.State
	Enrolment sequences.Enrolment
}

// SequenceLog returns every letter of every series, oldest first: what verify
// and the simulation hold against the rules.
func (r reads) SequenceLog(ctx context.Context) ([]SequenceMail, error) {
	return all(ctx, r, func(s scanner) (m SequenceMail, err error) {
		err = s.Scan(append([]any{&m.Mail, &m.Step, timeIn(&m.Promised), &m.State}, enrolmentFields(&m.Enrolment)...)...)
		return m, err
	}, `SELECT l.id, l.step, l.created_at, l.state, `+enrolmentColumns+` FROM email_logs l JOIN mini_product_upsell_sequence e ON e.id = l.enrolment_id ORDER BY l.created_at, l.id`)
}

// HandledStep is what became of a step.
type HandledStep struct {
	Enrolment sequences.ID
	Step      string
	Outcome   string
	Reason    string
	At        time.Time
}

// StepLog returns what became of every step of every enrolment.
func (r reads) StepLog(ctx context.Context) ([]HandledStep, error) {
	return all(ctx, r, func(s scanner) (h HandledStep, err error) {
		err = s.Scan(&h.Enrolment, &h.Step, &h.Outcome, &h.Reason, timeIn(&h.At))
		return h, err
	}, `SELECT enrolment_id, step, outcome, reason, at FROM enrolment_steps ORDER BY enrolment_id, at`)
}
