package letters

import (
	"strings"
	"testing"

	"sselfie/core/brand"
	static "sselfie/static/mail"
)

// What is the same in every letter is text by the time that one is written. That
// the bytes stay the same is held by the snapshots.
func TestPiecesAreSettledOnce(t *testing.T) {
	br := brand.Default()
	r, err := New(Config{Files: static.Files, Look: Look{
		BrandName: br.Name, SenderName: br.Owner, From: "Sselfie <hello@example.org>", PostalAddress: "1 Sample Street", BaseURL: "https://example.org",
		Light: PaletteOf(br.Light), Dark: PaletteOf(br.Dark),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for kind, set := range r.sheets {
		for _, sheet := range set.html.Templates() {
			if sheet.Tree == nil {
				continue
			}
			for piece := range pieces(r.look) {
				if text := sheet.Tree.Root.String(); strings.Contains(text, "{{"+piece+" ") || strings.Contains(text, "{{"+piece+"}}") {
					t.Errorf("%s asks for %q in %s anew", kind, piece, sheet.Name())
				}
			}
		}
	}
}
