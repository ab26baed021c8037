package brand

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Color is a colour in OKLCH: lightness 0 to 1, chroma, hue in degrees. It is
// kept in the space in which designers can reason about it, and turned into
// sRGB where a mail client or a picture needs that.
type Color struct{ L, C, H float64 }

// OKLCH returns the colour with lightness l (0 to 1), chroma c and hue h.
func OKLCH(l, c, h float64) Color { return Color{l, c, h} }

// ParseColor reads "#b5372d", "#b37" or "oklch(0.54 0.19 28)"; lightness may be
// a percentage and commas may stand for spaces.
func ParseColor(s string) (Color, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if hex, ok := strings.CutPrefix(t, "#"); ok {
		return parseHex(s, hex)
	}
	body, ok := strings.CutPrefix(t, "oklch(")
	if !ok || !strings.HasSuffix(body, ")") {
		return Color{}, fmt.Errorf("%q is not a colour: write #rrggbb or oklch(0.54 0.19 28)", s)
	}
	parts := strings.FieldsFunc(strings.TrimSuffix(body, ")"), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
	if len(parts) != 3 {
		return Color{}, fmt.Errorf("%q: oklch takes lightness, chroma and hue", s)
	}
	var v [3]float64
	for i, p := range parts {
		scale := 1.0
		if i == 0 && strings.HasSuffix(p, "%") {
			p, scale = strings.TrimSuffix(p, "%"), 0.01
		}
		if i == 2 {
			p = strings.TrimSuffix(p, "deg")
		}
		n, err := strconv.ParseFloat(p, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return Color{}, fmt.Errorf("%q: %q is not a number", s, parts[i])
		}
		v[i] = n * scale
	}
	if v[0] < 0 || v[0] > 1 || v[1] < 0 || v[1] > 0.5 || v[2] < -360 || v[2] > 360 {
		return Color{}, fmt.Errorf("%q: lightness is from 0 to 1, chroma from 0 to 0.5, hue from -360 to 360", s)
	}
	return Color{v[0], v[1], v[2]}, nil
}

func parseHex(whole, hex string) (Color, error) {
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return Color{}, fmt.Errorf("%q is not a colour: write #rrggbb or oklch(0.54 0.19 28)", whole)
	}
	return fromRGB(uint8(n>>16), uint8(n>>8), uint8(n)), nil
}

// UnmarshalText reads a colour from a configuration file.
func (c *Color) UnmarshalText(b []byte) error {
	v, err := ParseColor(string(b))
	if err == nil {
		*c = v
	}
	return err
}

// MarshalText writes the colour as CSS reads it.
func (c Color) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String returns the colour as CSS reads it: oklch(0.54 0.19 28).
func (c Color) String() string {
	f := func(x float64) string { return strconv.FormatFloat(math.Round(x*1e4)/1e4, 'f', -1, 64) }
	return "oklch(" + f(c.L) + " " + f(c.C) + " " + f(c.H) + ")"
}

// Hex returns the nearest sRGB colour as #rrggbb, for mail clients.
func (c Color) Hex() string {
	r, g, b := c.RGB()
	return fmt.Sprintf("#%02x%02x%02x", r, g, b)
}

// RGB returns the nearest 8-bit sRGB colour. What lies outside the gamut is
// clipped by channel, as browsers on sRGB screens do.
func (c Color) RGB() (r, g, b uint8) {
	lr, lg, lb := c.linear()
	q := func(x float64) uint8 { return uint8(math.Round(encode(x) * 255)) }
	return q(lr), q(lg), q(lb)
}

// linear returns the linear-light sRGB channels, clipped to 0..1.
func (c Color) linear() (r, g, b float64) {
	h := c.H * math.Pi / 180
	a, bb := c.C*math.Cos(h), c.C*math.Sin(h)
	l := cube(c.L + 0.3963377774*a + 0.2158037573*bb)
	m := cube(c.L - 0.1055613458*a - 0.0638541728*bb)
	s := cube(c.L - 0.0894841775*a - 1.2914855480*bb)
	clip := func(x float64) float64 { return min(1, max(0, x)) }
	return clip(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		clip(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		clip(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s)
}

func cube(x float64) float64 { return x * x * x }

func encode(x float64) float64 {
	if x <= 0.0031308 {
		return 12.92 * x
	}
	return 1.055*math.Pow(x, 1/2.4) - 0.055
}

func decode(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func fromRGB(r8, g8, b8 uint8) Color {
	r, g, b := decode(r8), decode(g8), decode(b8)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	a := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	bb := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	h := math.Atan2(bb, a) * 180 / math.Pi
	if h < 0 {
		h += 360
	}
	return Color{0.2104542553*l + 0.7936177850*m - 0.0040720468*s, math.Hypot(a, bb), h}
}

// Luminance returns the relative luminance of WCAG 2, of the 8-bit colour that
// a screen shows.
func (c Color) Luminance() float64 {
	r, g, b := c.RGB()
	return 0.2126*decode(r) + 0.7152*decode(g) + 0.0722*decode(b)
}

// Contrast returns the contrast ratio of WCAG 2, from 1 to 21.
func Contrast(a, b Color) float64 {
	la, lb := a.Luminance(), b.Luminance()
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}
