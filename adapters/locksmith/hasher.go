package locksmith

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"sselfie/core"
)

const (
	hashers     = 2   // hashes at once: each takes 19 MiB and a processor for tens of milliseconds
	waiting     = 16  // callers that may wait for one
	maxPassword = 512 // bytes
)

// params are OWASP's minimum for argon2id. The library's own default takes 64
// MiB and 300 ms, too much for a small machine that also sells.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// Hasher hashes passwords, a few at a time: a flood of logins fills a short
// queue and is turned away, instead of taking memory and processor from the
// webhook. Its methods may be called from many goroutines.
type Hasher struct {
	room  chan struct{} // one slot for each caller that hashes or waits
	work  chan struct{} // one slot for each that hashes
	dummy string        // the hash of a password that nobody knows
}

// NewHasher returns a hasher with an empty queue.
func NewHasher() *Hasher {
	return &Hasher{
		room:  make(chan struct{}, hashers+waiting),
		work:  make(chan struct{}, hashers),
		dummy: dummyHash(),
	}
}

// dummyHash returns the hash of a password that nobody knows, without making it:
// comparing takes as long with any salt and key, and a hash at every start would
// take longer than the rest of it.
func dummyHash() string {
	p := params()
	b := make([]byte, p.SaltLength+p.KeyLength)
	_, _ = rand.Read(b) // never fails, says crypto/rand
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Iterations, p.Parallelism, enc(b[:p.SaltLength]), enc(b[p.SaltLength:]))
}

// Hash returns what is kept of a password. It fails with core.Invalid when the
// password is longer than 512 bytes, and with core.RateLimited when the queue is
// full.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	const op = "locksmith.Hash"
	if len(password) > maxPassword {
		return "", core.FieldError(op, "password", "Please choose a password of at most 128 characters.")
	}
	done, err := h.enter(ctx, op)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, params())
	if err != nil {
		return "", &core.Error{Code: core.Internal, Op: op, Err: err}
	}
	return hash, nil
}

// Verify reports whether hash is that of password. A hash in a form that this
// program never wrote is an error; "" is the hash of no password and costs as
// much time as any other. It fails with core.RateLimited when the queue is full.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	const op = "locksmith.Verify"
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	if len(password) > maxPassword {
		// Nothing that long was ever accepted. The work is done all the same, so
		// that its absence says nothing.
		password, known = password[:maxPassword], false
	}
	done, err := h.enter(ctx, op)
	if err != nil {
		return false, err
	}
	defer done()
	if err := affordable(hash); err != nil {
		return false, &core.Error{Code: core.Internal, Op: op, Err: err}
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, &core.Error{Code: core.Internal, Op: op, Err: err}
	}
	return ok && known, nil
}

// VerifyDummy takes the time of a Verify that fails, for an address that nobody
// has, so that the time of the answer does not tell who has an account.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) error {
	_, err := h.Verify(ctx, password, "")
	return err
}

// NeedsRehash reports whether hash was made with weaker settings than today's.
func (h *Hasher) NeedsRehash(hash string) bool {
	p, _, _, err := argon2id.DecodeHash(hash)
	want := params()
	return err != nil || p.Memory < want.Memory || p.Iterations < want.Iterations
}

func (h *Hasher) enter(ctx context.Context, op string) (leave func(), err error) {
	select {
	case h.room <- struct{}{}:
	default:
		return nil, &core.Error{
			Code: core.RateLimited, Op: op,
			Message: "Many people are signing in right now. Please try again in a few seconds.",
			Extra:   map[string]any{"retryAfter": 5},
		}
	}
	select {
	case h.work <- struct{}{}:
		return func() { h.tidy(); <-h.work; <-h.room }, nil
	case <-ctx.Done():
		<-h.room
		return nil, &core.Error{Code: core.Unavailable, Op: op, Message: "This took too long. Please try again.", Err: ctx.Err()}
	}
}

// tidy gives a hash's memory back at once while others wait. Left to itself, the
// collector lets some of these 19 MiB pile up beside the two that are in use.
func (h *Hasher) tidy() {
	if len(h.room) > hashers {
		runtime.GC()
	}
}

// affordable refuses a stored hash whose settings would take more memory or
// time than any that this program writes: a restored or imported database is
// not to stop the machine at the first login.
func affordable(hash string) error {
	if !strings.HasPrefix(hash, "$argon2id$") {
		return errors.New("the stored password hash is not argon2id")
	}
	p, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		return err
	}
	if p.Memory > 256*1024 || p.Iterations > 16 || p.Parallelism < 1 || p.Iterations < 1 {
		return fmt.Errorf("the stored password hash asks for %d KiB and %d rounds", p.Memory, p.Iterations)
	}
	return nil
}
