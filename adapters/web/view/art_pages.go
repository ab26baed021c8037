package view

import (
	"fmt"
	"slices"
)

// artIDs are the drawings that a content file may name, beside "frame:" and
// the name of any single frame.
func artIDs() []string {
	return []string{"photoshoot", "blueprint", "bio", "feed", "rebrand", "month", "home", "blank"}
}

// frameIDs are the single frames.
func frameIDs() []string {
	return append([]string{"raw", "raw-sweep", "raw-bun", "raw-cloud", "raw-long", "raw-short", "cup", "stem", "window", "type", "pages", "desk"}, styles()...)
}

// art returns a composition by its name.
func art(id string) (drawing, error) {
	switch id {
	case "home":
		return sheet([][]string{
			{"raw", "editorial", "cup", "minimal"},
			{"warm", "studio", "outdoor", "type"},
			{"bold", "stem", "film", "monochrome"},
		}, [2]int{1, 1}, 22), nil
	case "photoshoot":
		return sheet([][]string{
			{"raw", "editorial", "minimal"},
			{"studio", "warm", "film"},
			{"outdoor", "bold", "monochrome"},
		}, [2]int{0, 1}, 1), nil
	case "feed":
		return feed(), nil
	case "blueprint":
		return blueprint(), nil
	case "bio":
		return bioCard(), nil
	case "rebrand":
		return printedTwice(), nil
	case "month":
		return wall(), nil
	case "blank":
		return sheet([][]string{{"blank", "blank", "blank", "blank", "blank"}}, [2]int{-1, 0}, 1), nil
	}
	if slices.Contains(frameIDs(), id) {
		d := drawing{w: frameW, h: frameH}
		d.lay(id, move{sx: 1, sy: 1})
		return d, nil
	}
	return drawing{}, fmt.Errorf("there is no drawing %q", id)
}

// feed is nine posts as the grid of a profile shows them.
func feed() drawing {
	ids := []string{"editorial", "type", "cup", "stem", "studio", "warm", "bold", "window", "minimal"}
	const gap, out = 6.0, 26.0
	d := drawing{w: 3*frameW + 2*gap + 2*out, h: 3*frameH + 2*gap + 2*out}
	for i, id := range ids {
		d.lay(id, move{sx: 1, sy: 1, dx: out + float64(i%3)*(frameW+gap), dy: out + float64(i/3)*(frameH+gap)})
	}
	cropMarks(&d, out, out, d.w-2*out, d.h-2*out, 6, 16)
	return d
}

// blueprint is a plan in pencil: a grid of frames, some already printed, with
// the thirds and the reading order drawn in.
func blueprint() drawing {
	d := drawing{w: 460, h: 500}
	ids := []string{"editorial", "", "stem", "", "studio", "", "desk", "", "outdoor"}
	const x0, y0, gap = 34.0, 24.0, 14.0
	for i, id := range ids {
		x, y := x0+float64(i%3)*(frameW+gap), y0+float64(i/3)*(frameH+gap-2)
		if id != "" {
			d.lay(id, move{sx: 1, sy: 1, dx: x, dy: y})
			continue
		}
		box := rect("pencil", x, y, frameW, frameH)
		box.width = 1
		d.add(box,
			line("hair", 1, fmt.Sprintf("M%.0f %.0f L%.0f %.0f M%.0f %.0f L%.0f %.0f", x+40, y, x+40, y+150, x+80, y, x+80, y+150)),
			line("hair", 1, fmt.Sprintf("M%.0f %.0f L%.0f %.0f M%.0f %.0f L%.0f %.0f", x, y+50, x+120, y+50, x, y+100, x+120, y+100)))
	}
	for i, word := range []string{"hook", "proof", "offer", "story"} {
		at := []pt{{182, 106}, {48, 268}, {316, 268}, {182, 430}}[i]
		d.note(at.x, at.y, 21, "safe", word)
	}
	d.add(line("safe", 2, "M140 196 C152 206 160 206 168 196 M164 204 L169 195 L172 205"))
	return d
}

// bioCard is a profile: a round print, a name, three bios.
func bioCard() drawing {
	d := drawing{w: 420, h: 470}
	d.add(rect("raised", 30, 20, 360, 430))
	out := rect("hair", 30, 20, 360, 430)
	out.width = 1
	d.add(out)
	for i, id := range []string{"minimal", "film", "editorial", "warm", "studio"} {
		d.lay(id, move{sx: 0.46, sy: 0.46, dx: 56 + float64(i)*62, dy: 46})
	}
	d.add(pencil("safe", 56+2*62+27, 80, 34, 44, 3.5))
	for i, w := range [][]float64{{290, 240, 120}, {300, 180}, {260, 296, 90}} {
		y := 154 + float64(i)*96
		d.note(56, y+10, 17, "mid", []string{"one", "two", "three"}[i])
		for j, width := range w {
			tone := "type"
			if j > 0 {
				tone = "soft"
			}
			d.add(rect(tone, 56, y+24+float64(j)*15, width, 6))
		}
	}
	d.add(line("safe", 3, "M344 344 L352 354 L370 330"))
	return d
}

// printedTwice is the same face on two prints: the old one under the new.
func printedTwice() drawing {
	d := drawing{w: 440, h: 500}
	lay := func(id string, scale, turn, x, y float64) {
		const rim = 7.0
		p := drawing{w: frameW + 2*rim, h: frameH + 2*rim + 10}
		p.add(rect("raised", 0, 0, p.w, p.h))
		edge := rect("hair", 0, 0, p.w, p.h)
		edge.width = 0.4
		p.add(edge)
		p.lay(id, move{sx: 1, sy: 1, dx: rim, dy: rim})
		d.put(p, move{sx: scale, sy: scale, turn: turn, dx: x, dy: y})
	}
	lay("raw", 1.75, -9, 14, 62)
	lay("editorial", 2.05, 4, 146, 66)
	d.note(60, 462, 21, "safe", "same face, second printing")
	return d
}

// wall is a month of frames.
func wall() drawing {
	all := append(styles(), "cup", "stem", "window", "type", "pages", "desk")
	const n, rows, gap, scale = 6, 5, 8.0, 0.62
	w, h := frameW*scale, frameH*scale
	d := drawing{w: n*(w+gap) - gap + 8, h: rows*(h+gap) - gap + 8}
	for i := range n * rows {
		id := all[(i*5+i/6)%len(all)]
		x, y := 4+float64(i%n)*(w+gap), 4+float64(i/n)*(h+gap)
		d.lay(id, move{sx: scale, sy: scale, dx: x, dy: y})
	}
	d.add(pencil("safe", 4+2*(w+gap)+w/2, 4+(h+gap)+h/2, w*0.62, h*0.62, 4))
	return d
}
