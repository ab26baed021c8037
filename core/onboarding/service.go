package onboarding

import (
	"context"
	"slices"
	"time"

	"sselfie/core"
	"sselfie/core/entitlements"
	"sselfie/core/flags"
	"sselfie/core/tracking"
)

// Stamp names one time stamp of the flow.
type Stamp string

// The stamps, as the users table names them.
const (
	BaseDoneAt         Stamp = "base_done_at"
	BlueprintDoneAt    Stamp = "blueprint_extension_done_at"
	StudioDoneAt       Stamp = "studio_extension_done_at"
	WelcomeShownAt     Stamp = "blueprint_welcome_shown_at"
	PaidWelcomeShownAt Stamp = "paid_welcome_shown_at"
	DismissedAt        Stamp = "onboarding_dismissed_at"
)

// Reader knows what a customer has said and seen.
type Reader interface {
	// OnboardingState returns everything of the state but tier and flags.
	OnboardingState(ctx context.Context, user core.UserID) (State, error)
}

// Tx is what the wizard needs of a transaction.
type Tx interface {
	Reader
	// SaveBrandAnswers keeps answers of the base and studio phases; fields that
	// are not named stay.
	SaveBrandAnswers(ctx context.Context, user core.UserID, a Answers, at time.Time) error
	// SaveBlueprintAnswers merges answers into the blueprint form, and makes the
	// row, as the wizard's own, where there is none.
	SaveBlueprintAnswers(ctx context.Context, user core.UserID, a Answers, at time.Time) error
	// NameUser gives an account that has no name the one that its owner goes by.
	NameUser(ctx context.Context, user core.UserID, name string) error
	// StampOnboarding sets a stamp that is not set yet.
	StampOnboarding(ctx context.Context, user core.UserID, s Stamp, at time.Time) error
	// CompleteOnboarding ends the flow, and reports whether it was open till now.
	CompleteOnboarding(ctx context.Context, user core.UserID) (fresh bool, err error)
	tracking.Recorder
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Tiers tells a customer's tier at this moment.
type Tiers interface {
	TierOf(ctx context.Context, user core.UserID) (entitlements.Tier, error)
}

// Service walks customers through the questions.
type Service struct {
	Store Updater
	Read  Reader
	Tiers Tiers
	Flags *flags.Service
	Clock core.Clock
}

// Flow is the decision together with everything that was answered.
type Flow struct {
	Decision
	Answers Answers
	Tier    entitlements.Tier
	State   State
}

// Flow answers what the customer sees. When any part of the state can't be
// read it fails; the studio then opens without wizards. The first time that
// something is shown is recorded: it is what a flag's guard counts.
func (s *Service) Flow(ctx context.Context, user core.UserID) (Flow, error) {
	f, err := s.Look(ctx, user)
	if err != nil {
		return f, s.failed(ctx, user, err)
	}
	if !f.State.Started && !f.State.Completed && f.Phase != Done {
		// Counting must not fail the page.
		_ = s.record(ctx, user, tracking.OnboardingStarted, "")
	}
	return f, nil
}

// Look is Flow for somebody else's eyes: nothing is recorded.
func (s *Service) Look(ctx context.Context, user core.UserID) (Flow, error) {
	st, err := s.state(ctx, s.Read, user)
	if err != nil {
		return Flow{}, err
	}
	return Flow{Decision: First(st), Answers: st.Answers, Tier: st.Tier, State: st}, nil
}

// Failed records that something of ours failed in the customer's flow, for
// errors that happen outside of this service: a page that could not be built.
func (s *Service) Failed(ctx context.Context, user core.UserID, where string) {
	_ = s.record(ctx, user, tracking.OnboardingError, where)
}

// failed records err when it is our fault, and returns it.
func (s *Service) failed(ctx context.Context, user core.UserID, err error) error {
	if core.Is(err, core.Internal) || core.Is(err, core.Unavailable) {
		_ = s.record(ctx, user, tracking.OnboardingError, string(core.CodeOf(err)))
	}
	return err
}

// record keeps an event even when the request that caused it has gone away.
func (s *Service) record(ctx context.Context, user core.UserID, name tracking.Name, where string) error {
	e := tracking.Event{Name: name, User: user, At: s.Clock.Now()}
	if where != "" {
		e.Props = map[string]string{"where": tracking.Clip(where)}
	}
	return s.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		if name == tracking.OnboardingStarted {
			if st, err := tx.OnboardingState(ctx, user); err != nil || st.Started {
				return err // another tab was faster
			}
		}
		return tx.RecordEvent(ctx, e)
	})
}

