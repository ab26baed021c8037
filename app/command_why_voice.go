package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/admin"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
)

// explainedVoice says for a terminal which segments a customer belongs to and why,
// which letter comes next, and what became of those before.
func (h *house) explainedVoice(ctx context.Context, user core.UserID) ([]string, error) {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	places, err := (&segments.Service{Read: h.db, Clock: h.clock, Grace: h.config.GracePeriod}).Places(ctx, user)
	if err != nil {
		return nil, err
	}
	say("\nSegments")
	for _, p := range places {
		say("  %s\n    %s", p.Segment.Name, strings.ReplaceAll(strings.TrimSpace(p.Why.String()), "\n", "\n    "))
	}
	coming, err := h.lettersToCome(ctx, user)
	if err != nil {
		return nil, err
	}
	say("\nLetters to come")
	out = append(out, coming...)
	past, err := (&admin.Service{Read: h.db, Catalog: h.catalog}).Timeline(ctx, user)
	if err != nil {
		return nil, err
	}
	say("\nLetters so far")
	for _, m := range past {
		if m.Kind != admin.KindMail && m.Kind != admin.KindSequence {
			continue
		}
		line := m.At.UTC().Format("2006-01-02 15:04") + "  " + m.Title
		for _, part := range []string{m.Detail, m.Why} {
			if part != "" {
				line += ": " + part
			}
		}
		say("  %s", line)
	}
	return out, nil
}

// lettersToCome says what the next run of each series does about a customer.
func (h *house) lettersToCome(ctx context.Context, user core.UserID) ([]string, error) {
	library, err := h.config.library()
	if err != nil {
		return nil, err
	}
	s := &sequences.Service{
		Read: h.db, Gate: &mail.Breaker{Read: h.db, PostalAddress: h.config.Mail.PostalAddress}, Clock: h.clock,
		Library: library, Catalog: h.catalog, OptIn: h.config.Mail.Buyers == "opt_in", DoubleOptIn: h.config.Mail.DoubleOptIn,
	}
	if _, err := s.Open(ctx); err != nil { // what does not read is told at the start of the site
		return nil, err
	}
	found, err := s.Why(ctx, user, h.clock.Now())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return []string{"  none, because no series runs for her"}, nil
	}
	var out []string
	for _, v := range found {
		for _, d := range append(v.Skipped, v.Decision) {
			line := fmt.Sprintf("  %s %s: %s, because %s", v.Candidate.Enrolment.Series, d.Step, strings.ReplaceAll(string(d.Outcome), "_", " "), d.Reason)
			if !d.Next.IsZero() {
				line += "; looked at next on " + d.Next.UTC().Format(time.DateOnly)
			}
			out = append(out, line)
		}
	}
	return out, nil
}
