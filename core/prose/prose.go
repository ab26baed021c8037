// Package prose reads the little Markdown that a letter may be written in:
// paragraphs, headings, lists, a simple table, emphasis, and links that stay on
// this site. Whatever else stands there is text. It knows no HTML, so that no
// letter can hold any.
package prose

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a block is.
type Kind string

// The kinds of block.
const (
	Paragraph Kind = "paragraph"
	Heading   Kind = "heading"
	List      Kind = "list"
	Numbered  Kind = "numbered"
	Table     Kind = "table"
)

// Run is a piece of a line in one style.
type Run struct {
	Text   string
	Strong bool
	Em     bool
	Link   string // a path on this site, "" for none
}

// Line is what stands in a paragraph, an item or a cell.
type Line []Run

// Plain returns the words of a line without their styles.
func (l Line) Plain() string {
	var b strings.Builder
	for _, r := range l {
		b.WriteString(r.Text)
	}
	return b.String()
}

// Block is a part of a letter.
type Block struct {
	Kind  Kind
	Line  Line     // of a paragraph or a heading
	Items []Line   // of a list
	Head  []Line   // of a table
	Rows  [][]Line // of a table, each as long as its head
}

// raw is a block as it is written: one unit for a paragraph or a heading, one for
// each item or row.
type raw struct {
	kind  Kind
	head  string // of a table
	units []string
}

var (
	heading  = regexp.MustCompile(`^#{1,6}[ \t]+`)
	bullet   = regexp.MustCompile(`^[-*–][ \t]+`)
	number   = regexp.MustCompile(`^[0-9]{1,2}[.)][ \t]+`)
	ruler    = regexp.MustCompile(`^\|?[ \t]*:?-{2,}:?[ \t]*(\|[ \t]*:?-{2,}:?[ \t]*)*\|?$`)
	linkForm = regexp.MustCompile(`\[((?:\\.|[^\[\]\\])+)\]\(([^()\s]*)\)`)
	pathForm = regexp.MustCompile(`^/([A-Za-z0-9_][A-Za-z0-9_./?=&%#-]*)?$`)
	tag      = regexp.MustCompile(`<[A-Za-z/!?]`)
	address  = regexp.MustCompile(`(?i)\b(https?:|www\.|mailto:)`)
)

// Path reports whether a link may lead there: a path on this site, and nothing
// that a browser takes for another.
func Path(p string) bool { return pathForm.MatchString(p) }

// Parse reads a letter. It never fails: what it does not know is text.
func Parse(text string) []Block {
	var out []Block
	for _, r := range split(text) {
		b := Block{Kind: r.kind}
		switch r.kind {
		case List, Numbered:
			for _, u := range r.units {
				b.Items = append(b.Items, line(u))
			}
		case Table:
			b.Head = lines(cells(r.head))
			for _, u := range r.units {
				row := lines(cells(u))
				for len(row) < len(b.Head) {
					row = append(row, nil)
				}
				b.Rows = append(b.Rows, row[:len(b.Head)])
			}
		default:
			b.Line = line(r.units[0])
		}
		out = append(out, b)
	}
	return out
}

// Keep rewrites a letter unit by unit: f gets a paragraph, a heading, an item or
// a row, and says what becomes of it; false leaves it out. A list without items,
// or a table without rows, is left out with them.
func Keep(text string, f func(unit string) (string, bool)) string {
	var out []string
	for _, r := range split(text) {
		var kept []string
		for i, u := range r.units {
			u, ok := f(u)
			if !ok || strings.TrimSpace(u) == "" {
				continue
			}
			switch r.kind {
			case Heading:
				u = "## " + u
			case List:
				u = "- " + u
			case Numbered:
				u = fmt.Sprintf("%d. %s", min(i+1, 99), u)
			}
			kept = append(kept, u)
		}
		if len(kept) == 0 {
			continue
		}
		if r.kind == Table {
			head, ok := f(r.head)
			if !ok {
				continue
			}
			kept = append([]string{head, strings.Repeat("|---", max(len(cells(head)), 1)) + "|"}, kept...)
		}
		out = append(out, strings.Join(kept, "\n"))
	}
	return strings.Join(out, "\n\n")
}

