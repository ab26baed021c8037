// Package catalog holds what is for sale: products with their prices, what they
// grant and where they lead, promotions, and what work costs in credits. All of
// it is values, read from the configuration and validated once.
package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sselfie/core"
)

// Kind says how a product is sold.
type Kind string

// The kinds of product.
const (
	Mini       Kind = "mini"       // once, on its own landing page
	Pack       Kind = "pack"       // once, inside the app only, to a signed-in customer
	Membership Kind = "membership" // every month
)

// Entitlement is a right beyond the product's own pages; the values are the
// product types of the subscriptions table.
const (
	EntitlementBlueprint = "paid_blueprint"
	EntitlementStudio    = "sselfie_studio_membership"
)

// Product is one thing for sale.
type Product struct {
	ID          core.ProductID
	Kind        Kind
	Page        string // path of the landing page, "" for packs
	Name        string
	Price       core.Money
	Credits     int    // granted by a purchase, or by each paid membership invoice
	Entitlement string // "", EntitlementBlueprint or EntitlementStudio
	After       string // path where the customer goes once it is paid
	LookupKey   string // of its price at Stripe
	Disabled    bool   // switched off by the creator: no page, no new checkout; old purchases stay
}

// Slug returns the landing page's path without its slash.
func (p Product) Slug() string { return strings.TrimPrefix(p.Page, "/") }

// Monthly reports whether the product is billed every month.
func (p Product) Monthly() bool { return p.Kind == Membership }

// Promotion is an amount off the first invoice of one product.
type Promotion struct {
	Code      string // in capitals; compared without case
	Product   core.ProductID
	AmountOff core.Money
	Days      int // the offer runs this many days from the purchase that earned it
}

// Ends returns when the offer ends for a customer whose purchase earned it at
// bought.
func (p Promotion) Ends(bought time.Time) time.Time { return bought.AddDate(0, 0, p.Days) }

// Costs is what work costs, in credits.
type Costs struct {
	Image    int // one picture, everywhere; a blueprint grid holds two
	Training int
}

// Catalog is everything for sale in one currency.
type Catalog struct {
	Currency      string
	Products      []Product // in the order in which pages show them
	Promotions    []Promotion
	Costs         Costs
	SignUpCredits int
}

// Product returns the product with an id.
func (c Catalog) Product(id core.ProductID) (Product, bool) {
	i := slices.IndexFunc(c.Products, func(p Product) bool { return p.ID == id })
	if i < 0 {
		return Product{}, false
	}
	return c.Products[i], true
}

// ByPage returns the product whose landing page has this path.
func (c Catalog) ByPage(path string) (Product, bool) {
	for _, p := range c.Products {
		if p.Page != "" && p.Page == path {
			return p, true
		}
	}
	return Product{}, false
}

// Promotion returns the promotion with a code, compared without case and
// surrounding space.
func (c Catalog) Promotion(code string) (Promotion, bool) {
	code = strings.ToUpper(strings.TrimSpace(code))
	for _, p := range c.Promotions {
		if p.Code == code && code != "" {
			return p, true
		}
	}
	return Promotion{}, false
}

// Studio returns the membership. Validate guarantees that there is one.
func (c Catalog) Studio() Product {
	for _, p := range c.Products {
		if p.Kind == Membership {
			return p
		}
	}
	return Product{}
}

// OfKind returns the enabled products of a kind in catalogue order.
func (c Catalog) OfKind(k Kind) []Product {
	var out []Product
	for _, p := range c.Products {
		if p.Kind == k && !p.Disabled {
			out = append(out, p)
		}
	}
	return out
}

// Default returns the catalogue of product.md.
func Default() Catalog {
	usd := func(n int64) core.Money { return core.Money{Minor: n, Currency: "usd"} }
	return Catalog{
		Currency: "usd",
		Products: []Product{
			{ID: "one_time_session", Kind: Mini, Page: "/starter-photoshoot", Name: "Starter Photoshoot", Price: usd(4900), Credits: 50, After: "/studio?onboarding=true", LookupKey: "one_time_session_usd"},
			{ID: "brand_blueprint_paid", Kind: Mini, Page: "/brand-blueprint", Name: "Brand Blueprint", Price: usd(6700), Credits: 60, Entitlement: EntitlementBlueprint, After: "/studio?tab=blueprint&purchase=success", LookupKey: "brand_blueprint_paid_usd"},
			{ID: "bio_glowup", Kind: Mini, Page: "/bio-glow-up", Name: "Bio Glow-Up", Price: usd(4700), Credits: 25, After: "/bio/generator", LookupKey: "bio_glowup_usd"},
			{ID: "nine_post_feed", Kind: Mini, Page: "/nine-post-feed", Name: "9-Post Feed", Price: usd(7700), Credits: 40, After: "/feed-planner?quick=true", LookupKey: "nine_post_feed_usd"},
			{ID: "rebrand_reset", Kind: Mini, Page: "/rebrand-reset", Name: "Rebrand Reset", Price: usd(9700), Credits: 80, After: "/rebrand-wizard", LookupKey: "rebrand_reset_usd"},
			{ID: "credits_100", Kind: Pack, Name: "Credit Booster 100", Price: usd(5900), Credits: 100, After: "/studio", LookupKey: "credits_100_usd"},
			{ID: "credits_200", Kind: Pack, Name: "Credit Booster 200", Price: usd(10900), Credits: 200, After: "/studio", LookupKey: "credits_200_usd"},
			{ID: EntitlementStudio, Kind: Membership, Page: "/studio-membership", Name: "Studio", Price: usd(9700), Credits: 200, Entitlement: EntitlementStudio, After: "/studio", LookupKey: "studio_monthly_usd"},
		},
		Promotions:    []Promotion{{Code: "MINI20", Product: EntitlementStudio, AmountOff: usd(2000), Days: 33}},
		Costs:         Costs{Image: 1, Training: 20},
		SignUpCredits: 2,
	}
}

