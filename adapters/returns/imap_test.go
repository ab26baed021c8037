package returns_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/backend/memory"
	"github.com/emersion/go-imap/server"

	"sselfie/adapters/returns"
)

// office is a mail server with one mailbox, which holds one mail from the start.
type office struct {
	box  *memory.Mailbox
	addr *net.TCPAddr
	tls  *x509.CertPool
}

func newOffice(t *testing.T, secure bool) *office {
	back := memory.New()
	user, err := back.Login(nil, "username", "password")
	if err != nil {
		t.Fatal(err)
	}
	box, err := user.GetMailbox("INBOX")
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(back)
	s.AllowInsecureAuth = !secure
	s.ErrorLog = log.New(io.Discard, "", 0)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{box: box.(*memory.Mailbox), addr: ln.Addr().(*net.TCPAddr)}
	if secure {
		var c *tls.Config
		c, o.tls = certificate(t)
		ln = tls.NewListener(ln, c)
	}
	done := make(chan struct{})
	go func() { _ = s.Serve(ln); close(done) }()
	t.Cleanup(func() { _ = s.Close(); _ = ln.Close(); <-done })
	return o
}

func (o *office) imap(how string) returns.IMAP {
	return returns.IMAP{Host: "127.0.0.1", Port: o.addr.Port, Username: "username", Password: "password", TLS: how, Mailbox: "INBOX", Roots: o.tls}
}

func (o *office) deliver(t *testing.T, text string) {
	t.Helper()
	if err := o.box.CreateMessage(nil, time.Now(), strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
}

func TestIMAP(t *testing.T) {
	o := newOffice(t, true)
	o.deliver(t, "Subject: 1\r\n\r\none")
	c := &collector{}
	mark, err := o.imap("implicit").Read(t.Context(), "", c.take)
	if err != nil || len(c.got) != 2 || !strings.Contains(c.got[1], "one") {
		t.Fatalf("took %q, %v", c.got, err)
	}
	if again, err := o.imap("implicit").Read(t.Context(), mark, c.take); err != nil || len(c.got) != 2 || again != mark {
		t.Fatalf("again %q, %v", c.got, err)
	}
	for _, text := range []string{"Subject: 2\r\n\r\ntwo", "Subject: 3\r\n\r\nthree", "Subject: 4\r\n\r\nfour"} {
		o.deliver(t, text)
	}
	c.breakAt = "three"
	if mark, err = o.imap("implicit").Read(t.Context(), mark, c.take); err == nil {
		t.Fatal("a mail that could not be taken was passed over")
	}
	c.breakAt = ""
	if mark, err = o.imap("implicit").Read(t.Context(), mark, c.take); err != nil || len(c.got) != 5 || !strings.Contains(c.got[4], "four") {
		t.Fatalf("then %q, %v", c.got, err)
	}
	if len(o.box.Messages) != 5 || slices.Contains(o.box.Messages[4].Flags, "\\Seen") {
		t.Errorf("%d mails are left, the last with the flags %v", len(o.box.Messages), o.box.Messages[4].Flags)
	}
	renumbered := "7" + mark[strings.Index(mark, ":"):]
	if _, err = o.imap("implicit").Read(t.Context(), renumbered, c.take); err != nil || len(c.got) != 10 {
		t.Errorf("after a renumbering %d in all, %v", len(c.got), err)
	}
}

func TestIMAPSaysWhatIsWrong(t *testing.T) {
	secure, open := newOffice(t, true), newOffice(t, false)
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = deaf.Close() }()
	change := func(b returns.IMAP, f func(*returns.IMAP)) returns.IMAP { f(&b); return b }
	for name, c := range map[string]struct {
		box  returns.IMAP
		want string
	}{
		"a wrong password":     {change(open.imap("none"), func(b *returns.IMAP) { b.Password = "hunter2" }), "sign-in"},
		"an unknown mailbox":   {change(open.imap("none"), func(b *returns.IMAP) { b.Mailbox = "Nowhere" }), "Nowhere"},
		"a strange authority":  {change(secure.imap("implicit"), func(b *returns.IMAP) { b.Roots = nil }), "encryption"},
		"no STARTTLS":          {open.imap("starttls"), "encryption"},
		"a server that is off": {change(open.imap("none"), func(b *returns.IMAP) { b.Port = 1 }), "reached"},
		"one that says nothing": {change(open.imap("none"), func(b *returns.IMAP) {
			b.Port = deaf.Addr().(*net.TCPAddr).Port
		}), "greet"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			mark, err := c.box.Read(ctx, "1:5", (&collector{}).take)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || mark != "1:5" {
				t.Errorf("%q, %v", mark, err)
			}
		})
	}
}

// certificate makes a server certificate for 127.0.0.1 and who vouches for it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}
