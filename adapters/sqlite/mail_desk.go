package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// MailOwner implements mail.DeskReads.
func (r reads) MailOwner(ctx context.Context, id core.MailID) (mail.Owner, error) {
	return one(ctx, r, func(s scanner) (o mail.Owner, err error) {
		err = s.Scan(&o.Mail, textIn(&o.User), &o.Key, &o.To)
		return o, err
	}, `SELECT id, user_id, to_key, to_address FROM email_logs WHERE id = ?`, id)
}

// PreferencesOf implements mail.DeskReads.
func (r reads) PreferencesOf(ctx context.Context, key core.EmailKey) (mail.Preferences, error) {
	return one(ctx, r, func(s scanner) (p mail.Preferences, err error) {
		err = s.Scan(boolIn(&p.Offers), boolIn(&p.Newsletter), boolIn(&p.Off))
		return p, err
	}, `SELECT coalesce((SELECT offers FROM mail_preferences WHERE address_key = ?1), 1), coalesce((SELECT newsletter FROM mail_preferences WHERE address_key = ?1), 1),
		EXISTS (SELECT 1 FROM email_suppressions WHERE address_key = ?1) OR EXISTS (SELECT 1 FROM users WHERE email_key = ?1 AND unsubscribed_at IS NOT NULL)`, key)
}

// MarkUnsubscribed implements mail.DeskTx. The first time stays.
func (tx *Tx) MarkUnsubscribed(ctx context.Context, o mail.Owner, at time.Time) error {
	if at.IsZero() {
		_, err := tx.exec(ctx, `UPDATE users SET unsubscribed_at = NULL WHERE email_key = ? AND unsubscribed_at IS NOT NULL`, o.Key)
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE users SET unsubscribed_at = ? WHERE email_key = ? AND unsubscribed_at IS NULL`, ms(at), o.Key); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE email_logs SET unsubscribed_at = ? WHERE id = ? AND unsubscribed_at IS NULL`, ms(at), o.Mail)
	return err
}

