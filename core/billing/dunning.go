package billing

import (
	"context"
	"strconv"

	"sselfie/core"
	"sselfie/core/mail"
)

// invoiceFailed tells a member that a renewal was not paid, once for each
// attempt; the last attempt says so. The first invoice of a membership fails in
// the buyer's own window and brings no mail.
func (s *Service) invoiceFailed(ctx context.Context, tx Tx, ev Event) (result, error) {
	inv := *ev.Invoice
	if inv.Subscription == "" {
		return ignored("the invoice belongs to no subscription"), nil
	}
	p, ok, err := s.membershipOf(ctx, tx, inv.Subscription, inv.Meta, inv.Prices)
	if err != nil {
		return result{}, err
	}
	if !ok {
		return ignored("the invoice names none of our products"), nil
	}
	user, _, err := s.member(ctx, tx, inv.Subscription, inv.Customer, inv.Meta)
	if err != nil {
		return result{}, err
	}
	if user == "" {
		return parked("the account of this invoice is not known yet",
			keySubscription(inv.Subscription), keyCustomer(inv.Customer), keyRef(inv.Meta.Ref)), nil
	}
	if inv.Reason == "subscription_create" {
		return applied(keyInvoice(inv.ID)), nil
	}
	paid, err := tx.FindPayment(ctx, PaymentIDs{Invoice: inv.ID})
	if err != nil || paid != nil {
		return applied(keyInvoice(inv.ID)), err // it was paid meanwhile: no news is good news
	}
	u, err := living(ctx, tx, user)
	if err != nil || u == nil {
		return applied(keyInvoice(inv.ID)), err
	}
	kind := mail.PaymentFailed
	props := mail.Props{
		"name": u.Name, "product": p.Name, "amount": core.Money{Minor: inv.AmountDue, Currency: inv.Currency}.String(), "path": "/account",
	}
	if inv.NextAttempt.IsZero() && ev.Kind == InvoiceFailed {
		kind = mail.PaymentFailedFinal
	} else if !inv.Created.IsZero() {
		props["until"] = inv.Created.Add(s.Grace).Format(letterDate)
	}
	return applied(keyInvoice(inv.ID)), s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: kind, User: u.ID, To: u.Email, Reference: inv.ID + ":" + itoa(inv.Attempt), Props: props,
	}, s.Clock.Now())
}

// invoiceSettled adds the payment's ids to an invoice whose own report lacked
// them, which newer layouts do.
func (s *Service) invoiceSettled(ctx context.Context, tx Tx, ev Event) (result, error) {
	ip := ev.InvoicePayment
	pay, err := tx.FindPayment(ctx, PaymentIDs{Invoice: ip.Invoice})
	if err != nil {
		return result{}, err
	}
	if pay == nil {
		return parked("the invoice that it settles is not known yet", keyInvoice(ip.Invoice)), nil
	}
	return applied(keyIntent(ip.PaymentIntent), keyCharge(ip.Charge)), s.fillPayment(ctx, tx, *pay, ip.PaymentIntent, ip.Charge)
}

func itoa(n int) string { return strconv.Itoa(n) }
