package view

import "time"

// Desk is one page of the creator's: figures first, then what needs attention,
// then lists. All of them share one shape, so that the hundredth is read like
// the first.
type Desk struct {
	Chrome
	Section string // of the navigation: "overview", "users", ...
	Title   string
	Lead    string // one sentence under the title, "" for none
	Links   []DeskLink
	Figures []Figure
	Search  *DeskSearch
	Forms   []DeskForm // what can be done on this page
	Tables  []DeskTable
}

// DeskLink leads from a page of the desk to what belongs to it.
type DeskLink struct{ Label, Href string }

// Figure is one number with its meaning.
type Figure struct {
	Label      string
	Value      string // "" where there is nothing to divide by
	Definition string
	Tone       Tone
}

// DeskSearch is the search above a list.
type DeskSearch struct {
	Action, Name, Value, Label string
}

// DeskTable is a list.
type DeskTable struct {
	Title   string
	Note    string
	Columns []string
	Rows    [][]Cell
	Empty   string // what to say without rows
	Older   string // address of the next page, "" at the end
}

// Numeric reports whether a column holds figures, which stand under each other.
func (t DeskTable) Numeric(column int) bool {
	return len(t.Rows) > 0 && column < len(t.Rows[0]) && t.Rows[0][column].Num
}

// Cell is one place of a list.
type Cell struct {
	Text string
	Note string // small, under it
	Href string
	At   time.Time // shown where Text is empty
	Num  bool
	Tone Tone
	Form *DeskForm
}

// DeskForm is something that can be done. It works without a script.
type DeskForm struct {
	Title  string
	Action string
	Button string
	Kind   string // of the button
	Fields []DeskField
	// Where a form has Others, each button sends its own value by this name, and the
	// others ignore what is in the fields.
	Name, Value string
	Others      []DeskButton
}

// DeskButton is another way to send a form.
type DeskButton struct{ Label, Value string }

// DeskField is one input of a form.
type DeskField struct {
	Name, Label, Type, Value, Error string
}

// Sections of the desk, in the order of its navigation.
type deskSection struct{ Key, Href, Label string }

// Sections lists the desk's pages for its navigation.
func (Desk) Sections() []deskSection {
	return []deskSection{
		{"overview", "/admin", "Overview"},
		{"users", "/admin/users", "Customers"},
		{"tickets", "/admin/tickets", "Notes"},
		{"emails", "/admin/emails", "Letters"},
		{"campaigns", "/admin/campaigns", "Campaigns"},
		{"series", "/admin/series", "Series"},
		{"segments", "/admin/segments", "Segments"},
		{"webhooks", "/admin/webhooks", "Webhooks"},
		{"outbox", "/admin/outbox", "Outbox"},
		{"jobs", "/admin/jobs", "Jobs"},
		{"flags", "/admin/flags", "Flags"},
		{"launch-check", "/admin/launch-check", "Launch check"},
	}
}

func (v Desk) about(*Renderer) about {
	return about{Template: "desk", Body: "desk", Title: v.Title, Private: true, Description: "The creator’s desk."}
}

// Timeline is GET /dev/timeline: everything that happened to one customer, in
// order, and why.
type Timeline struct {
	Chrome
	Email   string
	Now     time.Time
	Alone   bool // a file of its own: nothing of it points to a site
	Moments []Moment
	Unknown bool // nobody has this address
}

// Moment is one line of a time line.
type Moment struct {
	At                            time.Time
	Kind, Title, Detail, Why, Ref string
}

func (v Timeline) about(*Renderer) about {
	return about{Template: "timeline", Body: "desk", Title: "Time line", Private: true, Description: "What happened to one customer, and why.", Scripts: []string{"js/dev.js", "js/toast.js"}}
}

func sampleDesk(at time.Time) Desk {
	in := Chrome{Viewer: &Viewer{Name: "Ada Sample", Email: "ada@example.com", IsAdmin: true, Balance: 0, Tier: "free"}, Notice: []Notice{
		{Tone: Danger, Title: "The clock of this server is wrong", Text: "Stripe’s reports are refused because of it. Set it by NTP."},
	}}
	return Desk{
		Chrome: in, Section: "overview", Title: "Overview", Lead: "The last 28 days.",
		Figures: []Figure{
			{Label: "Revenue", Value: "$1,240", Definition: "What was paid in the period."},
			{Label: "Refund rate", Value: "", Definition: "Refunded payments over paid ones."},
			{Label: "Webhooks", Value: "97.2%", Tone: Warning, Definition: "Events that are not failed."},
		},
		Search: &DeskSearch{Action: "/admin/users", Name: "q", Label: "Find a customer"},
		Forms:  []DeskForm{{Title: "Give or take credits", Action: "/admin/users/usr_1/credits", Button: "Change", Name: "do", Value: "change", Others: []DeskButton{{Label: "Take all", Value: "all"}}, Fields: []DeskField{{Name: "amount", Label: "Credits", Type: "number", Error: "Give a number."}, {Name: "reason", Label: "Why"}}}},
		Tables: []DeskTable{
			{Title: "Waiting", Columns: []string{"Received", "Event", "", ""}, Rows: [][]Cell{{
				{At: at},
				{Text: "checkout.session.completed", Note: "the amount does not fit"},
				{Text: "parked", Tone: Warning},
				{Form: &DeskForm{Action: "/admin/webhooks/evt_1/retry", Button: "Try again", Kind: "quiet small"}},
			}}, Older: "/admin/webhooks?cursor=1"},
			{Title: "Mails", Columns: []string{"To"}, Empty: "None is stuck."},
		},
	}
}

func sampleTimeline(at time.Time) Timeline {
	return Timeline{Email: "ines@example.com", Now: at, Moments: []Moment{
		{At: at, Kind: "payment", Title: "Paid for bio_glowup", Detail: "USD 47.00", Why: "matched by new", Ref: "pay_1"},
		{At: at.Add(time.Hour), Kind: "mail", Title: "purchase mail sent", Detail: "Your Bio Glow-Up is ready"},
	}}
}
