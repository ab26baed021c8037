package stripegate

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// foreign adopts the objects of templates, with one set of ids.
func (r *rig) foreign(dir string, fill map[string]string, names ...string) {
	r.t.Helper()
	for _, name := range names {
		raw, err := json.Marshal(dataObject(r.t, fixture(r.t, dir, name, fill)))
		r.must(err)
		r.must(r.g.Adopt("", raw))
	}
}

var foreignIDs = map[string]string{
	"CUSTOMER": "cus_foreign", "SUBSCRIPTION": "sub_foreign", "INVOICE": "in_foreign", "CHARGE": "ch_foreign", "PAYMENT_INTENT": "pi_foreign",
	"EMAIL": "far@example.com", "PRODUCT_TYPE": "sselfie_studio_membership", "REF": "chk_far", "ITEM": "si_foreign", "LINE": "il_foreign",
	"SESSION": "cs_test_foreign", "DISPUTE": "dp_foreign", "NUMBER": "AB-1",
}

func TestAdoptedMembershipRenewsAndCancels(t *testing.T) {
	dir := fixtures(t)
	for name, files := range map[string][]string{
		"older layout":            {"checkout.session.completed.subscription", "customer.subscription.created", "invoice.paid.subscription_create"},
		"older layout, backwards": {"invoice.paid.subscription_create", "customer.subscription.updated.activated", "customer.subscription.created.incomplete", "checkout.session.completed.subscription"},
		"newer layout":            {"basil.invoice.payment_succeeded.subscription_create", "basil.invoice_payment.paid", "basil.customer.subscription.updated.cancel_at_period_end"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.foreign(dir, foreignIDs, files...)
			if got := r.flush(); len(got) != 0 {
				t.Fatalf("adopting brought %v", types(got))
			}
			sub, err := r.sc.Subscriptions.Get("sub_foreign", nil)
			r.must(err)
			if sub.Status != "active" || sub.Metadata["ref"] != "chk_far" || sub.Items.Data[0].Price.LookupKey != "studio_monthly_usd" {
				t.Errorf("adopted %+v", sub)
			}
			page := r.portal("cus_foreign")
			if sub.CancelAtPeriodEnd {
				if status, out := r.post(page+"/undo", nil); status != 200 {
					t.Errorf("undo answered %d %v", status, out)
				}
				wantTypes(t, r.flush(), "customer.subscription.updated")
			}
			events := r.advance(31 * days)
			wantTypes(t, events, renewal...)
			if inv := object[stripe.Invoice](t, events, "invoice.paid"); inv.Total != 9700 || inv.SubscriptionDetails.Metadata["ref"] != "chk_far" || inv.CustomerEmail != "far@example.com" {
				t.Errorf("renewed %d %v %s", inv.Total, inv.SubscriptionDetails.Metadata, inv.CustomerEmail)
			}
			if _, err := r.sc.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String("pi_foreign")}); err != nil {
				t.Errorf("its first payment cannot be refunded: %v", err)
			}
			r.flush()
			r.post(page+"/now", nil)
			wantTypes(t, r.flush(), "customer.subscription.deleted")
		})
	}
}

func TestAdoptedPaymentCanBeRefundedAndDisputed(t *testing.T) {
	dir := fixtures(t)
	r := newRig(t)
	r.foreign(dir, foreignIDs, "checkout.session.completed.payment_customer")
	_, err := r.sc.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String("pi_foreign"), Amount: stripe.Int64(700)})
	r.must(err)
	events := r.flush()
	if ch := object[stripe.Charge](t, events, "charge.refunded"); ch.Amount != 9700 || ch.AmountRefunded != 700 || ch.Metadata["ref"] != "chk_far" {
		t.Errorf("refunded %+v", ch)
	}
	r = newRig(t)
	r.foreign(dir, foreignIDs, "checkout.session.completed.payment_customer", "charge.refunded.partial", "charge.dispute.created")
	if n := len(r.g.s.Charges); n != 1 {
		t.Errorf("one payment has %d charges", n)
	}
	if status, out := r.post("/gateway/desk/disputes/dp_foreign/won", nil); status != 200 {
		t.Errorf("answered %d %v", status, out)
	}
	if d := object[stripe.Dispute](t, r.flush(), "charge.dispute.closed"); d.Status != "won" || d.PaymentIntent.ID != "pi_foreign" {
		t.Errorf("dispute %+v", d)
	}
	p := params("subscription", r.monthly().ID)
	p.Customer = stripe.String("cus_foreign")
	r.pay(r.session(p).ID, "4242424242424242")
}

func TestAdoptionNeverGoesBack(t *testing.T) {
	dir := fixtures(t)
	status := func(r *rig) string {
		return r.g.s.Subs["sub_foreign"].Status
	}
	r := newRig(t)
	r.foreign(dir, foreignIDs, "customer.subscription.created", "customer.subscription.created.incomplete")
	if status(r) != "active" {
		t.Errorf("incomplete replaced active: %s", status(r))
	}
	r.foreign(dir, foreignIDs, "customer.subscription.deleted", "customer.subscription.updated.activated")
	if status(r) != "canceled" {
		t.Errorf("an ended one came back as %s", status(r))
	}
	own := r.member("4242424242424242")
	raw := fmt.Sprintf(`{"id":%q,"object":"subscription","status":"canceled","ended_at":5}`, own.ID)
	r.must(r.g.Adopt("subscription", []byte(raw)))
	if s := r.g.s.Subs[own.ID]; s.Status != "active" {
		t.Errorf("an own subscription was overwritten: %s", s.Status)
	}
}

func TestLongLapsedMembershipIsNotRenewed(t *testing.T) {
	dir := fixtures(t)
	r := newRig(t)
	old := map[string]string{"CREATED": "1700000000", "PERIOD_END": "1702592000"}
	for k, v := range foreignIDs {
		old[k] = v
	}
	r.foreign(dir, old, "customer.subscription.created")
	if got := r.advance(400 * days); len(got) != 0 {
		t.Errorf("came %d events: %v", len(got), types(got)[:3])
	}
}

func TestAdoptTakesAnything(t *testing.T) {
	dir := fixtures(t)
	r := newRig(t)
	for _, name := range []string{
		"charge.dispute.closed.lost", "charge.refunded.full", "charge.refunded.subscription_full", "checkout.session.completed.payment_guest",
		"checkout.session.completed.payment_no_cost", "checkout.session.expired.no_email", "customer.subscription.trial_will_end",
		"invoice.payment_failed.final", "invoice.payment_action_required", "invoice.payment_succeeded.zero_amount",
	} {
		r.foreign(dir, foreignIDs, name)
	}
	for _, raw := range []string{`{}`, `{"object":"balance"}`, `{"id":"x","object":"account"}`} {
		if err := r.g.Adopt("", []byte(raw)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for _, raw := range []string{``, `[]`, `{"id":"sub_x","object":"subscription","items":7}`} {
		if err := r.g.Adopt("", []byte(raw)); err == nil {
			t.Errorf("%q was adopted", raw)
		}
	}
	r.advance(time.Hour)
}

func TestSentTellsOwnEvents(t *testing.T) {
	r := newRig(t)
	r.buy()
	e := r.flush()[0]
	if !r.g.Sent(e.ID) || r.g.Sent("evt_foreign") {
		t.Error("own and foreign events are mixed up")
	}
}
