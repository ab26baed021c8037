package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/credits"
)

// CreditHistory returns up to limit lines of a user's ledger, newest first,
// older than the line before; "" begins at the newest. core.NotFound means that
// before is not a line of this user's.
func (r reads) CreditHistory(ctx context.Context, user core.UserID, before core.CreditID, limit int) ([]credits.Entry, error) {
	if before == "" {
		return all(ctx, r, scanCreditEntry, `SELECT `+entryColumns+` FROM credit_transactions WHERE user_id = ? ORDER BY seq DESC LIMIT ?`, user, limit)
	}
	seq, err := one(ctx, r, scalar[int64], `SELECT seq FROM credit_transactions WHERE id = ? AND user_id = ?`, before, user)
	if err != nil {
		return nil, err
	}
	return all(ctx, r, scanCreditEntry, `SELECT `+entryColumns+` FROM credit_transactions WHERE user_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?`, user, seq, limit)
}

// Ready proves that a transaction can be committed and read: it writes the time
// of the question. The schema was compared when the database was opened.
func (db *DB) Ready(ctx context.Context, at time.Time) error {
	if err := db.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO settings (key, value, updated_at) VALUES ('ready', '', ?)
			ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at`, ms(at))
		return err
	}); err != nil {
		return err
	}
	_, err := one(ctx, db, scalar[int64], `SELECT updated_at FROM settings WHERE key = 'ready'`)
	return err
}
