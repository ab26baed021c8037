package billing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/billing"
)

// TestOneBadReportDoesNotHoldUpItsParent: what waits for a payment may fail for
// a reason of its own; the payment is applied all the same.
func TestOneBadReportDoesNotHoldUpItsParent(t *testing.T) {
	sh := newShop(t)
	if out := sh.send(t, refunded("1", 6700, 6700, time.Hour)); out != billing.Parked {
		t.Fatalf("outcome %s", out)
	}
	real := sh.Store
	sh.Store = failingRefunds{real}
	if out := sh.send(t, purchase("1", "a@example.com", "brand_blueprint_paid")); out != billing.Applied {
		t.Fatalf("the parent: %s", out)
	}
	u := sh.user(t, "a@example.com")
	if got := sh.balance(t, u.ID); got != 60 {
		t.Errorf("balance %d: half of the refund was kept", got)
	}
	sh.Store = real
	sh.clock.Advance(3 * time.Hour)
	if _, err := sh.CatchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := sh.balance(t, u.ID); got != 0 {
		t.Errorf("balance %d: the refund should have been tried again", got)
	}
}

// failingRefunds is a store in which refunded charges can't be kept.
type failingRefunds struct{ billing.Updater }

func (f failingRefunds) Update(ctx context.Context, fn func(context.Context, billing.Tx) error) error {
	return f.Updater.Update(ctx, func(ctx context.Context, tx billing.Tx) error { return fn(ctx, failingTx{tx}) })
}

type failingTx struct{ billing.Tx }

func (f failingTx) SavePayment(ctx context.Context, p billing.Payment) error {
	if err := f.Tx.SavePayment(ctx, p); err != nil {
		return err
	}
	if p.Refunded > 0 {
		return &core.Error{Code: core.Internal, Err: errors.New("planted")}
	}
	return nil
}
