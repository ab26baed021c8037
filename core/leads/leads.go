// Package leads keeps captured addresses: visitors who asked for the free
// blueprint. An address is a lead with a record of its consent; it becomes part
// of an account when that account proves the same address, and is marked when
// its owner buys.
package leads

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

// Lead is one captured address.
type Lead struct {
	ID          string // lead_
	Email       string // as typed
	Key         core.EmailKey
	Name        string
	Source      string
	ConsentAt   time.Time
	ConsentText string      // the version of the words that were agreed to
	ConfirmedAt time.Time   // the link in the mail was followed
	User        core.UserID // "" until an account proved the address
	ConvertedAt time.Time   // its owner bought
	CreatedAt   time.Time
}

// Reachable reports whether marketing may go to the lead: with double opt-in
// only after the link was followed.
func (l Lead) Reachable(doubleOptIn bool) bool { return !doubleOptIn || !l.ConfirmedAt.IsZero() }

// Consent is one agreement, kept for ever.
type Consent struct {
	ID          string
	Key         core.EmailKey
	Purpose     string
	TextVersion string
	Source      string
	At          time.Time
}

// PurposeFreebie is the purpose of a captured address's consent.
const PurposeFreebie = "free_blueprint"

// Joiner is what Join needs of a transaction.
type Joiner interface {
	// JoinLead gives the lead with this address to the account, unless another
	// account has it. No lead is fine.
	JoinLead(ctx context.Context, key core.EmailKey, user core.UserID) error
}

// Converter is what Convert needs of a transaction.
type Converter interface {
	// ConvertLead marks the lead with this address, or of this account, as
	// converted, once. No lead is fine.
	ConvertLead(ctx context.Context, key core.EmailKey, user core.UserID, at time.Time) error
}

// Tx is what leads need of a transaction.
type Tx interface {
	Joiner
	Converter
	mail.Enqueuer
	// LeadByKey and LeadByID fail with core.NotFound where there is none.
	LeadByKey(ctx context.Context, key core.EmailKey) (Lead, error)
	LeadByID(ctx context.Context, id string) (Lead, error)
	// SaveLead inserts a lead, or writes what can change of it.
	SaveLead(ctx context.Context, l Lead) error
	KeepConsent(ctx context.Context, c Consent) error
	CountHit(ctx context.Context, key string, window time.Duration, at time.Time) (int, error)
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Signer signs the lead's id for its link, so that no secret has to be stored.
type Signer interface {
	Sign(purpose, value string) string
	Verify(purpose, value, signature string) bool
}

// Service captures addresses.
type Service struct {
	Store  Updater
	Clock  core.Clock // business time
	Wall   core.Clock // limits
	IDs    core.IDs
	Fold   core.Fold
	Post   mail.Post
	Signer Signer
	// DoubleOptIn says that marketing waits until the link was followed, which the
	// mail promises.
	DoubleOptIn bool
}

// Request is what a visitor sends.
type Request struct {
	Email       string
	Name        string
	Source      string
	Consent     bool
	TextVersion string // of the words beside the box that was ticked
}

// Limits for one address (security.md, T13).
const (
	perHour = 3
	perDay  = 5
)

const linkPurpose = "lead"

// Capture keeps one row for an address, a record of the consent, and promises
// the mail with the link. It answers the same whether the address is known or
// not; more than 3 mails an hour or 5 a day go to nobody.
func (s *Service) Capture(ctx context.Context, r Request) error {
	const op = "leads.Capture"
	fields := map[string]string{}
	if why := accounts.CheckAddress(r.Email); why != "" {
		fields["email"] = why
	}
	if !r.Consent {
		fields["consent"] = "Tick the box, so that we may write to you."
	}
	name := strings.TrimSpace(strings.ToValidUTF8(r.Name, ""))
	if utf8.RuneCountInString(name) > 200 {
		fields["name"] = "A name has at most 200 characters."
	}
	if len(fields) > 0 {
		return &core.Error{Code: core.Invalid, Op: op, Message: "Check the marked fields.", Fields: fields}
	}
	key, now, wall := s.Fold(r.Email), s.Clock.Now(), s.Wall.Now()
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// A request too many leaves no trace but its count, so that nobody can
		// fill the books with somebody else's address.
		if hour, err := tx.CountHit(ctx, "freebie:h:"+string(key), time.Hour, wall); err != nil || hour > perHour {
			return err
		}
		if day, err := tx.CountHit(ctx, "freebie:d:"+string(key), 24*time.Hour, wall); err != nil || day > perDay {
			return err
		}
		lead, err := tx.LeadByKey(ctx, key)
		if core.Is(err, core.NotFound) {
			lead, err = Lead{ID: s.IDs.NewID("lead"), Key: key, Source: clip(r.Source), CreatedAt: now}, nil
		}
		if err != nil {
			return err
		}
		lead.Email, lead.ConsentAt, lead.ConsentText = strings.TrimSpace(r.Email), now, clip(r.TextVersion)
		if name != "" {
			lead.Name = name
		}
		if err := tx.SaveLead(ctx, lead); err != nil {
			return err
		}
		if err := tx.KeepConsent(ctx, Consent{
			ID: s.IDs.NewID("con"), Key: key, Purpose: PurposeFreebie, TextVersion: lead.ConsentText, Source: clip(r.Source), At: now,
		}); err != nil {
			return err
		}
		props := mail.Props{"name": lead.Name, "path": s.Path(lead.ID)}
		if !lead.Reachable(s.DoubleOptIn) {
			props["silent"] = "yes"
		}
		return s.Post.EnqueueUnproven(ctx, tx, mail.Promise{
			Kind: mail.Freebie, To: lead.Email, Reference: s.IDs.NewID("req"),
			Props: props,
		}, now, wall)
	})
}

// Path returns the link of a lead's mail. Following it proves the address.
func (s *Service) Path(id string) string {
	return "/free-blueprint?t=" + id + "." + s.Signer.Sign(linkPurpose, id)
}

// Follow spends the t of a link: the lead's address is proven by that. Again is
// fine. A link that is not ours, or of an address that was erased, fails with
// core.TokenInvalid; the page then shows itself without a name.
func (s *Service) Follow(ctx context.Context, t string) (Lead, error) {
	const op = "leads.Follow"
	invalid := &core.Error{Code: core.TokenInvalid, Op: op, Message: "This link doesn't work any more. Leave your address again to get a new one."}
	id, signature, ok := strings.Cut(t, ".")
	if !ok || !s.Signer.Verify(linkPurpose, id, signature) {
		return Lead{}, invalid
	}
	var lead Lead
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		lead, err = tx.LeadByID(ctx, id)
		if core.Is(err, core.NotFound) {
			return invalid
		}
		if err != nil || !lead.ConfirmedAt.IsZero() {
			return err
		}
		lead.ConfirmedAt = s.Clock.Now()
		return tx.SaveLead(ctx, lead)
	})
	return lead, err
}

// Join gives a lead to the account that has proven its address. It is called in
// the transaction that proves it.
func Join(ctx context.Context, tx Joiner, u accounts.User) error {
	if u.Key == "" || !u.Verified() {
		return nil
	}
	return tx.JoinLead(ctx, u.Key, u.ID)
}

// Convert marks a buyer's lead. It is called in the purchase's transaction.
func Convert(ctx context.Context, tx Converter, u accounts.User, at time.Time) error {
	return tx.ConvertLead(ctx, u.Key, u.ID, at)
}

func clip(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}
