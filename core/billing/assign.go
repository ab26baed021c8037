package billing

import (
	"context"

	"sselfie/core"
)

// Assign gives an unmatched payment to an account that the creator chose, and
// fulfils it as the product that it names. What did not fit before is the
// creator's decision now; it is in the audit log with her name.
func (s *Service) Assign(ctx context.Context, id core.EventID, user, admin core.UserID) error {
	const op = "billing.Assign"
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		rec, err := tx.EventByID(ctx, id)
		if err != nil {
			return err
		}
		if rec == nil {
			return &core.Error{Code: core.NotFound, Op: op, Message: "There is no such event."}
		}
		if rec.Outcome != Parked {
			return &core.Error{Code: core.Conflict, Op: op, Message: "This event is not waiting any more. Reload the list."}
		}
		ev, err := s.Payloads.Parse(rec.Payload)
		if err != nil {
			return err
		}
		u, err := living(ctx, tx, user)
		if err != nil {
			return err
		}
		if u == nil {
			return &core.Error{Code: core.NotFound, Op: op, Message: "There is no such customer."}
		}
		if ev.Session == nil || !ev.Session.Paid {
			return &core.Error{Code: core.Unprocessable, Op: op, Message: "Only a paid checkout can be assigned. This report waits for another one, and is applied with it."}
		}
		co, p, ok, err := s.ours(ctx, tx, ev.Session)
		if err != nil {
			return err
		}
		if !ok {
			return &core.Error{Code: core.Unprocessable, Op: op, Message: "The checkout names none of our products."}
		}
		if err := s.settle(ctx, tx, ev, co, *u); err != nil {
			return err
		}
		if p.Monthly() {
			err = s.joined(ctx, tx, ev, co, p, *u)
		} else {
			err = s.purchased(ctx, tx, ev, co, p, *u, ByCreator)
		}
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		rec.Outcome, rec.Reason, rec.Error, rec.AppliedAt = Applied, "assigned by hand; before: "+rec.Reason, "", now
		if err := tx.SaveEvent(ctx, *rec); err != nil {
			return err
		}
		if err := tx.SaveWaits(ctx, id, nil); err != nil {
			return err
		}
		if err := tx.Audit(ctx, core.Audit{
			ID: s.IDs.NewID("aud"), Actor: string(admin), Action: "payment.assign", Subject: string(id), At: now,
			Detail: map[string]string{"user": string(user), "session": ev.Session.ID, "reason": rec.Reason},
		}); err != nil {
			return err
		}
		return s.wake(ctx, tx, compact([]string{
			keySubscription(ev.Session.Subscription), keyCustomer(ev.Session.Customer),
			keyIntent(ev.Session.PaymentIntent), keyInvoice(ev.Session.Invoice), keyRef(ev.Session.Meta.Ref),
		}))
	})
}
