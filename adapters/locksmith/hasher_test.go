package locksmith

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/core"
)

func TestHasher(t *testing.T) {
	h := NewHasher()
	ctx := t.Context()
	hash, err := h.Hash(ctx, "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %q, %v", hash, err)
	}
	again, err := h.Hash(ctx, "correct horse")
	if err != nil || again == hash {
		t.Errorf("the same salt twice, or %v", err)
	}
	long := strings.Repeat("ü", 256) // 512 bytes
	longHash, err := h.Hash(ctx, long)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		password, hash string
		want           bool
		code           core.Code
	}{
		"the right password":              {"correct horse", hash, true, ""},
		"a wrong one":                     {"correct horsf", hash, false, ""},
		"none":                            {"", hash, false, ""},
		"an account without password":     {"correct horse", "", false, ""},
		"nothing against nothing":         {"", "", false, ""},
		"512 bytes":                       {long, longHash, true, ""},
		"512 bytes and one more":          {long + "x", longHash, false, ""},
		"a hash of another kind":          {"x", "$2a$10$abcdefghijklmnopqrstuv", false, core.Internal},
		"a hash that takes four gigabyte": {"x", "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2E$c29tZXNhbHRzb21lc2FsdA", false, core.Internal},
		"a hash with nothing to do":       {"x", "$argon2id$v=19$m=19456,t=0,p=0$c29tZXNhbHRzb21lc2E$c29tZXNhbHRzb21lc2FsdA", false, core.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.Verify(ctx, c.password, c.hash)
			if got != c.want || core.CodeOf(err) != c.code {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if _, err := h.Hash(ctx, long+"x"); !core.Is(err, core.Invalid) {
		t.Errorf("513 bytes: %v", err)
	}
	if h.NeedsRehash(hash) || !h.NeedsRehash("$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHRzb21lc2E$c29tZXNhbHRzb21lc2FsdA") {
		t.Error("rehash is asked for the wrong one")
	}
}

// TestAFloodIsTurnedAway fills the hasher with callers that hold their place,
// which no clock decides: the queue is full when the channel is.
func TestAFloodIsTurnedAway(t *testing.T) {
	h := NewHasher()
	hold := make([]func(), hashers)
	for i := range hold {
		leave, err := h.enter(t.Context(), "test")
		if err != nil {
			t.Fatal(err)
		}
		hold[i] = leave
	}
	ctx, cancel := context.WithCancel(t.Context())
	var queued sync.WaitGroup
	for range waiting {
		queued.Go(func() {
			if _, err := h.Hash(ctx, "patient"); !core.Is(err, core.Unavailable) {
				t.Errorf("one that waited until its request ended: %v", err)
			}
		})
	}
	for deadline := time.After(10 * time.Second); len(h.room) < cap(h.room); {
		select {
		case <-deadline:
			t.Fatal("the queue never filled")
		default:
		}
	}
	if _, err := h.Hash(t.Context(), "one too many"); !core.Is(err, core.RateLimited) {
		t.Errorf("the caller behind a full queue: %v", err)
	}
	if err := h.VerifyDummy(t.Context(), "one too many"); !core.Is(err, core.RateLimited) {
		t.Errorf("an unknown user behind a full queue: %v", err)
	}
	cancel()
	queued.Wait()
	for _, leave := range hold {
		leave()
	}
	if _, err := h.Hash(t.Context(), "later"); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

func TestUnknownUsersTakeTheSameTime(t *testing.T) {
	h := NewHasher()
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	measure := func(f func() error) time.Duration {
		start := time.Now()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	// The best of several is steady, and the two take turns, so that a busy
	// moment meets both. Without the dummy hash one side would be a thousand
	// times faster, however often it is tried.
	known, unknown := time.Hour, time.Hour
	for range 60 {
		known = min(known, measure(func() error { _, err := h.Verify(t.Context(), "wrong", hash); return err }))
		unknown = min(unknown, measure(func() error { return h.VerifyDummy(t.Context(), "wrong") }))
		if 2*known < 3*unknown && 2*unknown < 3*known {
			return
		}
	}
	t.Errorf("known %v, unknown %v", known, unknown)
}

func BenchmarkHash(b *testing.B) {
	h := NewHasher()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
