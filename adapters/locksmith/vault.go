package locksmith

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"sselfie/core"
)

// Vault closes secrets that have to be read again: AES-256-GCM, bound to the
// account that they belong to. It implements accounts.Vault.
type Vault struct{ box cipher.AEAD }

// NewVault returns a vault with a key that NewKey made.
func NewVault(key string) (Vault, error) {
	b, err := hex.DecodeString(key)
	if err != nil || len(b) != keySize {
		return Vault{}, fmt.Errorf("the key must be %d bytes in hexadecimal digits", keySize)
	}
	block, err := aes.NewCipher(b)
	if err != nil {
		return Vault{}, err
	}
	box, err := cipher.NewGCM(block)
	return Vault{box}, err
}

// NewSecret returns 160 random bits in base32, which is what RFC 4226 asks for.
func (Vault) NewSecret() string { return random32(20) }

// NewRecoveryCode returns 80 random bits as four groups of four.
func (Vault) NewRecoveryCode() string {
	s := strings.ToLower(random32(10)) // base32 has neither 0 nor 1, so that O and I are letters
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

func random32(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails, says crypto/rand
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// Seal closes a secret so that only Open with the same user reads it.
func (v Vault) Seal(user core.UserID, secret string) (string, error) {
	nonce := make([]byte, v.box.NonceSize())
	_, _ = rand.Read(nonce) // never fails, says crypto/rand
	return base64.RawStdEncoding.EncodeToString(v.box.Seal(nonce, nonce, []byte(secret), []byte(user))), nil
}

// Open reads what Seal closed. It fails with core.Unavailable when the key is
// another one: the file with it was lost, or did not move with the database.
func (v Vault) Open(user core.UserID, sealed string) (string, error) {
	gone := &core.Error{
		Code: core.Unavailable, Op: "locksmith.Open",
		Message: "The key of the second factors is not the one they were set up with. Use a recovery code, or sselfie admin forget-second-factor on the server.",
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < v.box.NonceSize() {
		gone.Err = err
		return "", gone
	}
	n := v.box.NonceSize()
	plain, err := v.box.Open(nil, b[:n], b[n:], []byte(user))
	if err != nil {
		gone.Err = err
		return "", gone
	}
	return string(plain), nil
}
