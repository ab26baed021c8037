package onboarding_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sselfie/core/coretest"
	"sselfie/core/entitlements"
	"sselfie/core/onboarding"
)

// rule is one numbered line of the rulebook (product.md, Onboarding): the first
// one that applies decides.
type rule struct {
	applies func(s onboarding.State) bool
	typ     string
	reason  string
}

var rulebook = []rule{
	{func(s onboarding.State) bool { return !s.EntitlementFlow && s.HasTrainedModel }, "studio", "legacy_trained_model"},
	{func(s onboarding.State) bool { return !s.EntitlementFlow && !s.HasTrainedModel }, "onboarding_wizard", "legacy_no_trained_model"},
	{func(s onboarding.State) bool { return s.Completed }, "none", "onboarding_completed"},
	{func(s onboarding.State) bool { return !s.Dismissed.IsZero() }, "none", "onboarding_dismissed"},
	{func(s onboarding.State) bool {
		return s.WelcomeEnabled && s.WelcomeShown.IsZero() && !s.HasBlueprintState
	}, "blueprint_welcome", "first_visit_no_blueprint"},
	{func(s onboarding.State) bool { return !s.HasTrainedModel }, "onboarding_wizard", "no_trained_model"},
	{func(onboarding.State) bool { return true }, "studio", "ready"},
}

// wantPhase says in its own words what the wizard shows.
func wantPhase(s onboarding.State, typ string) string {
	studio, paid := s.Tier == entitlements.Studio, s.Tier == entitlements.Blueprint
	base, blueprint, own := !s.BaseDone.IsZero(), !s.BlueprintDone.IsZero(), !s.StudioDone.IsZero()
	dismissed, welcomed, paidWelcomed := !s.Dismissed.IsZero(), !s.WelcomeShown.IsZero(), !s.PaidWelcomeShown.IsZero()
	if s.Completed {
		if studio && !own && !dismissed {
			return "studio_extension" // joined later: offered once
		}
		if paid && welcomed && !paidWelcomed {
			return "welcome" // bought after the free welcome: shown once
		}
		return "done"
	}
	if dismissed || typ == "none" || typ == "studio" {
		return "done"
	}
	if !base {
		return "base"
	}
	if studio {
		if own {
			return "training"
		}
		return "studio_extension"
	}
	if !blueprint {
		return "blueprint_extension"
	}
	if typ == "blueprint_welcome" {
		return "welcome"
	}
	return "training"
}

// TestFirstHoldsInEveryState walks through all 2^11 combinations of what is
// known, for each tier.
func TestFirstHoldsInEveryState(t *testing.T) {
	stamp := func(set bool) (at time.Time) {
		if set {
			at = coretest.Start
		}
		return at
	}
	states, seen := 0, map[string]int{}
	for bits := range 1 << 11 {
		on := func(i int) bool { return bits>>i&1 == 1 }
		var types []string
		for _, tier := range []entitlements.Tier{entitlements.Free, entitlements.Blueprint, entitlements.Studio} {
			s := onboarding.State{
				Tier: tier, Completed: on(0), BaseDone: stamp(on(1)), BlueprintDone: stamp(on(2)), StudioDone: stamp(on(3)),
				WelcomeShown: stamp(on(4)), PaidWelcomeShown: stamp(on(5)), Dismissed: stamp(on(6)),
				HasTrainedModel: on(7), HasBlueprintState: on(8), EntitlementFlow: on(9), WelcomeEnabled: on(10),
			}
			states++
			got := onboarding.First(s)
			var want rule
			for _, r := range rulebook {
				if r.applies(s) {
					want = r
					break
				}
			}
			phase := wantPhase(s, want.typ)
			if string(got.Type) != want.typ || got.Reason != want.reason || string(got.Phase) != phase {
				t.Fatalf("%+v\ngave %s/%s/%s, the rulebook says %s/%s/%s", s, got.Type, got.Reason, got.Phase, want.typ, want.reason, phase)
			}
			types = append(types, string(got.Type))
			seen[want.reason]++
			seen[phase]++
		}
		if types[0] != types[1] || types[1] != types[2] {
			t.Fatalf("the tier changed the decision: %v", types)
		}
	}
	if states != 6144 || len(seen) != 13 {
		t.Errorf("%d states, reasons and phases met: %v", states, seen)
	}
}

func TestPhasesHaveTheirSteps(t *testing.T) {
	for phase, want := range map[onboarding.Phase]string{
		onboarding.Base:               "name businessType colorTheme visualAesthetic currentSituation",
		onboarding.BlueprintExtension: "dreamClient struggle feedStyle",
		onboarding.StudioExtension:    "transformationStory futureVision idealAudience communicationVoice photoGoals contentPillars brandInspiration",
		onboarding.Welcome:            "",
		onboarding.Training:           "",
		onboarding.Done:               "",
	} {
		var fields []string
		for _, s := range onboarding.InPhase(phase) {
			fields = append(fields, s.Field)
			if s.Question == "" || s.Help == "" {
				t.Errorf("%s has no copy", s.Field)
			}
		}
		if got := strings.Join(fields, " "); got != want {
			t.Errorf("%s asks %q, want %q", phase, got, want)
		}
	}
}

func TestAReloadResumesAtTheFirstOpenQuestion(t *testing.T) {
	fresh := func(answered ...string) onboarding.State {
		s := onboarding.State{EntitlementFlow: true, WelcomeEnabled: true, Answers: onboarding.Answers{}}
		for _, f := range answered {
			s.Answers[f] = "x"
		}
		return s
	}
	base := []string{"name", "businessType", "colorTheme", "visualAesthetic", "currentSituation"}
	for name, c := range map[string]struct {
		state func() onboarding.State
		want  string
	}{
		"nothing said":                      {func() onboarding.State { return fresh() }, "base 1 of 5"},
		"one answer":                        {func() onboarding.State { return fresh("name") }, "base 2 of 5"},
		"a gap is asked first":              {func() onboarding.State { return fresh("name", "colorTheme") }, "base 2 of 5"},
		"all said, not sent":                {func() onboarding.State { return fresh(base...) }, "base 5 of 5"},
		"answers of another phase don't":    {func() onboarding.State { return fresh("dreamClient", "struggle") }, "base 1 of 5"},
		"the extension begins at its first": {func() onboarding.State { s := fresh(base...); s.BaseDone = coretest.Start; return s }, "blueprint_extension 1 of 3"},
		"the extension resumes": {func() onboarding.State {
			s := fresh(append(base, "dreamClient")...)
			s.BaseDone = coretest.Start
			return s
		}, "blueprint_extension 2 of 3"},
		"a member has seven": {func() onboarding.State {
			s := fresh(append(base, "transformationStory", "futureVision")...)
			s.BaseDone, s.Tier = coretest.Start, entitlements.Studio
			return s
		}, "studio_extension 3 of 7"},
		"a screen without questions counts none": {func() onboarding.State {
			s := fresh(base...)
			s.BaseDone, s.BlueprintDone = coretest.Start, coretest.Start
			return s
		}, "welcome 0 of 0"},
	} {
		t.Run(name, func(t *testing.T) {
			d := onboarding.First(c.state())
			if got := fmt.Sprintf("%s %d of %d", d.Phase, d.Step, d.Total); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
