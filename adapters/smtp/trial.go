package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	gosmtp "github.com/wneessen/go-mail/smtp"

	"sselfie/core/mail"
)

// Step is one exchange of a conversation with a mail server, told to a person.
type Step struct {
	Name string // DNS, connect, greeting, EHLO, STARTTLS, AUTH, MAIL FROM, RCPT TO, DATA, letter
	Said string // what was found, or answered
	Fix  string // what to do; "" when it went well
	Err  error
}

// Trial hands one letter over like a lane does, but tells every step. No step
// holds a password, or what a server was told of it.
type Trial struct {
	c    Config
	tell func(Step)
	text *textproto.Conn
	conn net.Conn
	caps map[string]string
	tls  bool
}

// errTold ends a trial that has told already what is wrong.
var errTold = errors.New("the letter was not handed over")

// Try sends a letter and tells each step. The error says that it did not leave;
// why was told.
func (s *Sender) Try(ctx context.Context, l mail.Letter, tell func(Step)) error {
	return s.try(ctx, tell, func(t *Trial) bool { return t.letter(l) })
}

// Look goes as far as the sign-in and sends nothing.
func (s *Sender) Look(ctx context.Context, tell func(Step)) error {
	return s.try(ctx, tell, func(*Trial) bool { return true })
}

func (s *Sender) try(ctx context.Context, tell func(Step), then func(*Trial) bool) error {
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeouts.Letter)
	defer cancel()
	t := &Trial{c: s.c, tell: tell}
	ok := t.dns(ctx) && t.connect(ctx) && t.hello() && t.encrypt(ctx) && t.signIn() && then(t)
	if t.text != nil {
		if ok {
			_, _, _ = t.ask(221, "QUIT") // the letter is accounted for
		}
		_ = t.conn.Close()
	}
	if !ok {
		return errTold
	}
	return nil
}

func (t *Trial) fine(name, format string, args ...any) bool {
	t.tell(Step{Name: name, Said: t.discreet(fmt.Sprintf(format, args...))})
	return true
}

func (t *Trial) wrong(name, fix string, err error) bool {
	text := t.discreet(readable(err))
	t.tell(Step{Name: name, Said: text, Fix: fix, Err: errors.New(text)})
	return false
}

// discreet takes out what a server should never repeat, and some do.
func (t *Trial) discreet(text string) string {
	if t.c.Password == "" {
		return text
	}
	for _, secret := range []string{
		t.c.Password, base64.StdEncoding.EncodeToString([]byte(t.c.Password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + t.c.Username + "\x00" + t.c.Password)),
	} {
		text = strings.ReplaceAll(text, secret, "(the password)")
	}
	return text
}

func (t *Trial) dns(ctx context.Context) bool {
	if ip := net.ParseIP(t.c.Host); ip != nil {
		return t.fine("DNS", "%s is an address already", t.c.Host)
	}
	found, err := net.DefaultResolver.LookupHost(ctx, t.c.Host)
	if err != nil {
		return t.wrong("DNS", "Look for a typing mistake in the host of the relay, and whether this machine can resolve names at all: getent hosts "+t.c.Host+".", err)
	}
	return t.fine("DNS", "%s is %s", t.c.Host, strings.Join(found, ", "))
}

func (t *Trial) connect(ctx context.Context) bool {
	raw, err := t.c.Dial(ctx, "tcp", t.c.address())
	if err != nil {
		fix := "Nobody listens there: check host and port of the relay; 587 is usual, 465 where encryption begins at once."
		if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
			fix = "Something between here and there drops the connection. Many hosts block port 25, some 587 and 465 too: try another port, or ask your host to open it."
		}
		return t.wrong("connect", fix, err)
	}
	t.conn = raw
	if deadline, ok := ctx.Deadline(); ok {
		_ = raw.SetDeadline(deadline) // a closed connection says so at the next read
	}
	t.fine("connect", "%s answers from %s", t.c.address(), raw.RemoteAddr())
	if t.c.Port == implicitPort && t.c.TLS != None && !t.secure(ctx, "TLS") {
		return false
	}
	t.text = textproto.NewConn(t.conn)
	_, said, err := t.text.ReadResponse(220)
	if err != nil {
		return t.wrong("greeting", "It is no mail server, or one that refuses this machine's address. A server that says nothing may expect encryption at once: that is port 465.", err)
	}
	return t.fine("greeting", "%s", oneLine(said))
}

