// Package core holds the words that every room of the house shares: typed ids,
// money, the clock and id ports, folded addresses and the one error type.
//
// Nothing below core touches the world. Time, randomness, disk, network and
// databases arrive through ports that the adapters keep.
package core

import (
	"strings"
	"time"
)

// Typed ids. Each is an opaque string with a prefix that says what it names.
type (
	UserID         string // usr_
	SessionID      string // ses_
	TokenID        string // tok_
	CheckoutID     string // chk_, also our client reference at Stripe
	PaymentID      string // pay_
	SubscriptionID string // sub_ of ours; Stripe's own are StripeID
	CreditID       string // crd_
	MailID         string // eml_
	LinkID         string // lnk_
	ProductID      string // the catalogue's id, for example bio_glowup
	EventID        string // Stripe's evt_
	StripeID       string // any other id that Stripe made
	EmailKey       string // an address folded for comparison
)

// Clock tells what time it is. All decisions take their time from a Clock, so
// that a test, or the time machine, can say what time it is. Now is in UTC.
type Clock interface {
	Now() time.Time
}

// IDs makes new ids: the prefix, an underscore, and 122 random or time-ordered
// bits. It never returns the same id twice.
type IDs interface {
	NewID(prefix string) string
}

// Tokens makes secrets that travel in links and cookies.
type Tokens interface {
	// NewToken returns 256 random bits, printable and safe in a URL.
	NewToken() string
	// HashToken returns what is kept of a token: its SHA-256 in hex.
	HashToken(token string) string
}

// Fold returns the key under which an address is compared: trimmed, Unicode
// NFKC, lower case. Plus tags stay distinct (security.md, T6). NFKC lives
// outside the standard library, so the adapter brings the normal form.
type Fold func(address string) EmailKey

// NewFold builds a Fold from a function that returns the NFKC form of a text.
func NewFold(nfkc func(string) string) Fold {
	return func(address string) EmailKey {
		// Small letters may have a composed form that their capitals lack.
		small := strings.ToLower(nfkc(strings.TrimSpace(address)))
		return EmailKey(strings.TrimSpace(nfkc(small)))
	}
}

// Money is an amount in minor units (cents) of an ISO 4217 currency in lower
// case, as Stripe writes it.
type Money struct {
	Minor    int64
	Currency string
}

// String returns the amount as people read it: $49, $77.60, 49.00 EUR.
func (m Money) String() string {
	sign := ""
	n := uint64(m.Minor)
	if m.Minor < 0 {
		sign, n = "-", -n // also right for the smallest of all
	}
	whole, cents := n/100, n%100
	digits := group(whole)
	if cents != 0 {
		digits += "." + string([]byte{byte('0' + cents/10), byte('0' + cents%10)})
	}
	switch m.Currency {
	case "usd":
		return sign + "$" + digits
	case "eur":
		return sign + "€" + digits
	case "gbp":
		return sign + "£" + digits
	}
	return sign + digits + " " + strings.ToUpper(m.Currency)
}

func group(n uint64) string {
	s := itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func itoa(n uint64) string {
	if n == 0 {
		return "0"
	}
	var b [20]byte
	i := len(b)
	for ; n > 0; n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}
