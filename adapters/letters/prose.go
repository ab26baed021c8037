package letters

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"sselfie/core/prose"
)

// block is a part of a letter that was written in Markdown, as templates see it.
type block struct {
	Kind  string // paragraph, heading, list, numbered or table
	Line  []run
	Items [][]run
	Head  [][]run
	Rows  [][][]run
}

// run is a piece of a line in one style.
type run struct {
	Text       string
	Strong, Em bool
	Href       string // a whole address below the base URL, "" for none
}

// blocks reads a letter. Every link begins with the base URL.
func blocks(text, base string) []block {
	line := func(l prose.Line) []run {
		out := make([]run, 0, len(l))
		for _, r := range l {
			one := run{Text: r.Text, Strong: r.Strong, Em: r.Em}
			if r.Link != "" {
				one.Href = base + r.Link
			}
			out = append(out, one)
		}
		return out
	}
	lines := func(ls []prose.Line) [][]run {
		out := make([][]run, 0, len(ls))
		for _, l := range ls {
			out = append(out, line(l))
		}
		return out
	}
	var out []block
	for _, b := range prose.Parse(text) {
		one := block{Kind: string(b.Kind), Line: line(b.Line), Items: lines(b.Items), Head: lines(b.Head)}
		for _, row := range b.Rows {
			one.Rows = append(one.Rows, lines(row))
		}
		out = append(out, one)
	}
	return out
}

// words are a line's words, its links behind what they lead from.
func words(line []run, address bool) string {
	var b strings.Builder
	for i, r := range line {
		b.WriteString(r.Text)
		if address && r.Href != "" && (i+1 == len(line) || line[i+1].Href != r.Href) {
			b.WriteString(" <" + r.Href + ">")
		}
	}
	return b.String()
}

// plain is a letter in paragraphs without styles.
func plain(all []block) string {
	var out []string
	for _, b := range all {
		if b.Line != nil {
			out = append(out, words(b.Line, false))
		}
		for _, item := range b.Items {
			out = append(out, "– "+words(item, false))
		}
		for _, row := range b.Rows {
			var cells []string
			for _, cell := range row {
				cells = append(cells, words(cell, false))
			}
			out = append(out, strings.Join(cells, ": "))
		}
	}
	return strings.Join(out, "\n\n")
}

// written sets a letter for the text part, as somebody would write it by hand:
// lists hang, tables stand in columns, links follow their words.
func written(all []block) string {
	var out []string
	for _, b := range all {
		switch b.Kind {
		case "list", "numbered":
			var items []string
			for i, item := range b.Items {
				mark := "– "
				if b.Kind == "numbered" {
					mark = fmt.Sprintf("%d. ", i+1)
				}
				items = append(items, hang("  "+mark, words(item, true)))
			}
			out = append(out, strings.Join(items, "\n"))
		case "table":
			out = append(out, columns(b))
		default:
			out = append(out, words(b.Line, true))
		}
	}
	return strings.Join(out, "\n\n")
}

// hang fills lines behind a mark.
func hang(mark, text string) string {
	wide := utf8.RuneCountInString(mark)
	return mark + strings.ReplaceAll(fill(strings.Fields(text), textWidth-wide), "\n", "\n"+strings.Repeat(" ", wide))
}

// columns sets a table in plain text; where it is too wide for a line, each row
// becomes a list of what its columns say.
func columns(b block) string {
	rows := make([][]string, 0, len(b.Rows)+1)
	wide := make([]int, len(b.Head))
	for _, row := range append([][][]run{b.Head}, b.Rows...) {
		var cells []string
		for i, cell := range row {
			text := words(cell, true)
			cells = append(cells, text)
			wide[i] = max(wide[i], utf8.RuneCountInString(text))
		}
		rows = append(rows, cells)
	}
	whole := 2
	for _, w := range wide {
		whole += w + 3
	}
	var out []string
	if whole-3 <= textWidth {
		for n, row := range rows {
			line := "  "
			for i, cell := range row {
				line += cell + strings.Repeat(" ", wide[i]-utf8.RuneCountInString(cell)+3)
			}
			out = append(out, strings.TrimRight(line, " "))
			if n == 0 {
				out = append(out, "  "+strings.Repeat("-", whole-5))
			}
		}
		return strings.Join(out, "\n")
	}
	for _, row := range rows[1:] {
		out = append(out, hang("  ", row[0]))
		for i, cell := range row[1:] {
			if cell != "" {
				out = append(out, hang("    ", strings.TrimPrefix(rows[0][i+1]+": ", ": ")+cell))
			}
		}
	}
	return strings.Join(out, "\n")
}
