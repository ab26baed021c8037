package stripepay

import (
	"encoding/json"
	"errors"
	"fmt"

	"sselfie/core"
	"sselfie/core/billing"
)

// kinds says in our words what Stripe's event types report.
var kinds = map[string]billing.Kind{
	"checkout.session.completed":               billing.CheckoutCompleted,
	"checkout.session.async_payment_succeeded": billing.CheckoutPaid,
	"checkout.session.async_payment_failed":    billing.CheckoutFailed,
	"checkout.session.expired":                 billing.CheckoutExpired,
	"customer.subscription.created":            billing.SubscriptionChanged,
	"customer.subscription.updated":            billing.SubscriptionChanged,
	"customer.subscription.deleted":            billing.SubscriptionChanged,
	"customer.subscription.paused":             billing.SubscriptionChanged,
	"customer.subscription.resumed":            billing.SubscriptionChanged,
	"customer.subscription.trial_will_end":     billing.TrialEnding,
	"invoice.paid":                             billing.InvoicePaid,
	"invoice.payment_succeeded":                billing.InvoicePaid,
	"invoice.payment_failed":                   billing.InvoiceFailed,
	"invoice.payment_action_required":          billing.InvoiceNeedsAction,
	"invoice_payment.paid":                     billing.InvoicePaymentPaid,
	"charge.refunded":                          billing.ChargeRefunded,
	"charge.refund.updated":                    billing.RefundUpdated,
	"refund.updated":                           billing.RefundUpdated,
	"refund.failed":                            billing.RefundUpdated,
	"charge.dispute.created":                   billing.DisputeOpened,
	"charge.dispute.closed":                    billing.DisputeClosed,
}

// objects says what Stripe calls the object that each kind reports.
var objects = map[billing.Kind]string{
	billing.CheckoutCompleted: "checkout.session", billing.CheckoutPaid: "checkout.session",
	billing.CheckoutFailed: "checkout.session", billing.CheckoutExpired: "checkout.session",
	billing.SubscriptionChanged: "subscription", billing.TrialEnding: "subscription",
	billing.InvoicePaid: "invoice", billing.InvoiceFailed: "invoice", billing.InvoiceNeedsAction: "invoice",
	billing.InvoicePaymentPaid: "invoice_payment", billing.ChargeRefunded: "charge", billing.RefundUpdated: "refund",
	billing.DisputeOpened: "dispute", billing.DisputeClosed: "dispute",
}

// Parse reads a payload whose signature was checked, or that came over our own
// call to Stripe. It fails with core.Invalid for what cannot be read; an event
// whose id and type can be comes back with those, so that somebody hears of it.
func (r *Reader) Parse(payload []byte) (billing.Event, error) {
	var w wireEvent
	if err := json.Unmarshal(payload, &w); err != nil {
		return named(payload), unreadable("The body is not a Stripe event. If the endpoint sends thin events, create it again with snapshot payloads.", err)
	}
	if w.ID == "" || w.Type == "" || w.Object != "event" {
		return billing.Event{}, unreadable("The body is not a Stripe event: id, type or object is missing.", nil)
	}
	ev := billing.Event{ID: core.EventID(w.ID), Kind: kinds[w.Type], Type: w.Type, At: w.Created.Time, Live: w.Live, Account: w.Account}
	if ev.Kind == "" {
		ev.Kind = billing.Other
		return ev, nil
	}
	if w.Data == nil || len(w.Data.Object) == 0 {
		return named(payload), unreadable("The event carries no object.", nil)
	}
	var head struct {
		Object string `json:"object"`
		Live   *bool  `json:"livemode"`
	}
	if err := json.Unmarshal(w.Data.Object, &head); err != nil || (head.Object != "" && head.Object != objects[ev.Kind]) {
		return named(payload), unreadable(fmt.Sprintf("The object of %s is a %.40q.", w.Type, head.Object), err)
	}
	ev.Mixed = head.Live != nil && *head.Live != w.Live
	if err := fill(&ev, w.Data.Object); err != nil {
		return named(payload), unreadable(fmt.Sprintf("The object of %s is not readable.", w.Type), err)
	}
	if ev.Charge != nil {
		ev.Charge.Before = refundedBefore(w.Data.Previous)
	}
	return ev, nil
}

// refundedBefore reads what a report says of the sum before it, nil when it says
// nothing that can be read: only a letter hangs on it.
func refundedBefore(previous json.RawMessage) *int64 {
	var was struct {
		Refunded *int64 `json:"amount_refunded"`
	}
	if json.Unmarshal(previous, &was) != nil || (was.Refunded != nil && *was.Refunded < 0) {
		return nil
	}
	return was.Refunded
}

