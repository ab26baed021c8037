package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
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
	if err := unbroken(l); err != nil {
		return envelope{}, err
	}
	from, err := netmail.ParseAddress(l.From)
	if err != nil {
		return envelope{}, fmt.Errorf("the sender: %w", err)
	}
	to, err := netmail.ParseAddress(l.To)
	if err != nil {
		return envelope{}, fmt.Errorf("the recipient is not an address: %w", discreet(err, l.To))
	}
	if c.DKIM != nil {
		eightBit = false // a server on the way that writes it anew would break the signature
	}
	into.Reset()
	into.Grow(3 * (len(l.HTML) + len(l.Text)) / 2)
	if err := write(l, from, to, eightBit, into); err != nil {
		return envelope{}, err
	}
	if c.DKIM != nil {
		if err := c.DKIM.sign(into, from.Address); err != nil {
			return envelope{}, err
		}
	}
	if err := finish(into); err != nil {
		return envelope{}, err
	}
	env := envelope{from: from.Address, to: to.Address, header: from.Address}
	if c.ReturnPath != "" {
		env.from = c.ReturnPath
	}
	env.ascii, env.bytes = isASCII(env.from) && isASCII(env.to), into.Bytes()
	return env, nil
}

// unbroken refuses a letter with a line break in a header.
func unbroken(l mail.Letter) error {
	const breaks = "\r\n\x00"
	for _, h := range [...][2]string{{"From", l.From}, {"Reply-To", l.ReplyTo}, {"To", l.To}, {"Subject", l.Subject}, {"Message-ID", l.MessageID}} {
		if strings.ContainsAny(h[1], breaks) {
			return fmt.Errorf("a line break in the header %s", h[0])
		}
	}
	for name, value := range l.Headers {
		if strings.ContainsAny(name, breaks) || strings.ContainsAny(value, breaks) {
			return fmt.Errorf("a line break in the header %s", printable(name))
		}
	}
	return nil
}

// write sets head and parts. go-mail writes the head, which is folded and whose
// words may need an encoding; the parts it would copy three times.
func write(l mail.Letter, from, to *netmail.Address, eightBit bool, into *bytes.Buffer) error {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, from)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, to)
	if l.ReplyTo != "" {
		if err := m.ReplyTo(l.ReplyTo); err != nil {
			return err
		}
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(strings.Trim(l.MessageID, "<>"))
	m.SetDateWithValue(l.Date)
	for name, value := range l.Headers {
		m.SetGenHeader(gomail.Header(name), value)
	}
	between := boundary(l)
	text := part{"text/plain", l.Text, eightBit && fits(l.Text)}
	if l.HTML == "" {
		m.SetGenHeader(gomail.HeaderContentType, text.contentType())
		m.SetGenHeader(gomail.HeaderContentTransferEnc, text.encoding())
	} else {
		m.SetGenHeader(gomail.HeaderContentType, "multipart/alternative; boundary="+between)
	}
	if _, err := m.WriteTo(into); err != nil {
		return err
	}
	into.WriteString("\r\n")
	if l.HTML == "" {
		return text.body(into)
	}
	for _, p := range [...]part{text, {"text/html", l.HTML, eightBit && fits(l.HTML)}} {
		into.WriteString("--" + between + "\r\nContent-Transfer-Encoding: " + p.encoding() + "\r\nContent-Type: " + p.contentType() + "\r\n\r\n")
		if err := p.body(into); err != nil {
			return err
		}
		into.WriteString("\r\n")
	}
	into.WriteString("--" + between + "--\r\n")
	return nil
}

// longest is what a line of a mail may hold, less a margin for dots.
const longest = 990

// fits reports whether a text may travel as eight bits: no line is too long, and
// there is no NUL, which they don't allow.
func fits(s string) bool {
	if strings.IndexByte(s, 0) >= 0 {
		return false
	}
	for line := range strings.Lines(s) {
		if len(line) > longest {
			return false
		}
	}
	return true
}

// part is one of a letter's texts. It travels as it is where the server takes
// eight bits and no line is too long, which keeps letters small and readable;
// else as quoted-printable.
type part struct {
	kind, text string
	plain      bool
}

func (p part) contentType() string { return p.kind + "; charset=UTF-8" }

func (p part) encoding() string {
	if p.plain {
		return gomail.NoEncoding.String()
	}
	return gomail.EncodingQP.String()
}

func (p part) body(into *bytes.Buffer) error {
	text := strings.ReplaceAll(p.text, "\r", "")
	if !p.plain {
		w := quotedprintable.NewWriter(into)
		_, err := io.WriteString(w, text)
		return errors.Join(err, w.Close())
	}
	for line := range strings.Lines(text) {
		whole, ended := strings.CutSuffix(line, "\n")
		into.WriteString(whole)
		if ended {
			into.WriteString("\r\n")
		}
	}
	return nil
}

// finish makes the letter ready for the wire: dots at the beginning of a line
// are doubled, and a lonely dot ends it. A bare CR or LF would be read as a line
// break by one server and not by the next, and so is never sent.
func finish(b *bytes.Buffer) error {
	pairs := bytes.Count(b.Bytes(), []byte("\r\n"))
	if bytes.Count(b.Bytes(), []byte{'\n'}) != pairs || bytes.Count(b.Bytes(), []byte{'\r'}) != pairs {
		return errors.New("the letter has a bare line break")
	}
	double(b)
	if !bytes.HasSuffix(b.Bytes(), []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	b.WriteString(".\r\n")
	return nil
}

// double doubles the dots at the beginning of lines. The letter grows where it
// lies, from its end.
func double(b *bytes.Buffer) {
	var dots []int
	if bytes.HasPrefix(b.Bytes(), []byte{'.'}) {
		dots = append(dots, 0)
	}
	for at := 0; ; {
		next := bytes.Index(b.Bytes()[at:], []byte("\r\n."))
		if next < 0 {
			break
		}
		at += next + len("\r\n")
		dots = append(dots, at)
	}
	end := b.Len()
	b.Write(make([]byte, len(dots)))
	text := b.Bytes()
	for before, at := range slices.Backward(dots) {
		copy(text[at+before+1:], text[at:end])
		text[at+before] = '.'
		end = at
	}
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
