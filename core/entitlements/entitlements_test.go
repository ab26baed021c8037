package entitlements

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	now    = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	past   = now.Add(-time.Second)
	future = now.Add(time.Second)
)

const grace = 7 * 24 * time.Hour

func TestTheTier(t *testing.T) {
	ever := time.Time{}
	for name, c := range map[string]struct {
		rights []Right
		want   Tier
	}{
		"nothing bought":                 {nil, Free},
		"blueprint is for ever":          {[]Right{{Blueprint, ever, ""}}, Blueprint},
		"studio renews":                  {[]Right{{Studio, ever, ""}}, Studio},
		"studio until later":             {[]Right{{Studio, future, ""}}, Studio},
		"the highest wins":               {[]Right{{Blueprint, ever, ""}, {Studio, ever, ""}}, Studio},
		"the highest wins the other way": {[]Right{{Studio, ever, ""}, {Blueprint, ever, ""}}, Studio},
		"lapsed studio falls back":       {[]Right{{Studio, past, ""}, {Blueprint, ever, ""}}, Blueprint},
		"lapsed studio falls to free":    {[]Right{{Studio, past, ""}}, Free},
		"the last instant is out":        {[]Right{{Studio, now, ""}}, Free},
		"the instant before is in":       {[]Right{{Studio, now.Add(1), ""}}, Studio},
		"a second membership holds":      {[]Right{{Studio, past, ""}, {Studio, future, ""}}, Studio},
	} {
		t.Run(name, func(t *testing.T) {
			if got := TierAt(c.rights, now); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestWhichRightIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		rights []Right
		until  time.Time
	}{
		"the one for ever":        {[]Right{{Studio, future, ""}, {Studio, time.Time{}, ""}}, time.Time{}},
		"the one that holds most": {[]Right{{Studio, future.Add(1), ""}, {Studio, future, ""}}, future.Add(1)},
		"of the highest tier":     {[]Right{{Blueprint, time.Time{}, ""}, {Studio, future, ""}}, future},
	} {
		if got := At(c.rights, now); !got.Until.Equal(c.until) {
			t.Errorf("%s: until %s, want %s", name, got.Until, c.until)
		}
	}
}

// TestASubscription: one row, and whether it counts now and later.
func TestASubscription(t *testing.T) {
	month := now.AddDate(0, 1, 0)
	for name, c := range map[string]struct {
		sub    Subscription
		now    Tier
		at     time.Time
		later  Tier
		reason string
	}{
		"active":                                {Subscription{Status: "active", PeriodEnd: month}, Studio, month.AddDate(1, 0, 0), Studio, "is active"},
		"trialing":                              {Subscription{Status: "trialing", PeriodEnd: month}, Studio, month, Studio, "is trialing"},
		"active, cancelled at a date":           {Subscription{Status: "active", CancelAt: future, PeriodEnd: month}, Studio, future, Free, "cancelled"},
		"active, cancelled at the period's end": {Subscription{Status: "active", CancelAtPeriodEnd: true, PeriodEnd: month}, Studio, month, Free, "cancelled"},
		"trialing, cancelled":                   {Subscription{Status: "trialing", CancelAt: month}, Studio, month, Free, "cancelled"},
		"the date counts before the period":     {Subscription{Status: "active", CancelAt: future, CancelAtPeriodEnd: true, PeriodEnd: month}, Studio, future, Free, "cancelled"},
		"cancelled at a date that has passed":   {Subscription{Status: "active", CancelAt: past}, Free, month, Free, ""},
		"cancelled, until nobody knows when":    {Subscription{Status: "active", CancelAtPeriodEnd: true}, Studio, month, Studio, "is active"},
		"past due inside the grace period":      {Subscription{Status: "past_due", PastDueSince: now.Add(-grace + 1)}, Studio, now.Add(1), Free, "past due"},
		"past due, the grace period is over":    {Subscription{Status: "past_due", PastDueSince: now.Add(-grace)}, Free, month, Free, ""},
		"past due since nobody knows when":      {Subscription{Status: "past_due"}, Free, month, Free, ""},
		"unpaid":                                {Subscription{Status: "unpaid", PeriodEnd: month}, Free, month, Free, ""},
		"paused":                                {Subscription{Status: "paused", PeriodEnd: month}, Free, month, Free, ""},
		"incomplete":                            {Subscription{Status: "incomplete", PeriodEnd: month}, Free, month, Free, ""},
		"incomplete and expired":                {Subscription{Status: "incomplete_expired", PeriodEnd: month}, Free, month, Free, ""},
		"canceled":                              {Subscription{Status: "canceled", PeriodEnd: month}, Free, month, Free, ""},
		"suspended by a dispute":                {Subscription{Status: "suspended", PeriodEnd: month}, Free, month, Free, ""},
		"a word that Stripe may add":            {Subscription{Status: "asleep", PeriodEnd: month}, Free, month, Free, ""},
		"no status at all":                      {Subscription{}, Free, month, Free, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.sub.Tier = Studio
			rights := Rights([]Subscription{c.sub}, grace)
			got := At(rights, now)
			if got.Tier != c.now || !strings.Contains(got.Reason, c.reason) || got.Reason == "" {
				t.Errorf("now %s because %q, want %s", got.Tier, got.Reason, c.now)
			}
			if later := TierAt(rights, c.at); later != c.later {
				t.Errorf("at %s %s, want %s", c.at, later, c.later)
			}
		})
	}
}

func TestHowTiersAreWritten(t *testing.T) {
	for tier, want := range map[Tier]string{Free: "free", Blueprint: "paid", Studio: "studio"} {
		if tier.String() != want {
			t.Errorf("%d is %q, want %q", tier, tier, want)
		}
	}
}

// More rights never give less, their order never matters, and a right ends once.
func TestTiersOnlyGrowWithRights(t *testing.T) {
	right := rapid.Custom(func(t *rapid.T) Right {
		r := Right{Tier: rapid.SampledFrom([]Tier{Blueprint, Studio}).Draw(t, "tier")}
		if rapid.Bool().Draw(t, "ends") {
			r.Until = now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "until")))
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		rights := rapid.SliceOfN(right, 0, 6).Draw(t, "rights")
		at := now.Add(time.Duration(rapid.IntRange(-6, 6).Draw(t, "at")))
		got := At(rights, at)
		for _, r := range rights {
			if counts := r.Until.IsZero() || at.Before(r.Until); counts && r.Tier > got.Tier {
				t.Fatalf("%v counts, and %v was chosen", r, got)
			}
		}
		if got.Tier != Free && !got.Until.IsZero() && !at.Before(got.Until) {
			t.Fatalf("%v has ended", got)
		}
		if more := TierAt(append(rights, right.Draw(t, "one more")), at); more < got.Tier {
			t.Fatalf("one more right gives %s instead of %s", more, got.Tier)
		}
		shuffled := At(rapid.Permutation(rights).Draw(t, "order"), at)
		if shuffled.Tier != got.Tier || !shuffled.Until.Equal(got.Until) {
			t.Fatalf("in another order %v, not %v", shuffled, got)
		}
		if later := TierAt(rights, at.Add(1)); later > got.Tier {
			t.Fatalf("a tier has grown by waiting: %s, then %s", got.Tier, later)
		}
	})
}
