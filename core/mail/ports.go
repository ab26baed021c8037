package mail

import (
	"context"
	"time"

	"sselfie/core"
)

// Tx is what a delivery does inside a transaction.
type Tx interface {
	// ClaimMails moves up to limit mails of a lane that are due at now from
	// queued to sending, the longest due first, and returns them with what is
	// known of their address. A claimed mail belongs to the caller until it is
	// marked.
	ClaimMails(ctx context.Context, lane Lane, now time.Time, limit int) ([]Outgoing, error)
	// MarkMails writes how attempts ended. A mark for a mail that is not in
	// sending changes nothing, so the second time is boring.
	MarkMails(ctx context.Context, marks []Mark) error
	// RequeueMails puts every mail that is in sending back to queued, except
	// those named, and returns how many.
	RequeueMails(ctx context.Context, except []core.MailID) (int, error)
	// RetryMail queues a mail that was given up, due at now and with all its
	// attempts before it. It returns its address key, and core.NotFound for an
	// unknown mail, core.Conflict for one that is still under way or sent.
	RetryMail(ctx context.Context, id core.MailID, now time.Time) (core.EmailKey, error)
	// SuppressAddress adds an address to the list; an older entry stays.
	SuppressAddress(ctx context.Context, s Suppression) error
	// LiftSuppression removes an address that is on the list for reason.
	LiftSuppression(ctx context.Context, key core.EmailKey, reason Reason) error
}

// Store runs use cases: what f wrote is durable when Update returns nil, and
// none of it is there when f failed.
type Store interface {
	Update(ctx context.Context, f func(ctx context.Context, tx Tx) error) error
}

// Reads is what a delivery looks up outside a transaction.
type Reads interface {
	// NextMailDue returns when the next queued mail of a lane is due, false for
	// none.
	NextMailDue(ctx context.Context, lane Lane) (time.Time, bool, error)
}

// Mark is how an attempt ended.
type Mark struct {
	ID       core.MailID
	State    State // sent, failed, bounced, suppressed, or queued for another try
	Attempts int   // failed ones, and the one that succeeded
	Next     time.Time
	Subject  string // "" leaves what is there
	Error    string
	SentAt   time.Time // set for sent
}

// Suppression is an address that gets no marketing, or nothing at all.
type Suppression struct {
	Key    core.EmailKey
	Reason Reason
	Detail string // the server's words
	Since  time.Time
}

// Sender opens connections to whatever carries letters away.
type Sender interface {
	// Open connects one lane. It returns a SendError with the fault Down when
	// there is no way to send anything now, and returns within ctx.
	Open(ctx context.Context) (Conn, error)
}

// Conn is one lane's connection. It is used by one goroutine at a time, may lie
// idle for any time between two letters, and connects again by itself.
type Conn interface {
	// Send hands one letter over. A nil error means that it was accepted; an
	// error is a SendError that says what it means. Send returns within ctx.
	Send(ctx context.Context, l Letter) error
	Close() error
}

// Renderer writes the letter. An error means that this mail cannot be written
// as it is, and is final.
type Renderer interface {
	Render(ctx context.Context, o Outgoing) (Letter, error)
}

// Withholding is the error of a Renderer for a letter that was right when it was
// promised and is not any more: it is kept as suppressed, not as a failure.
type Withholding interface {
	error
	Withholds() (reason string)
}

// Minter makes the single-use token of a link. It keeps the token's hash with
// an expiry by purpose (set-up 7 days, reset 1 hour, confirm 7 days, change of
// address 1 day) and returns the token. core.NotFound and core.Conflict mean
// that the account is gone or no longer has this address: nothing is sent.
type Minter interface {
	MintToken(ctx context.Context, user core.UserID, purpose TokenPurpose, to core.EmailKey) (string, error)
}

// Watcher hears what the outbox does, for logs and figures. Its methods return
// at once and are called from several goroutines.
type Watcher interface {
	// MailDone is told after the mark is durable.
	MailDone(o Outcome)
	// OutboxTrouble is told when the store or the mail server failed as a whole.
	OutboxTrouble(err error)
}

// Outcome is one attempt, for the log.
type Outcome struct {
	ID       core.MailID
	Kind     Kind
	State    State
	Attempts int
	Err      error // nil when sent
}
