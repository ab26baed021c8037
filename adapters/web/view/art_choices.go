package view

import "fmt"

// The wizard's choices are prints: a colour theme is one portrait in its own
// colours, an aesthetic is the same sitter in another frame, a situation is a
// stage of the roll, a feed is nine frames.

// palette is a colour theme: classes of the stylesheet that keep their colour
// in both schemes, because they show a colour.
type palette struct{ ground, glow, cloth, hair, skin, spot string }

func paletteOf(name string) palette {
	t := func(n int) string { return fmt.Sprintf("%s%d", name, n) }
	return palette{t(1), t(2), t(3), t(4), t(5), t(6)}
}

// themes maps the keys of the colour themes to their classes.
func themes() map[string]string {
	return map[string]string{"dark-moody": "moody", "warm-neutrals": "sand", "soft-pinks": "rose", "bold-colours": "bold"}
}

// choiceArt returns the print of a choice by its key.
func choiceArt(key string) (drawing, error) {
	d := drawing{w: frameW, h: frameH}
	if name, ok := themes()[key]; ok {
		portrait(&d, key, paletteOf(name))
		return d, nil
	}
	switch key {
	case "minimal":
		d.add(rect("paper", 0, 0, frameW, frameH), rect("light", 0, 128, frameW, 22))
		d.add(head{"bun", [3]string{"ink", "ink", "warm"}, move{0.42, 0.42, 0, 62, 66}}.shapes()...)
		d.add(rect("light", 62, 128, 58, 22), rect("safe", 14, 22, 14, 2))
	case "luxury":
		d.add(rect("ink", 0, 0, frameW, frameH),
			curve("deep", "M24 150 L24 70 C24 28 96 28 96 70 L96 150 Z"))
		d.add(head{"sweep", [3]string{"ink", "ink", "warm"}, move{0.74, 0.74, 0, 15, 40}}.shapes()...)
		d.add(line("safe", 1, "M18 150 L18 70 C18 20 102 20 102 70 L102 150"), line("safe", 1, "M8 8 L112 8 L112 142 L8 142 Z"), oval("safe", 60, 20, 2, 2))
	case "editorial":
		d.add(rect("safe", 0, 0, frameW, frameH))
		d.add(head{"bob", [3]string{"ink", "ink", "paper"}, move{1.42, 1.42, -6, -4, 4}}.shapes()...)
		d.add(rect("paper", 8, 10, 76, 11), rect("paper", 8, 25, 46, 11), rect("paper", 8, 134, 30, 2), rect("paper", 8, 139, 22, 2))
	case "playful":
		d.add(rect("warm", 0, 0, frameW, frameH), oval("paper", 22, 26, 30, 30), oval("safe", 106, 34, 20, 20),
			curve("ink", "M0 120 C20 104 34 136 56 120 C78 104 92 136 120 116 L120 150 L0 150 Z"))
		d.add(head{"cloud", [3]string{"safe", "deep", "paper"}, move{0.84, 0.84, 8, 18, 12}}.shapes()...)
		d.add(oval("paper", 14, 96, 5, 5), oval("ink", 30, 84, 3, 3), oval("safe", 102, 84, 6, 6), oval("paper", 96, 104, 3, 3), line("ink", 3, "M84 16 L92 8 M90 20 L100 16"))
	case "starting":
		rolls(&d, []string{"stem", "blank", "blank", "blank", "blank", "blank"}, 0)
	case "growing":
		rolls(&d, []string{"editorial", "cup", "studio", "stem", "warm", "blank"}, 4)
	case "rebranding":
		d.add(rect("light", 0, 0, frameW, frameH))
		d.put(single("raw"), move{sx: 0.56, sy: 0.56, turn: -9, dx: 10, dy: 26})
		d.add(rect("raised", 46, 46, 66, 82))
		d.lay("bold", move{sx: 0.5, sy: 0.5, dx: 49, dy: 49})
		d.add(pencil("safe", 80, 88, 38, 48, 3))
	case "light", "dark", "mixed":
		feedOf(&d, key)
	default:
		return drawing{}, fmt.Errorf("there is no print of %q", key)
	}
	return d, nil
}

