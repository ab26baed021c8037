package sequences

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"sselfie/core"
)

// Text is a step in the creator's own words, for one product or for all.
type Text struct {
	Series  Name
	Step    string
	Product core.ProductID // "" for every product
	Text    string
}

// Library holds every series: the letters that ship, and the creator's over them.
type Library struct {
	shipped map[Name][]Step
	voices  map[Text]Step                 // of a shipped step for one product, by place, without the text
	own     atomic.Pointer[map[Text]Step] // by place, without the text
}

// NewLibrary reads the letters from files named series/step.md, and those for the
// buyers of one product from series/step.product.md. It returns every mistake with
// its file and line.
func NewLibrary(files map[string]string) (*Library, []string) {
	l := &Library{shipped: map[Name][]Step{}, voices: map[Text]Step{}}
	var bad []string
	for name, text := range files {
		series, file := path.Split(name)
		series = strings.TrimSuffix(series, "/")
		if !slices.Contains(Names(), Name(series)) {
			bad = append(bad, fmt.Sprintf("%s: there is no series %q", name, series))
			continue
		}
		id, product, voice := strings.Cut(strings.TrimSuffix(file, ".md"), ".")
		st, wrong := ParseStep(id, text)
		for _, w := range wrong {
			bad = append(bad, name+": "+w)
		}
		if Name(series) == Seasonal && st.Season == "" {
			bad = append(bad, name+": the season is missing")
		}
		if !voice {
			l.shipped[Name(series)] = append(l.shipped[Name(series)], st)
			continue
		}
		if _, ok := files[series+"/"+id+".md"]; !ok || product == "" {
			bad = append(bad, fmt.Sprintf("%s: there is no step %s that it could be the voice of, or it names no product", name, id))
		}
		l.voices[Text{Series: Name(series), Step: id, Product: core.ProductID(product)}] = st
	}
	for _, n := range Names() {
		if len(l.shipped[n]) == 0 {
			bad = append(bad, fmt.Sprintf("%s: the series has no letters", n))
		}
	}
	slices.Sort(bad)
	own := map[Text]Step{}
	l.own.Store(&own)
	return l, bad
}

// Lay puts the creator's own texts over the letters that ship. One that does not
// read is left out and returned: what ships stands in for it.
func (l *Library) Lay(texts []Text) (bad []string) {
	own := map[Text]Step{}
	for _, t := range texts {
		st, wrong := ParseStep(t.Step, t.Text)
		if len(wrong) > 0 {
			bad = append(bad, fmt.Sprintf("%s/%s: %s", t.Series, t.Step, strings.Join(wrong, "; ")))
			continue
		}
		t.Text = ""
		own[t] = st
	}
	l.own.Store(&own)
	return bad
}

// Series returns a series as it stands for most customers.
func (l *Library) Series(n Name) Series { return l.For(n, "") }

// For returns a series as it stands for the buyers of a product.
func (l *Library) For(n Name, product core.ProductID) Series {
	own := *l.own.Load()
	out := Series{Name: n}
	for _, st := range l.shipped[n] {
		mine, edited := own[Text{Series: n, Step: st.ID}]
		if edited {
			mine.Season = st.Season
			st = mine
		}
		if product != "" && n != Seasonal {
			// The creator's words for everybody go before ours for the buyers of one
			// product: she has not read those.
			at := Text{Series: n, Step: st.ID, Product: product}
			voice, ok := own[at]
			if !ok && !edited {
				voice, ok = l.voices[at]
			}
			if ok {
				// What differs by product is the voice; the pace is the series'.
				voice.Day, voice.Condition = st.Day, st.Condition
				st = voice
			}
		}
		out.Steps = append(out.Steps, st)
	}
	slices.SortStableFunc(out.Steps, func(a, b Step) int { return a.Day - b.Day })
	return out
}

// Step returns one step, for the buyers of a product.
func (l *Library) Step(n Name, id string, product core.ProductID) (Step, bool) {
	for _, st := range l.For(n, product).Steps {
		if st.ID == id {
			return st, true
		}
	}
	return Step{}, false
}

// Own reports whether the creator wrote this step herself, for a product or, with
// "", for all.
func (l *Library) Own(n Name, id string, product core.ProductID) bool {
	_, ok := (*l.own.Load())[Text{Series: n, Step: id, Product: product}]
	return ok
}
