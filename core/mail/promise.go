// Package mail holds what is to be sent: the outbox that use cases promise into
// inside their own transaction, its delivery with retries, and suppression.
package mail

import (
	"context"
	"time"

	"sselfie/core"
)

// Kind names what a mail is for (http-api.md, Pages).
type Kind string

// The kinds of mail.
const (
	Purchase           Kind = "purchase"
	Welcome            Kind = "welcome"
	ConfirmAddress     Kind = "confirm_address"
	PasswordReset      Kind = "password_reset"
	PasswordChanged    Kind = "password_changed"
	StudioWelcome      Kind = "studio_welcome"
	Renewal            Kind = "renewal"
	PaymentFailed      Kind = "payment_failed"
	PaymentFailedFinal Kind = "payment_failed_final"
	Cancellation       Kind = "cancellation"
	Farewell           Kind = "farewell"
	Refund             Kind = "refund"
	AbandonedCheckout  Kind = "abandoned_checkout"
	Freebie            Kind = "freebie"
	Sequence           Kind = "sequence"
	Campaign           Kind = "campaign"
	Notice             Kind = "notice" // to the creator: what needs attention
)

// TokenPurpose says which single-use link a mail carries. The token is minted
// when the mail is rendered for sending, so that only its hash is ever stored.
type TokenPurpose string

// The purposes of a link, as auth_tokens keeps them.
const (
	NoToken      TokenPurpose = ""
	SetupToken   TokenPurpose = "setup"        // sets the first password: 7 days
	ResetToken   TokenPurpose = "reset"        // sets a new one: 1 hour
	ConfirmToken TokenPurpose = "confirm"      // proves the address: 7 days
	ChangeToken  TokenPurpose = "change_email" // proves a new address: 1 day
)

// Props are the values that a mail's template shows: names, products, amounts.
// They hold no secret.
type Props map[string]string

// Promise is a mail that a use case promises inside its transaction.
type Promise struct {
	Kind      Kind
	User      core.UserID // "" for an address without an account
	To        string      // as typed
	Reference string      // what caused it: unique per person and kind, so that the second time is boring
	Token     TokenPurpose
	Props     Props
}

// Queued is a promise as the outbox keeps it.
type Queued struct {
	ID          core.MailID
	Promise     Promise
	ToKey       core.EmailKey
	BusinessKey string // "<kind>:<user id, or folded address>:<reference>"
	At          time.Time
}

// Enqueuer is the narrow port through which other use cases promise a mail.
type Enqueuer interface {
	// EnqueueMail adds a row to the outbox. It returns false, and changes
	// nothing, when a row with the same business key is there already.
	EnqueueMail(ctx context.Context, q Queued) (fresh bool, err error)
}

// Post promises mails: it knows how addresses fold and how ids are made.
type Post struct {
	IDs  core.IDs
	Fold core.Fold
}

// Enqueue promises p in the transaction of tx. A promise made before is kept
// once; a promise to nobody is dropped.
func (p Post) Enqueue(ctx context.Context, tx Enqueuer, pr Promise, now time.Time) error {
	key := p.Fold(pr.To)
	if key == "" {
		return nil
	}
	whom := string(pr.User)
	if whom == "" {
		whom = string(key)
	}
	_, err := tx.EnqueueMail(ctx, Queued{
		ID:          core.MailID(p.IDs.NewID("eml")),
		Promise:     pr,
		ToKey:       key,
		BusinessKey: string(pr.Kind) + ":" + whom + ":" + pr.Reference,
		At:          now,
	})
	return err
}
