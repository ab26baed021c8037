// Package onboarding decides what a customer sees first, and walks her through
// the questions, once. Decisions are functions of what is known; each stage has
// its own time stamp, so nothing is asked twice.
package onboarding

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"sselfie/core"
	"sselfie/core/entitlements"
)

// Phase is a part of the wizard.
type Phase string

// The phases.
const (
	Base               Phase = "base"
	BlueprintExtension Phase = "blueprint_extension"
	StudioExtension    Phase = "studio_extension"
	Welcome            Phase = "welcome"
	Training           Phase = "training"
	Done               Phase = "done"
)

// Choice is a suggestion; an answer may be any text.
type Choice struct {
	Value, Label string
}

// Step is one question. Adding one is adding an entry: its field, its rule and
// its copy.
type Step struct {
	Phase    Phase
	Field    string // as the API writes it
	Question string
	Help     string
	Choices  []Choice // shown as prints; "" lets the customer write her own
	Long     bool     // a longer text
	List     bool     // 1 to 10 short texts
}

// MaxAnswer and MaxPillars bound an answer (product.md, Onboarding).
const (
	MaxAnswer  = 500
	MaxPillars = 10
)

const missing = "This answer is missing."

var aesthetics = []Choice{{"minimal", "Minimal"}, {"luxury", "Luxury"}, {"editorial", "Editorial"}, {"playful", "Playful"}}

// Steps are all questions, in the order in which they are asked.
var Steps = []Step{
	{Phase: Base, Field: "name", Question: "What should we call you?", Help: "Your name, or the name that your brand goes by."},
	{Phase: Base, Field: "businessType", Question: "What do you do?", Help: "A few words: coach, photographer, ceramics, bookkeeping for cafes."},
	{Phase: Base, Field: "colorTheme", Question: "Which light feels like you?", Help: "It sets the tone of every picture. You can change it later.", Choices: []Choice{
		{"dark-moody", "Dark and moody"}, {"warm-neutrals", "Warm neutrals"}, {"soft-pinks", "Soft pinks"}, {"bold-colours", "Bold colours"},
	}},
	{Phase: Base, Field: "visualAesthetic", Question: "Which frame is yours?", Help: "How much stands in the picture, and how it stands.", Choices: aesthetics},
	{Phase: Base, Field: "currentSituation", Question: "Where are you now?", Help: "So that we begin where you are.", Choices: []Choice{
		{"starting", "Just starting"}, {"growing", "Growing"}, {"rebranding", "Changing course"},
	}},
	{Phase: BlueprintExtension, Field: "dreamClient", Question: "Who is your dream client?", Help: "One person, as you would describe her to a friend.", Long: true},
	{Phase: BlueprintExtension, Field: "struggle", Question: "What is hard about showing up?", Help: "The honest answer makes the better plan.", Long: true},
	{Phase: BlueprintExtension, Field: "feedStyle", Question: "How should your feed look?", Help: "The nine frames side by side.", Choices: []Choice{
		{"light", "Light"}, {"dark", "Dark"}, {"mixed", "Both"},
	}},
	{Phase: StudioExtension, Field: "transformationStory", Question: "What changed for you?", Help: "The turn that brought you here. Two or three sentences.", Long: true},
	{Phase: StudioExtension, Field: "futureVision", Question: "Where will you be in a year?", Help: "Say it as if it had happened.", Long: true},
	{Phase: StudioExtension, Field: "idealAudience", Question: "Who should stop scrolling?", Help: "Who they are, and what they were looking for.", Long: true},
	{Phase: StudioExtension, Field: "communicationVoice", Question: "How do you sound?", Help: "Three words, or a sentence that you would say.", Long: false},
	{Phase: StudioExtension, Field: "photoGoals", Question: "What do you need pictures for?", Help: "Profile, launch, website, every day.", Long: true},
	{Phase: StudioExtension, Field: "contentPillars", Question: "What do you talk about?", Help: "One to ten topics, one a line.", List: true},
	{Phase: StudioExtension, Field: "brandInspiration", Question: "Whose look do you admire?", Help: "Names, places, films. It needn't be a brand.", Long: true},
}

