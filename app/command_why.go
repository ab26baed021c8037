package app

import (
	"fmt"
	"strings"
	"time"

	"sselfie/adapters/clock"
	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/core/mail"
	"sselfie/core/why"
)

type whyCommand struct {
	Email string `arg:"" help:"The customer's address."`
}

// Help implements kong.HelpProvider.
func (whyCommand) Help() string {
	return "Prints what the decisions saw and what they said: which tier and until when, every line of the balance, what opens after the login, who belongs to which segment, and of every letter why it was sent, will be, or was not. It only reads, also while the site runs.\n\nExample: sselfie why ada@example.com"
}

// Run explains a customer.
func (w whyCommand) Run(s *shell) error {
	c, opts, err := s.database()
	if err != nil {
		return err
	}
	opts.ReadOnly = true
	db, err := sqlite.Open(s.ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	h := &house{config: c, catalog: c.Catalog.Catalogue(), db: db, fold: locksmith.NewFold()}
	offset, err := h.storedOffset(s.ctx)
	if err != nil {
		return err
	}
	h.clock = clock.NewShifted(h.wall, offset)
	e, err := h.explainer(h.flagService(mail.Post{})).Why(s.ctx, w.Email)
	if err != nil {
		return err
	}
	lines, err := h.explainedVoice(s.ctx, e.User)
	if err != nil {
		return err
	}
	s.say("%s", strings.Join(append(explained(e), lines...), "\n"))
	return nil
}

// explained is an explanation for a terminal.
func explained(e why.Explanation) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	facts := func(list []why.Fact) {
		for _, f := range list {
			say("  %-34s %s", f.Name, f.Value)
		}
	}
	verdicts := func(list []why.Verdict) {
		for _, v := range list {
			answer := "no "
			if v.Yes {
				answer = "yes"
			}
			say("  %-34s %s  %s", v.Name, answer, v.Reason)
		}
	}
	say("%s %s (%s)", e.Email, e.Name, e.User)
	facts(e.Account)
	say("\nTier: %s%s\n  because %s", e.Tier.Type, until(e.Tier.Until), e.Tier.Reason)
	facts(e.Tier.Inputs)
	verdicts(e.Tier.Features)
	verdicts(e.Tier.Areas)
	say("\nBalance: %d (%d granted, %d used)", e.Balance.Balance, e.Balance.TotalPurchased, e.Balance.TotalUsed)
	for _, l := range e.Balance.Lines {
		say("  %s  %+5d  = %5d  %s", l.At.UTC().Format(time.DateOnly), l.Amount, l.BalanceAfter, l.Description)
	}
	if e.Balance.More {
		say("  and older ones")
	}
	say("\nFirst screen: %s, phase %s\n  because %s", e.Wizard.Type, e.Wizard.Phase, e.Wizard.Reason)
	facts(e.Wizard.Inputs)
	for _, f := range e.Wizard.Flags {
		say("  flag %-29s %v: %s (%s; bucket %d)", f.Key, f.Enabled, f.Reason, f.Because, f.Bucket)
	}
	for _, t := range e.Trouble {
		say("\nCould not be read: %s", t)
	}
	return out
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + t.UTC().Format(time.DateOnly)
}
