package billing

import (
	"context"
	"strconv"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/catalog"
	"sselfie/core/mail"
)

// letterDate is how a letter writes a date.
const letterDate = "2 January 2006"

// FormerMember is the tag of customers whose membership ended at least once
// (product.md, Upgrade to Studio). It stays when they come back.
const FormerMember = "former-member"

// turn is what a report of a membership means to the member, beside her
// payments.
type turn struct {
	kind mail.Kind
	ref  string
	end  time.Time
}

// turns reads them off the report itself, not off what was known before, and
// each has a key of its own: whatever the order, each letter leaves once.
func turns(sub Subscription) []turn {
	var out []turn
	if access(sub.Status) >= 3 {
		out = append(out, turn{kind: mail.StudioWelcome, ref: sub.ID})
		if cancels(sub) {
			end := sub.CancelAt
			if end.IsZero() {
				end = sub.PeriodEnd
			}
			out = append(out, turn{kind: mail.Cancellation, ref: sub.ID + ":" + end.Format(time.DateOnly), end: end})
		}
	}
	if sub.Status == "canceled" {
		out = append(out, turn{kind: mail.Farewell, ref: sub.ID, end: sub.EndedAt})
	}
	return out
}

// tellMember promises the letters that a report asks for.
func (s *Service) tellMember(ctx context.Context, tx Tx, sub Subscription, p catalog.Product, user core.UserID) error {
	all := turns(sub)
	if len(all) == 0 {
		return nil
	}
	u, err := living(ctx, tx, user)
	if err != nil || u == nil {
		return err
	}
	for _, t := range all {
		if err := s.tellTurn(ctx, tx, t, sub, p, *u); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tellTurn(ctx context.Context, tx Tx, t turn, sub Subscription, p catalog.Product, u accounts.User) error {
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
		ended := t.end
		if ended.IsZero() {
			ended = s.Clock.Now()
		}
		if err := tx.TagUser(ctx, u.ID, FormerMember, s.IDs.NewID("tag"), ended); err != nil {
			return err
		}
		acct, err := tx.CreditAccount(ctx, u.ID)
		if err != nil {
			return err
		}
		props["path"], props["balance"] = p.After, strconv.Itoa(acct.Balance)
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{Kind: t.kind, User: u.ID, To: u.Email, Reference: t.ref, Props: props}, s.Clock.Now())
}
