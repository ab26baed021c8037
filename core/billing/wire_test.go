package billing_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sselfie/core/billing"
	"sselfie/core/coretest"
)

// layout is how Stripe writes an event: in the fields of the library's version,
// or in the newest ones with flexible billing.
type layout string

const (
	classic layout = "2023-10-16"
	newest  layout = "2025-09-30.clover"
)

type object = map[string]any

// onTheWire writes an event as Stripe would send it.
func onTheWire(t testing.TB, ev billing.Event, l layout) []byte {
	t.Helper()
	data := object{"object": objectOf(ev, l)}
	if ev.Charge != nil && ev.Charge.Before != nil {
		data["previous_attributes"] = object{"amount_refunded": *ev.Charge.Before}
	}
	b, err := json.Marshal(object{
		"id": ev.ID, "object": "event", "type": ev.Type, "created": ev.At.Unix(), "livemode": ev.Live, "api_version": string(l),
		"pending_webhooks": 1, "request": object{"id": nil, "idempotency_key": nil}, "data": data,
	})
	must(t, err)
	return b
}

func objectOf(ev billing.Event, l layout) object {
	switch {
	case ev.Session != nil:
		return sessionOf(*ev.Session, ev.Kind, l)
	case ev.Subscription != nil:
		return subscriptionOf(*ev.Subscription, l)
	case ev.Invoice != nil:
		return invoiceOf(*ev.Invoice, l)
	case ev.InvoicePayment != nil:
		p := ev.InvoicePayment
		return object{
			"id": p.ID, "object": "invoice_payment", "invoice": p.Invoice, "status": "paid", "is_default": true,
			"payment": object{"type": "payment_intent", "payment_intent": text(p.PaymentIntent), "charge": text(p.Charge)},
		}
	case ev.Charge != nil:
		c := ev.Charge
		o := object{
			"id": c.ID, "object": "charge", "payment_intent": text(c.PaymentIntent), "customer": text(c.Customer), "currency": c.Currency,
			"amount": c.Amount, "amount_captured": c.Amount, "amount_refunded": c.Refunded, "refunded": c.Full, "created": seconds(c.Created),
			"metadata": metaOf(c.Meta), "paid": true, "status": "succeeded",
		}
		if l == classic { // the newest no longer says which bill a payment settled
			o["invoice"], o["refunds"] = text(c.Invoice), nil
		}
		return o
	case ev.Refund != nil:
		r := ev.Refund
		return object{
			"id": r.ID, "object": "refund", "charge": r.Charge, "payment_intent": text(r.PaymentIntent), "status": r.Status, "reason": text(r.Reason),
			"currency": r.Currency, "amount": r.Amount, "created": seconds(r.Created), "metadata": metaOf(r.Meta), "failure_reason": "unknown",
		}
	case ev.Dispute != nil:
		d := ev.Dispute
		return object{
			"id": d.ID, "object": "dispute", "charge": d.Charge, "payment_intent": text(d.PaymentIntent), "status": d.Status, "reason": "fraudulent",
			"currency": d.Currency, "amount": d.Amount, "created": seconds(d.Created), "metadata": metaOf(d.Meta), "is_charge_refundable": true,
		}
	}
	return nil
}

func sessionOf(s billing.Session, kind billing.Kind, l layout) object {
	mode, status, pay := "payment", "complete", "unpaid"
	switch {
	case kind == billing.CheckoutExpired:
		status = "expired"
	case s.Paid && s.Total == 0:
		pay = "no_payment_required"
	case s.Paid:
		pay = "paid"
	}
	if s.Membership {
		mode = "subscription"
	}
	o := object{
		"id": s.ID, "object": "checkout.session", "mode": mode, "status": status, "payment_status": pay, "currency": s.Currency,
		"amount_subtotal": s.Subtotal, "amount_total": s.Total, "client_reference_id": text(s.Meta.Ref), "customer": text(s.Customer),
		"customer_email": nil, "customer_details": object{"email": s.Email, "name": text(s.Name), "phone": nil}, "payment_intent": text(s.PaymentIntent),
		"subscription": text(s.Subscription), "invoice": text(s.Invoice), "metadata": metaOf(s.Meta), "livemode": false,
		"total_details": object{"amount_discount": s.Discount, "amount_tax": s.Tax, "amount_shipping": 0}, "ui_mode": "embedded",
	}
	if l == newest {
		o["ui_mode"], o["collected_information"] = "embedded_page", object{"shipping_details": nil}
	} else {
		o["shipping_details"] = nil
	}
	return o
}

func subscriptionOf(s billing.Subscription, l layout) object {
	items := []any{}
	for _, it := range s.Items {
		item := object{
			"id": "si_" + s.ID, "object": "subscription_item", "quantity": it.Quantity,
			"price": object{"id": it.Price, "object": "price", "currency": it.Currency, "unit_amount": it.Amount, "product": "prod_studio"},
		}
		if l == newest {
			item["current_period_start"], item["current_period_end"] = seconds(s.PeriodStart), seconds(s.PeriodEnd)
		}
		items = append(items, item)
	}
	o := object{
		"id": s.ID, "object": "subscription", "customer": s.Customer, "status": s.Status, "created": seconds(s.Created), "metadata": metaOf(s.Meta),
		"cancel_at": seconds(s.CancelAt), "cancel_at_period_end": s.CancelAtPeriodEnd, "trial_end": seconds(s.TrialEnd), "ended_at": seconds(s.EndedAt),
		"cancellation_details": object{"reason": text(s.CancelReason), "comment": nil, "feedback": nil}, "latest_invoice": text(s.LatestInvoice),
		"items": object{"object": "list", "data": items, "has_more": false},
	}
	if l == newest {
		o["billing_mode"] = object{"type": "flexible"}
		if s.CancelAtPeriodEnd { // flexible billing says only when
			o["cancel_at_period_end"], o["cancel_at"] = false, seconds(s.PeriodEnd)
		}
		return o
	}
	o["current_period_start"], o["current_period_end"] = seconds(s.PeriodStart), seconds(s.PeriodEnd)
	if s.CancelAtPeriodEnd {
		o["cancel_at"] = seconds(s.PeriodEnd)
	}
	return o
}