// split finds the blocks. Lists that only an empty line parts are one.
func split(text string) []raw {
	var out []raw
	open := false // whether the next line goes on with the last unit
	rows := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(rows); i++ {
		row := tidy(rows[i])
		if row == "" {
			open = false
			continue
		}
		last := len(out) - 1
		if strings.Contains(row, "|") && i+1 < len(rows) && ruler.MatchString(tidy(rows[i+1])) && strings.Contains(rows[i+1], "|") {
			t := raw{kind: Table, head: row}
			for i += 2; i < len(rows) && strings.Contains(rows[i], "|"); i++ {
				t.units = append(t.units, tidy(rows[i]))
			}
			i--
			open = false
			if len(t.units) > 0 {
				out = append(out, t)
			}
			continue
		}
		kind, words := Paragraph, row
		for _, form := range []struct {
			kind Kind
			mark *regexp.Regexp
		}{{Heading, heading}, {List, bullet}, {Numbered, number}} {
			if mark := form.mark.FindString(row); mark != "" {
				kind, words = form.kind, row[len(mark):]
				break
			}
		}
		switch {
		case kind == Paragraph && open:
			u := out[last].units
			u[len(u)-1] += " " + words
			continue
		case (kind == List || kind == Numbered) && last >= 0 && out[last].kind == kind:
			out[last].units = append(out[last].units, words)
		default:
			out = append(out, raw{kind: kind, units: []string{words}})
		}
		open = kind != Heading
	}
	return out
}

// tidy is a line without control characters and needless space.
func tidy(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError }), " ")
}

// cells splits a row of a table at its bars.
func cells(row string) []string {
	row = strings.TrimSpace(row)
	row = strings.TrimPrefix(row, "|")
	if strings.HasSuffix(row, "|") && !strings.HasSuffix(row, `\|`) {
		row = row[:len(row)-1]
	}
	var out []string
	begin := 0
	for i := 0; i < len(row); i++ {
		switch row[i] {
		case '\\':
			i++
		case '|':
			out, begin = append(out, strings.TrimSpace(row[begin:i])), i+1
		}
	}
	return append(out, strings.TrimSpace(row[begin:]))
}

func lines(texts []string) []Line {
	out := make([]Line, len(texts))
	for i, t := range texts {
		out[i] = line(t)
	}
	return out
}

// Links returns the paths that a letter's links lead to, each once, in order.
func Links(text string) []string {
	if !strings.Contains(text, "](") {
		return nil // as most letters, and this is asked for each one that is promised
	}
	var out []string
	seen := map[string]bool{}
	for _, r := range split(text) {
		for _, u := range append([]string{r.head}, r.units...) {
			for _, m := range links(u) {
				if p := u[m[4]:m[5]]; Path(p) && !seen[p] {
					seen[p] = true
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// Relink leads a letter's links elsewhere.
func Relink(text string, to func(path string) string) string {
	var b strings.Builder
	done := 0
	for _, m := range links(text) {
		if p := text[m[4]:m[5]]; Path(p) {
			b.WriteString(text[done:m[4]] + to(p))
			done = m[5]
		}
	}
	return b.String() + text[done:]
}

// links finds what has the form of a link: whole, its words, its address.
func links(s string) [][]int {
	var out [][]int
	for _, m := range linkForm.FindAllStringSubmatchIndex(s, -1) {
		if !escaped(s, m[0]) {
			out = append(out, m)
		}
	}
	return out
}

// escaped reports whether what stands at i has a backslash before it.
func escaped(s string, i int) bool {
	n := 0
	for i > n && s[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// Escape makes a value that comes from outside plain text in a letter.
func Escape(value string) string {
	var b strings.Builder
	for _, r := range value {
		if strings.ContainsRune("\\*_[]()|#`", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Check says what a letter may not hold.
func Check(text string) []string {
	var bad []string
	for _, m := range links(text) {
		words, p := text[m[2]:m[3]], text[m[4]:m[5]]
		switch {
		case m[0] > 0 && text[m[0]-1] == '!':
			bad = append(bad, "holds a picture; letters take words alone")
		case !Path(p):
			bad = append(bad, fmt.Sprintf("leads %q to %q; a link leads to a page of this site and begins with one /, such as [Studio](/studio-membership)", words, p))
		}
	}
	if rest := linkForm.ReplaceAllString(text, "$1"); strings.Contains(rest, "](") {
		bad = append(bad, "holds a link that is not whole; write it as [words](/path)")
	}
	if address.MatchString(text) {
		bad = append(bad, "holds an address of the web; write a link as [words](/path), to a page of this site")
	}
	if tag.MatchString(text) {
		bad = append(bad, "holds HTML, and letters take none; **strong**, *emphasis*, lists, tables and [links](/path) are there")
	}
	return bad
}
