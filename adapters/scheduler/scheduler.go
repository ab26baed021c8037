// Package scheduler ticks: it asks again and again what is due. What is due is
// decided elsewhere, from the clock and from what has run; gocron remembers
// nothing over a restart, and need not.
package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/go-co-op/gocron/v2"
)

// Ticker calls a function at a steady pace, never twice at once.
type Ticker struct {
	cron   gocron.Scheduler
	cancel context.CancelFunc
	done   chan struct{}
}

// Start calls tick now and then every so often, until Stop. A tick that takes
// longer than the pace is not overtaken by the next. What tick returns is
// logged, and so is a panic.
func Start(every time.Duration, log *slog.Logger, tick func(context.Context) error) (*Ticker, error) {
	cron, err := gocron.NewScheduler(gocron.WithLogger(quiet{log}))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Ticker{cron: cron, cancel: cancel, done: make(chan struct{}, 1)}
	_, err = cron.NewJob(gocron.DurationJob(every), gocron.NewTask(func() {
		// gocron does not wait for a task at its end. This token does.
		t.done <- struct{}{}
		defer func() { <-t.done }()
		defer func() {
			if p := recover(); p != nil {
				log.Error("a tick panicked", "op", "scheduler.tick", "panic", p)
			}
		}()
		if ctx.Err() != nil {
			return
		}
		if err := tick(ctx); err != nil && ctx.Err() == nil {
			log.Error("a tick failed", "op", "scheduler.tick", "err", err)
		}
	}), gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.WithStartAt(gocron.WithStartImmediately()))
	if err != nil {
		cancel()
		_ = cron.Shutdown()
		return nil, err
	}
	cron.Start()
	return t, nil
}

// Stop ends the ticking: the context of a tick under way is cancelled, and Stop
// returns when it is over, or with ctx's error when that ends first.
func (t *Ticker) Stop(ctx context.Context) error {
	t.cancel()
	err := t.cron.ShutdownWithContext(ctx)
	select {
	case t.done <- struct{}{}: // nobody holds the token, and nobody will again
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// quiet hands gocron's warnings and errors on, and drops its chatter.
type quiet struct{ log *slog.Logger }

// Debug implements gocron.Logger.
func (quiet) Debug(string, ...any) {}

// Info implements gocron.Logger.
func (quiet) Info(string, ...any) {}

// Warn implements gocron.Logger.
func (q quiet) Warn(msg string, args ...any) { q.log.Warn("gocron: "+msg, args...) }

// Error implements gocron.Logger.
func (q quiet) Error(msg string, args ...any) { q.log.Error("gocron: "+msg, args...) }
