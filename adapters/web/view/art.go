package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The size of every frame: four to five, as a print and as a post.
const frameW, frameH = 120.0, 150.0

// head is a person in three shapes: shoulders, hair, face.
type head struct {
	hair string // see hairs
	fill [3]string
	crop move
}

// hairs are drawn behind or before the face; a name ending in "+" is before.
func hair(kind, tone string) (behind, before []shape) {
	switch kind {
	case "bob":
		return []shape{curve(tone, "M32 98 C24 44 42 26 61 26 C80 26 97 44 88 98 Z")}, []shape{curve(tone, "M41 62 C40 46 52 38 64 40 C74 42 80 50 79 64 C70 60 62 54 58 46 C54 54 48 60 41 62Z")}
	case "long":
		return []shape{curve(tone, "M26 132 C34 106 22 26 60 26 C98 26 86 106 94 132 Z")}, []shape{curve(tone, "M42 60 C42 44 52 38 60 38 C60 48 52 56 42 60Z M60 38 C70 38 78 44 78 60 C68 56 60 48 60 38Z")}
	case "bun":
		return []shape{oval(tone, 62, 24, 12, 12), curve(tone, "M39 70 C35 42 46 33 60 33 C75 33 85 42 81 70 Z")}, []shape{curve(tone, "M42 58 C44 44 52 40 61 40 C70 40 76 45 78 58 C70 48 52 48 42 58Z")}
	case "cloud":
		return []shape{oval(tone, 60, 56, 36, 33)}, []shape{curve(tone, "M42 58 C44 46 52 43 60 43 C68 43 76 46 78 58 C70 50 50 50 42 58Z")}
	case "short":
		return []shape{curve(tone, "M40 66 C36 40 46 32 61 32 C76 32 85 41 80 66 Z")}, []shape{curve(tone, "M41 60 C40 44 50 37 63 38 C75 39 81 48 79 62 C74 52 66 50 58 51 C50 52 45 54 41 60Z")}
	case "sweep":
		return []shape{curve(tone, "M38 84 C28 42 48 26 66 28 C92 31 92 66 88 116 C84 124 76 122 74 112 L70 60 Z")}, []shape{curve(tone, "M42 64 C40 46 52 37 66 39 C62 52 54 60 42 64Z")}
	}
	return nil, nil
}

func (h head) shapes() []shape {
	shoulders, hairTone, face := h.fill[0], h.fill[1], h.fill[2]
	behind, before := hair(h.hair, hairTone)
	all := slices.Clone(behind)
	all = append(all,
		curve(face, "M51 78 L69 78 L70 112 C66 118 54 118 50 112 Z"),
		curve(shoulders, "M2 152 C6 120 34 108 51 104 C54 111 66 111 69 104 C86 108 114 120 118 152 Z"),
		oval(face, 60, 65, 18, 23))
	all = append(all, before...)
	m := h.crop
	if m.sx == 0 {
		m = move{sx: 1, sy: 1}
	}
	out := make([]shape, len(all))
	for i, s := range all {
		out[i] = s.moved(m)
	}
	return out
}

