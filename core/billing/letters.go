package billing

import (
	"context"
	"strconv"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/mail"
)

// letterDate is how a letter writes a date.
const letterDate = "2 January 2006"

// turn is what a new snapshot means to the member, beside her payments.
type turn struct {
	kind mail.Kind
	ref  string
	end  time.Time
}

// turning compares a membership's new snapshot with the one before. A report
// that is older than what we know never gets here, so nobody is told old news.
func turning(old *Seen, sub Subscription) (turn, bool) {
	had := old != nil && access(old.Subscription.Status) >= 2
	has := access(sub.Status) >= 3
	switch {
	case has && !had && !cancels(sub):
		return turn{kind: mail.StudioWelcome, ref: sub.ID}, true
	case has && cancels(sub) && (old == nil || !cancels(old.Subscription)):
		end := sub.CancelAt
		if end.IsZero() {
			end = sub.PeriodEnd
		}
		return turn{kind: mail.Cancellation, ref: sub.ID + ":" + end.Format(time.DateOnly), end: end}, true
	case sub.Status == "canceled" && old != nil && access(old.Subscription.Status) >= 1:
		return turn{kind: mail.Farewell, ref: sub.ID}, true
	}
	return turn{}, false
}

func (s *Service) tellMember(ctx context.Context, tx Tx, old *Seen, sub Subscription, p catalog.Product, user core.UserID) error {
	t, ok := turning(old, sub)
	if !ok {
		return nil
	}
	u, err := living(ctx, tx, user)
	if err != nil || u == nil {
		return err
	}
	props := mail.Props{"name": u.Name, "product": p.Name}
	switch t.kind {
	case mail.StudioWelcome:
		props["path"], props["credits"], props["amount"] = p.After, strconv.Itoa(p.Credits), p.Price.String()
		if !sub.PeriodEnd.IsZero() {
			props["renews"] = sub.PeriodEnd.Format(letterDate)
		}
	case mail.Cancellation:
		props["path"], props["until"] = "/account", t.end.Format(letterDate)
	case mail.Farewell:
		acct, err := tx.CreditAccount(ctx, user)
		if err != nil {
			return err
		}
		props["path"], props["balance"] = p.After, strconv.Itoa(acct.Balance)
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{Kind: t.kind, User: u.ID, To: u.Email, Reference: t.ref, Props: props}, s.Clock.Now())
}
