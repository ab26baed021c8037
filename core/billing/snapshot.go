package billing

import (
	"cmp"
	"time"

	"sselfie/core"
	"sselfie/core/entitlements"
)

// Seen is a snapshot together with the event that brought it.
type Seen struct {
	Subscription Subscription
	Event        core.EventID
	At           time.Time // Stripe's time of the event
}

// statusRank breaks ties between two events of the same second
// (http-api.md, Checkout and payments).
var statusRank = map[string]int{
	"incomplete": 0, "trialing": 1, "active": 2, "past_due": 3, "unpaid": 4, "paused": 5,
}

func final(status string) bool { return status == "canceled" || status == "incomplete_expired" }

// Supersedes reports whether a replaces b. It is a total order, so that any
// sequence of events ends with the same snapshot: rank before time. Final states
// stay, incomplete never replaces another, then the newer event wins; on a tie
// the higher status, a set cancel_at, the later period end, the larger event id.
func (a Seen) Supersedes(b Seen) bool { return a.compare(b) > 0 }

func (a Seen) compare(b Seen) int {
	sa, sb := a.Subscription, b.Subscription
	return cmp.Or(
		truth(final(sa.Status), final(sb.Status)),
		truth(sa.Status != "incomplete", sb.Status != "incomplete"),
		a.At.Compare(b.At),
		cmp.Compare(statusRank[sa.Status], statusRank[sb.Status]),
		truth(cancels(sa), cancels(sb)),
		sa.PeriodEnd.Compare(sb.PeriodEnd),
		cmp.Compare(a.Event, b.Event),
	)
}

func cancels(s Subscription) bool { return !s.CancelAt.IsZero() || s.CancelAtPeriodEnd }

func truth(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Governing returns the index of the snapshot that counts among all memberships
// of one customer, -1 for none: one that gives access before one that doesn't,
// then the later period end, then the larger id. A second membership is a
// mistake that Stripe doesn't prevent; it must not shorten the first.
func Governing(all []Seen) int {
	best := -1
	for i, s := range all {
		if best < 0 || governs(s, all[best]) > 0 {
			best = i
		}
	}
	return best
}

func governs(a, b Seen) int {
	return cmp.Or(
		cmp.Compare(access(a.Subscription.Status), access(b.Subscription.Status)),
		a.Subscription.PeriodEnd.Compare(b.Subscription.PeriodEnd),
		cmp.Compare(a.Subscription.ID, b.Subscription.ID),
	)
}

func access(status string) int {
	switch status {
	case "active", "trialing":
		return 3
	case "past_due":
		return 2
	case "incomplete", "unpaid", "paused":
		return 1
	}
	return 0
}

// Row is one line of the subscriptions table: what a customer holds, and why.
type Row struct {
	ID                core.SubscriptionID
	User              core.UserID
	Type              string // an entitlement of the catalogue
	Status            string
	Live              bool
	PeriodStart       time.Time
	PeriodEnd         time.Time
	CancelAt          time.Time
	CancelAtPeriodEnd bool
	PastDueSince      time.Time
	EndedAt           time.Time
	StripeID          string // of a membership
	Payment           core.PaymentID
	CreatedAt         time.Time
}

// Entitlement says the row in the words of the entitlements package.
func (r Row) Entitlement(types func(string) entitlements.Tier) entitlements.Subscription {
	return entitlements.Subscription{
		Tier: types(r.Type), Status: r.Status, PeriodEnd: r.PeriodEnd, CancelAt: r.CancelAt,
		CancelAtPeriodEnd: r.CancelAtPeriodEnd, PastDueSince: r.PastDueSince,
	}
}

// Tier returns the tier that a product type of the subscriptions table gives.
func Tier(productType string) entitlements.Tier {
	switch productType {
	case "sselfie_studio_membership":
		return entitlements.Studio
	case "paid_blueprint":
		return entitlements.Blueprint
	}
	return entitlements.Free
}
