package view

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The drawings are made of shapes that two pens can draw: the page as SVG, in
// the colours of its stylesheet, and the preview pictures as pixels.

// pt is a point of a drawing.
type pt struct{ x, y float64 }

// seg is one step of a path: M and L take one point, C three, Z none.
type seg struct {
	op byte
	p  [3]pt
}

// shape is a path in one tone, or a whole frame. Width 0 fills it, anything
// else draws its line.
type shape struct {
	tone  string // class of the stylesheet: ink, mid, light, paper, safe, warm, deep
	segs  []seg
	width float64
	frame string // a frame by its name, laid down by at; a page holds each only once
	at    move
}

// label is a piece of text in a drawing: edge numbers and margin notes.
type label struct {
	at   pt
	text string
	size float64
	tone string
	note bool // set in the display italic, as if pencilled
}

// drawing is shapes in painting order, then labels.
type drawing struct {
	w, h   float64
	shapes []shape
	labels []label
}

// move is an affine map: scale, turn (degrees) around the origin, then shift.
// A negative sx mirrors.
type move struct{ sx, sy, turn, dx, dy float64 }

func (m move) apply(p pt) pt {
	s, c := math.Sincos(m.turn * math.Pi / 180)
	x, y := p.x*m.sx, p.y*m.sy
	return pt{x*c - y*s + m.dx, x*s + y*c + m.dy}
}

// after is the map that does first and then m. It holds for maps that scale
// evenly, as all do that lay down a frame.
func (m move) after(first move) move {
	d := m.apply(pt{first.dx, first.dy})
	return move{sx: m.sx * first.sx, sy: m.sy * first.sy, turn: m.turn + first.turn, dx: d.x, dy: d.y}
}

func (s shape) moved(m move) shape {
	if s.frame != "" {
		return shape{frame: s.frame, at: m.after(s.at)}
	}
	out := shape{tone: s.tone, width: s.width * math.Abs(m.sy), segs: make([]seg, len(s.segs))}
	for i, g := range s.segs {
		out.segs[i].op = g.op
		for j, p := range g.p {
			out.segs[i].p[j] = m.apply(p)
		}
	}
	return out
}

// curve reads the commands M, L, C and Z of an SVG path with absolute points.
func curve(tone, d string) shape {
	s := shape{tone: tone}
	fields := strings.Fields(strings.NewReplacer(",", " ", "M", " M ", "L", " L ", "C", " C ", "Z", " Z ").Replace(d))
	for i := 0; i < len(fields); {
		op := fields[i][0]
		i++
		n := map[byte]int{'M': 1, 'L': 1, 'C': 3, 'Z': 0}[op]
		g := seg{op: op}
		for j := range n {
			g.p[j].x, _ = strconv.ParseFloat(fields[i], 64)
			g.p[j].y, _ = strconv.ParseFloat(fields[i+1], 64)
			i += 2
		}
		s.segs = append(s.segs, g)
	}
	return s
}

// line is a path that is drawn instead of filled.
func line(tone string, width float64, d string) shape {
	s := curve(tone, d)
	s.width = width
	return s
}

func rect(tone string, x, y, w, h float64) shape {
	return shape{tone: tone, segs: []seg{
		{op: 'M', p: [3]pt{{x, y}}},
		{op: 'L', p: [3]pt{{x + w, y}}},
		{op: 'L', p: [3]pt{{x + w, y + h}}},
		{op: 'L', p: [3]pt{{x, y + h}}},
		{op: 'Z'},
	}}
}

