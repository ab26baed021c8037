package billing

import (
	"context"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/tracking"
)

// ours finds our checkout row and the product of a session. The row decides
// where there is one; without it the product_type that we wrote does.
func (s *Service) ours(ctx context.Context, tx Tx, ses *Session) (*Checkout, catalog.Product, bool, error) {
	co, err := tx.CheckoutBySession(ctx, ses.ID)
	if err != nil {
		return nil, catalog.Product{}, false, err
	}
	if co == nil && ses.Meta.Ref != "" {
		if co, err = tx.CheckoutByRef(ctx, core.CheckoutID(ses.Meta.Ref)); err != nil {
			return nil, catalog.Product{}, false, err
		}
	}
	id := ses.Meta.Product
	if co != nil {
		id = co.Product
	}
	p, ok := s.Catalog.Product(id)
	return co, p, ok, nil
}

// checkoutDone fulfils a session that is paid, or has nothing to pay. One that
// is not paid yet is noted and waits for its bank.
func (s *Service) checkoutDone(ctx context.Context, tx Tx, ev Event) (result, error) {
	ses := ev.Session
	a := s.arrival(ses)
	if err := tx.Expect(ctx, a); err != nil {
		return result{}, err
	}
	co, p, ok, err := s.ours(ctx, tx, ses)
	if err != nil {
		return result{}, err
	}
	if !ok {
		return ignored("the checkout names none of our products"), nil
	}
	if !ses.Paid {
		if co == nil {
			return applied(), s.noteDelayed(ctx, tx, ev, p)
		}
		if co.State == CheckoutComplete || co.State == CheckoutFailedHere || co.State == CheckoutOver {
			return applied(), nil // a later report of it came first
		}
		co.State, co.Session, co.Email = CheckoutProcessing, ses.ID, ses.Email
		return applied(), tx.SaveCheckout(ctx, *co)
	}
	if why := s.misfit(ses, p, co); why != "" {
		return parked(why), s.notice(ctx, tx, "misfit:"+ses.ID, "A payment needs your eyes",
			"A checkout for "+p.Name+" was paid, but "+why+". Nothing was granted. It waits in the list of unmatched payments.")
	}
	u, match, err := s.buyer(ctx, tx, ev, co)
	if err != nil {
		return result{}, err
	}
	if u == nil {
		return parked("it names no account and no usable address"), s.notice(ctx, tx, "nobody:"+ses.ID, "A payment has no owner",
			"A checkout for "+p.Name+" was paid without a usable address. It waits in the list of unmatched payments.")
	}
	if err := s.settle(ctx, tx, ev, co, *u); err != nil {
		return result{}, err
	}
	if err := s.converted(ctx, tx, ev, *u); err != nil {
		return result{}, err
	}
	if p.Monthly() {
		err = s.joined(ctx, tx, ev, co, p, *u)
	} else {
		err = s.purchased(ctx, tx, ev, co, p, *u, match)
	}
	return applied(a.Wakes...), err
}

// arrival is what a session that came in is going to be asked about.
func (s *Service) arrival(ses *Session) Arrival {
	a := Arrival{Session: ses.ID, Wakes: compact([]string{
		keySubscription(ses.Subscription), keyCustomer(ses.Customer), keyIntent(ses.PaymentIntent), keyInvoice(ses.Invoice), keyRef(ses.Meta.Ref),
	})}
	if accounts.CheckAddress(ses.Email) == "" {
		a.Key = s.Fold(ses.Email)
	}
	return a
}

// elsewhere is our row for a checkout that was opened without us, so that its
// buyer can ask how it stands.
func (s *Service) elsewhere(ev Event, p catalog.Product, state string) Checkout {
	ses := ev.Session
	return Checkout{
		ID: core.CheckoutID(s.IDs.NewID("chk")), Product: p.ID, Price: p.Price, Source: tracking.Clip(ses.Meta.Source), Campaign: tracking.Clip(ses.Meta.Campaign),
		Session: ses.ID, State: state, Email: ses.Email, CreatedAt: ev.At,
	}
}

// noteDelayed keeps a row for a checkout from elsewhere that waits for its bank,
// or says how it went when that came first.
func (s *Service) noteDelayed(ctx context.Context, tx Tx, ev Event, p catalog.Product) error {
	paid, err := tx.FindPayment(ctx, PaymentIDs{Session: ev.Session.ID, PaymentIntent: ev.Session.PaymentIntent})
	if err != nil {
		return err
	}
	co := s.elsewhere(ev, p, CheckoutProcessing)
	if paid != nil {
		co.State, co.User, co.CompletedAt = CheckoutComplete, paid.User, paid.PaidAt
	}
	return tx.SaveCheckout(ctx, co)
}

func (s *Service) misfit(ses *Session, p catalog.Product, co *Checkout) string {
	if ses.Membership != p.Monthly() {
		return p.Name + " is not sold in this mode"
	}
	stored := int64(0)
	if co != nil {
		stored = co.Price.Minor
	}
	return Fits(Order{ses.Currency, ses.Subtotal, ses.Discount, ses.Tax, ses.Total}, p, stored)
}

// settle notes what every fulfilled checkout brings: its customer, its consents
// and our own row.
func (s *Service) settle(ctx context.Context, tx Tx, ev Event, co *Checkout, u accounts.User) error {
	if c := ev.Session.Customer; c != "" {
		if err := tx.LinkCustomer(ctx, c, u.ID, ev.At); err != nil {
			return err
		}
	}
	if co == nil {
		return nil
	}
	done := *co
	done.User, done.Session, done.Email = u.ID, ev.Session.ID, ev.Session.Email
	done.State, done.CompletedAt, done.ClientSecret = CheckoutComplete, ev.At, ""
	if err := tx.SaveCheckout(ctx, done); err != nil {
		return err
	}
	return tx.AdoptConsents(ctx, co.ID, u.ID)
}