func (s *Service) state(ctx context.Context, r Reader, user core.UserID) (State, error) {
	st, err := r.OnboardingState(ctx, user)
	if err != nil {
		return st, err
	}
	if st.Tier, err = s.Tiers.TierOf(ctx, user); err != nil {
		return st, err
	}
	if st.EntitlementFlow, _, err = s.Flags.Enabled(ctx, flags.EntitlementWelcomeFlow, user); err != nil {
		return st, err
	}
	st.WelcomeEnabled, _, err = s.Flags.Enabled(ctx, flags.BlueprintWelcome, user)
	return st, err
}

// Answer keeps the answers of one step, so that a reload resumes after it.
func (s *Service) Answer(ctx context.Context, user core.UserID, p Phase, step int, given Answers) (Flow, error) {
	const op = "onboarding.Answer"
	steps := InPhase(p)
	if len(steps) == 0 {
		return Flow{}, core.FieldError(op, "phase", "Use base, blueprint_extension or studio_extension.")
	}
	if step < 1 || step > len(steps) {
		return Flow{}, core.FieldError(op, "step", "There is no such step in this phase.")
	}
	if asked := steps[step-1].Field; len(given) == 0 || (len(given) == 1 && given[asked] == nil && has(given, asked)) {
		return Flow{}, core.FieldError(op, asked, missing)
	}
	kept, err := CheckSome(p, given)
	if err != nil {
		return Flow{}, err
	}
	return s.keep(ctx, op, user, p, kept, "")
}

// CompletePhase keeps all answers of a phase and stamps it. The studio
// extension ends the flow.
func (s *Service) CompletePhase(ctx context.Context, user core.UserID, p Phase, given Answers) (Flow, error) {
	kept, err := CheckPhase(p, given)
	if err != nil {
		return Flow{}, err
	}
	stamp := map[Phase]Stamp{Base: BaseDoneAt, BlueprintExtension: BlueprintDoneAt, StudioExtension: StudioDoneAt}[p]
	return s.keep(ctx, "onboarding.CompletePhase", user, p, kept, stamp)
}

func (s *Service) keep(ctx context.Context, op string, user core.UserID, p Phase, kept Answers, stamp Stamp) (Flow, error) {
	tier, err := s.Tiers.TierOf(ctx, user)
	if err != nil {
		return Flow{}, err
	}
	if !Allowed(p, tier) {
		if p == StudioExtension {
			return Flow{}, &core.Error{Code: core.UpgradeRequired, Op: op, Message: "These questions are for Studio members."}
		}
		return Flow{}, &core.Error{Code: core.Conflict, Op: op, Message: "A Studio member is asked other questions. Reload the page."}
	}
	now := s.Clock.Now()
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		st, err := tx.OnboardingState(ctx, user)
		if err != nil {
			return err
		}
		st.Tier = tier
		if why := closed(st, p); why != "" {
			return &core.Error{Code: core.Conflict, Op: op, Message: why}
		}
		if err := save(ctx, tx, user, p, kept, now); err != nil || stamp == "" {
			return err
		}
		if err := tx.StampOnboarding(ctx, user, stamp, now); err != nil || p != StudioExtension {
			return err
		}
		return complete(ctx, tx, user, now)
	})
	if err != nil {
		return Flow{}, s.failed(ctx, user, err)
	}
	return s.Flow(ctx, user)
}

