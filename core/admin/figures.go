package admin

import (
	"context"
	"time"

	"sselfie/core"
)

// Counts is what a period adds up to, and what stands at its end.
type Counts struct {
	Revenue   int64 // paid, less what came back of it
	Payments  int   // with an amount
	Refunded  int   // of those, whole or in part
	Events    int   // webhooks received
	Failed    int   // of those, not applied yet
	Sent      int   // mails that a server took
	Lost      int   // mails that were given up or came back
	Used      int   // credits spent, less what was given back
	Members   int   // with a Studio that counts now
	Paying    int   // of those, past the trial
	FromMini  int   // memberships that began in the period, of buyers of a mini product
	Upgrades  int   // of those, with a first purchase to count from
	UpgradeMs int64 // from first purchase to membership, summed
}

// Stats are the figures of the overview. A rate is nil where there is nothing to
// divide by.
type Stats struct {
	Currency           string   `json:"currency"`
	Revenue            int64    `json:"revenue"`
	RevenueWoW         *float64 `json:"revenueWoW"`
	RevenueMoM         *float64 `json:"revenueMoM"`
	MRR                int64    `json:"mrr"`
	NewMRRFromMini     int64    `json:"newMrrFromMini"`
	ActiveMembers      int      `json:"activeMembers"`
	RefundRate         *float64 `json:"refundRate"`
	WebhookSuccessRate *float64 `json:"webhookSuccessRate"`
	DeliveryRate       *float64 `json:"deliveryRate"`
	CreditsUsed        int      `json:"creditsUsed"`
	DaysToUpgrade      *float64 `json:"daysToUpgrade"`
}

// Definitions says what each figure means, by its name in the answer.
var Definitions = map[string]string{
	"revenue":            "What was paid in the period, less what has come back of those payments.",
	"revenueWoW":         "Revenue of the last 7 days of the period against the 7 days before, as growth.",
	"revenueMoM":         "Revenue of the last 28 days of the period against the 28 days before, as growth.",
	"mrr":                "Members who pay, now, times the price of a month.",
	"newMrrFromMini":     "Memberships that began in the period, of customers who had bought a mini product before, times the price of a month.",
	"activeMembers":      "Customers whose Studio counts now: active, in trial, or past due within the grace period.",
	"refundRate":         "Refunded payments of the period, whole or in part, over its paid payments. Target: below 5%.",
	"webhookSuccessRate": "Events received in the period that are not waiting as failed, over all of them. Target: above 99%.",
	"deliveryRate":       "Mails of the period that a mail server took, over those and the ones given up or sent back. Target: above 98%.",
	"creditsUsed":        "Credits spent in the period, less what failed work gave back.",
	"daysToUpgrade":      "Days from the first purchase to the membership, on average over the memberships that began in the period.",
}

// defaultPeriod is what figures are about when nobody says.
const defaultPeriod = 28 * 24 * time.Hour

// Period reads the bounds of a question: RFC 3339 or a date. "" is the last 28
// days.
func (s *Service) Period(from, to string) (time.Time, time.Time, error) {
	end := s.Clock.Now().Add(time.Millisecond) // what happened just now counts
	if to != "" {
		t, err := moment(to)
		if err != nil {
			return t, t, core.FieldError("admin.Period", "to", `Give a date such as "2026-03-31", or a time such as "2026-03-31T12:00:00Z".`)
		}
		end = t
	}
	start := end.Add(-defaultPeriod)
	if from != "" {
		t, err := moment(from)
		if err != nil || t.After(end) {
			return t, t, core.FieldError("admin.Period", "from", `Give a date before the end, such as "2026-03-01".`)
		}
		start = t
	}
	return start, end, nil
}

func moment(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}

// Stats adds up a period.
func (s *Service) Stats(ctx context.Context, from, to time.Time) (Stats, error) {
	n, err := s.Read.Counts(ctx, from, to, s.Grace)
	if err != nil {
		return Stats{}, err
	}
	out := Stats{
		Currency: s.Price.Currency, Revenue: n.Revenue, ActiveMembers: n.Members, CreditsUsed: n.Used,
		MRR: int64(n.Paying) * s.Price.Minor, NewMRRFromMini: int64(n.FromMini) * s.Price.Minor,
		RefundRate: Rate(n.Refunded, n.Payments), WebhookSuccessRate: Rate(n.Events-n.Failed, n.Events), DeliveryRate: Rate(n.Sent, n.Sent+n.Lost),
	}
	if n.Upgrades > 0 {
		days := float64(n.UpgradeMs) / float64(n.Upgrades) / float64((24 * time.Hour).Milliseconds())
		out.DaysToUpgrade = &days
	}
	for _, g := range []struct {
		span time.Duration
		into **float64
	}{{7 * 24 * time.Hour, &out.RevenueWoW}, {28 * 24 * time.Hour, &out.RevenueMoM}} {
		now, err := s.Read.RevenueBetween(ctx, to.Add(-g.span), to)
		if err != nil {
			return Stats{}, err
		}
		before, err := s.Read.RevenueBetween(ctx, to.Add(-2*g.span), to.Add(-g.span))
		if err != nil {
			return Stats{}, err
		}
		if before > 0 {
			growth := float64(now-before) / float64(before)
			*g.into = &growth
		}
	}
	return out, nil
}

// Rate is part over whole, nil where there is no whole.
func Rate(part, whole int) *float64 {
	if whole <= 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}
