package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"sselfie/core"
	"sselfie/core/flags"
	"sselfie/core/onboarding"
)

// OnboardingState returns what a customer has said and seen. Tier and flags are
// the caller's to add.
func (r reads) OnboardingState(ctx context.Context, user core.UserID) (onboarding.State, error) {
	st, err := one(ctx, r, func(s scanner) (st onboarding.State, err error) {
		st.User = user
		err = s.Scan(boolIn(&st.Completed), timeIn(&st.BaseDone), timeIn(&st.BlueprintDone), timeIn(&st.StudioDone),
			timeIn(&st.WelcomeShown), timeIn(&st.PaidWelcomeShown), timeIn(&st.Dismissed), boolIn(&st.HasTrainedModel), boolIn(&st.HasBlueprintState), boolIn(&st.Started))
		return st, err
	}, `SELECT onboarding_completed, base_done_at, blueprint_extension_done_at, studio_extension_done_at, blueprint_welcome_shown_at,
		paid_welcome_shown_at, onboarding_dismissed_at,
		EXISTS (SELECT 1 FROM training_runs t WHERE t.user_id = users.id AND t.training_status = 'completed'),
		EXISTS (SELECT 1 FROM blueprint_subscribers b WHERE b.user_id = users.id AND b.origin <> 'wizard'),
		EXISTS (SELECT 1 FROM analytics_events e WHERE e.user_id = users.id AND e.name = 'onboarding_started')
		FROM users WHERE id = ?`, user)
	if err != nil {
		return st, err
	}
	st.Answers, err = r.onboardingAnswers(ctx, user)
	return st, err
}

// brandFields are the columns of user_personal_brand by the field of the API.
var brandFields = []struct{ field, column string }{
	{"name", "name"},
	{"businessType", "business_type"},
	{"colorTheme", "color_theme"},
	{"visualAesthetic", "visual_aesthetic"},
	{"currentSituation", "current_situation"},
	{"transformationStory", "transformation_story"},
	{"futureVision", "future_vision"},
	{"idealAudience", "ideal_audience"},
	{"communicationVoice", "communication_voice"},
	{"photoGoals", "photo_goals"},
	{"brandInspiration", "brand_inspiration"},
}

func (r reads) onboardingAnswers(ctx context.Context, user core.UserID) (onboarding.Answers, error) {
	out := onboarding.Answers{}
	_, _, err := maybe(ctx, r, func(s scanner) (struct{}, error) {
		texts := make([]string, len(brandFields))
		var pillars []string
		dest := make([]any, 0, len(texts)+1)
		for i := range texts {
			dest = append(dest, &texts[i])
		}
		if err := s.Scan(append(dest, jsonIn(&pillars))...); err != nil {
			return struct{}{}, err
		}
		for i, f := range brandFields {
			if texts[i] != "" {
				out[f.field] = texts[i]
			}
		}
		if len(pillars) > 0 {
			out["contentPillars"] = pillars
		}
		return struct{}{}, nil
	}, `SELECT name, business_type, color_theme, visual_aesthetic, current_situation, transformation_story, future_vision, ideal_audience,
		communication_voice, photo_goals, brand_inspiration, content_pillars FROM user_personal_brand WHERE user_id = ?`, user)
	if err != nil {
		return out, err
	}
	form, _, err := maybe(ctx, r, func(s scanner) (m map[string]any, err error) {
		err = s.Scan(jsonIn(&m))
		return m, err
	}, `SELECT form_data FROM blueprint_subscribers WHERE user_id = ?`, user)
	for _, st := range onboarding.InPhase(onboarding.BlueprintExtension) {
		if v, ok := form[st.Field].(string); ok && v != "" {
			out[st.Field] = v
		}
	}
	return out, err
}

// NameUser gives an account that has no name the one that its owner goes by.
func (tx *Tx) NameUser(ctx context.Context, user core.UserID, name string) error {
	_, err := tx.exec(ctx, `UPDATE users SET name = ? WHERE id = ? AND name = ''`, name, user)
	return err
}

// SaveBrandAnswers keeps answers of the base and studio phases.
func (tx *Tx) SaveBrandAnswers(ctx context.Context, user core.UserID, a onboarding.Answers, at time.Time) error {
	args := []any{user}
	for _, f := range brandFields {
		v, _ := a[f.field].(string)
		args = append(args, v)
	}
	pillars := ""
	if list, ok := a["contentPillars"].([]string); ok {
		b, err := json.Marshal(list)
		if err != nil {
			return err
		}
		pillars = string(b)
	}
	args = append(args, pillars, ms(at))
	_, err := tx.exec(ctx, `INSERT INTO user_personal_brand (user_id, name, business_type, color_theme, visual_aesthetic, current_situation,
		transformation_story, future_vision, ideal_audience, communication_voice, photo_goals, brand_inspiration, content_pillars, updated_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, iif(?13 = '', '[]', ?13), ?14)
		ON CONFLICT (user_id) DO UPDATE SET
		name = iif(?2 = '', name, ?2), business_type = iif(?3 = '', business_type, ?3), color_theme = iif(?4 = '', color_theme, ?4),
		visual_aesthetic = iif(?5 = '', visual_aesthetic, ?5), current_situation = iif(?6 = '', current_situation, ?6),
		transformation_story = iif(?7 = '', transformation_story, ?7), future_vision = iif(?8 = '', future_vision, ?8),
		ideal_audience = iif(?9 = '', ideal_audience, ?9), communication_voice = iif(?10 = '', communication_voice, ?10),
		photo_goals = iif(?11 = '', photo_goals, ?11), brand_inspiration = iif(?12 = '', brand_inspiration, ?12),
		content_pillars = iif(?13 = '', content_pillars, ?13), updated_at = ?14`, args...)
	return err
}

