package jobs

import (
	"context"
	"errors"
	"time"

	"sselfie/core"
)

// Journey is what moves besides the jobs when the time is moved.
type Journey struct {
	// Set puts the business clock at t.
	Set func(ctx context.Context, t time.Time) error
	// Settle does what was promised until t: it delivers the mails that are due.
	Settle func(ctx context.Context, t time.Time) error
	// Next returns the first time after t at which something other than a job
	// falls due, a mail's next try or a renewal; ok is false when nothing waits.
	// May be nil.
	Next func(ctx context.Context, t time.Time) (due time.Time, ok bool, err error)
	// Keep is called whenever runs were written, and at the end: for what must not
	// fall behind them, the stored clock. May be nil.
	Keep func(ctx context.Context) error
}

// stop is one moment of a journey at which something falls due.
type stop struct{ at time.Time }

// Walk moves the time from from to to: it stops wherever a job or something else
// falls due, sets the clock to that moment, and does there what the moment asks
// for, in order. It returns the runs. Other callers of RunDue do nothing
// meanwhile. Where it fails, the clock stays at the moment that failed.
func (r *Runner) Walk(ctx context.Context, from, to time.Time, j Journey) ([]Ran, error) {
	if to.Before(from) {
		return nil, core.FieldError("jobs.Walk", "to", "The clock only moves forward.")
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	var ran []Ran
	b := &book{r: r, keep: j.Keep, last: map[Name]Last{}}
	halt := func(t time.Time) error {
		if err := j.Set(ctx, t); err != nil {
			return err
		}
		if err := j.Settle(ctx, t); err != nil { // what was promised before comes before the jobs of this moment
			return err
		}
		did, err := b.runDue(ctx, stop{t})
		ran = append(ran, did...)
		if err != nil {
			return err
		}
		return j.Settle(ctx, t)
	}
	err := func() error {
		if err := halt(from); err != nil { // what was missed before the journey
			return err
		}
		for now := from; ; {
			next, err := r.nextStop(ctx, now, j)
			if err != nil {
				return err
			}
			if next.After(to) {
				return halt(to)
			}
			if err := halt(next); err != nil {
				return err
			}
			now = next
		}
	}()
	return ran, errors.Join(err, b.write(ctx))
}

// nextStop returns the first moment after now at which anything falls due.
func (r *Runner) nextStop(ctx context.Context, now time.Time, j Journey) (time.Time, error) {
	var first time.Time
	sooner := func(t time.Time) {
		if t.IsZero() {
			return
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, job := range r.Jobs {
		sooner(job.Schedule.Next(now))
	}
	if j.Next != nil {
		t, ok, err := j.Next(ctx, now)
		if err != nil {
			return first, err
		}
		if ok && t.After(now) {
			sooner(t)
		}
	}
	if first.IsZero() {
		first = now.AddDate(1000, 0, 0) // nothing is ever due
	}
	return first, nil
}
