// Package sequences holds the letters that go out by themselves: series of
// steps, who walks through them, and what is due when, as a pure function that
// says why.
package sequences

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sselfie/core/prose"
)

// Name names a series.
type Name string

// The series.
const (
	MiniProduct   Name = "mini-product"   // from a mini product to Studio
	FreeBlueprint Name = "free-blueprint" // from a captured address to the paid blueprint
	Alumni        Name = "alumni"         // the monthly letter after day 30
	Seasonal      Name = "seasonal"       // to alumnae, when a season begins
	WinBack       Name = "win-back"       // to alumnae who went silent
	WelcomeBack   Name = "welcome-back"   // to customers who were not seen for a while
)

// Topic is what a person can refuse without refusing everything.
type Topic string

// The topics of the preference page.
const (
	Offers     Topic = "offers"
	Newsletter Topic = "newsletter"
)

// Series is a row of letters.
type Series struct {
	Name  Name
	Steps []Step // by day
}

// Topic returns what the letters of a series are about.
func (n Name) Topic() Topic {
	if n == Alumni {
		return Newsletter
	}
	return Offers
}

// Names returns every series, in the order of a customer's life.
func Names() []Name {
	return []Name{FreeBlueprint, MiniProduct, Alumni, Seasonal, WinBack, WelcomeBack}
}

// Condition says when a step makes sense.
type Condition string

// The conditions.
const (
	Always      Condition = ""
	OfferRuns   Condition = "offer_running" // the customer has an offer that has not ended
	CreditsLeft Condition = "credits_left"
)

// Step is one letter of a series.
type Step struct {
	ID        string
	Day       int // since the anchor, in days of 24 hours
	Subject   string
	Preheader string
	Action    string // the words on the button
	Path      string // where it leads, on this site
	Condition Condition
	Season    string // of the seasonal series: the day it begins, 03-20
	Text      string // the little Markdown that package prose reads
}

// LetterMost is how many characters the text of a letter may have, of a step as of
// a campaign.
const LetterMost = 20_000

// Fields are what a letter may mention. A paragraph with a field that is not
// known of this customer is left out: nothing is invented.
func Fields() []string {
	return []string{
		"brand", "product", "credits_bought", "credits_left", "credits_used",
		"studio", "studio_price", "studio_credits", "studio_per_credit", "pack_price", "pack_credits", "pack_per_credit", "packs_needed", "packs_cost", "studio_saves",
		"offer_code", "offer_amount", "offer_price", "offer_ends", "blueprint_price", "blueprint_credits",
	}
}

// FieldsOfCampaigns are those that a letter without a series may mention: it
// follows from no purchase, so it knows no product and nothing of its credits.
func FieldsOfCampaigns() []string {
	return slices.DeleteFunc(Fields(), func(f string) bool { return f == "product" || f == "credits_bought" || f == "credits_used" })
}

