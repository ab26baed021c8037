package onboarding_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sselfie/core"
	"sselfie/core/entitlements"
	"sselfie/core/onboarding"
)

// full answers every question of a phase.
func full(p onboarding.Phase) onboarding.Answers {
	out := onboarding.Answers{}
	for _, s := range onboarding.InPhase(p) {
		out[s.Field] = "an answer"
		if s.List {
			out[s.Field] = []any{"one", "two"}
		}
	}
	return out
}

func with(a onboarding.Answers, field string, v any) onboarding.Answers {
	out := maps.Clone(a)
	out[field] = v
	return out
}

func without(a onboarding.Answers, fields ...string) onboarding.Answers {
	out := maps.Clone(a)
	for _, f := range fields {
		delete(out, f)
	}
	return out
}

func list(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = "pillar"
	}
	return out
}

// marked returns the fields that an Invalid error names, sorted.
func marked(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *core.Error
	if !errors.As(err, &e) || e.Code != core.Invalid {
		t.Fatalf("an error of another kind: %v", err)
	}
	return strings.Join(slices.Sorted(maps.Keys(e.Fields)), " ")
}

func TestAWholePhaseIsChecked(t *testing.T) {
	base, ext, studio := full(onboarding.Base), full(onboarding.BlueprintExtension), full(onboarding.StudioExtension)
	for name, c := range map[string]struct {
		phase onboarding.Phase
		given onboarding.Answers
		bad   string
	}{
		"all of base":                    {onboarding.Base, base, ""},
		"all of the blueprint's":         {onboarding.BlueprintExtension, ext, ""},
		"all of studio's":                {onboarding.StudioExtension, studio, ""},
		"one is missing":                 {onboarding.Base, without(base, "colorTheme"), "colorTheme"},
		"two are missing":                {onboarding.Base, without(base, "name", "colorTheme"), "colorTheme name"},
		"nothing at all":                 {onboarding.BlueprintExtension, nil, "dreamClient feedStyle struggle"},
		"null is missing":                {onboarding.Base, with(base, "name", nil), "name"},
		"blank is missing":               {onboarding.Base, with(base, "name", " \t\n "), "name"},
		"a zero byte is nothing":         {onboarding.Base, with(base, "name", "\x00"), "name"},
		"500 characters":                 {onboarding.Base, with(base, "name", strings.Repeat("ü", 500)), ""},
		"501 characters":                 {onboarding.Base, with(base, "name", strings.Repeat("ü", 501)), "name"},
		"500 characters between blanks":  {onboarding.Base, with(base, "name", " "+strings.Repeat("x", 500)+" "), ""},
		"a number":                       {onboarding.Base, with(base, "name", 7.0), "name"},
		"a list where a text belongs":    {onboarding.Base, with(base, "name", []any{"a"}), "name"},
		"an object":                      {onboarding.Base, with(base, "name", map[string]any{"a": 1}), "name"},
		"a text of no suggestion":        {onboarding.Base, with(base, "colorTheme", "petrol, mostly"), ""},
		"another field is left alone":    {onboarding.Base, with(base, "isAdmin", true), ""},
		"no pillars":                     {onboarding.StudioExtension, with(studio, "contentPillars", list(0)), "contentPillars"},
		"one pillar":                     {onboarding.StudioExtension, with(studio, "contentPillars", list(1)), ""},
		"ten pillars":                    {onboarding.StudioExtension, with(studio, "contentPillars", list(10)), ""},
		"eleven pillars":                 {onboarding.StudioExtension, with(studio, "contentPillars", list(11)), "contentPillars"},
		"pillars as a text":              {onboarding.StudioExtension, with(studio, "contentPillars", "a, b"), "contentPillars"},
		"pillars of strings":             {onboarding.StudioExtension, with(studio, "contentPillars", []string{"a"}), ""},
		"a number among the pillars":     {onboarding.StudioExtension, with(studio, "contentPillars", []any{"a", 1.0}), "contentPillars"},
		"a blank among the pillars":      {onboarding.StudioExtension, with(studio, "contentPillars", []any{"a", " "}), "contentPillars"},
		"a pillar of 501":                {onboarding.StudioExtension, with(studio, "contentPillars", []any{strings.Repeat("x", 501)}), "contentPillars"},
		"a screen has no answers":        {onboarding.Welcome, base, "answers"},
		"a phase that nobody knows":      {onboarding.Phase("cellar"), base, "answers"},
		"several mistakes, all at once":  {onboarding.Base, with(without(base, "name"), "colorTheme", 1.0), "colorTheme name"},
		"another phase's answers are no": {onboarding.BlueprintExtension, base, "dreamClient feedStyle struggle"},
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := onboarding.CheckPhase(c.phase, c.given)
			if got := marked(t, err); got != c.bad {
				t.Fatalf("marked %q, want %q", got, c.bad)
			}
			if err == nil && len(kept) != len(onboarding.InPhase(c.phase)) {
				t.Errorf("kept %v", kept)
			}
		})
	}
}

func TestSomeAnswersAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		given string // as it comes over the wire
		want  onboarding.Answers
		bad   string
	}{
		"one":                        {`{"name":" Anna "}`, onboarding.Answers{"name": "Anna"}, ""},
		"two":                        {`{"name":"Anna","colorTheme":"soft-pinks"}`, onboarding.Answers{"name": "Anna", "colorTheme": "soft-pinks"}, ""},
		"none":                       {`{}`, nil, "answers"},
		"only null":                  {`{"name":null}`, nil, "answers"},
		"an unknown field":           {`{"name":"Anna","nickname":"A"}`, nil, "nickname"},
		"a field of another phase":   {`{"dreamClient":"x"}`, nil, "dreamClient"},
		"one is wrong, nothing kept": {`{"name":"Anna","colorTheme":1}`, nil, "colorTheme"},
		"broken utf-8 is mended":     {"{\"name\":\"An\xffna\"}", onboarding.Answers{"name": "An\ufffdna"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var given onboarding.Answers
			if err := json.Unmarshal([]byte(c.given), &given); err != nil {
				t.Fatal(err)
			}
			kept, err := onboarding.CheckSome(onboarding.Base, given)
			if got := marked(t, err); got != c.bad || !reflect.DeepEqual(kept, c.want) {
				t.Errorf("marked %q, kept %v", got, kept)
			}
		})
	}
}

func TestEachTierHasItsQuestions(t *testing.T) {
	for tier, want := range map[entitlements.Tier]string{
		entitlements.Free:      "base blueprint_extension",
		entitlements.Blueprint: "base blueprint_extension",
		entitlements.Studio:    "base studio_extension",
	} {
		var got []string
		for _, p := range []onboarding.Phase{onboarding.Base, onboarding.BlueprintExtension, onboarding.StudioExtension, onboarding.Welcome, onboarding.Training, onboarding.Done} {
			if onboarding.Allowed(p, tier) {
				got = append(got, string(p))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is asked %v", tier, got)
		}
	}
}
