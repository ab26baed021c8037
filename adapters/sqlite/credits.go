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

const entryColumns = `id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at`

func scanCreditEntry(s scanner) (e credits.Entry, err error) {
	err = s.Scan(&e.ID, &e.User, &e.Amount, &e.Type, &e.Description, &e.BalanceAfter, &e.Key, &e.Reference, timeIn(&e.At))
	return e, err
}

// AppendCredit adds one line and stores the account that follows from it.
func (tx *Tx) AppendCredit(ctx context.Context, e credits.Entry, after credits.Account) error {
	if _, err := tx.exec(ctx, `INSERT INTO credit_transactions (`+entryColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.User, e.Amount, e.Type, e.Description, e.BalanceAfter, e.Key, e.Reference, ms(e.At)); err != nil {
		// The ledger's own trigger comes before the unique key and has no number of its own.
		if old, lookup := tx.CreditByKey(ctx, e.User, e.Key); lookup == nil && old != nil {
			return &core.Error{Code: core.Conflict, Op: "sqlite.AppendCredit", Message: "That line is in the ledger already.", Err: err}
		}
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET balance = excluded.balance, total_purchased = excluded.total_purchased,
		total_used = excluded.total_used, updated_at = excluded.updated_at`,
		e.User, after.Balance, after.TotalPurchased, after.TotalUsed, ms(e.At))
	return err
}
