package view

import "sselfie/core/catalog"

// Wizard is one question of the first minute, GET /welcome, and the answer to a
// POST that failed. The studio's address shows it, too, while there is something
// to ask.
type Wizard struct {
	Chrome
	Phase    string // as the API names it; with Step it says which question is answered
	Step     int    // counts from 1 within the phase
	Number   int    // counts from 1 over everything that this customer is asked
	Field    string
	Question string
	Help     string
	Choices  []WizardChoice // shown as prints; her own words are taken beside them
	Long     bool
	List     bool   // one answer a line
	Text     string // her own words
	Own      bool   // the answer that is kept is in her own words
	Error    string // what is wrong with the answer, in words
	Frames   []WizardFrame
	Back     string // "" on the first question
	Forward  string // "" when the next question was not reached yet
	Next     string // where the customer was going
	Member   bool   // asked for Studio
	Changing bool   // an answer that is kept is changed; nothing follows
}

// WizardChoice is one print.
type WizardChoice struct {
	Value, Label string
	On           bool
}

// WizardFrame is one number of the progress.
type WizardFrame struct {
	Number  int
	Href    string // "" for a question that was not reached yet, and for this one
	Done    bool
	Current bool
}

// Of is how many questions there are.
func (v Wizard) Of() int { return len(v.Frames) }

// Last reports whether this is the last question.
func (v Wizard) Last() bool { return v.Number == v.Of() }

// Art is the print beside a question that is answered in words.
func (v Wizard) Art() string {
	for field, id := range map[string]string{
		"name": "studio", "businessType": "desk", "dreamClient": "outdoor", "struggle": "raw", "transformationStory": "window",
		"futureVision": "warm", "idealAudience": "film", "communicationVoice": "type", "photoGoals": "editorial", "contentPillars": "pages",
		"brandInspiration": "stem",
	} {
		if field == v.Field {
			return id
		}
	}
	return "minimal"
}

func (v Wizard) about(*Renderer) about {
	return about{
		Template: "wizard", Body: "wizard", Title: v.Question, Private: true,
		Description: "A few questions, once.", Scripts: []string{"js/wizard.js", "js/forms.js"},
	}
}

// Welcome is the screen at the end of the questions.
type Welcome struct {
	Chrome
	Kind    string // "free", "paid" or "studio"
	Name    string
	Balance int
	Theme   string // key of the colour theme that was chosen, "" for none of ours
	Next    string
	Plan    bool // Next is the blueprint
}

func (v Welcome) about(r *Renderer) about {
	title := "Welcome"
	if v.Kind == "studio" {
		title = "Welcome to " + r.site.Catalog.Studio().Name
	}
	return about{Template: "welcome", Body: "wizard", Title: title, Private: true, Description: "Everything is ready.", Scripts: []string{"js/wizard.js", "js/forms.js"}}
}

// Blueprint is the product that brings the blueprint's credits.
func (s scope) Blueprint() catalog.Product { return s.r.product("brand_blueprint_paid") }

// GridCost is what one grid of two pictures takes.
func (s scope) GridCost() int { return 2 * s.Site.Catalog.Costs.Image }

// GridsFor is how many grids so many credits make.
func (s scope) GridsFor(credits int) int {
	if s.GridCost() == 0 {
		return 0
	}
	return credits / s.GridCost()
}