// single is one frame as a drawing of its own.
func single(id string) drawing {
	d := drawing{w: frameW, h: frameH}
	d.lay(id, move{sx: 1, sy: 1})
	return d
}

// portrait is the same person in four lights.
func portrait(d *drawing, key string, p palette) {
	d.add(rect(p.ground, 0, 0, frameW, frameH))
	switch key {
	case "dark-moody":
		d.add(curve(p.glow, "M0 0 L64 0 L22 150 L0 150 Z"))
		d.add(head{"long", [3]string{p.cloth, p.hair, p.skin}, move{1.08, 1.08, 0, 2, 0}}.shapes()...)
		d.add(oval(p.spot, 98, 30, 9, 9))
	case "warm-neutrals":
		d.add(oval(p.glow, 60, 66, 54, 54))
		d.add(head{"bun", [3]string{p.cloth, p.hair, p.skin}, move{1, 1, 0, 0, 2}}.shapes()...)
	case "soft-pinks":
		d.add(oval(p.glow, 92, 34, 40, 40), oval(p.spot, 14, 110, 26, 26))
		d.add(head{"bob", [3]string{p.cloth, p.hair, p.skin}, move{1, 1, 0, 0, 4}}.shapes()...)
	case "bold-colours":
		d.add(rect(p.glow, 60, 0, 60, frameH), oval(p.spot, 98, 26, 18, 18))
		d.add(head{"short", [3]string{p.cloth, p.hair, p.skin}, move{1.12, 1.12, 0, -8, -4}}.shapes()...)
	}
	for i, tone := range []string{p.ground, p.glow, p.cloth, p.hair, p.skin, p.spot} {
		d.add(rect(tone, float64(i)*20, 130, 20, 20))
	}
}

// rolls are two strips of film with three frames each, one circled.
func rolls(d *drawing, ids []string, circled int) {
	d.add(rect("film", 0, 0, frameW, frameH))
	for i, id := range ids {
		x, y := 6+float64(i%3)*37, 14+float64(i/3)*68
		d.lay(id, move{sx: 0.28, sy: 0.36, dx: x, dy: y})
		d.text(x+1, y-3, 6, "amber", fmt.Sprint(i+1))
	}
	d.add(pencil("safe", 6+float64(circled%3)*37+17, 14+float64(circled/3)*68+27, 21, 31, 2.4))
}

// feedOf is nine frames in the tones of a feed.
func feedOf(d *drawing, key string) {
	tones := map[string][9]string{
		"light": {"paper", "light", "paper", "warm", "paper", "light", "light", "paper", "warm"},
		"dark":  {"ink", "deep", "ink", "ink", "soft", "deep", "deep", "ink", "ink"},
		"mixed": {"paper", "ink", "safe", "ink", "paper", "deep", "light", "safe", "warm"},
	}[key]
	ground, sitter := "light", [3]string{"soft", "ink", "warm"}
	if key == "dark" {
		ground, sitter = "ink", [3]string{"deep", "safe", "warm"}
	}
	d.add(rect(ground, 0, 0, frameW, frameH))
	for i, tone := range tones {
		x, y := 5+float64(i%3)*37.5, 5+float64(i/3)*47.5
		tile := drawing{w: 35, h: 45}
		tile.add(rect(tone, 0, 0, 35, 45))
		if i == 0 || i == 4 || i == 8 {
			skin := sitter
			if tone == "warm" {
				skin[2] = "paper"
			}
			h := head{[]string{"bob", "", "", "", "sweep", "", "", "", "bun"}[i], skin, move{0.29, 0.29, 0, 0, 1}}
			for _, s := range h.shapes() {
				tile.add(s.clipped(35, 45))
			}
		}
		if i == 2 || i == 6 {
			tile.add(oval(map[string]string{"light": "safe", "dark": "warm", "mixed": "paper"}[key], 17.5, 22, 8, 8))
		}
		d.put(tile, move{sx: 1, sy: 1, dx: x, dy: y})
	}
}
