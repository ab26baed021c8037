package view

import (
	"fmt"
	"strings"

	"sselfie/core/brand"
)

// BrandCSS returns the stylesheet that tints everything: custom properties of
// the creator's colours and fonts, and nothing else. It lies in its own layer
// between the tokens that ship and the rules that use them.
func BrandCSS(b brand.Brand) string {
	var s strings.Builder
	s.WriteString("@layer brand{:root{")
	fmt.Fprintf(&s, `--font-display:"%s",var(--fallback-display);--font-text:"%s",var(--fallback-text);`, b.Fonts.Display, b.Fonts.Text)
	s.WriteString(declarations(b.Light))
	s.WriteString("}@media (prefers-color-scheme:dark){:root{")
	s.WriteString(declarations(b.Dark))
	s.WriteString("}}}\n")
	return s.String()
}

// token is one colour by the name that stylesheets know.
type token struct {
	name  string
	color brand.Color
}

func tokens(s brand.Scheme) []token {
	return []token{
		{"paper", s.Paper},
		{"raised", s.Raised},
		{"ink", s.Ink},
		{"soft-ink", s.SoftInk},
		{"hairline", s.Hairline},
		{"safelight", s.Safelight},
		{"on-accent", s.OnAccent},
		{"success", s.Success},
		{"warning", s.Warning},
		{"danger", s.Danger},
	}
}

func declarations(s brand.Scheme) string {
	var out strings.Builder
	for _, t := range tokens(s) {
		fmt.Fprintf(&out, "--%s:%s;", t.name, t.color)
	}
	return out.String()
}
