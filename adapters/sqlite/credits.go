package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/credits"
)

// CreditAccount returns a user's account, zeros where there is none yet.
func (r reads) CreditAccount(ctx context.Context, user core.UserID) (credits.Account, error) {
	a, _, err := maybe(ctx, r, func(s scanner) (a credits.Account, err error) {
		err = s.Scan(&a.Balance, &a.TotalPurchased, &a.TotalUsed)
		return a, err
	}, `SELECT balance, total_purchased, total_used FROM user_credits WHERE user_id = ?`, user)
	return a, err
}

// CreditByKey returns the line with a business key, nil where there is none.
func (r reads) CreditByKey(ctx context.Context, user core.UserID, key string) (*credits.Entry, error) {
	e, found, err := maybe(ctx, r, scanCreditEntry, `SELECT `+entryColumns+` FROM credit_transactions WHERE user_id = ? AND idempotency_key = ?`, user, key)
	if err != nil || !found {
		return nil, err
	}
	return &e, nil
}

// CreditAt returns a balance together with the line that has a key. A line is
// seldom there, so it is read only then: each column of an answer costs.
func (r reads) CreditAt(ctx context.Context, user core.UserID, key string) (balance int, known *credits.Entry, err error) {
	var taken bool
	_, err = one(ctx, r, func(s scanner) (struct{}, error) {
		return struct{}{}, s.Scan(&balance, boolIn(&taken))
	}, `SELECT coalesce((SELECT balance FROM user_credits WHERE user_id = ?1), 0),
		EXISTS (SELECT 1 FROM credit_transactions WHERE idempotency_key = ?2 AND user_id = ?1)`, user, key)
	if err == nil && taken {
		known, err = r.CreditByKey(ctx, user, key)
	}
	return balance, known, err
}

const entryColumns = `id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at`

func scanCreditEntry(s scanner) (e credits.Entry, err error) {
	err = s.Scan(&e.ID, &e.User, &e.Amount, &e.Type, &e.Description, &e.BalanceAfter, &e.Key, &e.Reference, timeIn(&e.At))
	return e, err
}

// AppendCredit adds one line. The account follows by a trigger.
func (tx *Tx) AppendCredit(ctx context.Context, e credits.Entry) error {
	_, err := tx.exec(ctx, `INSERT INTO credit_transactions (`+entryColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.User, e.Amount, e.Type, e.Description, e.BalanceAfter, e.Key, e.Reference, ms(e.At))
	if err == nil {
		return nil
	}
	// The ledger's own trigger comes before the unique key and has no number of its own.
	if old, lookup := tx.CreditByKey(ctx, e.User, e.Key); lookup == nil && old != nil {
		return &core.Error{Code: core.Conflict, Op: "sqlite.AppendCredit", Message: "That line is in the ledger already.", Err: err}
	}
	return err
}
