package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sselfie/core"
)

// Work does a job's work as of now. It may be called again after it was cut off
// anywhere: what it did is told by its own records, not by having been called.
type Work func(ctx context.Context, now time.Time) (Counts, error)

// Job is something that runs by itself.
type Job struct {
	Name     Name
	Title    string // what it does, in a few words for the admin pages
	Schedule Schedule
	Work     Work
}

// Report is the answer to a run by hand.
type Report struct {
	Job       Name  `json:"job"`
	Processed int   `json:"processed"`
	Skipped   int   `json:"skipped"`
	Failed    int   `json:"failed"`
	TookMs    int64 `json:"tookMs"`
}

// Ran is one run on the way through time.
type Ran struct {
	Job       Name      `json:"job"`
	At        time.Time `json:"at"`
	Processed int       `json:"processed"`
	Error     string    `json:"error,omitempty"`
}

// Runner runs jobs: one after another when they are due, and never one job
// twice at once.
type Runner struct {
	Jobs  []Job
	Store Store
	Read  Reader
	Clock core.Clock // business time: what is due
	Wall  core.Clock // wall time: how long it took
	// Since is when this installation began: what was due before was never missed.
	Since time.Time
	// Limit bounds one run; 0 means half an hour.
	Limit time.Duration
	// Observe, when set, hears of every finished run, for log and metrics.
	Observe func(r Run, took time.Duration)

	turn    sync.Mutex // held while runs are decided and done: by the ticker, or by a journey
	mu      sync.Mutex
	running map[Name]chan struct{} // closed when the run is over
}

// RunDue runs every job that is due at now, in the order of the table. A job
// that fails keeps no other from running: its error is kept with its run and
// told to Observe. RunDue returns at once, having done nothing, while another
// call is at work.
func (r *Runner) RunDue(ctx context.Context, now time.Time) ([]Ran, error) {
	if !r.turn.TryLock() {
		return nil, nil
	}
	defer r.turn.Unlock()
	var ran []Ran
	for _, job := range r.Jobs {
		if ctx.Err() != nil {
			return ran, ctx.Err()
		}
		run, due, err := r.next(ctx, job, now)
		if err != nil {
			return ran, err
		}
		if !due {
			continue
		}
		done, did, failure, err := r.run(ctx, job, run, now)
		if did {
			told := Ran{Job: job.Name, At: now, Processed: done.Counts.Processed}
			if failure != nil {
				told.Error = "failed" // what exactly stands in the log and in the table
			}
			ran = append(ran, told)
		}
		if err != nil && !core.Is(err, core.Conflict) { // somebody runs it by hand: the next tick looks again
			return ran, err
		}
	}
	return ran, nil
}

// next returns the run of a job that is to be done now: what its schedule asks
// for, or a run by hand that was cut off.
func (r *Runner) next(ctx context.Context, job Job, now time.Time) (run Run, due bool, err error) {
	last, err := r.last(ctx, job.Name, now)
	if err != nil {
		return run, false, err
	}
	if slot, due, _ := Due(now, job.Schedule, last); due {
		return Run{Job: job.Name, ScheduledFor: slot, StartedAt: now, Trigger: BySchedule}, true, nil
	}
	run, found, err := r.Read.LastJobRun(ctx, job.Name, ByHand, now.Add(farAhead))
	if err != nil || !found || !run.FinishedAt.IsZero() || now.Sub(run.StartedAt) > stillWanted || r.busy(job.Name) {
		return run, false, err
	}
	run.StartedAt = now
	return run, true, nil
}

const (
	// farAhead is how far in the future a run can lie that was right: a clock that
	// was set back by a day makes nothing due again. One beyond it was noted while
	// the clock was wrong, and must not silence its job until then.
	farAhead = 48 * time.Hour
	// stillWanted is for how long somebody who started a run by hand waits for it.
	stillWanted = 24 * time.Hour
)

// last returns what Due needs to know of a job.
func (r *Runner) last(ctx context.Context, name Name, now time.Time) (Last, error) {
	run, found, err := r.Read.LastJobRun(ctx, name, BySchedule, now.Add(farAhead))
	if err != nil {
		return Last{}, err
	}
	if !found {
		return Last{ScheduledFor: r.Since}, nil
	}
	// One process at a time works on the data, and this one knows what it runs.
	return Last{ScheduledFor: run.ScheduledFor, Unfinished: run.FinishedAt.IsZero() && !r.busy(name)}, nil
}

