package sqlite

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Joined is an Updater for many small changes that come at once, such as clicks.
// Whoever waits when it is their turn shares one closure of the bulk lane: one
// savepoint and one deadline for all of them, which cost more than a click does.
// What fails, fails alone: everybody of its round is then asked again, one by
// one. So fn may run twice, and must do nothing but write.
type Joined[T any] struct {
	db *DB
	as func(*Tx) T

	mu      sync.Mutex
	waiting []*member[T]
}

// member is one caller's part of a round.
type member[T any] struct {
	fn     func(ctx context.Context, tx T) error
	answer chan error // one place: nobody waits for a caller
}

// BindJoined makes a Joined; see Bind.
func BindJoined[T any](db *DB, as func(*Tx) T) *Joined[T] {
	return &Joined[T]{db: db, as: as}
}

// Update runs fn together with others'. When it returns nil, what fn wrote is on
// the disk; see DB.Update for what else holds.
func (u *Joined[T]) Update(ctx context.Context, fn func(ctx context.Context, tx T) error) error {
	const op = "sqlite.Update"
	if ctx.Value(inside{u.db.writer}) != nil {
		return nested(op)
	}
	if err := ctx.Err(); err != nil {
		return unavailable(op, fmt.Errorf("%w: %w", errNotBegun, err))
	}
	m := &member[T]{fn: fn, answer: make(chan error, 1)}
	u.mu.Lock()
	u.waiting = append(u.waiting, m)
	first := len(u.waiting) == 1
	u.mu.Unlock()
	if first {
		go u.round()
	}
	select {
	case err := <-m.answer:
		return err
	case <-ctx.Done():
		if u.leave(m) {
			return unavailable(op, fmt.Errorf("%w: %w", errNotBegun, ctx.Err()))
		}
		return <-m.answer // begun: the caller learns the real outcome
	}
}

// round serves whoever waits when its turn has come.
func (u *Joined[T]) round() {
	var members []*member[T]
	began, whole := false, false
	err := u.db.UpdateBulk(context.Background(), func(ctx context.Context, tx *Tx) error {
		began, members = true, u.take()
		for _, m := range members {
			if err := m.fn(ctx, u.as(tx)); err != nil {
				return err
			}
		}
		whole = true
		return nil
	})
	if !began {
		members = u.take()
	}
	for _, m := range members {
		if began && !whole {
			go func() { m.answer <- u.alone(m) }()
			continue
		}
		m.answer <- err
	}
}

// alone runs a member of a round in which somebody failed.
func (u *Joined[T]) alone(m *member[T]) error {
	return u.db.UpdateBulk(context.Background(), func(ctx context.Context, tx *Tx) error { return m.fn(ctx, u.as(tx)) })
}

// take returns those who waited longest, and begins the next round where others
// wait still.
func (u *Joined[T]) take() []*member[T] {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := min(batchMax, len(u.waiting))
	members := u.waiting[:n:n]
	u.waiting = slices.Clone(u.waiting[n:])
	if len(u.waiting) > 0 {
		go u.round()
	}
	return members
}

// leave takes m away, unless its round has begun.
func (u *Joined[T]) leave(m *member[T]) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := len(u.waiting)
	u.waiting = slices.DeleteFunc(u.waiting, func(w *member[T]) bool { return w == m })
	return len(u.waiting) < n
}
