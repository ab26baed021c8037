// Package coretest holds what tests of several packages share: clocks that
// stand still until they are moved, ids that count, and builders of events. It
// is imported by tests alone.
package coretest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sselfie/core"
)

// Start is where a test's clock stands at first: a Tuesday noon.
var Start = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// Clock stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now implements core.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// IDs counts.
type IDs struct{ n atomic.Int64 }

// NewID implements core.IDs.
func (i *IDs) NewID(prefix string) string { return fmt.Sprintf("%s_%08d", prefix, i.n.Add(1)) }

// Tokens counts, and hashes like the real ones.
type Tokens struct{ n atomic.Int64 }

// NewToken implements core.Tokens.
func (t *Tokens) NewToken() string { return fmt.Sprintf("token-%08d", t.n.Add(1)) }

// HashToken implements core.Tokens.
func (t *Tokens) HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Fold folds without Unicode's normal forms, which need a library.
func Fold(s string) core.EmailKey {
	return core.NewFold(func(s string) string { return strings.ToValidUTF8(s, "") })(s)
}
