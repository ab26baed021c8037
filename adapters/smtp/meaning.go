package smtp

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	"sselfie/core/mail"
)

// codeOf returns the server's answer, 0 when it gave none that can be read.
func codeOf(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// unknownHere finds the answer of a relay that does not carry letters for us: we
// are not signed in, or our address or machine is not in its list.
var unknownHere = regexp.MustCompile(`(?i)\brelay(?:ing)?(?:$|[\s,;:!]|\.(?:$|\s))|authentication (?:is )?required`)

// meaning says what a refusal at a stage ends. Only a refusal of the recipient
// is a bounce, and only when it is about the mailbox: a server that refuses us
// by policy (5.7.x, a blocklist, a missing record in our DNS) says nothing about
// the person, and must not put every customer on the suppression list.
func meaning(stage string, err error) mail.Fault {
	code := codeOf(err)
	switch code {
	case 530, 534, 535, 538:
		return mail.Down // it wants us to sign in, or to sign in better
	}
	if code < 500 || code > 599 {
		return mail.Temporary
	}
	detail := mail.StatusIn(readable(err))
	switch {
	case stage == "mail", stage == "rcpt" && unknownHere.MatchString(readable(err)):
		return mail.Temporary // it dislikes our sender or us: a matter of settings, no reason to give letters up
	case detail == "5.2.2":
		return mail.Temporary // full: RFC 5321 calls that final, and people empty their mailboxes
	case mail.Nobody(detail):
		return mail.Bounced
	case stage == "rcpt" && detail == "" && !mail.SpeaksOfUs(err.Error()):
		return mail.Bounced
	}
	return mail.Final
}

// readable returns an error's text with the server's answer in it as the server
// gave it, in one line: the standard library quotes it as a string of Go.
func readable(err error) string {
	text := err.Error()
	var answer *textproto.Error
	if errors.As(err, &answer) {
		text = strings.ReplaceAll(text, answer.Error(), fmt.Sprintf("%03d %s", answer.Code, oneLine(answer.Msg)))
	}
	return text
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// quiet is an error whose text can be shown, and does not name the recipient.
type quiet struct {
	text string
	err  error
}

// Error returns the text.
func (q quiet) Error() string { return q.text }

// Unwrap returns the cause.
func (q quiet) Unwrap() error { return q.err }

// discreet takes the recipient's address out of an error, because errors are
// logged and servers like to repeat it.
func discreet(err error, to string) error {
	text := readable(err)
	if to != "" {
		text = regexp.MustCompile("(?i)"+regexp.QuoteMeta(to)).ReplaceAllLiteralString(text, "(the address)")
	}
	if text == err.Error() {
		return err
	}
	return quiet{text: text, err: err}
}
