package sqlite

import (
	"context"
	"time"

	"sselfie/core/jobs"
)

// ClaimJobRun implements jobs.Tx.
func (tx *Tx) ClaimJobRun(ctx context.Context, r jobs.Run) (bool, error) {
	res, err := tx.exec(ctx, `INSERT INTO job_runs (job, scheduled_for, started_at, trigger) VALUES (?, ?, ?, ?)
		ON CONFLICT (job, scheduled_for) DO UPDATE SET started_at = excluded.started_at, error = ''
		WHERE finished_at IS NULL AND trigger = excluded.trigger`,
		r.Job, ms(r.ScheduledFor), ms(r.StartedAt), r.Trigger)
	if err != nil {
		return false, err
	}
	return changed(res) == 1, nil
}

// FinishJobRun implements jobs.Tx.
func (tx *Tx) FinishJobRun(ctx context.Context, r jobs.Run) error {
	_, err := tx.exec(ctx, `UPDATE job_runs SET finished_at = ?, processed = ?, skipped = ?, failed = ?, error = ? WHERE job = ? AND scheduled_for = ?`,
		ms(r.FinishedAt), r.Counts.Processed, r.Counts.Skipped, r.Counts.Failed, r.Error, r.Job, ms(r.ScheduledFor))
	return err
}

// LastJobRun implements jobs.Reader.
func (r reads) LastJobRun(ctx context.Context, job jobs.Name, trigger jobs.Trigger, until time.Time) (jobs.Run, bool, error) {
	return maybe(ctx, r, scanJobRun, `SELECT job, scheduled_for, started_at, finished_at, processed, skipped, failed, error, trigger
		FROM job_runs WHERE job = ? AND trigger = ? AND scheduled_for <= ? ORDER BY scheduled_for DESC LIMIT 1`, job, trigger, ms(until))
}

func scanJobRun(s scanner) (r jobs.Run, err error) {
	err = s.Scan(&r.Job, timeIn(&r.ScheduledFor), timeIn(&r.StartedAt), timeIn(&r.FinishedAt),
		&r.Counts.Processed, &r.Counts.Skipped, &r.Counts.Failed, &r.Error, &r.Trigger)
	return r, err
}
