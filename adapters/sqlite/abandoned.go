package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/sequences"
)

// AbandonedCheckouts implements sequences.AbandonedTx.
func (r reads) AbandonedCheckouts(ctx context.Context, from, to time.Time, after core.CheckoutID, limit int) ([]sequences.Abandoned, error) {
	return all(ctx, r, func(s scanner) (a sequences.Abandoned, err error) {
		err = s.Scan(&a.ID, textIn(&a.User), &a.Email, &a.Product, &a.Price.Minor, &a.Price.Currency, &a.Marketing, timeIn(&a.CreatedAt))
		return a, err
	}, `SELECT c.id, c.user_id, c.email, c.product_id, c.price - c.discount, c.currency, c.marketing, c.created_at FROM checkouts c
		WHERE `+abandonable+` AND c.email <> '' AND c.expires_at BETWEEN ? AND ? AND c.id > ?
		AND NOT EXISTS (SELECT 1 FROM email_logs l WHERE l.business_key = 'abandoned_checkout:' || c.id) ORDER BY c.id LIMIT 0 + ?`, ms(from), ms(to), after, limit)
}

// RecoveryFacts implements sequences.AbandonedTx.
func (r reads) RecoveryFacts(ctx context.Context, a sequences.Abandoned, key core.EmailKey) (sequences.Recovery, error) {
	return one(ctx, r, func(s scanner) (f sequences.Recovery, err error) {
		var reasons string
		var off bool
		err = s.Scan(&f.Name, boolIn(&f.Bought), boolIn(&f.Newer), boolIn(&off), boolIn(&f.Refused), textIn(&reasons), boolIn(&f.Pending), timeIn(&f.LastMarketing))
		f.Listed = off || reasons != ""
		return f, err
	}, `WITH k AS (SELECT ?1 AS key, coalesce(?2, (SELECT id FROM users WHERE email_key = ?1)) AS user_id)
		SELECT coalesce((SELECT name FROM users u WHERE u.id = k.user_id), ''),
		EXISTS (SELECT 1 FROM stripe_payments p WHERE p.user_id = k.user_id AND p.paid_at >= ?3),
		EXISTS (SELECT 1 FROM checkouts c WHERE c.email = ?4 AND `+abandonable+` AND c.created_at > ?3 AND c.expires_at > ?3),
		EXISTS (SELECT 1 FROM users u WHERE u.id = k.user_id AND coalesce(u.unsubscribed_at, u.deleted_at) IS NOT NULL),
		EXISTS (SELECT 1 FROM mail_preferences x WHERE x.address_key = k.key AND x.offers = 0),`+addressFacts+` FROM k`,
		key, textOrNull(a.User), ms(a.CreatedAt), a.Email)
}

// CheckoutOfLetter returns the checkout that an abandoned-checkout letter was
// written about, by its link.
func (r reads) CheckoutOfLetter(ctx context.Context, link core.LinkID) (core.CheckoutID, error) {
	id, _, err := maybe(ctx, r, scalar[core.CheckoutID], `SELECT substr(m.business_key, 20) FROM email_links k JOIN email_logs m ON m.id = k.email_log_id
		WHERE k.id = ? AND m.kind = 'abandoned_checkout' AND m.business_key LIKE 'abandoned_checkout:%'`, link)
	return id, err
}
