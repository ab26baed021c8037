package app_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sselfie/core/mail"
)

// After a customer has deleted her account, her address stands in no file of the
// data folder, the captured mail included.
func TestADeletedAddressIsInNoFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": dir, "SSELFIE_LOG_LEVEL": "error"})
	s.leave()
	mia := s.browser()
	if resp, text := s.send(mia, "POST", "/api/auth/sign-up", `{"email":"Mia@X.test","password":"correct horse battery"}`); resp.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	s.until("the welcome mail is there", func() bool { return len(s.mails(leadMail, mail.Welcome)) == 1 })
	if len(naming(t, dir, leadMail)) < 2 {
		t.Fatal("the search finds nothing even before")
	}
	if resp, text := s.send(mia, "POST", "/api/account/delete", `{"password":"correct horse battery"}`); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if left := naming(t, dir, leadMail); len(left) > 0 {
		t.Errorf("%s stands in %v", leadMail, left)
	}
}

// naming lists the files below a folder that hold an address.
func naming(t *testing.T, dir, address string) (out []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(bytes.ToLower(text), []byte(address)) {
			out = append(out, strings.TrimPrefix(path, dir))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}
