package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/billing"
)

var kills = flag.Int("kills", 50, "how often the crash test kills the program; SOAK=kill means 5,000")

// built is the program, compiled once for the tests that need a process to
// kill.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sselfie-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sselfie")
	out, err := exec.Command("go", "build", "-o", path, "./sselfie").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// process is the program as a process of its own.
type process struct {
	cmd *exec.Cmd
	url string
}

func launch(t *testing.T, dir string) *process {
	t.Helper()
	p, err := launched(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// launched starts the program, inside another one that wrap names, and fails
// when it ends before it serves.
func launched(t *testing.T, dir string, wrap ...string) (*process, error) {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	line := append(wrap, path, "serve")
	p := &process{cmd: exec.Command(line[0], line[1:]...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Env = append(os.Environ(), "SSELFIE_DEMO=true", "SSELFIE_ADDR=127.0.0.1:0", "SSELFIE_DATA_DIR="+dir)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	p.cmd.Stderr = &complaints
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	lines := bufio.NewScanner(out)
	for p.url == "" && lines.Scan() {
		p.url = address.FindString(lines.Text())
	}
	if p.url == "" {
		return nil, fmt.Errorf("it never said where it is: %w\n%s", p.cmd.Wait(), complaints.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return p, nil
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// paid is a signed webhook about a guest's paid checkout.
func paid(session, email string, product core.ProductID, price int) (body []byte, signature string) {
	body, _ = json.Marshal(map[string]any{
		"id": "evt_" + session, "object": "event", "type": "checkout.session.completed", "created": time.Now().Unix(), "livemode": false,
		"data": map[string]any{"object": map[string]any{
			"id": session, "object": "checkout.session", "mode": "payment", "payment_status": "paid", "status": "complete", "currency": "usd",
			"amount_subtotal": price, "amount_total": price, "payment_intent": "pi_" + session,
			"customer_details": map[string]any{"email": email}, "metadata": map[string]any{"product_type": product},
		}},
	})
	return body, signed(body)
}

func signed(body []byte) string {
	now := time.Now().Unix()
	mac := hmac.New(sha256.New, []byte("whsec_demo"))
	fmt.Fprintf(mac, "%d.", now)
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", now, hex.EncodeToString(mac.Sum(nil)))
}

// deliver posts a webhook and returns its outcome, "" when there was no receipt.
func deliver(client *http.Client, url string, body []byte, signature string) billing.Outcome {
	req, err := http.NewRequest(http.MethodPost, url+"/api/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return ""
	}
	req.Header.Set("Stripe-Signature", signature)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Outcome billing.Outcome `json:"outcome"`
	}
	if json.NewDecoder(resp.Body).Decode(&answer) != nil || resp.StatusCode != http.StatusOK {
		return ""
	}
	return answer.Outcome
}

// delivered starts the program once more, and wants a letter to every buyer whose
// webhook had a receipt: one, or the same one again under its one Message-ID.
func delivered(t *testing.T, dir string, received map[string]bool) {
	t.Helper()
	p := launch(t, dir)
	defer p.kill()
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	letters := func(session string) (ids map[string]bool) {
		resp, err := client.Get(p.url + "/dev/mailbox.json?to=" + session + "@example.com")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var box struct {
			Items []struct {
				Kind    string            `json:"kind"`
				Headers map[string]string `json:"headers"`
			} `json:"items"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&box); err != nil {
			t.Fatal(err)
		}
		ids = map[string]bool{}
		for _, m := range box.Items {
			if m.Kind == "purchase" {
				ids[m.Headers["Message-ID"]] = true
			}
		}
		return ids
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for session, ok := range received {
		if !ok {
			continue
		}
		// A letter that could not be written at once waits a minute for its next try.
		got, deadline := letters(session), time.Now().Add(3*time.Minute)
		for ; len(got) == 0 && time.Now().Before(deadline); got = letters(session) {
			<-tick.C
		}
		if len(got) != 1 {
			t.Fatalf("%s had a receipt, and its buyer %d letters; in the outbox: %s", session, len(got), promised(t, dir, session+"@example.com"))
		}
	}
}

// promised is what the outbox says about the letters to an address.
func promised(t *testing.T, dir, to string) (rows string) {
	t.Helper()
	file, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "sselfie.db")+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	const query = `SELECT coalesce(group_concat(kind || ' ' || state || ' ' || attempts || ' ' || error), 'nothing') FROM email_logs WHERE to_key = ?`
	if err := file.QueryRowContext(t.Context(), query, to).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// lifetime is how many kills one database lives through; a longer test goes on
// with another, since each start looks through the whole of it.
const lifetime = 250

// TestKilledUnderLoad kills the program with -9 while webhooks come from eight
// connections and credits are taken over two more, starts it again, and lets the
// sender try again what got no receipt. Whatever had a receipt must be there, its
// letter sent, and everything exactly once.
func TestKilledUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a process many times")
	}
	if os.Getenv("SOAK") == "kill" {
		*kills = 5000
	}
	for done := 0; done < *kills && !t.Failed(); {
		n := min(lifetime, *kills-done)
		killedUnderLoad(t, n)
		done += n
		t.Logf("%d kills so far", done)
	}
}

// sender is who posts webhooks, and posts again what got no receipt.
type sender struct {
	mu       sync.Mutex
	received map[string]bool // session to: had a receipt
	again    []string        // sessions without a receipt that nobody is posting
}

// send posts one webhook after the other until there is no answer.
func (s *sender) send(client *http.Client, url string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		s.mu.Lock()
		session := fmt.Sprintf("cs_%06d", len(s.received)+1)
		if n := len(s.again); n > 0 {
			session, s.again = s.again[n-1], s.again[:n-1]
		}
		s.received[session] = false
		s.mu.Unlock()
		body, sig := paid(session, session+"@example.com", "bio_glowup", 4700)
		ok := deliver(client, url, body, sig) != ""
		s.mu.Lock()
		if s.received[session] = ok; !ok {
			s.again = append(s.again, session)
		}
		s.mu.Unlock()
		if !ok {
			return // it is down
		}
	}
}

// killedUnderLoad is the life of one database.
func killedUnderLoad(t *testing.T, kills int) {
	dir := filepath.Join(t.TempDir(), "data")
	spender := fillPurse(t, dir)
	const senders = 8
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	buyers := &sender{received: map[string]bool{}}
	for range kills {
		p := launch(t, dir)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range senders {
			wg.Go(func() { buyers.send(client, p.url, stop) })
		}
		for range 2 {
			wg.Go(func() { spender.spend(client, p.url, stop) })
		}
		timer := time.NewTimer(time.Duration(40+rand.IntN(110)) * time.Millisecond)
		<-timer.C
		p.kill()
		close(stop)
		wg.Wait()
		client.CloseIdleConnections()
	}
	received := buyers.received
	delivered(t, dir, received)
	spender.balances(t, dir)
	env := map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": dir}
	if code, errs := run(t, env, "verify"); code != 0 {
		t.Errorf("verify after %d kills: %d\n%s", kills, code, errs)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "sselfie.db"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	receipts := 0
	for session, ok := range received {
		pay, err := db.FindPayment(context.Background(), billing.PaymentIDs{Session: session})
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		receipts++
		if pay == nil {
			t.Errorf("%s had a receipt and is gone", session)
			continue
		}
		if acct, err := db.CreditAccount(context.Background(), pay.User); err != nil || acct.Balance != 25 {
			t.Errorf("%s: balance %d, want 25 (%v)", session, acct.Balance, err)
		}
	}
	if receipts < kills {
		t.Errorf("only %d receipts in %d lives: this proves little", receipts, kills)
	}
	t.Logf("%d kills, %d receipts, none lost, none double", kills, receipts)
}
