package moving

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/blueprint"
	"sselfie/core/onboarding"
)

// fieldNames are what the wizard's questions were called before, in the form's
// JSON or as columns; the first that is filled counts.
var fieldNames = map[string][]string{
	"name":             {"name", "fullname"},
	"businessType":     {"businesstype", "business_type", "business"},
	"colorTheme":       {"colortheme", "color_theme", "selectedcolortheme", "vibe"},
	"visualAesthetic":  {"visualaesthetic", "visual_aesthetic", "aesthetic", "selectedaesthetic"},
	"currentSituation": {"currentsituation", "current_situation", "situation"},
	"dreamClient":      {"dreamclient", "dream_client", "idealclient", "ideal_client"},
	"struggle":         {"struggle", "biggeststruggle", "biggest_struggle"},
	"feedStyle":        {"feedstyle", "feed_style", "selectedfeedstyle", "selected_feed_style"},
}

// maxDepth is how deep kept JSON may nest. The database reads none that is deeper
// than 1000, and one such row would end the whole import.
const maxDepth = 100

// blueprintColumns are what is read of blueprint_subscribers.csv: quotas, state,
// the form, and the form's fields where they were columns.
var blueprintColumns = blueprintColumnNames()

func blueprintColumnNames() []string {
	out := []string{"free_grid_used_count", "form_data", "strategy_data", "strategy_generated", "grid_generated", "blueprint_completed", "created_at", "updated_at"}
	for _, field := range slices.Sorted(maps.Keys(fieldNames)) {
		out = append(out, fieldNames[field]...)
	}
	return out
}

// blueprint maps what was said before onto the wizard's questions, keeps the
// form, and stamps what the customer has behind her.
func (r *run) blueprint(ctx context.Context, tx Tx, u accounts.User, fresh bool, p Person, by map[string][]Row) error {
	stamps := Stamps{Completed: yes(p.Data["onboarding_completed"])}
	stamps.Welcome, _ = when(p.Data["blueprint_welcome_shown_at"]) // checked when it was staged
	stamps.LastSeen = u.LastLoginAt
	form, answers, kept := map[string]any{}, onboarding.Answers{}, Blueprint{}
	rows, taken := by[blueprintsFile], 0
	for _, row := range rows {
		created, err := when(row.Data["created_at"])
		if err == nil {
			_, err = whole(row.Data["free_grid_used_count"])
		}
		if err != nil {
			r.refuse(blueprintsFile, row.Line, err.Error())
			continue
		}
		if created.IsZero() {
			created = u.CreatedAt
		}
		if text := row.Data["form_data"]; text != "" {
			var said map[string]any
			if blueprint.Deeper([]byte(text), maxDepth) {
				r.refuse(blueprintsFile, row.Line, fmt.Sprintf("form_data is nested deeper than %d", maxDepth))
				continue
			}
			if err := json.Unmarshal([]byte(text), &said); err != nil {
				r.refuse(blueprintsFile, row.Line, "form_data is no JSON object")
				continue
			}
			maps.Copy(form, said)
		}
		taken++
		kept.CreatedAt = earliest(kept.CreatedAt, created)
		kept.Grid = kept.Grid || yes(row.Data["grid_generated"])
		switch text := row.Data["strategy_data"]; {
		case text == "":
		case blueprint.Deeper([]byte(text), maxDepth) || !json.Valid([]byte(text)):
			r.note(blueprintsFile, row.Line, fmt.Sprintf("strategy_data stayed behind: it is no JSON, or nested deeper than %d", maxDepth))
		default:
			kept.Strategy = json.RawMessage(text)
		}
		stamps.Completed = stamps.Completed || yes(row.Data["blueprint_completed"]) || yes(row.Data["strategy_generated"]) || kept.Strategy != nil
		r.answers(row, form, answers)
	}
	if taken > 0 {
		r.report.Forms++
		stamps.Welcome = earliest(stamps.Welcome, kept.CreatedAt)
		for _, s := range onboarding.InPhase(onboarding.BlueprintExtension) {
			if v, there := answers[s.Field]; there {
				form[s.Field] = v
			}
		}
		text, err := json.Marshal(form)
		if err != nil {
			return err
		}
		kept.Form = text
		if err := tx.ImportBlueprint(ctx, u.ID, kept); err != nil {
			return err
		}
	}
	stamps.Base = through(answers, onboarding.Base, kept.CreatedAt)
	stamps.Extension = through(answers, onboarding.BlueprintExtension, kept.CreatedAt)
	if paidBefore(r, by) {
		stamps.PaidWelcome = stamps.Welcome // the welcome that a buyer saw was hers
	}
	if stamps.Completed {
		r.report.Done++
	}
	// Somebody who has an account here has said newer things.
	if fresh && len(answers) > 0 {
		if err := tx.SaveBrandAnswers(ctx, u.ID, answers, kept.CreatedAt); err != nil {
			return err
		}
	}
	if stamps == (Stamps{}) {
		return nil
	}
	return tx.ImportStamps(ctx, u.ID, stamps)
}

// answers takes what a row and its form say into the wizard's words.
func (r *run) answers(row Row, form map[string]any, into onboarding.Answers) {
	lower := map[string]string{}
	for name, v := range form {
		if text, ok := v.(string); ok {
			lower[strings.ToLower(name)] = strings.TrimSpace(text)
		}
	}
	for field, names := range fieldNames {
		text := first(row.Data, names...)
		if text == "" {
			text = first(lower, names...)
		}
		if text == "" {
			continue
		}
		if short := clip(text, onboarding.MaxAnswer); short != text {
			r.note(blueprintsFile, row.Line, fmt.Sprintf("%s was longer than %d characters and was cut", field, onboarding.MaxAnswer))
			text = short
		}
		into[field] = text
	}
}

// through returns at when every question of a phase is answered.
func through(a onboarding.Answers, p onboarding.Phase, at time.Time) time.Time {
	for _, s := range onboarding.InPhase(p) {
		if _, there := a[s.Field]; !there {
			return time.Time{}
		}
	}
	return at
}

func paidBefore(r *run, by map[string][]Row) bool {
	for _, row := range by[subsFile] {
		if t := billing.Tier(row.Data["product_type"]); t > 0 {
			return true
		}
	}
	for _, row := range by[paymentsFile] {
		if p, ok := r.product(first(row.Data, "product_type", "product")); ok && p.Entitlement != "" {
			return true
		}
	}
	return false
}
