package billing

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/tracking"
)

// Left is a checkout that its buyer left, and that the letter about it leads
// back to.
type Left struct {
	Ref       core.CheckoutID
	Product   core.ProductID
	Promotion string
	Session   string // of a checkout that was paid meanwhile
	Paid      bool
	Immediate bool // delivery at once was agreed to already
	Owner     bool // somebody began it signed in, and has to be
}

// FindLeft returns the checkout that a letter leads back to, nil when there is
// none for whoever asks. The ref in an address is not enough: it comes with the
// link of the letter that was written about this very checkout, to the address
// that was left in it. What was begun signed in is for that account alone; for a
// visitor it says only that somebody has to sign in.
func (s *Service) FindLeft(ctx context.Context, ref core.CheckoutID, link string, user core.UserID) (*Left, error) {
	co, err := s.left(ctx, ref, link)
	if err != nil || co == nil {
		return nil, err
	}
	if co.SignedIn && co.User != user {
		if user != "" {
			return nil, nil
		}
		return &Left{Ref: ref, Product: co.Product, Owner: true}, nil
	}
	l := &Left{Ref: ref, Product: co.Product, Promotion: co.Promotion, Owner: co.SignedIn}
	if co.State == CheckoutComplete || co.State == CheckoutProcessing {
		l.Paid, l.Session = true, co.Session
		return l, nil
	}
	l.Immediate, err = s.Read.ConsentGiven(ctx, ref, ConsentImmediate)
	return l, err
}

func (s *Service) left(ctx context.Context, ref core.CheckoutID, link string) (*Checkout, error) {
	if ref == "" || link == "" {
		return nil, nil
	}
	about, err := s.Read.CheckoutOfLetter(ctx, core.LinkID(tracking.Clip(link)))
	if err != nil || about != ref {
		return nil, err
	}
	return s.Read.CheckoutByRef(ctx, ref)
}

// resume opens a checkout again that its buyer left: what was chosen, promised
// and agreed to then counts, and the sale is the letter's merit. While Stripe's
// session waits it is the same one; later another one that is bound to the same
// checkout. It returns nil where the wish is another one, or the price has
// changed: then it is a checkout like any other.
func (s *Service) resume(ctx context.Context, in StartCheckout) (*Opened, error) {
	found, err := s.FindLeft(ctx, in.Resume, in.Link, in.User)
	if err != nil || found == nil {
		return nil, err
	}
	p, err := s.sellable(in)
	if err != nil || p.ID != found.Product || (found.Owner && in.User == "") {
		return nil, err
	}
	if found.Paid {
		return nil, &core.Error{Code: core.Conflict, Op: "billing.Start", Message: "This checkout is paid already, or its payment is on its way."}
	}
	if p.Monthly() && in.User != "" {
		if err := s.refuseMember(ctx, in.User); err != nil {
			return nil, err
		}
	}
	in.Promo = found.Promotion
	promo, err := s.promotion(ctx, in, p)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	var co, shared *Checkout
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		co, shared = nil, nil
		held, err := tx.CheckoutByRef(ctx, found.Ref)
		if err != nil || held == nil || held.Price != p.Price || held.Discount != promo.AmountOff.Minor {
			return err
		}
		again := *held
		again.Link = tracking.Clip(in.Link)
		if again.State != CheckoutOpen || !now.Before(again.ExpiresAt) {
			if shared, err = s.sharedByOther(ctx, tx, again, now); err != nil || shared != nil {
				return err
			}
			again.State, again.ClientSecret, again.ExpiresAt = CheckoutNew, "", time.Time{}
		}
		if err := tx.SaveCheckout(ctx, again); err != nil {
			return err
		}
		co = &again
		if !found.Immediate && in.Consent.Immediate {
			return s.keepConsents(ctx, tx, again, BuyerConsent{Immediate: true, TextVersion: in.Consent.TextVersion}, now)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case shared != nil:
		o := opened(*shared)
		return &o, nil
	case co == nil:
		return nil, nil
	case co.State == CheckoutOpen:
		o := opened(*co)
		return &o, nil
	}
	// The session that ran out names its successor: two windows that ask for it
	// at once get one.
	o, err := s.openSession(ctx, *co, p, "checkout:"+string(co.ID)+":after:"+co.Session)
	return &o, err
}

// sharedByOther is sharePromotion for a checkout that may hold the code itself.
func (s *Service) sharedByOther(ctx context.Context, tx Tx, co Checkout, now time.Time) (*Checkout, error) {
	if co.Promotion == "" {
		return nil, nil
	}
	held, err := tx.OpenPromotionCheckout(ctx, co.User, co.Promotion)
	if err != nil || held == nil || held.ID == co.ID {
		return nil, err
	}
	return s.sharePromotion(ctx, tx, co, now)
}
