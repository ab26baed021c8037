package entitlements_test

import (
	"strings"
	"testing"
	"time"

	"sselfie/core/entitlements"
)

var (
	now    = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	past   = now.Add(-time.Hour)
	future = now.Add(time.Hour)
)

const grace = 7 * 24 * time.Hour

func TestTheHighestRightCounts(t *testing.T) {
	type sub = entitlements.Subscription
	const b, st = entitlements.Blueprint, entitlements.Studio
	for name, c := range map[string]struct {
		subs  []sub
		want  entitlements.Tier
		until time.Time
	}{
		"nothing bought":                    {nil, entitlements.Free, time.Time{}},
		"blueprint is for ever":             {[]sub{{Tier: b, Status: "active"}}, b, time.Time{}},
		"a trial counts":                    {[]sub{{Tier: st, Status: "trialing"}}, st, time.Time{}},
		"studio beats blueprint":            {[]sub{{Tier: b, Status: "active"}, {Tier: st, Status: "active"}}, st, time.Time{}},
		"lapsed studio falls back":          {[]sub{{Tier: st, Status: "active", CancelAt: past}, {Tier: b, Status: "active"}}, b, time.Time{}},
		"cancelled keeps until the end":     {[]sub{{Tier: st, Status: "active", CancelAtPeriodEnd: true, PeriodEnd: future}}, st, future},
		"the last instant is out":           {[]sub{{Tier: st, Status: "active", CancelAt: now}}, entitlements.Free, time.Time{}},
		"past due inside the grace":         {[]sub{{Tier: st, Status: "past_due", PastDueSince: now.Add(-grace + time.Minute)}}, st, now.Add(time.Minute)},
		"past due after the grace":          {[]sub{{Tier: st, Status: "past_due", PastDueSince: now.Add(-grace)}}, entitlements.Free, time.Time{}},
		"the one that holds longest":        {[]sub{{Tier: st, Status: "active", CancelAt: future}, {Tier: st, Status: "active"}}, st, time.Time{}},
		"canceled, unpaid, paused don't":    {[]sub{{Tier: st, Status: "canceled"}, {Tier: st, Status: "unpaid"}, {Tier: st, Status: "paused"}}, entitlements.Free, time.Time{}},
		"incomplete and suspended don't":    {[]sub{{Tier: st, Status: "incomplete"}, {Tier: b, Status: "suspended"}}, entitlements.Free, time.Time{}},
		"a word that nobody knows does not": {[]sub{{Tier: st, Status: "glorious"}}, entitlements.Free, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := entitlements.At(entitlements.Rights(c.subs, grace), now)
			if got.Tier != c.want || !got.Until.Equal(c.until) || got.Reason == "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestWhatEachTierOpens(t *testing.T) {
	for _, c := range []struct {
		feature entitlements.Feature
		open    string // free, paid, studio
	}{
		{entitlements.Academy, "nny"},
		{entitlements.MayaPro, "nny"},
		{entitlements.FeedPlannerFull, "nny"},
		{entitlements.FeedPlannerBlueprint, "nyy"},
		{entitlements.UnlimitedBlueprint, "nny"},
		{"teleport", "nnn"},
	} {
		got := ""
		for _, tier := range []entitlements.Tier{entitlements.Free, entitlements.Blueprint, entitlements.Studio} {
			ok, why := entitlements.Can(tier, c.feature)
			if why == "" {
				t.Errorf("%s, %s: no reason", c.feature, tier)
			}
			got += map[bool]string{true: "y", false: "n"}[ok]
		}
		if got != c.open {
			t.Errorf("%s is %s, want %s", c.feature, got, c.open)
		}
	}
	if len(entitlements.Features()) != 5 {
		t.Error("a feature is not in the list")
	}
}

func TestAPurchaseOpensItsOwnPages(t *testing.T) {
	bio := entitlements.Purchase{Product: "bio_glowup", PaidAt: past}
	refunded, contested := bio, bio
	refunded.Refunded, contested.Contested = true, true
	for name, c := range map[string]struct {
		area   entitlements.Area
		tier   entitlements.Tier
		bought []entitlements.Purchase
		want   bool
		says   string
	}{
		"nothing bought":                         {entitlements.Bio, entitlements.Free, nil, false, "comes with Bio Glow-Up"},
		"bought":                                 {entitlements.Bio, entitlements.Free, []entitlements.Purchase{bio}, true, "Bought on 3 March 2026"},
		"another product":                        {entitlements.Feed, entitlements.Free, []entitlements.Purchase{bio}, false, "9-Post Feed"},
		"refunded":                               {entitlements.Bio, entitlements.Free, []entitlements.Purchase{refunded}, false, "refunded"},
		"bought twice, refunded once":            {entitlements.Bio, entitlements.Free, []entitlements.Purchase{refunded, bio}, true, "Bought"},
		"contested":                              {entitlements.Bio, entitlements.Free, []entitlements.Purchase{refunded, contested}, false, "disputed"},
		"studio opens all":                       {entitlements.Rebrand, entitlements.Studio, nil, true, "Studio"},
		"the blueprint opens no other's":         {entitlements.Photos, entitlements.Blueprint, []entitlements.Purchase{{Product: "brand_blueprint_paid"}}, false, "Starter Photoshoot"},
		"a credit pack opens none":               {entitlements.Photos, entitlements.Free, []entitlements.Purchase{{Product: "credits_100"}}, false, ""},
		"an area that nobody knows, even studio": {"attic", entitlements.Studio, nil, false, "no area"},
	} {
		t.Run(name, func(t *testing.T) {
			got, why := entitlements.Opens(c.area, c.tier, c.bought)
			if got != c.want || !strings.Contains(why, c.says) || why == "" {
				t.Errorf("%v: %s", got, why)
			}
		})
	}
	for _, a := range entitlements.Areas() {
		p := entitlements.Purchase{Product: entitlements.ProductOf(a)}
		if ok, _ := entitlements.Opens(a, entitlements.Free, []entitlements.Purchase{p}); !ok || p.Product == "" {
			t.Errorf("%s is not opened by its own product", a)
		}
	}
}
