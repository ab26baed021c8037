package mail

import (
	"math"
	"strings"
	"sync"
	"time"
)

// Pace bounds how fast letters leave; 0 is no bound.
type Pace struct {
	PerMinute int // of all letters
	PerDomain int // per minute, of those to one domain
}

// pacer holds letters back so that a relay, or a large mailbox provider, is not
// flooded. Nothing fails by it. A part of what a minute allows is kept for
// letters that somebody is looking out for.
type pacer struct {
	pace Pace

	mu      sync.Mutex
	all     bucket
	domains map[string]*bucket
}

// bucket fills evenly, up to what ten seconds bring.
type bucket struct {
	tokens float64
	at     time.Time
	slot   time.Time // the last that was given to a letter that has to wait
}

// unbounded is how many letters may leave where nobody counts.
const unbounded = math.MaxInt32

// manyDomains is how many domains are remembered before idle ones are forgotten.
const manyDomains = 1000

func burst(rate int) float64   { return max(1, float64(rate)/6) }
func reserve(rate int) float64 { return math.Floor(burst(rate) / 5) }
func interval(rate int) time.Duration {
	return time.Minute / time.Duration(rate)
}

// late is how far behind the last look at the clock another may be: it was taken
// before, and used after. What is further behind says that the clock was set back.
const late = 5 * time.Second

func (b *bucket) fill(rate int, now time.Time) {
	passed := now.Sub(b.at)
	switch {
	case b.at.IsZero():
		b.tokens, passed = burst(rate), 0
	case passed < -late:
		b.slot, passed = time.Time{}, 0
	case passed < 0:
		return
	}
	b.tokens = min(burst(rate), b.tokens+passed.Minutes()*float64(rate))
	b.at = now
}

// left is how many letters of a lane the bucket holds.
func (b *bucket) left(rate int, lane Lane) float64 {
	if lane == Bulk {
		return b.tokens - reserve(rate)
	}
	return b.tokens
}

// room returns how many letters of a lane may leave now.
func (p *pacer) room(lane Lane, now time.Time) int {
	if p.pace.PerMinute <= 0 {
		return unbounded
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all.fill(p.pace.PerMinute, now)
	return max(0, int(p.all.left(p.pace.PerMinute, lane)))
}

// spend notes that a letter leaves.
func (p *pacer) spend() {
	if p.pace.PerMinute <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all.tokens--
}

// ready returns when there is room for letters of a lane: for several at once,
// so that not each of them is a round of its own.
func (p *pacer) ready(lane Lane, now time.Time) time.Time {
	if p.pace.PerMinute <= 0 {
		return now
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	rate := p.pace.PerMinute
	p.all.fill(rate, now)
	left := p.all.left(rate, lane)
	if left >= 1 {
		return now
	}
	some := max(1, math.Floor(burst(rate)/4))
	return now.Add(time.Duration((some-left)*float64(interval(rate))) + time.Millisecond)
}

// admit reports whether a letter may leave for its domain now, and otherwise
// when: each that waits gets a slot of its own, in the order of asking.
func (p *pacer) admit(to string, lane Lane, now time.Time) (time.Time, bool) {
	rate := p.pace.PerDomain
	if rate <= 0 {
		return now, true
	}
	domain := strings.ToLower(to[strings.LastIndexByte(to, '@')+1:])
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.domains[domain]
	if b == nil {
		p.forget(now)
		b = &bucket{}
		p.domains[domain] = b
	}
	b.fill(rate, now)
	left := b.left(rate, lane)
	if left >= 1 {
		b.tokens--
		return now, true
	}
	at := now.Add(time.Duration((1-left)*float64(interval(rate))) + time.Millisecond)
	if lane == Bulk {
		if next := b.slot.Add(interval(rate)); next.After(at) {
			at = next
		}
		b.slot = at
	}
	return at, false
}

// forget drops domains for which nobody waits.
func (p *pacer) forget(now time.Time) {
	if p.domains == nil {
		p.domains = map[string]*bucket{}
	}
	if len(p.domains) < manyDomains {
		return
	}
	for name, b := range p.domains {
		if now.Sub(b.at) > time.Minute && now.After(b.slot) {
			delete(p.domains, name)
		}
	}
}
