package web_test

import (
	"testing"
)

// Where a visit comes from travels to the checkout, in our own words and in
// those that other tools put into an address.
func TestACheckoutKnowsWhereAVisitComesFrom(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct{ query, source, campaign string }{
		"our own words":               {"source=instagram&campaign=spring", "instagram", "spring"},
		"those of other tools":        {"utm_source=newsletter&utm_medium=email&utm_campaign=may", "newsletter", "may"},
		"with the part of a campaign": {"utm_source=x&utm_campaign=may&utm_content=button", "x", "may/button"},
		"ours go first":               {"source=instagram&utm_source=x&campaign=spring&utm_campaign=may&utm_content=b", "instagram", "spring"},
		"a part of no campaign":       {"utm_content=button", "", ""},
		"nothing":                     {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s.play(t, scenario{ask: ask{path: "/checkout/bio_glowup?" + c.query}, status: 200, has: []string{`"Source":"` + c.source + `"`, `"Campaign":"` + c.campaign + `"`}})
		})
	}
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/checkout/landing", body: `{"product":"bio_glowup","source":"newsletter","campaign":"may","medium":"email","term":"profile"}`}, status: 201})
	if n := s.stripe.opened[len(s.stripe.opened)-1]; n.Meta.Source != "newsletter" || n.Meta.Campaign != "may" {
		t.Errorf("%+v", n.Meta)
	}
}
