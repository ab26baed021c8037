package sqlite

import (
	"context"
	"time"
)

// Setting returns what is kept under key; found is false when nothing is.
func (r reads) Setting(ctx context.Context, key string) (value string, found bool, err error) {
	return maybe(ctx, r, scalar[string], `SELECT value FROM settings WHERE key = ?`, key)
}

// SaveSetting keeps value under key.
func (tx *Tx) SaveSetting(ctx context.Context, key, value string, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, key, value, ms(at))
	return err
}

// KeepSetting keeps value under key unless something is kept there already, and
// returns what is kept then: the first start decides.
func (tx *Tx) KeepSetting(ctx context.Context, key, value string, at time.Time) (string, error) {
	if _, err := tx.exec(ctx, `INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING`, key, value, ms(at)); err != nil {
		return "", err
	}
	return one(ctx, tx, scalar[string], `SELECT value FROM settings WHERE key = ?`, key)
}
