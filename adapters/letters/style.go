package letters

import (
	"fmt"
	"strconv"
	"strings"

	"sselfie/core/brand"
)

// families returns the lists of families of headings and of text: the brand's
// first, for readers who have it, then what mail programs have. They load none.
func families(f brand.Fonts) (serif, sans string) {
	serif, sans = `Georgia,'Iowan Old Style','Times New Roman',serif`, `-apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif`
	if f.Display != "" {
		serif = quoted(f.Display) + "," + serif
	}
	if f.Text != "" {
		sans = quoted(f.Text) + "," + sans
	}
	return serif, sans
}

// quoted is a family's name for a style attribute; one word needs no quotes.
func quoted(family string) string {
	if strings.ContainsAny(family, " -") || family[0] <= '9' {
		return "'" + family + "'"
	}
	return family
}

// styles returns the style of each part, for the style attribute: many clients
// drop whatever stands in the head of a mail.
func styles(p Palette, f brand.Fonts) map[string]string {
	serif, sans := families(f)
	mark := "1px solid " + p.SoftInk
	corner := "width:16px;height:16px;font-size:0;line-height:16px;"
	line := "1px solid " + p.Hairline
	text := "font-family:" + sans + ";"
	return map[string]string{
		"body":        "margin:0;padding:0;background-color:" + p.Paper + ";-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%",
		"hidden":      "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all;font-size:1px;line-height:1px;color:" + p.Paper,
		"paper":       "background-color:" + p.Paper + ";border-collapse:collapse",
		"gap":         "font-size:0;line-height:16px",
		"mark-nw":     corner + "border-right:" + mark + ";border-bottom:" + mark,
		"mark-ne":     corner + "border-left:" + mark + ";border-bottom:" + mark,
		"mark-sw":     corner + "border-right:" + mark + ";border-top:" + mark,
		"mark-se":     corner + "border-left:" + mark + ";border-top:" + mark,
		"print":       "background-color:" + p.Raised,
		"head":        "padding:22px 40px 18px;border-bottom:" + line,
		"brand":       "font-family:" + serif + ";font-size:22px;line-height:26px;letter-spacing:-0.2px;color:" + p.Ink,
		"date":        text + "font-size:13px;line-height:26px;color:" + p.SoftInk,
		"letter":      "padding:36px 40px 40px",
		"title":       "margin:0 0 22px;font-family:" + serif + ";font-weight:normal;font-size:36px;line-height:40px;letter-spacing:-0.6px;color:" + p.Ink,
		"p":           "margin:0 0 18px;" + text + "font-size:17px;line-height:27px;color:" + p.Ink,
		"h2":          "margin:26px 0 10px;font-family:" + serif + ";font-weight:normal;font-size:23px;line-height:28px;color:" + p.Ink,
		"list":        "margin:0 0 18px;padding:0 0 0 22px;" + text + "font-size:17px;line-height:27px;color:" + p.Ink,
		"item":        "margin:0 0 6px",
		"link":        "color:" + p.Safelight + ";text-decoration:underline",
		"grid":        "margin:0 0 26px;border-collapse:collapse;border-top:1px solid " + p.Ink,
		"grid-head":   "padding:10px 12px 10px 0;border-bottom:" + line + ";" + text + "font-size:14px;line-height:20px;font-weight:600;text-align:left;vertical-align:bottom;color:" + p.Ink,
		"grid-cell":   "padding:10px 12px 10px 0;border-bottom:" + line + ";" + text + "font-size:15px;line-height:21px;text-align:left;vertical-align:top;font-variant-numeric:tabular-nums;color:" + p.Ink,
		"note":        "margin:0 0 18px;" + text + "font-size:14px;line-height:22px;color:" + p.SoftInk,
		"name":        "margin:30px 0 0;font-family:" + serif + ";font-style:italic;font-size:20px;line-height:26px;color:" + p.Ink,
		"small":       "padding:20px 40px 0;" + text + "font-size:13px;line-height:20px;color:" + p.SoftInk,
		"quiet":       "color:" + p.SoftInk + ";text-decoration:underline",
		"button-row":  "margin:8px 0 28px",
		"button":      "display:inline-block;padding:15px 30px;border-radius:999px;background-color:" + p.Safelight + ";" + text + "font-size:16px;line-height:20px;font-weight:600;color:" + p.OnAccent + ";text-decoration:none",
		"button-text": text + "font-size:16px;font-weight:600;color:" + p.OnAccent,
		"facts":       "margin:0 0 26px;border-collapse:collapse;border-top:" + line,
		"label":       "padding:11px 12px 11px 0;border-bottom:" + line + ";" + text + "font-size:14px;line-height:20px;color:" + p.SoftInk,
		"value":       "padding:11px 0;border-bottom:" + line + ";" + text + "font-size:15px;line-height:20px;font-variant-numeric:tabular-nums;color:" + p.Ink,
	}
}

