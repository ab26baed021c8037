package sqlite

import (
	"context"

	"sselfie/core/tracking"
)

// RecordEvent keeps one thing that happened.
func (tx *Tx) RecordEvent(ctx context.Context, e tracking.Event) error {
	props := "{}"
	if len(e.Props) > 0 {
		var err error
		if props, err = jsonText(e.Props); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, `INSERT INTO analytics_events (name, visitor, user_id, product_id, source, campaign, properties, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Name, e.Visitor, textOrNull(e.User), e.Product, e.Source, e.Campaign, props, ms(e.At))
	return err
}
