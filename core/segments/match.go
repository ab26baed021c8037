package segments

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sselfie/core"
)

// Facts are what is known of one customer.
type Facts struct {
	User               core.UserID
	Gone               bool     // deleted: she fits nothing
	In                 []ID     // the segments that she is in
	Purchases          []Bought // that were kept: neither refunded whole nor lost in a dispute
	Entitlement        string   // free, paid or studio, as of now
	CreditsUsed        int
	BlueprintCompleted bool
	LastOpened         time.Time // by a person; zero for never
	LastClicked        time.Time
	LastSeen           time.Time // never zero: an account was seen when it was made
	Tags               []string
}

// Wants says which facts rules ask for. Who is in which segment, and when she was
// last seen, is always known.
type Wants struct{ Purchases, Entitlement, Credits, Blueprint, Mails, Tags bool }

// Everything wants all facts: for an answer that a person reads.
func Everything() Wants { return Wants{true, true, true, true, true, true} }

// Wants returns which facts a rule asks for.
func (r Rule) Wants() Wants {
	w := Wants{
		Purchases:   r.Purchased != nil || r.TimesPurchased != nil || r.LastPurchase != nil || r.Source != "",
		Entitlement: r.Entitlement != "", Credits: r.CreditsUsed != nil, Blueprint: r.BlueprintCompleted != nil,
		Mails: r.Opened != nil || r.Clicked != nil, Tags: r.Tag != "",
	}
	if r.Not != nil {
		w = w.and(r.Not.Wants())
	}
	for _, of := range slices.Concat(r.All, r.Any) {
		w = w.and(of.Wants())
	}
	return w
}

// Followed reports whether everything that the rule asks for changes in
// transactions that Follow whom they change: purchases and memberships.
func (r Rule) Followed() bool {
	switch {
	case r.Not != nil:
		return r.Not.Followed()
	case r.All != nil || r.Any != nil:
		return !slices.ContainsFunc(slices.Concat(r.All, r.Any), func(of Rule) bool { return !of.Followed() })
	}
	return r.LastSeen == nil && r.Wants().and(Wants{Purchases: true, Entitlement: true}) == Wants{Purchases: true, Entitlement: true}
}

func (w Wants) and(o Wants) Wants {
	return Wants{
		w.Purchases || o.Purchases, w.Entitlement || o.Entitlement, w.Credits || o.Credits,
		w.Blueprint || o.Blueprint, w.Mails || o.Mails, w.Tags || o.Tags,
	}
}

// Bought is a purchase that counts.
type Bought struct {
	Product core.ProductID
	Source  string
	At      time.Time
}

// Why is the reason for an answer, and the reasons for that in turn.
type Why struct {
	Holds bool   `json:"holds"`
	Says  string `json:"says"`
	Of    []Why  `json:"of,omitempty"`
}

// String returns the reason as indented lines.
func (w Why) String() string {
	var b strings.Builder
	w.write(&b, "")
	return b.String()
}

func (w Why) write(b *strings.Builder, indent string) {
	mark := "no: "
	if w.Holds {
		mark = "yes: "
	}
	b.WriteString(indent + mark + w.Says + "\n")
	for _, o := range w.Of {
		o.write(b, indent+"  ")
	}
}

// Day is the unit of a rule's times: 24 hours, whatever the calendar says.
const Day = 24 * time.Hour

// Match answers whether a customer fits a rule at now, and why.
func Match(r Rule, f Facts, now time.Time) (bool, Why) {
	w := judge{&f, now, true}.rule(r)
	return w.Holds, w
}

// Fits is Match for whoever does not ask why. Reasons are texts, and writing them
// takes longer than finding the answer: a refresh asks for thousands and reads none.
func Fits(r Rule, f Facts, now time.Time) bool { return judge{&f, now, false}.rule(r).Holds }

// judge answers rules about one customer.
type judge struct {
	*Facts
	now   time.Time
	tells bool // why, too
}

func (j judge) say(holds bool, says func() string) Why {
	if !j.tells {
		return Why{Holds: holds}
	}
	return Why{Holds: holds, Says: says()}
}