// frame names what is on one print.
func frame(id string) drawing {
	d := drawing{w: frameW, h: frameH}
	ground := func(tone string) { d.add(rect(tone, 0, 0, frameW, frameH)) }
	who := func(h head) { d.add(h.shapes()...) }
	switch id {
	case "raw", "raw-sweep", "raw-bun", "raw-cloud", "raw-long", "raw-short":
		// The selfie: too close, tilted, a lamp in the way; nothing developed.
		_, cut, _ := strings.Cut(id, "-")
		ground("light")
		d.add(rect("mid", 88, 0, 32, 70), rect("light", 93, 6, 22, 58), oval("paper", 22, 22, 15, 15), rect("mid", 0, 118, 120, 3))
		who(head{cmp.Or(cut, "bob"), [3]string{"mid", "soft", "paper"}, move{1.34, 1.34, 9, -8, -34}})
	case "editorial":
		ground("safe")
		d.add(curve("light", "M0 0 L78 0 L34 150 L0 150 Z"))
		who(head{"bob", [3]string{"ink", "ink", "warm"}, move{1.06, 1.06, 0, 4, 4}})
	case "minimal":
		ground("paper")
		who(head{"bun", [3]string{"light", "ink", "warm"}, move{0.82, 0.82, 0, 8, 34}})
	case "warm":
		ground("warm")
		d.add(oval("safe", 86, 46, 32, 32))
		who(head{"cloud", [3]string{"paper", "ink", "deep"}, move{1, 1, 0, -8, 10}})
	case "bold":
		ground("ink")
		who(head{"short", [3]string{"safe", "safe", "warm"}, move{1.5, 1.5, 0, -30, -26}})
	case "film":
		ground("mid")
		d.add(rect("light", 0, 0, 44, 150), curve("soft", "M44 0 L60 0 L60 150 L44 150Z"))
		who(head{"long", [3]string{"paper", "ink", "warm"}, move{-1, 1, 0, 134, 8}})
	case "studio":
		ground("light")
		d.add(oval("paper", 60, 70, 58, 58))
		who(head{"sweep", [3]string{"ink", "deep", "warm"}, move{1, 1, 0, 0, 6}})
	case "outdoor":
		ground("light")
		d.add(oval("safe", 30, 44, 20, 20), curve("soft", "M0 112 C30 92 70 120 120 90 L120 150 L0 150 Z"))
		who(head{"long", [3]string{"deep", "ink", "warm"}, move{0.72, 0.72, 0, 44, 44}})
	case "monochrome":
		ground("soft")
		d.add(rect("ink", 60, 0, 60, 150))
		who(head{"short", [3]string{"light", "ink", "paper"}, move{1.1, 1.1, -4, -8, 4}})
	case "cup":
		ground("light")
		d.add(rect("warm", 0, 96, 120, 54), oval("paper", 60, 110, 42, 13), curve("ink", "M36 66 L84 66 C84 96 76 108 60 108 C44 108 36 96 36 66 Z"),
			oval("safe", 60, 66, 24, 7), line("ink", 5, "M84 74 C98 72 98 92 81 92"))
	case "stem":
		ground("paper")
		d.add(curve("safe", "M44 104 L76 104 L72 140 L48 140 Z"), line("ink", 2.6, "M60 104 C60 80 64 52 58 22"),
			curve("ink", "M60 84 C44 82 34 70 32 56 C48 56 58 68 60 84Z M60 66 C76 62 86 50 86 36 C70 38 60 50 60 66Z M58 44 C46 40 40 30 42 18 C54 22 60 32 58 44Z"))
	case "window":
		ground("deep")
		d.add(curve("safe", "M22 18 L52 30 L52 84 L22 70 Z M60 33 L94 46 L94 102 L60 88 Z"), curve("warm", "M22 78 L52 92 L52 128 L22 114 Z M60 96 L94 110 L94 146 L60 132 Z"))
	case "type":
		ground("safe")
		d.add(rect("paper", 18, 26, 62, 9), rect("paper", 18, 44, 84, 9), rect("paper", 18, 62, 46, 9), rect("paper", 18, 122, 26, 4))
	case "pages":
		ground("mid")
		d.add(curve("paper", "M18 44 L62 36 L70 122 L26 130 Z"), curve("light", "M54 34 L100 42 L90 128 L46 120 Z"),
			line("ink", 2, "M62 56 L88 60 M60 68 L86 72 M58 80 L76 83"), oval("safe", 66, 102, 8, 8))
	case "desk":
		ground("warm")
		d.add(rect("ink", 0, 104, 120, 8), rect("paper", 30, 56, 60, 42), rect("ink", 34, 60, 52, 34), rect("mid", 54, 98, 12, 6), oval("safe", 96, 92, 9, 12))
	case "blank":
		ground("unexposed")
	}
	return d
}

func styles() []string {
	return []string{"editorial", "minimal", "warm", "bold", "film", "studio", "outdoor", "monochrome"}
}

// pencil is a circle drawn by a hand that was in a hurry: it overshoots its
// own beginning.
func pencil(tone string, cx, cy, rx, ry, width float64) shape {
	s := line(tone, width, "M-0.86 -0.62 C-0.4 -1.2 0.7 -1.16 0.98 -0.36 C1.2 0.4 0.62 1.1 -0.14 1.04 C-0.96 0.98 -1.2 0.1 -0.92 -0.46 C-0.74 -0.84 -0.3 -1.1 0.34 -1.14")
	s = s.moved(move{sx: rx, sy: ry, dx: cx, dy: cy})
	s.width = width
	return s
}

// cropMarks are the eight strokes outside a print's corners.
func cropMarks(d *drawing, x, y, w, h, gap, length float64) {
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
	l := func(x1, y1, x2, y2 float64) {
		d.add(line("hair", 1, "M"+f(x1)+" "+f(y1)+" L"+f(x2)+" "+f(y2)))
	}
	for _, cx := range []float64{x, x + w} {
		l(cx, y-gap-length, cx, y-gap)
		l(cx, y+h+gap, cx, y+h+gap+length)
	}
	for _, cy := range []float64{y, y + h} {
		l(x-gap-length, cy, x-gap, cy)
		l(x+w+gap, cy, x+w+gap+length, cy)
	}
}

// strip is a length of film with its frames and edge numbers.
func strip(ids []string, first int) drawing {
	const gap, edge = 9.0, 22.0
	d := drawing{w: gap + float64(len(ids))*(frameW+gap), h: frameH + 2*edge}
	d.add(rect("film", 0, 0, d.w, d.h))
	for i, id := range ids {
		x := gap + float64(i)*(frameW+gap)
		d.lay(id, move{sx: 1, sy: 1, dx: x, dy: edge})
		no := strconv.Itoa(first + i)
		d.text(x+4, edge-7, 10, "amber", no)
		d.text(x+62, edge-7, 10, "amber", no+"A")
		d.add(curve("amber", "M"+strconv.Itoa(int(x)+50)+" 9 L"+strconv.Itoa(int(x)+56)+" 12 L"+strconv.Itoa(int(x)+50)+" 15 Z"))
	}
	return d
}

// sheet is a contact sheet: strips under each other, one frame circled.
func sheet(rows [][]string, circled [2]int, first int) drawing {
	one := strip(rows[0], first)
	const gap = 10.0
	d := drawing{w: one.w, h: float64(len(rows))*(one.h+gap) - gap}
	for i, ids := range rows {
		d.put(strip(ids, first+i*len(ids)), move{sx: 1, sy: 1, dy: float64(i) * (one.h + gap)})
	}
	if circled[0] >= 0 {
		d.add(pencil("safe", 9+frameW/2+float64(circled[1])*(frameW+9), 22+frameH/2+float64(circled[0])*(one.h+gap), 70, 84, 4.5))
	}
	return d
}
