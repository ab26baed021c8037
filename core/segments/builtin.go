package segments

import (
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// ID names a segment: seg_ and a word for those that are built in.
type ID string

// Segment is a rule with a name and those who fit it.
type Segment struct {
	ID          ID        `json:"id"`
	Name        string    `json:"name"`
	BuiltIn     bool      `json:"builtIn"`
	Rule        Rule      `json:"rule"`
	Members     int       `json:"members"`
	Joined      int       `json:"joined"` // at the last refresh
	Gone        int       `json:"gone"`
	RefreshedAt time.Time `json:"refreshedAt"`
}

// Ids of the built-in segments that are not about one product.
const (
	FrequentBoosters ID = "seg_booster_frequent_not_studio"
	StudioMembers    ID = "seg_studio_members"
	MiniAlumni       ID = "seg_mini_product_alumni"
	Beta             ID = "seg_beta"
)

// AlumniAfter is how many days after the last mini product somebody who did not
// join Studio is an alumna.
const AlumniAfter = 30

// shortNames are the names of the default products in those of their segments.
var shortNames = map[core.ProductID]string{
	"one_time_session":     "Starter Photoshoot",
	"brand_blueprint_paid": "Blueprint Buyers",
}

// BuyersID returns the id of the segment of a mini product's buyers.
func BuyersID(p core.ProductID) ID { return ID("seg_" + string(p) + "_not_studio") }

// BuiltIn returns the segments that every installation has. Their ids never
// change; names and rules follow the catalogue.
func BuiltIn(cat catalog.Catalog) []Segment {
	var out []Segment
	var minis, packs []core.ProductID
	for _, p := range cat.Products {
		switch p.Kind {
		case catalog.Mini:
			minis = append(minis, p.ID)
			name, ok := shortNames[p.ID]
			if !ok {
				name = p.Name + " Buyers"
			}
			out = append(out, Segment{ID: BuyersID(p.ID), Name: name + " - Not Studio", Rule: both(bought(p.ID), notStudio())})
		case catalog.Pack:
			packs = append(packs, p.ID)
		}
	}
	if len(packs) > 0 {
		out = append(out, Segment{
			ID: FrequentBoosters, Name: "Credit Booster Frequent Buyers",
			Rule: both(Rule{TimesPurchased: &Times{Products: packs, AtLeast: 2}}, notStudio()),
		})
	}
	out = append(out, Segment{ID: StudioMembers, Name: "Studio Members", Rule: Rule{Entitlement: "studio"}})
	if len(minis) > 0 {
		days := AlumniAfter
		out = append(out, Segment{
			ID: MiniAlumni, Name: "Mini Product Alumni",
			Rule: both(Rule{LastPurchase: &Ago{Products: minis, AtLeast: &days}}, notStudio()),
		})
	}
	out = append(out, Segment{ID: Beta, Name: "Beta", Rule: Rule{Tag: "beta"}})
	for i := range out {
		out[i].BuiltIn = true
	}
	return out
}

func bought(ids ...core.ProductID) Rule { return Rule{Purchased: &Purchase{Products: ids}} }
func notStudio() Rule                   { return Rule{Not: &Rule{Entitlement: "studio"}} }
func both(a, b Rule) Rule               { return Rule{All: []Rule{a, b}} }
