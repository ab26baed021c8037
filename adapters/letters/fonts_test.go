package letters

import (
	"strings"
	"testing"

	"sselfie/core/brand"
)

func TestFamiliesOfALetter(t *testing.T) {
	for name, c := range map[string]struct {
		fonts       brand.Fonts
		serif, sans string // what the lists begin with
	}{
		"the brand's stand first":      {brand.Fonts{Display: "Fraunces", Text: "Instrument Sans"}, "Fraunces,Georgia,", "'Instrument Sans',-apple-system,"},
		"a name with a digit in front": {brand.Fonts{Display: "8Bit", Text: "IBM-Plex"}, "'8Bit',Georgia,", "'IBM-Plex',-apple-system,"},
		"none is what programs have":   {brand.Fonts{}, "Georgia,", "-apple-system,"},
	} {
		t.Run(name, func(t *testing.T) {
			serif, sans := families(c.fonts)
			if !strings.HasPrefix(serif, c.serif) || !strings.HasPrefix(sans, c.sans) {
				t.Errorf("%s / %s", serif, sans)
			}
			if s := styles(Palette{}, c.fonts); !strings.Contains(s["title"], "font-family:"+serif) || !strings.Contains(s["p"], "font-family:"+sans) {
				t.Error("the parts are set in something else")
			}
		})
	}
}