func save(ctx context.Context, tx Tx, user core.UserID, p Phase, kept Answers, now time.Time) error {
	if p == BlueprintExtension {
		return tx.SaveBlueprintAnswers(ctx, user, kept, now)
	}
	if name, ok := kept["name"].(string); ok {
		if err := tx.NameUser(ctx, user, name); err != nil {
			return err
		}
	}
	return tx.SaveBrandAnswers(ctx, user, kept, now)
}

// Change keeps another answer to a question that was answered before, at any
// time, and the first one to a question that was skipped. It moves nobody.
func (s *Service) Change(ctx context.Context, user core.UserID, field string, answer any) error {
	const op = "onboarding.Change"
	i := slices.IndexFunc(Steps, func(st Step) bool { return st.Field == field })
	if i < 0 {
		return core.FieldError(op, "field", "There is no such question.")
	}
	kept, err := checkFields(Steps[i:i+1], Answers{field: answer}, true)
	if err != nil {
		return err
	}
	tier, err := s.Tiers.TierOf(ctx, user)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		st, err := tx.OnboardingState(ctx, user)
		if err != nil {
			return err
		}
		over := st.Completed || !st.Dismissed.IsZero()
		if !has(st.Answers, field) && !(over && Allowed(Steps[i].Phase, tier)) {
			return &core.Error{Code: core.Conflict, Op: op, Message: "This question was not asked yet."}
		}
		return save(ctx, tx, user, Steps[i].Phase, kept, now)
	})
}

func has(a Answers, field string) bool {
	_, there := a[field]
	return there
}

// complete ends the flow and counts that once.
func complete(ctx context.Context, tx Tx, user core.UserID, now time.Time) error {
	fresh, err := tx.CompleteOnboarding(ctx, user)
	if err != nil || !fresh {
		return err
	}
	return tx.RecordEvent(ctx, tracking.Event{Name: tracking.OnboardingCompleted, User: user, At: now})
}

// closed says why answers to a phase come too early or too late, or "".
func closed(s State, p Phase) string {
	switch {
	case s.Completed && p == StudioExtension && s.StudioDone.IsZero():
		return "" // a crossing asks no more than its own questions, whatever came before
	case s.Completed:
		return "The questions are done. Change an answer in your blueprint."
	case p != Base && s.BaseDone.IsZero():
		return "The first questions come first. Reload the page."
	}
	return ""
}

// Complete ends the flow: the welcome was seen, or the training wizard is
// through. Again is fine.
func (s *Service) Complete(ctx context.Context, user core.UserID, t Type) error {
	const op = "onboarding.Complete"
	if t != BlueprintWelcome && t != Wizard {
		return core.FieldError(op, "type", "Use blueprint_welcome or onboarding_wizard.")
	}
	tier, err := s.Tiers.TierOf(ctx, user)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if t == BlueprintWelcome {
			if err := welcomed(ctx, tx, user, tier, now); err != nil {
				return err
			}
		}
		return complete(ctx, tx, user, now)
	})
	return s.failed(ctx, user, err)
}

// welcomed stamps the welcome that a customer of this tier has seen.
func welcomed(ctx context.Context, tx Tx, user core.UserID, tier entitlements.Tier, now time.Time) error {
	if err := tx.StampOnboarding(ctx, user, WelcomeShownAt, now); err != nil || tier != entitlements.Blueprint {
		return err
	}
	return tx.StampOnboarding(ctx, user, PaidWelcomeShownAt, now)
}

// Dismiss closes what is shown, for good: the wizard, or the one crossing that
// is offered after it. Where nothing is shown it changes nothing. Again is fine.
func (s *Service) Dismiss(ctx context.Context, user core.UserID) error {
	tier, err := s.Tiers.TierOf(ctx, user)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		st, err := tx.OnboardingState(ctx, user)
		if err != nil {
			return err
		}
		st.Tier = tier
		switch {
		case !st.Completed, crossing(st) == StudioExtension:
			return tx.StampOnboarding(ctx, user, DismissedAt, now)
		case crossing(st) == Welcome:
			// Refusing the paid welcome must not refuse Studio's questions later.
			return tx.StampOnboarding(ctx, user, PaidWelcomeShownAt, now)
		}
		return nil
	})
	return s.failed(ctx, user, err)
}
