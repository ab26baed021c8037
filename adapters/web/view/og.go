package view

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"math"
	"slices"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"sselfie/core/brand"
)

// Preview pictures are 1200 by 630 pixels: what most networks show uncropped.
const ogW, ogH = 1200, 630

// preview is what one picture says.
type preview struct {
	name, brand, title, price, art string
}

// addPreviews registers a preview picture for the home page and each product.
// They are made when somebody first shares a link: a start does not wait.
func addPreviews(a *Assets, fsys fs.FS, site Site) {
	all := []preview{{name: "home", brand: site.Brand.Name, title: site.Brand.Tagline, art: "home"}}
	for _, p := range site.Catalog.Products {
		if p.Page == "" {
			continue
		}
		price := p.Price.String()
		if p.Monthly() {
			price += " a month"
		}
		id := ogArt(string(p.ID))
		all = append(all, preview{string(p.ID), site.Brand.Name, p.Name, price, id})
	}
	for _, p := range all {
		hash := digest(fmt.Appendf(nil, "4 %+v %+v", p, site.Brand.Light))
		a.addLazy("og/"+p.name+".png", hash, func() ([]byte, error) { return drawPreview(fsys, site.Brand, p) })
	}
}

func ogArt(product string) string {
	switch product {
	case "brand_blueprint_paid":
		return "blueprint"
	case "bio_glowup":
		return "bio"
	case "nine_post_feed":
		return "feed"
	case "rebrand_reset":
		return "rebrand"
	case "sselfie_studio_membership":
		return "month"
	}
	return "photoshoot"
}

func drawPreview(fsys fs.FS, b brand.Brand, p preview) ([]byte, error) {
	display, err := loadFace(fsys, "display.ttf")
	if err != nil {
		return nil, err
	}
	text, err := loadFace(fsys, "text.ttf")
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rect(0, 0, ogW, ogH))
	tone := tones(b.Light)
	draw.Draw(img, img.Bounds(), image.NewUniform(tone["paper"]), image.Point{}, draw.Src)
	d, err := art(p.art)
	if err != nil {
		return nil, err
	}
	// The drawing bleeds off the right edge, as a sheet that lies on a table.
	scale := 1.16 * ogH / d.h
	if d.w*scale > 760 {
		scale = 760 / d.w
	}
	x, y := math.Max(600, ogW-d.w*scale+40), (ogH-d.h*scale)/2
	for _, s := range d.shapes {
		paint(img, s.moved(move{sx: scale, sy: scale, dx: x, dy: y}), tone)
	}
	for _, l := range d.labels {
		write(img, text, l.size*scale, tone[l.tone], x+l.at.x*scale, y+l.at.y*scale, l.text)
	}
	size := 92.0
	lines := wrap(display, size, p.title, 500)
	for len(lines) > 3 && size > 40 {
		size -= 8
		lines = wrap(display, size, p.title, 500)
	}
	top := 300 - float64(len(lines)-1)*size*0.5
	for i, l := range lines {
		write(img, display, size, tone["ink"], 64, top+float64(i)*size*1.04, l)
	}
	if p.price != "" {
		write(img, text, 34, tone["safe"], 66, top+float64(len(lines)-1)*size*1.04+74, p.price)
	}
	write(img, text, 28, tone["soft-ink"], 66, 570, p.brand)
	cropMarksOn(img, tone["hair"])
	var out bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.DefaultCompression}
	if err := enc.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("view: preview picture: %w", err)
	}
	return out.Bytes(), nil
}

func cropMarksOn(img *image.RGBA, c color.Color) {
	bar := func(x, y, w, h int) {
		draw.Draw(img, image.Rect(x, y, x+w, y+h), image.NewUniform(c), image.Point{}, draw.Over)
	}
	for _, y := range []int{40, ogH - 40} {
		bar(20, y, 24, 2)
	}
	bar(54, 16, 2, 16)
	bar(54, ogH-32, 2, 16)
}

func loadFace(fsys fs.FS, name string) (*opentype.Font, error) {
	b, err := fs.ReadFile(fsys, "assets/og/"+name)
	if err != nil {
		return nil, fmt.Errorf("view: preview picture: %w", err)
	}
	f, err := opentype.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("view: preview picture: %s: %w", name, err)
	}
	return f, nil
}

func face(f *opentype.Font, size float64) font.Face {
	fc, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil
	}
	return fc
}

