package billing

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/entitlements"
)

// RightOf returns the right that counts for a customer now, with its reason.
func (s *Service) RightOf(ctx context.Context, user core.UserID) (entitlements.Right, error) {
	rows, err := s.Read.RowsOf(ctx, user)
	if err != nil {
		return entitlements.Right{}, err
	}
	return RightAt(rows, s.Grace, s.Clock), nil
}

// RightAt returns the right that rows give now. Only live rows count.
func RightAt(rows []Row, grace time.Duration, clock core.Clock) entitlements.Right {
	var subs []entitlements.Subscription
	for _, r := range rows {
		if r.Live {
			subs = append(subs, r.Entitlement(Tier))
		}
	}
	return entitlements.At(entitlements.Rights(subs, grace), clock.Now())
}

// TierOf returns the tier that counts for a customer now.
func (s *Service) TierOf(ctx context.Context, user core.UserID) (entitlements.Tier, error) {
	r, err := s.RightOf(ctx, user)
	return r.Tier, err
}

// Bought returns payments in the words of the entitlements package.
func Bought(pays []Payment) []entitlements.Purchase {
	out := make([]entitlements.Purchase, len(pays))
	for i, p := range pays {
		out[i] = entitlements.Purchase{Product: p.Product, PaidAt: p.PaidAt, Refunded: p.FullyRefunded(), Contested: p.Contested()}
	}
	return out
}

// Opens reports whether a customer may enter an area of the product, and why.
func (s *Service) Opens(ctx context.Context, user core.UserID, a entitlements.Area) (bool, string, error) {
	tier, err := s.TierOf(ctx, user)
	if err != nil {
		return false, "", err
	}
	pays, err := s.Read.PaymentsOf(ctx, user)
	if err != nil {
		return false, "", err
	}
	ok, why := entitlements.Opens(a, tier, Bought(pays))
	return ok, why, nil
}
