package accounts

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- RFC 6238 as every authenticator app speaks it; an HMAC needs no collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// How an authenticator app counts: 6 digits, anew every 30 seconds. Apps ignore
// other wishes in the address that they scan, so these are the ones to have.
const (
	codeStep   = 30 * time.Second
	codeDigits = 6
	codeDrift  = 1 // steps that a phone's clock may be off, to either side
)

// StepAt returns the number of the 30 seconds that hold now.
func StepAt(now time.Time) int64 { return now.Unix() / int64(codeStep/time.Second) }

// CodeAt returns the six digits that an app with this secret (base32) shows in
// a step: RFC 6238 over RFC 4226. A secret that is no base32 has no code.
func CodeAt(secret string, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha1.New, key)
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(step))
	mac.Write(n[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// matchStep returns the step whose code was typed, newest first. A step up to
// last was used before, or is older than one that was: it is good no more.
func matchStep(secret, typed string, now time.Time, last int64) (int64, bool) {
	found, at := int64(0), StepAt(now)
	for step := at - codeDrift; step <= at+codeDrift; step++ {
		code := CodeAt(secret, step)
		if len(code) == codeDigits && subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 && step > last {
			found = step
		}
	}
	return found, found > 0
}

// otpAddress is what the picture on the page holds: the form that authenticator
// apps scan.
func otpAddress(brand, email, secret string) string {
	label := strings.ReplaceAll(brand, ":", " ") + ":" + email
	return "otpauth://totp/" + url.PathEscape(label) + "?" + url.Values{"secret": {secret}, "issuer": {brand}}.Encode()
}

// spaced drops what people put between digits and letters when they read aloud.
func spaced(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.TrimSpace(typed))
}
