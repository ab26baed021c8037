// Package segments says who belongs together: rules over purchases, rights,
// engagement and time, as values. A rule is matched against one customer with
// the reason for it, or compiled by the store into one statement over all.
package segments

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sselfie/core"
)

// Rule is one question about a customer. Exactly one of its fields is set.
type Rule struct {
	All []Rule `json:"all,omitempty"` // every one holds
	Any []Rule `json:"any,omitempty"` // at least one holds
	Not *Rule  `json:"not,omitempty"`

	Purchased          *Purchase `json:"purchased,omitempty"`
	TimesPurchased     *Times    `json:"timesPurchased,omitempty"`
	Entitlement        string    `json:"entitlement,omitempty"` // free, paid or studio
	CreditsUsed        *Amount   `json:"creditsUsed,omitempty"`
	BlueprintCompleted *bool     `json:"blueprintCompleted,omitempty"`
	Opened             *Within   `json:"opened,omitempty"`  // a mail, by a person
	Clicked            *Within   `json:"clicked,omitempty"` // a link in a mail, by a person
	LastPurchase       *Ago      `json:"lastPurchase,omitempty"`
	LastSeen           *Ago      `json:"lastSeen,omitempty"`
	Source             string    `json:"source,omitempty"` // of a purchase
	Tag                string    `json:"tag,omitempty"`
}

// Purchase names products; a purchase counts while it is not refunded.
type Purchase struct {
	Products []core.ProductID `json:"products"`
}

// Times is how often any of the products was bought and kept.
type Times struct {
	Products []core.ProductID `json:"products"`
	AtLeast  int              `json:"atLeast"`
}

// Amount is a range; nil leaves a side open.
type Amount struct {
	AtLeast *int `json:"atLeast,omitempty"`
	AtMost  *int `json:"atMost,omitempty"`
}

// Within is a number of days back from now, 0 for ever.
type Within struct {
	Days int `json:"days,omitempty"`
}

// Ago says how long something is past: at least or at most so many days, one of
// the two.
type Ago struct {
	Products []core.ProductID `json:"products,omitempty"` // of a purchase; empty for any
	AtLeast  *int             `json:"atLeastDaysAgo,omitempty"`
	AtMost   *int             `json:"atMostDaysAgo,omitempty"`
}

// The limits of a rule: what a form can hold and a statement should.
const (
	maxDepth = 8
	maxNodes = 60
	maxList  = 50
	maxDays  = 3650
)

// Parse reads a rule from JSON and validates it. What it does not know it
// refuses: a misspelled condition would otherwise mean everybody.
func Parse(data []byte) (Rule, error) {
	var r Rule
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		why := strings.TrimPrefix(err.Error(), "json: ")
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			why = "a " + wrong.Value + " stands where it cannot"
			if wrong.Field != "" {
				why += ", in " + wrong.Field
			}
		}
		return Rule{}, core.FieldError("segments.Parse", "rule", "This is no rule: "+why+".")
	}
	if d.More() {
		return Rule{}, core.FieldError("segments.Parse", "rule", "Something stands behind the end of the rule.")
	}
	if bad := r.Validate(); len(bad) > 0 {
		return Rule{}, core.FieldError("segments.Parse", "rule", strings.Join(bad, " "))
	}
	return r, nil
}

// Validate returns everything that is wrong with the rule, one sentence each,
// naming the place.
func (r Rule) Validate() []string { return r.validate(nil) }

// validate also refuses products that nobody sells, where known says which are.
func (r Rule) validate(known func(core.ProductID) bool) []string {
	c := &checker{known: known}
	c.rule(r, "rule", 1)
	if c.nodes > maxNodes {
		c.say("rule", "has %d conditions; %d are the most", c.nodes, maxNodes)
	}
	return c.bad
}

type checker struct {
	known func(core.ProductID) bool // nil where nobody can say
	bad   []string
	nodes int
}

func (c *checker) say(place, format string, args ...any) {
	c.bad = append(c.bad, place+" "+fmt.Sprintf(format, args...)+".")
}

