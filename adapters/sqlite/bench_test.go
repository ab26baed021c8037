package sqlite

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The limits that other rows are measured against: what one durable row costs,
// alone and shared.

func BenchmarkLoneCommit(b *testing.B) {
	db := open(b, Options{})
	measure(b, func() func() {
		n := 0
		return func() {
			n++
			if err := db.Update(context.Background(), note("ada", n)); err != nil {
				b.Fatal(err)
			}
		}
	}, 1)
}

func BenchmarkGroupedCommit64(b *testing.B) {
	sizes := &batches{}
	db := open(b, Options{Observer: sizes})
	var caller atomic.Int64
	measure(b, func() func() {
		who, n := fmt.Sprint("caller", caller.Add(1)), 0
		return func() {
			n++
			if err := db.Update(context.Background(), note(who, n)); err != nil {
				b.Error(err)
			}
		}
	}, 64)
	b.ReportMetric(sizes.mean(), "callers/commit")
}

// The bare purchase: ten statements, as a webhook writes them.
func BenchmarkLonePurchase(b *testing.B)      { purchases(b, 1) }
func BenchmarkGroupedPurchase64(b *testing.B) { purchases(b, 64) }

func purchases(b *testing.B, callers int) {
	db := open(b, Options{})
	var caller atomic.Int64
	measure(b, func() func() {
		who, n := fmt.Sprint("caller", caller.Add(1)), 0
		return func() {
			n += 6
			err := db.Update(context.Background(), func(ctx context.Context, tx *Tx) error {
				for i := range 6 {
					if err := tx.note(ctx, who, n+i); err != nil {
						return err
					}
				}
				for range 4 {
					if _, err := one(ctx, tx, scalar[int], `SELECT n FROM notes WHERE who = ? AND n = ?`, who, n); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
		}
	}, callers)
}

func BenchmarkRead(b *testing.B) {
	db := open(b, Options{})
	if err := db.Update(context.Background(), note("ada", 1)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := one(context.Background(), db, scalar[int], `SELECT n FROM notes WHERE who = ? AND n = 1`, "ada"); err != nil {
			b.Fatal(err)
		}
	}
}

// measure lets callers work side by side, b.Loop counting the operations of the
// first, and reports the rate of all, the middle and the slowest hundredth, and
// the processor's time for each.
func measure(b *testing.B, caller func() func(), callers int) {
	b.Helper()
	var stop atomic.Bool
	var mu sync.Mutex
	var took []time.Duration
	work := func(next func() bool) {
		do := caller()
		var mine []time.Duration
		for next() {
			begin := time.Now()
			do()
			mine = append(mine, time.Since(begin))
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, mine...)
	}
	var others sync.WaitGroup
	begin, cpu := time.Now(), processor(b)
	for range callers - 1 {
		others.Go(func() { work(func() bool { return !stop.Load() }) })
	}
	work(b.Loop)
	stop.Store(true)
	others.Wait()
	wall, used := time.Since(begin), processor(b)-cpu
	slices.Sort(took)
	n := len(took)
	b.ReportMetric(float64(n)/wall.Seconds(), "ops/s")
	b.ReportMetric(float64(took[n/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[n*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(used.Microseconds())/float64(n), "cpu-µs/op")
}

// processor returns the processor time of this process.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (b *batches) mean() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, s := range b.all {
		n += s.Size
	}
	return float64(n) / float64(max(1, len(b.all)))
}
