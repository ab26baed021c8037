package smtp_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"sselfie/adapters/smtp"
)

// TestATrialTellsWhereItEnds lets the sink fail at each stage.
func TestATrialTellsWhereItEnds(t *testing.T) {
	for stage, step := range map[string]string{
		"": "", "connect": "greeting", "banner": "greeting", "ehlo": "EHLO", "starttls": "STARTTLS", "mail": "MAIL FROM", "rcpt": "RCPT TO", "data": "DATA", "dot": "letter",
	} {
		for _, f := range []fault{refuse, closes, later, never, garbage} {
			if stage == "connect" && f != refuse && f != closes {
				continue
			}
			t.Run(stage+" "+string(f), func(t *testing.T) {
				step := step
				t.Parallel()
				s := newSink(t)
				s.fault = func(at string) fault {
					if at == stage {
						return f
					}
					return fine
				}
				sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), Roots: s.roots, Timeouts: limits})
				if err != nil {
					t.Fatal(err)
				}
				var told []smtp.Step
				err = sender.Try(t.Context(), letter("eml_1", "ada@example.com"), func(st smtp.Step) { told = append(told, st) })
				last := told[len(told)-1]
				if stage == "" {
					if err != nil || last.Name != "letter" || len(s.letters()) != 1 {
						t.Fatalf("%v, %+v", err, told)
					}
					return
				}
				if f == refuse && last.Name == "connect" {
					step = "connect" // the reset was faster
				}
				if err == nil || last.Name != step || last.Err == nil || last.Fix == "" || len(s.letters()) != 0 {
					t.Errorf("it ended with %v at %+v, want at %s", err, last, step)
				}
				for _, st := range told[:len(told)-1] {
					if st.Err != nil || st.Said == "" {
						t.Errorf("before it: %+v", st)
					}
				}
			})
		}
	}
}

// TestATrialSignsIn against a server by somebody else.
func TestATrialSignsIn(t *testing.T) {
	for name, c := range map[string]struct {
		password string
		config   func(*smtp.Config)
		last     string
		said     string
	}{
		"and sends":              {"secret", func(*smtp.Config) {}, "letter", "Message-ID"},
		"with a wrong password":  {"wrong", func(*smtp.Config) {}, "AUTH", ""},
		"nowhere":                {"secret", func(c *smtp.Config) { c.Port = 1 }, "connect", "refused"},
		"at a name that is none": {"secret", func(c *smtp.Config) { c.Host = "mail.invalid" }, "DNS", "mail.invalid"},
		"by a strange authority": {"secret", func(c *smtp.Config) { c.Roots = nil }, "STARTTLS", "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			certs := newSink(t)
			server := gosmtp.NewServer(&other{})
			server.Domain, server.TLSConfig, server.ErrorLog = "other.test", certs.tls, log.New(io.Discard, "", 0)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = server.Serve(ln) }()
			t.Cleanup(func() { _ = server.Close() })
			config := smtp.Config{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, Username: "shop", Password: c.password, Roots: certs.roots, Hello: "shop.test"}
			c.config(&config)
			sender, err := smtp.New(config)
			if err != nil {
				t.Fatal(err)
			}
			var told []smtp.Step
			err = sender.Try(t.Context(), letter("eml_1", "ada@example.com"), func(st smtp.Step) { told = append(told, st) })
			last := told[len(told)-1]
			if (err == nil) != (c.last == "letter") || last.Name != c.last || !strings.Contains(last.Said, c.said) {
				t.Errorf("%v, %+v", err, last)
			}
			if c.password == "wrong" { // the outbox hears it as the server said it
				if _, err := sender.Open(t.Context()); err == nil || strings.Contains(err.Error(), `"`) || !strings.Contains(err.Error(), "535 ") {
					t.Errorf("the outbox hears %v", err)
				}
			}
			if all := fmt.Sprintf("%+v", told); strings.Contains(all, c.password) && c.password == "secret" || strings.Contains(all, "d3Jvbmc") {
				t.Errorf("the password is told: %s", all)
			}
		})
	}
}

// TestATrialAdvisesByTheAnswer plays answers that real servers gave.
func TestATrialAdvisesByTheAnswer(t *testing.T) {
	for name, c := range map[string]struct{ stage, answer, said, fix string }{
		"it wants encryption":    {"MAIL", "530 5.7.0 Must issue a STARTTLS command first", "530 5.7.0 Must issue a STARTTLS command first", "tls"},
		"it wants a sign-in":     {"MAIL", "530 5.7.0 Authentication Required", "530 5.7.0 Authentication Required", "username"},
		"the sender is not ours": {"MAIL", "553 5.7.1 <hello@shop.example>: Sender address rejected", "553 5.7.1 <hello@shop.example>: Sender address rejected", "mail.from"},
		"it does not know us":    {"RCPT", "554 5.7.1 <ada@example.com>: Relay access denied", "554 5.7.1 <ada@example.com>: Relay access denied", "username"},
		"nobody lives there":     {"RCPT", "550-5.1.1 The account\r\n550 5.1.1 does not exist", "550 5.1.1 The account 5.1.1 does not exist", "no such mailbox"},
		"the mailbox is full":    {"RCPT", "552 5.2.2 Mailbox is full", "552 5.2.2 Mailbox is full", "full"},
		"the letter is large":    {".", "552 5.3.4 Error: message file too big", "552 5.3.4 Error: message file too big", "large"},
	} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
			go answerOnce(ln, c.stage, c.answer)
			sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, TLS: smtp.None})
			if err != nil {
				t.Fatal(err)
			}
			var last smtp.Step
			if err = sender.Try(t.Context(), letter("eml_1", "ada@example.com"), func(st smtp.Step) { last = st }); err == nil || last.Said != c.said || !strings.Contains(last.Fix, c.fix) {
				t.Errorf("%v, %+v", err, last)
			}
		})
	}
}

// answerOnce is a server that takes everything but for one command.
func answerOnce(ln net.Listener, stage, answer string) {
	conn, err := ln.Accept()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 relay.example")
	letter := false
	for in := bufio.NewScanner(conn); in.Scan(); {
		line := in.Text()
		switch {
		case letter && line != ".":
		case line == stage || strings.HasPrefix(line, stage+" "):
			say(answer)
		case line == "DATA":
			letter = true
			say("354 go on")
		default:
			say("250 ok")
		}
	}
}
