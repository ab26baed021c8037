package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
)

// SecondFactorOf returns the authenticator app of an account.
func (r reads) SecondFactorOf(ctx context.Context, user core.UserID) (accounts.SecondFactor, error) {
	return one(ctx, r, func(s scanner) (f accounts.SecondFactor, err error) {
		err = s.Scan(&f.User, &f.Sealed, timeIn(&f.ConfirmedAt), &f.LastStep, timeIn(&f.CreatedAt))
		return f, err
	}, `SELECT user_id, sealed, confirmed_at, last_step, created_at FROM second_factors WHERE user_id = ?`, user)
}

// RecoveryCodesLeft counts the codes that were not used.
func (r reads) RecoveryCodesLeft(ctx context.Context, user core.UserID) (int, error) {
	n, err := one(ctx, r, scalar[int64], `SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL`, user)
	return int(n), err
}

// SaveSecondFactor writes the authenticator app of an account.
func (tx *Tx) SaveSecondFactor(ctx context.Context, f accounts.SecondFactor) error {
	_, err := tx.exec(ctx, `INSERT INTO second_factors (user_id, sealed, confirmed_at, last_step, created_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, confirmed_at = excluded.confirmed_at, last_step = excluded.last_step,
		created_at = excluded.created_at`,
		f.User, f.Sealed, msOrNull(f.ConfirmedAt), f.LastStep, ms(f.CreatedAt))
	return err
}

// DeleteSecondFactor drops it with its recovery codes.
func (tx *Tx) DeleteSecondFactor(ctx context.Context, user core.UserID) error {
	_, err := tx.exec(ctx, `DELETE FROM second_factors WHERE user_id = ?`, user)
	return err
}

// ReplaceRecoveryCodes keeps these hashes and no others.
func (tx *Tx) ReplaceRecoveryCodes(ctx context.Context, user core.UserID, hashes []string) error {
	if _, err := tx.exec(ctx, `DELETE FROM recovery_codes WHERE user_id = ?`, user); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := tx.exec(ctx, `INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)`, user, h); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode spends one code.
func (tx *Tx) UseRecoveryCode(ctx context.Context, user core.UserID, hash string, at time.Time) (bool, error) {
	n, err := one(ctx, tx, scalar[int64], `UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND hash = ? AND used_at IS NULL RETURNING 1`, ms(at), user, hash)
	if core.Is(err, core.NotFound) {
		return false, nil
	}
	return n > 0, err
}
