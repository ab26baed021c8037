package billing_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/billing"
)

// halfway is a Stripe that breaks off in the middle of every list, after it has
// told of one event.
type halfway struct {
	billing.Gateway
	one []byte
}

func (g halfway) down() error {
	return &core.Error{Code: core.Unavailable, Op: "test", Message: "Stripe does not answer."}
}

func (g halfway) list(fn func([]byte) error) error {
	if err := fn(g.one); err != nil {
		return err
	}
	return g.down()
}

func (g halfway) EventsSince(_ context.Context, _ time.Time, fn func([]byte) error) error {
	return g.list(fn)
}

func (g halfway) ObjectsSince(_ context.Context, _ time.Time, fn func([]byte) error) error {
	return g.list(fn)
}

func (g halfway) PortalURL(context.Context, string, string) (string, error) { return "", g.down() }

func (g halfway) ReceiptURL(context.Context, string) (string, error) { return "", g.down() }

// What a list told before it broke off is kept once; the walk is not noted as
// done, so the next one begins where this one did.
func TestAStripeThatBreaksOffInTheMiddle(t *testing.T) {
	sh := newShop(t)
	user := sh.member(t, "ines@x.test")
	if _, err := sh.Portal(context.Background(), user); err != nil {
		t.Fatalf("the portal before: %v", err)
	}
	ev := purchase("cs_late", "late@x.test", "bio_glowup")
	payload, err := json.Marshal(ev)
	must(t, err)
	sh.Gateway = halfway{sh.gateway, payload}
	for name, run := range map[string]func() error{
		"the portal":     func() error { _, err := sh.Portal(context.Background(), user); return err },
		"the catch-up":   func() error { _, err := sh.CatchUp(context.Background()); return err },
		"the comparison": func() error { _, err := sh.Reconcile(context.Background(), sh.clock.Now(), false); return err },
		"the repair":     func() error { _, err := sh.Reconcile(context.Background(), sh.clock.Now(), true); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(); !core.Is(err, core.Unavailable) {
				t.Errorf("it says %v", err)
			}
			if _, noted, err := sh.db.Setting(context.Background(), "stripe_catch_up_until"); err != nil || noted {
				t.Errorf("a walk that broke off counts as done (%v)", err)
			}
		})
	}
	if got := sh.balance(t, sh.user(t, "late@x.test").ID); got != 25 {
		t.Errorf("what was told before is worth %d credits, want 25", got)
	}
}

// A subscription may hold more than our membership: what else is on it is the
// creator's business, and one without our price grants nothing.
func TestWhatASubscriptionMayHold(t *testing.T) {
	ours := billing.Item{Price: "price_x", Currency: "usd", Amount: 9700, Quantity: 1}
	other := billing.Item{Price: "price_coaching", Currency: "usd", Amount: 30000, Quantity: 1}
	twice, euros := ours, ours
	twice.Quantity, euros.Currency = 2, "eur"
	for name, c := range map[string]struct {
		items []billing.Item
		want  billing.Outcome
	}{
		"ours":                  {[]billing.Item{ours}, billing.Applied},
		"ours and another":      {[]billing.Item{ours, other}, billing.Applied},
		"another, then ours":    {[]billing.Item{other, ours}, billing.Applied},
		"another alone":         {[]billing.Item{other}, billing.Parked},
		"two seats":             {[]billing.Item{twice}, billing.Parked},
		"ours in another money": {[]billing.Item{euros}, billing.Parked},
		"nothing":               {nil, billing.Parked},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			id := sh.customer(t, "ines@x.test")
			events := membership("m", "ines@x.test")
			rows := len(sh.rows(t, id))
			active := events[1]
			sub := *active.Subscription
			sub.Items, sub.Customer, sub.Meta.User = c.items, "cus_"+string(id), id
			active.Subscription = &sub
			if out := sh.send(t, active); out != c.want {
				t.Errorf("the report is %s, want %s", out, c.want)
			}
			if got := len(sh.rows(t, id)) - rows; (got == 1) != (c.want == billing.Applied) {
				t.Errorf("it brought %d rights", got)
			}
		})
	}
}

// A dispute about a payment that nobody here knows waits, changes nothing, and
// is applied when the payment arrives after all.
func TestADisputeThatComesBeforeItsPayment(t *testing.T) {
	sh := newShop(t)
	if out := sh.send(t, disputed("cs_1", "needs_response", false, time.Hour)); out != billing.Parked {
		t.Fatalf("the dispute is %s", out)
	}
	sh.send(t, purchase("cs_1", "ines@x.test", "bio_glowup"))
	if got := sh.balance(t, sh.user(t, "ines@x.test").ID); got != 0 {
		t.Errorf("%d credits can be spent while the payment is contested", got)
	}
}
