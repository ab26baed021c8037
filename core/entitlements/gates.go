package entitlements

import (
	"fmt"
	"time"

	"sselfie/core"
)

// Area is a group of pages and routes that a product opens.
type Area string

// The areas (product.md, Entitlements: a purchase opens its own product's pages).
const (
	Photos  Area = "photos"
	Bio     Area = "bio"
	Feed    Area = "feed"
	Rebrand Area = "rebrand"
)

// Areas returns all areas.
func Areas() []Area { return []Area{Photos, Bio, Feed, Rebrand} }

// opener is the product that opens an area.
var opener = map[Area]struct {
	product core.ProductID
	name    string
}{
	Photos:  {"one_time_session", "Starter Photoshoot"},
	Bio:     {"bio_glowup", "Bio Glow-Up"},
	Feed:    {"nine_post_feed", "9-Post Feed"},
	Rebrand: {"rebrand_reset", "Rebrand Reset"},
}

// ProductOf returns the product that opens an area, "" for an area that nobody
// knows.
func ProductOf(a Area) core.ProductID { return opener[a].product }

// Purchase is one payment of a product, as far as gates care.
type Purchase struct {
	Product   core.ProductID
	PaidAt    time.Time
	Refunded  bool // in full, or lost in a dispute
	Contested bool // a dispute is open
}

// Opens reports whether somebody with this tier and these purchases may enter
// an area, and why or why not, in words that a page can show. Studio opens all;
// else a purchase of its product that was neither refunded nor is contested
// does, for ever.
func Opens(a Area, t Tier, bought []Purchase) (ok bool, reason string) {
	o, known := opener[a]
	if !known {
		return false, fmt.Sprintf("There is no area called %q.", a)
	}
	if t == Studio {
		return true, "Studio opens everything."
	}
	refunded, contested := false, false
	for _, p := range bought {
		switch {
		case p.Product != o.product:
		case p.Refunded:
			refunded = true
		case p.Contested:
			contested = true
		default:
			return true, fmt.Sprintf("Bought on %s: %s.", p.PaidAt.Format("2 January 2006"), o.name)
		}
	}
	switch {
	case contested:
		return false, "The payment for " + o.name + " is disputed; it opens again when that is settled."
	case refunded:
		return false, o.name + " was refunded. Buy it again, or join Studio."
	}
	return false, "This comes with " + o.name + " and with Studio."
}
