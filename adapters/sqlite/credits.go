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
	tx.absent.user = ""
	_, err := tx.exec(ctx, `INSERT INTO credit_transactions (`+entryColumns+`, before_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
		(SELECT last_seq FROM user_credits WHERE user_id = ?2))`,
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

// The lines of one account are found by walking back: the account names its
// newest line, and each line the one before it. linesOf, an account's user_id
// and allBack make the table own_lines of their seqs, newest first.
const (
	linesOf  = `WITH RECURSIVE own_lines (seq) AS (SELECT last_seq FROM user_credits WHERE last_seq IS NOT NULL AND user_id = `
	stepBack = ` UNION ALL SELECT t.before_seq FROM own_lines JOIN credit_transactions t USING (seq) WHERE t.before_seq IS NOT NULL`
	allBack  = stepBack + `) `
)

// CreditHistory returns up to limit lines of a user's ledger, newest first,
// older than the line before; "" begins at the newest. core.NotFound means that
// before is not a line of this user's.
func (r reads) CreditHistory(ctx context.Context, user core.UserID, before core.CreditID, limit int) ([]credits.Entry, error) {
	var next int64
	var err error
	if before == "" {
		next, _, err = maybe(ctx, r, scalar[int64], `SELECT coalesce(last_seq, 0) FROM user_credits WHERE user_id = ?`, user)
	} else {
		next, err = one(ctx, r, scalar[int64], `SELECT coalesce(before_seq, 0) FROM credit_transactions WHERE id = ? AND user_id = ?`, before, user)
	}
	if err != nil || next == 0 {
		return nil, err
	}
	return all(ctx, r, scanCreditEntry, `WITH RECURSIVE own_lines (seq) AS (SELECT ?1`+stepBack+` LIMIT 0 + ?2)
		SELECT `+entryColumns+` FROM own_lines JOIN credit_transactions USING (seq) ORDER BY seq DESC`, next, limit)
}