// NotInCampaigns returns the fields in a text that no campaign knows.
func NotInCampaigns(text string) []string {
	var out []string
	for _, m := range fieldShape.FindAllStringSubmatch(text, -1) {
		if slices.Contains(Fields(), m[1]) && !slices.Contains(FieldsOfCampaigns(), m[1]) && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

var (
	stepShape   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	fieldShape  = regexp.MustCompile(`\{([^{}]*)\}`)
	seasonShape = regexp.MustCompile(`^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])$`)
	pathShape   = regexp.MustCompile(`^/([A-Za-z0-9_][A-Za-z0-9_./?=&%#-]*)?$`)
)

// LastDay is how long after what began a series its last step may come.
const LastDay = 3650

// ParseStep reads a step: front matter between two lines of dashes, then the
// letter in paragraphs. Every mistake is named with its line.
func ParseStep(id, text string) (Step, []string) {
	st := Step{ID: id, Day: -1}
	var bad []string
	say := func(line int, format string, args ...any) {
		bad = append(bad, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if strings.TrimSpace(lines[0]) != "---" {
		return st, []string{"line 1: a step begins with ---, then its day, subject, action and path"}
	}
	end := slices.Index(lines[1:], "---")
	if end < 0 {
		return st, []string{"line 1: the front matter does not end: a second line --- is missing"}
	}
	for i, line := range lines[1 : 1+end] {
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok {
			say(i+2, "%q is not of the form name: value", line)
			continue
		}
		switch strings.TrimSpace(key) {
		case "id":
			if value != id {
				say(i+2, "the id is %q, but the step is %s", value, id)
			}
		case "day":
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n > LastDay {
				say(i+2, "the day is a number from 0 to %d", LastDay)
			}
			st.Day = n
		case "subject":
			st.Subject = value
		case "preheader":
			st.Preheader = value
		case "action":
			st.Action = value
		case "path":
			st.Path = value
		case "condition":
			st.Condition = Condition(value)
		case "season":
			st.Season = value
		default:
			say(i+2, "nobody knows %q; there are id, day, subject, preheader, action, path, condition, season", key)
		}
	}
	st.Text = strings.TrimSpace(strings.Join(lines[2+end:], "\n"))
	return st, append(bad, st.check()...)
}

// Format writes a step as ParseStep reads it.
func (st Step) Format() string {
	var b strings.Builder
	b.WriteString("---\nid: " + st.ID + "\nday: " + strconv.Itoa(st.Day) + "\n")
	for _, f := range [][2]string{
		{"subject", st.Subject}, {"preheader", st.Preheader}, {"action", st.Action}, {"path", st.Path}, {"condition", string(st.Condition)}, {"season", st.Season},
	} {
		if v := strings.Join(strings.Fields(f[1]), " "); v != "" {
			b.WriteString(f[0] + ": " + v + "\n")
		}
	}
	return b.String() + "---\n" + strings.TrimSpace(strings.ReplaceAll(st.Text, "\r\n", "\n")) + "\n"
}

func (st Step) check() []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	if !stepShape.MatchString(st.ID) {
		say("the id %q has other characters than small letters, digits and dashes", st.ID)
	}
	if st.Day < 0 {
		say("the day is missing")
	}
	for _, f := range []struct {
		name, value string
		most        int
		need        bool
	}{{"subject", st.Subject, 150, true}, {"preheader", st.Preheader, 200, false}, {"action", st.Action, 60, true}, {"text", st.Text, LetterMost, true}} {
		n := len([]rune(f.value))
		if f.need && n == 0 {
			say("the %s is missing", f.name)
		}
		if n > f.most {
			say("the %s has %d characters; %d are the most", f.name, n, f.most)
		}
		check := CheckText
		if f.name == "text" {
			check = CheckLetter
		}
		for _, bad := range check(f.value) {
			say("the %s %s", f.name, bad)
		}
	}
	if !IsPath(st.Path) {
		say("the path %q is no path on this site", st.Path)
	}
	if st.Condition != Always && st.Condition != OfferRuns && st.Condition != CreditsLeft {
		say("the condition %q is not known; there are %s and %s", st.Condition, OfferRuns, CreditsLeft)
	}
	if st.Season != "" && !seasonShape.MatchString(st.Season) {
		say("the season %q is no day of the year such as 03-20", st.Season)
	}
	return bad
}

// IsPath reports whether a button can lead there: a page of this site, written
// as its address is sent, so that every click arrives.
func IsPath(path string) bool { return pathShape.MatchString(path) }

// CheckText says what a line of a letter may not hold: its subject, its button.
func CheckText(text string) []string {
	bad := checkFields(text, "")
	if strings.Contains(text, "](") || strings.Contains(text, "http://") || strings.Contains(text, "https://") {
		bad = append(bad, "holds a link; those belong into the text, and onto the button")
	}
	return bad
}

// CheckLetter says what a letter's text may not hold: fields that nobody fills,
// template actions, HTML, links that leave this site.
func CheckLetter(text string) []string {
	return append(checkFields(text, "\r\n\t"), prose.Check(text)...)
}

func checkFields(text, breaks string) []string {
	var bad []string
	if strings.Contains(text, "{{") {
		return []string{"holds {{: write fields with single braces, such as {product}"}
	}
	for _, m := range fieldShape.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(Fields(), m[1]) {
			bad = append(bad, fmt.Sprintf("names the field {%s}, which nobody fills; there are {%s}", m[1], strings.Join(Fields(), "}, {")))
		}
	}
	if strings.Count(text, "{") != strings.Count(text, "}") {
		bad = append(bad, "has a brace without its pair")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && !strings.ContainsRune(breaks, r) }) {
		bad = append(bad, "holds control characters")
	}
	return bad
}

// Fill writes the values into a letter. A paragraph, an item of a list or a row
// of a table that needs a value which is not there is left out; what a value
// holds is text, whatever it looks like.
func Fill(text string, values map[string]string) string {
	plain := make(map[string]string, len(values))
	for name, v := range values {
		plain[name] = prose.Escape(v)
	}
	return prose.Keep(text, func(unit string) (string, bool) { return fill(unit, plain) })
}

func fill(text string, values map[string]string) (string, bool) {
	whole := true
	filled := fieldShape.ReplaceAllStringFunc(text, func(field string) string {
		v := values[field[1:len(field)-1]]
		whole = whole && v != ""
		return v
	})
	return filled, whole
}
