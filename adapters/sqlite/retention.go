package sqlite

import (
	"context"
	"time"
)

// ForgetVisits deletes up to limit events of visitors from before a time and
// returns how many.
func (tx *Tx) ForgetVisits(ctx context.Context, before time.Time, limit int) (int, error) {
	return tx.forget(ctx, `DELETE FROM analytics_events WHERE id IN (SELECT id FROM analytics_events WHERE at < ? ORDER BY at LIMIT 0 + ?)`, before, limit)
}

// EmptyPayloads empties up to limit payloads of webhooks that were received
// before a time. What is parked or failed is kept whole, because it is read
// again; the event's id stays for ever, because it may come again.
func (tx *Tx) EmptyPayloads(ctx context.Context, before time.Time, limit int) (int, error) {
	return tx.forget(ctx, emptyPayloads, before, limit)
}

const emptyPayloads = `UPDATE webhook_events SET payload = '' WHERE id IN (SELECT id FROM webhook_events INDEXED BY webhook_events_payload
	WHERE received_at < ? AND payload <> '' AND outcome IN ('applied', 'ignored') ORDER BY received_at LIMIT 0 + ?)`

// ForgetAnswers deletes up to limit kept answers to spending calls from before a
// time.
func (tx *Tx) ForgetAnswers(ctx context.Context, before time.Time, limit int) (int, error) {
	return tx.forget(ctx, `DELETE FROM idempotency_answers WHERE (user_id, key) IN (
		SELECT user_id, key FROM idempotency_answers WHERE created_at < ? ORDER BY created_at LIMIT 0 + ?)`, before, limit)
}

// ForgetJobRuns deletes up to limit runs from before a time, but never the
// newest of a job, which says what is due.
func (tx *Tx) ForgetJobRuns(ctx context.Context, before time.Time, limit int) (int, error) {
	return tx.forget(ctx, `DELETE FROM job_runs WHERE (job, scheduled_for) IN (
		SELECT r.job, r.scheduled_for FROM job_runs r WHERE r.scheduled_for < ?
		AND EXISTS (SELECT 1 FROM job_runs n WHERE n.job = r.job AND n.trigger = r.trigger AND n.scheduled_for > r.scheduled_for) LIMIT 0 + ?)`, before, limit)
}

func (tx *Tx) forget(ctx context.Context, text string, before time.Time, limit int) (int, error) {
	res, err := tx.exec(ctx, text, ms(before), limit)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}