// named reads what an event that cannot be read is called, if it says so.
func named(payload []byte) billing.Event {
	var w struct {
		ID     string `json:"id"`
		Type   string `json:"type"`
		Object string `json:"object"`
	}
	// A member of another type is reported after the others were read.
	if err := json.Unmarshal(payload, &w); (err != nil && !errors.As(err, new(*json.UnmarshalTypeError))) ||
		w.ID == "" || w.Type == "" || w.Object != "event" || len(w.ID) > 255 || len(w.Type) > 255 {
		return billing.Event{}
	}
	return billing.Event{ID: core.EventID(w.ID), Type: w.Type}
}

func unreadable(message string, err error) error {
	return &core.Error{Code: core.Invalid, Op: "stripepay.Parse", Message: message, Err: err}
}

var errNoID = errors.New("the object has no id")

// fill reads the object that fits the event's kind.
func fill(ev *billing.Event, raw json.RawMessage) (err error) {
	var id string
	switch ev.Kind {
	case billing.CheckoutCompleted, billing.CheckoutPaid, billing.CheckoutFailed, billing.CheckoutExpired:
		var w wireSession
		err = json.Unmarshal(raw, &w)
		ev.Session, id = w.session(), w.ID
		if w.Mode == "setup" { // it sells nothing
			ev.Session, ev.Kind = nil, billing.Other
		}
	case billing.SubscriptionChanged, billing.TrialEnding:
		var w wireSubscription
		err = json.Unmarshal(raw, &w)
		ev.Subscription, id = w.subscription(), w.ID
	case billing.InvoicePaid, billing.InvoiceFailed, billing.InvoiceNeedsAction:
		var w wireInvoice
		err = json.Unmarshal(raw, &w)
		ev.Invoice, id = w.invoice(), w.ID
	case billing.InvoicePaymentPaid:
		var w wireInvoicePayment
		err = json.Unmarshal(raw, &w)
		ev.InvoicePayment = &billing.InvoicePayment{ID: w.ID, Invoice: string(w.Invoice), PaymentIntent: string(w.Payment.Intent), Charge: string(w.Payment.Charge)}
		id = w.ID
	case billing.ChargeRefunded:
		var w wireCharge
		err = json.Unmarshal(raw, &w)
		ev.Charge, id = w.charge(), w.ID
	case billing.RefundUpdated:
		var w wireRefund
		err = json.Unmarshal(raw, &w)
		ev.Refund, id = &billing.Refund{
			ID: w.ID, Charge: string(w.Charge), PaymentIntent: string(w.Intent), Status: w.Status, Reason: w.Reason,
			Currency: lower(w.Currency), Amount: w.Amount, Created: w.Created.Time, Meta: w.Metadata.meta(""),
		}, w.ID
	case billing.DisputeOpened, billing.DisputeClosed:
		var w wireDispute
		err = json.Unmarshal(raw, &w)
		ev.Dispute, id = &billing.Dispute{
			ID: w.ID, Charge: string(w.Charge), PaymentIntent: string(w.Intent), Status: w.Status, Reason: w.Reason, Currency: lower(w.Currency),
			Amount: w.Amount, Closed: ev.Kind == billing.DisputeClosed, Created: w.Created.Time, Meta: w.Metadata.meta(""),
		}, w.ID
	}
	if err == nil && id == "" {
		err = errNoID
	}
	return err
}

func (m wireMeta) meta(clientRef string) billing.Metadata {
	out := billing.Metadata{
		Product: core.ProductID(m["product_type"]), Source: m["source"], Campaign: m["campaign"],
		Ref: m["ref"], Link: m["link"], User: core.UserID(m["user_id"]),
	}
	if out.Ref == "" {
		out.Ref = clientRef
	}
	return out
}

func (w wireSession) session() *billing.Session {
	s := &billing.Session{
		ID: w.ID, Subscription: string(w.Subscription), Invoice: string(w.Invoice), PaymentIntent: string(w.Intent),
		Customer: string(w.Customer), Email: w.CustomerEmail, Membership: w.Mode == "subscription",
		Paid:     w.Status != "open" && w.Status != "expired" && (w.PaymentStatus == "paid" || w.PaymentStatus == "no_payment_required"),
		Currency: lower(w.Currency), Subtotal: w.Subtotal, Total: w.Total, Meta: w.Metadata.meta(w.ClientRef),
	}
	if d := w.Details; d != nil {
		s.Name = d.Name
		if d.Email != "" {
			s.Email = d.Email
		}
	}
	if t := w.Totals; t != nil {
		s.Discount, s.Tax = t.Discount, t.Tax
	}
	return s
}

