package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/leads"
)

const leadColumns = `id, email, email_key, name, source, consent_at, consent_text, confirmed_at, user_id, converted_at, created_at`

func scanLead(s scanner) (l leads.Lead, err error) {
	err = s.Scan(&l.ID, &l.Email, &l.Key, &l.Name, &l.Source, timeIn(&l.ConsentAt), &l.ConsentText, timeIn(&l.ConfirmedAt),
		textIn(&l.User), timeIn(&l.ConvertedAt), timeIn(&l.CreatedAt))
	return l, err
}

// LeadByKey returns the lead with a folded address.
func (r reads) LeadByKey(ctx context.Context, key core.EmailKey) (leads.Lead, error) {
	return one(ctx, r, scanLead, `SELECT `+leadColumns+` FROM freebie_subscribers WHERE email_key = ?`, key)
}

// LeadByID returns a lead.
func (r reads) LeadByID(ctx context.Context, id string) (leads.Lead, error) {
	return one(ctx, r, scanLead, `SELECT `+leadColumns+` FROM freebie_subscribers WHERE id = ?`, id)
}

// SaveLead inserts a lead, or writes what can change of it.
func (tx *Tx) SaveLead(ctx context.Context, l leads.Lead) error {
	tx.absent.lead = false
	_, err := tx.exec(ctx, `INSERT INTO freebie_subscribers (`+leadColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, consent_at = excluded.consent_at,
		consent_text = excluded.consent_text, confirmed_at = excluded.confirmed_at, user_id = excluded.user_id, converted_at = excluded.converted_at`,
		l.ID, l.Email, l.Key, l.Name, l.Source, ms(l.ConsentAt), l.ConsentText, msOrNull(l.ConfirmedAt), textOrNull(l.User), msOrNull(l.ConvertedAt), ms(l.CreatedAt))
	return err
}

// KeepConsent adds an agreement of somebody who has no account.
func (tx *Tx) KeepConsent(ctx context.Context, c leads.Consent) error {
	_, err := tx.exec(ctx, `INSERT INTO consents (id, email_key, purpose, given, text_version, source, at) VALUES (?, ?, ?, 1, ?, ?, ?)`,
		c.ID, c.Key, c.Purpose, c.TextVersion, c.Source, ms(c.At))
	return err
}

// JoinLead gives the lead with this address to an account.
func (tx *Tx) JoinLead(ctx context.Context, key core.EmailKey, user core.UserID) error {
	_, err := tx.exec(ctx, `UPDATE freebie_subscribers SET user_id = ? WHERE email_key = ? AND user_id IS NULL`, user, key)
	return err
}

// ConvertLead marks a buyer's lead.
func (tx *Tx) ConvertLead(ctx context.Context, key core.EmailKey, user core.UserID, at time.Time) error {
	if tx.absent.lead && tx.absent.Key == key && tx.new(user) {
		return nil
	}
	_, err := tx.exec(ctx, `UPDATE freebie_subscribers SET converted_at = ? WHERE (email_key = ? OR user_id = ?) AND converted_at IS NULL`, ms(at), textOrNull(key), user)
	return err
}
