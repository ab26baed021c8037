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
