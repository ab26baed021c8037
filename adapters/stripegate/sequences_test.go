package stripegate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestPaymentBringsItsEvents(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	if !strings.HasPrefix(s.ID, "cs_test_") || !strings.HasPrefix(s.ClientSecret, s.ID+"_secret_") {
		t.Errorf("session %s with secret %s", s.ID, s.ClientSecret)
	}
	r.flush()
	status, out := r.post("/gateway/c/"+s.ID+"/pay", card4("4242 4242 4242 4242"))
	if want := "http://127.0.0.1:8080/checkout/success?session_id=" + s.ID; status != 200 || out["redirect"] != want {
		t.Fatalf("answered %d %v", status, out)
	}
	events := r.flush()
	wantTypes(t, events, "customer.created", "payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
	done := object[stripe.CheckoutSession](t, events, "checkout.session.completed")
	if done.PaymentStatus != "paid" || done.AmountTotal != 4700 || done.CustomerDetails.Email != "ada@example.com" || done.Metadata["ref"] != "chk_1" || done.ClientSecret != "" {
		t.Errorf("session %+v", done)
	}
	ch := object[stripe.Charge](t, events, "charge.succeeded")
	if ch.Metadata["ref"] != "chk_1" || ch.PaymentIntent.ID != done.PaymentIntent.ID || ch.PaymentMethodDetails.Card.Last4 != "4242" {
		t.Errorf("charge %+v", ch)
	}
	if len(r.site.bad) > 0 {
		t.Error(r.site.bad)
	}
	if status, out := r.post("/gateway/c/"+s.ID+"/pay", card4("4242424242424242")); status != http.StatusConflict {
		t.Errorf("paying twice answered %d %v", status, out)
	}
}

func TestGuestStaysGuestUnlessAsked(t *testing.T) {
	r := newRig(t)
	p := params("payment", r.oneTime(4700).ID)
	p.CustomerCreation = nil
	s := r.session(p)
	r.pay(s.ID, "4242424242424242")
	events := r.flush()
	wantTypes(t, events, "payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
	if done := object[stripe.CheckoutSession](t, events, "checkout.session.completed"); done.Customer != nil {
		t.Errorf("guest has customer %s", done.Customer.ID)
	}
}

func TestSubscriptionBringsItsEvents(t *testing.T) {
	r := newRig(t)
	s := r.session(params("subscription", r.monthly().ID))
	r.pay(s.ID, "4242424242424242")
	events := r.flush()
	wantTypes(t, events,
		"customer.created", "customer.subscription.created", "invoice.created", "invoice.finalized",
		"payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded",
		"customer.subscription.updated", "checkout.session.completed")
	if sub := object[stripe.Subscription](t, events, "customer.subscription.created"); sub.Status != "incomplete" {
		t.Errorf("created as %s", sub.Status)
	}
	sub := object[stripe.Subscription](t, events, "customer.subscription.updated")
	if end := time.Unix(sub.CurrentPeriodEnd, 0).UTC(); sub.Status != "active" || end != time.Date(2026, 4, 30, 9, 0, 0, 0, time.UTC) {
		t.Errorf("%s until %s", sub.Status, end)
	}
	inv := object[stripe.Invoice](t, events, "invoice.paid")
	if inv.BillingReason != "subscription_create" || !inv.Paid || inv.Subscription.ID != sub.ID || inv.SubscriptionDetails.Metadata["ref"] != "chk_1" || inv.Lines.Data[0].Metadata["ref"] != "chk_1" {
		t.Errorf("invoice %+v", inv)
	}
	if ch := object[stripe.Charge](t, events, "charge.succeeded"); len(ch.Metadata) != 0 || ch.Invoice.ID != inv.ID || ch.Description != "Subscription creation" {
		t.Errorf("charge %+v", ch)
	}
	done := object[stripe.CheckoutSession](t, events, "checkout.session.completed")
	if done.Subscription.ID != sub.ID || done.Invoice.ID != inv.ID || done.PaymentIntent != nil || done.PaymentStatus != "paid" {
		t.Errorf("session %+v", done)
	}
}

func TestDeclinedCardMayBeTriedAgain(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	for number, code := range map[string]string{
		"4000000000000002": "generic_decline", "4000000000009995": "insufficient_funds",
		"4000000000000069": "expired_card", "4000000000000127": "incorrect_cvc",
	} {
		status, out := r.post("/gateway/c/"+s.ID+"/pay", card4(number))
		e, _ := out["error"].(map[string]any)
		if status != http.StatusPaymentRequired || e["decline_code"] != code || e["message"] == "" {
			t.Errorf("%s answered %d %v", number, status, out)
		}
	}
	r.flush()
	r.pay(s.ID, "4242424242424242")
	wantTypes(t, r.flush(), "customer.created", "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
}

func TestCardIsCheckedBeforeTheBankIsAsked(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	for name, c := range map[string]struct {
		field, value, param string
	}{
		"wrong digit":        {"number", "4242424242424241", "number"},
		"no number":          {"number", "", "number"},
		"letters":            {"number", "4242 4242 4242 424x", "number"},
		"a real card":        {"number", "4111111111111111", "number"},
		"month thirteen":     {"exp", "13/34", "exp"},
		"last year":          {"exp", "12/25", "exp"},
		"short code":         {"cvc", "12", "cvc"},
		"no address":         {"email", "", "email"},
		"half an address":    {"email", "ada@", "email"},
		"code not asked for": {"promo", "MINI20", "promo"},
		"unknown method":     {"method", "shells", "method"},
	} {
		t.Run(name, func(t *testing.T) {
			f := card4("4242424242424242")
			f.Set(c.field, c.value)
			status, out := r.post("/gateway/c/"+s.ID+"/pay", f)
			e, _ := out["error"].(map[string]any)
			if status != http.StatusPaymentRequired || e["param"] != c.param {
				t.Errorf("answered %d %v", status, out)
			}
		})
	}
	if events := r.flush(); len(events) != 0 {
		t.Errorf("mistakes of typing brought %v", types(events))
	}
}

func TestSecureCardAsksTheBank(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	ask := func() {
		status, out := r.post("/gateway/c/"+s.ID+"/pay", card4("4000000000003220"))
		if status != 200 || out["status"] != "requires_action" || out["redirect"] != "/gateway/3ds/"+s.ID {
			t.Fatalf("answered %d %v", status, out)
		}
	}
	ask()
	if status, out := r.post("/gateway/3ds/"+s.ID, url.Values{"result": {"fail"}}); status != http.StatusPaymentRequired {
		t.Errorf("refused authentication answered %d %v", status, out)
	}
	ask()
	if status, out := r.post("/gateway/3ds/"+s.ID, url.Values{"result": {"approve"}}); status != 200 || out["status"] != "complete" {
		t.Errorf("approved authentication answered %d %v", status, out)
	}
	wantTypes(t, r.flush(),
		"payment_intent.created", "payment_intent.requires_action", "charge.failed", "payment_intent.payment_failed",
		"payment_intent.requires_action", "customer.created", "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
}

func TestBankDebitIsDecidedLater(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		later  []string
	}{
		"the money comes": {"bank", []string{"payment_intent.succeeded", "charge.succeeded", "checkout.session.async_payment_succeeded"}},
		"it bounces":      {"bank_fails", []string{"charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.session(params("payment", r.oneTime(4700).ID))
			if status, out := r.post("/gateway/c/"+s.ID+"/pay", url.Values{"email": {"a@example.com"}, "method": {c.method}}); status != 200 {
				t.Fatal(out)
			}
			now := r.flush()
			wantTypes(t, now, "customer.created", "payment_intent.created", "payment_intent.processing", "charge.pending", "checkout.session.completed")
			if done := object[stripe.CheckoutSession](t, now, "checkout.session.completed"); done.PaymentStatus != "unpaid" {
				t.Errorf("completed as %s", done.PaymentStatus)
			}
			if early := r.advance(71 * time.Hour); len(early) != 0 {
				t.Errorf("too early: %v", types(early))
			}
			wantTypes(t, r.advance(2*time.Hour), c.later...)
		})
	}
}

func TestUnpaidSessionExpires(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	r.post("/gateway/c/"+s.ID+"/email", url.Values{"email": {"left@example.com"}})
	if early := r.advance(23 * time.Hour); len(early) != 0 {
		t.Errorf("too early: %v", types(early))
	}
	events := r.advance(2 * time.Hour)
	wantTypes(t, events, "checkout.session.expired")
	x := object[stripe.CheckoutSession](t, events, "checkout.session.expired")
	if x.CustomerDetails.Email != "left@example.com" || x.Status != "expired" || events[0].Created != start.Add(24*time.Hour).Unix() {
		t.Errorf("expired %+v at %d", x, events[0].Created)
	}
	if status, _ := r.post("/gateway/c/"+s.ID+"/pay", card4("4242424242424242")); status != http.StatusGone {
		t.Errorf("paying an expired checkout answered %d", status)
	}
}