// sheet returns what only the head can say: the dark scheme and small screens.
func sheet(d Palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, ":root{color-scheme:light dark;supported-color-schemes:light dark}\n")
	fmt.Fprintf(&b, "@media (max-width:480px){.pad{padding-left:24px!important;padding-right:24px!important}.margin{padding:16px 0 24px!important}.title{font-size:31px!important;line-height:35px!important}}\n")
	rules := func(prefix string) {
		for _, r := range [][2]string{
			{".paper", "background-color:" + d.Paper},
			{".raised", "background-color:" + d.Raised},
			{".ink", "color:" + d.Ink},
			{".soft", "color:" + d.SoftInk},
			{".mark", "border-color:" + d.SoftInk},
			{".line", "border-color:" + d.Hairline},
			{".button", "background-color:" + d.Safelight},
			{".button", "color:" + d.OnAccent},
			{".chosen", "color:" + d.Safelight},
			{".link", "color:" + d.Safelight},
		} {
			fmt.Fprintf(&b, "%s%s{%s!important}\n", prefix, r[0], r[1])
		}
		for i, e := range exposures {
			ground, figure := tones(d.Raised, d.Ink, 1-e, d.Ink)
			fmt.Fprintf(&b, "%s.print-%d{background-color:%s!important}%s.print-%d div{background-color:%s!important}\n", prefix, i, ground, prefix, i, figure)
		}
		fmt.Fprintf(&b, "%s.print-%d{border-color:%s!important}\n", prefix, chosen, d.Safelight)
	}
	b.WriteString("@media (prefers-color-scheme:dark){\n")
	rules("")
	b.WriteString("}\n")
	rules("[data-ogsc] ") // Outlook's own name for dark
	return b.String()
}

// exposures are how dark the six prints of a test strip came out, from too
// short to too long. The fourth is the one.
var exposures = [...]float64{0.12, 0.26, 0.42, 0.58, 0.76, 0.92}

const chosen = 3

// strip returns the test strip of a darkroom: six exposures of a head that is
// drawn with two rounded blocks, one of them chosen. Outlook draws no round
// corners, so there the prints stay empty.
func strip(p Palette, f brand.Fonts) string {
	_, sans := families(f)
	var b strings.Builder
	b.WriteString(`<table role="presentation" aria-hidden="true" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 28px;border-collapse:collapse;table-layout:fixed"><tr>`)
	for i, e := range exposures {
		ground, figure := tones(p.Raised, p.Ink, e, p.Raised)
		height, border, class, number := 64, "", "soft", "color:"+p.SoftInk
		if i == chosen {
			height, border, class, number = 58, "border:3px solid "+p.Safelight+";", "chosen", "font-weight:600;color:"+p.Safelight
		}
		b.WriteByte('\n')
		if i > 0 {
			b.WriteString(`<td width="4" style="width:4px;font-size:0;line-height:0">&nbsp;</td>`)
		}
		fmt.Fprintf(&b, `<td valign="top"><table role="presentation" width="100%%" cellpadding="0" cellspacing="0" border="0"><tr>`+
			`<td valign="bottom" height="%d" class="print-%d" bgcolor="%s" style="height:%dpx;padding:0;font-size:0;line-height:0;%sbackground-color:%s">`,
			height, i, ground, height, border, ground)
		fmt.Fprintf(&b, `<div style="mso-hide:all;width:18px;height:18px;margin:0 auto 4px;border-radius:9px;background-color:%s"></div>`, figure)
		fmt.Fprintf(&b, `<div style="mso-hide:all;width:38px;height:20px;margin:0 auto;border-radius:19px 19px 0 0;background-color:%s"></div></td></tr></table>`, figure)
		fmt.Fprintf(&b, `<div class="%s" style="padding-top:6px;font-family:%s;font-size:11px;line-height:14px;%s">%d</div></td>`, class, sans, number, 21+i)
	}
	b.WriteString(`</tr></table>`)
	return b.String()
}

// tones returns the ground of a print, a part of the way from one colour to
// another, and its figure, which is nearer to light.
func tones(from, to string, part float64, light string) (ground, figure string) {
	ground = mix(from, to, part)
	return ground, mix(ground, light, 0.62-0.3*part)
}

// mix returns the colour that lies a part of the way from a to b.
func mix(a, b string, part float64) string {
	var out [3]uint64
	for i := range out {
		x, errX := strconv.ParseUint(a[1+2*i:3+2*i], 16, 8)
		y, errY := strconv.ParseUint(b[1+2*i:3+2*i], 16, 8)
		if errX != nil || errY != nil {
			return a // never: Look has checked both
		}
		out[i] = uint64(float64(x)*(1-part) + float64(y)*part + 0.5)
	}
	return fmt.Sprintf("#%02x%02x%02x", out[0], out[1], out[2])
}
