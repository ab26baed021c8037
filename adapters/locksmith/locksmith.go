// Package locksmith makes what must not be guessed: ids, tokens, signatures and
// password hashes. It also folds addresses, because the normal form that this
// needs lives outside the standard library.
package locksmith

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"sselfie/core"
)

// IDs makes ids from UUIDs of version 7: they sort by the time they were made,
// so that new rows land at the end of an index. It implements core.IDs.
type IDs struct{}

// NewID returns prefix_ and 32 hexadecimal digits.
func (IDs) NewID(prefix string) string {
	// NewV7 fails only when the system has no randomness left, which Go itself
	// treats as the end of the process.
	id := uuid.Must(uuid.NewV7())
	return prefix + "_" + hex.EncodeToString(id[:])
}

// Tokens makes the secrets of links and cookies. It implements core.Tokens.
type Tokens struct{}

// NewToken returns 256 random bits in 43 characters that are safe in a URL.
func (Tokens) NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// HashToken returns the SHA-256 of token in hex. A token holds 256 random bits,
// so that a plain hash suffices where a password would need argon2id.
func (Tokens) HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// NewFold returns the function that folds addresses for comparison.
func NewFold() core.Fold { return core.NewFold(norm.NFKC.String) }
