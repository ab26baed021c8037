package support

import (
	"context"
	"fmt"
	"time"

	"sselfie/core"
)

// State is how far the creator is with a ticket.
type State string

// The states of a ticket.
const (
	Open     State = "open"
	Answered State = "answered" // waits for nobody but the writer
	Closed   State = "closed"
)

// States lists them in the order in which they ask for attention.
func States() []State { return []State{Open, Answered, Closed} }

// State follows from the two times.
func (t Ticket) State() State {
	switch {
	case !t.ClosedAt.IsZero():
		return Closed
	case !t.AnsweredAt.IsZero():
		return Answered
	}
	return Open
}

// in returns the ticket as it is in a state from now on.
func (t Ticket) in(to State, now time.Time) Ticket {
	switch to {
	case Open:
		t.AnsweredAt, t.ClosedAt = time.Time{}, time.Time{}
	case Answered:
		t.AnsweredAt, t.ClosedAt = now, time.Time{}
	case Closed:
		t.ClosedAt = now
	}
	return t
}

// Reader finds tickets.
type Reader interface {
	// Tickets returns those in a state, newest first, older than the ticket
	// before ("" begins at the newest).
	Tickets(ctx context.Context, state State, before string, limit int) ([]Ticket, error)
	// TicketByID returns nil for an unknown id.
	TicketByID(ctx context.Context, id string) (*Ticket, error)
}

// List returns a page of tickets in a state, newest first.
func (s *Service) List(ctx context.Context, state State, before string, limit int) ([]Ticket, error) {
	return s.Read.Tickets(ctx, state, before, limit)
}

// Find returns a ticket. core.NotFound for an unknown id.
func (s *Service) Find(ctx context.Context, id string) (Ticket, error) {
	return found(s.Read.TicketByID(ctx, id))
}

// Mark moves a ticket into a state and keeps who did it in the audit log. One
// that is there already stays as it is. core.NotFound for an unknown id.
func (s *Service) Mark(ctx context.Context, actor core.UserID, id string, to State) error {
	const op = "support.Mark"
	if to != Open && to != Answered && to != Closed {
		return &core.Error{Code: core.Invalid, Op: op, Message: fmt.Sprintf("There is no state %q.", to)}
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		t, err := found(tx.TicketByID(ctx, id))
		if err != nil || t.State() == to {
			return err
		}
		now := s.Clock.Now()
		if err := tx.SaveTicketState(ctx, t.in(to, now)); err != nil {
			return err
		}
		return tx.Audit(ctx, core.Audit{
			ID: s.IDs.NewID("aud"), Actor: string(actor), Action: "ticket." + string(to), Subject: t.ID,
			Detail: map[string]string{"was": string(t.State())}, At: now,
		})
	})
}

func found(t *Ticket, err error) (Ticket, error) {
	if err != nil {
		return Ticket{}, err
	}
	if t == nil {
		return Ticket{}, &core.Error{Code: core.NotFound, Op: "support.Find", Message: "There is no such note."}
	}
	return *t, nil
}
