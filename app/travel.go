package app

import (
	"context"
	"time"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/jobs"
)

// travel is the time machine of demo mode. The business clock moves; sessions,
// limits and signatures stay with the wall clock.
type travel struct{ h *house }

// Now implements web.Travel.
func (t travel) Now() time.Time { return t.h.clock.Now() }

// Offset implements web.Travel.
func (t travel) Offset() time.Duration { return t.h.clock.Offset() }

// Advance implements web.Travel. It stops at everything that falls due on the
// way: jobs, renewals of the local gateway, mails that are tried again.
func (t travel) Advance(ctx context.Context, to time.Time) ([]web.Ran, error) {
	const op = "app.Advance"
	if !t.h.config.staysHere() {
		return nil, &core.Error{Code: core.Conflict, Op: op, Message: "Time does not move while mail goes beyond this machine: people would get letters from the future. Set mail.driver to mailbox."}
	}
	from := t.h.clock.Now()
	if to.Before(from) {
		return nil, core.FieldError(op, "to", "The clock only moves forward; it is "+from.Format(time.RFC3339)+" already.")
	}
	ran, err := t.h.runner.Walk(ctx, from, to, jobs.Journey{Set: t.set, Settle: t.settle, Next: t.next, Keep: t.keep})
	out := make([]web.Ran, 0, len(ran))
	for _, r := range ran {
		out = append(out, web.Ran{Job: string(r.Job), At: r.At, Processed: r.Processed})
	}
	return out, err
}

// set moves the clock, never backwards: it has gone on while the last stop was
// worked through.
func (t travel) set(_ context.Context, to time.Time) error {
	if !to.Before(t.h.clock.Now()) {
		t.h.clock.Set(to)
	}
	return nil
}

// keep stores how far the clock was moved, for the next start.
func (t travel) keep(ctx context.Context) error { return t.h.keepOffset(ctx, t.h.clock.Offset()) }

// settle lets the gateway do and report what is due, and sends what that and the
// jobs promised. Most moments of a year ask for neither.
func (t travel) settle(ctx context.Context, at time.Time) error {
	if t.h.money != nil && t.h.money.gate != nil {
		if due, ok := t.h.money.gate.NextDue(); ok && !due.After(at) {
			if err := t.keep(ctx); err != nil {
				return err
			}
			if err := t.h.money.gate.Advance(ctx, at); err != nil {
				return err
			}
		}
	}
	if t.h.outbox == nil {
		return nil
	}
	// Whoever was promised something while the sender rests gets it now, too.
	if waiting, err := t.h.outbox.Waiting(ctx, at); err != nil || !waiting {
		// The worker that runs all the time may have claimed what was due, and be
		// on its way with it: the moment is over only when that has arrived.
		t.h.outbox.Quiet()
		return err
	}
	if err := t.keep(ctx); err != nil {
		return err
	}
	_, err := t.h.outbox.DeliverDue(ctx)
	return err
}

// next returns the first thing after now that is no job.
func (t travel) next(ctx context.Context, after time.Time) (first time.Time, ok bool, err error) {
	sooner := func(at time.Time, found bool) {
		if found && at.After(after) && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	if t.h.money != nil && t.h.money.gate != nil {
		sooner(t.h.money.gate.NextDue())
	}
	if t.h.outbox != nil {
		at, found, err := t.h.outbox.NextDue(ctx)
		if err != nil {
			return first, ok, err
		}
		sooner(at, found)
	}
	return first, ok, nil
}

// coming is the next moment at which something happens that is not there every
// hour: a daily job, a renewal, a mail.
func (t travel) coming(ctx context.Context) (first time.Time, ok bool, err error) {
	now := t.h.clock.Now()
	first, ok, err = t.next(ctx, now)
	for _, job := range t.h.runner.Jobs {
		if at := job.Schedule.Next(now); job.Schedule.Every > time.Hour && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok, err
}
