package billing

import (
	"context"
	"time"

	"sselfie/core"
)

// How far back the catch-up looks: a little before where it stopped, and at
// most as long as Stripe keeps events (30 days).
const (
	catchUpOverlap = time.Hour
	catchUpFirst   = 3 * 24 * time.Hour
	catchUpMost    = 30 * 24 * time.Hour
	catchUpCursor  = "stripe_catch_up_until"
)

// Tally is what a job did.
type Tally struct {
	Processed, Skipped, Failed int
}

// catchUpQuiet is for how long nothing may have happened before that is noted.
const catchUpQuiet = 24 * time.Hour

// CatchUp walks Stripe's list of events since it last got to the end, so that
// what the webhook missed is applied, and then tries what is parked or failed
// once more. Where it stopped is kept only after a whole walk.
func (s *Service) CatchUp(ctx context.Context) (Tally, error) {
	var t Tally
	start := s.Clock.Now()
	since := start.Add(-catchUpFirst)
	if v, found, err := s.Read.Setting(ctx, catchUpCursor); err == nil && found {
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			since = at.Add(-catchUpOverlap)
		}
	}
	if oldest := start.Add(-catchUpMost); since.Before(oldest) {
		since = oldest
	}
	walk := s.Gateway.EventsSince(ctx, since, func(payload []byte) error {
		ev, err := s.Payloads.Parse(payload)
		if err != nil {
			t.Failed++
			return nil
		}
		switch out, err := s.Apply(ctx, ev, payload); {
		case err != nil:
			t.Failed++
			if ctx.Err() != nil || core.Is(err, core.Unavailable) {
				return err
			}
		case out == Duplicate || out == Ignored:
			t.Skipped++
		default:
			t.Processed++
		}
		return nil
	})
	// A quiet hour needs no note: looking at it again finds it quiet.
	if walk == nil && (t != (Tally{}) || start.Sub(since) > catchUpQuiet) {
		walk = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			return tx.SaveSetting(ctx, catchUpCursor, start.Format(time.RFC3339), start)
		})
	}
	open, err := s.Read.OpenEvents(ctx, 1000)
	if err != nil {
		return t, err
	}
	for _, rec := range open {
		if !worthTrying(rec, start) {
			t.Skipped++
			continue
		}
		switch out, err := s.Retry(ctx, rec.ID); {
		case err != nil:
			t.Failed++
		case out == Parked:
			t.Skipped++
		default:
			t.Processed++
		}
	}
	return t, walk
}

// worthTrying spaces the tries of one event: what it waits for wakes it anyway,
// so a try by the clock is for what nobody announces, a changed configuration
// for example. After one hour, two, four and so on, until Stripe keeps events no
// longer either.
func worthTrying(rec Record, now time.Time) bool {
	age := now.Sub(rec.ReceivedAt)
	if rec.Outcome == Failed {
		return age < catchUpMost
	}
	return age < catchUpMost && age >= time.Hour<<min(max(rec.Attempts-1, 0), 10)
}
