package billing

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/mail"
)

// ChargeSeen is the newest report of a charge.
type ChargeSeen struct {
	Charge Charge
	Event  core.EventID
	At     time.Time
}

func (a ChargeSeen) supersedes(b ChargeSeen) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Charge.Refunded, b.Charge.Refunded), cmp.Compare(a.Event, b.Event)) > 0
}

// Standing is what is left of a payment, and why.
type Standing struct {
	Refunded int64
	Dispute  string
	Reason   string
}

// Stand derives a payment's standing from everything that was reported of it,
// in whatever order it came: the newest cumulative amount of the charge, less
// refunds that failed after it; and of several disputes the gravest.
func Stand(amount int64, charge *ChargeSeen, refunds []RefundSeen, disputes []DisputeSeen) Standing {
	var st Standing
	if charge != nil {
		st.Refunded = charge.Charge.Refunded
		for _, r := range refunds {
			if (r.Status == "failed" || r.Status == "canceled") && !r.At.Before(charge.At) {
				st.Refunded -= r.Amount
			}
		}
	}
	st.Refunded = max(0, min(st.Refunded, amount))
	for _, d := range disputes {
		if s := disputeState(d); grave[s] > grave[st.Dispute] {
			st.Dispute = s
		}
	}
	switch {
	case st.Dispute == DisputeLost:
		st.Reason = "the dispute was lost, which counts as a full refund"
	case st.Dispute == DisputeOpen:
		st.Reason = "a dispute is open: what the payment brought is suspended"
	case st.Refunded > 0 && st.Refunded >= amount:
		st.Reason = "refunded in full"
	case st.Refunded > 0:
		st.Reason = "refunded in part: only the payment changes"
	default:
		st.Reason = "nothing was returned"
	}
	return st
}

var grave = map[string]int{"": 0, DisputeIsWon: 1, DisputeWarning: 2, DisputeOpen: 3, DisputeLost: 4}

func disputeState(d DisputeSeen) string {
	switch {
	case strings.HasPrefix(d.Status, "warning_"):
		if d.Closed {
			return DisputeIsWon
		}
		return DisputeWarning
	case d.Status == "lost":
		return DisputeLost
	case d.Status == "won" || d.Closed: // closed by a refund: that speaks for itself
		return DisputeIsWon
	}
	return DisputeOpen
}

// supersedes: closed before open, then the newer report.
func (d DisputeSeen) supersedes(b DisputeSeen) bool {
	return cmp.Or(truth(d.Closed, b.Closed), d.At.Compare(b.At), cmp.Compare(d.Event, b.Event)) > 0
}

func (s *Service) chargeRefunded(ctx context.Context, tx Tx, ev Event) (result, error) {
	c := *ev.Charge
	pay, res, err := s.contested(ctx, tx, c.ID, c.PaymentIntent, c.Invoice)
	if pay == nil || err != nil {
		return res, err
	}
	now := ChargeSeen{Charge: c, Event: ev.ID, At: ev.At}
	old, err := s.chargeSeen(ctx, tx, c.ID)
	if err != nil {
		return result{}, err
	}
	if old == nil || now.supersedes(*old) {
		raw, err := json.Marshal(c)
		if err != nil {
			return result{}, err
		}
		if err := tx.SaveObject(ctx, Object{Kind: "charge", ID: c.ID, User: pay.User, Event: ev.ID, At: ev.At, Snapshot: raw}); err != nil {
			return result{}, err
		}
	}
	told := pay.Refunded // for a report that does not say what it changed
	if c.Before != nil {
		told = *c.Before
	}
	stands, err := s.restand(ctx, tx, *pay, ev)
	if err != nil || c.Refunded <= told || stands.Refunded <= told {
		return applied(keyCharge(c.ID), keyIntent(c.PaymentIntent)), err // nothing new, or known to have failed since
	}
	return applied(keyCharge(c.ID), keyIntent(c.PaymentIntent)), s.tellRefund(ctx, tx, stands, told, c.Refunded)
}

func (s *Service) refundUpdated(ctx context.Context, tx Tx, ev Event) (result, error) {
	r := *ev.Refund
	pay, res, err := s.contested(ctx, tx, r.Charge, r.PaymentIntent, "")
	if pay == nil || err != nil {
		return res, err
	}
	olds, err := tx.RefundsOf(ctx, pay.ID)
	if err != nil {
		return result{}, err
	}
	now := RefundSeen{ID: r.ID, Payment: pay.ID, Amount: r.Amount, Currency: r.Currency, Status: r.Status, At: ev.At, Event: ev.ID}
	for _, o := range olds {
		if o.ID == r.ID && cmp.Or(o.At.Compare(now.At), cmp.Compare(o.Event, now.Event)) >= 0 {
			return applied(), nil
		}
	}
	if err := tx.SaveRefund(ctx, now); err != nil {
		return result{}, err
	}
	_, err = s.restand(ctx, tx, *pay, ev)
	return applied(), err
}

