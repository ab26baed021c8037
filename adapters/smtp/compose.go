package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"sselfie/core/mail"
)

// envelope is a letter as it travels.
type envelope struct {
	from, to string // bare addresses
	ascii    bool   // neither needs SMTPUTF8
	bytes    []byte
}

// compose writes the letter as MIME. The same letter gives the same bytes. A
// line break in a header is refused rather than repaired: it is never an
// accident that one wants to send.
func compose(l mail.Letter) (envelope, error) {
	for name, value := range l.AllHeaders() {
		if strings.ContainsAny(name+value, "\r\n\x00") {
			return envelope{}, fmt.Errorf("a line break in the header %s", printable(name))
		}
	}
	from, err := addressOf(l.From)
	if err != nil {
		return envelope{}, fmt.Errorf("the sender: %w", err)
	}
	to, err := addressOf(l.To)
	if err != nil {
		return envelope{}, fmt.Errorf("the recipient is not an address: %w", discreet(err, l.To))
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(boundary(l)))
	if err := m.From(l.From); err != nil {
		return envelope{}, err
	}
	if err := m.To(l.To); err != nil {
		return envelope{}, discreet(err, l.To)
	}
	if l.ReplyTo != "" {
		if err := m.ReplyTo(l.ReplyTo); err != nil {
			return envelope{}, err
		}
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(strings.Trim(l.MessageID, "<>"))
	m.SetDateWithValue(l.Date)
	for name, value := range l.Headers {
		m.SetGenHeader(gomail.Header(name), value)
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	var buf bytes.Buffer
	buf.Grow(2 * (len(l.HTML) + len(l.Text)))
	if _, err := m.WriteTo(&buf); err != nil {
		return envelope{}, err
	}
	return envelope{from: from, to: to, ascii: isASCII(from) && isASCII(to), bytes: buf.Bytes()}, nil
}

// boundary separates the parts. It follows from the letter, so that a letter
// handed over twice is the same to the last byte.
func boundary(l mail.Letter) string {
	sum := sha256.Sum256([]byte(l.MessageID))
	return "=_" + hex.EncodeToString(sum[:16])
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return '?'
		}
		return r
	}, s)
}
