package view

import (
	"strings"
	"testing"

	"sselfie/core"
)

// What the pages around a payment say must be true for whoever reads it.
func TestTheWordsAroundAPaymentAreTrue(t *testing.T) {
	r := newRenderer(t, sampleSite())
	const visibleMail = `<span data-state="complete">A mail with your receipt`
	for name, c := range map[string]struct {
		v           View
		has, hasNot []string
	}{
		"a paid purchase has its mail on the way":      {CheckoutSuccess{SessionID: "cs_1", Product: "bio_glowup", Status: "complete"}, []string{visibleMail}, []string{"sets your password"}},
		"one that waits for the bank has none yet":     {CheckoutSuccess{SessionID: "cs_1", Product: "bio_glowup", Status: "processing"}, []string{`<span data-state="processing">A mail with your receipt goes to the address that you paid with as soon as the bank has said yes`}, []string{visibleMail}},
		"a stranger learns how she gets in":            {CheckoutSuccess{SessionID: "cs_1", Product: "bio_glowup", Status: "complete", Guest: true}, []string{"the link in it sets your password"}, nil},
		"what was paid stands on the receipt":          {CheckoutSuccess{SessionID: "cs_1", Product: "bio_glowup", Status: "complete"}, nil, []string{"$47"}},
		"whoever has no password learns where it is":   {Login{ReturnTo: "/bio/generator"}, []string{"The link in the mail about your purchase sets it"}, nil},
		"a mini product begins a series":               {Checkout{Product: "bio_glowup"}, []string{"a few letters in 30 days"}, nil},
		"a membership begins none":                     {Checkout{Product: "sselfie_studio_membership"}, []string{"$97 today, and the same every month", "Now and then we write"}, []string{"letters in 30 days"}},
		"an offer says what comes after it":            {Checkout{Product: "sselfie_studio_membership", Promo: &Promo{Code: "MINI20", Off: core.Money{Minor: 2000, Currency: "usd"}}}, []string{"$77 today, then $97 every month"}, nil},
		"the box says what the mail confirms about it": {Checkout{Product: "bio_glowup"}, []string{"lose the right to withdraw once everything is delivered"}, []string{"when it has begun"}},
	} {
		t.Run(name, func(t *testing.T) {
			page := render(t, r, c.v)
			for _, want := range c.has {
				if !strings.Contains(page, want) {
					t.Errorf("does not say %q", want)
				}
			}
			for _, no := range c.hasNot {
				if strings.Contains(page, no) {
					t.Errorf("says %q", no)
				}
			}
		})
	}
}
