package locksmith

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// keySize is the length of a signing key: as many bytes as SHA-256 puts out.
const keySize = 32

// NewKey returns a fresh signing key, printable, as settings keep it.
func NewKey() string {
	var b [keySize]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return hex.EncodeToString(b[:])
}

// Signer signs values that travel through other hands and come back.
type Signer struct{ key []byte }

// NewSigner returns a signer with a key that NewKey made.
func NewSigner(key string) (Signer, error) {
	b, err := hex.DecodeString(key)
	if err != nil || len(b) != keySize {
		// Neither the key nor the decoder's complaint, which quotes it, is told.
		return Signer{}, fmt.Errorf("the signing key must be %d bytes in hexadecimal digits", keySize)
	}
	return Signer{b}, nil
}

// Sign returns the signature of value for one purpose. A signature made for
// one purpose verifies for no other.
func (s Signer) Sign(purpose, value string) string {
	return base64.RawURLEncoding.EncodeToString(s.sum(purpose, value))
}

// Verify reports whether signature was made by Sign with the same purpose and
// value. It takes the same time wherever the two differ.
func (s Signer) Verify(purpose, value, signature string) bool {
	got, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return err == nil && hmac.Equal(got, s.sum(purpose, value))
}

// Hash returns a keyed hash in hex: for what is compared, but not to be guessed
// from the database alone, such as the visitor of a day.
func (s Signer) Hash(purpose, value string) string { return hex.EncodeToString(s.sum(purpose, value)) }

func (s Signer) sum(purpose, value string) []byte {
	mac := hmac.New(sha256.New, s.key)
	// The length in front keeps ("ab", "c") and ("a", "bc") apart.
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(purpose)))
	mac.Write(n[:])
	mac.Write([]byte(purpose))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}
