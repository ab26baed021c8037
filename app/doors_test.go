package app_test

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Somebody has the port at which the certificate authority asks: a web server
// that was there first, for the most part.
func TestPort80IsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	code, errs := run(t, map[string]string{
		"SSELFIE_DATA_DIR": t.TempDir(), "SSELFIE_PAYMENTS": "disabled", "SSELFIE_MAIL_DRIVER": "mailbox", "SSELFIE_MAIL_FROM": "hello@studio.example.com",
		"SSELFIE_TLS_DOMAIN": "studio.example.com", "SSELFIE_ADDR": "127.0.0.1:0", "SSELFIE_TLS_HTTP_ADDR": taken.Addr().String(),
	}, "serve")
	if code != 1 || !strings.Contains(errs, "tls.http_addr") || !strings.Contains(errs, taken.Addr().String()) || strings.Contains(errs, "panic") {
		t.Errorf("exit code %d:\n%s", code, errs)
	}
}

// In a container no name need lead back to the container itself: neither
// localhost, where the image has no file of hosts, nor the domain, which leads to
// a router that sends nothing back in.
func TestHealthAsksThisMachineAndNoName(t *testing.T) {
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || r.TLS.ServerName != "example.com" {
			http.Error(w, "what?", http.StatusNotFound)
		}
	}))
	defer site.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	health := func(vars ...string) (string, error) {
		cmd := exec.Command(path, "health")
		cmd.Env = append(vars, "SSELFIE_DATA_DIR="+t.TempDir(), "SSL_CERT_FILE="+roots)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := health("SSELFIE_ADDR=:"+port, "SSELFIE_TLS_DOMAIN=example.com"); err != nil { // the name that the test's certificate has
		t.Errorf("with a domain: %v\n%s", err, out)
	}
	if out, err := health("SSELFIE_ADDR=0.0.0.0:1"); err == nil || !strings.Contains(out, "http://127.0.0.1:1") {
		t.Errorf("where nobody listens: %v\n%s", err, out)
	}
}
