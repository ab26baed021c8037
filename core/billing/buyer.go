package billing

import (
	"context"
	"strings"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/catalog"
	"sselfie/core/mail"
)

// buyer finds the account that a paid session belongs to: our checkout row, the
// user id in our metadata, a customer seen before, the address, a new account.
// It returns nil when none of them gives anything to go by.
func (s *Service) buyer(ctx context.Context, tx Tx, ev Event, co *Checkout) (*accounts.User, Match, error) {
	ses := ev.Session
	if co != nil && co.User != "" {
		if u, err := living(ctx, tx, co.User); u != nil || err != nil {
			if co.SignedIn {
				return u, ByCheckout, err
			}
			return u, ByEmail, err
		}
	}
	if u, err := living(ctx, tx, ses.Meta.User); u != nil || err != nil {
		return u, ByMetadata, err
	}
	owner, err := tx.CustomerUser(ctx, ses.Customer)
	if err != nil {
		return nil, "", err
	}
	if u, err := living(ctx, tx, owner); u != nil || err != nil {
		return u, ByCustomer, err
	}
	key := s.Fold(ses.Email)
	if accounts.CheckAddress(ses.Email) != "" {
		return nil, "", nil
	}
	holder, err := tx.UserByKey(ctx, key)
	if core.Is(err, core.NotFound) {
		u, err := s.newBuyer(ctx, tx, ses, key)
		return u, ByNew, err
	}
	if err != nil {
		return nil, "", err
	}
	claim, err := s.claim(ctx, tx, &holder)
	if err != nil {
		return nil, "", err
	}
	if claim == Dethrone {
		u, err := s.newBuyer(ctx, tx, ses, key)
		return u, ByNew, err
	}
	return &holder, ByEmail, nil
}

// claim carries out what Claiming decides for the account that has the address.
func (s *Service) claim(ctx context.Context, tx Tx, u *accounts.User) (Claim, error) {
	h := Holder{Verified: u.Verified(), Entered: u.PasswordHash != ""}
	if !h.Verified {
		if !h.Entered {
			in, err := tx.HasSessions(ctx, u.ID)
			if err != nil {
				return "", err
			}
			h.Entered = in
		}
		pays, err := tx.PaymentsOf(ctx, u.ID)
		if err != nil {
			return "", err
		}
		for _, p := range pays {
			h.OwnPurchases = h.OwnPurchases || p.Match.Own()
		}
	}
	claim, _ := Claiming(h)
	switch claim {
	case Revoke:
		revoked, err := accounts.Revoke(ctx, tx, *u)
		*u = revoked
		return claim, err
	case Dethrone:
		lost := *u
		lost.Email, lost.Key, lost.AddressLostAt = "", "", s.Clock.Now()
		if err := tx.SaveUser(ctx, lost); err != nil {
			return claim, err
		}
		if err := tx.DeleteTokens(ctx, lost.ID); err != nil {
			return claim, err
		}
		return claim, s.notice(ctx, tx, "lost:"+string(lost.ID), "An account lost its address",
			"A purchase came from an address that an account of yours had never proven. The buyer has a new account; the old one keeps what it bought and has to give another address.")
	}
	return claim, nil
}

func (s *Service) newBuyer(ctx context.Context, tx Tx, ses *Session, key core.EmailKey) (*accounts.User, error) {
	u := accounts.User{
		ID: core.UserID(s.IDs.NewID("usr")), Email: strings.TrimSpace(ses.Email), Key: key, Name: clipName(ses.Name),
		Origin: accounts.FromPurchase, CreatedAt: s.Clock.Now(),
	}
	return &u, tx.InsertUser(ctx, u)
}

func clipName(name string) string {
	name = strings.TrimSpace(strings.ToValidUTF8(name, ""))
	if r := []rune(name); len(r) > 200 {
		return string(r[:200])
	}
	return name
}

func living(ctx context.Context, tx accounts.UserReader, id core.UserID) (*accounts.User, error) {
	if id == "" {
		return nil, nil
	}
	u, err := tx.UserByID(ctx, id)
	if core.Is(err, core.NotFound) || (err == nil && !u.DeletedAt.IsZero()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}

// member finds the account of a membership's event, which carries no address:
// its newest snapshot, our checkout row, the customer, our metadata.
func (s *Service) member(ctx context.Context, tx Tx, subscription, customer string, meta Metadata) (core.UserID, *Checkout, error) {
	var co *Checkout
	if meta.Ref != "" {
		var err error
		if co, err = tx.CheckoutByRef(ctx, core.CheckoutID(meta.Ref)); err != nil {
			return "", nil, err
		}
	}
	if subscription != "" {
		o, err := tx.ObjectByID(ctx, "subscription", subscription)
		if err != nil {
			return "", co, err
		}
		if o != nil && o.User != "" {
			return o.User, co, nil
		}
	}
	ids := []core.UserID{"", meta.User, ""}
	if co != nil {
		ids[0] = co.User
	}
	owner, err := tx.CustomerUser(ctx, customer)
	if err != nil {
		return "", co, err
	}
	ids[2] = owner
	for _, id := range ids {
		u, err := living(ctx, tx, id)
		if err != nil {
			return "", co, err
		}
		if u != nil {
			return u.ID, co, nil
		}
	}
	return "", co, nil
}

// confirm promises the mail that confirms a purchase, with a set-up link for an
// account that has no password yet, and with what the buyer agreed to.
func (s *Service) confirm(ctx context.Context, tx Tx, ev Event, co *Checkout, p catalog.Product, u accounts.User) error {
	ses := ev.Session
	props := mail.Props{
		"name": u.Name, "product": p.Name, "productId": string(p.ID), "kind": string(p.Kind),
		"amount":  core.Money{Minor: ses.Total, Currency: ses.Currency}.String(),
		"credits": itoa(p.Credits), "path": p.After,
	}
	if co != nil {
		props["checkout"] = string(co.ID)
		agreed, err := tx.ConsentGiven(ctx, co.ID, ConsentImmediate)
		if err != nil {
			return err
		}
		if agreed {
			props["consent"], props["withdrawal"] = consentSentence, withdrawalSentence
		}
	}
	token := mail.NoToken
	if u.PasswordHash == "" {
		token = mail.SetupToken
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Purchase, User: u.ID, To: u.Email, Reference: ses.ID, Token: token, Props: props,
	}, s.Clock.Now())
}

// The law wants what was agreed at the checkout confirmed on paper
// (security.md, Privacy and law).
const (
	consentSentence    = "You asked us to begin at once, and know that you lose the right to withdraw once everything is delivered."
	withdrawalSentence = "Until then you can withdraw within 14 days; the way to do it is at the foot of every page."
)
