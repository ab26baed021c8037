package billing_test

import (
	"context"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

const letterLink = core.LinkID("lnk_0123456789abcdef")

// left starts a checkout, lets it run out, and writes the letter about it.
func left(t *testing.T, sh *shop, in billing.StartCheckout) (billing.Opened, billing.Event) {
	t.Helper()
	o, err := sh.start(in)
	must(t, err)
	sh.clock.Advance(25 * time.Hour)
	sh.gateway.later = sh.clock.Now().Add(24 * time.Hour)
	over := purchase(o.SessionID, "me@example.com", o.Product)
	over.Kind, over.At, over.Session.Paid, over.Session.Meta.Ref = billing.CheckoutExpired, sh.clock.Now(), false, string(o.Ref)
	sh.send(t, over)
	must(t, sh.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		_, err := tx.PromiseLetter(ctx, mail.Queued{
			ID: "eml_left", ToKey: "me@example.com", At: sh.clock.Now(), BusinessKey: "abandoned_checkout:" + string(o.Ref),
			Promise: mail.Promise{Kind: mail.AbandonedCheckout, To: "me@example.com", Props: mail.Props{}},
		}, sequences.Origin{Link: letterLink, Dest: "/"})
		return err
	}))
	return o, over
}

func TestALeftCheckoutOpensAgain(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		in     billing.StartCheckout
		member bool // the buyer is a customer, signed in
		change func(sh *shop, back *billing.StartCheckout)
		same   bool // the checkout that was left
		want   core.Code
	}{
		"by a guest":                  {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup", Source: "instagram"}, false, nil, true, ""},
		"by its owner":                {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"}, true, nil, true, ""},
		"with its code":               {billing.StartCheckout{Door: billing.DoorUpgrade, Promo: "MINI20"}, true, nil, true, ""},
		"with a guessed link":         {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"}, false, func(_ *shop, b *billing.StartCheckout) { b.Link = "lnk_guess" }, false, ""},
		"for another product":         {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"}, false, func(_ *shop, b *billing.StartCheckout) { b.Product = "nine_post_feed" }, false, ""},
		"by a visitor, of an account": {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"}, true, func(_ *shop, b *billing.StartCheckout) { b.User = "" }, false, ""},
		"when its price has changed": {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"}, false, func(sh *shop, _ *billing.StartCheckout) {
			for i := range sh.Catalog.Products {
				sh.Catalog.Products[i].Price.Minor += 100
			}
		}, false, ""},
		"when its offer has ended": {billing.StartCheckout{Door: billing.DoorUpgrade, Promo: "MINI20"}, true, func(sh *shop, _ *billing.StartCheckout) { sh.clock.Advance(40 * day) }, false, core.Unprocessable},
		"when it is not sold any more": {billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"}, false, func(sh *shop, _ *billing.StartCheckout) {
			for i := range sh.Catalog.Products {
				sh.Catalog.Products[i].Disabled = true
			}
		}, false, core.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			if c.member {
				c.in.User = sh.customer(t, "me@example.com")
			}
			o, _ := left(t, sh, c.in)
			back := billing.StartCheckout{Door: c.in.Door, Product: c.in.Product, User: c.in.User, Source: "email", Link: string(letterLink), Resume: o.Ref}
			if c.change != nil {
				c.change(sh, &back)
			}
			got, err := sh.start(back)
			if core.CodeOf(err) != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if c.want != "" {
				return
			}
			if (got.Ref == o.Ref) != c.same || got.SessionID == o.SessionID || got.SessionID == "" {
				t.Fatalf("left %+v, got %+v", o, got)
			}
			if !c.same {
				return
			}
			n := sh.gateway.opened[len(sh.gateway.opened)-1]
			if n.Meta.Ref != string(o.Ref) || n.Meta.Source != c.in.Source || n.Meta.Link != string(letterLink) || n.Promotion != c.in.Promo {
				t.Errorf("asked of Stripe: %+v", n)
			}
			tries := len(sh.gateway.opened)
			if again, err := sh.start(back); err != nil || again != got || len(sh.gateway.opened) != tries {
				t.Errorf("the second click: %+v, %v", again, err)
			}
		})
	}
}

// Stripe tells late, or twice, that the first session ran out: the checkout that
// was opened again stays open, and can be paid.
func TestALateEndOfTheFirstSessionEndsNothing(t *testing.T) {
	sh := newShop(t)
	o, over := left(t, sh, billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"})
	got, err := sh.start(billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup", Link: string(letterLink), Resume: o.Ref})
	must(t, err)
	over.ID = "evt_once_more"
	sh.send(t, over)
	if co := sh.checkout(t, o.Ref); co.State != billing.CheckoutOpen || co.Session != got.SessionID {
		t.Fatalf("%+v", co)
	}
	paid := purchase(got.SessionID, "me@example.com", "bio_glowup")
	paid.At, paid.Session.Meta.Ref = sh.clock.Now(), string(o.Ref)
	sh.send(t, paid)
	if co := sh.checkout(t, o.Ref); co.State != billing.CheckoutComplete {
		t.Errorf("%+v", co)
	}
	if _, err := sh.start(billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup", Link: string(letterLink), Resume: o.Ref}); !core.Is(err, core.Conflict) {
		t.Errorf("a second payment of one checkout: %v", err)
	}
}
