package billing_test

import (
	"context"
	"testing"

	"sselfie/core"
)

func TestReceipts(t *testing.T) {
	ctx := context.Background()
	sh := newShop(t)
	free := purchase("cs_free", "ines@x.test", "bio_glowup")
	free.Session.PaymentIntent, free.Session.Discount, free.Session.Total = "", free.Session.Subtotal, 0
	gone := purchase("cs_gone", "ines@x.test", "nine_post_feed")
	gone.Session.PaymentIntent = "pi_gone"
	sh.send(t, purchase("cs_paid", "ines@x.test", "bio_glowup"))
	sh.send(t, free)
	sh.send(t, gone)
	ines := sh.user(t, "ines@x.test")
	sh.send(t, purchase("cs_eve", "eve@x.test", "bio_glowup"))
	id := func(user core.UserID, session string) core.PaymentID {
		pays, err := sh.Read.PaymentsOf(ctx, user)
		must(t, err)
		for _, p := range pays {
			if p.Session == session {
				return p.ID
			}
		}
		t.Fatalf("no payment of %s", session)
		return ""
	}
	for name, c := range map[string]struct {
		id   core.PaymentID
		want string
		code core.Code
	}{
		"what was charged":      {id(ines.ID, "cs_paid"), "https://pay.stripe.com/receipts/pi_cs_paid", ""},
		"a free order":          {id(ines.ID, "cs_free"), "", core.NotFound},
		"gone at Stripe":        {id(ines.ID, "cs_gone"), "", core.NotFound},
		"somebody else's":       {id(sh.user(t, "eve@x.test").ID, "cs_eve"), "", core.NotFound},
		"an id that nobody has": {"pay_none", "", core.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sh.Receipt(ctx, ines.ID, c.id)
			if got != c.want || core.CodeOf(err) != c.code {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
