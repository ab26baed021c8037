package web

import (
	"context"
	"time"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
)

// Once reports whether something happens to a customer for the first time on
// this day, by the business clock. What is kept, is kept here and not in her
// browser.
type Once func(ctx context.Context, user core.UserID, what string) (first bool, err error)

// gates are the tabs of the studio that a tier may find closed.
var gates = map[string]entitlements.Feature{"academy": entitlements.Academy, "feed": entitlements.FeedPlannerFull}

// upgradeOffer is what leads a customer to Studio, nil for a member. gate is the
// feature that she asked for, "" for none. The modal opens by itself when
// something presses, at most once a day.
func (s *Server) upgradeOffer(ctx context.Context, who *signedIn, st standing, gate entitlements.Feature) (*view.UpgradeOffer, error) {
	if st.Right.Tier >= entitlements.Studio {
		return nil, nil
	}
	promo, err := s.bestPromo(ctx, who)
	if err != nil {
		return nil, err
	}
	use, err := s.usage(ctx, who.User.ID)
	if err != nil {
		return nil, err
	}
	trigger := entitlements.OfferStudio(st.Right.Tier, st.Balance, use.lastGrant, use.spent, gate)
	o := &view.UpgradeOffer{Trigger: string(trigger), Promo: promo, Spent30d: use.month}
	if trigger == entitlements.FeatureGate {
		o.Feature = string(gate)
	}
	if trigger != entitlements.NoTrigger && s.opts.Once != nil {
		o.OpenNow, err = s.opts.Once(ctx, who.User.ID, "upgrade")
	}
	return o, err
}

// usage is what the ledger says of a customer lately.
type usage struct {
	lastGrant int  // the newest credits that were neither given back nor taken
	spent     bool // ever
	month     int  // in the last 30 days, less what was given back
}

// usagePage and usagePages bound what the offer reads of a ledger.
const (
	usagePage  = 100
	usagePages = 20
)

// usage reads the ledger back until it has seen a month and a grant.
func (s *Server) usage(ctx context.Context, user core.UserID) (usage, error) {
	var u usage
	since, before := s.opts.Clock.Now().AddDate(0, 0, -30), core.CreditID("")
	for range usagePages {
		lines, err := s.opts.Reads.CreditHistory(ctx, user, before, usagePage)
		if err != nil {
			return u, err
		}
		done := u.add(lines, since)
		if done || len(lines) < usagePage {
			break
		}
		before = lines[len(lines)-1].ID
	}
	u.month = max(u.month, 0)
	return u, nil
}

// add counts lines, newest first. It reports whether older ones can say nothing
// new.
func (u *usage) add(lines []credits.Entry, since time.Time) (done bool) {
	for _, e := range lines {
		switch {
		case e.Type == credits.Spend:
			u.spent = true
		case e.Amount > 0 && e.Type != credits.GiveBack && u.lastGrant == 0:
			u.lastGrant = e.Amount
		}
		if (e.Type == credits.Spend || e.Type == credits.GiveBack) && e.At.After(since) {
			u.month -= e.Amount
		}
		if u.lastGrant > 0 && u.spent && !e.At.After(since) {
			return true
		}
	}
	return false
}
