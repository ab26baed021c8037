// Package support keeps what people write to the creator: notes from the
// contact page, and withdrawals from a contract, which the law wants confirmed
// at once. Each becomes a ticket and a mail to the creator.
package support

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

// Kind is what a ticket is.
type Kind string

// The kinds of a ticket, as the table keeps them.
const (
	Note       Kind = "note"
	Withdrawal Kind = "withdrawal"
)

// Ticket is one message to the creator.
type Ticket struct {
	ID        string // tkt_
	Kind      Kind
	User      core.UserID // who was signed in; "" for a visitor
	Email     string      // as typed
	Key       core.EmailKey
	Name      string
	Product   core.ProductID // "" for none
	Contract  string         // what a withdrawal names
	Message   string
	CreatedAt time.Time

	AnsweredAt time.Time // zero while nobody has answered
	ClosedAt   time.Time // zero while it is open
}

// Request is what a form sends.
type Request struct {
	Name, Email, Message string
	Product              core.ProductID
	Contract             string // withdrawals alone
	User                 core.UserID
}

// Tx is what support needs of a transaction.
type Tx interface {
	mail.Enqueuer
	OpenTicket(ctx context.Context, t Ticket) error
	TicketByID(ctx context.Context, id string) (*Ticket, error)
	// SaveTicketState keeps the times of a ticket; nothing else of it changes.
	SaveTicketState(ctx context.Context, t Ticket) error
	Audit(ctx context.Context, a core.Audit) error
	CountHit(ctx context.Context, key string, window time.Duration, at time.Time) (int, error)
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Service opens tickets, and closes them.
type Service struct {
	Store   Updater
	Read    Reader
	Clock   core.Clock // business time
	Wall    core.Clock // limits
	IDs     core.IDs
	Fold    core.Fold
	Post    mail.Post
	Creator string                      // whom notices go to; "" for nobody yet
	Product func(core.ProductID) string // its name for people
}

// Limits (security.md, T13). A ticket above the creator's share of mail is kept
// all the same: the list of tickets has it.
const (
	perHour        = 3  // from one address
	perDay         = 5  // from one address
	noticesPerHour = 30 // to the creator
)

// Longest texts, in characters.
const (
	maxName     = 200
	maxMessage  = 5000
	maxContract = 300
)

// Write keeps a note and tells the creator. More than 3 notes an hour or 5 a day
// from one address: core.RateLimited, and nothing is kept.
func (s *Service) Write(ctx context.Context, r Request) (Ticket, error) {
	const op = "support.Write"
	t, fields := s.ticket(Note, r)
	if t.Message == "" {
		fields["message"] = "Write a line, so that there is something to answer."
	}
	if len(fields) > 0 {
		return Ticket{}, wrong(op, fields)
	}
	return t, s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		often, err := s.often(ctx, tx, t)
		if err != nil {
			return err
		}
		if often {
			return &core.Error{Code: core.RateLimited, Op: op, Message: "Your notes are here already. Wait an hour before you send another one, or answer the mail that you get."}
		}
		if err := tx.OpenTicket(ctx, t); err != nil {
			return err
		}
		return s.tell(ctx, tx, t, "A note from "+t.who())
	})
}

// Check says what is missing in a withdrawal, before it is confirmed.
func (s *Service) Check(r Request) error {
	if _, fields := s.withdrawal(r); len(fields) > 0 {
		return wrong("support.Check", fields)
	}
	return nil
}

// Withdraw keeps a withdrawal, confirms it to the address with the day and the
// hour, and tells the creator. A withdrawal counts however often it is sent, so
// no limit refuses one; the confirmations to one address have theirs, because
// anybody can type any address.
func (s *Service) Withdraw(ctx context.Context, r Request) (Ticket, error) {
	t, fields := s.withdrawal(r)
	if len(fields) > 0 {
		return Ticket{}, wrong("support.Withdraw", fields)
	}
	return t, s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.OpenTicket(ctx, t); err != nil {
			return err
		}
		often, err := s.often(ctx, tx, t)
		if err != nil {
			return err
		}
		if !often {
			if err := s.confirm(ctx, tx, t); err != nil {
				return err
			}
		}
		return s.tell(ctx, tx, t, "A withdrawal by "+t.who())
	})
}

