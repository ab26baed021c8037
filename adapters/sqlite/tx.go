// How a table-family method is written (users.go, credits.go, ...):
//
// A method that writes hangs on *Tx and carries its noun in its name, because
// one struct serves every package (SaveSubscription, not Save). It takes a ctx
// to satisfy the port, and hands it on; statements run under the writer's own
// limit whatever ctx is given. SQL is a constant text with ? parameters: the
// text is the key of the statement cache, so never build one per call.
//
//	func (tx *Tx) AppendCredit(ctx context.Context, e credits.Entry) error {
//		_, err := tx.exec(ctx, `INSERT INTO credit_transactions (id, user_id, amount, created_at) VALUES (?, ?, ?, ?)`,
//			e.ID, e.UserID, e.Amount, ms(e.At))
//		return err
//	}
//
// A method that reads hangs on reads, is written once, and so works on Tx
// (sees what the transaction has written), on DB (the read pool) and on View
// (one snapshot):
//
//	func (r reads) UserByID(ctx context.Context, id core.UserID) (accounts.User, error) {
//		return one(ctx, r, scanUser, `SELECT id, email, created_at FROM users WHERE id = ?`, id)
//	}
//
//	func scanUser(s scanner) (u accounts.User, err error) {
//		err = s.Scan(&u.ID, &u.Email, timeIn(&u.CreatedAt))
//		return u, err
//	}
//
// one answers core.NotFound where there is no row; maybe tells it with a bool;
// all collects rows and closes them. Errors come back translated: return them
// as they are. A unique constraint is core.Conflict; where "already there" is
// an answer, write INSERT ... ON CONFLICT DO NOTHING and look at changed(res).
//
// Values: times are INTEGER milliseconds (ms, msOrNull; timeIn to scan, NULL
// becomes the zero time), booleans 0 and 1 (driver does it; boolIn to scan),
// empty text to NULL with textOrNull (textIn to scan), JSON with jsonText and
// jsonIn. Typed ids go in and out as they are.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"sselfie/core"
)

// Tx is one caller's part of the writer's transaction. All methods of all table
// families hang on it, so a use case sees what it has written. It is good until
// the closure returns and must not be used by another goroutine.
type Tx struct {
	reads
	w         *writer
	ctx       context.Context // ends with the closure's limit
	statement context.Context // what the driver is given: see limit.go
	wakes     []string
	open      []*rowSet
	over      bool
	absent    absent // see arrival.go
	lost      error  // SQLite may have rolled back everything: no further statement may run
}

var errTxOver = errors.New("the transaction is over: a Tx was kept after its Update")

// Wake promises that subscribers of topic are told once this transaction is
// durable. Nothing happens when it is rolled back.
func (tx *Tx) Wake(topic string) { tx.wakes = append(tx.wakes, topic) }

// exec runs a statement that returns no rows.
func (tx *Tx) exec(_ context.Context, text string, args ...any) (sql.Result, error) {
	if err := tx.usable("sqlite.exec", text); err != nil {
		return nil, err
	}
	stmt, release, err := tx.w.statements.take(tx.statement, text)
	if err != nil {
		return nil, tx.failed("sqlite.exec", text, err)
	}
	defer release()
	res, err := stmt.ExecContext(tx.statement, args...)
	if err != nil {
		return nil, tx.failed("sqlite.exec", text, err)
	}
	return res, nil
}

// query runs a statement that returns rows, in the writer's transaction.
func (tx *Tx) query(_ context.Context, text string, args ...any) (*rowSet, error) {
	if err := tx.usable("sqlite.query", text); err != nil {
		return nil, err
	}
	stmt, release, err := tx.w.statements.take(tx.statement, text)
	if err != nil {
		return nil, tx.failed("sqlite.query", text, err)
	}
	rows, err := stmt.QueryContext(tx.statement, args...)
	if err != nil {
		release()
		return nil, tx.failed("sqlite.query", text, err)
	}
	set := &rowSet{rows: rows, release: release, failed: func(op string, err error) error {
		return tx.failed(op, text, err)
	}}
	// Only what is still open is kept: one transaction may ask a million questions.
	tx.open = append(slices.DeleteFunc(tx.open, (*rowSet).closed), set)
	return set, nil
}

// usable refuses statements after the end, after the limit, and after an error
// that makes SQLite roll back the whole transaction: what ran next would be kept
// on its own.
func (tx *Tx) usable(op, text string) error {
	if tx.over {
		return &core.Error{Code: core.Internal, Op: op, Message: messageInternal, Err: errTxOver}
	}
	if tx.lost != nil {
		return tx.lost
	}
	if err := tx.ctx.Err(); err != nil {
		return tx.failed(op, text, err)
	}
	return nil
}

// failed translates err and remembers it when it can have cost the transaction.
func (tx *Tx) failed(op, text string, err error) error {
	out := translate(op, named(text, err))
	if tx.lost == nil && endsTransaction(err) {
		tx.lost = out
	}
	return out
}

// end makes tx useless and closes what its closure left open: a pending
// statement would keep the transaction from ending cleanly.
func (tx *Tx) end() {
	for _, set := range tx.open {
		_ = set.Close()
	}
	tx.open, tx.over = nil, true
}

// changed reports how many rows a statement touched.
func changed(res sql.Result) int64 {
	n, err := res.RowsAffected()
	if err != nil {
		return 0 // never with this driver: it counts before it answers
	}
	return n
}

// Attempt runs fn in a savepoint of its own: when fn fails, what it wrote is
// undone and the rest of the transaction stays. Attempts may nest.
func (tx *Tx) Attempt(ctx context.Context, fn func() error) error {
	if _, err := tx.exec(ctx, `SAVEPOINT attempt`); err != nil {
		return err
	}
	failed := fn()
	if failed != nil {
		if _, err := tx.exec(ctx, `ROLLBACK TO attempt`); err != nil {
			return err
		}
	}
	if _, err := tx.exec(ctx, `RELEASE attempt`); err != nil {
		return err
	}
	return failed
}
