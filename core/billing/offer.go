package billing

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Offer is a promotion as it meets one customer.
type Offer struct {
	Promotion catalog.Promotion // the zero value for a code that nobody knows
	Ends      time.Time         // until when it counts for her; zero: no end to show
	Refused   string            // why it does not count, "" when it does
}

// OfferFor says what a code is worth to a customer, "" for a visitor. The pages
// that show a price and the checkout that takes it ask this one question.
func (s *Service) OfferFor(ctx context.Context, user core.UserID, code string, product core.ProductID) (Offer, error) {
	promo, ok := s.Catalog.Promotion(strings.TrimSpace(code))
	if !ok {
		return Offer{Refused: "We don't know this code. Check it, or leave it out to go on."}, nil
	}
	out := Offer{Promotion: promo}
	b := PromoBuyer{SignedIn: user != ""}
	if b.SignedIn {
		pays, err := s.Read.PaymentsOf(ctx, user)
		if err != nil {
			return out, err
		}
		for _, pay := range pays {
			if prod, ok := s.Catalog.Product(pay.Product); ok && prod.Kind == catalog.Mini && !pay.FullyRefunded() && pay.PaidAt.After(b.MiniAt) {
				b.MiniAt, out.Ends = pay.PaidAt, promo.Ends(pay.PaidAt)
			}
		}
		use, err := s.Read.PromotionUse(ctx, user, promo.Code)
		if err != nil {
			return out, err
		}
		if use != nil {
			if b.OfferEnd, b.Used = use.EndsAt, !use.UsedAt.IsZero(); !use.EndsAt.IsZero() {
				out.Ends = use.EndsAt
			}
		}
	}
	out.Refused = Promotable(promo, product, b, s.Clock.Now())
	return out, nil
}
