package smtp_test

import (
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"sselfie/adapters/smtp"
	"sselfie/core/mail"
)

// TestDKIM sends signed letters and has another library judge what arrived.
func TestDKIM(t *testing.T) {
	key, err := smtp.NewDKIMKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		domain string
		change func(*mail.Letter)
		at     string
	}{
		"in the name of the sender's domain": {"", func(*mail.Letter) {}, "brand._domainkey.example.org"},
		"in the name of another":             {"Mail.Example.org", func(*mail.Letter) {}, "brand._domainkey.mail.example.org"},
		"with dots, long lines and umlauts": {"", func(l *mail.Letter) {
			l.Text = ".\n..\nGrüße " + strings.Repeat("ü", 2000) + "\n.\n"
			l.Subject = "Schöne Grüße aus München, und noch viel mehr Wörter als in eine Zeile passen"
		}, "brand._domainkey.example.org"},
		"marketing": {"", func(l *mail.Letter) {
			l.Headers = map[string]string{
				"List-Unsubscribe": "<https://sselfie.test/unsubscribe?token=eml_0123456789.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
				"List-Id": "<letters.example.org>", "Feedback-ID": "day-14:mini:sequence:example",
			}
		}, "brand._domainkey.example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			signer, err := smtp.NewDKIM(c.domain, "brand", key)
			if err != nil {
				t.Fatal(err)
			}
			s := newSink(t)
			sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), TLS: smtp.Mandatory, Roots: s.roots, DKIM: signer})
			if err != nil {
				t.Fatal(err)
			}
			conn, err := sender.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			l := letter("eml_1", "ada@example.com")
			c.change(&l)
			if err := conn.Send(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			record, err := signer.Record()
			if err != nil {
				t.Fatal(err)
			}
			raw := strings.ReplaceAll(s.letters()[0], "\n", "\r\n")
			lookup := func(at string) ([]string, error) {
				if at != c.at {
					t.Errorf("asked DNS for %s, want %s", at, c.at)
				}
				return []string{record}, nil
			}
			verify := func(raw string) *dkim.Verification {
				found, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: lookup})
				if err != nil || len(found) != 1 {
					t.Fatalf("%d signatures, %v\n%s", len(found), err, raw)
				}
				return found[0]
			}
			v := verify(raw)
			if v.Err != nil {
				t.Fatalf("%v\n%s", v.Err, raw)
			}
			under := strings.ToLower(strings.Join(v.HeaderKeys, " ") + " ")
			for header := range l.AllHeaders() {
				if !strings.Contains(under, strings.ToLower(header)+" ") {
					t.Errorf("%s is not under the signature: %s", header, under)
				}
			}
			if v := verify(strings.Replace(raw, "It is ready", "It is wrong", 1)); strings.Contains(raw, "It is ready") && v.Err == nil {
				t.Error("a letter that was changed passes")
			}
		})
	}
}

func TestDKIMKeysThatAreNone(t *testing.T) {
	good, err := smtp.NewDKIMKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ selector, key string }{
		"no selector": {"", good}, "nothing": {"s", ""}, "no PEM": {"s", "hello"}, "half a key": {"s", good[:200] + "\n-----END PRIVATE KEY-----\n"},
	} {
		if _, err := smtp.NewDKIM("", c.selector, c.key); err == nil || strings.Contains(err.Error(), good[40:80]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheReturnPathIsTheEnvelopesAlone(t *testing.T) {
	s := newSink(t)
	sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), TLS: smtp.Mandatory, Roots: s.roots, ReturnPath: "bounces@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sender.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Send(t.Context(), letter("eml_1", "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(s.from[0], "FROM:<bounces@example.org>") || !strings.Contains(s.accepted[0], "From: \"Sselfie\" <hello@example.org>") {
		t.Errorf("the envelope says %q, the letter\n%s", s.from[0], s.accepted[0])
	}
}

// TestALetterCanBeTakenApart reads what arrived with the standard library, which
// takes a boundary only as the standard writes it.
func TestALetterCanBeTakenApart(t *testing.T) {
	s := newSink(t)
	sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), TLS: smtp.Mandatory, Roots: s.roots})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sender.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Send(t.Context(), letter("eml_1", "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(strings.NewReader(s.letters()[0]))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%q, %v", m.Header.Get("Content-Type"), err)
	}
	parts, n := multipart.NewReader(m.Body, params["boundary"]), 0
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(p); err != nil || !strings.Contains(string(text), "It is ready") {
			t.Errorf("a part holds %q, %v", text, err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d parts", n)
	}
}
