package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"sselfie/core"
)

// querier runs statements that return rows: the writer's transaction, the read
// pool, or one snapshot of it.
type querier interface {
	query(ctx context.Context, text string, args ...any) (*rowSet, error)
}

// reads carries every method that only looks. It is embedded in Tx, DB and
// View, so each question is written once and asked anywhere.
type reads struct{ querier }

// scanner is the part of a row that a scan function needs.
type scanner interface{ Scan(dest ...any) error }

// rowSet is the rows of one query. Its errors are translated.
type rowSet struct {
	rows    *sql.Rows
	release func()
	failed  func(op string, err error) error
}

// Next moves to the next row.
func (s *rowSet) Next() bool { return s.rows.Next() }

// Scan copies the current row.
func (s *rowSet) Scan(dest ...any) error {
	if err := s.rows.Scan(dest...); err != nil {
		return s.failed("sqlite.scan", err)
	}
	return nil
}

func (s *rowSet) closed() bool { return s.release == nil }

// Close ends the query and returns what went wrong on the way, if anything did.
func (s *rowSet) Close() error {
	if s.release == nil {
		return nil
	}
	failed := s.rows.Err()
	err := s.rows.Close()
	s.release()
	s.release = nil
	if failed == nil {
		failed = err
	}
	if failed != nil {
		return s.failed("sqlite.query", failed)
	}
	return nil
}

// maybe returns the first row, and whether there was one.
func maybe[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) (T, bool, error) {
	var zero T
	set, err := q.query(ctx, text, args...)
	if err != nil {
		return zero, false, err
	}
	if !set.Next() {
		return zero, false, set.Close()
	}
	v, err := scan(set)
	if closed := set.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return zero, false, err
	}
	return v, true, nil
}

// one returns the first row, core.NotFound when there is none.
func one[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	v, found, err := maybe(ctx, q, scan, text, args...)
	if err == nil && !found {
		err = translate("sqlite.query", named(text, sql.ErrNoRows))
	}
	return v, err
}

// all returns every row. Without rows it returns nil.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	var out []T
	err := each(ctx, q, func(s scanner) error {
		v, err := scan(s)
		out = append(out, v)
		return err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// each hands every row to fn, without keeping them, and stops at fn's error.
func each(ctx context.Context, q querier, fn func(scanner) error, text string, args ...any) error {
	set, err := q.query(ctx, text, args...)
	if err != nil {
		return err
	}
	for set.Next() {
		if err := fn(set); err != nil {
			_ = set.Close()
			return err
		}
	}
	return set.Close()
}

// scalar scans a row of a single column: one(ctx, r, scalar[int64], `SELECT count(*) ...`).
func scalar[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// pool asks the read-only connections.
type pool struct {
	statements *statements
}

func (p pool) query(ctx context.Context, text string, args ...any) (*rowSet, error) {
	stmt, release, err := p.statements.take(ctx, text)
	if err != nil {
		return nil, translate("sqlite.query", named(text, err))
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		release()
		return nil, translate("sqlite.query", named(text, err))
	}
	return &rowSet{rows: rows, release: release, failed: plainly(text)}, nil
}

// View is one unchanging state of the database.
type View struct{ reads }

// snapshot asks inside one read transaction.
type snapshot struct{ tx *sql.Tx }

func (s snapshot) query(ctx context.Context, text string, args ...any) (*rowSet, error) {
	rows, err := s.tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, translate("sqlite.query", named(text, err))
	}
	return &rowSet{rows: rows, release: func() {}, failed: plainly(text)}, nil
}

// View calls fn with one snapshot: whatever is written meanwhile, all questions
// see the same state. Keep it short, since a long one holds back checkpoints.
func (db *DB) View(ctx context.Context, fn func(ctx context.Context, v View) error) error {
	tx, err := db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return translate("sqlite.View", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return fn(ctx, View{reads{snapshot{tx}}})
}

// plainly translates errors of one statement.
func plainly(text string) func(string, error) error {
	return func(op string, err error) error { return translate(op, named(text, err)) }
}

// named puts the beginning of a statement before its error. Texts carry no
// values, so nothing private reaches the log this way.
func named(text string, err error) error {
	var known *core.Error
	if errors.As(err, &known) {
		return err
	}
	short := strings.Join(strings.Fields(text), " ")
	if len(short) > 80 {
		short = short[:80] + "..."
	}
	return fmt.Errorf("%s: %w", short, err)
}
