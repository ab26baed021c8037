package stripegate

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

const days = 24 * time.Hour

var renewal = []string{
	"invoice.created", "customer.subscription.updated", "invoice.finalized", "payment_intent.created",
	"payment_intent.succeeded", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded",
}

// member returns a subscription paid with a card.
func (r *rig) member(number string) *stripe.Subscription {
	r.t.Helper()
	s := r.session(params("subscription", r.monthly().ID))
	r.pay(s.ID, number)
	done, err := r.sc.CheckoutSessions.Get(s.ID, nil)
	r.must(err)
	sub, err := r.sc.Subscriptions.Get(done.Subscription.ID, nil)
	r.must(err)
	r.flush()
	return sub
}

func (r *rig) mini20(products ...string) *stripe.PromotionCode {
	r.t.Helper()
	c := &stripe.CouponParams{ID: stripe.String("mini20"), Name: stripe.String("MINI20"), AmountOff: stripe.Int64(2000), Currency: stripe.String("usd"), Duration: stripe.String("once")}
	if len(products) > 0 {
		c.AppliesTo = &stripe.CouponAppliesToParams{Products: stripe.StringSlice(products)}
	}
	_, err := r.sc.Coupons.New(c)
	r.must(err)
	p, err := r.sc.PromotionCodes.New(&stripe.PromotionCodeParams{Coupon: stripe.String("mini20"), Code: stripe.String("MINI20")})
	r.must(err)
	return p
}

func TestDiscountHoldsForTheFirstInvoiceOnly(t *testing.T) {
	r := newRig(t)
	price := r.monthly()
	promo := r.mini20(price.Product.ID)
	p := params("subscription", price.ID)
	p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: stripe.String(promo.ID)}}
	s := r.session(p)
	if s.AmountSubtotal != 9700 || s.AmountTotal != 7700 || s.TotalDetails.AmountDiscount != 2000 {
		t.Errorf("session %d - %d = %d", s.AmountSubtotal, s.TotalDetails.AmountDiscount, s.AmountTotal)
	}
	r.pay(s.ID, "4242424242424242")
	first := object[stripe.Invoice](t, r.flush(), "invoice.paid")
	if first.Subtotal != 9700 || first.Total != 7700 || first.AmountPaid != 7700 || first.Discount.PromotionCode.ID != promo.ID {
		t.Errorf("first invoice %d %d", first.Subtotal, first.Total)
	}
	events := r.advance(30*days + 2*time.Hour)
	wantTypes(t, events, renewal...)
	second := object[stripe.Invoice](t, events, "invoice.paid")
	if second.Total != 9700 || second.BillingReason != "subscription_cycle" || second.Discount != nil {
		t.Errorf("second invoice %d because of %s", second.Total, second.BillingReason)
	}
	if used, err := r.sc.PromotionCodes.Get(promo.ID, nil); err != nil || used.TimesRedeemed != 1 {
		t.Errorf("redeemed %+v %v", used, err)
	}
}

func TestAYearOfMembership(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	var paid []string
	for _, e := range r.advance(366 * days) {
		if e.Type == "invoice.paid" {
			inv := object[stripe.Invoice](t, []stripe.Event{e}, "invoice.paid")
			paid = append(paid, time.Unix(inv.Lines.Data[0].Period.Start, 0).UTC().Format("01-02 15")+" charged "+time.Unix(e.Created, 0).UTC().Format("15:04"))
		}
	}
	// Begun on March 31: short months end on their last day, long ones return to the 31st.
	want := []string{"04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31", "01-31", "02-28", "03-31"}
	if len(paid) != len(want) {
		t.Fatalf("%d renewals: %v", len(paid), paid)
	}
	for i := range want {
		if paid[i] != want[i]+" 09 charged 10:00" {
			t.Errorf("renewal %d: %s", i+1, paid[i])
		}
	}
	now, err := r.sc.Subscriptions.Get(sub.ID, nil)
	r.must(err)
	if end := time.Unix(now.CurrentPeriodEnd, 0).UTC(); end != time.Date(2027, 4, 30, 9, 0, 0, 0, time.UTC) {
		t.Errorf("paid until %s", end)
	}
}