func write(img *image.RGBA, f *opentype.Font, size float64, c color.Color, x, y float64, text string) {
	fc := face(f, size)
	if fc == nil || c == nil {
		return
	}
	dr := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: fc, Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}}
	dr.DrawString(text)
}

// wrap breaks a text into lines at most width pixels wide.
func wrap(f *opentype.Font, size float64, text string, width int) []string {
	fc := face(f, size)
	if fc == nil {
		return nil
	}
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && font.MeasureString(fc, lines[n-1]+" "+word).Ceil() <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// tones are the classes of the drawings in a scheme's colours. The stylesheet
// mixes the same ones.
func tones(s brand.Scheme) map[string]color.Color {
	mix := func(a, b brand.Color, t float64) color.Color {
		ar, ag, ab := a.RGB()
		br, bg, bb := b.RGB()
		m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-t) + float64(y)*t)) }
		return color.RGBA{m(ar, br), m(ag, bg), m(ab, bb), 255}
	}
	one := func(c brand.Color) color.Color { return mix(c, c, 0) }
	return map[string]color.Color{
		"paper": one(s.Paper), "raised": one(s.Raised), "ink": one(s.Ink), "soft-ink": one(s.SoftInk),
		"safe": one(s.Safelight), "light": mix(s.Paper, s.Ink, 0.1), "soft": mix(s.Paper, s.Ink, 0.32),
		"mid": mix(s.Paper, s.Ink, 0.5), "warm": mix(s.Paper, s.Safelight, 0.34), "deep": mix(s.Safelight, s.Ink, 0.55),
		"film": one(s.Ink), "type": one(s.Ink), "unexposed": mix(s.Ink, s.Paper, 0.12), "amber": mix(s.Ink, brand.OKLCH(0.8, 0.13, 75), 0.85), "hair": mix(s.Paper, s.Ink, 0.3),
		"pencil": mix(s.Paper, s.Ink, 0.4),
	}
}

// paint fills or draws one shape.
func paint(img *image.RGBA, s shape, tone map[string]color.Color) {
	if s.frame != "" {
		for _, part := range frame(s.frame).shapes {
			paint(img, part.clipped(frameW, frameH).moved(s.at), tone)
		}
		return
	}
	c := tone[s.tone]
	if c == nil || len(s.segs) == 0 {
		return
	}
	rings := s.flatten(24)
	if s.width > 0 {
		for i, ring := range rings {
			rings[i] = ribbon(ring, s.width)
		}
	}
	// The rasterizer is as small as the shape: most are far smaller than the
	// picture.
	box := bounds(rings).Intersect(img.Bounds())
	if box.Empty() {
		return
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	for _, ring := range rings {
		polygon(z, ring, box.Min)
	}
	z.Draw(img, box, image.NewUniform(c), image.Point{})
}

func bounds(rings [][]pt) image.Rectangle {
	lo, hi := pt{math.Inf(1), math.Inf(1)}, pt{math.Inf(-1), math.Inf(-1)}
	for _, ring := range rings {
		for _, p := range ring {
			lo = pt{min(lo.x, p.x), min(lo.y, p.y)}
			hi = pt{max(hi.x, p.x), max(hi.y, p.y)}
		}
	}
	if lo.x > hi.x {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(lo.x)), int(math.Floor(lo.y)), int(math.Ceil(hi.x)), int(math.Ceil(hi.y)))
}

func polygon(z *vector.Rasterizer, ring []pt, origin image.Point) {
	for i, p := range ring {
		x, y := float32(p.x-float64(origin.X)), float32(p.y-float64(origin.Y))
		if i == 0 {
			z.MoveTo(x, y)
			continue
		}
		z.LineTo(x, y)
	}
	z.ClosePath()
}

// ribbon is a line with a width, as an outline to fill.
func ribbon(ring []pt, width float64) []pt {
	var left, right []pt
	for i, p := range ring {
		a, b := ring[max(0, i-1)], ring[min(len(ring)-1, i+1)]
		dx, dy := b.x-a.x, b.y-a.y
		l := math.Hypot(dx, dy)
		if l == 0 {
			continue
		}
		nx, ny := -dy/l*width/2, dx/l*width/2
		left = append(left, pt{p.x + nx, p.y + ny})
		right = append(right, pt{p.x - nx, p.y - ny})
	}
	slices.Reverse(right)
	return append(left, right...)
}