var (
	idShape   = regexp.MustCompile(`^[a-z][a-z0-9_]+$`) // up to longestID
	pageShape = regexp.MustCompile(`^/[a-z0-9]+(-[a-z0-9]+)*$`)
	codeShape = regexp.MustCompile(`^[A-Z0-9]{3,32}$`)
	currency  = regexp.MustCompile(`^[a-z]{3}$`)
)

const longestID = 63

// Validate returns every mistake in the catalogue, one sentence each, naming
// the product: duplicate ids and pages, prices below Stripe's minimum of 50
// minor units, a missing or second membership, promotions that exceed a price.
func (c Catalog) Validate() []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	if !currency.MatchString(c.Currency) {
		say("currency %q is not an ISO code of three small letters", c.Currency)
	}
	if c.Costs.Image < 1 || c.Costs.Training < 0 || c.SignUpCredits < 0 {
		say("costs: image must be at least 1, training and sign-up credits at least 0")
	}
	ids, pages, keys := map[core.ProductID]bool{}, map[string]bool{}, map[string]bool{}
	members := 0
	for _, p := range c.Products {
		if len(p.ID) > longestID || !idShape.MatchString(string(p.ID)) {
			say("product id %q: use small letters, digits and underscores", p.ID)
		}
		if ids[p.ID] {
			say("product %s stands twice", p.ID)
		}
		ids[p.ID] = true
		switch p.Kind {
		case Mini, Membership:
			if !pageShape.MatchString(p.Page) {
				say("product %s: page %q must look like /some-name", p.ID, p.Page)
			}
			if pages[p.Page] {
				say("product %s: page %s belongs to another product", p.ID, p.Page)
			}
			pages[p.Page] = true
		case Pack:
			if p.Page != "" {
				say("product %s: a credit pack has no page of its own", p.ID)
			}
			if p.Credits <= 0 {
				say("product %s: a credit pack grants at least 1 credit", p.ID)
			}
		default:
			say("product %s: kind %q is not mini, pack or membership", p.ID, p.Kind)
		}
		if p.Kind == Membership {
			members++
			if p.Entitlement != EntitlementStudio {
				say("product %s: a membership's entitlement is %s", p.ID, EntitlementStudio)
			}
		} else if p.Entitlement != "" && p.Entitlement != EntitlementBlueprint {
			say("product %s: entitlement %q is not known", p.ID, p.Entitlement)
		}
		if strings.TrimSpace(p.Name) == "" || len(p.Name) > 200 {
			say("product %s: the name has 1 to 200 characters", p.ID)
		}
		if p.Price.Minor < 50 || p.Price.Minor > 99_999_999 {
			say("product %s: the price is given in minor units, from 50 to 99999999", p.ID)
		}
		if p.Price.Currency != c.Currency {
			say("product %s: the price is in %q, the catalogue in %q", p.ID, p.Price.Currency, c.Currency)
		}
		if p.Credits < 0 || p.Credits > 1_000_000 {
			say("product %s: credits are from 0 to 1000000", p.ID)
		}
		if !strings.HasPrefix(p.After, "/") || strings.HasPrefix(p.After, "//") {
			say("product %s: after %q must be a path on this site", p.ID, p.After)
		}
		if p.LookupKey == "" || keys[p.LookupKey] {
			say("product %s: the lookup key %q is empty or used twice", p.ID, p.LookupKey)
		}
		keys[p.LookupKey] = true
	}
	if members != 1 {
		say("there must be exactly one membership, found %d", members)
	}
	codes := map[string]bool{}
	for _, pr := range c.Promotions {
		p, ok := c.Product(pr.Product)
		switch {
		case !codeShape.MatchString(pr.Code):
			say("promotion %q: a code has 3 to 32 capitals and digits", pr.Code)
		case codes[pr.Code]:
			say("promotion %s stands twice", pr.Code)
		case !ok:
			say("promotion %s: product %s does not exist", pr.Code, pr.Product)
		case pr.AmountOff.Currency != c.Currency || pr.AmountOff.Minor <= 0 || pr.AmountOff.Minor > p.Price.Minor:
			say("promotion %s: the amount off must be above 0 and at most the price", pr.Code)
		case pr.Days < 1 || pr.Days > 3650:
			say("promotion %s: days are from 1 to 3650", pr.Code)
		}
		codes[pr.Code] = true
	}
	return bad
}
