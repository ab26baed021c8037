package app_test

import (
	"net"
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
