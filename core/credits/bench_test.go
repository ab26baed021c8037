package credits_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/credits"
)

// BenchmarkP4Spend: 64 callers spend the credits of 100 users, against one
// durable row with group commit by the same callers. The goal is 0.5.
func BenchmarkP4Spend(b *testing.B) {
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
	// Turns of both, so that what else the machine does meets both alike.
	for b.Loop() {
		var ours, limits, ratios, cpus, limitCPUs []float64
		for range turns {
			l, lcpu := crowd(b, callers, limit)
			o, ocpu := crowd(b, callers, spend)
			ours, limits, ratios = append(ours, o), append(limits, l), append(ratios, o/l)
			cpus, limitCPUs = append(cpus, ocpu), append(limitCPUs, lcpu)
		}
		b.ReportMetric(median(ours), "spends/s")
		b.ReportMetric(median(limits), "limit/s")
		b.ReportMetric(median(ratios), "ratio(goal>=0.5)")
		b.ReportMetric(median(cpus), "cpu-µs")
		b.ReportMetric(median(limitCPUs), "limit-cpu-µs")
	}
	for _, u := range users {
		bk.audit(b, u)
	}
	b.ReportMetric(0, "ns/op")
}

const (
	turns = 9
	turn  = 200 * time.Millisecond
)

// crowd lets callers work side by side for one turn and returns how much they
// did in a second, and the microseconds of processor that each took.
func crowd(b *testing.B, callers int, do func(*rand.Rand) error) (perSecond, cpu float64) {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	begin, used := time.Now(), processor(b)
	for c := range callers {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(4, uint64(c)))
			for time.Since(begin) < turn {
				if err := do(rnd); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	n := float64(max(1, done.Load()))
	return n / time.Since(begin).Seconds(), float64((processor(b) - used).Microseconds()) / n
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
