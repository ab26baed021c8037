package jobs

import (
	"context"
	"time"
)

// Trigger says why a run happened.
type Trigger string

// The triggers.
const (
	BySchedule Trigger = "schedule"
	ByHand     Trigger = "hand"
)

// Run is one run of a job as it is kept.
type Run struct {
	Job          Name
	ScheduledFor time.Time
	StartedAt    time.Time
	FinishedAt   time.Time // zero while it runs, and for ever where the process ended first
	Counts       Counts
	Error        string
	Trigger      Trigger
}

// Counts is what a run did.
type Counts struct {
	Processed int
	Skipped   int
	Failed    int
}

// Tx is the part of a transaction that jobs need.
type Tx interface {
	// ClaimJobRun begins r: it adds its row, or begins one anew that was never
	// finished. It returns false, and changes nothing, when the row is finished.
	ClaimJobRun(ctx context.Context, r Run) (claimed bool, err error)
	// FinishJobRun keeps counts, error and end of a claimed run.
	FinishJobRun(ctx context.Context, r Run) error
}

// Store runs a function as one transaction.
type Store interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Reader answers what has run.
type Reader interface {
	// LastJobRun returns the run of a job and trigger with the newest scheduled
	// time until then; found is false when there is none.
	LastJobRun(ctx context.Context, job Name, trigger Trigger, until time.Time) (r Run, found bool, err error)
}
