package smtp

import (
	"context"
	"errors"
	"net/textproto"

	"sselfie/core/mail"
)

// pipeline sends MAIL, RCPT and DATA in one go, where the server allows it (RFC
// 2920), and then reads the three answers. With a relay far away that halves the
// time of a letter. The letter itself goes out only after all three were a yes.
func (l *lane) pipeline(ctx context.Context, env envelope) *mail.SendError {
	commands := "MAIL FROM:<" + env.from + ">"
	if eightBit, _ := l.client.Extension("8BITMIME"); eightBit {
		commands += " BODY=8BITMIME"
	}
	if utf8, _ := l.client.Extension("SMTPUTF8"); utf8 && !env.ascii {
		commands += " SMTPUTF8"
	}
	commands += "\r\nRCPT TO:<" + env.to + ">\r\nDATA\r\n"

	var stage string
	var failed error
	for i, answer := range []struct {
		stage string
		want  int
	}{{"mail", 250}, {"rcpt", 25}, {"data", 354}} {
		err := l.step(ctx, answer.stage, func() error {
			if i == 0 {
				return l.say(answer.want, []byte(commands))
			}
			_, _, err := l.client.Text.ReadResponse(answer.want)
			return err
		})
		var said *textproto.Error
		switch {
		case err == nil && failed != nil && answer.stage == "data":
			// It refused the envelope and waits for a letter all the same.
			l.drop()
		case err != nil && failed == nil:
			stage, failed = answer.stage, err
		}
		if err != nil && !errors.As(err, &said) {
			break // nobody is talking any more
		}
	}
	if failed == nil {
		stage, failed = "dot", l.step(ctx, "dot", func() error { return l.say(250, env.bytes) })
	}
	if failed == nil {
		return nil
	}
	if l.client != nil {
		l.recover(ctx, stage, failed)
	}
	return refusal(stage, failed)
}
