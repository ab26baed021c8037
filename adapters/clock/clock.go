// Package clock tells the time: the system's, or the system's moved by an
// offset, with which demo mode travels.
package clock

import (
	"sync/atomic"
	"time"

	"sselfie/core"
)

// System is the wall clock, in UTC. Sessions, rate limits and signatures go by
// it, whatever the business clock says.
type System struct{}

// Now returns the time without its monotonic part: what is stored and read back
// compares equal.
func (System) Now() time.Time { return time.Now().UTC().Round(0) }

// Shifted is a clock that runs beside another one at a distance. It may be read
// and moved from many goroutines. Keeping the distance over a restart is the
// caller's work.
type Shifted struct {
	base   core.Clock
	offset atomic.Int64 // nanoseconds
}

// NewShifted returns a clock that is offset ahead of base.
func NewShifted(base core.Clock, offset time.Duration) *Shifted {
	s := &Shifted{base: base}
	s.offset.Store(int64(offset))
	return s
}

// Now returns the time of the base clock, moved.
func (s *Shifted) Now() time.Time { return s.base.Now().Add(s.Offset()) }

// Offset returns how far this clock is ahead of its base.
func (s *Shifted) Offset() time.Duration { return time.Duration(s.offset.Load()) }

// SetOffset moves the clock to offset ahead of its base.
func (s *Shifted) SetOffset(offset time.Duration) { s.offset.Store(int64(offset)) }

// Set moves the clock to now, from where it goes on running, and returns the
// new offset.
func (s *Shifted) Set(now time.Time) time.Duration {
	offset := now.Sub(s.base.Now())
	s.SetOffset(offset)
	return offset
}
