package web_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// FuzzRawRequest sends bytes as they are. Whatever they are, the answer is HTTP,
// is no failure of ours, and carries a request id.
func FuzzRawRequest(f *testing.F) {
	s := open(f, demo)
	host := "Host: " + s.addr + "\r\n"
	for _, seed := range []string{
		"GET / HTTP/1.1\r\n" + host + "\r\n",
		"GET /checkout/bio-glow-up?session=%ff&promo=\x00 HTTP/1.1\r\n" + host + "Cookie: sselfie=x\r\n\r\n",
		"POST /api/auth/login HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"POST /api/auth/sign-up HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nContent-Length: 44\r\n\r\n{\"email\":\"a@b.c\",\"password\":\"long enough\"}  ",
		"POST /unsubscribe?token=x HTTP/1.1\r\n" + host + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5\r\n\r\n--b--",
		"POST /api/webhooks/stripe HTTP/1.1\r\n" + host + "Stripe-Signature: t=1,v1=00\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"PUT /dev/clock/advance HTTP/1.0\r\n\r\n",
		"GET http://evil.example/../x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"HEAD /auth/confirm?token=%00 HTTP/1.1\r\n" + host + "Expect: 100-continue\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Skip("no connection left")
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(15 * time.Second))
		if _, err := c.Write(raw); err != nil {
			return // refused before it was heard
		}
		_ = c.(*net.TCPConn).CloseWrite()
		got, _ := io.ReadAll(c)
		if len(got) == 0 {
			return // nothing that asked for an answer
		}
		if !bytes.HasPrefix(got, []byte("HTTP/1.1 ")) || bytes.HasPrefix(got, []byte("HTTP/1.1 500")) {
			t.Fatalf("%q got %q", raw, got)
		}
		if !bytes.HasPrefix(got, []byte("HTTP/1.1 100")) && !bytes.Contains(got, []byte("X-Request-Id: req_")) {
			t.Fatalf("%q got no request id: %q", raw, got)
		}
	})
}
