package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
)

// bannerTime is how long after a payment its banner may still greet.
const bannerTime = 24 * time.Hour

// studioPage is GET /studio.
func (s *Server) studioPage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if s.welcomeFirst(ctx, c, who) {
		return nil
	}
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return err
	}
	pays, err := s.opts.Reads.PaymentsOf(ctx, who.User.ID)
	if err != nil {
		return err
	}
	v := view.Studio{
		Chrome: s.chrome(who, st), Name: who.User.Name, Balance: st.Balance, Tier: tierName(st.Right.Tier), Owned: owned(pays),
	}
	if tab := c.Query("tab"); slices.Contains([]string{"maya", "photos", "blueprint", "feed", "academy"}, tab) {
		v.Tab = tab
	}
	if c.Query("purchase") == "success" {
		newest := time.Time{}
		for _, p := range pays {
			if p.PaidAt.After(newest) && s.opts.Clock.Now().Sub(p.PaidAt) < bannerTime {
				newest, v.Purchased = p.PaidAt, p.Product
			}
		}
	}
	if st.Right.Tier < entitlements.Studio {
		promo, err := s.bestPromo(ctx, who)
		if err != nil {
			return err
		}
		lines, err := s.opts.Reads.CreditHistory(ctx, who.User.ID, "", recentLines)
		if err != nil {
			return err
		}
		v.Upgrade = &view.UpgradeOffer{
			Trigger: upgradeTrigger(st.Balance, lines), Promo: promo, Spent30d: spentSince(lines, s.opts.Clock.Now().AddDate(0, 0, -30)),
		}
	}
	return s.show(c, http.StatusOK, v)
}

// recentLines is how much of the ledger the upgrade offer looks at.
const recentLines = 100

// lowBalance is where credits may be running low.
const lowBalance = 30

// upgradeTrigger picks the sentence of the offer from the newest lines of the
// ledger: credits are out, or run low: below 30 and below half of the last
// grant, after at least one spend (product.md, Upgrade to Studio).
func upgradeTrigger(balance int, lines []credits.Entry) string {
	spent, grant := false, 0
	for _, e := range lines {
		switch {
		case e.Type == credits.Spend:
			spent = true
		case e.Amount > 0 && e.Type != credits.GiveBack && grant == 0:
			grant = e.Amount
		}
	}
	switch {
	case balance == 0:
		return "credits_out"
	case spent && balance < lowBalance && 2*balance < grant:
		return "credits_low"
	}
	return "button"
}

// spentSince sums what was spent, less what was given back.
func spentSince(lines []credits.Entry, since time.Time) int {
	n := 0
	for _, e := range lines {
		if (e.Type == credits.Spend || e.Type == credits.GiveBack) && e.At.After(since) {
			n -= e.Amount
		}
	}
	return max(n, 0)
}

// bestPromo returns the first promotion that counts for this customer, nil for
// none.
func (s *Server) bestPromo(ctx context.Context, who *signedIn) (*view.Promo, error) {
	for _, pr := range s.opts.Catalog.Promotions {
		if p, _, err := s.promo(ctx, who, pr.Code, s.product(pr.Product)); p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// blueprintPage is GET /blueprint, which lives in a tab of the studio.
func (s *Server) blueprintPage(c *fiber.Ctx) error {
	to := "/studio?tab=blueprint"
	if c.Query("paid") == "true" {
		to += "&purchase=success"
	}
	return seeOther(c, to)
}

// experiencePage is a product's own place. It opens for who bought the product,
// and for members.
func (s *Server) experiencePage(product core.ProductID) page {
	return func(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
		st, err := s.standing(ctx, who.User.ID)
		if err != nil {
			return err
		}
		pays, err := s.opts.Reads.PaymentsOf(ctx, who.User.ID)
		if err != nil {
			return err
		}
		return s.show(c, http.StatusOK, view.Experience{
			Chrome: s.chrome(who, st), Product: product, Balance: st.Balance,
			Locked: st.Right.Tier < entitlements.Studio && !slices.Contains(owned(pays), product),
		})
	}
}
