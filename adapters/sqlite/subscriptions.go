package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/billing"
)

const rowColumns = `id, user_id, product_type, status, live, current_period_start, current_period_end, cancel_at, cancel_at_period_end,
	past_due_since, ended_at, stripe_subscription_id, source_payment_id, created_at`

func scanRow(s scanner) (r billing.Row, err error) {
	err = s.Scan(&r.ID, &r.User, &r.Type, &r.Status, boolIn(&r.Live), timeIn(&r.PeriodStart), timeIn(&r.PeriodEnd), timeIn(&r.CancelAt),
		boolIn(&r.CancelAtPeriodEnd), timeIn(&r.PastDueSince), timeIn(&r.EndedAt), textIn(&r.StripeID), textIn(&r.Payment), timeIn(&r.CreatedAt))
	return r, err
}

// RowsOf returns an account's subscription rows.
func (r reads) RowsOf(ctx context.Context, user core.UserID) ([]billing.Row, error) {
	return all(ctx, r, scanRow, `SELECT `+rowColumns+` FROM subscriptions WHERE user_id = ? ORDER BY created_at, id`, user)
}

// SaveRow inserts or replaces a subscription row.
func (tx *Tx) SaveRow(ctx context.Context, r billing.Row) error {
	_, err := tx.exec(ctx, `INSERT INTO subscriptions (`+rowColumns+`, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, live = excluded.live, current_period_start = excluded.current_period_start,
		current_period_end = excluded.current_period_end, cancel_at = excluded.cancel_at, cancel_at_period_end = excluded.cancel_at_period_end,
		past_due_since = excluded.past_due_since, ended_at = excluded.ended_at, source_payment_id = excluded.source_payment_id, created_at = excluded.created_at,
		updated_at = excluded.updated_at`,
		r.ID, r.User, r.Type, r.Status, r.Live, msOrNull(r.PeriodStart), msOrNull(r.PeriodEnd), msOrNull(r.CancelAt), r.CancelAtPeriodEnd,
		msOrNull(r.PastDueSince), msOrNull(r.EndedAt), textOrNull(r.StripeID), textOrNull(r.Payment), ms(r.CreatedAt), ms(r.CreatedAt))
	return err
}

func scanObject(s scanner) (o billing.Object, err error) {
	var text string
	err = s.Scan(&o.Kind, &o.ID, textIn(&o.User), &o.Event, timeIn(&o.At), &text)
	o.Snapshot = []byte(text)
	return o, err
}

const objectColumns = `kind, id, user_id, event_id, event_at, snapshot`

// ObjectByID returns the newest snapshot of one thing at Stripe, nil for none.
func (r reads) ObjectByID(ctx context.Context, kind, id string) (*billing.Object, error) {
	o, found, err := maybe(ctx, r, scanObject, `SELECT `+objectColumns+` FROM stripe_objects WHERE kind = ? AND id = ?`, kind, id)
	if err != nil || !found {
		return nil, err
	}
	return &o, nil
}

// ObjectsOf returns an account's snapshots of a kind. The plus keeps the planner
// from walking through everybody's for the sake of their order.
func (r reads) ObjectsOf(ctx context.Context, user core.UserID, kind string) ([]billing.Object, error) {
	return all(ctx, r, scanObject, `SELECT `+objectColumns+` FROM stripe_objects WHERE user_id = ? AND +kind = ? ORDER BY id`, user, kind)
}

// SaveObject inserts or replaces a snapshot.
func (tx *Tx) SaveObject(ctx context.Context, o billing.Object) error {
	_, err := tx.exec(ctx, `INSERT INTO stripe_objects (`+objectColumns+`, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET user_id = COALESCE(excluded.user_id, user_id), event_id = excluded.event_id, event_at = excluded.event_at,
		snapshot = excluded.snapshot, updated_at = excluded.updated_at`,
		o.Kind, o.ID, textOrNull(o.User), o.Event, ms(o.At), string(o.Snapshot), ms(o.At))
	return err
}
