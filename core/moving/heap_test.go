package moving_test

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// watchHeap looks at the live heap while work goes on; the returned function
// ends that and tells the most it saw, over what there was before.
func watchHeap(b *testing.B) func() uint64 {
	b.Helper()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	start, most := heap(), uint64(0)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				most = max(most, heap())
			}
		}
	})
	return func() uint64 {
		close(done)
		wg.Wait()
		return most - min(start, most)
	}
}
