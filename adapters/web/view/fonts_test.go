package view

import (
	"strings"
	"testing"
	"testing/fstest"

	"sselfie/static"
)

// A creator's own families come from her folder and from nowhere else.
func TestAFontOfTheCreators(t *testing.T) {
	const face = `@font-face{font-family:"Söhne";src:url("fonts/soehne.woff2") format("woff2")}` + "\n" +
		`@font-face{font-family:"Söhne";font-style:italic;src:url("fonts/soehne.woff2") format("woff2")}` + "\n"
	for name, c := range map[string]struct {
		css, display, want string
	}{
		"hers, declared":                 {face + shippedText, "Söhne", ""},
		"one of the reader's machine":    {`@font-face{font-family:"Hers";src:local("Georgia")}` + shippedText, "Hers", ""},
		"the shipped ones need no file":  {"", "Fraunces", ""},
		"named, and nowhere declared":    {"", "Söhne", `brand.fonts.display is "Söhne", and no @font-face here has that name (there are: Fraunces, Instrument Sans)`},
		"her file forgets the text font": {face, "Söhne", `brand.fonts.text is "Instrument Sans", and no @font-face`},
		"a file that is not there":       {strings.ReplaceAll(face, "soehne", "sohne") + shippedText, "Söhne", `assets/fonts.css:1: url("fonts/sohne.woff2"): there is no assets/fonts/sohne.woff2`},
		"another host":                   {"\n" + `@font-face{font-family:"Söhne";src:url("https://fonts.test/a.woff2")}` + shippedText, "Söhne", `assets/fonts.css:2: url("https://fonts.test/a.woff2") is on another host`},
		"another host without a scheme":  {`@font-face{font-family:"Söhne";src:url(//fonts.test/a.woff2)}` + shippedText, "Söhne", "is on another host"},
		"a name without quotes":          {`@font-face{font-family:"Söhne";src:url(fonts/soehne.woff2)}` + shippedText, "Söhne", "in double quotes"},
		"an import":                      {"@import \"x.css\";\n" + face + shippedText, "Söhne", "assets/fonts.css:1: @import asks another file"},
	} {
		t.Run(name, func(t *testing.T) {
			site := sampleSite()
			site.Brand.Fonts.Display = c.display
			over := fstest.MapFS{"assets/fonts/soehne.woff2": {Data: []byte("font")}}
			if c.css != "" {
				over[fontsFile] = &fstest.MapFile{Data: []byte(c.css)}
			}
			r, err := New(Options{Site: site, Files: Layered(over, static.Files)})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			page := render(t, r, Home{})
			if c.display == "Söhne" {
				u, _ := r.Assets().URL("fonts/soehne.woff2")
				if !strings.Contains(page, `<link rel="preload" href="`+u+`" as="font"`) {
					t.Error("her font is not fetched first")
				}
			}
			u, _ := r.Assets().URL("app.css")
			sheet, _ := r.Assets().Open(u)
			if !strings.Contains(string(sheet.Body), `--font-display:"`+c.display+`"`) {
				t.Error("the stylesheet does not use her font")
			}
		})
	}
}

const shippedText = `@font-face{font-family:"Instrument Sans";src:url("fonts/instrument-sans-basic.woff2") format("woff2")}`
