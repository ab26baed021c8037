package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/billing"
)

const eventColumns = `id, type, outcome, reason, error, attempts, payload, created_at, received_at, applied_at`

func scanEvent(s scanner) (r billing.Record, err error) {
	err = s.Scan(&r.ID, &r.Type, &r.Outcome, &r.Reason, &r.Error, &r.Attempts, &r.Payload, timeIn(&r.At), timeIn(&r.ReceivedAt), timeIn(&r.AppliedAt))
	return r, err
}

// EventByID returns a webhook event, nil when it is new.
func (r reads) EventByID(ctx context.Context, id core.EventID) (*billing.Record, error) {
	rec, found, err := maybe(ctx, r, scanEvent, `SELECT `+eventColumns+` FROM webhook_events WHERE id = ?`, id)
	if err != nil || !found {
		return nil, err
	}
	return &rec, nil
}

// ClaimEvent inserts a record. Where the event is known it changes nothing and
// returns what is known.
func (tx *Tx) ClaimEvent(ctx context.Context, r billing.Record) (*billing.Record, error) {
	res, err := tx.exec(ctx, `INSERT INTO webhook_events (`+eventColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Type, r.Outcome, r.Reason, r.Error, r.Attempts, string(r.Payload), ms(r.At), ms(r.ReceivedAt), msOrNull(r.AppliedAt))
	if err != nil || changed(res) > 0 {
		return nil, err
	}
	return tx.EventByID(ctx, r.ID)
}

// SaveEvent inserts or replaces a record; an existing one keeps its payload and
// the time at which it first came.
func (tx *Tx) SaveEvent(ctx context.Context, r billing.Record) error {
	_, err := tx.exec(ctx, `INSERT INTO webhook_events (`+eventColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, error = excluded.error,
		attempts = excluded.attempts, applied_at = excluded.applied_at`,
		r.ID, r.Type, r.Outcome, r.Reason, r.Error, r.Attempts, string(r.Payload), ms(r.At), ms(r.ReceivedAt), msOrNull(r.AppliedAt))
	return err
}

// SaveWaits replaces the keys that an event waits for.
func (tx *Tx) SaveWaits(ctx context.Context, id core.EventID, keys []string) error {
	tx.absent.parked = false
	if _, err := tx.exec(ctx, `DELETE FROM webhook_waits WHERE event_id = ?`, id); err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := tx.exec(ctx, `INSERT INTO webhook_waits (key, event_id) VALUES (?, ?)`, k, id); err != nil {
			return err
		}
	}
	return nil
}

// ParkedFor returns the parked events that wait for one of the keys, in the
// order in which Stripe made them.
func (r reads) ParkedFor(ctx context.Context, keys []string) ([]billing.Record, error) {
	list, err := jsonText(keys)
	if err != nil {
		return nil, err
	}
	return all(ctx, r, scanEvent, `SELECT `+eventColumns+` FROM webhook_events
		WHERE id IN (SELECT w.event_id FROM json_each(?) k JOIN webhook_waits w ON w.key = k.value) AND outcome = 'parked'
		ORDER BY created_at, id`, list)
}

// OpenEvents returns parked and failed events, the least tried first.
func (r reads) OpenEvents(ctx context.Context, limit int) ([]billing.Record, error) {
	return all(ctx, r, scanEvent, openEvents, limit)
}

const openEvents = `SELECT ` + eventColumns + ` FROM webhook_events INDEXED BY webhook_events_open
	WHERE ` + notApplied + ` AND outcome IN ('parked', 'failed') ORDER BY attempts, created_at, id LIMIT 0 + ?`
