package sqlitetest

import (
	"syscall"
	"testing"
	"time"
)

// Processor is what this process has cost the processor so far.
func Processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Settle waits until this process has nothing to do: a large file is read
// through after it was opened, which would be measured along.
func Settle(b *testing.B) {
	b.Helper()
	const look = 200 * time.Millisecond
	tick := time.NewTicker(look)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); {
		before := Processor()
		select {
		case <-tick.C:
		case <-b.Context().Done():
			return
		}
		if Processor()-before < look/50 {
			return
		}
	}
	b.Fatal("this process never comes to rest")
}