func (t *Trial) ask(want int, format string, args ...any) (int, string, error) {
	id, err := t.text.Cmd(format, args...)
	if err != nil {
		return 0, "", err
	}
	t.text.StartResponse(id)
	defer t.text.EndResponse(id)
	return t.text.ReadResponse(want)
}

func (t *Trial) hello() bool {
	_, said, err := t.ask(250, "EHLO %s", t.c.Hello)
	if err != nil {
		return t.wrong("EHLO", "The server dislikes how we introduce ourselves, as "+t.c.Hello+": base_url should be a public name of this machine.", err)
	}
	t.caps = map[string]string{}
	names := strings.Split(said, "\n")[1:]
	for _, line := range names {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		t.caps[strings.ToUpper(name)] = rest
	}
	return t.fine("EHLO", "introduced as %s; it offers %s", t.c.Hello, strings.Join(names, ", "))
}

func (t *Trial) encrypt(ctx context.Context) bool {
	if t.tls || t.c.TLS == None {
		return true
	}
	if _, offered := t.caps["STARTTLS"]; !offered {
		if t.c.TLS == Opportunistic {
			return t.fine("STARTTLS", "not offered: the letter travels readable")
		}
		return t.wrong("STARTTLS", "Use a port of the relay that is encrypted, 587 or 465. Only a relay on this machine may go without: tls: none.", errors.New("the server offers no encryption, and tls is mandatory"))
	}
	if _, _, err := t.ask(220, "STARTTLS"); err != nil {
		return t.wrong("STARTTLS", "The server offers encryption and then refuses it: a matter for its operator, or for another port.", err)
	}
	if !t.secure(ctx, "STARTTLS") {
		return false
	}
	t.text = textproto.NewConn(t.conn)
	return t.hello()
}

// secure encrypts the connection and tells whose certificate it is.
func (t *Trial) secure(ctx context.Context, name string) bool {
	c := tls.Client(t.conn, t.c.tls())
	if err := c.HandshakeContext(ctx); err != nil {
		return t.wrong(name, "The certificate is not "+t.c.Host+"'s, has run out, or is vouched for by nobody we know. Write the host as the certificate names it; never switch the check off for a server on the net.", err)
	}
	t.conn, t.tls = c, true
	state := c.ConnectionState()
	cert := state.PeerCertificates[0]
	return t.fine(name, "%s; the certificate is for %s, by %s, until %s", tls.VersionName(state.Version), strings.Join(slices.Concat(cert.DNSNames, addresses(cert.IPAddresses)), ", "),
		cert.Issuer.CommonName, cert.NotAfter.UTC().Format(time.DateOnly))
}

func addresses(ips []net.IP) []string {
	out := make([]string, len(ips))
	for i, ip := range ips {
		out[i] = ip.String()
	}
	return out
}

// ways are the mechanisms of signing in, the preferred first.
var ways = [...]string{"SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5"}

func (t *Trial) signIn() bool {
	if t.c.Username == "" {
		return t.fine("AUTH", "no username is configured: no sign-in")
	}
	offered := strings.Fields(strings.ToUpper(t.caps["AUTH"]))
	if len(offered) == 0 {
		return t.wrong("AUTH", "The server takes no sign-in here: most do so only when encrypted, and on port 587 or 465. Where it needs none, leave username empty.", errors.New("no way to sign in is offered"))
	}
	open := t.c.TLS == None && loopback(t.c.Host)
	for _, way := range ways {
		if !slices.Contains(offered, way) {
			continue
		}
		var a gosmtp.Auth
		switch way {
		case "SCRAM-SHA-256":
			a = gosmtp.ScramSHA256Auth(t.c.Username, t.c.Password)
		case "PLAIN":
			a = gosmtp.PlainAuth("", t.c.Username, t.c.Password, t.c.Host, open)
		case "LOGIN":
			a = gosmtp.LoginAuth(t.c.Username, t.c.Password, t.c.Host, open)
		default:
			a = gosmtp.CRAMMD5Auth(t.c.Username, t.c.Password)
		}
		if err := t.auth(a, offered); err != nil {
			fix := "The server does not take username and password. Many want a password made for programs, or an API key; some the whole address as username."
			if code := codeOf(err); code == 0 || code == 454 || code == 421 {
				fix = "The sign-in could not be completed; try again in a while, and without encryption don't."
			}
			return t.wrong("AUTH", fix, err)
		}
		return t.fine("AUTH", "signed in as %s by %s", t.c.Username, way)
	}
	return t.wrong("AUTH", "The server takes other sign-ins only: "+strings.Join(offered, ", ")+". Look for a password for programs (SMTP) at your provider.", errors.New("no common way to sign in"))
}

