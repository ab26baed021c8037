package acme

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const domain = "studio.example.com"

func TestPlainVisitorsAreSentToTheSafeAddress(t *testing.T) {
	k := New(Options{Domain: domain, Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	ln := listen(t)
	done := make(chan error, 1)
	go func() { done <- k.ServePlain(ln) }()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, c := range map[string]struct {
		method, path, host string
		code               int
		location           string
	}{
		"a page":                 {"GET", "/brand-blueprint?a=b&c=%20", domain, 301, "https://" + domain + "/brand-blueprint?a=b&c=%20"},
		"a form keeps its verb":  {"POST", "/api/auth/login", domain, 308, "https://" + domain + "/api/auth/login"},
		"another host is no way": {"GET", "/x", "evil.example", 301, "https://" + domain + "/x"},
		"two slashes":            {"GET", "//evil.example/x", domain, 301, "https://" + domain + "//evil.example/x"},
		"an unknown challenge":   {"GET", "/.well-known/acme-challenge/nothing", domain, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+ln.Addr().String()+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != c.code || resp.Header.Get("Location") != c.location {
				t.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
			}
		})
	}
	if err := k.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestH2IsNotPromised(t *testing.T) {
	c := New(Options{Domain: domain, Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)}).TLS()
	if slices.Contains(c.NextProtos, "h2") || !slices.Contains(c.NextProtos, "http/1.1") || c.MinVersion < tls.VersionTLS12 {
		t.Errorf("offers %q from version %x", c.NextProtos, c.MinVersion)
	}
}

// TestACertificateFromAnAuthority gets one from pebble, the small ACME server of
// Let's Encrypt's own people, in both ways that a certificate can be earned.
func TestACertificateFromAnAuthority(t *testing.T) {
	binary := buildPebble(t)
	for name, overTLS := range map[string]bool{"by a file on port 80": false, "by the TLS port": true} {
		t.Run(name, func(t *testing.T) {
			plain, safe := listen(t), listen(t)
			tlsPort := port(safe)
			if !overTLS {
				tlsPort = port(closed(t))
			}
			p := startPebble(t, binary, port(plain), tlsPort)
			folder := filepath.Join(t.TempDir(), "certificates")
			k := New(Options{Domain: domain, Email: "ada@example.com", Folder: folder, Directory: p.directory, Client: p.client, Log: slog.New(slog.DiscardHandler)})
			go func() { _ = k.ServePlain(plain) }()
			serveHello(t, tls.NewListener(safe, k.TLS()))
			if err := k.Fetch(t.Context()); err != nil {
				t.Fatalf("no certificate: %v\n%s", err, p.log())
			}
			visit(t, p, safe.Addr().String())
			for _, e := range files(t, folder) {
				if info, err := os.Stat(e); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s is %v, %v", e, info.Mode(), err)
				}
			}
			if err := k.Close(t.Context()); err != nil {
				t.Error(err)
			}
			orders := strings.Count(p.log(), "new-order") + strings.Count(p.log(), "order-plz")

			// The next start finds it in the folder and asks nobody.
			again := New(Options{Domain: domain, Folder: folder, Directory: p.directory, Client: p.client, Log: slog.New(slog.DiscardHandler)})
			safe2 := listen(t)
			serveHello(t, tls.NewListener(safe2, again.TLS()))
			visit(t, p, safe2.Addr().String())
			if now := strings.Count(p.log(), "new-order") + strings.Count(p.log(), "order-plz"); orders == 0 || now != orders {
				t.Errorf("the authority was asked %d times before the second start, %d after", orders, now)
			}
		})
	}
}

// TestAnAuthorityThatFindsNobodySaysSo: the domain leads to another machine, or
// something lies before the ports.
func TestAnAuthorityThatFindsNobodySaysSo(t *testing.T) {
	p := startPebble(t, buildPebble(t), port(closed(t)), port(closed(t)))
	k := New(Options{Domain: domain, Folder: t.TempDir(), Directory: p.directory, Client: p.client, Log: slog.New(slog.DiscardHandler)})
	plain := listen(t)
	go func() { _ = k.ServePlain(plain) }()
	serveHello(t, tls.NewListener(listen(t), k.TLS()))
	err := k.Fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), domain) || strings.Contains(err.Error(), "viable") {
		t.Errorf("%v", err)
	}
}

