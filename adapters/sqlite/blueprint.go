package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"sselfie/core"
	"sselfie/core/blueprint"
)

// BlueprintOf returns a customer's blueprint.
func (r reads) BlueprintOf(ctx context.Context, user core.UserID) (blueprint.Kept, bool, error) {
	return maybe(ctx, r, func(s scanner) (k blueprint.Kept, err error) {
		var form, strategy string
		err = s.Scan(&form, textIn(&strategy), boolIn(&k.StrategyGenerated), &k.Origin)
		k.Form = json.RawMessage(form)
		if strategy != "" {
			k.Strategy = json.RawMessage(strategy)
		}
		return k, err
	}, `SELECT form_data, strategy_data, strategy_generated, origin FROM blueprint_subscribers WHERE user_id = ?`, user)
}

// SaveBlueprintForm replaces the form.
func (tx *Tx) SaveBlueprintForm(ctx context.Context, user core.UserID, form json.RawMessage, at time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO blueprint_subscribers (user_id, form_data, origin, created_at, updated_at) VALUES (?, ?, 'blueprint', ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET form_data = excluded.form_data, updated_at = excluded.updated_at,
		origin = iif(origin = 'wizard', 'blueprint', origin)`, user, string(form), ms(at), ms(at))
	return err
}
