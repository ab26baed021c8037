package catalog

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/core"
)

func TestTheDefaultIsSound(t *testing.T) {
	c := Default()
	if bad := c.Validate(); len(bad) != 0 {
		t.Fatalf("%q", bad)
	}
	for id, want := range map[core.ProductID]struct {
		page, price, after string
		credits            int
	}{
		"one_time_session":          {"/starter-photoshoot", "$49", "/studio?onboarding=true", 50},
		"brand_blueprint_paid":      {"/brand-blueprint", "$67", "/studio?tab=blueprint&purchase=success", 60},
		"bio_glowup":                {"/bio-glow-up", "$47", "/bio/generator", 25},
		"nine_post_feed":            {"/nine-post-feed", "$77", "/feed-planner?quick=true", 40},
		"rebrand_reset":             {"/rebrand-reset", "$97", "/rebrand-wizard", 80},
		"credits_100":               {"", "$59", "/studio", 100},
		"credits_200":               {"", "$109", "/studio", 200},
		"sselfie_studio_membership": {"/studio-membership", "$97", "/studio", 200},
	} {
		p, ok := c.Product(id)
		if !ok || p.Page != want.page || p.Price.String() != want.price || p.After != want.after || p.Credits != want.credits {
			t.Errorf("%s: %+v", id, p)
		}
	}
	promo, _ := c.Promotion("MINI20")
	if promo.AmountOff.String() != "$20" || promo.Days != 33 || promo.Product != c.Studio().ID {
		t.Errorf("%+v", promo)
	}
}

// TestEveryMistakeIsNamed: one change of the default, and the sentence it earns.
func TestEveryMistakeIsNamed(t *testing.T) {
	product := func(i int, change func(*Product)) func(*Catalog) { return func(c *Catalog) { change(&c.Products[i]) } }
	promo := func(change func(*Promotion)) func(*Catalog) { return func(c *Catalog) { change(&c.Promotions[0]) } }
	const bio, pack, studio = 2, 5, 7
	for name, c := range map[string]struct {
		change func(*Catalog)
		want   string
	}{
		"a currency in capitals":       {func(c *Catalog) { c.Currency = "USD" }, `currency "USD" is not an ISO code of three small letters`},
		"no currency":                  {func(c *Catalog) { c.Currency = "" }, `currency "" is not an ISO code of three small letters`},
		"free pictures":                {func(c *Catalog) { c.Costs.Image = 0 }, "costs: image must be at least 1, training and sign-up credits at least 0"},
		"training that pays":           {func(c *Catalog) { c.Costs.Training = -1 }, "costs: image must be at least 1, training and sign-up credits at least 0"},
		"a sign-up that costs":         {func(c *Catalog) { c.SignUpCredits = -1 }, "costs: image must be at least 1, training and sign-up credits at least 0"},
		"an id in capitals":            {product(bio, func(p *Product) { p.ID = "Bio" }), `product id "Bio": use small letters, digits and underscores`},
		"an id twice":                  {product(bio, func(p *Product) { p.ID = "nine_post_feed" }), "product nine_post_feed stands twice"},
		"a page without a slash":       {product(bio, func(p *Product) { p.Page = "bio" }), `product bio_glowup: page "bio" must look like /some-name`},
		"no page":                      {product(bio, func(p *Product) { p.Page = "" }), `product bio_glowup: page "" must look like /some-name`},
		"a page with two parts":        {product(bio, func(p *Product) { p.Page = "/a/b" }), `product bio_glowup: page "/a/b" must look like /some-name`},
		"a page twice":                 {product(bio, func(p *Product) { p.Page = "/brand-blueprint" }), "product bio_glowup: page /brand-blueprint belongs to another product"},
		"a pack with a page":           {product(pack, func(p *Product) { p.Page = "/credits" }), "product credits_100: a credit pack has no page of its own"},
		"a pack of nothing":            {product(pack, func(p *Product) { p.Credits = 0 }), "product credits_100: a credit pack grants at least 1 credit"},
		"an unknown kind":              {product(bio, func(p *Product) { p.Kind = "gift" }), `product bio_glowup: kind "gift" is not mini, pack or membership`},
		"a membership without Studio":  {product(studio, func(p *Product) { p.Entitlement = "" }), "product sselfie_studio_membership: a membership's entitlement is sselfie_studio_membership"},
		"Studio for a single price":    {product(bio, func(p *Product) { p.Entitlement = EntitlementStudio }), `product bio_glowup: entitlement "sselfie_studio_membership" is not known`},
		"an unknown right":             {product(bio, func(p *Product) { p.Entitlement = "gold" }), `product bio_glowup: entitlement "gold" is not known`},
		"no name":                      {product(bio, func(p *Product) { p.Name = " " }), "product bio_glowup: the name has 1 to 200 characters"},
		"a name like a novel":          {product(bio, func(p *Product) { p.Name = strings.Repeat("x", 201) }), "product bio_glowup: the name has 1 to 200 characters"},
		"a price in dollars":           {product(bio, func(p *Product) { p.Price.Minor = 47 }), "product bio_glowup: the price is given in minor units, from 50 to 99999999"},
		"a price of a million":         {product(bio, func(p *Product) { p.Price.Minor = 100_000_000 }), "product bio_glowup: the price is given in minor units, from 50 to 99999999"},
		"a price in another currency":  {product(bio, func(p *Product) { p.Price.Currency = "eur" }), `product bio_glowup: the price is in "eur", the catalogue in "usd"`},
		"credits below zero":           {product(bio, func(p *Product) { p.Credits = -1 }), "product bio_glowup: credits are from 0 to 1000000"},
		"two million credits":          {product(bio, func(p *Product) { p.Credits = 2_000_000 }), "product bio_glowup: credits are from 0 to 1000000"},
		"it leads to another site":     {product(bio, func(p *Product) { p.After = "https://evil.test" }), `product bio_glowup: after "https://evil.test" must be a path on this site`},
		"it leads to another host":     {product(bio, func(p *Product) { p.After = "//evil.test" }), `product bio_glowup: after "//evil.test" must be a path on this site`},
		"it leads nowhere":             {product(bio, func(p *Product) { p.After = "" }), `product bio_glowup: after "" must be a path on this site`},
		"no lookup key":                {product(bio, func(p *Product) { p.LookupKey = "" }), `product bio_glowup: the lookup key "" is empty or used twice`},
		"a lookup key twice":           {product(bio, func(p *Product) { p.LookupKey = "brand_blueprint_paid_usd" }), `product bio_glowup: the lookup key "brand_blueprint_paid_usd" is empty or used twice`},
		"no membership":                {func(c *Catalog) { c.Products, c.Promotions = c.Products[:studio], nil }, "there must be exactly one membership, found 0"},
		"a promotion in small letters": {promo(func(p *Promotion) { p.Code = "mini20" }), `promotion "mini20": a code has 3 to 32 capitals and digits`},
		"a promotion without a code":   {promo(func(p *Promotion) { p.Code = "" }), `promotion "": a code has 3 to 32 capitals and digits`},
		"a promotion twice":            {func(c *Catalog) { c.Promotions = append(c.Promotions, c.Promotions[0]) }, "promotion MINI20 stands twice"},
		"a promotion of nothing":       {promo(func(p *Promotion) { p.Product = "gone" }), "promotion MINI20: product gone does not exist"},
		"more off than it costs":       {promo(func(p *Promotion) { p.AmountOff.Minor = 9701 }), "promotion MINI20: the amount off must be above 0 and at most the price"},
		"nothing off":                  {promo(func(p *Promotion) { p.AmountOff.Minor = 0 }), "promotion MINI20: the amount off must be above 0 and at most the price"},
		"euros off":                    {promo(func(p *Promotion) { p.AmountOff.Currency = "eur" }), "promotion MINI20: the amount off must be above 0 and at most the price"},
		"an offer without an end":      {promo(func(p *Promotion) { p.Days = 0 }), "promotion MINI20: days are from 1 to 3650"},
		"an offer of a life":           {promo(func(p *Promotion) { p.Days = 3651 }), "promotion MINI20: days are from 1 to 3650"},
	} {
		t.Run(name, func(t *testing.T) {
			cat := Default()
			c.change(&cat)
			if bad := cat.Validate(); !slices.Contains(bad, c.want) {
				t.Errorf("%q does not hold %q", bad, c.want)
			}
		})
	}
}

