package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/support"
)

const ticketColumns = `id, kind, user_id, email, email_key, name, product_id, contract, message, created_at, answered_at, closed_at`

func scanTicket(s scanner) (t support.Ticket, err error) {
	err = s.Scan(&t.ID, &t.Kind, textIn(&t.User), &t.Email, &t.Key, &t.Name, &t.Product, &t.Contract, &t.Message, timeIn(&t.CreatedAt), timeIn(&t.AnsweredAt), timeIn(&t.ClosedAt))
	return t, err
}

// OpenTicket adds a ticket.
func (tx *Tx) OpenTicket(ctx context.Context, t support.Ticket) error {
	_, err := tx.exec(ctx, `INSERT INTO support_tickets (`+ticketColumns+`, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(?12 IS NULL, 'open', 'closed'))`,
		t.ID, t.Kind, textOrNull(t.User), t.Email, t.Key, t.Name, t.Product, t.Contract, t.Message, ms(t.CreatedAt), msOrNull(t.AnsweredAt), msOrNull(t.ClosedAt))
	return err
}

// SaveTicketState keeps when a ticket was answered and closed.
func (tx *Tx) SaveTicketState(ctx context.Context, t support.Ticket) error {
	_, err := tx.exec(ctx, `UPDATE support_tickets SET answered_at = ?2, closed_at = ?3, state = iif(?3 IS NULL, 'open', 'closed') WHERE id = ?1`,
		t.ID, msOrNull(t.AnsweredAt), msOrNull(t.ClosedAt))
	return err
}

// TicketByID returns a ticket, nil for an unknown id.
func (r reads) TicketByID(ctx context.Context, id string) (*support.Ticket, error) {
	list, err := all(ctx, r, scanTicket, `SELECT `+ticketColumns+` FROM support_tickets WHERE id = ?`, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Tickets returns tickets in a state, newest first, older than the ticket before.
func (r reads) Tickets(ctx context.Context, state support.State, before string, limit int) ([]support.Ticket, error) {
	return all(ctx, r, scanTicket, `SELECT `+ticketColumns+` FROM support_tickets
		WHERE CASE WHEN closed_at IS NOT NULL THEN 'closed' WHEN answered_at IS NOT NULL THEN 'answered' ELSE 'open' END = ?1
		AND (?2 = '' OR (created_at, id) < (SELECT created_at, id FROM support_tickets WHERE id = ?2))
		ORDER BY created_at DESC, id DESC LIMIT 0 + ?3`, state, before, limit)
}

// OpenTickets returns what waits for the creator, the oldest first.
func (r reads) OpenTickets(ctx context.Context, limit int) ([]support.Ticket, error) {
	return all(ctx, r, scanTicket, `SELECT `+ticketColumns+` FROM support_tickets WHERE state = 'open' ORDER BY created_at, id LIMIT 0 + ?`, limit)
}

// TicketsOf returns what a customer wrote, signed in or with her address, the
// newest first.
func (r reads) TicketsOf(ctx context.Context, user core.UserID, key core.EmailKey) ([]support.Ticket, error) {
	return all(ctx, r, scanTicket, `SELECT `+ticketColumns+` FROM support_tickets WHERE user_id = ?1 OR (?2 <> '' AND email_key = ?2)
		ORDER BY created_at DESC, id DESC`, user, key)
}
