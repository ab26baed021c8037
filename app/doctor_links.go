package app

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sselfie/adapters/letters"
	"sselfie/core"
	"sselfie/core/admin"
	"sselfie/core/mail"
	"sselfie/core/sequences"
	staticmail "sselfie/static/mail"
)

// sampleBag knows a customer for whom every letter can be written.
type sampleBag struct {
	sequences.Postbag
	steps map[core.MailID]sequences.Posted
}

// PostedLetter implements sequences.Postbag.
func (b sampleBag) PostedLetter(_ context.Context, id core.MailID, _ time.Time) (sequences.Posted, error) {
	return b.steps[id], nil
}

type neverPaused struct{}

// MarketingPaused implements sequences.Gate.
func (neverPaused) MarketingPaused(context.Context, time.Time) (string, error) { return "", nil }

// everyLetter writes each kind of letter with its example, and each step of each
// series as it stands for a buyer.
func (h *house) everyLetter(ctx context.Context) ([]mail.Letter, error) {
	over, err := h.config.files("mail")
	if err != nil {
		return nil, err
	}
	look := h.config.look(h.base)
	if look.From == "" {
		look.From = "sender@example.com" // while no mail is sent
	}
	plain, err := letters.New(letters.Config{
		Look: look, Files: staticmail.Files, Overrides: over, Unsubscribe: func(context.Context, mail.Outgoing) (string, error) { return "sample", nil },
	})
	if err != nil {
		return nil, err
	}
	var out []mail.Letter
	for _, k := range mail.Kinds() {
		sample := letters.Sample(k)
		sample.At = h.clock.Now()
		l, err := plain.Render(ctx, sample)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	bag := sampleBag{steps: map[core.MailID]sequences.Posted{}}
	author := sequences.Author{Next: plain, Bag: bag, Gate: neverPaused{}, Library: h.voice.series.Library, Catalog: h.catalog, Brand: h.config.Brand.Name, BaseURL: h.base}
	for _, series := range sequences.Names() {
		for _, st := range h.voice.series.Library.For(series, "").Steps {
			id := core.MailID("eml_" + string(series) + "-" + st.ID)
			sample := letters.Sample(mail.Sequence)
			sample.At = h.clock.Now()
			bag.steps[id] = sequences.Posted{
				Series: series, Step: st.ID, Product: "bio_glowup", CreditsLeft: 12, CreditsUsed: 13, OfferCode: offerCode(h), OfferEnds: sample.At.Add(19 * day),
			}
			sample.ID, sample.Props = id, mail.Props{"name": "Ada"}
			l, err := author.Render(ctx, sample)
			if err != nil {
				return nil, fmt.Errorf("%s/%s: %w", series, st.ID, err)
			}
			out = append(out, l)
		}
	}
	return out, nil
}

func offerCode(h *house) string {
	for _, p := range h.catalog.Promotions {
		return p.Code
	}
	return ""
}

var addressed = regexp.MustCompile(`(?:href|src)="(https?://[^"]+)"`)

// linksOf returns the web addresses of letters, each once.
func linksOf(all []mail.Letter) (out []string) {
	for _, l := range all {
		for _, found := range addressed.FindAllStringSubmatch(l.HTML, -1) {
			out = append(out, html.UnescapeString(found[1]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// links asks for everything that a letter leads to.
func (l launchCheck) links(ctx context.Context) admin.Finding {
	f := admin.Finding{Name: "Links in letters", Means: "Every kind of letter and every step of every series was written with an example, and each of its links was asked for.", State: admin.Wrong}
	all, err := l.h.everyLetter(ctx)
	if err != nil {
		f.Detail, f.Fix = "a letter cannot be written: "+err.Error(), "Run: sselfie content check"
		return f
	}
	wanted := linksOf(all)
	broken := make([]string, len(wanted))
	var wg sync.WaitGroup
	door := make(chan struct{}, 8)
	for i, link := range wanted {
		wg.Go(func() {
			door <- struct{}{}
			defer func() { <-door }()
			broken[i] = l.leadsNowhere(ctx, link)
		})
	}
	wg.Wait()
	broken = slices.DeleteFunc(broken, func(s string) bool { return s == "" })
	if len(broken) > 0 {
		f.Detail = strings.Join(broken[:min(5, len(broken))], "; ")
		if n := len(broken) - 5; n > 0 {
			f.Detail += fmt.Sprintf("; and %d more", n)
		}
		f.Fix = "Start the site where nobody answers; else correct the link in the letter (static_dir/mail, or the series at the desk)."
		return f
	}
	f.State, f.Detail = admin.Fine, fmt.Sprintf("%d letters, %d links, all of them lead somewhere", len(all), len(wanted))
	return f
}

// leadsNowhere says what is wrong with a link. The tokens of examples are not
// valid, and a page that says so is there.
func (l launchCheck) leadsNowhere(ctx context.Context, link string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return link + " is no address"
	}
	resp, err := asker.Do(req)
	if err != nil {
		return short(link) + ": " + plain(err)
	}
	_ = resp.Body.Close()
	switch s := resp.StatusCode; {
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s >= 500:
		return short(link) + " answers " + resp.Status
	}
	return ""
}

// short leaves a link's query out.
func short(link string) string {
	link, _, _ = strings.Cut(link, "?")
	return link
}
