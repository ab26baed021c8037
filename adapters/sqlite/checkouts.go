package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/billing"
)

const checkoutColumns = `id, user_id, signed_in, product_id, price, currency, promotion, discount, source, campaign, link, marketing,
	session_id, client_secret, state, email, created_at, expires_at, completed_at`

func scanCheckout(s scanner) (c billing.Checkout, err error) {
	err = s.Scan(&c.ID, textIn(&c.User), boolIn(&c.SignedIn), &c.Product, &c.Price.Minor, &c.Price.Currency, &c.Promotion, &c.Discount,
		&c.Source, &c.Campaign, &c.Link, &c.Marketing, textIn(&c.Session), &c.ClientSecret, &c.State, &c.Email,
		timeIn(&c.CreatedAt), timeIn(&c.ExpiresAt), timeIn(&c.CompletedAt))
	return c, err
}

func (r reads) checkout(ctx context.Context, where string, args ...any) (*billing.Checkout, error) {
	c, found, err := maybe(ctx, r, scanCheckout, where, args...)
	if err != nil || !found {
		return nil, err
	}
	return &c, nil
}

// CheckoutByRef returns our side of a checkout, nil where there is none.
func (r reads) CheckoutByRef(ctx context.Context, ref core.CheckoutID) (*billing.Checkout, error) {
	return r.checkout(ctx, `SELECT `+checkoutColumns+` FROM checkouts WHERE id = ?`, ref)
}

// CheckoutBySession returns the checkout of a Stripe session.
func (r reads) CheckoutBySession(ctx context.Context, session string) (*billing.Checkout, error) {
	return r.checkout(ctx, `SELECT `+checkoutColumns+` FROM checkouts WHERE session_id = ?`, session)
}

// OpenPromotionCheckout returns the customer's checkout that holds a code.
func (r reads) OpenPromotionCheckout(ctx context.Context, user core.UserID, code string) (*billing.Checkout, error) {
	return r.checkout(ctx, `SELECT `+checkoutColumns+` FROM checkouts
		WHERE user_id = ? AND promotion = ? AND promotion <> '' AND `+underway, user, code)
}

// SaveCheckout inserts or replaces a checkout.
func (tx *Tx) SaveCheckout(ctx context.Context, c billing.Checkout) error {
	tx.absent.checkout = false
	_, err := tx.exec(ctx, `INSERT INTO checkouts (`+checkoutColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, session_id = excluded.session_id, client_secret = excluded.client_secret, link = excluded.link,
		state = excluded.state, email = excluded.email, expires_at = excluded.expires_at, completed_at = excluded.completed_at`,
		c.ID, textOrNull(c.User), c.SignedIn, c.Product, c.Price.Minor, c.Price.Currency, c.Promotion, c.Discount,
		c.Source, c.Campaign, c.Link, c.Marketing, textOrNull(c.Session), c.ClientSecret, c.State, c.Email,
		ms(c.CreatedAt), msOrNull(c.ExpiresAt), msOrNull(c.CompletedAt))
	return err
}

// CustomerUser returns the account of a Stripe customer, "" for none.
func (r reads) CustomerUser(ctx context.Context, customer string) (core.UserID, error) {
	if customer == "" {
		return "", nil
	}
	id, _, err := maybe(ctx, r, scalar[core.UserID], `SELECT user_id FROM stripe_customers WHERE customer_id = ?`, customer)
	return id, err
}

// CustomersOf returns the Stripe customers of an account, newest first.
func (r reads) CustomersOf(ctx context.Context, user core.UserID) ([]string, error) {
	return all(ctx, r, scalar[string], `SELECT customer_id FROM stripe_customers WHERE user_id = ? ORDER BY created_at DESC, customer_id`, user)
}

// LinkCustomer keeps the first owner of a customer.
func (tx *Tx) LinkCustomer(ctx context.Context, customer string, user core.UserID, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO stripe_customers (customer_id, user_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, customer, user, ms(at))
	return err
}

// PriceProduct returns the product of the first price that is ours.
func (r reads) PriceProduct(ctx context.Context, prices []string) (core.ProductID, error) {
	for _, p := range prices {
		id, found, err := maybe(ctx, r, scalar[core.ProductID], `SELECT product_id FROM stripe_prices WHERE price_id = ?`, p)
		if err != nil || found {
			return id, err
		}
	}
	return "", nil
}

// SavePrice notes that a price at Stripe is ours. It is never forgotten: old
// subscribers keep old prices.
func (tx *Tx) SavePrice(ctx context.Context, price string, product core.ProductID, lookupKey string, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO stripe_prices (price_id, product_id, lookup_key, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		price, product, lookupKey, ms(at))
	return err
}

// PromotionUse returns a customer's offer of a code, nil for none.
func (r reads) PromotionUse(ctx context.Context, user core.UserID, code string) (*billing.PromotionUse, error) {
	u, found, err := maybe(ctx, r, func(s scanner) (u billing.PromotionUse, err error) {
		err = s.Scan(&u.User, &u.Code, timeIn(&u.EndsAt), textIn(&u.Reference), timeIn(&u.UsedAt))
		return u, err
	}, `SELECT user_id, code, ends_at, reference, used_at FROM promotion_uses WHERE user_id = ? AND code = ?`, user, code)
	if err != nil || !found {
		return nil, err
	}
	return &u, nil
}

// EarnOffer starts a customer's offer of a code, or prolongs it.
func (tx *Tx) EarnOffer(ctx context.Context, user core.UserID, code string, ends, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO promotion_uses (user_id, code, ends_at, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id, code) DO UPDATE SET ends_at = max(coalesce(ends_at, 0), excluded.ends_at)`, user, code, ms(ends), ms(at))
	return err
}