// converted marks the buyer's captured address: the one that she paid with, and
// the one of her account.
func (s *Service) converted(ctx context.Context, tx Tx, ev Event, u accounts.User) error {
	key := s.Fold(ev.Session.Email)
	if accounts.CheckAddress(ev.Session.Email) != "" {
		key = u.Key
	}
	if err := tx.ConvertLead(ctx, key, u.ID, ev.At); err != nil || key == u.Key || u.Key == "" {
		return err
	}
	return tx.ConvertLead(ctx, u.Key, u.ID, ev.At)
}

// purchased grants a one-time purchase, once for its session.
func (s *Service) purchased(ctx context.Context, tx Tx, ev Event, co *Checkout, p catalog.Product, u accounts.User, match Match) error {
	ses := ev.Session
	pay := Payment{
		ID: core.PaymentID(s.IDs.NewID("pay")), User: u.ID, Product: p.ID,
		Amount: ses.Total, Subtotal: ses.Subtotal, Discount: ses.Discount, Tax: ses.Tax, Currency: ses.Currency,
		Match: match, Customer: ses.Customer, Session: ses.ID, PaymentIntent: ses.PaymentIntent,
		Source: tracking.Clip(ses.Meta.Source), Campaign: tracking.Clip(ses.Meta.Campaign), Link: tracking.Clip(ses.Meta.Link),
		Live: ev.Live, PaidAt: ev.At, CreatedAt: s.Clock.Now(),
	}
	if co != nil {
		pay.Checkout, pay.Source, pay.Campaign, pay.Link = co.ID, co.Source, co.Campaign, co.Link
	}
	err := tx.InsertPayment(ctx, pay)
	if core.Is(err, core.Conflict) { // seldom, so nothing looks before
		if old, lookup := tx.FindPayment(ctx, PaymentIDs{Session: ses.ID, PaymentIntent: ses.PaymentIntent}); lookup != nil || old != nil {
			return lookup
		}
	}
	if err != nil {
		return err
	}
	if p.Credits > 0 {
		if _, _, err := s.Ledger.Grant(ctx, tx, credits.Line{
			User: u.ID, Amount: p.Credits, Type: credits.Purchase, Description: p.Name, Key: "cs:" + ses.ID, Reference: string(pay.ID), At: ev.At,
		}); err != nil {
			return err
		}
	}
	if p.Entitlement != "" {
		if err := s.syncRows(ctx, tx, u.ID); err != nil {
			return err
		}
	}
	if p.Kind == catalog.Mini {
		if err := s.earnOffers(ctx, tx, u.ID, ev); err != nil {
			return err
		}
	}
	if err := tx.RecordEvent(ctx, tracking.Event{
		Name: tracking.Purchase, User: u.ID, Product: p.ID, Source: pay.Source, Campaign: pay.Campaign, At: ev.At,
	}); err != nil {
		return err
	}
	return s.confirm(ctx, tx, ev, co, p, u)
}

// joined confirms a membership's checkout. Its rights come with its snapshot,
// its payment and credits with its invoice.
func (s *Service) joined(ctx context.Context, tx Tx, ev Event, co *Checkout, p catalog.Product, u accounts.User) error {
	ses := ev.Session
	if co != nil && co.Promotion != "" {
		use, err := tx.PromotionUse(ctx, u.ID, co.Promotion)
		if err != nil {
			return err
		}
		if use == nil {
			use = &PromotionUse{User: u.ID, Code: co.Promotion}
		}
		if use.UsedAt.IsZero() {
			use.UsedAt, use.Reference = ev.At, ses.Subscription
			if err := tx.SavePromotionUse(ctx, *use); err != nil {
				return err
			}
		}
	}
	return s.confirm(ctx, tx, ev, co, p, u)
}

// earnOffers starts, or prolongs, the offers that a mini product earns.
func (s *Service) earnOffers(ctx context.Context, tx Tx, user core.UserID, ev Event) error {
	for _, pr := range s.Catalog.Promotions {
		if err := tx.EarnOffer(ctx, user, pr.Code, pr.Ends(ev.At), ev.At); err != nil {
			return err
		}
	}
	return nil
}

// checkoutOver notes a checkout that failed at the bank or ran out.
func (s *Service) checkoutOver(ctx context.Context, tx Tx, ev Event) (result, error) {
	co, p, ok, err := s.ours(ctx, tx, ev.Session)
	if err != nil {
		return result{}, err
	}
	if !ok {
		return ignored("the checkout names none of our products"), nil
	}
	if co == nil {
		other := s.elsewhere(ev, p, CheckoutOpen)
		co = &other
	}
	if co.State == CheckoutComplete {
		return applied(), nil
	}
	if co.State == CheckoutOpen && co.Session != ev.Session.ID {
		return applied(), nil // it was opened again meanwhile: this is the session before
	}
	co.Session, co.State, co.ClientSecret = ev.Session.ID, CheckoutOver, ""
	if ev.Kind == CheckoutFailed {
		co.State = CheckoutFailedHere
	}
	if ev.Session.Email != "" {
		co.Email = ev.Session.Email
	}
	return applied(), tx.SaveCheckout(ctx, *co)
}