func TestCardThatFailsOnRenewalEndsTheMembership(t *testing.T) {
	r := newRig(t)
	r.member("4000000000000341")
	events := r.advance(30*days + 2*time.Hour)
	wantTypes(t, events, "invoice.created", "customer.subscription.updated", "invoice.finalized", "payment_intent.created",
		"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed", "customer.subscription.updated")
	first := time.Date(2026, 4, 30, 10, 0, 0, 0, time.UTC)
	inv := object[stripe.Invoice](t, events, "invoice.payment_failed")
	if sub := object[stripe.Subscription](t, events, "customer.subscription.updated"); sub.Status != "past_due" || inv.AttemptCount != 1 || inv.NextPaymentAttempt != first.Add(3*days).Unix() {
		t.Errorf("%s after %d attempts, next %d", sub.Status, inv.AttemptCount, inv.NextPaymentAttempt)
	}
	again := []string{"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"}
	wantTypes(t, r.advance(3*days), again...)
	wantTypes(t, r.advance(2*days), again...)
	events = r.advance(2 * days)
	wantTypes(t, events, append(again, "customer.subscription.deleted")...)
	if inv = object[stripe.Invoice](t, events, "invoice.payment_failed"); inv.AttemptCount != 4 || inv.NextPaymentAttempt != 0 {
		t.Errorf("last of %d attempts, next %d", inv.AttemptCount, inv.NextPaymentAttempt)
	}
	if sub := object[stripe.Subscription](t, events, "customer.subscription.deleted"); sub.Status != "canceled" || sub.CancellationDetails.Reason != "payment_failed" || sub.EndedAt != first.Add(7*days).Unix() {
		t.Errorf("ended %+v", sub)
	}
	if later := r.advance(90 * days); len(later) != 0 {
		t.Errorf("after the end came %v", types(later))
	}
}

// portal opens the portal of a customer.
func (r *rig) portal(customer string) string {
	r.t.Helper()
	_, err := r.sc.BillingPortalConfigurations.New(&stripe.BillingPortalConfigurationParams{
		BusinessProfile: &stripe.BillingPortalConfigurationBusinessProfileParams{Headline: stripe.String("Sselfie")},
		Features:        &stripe.BillingPortalConfigurationFeaturesParams{InvoiceHistory: &stripe.BillingPortalConfigurationFeaturesInvoiceHistoryParams{Enabled: stripe.Bool(true)}},
	})
	r.must(err)
	p, err := r.sc.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{Customer: stripe.String(customer), ReturnURL: stripe.String("http://127.0.0.1:8080/account")})
	r.must(err)
	return p.URL[len("http://127.0.0.1:8080"):]
}

