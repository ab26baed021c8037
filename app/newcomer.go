package app

import (
	"context"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/segments"
	"sselfie/core/sequences"
)

// newcomer is a transaction as an account sees it that began in it by buying
// something. All that there is to know of her was just written, so nothing is
// looked up: most purchases are by strangers, and every look is paid for by all
// who wait for the writer. What changes more of her than a purchase takes the
// newcomer away, and the database is asked again.
type newcomer struct {
	*sqlite.Tx
	user accounts.User
	sold []sequences.Purchase
	kept []segments.Bought
}

// bought notes a purchase. It reports false for one that says more of the
// customer than that: a membership's, or one that is not wholly hers any more.
func (n *newcomer) bought(p billing.Payment, marketing string) bool {
	if p.Invoice != "" || p.Subscription != "" || p.Refunded > 0 || p.Dispute != "" {
		return false
	}
	at := p.PaidAt.Truncate(time.Millisecond)
	n.sold = append(n.sold, sequences.Purchase{Payment: p.ID, Product: p.Product, At: at, Marketing: marketing})
	n.kept = append(n.kept, segments.Bought{Product: p.Product, Source: p.Source, At: at})
	return len(n.sold) == 1 // the order of several is the database's to say
}

// PurchasesOf implements sequences.FollowTx.
func (n *newcomer) PurchasesOf(context.Context, core.UserID) ([]sequences.Purchase, error) {
	return n.sold, nil
}

// EnrolmentsOf implements sequences.FollowTx.
func (*newcomer) EnrolmentsOf(context.Context, core.UserID) ([]sequences.Enrolment, error) {
	return nil, nil
}

// MemberAfter implements sequences.FollowTx.
func (*newcomer) MemberAfter(context.Context, core.UserID, time.Time) (bool, error) {
	return false, nil
}

// SegmentFacts implements segments.Known.
func (n *newcomer) SegmentFacts(context.Context, []core.UserID, segments.Query, segments.Wants) ([]segments.Facts, error) {
	return []segments.Facts{{
		User: n.user.ID, Purchases: n.kept, Entitlement: "free", LastSeen: n.user.CreatedAt.Truncate(time.Millisecond),
	}}, nil
}
