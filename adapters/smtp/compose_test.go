package smtp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sselfie/core/mail"
)

func TestDotsAtTheBeginningOfALineAreDoubled(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                     {"", "\r\n.\r\n"},
		"no dot":                      {"a\r\nb\r\n", "a\r\nb\r\n.\r\n"},
		"a dot in a line":             {"a.b\r\n", "a.b\r\n.\r\n"},
		"the first line":              {".a\r\n", "..a\r\n.\r\n"},
		"a lonely one":                {"a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"},
		"several lines":               {".\r\n.a\r\n..\r\n", "..\r\n..a\r\n...\r\n.\r\n"},
		"the last line without break": {"a\r\n.", "a\r\n..\r\n.\r\n"},
	} {
		b := bytes.NewBufferString(c.text)
		if err := finish(b); err != nil || b.String() != c.want {
			t.Errorf("%s: %q, %v, want %q", name, b, err, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{".", "\r\n", "a"})).Draw(t, "pieces"), "")
		b := bytes.NewBufferString(text)
		double(b)
		want := strings.ReplaceAll("\r\n"+text, "\r\n.", "\r\n..")[2:]
		if b.String() != want {
			t.Fatalf("%q became %q, want %q", text, b, want)
		}
	})
}

func TestALetterWithoutAPageIsOnePart(t *testing.T) {
	l := mail.Letter{
		From: "Sselfie <hello@example.org>", To: "ada@example.com", Subject: "Hello", Text: "Zoë, it is ready.\n",
		MessageID: "<eml_1@example.org>", Date: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
	}
	for eightBit, want := range map[bool]string{
		true:  "Content-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=UTF-8\r\n",
		false: "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=UTF-8\r\n",
	} {
		var b bytes.Buffer
		if _, err := (Config{}).compose(l, eightBit, &b); err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(b.String(), "\r\n\r\n")
		if !strings.Contains(head+"\r\n", want) || strings.Contains(b.String(), "multipart") {
			t.Errorf("no %q in\n%s", want, head)
		}
		if want := map[bool]string{true: "Zoë, it is ready.\r\n.\r\n", false: "Zo=C3=AB, it is ready.\r\n.\r\n"}[eightBit]; body != want {
			t.Errorf("the body is %q, want %q", body, want)
		}
	}
}

// What eight bits may not carry (RFC 2045, 2.8) travels quoted, also where the
// server takes eight bits; a server would refuse the letter for good.
func TestWhatEightBitsMayNotCarryIsQuoted(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
	}{
		"a long line": {strings.Repeat("a", 2000), "aaa=\r\n"},
		"a NUL":       {"Ada\x00, it is ready.", "Ada=00, it is ready."},
	} {
		var b bytes.Buffer
		l := mail.Letter{From: "hello@example.org", To: "ada@example.com", Text: c.text, HTML: "<p>" + c.text, MessageID: "<eml_1@example.org>"}
		if _, err := (Config{}).compose(l, true, &b); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "quoted-printable"); n != 2 || !strings.Contains(b.String(), c.want) {
			t.Errorf("%s: %d parts are quoted in\n%q", name, n, b.String())
		}
	}
}