func invoiceOf(inv billing.Invoice, l layout) object {
	status := "open"
	if inv.Paid {
		status = "paid"
	}
	line := object{"id": "il_" + inv.ID, "object": "line_item", "quantity": 1, "metadata": metaOf(inv.Meta), "period": object{"start": nil, "end": nil}}
	o := object{
		"id": inv.ID, "object": "invoice", "customer": text(inv.Customer), "billing_reason": inv.Reason, "status": status, "currency": inv.Currency,
		"subtotal": inv.Subtotal, "total": inv.Total, "amount_paid": inv.AmountPaid, "amount_due": inv.AmountDue, "attempt_count": inv.Attempt,
		"next_payment_attempt": seconds(inv.NextAttempt), "created": seconds(inv.Created), "hosted_invoice_url": text(inv.URL),
		"total_discount_amounts": []any{object{"amount": inv.Discount, "discount": "di_1"}}, "lines": object{"object": "list", "data": []any{line}},
	}
	if l == newest {
		o["parent"] = object{"type": "subscription_details", "subscription_details": object{"subscription": inv.Subscription, "metadata": metaOf(inv.Meta)}}
		o["total_taxes"] = []any{}
		line["parent"] = object{"type": "subscription_item_details", "subscription_item_details": object{"proration": inv.Proration, "subscription": inv.Subscription}}
		line["pricing"] = object{"type": "price_details", "price_details": object{"price": "price_x", "product": "prod_studio"}}
		return o
	}
	o["subscription"], o["payment_intent"], o["charge"], o["tax"] = inv.Subscription, text(inv.PaymentIntent), text(inv.Charge), nil
	o["subscription_details"] = object{"metadata": metaOf(inv.Meta)}
	line["type"], line["proration"], line["price"] = "subscription", inv.Proration, object{"id": "price_x", "object": "price", "currency": inv.Currency, "unit_amount": 9700}
	return o
}

func metaOf(m billing.Metadata) object {
	o := object{}
	for key, v := range map[string]string{
		"product_type": string(m.Product), "source": m.Source, "campaign": m.Campaign, "ref": m.Ref, "link": m.Link, "user_id": string(m.User),
	} {
		if v != "" {
			o[key] = v
		}
	}
	return o
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func seconds(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.Unix()
}

// The rendering loses nothing that matters: each layout is read back into the
// words that it was made of, but for what that layout does not say.
func TestBothLayoutsSayTheSame(t *testing.T) {
	at := coretest.Start
	meta := billing.Metadata{Product: "sselfie_studio_membership", Ref: "chk_1", Source: "upgrade"}
	for name, c := range map[string]struct {
		ev     billing.Event
		silent func(*billing.Event) // what the newest layout does not say
	}{
		"a checkout": {ev: billing.Event{ID: "evt_1", Kind: billing.CheckoutCompleted, Type: "checkout.session.completed", At: at, Session: &billing.Session{
			ID: "cs_1", PaymentIntent: "pi_1", Customer: "cus_1", Email: "a@x.test", Paid: true, Currency: "usd", Subtotal: 9700, Discount: 2000, Total: 7700, Meta: meta,
		}}},
		"a subscription that ends with its month": {
			ev: billing.Event{ID: "evt_2", Kind: billing.SubscriptionChanged, Type: "customer.subscription.updated", At: at, Subscription: &billing.Subscription{
				ID: "sub_1", Customer: "cus_1", Status: "active", PeriodStart: at, PeriodEnd: at.AddDate(0, 1, 0), CancelAt: at.AddDate(0, 1, 0), CancelAtPeriodEnd: true, Created: at,
				Items: []billing.Item{{Price: "price_x", Currency: "usd", Amount: 9700, Quantity: 1}}, Meta: meta,
			}},
		},
		"a bill": {
			ev: billing.Event{ID: "evt_3", Kind: billing.InvoicePaid, Type: "invoice.paid", At: at, Invoice: &billing.Invoice{
				ID: "in_1", Subscription: "sub_1", Customer: "cus_1", PaymentIntent: "pi_1", Charge: "ch_1", Reason: "subscription_cycle", Paid: true, Currency: "usd",
				Subtotal: 9700, Total: 9700, AmountPaid: 9700, Prices: []string{"price_x"}, Quantity: 1, Meta: meta,
			}},
			silent: func(ev *billing.Event) { ev.Invoice.PaymentIntent, ev.Invoice.Charge = "", "" },
		},
		"a refund of a bill": {
			ev:     billing.Event{ID: "evt_4", Kind: billing.ChargeRefunded, Type: "charge.refunded", At: at, Charge: &billing.Charge{ID: "ch_1", PaymentIntent: "pi_1", Invoice: "in_1", Customer: "cus_1", Currency: "usd", Amount: 9700, Refunded: 100}},
			silent: func(ev *billing.Event) { ev.Charge.Invoice = "" },
		},
	} {
		for _, l := range []layout{classic, newest} {
			t.Run(name+" in "+string(l), func(t *testing.T) {
				got, err := reader().Parse(onTheWire(t, c.ev, l))
				must(t, err)
				b, err := json.Marshal(c.ev)
				must(t, err)
				var want billing.Event
				must(t, json.Unmarshal(b, &want))
				if l == newest && c.silent != nil {
					c.silent(&want)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}
