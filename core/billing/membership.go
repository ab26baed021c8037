package billing

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// membershipOf returns the membership that an event is about: by our metadata,
// by one of our price ids, or because we know the subscription.
func (s *Service) membershipOf(ctx context.Context, tx Tx, subscription string, meta Metadata, prices []string) (catalog.Product, bool, error) {
	if p, ok := s.Catalog.Product(meta.Product); ok {
		return p, p.Monthly(), nil
	}
	id, err := tx.PriceProduct(ctx, prices)
	if err != nil {
		return catalog.Product{}, false, err
	}
	if p, ok := s.Catalog.Product(id); ok {
		return p, p.Monthly(), nil
	}
	o, err := tx.ObjectByID(ctx, "subscription", subscription)
	if err != nil || o == nil {
		return catalog.Product{}, false, err
	}
	return s.Catalog.Studio(), true, nil
}

// subscriptionChanged keeps the newest snapshot and derives the rows from all.
func (s *Service) subscriptionChanged(ctx context.Context, tx Tx, ev Event) (result, error) {
	sub := *ev.Subscription
	var prices []string
	for _, it := range sub.Items {
		prices = append(prices, it.Price)
	}
	p, ok, err := s.membershipOf(ctx, tx, sub.ID, sub.Meta, prices)
	if err != nil {
		return result{}, err
	}
	if !ok {
		return ignored("the subscription names none of our products"), nil
	}
	user, co, err := s.member(ctx, tx, sub.ID, sub.Customer, sub.Meta)
	if err != nil {
		return result{}, err
	}
	why, err := s.itemMisfit(ctx, tx, sub, p, co)
	if err != nil {
		return result{}, err
	}
	if why != "" {
		return parked(why), s.notice(ctx, tx, "misfit:"+sub.ID, "A membership needs your eyes",
			"A subscription to "+p.Name+" exists at Stripe, but "+why+". It grants nothing and waits in the list of unmatched payments.")
	}
	if user == "" {
		return parked("the account of this subscription is not known yet",
			keySubscription(sub.ID), keyCustomer(sub.Customer), keyRef(sub.Meta.Ref)), nil
	}
	now := Seen{Subscription: sub, Event: ev.ID, At: ev.At}
	old, err := s.snapshot(ctx, tx, sub.ID)
	if err != nil {
		return result{}, err
	}
	if old == nil || now.Supersedes(*old) {
		raw, err := json.Marshal(sub)
		if err != nil {
			return result{}, err
		}
		if err := tx.SaveObject(ctx, Object{Kind: "subscription", ID: sub.ID, User: user, Event: ev.ID, At: ev.At, Snapshot: raw}); err != nil {
			return result{}, err
		}
		if err := s.syncRows(ctx, tx, user); err != nil {
			return result{}, err
		}
		if err := s.tellTwice(ctx, tx, now, p, user); err != nil {
			return result{}, err
		}
	}
	if err := s.tellMember(ctx, tx, sub, p, user); err != nil {
		return result{}, err
	}
	if sub.Customer != "" {
		if err := tx.LinkCustomer(ctx, sub.Customer, user, ev.At); err != nil {
			return result{}, err
		}
	}
	return applied(keySubscription(sub.ID), keyCustomer(sub.Customer)), nil
}

