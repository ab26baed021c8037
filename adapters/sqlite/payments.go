package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/billing"
)

const paymentColumns = `id, user_id, product_id, amount, subtotal, discount, tax, refunded, dispute, taken, shortfall, takes, currency, matched_by, customer_id, session_id,
	payment_intent, charge_id, invoice_id, subscription_id, checkout_id, source, campaign, link, email_log_id, live, receipt_url, paid_at, created_at`

func scanPayment(s scanner) (p billing.Payment, err error) {
	err = s.Scan(&p.ID, &p.User, &p.Product, &p.Amount, &p.Subtotal, &p.Discount, &p.Tax, &p.Refunded, &p.Dispute, &p.Taken, &p.Shortfall, &p.Takes, &p.Currency, &p.Match,
		textIn(&p.Customer), textIn(&p.Session), textIn(&p.PaymentIntent), textIn(&p.Charge), textIn(&p.Invoice), textIn(&p.Subscription),
		textIn(&p.Checkout), &p.Source, &p.Campaign, &p.Link, textIn(&p.Mail), boolIn(&p.Live), &p.ReceiptURL, timeIn(&p.PaidAt), timeIn(&p.CreatedAt))
	return p, err
}

// FindPayment returns the payment that has any of the given ids, nil for none.
func (r reads) FindPayment(ctx context.Context, by billing.PaymentIDs) (*billing.Payment, error) {
	p, found, err := maybe(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM stripe_payments
		WHERE session_id = ? OR invoice_id = ? OR payment_intent = ? OR charge_id = ? LIMIT 1`,
		textOrNull(by.Session), textOrNull(by.Invoice), textOrNull(by.PaymentIntent), textOrNull(by.Charge))
	if err != nil || !found {
		return nil, err
	}
	return &p, nil
}

// PaymentsOf returns an account's payments, oldest first.
func (r reads) PaymentsOf(ctx context.Context, user core.UserID) ([]billing.Payment, error) {
	return all(ctx, r, scanPayment, `SELECT `+paymentColumns+` FROM stripe_payments WHERE user_id = ? ORDER BY paid_at, id`, user)
}

// InsertPayment adds a payment; core.Conflict when one of its ids is known.
func (tx *Tx) InsertPayment(ctx context.Context, p billing.Payment) error {
	_, err := tx.exec(ctx, `INSERT INTO stripe_payments (`+paymentColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.User, p.Product, p.Amount, p.Subtotal, p.Discount, p.Tax, p.Refunded, p.Dispute, p.Taken, p.Shortfall, p.Takes, p.Currency, p.Match,
		textOrNull(p.Customer), textOrNull(p.Session), textOrNull(p.PaymentIntent), textOrNull(p.Charge), textOrNull(p.Invoice), textOrNull(p.Subscription),
		textOrNull(p.Checkout), p.Source, p.Campaign, p.Link, textOrNull(p.Mail), p.Live, p.ReceiptURL, ms(p.PaidAt), ms(p.CreatedAt))
	return err
}

// SavePayment writes what can change of a payment: its ids at Stripe, what was
// refunded, the mail that led to it, its owner when the creator assigns it.
func (tx *Tx) SavePayment(ctx context.Context, p billing.Payment) error {
	_, err := tx.exec(ctx, `UPDATE stripe_payments SET user_id = ?, refunded = ?, dispute = ?, taken = ?, shortfall = ?, takes = ?, payment_intent = ?, charge_id = ?, email_log_id = ?, receipt_url = ? WHERE id = ?`,
		p.User, p.Refunded, p.Dispute, p.Taken, p.Shortfall, p.Takes, textOrNull(p.PaymentIntent), textOrNull(p.Charge), textOrNull(p.Mail), p.ReceiptURL, p.ID)
	return err
}

// RefundsOf returns the refunds that were reported of a payment.
func (r reads) RefundsOf(ctx context.Context, p core.PaymentID) ([]billing.RefundSeen, error) {
	return all(ctx, r, func(s scanner) (x billing.RefundSeen, err error) {
		err = s.Scan(&x.ID, &x.Payment, &x.Amount, &x.Currency, &x.Status, timeIn(&x.At), &x.Event)
		return x, err
	}, `SELECT refund_id, payment_id, amount, currency, status, event_at, event_id FROM refunds WHERE payment_id = ? ORDER BY refund_id`, p)
}

// SaveRefund inserts or replaces a refund.
func (tx *Tx) SaveRefund(ctx context.Context, x billing.RefundSeen) error {
	_, err := tx.exec(ctx, `INSERT INTO refunds (refund_id, payment_id, amount, currency, status, event_at, event_id) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (refund_id) DO UPDATE SET amount = excluded.amount, status = excluded.status, event_at = excluded.event_at, event_id = excluded.event_id`,
		x.ID, x.Payment, x.Amount, x.Currency, x.Status, ms(x.At), x.Event)
	return err
}

// DisputesOf returns the disputes that were reported of a payment.
func (r reads) DisputesOf(ctx context.Context, p core.PaymentID) ([]billing.DisputeSeen, error) {
	return all(ctx, r, func(s scanner) (x billing.DisputeSeen, err error) {
		err = s.Scan(&x.ID, &x.Payment, &x.Amount, &x.Currency, &x.Status, &x.Reason, boolIn(&x.Closed), timeIn(&x.At), &x.Event)
		return x, err
	}, `SELECT dispute_id, payment_id, amount, currency, status, reason, closed, event_at, event_id FROM disputes WHERE payment_id = ? ORDER BY dispute_id`, p)
}

// SaveDispute inserts or replaces a dispute.
func (tx *Tx) SaveDispute(ctx context.Context, x billing.DisputeSeen) error {
	_, err := tx.exec(ctx, `INSERT INTO disputes (dispute_id, payment_id, amount, currency, status, reason, closed, event_at, event_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (dispute_id) DO UPDATE SET amount = excluded.amount, status = excluded.status, reason = excluded.reason, closed = excluded.closed,
		event_at = excluded.event_at, event_id = excluded.event_id`,
		x.ID, x.Payment, x.Amount, x.Currency, x.Status, x.Reason, x.Closed, ms(x.At), x.Event)
	return err
}
