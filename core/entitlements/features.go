package entitlements

import "fmt"

// Feature is something that a tier opens.
type Feature string

// The features of product.md, Entitlements.
const (
	Academy              Feature = "academy"
	MayaPro              Feature = "maya_pro"
	FeedPlannerFull      Feature = "feed_planner_full"
	FeedPlannerBlueprint Feature = "feed_planner_blueprint" // inside the blueprint screen, pictures only
	UnlimitedBlueprint   Feature = "unlimited_blueprint"    // grids cost nothing
)

// features says from which tier on a feature is open, and what people call it.
var features = map[Feature]struct {
	from Tier
	name string
}{
	Academy:              {Studio, "The Academy"},
	MayaPro:              {Studio, "Maya Pro"},
	FeedPlannerFull:      {Studio, "The feed planner"},
	FeedPlannerBlueprint: {Blueprint, "The feed planner of the blueprint"},
	UnlimitedBlueprint:   {Studio, "Making blueprint grids without credits"},
}

// Features returns all features, in the order of the table in product.md.
func Features() []Feature {
	return []Feature{UnlimitedBlueprint, FeedPlannerFull, FeedPlannerBlueprint, Academy, MayaPro}
}

// Can reports whether a tier opens a feature, and why or why not, in words that
// a page can show. A feature that nobody knows is closed to all.
func Can(t Tier, f Feature) (ok bool, reason string) {
	known, there := features[f]
	switch {
	case !there:
		return false, fmt.Sprintf("There is no feature called %q.", f)
	case t >= known.from:
		return true, known.name + " comes with " + t.title() + "."
	case known.from == Blueprint:
		return false, known.name + " comes with the Brand Blueprint and with Studio."
	}
	return false, known.name + " comes with Studio."
}

func (t Tier) title() string {
	switch t {
	case Studio:
		return "Studio"
	case Blueprint:
		return "the Brand Blueprint"
	}
	return "every account"
}
