package segments

import (
	"fmt"
	"strings"

	"sselfie/core"
)

// Words says a rule in a sentence. name is what a product is called.
func (r Rule) Words(name func(core.ProductID) string) string {
	products := func(ids []core.ProductID) string {
		out := make([]string, len(ids))
		for i, id := range ids {
			out[i] = name(id)
		}
		return strings.Join(out, " or ")
	}
	join := func(rules []Rule, by string) string {
		out := make([]string, len(rules))
		for i, one := range rules {
			out[i] = one.Words(name)
			if len(one.All)+len(one.Any) > 1 && len(rules) > 1 {
				out[i] = "(" + out[i] + ")"
			}
		}
		return strings.Join(out, by)
	}
	switch {
	case r.All != nil:
		return join(r.All, " and ")
	case r.Any != nil:
		return join(r.Any, " or ")
	case r.Not != nil:
		return r.Not.denied(name)
	case r.Purchased != nil:
		return "bought " + products(r.Purchased.Products)
	case r.TimesPurchased != nil:
		return fmt.Sprintf("bought %s at least %s", products(r.TimesPurchased.Products), times(r.TimesPurchased.AtLeast))
	case r.Entitlement != "":
		return entitled[r.Entitlement]
	case r.CreditsUsed != nil:
		return "used" + r.CreditsUsed.String() + " credits"
	case r.BlueprintCompleted != nil && *r.BlueprintCompleted:
		return "completed the blueprint"
	case r.BlueprintCompleted != nil:
		return "did not complete the blueprint"
	case r.Opened != nil:
		return "opened a mail" + r.Opened.words()
	case r.Clicked != nil:
		return "clicked in a mail" + r.Clicked.words()
	case r.LastPurchase != nil:
		what := "last bought something"
		if len(r.LastPurchase.Products) > 0 {
			what = "last bought " + products(r.LastPurchase.Products)
		}
		return what + r.LastPurchase.words()
	case r.LastSeen != nil:
		return "was last seen" + r.LastSeen.words()
	case r.Source != "":
		return fmt.Sprintf("a purchase came from “%s”", r.Source)
	case r.Tag != "":
		return fmt.Sprintf("has the tag “%s”", r.Tag)
	}
	return "nobody"
}

// entitled says what an entitlement means, denied below what its absence does.
var (
	entitled = map[string]string{
		"free": "has neither the paid blueprint nor Studio", "paid": "has the paid blueprint and not Studio", "studio": "is a Studio member",
	}
	unentitled = map[string]string{"free": "has the paid blueprint or Studio", "studio": "is not a Studio member"}
)

// denied says the opposite of a rule, as a person would where there is such a way.
func (r Rule) denied(name func(core.ProductID) string) string {
	words := r.Words(name)
	switch {
	case r.Not != nil:
		return r.Not.Words(name)
	case unentitled[r.Entitlement] != "":
		return unentitled[r.Entitlement]
	case r.Purchased != nil:
		return "did not buy " + strings.TrimPrefix(words, "bought ")
	case r.Tag != "":
		return "does not have " + strings.TrimPrefix(words, "has ")
	case r.Opened != nil, r.Clicked != nil:
		return strings.Replace(words, " a mail", " no mail", 1)
	case r.BlueprintCompleted != nil:
		done := !*r.BlueprintCompleted
		return Rule{BlueprintCompleted: &done}.Words(name)
	}
	return "not (" + words + ")"
}

func (w Within) words() string {
	if w.Days == 0 {
		return ""
	}
	return fmt.Sprintf(" in the last %d days", w.Days)
}

func (a Ago) words() string {
	switch {
	case a.AtLeast != nil:
		return fmt.Sprintf(" at least %d days ago", *a.AtLeast)
	case a.AtMost != nil:
		return fmt.Sprintf(" at most %d days ago", *a.AtMost)
	}
	return ""
}
