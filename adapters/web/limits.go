package web

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
)

// Limits are how often one address may do what costs us something. Zero lifts a
// limit. In demo mode loopback has none.
type Limits struct {
	SignUpPerHour        int
	LoginPerHour         int
	ForgotPerHour        int
	SetupPerHour         int // set-up and confirm links that are tried
	CheckoutPerHour      int
	StatusPerHour        int // polls of the success page
	PortalPerHour        int
	TrackPerHour         int
	FormPerHour          int // contact and free blueprint
	UnsubscribePerHour   int
	BadSignaturesPerHour int // webhooks that nobody we know signed; genuine ones have no limit
}

// DefaultLimits are the limits of the HTTP contract.
func DefaultLimits() Limits {
	return Limits{
		SignUpPerHour: 20, LoginPerHour: 300, ForgotPerHour: 20, SetupPerHour: 120,
		CheckoutPerHour: 10, StatusPerHour: 7200, PortalPerHour: 60, TrackPerHour: 1200,
		FormPerHour: 20, UnsubscribePerHour: 300, BadSignaturesPerHour: 600,
	}
}

// maxAddresses bounds the memory of one limit; a few megabytes.
const maxAddresses = 50_000

// window counts by address in windows that begin with the first hit, so that no
// window holds more than its limit.
type window struct {
	limit int
	per   time.Duration

	mu   sync.Mutex
	seen map[netip.Addr]slot
}

type slot struct {
	count int
	ends  time.Time
}

func hourly(limit int) *window {
	return &window{limit: limit, per: time.Hour, seen: map[netip.Addr]slot{}}
}

// take counts one hit of a. When the limit is used up it returns how long to
// wait.
func (w *window) take(a netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	if w.limit <= 0 {
		return 0, true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s, known := w.seen[a]
	if !known || !now.Before(s.ends) {
		if !known && len(w.seen) >= maxAddresses {
			w.forget(now)
		}
		s = slot{ends: now.Add(w.per)}
	}
	if s.count >= w.limit {
		return s.ends.Sub(now), false
	}
	s.count++
	w.seen[a] = s
	return 0, true
}

// giveBack takes one hit of a back: what it was counted for failed here.
func (w *window) giveBack(a netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, known := w.seen[a]; known && s.count > 0 {
		s.count--
		w.seen[a] = s
	}
}

// forget makes room: what has ended goes first, then whoever the map names.
func (w *window) forget(now time.Time) {
	for a, s := range w.seen {
		if !now.Before(s.ends) {
			delete(w.seen, a)
		}
	}
	for a := range w.seen {
		if len(w.seen) < maxAddresses {
			return
		}
		delete(w.seen, a)
	}
}

// allow counts a request against a limit by address.
func (s *Server) allow(c *fiber.Ctx, w *window) error {
	addr := s.clientAddr(c.Context())
	if s.opts.Demo && addr.IsLoopback() {
		return nil
	}
	wait, ok := w.take(counted(addr), s.opts.Wall.Now())
	if ok {
		return nil
	}
	seconds := int(wait/time.Second) + 1
	return &core.Error{
		Code: core.RateLimited, Op: "web.allow",
		Message: fmt.Sprintf("That was a lot in a short time. Wait %s, then try again.", spoken(wait)),
		Extra:   map[string]any{"retryAfter": seconds},
	}
}

func spoken(d time.Duration) string {
	if m := int(d/time.Minute) + 1; m > 1 {
		return fmt.Sprintf("%d minutes", m)
	}
	return "a minute"
}