// wizardSamples are the wizard's pages in their states.
func wizardSamples(in Chrome) []Sample {
	frames := func(n, at int) []WizardFrame {
		out := make([]WizardFrame, n)
		for i := range out {
			out[i] = WizardFrame{Number: i + 1, Done: i+1 < at, Current: i+1 == at}
			if i+1 < at {
				out[i].Href = "/welcome?step=1"
			}
		}
		return out
	}
	theme := Wizard{
		Chrome: in, Phase: "base", Step: 3, Number: 3, Field: "colorTheme", Question: "Which light feels like you?",
		Help: "It sets the tone of every picture. You can change it later.", Frames: frames(8, 3), Back: "/welcome?step=2", Next: "/studio",
		Choices: []WizardChoice{{"dark-moody", "Dark and moody", false}, {"warm-neutrals", "Warm neutrals", true}, {"soft-pinks", "Soft pinks", false}, {"bold-colours", "Bold colours", false}},
	}
	aesthetic := theme
	aesthetic.Step, aesthetic.Number, aesthetic.Field, aesthetic.Question, aesthetic.Help = 4, 4, "visualAesthetic", "Which frame is yours?", "How much stands in the picture, and how it stands."
	aesthetic.Choices = []WizardChoice{{"minimal", "Minimal", false}, {"luxury", "Luxury", false}, {"editorial", "Editorial", false}, {"playful", "Playful", false}}
	aesthetic.Own, aesthetic.Text, aesthetic.Frames = true, "Quiet, with one loud thing", frames(8, 4)
	situation := theme
	situation.Step, situation.Number, situation.Field, situation.Question, situation.Help, situation.Frames = 5, 5, "currentSituation", "Where are you now?", "So that we begin where you are.", frames(8, 5)
	situation.Choices = []WizardChoice{{"starting", "Just starting", false}, {"growing", "Growing", true}, {"rebranding", "Changing course", false}}
	feed := theme
	feed.Phase, feed.Step, feed.Number, feed.Field, feed.Question, feed.Help, feed.Frames = "blueprint_extension", 3, 8, "feedStyle", "How should your feed look?", "The nine frames side by side.", frames(8, 8)
	feed.Choices, feed.Error = []WizardChoice{{"light", "Light", false}, {"dark", "Dark", false}, {"mixed", "Both", false}}, "This answer is missing."
	return []Sample{
		{"wizard", Wizard{Chrome: in, Phase: "base", Step: 1, Number: 1, Field: "name", Question: "What should we call you?", Help: "Your name, or the name that your brand goes by.", Frames: frames(8, 1), Next: "/studio"}},
		{"wizard-theme", theme},
		{"wizard-aesthetic", aesthetic},
		{"wizard-situation", situation},
		{"wizard-feed", feed},
		{"wizard-long", Wizard{Chrome: in, Phase: "studio_extension", Step: 1, Number: 6, Field: "transformationStory", Question: "What changed for you?", Help: "The turn that brought you here. Two or three sentences.", Long: true, Member: true, Frames: frames(12, 6), Back: "/welcome?step=5", Forward: "/welcome?step=7", Next: "/studio", Text: "I left."}},
		{"wizard-change", Wizard{Chrome: in, Phase: "blueprint_extension", Step: 1, Number: 1, Field: "dreamClient", Question: "Who is your dream client?", Help: "One person, as you would describe her to a friend.", Long: true, Changing: true, Next: "/studio?tab=blueprint", Text: "Grace"}},
		{"wizard-list", Wizard{Chrome: in, Phase: "studio_extension", Step: 6, Number: 6, Field: "contentPillars", Question: "What do you talk about?", Help: "One to ten topics, one a line.", List: true, Member: true, Frames: frames(7, 6), Back: "/welcome?step=5", Next: "/studio", Text: "Craft\nMoney", Error: "Give 1 to 10 of them."}},
		{"welcome-free", Welcome{Chrome: in, Kind: "free", Name: "Ines", Balance: 2, Theme: "dark-moody", Next: "/studio?tab=blueprint", Plan: true}},
		{"welcome-paid", Welcome{Chrome: in, Kind: "paid", Name: "Ines", Balance: 62, Theme: "soft-pinks", Next: "/studio?tab=blueprint", Plan: true}},
		{"welcome-studio", Welcome{Chrome: in, Kind: "studio", Name: "Ines", Balance: 200, Theme: "", Next: "/studio"}},
	}
}
