package billing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/credits"
)

// Difference is something that Stripe has and we don't, or otherwise.
type Difference struct {
	Object  string   // Stripe's id
	Type    string   // as what it was applied
	Missing []string // what applying it changes, a line each
	Reason  string   // why it is parked
	Fixed   bool
}

// Reconciliation is what a comparison with Stripe found.
type Reconciliation struct {
	Compared    int
	Differences []Difference
}

// errLook ends a transaction that only looked.
var errLook = errors.New("looking only")

// Reconcile compares what Stripe lists of the last days with what we have. Each
// object goes the way of an event that says it is like this now: in a look that
// way is walked and rolled back, in a repair it is kept. So the comparison can't
// know other rules than the webhook.
func (s *Service) Reconcile(ctx context.Context, since time.Time, repair bool) (Reconciliation, error) {
	var out Reconciliation
	err := s.Gateway.ObjectsSince(ctx, since, func(payload []byte) error {
		ev, err := s.Payloads.Parse(payload)
		if err != nil {
			return err
		}
		out.Compared++
		d, err := s.compare(ctx, ev, payload, repair)
		if err != nil {
			return err
		}
		if len(d.Missing) > 0 {
			out.Differences = append(out.Differences, d)
		}
		return nil
	})
	return out, err
}

func (s *Service) compare(ctx context.Context, ev Event, payload []byte, repair bool) (Difference, error) {
	d := Difference{Object: objectID(ev), Type: ev.Type, Fixed: repair}
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		look := &watched{Tx: tx}
		res, err := s.apply(ctx, look, ev)
		if err != nil {
			return err
		}
		d.Missing = look.lines
		if res.outcome == Parked {
			d.Missing, d.Reason, d.Fixed = append(d.Missing, "it can't be placed: "+res.reason), res.reason, false
		}
		if !repair || len(look.lines) == 0 {
			return errLook
		}
		now := s.Clock.Now()
		if err := tx.SaveEvent(ctx, Record{
			ID: ev.ID, Type: ev.Type, Outcome: res.outcome, Reason: res.reason, Attempts: 1, Payload: payload, At: ev.At, ReceivedAt: now, AppliedAt: now,
		}); err != nil {
			return err
		}
		return s.wake(ctx, tx, res.provides)
	})
	if errors.Is(err, errLook) {
		err = nil
	}
	return d, err
}

func objectID(ev Event) string {
	switch {
	case ev.Session != nil:
		return ev.Session.ID
	case ev.Subscription != nil:
		return ev.Subscription.ID
	case ev.Invoice != nil:
		return ev.Invoice.ID
	case ev.Charge != nil:
		return ev.Charge.ID
	case ev.Dispute != nil:
		return ev.Dispute.ID
	}
	return string(ev.ID)
}

// watched notes what a use case changes, in words for the creator.
type watched struct {
	Tx
	lines []string
}

func (w *watched) note(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *watched) InsertPayment(ctx context.Context, p Payment) error {
	old, err := w.FindPayment(ctx, PaymentIDs{Session: p.Session, Invoice: p.Invoice, PaymentIntent: p.PaymentIntent, Charge: p.Charge})
	if err != nil {
		return err
	}
	if old != nil {
		return &core.Error{Code: core.Conflict, Op: "billing.InsertPayment", Message: "That payment is known."}
	}
	w.note("a payment of %s for %s is missing", core.Money{Minor: p.Amount, Currency: p.Currency}, p.Product)
	return w.Tx.InsertPayment(ctx, p)
}

func (w *watched) SavePayment(ctx context.Context, p Payment) error {
	old, err := w.FindPayment(ctx, PaymentIDs{Session: p.Session, Invoice: p.Invoice})
	if err != nil {
		return err
	}
	if old != nil && (old.Refunded != p.Refunded || old.Dispute != p.Dispute) {
		w.note("the payment should say %s refunded, dispute %q", core.Money{Minor: p.Refunded, Currency: p.Currency}, p.Dispute)
	} else if old != nil && (old.PaymentIntent != p.PaymentIntent || old.Charge != p.Charge) {
		w.note("the payment lacks its ids at Stripe")
	}
	return w.Tx.SavePayment(ctx, p)
}

func (w *watched) AppendCredit(ctx context.Context, e credits.Entry) error {
	w.note("a line of %+d credits is missing (%s)", e.Amount, e.Description)
	return w.Tx.AppendCredit(ctx, e)
}

func (w *watched) SaveObject(ctx context.Context, o Object) error {
	old, err := w.ObjectByID(ctx, o.Kind, o.ID)
	if err != nil {
		return err
	}
	if old == nil || !bytes.Equal(old.Snapshot, o.Snapshot) {
		w.note("the %s was in another state", o.Kind)
	}
	return w.Tx.SaveObject(ctx, o)
}

func (w *watched) SaveRow(ctx context.Context, r Row) error {
	w.note("the right %s should be %s", r.Type, r.Status)
	return w.Tx.SaveRow(ctx, r)
}

func (w *watched) SaveDispute(ctx context.Context, d DisputeSeen) error {
	old, err := w.DisputesOf(ctx, d.Payment)
	if err != nil {
		return err
	}
	known := false
	for _, o := range old {
		known = known || (o.ID == d.ID && o.Status == d.Status && o.Closed == d.Closed)
	}
	if !known {
		w.note("a dispute (%s) is missing", d.Status)
	}
	return w.Tx.SaveDispute(ctx, d)
}

func (w *watched) InsertUser(ctx context.Context, u accounts.User) error {
	w.note("the buyer's account is missing")
	return w.Tx.InsertUser(ctx, u)
}

func (w *watched) SaveCheckout(ctx context.Context, c Checkout) error {
	old, err := w.CheckoutByRef(ctx, c.ID)
	if err != nil {
		return err
	}
	if old == nil || old.State != c.State {
		w.note("the checkout should be %s", c.State)
	}
	return w.Tx.SaveCheckout(ctx, c)
}

func (w *watched) LinkCustomer(ctx context.Context, customer string, user core.UserID, at time.Time) error {
	known, err := w.CustomerUser(ctx, customer)
	if err != nil {
		return err
	}
	if known == "" {
		w.note("the customer %s is not known", customer)
	}
	return w.Tx.LinkCustomer(ctx, customer, user, at)
}