// SavePromotionUse inserts or replaces an offer.
func (tx *Tx) SavePromotionUse(ctx context.Context, u billing.PromotionUse) error {
	_, err := tx.exec(ctx, `INSERT INTO promotion_uses (user_id, code, ends_at, reference, used_at, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (user_id, code) DO UPDATE SET ends_at = excluded.ends_at, reference = excluded.reference, used_at = excluded.used_at`,
		u.User, u.Code, msOrNull(u.EndsAt), textOrNull(u.Reference), msOrNull(u.UsedAt), ms(firstSet(u.UsedAt, u.EndsAt)))
	return err
}

func firstSet(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Unix(0, 0)
}

// InsertConsent keeps what somebody agreed to.
func (tx *Tx) InsertConsent(ctx context.Context, c billing.Consent) error {
	_, err := tx.exec(ctx, `INSERT INTO consents (id, user_id, checkout_id, email_key, purpose, given, text_version, source, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, textOrNull(c.User), textOrNull(c.Checkout), textOrNull(c.Key), c.Purpose, c.Given, c.TextVersion, c.Source, ms(c.At))
	return err
}

// AdoptConsents gives a checkout's consents to the account that it found.
func (tx *Tx) AdoptConsents(ctx context.Context, checkout core.CheckoutID, user core.UserID) error {
	_, err := tx.exec(ctx, `UPDATE consents SET user_id = ? WHERE checkout_id = ? AND user_id IS NULL`, user, checkout)
	return err
}

// ConsentGiven reports whether the buyer of a checkout agreed to a purpose.
func (r reads) ConsentGiven(ctx context.Context, checkout core.CheckoutID, purpose string) (bool, error) {
	n, err := one(ctx, r, scalar[int64], `SELECT EXISTS (SELECT 1 FROM consents WHERE checkout_id = ? AND purpose = ? AND given = 1)`, checkout, purpose)
	return n != 0, err
}

// HasPrice reports whether a price at Stripe is known for a lookup key.
func (r reads) HasPrice(ctx context.Context, lookupKey string) (bool, error) {
	return one(ctx, r, scalar[bool], `SELECT EXISTS (SELECT 1 FROM stripe_prices WHERE lookup_key = ?)`, lookupKey)
}
