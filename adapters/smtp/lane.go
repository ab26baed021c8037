package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"

	"sselfie/core/mail"
)

// lane is one connection, made again when it was lost.
type lane struct {
	c      Config
	client *gosmtp.Client // nil while there is no connection
	wire   *wire
	buf    bytes.Buffer
	used   bool // a letter has gone over this connection: it may have gone stale since
}

// connect leads a new connection through banner, EHLO, STARTTLS and sign-in.
// Whatever goes wrong there concerns every letter.
func (l *lane) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.c.Timeouts.Dial)
	defer cancel()
	raw, err := l.c.Dial(ctx, "tcp", l.c.address())
	if err != nil {
		return &mail.SendError{Fault: mail.Down, Stage: "connect", Err: err}
	}
	w := &wire{Conn: raw}
	defer w.limit(ctx, l.c.Timeouts.Dial)()
	var conn net.Conn = w
	if l.c.Port == implicitPort && l.c.TLS != None {
		secure := tls.Client(w, l.c.tls())
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return &mail.SendError{Fault: mail.Down, Stage: "starttls", Err: err}
		}
		conn = secure
	}
	client, err := l.c.client(gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }))
	if err == nil {
		l.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		_ = raw.Close() // go-mail leaves a half-made connection open
		stage := w.at()
		if strings.HasPrefix(err.Error(), "SMTP AUTH") {
			stage = "auth" // inside TLS the wire sees no commands
		}
		return &mail.SendError{Fault: mail.Down, Stage: stage, Code: codeOf(err), Err: discreet(err, "")}
	}
	l.wire, l.used = w, false
	return nil
}

// Send hands one letter over. When a kept connection turns out to be dead
// before the letter was named, a new one is made: nothing has been sent yet.
func (l *lane) Send(ctx context.Context, letter mail.Letter) error {
	ctx, cancel := context.WithTimeout(ctx, l.c.Timeouts.Letter)
	defer cancel()
	for {
		if l.client == nil {
			if err := l.connect(ctx); err != nil {
				return err
			}
		}
		stale := l.used
		eightBit, _ := l.client.Extension("8BITMIME")
		env, bad := l.c.compose(letter, eightBit, &l.buf)
		if bad != nil {
			return &mail.SendError{Fault: mail.Final, Stage: "compose", Err: bad}
		}
		err := l.converse(ctx, env)
		if err == nil {
			l.used = true
			return nil
		}
		if stale && err.Stage == "mail" && l.client == nil && ctx.Err() == nil {
			continue
		}
		err.Err = discreet(err.Err, env.to)
		return err
	}
}

// converse is MAIL, RCPT, DATA, the letter, the dot. On the way out the lane
// holds a connection that is ready for the next letter, or none.
func (l *lane) converse(ctx context.Context, env envelope) *mail.SendError {
	if together, _ := l.client.Extension("PIPELINING"); together {
		return l.pipeline(ctx, env)
	}
	// Some relays pass a letter that was announced as SMTPUTF8 only to servers
	// that speak it, so it is announced only when an address needs it.
	l.client.SkipSMTPUTF8(env.ascii)
	for _, step := range []struct {
		stage string
		do    func() error
	}{
		{"mail", func() error { return l.client.Mail("<" + env.from + ">") }},
		{"rcpt", func() error { return l.client.Rcpt("<" + env.to + ">") }},
		// The letter is made up already, in one piece; go-mail's own way would look
		// at every byte of it once more.
		{"data", func() error { return l.say(354, []byte("DATA\r\n")) }},
		{"dot", func() error { return l.say(250, env.bytes) }},
	} {
		if err := l.step(ctx, step.stage, step.do); err != nil {
			l.recover(ctx, step.stage, err)
			return refusal(step.stage, err)
		}
	}
	return nil
}

// step does one thing within its limit.
func (l *lane) step(ctx context.Context, stage string, do func() error) error {
	limit := l.c.Timeouts.Command
	if stage == "dot" {
		limit = l.c.Timeouts.Body
	}
	defer l.wire.limit(ctx, limit)()
	return do()
}

func refusal(stage string, err error) *mail.SendError {
	return &mail.SendError{Fault: meaning(stage, err), Stage: stage, Code: codeOf(err), Err: err}
}

// say sends bytes as they are and reads the answer.
func (l *lane) say(want int, p []byte) error {
	text := l.client.Text
	if _, err := text.W.Write(p); err != nil {
		return err
	}
	if err := text.W.Flush(); err != nil {
		return err
	}
	_, _, err := text.ReadResponse(want)
	return err
}

// recover makes the connection ready for the next letter after a refusal, or
// gives it up.
func (l *lane) recover(ctx context.Context, stage string, err error) {
	var answer *textproto.Error
	if !errors.As(err, &answer) || answer.Code == 421 || ctx.Err() != nil {
		l.drop()
		return
	}
	l.used = true
	if stage == "dot" {
		return // the refusal ended the letter
	}
	done := l.wire.limit(ctx, l.c.Timeouts.Command)
	defer done()
	if l.client.Reset() != nil {
		l.drop()
	}
}

func (l *lane) drop() {
	if l.wire != nil {
		_ = l.wire.Close()
	}
	l.client, l.wire = nil, nil
}

// Close says goodbye, if the server still listens.
func (l *lane) Close() error {
	if l.client == nil {
		return nil
	}
	done := l.wire.limit(context.Background(), min(l.c.Timeouts.Command, l.c.Timeouts.Dial))
	defer done()
	_ = l.client.Quit() // every letter is accounted for, so a server that has hung up is fine
	l.drop()
	return nil
}
