package onboarding

import (
	"time"

	"sselfie/core"
	"sselfie/core/entitlements"
)

// Type is what opens after login.
type Type string

// The types.
const (
	None             Type = "none"
	BlueprintWelcome Type = "blueprint_welcome"
	Wizard           Type = "onboarding_wizard"
	Studio           Type = "studio"
)

// State is all that the decision looks at.
type State struct {
	User              core.UserID
	Tier              entitlements.Tier
	Completed         bool
	BaseDone          time.Time
	BlueprintDone     time.Time
	StudioDone        time.Time
	WelcomeShown      time.Time
	PaidWelcomeShown  time.Time
	Dismissed         time.Time
	HasTrainedModel   bool
	HasBlueprintState bool // a blueprint row that more than the wizard's own answers made
	EntitlementFlow   bool // flag entitlement_welcome_flow_enabled, for this user
	WelcomeEnabled    bool // flag blueprint_welcome_enabled, for this user
	Started           bool // the beginning was recorded; decides nothing
	Answers           Answers
}

// Decision is what a customer sees, and why.
type Decision struct {
	Type   Type
	Reason string
	Phase  Phase
	Step   int // counts from 1 within the phase
	Total  int
}

// First decides what a customer sees (product.md, Onboarding). The tier never
// changes the type; it chooses the questions.
func First(s State) Decision {
	t, why := first(s)
	d := Decision{Type: t, Reason: why}
	d.Phase = phase(s, t)
	steps := InPhase(d.Phase)
	d.Total, d.Step = len(steps), len(steps)
	for i, st := range steps {
		if _, answered := s.Answers[st.Field]; !answered {
			d.Step = i + 1
			break
		}
	}
	return d
}

func first(s State) (Type, string) {
	switch {
	case !s.EntitlementFlow && s.HasTrainedModel:
		return Studio, "legacy_trained_model"
	case !s.EntitlementFlow:
		return Wizard, "legacy_no_trained_model"
	case s.Completed:
		return None, "onboarding_completed"
	case !s.Dismissed.IsZero():
		return None, "onboarding_dismissed"
	case s.WelcomeEnabled && s.WelcomeShown.IsZero() && !s.HasBlueprintState:
		return BlueprintWelcome, "first_visit_no_blueprint"
	case !s.HasTrainedModel:
		return Wizard, "no_trained_model"
	}
	return Studio, "ready"
}

// phase says where in the questions a customer stands.
func phase(s State, t Type) Phase {
	if s.Completed {
		return crossing(s)
	}
	if !s.Dismissed.IsZero() || t == None || t == Studio {
		return Done
	}
	switch {
	case s.BaseDone.IsZero():
		return Base
	case s.Tier == entitlements.Studio && s.StudioDone.IsZero():
		return StudioExtension
	case s.Tier != entitlements.Studio && s.BlueprintDone.IsZero():
		return BlueprintExtension
	case t == BlueprintWelcome && s.Tier != entitlements.Studio:
		return Welcome
	}
	return Training
}

// crossing is what is offered after completion, once each: the studio extension
// to somebody who joined Studio later, and the paid welcome to somebody who
// bought the blueprint after the free one. Refusing the first is a dismissal;
// the second is shown once whatever its reader does.
func crossing(s State) Phase {
	switch {
	case s.Tier == entitlements.Studio && s.StudioDone.IsZero() && s.Dismissed.IsZero():
		return StudioExtension
	case s.Tier == entitlements.Blueprint && !s.WelcomeShown.IsZero() && s.PaidWelcomeShown.IsZero():
		return Welcome
	}
	return Done
}
