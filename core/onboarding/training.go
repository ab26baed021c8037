package onboarding

import (
	"context"
	"time"

	"sselfie/core"
)

// TrainingRun is one training of a customer's model.
type TrainingRun struct {
	ID          string
	User        core.UserID
	Status      string // pending, training, completed or failed
	Progress    int    // percent
	CreatedAt   time.Time
	CompletedAt time.Time
}

// TrainingStatus is where a customer's training stands.
type TrainingStatus struct {
	HasTrainedModel bool   // any run came to its end
	Status          string // of the newest run; "none" when there is none
	Progress        int
}

// TrainingReader knows the trainings.
type TrainingReader interface {
	// TrainingOf returns the status, "none" for a customer without a run.
	TrainingOf(ctx context.Context, user core.UserID) (TrainingStatus, error)
}
