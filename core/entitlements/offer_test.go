package entitlements_test

import (
	"testing"

	"sselfie/core/entitlements"
)

func TestOfferStudio(t *testing.T) {
	for name, c := range map[string]struct {
		tier           entitlements.Tier
		balance, grant int
		spent          bool
		gate           entitlements.Feature
		want           entitlements.Trigger
	}{
		"nothing left":                             {entitlements.Free, 0, 2, true, "", entitlements.CreditsOut},
		"an account that began with nothing":       {entitlements.Free, 0, 0, false, "", entitlements.CreditsOut},
		"below 30 and half, after a spend":         {entitlements.Blueprint, 24, 50, true, "", entitlements.CreditsLow},
		"half is not below half":                   {entitlements.Free, 25, 50, true, "", entitlements.NoTrigger},
		"30 is not low":                            {entitlements.Free, 30, 200, true, "", entitlements.NoTrigger},
		"nothing spent yet":                        {entitlements.Free, 2, 50, false, "", entitlements.NoTrigger},
		"a closed door comes before the credits":   {entitlements.Free, 0, 2, true, entitlements.Academy, entitlements.FeatureGate},
		"an open door is no reason":                {entitlements.Blueprint, 60, 60, false, entitlements.FeedPlannerBlueprint, entitlements.NoTrigger},
		"a member is offered nothing":              {entitlements.Studio, 0, 200, true, entitlements.Academy, entitlements.NoTrigger},
		"the last grant was small, the rest is it": {entitlements.Free, 10, 12, true, "", entitlements.NoTrigger},
	} {
		t.Run(name, func(t *testing.T) {
			if got := entitlements.OfferStudio(c.tier, c.balance, c.grant, c.spent, c.gate); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