func (c *checker) rule(r Rule, place string, depth int) {
	c.nodes++
	if c.nodes > maxNodes {
		return // said once at the end
	}
	if depth > maxDepth {
		c.say(place, "is nested deeper than %d levels", maxDepth)
		return
	}
	switch set := r.set(); len(set) {
	case 0:
		c.say(place, "says nothing: give one condition")
		return
	case 1:
		place += "." + set[0]
	default:
		c.say(place, "says %s at once: put them into all or any", strings.Join(set, " and "))
		return
	}
	switch {
	case r.All != nil:
		c.list(r.All, place, depth)
	case r.Any != nil:
		c.list(r.Any, place, depth)
	case r.Not != nil:
		c.rule(*r.Not, place, depth+1)
	case r.Purchased != nil:
		c.products(r.Purchased.Products, place, true)
	case r.TimesPurchased != nil:
		c.products(r.TimesPurchased.Products, place, true)
		if n := r.TimesPurchased.AtLeast; n < 1 || n > 1000 {
			c.say(place+".atLeast", "is %d; it goes from 1 to 1000", n)
		}
	case r.Entitlement != "":
		if r.Entitlement != "free" && r.Entitlement != "paid" && r.Entitlement != "studio" {
			c.say(place, "is %q; it is free, paid or studio", r.Entitlement)
		}
	case r.CreditsUsed != nil:
		c.between(r.CreditsUsed.AtLeast, r.CreditsUsed.AtMost, place, "credits", 1_000_000)
	case r.Opened != nil:
		c.days(r.Opened.Days, place+".days")
	case r.Clicked != nil:
		c.days(r.Clicked.Days, place+".days")
	case r.LastPurchase != nil:
		c.ago(*r.LastPurchase, place)
		c.products(r.LastPurchase.Products, place, false)
	case r.LastSeen != nil:
		c.ago(*r.LastSeen, place)
		if len(r.LastSeen.Products) > 0 {
			c.say(place+".products", "has no meaning: nobody is seen by product")
		}
	case r.Source != "":
		c.text(r.Source, place)
	case r.Tag != "":
		c.text(r.Tag, place)
	}
}

func (c *checker) list(rules []Rule, place string, depth int) {
	if len(rules) == 0 {
		c.say(place, "is empty: nobody would know whom it means")
	}
	for i, r := range rules {
		c.rule(r, fmt.Sprintf("%s[%d]", place, i), depth+1)
	}
}

var productShape = regexp.MustCompile(`^[a-z][a-z0-9_]+$`) // up to longestProduct

const longestProduct = 63

func (c *checker) products(ids []core.ProductID, place string, needed bool) {
	if needed && len(ids) == 0 {
		c.say(place+".products", "is empty: name at least one product")
	}
	if len(ids) > maxList {
		c.say(place+".products", "names %d products; %d are the most", len(ids), maxList)
	}
	for _, id := range ids {
		if len(id) > longestProduct || !productShape.MatchString(string(id)) {
			c.say(place+".products", "names %q, which is no product id", id)
			return
		}
		if c.known != nil && !c.known(id) {
			c.say(place+".products", "names %q, which is not in the catalogue", id)
			return
		}
	}
}

func (c *checker) between(low, high *int, place, unit string, most int) {
	if low == nil && high == nil {
		c.say(place, "gives no number: say atLeast, atMost or both")
	}
	for _, n := range []*int{low, high} {
		if n != nil && (*n < 0 || *n > most) {
			c.say(place, "asks for %d %s; it goes from 0 to %d", *n, unit, most)
		}
	}
	if low != nil && high != nil && *low > *high {
		c.say(place, "asks for at least %d and at most %d, which nobody can be", *low, *high)
	}
}

func (c *checker) ago(a Ago, place string) {
	if (a.AtLeast == nil) == (a.AtMost == nil) {
		c.say(place, "needs either atLeastDaysAgo or atMostDaysAgo")
		return
	}
	for _, n := range []*int{a.AtLeast, a.AtMost} {
		if n != nil {
			c.days(*n, place)
		}
	}
}

func (c *checker) days(n int, place string) {
	if n < 0 || n > maxDays {
		c.say(place, "is %d days; it goes from 0 to %d", n, maxDays)
	}
}

func (c *checker) text(s, place string) {
	if s != strings.TrimSpace(s) || len(s) > 200 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0xFFFD }) {
		c.say(place, "is no name: 1 to 200 characters without spaces around them")
	}
}

// set returns the names of the fields that are set, in their JSON form.
func (r Rule) set() []string {
	var out []string
	for _, f := range []struct {
		name string
		is   bool
	}{
		{"all", r.All != nil},
		{"any", r.Any != nil},
		{"not", r.Not != nil},
		{"purchased", r.Purchased != nil},
		{"timesPurchased", r.TimesPurchased != nil},
		{"entitlement", r.Entitlement != ""},
		{"creditsUsed", r.CreditsUsed != nil},
		{"blueprintCompleted", r.BlueprintCompleted != nil},
		{"opened", r.Opened != nil},
		{"clicked", r.Clicked != nil},
		{"lastPurchase", r.LastPurchase != nil},
		{"lastSeen", r.LastSeen != nil},
		{"source", r.Source != ""},
		{"tag", r.Tag != ""},
	} {
		if f.is {
			out = append(out, f.name)
		}
	}
	return out
}
