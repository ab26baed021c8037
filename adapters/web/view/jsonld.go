package view

import (
	"fmt"

	"sselfie/core"
	"sselfie/core/catalog"
)

type ld map[string]any

func homeJSONLD(r *Renderer) []any {
	b := r.site.Brand
	same := []string{}
	for _, s := range b.Social {
		same = append(same, s.URL)
	}
	org := ld{"@context": "https://schema.org", "@type": "Organization", "name": b.Name, "url": r.site.BaseURL + "/", "email": b.Support}
	if len(same) > 0 {
		org["sameAs"] = same
	}
	return []any{org, ld{"@context": "https://schema.org", "@type": "WebSite", "name": b.Name, "url": r.site.BaseURL + "/"}, faqLD(r.Content().Home.FAQ)}
}

func productJSONLD(r *Renderer, p catalog.Product, t Text) []any {
	offer := ld{
		"@type": "Offer", "price": decimal(p.Price), "priceCurrency": upper(p.Price.Currency),
		"availability": "https://schema.org/InStock", "url": r.site.BaseURL + p.Page,
	}
	if p.Monthly() {
		offer["priceSpecification"] = ld{
			"@type": "UnitPriceSpecification", "price": decimal(p.Price), "priceCurrency": upper(p.Price.Currency),
			"billingDuration": 1, "billingIncrement": 1, "unitCode": "MON",
		}
	}
	product := ld{
		"@context": "https://schema.org", "@type": "Product", "name": p.Name, "description": t.Description,
		"sku": string(p.ID), "url": r.site.BaseURL + p.Page,
		"brand": ld{"@type": "Brand", "name": r.site.Brand.Name}, "offers": offer,
	}
	r.mu.RLock()
	if img, err := r.set.assets.URL("og/" + string(p.ID) + ".png"); err == nil {
		product["image"] = r.site.BaseURL + img
	}
	r.mu.RUnlock()
	out := []any{product}
	if len(t.FAQ) > 0 {
		out = append(out, faqLD(t.FAQ))
	}
	return out
}

func faqLD(qs []Question) ld {
	items := make([]any, 0, len(qs))
	for _, q := range qs {
		items = append(items, ld{"@type": "Question", "name": q.Q, "acceptedAnswer": ld{"@type": "Answer", "text": q.A}})
	}
	return ld{"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": items}
}

// decimal is a price as schema.org wants it: 49.00, without a symbol.
func decimal(m core.Money) string { return fmt.Sprintf("%d.%02d", m.Minor/100, m.Minor%100) }
