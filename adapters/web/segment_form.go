package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/segments"
)

// ruleNode is a rule as its form holds it: half filled in, too.
type ruleNode struct {
	Kind     string // "" is a group
	Not, Any bool
	Parts    []*ruleNode
	Products []string
	Number   string
	Most     string
	Side     string // least or most
	Choice   string
	Text     string
	Error    string
	errors   map[string]string // of its fields
}

// conditions are what can be asked of a customer, in the order of the form.
var conditions = []struct{ kind, add, asks string }{
	{"purchased", "Bought a product", "Bought one of these"},
	{"timesPurchased", "Bought several times", "Bought these, taken together, several times"},
	{"lastPurchase", "Last bought so long ago", "The last purchase was"},
	{"lastSeen", "Last seen so long ago", "She was last seen"},
	{"entitlement", "Has an entitlement", "The entitlement is"},
	{"creditsUsed", "Used credits", "Credits used"},
	{"blueprintCompleted", "Completed the blueprint", "The blueprint"},
	{"opened", "Opened a mail", "Opened a mail"},
	{"clicked", "Clicked in a mail", "Clicked in a mail"},
	{"source", "Came from a source", "A purchase came from this source"},
	{"tag", "Has a tag", "Has this tag"},
}

// The form stops where a rule would be refused.
const (
	formDepth = 6
	formParts = 40
)

func knownKind(kind string) bool {
	for _, c := range conditions {
		if c.kind == kind {
			return true
		}
	}
	return false
}

// readRule reads the tree that a form sends, from the node at path on.
func readRule(in url.Values, path string, depth int) *ruleNode {
	n := &ruleNode{Not: in.Get(path+"-not") != ""}
	if kind := in.Get(path + "-kind"); knownKind(kind) {
		n.Kind = kind
		n.Products, n.Number, n.Most = in[path+"-product[]"], strings.TrimSpace(in.Get(path+"-number")), strings.TrimSpace(in.Get(path+"-most"))
		n.Side, n.Choice, n.Text = in.Get(path+"-side"), in.Get(path+"-choice"), strings.TrimSpace(in.Get(path+"-text"))
		return n
	}
	n.Any = in.Get(path+"-join") == "any"
	for i := 0; i < formParts && depth < formDepth; i++ {
		part := fmt.Sprintf("%s-%d", path, i)
		if !in.Has(part+"-join") && !in.Has(part+"-kind") {
			break
		}
		n.Parts = append(n.Parts, readRule(in, part, depth+1))
	}
	return n
}

// at returns the node at a path and the group that holds it.
func (n *ruleNode) at(path string) (node, parent *ruleNode, index int) {
	steps := strings.Split(path, "-")
	node = n
	for _, s := range steps[1:] {
		i, err := strconv.Atoi(s)
		if err != nil || node.Kind != "" || i < 0 || i >= len(node.Parts) {
			return nil, nil, 0
		}
		node, parent, index = node.Parts[i], node, i
	}
	return node, parent, index
}

// change does what a button of the form says: add, group or drop, and where.
func (n *ruleNode) change(do string, in url.Values) {
	what, path, _ := strings.Cut(do, " ")
	node, parent, i := n.at(path)
	if node == nil {
		return
	}
	switch kind := in.Get(path + "-add"); {
	case what == "add" && knownKind(kind) && len(node.Parts) < formParts:
		node.Parts = append(node.Parts, &ruleNode{Kind: kind})
	case what == "group" && len(node.Parts) < formParts && strings.Count(path, "-") < formDepth-1:
		node.Parts = append(node.Parts, &ruleNode{Any: true})
	case what == "drop" && parent != nil:
		parent.Parts = slices.Delete(parent.Parts, i, i+1)
	}
}

// formOfRule is the tree of a rule; a rule of one condition stands in a group.
func formOfRule(r segments.Rule) *ruleNode {
	n := nodeOf(r)
	if n.Kind != "" {
		n = &ruleNode{Parts: []*ruleNode{n}}
	}
	return n
}