func TestNewCardBringsAMembershipBack(t *testing.T) {
	r := newRig(t)
	sub := r.member("4000000000000341")
	r.advance(31 * days)
	url := r.portal(sub.Customer.ID)
	if status, out := r.post(url+"/card", card4("4000000000000002")); status != http.StatusPaymentRequired {
		t.Errorf("a declined card answered %d %v", status, out)
	}
	if status, out := r.post(url+"/card", card4("5555555555554444")); status != 200 || out["status"] != "active" {
		t.Errorf("answered %d %v", status, out["status"])
	}
	events := r.flush()
	wantTypes(t, events, "payment_method.attached", "customer.updated", "customer.subscription.updated",
		"payment_intent.succeeded", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded", "customer.subscription.updated")
	wantTypes(t, r.advance(31*days), renewal...)
}

func TestPortalEndsAndKeepsAMembership(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	page := r.portal(sub.Customer.ID)
	r.post(page+"/cancel", url.Values{"feedback": {"too_expensive"}})
	events := r.flush()
	wantTypes(t, events, "customer.subscription.updated")
	s := object[stripe.Subscription](t, events, "customer.subscription.updated")
	if !s.CancelAtPeriodEnd || s.CancelAt != sub.CurrentPeriodEnd || s.CancellationDetails.Feedback != "too_expensive" {
		t.Errorf("cancelled %+v", s.CancellationDetails)
	}
	if p := events[0].Data.PreviousAttributes; p["cancel_at_period_end"] != false {
		t.Errorf("before: %v", p)
	}
	r.post(page+"/undo", nil)
	if s := object[stripe.Subscription](t, r.flush(), "customer.subscription.updated"); s.CancelAtPeriodEnd || s.CancelAt != 0 || s.CanceledAt != 0 {
		t.Errorf("undone %+v", s)
	}
	r.post(page+"/cancel", nil)
	r.flush()
	events = r.advance(40 * days)
	wantTypes(t, events, "customer.subscription.deleted")
	if s := object[stripe.Subscription](t, events, "customer.subscription.deleted"); s.EndedAt != sub.CurrentPeriodEnd || s.CancellationDetails.Reason != "cancellation_requested" {
		t.Errorf("ended %+v", s)
	}
	if status, _ := r.post(page+"/undo", nil); status != http.StatusBadRequest {
		t.Errorf("an ended membership came back: %d", status)
	}
}

func TestCancelNowAndByTheAPI(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	s, err := r.sc.Subscriptions.Cancel(sub.ID, nil)
	r.must(err)
	if s.Status != "canceled" || s.EndedAt != start.Unix() {
		t.Errorf("%s at %d", s.Status, s.EndedAt)
	}
	wantTypes(t, r.flush(), "customer.subscription.deleted")
	if _, err := r.sc.Subscriptions.Cancel(sub.ID, nil); err == nil {
		t.Error("ended twice")
	}
}

func TestTrialChargesWhenItEnds(t *testing.T) {
	r := newRig(t)
	p := params("subscription", r.monthly().ID)
	p.SubscriptionData.TrialPeriodDays = stripe.Int64(14)
	s := r.session(p)
	r.pay(s.ID, "4242424242424242")
	events := r.flush()
	wantTypes(t, events, "customer.created", "customer.subscription.created", "invoice.created", "invoice.finalized", "invoice.paid",
		"invoice.payment_succeeded", "checkout.session.completed")
	inv := object[stripe.Invoice](t, events, "invoice.paid")
	if inv.Subtotal != 0 || inv.Total != 0 || inv.PaymentIntent != nil {
		t.Errorf("trial invoice %d", inv.Subtotal)
	}
	if done := object[stripe.CheckoutSession](t, events, "checkout.session.completed"); done.PaymentStatus != "no_payment_required" {
		t.Errorf("trial completed as %s", done.PaymentStatus)
	}
	wantTypes(t, r.advance(11*days), "customer.subscription.trial_will_end")
	events = r.advance(3*days + 2*time.Hour)
	wantTypes(t, events, renewal...)
	if inv := object[stripe.Invoice](t, events, "invoice.paid"); inv.Total != 9700 || inv.BillingReason != "subscription_cycle" {
		t.Errorf("after the trial %d because of %s", inv.Total, inv.BillingReason)
	}
}

func TestTrialWithoutACardPauses(t *testing.T) {
	r := newRig(t)
	p := params("subscription", r.monthly().ID)
	p.PaymentMethodCollection = stripe.String("if_required")
	p.SubscriptionData.TrialPeriodDays = stripe.Int64(7)
	p.SubscriptionData.TrialSettings = &stripe.CheckoutSessionSubscriptionDataTrialSettingsParams{
		EndBehavior: &stripe.CheckoutSessionSubscriptionDataTrialSettingsEndBehaviorParams{MissingPaymentMethod: stripe.String("pause")},
	}
	s := r.session(p)
	if status, out := r.post("/gateway/c/"+s.ID+"/pay", url.Values{"email": {"a@example.com"}}); status != 200 {
		t.Fatal(out)
	}
	r.flush()
	wantTypes(t, r.advance(8*days), "customer.subscription.trial_will_end", "customer.subscription.paused", "customer.subscription.updated")
	done, err := r.sc.CheckoutSessions.Get(s.ID, nil)
	r.must(err)
	page := r.portal(done.Customer.ID)
	r.post(page+"/card", card4("4242424242424242"))
	r.flush()
	if _, err := r.sc.Subscriptions.Resume(done.Subscription.ID, &stripe.SubscriptionResumeParams{}); err != nil {
		t.Fatal(err)
	}
	wantTypes(t, r.flush(), "customer.subscription.resumed", "customer.subscription.updated", "invoice.created", "invoice.finalized",
		"payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded")
}

func TestPausedCollectionTakesNothing(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	_, err := r.sc.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{PauseCollection: &stripe.SubscriptionPauseCollectionParams{Behavior: stripe.String("void")}})
	r.must(err)
	wantTypes(t, r.flush(), "customer.subscription.updated")
	wantTypes(t, r.advance(31*days), "invoice.created", "customer.subscription.updated", "invoice.finalized", "invoice.voided")
}

func TestRenewalThatNeedsTheBank(t *testing.T) {
	r := newRig(t)
	s := r.session(params("subscription", r.monthly().ID))
	r.post("/gateway/c/"+s.ID+"/pay", card4("4000002760003184"))
	r.post("/gateway/3ds/"+s.ID, url.Values{"result": {"approve"}})
	r.flush()
	wantTypes(t, r.advance(31*days), "invoice.created", "customer.subscription.updated", "invoice.finalized", "payment_intent.created",
		"payment_intent.requires_action", "invoice.payment_action_required", "invoice.payment_failed", "customer.subscription.updated")
}

