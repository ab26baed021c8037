package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/tracking"
)

// LinkByID implements tracking.LinkReads.
func (r reads) LinkByID(ctx context.Context, id core.LinkID) (tracking.Link, bool, error) {
	return maybe(ctx, r, func(s scanner) (l tracking.Link, err error) {
		err = s.Scan(&l.ID, &l.Mail, textIn(&l.User), &l.Dest, timeIn(&l.SentAt), timeIn(&l.FirstClick), timeIn(&l.LastClick), timeIn(&l.MachineClicked), timeIn(&l.Opened), timeIn(&l.MachineOpened), timeIn(&l.Trapped))
		return l, err
	}, `SELECT k.id, k.email_log_id, m.user_id, k.destination, m.sent_at, k.first_click_at, coalesce(m.last_click_at, m.clicked_at), m.machine_clicked_at, m.opened_at, m.machine_opened_at, k.trapped_at
		FROM email_links k JOIN email_logs m ON m.id = k.email_log_id WHERE k.id = ?`, id)
}

// RecordClick implements tracking.LinkTx.
func (tx *Tx) RecordClick(ctx context.Context, h tracking.Hit) error {
	tx.absent.click = false
	if h.Machine {
		res, err := tx.exec(ctx, `UPDATE email_logs SET machine_clicked_at = ? WHERE id = ? AND machine_clicked_at IS NULL`, ms(h.At), h.Mail)
		if err != nil || changed(res) == 0 {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE email_links SET machine_clicks = machine_clicks + 1 WHERE id = ?`, h.Link)
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE email_links SET clicks = clicks + 1, first_click_at = ? WHERE id = ? AND first_click_at IS NULL`, ms(h.At), h.Link); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE email_logs SET clicked_at = coalesce(clicked_at, ?1), opened_at = coalesce(opened_at, ?1),
		last_click_at = max(coalesce(last_click_at, clicked_at), ?1) WHERE id = ?2`, ms(h.At), h.Mail) // NULL the first time
	return err
}

// RecordOpen implements tracking.LinkTx.
func (tx *Tx) RecordOpen(ctx context.Context, h tracking.Hit) error {
	text := `UPDATE email_logs SET opened_at = ? WHERE id = ? AND opened_at IS NULL`
	if h.Machine {
		text = `UPDATE email_logs SET machine_opened_at = ? WHERE id = ? AND machine_opened_at IS NULL`
	}
	_, err := tx.exec(ctx, text, ms(h.At), h.Mail)
	return err
}

// RecordTrap implements tracking.LinkTx. What follows the link that nobody sees
// follows the others of the mail, too: all of them learn it.
func (tx *Tx) RecordTrap(ctx context.Context, h tracking.Hit, since time.Time) error {
	if _, err := tx.exec(ctx, `UPDATE email_links SET trapped_at = ?1, machine_clicks = machine_clicks + CASE WHEN first_click_at >= ?2 THEN clicks ELSE 0 END,
		clicks = CASE WHEN first_click_at >= ?2 THEN 0 ELSE clicks END, first_click_at = CASE WHEN first_click_at >= ?2 THEN NULL ELSE first_click_at END
		WHERE email_log_id = ?3`, ms(h.At), ms(since), h.Mail); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE email_logs SET machine_clicked_at = coalesce(machine_clicked_at, ?1),
		machine_opened_at = CASE WHEN opened_at >= ?2 THEN coalesce(machine_opened_at, ?1) ELSE machine_opened_at END,
		opened_at = CASE WHEN opened_at >= ?2 THEN NULL ELSE opened_at END, clicked_at = CASE WHEN clicked_at >= ?2 THEN NULL ELSE clicked_at END,
		last_click_at = CASE WHEN last_click_at >= ?2 THEN NULL ELSE last_click_at END
		WHERE id = ?3`, ms(h.At), ms(since), h.Mail)
	return err
}

// MailOfLink implements tracking.AttributionTx.
func (r reads) MailOfLink(ctx context.Context, link core.LinkID) (core.MailID, bool, error) {
	return maybe(ctx, r, scalar[core.MailID], `SELECT email_log_id FROM email_links WHERE id = ?`, link)
}

// LastClick implements tracking.AttributionTx.
func (r reads) LastClick(ctx context.Context, user core.UserID, key core.EmailKey, from, to time.Time) (core.MailID, bool, error) {
	type click struct {
		mail core.MailID
		at   time.Time
	}
	c, ok, err := maybe(ctx, r, func(s scanner) (c click, err error) {
		err = s.Scan(&c.mail, timeIn(&c.at))
		return c, err
	}, `SELECT id, at FROM (
		SELECT id, clicked_at AS at FROM email_logs WHERE to_key = ?1 AND clicked_at BETWEEN ?3 AND ?4
		UNION ALL SELECT id, last_click_at FROM email_logs WHERE to_key = ?1 AND last_click_at BETWEEN ?3 AND ?4
		UNION ALL SELECT l.id, l.clicked_at FROM users u JOIN email_logs l ON l.to_key = u.email_key WHERE u.id = ?2 AND l.clicked_at BETWEEN ?3 AND ?4
		UNION ALL SELECT l.id, l.last_click_at FROM users u JOIN email_logs l ON l.to_key = u.email_key WHERE u.id = ?2 AND l.last_click_at BETWEEN ?3 AND ?4)
		ORDER BY at DESC, id DESC LIMIT 1`, key, user, ms(from), ms(to))
	return c.mail, ok, err
}

// CreditMail implements tracking.AttributionTx.
func (tx *Tx) CreditMail(ctx context.Context, payment core.PaymentID, mail core.MailID) error {
	_, err := tx.exec(ctx, `UPDATE stripe_payments SET email_log_id = ? WHERE id = ?`, mail, payment)
	return err
}

// RecountMail implements tracking.AttributionTx.
func (tx *Tx) RecountMail(ctx context.Context, mail core.MailID) error {
	_, err := tx.exec(ctx, `UPDATE email_logs SET
		converted = EXISTS (SELECT 1 FROM stripe_payments p WHERE p.email_log_id = email_logs.id AND `+kept+`),
		revenue = (SELECT coalesce(sum(CASE p.dispute WHEN 'lost' THEN 0 ELSE p.amount - p.refunded END), 0) FROM stripe_payments p WHERE p.email_log_id = email_logs.id)
		WHERE id = ?`, mail)
	return err
}

// MailFate is what became of a mail in the hands of those who got it.
type MailFate struct {
	Opened, MachineOpened, Clicked, MachineClicked, Converted bool
	Revenue                                                   int64
}

// MailFate returns what became of a mail.
func (r reads) MailFate(ctx context.Context, id core.MailID) (MailFate, error) {
	return one(ctx, r, func(s scanner) (f MailFate, err error) {
		err = s.Scan(&f.Opened, &f.MachineOpened, &f.Clicked, &f.MachineClicked, &f.Converted, &f.Revenue)
		return f, err
	}, `SELECT opened_at IS NOT NULL, machine_opened_at IS NOT NULL, clicked_at IS NOT NULL, machine_clicked_at IS NOT NULL, converted, revenue FROM email_logs WHERE id = ?`, id)
}
