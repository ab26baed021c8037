package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
)

// SessionUser returns a session and the living account that it belongs to.
func (r reads) SessionUser(ctx context.Context, tokenHash string) (accounts.Session, accounts.User, error) {
	type pair struct {
		s accounts.Session
		u accounts.User
	}
	p, err := one(ctx, r, func(s scanner) (p pair, err error) {
		fields := []any{
			&p.s.TokenHash, &p.s.User, timeIn(&p.s.CreatedAt), timeIn(&p.s.LastSeenAt), timeIn(&p.s.AuthenticatedAt),
			timeIn(&p.s.ExpiresAt), &p.s.UserAgent, &p.s.Address,
		}
		err = s.Scan(append(fields, userFields(&p.u)...)...)
		return p, err
	}, `SELECT s.token_hash, s.user_id, s.created_at, s.last_seen_at, s.authenticated_at, s.expires_at, s.user_agent, s.address,
		u.id, u.email, u.email_key, u.name, u.email_verified_at, u.address_lost_at, u.password_hash, u.password_set_at,
		u.is_admin, u.origin, u.last_login_at, u.created_at, u.deleted_at
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ? AND u.deleted_at IS NULL`, tokenHash)
	return p.s, p.u, err
}

// HasSessions reports whether anybody is signed in to the account.
func (r reads) HasSessions(ctx context.Context, user core.UserID) (bool, error) {
	n, err := one(ctx, r, scalar[int64], `SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?)`, user)
	return n != 0, err
}

// InsertSession adds a signed-in browser.
func (tx *Tx) InsertSession(ctx context.Context, s accounts.Session) error {
	_, err := tx.exec(ctx, `INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, authenticated_at, expires_at, user_agent, address)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		s.TokenHash, s.User, ms(s.CreatedAt), ms(s.LastSeenAt), ms(s.AuthenticatedAt), ms(s.ExpiresAt), s.UserAgent, s.Address)
	return err
}

// TouchSession notes a visit, on the session and on its account.
func (tx *Tx) TouchSession(ctx context.Context, tokenHash string, at time.Time) error {
	_, err := tx.exec(ctx, `UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?`, ms(at), tokenHash)
	return err
}

// DeleteSession ends one session.
func (tx *Tx) DeleteSession(ctx context.Context, tokenHash string) error {
	_, err := tx.exec(ctx, `DELETE FROM sessions WHERE token_hash = ?`, tokenHash)
	return err
}

// DeleteSessions ends the user's sessions but the one with the hash except.
func (tx *Tx) DeleteSessions(ctx context.Context, user core.UserID, except string) error {
	_, err := tx.exec(ctx, `DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?`, user, except)
	return err
}

// TokenByHash returns a mailed link.
func (r reads) TokenByHash(ctx context.Context, hash string) (accounts.Token, error) {
	return one(ctx, r, func(s scanner) (t accounts.Token, err error) {
		err = s.Scan(&t.Hash, &t.User, &t.Purpose, &t.Key, timeIn(&t.CreatedAt), timeIn(&t.ExpiresAt), timeIn(&t.UsedAt))
		return t, err
	}, `SELECT token_hash, user_id, purpose, email_key, created_at, expires_at, used_at FROM auth_tokens WHERE token_hash = ?`, hash)
}

// InsertToken keeps the hash of a link that is about to be mailed.
func (tx *Tx) InsertToken(ctx context.Context, t accounts.Token) error {
	_, err := tx.exec(ctx, `INSERT INTO auth_tokens (token_hash, user_id, purpose, email_key, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		t.Hash, t.User, t.Purpose, t.Key, ms(t.CreatedAt), ms(t.ExpiresAt))
	return err
}

// MarkTokenUsed spends a link.
func (tx *Tx) MarkTokenUsed(ctx context.Context, hash string, at time.Time) error {
	_, err := tx.exec(ctx, `UPDATE auth_tokens SET used_at = ? WHERE token_hash = ?`, ms(at), hash)
	return err
}

// DeleteTokens drops every unused link of the user.
func (tx *Tx) DeleteTokens(ctx context.Context, user core.UserID) error {
	_, err := tx.exec(ctx, `DELETE FROM auth_tokens WHERE user_id = ? AND used_at IS NULL`, user)
	return err
}

// CountHit adds one to a counter and returns it.
func (tx *Tx) CountHit(ctx context.Context, key string, window time.Duration, at time.Time) (int, error) {
	n, err := one(ctx, tx, scalar[int64], `INSERT INTO rate_counters (key, window_start, count) VALUES (?, ?, 1)
		ON CONFLICT (key, window_start) DO UPDATE SET count = count + 1 RETURNING count`, key, ms(at.Truncate(window)))
	return int(n), err
}

// ClearHits forgets a counter.
func (tx *Tx) ClearHits(ctx context.Context, key string) error {
	_, err := tx.exec(ctx, `DELETE FROM rate_counters WHERE key = ?`, key)
	return err
}

// SweepSessions drops what ran out: sessions by the wall clock, links by the
// business clock, counters of windows that are two days past.
func (tx *Tx) SweepSessions(ctx context.Context, wall, now time.Time) error {
	if _, err := tx.exec(ctx, `DELETE FROM sessions WHERE expires_at < ? OR last_seen_at < ?`, ms(wall), ms(wall.Add(-accounts.SessionIdle))); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM auth_tokens WHERE expires_at < ?`, ms(now.AddDate(0, 0, -30))); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM rate_counters WHERE window_start < ?`, ms(wall.AddDate(0, 0, -2)))
	return err
}