func (s *Service) ticket(k Kind, r Request) (Ticket, map[string]string) {
	t := Ticket{
		ID: s.IDs.NewID("tkt"), Kind: k, User: r.User, Email: strings.TrimSpace(r.Email), Key: s.Fold(r.Email), Name: clean(r.Name),
		Product: r.Product, Contract: clean(r.Contract), Message: clean(r.Message), CreatedAt: s.Clock.Now(),
	}
	fields := map[string]string{}
	if why := accounts.CheckAddress(r.Email); why != "" {
		fields["email"] = why
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"name", t.Name, maxName}, {"message", t.Message, maxMessage}, {"contract", t.Contract, maxContract}} {
		if utf8.RuneCountInString(f.value) > f.most {
			fields[f.name] = fmt.Sprintf("At most %d characters.", f.most)
		}
	}
	return t, fields
}

func (s *Service) withdrawal(r Request) (Ticket, map[string]string) {
	t, fields := s.ticket(Withdrawal, r)
	if t.Name == "" {
		fields["name"] = "We need the name of whoever withdraws."
	}
	if t.Contract == "" {
		fields["contract"] = "Say which contract it is about."
	}
	return t, fields
}

// often reports whether an address has written more than its share.
func (s *Service) often(ctx context.Context, tx Tx, t Ticket) (bool, error) {
	wall := s.Wall.Now()
	hour, err := tx.CountHit(ctx, "support:h:"+string(t.Key), time.Hour, wall)
	if err != nil {
		return false, err
	}
	day, err := tx.CountHit(ctx, "support:d:"+string(t.Key), 24*time.Hour, wall)
	return hour > perHour || day > perDay, err
}

// tell sends the creator what was written, unless a flood of tickets comes in.
func (s *Service) tell(ctx context.Context, tx Tx, t Ticket, subject string) error {
	n, err := tx.CountHit(ctx, "support:notices", time.Hour, s.Wall.Now())
	if err != nil || n > noticesPerHour {
		return err
	}
	text := []string{fmt.Sprintf("%s <%s> wrote on %s:", t.who(), t.Email, when(t.CreatedAt))}
	if t.Contract != "" {
		text = append(text, "Withdraws from: "+t.Contract)
	}
	if t.Message != "" {
		text = append(text, t.Message)
	}
	if t.Product != "" {
		text = append(text, "About: "+s.name(t.Product))
	}
	if t.User != "" {
		text = append(text, "Signed in as: "+string(t.User))
	}
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Notice, To: s.Creator, Reference: t.ID,
		Props: mail.Props{"subject": subject, "text": strings.Join(append(text, "Ticket "+t.ID), "\n\n"), "path": "/admin/tickets/" + t.ID},
	}, s.Clock.Now())
}

// confirm is the acknowledgement on a durable medium: the declaration with its
// day and hour.
func (s *Service) confirm(ctx context.Context, tx Tx, t Ticket) error {
	text := []string{
		fmt.Sprintf("Your withdrawal reached us on %s.", when(t.CreatedAt)),
		"What you declared: I withdraw from the contract on " + t.Contract + ". " + t.Name + ", " + t.Email + ".",
	}
	if t.Message != "" {
		text = append(text, "Your note: "+t.Message)
	}
	text = append(text, "Its number is "+t.ID+". A person looks at your purchase now and answers. What you paid goes back the way it came within 14 days, where the right had not ended before.")
	return s.Post.Enqueue(ctx, tx, mail.Promise{
		Kind: mail.Notice, User: t.User, To: t.Email, Reference: "withdrawal:" + t.ID,
		Props: mail.Props{
			"subject": "Your withdrawal reached us", "text": strings.Join(text, "\n\n"),
			"action": "Read what happens next", "path": "/legal/withdrawal", "customer": "yes",
		},
	}, s.Clock.Now())
}

func (s *Service) name(p core.ProductID) string {
	if s.Product != nil {
		if n := s.Product(p); n != "" {
			return n
		}
	}
	return string(p)
}

func (t Ticket) who() string {
	if t.Name != "" {
		return t.Name
	}
	return "somebody"
}

// when is a time as a declaration names it.
func when(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") + " UTC" }

func clean(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "")) }

func wrong(op string, fields map[string]string) error {
	return &core.Error{Code: core.Invalid, Op: op, Message: "Check the marked fields.", Fields: fields}
}
