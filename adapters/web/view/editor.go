package view

// Editor is a page of the desk on which something is written: a letter, a
// segment. Every button sends the whole form, so that nothing typed is lost and
// nothing needs a script.
type Editor struct {
	Desk
	Action  string // where the form is sent
	Error   string // the sentence about the whole form
	Fields  []EditField
	Rule    *RuleGroup // of a segment
	Counted string     // what the count said, "" before
	Buttons []EditButton
	Proof   *EditProof // nil: there is nothing to look at
	After   []EditForm // further forms below: schedule, test, delete
}

// EditField is one input.
type EditField struct {
	Name, Label, Value, Help, Error string
	Type                            string // text, textarea, select, number, date, time, hidden, list
	Options                         []EditOption
	Max, Rows                       int
	Optional                        bool
	Wide                            bool   // takes a whole line
	Zone                            bool   // the browser may suggest its own time zone
	Form                            string // the id of its form, where it stands outside of it
}

// EditOption is a choice of a select, or a suggestion.
type EditOption struct {
	Value, Label string
	On           bool
}

// EditButton sends the form; its name and value say what for.
type EditButton struct {
	Name, Value, Label, Kind string
}

// EditForm is a form of its own beside the large one.
type EditForm struct {
	Title, Note, Action, Button, Kind string
	Fields                            []EditField
	Error                             string
	Link, LinkText                    string // instead of a form
}

// EditProof is the letter as a customer would get it, in a frame.
type EditProof struct {
	Action string // takes the form and answers with the letter
	As     EditField
}

// RuleGroup is a node of a rule that holds others.
type RuleGroup struct {
	Path  string // its place in the form: r, r-0, r-0-2
	Not   bool
	Any   bool
	Parts []RulePart
	Kinds []EditOption // what can be added
	Root  bool
	Deep  bool // no group fits into it any more
}

// RulePart is a group or a condition.
type RulePart struct {
	Group     *RuleGroup
	Condition *RuleCondition
}

// RuleCondition is one question about a customer.
type RuleCondition struct {
	Path, Kind, Label string
	Not               bool
	Products          []EditOption // to tick
	Fields            []EditField
	Error             string
}

func (v Editor) about(*Renderer) about {
	return about{
		Template: "editor", Body: "desk", Title: v.Title, Private: true, Description: "The creator’s desk.",
		Scripts: []string{"js/editor.js", "js/forms.js"},
	}
}

// editorSamples are a segment and a letter on the creator's desk.
func editorSamples() []Sample {
	in := Chrome{Viewer: &Viewer{Name: "Ada Sample", Email: "ada@example.com", IsAdmin: true, Tier: "free"}}
	kinds := []EditOption{{Value: "purchased", Label: "Bought"}, {Value: "tag", Label: "Has a tag"}}
	inner := &RuleGroup{Path: "r-1", Any: true, Kinds: kinds, Deep: true, Parts: []RulePart{
		{Condition: &RuleCondition{Path: "r-1-0", Kind: "tag", Label: "Has the tag", Not: true, Fields: []EditField{{Name: "r-1-0-text", Label: "Tag", Error: "Give the tag."}}}},
	}}
	segment := Editor{
		Desk: Desk{Chrome: in, Section: "segments", Title: "A new segment"}, Action: "/admin/segments/new", Error: "This segment cannot be saved as it is.",
		Fields: []EditField{{Name: "name", Label: "Name", Value: "Buyers", Max: 100, Wide: true}},
		Rule: &RuleGroup{Path: "r", Root: true, Kinds: kinds, Parts: []RulePart{
			{Condition: &RuleCondition{Path: "r-0", Kind: "purchased", Label: "Bought one of", Products: []EditOption{{Value: "bio_glowup", Label: "Bio Glow-Up", On: true}, {Value: "nine_post_feed", Label: "9-Post Feed"}}}},
			{Group: inner},
		}},
		Counted: "12 customers fit this rule now.",
		Buttons: []EditButton{{"do", "save", "Save", ""}, {"do", "count", "Count", "quiet"}},
		After:   []EditForm{{Title: "Delete", Action: "/admin/segments/seg_1/delete", Button: "Delete this segment", Kind: "danger"}},
	}
	letter := Editor{
		Desk: Desk{Chrome: in, Section: "campaigns", Title: "Spring", Lead: "A draft."}, Action: "/admin/campaigns/cmp_1",
		Fields: []EditField{
			{Name: "subject", Label: "Subject", Value: "The light is back", Max: 150, Wide: true},
			{Name: "body", Label: "Letter", Type: "textarea", Value: "Go to the window.", Rows: 14, Max: 20000, Wide: true, Help: "Markdown.", Error: "This is missing."},
			{Name: "segment", Label: "To whom", Type: "select", Options: []EditOption{{Value: "", Label: "Choose"}, {Value: "seg_1", Label: "Studio Members, 12", On: true}}},
			{Name: "holdOut", Label: "Left out, in percent", Type: "number", Value: "10", Optional: true},
			{Name: "of", Type: "hidden", Value: "campaign"},
		},
		Buttons: []EditButton{{"do", "save", "Save", ""}},
		Proof:   &EditProof{Action: "/admin/proof", As: EditField{Name: "as", Form: "edit", Label: "As this customer gets it", Help: "An address.", Optional: true}},
		After: []EditForm{
			{Title: "Schedule", Action: "/admin/campaigns/cmp_1/schedule", Button: "Schedule", Error: "This time has passed.", Fields: []EditField{
				{Name: "sendAt", Label: "When", Type: "datetime-local", Value: "2026-03-20T09:30"}, {Name: "zone", Label: "Time zone", Type: "list", Value: "Europe/Berlin", Zone: true, Options: []EditOption{{Value: "Europe/Berlin"}}},
			}},
			{Title: "Copy", Link: "/admin/campaigns/new?from=cmp_1", LinkText: "Copy it into a new one"},
		},
	}
	return []Sample{{"editor-segment", segment}, {"editor-letter", letter}}
}
