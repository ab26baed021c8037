// Package smtp hands letters to a mail server, over connections that are kept
// as long as they are used. It knows the conversation and nothing of the outbox.
package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"sselfie/core/mail"
)

// TLS says how a connection is protected.
type TLS string

// The policies of the configuration.
const (
	Mandatory     TLS = "mandatory"     // no letter without encryption
	Opportunistic TLS = "opportunistic" // encrypted where the server offers it
	None          TLS = "none"          // in the clear: a relay on this machine
)

// implicitPort is the port on which the conversation is encrypted from its
// first byte, instead of by STARTTLS.
const implicitPort = 465

// Config says which server carries the letters away.
type Config struct {
	Host     string
	Port     int    // 0: 587, or 25 without TLS
	Username string // "" for a server that asks for none
	Password string
	TLS      TLS    // "" is Mandatory
	Hello    string // how we introduce ourselves: the host of the base URL
	Timeouts Timeouts

	ReturnPath string // where what cannot be delivered goes; "" is the sender
	DKIM       *DKIM  // nil: the relay signs, or nobody

	// Roots are the authorities that may vouch for the server; nil takes the
	// system's.
	Roots *x509.CertPool
	// Dial opens the bare connection; nil dials TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Timeouts bound the conversation; a zero takes the default. A server that
// takes longer is asked again later.
type Timeouts struct {
	Dial    time.Duration // connect, banner, EHLO, STARTTLS and sign-in together: 10 s
	Command time.Duration // MAIL, RCPT and DATA, each: 6 s
	Body    time.Duration // the letter and the answer to its final dot: 15 s
	Letter  time.Duration // everything for one letter: 28 s
}

func (t Timeouts) filled() Timeouts {
	fill := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	fill(&t.Dial, 10*time.Second)
	fill(&t.Command, 6*time.Second)
	fill(&t.Body, 15*time.Second)
	fill(&t.Letter, 28*time.Second)
	return t
}

// Sender opens lanes to one server.
type Sender struct{ c Config }

// New returns a sender. It fails when the configuration makes no sense, not
// when the server is away.
func New(c Config) (*Sender, error) {
	c.Timeouts = c.Timeouts.filled()
	if c.TLS == "" {
		c.TLS = Mandatory
	}
	if c.Port == 0 {
		c.Port = 587
		if c.TLS == None {
			c.Port = 25
		}
	}
	if c.Hello == "" {
		c.Hello = "localhost"
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	switch {
	case c.Host == "":
		return nil, errors.New("smtp: no host is configured")
	case c.Port < 1 || c.Port > 65535:
		return nil, fmt.Errorf("smtp: port %d is out of range", c.Port)
	case c.TLS != Mandatory && c.TLS != Opportunistic && c.TLS != None:
		return nil, fmt.Errorf("smtp: tls is %q, want mandatory, opportunistic or none", c.TLS)
	case c.Username != "" && c.Password == "":
		return nil, errors.New("smtp: a username without a password")
	}
	if _, err := c.client(); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	return &Sender{c: c}, nil
}

// Open connects one lane.
func (s *Sender) Open(ctx context.Context) (mail.Conn, error) {
	lane := &lane{c: s.c}
	if err := lane.connect(ctx); err != nil {
		return nil, err
	}
	return lane, nil
}

func (c Config) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

func (c Config) tls() *tls.Config {
	return &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
}

// client returns go-mail's half of the conversation, one for each lane because
// it keeps state.
func (c Config) client(more ...gomail.Option) (*gomail.Client, error) {
	policy := gomail.NoTLS
	if c.Port != implicitPort { // there the encryption is older than the conversation
		switch c.TLS {
		case Mandatory:
			policy = gomail.TLSMandatory
		case Opportunistic:
			policy = gomail.TLSOpportunistic
		}
	}
	opts := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithHELO(c.Hello), gomail.WithTLSConfig(c.tls()), gomail.WithTLSPolicy(policy),
		gomail.WithTimeout(c.Timeouts.Dial),
	}
	if c.Username != "" {
		opts = append(opts, gomail.WithUsername(c.Username), gomail.WithPassword(c.Password), gomail.WithOpportunisticSMTPAuth(c.mechanisms()...))
	}
	return gomail.NewClient(c.Host, append(opts, more...)...)
}

// mechanisms are the ways to sign in, the preferred first. A password in the
// clear leaves this machine only inside TLS.
func (c Config) mechanisms() []gomail.SMTPAuthType {
	plain, login := gomail.SMTPAuthPlain, gomail.SMTPAuthLogin
	if c.TLS == None && loopback(c.Host) {
		plain, login = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc
	}
	return []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, plain, login, gomail.SMTPAuthCramMD5}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Raw returns a letter as it travels, to be looked at.
func (s *Sender) Raw(l mail.Letter) ([]byte, error) {
	var b bytes.Buffer
	if _, err := s.c.compose(l, true, &b); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte(".\r\n")), nil
}
