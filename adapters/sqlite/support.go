package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/support"
)

const ticketColumns = `id, kind, user_id, email, email_key, name, product_id, contract, message, created_at, closed_at`

func scanTicket(s scanner) (t support.Ticket, err error) {
	err = s.Scan(&t.ID, &t.Kind, textIn(&t.User), &t.Email, &t.Key, &t.Name, &t.Product, &t.Contract, &t.Message, timeIn(&t.CreatedAt), timeIn(&t.ClosedAt))
	return t, err
}

// OpenTicket adds a ticket.
func (tx *Tx) OpenTicket(ctx context.Context, t support.Ticket) error {
	_, err := tx.exec(ctx, `INSERT INTO support_tickets (`+ticketColumns+`, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(?11 IS NULL, 'open', 'closed'))`,
		t.ID, t.Kind, textOrNull(t.User), t.Email, t.Key, t.Name, t.Product, t.Contract, t.Message, ms(t.CreatedAt), msOrNull(t.ClosedAt))
	return err
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
