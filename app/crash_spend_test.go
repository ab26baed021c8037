package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/core"
)

// purse is one customer's credits, which an admin takes one by one under a key
// each while the program is killed.
type purse struct {
	user   core.UserID
	cookie *http.Cookie

	mu    sync.Mutex
	taken map[string]bool // key to: was answered
	again []string        // keys without an answer that nobody is trying
}

const inPurse = 100_000

// fillPurse makes the admin and the customer in a life of their own.
func fillPurse(t *testing.T, dir string) *purse {
	t.Helper()
	t.Setenv("SSELFIE_ADMIN_EMAIL", "admin@example.com")
	t.Setenv("SSELFIE_ADMIN_PASSWORD", "adminpassword")
	p := launch(t, dir)
	defer p.kill()
	t.Setenv("SSELFIE_ADMIN_EMAIL", "") // once is enough
	t.Setenv("SSELFIE_ADMIN_PASSWORD", "")
	sign := func(path, email, password string) (core.UserID, *http.Cookie) {
		resp, err := http.Post(p.url+path, "application/json", strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var in struct {
			User struct {
				ID core.UserID `json:"id"`
			} `json:"user"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&in); err != nil || len(resp.Cookies()) != 1 {
			t.Fatalf("%s: %s %v", path, resp.Status, err)
		}
		return in.User.ID, resp.Cookies()[0]
	}
	s := &purse{taken: map[string]bool{}}
	_, s.cookie = sign("/api/auth/login", "admin@example.com", "adminpassword")
	s.user, _ = sign("/api/auth/sign-up", "spender@example.com", "a good long password")
	if !s.move(http.DefaultClient, p.url, "fill", inPurse-2) { // beside the 2 of the sign-up
		t.Fatal("the purse stays empty")
	}
	return s
}

// move adds credits under a key, or takes them, and reports whether it was
// answered.
func (s *purse) move(client *http.Client, url, key string, amount int) bool {
	req, err := http.NewRequest(http.MethodPost, url+"/api/admin/users/"+string(s.user)+"/credits", strings.NewReader(fmt.Sprintf(`{"amount":%d,"reason":"a test"}`, amount)))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	req.AddCookie(s.cookie)
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// spend takes one credit after the other until there is no answer.
func (s *purse) spend(client *http.Client, url string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		s.mu.Lock()
		key := fmt.Sprintf("take-%06d", len(s.taken))
		if n := len(s.again); n > 0 {
			key, s.again = s.again[n-1], s.again[:n-1] // nobody knows how it went: again, with the same key
		}
		s.taken[key] = false
		s.mu.Unlock()
		ok := s.move(client, url, key, -1)
		s.mu.Lock()
		if s.taken[key] = ok; !ok {
			s.again = append(s.again, key)
		}
		s.mu.Unlock()
		if !ok {
			return
		}
	}
}

// balances wants every answered credit gone, and each gone once: of the keys
// without an answer, at most one more each.
func (s *purse) balances(t *testing.T, dir string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "sselfie.db"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	acct, err := db.CreditAccount(t.Context(), s.user)
	if err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, ok := range s.taken {
		if ok {
			answered++
		}
	}
	if gone := inPurse - acct.Balance; gone < answered || gone > len(s.taken) {
		t.Errorf("%d credits are gone, %d were answered, %d asked for", gone, answered, len(s.taken))
	}
	t.Logf("%d credits taken meanwhile", answered)
	if answered == 0 {
		t.Error("nobody spent anything")
	}
}
