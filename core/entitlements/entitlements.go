// Package entitlements answers what a customer may do, and why. It is pure: the
// subscriptions table is read elsewhere and handed in.
package entitlements

import (
	"fmt"
	"time"
)

// Tier is how much a customer has; a higher one includes the lower.
type Tier int

// The tiers, lowest first, so that max picks the best.
const (
	Free Tier = iota
	Blueprint
	Studio
)

// String returns the tier as the API writes it in entitlement.type.
func (t Tier) String() string {
	switch t {
	case Studio:
		return "studio"
	case Blueprint:
		return "paid"
	}
	return "free"
}

// Subscription is one row that could give a tier.
type Subscription struct {
	Tier              Tier
	Status            string    // Stripe's word for it, or "suspended"
	PeriodEnd         time.Time // zero: for ever
	CancelAt          time.Time // zero: renews
	CancelAtPeriodEnd bool
	PastDueSince      time.Time
}

// Right is a tier and until when it holds.
type Right struct {
	Tier   Tier
	Until  time.Time // zero: renews or is for ever
	Reason string
}

// Rights turns rows into rights: active and trialing count, past_due counts
// inside the grace period, everything else doesn't (product.md, Entitlements).
func Rights(subs []Subscription, grace time.Duration) []Right {
	var out []Right
	for _, s := range subs {
		switch s.Status {
		case "active", "trialing":
			r := Right{Tier: s.Tier, Reason: s.Tier.String() + " subscription is " + s.Status}
			switch {
			case !s.CancelAt.IsZero():
				r.Until, r.Reason = s.CancelAt, r.Reason+", cancelled for the end of the period"
			case s.CancelAtPeriodEnd && !s.PeriodEnd.IsZero():
				r.Until, r.Reason = s.PeriodEnd, r.Reason+", cancelled for the end of the period"
			}
			out = append(out, r)
		case "past_due":
			out = append(out, Right{
				Tier: s.Tier, Until: s.PastDueSince.Add(grace),
				Reason: fmt.Sprintf("%s subscription is past due, inside the grace period of %s", s.Tier, grace),
			})
		}
	}
	return out
}

// TierAt returns the highest tier that rights give at now. The last instant is
// out.
func TierAt(rights []Right, now time.Time) Tier { return At(rights, now).Tier }

// At returns the right that counts at now: the highest tier, and within a tier
// the one that holds longest. Without any it is Free, with that reason.
func At(rights []Right, now time.Time) Right {
	best := Right{Tier: Free, Reason: "no subscription counts"}
	for _, r := range rights {
		if !r.Until.IsZero() && !now.Before(r.Until) {
			continue
		}
		if r.Tier > best.Tier || (r.Tier == best.Tier && r.Tier != Free && longer(r.Until, best.Until)) {
			best = r
		}
	}
	return best
}

func longer(a, b time.Time) bool {
	if a.IsZero() || b.IsZero() {
		return a.IsZero() && !b.IsZero()
	}
	return a.After(b)
}
