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

// MayLeave fails with core.Conflict, in words for the customer, while Stripe
// would go on charging her: an account is deleted after its membership was
// cancelled, not instead.
func (s *Service) MayLeave(ctx context.Context, user core.UserID) error {
	rows, err := s.Read.RowsOf(ctx, user)
	if err != nil {
		return err
	}
	if Charged(rows) {
		return &core.Error{
			Code: core.Conflict, Op: "billing.MayLeave",
			Message: "Your membership is still running. Cancel it under Billing first, so that nothing more is charged; then delete your account.",
		}
	}
	return nil
}

// Charged reports whether any membership goes on being charged, also one that is
// not the row that counts.
func Charged(rows []Row) bool {
	for _, r := range rows {
		if r.StripeID != "" && !final(r.Status) && r.CancelAt.IsZero() && !r.CancelAtPeriodEnd {
			return true
		}
	}
	return false
}
