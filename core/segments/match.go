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
	w := match(r, f, now)
	return w.Holds, w
}

func match(r Rule, f Facts, now time.Time) Why {
	switch {
	case r.All != nil:
		return combine(r.All, f, now, "all of these hold", true)
	case r.Any != nil:
		return combine(r.Any, f, now, "one of these holds", false)
	case r.Not != nil:
		inner := match(*r.Not, f, now)
		return Why{Holds: !inner.Holds, Says: "this does not hold", Of: []Why{inner}}
	case r.Purchased != nil:
		n := f.count(r.Purchased.Products)
		return Why{Holds: n > 0, Says: fmt.Sprintf("bought %s: %s", names(r.Purchased.Products), times(n))}
	case r.TimesPurchased != nil:
		n := f.count(r.TimesPurchased.Products)
		return Why{Holds: n >= r.TimesPurchased.AtLeast, Says: fmt.Sprintf("bought %s at least %s: %s", names(r.TimesPurchased.Products), times(r.TimesPurchased.AtLeast), times(n))}
	case r.Entitlement != "":
		return Why{Holds: f.Entitlement == r.Entitlement, Says: fmt.Sprintf("the entitlement is %s: it is %s", r.Entitlement, f.Entitlement)}
	case r.CreditsUsed != nil:
		a := *r.CreditsUsed
		holds := (a.AtLeast == nil || f.CreditsUsed >= *a.AtLeast) && (a.AtMost == nil || f.CreditsUsed <= *a.AtMost)
		return Why{Holds: holds, Says: fmt.Sprintf("credits used%s: %d", a, f.CreditsUsed)}
	case r.BlueprintCompleted != nil:
		want := *r.BlueprintCompleted
		return Why{Holds: f.BlueprintCompleted == want, Says: fmt.Sprintf("the blueprint is completed, %s: %s", yes(want), yes(f.BlueprintCompleted))}
	case r.Opened != nil:
		return within("opened a mail", *r.Opened, f.LastOpened, now)
	case r.Clicked != nil:
		return within("clicked in a mail", *r.Clicked, f.LastClicked, now)
	case r.LastPurchase != nil:
		last := f.last(r.LastPurchase.Products)
		says := "the last purchase"
		if len(r.LastPurchase.Products) > 0 {
			says += " of " + names(r.LastPurchase.Products)
		}
		return r.LastPurchase.ago(says, last, now)
	case r.LastSeen != nil:
		return r.LastSeen.ago("last seen", f.LastSeen, now)
	case r.Source != "":
		holds := slices.ContainsFunc(f.Purchases, func(b Bought) bool { return b.Source == r.Source })
		return Why{Holds: holds, Says: fmt.Sprintf("a purchase came from %q", r.Source)}
	case r.Tag != "":
		return Why{Holds: slices.Contains(f.Tags, r.Tag), Says: fmt.Sprintf("has the tag %q", r.Tag)}
	}
	return Why{Says: "the rule says nothing"} // Validate refuses it
}

// combine asks every part, so that the reason is whole.
func combine(rules []Rule, f Facts, now time.Time, says string, all bool) Why {
	w := Why{Holds: all, Says: says}
	for _, r := range rules {
		of := match(r, f, now)
		w.Of = append(w.Of, of)
		if of.Holds != all {
			w.Holds = !all
		}
	}
	return w
}

func within(what string, in Within, last, now time.Time) Why {
	if last.IsZero() {
		return Why{Says: what + ": never"}
	}
	if in.Days == 0 {
		return Why{Holds: true, Says: what + ": " + date(last)}
	}
	return Why{Holds: !last.Before(now.Add(-time.Duration(in.Days) * Day)), Says: fmt.Sprintf("%s within %d days: %s", what, in.Days, date(last))}
}

func (a Ago) ago(what string, last, now time.Time) Why {
	if last.IsZero() {
		return Why{Says: what + ": never"}
	}
	if a.AtLeast != nil {
		return Why{Holds: !last.After(now.Add(-time.Duration(*a.AtLeast) * Day)), Says: fmt.Sprintf("%s at least %d days ago: %s", what, *a.AtLeast, date(last))}
	}
	return Why{Holds: !last.Before(now.Add(-time.Duration(*a.AtMost) * Day)), Says: fmt.Sprintf("%s at most %d days ago: %s", what, *a.AtMost, date(last))}
}

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
