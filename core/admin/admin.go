// Package admin is the creator's desk: the figures that say whether it goes
// well, the lists of what needs attention, and the few things that a person may
// do to somebody else's account. Whatever it changes stands in the audit log.
package admin

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/jobs"
	"sselfie/core/mail"
)

// Person is a customer in a list.
type Person struct {
	ID        core.UserID
	Email     string
	Name      string
	Balance   int
	Rows      []billing.Row
	CreatedAt time.Time
}

// Reader knows what the desk shows.
type Reader interface {
	accounts.UserReader
	// People finds customers by the beginning of their address or name, or by an
	// id, newest first; "" finds everybody.
	People(ctx context.Context, q string, limit int) ([]Person, error)
	// Webhooks returns events without their payload, newest first; "" is any
	// outcome.
	Webhooks(ctx context.Context, outcome billing.Outcome, limit int) ([]billing.Record, error)
	EventByID(ctx context.Context, id core.EventID) (*billing.Record, error)
	// Outbox returns a page of mails, newest first, and the next page's cursor.
	Outbox(ctx context.Context, state mail.State, cursor string) ([]mail.Entry, string, error)
	OutboxBacklog(ctx context.Context, now time.Time) (mail.Backlog, error)
	// Counts adds up what happened from one time to another, with what stands
	// at the later of them.
	Counts(ctx context.Context, from, to time.Time, grace time.Duration) (Counts, error)
	// RevenueBetween is what was paid, less what came back of it.
	RevenueBetween(ctx context.Context, from, to time.Time) (int64, error)
	// Moments returns what happened to a customer, in any order.
	Moments(ctx context.Context, user core.UserID) ([]Moment, error)
	// AuditLog returns the newest lines.
	AuditLog(ctx context.Context, limit int) ([]core.Audit, error)
}

// Tx is what the desk changes.
type Tx interface {
	credits.Tx
	accounts.UserReader
	Audit(ctx context.Context, a core.Audit) error
}

// Updater runs a function as one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Money is what the desk asks of billing.
type Money interface {
	Retry(ctx context.Context, id core.EventID) (billing.Outcome, error)
	Assign(ctx context.Context, id core.EventID, user, admin core.UserID) error
}

// Letters is what the desk asks of the outbox.
type Letters interface {
	Retry(ctx context.Context, id core.MailID) error
}

// Work is what the desk asks of the jobs.
type Work interface {
	States(ctx context.Context) ([]jobs.State, error)
	RunByHand(ctx context.Context, name jobs.Name) (jobs.Report, error)
}

// Service is the desk.
type Service struct {
	Store   Updater
	Read    Reader
	Ledger  credits.Ledger
	IDs     core.IDs
	Clock   core.Clock
	Grace   time.Duration // how long a membership outlives a failed payment
	Price   core.Money    // of a month of Studio
	Catalog catalog.Catalog
	Money   Money   // nil while payments are disabled
	Letters Letters // nil while mail is disabled
	Work    Work
}

// note keeps in the audit log what was done outside of a transaction of ours.
func (s *Service) note(ctx context.Context, actor core.UserID, action, subject string, detail map[string]string) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.Audit(ctx, s.line(actor, action, subject, detail))
	})
}

func (s *Service) line(actor core.UserID, action, subject string, detail map[string]string) core.Audit {
	return core.Audit{ID: s.IDs.NewID("aud"), Actor: string(actor), Action: action, Subject: subject, Detail: detail, At: s.Clock.Now()}
}
