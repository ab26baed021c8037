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

// CreditAt returns an account together with its line that has a key.
func (r reads) CreditAt(ctx context.Context, user core.UserID, key string) (credits.Account, *credits.Entry, error) {
	type pair struct {
		a credits.Account
		e credits.Entry
	}
	p, err := one(ctx, r, func(s scanner) (p pair, err error) {
		err = s.Scan(&p.a.Balance, &p.a.TotalPurchased, &p.a.TotalUsed, textIn(&p.e.ID), intIn(&p.e.Amount), textIn(&p.e.Type), textIn(&p.e.Description),
			intIn(&p.e.BalanceAfter), textIn(&p.e.Key), textIn(&p.e.Reference), timeIn(&p.e.At))
		return p, err
	}, `SELECT coalesce(a.balance, 0), coalesce(a.total_purchased, 0), coalesce(a.total_used, 0),
		t.id, t.amount, t.type, t.description, t.balance_after, t.idempotency_key, t.reference, t.created_at
		FROM (SELECT ?1 AS user_id) u LEFT JOIN user_credits a ON a.user_id = u.user_id
		LEFT JOIN credit_transactions t ON t.user_id = u.user_id AND t.idempotency_key = ?2`, user, key)
	if err != nil || p.e.ID == "" {
		return p.a, nil, err
	}
	p.e.User = user
	return p.a, &p.e, nil
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
