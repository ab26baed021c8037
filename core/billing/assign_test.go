package billing_test

import (
	"context"
	"testing"

	"sselfie/core"
	"sselfie/core/billing"
)

func TestTheCreatorAssignsAnUnmatchedPayment(t *testing.T) {
	sh, ctx := newShop(t), context.Background()
	id := sh.signUp(t, "a@example.com", true)
	ev := purchase("cs_1", "", "bio_glowup")
	ev.ID = "evt_1"
	if out := sh.send(t, ev); out != billing.Parked {
		t.Fatalf("outcome %s", out)
	}
	if err := sh.Assign(ctx, "evt_1", "usr_nobody", "usr_admin"); !core.Is(err, core.NotFound) {
		t.Errorf("to nobody: %v", err)
	}
	must(t, sh.Assign(ctx, "evt_1", id, "usr_admin"))
	if got := sh.balance(t, id); got != 25 {
		t.Errorf("balance %d", got)
	}
	if err := sh.Assign(ctx, "evt_1", id, "usr_admin"); !core.Is(err, core.Conflict) {
		t.Errorf("twice: %v", err)
	}
	if err := sh.Assign(ctx, "evt_none", id, "usr_admin"); !core.Is(err, core.NotFound) {
		t.Errorf("an unknown event: %v", err)
	}
	sh.send(t, refunded("foreign", 1, 1, 0))
	if err := sh.Assign(ctx, "evt_refund_foreign_0s", id, "usr_admin"); !core.Is(err, core.Unprocessable) {
		t.Errorf("a refund: %v", err)
	}
}
