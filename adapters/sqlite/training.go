package sqlite

import (
	"context"

	"sselfie/core"
	"sselfie/core/onboarding"
)

// TrainingOf returns where a customer's training stands.
func (r reads) TrainingOf(ctx context.Context, user core.UserID) (onboarding.TrainingStatus, error) {
	t, found, err := maybe(ctx, r, func(s scanner) (t onboarding.TrainingStatus, err error) {
		err = s.Scan(&t.Status, &t.Progress, boolIn(&t.HasTrainedModel))
		return t, err
	}, `SELECT training_status, progress, EXISTS (SELECT 1 FROM training_runs d WHERE d.user_id = t.user_id AND d.training_status = 'completed')
		FROM training_runs t WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT 1`, user)
	if err == nil && !found {
		t.Status = "none"
	}
	return t, err
}

// SaveTraining inserts a training, or writes how far it is.
func (tx *Tx) SaveTraining(ctx context.Context, t onboarding.TrainingRun) error {
	_, err := tx.exec(ctx, `INSERT INTO training_runs (id, user_id, training_status, progress, created_at, completed_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET training_status = excluded.training_status, progress = excluded.progress, completed_at = excluded.completed_at`,
		t.ID, t.User, t.Status, t.Progress, ms(t.CreatedAt), msOrNull(t.CompletedAt))
	return err
}