func nodeOf(r segments.Rule) *ruleNode {
	n := &ruleNode{}
	number := func(p *int) string {
		if p == nil {
			return ""
		}
		return strconv.Itoa(*p)
	}
	products := func(ids []core.ProductID) {
		for _, id := range ids {
			n.Products = append(n.Products, string(id))
		}
	}
	ago := func(a segments.Ago) {
		products(a.Products)
		if n.Side, n.Number = "least", number(a.AtLeast); a.AtLeast == nil {
			n.Side, n.Number = "most", number(a.AtMost)
		}
	}
	switch {
	case r.Not != nil:
		n = nodeOf(*r.Not)
		n.Not = !n.Not
	case r.All != nil, r.Any != nil:
		n.Any = r.Any != nil
		for _, part := range append(slices.Clone(r.All), r.Any...) {
			n.Parts = append(n.Parts, nodeOf(part))
		}
	case r.Purchased != nil:
		n.Kind = "purchased"
		products(r.Purchased.Products)
	case r.TimesPurchased != nil:
		n.Kind, n.Number = "timesPurchased", strconv.Itoa(r.TimesPurchased.AtLeast)
		products(r.TimesPurchased.Products)
	case r.Entitlement != "":
		n.Kind, n.Choice = "entitlement", r.Entitlement
	case r.CreditsUsed != nil:
		n.Kind, n.Number, n.Most = "creditsUsed", number(r.CreditsUsed.AtLeast), number(r.CreditsUsed.AtMost)
	case r.BlueprintCompleted != nil:
		if n.Kind, n.Choice = "blueprintCompleted", "no"; *r.BlueprintCompleted {
			n.Choice = "yes"
		}
	case r.Opened != nil:
		n.Kind, n.Number = "opened", strconv.Itoa(r.Opened.Days)
	case r.Clicked != nil:
		n.Kind, n.Number = "clicked", strconv.Itoa(r.Clicked.Days)
	case r.LastPurchase != nil:
		n.Kind = "lastPurchase"
		ago(*r.LastPurchase)
	case r.LastSeen != nil:
		n.Kind = "lastSeen"
		ago(*r.LastSeen)
	case r.Source != "":
		n.Kind, n.Text = "source", r.Source
	case r.Tag != "":
		n.Kind, n.Text = "tag", r.Tag
	}
	return n
}

// rule returns what the form says, and whether it says it wholly; what is
// missing is marked at its place.
func (n *ruleNode) rule() (segments.Rule, bool) {
	n.errors = map[string]string{}
	plain, ok := n.plain()
	r := plain
	if n.Not {
		r = segments.Rule{Not: &plain}
	}
	return r, ok && n.Error == "" && len(n.errors) == 0
}

func (n *ruleNode) plain() (r segments.Rule, ok bool) {
	number := func(field, s string, need bool) *int {
		v, err := strconv.Atoi(s)
		switch {
		case s == "" && !need:
			return nil
		case err != nil || v < 0:
			n.errors[field] = "Give a whole number."
			return nil
		}
		return &v
	}
	products := func(need bool) []core.ProductID {
		var out []core.ProductID
		for _, p := range n.Products {
			out = append(out, core.ProductID(p))
		}
		if need && len(out) == 0 {
			n.Error = "Tick at least one product."
		}
		return out
	}
	days := func() int {
		if d := number("number", n.Number, false); d != nil {
			return *d
		}
		return 0
	}
	ago := func(ids []core.ProductID) *segments.Ago {
		d := number("number", n.Number, true)
		if n.Side == "most" {
			return &segments.Ago{Products: ids, AtMost: d}
		}
		return &segments.Ago{Products: ids, AtLeast: d}
	}
	switch n.Kind {
	case "":
		return n.group()
	case "purchased":
		r.Purchased = &segments.Purchase{Products: products(true)}
	case "timesPurchased":
		t := &segments.Times{Products: products(true)}
		if v := number("number", n.Number, true); v != nil {
			t.AtLeast = *v
		}
		r.TimesPurchased = t
	case "entitlement":
		if r.Entitlement = n.Choice; n.Choice == "" {
			r.Entitlement = "free"
		}
	case "creditsUsed":
		r.CreditsUsed = &segments.Amount{AtLeast: number("number", n.Number, false), AtMost: number("most", n.Most, false)}
		if n.Number == "" && n.Most == "" {
			n.Error = "Give at least one number."
		}
	case "blueprintCompleted":
		done := n.Choice != "no"
		r.BlueprintCompleted = &done
	case "opened":
		r.Opened = &segments.Within{Days: days()}
	case "clicked":
		r.Clicked = &segments.Within{Days: days()}
	case "lastPurchase":
		r.LastPurchase = ago(products(false))
	case "lastSeen":
		r.LastSeen = ago(nil)
	case "source", "tag":
		if n.Text == "" {
			n.errors["text"] = "This is missing."
		}
		if r.Tag = n.Text; n.Kind == "source" {
			r.Tag, r.Source = "", n.Text
		}
	}
	return r, true
}

