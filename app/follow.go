package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/leads"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// billingStore gives billing its view of a transaction, and lets what follows
// from a change happen in the same one: a purchase, the series that it begins,
// the segments that it moves and the letter that is credited with it are one.
type billingStore struct {
	next  sqlite.Updater[*sqlite.Tx]
	voice *voice
	fold  core.Fold
}

func (h *house) billingStore() billing.Updater {
	return billingStore{sqlite.Bind(h.db, func(tx *sqlite.Tx) *sqlite.Tx { return tx }), h.voice, h.fold}
}

// Update implements billing.Updater.
func (s billingStore) Update(ctx context.Context, fn func(ctx context.Context, tx billing.Tx) error) error {
	return s.next.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		f := &followedTx{Tx: tx, fold: s.fold, whom: map[core.UserID]bool{}, newcomer: map[core.UserID]bool{}}
		if err := fn(ctx, f); err != nil {
			return err
		}
		for _, user := range slices.Sorted(maps.Keys(f.whom)) {
			var series sequences.FollowTx = tx
			if f.newcomer[user] {
				series = withoutPast{tx}
			}
			if err := s.voice.series.Follow(ctx, series, user); err != nil {
				return err
			}
			if err := s.voice.segments.Follow(ctx, tx, user); err != nil {
				return err
			}
		}
		return nil
	})
}

// followedTx notes whose payments and memberships change.
type followedTx struct {
	*sqlite.Tx
	fold     core.Fold
	whom     map[core.UserID]bool
	newcomer map[core.UserID]bool // made in this transaction, and no member: nothing need be looked up of them
}

// InsertUser implements billing.Tx.
func (t *followedTx) InsertUser(ctx context.Context, u accounts.User) error {
	err := t.Tx.InsertUser(ctx, u)
	t.newcomer[u.ID] = err == nil
	return err
}

// withoutPast is a transaction as an account sees it that began in it.
type withoutPast struct{ *sqlite.Tx }

// EnrolmentsOf implements sequences.FollowTx.
func (withoutPast) EnrolmentsOf(context.Context, core.UserID) ([]sequences.Enrolment, error) {
	return nil, nil
}

// MemberAfter implements sequences.FollowTx.
func (withoutPast) MemberAfter(context.Context, core.UserID, time.Time) (bool, error) {
	return false, nil
}

// InsertPayment implements billing.Tx. A sale is credited to the letter that led
// to it.
func (t *followedTx) InsertPayment(ctx context.Context, p billing.Payment) error {
	again, err := t.renewal(ctx, p)
	if err != nil {
		return err
	}
	if err := t.Tx.InsertPayment(ctx, p); err != nil {
		return err
	}
	t.whom[p.User] = true
	if again {
		return nil
	}
	sale := tracking.Sale{Payment: p.ID, User: p.User, Link: p.Link, At: p.PaidAt}
	if p.Checkout != "" {
		co, err := t.CheckoutByRef(ctx, p.Checkout)
		if err != nil {
			return err
		}
		if co != nil && accounts.CheckAddress(co.Email) == "" {
			sale.Key = t.fold(co.Email)
		}
	}
	if t.newcomer[p.User] && sale.Link == "" && sale.Key == "" {
		return nil // she was written to by no name that we know
	}
	_, err = tracking.Attribute(ctx, t.Tx, sale)
	return err
}

// renewal reports whether a payment is a further one of a membership: it is no
// letter's merit, though it carries the link of the first.
func (t *followedTx) renewal(ctx context.Context, p billing.Payment) (bool, error) {
	if p.Subscription == "" {
		return false, nil
	}
	all, err := t.PaymentsOf(ctx, p.User)
	return slices.ContainsFunc(all, func(o billing.Payment) bool { return o.Subscription == p.Subscription }), err
}

// SavePayment implements billing.Tx. What is returned counts for no letter.
func (t *followedTx) SavePayment(ctx context.Context, p billing.Payment) error {
	if err := t.Tx.SavePayment(ctx, p); err != nil {
		return err
	}
	t.whom[p.User] = true
	return tracking.Revalue(ctx, t.Tx, p.Mail)
}

// SaveRow implements billing.Tx.
func (t *followedTx) SaveRow(ctx context.Context, r billing.Row) error {
	t.whom[r.User] = true
	delete(t.newcomer, r.User)
	return t.Tx.SaveRow(ctx, r)
}

// leadStore begins the series of the free blueprint in the transaction that
// captures an address.
type leadStore struct {
	next  sqlite.Updater[*sqlite.Tx]
	voice *voice
}

func (h *house) leadStore() leads.Updater {
	return leadStore{sqlite.Bind(h.db, func(tx *sqlite.Tx) *sqlite.Tx { return tx }), h.voice}
}

// Update implements leads.Updater.
func (s leadStore) Update(ctx context.Context, fn func(ctx context.Context, tx leads.Tx) error) error {
	return s.next.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error { return fn(ctx, capturingTx{tx, s.voice}) })
}

type capturingTx struct {
	*sqlite.Tx
	voice *voice
}

// SaveLead implements leads.Tx. An address that was there before begins nothing
// again.
func (t capturingTx) SaveLead(ctx context.Context, l leads.Lead) error {
	_, err := t.LeadByID(ctx, l.ID)
	if err != nil && !core.Is(err, core.NotFound) {
		return err
	}
	if saved := t.Tx.SaveLead(ctx, l); saved != nil || err == nil {
		return saved
	}
	return t.voice.series.EnrolLead(ctx, t.Tx, l.ID, l.CreatedAt)
}
