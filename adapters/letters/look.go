package letters

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"

	"sselfie/core/brand"
)

// Look is what makes a letter this creator's: names, addresses and colours, all
// as plain values.
type Look struct {
	BrandName  string // stands at the top and in subjects
	SenderName string // stands at the end
	From       string // Name <address>: whom the letter is from
	ReplyTo    string // "" for From
	// MarketingFrom and MarketingReplyTo stand in their place in letters that people
	// may refuse; "" for the same.
	MarketingFrom, MarketingReplyTo string

	SupportEmail  string // "" for the address in From
	PostalAddress string // the law wants it under marketing
	BaseURL       string // every link begins with it; no slash at the end
	Light, Dark   Palette
	Fonts         brand.Fonts // "" for what mail programs have
}

// Palette is one set of colours as #rrggbb, because mail clients know no other.
type Palette struct{ Paper, Raised, Ink, SoftInk, Hairline, Safelight, OnAccent string }

// PaletteOf returns the colours of a scheme.
func PaletteOf(s brand.Scheme) Palette {
	return Palette{
		Paper: s.Paper.Hex(), Raised: s.Raised.Hex(), Ink: s.Ink.Hex(), SoftInk: s.SoftInk.Hex(),
		Hairline: s.Hairline.Hex(), Safelight: s.Safelight.Hex(), OnAccent: s.OnAccent.Hex(),
	}
}

func (p Palette) byName() map[string]string {
	return map[string]string{
		"paper": p.Paper, "raised": p.Raised, "ink": p.Ink, "soft": p.SoftInk, "line": p.Hairline, "safelight": p.Safelight, "on-accent": p.OnAccent,
	}
}

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// complete fills what may be left out and says everything that is wrong.
func (l Look) complete() (Look, error) {
	var bad []error
	from, err := netmail.ParseAddress(l.From)
	if err != nil {
		bad = append(bad, fmt.Errorf("the sender %q is no address", l.From))
	} else if l.SupportEmail == "" {
		l.SupportEmail = from.Address
	}
	for what, address := range map[string]string{"reply address": l.ReplyTo, "marketing sender": l.MarketingFrom, "reply address of marketing": l.MarketingReplyTo} {
		if _, err := netmail.ParseAddress(address); address != "" && err != nil {
			bad = append(bad, fmt.Errorf("the %s %q is no address", what, address))
		}
	}
	l.BaseURL = strings.TrimSuffix(l.BaseURL, "/")
	if u, err := url.Parse(l.BaseURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		bad = append(bad, fmt.Errorf("the base URL %q is no http address", l.BaseURL))
	}
	if l.BrandName == "" || l.SenderName == "" {
		bad = append(bad, errors.New("the brand and who signs need names"))
	}
	for scheme, p := range map[string]Palette{"light": l.Light, "dark": l.Dark} {
		for name, value := range p.byName() {
			if !hexColour.MatchString(value) {
				bad = append(bad, fmt.Errorf("%s %s is %q, want #rrggbb", scheme, name, value))
			}
		}
	}
	l.BrandName, l.SenderName, l.PostalAddress = oneLine(l.BrandName), oneLine(l.SenderName), oneLine(l.PostalAddress)
	return l, errors.Join(bad...)
}

// sender is whom a letter is from.
type sender struct{ from, replyTo, host string }

// senders returns that of transactional letters and that of marketing.
func (l Look) senders() (main, marketing sender) {
	main = sender{l.From, l.ReplyTo, host(l.From)}
	marketing = main
	if l.MarketingFrom != "" {
		marketing.from, marketing.host = l.MarketingFrom, host(l.MarketingFrom)
	}
	if l.MarketingReplyTo != "" {
		marketing.replyTo = l.MarketingReplyTo
	}
	return main, marketing
}

// host is the part of an address behind the at sign.
func host(from string) string {
	a, err := netmail.ParseAddress(from)
	if err != nil {
		return "localhost" // complete has refused it already
	}
	return a.Address[strings.LastIndexByte(a.Address, '@')+1:]
}
