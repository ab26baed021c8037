package view

import (
	"net/url"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Methods of scope are what templates ask about the site as a whole.

// Product returns a catalogue entry.
func (s scope) Product(id core.ProductID) catalog.Product { return s.r.product(id) }

// Texts returns the words of a product's page.
func (s scope) Texts(id core.ProductID) Text { return s.s.content.Product(id) }

// Minis are the products on landing pages, in catalogue order.
func (s scope) Minis() []catalog.Product { return s.Site.Catalog.OfKind(catalog.Mini) }

// together is what several products cost and hold, bought one by one.
type together struct {
	Count, Credits int
	Price          core.Money
}

// Together adds up the mini products; nil for fewer than two.
func (s scope) Together() *together {
	var sum together
	for _, p := range s.Minis() {
		sum.Count++
		sum.Credits += p.Credits
		sum.Price = core.Money{Minor: sum.Price.Minor + p.Price.Minor, Currency: p.Price.Currency}
	}
	if sum.Count < 2 {
		return nil
	}
	return &sum
}

// Packs are the credit packs.
func (s scope) Packs() []catalog.Product { return s.Site.Catalog.OfKind(catalog.Pack) }

// Studio is the membership.
func (s scope) Studio() catalog.Product { return s.Site.Catalog.Studio() }

// Offers are all products that have a page, Studio last.
func (s scope) Offers() []catalog.Product {
	out := s.Minis()
	if st := s.Studio(); !st.Disabled {
		out = append(out, st)
	}
	return out
}

// Canonical is the page's own address, "" when it has none.
func (s scope) Canonical() string {
	if s.Page.Path == "" || s.Page.Private {
		return ""
	}
	return s.Site.BaseURL + s.Page.Path
}

// Preview is the absolute address of the page's link preview picture.
func (s scope) Preview() string {
	if s.Page.OG == "" {
		return ""
	}
	u, err := s.s.assets.URL(s.Page.OG)
	if err != nil {
		return ""
	}
	return s.Site.BaseURL + u
}

// Fonts are the files to fetch beside the stylesheet.
func (s scope) Fonts() []string { return s.s.assets.fonts }

// Testimonials are a product's customers' words: real ones always, samples in
// demo mode alone.
func (s scope) Testimonials(t Text) []Testimonial {
	var out []Testimonial
	for _, q := range t.Testimonial {
		if !q.Sample || s.Site.Demo {
			out = append(out, q)
		}
	}
	return out
}

// With hands a component the page's scope together with its own arguments.
func (s scope) With(pairs ...any) (map[string]any, error) {
	m, err := dict(pairs...)
	if err == nil {
		m["S"] = s
	}
	return m, err
}

// LegalPages are the footer's legal links.
func (s scope) LegalPages() []struct{ Slug, Title string } {
	var out []struct{ Slug, Title string }
	for _, slug := range LegalSlugs() {
		out = append(out, struct{ Slug, Title string }{slug, s.s.content.Legal[slug].Title})
	}
	return out
}

// Price is what is due today, with a promotion taken off.
func (s scope) Price(id core.ProductID, p *Promo) core.Money {
	m := s.r.product(id).Price
	if p != nil {
		m.Minor -= p.Off.Minor
	}
	return m
}

// TestCards are the numbers that the local gateway understands.
func (s scope) TestCards() []struct{ Number, What string } {
	return []struct{ Number, What string }{
		{"4242 4242 4242 4242", "is paid at once"},
		{"4000 0000 0000 0002", "is declined"},
		{"4000 0000 0000 3220", "asks for 3-D Secure"},
	}
}

// Place is where a product is used, without the greetings that its address
// carries right after the purchase.
func (s scope) Place(id core.ProductID) string {
	u, err := url.Parse(s.r.product(id).After)
	if err != nil {
		return "/studio"
	}
	q := u.Query()
	q.Del("purchase")
	q.Del("onboarding")
	if u.Path == "/studio" && q.Get("tab") == "" {
		q.Set("tab", "photos")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// SampleFrames and SampleOffer feed the components page.
func (s scope) SampleFrames() []Frame {
	return []Frame{{ID: "1", Status: "running"}, {ID: "2", Status: "pending"}, {ID: "3", Status: "failed"}}
}

// SampleOffer is an offer as a customer with few credits sees it.
func (s scope) SampleOffer() *UpgradeOffer {
	o := &UpgradeOffer{Trigger: "credits_low", Spent30d: 38}
	if ps := s.Site.Catalog.Promotions; len(ps) > 0 {
		o.Promo = &Promo{Code: ps[0].Code, Off: ps[0].AmountOff}
	}
	return o
}
