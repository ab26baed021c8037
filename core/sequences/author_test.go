package sequences_test

import (
	"context"
	"errors"
	"html"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/letters"
	"sselfie/core"
	"sselfie/core/brand"
	"sselfie/core/catalog"
	"sselfie/core/mail"
	"sselfie/core/sequences"
	staticmail "sselfie/static/mail"
)

// bag hands out what a test put in.
type bag struct {
	posted sequences.Posted
	words  sequences.Step
}

func (b *bag) PostedLetter(context.Context, core.MailID, time.Time) (sequences.Posted, error) {
	return b.posted, nil
}

func (b *bag) CampaignStep(context.Context, string, string) (sequences.Step, error) {
	return b.words, nil
}

func (b *bag) KnownOf(context.Context, core.UserID, sequences.Name, time.Time) (sequences.Posted, error) {
	return b.posted, nil
}

type shut string

func (s shut) MarketingPaused(context.Context, time.Time) (string, error) { return string(s), nil }

func author(t *testing.T, b *bag) *sequences.Author {
	t.Helper()
	scheme := letters.PaletteOf(brand.Default().Light)
	r, err := letters.New(letters.Config{
		Look:        letters.Look{BrandName: "Sselfie", SenderName: "Ada", From: "Ada <ada@x.org>", PostalAddress: "1 Sample Street", BaseURL: "https://x.org", Light: scheme, Dark: scheme},
		Files:       staticmail.Files,
		Unsubscribe: func(context.Context, mail.Outgoing) (string, error) { return "token", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &sequences.Author{Next: r, Bag: b, Gate: open{}, Library: library(t), Catalog: catalog.Default(), Brand: "Sselfie", BaseURL: "https://x.org", Track: true}
}

func outgoing(k mail.Kind) mail.Outgoing {
	return mail.Outgoing{ID: "eml_1", Kind: k, User: "usr_1", To: "anna@x.org", ToKey: "anna@x.org", Props: mail.Props{}, At: bought.AddDate(0, 0, 14)}
}

// Every letter that ships is written for somebody of whom all is known, and for
// somebody of whom nothing is.
func TestEveryLetterCanBeWritten(t *testing.T) {
	full := sequences.Posted{Product: "bio_glowup", Link: "lnk_abcdefghijklmnopqrstuv", Dest: "/studio", CreditsLeft: 12, CreditsUsed: 13, OfferCode: "MINI20", OfferEnds: bought.AddDate(0, 0, 33)}
	bare := sequences.Posted{Product: "bio_glowup", Link: full.Link, Dest: "/studio"}
	b := &bag{}
	a := author(t, b)
	for _, n := range sequences.Names() {
		for _, st := range a.Library.Series(n).Steps {
			for what, p := range map[string]sequences.Posted{"all": full, "nothing": bare} {
				p.Series, p.Step = n, st.ID
				b.posted = p
				l, err := a.Render(t.Context(), outgoing(mail.Sequence))
				if err != nil {
					t.Errorf("%s/%s knowing %s: %v", n, st.ID, what, err)
					continue
				}
				for name, part := range map[string]string{"subject": l.Subject, "text": l.Text} {
					if strings.ContainsAny(part, "{}") || strings.Contains(part, "  of ") {
						t.Errorf("%s/%s knowing %s: the %s has holes: %s", n, st.ID, what, name, part)
					}
				}
			}
		}
	}
}

func TestTheDiscountLetter(t *testing.T) {
	b := &bag{posted: sequences.Posted{
		Series: sequences.MiniProduct, Step: "day-14", Product: "bio_glowup", Link: "lnk_abcdefghijklmnopqrstuv", Dest: "/checkout-upgrade?promo=MINI20",
		OfferCode: "MINI20", OfferEnds: bought.AddDate(0, 0, 33),
	}}
	a := author(t, b)
	l, err := a.Render(t.Context(), outgoing(mail.Sequence))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"first month of Studio costs $77 instead of $97", "it ends on 3 April 2026", "Price $59 once $97 a month", "One picture $0.59 $0.49", "2 boosters, $118", "costs $21 less", "https://x.org/api/email/track-click?id=lnk_abcdefghijklmnopqrstuv"} {
		if !strings.Contains(strings.Join(strings.Fields(l.Text), " "), want) {
			t.Errorf("the letter does not say %q:\n%s", want, l.Text)
		}
	}
	if l.Subject != "Your exclusive Studio discount expires soon ⏰" {
		t.Errorf("the subject is %q", l.Subject)
	}
	for _, want := range []string{`track-open?id=pxl_abcdefghijklmnopqrstuv"`, `track-click?id=trp_abcdefghijklmnopqrstuv" style="display:none"`} {
		if strings.Count(l.HTML, want) != 1 {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(l.HTML, "anna") || strings.Contains(l.HTML, "usr_1") {
		t.Error("the page tells whom it is for")
	}
	a.Track = false
	if l, err = a.Render(t.Context(), outgoing(mail.Sequence)); err != nil || strings.Contains(l.HTML, "track-") || !strings.Contains(l.Text, "https://x.org/checkout-upgrade?promo=MINI20") {
		t.Errorf("without tracking: %v\n%s", err, l.Text)
	}
}

func TestWhatIsNotSentAnyMore(t *testing.T) {
	for name, p := range map[string]sequences.Posted{
		"she joined":                {EndedFor: sequences.Converted},
		"it is too late":            {Expires: bought},
		"the address is listed":     {Listed: true},
		"the topic was refused":     {Refused: true},
		"the purchase is disputed":  {Contested: true},
		"she bought what it offers": {Bought: true},
		"she is back already":       {CameBack: true},
		"she left the segment":      {Left: true},
		"the step is gone":          {Step: "day-99"},
		"the subject has no value":  {Step: "day-3", Product: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			p.Series = sequences.MiniProduct
			if p.Step == "" {
				p.Step = "day-3"
			}
			_, err := author(t, &bag{posted: p}).Render(t.Context(), outgoing(mail.Sequence))
			var w *sequences.Withheld
			if !errors.As(err, &w) {
				t.Errorf("err is %v", err)
			}
		})
	}
	a := author(t, &bag{posted: sequences.Posted{Series: sequences.MiniProduct, Step: "day-7", Product: "bio_glowup"}})
	if _, err := a.Render(t.Context(), outgoing(mail.Sequence)); err != nil {
		t.Errorf("a letter whose time has come: %v", err)
	}
	a.Gate = shut("too many bounces")
	if _, err := a.Render(t.Context(), outgoing(mail.Sequence)); err == nil {
		t.Error("a letter went out while marketing is paused")
	}
}

// The links of a text go through tracking by an id that says nothing, and to
// where they led when the letter was promised; one that the text got later leads
// straight there.
func TestLinksOfTheTextAreTracked(t *testing.T) {
	const id = "lnk_zyxwvutsrqponmlkjihgfe"
	b := &bag{
		posted: sequences.Posted{Campaign: "cmp_1", Variant: "a", Link: "lnk_abcdefghijklmnopqrstuv", Dest: "/studio"},
		words:  sequences.Step{Subject: "Hello", Text: "See [the planner](/feed-planner), or [what is new](/blueprint).", Action: "Look", Path: "/studio"},
	}
	b.posted.Placed = []sequences.Placed{{ID: id, Dest: sequences.Destination("/feed-planner", "cmp_1", "a", id)}}
	a := author(t, b)
	l, err := a.Render(t.Context(), outgoing(mail.Campaign))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<a href="https://x.org/api/email/track-click?id=` + id + `"`, `>the planner</a>`, `<a href="https://x.org/blueprint"`} {
		if !strings.Contains(l.HTML, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if !strings.Contains(strings.Join(strings.Fields(l.Text), " "), "the planner <https://x.org/api/email/track-click?id="+id+">") || strings.Contains(l.HTML, "/feed-planner") {
		t.Errorf("the text is\n%s", l.Text)
	}
	a.Track = false
	if l, err = a.Render(t.Context(), outgoing(mail.Campaign)); err != nil || strings.Contains(l.HTML, "track-click") || !strings.Contains(l.HTML, "/feed-planner?campaign=cmp_1%2Fa&amp;link="+id) {
		t.Errorf("without tracking: %v\n%s", err, l.HTML)
	}
}

// What a value holds is text, in both parts.
func TestAValueIsNeverMarkup(t *testing.T) {
	b := &bag{
		posted: sequences.Posted{Campaign: "cmp_1", Variant: "a", Link: "lnk_abcdefghijklmnopqrstuv", Dest: "/studio"},
		words:  sequences.Step{Subject: "Hello", Text: "From {brand}.", Action: "Look", Path: "/studio"},
	}
	a := author(t, b)
	for _, value := range []string{"{{.}}", "{{call .}}", "</a><script>alert(1)</script>", "[x](/y)", "**x**", "| a |", "{product}"} {
		a.Brand = value
		l, err := a.Render(t.Context(), outgoing(mail.Campaign))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(l.Text, "From "+value+".") || !strings.Contains(l.HTML, "From "+html.EscapeString(value)+".") || strings.Contains(l.HTML, "<script>") {
			t.Errorf("%q became\n%s", value, l.Text)
		}
	}
}

func TestACampaignIsMarkdownAndNothingElse(t *testing.T) {
	b := &bag{
		posted: sequences.Posted{Campaign: "cmp_1", Variant: "a", Link: "lnk_abcdefghijklmnopqrstuv", Dest: "/studio"},
		words:  sequences.Step{Subject: "Hello", Text: "# News\n\n**Two** things <script>alert(1)</script></a>\n\n- one\n- two", Action: "Look", Path: "/studio"},
	}
	l, err := author(t, b).Render(t.Context(), outgoing(mail.Campaign))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.HTML, "<script>alert") || !strings.Contains(l.Text, "– one") || strings.Contains(l.Text, "**") {
		t.Errorf("the letter is\n%s", l.Text)
	}
}

func TestOtherKindsPassThrough(t *testing.T) {
	o := outgoing(mail.Renewal)
	o.Props = mail.Props{"product": "Studio", "amount": "$97", "credits": "200"}
	l, err := author(t, &bag{}).Render(t.Context(), o)
	if err != nil || strings.Contains(l.HTML, "track-") {
		t.Errorf("a renewal was touched: %v", err)
	}
}
