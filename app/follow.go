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
	"sselfie/core/segments"
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
		f := &followedTx{Tx: tx, fold: s.fold, whom: map[core.UserID]bool{}, newcomers: map[core.UserID]*newcomer{}}
		if err := fn(ctx, f); err != nil {
			return err
		}
		for _, user := range slices.Sorted(maps.Keys(f.whom)) {
			var known history = tx
			if n := f.newcomers[user]; n != nil {
				known = n
			}
			if err := s.voice.series.Follow(ctx, known, user); err != nil {
				return err
			}
			if err := s.voice.segments.Follow(ctx, known, user); err != nil {
				return err
			}
		}
		return nil
	})
}

// history is what series and segments look up of a customer, and change.
type history interface {
	sequences.FollowTx
	segments.FollowTx
}

// followedTx notes whose payments and memberships change.
type followedTx struct {
	*sqlite.Tx
	fold      core.Fold
	whom      map[core.UserID]bool
	newcomers map[core.UserID]*newcomer // made in this transaction
}

// InsertUser implements billing.Tx.
func (t *followedTx) InsertUser(ctx context.Context, u accounts.User) error {
	if err := t.Tx.InsertUser(ctx, u); err != nil {
		return err
	}
	t.newcomers[u.ID] = &newcomer{Tx: t.Tx, user: u}
	return nil
}

// Attempt implements billing.Tx. What failed was taken back, accounts with it.
func (t *followedTx) Attempt(ctx context.Context, fn func() error) error {
	err := t.Tx.Attempt(ctx, fn)
	if err != nil {
		clear(t.newcomers)
	}
	return err
}

// TagUser implements billing.Tx.
func (t *followedTx) TagUser(ctx context.Context, user core.UserID, tag, newID string, at time.Time) error {
	delete(t.newcomers, user)
	return t.Tx.TagUser(ctx, user, tag, newID, at)
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
	sale, marketing := tracking.Sale{Payment: p.ID, User: p.User, Link: p.Link, At: p.PaidAt}, ""
	if p.Checkout != "" {
		co, err := t.CheckoutByRef(ctx, p.Checkout)
		if err != nil {
			return err
		}
		if co != nil {
			marketing = co.Marketing
			if accounts.CheckAddress(co.Email) == "" {
				sale.Key = t.fold(co.Email)
			}
		}
	}
	if n := t.newcomers[p.User]; n != nil && !n.bought(p, marketing) {
		delete(t.newcomers, p.User)
	}
	if again {
		return nil
	}
	// An account that begins now may have had letters before it: a captured
	// address reads, clicks and buys.
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
	delete(t.newcomers, p.User)
	return tracking.Revalue(ctx, t.Tx, p.Mail)
}

// SaveRow implements billing.Tx.
func (t *followedTx) SaveRow(ctx context.Context, r billing.Row) error {
	t.whom[r.User] = true
	delete(t.newcomers, r.User)
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
