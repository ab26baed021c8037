package sequences

import (
	"context"
	"html"
	"strconv"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/mail"
	"sselfie/core/prose"
)

// Posted is what the store knows of a marketing mail when it is written.
type Posted struct {
	Series      Name
	Step        string
	Campaign    string
	Variant     string
	Product     core.ProductID
	EndedFor    string // why its enrolment ended meanwhile; "" while it goes on
	Expires     time.Time
	Link        core.LinkID
	Dest        string
	Placed      []Placed // the links of its text
	Listed      bool     // the address wants, or can take, no marketing any more
	Refused     bool     // the letter's topic
	Contested   bool     // a dispute over the purchase that began the series is open
	Bought      bool     // since what the letter asks to buy was left: an address, a checkout
	CameBack    bool     // since the letter that misses its reader was begun
	Left        bool     // the segment of the campaign, since it was promised
	CreditsLeft int
	CreditsUsed int // since the purchase that began the series
	OfferCode   string
	OfferEnds   time.Time // zero without a running offer
}

// Postbag is what the author looks up.
type Postbag interface {
	// PostedLetter returns what is known of a marketing mail now.
	PostedLetter(ctx context.Context, id core.MailID, now time.Time) (Posted, error)
	// KnownOf returns what is known of a customer for a letter that is not written
	// yet: of a series with what began it, of a campaign, "", without.
	KnownOf(ctx context.Context, user core.UserID, series Name, now time.Time) (Posted, error)
	// CampaignStep returns the words of a campaign, by variant.
	CampaignStep(ctx context.Context, campaign, variant string) (Step, error)
}

// Withheld is the error of a letter that was right when it was promised and is
// not any more. It is never sent.
type Withheld struct{ Reason string }

// Error says why.
func (w *Withheld) Error() string { return "not sent any more: " + w.Reason }

// Withholds implements mail.Withholding.
func (w *Withheld) Withholds() string { return w.Reason }

// Author writes the words of marketing letters at the moment at which they are
// sent, with the figures of that moment, and leads their links through tracking.
// It stands before the renderer that sets them; every other kind passes through.
type Author struct {
	Next    mail.Renderer
	Bag     Postbag
	Gate    Gate
	Library *Library
	Catalog catalog.Catalog
	Brand   string
	BaseURL string // without a slash at the end
	Track   bool   // false: links lead straight to where they go, and nothing counts opens
}

// Render implements mail.Renderer. A Withheld error means that the letter must
// not be sent; the outbox keeps it as suppressed.
func (a *Author) Render(ctx context.Context, o mail.Outgoing) (mail.Letter, error) {
	if !o.Kind.Marketing() {
		return a.Next.Render(ctx, o)
	}
	p, err := a.Bag.PostedLetter(ctx, o.ID, o.At)
	if err != nil {
		return mail.Letter{}, err
	}
	if err := a.withheld(ctx, p, o); err != nil {
		return mail.Letter{}, err
	}
	props := mail.Props{}
	for name, value := range o.Props {
		props[name] = value
	}
	if o.Kind != mail.AbandonedCheckout && p.Variant != Test {
		if err := a.words(ctx, p, props); err != nil {
			return mail.Letter{}, err
		}
	}
	if text := props["text"]; text != "" {
		props["text"] = prose.Relink(text, func(path string) string { return a.lead(p, path) })
	}
	if p.Link != "" {
		props["path"] = p.Dest
		if a.Track {
			props["path"] = "/api/email/track-click?id=" + string(p.Link)
		}
	}
	o.Props = props
	l, err := a.Next.Render(ctx, o)
	if err != nil {
		return l, err
	}
	for _, part := range []string{p.campaign(), p.content()} { // what was complained about
		if id := l.Headers["Feedback-ID"]; id != "" && part != "" {
			l.Headers["Feedback-ID"] = strings.ReplaceAll(part, ":", "-") + ":" + id
		}
	}
	if !a.Track || p.Link == "" {
		return l, nil
	}
	l.HTML = a.counted(l.HTML, p.Link)
	return l, nil
}

// lead says where a link of the text leads: through tracking, to what was stored
// when the letter was promised. One that came into the text later leads straight.
func (a *Author) lead(p Posted, path string) string {
	for _, l := range p.Placed {
		switch {
		case l.Dest != Destination(path, p.campaign(), p.content(), l.ID):
		case a.Track:
			return "/api/email/track-click?id=" + string(l.ID)
		default:
			return l.Dest
		}
	}
	return path
}

// campaign and content are what a letter is called in figures.
func (p Posted) campaign() string {
	if p.Campaign != "" {
		return p.Campaign
	}
	return string(p.Series)
}

func (p Posted) content() string {
	if p.Campaign != "" {
		return p.Variant
	}
	return p.Step
}

func (a *Author) withheld(ctx context.Context, p Posted, o mail.Outgoing) error {
	paused, err := a.Gate.MarketingPaused(ctx, o.At)
	switch {
	case err != nil:
		return err
	case paused != "":
		return &Withheld{paused}
	case p.EndedFor != "" && p.EndedFor != Finished:
		return &Withheld{"the series ended: " + p.EndedFor}
	case p.Listed:
		return &Withheld{"the address is on the suppression list"}
	case p.Refused:
		return &Withheld{"the topic was refused since"}
	case p.Contested:
		return &Withheld{"a dispute over the purchase is open"}
	case p.Bought:
		return &Withheld{"its reader bought since"}
	case p.CameBack:
		return &Withheld{"its reader came back since"}
	case p.Left:
		return &Withheld{"its reader is not in the segment any more"}
	case !p.Expires.IsZero() && o.At.After(p.Expires):
		return &Withheld{"its time is over since " + stamp(p.Expires)}
	}
	return nil
}

