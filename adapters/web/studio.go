package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/entitlements"
	"sselfie/core/onboarding"
)

// bannerTime is how long after a payment its banner may still greet.
const bannerTime = 24 * time.Hour

// studioPage is GET /studio.
func (s *Server) studioPage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	first, shown := s.welcomeFirst(ctx, c, who)
	if shown {
		return nil
	}
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return err
	}
	pays, err := s.opts.Reads.PaymentsOf(ctx, who.User.ID)
	if err != nil {
		s.without(who, "purchases", err)
	}
	v := view.Studio{
		Chrome: s.chrome(who, st), Name: who.User.Name, Balance: st.Balance, Tier: tierName(st.Right.Tier), Owned: s.places(pays),
	}
	if tab := c.Query("tab"); slices.Contains([]string{"maya", "photos", "blueprint", "feed", "academy"}, tab) {
		v.Tab = tab
	}
	if c.Query("purchase") == "success" {
		if v.Purchased, err = s.purchaseBanner(ctx, who.User.ID, pays); err != nil {
			s.without(who, "the banner of a purchase", err)
		}
	}
	if name, ok := first.Answers["name"].(string); ok {
		v.Name = name // as she wants to be called
	}
	for _, said := range onboarding.Read(first.Answers, st.Right.Tier) {
		if first.Phase == "" {
			break // what cannot be read is not asked for
		}
		v.Answers = append(v.Answers, view.Answered{Question: said.Question, Text: said.Text, Change: "/welcome?change=" + said.Field + "&next=" + url.QueryEscape(planPath)})
	}
	gate := gates[v.Tab]
	if v.Tab == "feed" && slices.Contains(v.Owned, "nine_post_feed") {
		gate = "" // what was bought opens its own
	}
	if v.Upgrade, err = s.upgradeOffer(ctx, who, st, gate); err != nil {
		s.without(who, "the upgrade offer", err)
		v.Upgrade = nil
	}
	return s.show(c, http.StatusOK, v)
}

// places lists what a customer owns that has a place of its own, newest first;
// packs of credits have none.
func (s *Server) places(pays []billing.Payment) []core.ProductID {
	return slices.DeleteFunc(owned(pays), func(p core.ProductID) bool { return s.product(p).Kind == catalog.Pack })
}

// without tells that the studio opens without one of its parts: none of them
// may keep a customer out.
func (s *Server) without(who *signedIn, part string, err error) {
	s.opts.Log.Error("the studio opens without "+part, "op", "web.studioPage", "user", who.User.ID, "err", err)
}

// purchaseBanner returns the newest purchase of the last day, the first time it is
// asked for; a reload greets nobody.
func (s *Server) purchaseBanner(ctx context.Context, user core.UserID, pays []billing.Payment) (core.ProductID, error) {
	var newest billing.Payment
	for _, p := range pays {
		if p.PaidAt.After(newest.PaidAt) && s.opts.Clock.Now().Sub(p.PaidAt) < bannerTime {
			newest = p
		}
	}
	if newest.ID == "" || s.opts.Once == nil {
		return newest.Product, nil
	}
	if first, err := s.opts.Once(ctx, user, "bought:"+string(newest.ID)); err != nil || !first {
		return "", err
	}
	return newest.Product, nil
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