// RunByHand runs a job now, whatever its schedule says. It fails with
// core.NotFound for an unknown name, listing the known, and with core.Conflict
// while the job runs.
func (r *Runner) RunByHand(ctx context.Context, name Name) (Report, error) {
	const op = "jobs.RunByHand"
	i := slices.IndexFunc(r.Jobs, func(j Job) bool { return j.Name == name })
	if i < 0 {
		return Report{}, &core.Error{Code: core.NotFound, Op: op, Message: fmt.Sprintf("There is no job %q. The jobs are %s.", name, r.names())}
	}
	now := r.Clock.Now()
	start := r.Wall.Now()
	done, did, failure, err := r.run(ctx, r.Jobs[i], Run{Job: name, ScheduledFor: now.Truncate(time.Millisecond), StartedAt: now, Trigger: ByHand}, now)
	if !did && err != nil {
		return Report{}, err
	}
	return Report{
		Job: name, Processed: done.Counts.Processed, Skipped: done.Counts.Skipped, Failed: done.Counts.Failed,
		TookMs: r.Wall.Now().Sub(start).Milliseconds(),
	}, errors.Join(failure, err)
}

func (r *Runner) names() string {
	s := ""
	for i, j := range r.Jobs {
		if i > 0 {
			s += ", "
		}
		s += string(j.Name)
	}
	return s
}

// run claims and does one run. did is false when it never began, failure is
// what the work said, err what kept the run from being done or recorded.
func (r *Runner) run(ctx context.Context, job Job, run Run, now time.Time) (_ Run, did bool, failure, err error) {
	if !r.begin(job.Name) {
		return run, false, nil, &core.Error{Code: core.Conflict, Op: "jobs.run", Message: fmt.Sprintf("The job %s is running already.", job.Name)}
	}
	defer r.end(job.Name)
	claimed := false
	for try := 0; !claimed; try++ {
		err = r.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			claimed, err = tx.ClaimJobRun(ctx, run)
			return err
		})
		switch {
		case err != nil:
			return run, false, nil, err
		case claimed:
		case run.Trigger == BySchedule || try > 1000:
			return run, false, nil, nil
		default:
			// Another run by hand had this very millisecond, which is its name.
			run.ScheduledFor = run.ScheduledFor.Add(time.Millisecond)
		}
	}
	start := r.Wall.Now()
	run.Counts, failure = r.guarded(ctx, job, now)
	took := r.Wall.Now().Sub(start)
	if failure != nil && ctx.Err() != nil {
		// The program is ending. The row stays unfinished, so that the next start
		// resumes the run.
		return run, true, failure, ctx.Err()
	}
	run.FinishedAt = run.StartedAt.Add(took)
	if failure != nil {
		run.Error = failure.Error()
	}
	err = r.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error { return tx.FinishJobRun(ctx, run) })
	if r.Observe != nil {
		r.Observe(run, took)
	}
	return run, true, failure, err
}

// guarded does the work within its limit. A panic is an error of this run.
func (r *Runner) guarded(ctx context.Context, job Job, now time.Time) (c Counts, err error) {
	limit := r.Limit
	if limit == 0 {
		limit = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = &core.Error{Code: core.Internal, Op: "jobs." + string(job.Name), Message: fmt.Sprintf("panic: %v", p)}
		}
	}()
	return job.Work(ctx, now)
}

func (r *Runner) begin(name Name) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[name] != nil {
		return false
	}
	if r.running == nil {
		r.running = map[Name]chan struct{}{}
	}
	r.running[name] = make(chan struct{})
	return true
}

func (r *Runner) end(name Name) {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.running[name])
	delete(r.running, name)
}

// over returns a channel that is closed when the run under way is over, nil when
// there is none.
func (r *Runner) over(name Name) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running[name]
}

func (r *Runner) busy(name Name) bool { return r.over(name) != nil }

// idle waits until nobody runs the job.
func (r *Runner) idle(ctx context.Context, name Name) error {
	over := r.over(name)
	if over == nil {
		return nil
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// State is a job as the admin pages show it.
type State struct {
	Job     Job
	Last    Run // zero Job when it never ran
	NextRun time.Time
	Running bool
}

// States returns every job with its newest run, by schedule or by hand.
func (r *Runner) States(ctx context.Context) ([]State, error) {
	now := r.Clock.Now()
	out := make([]State, 0, len(r.Jobs))
	for _, job := range r.Jobs {
		s := State{Job: job, NextRun: job.Schedule.Next(now), Running: r.busy(job.Name)}
		for _, t := range []Trigger{BySchedule, ByHand} {
			run, found, err := r.Read.LastJobRun(ctx, job.Name, t, now.Add(farAhead))
			if err != nil {
				return nil, err
			}
			if found && run.StartedAt.After(s.Last.StartedAt) {
				s.Last = run
			}
		}
		out = append(out, s)
	}
	return out, nil
}