// visit opens the site as a browser would, trusting the test's authority.
func visit(t *testing.T, p *pebble, addr string) {
	t.Helper()
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Get("https://" + domain + "/")
	if err != nil {
		t.Fatalf("a visitor: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || string(body) != "hello" || resp.ProtoMajor != 1 {
		t.Errorf("a visitor got %q by %s, %v", body, resp.Proto, err)
	}
}

func serveHello(t *testing.T, ln net.Listener) {
	srv := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 alone, like the real one
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
}

// pebble is a running authority.
type pebble struct {
	directory string
	client    *http.Client
	roots     *x509.CertPool
	mu        sync.Mutex
	out       bytes.Buffer
}

func (p *pebble) log() string { p.mu.Lock(); defer p.mu.Unlock(); return p.out.String() }

// buildPebble builds the server that tools/go.mod pins, outside of this module's
// own dependencies. The go command keeps the result in its cache.
func buildPebble(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds an ACME server")
	}
	binary := filepath.Join(t.TempDir(), "pebble")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "github.com/letsencrypt/pebble/v2/cmd/pebble")
	cmd.Dir = "../../tools"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building pebble: %v\n%s", err, out)
	}
	return binary
}

func startPebble(t *testing.T, binary string, httpPort, tlsPort int) *pebble {
	t.Helper()
	dir := t.TempDir()
	cert, key, pool := selfSigned(t, dir)
	api, admin := closed(t), closed(t)
	config := map[string]any{"pebble": map[string]any{
		"listenAddress": api.String(), "managementListenAddress": admin.String(),
		"certificate": cert, "privateKey": key, "httpPort": httpPort, "tlsPort": tlsPort,
		"retryAfter": map[string]int{"authz": 1, "order": 1},
	}}
	b, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &pebble{directory: "https://" + api.String() + "/dir"}
	p.client = &http.Client{Timeout: 20 * time.Second, Transport: location{&http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}}
	cmd := exec.CommandContext(t.Context(), binary, "-config", file, "-dnsserver", everythingIsHere(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan bool)
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mu.Lock()
			p.out.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
	})
	p.roots = x509.NewCertPool()
	root := eventually(t, p, func() ([]byte, error) { return get(p.client, "https://"+admin.String()+"/roots/0") })
	if !p.roots.AppendCertsFromPEM(root) {
		t.Fatal("pebble's root is no certificate")
	}
	eventually(t, p, func() ([]byte, error) { return get(p.client, p.directory) })
	return p
}

func get(c *http.Client, url string) ([]byte, error) {
	resp, err := c.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func eventually(t *testing.T, p *pebble, try func() ([]byte, error)) []byte {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		b, err := try()
		if err == nil {
			return b
		}
		if time.Now().After(deadline) {
			t.Fatalf("pebble does not answer: %v\n%s", err, p.log())
		}
	}
}

// location adds the header that pebble leaves out when an order is finalized,
// and that the client library waits for.
type location struct{ next http.RoundTripper }

func (l location) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err == nil && resp.Header.Get("Location") == "" {
		if base, id, ok := strings.Cut(r.URL.String(), "/finalize-order/"); ok {
			resp.Header.Set("Location", base+"/my-order/"+id)
		}
	}
	return resp, err
}

// everythingIsHere is a name server that sends every name to this machine. It
// speaks TCP, which is how pebble asks.
func everythingIsHere(t *testing.T) string {
	t.Helper()
	ln := listen(t)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go answerNames(conn)
		}
	}()
	return ln.Addr().String()
}

func answerNames(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question) != nil || len(m.Questions) != 1 {
			return
		}
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		answer, err := m.AppendPack([]byte{0, 0})
		if err != nil {
			return
		}
		binary.BigEndian.PutUint16(answer, uint16(len(answer)-2))
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// closed returns an address at which nobody listens.
func closed(t *testing.T) net.Addr {
	t.Helper()
	ln := listen(t)
	_ = ln.Close()
	return ln.Addr()
}

func port(a any) int {
	if ln, ok := a.(net.Listener); ok {
		a = ln.Addr()
	}
	return a.(*net.TCPAddr).Port
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("nothing is kept in %s: %v", folder, err)
	}
	return names
}