// SavePreferences implements mail.DeskTx.
func (tx *Tx) SavePreferences(ctx context.Context, key core.EmailKey, p mail.Preferences, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO mail_preferences (address_key, offers, newsletter, updated_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (address_key) DO UPDATE SET offers = excluded.offers, newsletter = excluded.newsletter, updated_at = excluded.updated_at`, key, p.Offers, p.Newsletter, ms(at))
	return err
}

// EndSeriesOf implements mail.DeskTx.
func (tx *Tx) EndSeriesOf(ctx context.Context, key core.EmailKey, reason string, at time.Time) error {
	for _, who := range []string{
		`user_id IN (SELECT id FROM users WHERE email_key = ?)`, `lead_id IN (SELECT id FROM freebie_subscribers WHERE email_key = ?)`,
	} {
		if _, err := tx.exec(ctx, `UPDATE mini_product_upsell_sequence SET ended_at = ?, end_reason = ? WHERE ended_at IS NULL AND `+who, ms(at), reason, key); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, `UPDATE email_logs SET state = 'suppressed', error = ? WHERE to_key = ? AND state = 'queued' AND `+marketingKinds, "withdrawn: "+reason, key)
	return err
}

// SaveReport implements mail.DeskTx. Anybody's word about a letter that is not
// known counts for its address, and not for the breaker of all marketing.
func (tx *Tx) SaveReport(ctx context.Context, r mail.Report, o mail.Owner) (bool, error) {
	soft := core.EmailKey("")
	if r.Kind == mail.SoftBounceReport {
		soft = o.Key
	}
	res, err := tx.exec(ctx, `INSERT INTO mail_reports (reference, kind, email_log_id, marketing, detail, at, address_key)
		VALUES (?1, ?2, ?3, coalesce((SELECT `+marketingKinds+` FROM email_logs WHERE id = ?3), ?6), ?4, ?5, ?7) ON CONFLICT DO NOTHING`,
		r.Reference, r.Kind, textOrNull(o.Mail), r.Detail, ms(r.At), !r.Unproven, soft)
	if err != nil {
		return false, err
	}
	return changed(res) == 1, nil
}

// SoftBounces implements mail.DeskTx.
func (tx *Tx) SoftBounces(ctx context.Context, key core.EmailKey, since time.Time) (reports, days int, err error) {
	found, err := one(ctx, tx, func(s scanner) (n [2]int, err error) {
		err = s.Scan(&n[0], &n[1])
		return n, err
	}, `SELECT count(*), count(DISTINCT at / 86400000) FROM mail_reports WHERE address_key = ? AND address_key <> '' AND at >= ?`, key, ms(since))
	return found[0], found[1], err
}

// ForgiveSoftBounces implements mail.DeskTx. The reports stay, so that one that
// is told again is still known.
func (tx *Tx) ForgiveSoftBounces(ctx context.Context, key core.EmailKey, upTo time.Time) error {
	_, err := tx.exec(ctx, `UPDATE mail_reports SET address_key = '' WHERE address_key = ? AND address_key <> '' AND at <= ?`, key, ms(upTo))
	return err
}

// ForgetSoftBounces takes the addresses off reports that count no longer.
func (tx *Tx) ForgetSoftBounces(ctx context.Context, before time.Time, limit int) (int, error) {
	res, err := tx.exec(ctx, `UPDATE mail_reports SET address_key = '' WHERE reference IN
		(SELECT reference FROM mail_reports WHERE address_key <> '' AND at < ? LIMIT 0 + ?)`, ms(before), limit)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}

// MarkBounced implements mail.DeskTx.
func (tx *Tx) MarkBounced(ctx context.Context, id core.MailID, detail string) error {
	_, err := tx.exec(ctx, `UPDATE email_logs SET state = 'bounced', error = ? WHERE id = ? AND state = 'sent'`, detail, id)
	return err
}

// MarketingVolume implements mail.BreakerReads.
func (r reads) MarketingVolume(ctx context.Context, since time.Time) (mail.Volume, error) {
	return one(ctx, r, func(s scanner) (v mail.Volume, err error) {
		err = s.Scan(&v.Sent, &v.Bounced, &v.Complained)
		return v, err
	}, `SELECT count(*) FILTER (WHERE state IN ('sent', 'bounced')), count(*) FILTER (WHERE state = 'bounced'),
		(SELECT count(*) FROM mail_reports WHERE at >= ?1 AND kind = 'complaint' AND marketing = 1)
		FROM email_logs INDEXED BY email_logs_marketing_at WHERE created_at >= ?1 AND `+marketingKinds, ms(since))
}

// ForgetMarketing removes what segments, series and campaigns know of somebody
// whose account is being deleted. The list of suppressed addresses stays, since
// it is what keeps them from being written to again; figures stay as numbers.
func (tx *Tx) ForgetMarketing(ctx context.Context, user core.UserID, key core.EmailKey, at time.Time) error {
	for _, step := range []struct {
		text string
		args []any
	}{
		{`UPDATE mini_product_upsell_sequence SET ended_at = ?, end_reason = 'gone' WHERE ended_at IS NULL AND user_id = ?`, []any{ms(at), user}},
		{`UPDATE email_logs SET state = 'suppressed', error = 'withdrawn: gone' WHERE user_id = ? AND state = 'queued' AND ` + marketingKinds, []any{user}},
		{`UPDATE email_segments SET members = members - 1 WHERE id IN (SELECT segment_id FROM email_segment_members WHERE user_id = ?)`, []any{user}},
		{`DELETE FROM email_segment_members WHERE user_id = ?`, []any{user}},
		{`UPDATE campaign_recipients SET outcome = 'skipped', reason = 'the account is gone' WHERE user_id = ? AND outcome = 'waiting'`, []any{user}},
		{`UPDATE mail_reports SET detail = '' WHERE email_log_id IN (SELECT id FROM email_logs WHERE user_id = ?)`, []any{user}}, // a server's words name the address
		{`UPDATE mail_reports SET detail = '', address_key = '' WHERE ?1 <> '' AND (address_key = ?1 OR instr(lower(detail), ?1))`, []any{key}},
		{`DELETE FROM mail_preferences WHERE address_key = ?`, []any{key}},
		// What began with an address that she left ends with it.
		{`DELETE FROM enrolment_steps WHERE enrolment_id IN (SELECT e.id FROM mini_product_upsell_sequence e JOIN freebie_subscribers f ON f.id = e.lead_id
			WHERE f.user_id = ?1 OR (?2 <> '' AND f.email_key = ?2))`, []any{user, key}},
		{`DELETE FROM mini_product_upsell_sequence WHERE lead_id IN (SELECT id FROM freebie_subscribers WHERE user_id = ?1 OR (?2 <> '' AND email_key = ?2))`, []any{user, key}},
	} {
		if _, err := tx.exec(ctx, step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}
