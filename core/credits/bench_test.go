package credits_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/credits"
)

// BenchmarkSpend64 is row P4 of the figures: 64 callers spend the credits of 100
// users. Its limit is one durable row with group commit, measured in the same
// run by the same callers; "of-limit" is the ratio, and 0.5 the goal.
func BenchmarkSpend64(b *testing.B) {
	const callers, people = 64, 100
	users := make([]core.UserID, people)
	for i := range users {
		users[i] = core.UserID(fmt.Sprintf("usr_%03d", i))
	}
	bk := newBook(b, users...)
	for _, u := range users {
		l := line(100_000_000, credits.Import, "start")
		l.User = u
		if _, _, err := bk.grant(l); err != nil {
			b.Fatal(err)
		}
	}
	var n atomic.Int64
	limit := func(*rand.Rand) error {
		return bk.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.SaveSetting(ctx, fmt.Sprintf("row %d", n.Add(1)), "", time.Unix(1, 0))
		})
	}
	spend := func(rnd *rand.Rand) error {
		l := line(1, credits.Spend, fmt.Sprintf("job:%d", n.Add(1)))
		l.User = users[rnd.IntN(people)]
		_, _, err := bk.spend(l)
		return err
	}
	// The limit runs before and after, so that a machine that grows
	// slower meanwhile counts for both.
	rate := func(do func(*rand.Rand) error, next func() bool) float64 {
		var stop atomic.Bool
		var done atomic.Int64
		var others sync.WaitGroup
		work := func(seed uint64, more func() bool) {
			rnd := rand.New(rand.NewPCG(4, seed))
			for more() {
				if err := do(rnd); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		}
		begin := time.Now()
		for c := range callers - 1 {
			others.Go(func() { work(uint64(c), func() bool { return !stop.Load() }) })
		}
		work(callers, next)
		stop.Store(true)
		others.Wait()
		return float64(done.Load()) / time.Since(begin).Seconds()
	}
	for300ms := func() func() bool {
		end := time.Now().Add(300 * time.Millisecond)
		return func() bool { return time.Now().Before(end) }
	}
	before := rate(limit, for300ms())
	got := rate(spend, b.Loop)
	after := rate(limit, for300ms())
	for _, u := range users {
		bk.audit(b, u)
	}
	b.ReportMetric(got, "spends/s")
	b.ReportMetric((before+after)/2, "limit/s")
	b.ReportMetric(2*got/(before+after), "of-limit")
}