// auth plays one mechanism to its end.
func (t *Trial) auth(a gosmtp.Auth, offered []string) error {
	way, first, err := a.Start(&gosmtp.ServerInfo{Name: t.c.Host, TLS: t.tls, Auth: offered})
	if err != nil {
		return err
	}
	line := "AUTH " + way
	if first != nil {
		line += " " + base64.StdEncoding.EncodeToString(first)
	}
	code, said, err := t.ask(0, "%s", line)
	for err == nil {
		switch code {
		case 235:
			return nil
		case 334:
		default:
			return &textproto.Error{Code: code, Msg: oneLine(said)}
		}
		challenge, bad := base64.StdEncoding.DecodeString(said)
		if bad != nil {
			return errors.New("the server's challenge cannot be read")
		}
		answer, bad := a.Next(challenge, true)
		if bad != nil {
			_, _, _ = t.ask(0, "*") // takes the attempt back
			return bad
		}
		code, said, err = t.ask(0, "%s", base64.StdEncoding.EncodeToString(answer))
	}
	return err
}

func (t *Trial) letter(l mail.Letter) bool {
	_, eightBit := t.caps["8BITMIME"]
	var buf bytes.Buffer
	env, err := t.c.compose(l, eightBit, &buf)
	if err != nil {
		return t.wrong("letter", "Check mail.from and the address.", err)
	}
	if t.c.DKIM != nil {
		t.fine("DKIM", "signed for %s with the selector %s", t.c.DKIM.DomainFor(env.header), t.c.DKIM.Selector())
	}
	options := ""
	if eightBit {
		options = " BODY=8BITMIME"
	}
	if _, utf8 := t.caps["SMTPUTF8"]; utf8 && !env.ascii {
		options += " SMTPUTF8"
	}
	for _, step := range []struct {
		name string
		want int
		line string
		fix  string
	}{
		{"MAIL FROM", 250, "MAIL FROM:<" + env.from + ">" + options, "The relay does not let this account send as " + env.from + ": let it know the address or domain, or change mail.from or mail.return_path."},
		{"RCPT TO", 25, "RCPT TO:<" + env.to + ">", "The relay does not take letters to this address. 5.1.1 means that there is no such mailbox; relay or authentication in the answer, that the account may not send to others; a block list, that the relay or its address is distrusted."},
		{"DATA", 354, "DATA", "The relay takes no letter now: its answer says why."},
	} {
		code, said, err := t.ask(step.want, "%s", step.line)
		if err != nil {
			return t.wrong(step.name, advice(err, step.fix), err)
		}
		t.fine(step.name, "%d %s", code, oneLine(said))
	}
	_, err = t.text.W.Write(env.bytes)
	if err = errors.Join(err, t.text.W.Flush()); err != nil {
		return t.wrong("letter", "The connection broke while the letter was on its way: try again.", err)
	}
	code, said, err := t.text.ReadResponse(250)
	if err != nil {
		return t.wrong("letter", advice(err, "The relay has read the letter and refuses it: for its content, for a missing SPF or DKIM record (sselfie doctor), or for a limit of the account."), err)
	}
	return t.fine("letter", "%d bytes, Message-ID %s: %d %s", len(env.bytes), l.MessageID, code, oneLine(said))
}
