package brand

import (
	"math"
	"strings"
	"testing"
)

func TestDefaultIsValid(t *testing.T) {
	if bad := Default().Validate(); len(bad) > 0 {
		t.Fatalf("the brand that ships has mistakes:\n%s", strings.Join(bad, "\n"))
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Brand)
		want   string // "" means fine
	}{
		"an empty name":                {func(b *Brand) { b.Name = " " }, "brand.name is empty"},
		"a name of 201 characters":     {func(b *Brand) { b.Name = strings.Repeat("é", 201) }, "longer than 200"},
		"a name of 200 characters":     {func(b *Brand) { b.Name = strings.Repeat("é", 200) }, ""},
		"a name with a line break":     {func(b *Brand) { b.Name = "a\nb" }, "line break"},
		"support without an at sign":   {func(b *Brand) { b.Support = "hello" }, "not an e-mail address"},
		"support with a display name":  {func(b *Brand) { b.Support = "A <a@b>" }, "not an e-mail address"},
		"a logo outside assets":        {func(b *Brand) { b.Logo = "../secret.svg" }, "brand.logo"},
		"a logo on another host":       {func(b *Brand) { b.Logo = "https://x.test/a.svg" }, "brand.logo"},
		"a logo":                       {func(b *Brand) { b.Logo = "logo.svg" }, ""},
		"a social link without https":  {func(b *Brand) { b.Social = []Link{{"Site", "javascript:alert(1)"}} }, "https://"},
		"a social link without a name": {func(b *Brand) { b.Social = []Link{{"", "https://a.test"}} }, "label is empty"},
		"a font that breaks out":       {func(b *Brand) { b.Fonts.Text = `X"; } *{` }, "font family"},
		"grey on paper":                {func(b *Brand) { b.Light.SoftInk = OKLCH(0.7, 0, 0) }, "brand.light: softInk"},
		"a pale accent in the dark":    {func(b *Brand) { b.Dark.Safelight = OKLCH(0.4, 0.1, 30) }, "brand.dark: safelight"},
		"white on yellow":              {func(b *Brand) { b.Light.Safelight = OKLCH(0.9, 0.18, 100) }, "onAccent"},
	} {
		t.Run(name, func(t *testing.T) {
			b := Default()
			c.change(&b)
			bad := strings.Join(b.Validate(), "\n")
			if c.want == "" && bad != "" {
				t.Errorf("unexpected mistakes: %s", bad)
			}
			if !strings.Contains(bad, c.want) {
				t.Errorf("want a sentence with %q, got %q", c.want, bad)
			}
		})
	}
}

func TestParseColor(t *testing.T) {
	for name, c := range map[string]struct{ in, hex string }{
		"six digits":           {"#b5372d", "#b5372d"},
		"three digits":         {"#B37", "#bb3377"},
		"black":                {"#000000", "#000000"},
		"white":                {"#fff", "#ffffff"},
		"pure red as oklch":    {"oklch(0.62796 0.25768 29.23)", "#ff0000"},
		"lightness in percent": {"oklch(62.796% 0.25768 29.23deg)", "#ff0000"},
		"with commas":          {"oklch(0.62796, 0.25768, 29.23)", "#ff0000"},
		"pure blue as oklch":   {"oklch(0.45201 0.31321 264.05)", "#0000ff"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseColor(c.in)
			if err != nil || got.Hex() != c.hex {
				t.Errorf("ParseColor(%q) = %s, %v; want %s", c.in, got.Hex(), err, c.hex)
			}
		})
	}
	for _, in := range []string{"", "red", "#12", "#12345g", "rgb(1,2,3)", "oklch(1 2)", "oklch(2 0 0)", "oklch(0.5 0.1 x)", "oklch(NaN 0 0)"} {
		if c, err := ParseColor(in); err == nil {
			t.Errorf("ParseColor(%q) = %v, want an error", in, c)
		}
	}
}

func TestColorSurvivesTheConfiguration(t *testing.T) {
	want := OKLCH(0.54, 0.19, 28)
	text, err := want.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got Color
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestContrast(t *testing.T) {
	hex := func(s string) Color {
		c, err := ParseColor(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, c := range map[string]struct {
		a, b string
		want float64
	}{
		"black on white":             {"#000", "#fff", 21},
		"white on black is the same": {"#fff", "#000", 21},
		"the same colour":            {"#777", "#777", 1},
		"the grey that just passes":  {"#767676", "#fff", 4.54},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Contrast(hex(c.a), hex(c.b)); math.Abs(got-c.want) > 0.01 {
				t.Errorf("got %.3f, want %.2f", got, c.want)
			}
		})
	}
}