func oval(tone string, cx, cy, rx, ry float64) shape {
	const k = 0.5523
	return shape{tone: tone, segs: []seg{
		{op: 'M', p: [3]pt{{cx + rx, cy}}},
		{op: 'C', p: [3]pt{{cx + rx, cy + k*ry}, {cx + k*rx, cy + ry}, {cx, cy + ry}}},
		{op: 'C', p: [3]pt{{cx - k*rx, cy + ry}, {cx - rx, cy + k*ry}, {cx - rx, cy}}},
		{op: 'C', p: [3]pt{{cx - rx, cy - k*ry}, {cx - k*rx, cy - ry}, {cx, cy - ry}}},
		{op: 'C', p: [3]pt{{cx + k*rx, cy - ry}, {cx + rx, cy - k*ry}, {cx + rx, cy}}},
		{op: 'Z'},
	}}
}

// lay puts down a frame by its name.
func (d *drawing) lay(id string, m move) { d.add(shape{frame: id, at: m}) }

// put draws another drawing inside this one.
func (d *drawing) put(in drawing, m move) {
	for _, s := range in.shapes {
		d.shapes = append(d.shapes, s.moved(m))
	}
	for _, l := range in.labels {
		l.at = m.apply(l.at)
		l.size *= math.Abs(m.sy)
		d.labels = append(d.labels, l)
	}
}

func (d *drawing) add(s ...shape) { d.shapes = append(d.shapes, s...) }

func (d *drawing) text(x, y, size float64, tone, text string) {
	d.labels = append(d.labels, label{at: pt{x, y}, text: text, size: size, tone: tone})
}

func (d *drawing) note(x, y, size float64, tone, text string) {
	d.labels = append(d.labels, label{at: pt{x, y}, text: text, size: size, tone: tone, note: true})
}

// clipped cuts a filled shape to the frame 0,0,w,h by flattening it and running
// Sutherland and Hodgman's algorithm; a shape inside the frame stays as it is.
// Pages clip by themselves; the preview pictures need it.
func (s shape) clipped(w, h float64) shape {
	inside := true
	for _, g := range s.segs {
		for j := range points(g.op) {
			p := g.p[j]
			inside = inside && p.x >= -0.01 && p.y >= -0.01 && p.x <= w+0.01 && p.y <= h+0.01
		}
	}
	if inside || s.width > 0 {
		return s
	}
	var poly []pt
	for _, ring := range s.flatten(10) {
		poly = append(poly, ring...)
	}
	for _, edge := range []struct {
		in  func(pt) bool
		cut func(a, b pt) pt
	}{
		{func(p pt) bool { return p.x >= 0 }, func(a, b pt) pt { return atX(a, b, 0) }},
		{func(p pt) bool { return p.x <= w }, func(a, b pt) pt { return atX(a, b, w) }},
		{func(p pt) bool { return p.y >= 0 }, func(a, b pt) pt { return atY(a, b, 0) }},
		{func(p pt) bool { return p.y <= h }, func(a, b pt) pt { return atY(a, b, h) }},
	} {
		var next []pt
		for i, p := range poly {
			prev := poly[(i+len(poly)-1)%len(poly)]
			if edge.in(p) != edge.in(prev) {
				next = append(next, edge.cut(prev, p))
			}
			if edge.in(p) {
				next = append(next, p)
			}
		}
		poly = next
	}
	out := shape{tone: s.tone}
	for i, p := range poly {
		op := byte('L')
		if i == 0 {
			op = 'M'
		}
		out.segs = append(out.segs, seg{op: op, p: [3]pt{p}})
	}
	if len(out.segs) > 0 {
		out.segs = append(out.segs, seg{op: 'Z'})
	}
	return out
}

func atX(a, b pt, x float64) pt { return pt{x, a.y + (b.y-a.y)*(x-a.x)/(b.x-a.x)} }
func atY(a, b pt, y float64) pt { return pt{a.x + (b.x-a.x)*(y-a.y)/(b.y-a.y), y} }

func points(op byte) int {
	switch op {
	case 'C':
		return 3
	case 'M', 'L':
		return 1
	}
	return 0
}