// InPhase returns a phase's questions.
func InPhase(p Phase) []Step {
	var out []Step
	for _, s := range Steps {
		if s.Phase == p {
			out = append(out, s)
		}
	}
	return out
}

// Allowed reports whether a tier is asked the questions of a phase.
func Allowed(p Phase, t entitlements.Tier) bool {
	switch p {
	case Base:
		return true
	case BlueprintExtension:
		return t != entitlements.Studio
	case StudioExtension:
		return t == entitlements.Studio
	}
	return false
}

// Said is an answer as a person reads it; "" where none was given.
type Said struct{ Field, Question, Text string }

// Read returns the questions of a tier, and others that were answered, with what
// was said.
func Read(a Answers, t entitlements.Tier) []Said {
	var out []Said
	for _, st := range Steps {
		said := Said{Field: st.Field, Question: st.Question}
		switch v := a[st.Field].(type) {
		case string:
			said.Text = v
			for _, c := range st.Choices {
				if c.Value == v {
					said.Text = c.Label
				}
			}
		case []string:
			said.Text = strings.Join(v, ", ")
		}
		if said.Text != "" || Allowed(st.Phase, t) {
			out = append(out, said)
		}
	}
	return out
}

// Answers are what a customer has said, by field. A value is a string, or a
// list of strings where the step says so.
type Answers map[string]any

// check returns the answer in its kept form, or what is wrong with it.
func (s Step) check(v any) (any, string) {
	if !s.List {
		text, ok := v.(string)
		if !ok {
			return nil, "Answer with a text."
		}
		return oneAnswer(text)
	}
	list, ok := v.([]any)
	if !ok {
		if texts, isTexts := v.([]string); isTexts {
			for _, t := range texts {
				list = append(list, t)
			}
			ok = true
		}
	}
	if !ok {
		return nil, "Answer with a list of texts."
	}
	out := []string{}
	for _, e := range list {
		text, isText := e.(string)
		if !isText {
			return nil, "Answer with a list of texts."
		}
		kept, why := oneAnswer(text)
		if why != "" {
			return nil, why
		}
		out = append(out, kept.(string))
	}
	if len(out) < 1 || len(out) > MaxPillars {
		return nil, fmt.Sprintf("Give 1 to %d of them.", MaxPillars)
	}
	return out, ""
}

func oneAnswer(text string) (any, string) {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return nil, missing
	case n > MaxAnswer:
		return nil, fmt.Sprintf("An answer has at most %d characters; this one has %d.", MaxAnswer, n)
	}
	return text, ""
}

// CheckPhase returns the kept answers of a whole phase. Every question needs
// one; what is missing or wrong is named by its field.
func CheckPhase(p Phase, given Answers) (Answers, error) {
	return checkFields(InPhase(p), given, true)
}

// CheckSome returns the kept answers of the steps that given names.
func CheckSome(p Phase, given Answers) (Answers, error) {
	return checkFields(InPhase(p), given, false)
}

func checkFields(steps []Step, given Answers, whole bool) (Answers, error) {
	out, bad := Answers{}, map[string]string{}
	known := map[string]bool{}
	for _, s := range steps {
		known[s.Field] = true
		v, there := given[s.Field]
		if !there || v == nil {
			if whole {
				bad[s.Field] = missing
			}
			continue
		}
		kept, why := s.check(v)
		if why != "" {
			bad[s.Field] = why
			continue
		}
		out[s.Field] = kept
	}
	for f := range given {
		if !known[f] && !whole {
			bad[f] = "No question of this phase has this name."
		}
	}
	if len(bad) == 0 && len(out) == 0 {
		bad["answers"] = "Answer at least one question."
	}
	if len(bad) > 0 {
		return nil, &core.Error{Code: core.Invalid, Op: "onboarding.check", Message: "Check the marked answers.", Fields: bad}
	}
	return out, nil
}
