package jobs

import (
	"context"
	"errors"
	"time"
)

// book keeps the runs of a journey. Most of a year's runs find nothing to do;
// their rows are written together. A run that did something is written at once,
// with the quiet ones before it, so that what happened never stands there
// without its cause. Where the program ends in between, the quiet runs are due
// once more, and find nothing again.
type book struct {
	r       *Runner
	keep    func(ctx context.Context) error // what stands for the rows' time
	last    map[Name]Last
	pending []Run
}

// mostPending is how many quiet runs wait for their row.
const mostPending = 250

// lastOf is Runner.last, which asks the table for the first time only.
func (b *book) lastOf(ctx context.Context, name Name, now time.Time) (Last, error) {
	if l, known := b.last[name]; known {
		return l, nil
	}
	l, err := b.r.last(ctx, name, now)
	if err == nil {
		b.last[name] = l
	}
	return l, err
}

// add takes a finished run into the book.
func (b *book) add(ctx context.Context, run Run) error {
	b.last[run.Job] = Last{ScheduledFor: run.ScheduledFor}
	b.pending = append(b.pending, run)
	if run.Counts == (Counts{}) && run.Error == "" && len(b.pending) < mostPending {
		return nil
	}
	return b.write(ctx)
}

// write puts what waits into the table.
func (b *book) write(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if len(b.pending) > 0 {
		if err := b.r.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			for _, run := range b.pending {
				// A run by hand may have this very name; then it stands for both.
				if claimed, err := tx.ClaimJobRun(ctx, run); err != nil || !claimed {
					if err != nil {
						return err
					}
					continue
				}
				if err := tx.FinishJobRun(ctx, run); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		b.pending = nil
	}
	if b.keep == nil {
		return nil
	}
	return b.keep(ctx)
}

// runDue runs what is due at a moment of the journey, in the order of the table.
func (b *book) runDue(ctx context.Context, stop stop) ([]Ran, error) {
	var ran []Ran
	for _, job := range b.r.Jobs {
		if ctx.Err() != nil {
			return ran, ctx.Err()
		}
		last, err := b.lastOf(ctx, job.Name, stop.at)
		if err != nil {
			return ran, err
		}
		slot, due, _ := Due(stop.at, job.Schedule, last)
		if !due {
			continue
		}
		for !b.r.begin(job.Name) { // somebody runs it by hand
			if err := b.r.idle(ctx, job.Name); err != nil {
				return ran, err
			}
		}
		run := Run{Job: job.Name, ScheduledFor: slot, StartedAt: stop.at, Trigger: BySchedule}
		run, err = b.runOne(ctx, job, run)
		told := Ran{Job: job.Name, At: stop.at, Processed: run.Counts.Processed}
		if run.Error != "" {
			told.Error = "failed" // what exactly stands in the log and in the table
		}
		ran = append(ran, told)
		if err != nil {
			return ran, err
		}
	}
	return ran, nil
}

func (b *book) runOne(ctx context.Context, job Job, run Run) (Run, error) {
	defer b.r.end(job.Name)
	start := b.r.Wall.Now()
	var failure error
	run.Counts, failure = b.r.guarded(ctx, job, run.StartedAt)
	took := b.r.Wall.Now().Sub(start)
	if failure != nil {
		run.Error = failure.Error()
		if ctx.Err() != nil { // the program is ending: without a row the run is due again
			return run, errors.Join(ctx.Err())
		}
	}
	run.FinishedAt = run.StartedAt.Add(took)
	if b.r.Observe != nil {
		b.r.Observe(run, took)
	}
	return run, b.add(ctx, run)
}
