package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core/billing"
)

// TestAWriteOfAWebhookFails lets one system call that writes fail while webhooks
// come in, wherever it falls: at the start, in the log, at its sync. What had a
// receipt is there, once; what had none is applied when it is sent again. Every
// run tries some; SOAK=faults each of the first hundred calls.
func TestAWriteOfAWebhookFails(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program many times")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: it makes system calls fail")
	}
	step := 50
	if os.Getenv("SOAK") == "faults" {
		step = 1
	}
	failed := 0
	for name, c := range map[string]struct{ calls, fault string }{
		"a sync fails":             {"fdatasync,fsync", "error=EIO"},
		"a write fails":            {"pwrite64", "error=EIO"},
		"the disk is full for one": {"pwrite64", "error=ENOSPC"},
	} {
		for when := 1 + step/2; when <= 100; when += step {
			t.Run(fmt.Sprintf("%s, call %d", name, when), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "data")
				calm := launch(t, dir) // so that the faults meet webhooks, not the first start alone
				calm.kill()
				failed += stumble(t, dir, strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace="+c.calls,
					"-e", fmt.Sprintf("inject=%s:%s:when=%d", c.calls, c.fault, when))
			})
		}
	}
	if failed == 0 {
		t.Error("no webhook ever failed, so nothing was tried")
	}
}

// stumble sends webhooks to a program under strace, then again to one without,
// and returns how many had no receipt the first time.
func stumble(t *testing.T, dir string, wrap ...string) (failed int) {
	t.Helper()
	const sales = 12
	client := &http.Client{Timeout: 10 * time.Second}
	receipts := map[string]bool{}
	send := func(p *process, n int) {
		session := fmt.Sprintf("cs_%02d", n)
		body, sig := paid(session, session+"@example.com", "bio_glowup", 4700)
		switch out := deliver(client, p.url, body, sig); {
		case out == "":
			failed++
		case out == billing.Applied && receipts[session]:
			t.Errorf("%s had a receipt and was lost", session)
		default:
			receipts[session] = true
		}
	}
	if p, err := launched(t, dir, wrap...); err == nil { // it may say at the start that the disk is ill
		for n := range sales {
			send(p, n)
		}
		p.kill()
	}
	client.CloseIdleConnections()
	early := len(receipts)
	p := launch(t, dir)
	for n := range sales {
		send(p, n)
	}
	p.kill()
	if len(receipts) != sales {
		t.Errorf("only %d of %d webhooks were applied at last, %d of them at first", len(receipts), sales, early)
	}
	if code, errs := run(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": dir}, "verify"); code != 0 {
		t.Errorf("verify: %d\n%s", code, errs)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "sselfie.db"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for session := range receipts {
		pay, err := db.FindPayment(context.Background(), billing.PaymentIDs{Session: session})
		if err != nil || pay == nil {
			t.Errorf("%s had a receipt: %v, %v", session, pay, err)
			continue
		}
		if acct, err := db.CreditAccount(context.Background(), pay.User); err != nil || acct.Balance != 25 {
			t.Errorf("%s: balance %d, want 25 (%v)", session, acct.Balance, err)
		}
	}
	return failed
}
