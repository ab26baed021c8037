package stripegate

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// Layouts of the events' objects.
const (
	Basil        = "basil"
	BasilVersion = "2025-03-31.basil"
)

// Faults are the switches that make delivery as unkind as it can be in life.
// Chances run from 0 to 1; what happens to an event follows from Seed and the
// event's place alone, so that a run can be repeated.
type Faults struct {
	Seed      uint64
	Shuffle   bool          // events of one change arrive in another order
	Duplicate float64       // chance that an event arrives twice
	Drop      float64       // chance that an event never arrives, to be found by listing
	Delay     float64       // chance that an event waits
	DelayFor  time.Duration // how long, in business time; 0 means 10 minutes
	Layout    string        // "" for 2023-10-16, Basil for the newer places of fields
}

// SetFaults throws the switches for all events from now on.
func (g *Gateway) SetFaults(f Faults) error {
	return g.change(func() error {
		g.s.Faults = f
		return nil
	})
}

// Faults returns the switches as they stand.
func (g *Gateway) Faults() (f Faults) {
	g.view(func() { f = g.s.Faults })
	return f
}

// roll returns a number from 0 to 1 that depends on its arguments alone.
func (f Faults) roll(seq int64, what string) float64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], f.Seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(seq))
	_, _ = h.Write(b[:])
	_, _ = h.Write([]byte(what))
	x := h.Sum64() // FNV mixes its last bytes weakly: finish with a multiply and fold
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

func (f Faults) delayFor() int64 {
	if f.DelayFor <= 0 {
		return 10 * minute
	}
	return int64(f.DelayFor / time.Second)
}

// PercentDuplicate, PercentDrop and PercentDelay are the chances as the desk's
// form shows them.
func (f Faults) PercentDuplicate() float64 { return f.Duplicate * 100 }

// PercentDrop is Drop in percent.
func (f Faults) PercentDrop() float64 { return f.Drop * 100 }

// PercentDelay is Delay in percent.
func (f Faults) PercentDelay() float64 { return f.Delay * 100 }
