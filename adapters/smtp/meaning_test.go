package smtp

import (
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"testing"

	"sselfie/core/mail"
)

func TestMeaning(t *testing.T) {
	said := func(code int, text string) error {
		return fmt.Errorf("wrapped: %w", &textproto.Error{Code: code, Msg: text})
	}
	for name, c := range map[string]struct {
		stage string
		err   error
		want  mail.Fault
	}{
		"no such user":                             {"rcpt", said(550, "5.1.1 no such user"), mail.Bounced},
		"no such user, in old words":               {"rcpt", said(550, "no such user here"), mail.Bounced},
		"no such domain":                           {"rcpt", said(550, "5.1.2 bad destination"), mail.Bounced},
		"a mailbox switched off":                   {"rcpt", said(550, "5.2.1 mailbox disabled"), mail.Bounced},
		"no such user, said after the letter":      {"dot", said(550, "5.1.1 user unknown"), mail.Bounced},
		"greylisted":                               {"rcpt", said(450, "4.7.1 greylisted"), mail.Temporary},
		"a full mailbox, for now":                  {"rcpt", said(452, "4.2.2 mailbox full"), mail.Temporary},
		"a full mailbox is emptied some day":       {"rcpt", said(552, "5.2.2 mailbox full"), mail.Temporary},
		"full, said after the letter":              {"dot", said(552, "5.2.2 quota exceeded"), mail.Temporary},
		"a letter too large":                       {"dot", said(552, "5.3.4 message file too big"), mail.Final},
		"our machine has a number like a status":   {"rcpt", said(554, "your host 5.1.1.9 is blocked"), mail.Final},
		"we are on a blocklist":                    {"rcpt", said(554, "5.7.1 blocked using zen"), mail.Final},
		"on a blocklist, in old words":             {"rcpt", said(554, "your address is blocked"), mail.Final},
		"they don't relay for us":                  {"rcpt", said(550, "relaying denied"), mail.Temporary},
		"they don't relay, with a code":            {"rcpt", said(554, "5.7.1 <ada@x.example>: Relay access denied"), mail.Temporary},
		"they want us to sign in":                  {"rcpt", said(530, "5.7.0 authentication required"), mail.Down},
		"our password is wrong":                    {"mail", said(535, "5.7.8 bad credentials"), mail.Down},
		"they dislike our sender":                  {"mail", said(553, "5.1.8 sender domain unknown"), mail.Temporary},
		"it looks like spam":                       {"dot", said(554, "5.7.1 message looks like spam"), mail.Final},
		"refused after the letter, without reason": {"dot", said(550, "rejected"), mail.Final},
		"the server is going down":                 {"dot", said(421, "4.3.2 shutting down"), mail.Temporary},
		"the connection broke":                     {"dot", io.ErrUnexpectedEOF, mail.Temporary},
		"nothing that one can read":                {"rcpt", textproto.ProtocolError("short response"), mail.Temporary},
		"a yes that we did not expect":             {"data", said(250, "ok"), mail.Temporary},
	} {
		t.Run(name, func(t *testing.T) {
			if got := meaning(c.stage, c.err); got != c.want {
				t.Errorf("%s, %v means %v, want %v", c.stage, c.err, got, c.want)
			}
		})
	}
}

func TestDiscreet(t *testing.T) {
	cause := errors.New("550 <Anna@Example.com>: unknown, anna@example.com")
	got := discreet(cause, "anna@example.com")
	if got.Error() != "550 <(the address)>: unknown, (the address)" || !errors.Is(got, cause) {
		t.Errorf("got %q", got)
	}
	several := fmt.Errorf("wrapped: %w", &textproto.Error{Code: 550, Msg: "5.1.1 <Anna@Example.com>:\n5.1.1 \"nobody\""})
	if got := discreet(several, "anna@example.com").Error(); got != `wrapped: 550 5.1.1 <(the address)>: 5.1.1 "nobody"` {
		t.Errorf("an answer of several lines: %q", got)
	}
	if got := discreet(cause, ""); got != cause {
		t.Errorf("without an address: %q", got)
	}
}
