package prose

import "strings"

// line reads the runs of a paragraph, an item or a cell.
func line(s string) Line {
	var out Line
	done := 0
	for _, m := range links(s) {
		p := s[m[4]:m[5]]
		if !Path(p) {
			continue // no link: its words and marks are text
		}
		out = append(out, styled(s[done:m[0]], "")...)
		out = append(out, styled(s[m[2]:m[3]], p)...)
		done = m[1]
	}
	return append(out, styled(s[done:], "")...)
}

// styled reads emphasis. A mark without its pair is text.
func styled(s, link string) Line {
	var out Line
	var words strings.Builder
	run := Run{Link: link}
	end := func() {
		if words.Len() > 0 {
			run.Text = words.String()
			out = append(out, run)
			words.Reset()
		}
	}
	for i := 0; i < len(s); {
		mark := ""
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\*_[]()|#`", s[i+1]) >= 0:
			words.WriteByte(s[i+1])
			i += 2
			continue
		case strings.HasPrefix(s[i:], "**"), strings.HasPrefix(s[i:], "__"):
			mark = s[i : i+2]
		case s[i] == '*':
			mark = "*"
		}
		switch {
		case mark == "":
			words.WriteByte(s[i])
			i++
		case len(mark) == 2 && (run.Strong || closes(s[i+2:], mark)):
			end()
			run.Strong = !run.Strong
			i += 2
		case len(mark) == 1 && (run.Em || closes(s[i+1:], mark)):
			end()
			run.Em = !run.Em
			i++
		default:
			words.WriteString(mark)
			i += len(mark)
		}
	}
	end()
	return out
}

// reach is how far a mark looks for its pair: nobody stresses more at once, and a
// text of marks alone takes no longer for it.
const reach = 2000

// closes reports whether a mark that opens here has its pair, around words.
func closes(rest, mark string) bool {
	if rest == "" || rest[0] == ' ' {
		return false
	}
	rest = rest[:min(len(rest), reach)]
	for i := 1; i+len(mark) <= len(rest); i++ {
		switch {
		case rest[i-1] == '\\' && escaped(rest, i):
		case strings.HasPrefix(rest[i:], mark) && rest[i-1] != ' ':
			return true
		}
	}
	return false
}