// tellTwice tells the creator, once for each pair, that a customer pays for two
// memberships at a time. The doors refuse members, but two checkouts may be open
// when the first is paid, and a guest is nobody's member yet.
func (s *Service) tellTwice(ctx context.Context, tx Tx, now Seen, p catalog.Product, user core.UserID) error {
	if access(now.Subscription.Status) < 2 {
		return nil
	}
	objs, err := tx.ObjectsOf(ctx, user, "subscription")
	if err != nil {
		return err
	}
	seen, err := SeenIn(objs)
	if err != nil {
		return err
	}
	for _, o := range seen {
		a, b := now.Subscription, o.Subscription
		if a.ID == b.ID || access(b.Status) < 2 || !a.PeriodStart.Before(b.PeriodEnd) || !b.PeriodStart.Before(a.PeriodEnd) {
			continue
		}
		first, second := min(a.ID, b.ID), max(a.ID, b.ID)
		if err := s.notice(ctx, tx, "twice:"+first+":"+second, "A customer pays for "+p.Name+" twice",
			"The customer "+string(user)+" has two memberships of "+p.Name+" at Stripe: "+first+" and "+second+". Each is charged, and brings its credits. "+
				"Where she did not mean it, end one of them at Stripe and refund it."); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) snapshot(ctx context.Context, tx Tx, id string) (*Seen, error) {
	o, err := tx.ObjectByID(ctx, "subscription", id)
	if err != nil || o == nil {
		return nil, err
	}
	seen := Seen{Event: o.Event, At: o.At}
	return &seen, json.Unmarshal(o.Snapshot, &seen.Subscription)
}

// itemMisfit says why no item of the subscription is our membership: one of our
// prices, or the price of the catalogue or of our checkout, once.
func (s *Service) itemMisfit(ctx context.Context, tx Tx, sub Subscription, p catalog.Product, co *Checkout) (string, error) {
	why := "it has no items"
	for _, it := range sub.Items {
		known, err := tx.PriceProduct(ctx, []string{it.Price})
		if err != nil {
			return "", err
		}
		price := known == p.ID || it.Amount == p.Price.Minor || (co != nil && it.Amount == co.Price.Minor)
		switch {
		case it.Currency != p.Price.Currency:
			why = fmt.Sprintf("it is billed in %s, %s is sold in %s", word(it.Currency), p.Name, p.Price.Currency)
		case !price:
			why = fmt.Sprintf("its price is %s, %s costs %s", core.Money{Minor: it.Amount, Currency: it.Currency}, p.Name, p.Price)
		case it.Quantity != 1:
			why = fmt.Sprintf("it holds %s %d times", p.Name, it.Quantity)
		default:
			return "", nil
		}
	}
	return why, nil
}

// invoicePaid keeps the payment of a membership's invoice and grants its month.
func (s *Service) invoicePaid(ctx context.Context, tx Tx, ev Event) (result, error) {
	inv := *ev.Invoice
	if inv.Subscription == "" || !inv.Paid {
		return ignored("the invoice belongs to no subscription, or is not paid"), nil
	}
	p, ok, err := s.membershipOf(ctx, tx, inv.Subscription, inv.Meta, inv.Prices)
	if err != nil {
		return result{}, err
	}
	if !ok {
		return ignored("the invoice names none of our products"), nil
	}
	user, co, err := s.member(ctx, tx, inv.Subscription, inv.Customer, inv.Meta)
	if err != nil {
		return result{}, err
	}
	if why := invoiceMisfit(inv, p, co); why != "" {
		return parked(why), s.notice(ctx, tx, "misfit:"+inv.ID, "An invoice needs your eyes",
			"An invoice for "+p.Name+" was paid, but "+why+". Nothing was granted. It waits in the list of unmatched payments.")
	}
	if user == "" {
		return parked("the account of this invoice is not known yet",
			keySubscription(inv.Subscription), keyCustomer(inv.Customer), keyRef(inv.Meta.Ref)), nil
	}
	if err := s.invoicePayment(ctx, tx, ev, inv, p, co, user); err != nil {
		return result{}, err
	}
	return applied(keyInvoice(inv.ID), keyIntent(inv.PaymentIntent), keyCharge(inv.Charge), keyCustomer(inv.Customer)), nil
}

// invoiceMisfit checks the first invoice against the price that was agreed.
// Later ones follow the subscription, whose price was checked, and may carry
// other lines.
func invoiceMisfit(inv Invoice, p catalog.Product, co *Checkout) string {
	if inv.Currency != p.Price.Currency {
		return fmt.Sprintf("it is in %s, %s is sold in %s", word(inv.Currency), p.Name, p.Price.Currency)
	}
	if inv.Reason != "subscription_create" || inv.Subtotal == 0 {
		return ""
	}
	stored := int64(0)
	if co != nil {
		stored = co.Price.Minor
	}
	return Fits(Order{inv.Currency, inv.Subtotal, inv.Discount, inv.Tax, inv.Total}, p, stored)
}

func (s *Service) invoicePayment(ctx context.Context, tx Tx, ev Event, inv Invoice, p catalog.Product, co *Checkout, user core.UserID) error {
	old, err := tx.FindPayment(ctx, PaymentIDs{Invoice: inv.ID})
	if err != nil {
		return err
	}
	if old != nil {
		return s.fillPayment(ctx, tx, *old, inv.PaymentIntent, inv.Charge)
	}
	if inv.Subtotal <= 0 {
		return nil // a trial's bill of nothing
	}
	pay := Payment{
		ID: core.PaymentID(s.IDs.NewID("pay")), User: user, Product: p.ID,
		Amount: inv.AmountPaid, Subtotal: inv.Subtotal, Discount: inv.Discount, Tax: inv.Tax, Currency: inv.Currency,
		Match: ByCustomer, Customer: inv.Customer, PaymentIntent: inv.PaymentIntent, Charge: inv.Charge, Invoice: inv.ID,
		Subscription: inv.Subscription, Source: tracking.Clip(inv.Meta.Source), Campaign: tracking.Clip(inv.Meta.Campaign),
		Link: tracking.Clip(inv.Meta.Link), Live: ev.Live, ReceiptURL: inv.URL, PaidAt: ev.At, CreatedAt: s.Clock.Now(),
	}
	if co != nil {
		pay.Checkout, pay.Source, pay.Campaign, pay.Link = co.ID, co.Source, co.Campaign, co.Link
		if co.SignedIn {
			pay.Match = ByCheckout
		}
	}
	if pay.PaymentIntent, pay.Charge, err = s.unclaimed(ctx, tx, pay, inv.PaymentIntent, inv.Charge); err != nil {
		return err
	}
	if err := tx.InsertPayment(ctx, pay); err != nil {
		return err
	}
	if !inv.Credits() {
		return nil
	}
	if _, _, err := s.Ledger.Grant(ctx, tx, credits.Line{
		User: user, Amount: p.Credits, Type: credits.Membership, Description: p.Name + ", a month's credits",
		Key: "inv:" + inv.ID, Reference: string(pay.ID), At: ev.At,
	}); err != nil {
		return err
	}
	if inv.Reason == "subscription_create" {
		return tx.RecordEvent(ctx, tracking.Event{
			Name: tracking.Upgrade, User: user, Product: p.ID, Source: pay.Source, Campaign: pay.Campaign, At: ev.At,
		})
	}
	return s.renewed(ctx, tx, inv, p, user)
}

func (s *Service) renewed(ctx context.Context, tx Tx, inv Invoice, p catalog.Product, user core.UserID) error {
	u, err := living(ctx, tx, user)
	if err != nil || u == nil {
		return err
	}
	props := mail.Props{
		"name": u.Name, "product": p.Name, "amount": core.Money{Minor: inv.AmountPaid, Currency: inv.Currency}.String(),
		"credits": strconv.Itoa(p.Credits), "path": "/studio", "receipt": inv.URL,
	}
	if !inv.PeriodEnd.IsZero() {
		props["renews"] = inv.PeriodEnd.Format(letterDate)
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{Kind: mail.Renewal, User: user, To: u.Email, Reference: inv.ID, Props: props}, s.Clock.Now())
}

// fillPayment adds the ids that an earlier report of the same payment lacked.
func (s *Service) fillPayment(ctx context.Context, tx Tx, p Payment, intent, charge string) error {
	if (intent == "" || p.PaymentIntent != "") && (charge == "" || p.Charge != "") {
		return nil
	}
	intent, charge, err := s.unclaimed(ctx, tx, p, intent, charge)
	if err != nil || (intent == "" && charge == "") {
		return err
	}
	if p.PaymentIntent == "" {
		p.PaymentIntent = intent
	}
	if p.Charge == "" {
		p.Charge = charge
	}
	return tx.SavePayment(ctx, p)
}

// unclaimed returns the ids of what settled a payment, or none where they are
// another payment's already: money that comes back comes back once.
func (s *Service) unclaimed(ctx context.Context, tx Tx, p Payment, intent, charge string) (string, string, error) {
	if intent == "" && charge == "" {
		return "", "", nil
	}
	other, err := tx.FindPayment(ctx, PaymentIDs{PaymentIntent: intent, Charge: charge})
	if err != nil || (other != nil && other.ID != p.ID) {
		return "", "", err
	}
	return intent, charge, nil
}
