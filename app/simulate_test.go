package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sselfie/app"
)

// buyBy buys as a guest, through the gateway's payment form.
func (s *site) buyBy(product, email string) {
	s.t.Helper()
	var opened struct {
		SessionID string `json:"sessionId"`
	}
	if code := s.post("/api/checkout/landing", fmt.Sprintf(`{"product":%q}`, product), &opened); code != http.StatusCreated {
		s.t.Fatalf("checkout: %d", code)
	}
	s.payFor(opened.SessionID, email)
	s.link(email, "purchase", "/")
}

// payFor sends the payment form with a card that works.
func (s *site) payFor(session, email string) {
	s.t.Helper()
	form := url.Values{"email": {email}, "name": {"Ines Sample"}, "number": {"4242424242424242"}, "exp": {"12/60"}, "cvc": {"123"}, "method": {"card"}}
	req, err := http.NewRequest(http.MethodPost, s.url+"/gateway/c/"+session+"/pay", strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if code := s.read(resp, nil); code != http.StatusOK {
		s.t.Fatalf("paying: %d", code)
	}
}

// bytesOf is what a folder's files hold, but for the lock and the socket.
func bytesOf(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ".lock") {
			return err
		}
		b, err := os.ReadFile(path)
		if len(b) == 0 { // a log that nothing was written to
			return err
		}
		sum := sha256.Sum256(b)
		fmt.Fprintln(&out, strings.TrimPrefix(path, dir), hex.EncodeToString(sum[:]))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestALifeIsRehearsedOnACopy(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	s.buyBy("bio_glowup", "ines@example.com")
	if code := s.stop(); code != 0 {
		t.Fatalf("it ended with %d", code)
	}
	before := bytesOf(t, s.dir)
	vars := map[string]string{"SSELFIE_DATA_DIR": s.dir, "SSELFIE_DEMO": "true"}
	simulate := func(args ...string) (code int, out, errs string) {
		var stdout, stderr buffer
		code = app.Run(t.Context(), append([]string{"simulate"}, args...), func(k string) string { return vars[k] }, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	page := filepath.Join(t.TempDir(), "ines.html")
	code, out, errs := simulate("--from-copy", "--days", "50", "--for", "Ines@example.com", "--click-on-day", "7", "--upgrade-on-day", "10", "--refund-on-day", "45", "--out", page)
	if code != 0 {
		t.Fatalf("it ended with %d: %s", code, errs)
	}
	at := 0
	for _, w := range []string{
		"She did as planned: upgrade: with MINI20", // on day 10
		"USD 77.00, discount 20.00", "+200 credits", "studio welcome mail sent",
		"USD 97.00", "+200 credits", "renewal mail sent", // a month later
		"She did as planned: refund: $97", "charge.refunded", "-200 credits", "refund mail sent",
	} {
		i := strings.Index(out[at:], w)
		if i < 0 {
			t.Fatalf("%q is not told, or not in its place:\n%s", w, out)
		}
		at += i
	}
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "renewal mail sent") || strings.Contains(string(html), "http://127") {
		t.Errorf("the page: %v %.2000s", err, html)
	}
	if after := bytesOf(t, s.dir); after != before {
		t.Errorf("the live files changed:\n%s\nbefore:\n%s", after, before)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"not on the live file": {[]string{"--for", "ines@example.com"}, "--from-copy"},
		"nobody":               {[]string{"--from-copy", "--for", "nobody@example.com"}, "no account with the address"},
		"after the end":        {[]string{"--from-copy", "--for", "ines@example.com", "--days", "3", "--click-on-day", "4"}, "ends on day 3"},
		"no time":              {[]string{"--from-copy", "--for", "ines@example.com", "--days", "0"}, "from 1 to 3660"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _, errs := simulate(c.args...); code != 1 || !strings.Contains(errs, c.says) {
				t.Errorf("%d: %s", code, errs)
			}
		})
	}
	if after := bytesOf(t, s.dir); after != before {
		t.Error("a refused simulation changed the live files")
	}
}

func TestReconcileFindsWhatTheWebhookMissed(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	s.buyBy("bio_glowup", "ines@example.com")
	vars := map[string]string{"SSELFIE_DATA_DIR": s.dir, "SSELFIE_DEMO": "true"}
	var out, errs buffer
	code := app.Run(t.Context(), []string{"reconcile", "--days", "3"}, func(k string) string { return vars[k] }, &out, &errs)
	if code != 0 || !strings.Contains(out.String(), " 0 differ") || strings.Contains(out.String(), "compared 0 ") {
		t.Fatalf("%d: %s %s", code, out.String(), errs.String())
	}
}