// flatten returns the shape as rings of points, n per curve.
func (s shape) flatten(n int) [][]pt {
	var rings [][]pt
	var at pt
	for _, g := range s.segs {
		switch g.op {
		case 'M':
			rings = append(rings, []pt{g.p[0]})
			at = g.p[0]
		case 'L':
			rings[len(rings)-1] = append(rings[len(rings)-1], g.p[0])
			at = g.p[0]
		case 'C':
			for i := 1; i <= n; i++ {
				t := float64(i) / float64(n)
				u := 1 - t
				b := func(p0, p1, p2, p3 float64) float64 {
					return u*u*u*p0 + 3*u*u*t*p1 + 3*u*t*t*p2 + t*t*t*p3
				}
				p := pt{b(at.x, g.p[0].x, g.p[1].x, g.p[2].x), b(at.y, g.p[0].y, g.p[1].y, g.p[2].y)}
				rings[len(rings)-1] = append(rings[len(rings)-1], p)
			}
			at = g.p[2]
		}
	}
	return rings
}

func number(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// svg writes the drawing for a page. Colours come from the stylesheet by class,
// frames from the page's own store of them; see withFrames.
func (d drawing) svg(class string) string {
	var b strings.Builder
	n := number
	b.WriteString(`<svg class="art ` + class + `" viewBox="0 0 ` + n(d.w) + " " + n(d.h) + `" width="` + n(d.w) + `" height="` + n(d.h) + `" aria-hidden="true" focusable="false">`)
	for _, s := range d.shapes {
		s.svg(&b)
	}
	for _, l := range d.labels {
		kind := "edge"
		if l.note {
			kind = "note"
		}
		b.WriteString(`<text class="` + kind + " a-" + l.tone + `" x="` + n(l.at.x) + `" y="` + n(l.at.y) + `" font-size="` + n(l.size) + `">` + l.text + `</text>`)
	}
	b.WriteString("</svg>")
	return b.String()
}

func (s shape) svg(b *strings.Builder) {
	n := number
	if s.frame != "" {
		b.WriteString(`<use href="#f-` + s.frame + `" width="` + n(frameW*s.at.sx) + `" height="` + n(frameH*s.at.sy) + `"`)
		if s.at.turn != 0 {
			b.WriteString(` transform="translate(` + n(s.at.dx) + " " + n(s.at.dy) + `) rotate(` + n(s.at.turn) + `)"/>`)
			return
		}
		b.WriteString(` x="` + n(s.at.dx) + `" y="` + n(s.at.dy) + `"/>`)
		return
	}
	if len(s.segs) == 0 {
		return
	}
	if s.width > 0 {
		b.WriteString(`<path class="a-ln a-` + s.tone + `" stroke-width="` + n(s.width) + `" d="`)
	} else {
		b.WriteString(`<path class="a-` + s.tone + `" d="`)
	}
	for _, g := range s.segs {
		b.WriteByte(g.op)
		for j := range points(g.op) {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(n(g.p[j].x) + " " + n(g.p[j].y))
		}
	}
	b.WriteString(`"/>`)
}

// store is where a page keeps the frames that its drawings use. The base layout
// holds this element; withFrames fills it.
const store = `<svg class="art store" aria-hidden="true" focusable="false"></svg>`

var frameUse = regexp.MustCompile(`<use href="#f-([a-z-]+)"`)

// withFrames gives a page each frame that it uses, once.
func withFrames(page []byte) []byte {
	var b strings.Builder
	seen := map[string]bool{}
	for _, m := range frameUse.FindAllSubmatch(page, -1) {
		id := string(m[1])
		if seen[id] {
			continue
		}
		seen[id] = true
		b.WriteString(`<symbol id="f-` + id + `" viewBox="0 0 120 150">`)
		for _, s := range frame(id).shapes {
			s.svg(&b)
		}
		b.WriteString("</symbol>")
	}
	full := ""
	if b.Len() > 0 {
		full = strings.Replace(store, "></svg>", ">"+b.String()+"</svg>", 1)
	}
	return bytes.Replace(page, []byte(store), []byte(full), 1)
}
