package view

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"sselfie/core/brand"
)

// fontsFile declares the families. The creator's own takes its place.
const fontsFile = "assets/fonts.css"

// fontFace is one @font-face of fonts.css.
type fontFace struct {
	family string
	italic bool
	file   string // below assets/, "" for a family of the reader's machine
}

var (
	faceRule   = regexp.MustCompile(`(?s)@font-face\s*\{(.*?)\}`)
	faceFamily = regexp.MustCompile(`font-family\s*:\s*["']?([^"';}]+)`)
	anyURL     = regexp.MustCompile(`url\(\s*([^)]*)\)`)
	imports    = regexp.MustCompile(`@import\b`)
)

// readFaces reads fonts.css. What a page could not load is a mistake, with its
// line: the browser would only fall silent.
func readFaces(css []byte, has func(string) bool) (faces []fontFace, bad Problems) {
	say := func(at int, format string, args ...any) {
		bad = append(bad, Problem{fontsFile, 1 + bytes.Count(css[:at], []byte("\n")), fmt.Sprintf(format, args...)})
	}
	if m := imports.FindIndex(css); m != nil {
		say(m[0], "@import asks another file; write its @font-face rules here")
	}
	for _, m := range anyURL.FindAllSubmatchIndex(css, -1) {
		ref := string(css[m[2]:m[3]])
		name := strings.Trim(ref, `"' `)
		switch {
		case strings.Contains(name, ":") || strings.HasPrefix(name, "//"):
			say(m[0], "url(%s) is on another host, and pages ask no other host: lay the file into assets/fonts/ and write url(\"fonts/name.woff2\")", ref)
		case !strings.HasPrefix(ref, `"`) || strings.HasPrefix(name, "/"):
			say(m[0], "url(%s): write the file's name in double quotes and relative to this file, url(\"fonts/name.woff2\")", ref)
		case !has(name):
			say(m[0], "url(%s): there is no assets/%s", ref, name)
		}
	}
	for _, m := range faceRule.FindAllSubmatch(css, -1) {
		f := fontFace{italic: bytes.Contains(m[1], []byte("italic"))}
		if g := faceFamily.FindSubmatch(m[1]); g != nil {
			f.family = strings.TrimSpace(string(g[1]))
		}
		if g := urlRef.FindSubmatch(m[1]); g != nil {
			f.file = string(g[1])
		}
		faces = append(faces, f)
	}
	return faces, bad
}

// missingFonts says which families of the brand nobody declares.
func missingFonts(faces []fontFace, f brand.Fonts) (bad Problems) {
	var known []string
	for _, face := range faces {
		if len(known) == 0 || known[len(known)-1] != face.family {
			known = append(known, face.family)
		}
	}
	for _, want := range []struct{ key, family string }{{"display", f.Display}, {"text", f.Text}} {
		if _, ok := firstFace(faces, want.family); !ok {
			bad = append(bad, Problem{fontsFile, 1, fmt.Sprintf(
				"brand.fonts.%s is %q, and no @font-face here has that name (there are: %s): lay its files into assets/fonts/ of static_dir and a fonts.css of your own beside that folder",
				want.key, want.family, strings.Join(known, ", "))})
		}
	}
	return bad
}

// firstFace is the upright face that a page in plain English needs first.
func firstFace(faces []fontFace, family string) (fontFace, bool) {
	for _, f := range faces {
		if f.family == family && !f.italic {
			return f, true
		}
	}
	return fontFace{}, false
}

// preloads are the files of both families that every page fetches first. They
// are asked for beside the stylesheet, not after it.
func preloads(faces []fontFace, f brand.Fonts) []string {
	var out []string
	for _, family := range []string{f.Display, f.Text} {
		if face, ok := firstFace(faces, family); ok && strings.HasSuffix(face.file, ".woff2") && !(len(out) > 0 && out[0] == face.file) {
			out = append(out, face.file)
		}
	}
	return out
}