func (j judge) rule(r Rule) Why {
	switch {
	case r.All != nil:
		return j.combine(r.All, "all of these hold", true)
	case r.Any != nil:
		return j.combine(r.Any, "one of these holds", false)
	case r.Not != nil:
		inner := j.rule(*r.Not)
		w := Why{Holds: !inner.Holds}
		if j.tells {
			w.Says, w.Of = "this does not hold", []Why{inner}
		}
		return w
	case r.Purchased != nil:
		n := j.count(r.Purchased.Products)
		return j.say(n > 0, func() string { return fmt.Sprintf("bought %s: %s", names(r.Purchased.Products), times(n)) })
	case r.TimesPurchased != nil:
		n, t := j.count(r.TimesPurchased.Products), r.TimesPurchased
		return j.say(n >= t.AtLeast, func() string {
			return fmt.Sprintf("bought %s at least %s: %s", names(t.Products), times(t.AtLeast), times(n))
		})
	case r.Entitlement != "":
		return j.say(j.Entitlement == r.Entitlement, func() string { return fmt.Sprintf("the entitlement is %s: it is %s", r.Entitlement, j.Entitlement) })
	case r.CreditsUsed != nil:
		a := *r.CreditsUsed
		holds := (a.AtLeast == nil || j.CreditsUsed >= *a.AtLeast) && (a.AtMost == nil || j.CreditsUsed <= *a.AtMost)
		return j.say(holds, func() string { return fmt.Sprintf("credits used%s: %d", a, j.CreditsUsed) })
	case r.BlueprintCompleted != nil:
		want := *r.BlueprintCompleted
		return j.say(j.BlueprintCompleted == want, func() string {
			return fmt.Sprintf("the blueprint is completed, %s: %s", yes(want), yes(j.BlueprintCompleted))
		})
	case r.Opened != nil:
		return j.within("opened a mail", *r.Opened, j.LastOpened)
	case r.Clicked != nil:
		return j.within("clicked in a mail", *r.Clicked, j.LastClicked)
	case r.LastPurchase != nil:
		return j.ago("the last purchase", *r.LastPurchase, j.last(r.LastPurchase.Products))
	case r.LastSeen != nil:
		return j.ago("last seen", *r.LastSeen, j.LastSeen)
	case r.Source != "":
		holds := slices.ContainsFunc(j.Purchases, func(b Bought) bool { return b.Source == r.Source })
		return j.say(holds, func() string { return fmt.Sprintf("a purchase came from %q", r.Source) })
	case r.Tag != "":
		return j.say(slices.Contains(j.Tags, r.Tag), func() string { return fmt.Sprintf("has the tag %q", r.Tag) })
	}
	return Why{Says: "the rule says nothing"} // Validate refuses it
}

// combine asks every part where the reason is told, so that it is whole, and no
// more parts than decide where it is not.
func (j judge) combine(rules []Rule, says string, all bool) Why {
	w := Why{Holds: all}
	if j.tells {
		w.Says = says
	}
	for _, r := range rules {
		of := j.rule(r)
		if of.Holds != all {
			w.Holds = !all
			if !j.tells {
				return w
			}
		}
		if j.tells {
			w.Of = append(w.Of, of)
		}
	}
	return w
}

func (j judge) within(what string, in Within, last time.Time) Why {
	if last.IsZero() {
		return j.say(false, func() string { return what + ": never" })
	}
	if in.Days == 0 {
		return j.say(true, func() string { return what + ": " + date(last) })
	}
	return j.say(!last.Before(j.before(in.Days)), func() string { return fmt.Sprintf("%s within %d days: %s", what, in.Days, date(last)) })
}

func (j judge) ago(what string, a Ago, last time.Time) Why {
	says := func(of string, days int) string {
		if len(a.Products) > 0 {
			what += " of " + names(a.Products)
		}
		if last.IsZero() {
			return what + ": never"
		}
		return fmt.Sprintf("%s %s %d days ago: %s", what, of, days, date(last))
	}
	if a.AtLeast != nil {
		return j.say(!last.IsZero() && !last.After(j.before(*a.AtLeast)), func() string { return says("at least", *a.AtLeast) })
	}
	return j.say(!last.IsZero() && !last.Before(j.before(*a.AtMost)), func() string { return says("at most", *a.AtMost) })
}

func (j judge) before(days int) time.Time { return j.now.Add(-time.Duration(days) * Day) }

func (f Facts) count(products []core.ProductID) int {
	n := 0
	for _, b := range f.Purchases {
		if slices.Contains(products, b.Product) {
			n++
		}
	}
	return n
}

func (f Facts) last(products []core.ProductID) (last time.Time) {
	for _, b := range f.Purchases {
		if (len(products) == 0 || slices.Contains(products, b.Product)) && b.At.After(last) {
			last = b.At
		}
	}
	return last
}

// String returns the range in words.
func (a Amount) String() string {
	s := ""
	if a.AtLeast != nil {
		s += fmt.Sprintf(" at least %d", *a.AtLeast)
	}
	if a.AtMost != nil {
		s += fmt.Sprintf(" at most %d", *a.AtMost)
	}
	return s
}

func names(ids []core.ProductID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return strings.Join(out, " or ")
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func date(t time.Time) string { return t.UTC().Format("2 January 2006 15:04") }
