package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"

	"sselfie/core/billing"
)

// TestThroughRealMailServers buys, and lets Postfix carry the letters: into a
// mailbox of Dovecot, to an address that Postfix refuses at once, and to a far
// server that refuses some of them, whereupon Postfix returns a delivery report,
// which the program reads over IMAP. Wants root and Debian's postfix,
// dovecot-imapd and dovecot-lmtpd (make mail-servers).
func TestThroughRealMailServers(t *testing.T) {
	if os.Getenv("MAIL_SERVERS") == "" {
		t.Skip("MAIL_SERVERS=1 starts Postfix and Dovecot: make mail-servers")
	}
	m := startMailServers(t)
	for name, value := range map[string]string{
		"SSL_CERT_FILE": m.Dir + "/cert.pem", "SSELFIE_CRON_SECRET": "cron", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_MAIL_DRIVER": "smtp",
		"SSELFIE_MAIL_FROM": "Ada <hello@inbox.test>", "SSELFIE_MAIL_RETURN_PATH": "bounces@inbox.test",
		"SSELFIE_SMTP_HOST": "localhost", "SSELFIE_SMTP_PORT": strconv.Itoa(m.Submission), "SSELFIE_SMTP_TLS": "mandatory",
		"SSELFIE_SMTP_USERNAME": "shop", "SSELFIE_SMTP_PASSWORD": "a secret",
		"SSELFIE_RETURNS_IMAP_HOST": "localhost", "SSELFIE_RETURNS_IMAP_PORT": strconv.Itoa(m.IMAP), "SSELFIE_RETURNS_IMAP_TLS": "starttls",
		"SSELFIE_RETURNS_IMAP_USERNAME": "bounces@inbox.test", "SSELFIE_RETURNS_IMAP_PASSWORD": "a secret",
	} {
		t.Setenv(name, value)
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := launch(t, dir)
	defer p.kill()
	buyers := []string{"kept@inbox.test", "nobody@inbox.test", "gone@far.test", "full@far.test", "blocked@far.test"}
	for i, email := range buyers {
		body, signature := paid(fmt.Sprintf("cs_%d", i), email, "bio_glowup", 4700)
		if out := deliver(http.DefaultClient, p.url, body, signature); out != billing.Applied {
			t.Fatalf("%s: %q", email, out)
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "sselfie.db")+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	state := func() map[string]string {
		rows, err := db.QueryContext(t.Context(), `SELECT to_address, state || ' ' || coalesce((SELECT reason FROM email_suppressions WHERE address_key = to_key), '-')
			|| ' ' || coalesce((SELECT kind FROM mail_reports WHERE email_log_id = email_logs.id), '-') FROM email_logs`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		got := map[string]string{}
		for rows.Next() {
			var to, is string
			if err := rows.Scan(&to, &is); err != nil {
				t.Fatal(err)
			}
			got[to] = is
		}
		return got
	}
	want := map[string]string{
		"kept@inbox.test": "sent - -", "nobody@inbox.test": "bounced hard_bounce -",
		"gone@far.test": "bounced hard_bounce bounce", "full@far.test": "sent - soft_bounce", "blocked@far.test": "sent - -",
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); (!cmp.Equal(want, state()) || m.letters("kept") != 1 || m.letters("bounces") != 3) && time.Now().Before(deadline); <-tick.C {
		p.run(t.Context(), "mail-returns")
	}
	if diff := cmp.Diff(want, state()); diff != "" {
		t.Errorf("each letter, the list and the reports:\n%s", diff)
	}
	if kept, back := m.letters("kept"), m.letters("bounces"); kept != 1 || back != 3 {
		t.Errorf("%d letters arrived, %d reports came back", kept, back)
	}
}

// mailServers are Postfix and Dovecot in a folder of their own.
type mailServers struct {
	Dir                             string
	Submission, Far, IMAP, UID, GID int
}

// letters counts what lies in a mailbox.
func (m *mailServers) letters(who string) (n int) {
	for _, sub := range []string{"new", "cur"} {
		list, _ := os.ReadDir(filepath.Join(m.Dir, "mail", who, "Maildir", sub)) // not there: nothing came
		n += len(list)
	}
	return n
}

func startMailServers(t *testing.T) *mailServers {
	t.Helper()
	for _, tool := range []string{"postfix", "dovecot"} {
		if _, err := exec.LookPath(tool); err != nil || os.Getuid() != 0 {
			t.Fatalf("wants root and Debian's postfix, dovecot-imapd and dovecot-lmtpd: %s: %v", tool, err)
		}
	}
	dir, err := os.MkdirTemp("", "mailservers")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	account := func(name string) (uid, gid int) {
		u, err := user.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
		return uid, gid
	}
	m := &mailServers{Dir: dir, Submission: freePort(t), Far: freePort(t), IMAP: freePort(t)}
	m.UID, m.GID = account("mail")
	postfix, _ := account("postfix")
	made := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	made(os.Chmod(dir, 0o755)) // several users work in it
	for _, sub := range []string{"mail", "spool", "state", "postfix"} {
		made(os.Mkdir(filepath.Join(dir, sub), 0o755))
	}
	made(os.Chown(filepath.Join(dir, "mail"), m.UID, m.GID))
	made(os.Chown(filepath.Join(dir, "state"), postfix, -1))
	m.certificate(t)
	const templates = "testdata/mailservers"
	made(fs.WalkDir(os.DirFS(templates), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(templates, path))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := template.Must(template.New(path).Parse(string(text))).Execute(&out, m); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, path), out.Bytes(), 0o644)
	}))
	server := func(name string, start, stop []string) {
		t.Helper()
		// Not by a pipe: what runs on would hold it open.
		if err := exec.Command(start[0], start[1:]...).Run(); err != nil {
			log, _ := os.ReadFile(filepath.Join(dir, name+".log"))
			t.Fatalf("%v: %v\n%s", start, err, log)
		}
		t.Cleanup(func() {
			_ = exec.Command(stop[0], stop[1:]...).Run()
			if log, err := os.ReadFile(filepath.Join(dir, name+".log")); t.Failed() && err == nil {
				t.Logf("%s says:\n%s", name, log)
			}
		})
	}
	server("dovecot", []string{"dovecot", "-c", dir + "/dovecot.conf"}, []string{"doveadm", "-c", dir + "/dovecot.conf", "stop"})
	server("postfix", []string{"postfix", "-c", dir + "/postfix", "start"}, []string{"postfix", "-c", dir + "/postfix", "stop"})
	return m
}

// certificate makes one for localhost, which vouches for itself.
func (m *mailServers) certificate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(m.Dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