func TestRefundsAddUp(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	r.pay(s.ID, "4242424242424242")
	done := object[stripe.CheckoutSession](t, r.flush(), "checkout.session.completed")
	give := func(n int64) error {
		p := &stripe.RefundParams{PaymentIntent: stripe.String(done.PaymentIntent.ID)}
		if n > 0 {
			p.Amount = stripe.Int64(n)
		}
		_, err := r.sc.Refunds.New(p)
		return err
	}
	if err := give(4701); err == nil {
		t.Error("gave back more than was paid")
	}
	for _, step := range []struct {
		give, sum int64
		full      bool
	}{{1000, 1000, false}, {700, 1700, false}, {0, 4700, true}} {
		r.must(give(step.give))
		events := r.flush()
		wantTypes(t, events, "charge.refunded")
		if ch := object[stripe.Charge](t, events, "charge.refunded"); ch.AmountRefunded != step.sum || ch.Refunded != step.full {
			t.Errorf("refunded %d, %v", ch.AmountRefunded, ch.Refunded)
		}
	}
	if err := give(1); err == nil {
		t.Error("gave back what was already given back")
	}
}

func TestRefundThatFailsLater(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	r.pay(s.ID, "4000000000005126")
	ch := object[stripe.Charge](t, r.flush(), "charge.succeeded")
	_, err := r.sc.Refunds.New(&stripe.RefundParams{Charge: stripe.String(ch.ID)})
	r.must(err)
	wantTypes(t, r.flush(), "charge.refunded")
	events := r.advance(25 * time.Hour)
	wantTypes(t, events, "charge.refund.updated")
	if x := object[stripe.Refund](t, events, "charge.refund.updated"); x.Status != "failed" || x.FailureReason == "" || x.Charge.ID != ch.ID {
		t.Errorf("refund %+v", x)
	}
	if now, err := r.sc.Charges.Get(ch.ID, nil); err != nil || now.AmountRefunded != 0 || now.Refunded {
		t.Errorf("charge %d %v", now.AmountRefunded, err)
	}
}

func TestDisputesOpenAndClose(t *testing.T) {
	for name, c := range map[string]struct {
		card, act string
		opens     []string
		closes    []string
		status    stripe.DisputeStatus
	}{
		"won":     {"4000000000000259", "won", []string{"charge.dispute.created", "charge.dispute.funds_withdrawn"}, []string{"charge.dispute.closed", "charge.dispute.funds_reinstated"}, "won"},
		"lost":    {"4000000000000259", "lost", []string{"charge.dispute.created", "charge.dispute.funds_withdrawn"}, []string{"charge.dispute.closed"}, "lost"},
		"inquiry": {"4000000000001976", "warning_closed", []string{"charge.dispute.created"}, []string{"charge.dispute.closed"}, "warning_closed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.session(params("payment", r.oneTime(4700).ID))
			r.pay(s.ID, c.card)
			events := r.flush()
			got := types(events)
			if tail := got[len(got)-len(c.opens):]; tail[0] != c.opens[0] || tail[len(tail)-1] != c.opens[len(c.opens)-1] {
				t.Errorf("opened with %v", tail)
			}
			d := object[stripe.Dispute](t, events, "charge.dispute.created")
			r.post("/gateway/desk/disputes/"+d.ID+"/"+c.act, nil)
			events = r.flush()
			wantTypes(t, events, c.closes...)
			if d := object[stripe.Dispute](t, events, "charge.dispute.closed"); d.Status != c.status || d.Charge.ID == "" || d.PaymentIntent.ID == "" {
				t.Errorf("closed %+v", d)
			}
			if status, _ := r.post("/gateway/desk/disputes/"+d.ID+"/"+c.act, nil); status != http.StatusBadRequest {
				t.Errorf("closing twice answered %d", status)
			}
		})
	}
}

