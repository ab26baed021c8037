package billing

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Derive returns the subscription rows that a customer's snapshots and payments
// give: one for each membership, of which the governing one is live, and one for
// each entitlement that a purchase brought. It is pure, and shared by the
// webhook and by reconciliation. Rows that exist keep their id.
func Derive(user core.UserID, seen []Seen, pays []Payment, cat catalog.Catalog, old []Row, newID func() core.SubscriptionID) []Row {
	var out []Row
	best := Governing(seen)
	for i, s := range seen {
		row := match(old, func(r Row) bool { return r.StripeID == s.Subscription.ID })
		if row.ID == "" {
			row.ID = newID()
		}
		sub := s.Subscription
		row.User, row.Type, row.Status, row.Live = user, catalog.EntitlementStudio, sub.Status, i == best
		row.PeriodStart, row.PeriodEnd = sub.PeriodStart, sub.PeriodEnd
		row.CancelAt, row.CancelAtPeriodEnd = sub.CancelAt, sub.CancelAtPeriodEnd
		row.EndedAt, row.StripeID, row.CreatedAt = sub.EndedAt, sub.ID, sub.Created
		row.PastDueSince = s.pastDueSince()
		if access(sub.Status) >= 2 && contested(pays, sub.ID) {
			row.Status = "suspended"
		}
		if final(sub.Status) && row.EndedAt.IsZero() {
			row.EndedAt = s.At
		}
		out = append(out, row)
	}
	for _, ent := range purchasable(cat) {
		if row, ok := derivePurchase(user, ent, pays, cat, old, newID); ok {
			out = append(out, row)
		}
	}
	return out
}

// pastDueSince is when the period began that was not paid. Stripe moves the
// period on before it charges, so that is the start of the current one.
func (s Seen) pastDueSince() (t time.Time) {
	if s.Subscription.Status != "past_due" {
		return t
	}
	if start := s.Subscription.PeriodStart; !start.IsZero() && s.At.Sub(start) < s.Subscription.PeriodEnd.Sub(start) {
		return start
	}
	return s.At
}

func purchasable(cat catalog.Catalog) []string {
	var out []string
	for _, p := range cat.Products {
		if p.Entitlement != "" && !p.Monthly() && !slices.Contains(out, p.Entitlement) {
			out = append(out, p.Entitlement)
		}
	}
	return out
}

// derivePurchase: the entitlement holds as long as one unrefunded purchase is
// left; the row names the earliest of them.
func derivePurchase(user core.UserID, ent string, pays []Payment, cat catalog.Catalog, old []Row, newID func() core.SubscriptionID) (Row, bool) {
	row := match(old, func(r Row) bool { return r.Type == ent && r.StripeID == "" })
	var all []Payment
	for _, p := range pays {
		if prod, ok := cat.Product(p.Product); ok && prod.Entitlement == ent && p.Invoice == "" {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return row, false
	}
	slices.SortFunc(all, func(a, b Payment) int { return cmp.Or(a.PaidAt.Compare(b.PaidAt), cmp.Compare(a.Session, b.Session)) })
	if row.ID == "" {
		row.ID = newID()
	}
	row.User, row.Type, row.Live, row.CreatedAt = user, ent, true, all[0].PaidAt
	row.Status, row.Payment = "canceled", all[0].ID
	for _, p := range all {
		if p.FullyRefunded() {
			continue
		}
		if !p.Contested() {
			row.Status, row.Payment = "active", p.ID
			break
		}
		row.Status = "suspended"
	}
	return row, true
}

// contested reports whether an invoice of the membership is disputed.
func contested(pays []Payment, subscription string) bool {
	return slices.ContainsFunc(pays, func(p Payment) bool { return p.Subscription == subscription && p.Contested() })
}

func match(rows []Row, is func(Row) bool) Row {
	if i := slices.IndexFunc(rows, is); i >= 0 {
		return rows[i]
	}
	return Row{}
}

// SeenIn reads stored subscription snapshots.
func SeenIn(objs []Object) ([]Seen, error) {
	seen := make([]Seen, len(objs))
	for i, o := range objs {
		seen[i] = Seen{Event: o.Event, At: o.At}
		if err := json.Unmarshal(o.Snapshot, &seen[i].Subscription); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// RowReader is what Rederive looks at.
type RowReader interface {
	ObjectsOf(ctx context.Context, user core.UserID, kind string) ([]Object, error)
	PaymentsOf(ctx context.Context, user core.UserID) ([]Payment, error)
	RowsOf(ctx context.Context, user core.UserID) ([]Row, error)
}

// RowTx is what SyncRows needs of a transaction.
type RowTx interface {
	RowReader
	SaveRow(ctx context.Context, r Row) error
}

// Rederive reads what is kept of a customer and derives her rows again; have are
// the rows that are there.
func Rederive(ctx context.Context, r RowReader, user core.UserID, cat catalog.Catalog, newID func() core.SubscriptionID) (want, have []Row, err error) {
	objs, err := r.ObjectsOf(ctx, user, "subscription")
	if err != nil {
		return nil, nil, err
	}
	seen, err := SeenIn(objs)
	if err != nil {
		return nil, nil, err
	}
	pays, err := r.PaymentsOf(ctx, user)
	if err != nil {
		return nil, nil, err
	}
	if have, err = r.RowsOf(ctx, user); err != nil {
		return nil, nil, err
	}
	return Derive(user, seen, pays, cat, have, newID), have, nil
}

// SyncRows saves what Rederive gives where it differs from what is there.
func SyncRows(ctx context.Context, tx RowTx, user core.UserID, cat catalog.Catalog, ids core.IDs) error {
	want, have, err := Rederive(ctx, tx, user, cat, func() core.SubscriptionID { return core.SubscriptionID(ids.NewID("sub")) })
	if err != nil {
		return err
	}
	// At most one row is live at a time, so those that step down go first.
	slices.SortStableFunc(want, func(a, b Row) int { return truth(a.Live, b.Live) })
	for _, r := range want {
		if slices.Contains(have, r) {
			continue
		}
		if err := tx.SaveRow(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) syncRows(ctx context.Context, tx Tx, user core.UserID) error {
	return SyncRows(ctx, tx, user, s.Catalog, s.IDs)
}
