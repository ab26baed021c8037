package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"sselfie/core/mail"
)

// envelope is a letter as it travels.
type envelope struct {
	from, to string // bare addresses
	header   string // the address in the header From
	ascii    bool   // neither needs SMTPUTF8
	bytes    []byte // lie in the lane's buffer
}

// compose writes the letter as MIME into a buffer, to the last dot. The same letter gives the same bytes. A
// line break in a header is refused rather than repaired: it is never an
// accident that one wants to send.
func (c Config) compose(l mail.Letter, eightBit bool, into *bytes.Buffer) (envelope, error) {
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
	if c.DKIM != nil {
		eightBit = false // a server on the way that writes it anew would break the signature
	}
	text, how := part(l.Text, eightBit)
	m.SetBodyWriter(gomail.TypeTextPlain, text, how)
	if l.HTML != "" {
		page, how := part(l.HTML, eightBit)
		m.AddAlternativeWriter(gomail.TypeTextHTML, page, how)
	}
	into.Reset()
	into.Grow(3 * (len(l.HTML) + len(l.Text)) / 2)
	if _, err := m.WriteTo(into); err != nil {
		return envelope{}, err
	}
	if c.DKIM != nil {
		if err := c.DKIM.sign(into, from); err != nil {
			return envelope{}, err
		}
	}
	if err := finish(into); err != nil {
		return envelope{}, err
	}
	header := from
	if c.ReturnPath != "" {
		from = c.ReturnPath
	}
	return envelope{from: from, to: to, header: header, ascii: isASCII(from) && isASCII(to), bytes: into.Bytes()}, nil
}

// longest is what a line of a mail may hold, less a margin for dots.
const longest = 990

// part returns how a part is written: as it is where the server takes eight bits
// and no line is too long, which keeps letters small and readable; else as
// quoted-printable.
func part(s string, eightBit bool) (func(io.Writer) (int64, error), gomail.PartOption) {
	s = strings.ReplaceAll(s, "\r", "")
	for line := range strings.Lines(s) {
		eightBit = eightBit && len(line) <= longest
	}
	how := gomail.WithPartEncoding(gomail.EncodingQP)
	if eightBit {
		s, how = strings.ReplaceAll(s, "\n", "\r\n"), gomail.WithPartEncoding(gomail.NoEncoding)
	}
	return func(w io.Writer) (int64, error) {
		n, err := io.WriteString(w, s)
		return int64(n), err
	}, how
}

// finish makes the letter ready for the wire: dots at the beginning of a line
// are doubled, and a lonely dot ends it. A bare CR or LF would be read as a line
// break by one server and not by the next, and so is never sent.
func finish(b *bytes.Buffer) error {
	text := b.Bytes()
	if pairs := bytes.Count(text, []byte("\r\n")); bytes.Count(text, []byte{'\n'}) != pairs || bytes.Count(text, []byte{'\r'}) != pairs {
		return errors.New("the letter has a bare line break")
	}
	if bytes.HasPrefix(text, []byte{'.'}) || bytes.Contains(text, []byte("\r\n.")) {
		text = bytes.ReplaceAll(append([]byte("\r\n"), text...), []byte("\r\n."), []byte("\r\n.."))[2:]
		b.Reset()
		b.Write(text)
	}
	if !bytes.HasSuffix(text, []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	b.WriteString(".\r\n")
	return nil
}

// boundary separates the parts. It follows from the letter, so that a letter
// handed over twice is the same to the last byte.
func boundary(l mail.Letter) string {
	sum := sha256.Sum256([]byte(l.MessageID))
	return "part_" + hex.EncodeToString(sum[:16])
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