func (w wireSubscription) subscription() *billing.Subscription {
	s := &billing.Subscription{
		ID: w.ID, Customer: string(w.Customer), Status: w.Status, PeriodStart: w.PeriodStart.Time, PeriodEnd: w.PeriodEnd.Time,
		CancelAt: w.CancelAt.Time, CancelAtPeriodEnd: w.CancelAtPeriodEnd, TrialEnd: w.TrialEnd.Time, EndedAt: w.EndedAt.Time,
		Created: w.Created.Time, LatestInvoice: string(w.LatestInvoice), Meta: w.Metadata.meta(""),
	}
	if c := w.Cancellation; c != nil {
		s.CancelReason = c.Reason
	}
	// The items' period is the newer place; both are sent for a while.
	var start, end stamp
	for _, it := range w.Items.Data {
		if it.PeriodEnd.After(end.Time) {
			start, end = it.PeriodStart, it.PeriodEnd
		}
		item := billing.Item{Quantity: it.Quantity}
		if p := it.Price; p != nil {
			item.Price, item.Currency, item.Amount = p.ID, lower(p.Currency), p.Amount
		}
		s.Items = append(s.Items, item)
	}
	if !end.IsZero() {
		s.PeriodStart, s.PeriodEnd = start.Time, end.Time
	}
	// Classic billing says that it ends with the period, flexible billing only
	// when. Both are the same, and are kept in the same words.
	if s.CancelAtPeriodEnd && s.CancelAt.IsZero() {
		s.CancelAt = s.PeriodEnd
	}
	if !s.CancelAt.IsZero() && s.CancelAt.Equal(s.PeriodEnd) {
		s.CancelAtPeriodEnd = true
	}
	return s
}

func (w wireInvoice) invoice() *billing.Invoice {
	inv := &billing.Invoice{
		ID: w.ID, Number: w.Number, Subscription: string(w.Subscription), Customer: string(w.Customer), Email: w.Email,
		PaymentIntent: string(w.Intent), Charge: string(w.Charge), Reason: w.Reason, Paid: w.Status == "paid",
		Currency: lower(w.Currency), Subtotal: w.Subtotal, Total: w.Total, AmountPaid: w.AmountPaid, AmountDue: w.AmountDue,
		Attempt: w.Attempt, NextAttempt: w.NextAttempt.Time, URL: w.HostedURL, Created: w.Created.Time,
	}
	if w.Details != nil {
		inv.Meta = w.Details.Metadata.meta("")
	}
	if w.Parent != nil && w.Parent.Subscription != nil {
		inv.Subscription, inv.Meta = string(w.Parent.Subscription.ID), w.Parent.Subscription.Metadata.meta("")
	}
	if w.Payments != nil {
		for _, p := range w.Payments.Data {
			if inv.PaymentIntent == "" {
				inv.PaymentIntent, inv.Charge = string(p.Payment.Intent), string(p.Payment.Charge)
			}
		}
	}
	for _, d := range w.Discounts {
		inv.Discount += d.Amount
	}
	for _, t := range append(w.TaxAmounts, w.Taxes...) {
		inv.Tax += t.Amount
	}
	if len(w.TaxAmounts)+len(w.Taxes) == 0 && w.Tax != nil {
		inv.Tax = *w.Tax
	}
	for _, l := range w.Lines.Data {
		l.into(inv)
	}
	return inv
}

func (l wireLine) into(inv *billing.Invoice) {
	if p := l.Price; p != nil {
		inv.Prices = append(inv.Prices, p.ID)
	} else if l.Pricing != nil && l.Pricing.Details != nil {
		inv.Prices = append(inv.Prices, string(l.Pricing.Details.Price))
	}
	inv.Proration = inv.Proration || l.Proration || (l.Parent != nil && l.Parent.Item != nil && l.Parent.Item.Proration)
	inv.Quantity = max(inv.Quantity, l.Quantity)
	if l.Period.End.After(inv.PeriodEnd) {
		inv.PeriodEnd = l.Period.End.Time
	}
	if inv.Meta.Product == "" && inv.Meta.Ref == "" {
		inv.Meta = l.Metadata.meta("")
	}
}

func (w wireCharge) charge() *billing.Charge {
	c := &billing.Charge{
		ID: w.ID, PaymentIntent: string(w.Intent), Invoice: string(w.Invoice), Customer: string(w.Customer), Currency: lower(w.Currency),
		Amount: w.Amount, Refunded: w.Refunded, Full: w.Full, Created: w.Created.Time, Meta: w.Metadata.meta(""),
	}
	if w.Captured != nil && *w.Captured > 0 {
		c.Amount = *w.Captured
	}
	return c
}
