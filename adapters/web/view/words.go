package view

import (
	"bytes"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sselfie/core"
	"sselfie/core/catalog"
)

// words are the {names} that content files may use, so that a price, a count
// or the brand's name is written in one place, the configuration.
type words map[string]string

var wordShape = regexp.MustCompile(`\{([a-z_]+)\}`)

// siteWords are known in every content file.
func siteWords(site Site) words {
	c := site.Catalog
	s := c.Studio()
	return words{
		"studio":         s.Name,
		"studio_price":   s.Price.String(),
		"studio_credits": strconv.Itoa(s.Credits),
		"image_cost":     strconv.Itoa(c.Costs.Image),
		"grid_cost":      strconv.Itoa(2 * c.Costs.Image),
		"training_cost":  strconv.Itoa(c.Costs.Training),
		"signup_credits": strconv.Itoa(c.SignUpCredits),
		"from_price":     lowest(c).String(),
		"brand":          site.Brand.Name,
		"assistant":      site.Brand.AssistantName,
		"support":        site.Brand.Support,
		"owner":          site.Brand.Owner,
		"address":        site.PostalAddress,
		"base_url":       site.BaseURL,
	}
}

func lowest(c catalog.Catalog) core.Money {
	var low core.Money
	for _, p := range c.OfKind(catalog.Mini) {
		if low.Currency == "" || p.Price.Minor < low.Minor {
			low = p.Price
		}
	}
	return low
}

// product adds the words of one product.
func (w words) product(p catalog.Product) words {
	w = maps.Clone(w)
	w["product"] = p.Name
	w["price"] = p.Price.String()
	w["credits"] = strconv.Itoa(p.Credits)
	return w
}

func (w words) names() string {
	names := slices.Sorted(maps.Keys(w))
	for i, n := range names {
		names[i] = "{" + n + "}"
	}
	return strings.Join(names, " ")
}

// unknown returns names that are not words, by line.
func (w words) unknown(src []byte) map[int]string {
	out := map[int]string{}
	for i, line := range bytes.Split(src, []byte("\n")) {
		for _, m := range wordShape.FindAllSubmatch(line, -1) {
			if _, ok := w[string(m[1])]; !ok {
				out[i+1] = string(m[1])
			}
		}
	}
	return out
}

func (w words) replace(s string) string {
	return wordShape.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := w[m[1:len(m)-1]]; ok {
			return v
		}
		return m
	})
}

// fill replaces the words in every string of a text.
func (w words) fill(t *Text) { w.walk(reflect.ValueOf(t).Elem()) }

func (w words) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(w.replace(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			w.walk(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	}
}