// SaveBlueprintAnswers merges answers into the blueprint form.
func (tx *Tx) SaveBlueprintAnswers(ctx context.Context, user core.UserID, a onboarding.Answers, at time.Time) error {
	form, err := jsonText(a)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO blueprint_subscribers (user_id, form_data, origin, created_at, updated_at) VALUES (?, ?, 'wizard', ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET form_data = json_patch(form_data, excluded.form_data), updated_at = excluded.updated_at`,
		user, form, ms(at), ms(at))
	return err
}

// stampTexts are the statements by stamp: texts are constants for the cache.
var stampTexts = map[onboarding.Stamp]string{
	onboarding.BaseDoneAt:         `UPDATE users SET base_done_at = ? WHERE id = ? AND base_done_at IS NULL`,
	onboarding.BlueprintDoneAt:    `UPDATE users SET blueprint_extension_done_at = ? WHERE id = ? AND blueprint_extension_done_at IS NULL`,
	onboarding.StudioDoneAt:       `UPDATE users SET studio_extension_done_at = ? WHERE id = ? AND studio_extension_done_at IS NULL`,
	onboarding.WelcomeShownAt:     `UPDATE users SET blueprint_welcome_shown_at = ? WHERE id = ? AND blueprint_welcome_shown_at IS NULL`,
	onboarding.PaidWelcomeShownAt: `UPDATE users SET paid_welcome_shown_at = ? WHERE id = ? AND paid_welcome_shown_at IS NULL`,
	onboarding.DismissedAt:        `UPDATE users SET onboarding_dismissed_at = ? WHERE id = ? AND onboarding_dismissed_at IS NULL`,
}

// StampOnboarding sets a stamp that is not set yet.
func (tx *Tx) StampOnboarding(ctx context.Context, user core.UserID, s onboarding.Stamp, at time.Time) error {
	_, err := tx.exec(ctx, stampTexts[s], ms(at), user)
	return err
}

// CompleteOnboarding marks the flow as ended, and reports whether it was open.
func (tx *Tx) CompleteOnboarding(ctx context.Context, user core.UserID) (bool, error) {
	res, err := tx.exec(ctx, `UPDATE users SET onboarding_completed = 1 WHERE id = ? AND onboarding_completed = 0`, user)
	if err != nil {
		return false, err
	}
	return changed(res) > 0, nil
}

// OnboardingOutcomes hands fn each user who began the flow at since or later.
func (r reads) OnboardingOutcomes(ctx context.Context, since time.Time, fn func(flags.Outcome) error) error {
	return each(ctx, r, func(s scanner) error {
		var o flags.Outcome
		if err := s.Scan(&o.User, boolIn(&o.Failed), boolIn(&o.Completed)); err != nil {
			return err
		}
		return fn(o)
	}, `SELECT s.user_id,
		EXISTS (SELECT 1 FROM analytics_events e WHERE e.user_id = s.user_id AND e.name = 'onboarding_error' AND +e.at >= ?1),
		EXISTS (SELECT 1 FROM analytics_events e WHERE e.user_id = s.user_id AND e.name = 'onboarding_completed')
		FROM analytics_events s WHERE s.name = 'onboarding_started' AND s.at >= ?1 AND s.user_id IS NOT NULL`, ms(since))
}

// FlagOverride returns the stored setting of a flag.
func (r reads) FlagOverride(ctx context.Context, k flags.Key) (flags.Setting, bool, error) {
	return maybe(ctx, r, func(s scanner) (f flags.Setting, err error) {
		err = s.Scan(&f.Key, &f.State, &f.Percent, &f.Reason, &f.UpdatedBy, timeIn(&f.UpdatedAt))
		return f, err
	}, `SELECT key, state, percent, reason, updated_by, updated_at FROM admin_feature_flags WHERE key = ?`, k)
}

// SaveFlag inserts or replaces an override.
func (tx *Tx) SaveFlag(ctx context.Context, f flags.Setting) error {
	_, err := tx.exec(ctx, `INSERT INTO admin_feature_flags (key, state, percent, reason, updated_by, updated_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET state = excluded.state, percent = excluded.percent, reason = excluded.reason,
		updated_by = excluded.updated_by, updated_at = excluded.updated_at`, f.Key, f.State, f.Percent, f.Reason, f.UpdatedBy, ms(f.UpdatedAt))
	return err
}

// Audit adds a line to the audit log.
func (tx *Tx) Audit(ctx context.Context, a core.Audit) error {
	detail := "{}"
	if len(a.Detail) > 0 {
		var err error
		if detail, err = jsonText(a.Detail); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, `INSERT INTO admin_audit_log (id, actor, action, subject, detail, at) VALUES (?, ?, ?, ?, ?, ?)`,
		a.ID, a.Actor, a.Action, a.Subject, detail, ms(a.At))
	return err
}
