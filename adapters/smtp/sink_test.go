package smtp_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is how the sink misbehaves at a stage.
type fault string

const (
	fine    fault = ""
	refuse  fault = "refuses" // the connection is reset
	hang    fault = "hangs"   // no answer at all
	closes  fault = "closes"  // hangs up in good manners
	later   fault = "4xx"     // greylisting and the like
	never   fault = "5xx"
	garbage fault = "garbage"
	drips   fault = "drips" // an answer that never ends, a byte at a time
)

// sink is a mail server of our own, with faults on demand.
type sink struct {
	t        testing.TB
	ln       net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	closed   chan struct{}
	wg       sync.WaitGroup
	fault    func(stage string) fault // which comes now; called under the lock
	seven    bool                     // takes seven bits only
	inOne    bool                     // takes several commands at once
	discard  bool                     // keep no letter: for benchmarks
	dotDelay time.Duration            // before the answer to a letter: a relay that thinks

	mu       sync.Mutex
	accepted []string // raw letters that the sink said yes to
	from, to []string
	conns    int
}

func newSink(t testing.TB) *sink {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{t: t, ln: ln, closed: make(chan struct{})}
	s.tls, s.roots = certificate(t)
	s.wg.Add(1)
	go s.serve()
	t.Cleanup(s.close)
	return s
}

func (s *sink) close() {
	select {
	case <-s.closed:
	default:
		close(s.closed)
		_ = s.ln.Close()
		s.wg.Wait()
	}
}

func (s *sink) port() int { return s.ln.Addr().(*net.TCPAddr).Port }

func (s *sink) letters() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.accepted...)
}

func (s *sink) connections() int { s.mu.Lock(); defer s.mu.Unlock(); return s.conns }

func (s *sink) recipients() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.to...)
}

func (s *sink) serve() {
	defer s.wg.Done()
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns++
		s.mu.Unlock()
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			defer func() { _ = conn.Close() }()
			over := make(chan struct{})
			defer close(over)
			go func() { // so that nothing of the sink outlives the test
				select {
				case <-s.closed:
					_ = conn.Close()
				case <-over:
				}
			}()
			(&visit{s: s, raw: conn, conn: conn, r: bufio.NewReader(conn)}).talk()
		}()
	}
}

// visit is one conversation.
type visit struct {
	s    *sink
	raw  net.Conn
	conn net.Conn
	r    *bufio.Reader

	refused bool // the last command
}

func (v *visit) talk() {
	if !v.answer("connect", "") || !v.answer("banner", "220 sink ready") {
		return
	}
	from, to := "", ""
	for {
		line, err := v.r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			hello := "250-sink\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
			if _, secure := v.conn.(*tls.Conn); !secure {
				hello = "250-sink\r\n250-STARTTLS\r\n250 8BITMIME"
			}
			if v.s.inOne {
				hello = strings.Replace(hello, "250-sink", "250-sink\r\n250-PIPELINING", 1)
			}
			if v.s.seven {
				hello = "250 sink"
			}
			if !v.answer("ehlo", hello) {
				return
			}
		case "HELO":
			if !v.answer("ehlo", "250 sink") {
				return
			}
		case "STARTTLS":
			if !v.answer("starttls", "220 go ahead") {
				return
			}
			secure := tls.Server(v.raw, v.s.tls)
			if secure.Handshake() != nil {
				return
			}
			v.conn, v.r = secure, bufio.NewReader(secure)
		case "MAIL":
			from, to = "", ""
			if !v.answer("mail", "250 2.1.0 sender ok") {
				return
			}
			if !v.refused {
				from = rest
			}
		case "RCPT":
			to = ""
			if from == "" {
				if !v.say("503 5.5.1 who are you?") {
					return
				}
				continue
			}
			if !v.answer("rcpt", "250 2.1.5 recipient ok") {
				return
			}
			if !v.refused {
				to = rest
			}
		case "DATA":
			if to == "" {
				if !v.say("554 5.5.1 no valid recipients") {
					return
				}
				continue
			}
			if !v.data(from, to) {
				return
			}
		case "RSET", "NOOP":
			if !v.say("250 2.0.0 ok") {
				return
			}
		case "QUIT":
			v.say("221 2.0.0 bye")
			return
		default:
			if !v.say("500 5.5.1 what?") {
				return
			}
		}
	}
}

func (v *visit) data(from, to string) bool {
	v.s.mu.Lock()
	f := v.s.next("data")
	v.s.mu.Unlock()
	if f != fine {
		return v.misbehave(f)
	}
	if !v.say("354 go on") {
		return false
	}
	body, err := textproto.NewReader(v.r).ReadDotBytes()
	if err != nil {
		return false
	}
	if v.s.dotDelay > 0 {
		select {
		case <-time.After(v.s.dotDelay):
		case <-v.s.closed:
			return false
		}
	}
	// What counts as accepted is decided together with the answer.
	v.s.mu.Lock()
	f = v.s.next("dot")
	if f == fine && !v.s.discard {
		v.s.accepted = append(v.s.accepted, string(body))
		v.s.from = append(v.s.from, from)
		v.s.to = append(v.s.to, to)
	}
	v.s.mu.Unlock()
	if f != fine {
		return v.misbehave(f)
	}
	return v.say("250 2.0.0 queued")
}

func (s *sink) next(stage string) fault {
	if s.fault == nil {
		return fine
	}
	return s.fault(stage)
}

// answer says the right thing, or misbehaves. It reports whether the
// conversation goes on.
func (v *visit) answer(stage, good string) bool {
	v.s.mu.Lock()
	f := v.s.next(stage)
	v.s.mu.Unlock()
	v.refused = f != fine
	if f != fine {
		return v.misbehave(f) && stage != "connect" && stage != "banner" && stage != "starttls"
	}
	return good == "" || v.say(good)
}

func (v *visit) say(line string) bool {
	_, err := v.conn.Write([]byte(line + "\r\n"))
	return err == nil
}

func (v *visit) misbehave(f fault) bool {
	switch f {
	case refuse:
		if tcp, ok := v.raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = v.raw.Close()
	case hang:
		_, _ = v.r.ReadByte() // until the other side gives up
	case later:
		return v.say("451 4.7.1 please come back later")
	case never:
		return v.say("550 5.1.1 we do not want this")
	case garbage:
		return v.say("\x00\xff what is this")
	case drips:
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for text := "250-"; ; text = "x" {
			if _, err := v.conn.Write([]byte(text)); err != nil {
				return false
			}
			<-tick.C
		}
	}
	return false
}

// certificate makes a server certificate for 127.0.0.1 and who vouches for it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
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
