package accounts

import (
	"context"
	"sync"
	"time"

	"sselfie/core"
)

// visitEvery is how often one customer's visit is written down at most.
const visitEvery = time.Hour

// mostVisitors is how many customers are remembered as noted. Beyond it all are
// forgotten, and noted once more.
const mostVisitors = 100_000

// VisitTx keeps when customers were last here.
type VisitTx interface {
	// NoteVisits keeps when customers were last here; an earlier time changes
	// nothing.
	NoteVisits(ctx context.Context, at map[core.UserID]time.Time) error
}

// VisitStore runs use cases in the lane that gives way.
type VisitStore interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx VisitTx) error) error
}

// Visits notes when customers were last here, by the business clock: what the
// letters to those who stay away go by. A request only says who asks; the writing
// is done beside it.
type Visits struct {
	Store VisitStore
	Clock core.Clock
	// Noted, when set, hears of customers whose visit is written down.
	Noted func(user core.UserID)

	mu      sync.Mutex
	last    map[core.UserID]time.Time
	waiting map[core.UserID]time.Time
	wake    chan struct{}
}

// NewVisits returns a book of visits that Keep writes.
func NewVisits(store VisitStore, clock core.Clock) *Visits {
	return &Visits{Store: store, Clock: clock, last: map[core.UserID]time.Time{}, waiting: map[core.UserID]time.Time{}, wake: make(chan struct{}, 1)}
}

// Seen says that a customer is here now.
func (v *Visits) Seen(user core.UserID) {
	now := v.Clock.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if last, known := v.last[user]; known && now.Sub(last).Abs() < visitEvery {
		return
	}
	if len(v.last) >= mostVisitors {
		clear(v.last)
	}
	v.last[user], v.waiting[user] = now, now
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// Keep writes visits down as they come, until ctx ends, and then what is left.
// What cannot be written is noted with the next visit; failed hears of it.
func (v *Visits) Keep(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			v.write(context.WithoutCancel(ctx), failed)
			return
		case <-v.wake:
			v.write(ctx, failed)
		}
	}
}

func (v *Visits) write(ctx context.Context, failed func(error)) {
	v.mu.Lock()
	at := v.waiting
	v.waiting = map[core.UserID]time.Time{}
	v.mu.Unlock()
	if len(at) == 0 {
		return
	}
	if err := v.Store.Update(ctx, func(ctx context.Context, tx VisitTx) error { return tx.NoteVisits(ctx, at) }); err != nil {
		v.mu.Lock()
		for user := range at {
			delete(v.last, user)
		}
		v.mu.Unlock()
		failed(err)
		return
	}
	if v.Noted != nil {
		for user := range at {
			v.Noted(user)
		}
	}
}
