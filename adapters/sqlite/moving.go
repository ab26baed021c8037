package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/moving"
)

// OpenCreditAccount makes an empty account where there is none.
func (tx *Tx) OpenCreditAccount(ctx context.Context, user core.UserID, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES (?, 0, 0, 0, ?)
		ON CONFLICT DO NOTHING`, user, ms(at))
	return err
}

// ImportBlueprint adds a blueprint row unless there is one.
func (tx *Tx) ImportBlueprint(ctx context.Context, user core.UserID, b moving.Blueprint) error {
	_, err := tx.exec(ctx, `INSERT INTO blueprint_subscribers (user_id, form_data, strategy_data, strategy_generated, grid_generated, origin, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, 'import', ?, ?) ON CONFLICT DO NOTHING`,
		user, string(b.Form), textOrNull(string(b.Strategy)), b.Strategy != nil, b.Grid, ms(b.CreatedAt), ms(b.CreatedAt))
	return err
}

// ImportStamps sets the stamps that are not set yet.
func (tx *Tx) ImportStamps(ctx context.Context, user core.UserID, s moving.Stamps) error {
	_, err := tx.exec(ctx, `UPDATE users SET onboarding_completed = max(onboarding_completed, ?), base_done_at = COALESCE(base_done_at, ?),
		blueprint_extension_done_at = COALESCE(blueprint_extension_done_at, ?), blueprint_welcome_shown_at = COALESCE(blueprint_welcome_shown_at, ?),
		paid_welcome_shown_at = COALESCE(paid_welcome_shown_at, ?), last_seen_at = COALESCE(last_seen_at, ?) WHERE id = ?`,
		s.Completed, msOrNull(s.Base), msOrNull(s.Extension), msOrNull(s.Welcome), msOrNull(s.PaidWelcome), msOrNull(s.LastSeen), user)
	return err
}

// TagUser implements billing.Tx and moving.Tx.
func (tx *Tx) TagUser(ctx context.Context, user core.UserID, tag, newID string, at time.Time) error {
	if _, err := tx.exec(ctx, `INSERT INTO tags (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, newID, tag, ms(at)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO user_tags (tag_id, user_id, added_at) SELECT id, ?, ? FROM tags WHERE name = ?
		ON CONFLICT DO UPDATE SET added_at = min(added_at, excluded.added_at)`, user, ms(at), tag)
	return err
}

// TagsOf returns a customer's tags, by name.
func (r reads) TagsOf(ctx context.Context, user core.UserID) ([]string, error) {
	return all(ctx, r, scalar[string], `SELECT t.name FROM user_tags u JOIN tags t ON t.id = u.tag_id WHERE u.user_id = ? ORDER BY t.name`, user)
}

// Unsubscribe puts an address on the suppression list; an older entry stays.
func (tx *Tx) Unsubscribe(ctx context.Context, key core.EmailKey, detail string, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO email_suppressions (address_key, reason, detail, since) VALUES (?, 'unsubscribed', ?, ?) ON CONFLICT DO NOTHING`, key, detail, ms(at))
	return err
}
