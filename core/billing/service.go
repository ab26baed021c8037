package billing

import (
	"context"
	"fmt"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/mail"
)

// Service opens checkouts and applies what Stripe reports about them.
type Service struct {
	Store    Updater
	Read     Reader
	Gateway  Gateway
	Payloads Payloads
	Clock    core.Clock
	IDs      core.IDs
	Fold     core.Fold
	Catalog  catalog.Catalog
	Ledger   credits.Ledger
	Post     mail.Post
	Live     bool   // the installation's mode: events of the other one are ignored
	BaseURL  string // without a trailing slash
	Creator  string // where notices go, "" for nowhere
	Grace    time.Duration
}

// result is what applying one event came to.
type result struct {
	outcome  Outcome
	reason   string
	waits    []string // for parked: any of these keys wakes it
	provides []string // keys that this event made known
}

func ignored(format string, args ...any) result {
	return result{outcome: Ignored, reason: fmt.Sprintf(format, args...)}
}

func parked(reason string, waits ...string) result {
	return result{outcome: Parked, reason: reason, waits: waits}
}

func applied(provides ...string) result { return result{outcome: Applied, provides: provides} }

// Keys under which a parked event waits and a parent makes itself known.
func keySubscription(id string) string { return key("subscription", id) }
func keyCustomer(id string) string     { return key("customer", id) }
func keyIntent(id string) string       { return key("intent", id) }
func keyCharge(id string) string       { return key("charge", id) }
func keyInvoice(id string) string      { return key("invoice", id) }
func keyRef(id string) string          { return key("ref", id) }

func key(kind, id string) string {
	if id == "" {
		return ""
	}
	return kind + ":" + id
}

// Apply keeps an event and all of its effects in one transaction, and then the
// parked events that waited for it. An event that was kept before is Duplicate.
// When Apply fails nothing of the event is kept but a record of the failure, so
// that the sender's next try can succeed.
func (s *Service) Apply(ctx context.Context, ev Event, payload []byte) (Outcome, error) {
	var out Outcome
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = s.take(ctx, tx, ev, payload, false)
		return err
	})
	if err != nil {
		s.recordFailure(ctx, ev, payload, err)
		return Failed, &core.Error{Code: core.CodeOf(err), Op: "billing.Apply", Message: "The event could not be applied; send it again.", Err: err}
	}
	return out, nil
}

// Retry applies a parked or failed event again.
func (s *Service) Retry(ctx context.Context, id core.EventID) (Outcome, error) {
	var out Outcome
	var rec *Record
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		rec, err = tx.EventByID(ctx, id)
		if err != nil {
			return err
		}
		if rec == nil {
			return &core.Error{Code: core.NotFound, Op: "billing.Retry", Message: "There is no such event."}
		}
		if rec.Outcome != Parked && rec.Outcome != Failed {
			out = Duplicate
			return nil
		}
		ev, err := s.Payloads.Parse(rec.Payload)
		if err != nil {
			return err
		}
		out, err = s.take(ctx, tx, ev, rec.Payload, true)
		return err
	})
	return out, err
}

func (s *Service) take(ctx context.Context, tx Tx, ev Event, payload []byte, again bool) (Outcome, error) {
	now := s.Clock.Now()
	// The claim says applied, which most events are; the others correct it.
	rec := Record{ID: ev.ID, Type: ev.Type, Outcome: Applied, Payload: payload, At: ev.At, ReceivedAt: now, AppliedAt: now, Attempts: 1}
	old, err := tx.ClaimEvent(ctx, rec)
	if err != nil {
		return "", err
	}
	if old != nil {
		if !again && old.Outcome != Failed {
			return Duplicate, nil
		}
		rec.Attempts = old.Attempts + 1
	}
	res, err := s.keep(ctx, tx, rec, ev)
	if err != nil {
		return "", err
	}
	return res.outcome, s.wake(ctx, tx, res.provides)
}

// keep applies an event that was claimed, and corrects its record where the
// outcome is another than applied at once.
func (s *Service) keep(ctx context.Context, tx Tx, rec Record, ev Event) (result, error) {
	res, err := s.apply(ctx, tx, ev)
	if err != nil {
		return res, err
	}
	if res.outcome == Applied && rec.Attempts == 1 {
		return res, nil
	}
	rec.Outcome, rec.Reason, rec.Error, rec.AppliedAt = res.outcome, res.reason, "", time.Time{}
	if res.outcome == Applied {
		rec.AppliedAt = s.Clock.Now()
	}
	if err := tx.SaveEvent(ctx, rec); err != nil {
		return res, err
	}
	return res, tx.SaveWaits(ctx, ev.ID, compact(res.waits))
}