func (n *ruleNode) group() (segments.Rule, bool) {
	ok := len(n.Parts) > 0
	rules := make([]segments.Rule, 0, len(n.Parts))
	for _, p := range n.Parts {
		one, whole := p.rule()
		ok = ok && whole
		rules = append(rules, one)
	}
	if n.Any {
		return segments.Rule{Any: rules}, ok
	}
	return segments.Rule{All: rules}, ok
}

// shown is the tree as the page draws it.
func (n *ruleNode) shown(path string, cat catalog.Catalog) *view.RuleGroup {
	g := &view.RuleGroup{Path: path, Not: n.Not, Any: n.Any, Root: !strings.Contains(path, "-"), Deep: strings.Count(path, "-") >= formDepth-1}
	for _, c := range conditions {
		g.Kinds = append(g.Kinds, view.EditOption{Value: c.kind, Label: c.add})
	}
	for i, p := range n.Parts {
		at := fmt.Sprintf("%s-%d", path, i)
		if p.Kind == "" {
			g.Parts = append(g.Parts, view.RulePart{Group: p.shown(at, cat)})
			continue
		}
		g.Parts = append(g.Parts, view.RulePart{Condition: p.asked(at, cat)})
	}
	return g
}

func (n *ruleNode) asked(path string, cat catalog.Catalog) *view.RuleCondition {
	c := &view.RuleCondition{Path: path, Kind: n.Kind, Not: n.Not, Error: n.Error}
	for _, k := range conditions {
		if k.kind == n.Kind {
			c.Label = k.asks
		}
	}
	field := func(name, label, kind, value, help string, options ...view.EditOption) {
		c.Fields = append(c.Fields, view.EditField{Name: path + "-" + name, Label: label, Type: kind, Value: value, Help: help, Options: options, Error: n.errors[name], Max: 200})
	}
	pick := func(name, label, value string, pairs ...string) {
		var options []view.EditOption
		for i := 0; i < len(pairs); i += 2 {
			options = append(options, view.EditOption{Value: pairs[i], Label: pairs[i+1], On: pairs[i] == value})
		}
		field(name, label, "select", value, "", options...)
	}
	if n.Kind == "purchased" || n.Kind == "timesPurchased" || n.Kind == "lastPurchase" {
		for _, p := range cat.Products {
			c.Products = append(c.Products, view.EditOption{Value: string(p.ID), Label: p.Name, On: slices.Contains(n.Products, string(p.ID))})
		}
	}
	switch n.Kind {
	case "timesPurchased":
		field("number", "At least so many times", "number", n.Number, "")
	case "entitlement":
		pick("choice", "Which", n.Choice, "free", "free", "paid", "paid blueprint", "studio", "Studio")
	case "creditsUsed":
		field("number", "At least", "number", n.Number, "")
		field("most", "At most", "number", n.Most, "")
	case "blueprintCompleted":
		pick("choice", "Which", n.Choice, "yes", "is completed", "no", "is not completed")
	case "opened", "clicked":
		field("number", "In the last so many days", "number", n.Number, "Empty or 0: ever. Only people count, no scanners.")
	case "lastPurchase", "lastSeen":
		pick("side", "How long", n.Side, "least", "at least", "most", "at most")
		help := ""
		if n.Kind == "lastPurchase" {
			help = "Tick products to ask for theirs alone; none means any."
		}
		field("number", "Days ago", "number", n.Number, help)
	case "source":
		field("text", "Source", "text", n.Text, "As it stands in the address of the page: email, instagram, a partner's name.")
	case "tag":
		field("text", "Tag", "text", n.Text, "")
	}
	return c
}
