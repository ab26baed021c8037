// Package brand holds the creator's brand as values: name, colours, fonts,
// addresses. Pages and mails are tinted from it; nothing here knows either.
package brand

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Brand is everything that makes an installation somebody's own.
type Brand struct {
	Name          string // as people write it, for example "Sselfie"
	AssistantName string // the studio's guide, for example "Maya"
	Tagline       string // one line under the name in link previews; may be empty
	Logo          string // path of a file below /assets/, "" sets the name in type
	Support       string // e-mail address that answers
	Owner         string // who signs mails and stands in the imprint
	Social        []Link
	Fonts         Fonts
	Light, Dark   Scheme
}

// Link is one address of the creator's elsewhere.
type Link struct {
	Label string // "Instagram"
	URL   string // https
}

// Fonts names the two families. A family that does not ship is declared in the
// creator's own assets/fonts.css, beside its files.
type Fonts struct {
	Display string
	Text    string
}

// Scheme is one set of colours, for light or dark.
type Scheme struct {
	Paper     Color // the page
	Raised    Color // a print lying on it
	Ink       Color // text
	SoftInk   Color // text of second rank
	Hairline  Color // lines; carries no text
	Safelight Color // the one accent: links, marks, the primary button
	OnAccent  Color // text on Safelight
	Success   Color
	Warning   Color
	Danger    Color
}

// Default returns the brand that ships: paper, ink and one safelight.
func Default() Brand {
	return Brand{
		Name:          "Sselfie",
		AssistantName: "Maya",
		Tagline:       "Brand photographs from your own selfies",
		Support:       "hello@localhost",
		Owner:         "The Sselfie studio",
		Fonts:         Fonts{Display: "Fraunces", Text: "Instrument Sans"},
		Light: Scheme{
			Paper:     OKLCH(0.975, 0.008, 85),
			Raised:    OKLCH(0.995, 0.004, 85),
			Ink:       OKLCH(0.22, 0.02, 60),
			SoftInk:   OKLCH(0.45, 0.02, 60),
			Hairline:  OKLCH(0.88, 0.012, 80),
			Safelight: OKLCH(0.54, 0.19, 28),
			OnAccent:  OKLCH(0.99, 0.005, 85),
			Success:   OKLCH(0.46, 0.1, 150),
			Warning:   OKLCH(0.5, 0.1, 75),
			Danger:    OKLCH(0.5, 0.19, 22),
		},
		Dark: Scheme{
			Paper:     OKLCH(0.19, 0.012, 60),
			Raised:    OKLCH(0.235, 0.014, 60),
			Ink:       OKLCH(0.94, 0.01, 85),
			SoftInk:   OKLCH(0.74, 0.014, 75),
			Hairline:  OKLCH(0.33, 0.014, 60),
			Safelight: OKLCH(0.72, 0.15, 32),
			OnAccent:  OKLCH(0.19, 0.012, 60),
			Success:   OKLCH(0.78, 0.12, 150),
			Warning:   OKLCH(0.82, 0.11, 80),
			Danger:    OKLCH(0.74, 0.14, 22),
		},
	}
}

// MinContrast is what every pair of colours that carries text must reach.
const MinContrast = 4.5

// Pair is two colours that meet as text and ground somewhere in the design.
type Pair struct {
	Text, Ground        string // the names of the tokens, for messages
	TextColor, GroundIs Color
}

// Pairs returns every pair of the scheme that carries text.
func (s Scheme) Pairs() []Pair {
	var out []Pair
	texts := []struct {
		name  string
		color Color
	}{
		{"ink", s.Ink},
		{"softInk", s.SoftInk},
		{"safelight", s.Safelight},
		{"success", s.Success},
		{"warning", s.Warning},
		{"danger", s.Danger},
	}
	for _, t := range texts {
		out = append(out,
			Pair{t.name, "paper", t.color, s.Paper},
			Pair{t.name, "raised", t.color, s.Raised})
	}
	return append(out,
		Pair{"onAccent", "safelight", s.OnAccent, s.Safelight},
		Pair{"paper", "ink", s.Paper, s.Ink})
}

var (
	fontShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 -]*$`)
	logoShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*\.(svg|png|jpg|jpeg|webp)$`)
)

const longestFont, longestLogo = 63, 126

// Validate returns every mistake, one sentence each, naming the key of the
// configuration that holds it.
func (b Brand) Validate() []string {
	var bad []string
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	text := func(key, value string, required bool) {
		switch {
		case required && strings.TrimSpace(value) == "":
			say("brand.%s is empty", key)
		case len([]rune(value)) > 200:
			say("brand.%s is longer than 200 characters", key)
		case strings.ContainsAny(value, "\r\n\x00"):
			say("brand.%s holds a line break", key)
		}
	}
	text("name", b.Name, true)
	text("assistantName", b.AssistantName, true)
	text("tagline", b.Tagline, false)
	text("owner", b.Owner, false)
	text("support", b.Support, true)
	if at := strings.LastIndexByte(b.Support, '@'); b.Support != "" && (at < 1 || at == len(b.Support)-1 || strings.ContainsAny(b.Support, " <>")) {
		say("brand.support %q is not an e-mail address", b.Support)
	}
	if b.Logo != "" && (len(b.Logo) > longestLogo || !logoShape.MatchString(b.Logo) || strings.Contains(b.Logo, "..")) {
		say("brand.logo %q must be a picture below assets/, for example logo.svg", b.Logo)
	}
	for i, l := range b.Social {
		u, err := url.Parse(l.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			say("brand.social[%d].url %q must begin with https://", i, l.URL)
		}
		if strings.TrimSpace(l.Label) == "" {
			say("brand.social[%d].label is empty", i)
		}
	}
	for _, f := range []struct{ key, value string }{{"fonts.display", b.Fonts.Display}, {"fonts.text", b.Fonts.Text}} {
		if len(f.value) > longestFont || !fontShape.MatchString(f.value) {
			say("brand.%s %q is not the name of a font family", f.key, f.value)
		}
	}
	for _, s := range []struct {
		key    string
		scheme Scheme
	}{{"light", b.Light}, {"dark", b.Dark}} {
		for _, p := range s.scheme.Pairs() {
			if got := Contrast(p.TextColor, p.GroundIs); got < MinContrast {
				say("brand.%s: %s %s on %s %s has a contrast of %.2f to 1; text needs at least %.1f",
					s.key, p.Text, p.TextColor, p.Ground, p.GroundIs, got, MinContrast)
			}
		}
	}
	return bad
}
