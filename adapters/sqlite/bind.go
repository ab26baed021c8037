package sqlite

import "context"

// Updater gives one service exactly its own view of a transaction. T is the
// narrow Tx interface that the service's package declares.
type Updater[T any] struct {
	db   *DB
	as   func(*Tx) T
	lane lane
}

// Bind makes an Updater for the foreground lane:
//
//	store := sqlite.Bind(db, func(tx *sqlite.Tx) billing.Tx { return tx })
func Bind[T any](db *DB, as func(*Tx) T) Updater[T] {
	return Updater[T]{db: db, as: as, lane: foreground}
}

// BindBulk makes an Updater for the bulk lane, which gives way to the
// foreground: clicks, imports, refreshes and whatever else runs in chunks.
func BindBulk[T any](db *DB, as func(*Tx) T) Updater[T] {
	return Updater[T]{db: db, as: as, lane: bulk}
}

// Update runs fn as one transaction; see DB.Update for what holds inside.
func (u Updater[T]) Update(ctx context.Context, fn func(ctx context.Context, tx T) error) error {
	return u.db.writer.do(ctx, u.lane, func(ctx context.Context, tx *Tx) error {
		return fn(ctx, u.as(tx))
	})
}