func (s *Service) disputeChanged(ctx context.Context, tx Tx, ev Event) (result, error) {
	d := *ev.Dispute
	pay, res, err := s.contested(ctx, tx, d.Charge, d.PaymentIntent, "")
	if pay == nil || err != nil {
		return res, err
	}
	olds, err := tx.DisputesOf(ctx, pay.ID)
	if err != nil {
		return result{}, err
	}
	now := DisputeSeen{
		ID: d.ID, Payment: pay.ID, Amount: d.Amount, Currency: d.Currency, Status: d.Status, Reason: d.Reason, Closed: d.Closed, At: ev.At, Event: ev.ID,
	}
	for _, o := range olds {
		if o.ID == d.ID && !now.supersedes(o) {
			return applied(), nil
		}
	}
	if err := tx.SaveDispute(ctx, now); err != nil {
		return result{}, err
	}
	if err := s.notice(ctx, tx, "dispute:"+d.ID+":"+d.Status, "A payment is disputed",
		"A customer's bank reports a dispute ("+d.Reason+", "+d.Status+") over "+core.Money{Minor: d.Amount, Currency: d.Currency}.String()+
			". What the payment brought is suspended while the dispute is open. Answer it in the Stripe dashboard."); err != nil {
		return result{}, err
	}
	_, err = s.restand(ctx, tx, *pay, ev)
	return applied(), err
}

// contested finds the payment that a refund or dispute is about. One that we
// don't know may be on its way: the report is parked, and ends there when it
// was another site's.
func (s *Service) contested(ctx context.Context, tx Tx, charge, intent, invoice string) (*Payment, result, error) {
	pay, err := tx.FindPayment(ctx, PaymentIDs{Charge: charge, PaymentIntent: intent, Invoice: invoice})
	if err != nil {
		return nil, result{}, err
	}
	if pay == nil {
		return nil, parked("the payment that it is about is not known yet", keyCharge(charge), keyIntent(intent), keyInvoice(invoice)), nil
	}
	if pay.Charge == "" && charge != "" {
		pay.Charge = charge
		if err := tx.SavePayment(ctx, *pay); err != nil {
			return nil, result{}, err
		}
	}
	return pay, result{}, nil
}

func (s *Service) chargeSeen(ctx context.Context, tx Tx, id string) (*ChargeSeen, error) {
	if id == "" {
		return nil, nil
	}
	o, err := tx.ObjectByID(ctx, "charge", id)
	if err != nil || o == nil {
		return nil, err
	}
	seen := ChargeSeen{Event: o.Event, At: o.At}
	return &seen, json.Unmarshal(o.Snapshot, &seen.Charge)
}

// restand derives the payment's standing again and carries out what follows:
// credits taken or given back, and rights.
func (s *Service) restand(ctx context.Context, tx Tx, pay Payment, ev Event) (Payment, error) {
	charge, err := s.chargeSeen(ctx, tx, pay.Charge)
	if err != nil {
		return pay, err
	}
	refunds, err := tx.RefundsOf(ctx, pay.ID)
	if err != nil {
		return pay, err
	}
	disputes, err := tx.DisputesOf(ctx, pay.ID)
	if err != nil {
		return pay, err
	}
	st := Stand(pay.Amount, charge, refunds, disputes)
	pay.Refunded, pay.Dispute = st.Refunded, st.Dispute
	if pay, err = s.holdCredits(ctx, tx, pay, ev.At); err != nil {
		return pay, err
	}
	if err := tx.SavePayment(ctx, pay); err != nil {
		return pay, err
	}
	return pay, s.syncRows(ctx, tx, pay.User)
}

// holdCredits makes the ledger agree with the payment's standing: what is left
// of its grant is out of the account while the payment is refunded, contested
// or lost, and back when it is not.
func (s *Service) holdCredits(ctx context.Context, tx Tx, pay Payment, at time.Time) (Payment, error) {
	out := pay.FullyRefunded() || pay.Contested()
	held := pay.Taken+pay.Shortfall > 0
	if out == held {
		return pay, nil
	}
	grant, err := tx.CreditByKey(ctx, pay.User, pay.GrantKey())
	if err != nil || grant == nil {
		return pay, err
	}
	line := credits.Line{User: pay.User, Reference: string(pay.ID), At: at, Type: credits.Refund, Amount: grant.Amount}
	if pay.Contested() || (!out && pay.Dispute != "") {
		line.Type = credits.Dispute
	}
	pay.Takes++
	if out {
		line.Key, line.Description = key("take", pay.GrantKey())+":"+itoa(pay.Takes), grant.Description+", taken back"
		short, err := s.Ledger.TakeBack(ctx, tx, line)
		pay.Taken, pay.Shortfall = grant.Amount-short, short
		return pay, err
	}
	line.Key, line.Description, line.Amount = key("return", pay.GrantKey())+":"+itoa(pay.Takes), grant.Description+", given back", pay.Taken
	pay.Taken, pay.Shortfall = 0, 0
	if line.Amount == 0 {
		return pay, nil
	}
	_, _, err = s.Ledger.Grant(ctx, tx, line)
	return pay, err
}

// tellRefund promises the letter about the step that one report tells of. Its sum
// is the report's own, so that letters are the same in every order of arrival;
// what it says of the purchase is how that stands now.
func (s *Service) tellRefund(ctx context.Context, tx Tx, pay Payment, from, to int64) error {
	u, err := living(ctx, tx, pay.User)
	if err != nil || u == nil {
		return err
	}
	p, _ := s.Catalog.Product(pay.Product)
	props := mail.Props{
		"name": u.Name, "product": p.Name, "amount": core.Money{Minor: to - from, Currency: pay.Currency}.String(), "path": "/account",
	}
	if p.Monthly() {
		props["membership"] = "yes"
	}
	if !pay.FullyRefunded() {
		props["partial"] = "yes"
	} else if to >= pay.Amount && pay.Taken > 0 {
		props["credits"] = itoa(pay.Taken)
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Refund, User: u.ID, To: u.Email, Reference: string(pay.ID) + ":" + itoa(int(to)), Props: props,
	}, s.Clock.Now())
}
