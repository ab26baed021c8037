package letters

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine returns s without line breaks, control characters and double spaces:
// what comes from outside must not shape a letter.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError }), " ")
}

// paragraphs splits a text at its empty lines.
func paragraphs(s string) []string {
	var out []string
	for _, p := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if p = oneLine(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func paragraphsOnly(s string) string { return strings.Join(paragraphs(s), "\n\n") }

// given returns the first word of a name, where it looks like one. Sign-up asks
// nobody for proof, so whatever could be an advertisement or an address is not
// repeated to the person who gets the mail.
func given(name string) string {
	first, _, _ := strings.Cut(oneLine(name), " ")
	if first == "" || utf8.RuneCountInString(first) > 24 {
		return ""
	}
	for _, r := range first {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '-' && r != '\'' && r != '’' {
			return ""
		}
	}
	return first
}

// say begins a sentence with a name, or with a capital.
func say(name, sentence string) string {
	if name != "" {
		return name + ", " + sentence
	}
	first, size := utf8.DecodeRuneInString(sentence)
	return string(unicode.ToUpper(first)) + sentence[size:]
}

// before ends a line that a link follows: with a colon, where it does not end
// with a mark of its own.
func before(line string) string {
	if strings.HasSuffix(line, "?") || strings.HasSuffix(line, "!") || strings.HasSuffix(line, ".") || strings.HasSuffix(line, ":") {
		return line
	}
	return line + ":"
}

// fact is a line of the small table.
type fact struct{ Label, Value string }

// facts pairs labels with values and leaves out what is not known.
func facts(pairs ...string) []fact {
	var out []fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, fact{pairs[i], pairs[i+1]})
		}
	}
	return out
}

// table sets facts in plain text, in two columns.
func table(list []fact) string {
	wide := 0
	for _, f := range list {
		wide = max(wide, utf8.RuneCountInString(f.Label))
	}
	var b strings.Builder
	for i, f := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("  " + f.Label + strings.Repeat(" ", wide-utf8.RuneCountInString(f.Label)+3) + f.Value)
	}
	return b.String()
}

// textWidth is where lines of plain text break.
const textWidth = 74

// wrap sets plain text: paragraphs are filled, lines that begin with a space
// stay as they are, and an address is never broken.
func wrap(s string) string {
	var blocks []string
	for _, block := range strings.Split(s, "\n\n") {
		block = strings.Trim(block, "\n")
		switch {
		case strings.TrimSpace(block) == "":
		case strings.HasPrefix(block, " "):
			blocks = append(blocks, strings.TrimRight(block, " \n"))
		default:
			blocks = append(blocks, fill(strings.Fields(block), textWidth))
		}
	}
	return strings.Join(blocks, "\n\n") + "\n"
}

func fill(words []string, wide int) string {
	var b strings.Builder
	whole := len(words)
	for _, w := range words {
		whole += len(w)
	}
	b.Grow(whole)
	column := 0
	for _, w := range words {
		n := utf8.RuneCountInString(w)
		switch {
		case column == 0:
		case column+1+n > wide:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += n
	}
	return b.String()
}
