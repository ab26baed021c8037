package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/entitlements"
)

// bannerTime is how long after a payment its banner may still greet.
const bannerTime = 24 * time.Hour

// studioPage is GET /studio.
func (s *Server) studioPage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
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
		v.Upgrade = &view.UpgradeOffer{Trigger: s.trigger(st), Promo: promo}
	}
	return s.show(c, http.StatusOK, v)
}

// trigger picks the sentence of the upgrade offer.
func (s *Server) trigger(st standing) string {
	if st.Balance == 0 {
		return "credits_out"
	}
	return "button"
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
