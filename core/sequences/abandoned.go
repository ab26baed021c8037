package sequences

import (
	"context"
	"net/url"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

// Abandoned is a checkout that ran out, or failed, with an address in it.
type Abandoned struct {
	ID        core.CheckoutID
	User      core.UserID // "" for a guest
	Email     string
	Product   core.ProductID
	Price     core.Money
	Marketing string // what was said about mail: "", yes or no
	CreatedAt time.Time
}

// Recovery is what is known now of whoever left a checkout.
type Recovery struct {
	Name          string
	Bought        bool // anything, since the checkout began
	Newer         bool // another checkout of the same address began later
	Listed        bool
	Refused       bool
	Pending       bool
	LastMarketing time.Time
}

// AbandonedTx is what the recovery mail needs of a transaction.
type AbandonedTx interface {
	Letters
	// AbandonedCheckouts returns checkouts that ran out between two times and got
	// no mail yet, beginning after an id.
	AbandonedCheckouts(ctx context.Context, from, to time.Time, after core.CheckoutID, limit int) ([]Abandoned, error)
	RecoveryFacts(ctx context.Context, a Abandoned, key core.EmailKey) (Recovery, error)
}

// AbandonedReads answers outside a transaction, so that an hour in which nobody
// left a checkout writes nothing.
type AbandonedReads interface {
	AbandonedCheckouts(ctx context.Context, from, to time.Time, after core.CheckoutID, limit int) ([]Abandoned, error)
}

// AbandonedStore runs use cases in the lane that gives way.
type AbandonedStore interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx AbandonedTx) error) error
}

// Rescue writes once to people who left a checkout.
type Rescue struct {
	Store   AbandonedStore
	Read    AbandonedReads
	Gate    Gate
	IDs     core.IDs
	Tokens  core.Tokens
	Fold    core.Fold
	Product func(core.ProductID) (name string, onSale bool)
	OptIn   bool
}

// rest is how long a checkout lies before the mail goes out.
const rest = time.Hour

// Recover decides whether somebody who left a checkout is written to now, and why.
func Recover(a Abandoned, r Recovery, optIn bool, now time.Time) (outcome Outcome, why string) {
	switch {
	case r.Bought:
		return IsEnded, "bought since"
	case r.Newer:
		return IsEnded, "began another checkout later"
	case a.Marketing == "no", optIn && a.Marketing != "yes":
		return IsEnded, "did not agree to mail at the checkout"
	case r.Listed:
		return IsEnded, "the address wants no marketing, or takes none"
	case r.Refused:
		return IsSuppressed, "offers were refused"
	case r.Pending, !r.LastMarketing.IsZero() && now.Sub(r.LastMarketing) < Pause:
		return IsCapped, "another marketing mail is too fresh"
	}
	return IsDue, "left a checkout with an address and has not bought since"
}

// Run is the hourly work. Each checkout gets one mail at most, ever.
func (s *Rescue) Run(ctx context.Context, now time.Time) (Counts, error) {
	var sum Counts
	// Most hours nobody left anything: that is asked first, because it costs less.
	if some, err := s.Read.AbandonedCheckouts(ctx, now.Add(-Patience), now.Add(-rest), "", 1); err != nil || len(some) == 0 {
		return sum, err
	}
	if paused, err := s.Gate.MarketingPaused(ctx, now); err != nil || paused != "" {
		return sum, err
	}
	after := core.CheckoutID("")
	for more := true; more; {
		var did Counts
		last := after
		if err := s.Store.Update(ctx, func(ctx context.Context, tx AbandonedTx) error {
			did, more = Counts{}, false
			list, err := tx.AbandonedCheckouts(ctx, now.Add(-Patience), now.Add(-rest), after, chunk)
			if err != nil {
				return err
			}
			more = len(list) == chunk
			for _, a := range list {
				last = a.ID
				if err := s.one(ctx, tx, a, now, &did); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return sum, err
		}
		after = last
		sum.Sent += did.Sent
		sum.Skipped += did.Skipped
		sum.Waiting += did.Waiting
	}
	return sum, nil
}

func (s *Rescue) one(ctx context.Context, tx AbandonedTx, a Abandoned, now time.Time, did *Counts) error {
	key := s.Fold(a.Email)
	name, onSale := s.Product(a.Product)
	if key == "" || !onSale {
		did.Skipped++
		return nil
	}
	r, err := tx.RecoveryFacts(ctx, a, key)
	if err != nil {
		return err
	}
	outcome, why := Recover(a, r, s.OptIn, now)
	switch outcome {
	case IsEnded:
		did.Skipped++
		return nil
	case IsDue:
	default:
		did.Waiting++
		return nil
	}
	path := "/checkout/" + url.PathEscape(string(a.Product)) + "?resume=" + url.QueryEscape(string(a.ID))
	link := NewLink(s.Tokens)
	fresh, err := tx.PromiseLetter(ctx, mail.Queued{
		ID: core.MailID(s.IDs.NewID("eml")), ToKey: key, At: now, BusinessKey: string(mail.AbandonedCheckout) + ":" + string(a.ID),
		Promise: mail.Promise{
			Kind: mail.AbandonedCheckout, User: a.User, To: a.Email, Reference: string(a.ID),
			Props: mail.Props{"name": r.Name, "product": name, "amount": a.Price.String(), "path": path},
		},
	}, Origin{Reason: why, Expires: now.Add(Patience), Link: link, Dest: Destination(path, "abandoned-checkout", string(a.Product), link)})
	if fresh {
		did.Sent++
	}
	return err
}
