package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
)

const userColumns = `id, email, email_key, name, email_verified_at, address_lost_at, password_hash, password_set_at,
	is_admin, origin, last_login_at, created_at, deleted_at`

func scanUser(s scanner) (u accounts.User, err error) {
	err = s.Scan(userFields(&u)...)
	return u, err
}

func userFields(u *accounts.User) []any {
	return []any{
		&u.ID, &u.Email, textIn(&u.Key), &u.Name, timeIn(&u.VerifiedAt), timeIn(&u.AddressLostAt), &u.PasswordHash, timeIn(&u.PasswordSetAt),
		boolIn(&u.Admin), &u.Origin, timeIn(&u.LastLoginAt), timeIn(&u.CreatedAt), timeIn(&u.DeletedAt),
	}
}

// UserByID returns an account, deleted ones included.
func (r reads) UserByID(ctx context.Context, id core.UserID) (accounts.User, error) {
	return one(ctx, r, scanUser, `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
}

// UserByKey returns the living account with a folded address.
func (r reads) UserByKey(ctx context.Context, key core.EmailKey) (accounts.User, error) {
	return one(ctx, r, scanUser, `SELECT `+userColumns+` FROM users WHERE email_key = ?`, key)
}

// InsertUser adds an account; core.Conflict when its address is taken.
func (tx *Tx) InsertUser(ctx context.Context, u accounts.User) error {
	_, err := tx.exec(ctx, `INSERT INTO users (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, u.Email, textOrNull(u.Key), u.Name, msOrNull(u.VerifiedAt), msOrNull(u.AddressLostAt), u.PasswordHash, msOrNull(u.PasswordSetAt),
		u.Admin, u.Origin, msOrNull(u.LastLoginAt), ms(u.CreatedAt), msOrNull(u.DeletedAt))
	if tx.absent.account = false; err == nil && u.Key == tx.absent.Key {
		tx.absent.user = u.ID
	}
	return err
}

// SaveUser writes an account that exists.
func (tx *Tx) SaveUser(ctx context.Context, u accounts.User) error {
	tx.absent = absent{}
	_, err := tx.exec(ctx, `UPDATE users SET email = ?, email_key = ?, name = ?, email_verified_at = ?, address_lost_at = ?,
		password_hash = ?, password_set_at = ?, is_admin = ?, last_login_at = ?, deleted_at = ? WHERE id = ?`,
		u.Email, textOrNull(u.Key), u.Name, msOrNull(u.VerifiedAt), msOrNull(u.AddressLostAt),
		u.PasswordHash, msOrNull(u.PasswordSetAt), u.Admin, msOrNull(u.LastLoginAt), msOrNull(u.DeletedAt), u.ID)
	return err
}

// CountUsers returns how many accounts there are, admins apart.
func (r reads) CountUsers(ctx context.Context) (int, error) {
	n, err := one(ctx, r, scalar[int64], `SELECT count(*) FROM users WHERE is_admin = 0`)
	return int(n), err
}

// NoteVisits implements accounts.VisitTx.
func (tx *Tx) NoteVisits(ctx context.Context, at map[core.UserID]time.Time) error {
	for user, t := range at {
		if _, err := tx.exec(ctx, `UPDATE users SET last_seen_at = ?1 WHERE id = ?2 AND deleted_at IS NULL AND coalesce(last_seen_at, 0) < ?1`, ms(t), user); err != nil {
			return err
		}
	}
	return nil
}
