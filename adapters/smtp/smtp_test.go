package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"sselfie/adapters/smtp"
	"sselfie/core/mail"
)

func TestNewRefusesNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		config smtp.Config
		want   string
	}{
		"no host":                     {smtp.Config{}, "no host"},
		"a port that does not exist":  {smtp.Config{Host: "h", Port: 70000}, "port 70000"},
		"a policy that nobody knows":  {smtp.Config{Host: "h", TLS: "maybe"}, "maybe"},
		"a user without a password":   {smtp.Config{Host: "h", Username: "u"}, "password"},
		"a complete one is all right": {smtp.Config{Host: "h", Username: "u", Password: "p"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := smtp.New(c.config)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// The happy way against a server by somebody else: STARTTLS, sign-in, one
// connection for many letters.
func TestAgainstAnotherServer(t *testing.T) {
	for name, c := range map[string]struct {
		server   func(*gosmtp.Server, *other, *sink)
		config   func(*smtp.Config)
		stage    string // where it ends, "" for delivered
		signedIn bool
	}{
		"encrypted and signed in": {signedIn: true},
		"no encryption on offer, and mandatory": {
			server: func(s *gosmtp.Server, _ *other, _ *sink) { s.TLSConfig = nil; s.AllowInsecureAuth = true }, stage: "ehlo",
		},
		"no encryption on offer: the password does not travel": {
			server: func(s *gosmtp.Server, _ *other, _ *sink) { s.TLSConfig = nil; s.AllowInsecureAuth = true },
			config: func(c *smtp.Config) {
				port := c.Port
				c.TLS, c.Host = smtp.Opportunistic, "mail.test" // not this machine
				c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
				}
			}, stage: "auth",
		},
		"no encryption, none wanted, on this machine": {
			server: func(s *gosmtp.Server, _ *other, _ *sink) { s.TLSConfig = nil; s.AllowInsecureAuth = true },
			config: func(c *smtp.Config) { c.TLS = smtp.None }, signedIn: true,
		},
		"opportunistic takes what is offered": {config: func(c *smtp.Config) { c.TLS = smtp.Opportunistic }, signedIn: true},
		"a certificate of nobody we trust":    {config: func(c *smtp.Config) { c.Roots = nil }, stage: "starttls"},
		"the wrong password":                  {config: func(c *smtp.Config) { c.Password = "wrong" }, stage: "auth"},
	} {
		t.Run(name, func(t *testing.T) {
			certs := newSink(t) // lends its certificate
			backend := &other{}
			server := gosmtp.NewServer(backend)
			server.Domain, server.TLSConfig, server.ErrorLog = "other.test", certs.tls, log.New(io.Discard, "", 0)
			if c.server != nil {
				c.server(server, backend, certs)
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = server.Serve(ln) }()
			t.Cleanup(func() { _ = server.Close() })

			config := smtp.Config{
				Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, Username: "shop", Password: "secret",
				TLS: smtp.Mandatory, Roots: certs.roots, Hello: "shop.test",
			}
			if c.config != nil {
				c.config(&config)
			}
			sender, err := smtp.New(config)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := sender.Open(t.Context())
			if c.stage != "" {
				var e *mail.SendError
				if !errors.As(err, &e) || e.Fault != mail.Down || strings.Contains(err.Error(), "secret") {
					t.Fatalf("got %v, want down", err)
				}
				if e.Stage != c.stage {
					t.Errorf("it ended at %s, want %s: %v", e.Stage, c.stage, err)
				}
				if strings.Contains(backend.secrets(), "secret") {
					t.Errorf("the password travelled: %q", backend.secrets())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				if err := conn.Send(t.Context(), letter(fmt.Sprint("eml_", i), "anna@example.com")); err != nil {
					t.Fatal(err)
				}
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			backend.mu.Lock()
			defer backend.mu.Unlock()
			if backend.sessions != 1 && backend.sessions != 2 || len(backend.letters) != 5 { // STARTTLS begins anew
				t.Errorf("%d letters over %d sessions", len(backend.letters), backend.sessions)
			}
			if (backend.user != "") != c.signedIn {
				t.Errorf("signed in as %q", backend.user)
			}
		})
	}
}

func TestTheLetterArrivesAsWritten(t *testing.T) {
	s, conn := lane(t)
	l := letter("eml_1", "anna@example.com")
	l.Subject = "How did your 9-Post Feed turn out? 🎨"
	l.Text = "It is ready, Zoë.\n.\n..dots\n" + strings.Repeat("long ", 60) + "\n"
	l.ReplyTo = "Ask <ask@example.org>"
	l.Headers = map[string]string{"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://example.org/unsubscribe?token=" + strings.Repeat("x", 90) + ">"}
	if err := conn.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	raw := s.letters()[0]
	for _, want := range []string{
		"Message-ID: <eml_1@example.org>\n", "Date: Sun, 01 Mar 2026 09:00:00 +0000\n", "Auto-Submitted: auto-generated\n",
		"From: \"Sselfie\" <hello@example.org>\n", "To: <anna@example.com>\n", "Reply-To: \"Ask\" <ask@example.org>\n",
		"multipart/alternative", "text/plain; charset=UTF-8", "text/html; charset=UTF-8", "Content-Transfer-Encoding: 8bit", "Zoë", "=?UTF-8?q?", "\n.\n..dots\n",
		"<https://example.org/unsubscribe?token=" + strings.Repeat("x", 90) + ">\n",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	if strings.Contains(raw, "User-Agent") || strings.Contains(raw, "X-Mailer") {
		t.Error("the letter advertises its program")
	}
	if err := conn.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := s.letters(); got[0] != got[1] {
		t.Error("the same letter is not the same bytes")
	}
}

func TestPartsAreEncodedOnlyWhenTheyMust(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		seven bool
		want  string
	}{
		"plain words":                    {"Zoë, it is ready.\n", false, "Zoë, it is ready.\n"},
		"a server that takes seven bits": {"Zoë, it is ready.\n", true, "Zo=C3=AB, it is ready.\n"},
		"a line that is too long":        {strings.Repeat("a=b ", 300), false, "a=3Db a=3Db"},
		"line breaks of any kind":        {"a\r\nb\nc\rd", false, "a\nb\ncd\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s, conn := lane(t, func(s *sink) { s.seven = c.seven })
			l := letter("eml_1", "anna@example.com")
			l.Text = c.text
			if err := conn.Send(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			if raw := s.letters()[0]; !strings.Contains(raw, c.want) {
				t.Errorf("no %q in\n%s", c.want, raw)
			}
		})
	}
}

// A person's name, a product or a content file must never add a header, a
// recipient or a second letter.
func TestHeaderInjection(t *testing.T) {
	var payloads []string
	for _, breaker := range []string{"\r\n", "\n", "\r", "\x00\r\n", "\r\n\t"} {
		for _, then := range []string{"Bcc: eve@example.net", "To: eve@example.net", "\r\nbody", ".\r\nMAIL FROM:<eve@example.net>"} {
			payloads = append(payloads, "x"+breaker+then)
		}
	}
	s, conn := lane(t)
	for _, p := range payloads {
		for name, spoil := range map[string]func(*mail.Letter){
			"subject":      func(l *mail.Letter) { l.Subject = p },
			"from":         func(l *mail.Letter) { l.From = "A" + p + " <hello@example.org>" },
			"to":           func(l *mail.Letter) { l.To = "anna@example.com" + p },
			"to, in front": func(l *mail.Letter) { l.To = p + "anna@example.com" },
			"reply-to":     func(l *mail.Letter) { l.ReplyTo = "ask@example.org" + p },
			"message id":   func(l *mail.Letter) { l.MessageID = "<a" + p + "@example.org>" },
			"header value": func(l *mail.Letter) { l.Headers = map[string]string{"X-A": p} },
			"header name":  func(l *mail.Letter) { l.Headers = map[string]string{p: "v"} },
		} {
			l := letter("eml_1", "anna@example.com")
			spoil(&l)
			if err := conn.Send(t.Context(), l); err == nil || faultOf(t, err) != mail.Final {
				t.Errorf("%s with %q: %v, want a final refusal", name, p, err)
			}
		}
	}
	for _, to := range []string{"anna@example.com, eve@example.net", "anna@example.com;eve@example.net", "<anna@example.com> <eve@example.net>", "anna@example.com NOTIFY=NEVER", ""} {
		l := letter("eml_1", to)
		if err := conn.Send(t.Context(), l); err == nil {
			t.Errorf("to %q was accepted", to)
		}
	}
	// A body may say what it likes.
	l := letter("eml_2", "anna@example.com")
	l.Text = "x\r\n.\r\nMAIL FROM:<eve@example.net>\r\nRCPT TO:<eve@example.net>\r\n"
	if err := conn.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := s.recipients(); len(got) != 1 || got[0] != "TO:<anna@example.com>" {
		t.Errorf("recipients at the server: %q", got)
	}
}

func TestConnectionReuse(t *testing.T) {
	for name, inOne := range map[string]bool{"": false, ", commands in one": true} {
		reuse(t, name, func(s *sink) { s.inOne = inOne })
	}
}

func reuse(t *testing.T, name string, how func(*sink)) {
	t.Run("many letters, one connection, also after a bounce"+name, func(t *testing.T) {
		s, conn := lane(t, how)
		n := 0
		s.fault = func(stage string) fault {
			if stage == "rcpt" {
				if n++; n == 2 {
					return never
				}
			}
			return fine
		}
		bounced := 0
		for i := range 6 {
			if err := conn.Send(t.Context(), letter(fmt.Sprint("eml_", i), "anna@example.com")); err != nil {
				if faultOf(t, err) != mail.Bounced {
					t.Fatal(err)
				}
				bounced++
			}
		}
		if bounced != 1 || len(s.letters()) != 5 || s.connections() != 1 {
			t.Errorf("%d bounced, %d letters over %d connections", bounced, len(s.letters()), s.connections())
		}
	})
	t.Run("a connection that died of boredom is made again"+name, func(t *testing.T) {
		for _, f := range []fault{closes, refuse, hang} {
			s, conn := lane(t, how)
			if err := conn.Send(t.Context(), letter("eml_1", "anna@example.com")); err != nil {
				t.Fatal(err)
			}
			once := true
			s.mu.Lock()
			s.fault = func(stage string) fault {
				if stage == "mail" && once {
					once = false
					return f
				}
				return fine
			}
			s.mu.Unlock()
			if err := conn.Send(t.Context(), letter("eml_2", "anna@example.com")); err != nil {
				t.Errorf("%s: %v", f, err)
			}
			if len(s.letters()) != 2 || s.connections() != 2 {
				t.Errorf("%s: %d letters over %d connections", f, len(s.letters()), s.connections())
			}
		}
	})
}

func TestTheCallersEndEndsTheConversation(t *testing.T) {
	s := newSink(t)
	s.fault = func(stage string) fault {
		if stage == "rcpt" {
			return hang
		}
		return fine
	}
	sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), TLS: smtp.None}) // with the limits of life
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sender.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	before := time.Now()
	err = conn.Send(ctx, letter("eml_1", "anna@example.com"))
	if took := time.Since(before); err == nil || took > 4*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

func lane(t *testing.T, change ...func(*sink)) (*sink, mail.Conn) {
	t.Helper()
	s := newSink(t)
	for _, c := range change {
		c(s)
	}
	sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), TLS: smtp.None, Timeouts: limits})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sender.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return s, conn
}

// other is a mail server built on a library, with one account.
type other struct {
	mu       sync.Mutex
	sessions int
	user     string
	heard    []string
	letters  []string
}

func (o *other) secrets() string { o.mu.Lock(); defer o.mu.Unlock(); return strings.Join(o.heard, " ") }

func (o *other) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sessions++
	return &session{o: o}, nil
}

type session struct{ o *other }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.o.mu.Lock()
		defer s.o.mu.Unlock()
		s.o.heard = append(s.o.heard, password)
		if user != "shop" || password != "secret" {
			return gosmtp.ErrAuthFailed
		}
		s.o.user = user
		return nil
	}), nil
}

func (s *session) Mail(string, *gosmtp.MailOptions) error { return nil }
func (s *session) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (s *session) Reset()                                 {}
func (s *session) Logout() error                          { return nil }

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return &textproto.Error{Code: 451, Msg: err.Error()}
	}
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	s.o.letters = append(s.o.letters, string(b))
	return nil
}
