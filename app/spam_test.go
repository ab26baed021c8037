package app

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sselfie/adapters/smtp"
	"sselfie/core/mail"
)

// mostSpam is the score that no letter may exceed; 5 is called spam.
const mostSpam = 1.0

var (
	spamStatus = regexp.MustCompile(`(?m)^X-Spam-Status: \w+, score=(-?[0-9.]+)`)
	spamRule   = regexp.MustCompile(`(?m)^ *-?[0-9]+\.[0-9]+ [A-Z0-9_]{4,} .*$`)
)

// TestSpamScore has Debian's spamassassin judge every letter as it travels, by
// the rules that need no network. It takes a minute, so only `make spam-score`
// asks for it.
func TestSpamScore(t *testing.T) {
	if os.Getenv("SPAM_SCORE") == "" {
		t.Skip("make spam-score runs it")
	}
	if _, err := exec.LookPath("spamassassin"); err != nil {
		t.Skip("spamassassin is not installed: apt-get install spamassassin")
	}
	c := Default()
	c.Payments, c.Mail.Driver, c.Mail.PostalAddress, c.DataDir = "disabled", "mailbox", "1 Main Street, Anytown", filepath.Join(t.TempDir(), "data")
	c.derive()
	c.Mail.From, c.Mail.MarketingFrom = "Ada's Studio <hello@studio.example.com>", "Ada <ada@studio.example.com>"
	h, err := build(t.Context(), c, "https://studio.example.com", newLog(io.Discard, c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.close() }()
	all, err := h.everyLetter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sender, err := smtp.New(smtp.Config{Host: "relay.example.com", Hello: "studio.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	door := make(chan struct{}, 2)
	var wg sync.WaitGroup
	for _, l := range all {
		if only := os.Getenv("SPAM_SCORE"); only != "1" && only != string(l.Kind) {
			continue // SPAM_SCORE=welcome asks for one kind
		}
		wg.Go(func() {
			door <- struct{}{}
			defer func() { <-door }()
			judge(t, sender, l)
		})
	}
	wg.Wait()
}

func judge(t *testing.T, sender *smtp.Sender, l mail.Letter) {
	raw, err := sender.Raw(l)
	if err != nil {
		t.Error(err)
		return
	}
	// As a receiver's server hands it on.
	at := l.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700")
	raw = append([]byte("Return-Path: <hello@studio.example.com>\r\n"+
		"Received: from relay.example.com (relay.example.com [93.184.216.34])\r\n\tby mx.example.net with ESMTPS id 1234;\r\n\t"+at+"\r\n"+
		"Received: from studio.example.com (studio.example.com [93.184.216.35])\r\n\tby relay.example.com with ESMTPSA id 5678;\r\n\t"+at+"\r\n"), raw...)
	cmd := exec.CommandContext(t.Context(), "spamassassin", "--local", "--test-mode")
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.Output()
	found := spamStatus.FindSubmatch(out)
	if err != nil || found == nil {
		t.Errorf("%s %s: spamassassin said %v\n%s", l.Kind, l.ID, err, out)
		return
	}
	score, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Error(err)
		return
	}
	text := strings.Join(spamRule.FindAllString(string(out), -1), "\n")
	t.Logf("%5.1f  %-20s %-34s %s", score, l.Kind, l.ID, l.Subject)
	if score > mostSpam {
		t.Errorf("%s %s scores %.1f:\n%s", l.Kind, l.ID, score, text)
	}
}
