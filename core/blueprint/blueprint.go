// Package blueprint holds a customer's blueprint: the form that she fills in,
// the strategy that comes of it, and the grids.
package blueprint

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
	"sselfie/core/onboarding"
)

// Origin says who made the blueprint's row. One that only the wizard's own
// answers made is no blueprint yet (product.md, Onboarding).
type Origin string

// The origins.
const (
	FromWizard    Origin = "wizard"
	FromBlueprint Origin = "blueprint"
	FromImport    Origin = "import"
)

// Kept is the blueprint as it is stored.
type Kept struct {
	Form              json.RawMessage // an object
	Strategy          json.RawMessage // nil until it was generated
	StrategyGenerated bool
	Origin            Origin
}

// Grid is a finished or running picture grid.
type Grid struct {
	ID     string
	Status string // pending, running, completed or failed
	Images []string
}

// State is everything that the blueprint's screen shows.
type State struct {
	FormData          json.RawMessage // always an object
	Strategy          json.RawMessage // nil until it was generated
	StrategyGenerated bool
	Grids             []Grid // never nil
	Entitlement       entitlements.Tier
	CreditBalance     int
	HasBlueprintState bool
}

// Reader knows blueprints and balances.
type Reader interface {
	// BlueprintOf returns what is kept, and whether anything is.
	BlueprintOf(ctx context.Context, user core.UserID) (Kept, bool, error)
	CreditAccount(ctx context.Context, user core.UserID) (credits.Account, error)
}

// Tx is what the blueprint needs of a transaction.
type Tx interface {
	BlueprintOf(ctx context.Context, user core.UserID) (Kept, bool, error)
	// SaveBlueprintForm replaces the form. A row that the wizard made becomes the
	// blueprint's own.
	SaveBlueprintForm(ctx context.Context, user core.UserID, form json.RawMessage, at time.Time) error
	StampOnboarding(ctx context.Context, user core.UserID, s onboarding.Stamp, at time.Time) error
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Service keeps blueprints.
type Service struct {
	Store Updater
	Read  Reader
	Tiers onboarding.Tiers
	Clock core.Clock
}

// State returns what the blueprint's screen shows.
func (s *Service) State(ctx context.Context, user core.UserID) (State, error) {
	kept, found, err := s.Read.BlueprintOf(ctx, user)
	if err != nil {
		return State{}, err
	}
	acct, err := s.Read.CreditAccount(ctx, user)
	if err != nil {
		return State{}, err
	}
	tier, err := s.Tiers.TierOf(ctx, user)
	if err != nil {
		return State{}, err
	}
	out := State{
		FormData: json.RawMessage(`{}`), Grids: []Grid{}, Entitlement: tier, CreditBalance: acct.Balance,
		HasBlueprintState: found && kept.Origin != FromWizard,
	}
	if found {
		out.FormData, out.Strategy, out.StrategyGenerated = kept.Form, kept.Strategy, kept.StrategyGenerated
	}
	return out, nil
}

// SaveForm replaces the form and returns the new state. What the wizard asked
// stays where the form does not say otherwise. The first form makes the
// blueprint, and with that the welcome has been shown.
func (s *Service) SaveForm(ctx context.Context, user core.UserID, form json.RawMessage) (State, error) {
	fields, err := checkForm(form)
	if err != nil {
		return State{}, err
	}
	tier, err := s.Tiers.TierOf(ctx, user)
	if err != nil {
		return State{}, err
	}
	now := s.Clock.Now()
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		old, found, err := tx.BlueprintOf(ctx, user)
		if err != nil {
			return err
		}
		kept, err := merge(old, fields)
		if err != nil {
			return err
		}
		if err := tx.SaveBlueprintForm(ctx, user, kept, now); err != nil {
			return err
		}
		if found && old.Origin != FromWizard {
			return nil
		}
		if err := tx.StampOnboarding(ctx, user, onboarding.WelcomeShownAt, now); err != nil || tier != entitlements.Blueprint {
			return err
		}
		return tx.StampOnboarding(ctx, user, onboarding.PaidWelcomeShownAt, now)
	})
	if err != nil {
		return State{}, err
	}
	return s.State(ctx, user)
}

// merge returns the new form with the wizard's answers that it leaves out.
func merge(old Kept, fields map[string]json.RawMessage) (json.RawMessage, error) {
	out := maps.Clone(fields)
	var before map[string]json.RawMessage
	if len(old.Form) > 0 {
		if err := json.Unmarshal(old.Form, &before); err != nil {
			return nil, err
		}
	}
	for _, step := range onboarding.InPhase(onboarding.BlueprintExtension) {
		if v, there := before[step.Field]; there && out[step.Field] == nil {
			out[step.Field] = v
		}
	}
	return json.Marshal(out)
}

// How large a form may be: it is a customer's text, not a store.
const (
	MaxForm      = 16 << 10
	MaxFormDepth = 8
)

// checkForm accepts an object of at most 16 KB that is not nested deeper than 8.
func checkForm(form json.RawMessage) (map[string]json.RawMessage, error) {
	const op = "blueprint.SaveForm"
	if len(form) > MaxForm {
		return nil, &core.Error{Code: core.TooLarge, Op: op, Message: fmt.Sprintf("A form has at most %d KB.", MaxForm>>10)}
	}
	if len(bytes.TrimSpace(form)) == 0 || Deeper(form, MaxFormDepth) {
		return nil, core.FieldError(op, "formData", fmt.Sprintf("Send an object, nested at most %d deep.", MaxFormDepth))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(form, &fields); err != nil || fields == nil {
		return nil, core.FieldError(op, "formData", "Send an object.")
	}
	for name, v := range fields {
		if string(v) == "null" {
			delete(fields, name) // nothing was said
		}
	}
	return fields, nil
}

// Deeper reports whether JSON nests deeper than limit. It counts brackets
// outside of strings, so that nothing has to be built to find out.
func Deeper(text []byte, limit int) bool {
	depth, inText, escaped := 0, false, false
	for _, b := range text {
		switch {
		case escaped:
			escaped = false
		case inText && b == '\\':
			escaped = true
		case b == '"':
			inText = !inText
		case inText:
		case b == '{', b == '[':
			if depth++; depth > limit {
				return true
			}
		case b == '}', b == ']':
			depth--
		}
	}
	return false
}