// words fills in subject and text of a step or a campaign.
func (a *Author) words(ctx context.Context, p Posted, props mail.Props) error {
	var st Step
	if p.Campaign != "" {
		var err error
		if st, err = a.Bag.CampaignStep(ctx, p.Campaign, p.Variant); err != nil {
			return err
		}
	} else {
		var ok bool
		if st, ok = a.Library.Step(p.Series, p.Step, p.Product); !ok {
			return &Withheld{"the step " + p.Step + " is not part of the series any more"}
		}
	}
	if err := compose(st, a.values(p), props); err != nil {
		return err
	}
	return nil
}

// compose writes a step with values into props.
func compose(st Step, values map[string]string, props mail.Props) *Withheld {
	subject, whole := fill(st.Subject, values)
	if !whole {
		return &Withheld{"its subject speaks of something that is not known of this customer"}
	}
	props["subject"], props["text"], props["action"] = subject, Fill(st.Text, values), st.Action
	if props["text"] == "" {
		return &Withheld{"nothing of it is about this customer"}
	}
	delete(props, "preheader")
	if pre, whole := fill(st.Preheader, values); whole && pre != "" {
		props["preheader"] = pre
	}
	return nil
}

// values are the fields that are known of this letter. What is not known has no
// value, and its paragraph is left out.
func (a *Author) values(p Posted) map[string]string {
	v := map[string]string{"brand": a.Brand}
	if p.CreditsLeft > 0 {
		v["credits_left"] = strconv.Itoa(p.CreditsLeft)
	}
	if p.CreditsUsed > 0 {
		v["credits_used"] = strconv.Itoa(p.CreditsUsed)
	}
	if product, ok := a.Catalog.Product(p.Product); ok && p.Series != Seasonal {
		v["product"] = product.Name
		if product.Credits > 0 {
			v["credits_bought"] = strconv.Itoa(product.Credits)
		}
	}
	if s := a.Catalog.Studio(); !s.Disabled && s.Credits > 0 {
		v["studio"], v["studio_price"], v["studio_credits"] = s.Name, s.Price.String(), strconv.Itoa(s.Credits)
		v["studio_per_credit"] = each(s)
		if promo, ok := a.Catalog.Promotion(p.OfferCode); ok && !p.OfferEnds.IsZero() && promo.Product == s.ID {
			v["offer_code"], v["offer_amount"], v["offer_ends"] = promo.Code, promo.AmountOff.String(), p.OfferEnds.UTC().Format("2 January 2006")
			v["offer_price"] = core.Money{Minor: s.Price.Minor - promo.AmountOff.Minor, Currency: s.Price.Currency}.String()
		}
	}
	if packs := a.Catalog.OfKind(catalog.Pack); len(packs) > 0 {
		v["pack_price"], v["pack_credits"], v["pack_per_credit"] = packs[0].Price.String(), strconv.Itoa(packs[0].Credits), each(packs[0])
		a.saving(v, packs[0])
	}
	for _, b := range a.Catalog.OfKind(catalog.Mini) {
		if b.Entitlement == catalog.EntitlementBlueprint && b.Credits > 0 {
			v["blueprint_price"], v["blueprint_credits"] = b.Price.String(), strconv.Itoa(b.Credits)
		}
	}
	return v
}

// saving says what a month of Studio would cost in packs, where that is more.
func (a *Author) saving(v map[string]string, pack catalog.Product) {
	s := a.Catalog.Studio()
	if s.Disabled || s.Credits <= 0 || pack.Credits <= 0 || s.Price.Currency != pack.Price.Currency {
		return
	}
	n := (s.Credits + pack.Credits - 1) / pack.Credits
	cost := core.Money{Minor: int64(n) * pack.Price.Minor, Currency: pack.Price.Currency}
	if cost.Minor > s.Price.Minor {
		v["packs_needed"], v["packs_cost"] = strconv.Itoa(n), cost.String()
		v["studio_saves"] = core.Money{Minor: cost.Minor - s.Price.Minor, Currency: cost.Currency}.String()
	}
}

// each is what one credit of a product costs, to the cent.
func each(p catalog.Product) string {
	n := int64(p.Credits)
	return core.Money{Minor: (p.Price.Minor + n/2) / n, Currency: p.Price.Currency}.String()
}

// counted adds the pixel that counts opens, and a link that nobody sees: what
// follows it is a machine.
func (a *Author) counted(page string, link core.LinkID) string {
	id := strings.TrimPrefix(string(link), "lnk_")
	extra := `<img src="` + html.EscapeString(a.BaseURL+"/api/email/track-open?id=pxl_"+id) + `" width="1" height="1" alt="" style="display:block;border:0">` +
		`<a href="` + html.EscapeString(a.BaseURL+"/api/email/track-click?id=trp_"+id) + `" style="display:none" tabindex="-1" aria-hidden="true"></a>`
	if i := strings.LastIndex(page, "</body>"); i >= 0 {
		return page[:i] + extra + page[i:]
	}
	return page + extra
}