// wake applies what waited for the keys, and what waited for that in turn. One
// that was tried too early is tried again when something else was applied: only
// what is applied provides keys, so this ends.
func (s *Service) wake(ctx context.Context, tx Tx, keys []string) error {
	for keys = compact(keys); len(keys) > 0; {
		waiting, err := tx.ParkedFor(ctx, keys)
		if err != nil {
			return err
		}
		keys = nil
		for _, rec := range waiting {
			ev, err := s.Payloads.Parse(rec.Payload)
			if err != nil {
				continue // it was readable when it was parked; the creator sees it in the list
			}
			rec.Attempts++
			var res result
			err = tx.Attempt(ctx, func() (err error) {
				res, err = s.keep(ctx, tx, rec, ev)
				return err
			})
			if core.Is(err, core.Unavailable) {
				return err // the database itself is in trouble: the parent is sent again
			}
			if err != nil {
				continue // it stays parked; one bad report must not hold up its parent
			}
			keys = append(keys, res.provides...)
		}
		keys = compact(keys)
	}
	return nil
}

func compact(keys []string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// RecordUnreadable keeps a genuine event that nobody here can read as a failure,
// so that the creator sees it in the list. What was applied before stays so.
func (s *Service) RecordUnreadable(ctx context.Context, id core.EventID, kind string, payload []byte, cause error) {
	s.recordFailure(ctx, Event{ID: id, Type: kind, At: s.Clock.Now()}, payload, cause)
}

func (s *Service) recordFailure(ctx context.Context, ev Event, payload []byte, cause error) {
	// A second failure leaves the first one's answer as it is: the sender hears
	// 500 either way and comes again.
	_ = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		rec := Record{
			ID: ev.ID, Type: ev.Type, Outcome: Failed, Error: cause.Error(), Attempts: 1,
			Payload: payload, At: ev.At, ReceivedAt: s.Clock.Now(),
		}
		old, err := tx.EventByID(ctx, ev.ID)
		if err != nil {
			return err
		}
		if old != nil {
			if old.Outcome != Failed {
				return nil
			}
			rec.Attempts = old.Attempts + 1
		}
		return tx.SaveEvent(ctx, rec)
	})
}

func (s *Service) apply(ctx context.Context, tx Tx, ev Event) (result, error) {
	if ev.Account != "" {
		return ignored("it belongs to the connected account %s", ev.Account), nil
	}
	if ev.Live != s.Live {
		return ignored("it is a %s event, this installation is %s", mode(ev.Live), mode(s.Live)), nil
	}
	if ev.Mixed {
		return ignored("live and test are mixed in it"), nil
	}
	switch {
	case ev.Session != nil && (ev.Kind == CheckoutCompleted || ev.Kind == CheckoutPaid):
		return s.checkoutDone(ctx, tx, ev)
	case ev.Session != nil && (ev.Kind == CheckoutFailed || ev.Kind == CheckoutExpired):
		return s.checkoutOver(ctx, tx, ev)
	case ev.Subscription != nil: // a trial's end is announced with a snapshot, too
		return s.subscriptionChanged(ctx, tx, ev)
	case ev.Invoice != nil && ev.Kind == InvoicePaid:
		return s.invoicePaid(ctx, tx, ev)
	case ev.Invoice != nil && (ev.Kind == InvoiceFailed || ev.Kind == InvoiceNeedsAction):
		return s.invoiceFailed(ctx, tx, ev)
	case ev.InvoicePayment != nil:
		return s.invoiceSettled(ctx, tx, ev)
	case ev.Charge != nil:
		return s.chargeRefunded(ctx, tx, ev)
	case ev.Refund != nil:
		return s.refundUpdated(ctx, tx, ev)
	case ev.Dispute != nil:
		return s.disputeChanged(ctx, tx, ev)
	}
	return ignored("nothing here depends on %s", ev.Type), nil
}

func mode(live bool) string {
	if live {
		return "live"
	}
	return "test"
}

func (s *Service) notice(ctx context.Context, tx Tx, ref, subject, text string) error {
	if s.Creator == "" {
		return nil
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Notice, To: s.Creator, Reference: ref,
		Props: mail.Props{"subject": subject, "text": text, "link": s.BaseURL + "/admin/webhooks"},
	}, s.Clock.Now())
}
