package mail

import (
	"time"

	"sselfie/core"
)

// State is where a mail stands in the outbox.
type State string

// The states, as email_logs keeps them.
const (
	StateQueued     State = "queued"     // waits for its time
	StateSending    State = "sending"    // a lane holds it
	StateSent       State = "sent"       // the server said yes
	StateFailed     State = "failed"     // given up: the error says why
	StateBounced    State = "bounced"    // the server says that the mailbox does not exist
	StateSuppressed State = "suppressed" // never tried: the address is on the list
)

// Outgoing is a mail on its way: what was promised, and what is known now.
type Outgoing struct {
	ID         core.MailID
	Kind       Kind
	User       core.UserID
	To         string // as typed
	ToKey      core.EmailKey
	Purpose    TokenPurpose
	Props      Props
	Attempts   int       // that have failed so far
	Created    time.Time // when it was promised
	Due        time.Time // since when it may be sent
	Suppressed Reason    // of the address; NotSuppressed when nothing is known
	Token      string    // the plain token of a link, minted for this attempt; "" without a purpose
	At         time.Time // the business time of this attempt: the letter's date
}

// Letter is a rendered mail. The same row always makes the same MessageID, so
// that a mail handed over twice, by a crash between the server's yes and our
// commit, is recognised as one.
type Letter struct {
	ID        core.MailID
	Kind      Kind
	From      string // a full address: Name <a@b>
	ReplyTo   string // "" for none
	To        string // the bare address
	Subject   string
	Date      time.Time
	MessageID string // with its angle brackets
	HTML      string
	Text      string
	Headers   map[string]string // the rest: List-Unsubscribe, Auto-Submitted
}

// AllHeaders returns every header by name.
func (l Letter) AllHeaders() map[string]string {
	all := make(map[string]string, len(l.Headers)+6)
	for name, value := range l.Headers {
		all[name] = value
	}
	all["From"] = l.From
	all["To"] = l.To
	all["Subject"] = l.Subject
	all["Message-ID"] = l.MessageID
	all["Date"] = l.Date.Format(time.RFC1123Z)
	if l.ReplyTo != "" {
		all["Reply-To"] = l.ReplyTo
	}
	return all
}