func TestTwoMembershipsAreOneTooMany(t *testing.T) {
	c := Default()
	second := c.Studio()
	second.ID, second.Page, second.LookupKey = "second", "/second", "second_usd"
	c.Products = append(c.Products, second)
	if bad := c.Validate(); !slices.Equal(bad, []string{"there must be exactly one membership, found 2"}) {
		t.Errorf("%q", bad)
	}
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	if bad := (Catalog{Products: []Product{{}}, Promotions: []Promotion{{}}}).Validate(); len(bad) < 8 {
		t.Errorf("only %q", bad)
	}
}

func TestLookingThingsUp(t *testing.T) {
	c := Default()
	if p, ok := c.ByPage("/bio-glow-up"); !ok || p.ID != "bio_glowup" || p.Slug() != "bio-glow-up" || p.Monthly() {
		t.Errorf("%+v", p)
	}
	if _, ok := c.ByPage(""); ok {
		t.Error("packs have no page: the empty one finds nothing")
	}
	for _, id := range []core.ProductID{"", "BIO_GLOWUP", "yoga_mat"} {
		if _, ok := c.Product(id); ok {
			t.Errorf("%q is a product", id)
		}
	}
	for code, want := range map[string]bool{"MINI20": true, " mini20\n": true, "Mini20": true, "": false, " ": false, "MINI2": false, "MINI200": false} {
		if _, ok := c.Promotion(code); ok != want {
			t.Errorf("%q: %v", code, ok)
		}
	}
	c.Promotions = append(c.Promotions, Promotion{})
	if _, ok := c.Promotion(" "); ok {
		t.Error("no code is a code")
	}
	c.Products[2].Disabled = true
	for kind, want := range map[Kind]int{Mini: 4, Pack: 2, Membership: 1, "gift": 0} {
		if got := len(c.OfKind(kind)); got != want {
			t.Errorf("%s: %d, want %d", kind, got, want)
		}
	}
	if (Catalog{}).Studio().ID != "" {
		t.Error("an empty catalogue has a membership")
	}
}

func TestAnOfferEndsDaysLater(t *testing.T) {
	bought := time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC)
	if got := (Promotion{Days: 33}).Ends(bought); !got.Equal(time.Date(2026, 3, 5, 23, 59, 59, 0, time.UTC)) {
		t.Errorf("%s", got)
	}
}