func TestTestClockMovesItsCustomersAlone(t *testing.T) {
	r := newRig(t)
	other := r.member("4242424242424242")
	clock, err := r.sc.TestHelpersTestClocks.New(&stripe.TestHelpersTestClockParams{FrozenTime: stripe.Int64(start.Unix())})
	r.must(err)
	k, err := r.sc.Customers.New(&stripe.CustomerParams{Email: stripe.String("c@example.com"), TestClock: stripe.String(clock.ID)})
	r.must(err)
	p := params("subscription", r.monthly().ID)
	p.Customer = stripe.String(k.ID)
	s := r.session(p)
	r.pay(s.ID, "4242424242424242")
	r.flush()
	_, err = r.sc.TestHelpersTestClocks.Advance(clock.ID, &stripe.TestHelpersTestClockAdvanceParams{FrozenTime: stripe.Int64(start.AddDate(0, 1, 1).Unix())})
	r.must(err)
	wantTypes(t, r.flush(), renewal...)
	if same, err := r.sc.Subscriptions.Get(other.ID, nil); err != nil || same.CurrentPeriodEnd != other.CurrentPeriodEnd {
		t.Errorf("another customer's period moved: %v", err)
	}
}

func TestCancelAtPeriodEndByTheAPI(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	s, err := r.sc.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true), Metadata: map[string]string{"note": "x"}})
	r.must(err)
	if !s.CancelAtPeriodEnd || s.CancelAt != sub.CurrentPeriodEnd || s.Metadata["note"] != "x" || s.Metadata["ref"] != "chk_1" {
		t.Errorf("subscription %+v", s)
	}
	s, err = r.sc.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(false)})
	r.must(err)
	if s.CancelAtPeriodEnd || s.CancelAt != 0 {
		t.Errorf("not taken back: %+v", s)
	}
	wantTypes(t, r.flush(), "customer.subscription.updated", "customer.subscription.updated")
	at := start.AddDate(0, 0, 10)
	_, err = r.sc.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{CancelAt: stripe.Int64(at.Unix())})
	r.must(err)
	r.flush()
	events := r.advance(12 * days)
	wantTypes(t, events, "customer.subscription.deleted")
	if events[0].Created != at.Unix() {
		t.Errorf("ended at %d", events[0].Created)
	}
	if list := r.sc.Subscriptions.List(&stripe.SubscriptionListParams{Customer: &sub.Customer.ID}); list.Next() {
		t.Error("an ended subscription is listed as running")
	}
	if list := r.sc.Subscriptions.List(&stripe.SubscriptionListParams{Customer: &sub.Customer.ID, Status: stripe.String("all")}); !list.Next() {
		t.Error("an ended subscription is not listed at all")
	}
}

func TestMembershipPaidByBankDebit(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		later  []string
		status stripe.SubscriptionStatus
	}{
		"the money comes": {"bank", []string{"payment_intent.succeeded", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded", "checkout.session.async_payment_succeeded"}, "active"},
		"it bounces":      {"bank_fails", []string{"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed", "customer.subscription.updated", "checkout.session.async_payment_failed"}, "past_due"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.session(params("subscription", r.monthly().ID))
			if status, out := r.post("/gateway/c/"+s.ID+"/pay", url.Values{"email": {"a@example.com"}, "method": {c.method}}); status != 200 {
				t.Fatal(out)
			}
			if done := object[stripe.CheckoutSession](t, r.flush(), "checkout.session.completed"); done.PaymentStatus != "unpaid" {
				t.Errorf("completed as %s", done.PaymentStatus)
			}
			wantTypes(t, r.advance(3*days), c.later...)
			done, err := r.sc.CheckoutSessions.Get(s.ID, nil)
			r.must(err)
			sub, err := r.sc.Subscriptions.Get(done.Subscription.ID, nil)
			r.must(err)
			if sub.Status != c.status {
				t.Errorf("subscription is %s", sub.Status)
			}
		})
	}
}

func TestEverythingPaidAtOnceWithAOneTimeLine(t *testing.T) {
	r := newRig(t)
	p := params("subscription", r.monthly().ID)
	p.LineItems = append(p.LineItems, &stripe.CheckoutSessionLineItemParams{Price: stripe.String(r.oneTime(4700).ID), Quantity: stripe.Int64(1)})
	r.pay(r.session(p).ID, "4242424242424242")
	if inv := object[stripe.Invoice](t, r.flush(), "invoice.paid"); inv.Total != 14400 || len(inv.Lines.Data) != 2 {
		t.Errorf("first invoice %d over %d lines", inv.Total, len(inv.Lines.Data))
	}
	if inv := object[stripe.Invoice](t, r.advance(31*days), "invoice.paid"); inv.Total != 9700 || len(inv.Lines.Data) != 1 {
		t.Errorf("second invoice %d over %d lines", inv.Total, len(inv.Lines.Data))
	}
}
