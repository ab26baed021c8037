package mail

import (
	"errors"
	"fmt"
	"strings"
)

// Fault says what a failed hand-over means for the letter.
type Fault int

// The faults, by what they end.
const (
	Temporary Fault = iota // this letter later: 4xx, a connection lost in the middle of it
	Final                  // this letter never: the server refuses its content
	Bounced                // this address never: the mailbox does not exist
	Down                   // no letter now: no connection, no TLS, no sign-in
)

// String names the fault for logs.
func (f Fault) String() string {
	switch f {
	case Final:
		return "final"
	case Bounced:
		return "bounced"
	case Down:
		return "down"
	}
	return "temporary"
}

// SendError is how a Sender says no.
type SendError struct {
	Fault Fault
	Stage string // where in the conversation: connect, banner, ehlo, starttls, auth, mail, rcpt, data, dot
	Code  int    // the server's, 0 when it gave none
	Err   error
}

// Error says where the conversation ended and what the server answered.
func (e *SendError) Error() string { return fmt.Sprintf("%s: %v", e.Stage, e.Err) }

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// faultOf returns what err means; an error of no known kind is worth another try.
func faultOf(err error) Fault {
	var e *SendError
	if errors.As(err, &e) {
		return e.Fault
	}
	return Temporary
}

// line returns err as it is kept in the outbox: one line, not endless.
func line(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "..."
	}
	return text
}
