package mailbox

import (
	"html"
	"iter"
	"net/url"
	"regexp"
	"strings"

	"sselfie/core/mail"
)

var (
	attribute = regexp.MustCompile(`(?s)([a-zA-Z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)`)
	unseen    = regexp.MustCompile(`display\s*:\s*none`)
	bare      = regexp.MustCompile(`https?://[^\s<>"]+`)
	void      = map[string]bool{"img": true, "br": true, "hr": true, "meta": true, "link": true, "input": true, "col": true, "wbr": true}
)

// links returns the absolute URLs that a reader of the letter sees, in reading
// order: those of the HTML part where there is one. What a client hides, such as
// a link that only machines follow, is not among them.
func links(l mail.Letter) []string {
	found := []string{}
	if l.HTML == "" {
		for _, u := range bare.FindAllString(l.Text, -1) {
			found = append(found, strings.TrimRight(u, ".,;:)"))
		}
		return found
	}
	var open []bool // for each open element: is it hidden
	hidden := func() bool { return len(open) > 0 && open[len(open)-1] }
	for t := range tags(l.HTML) {
		switch {
		case void[t.name]:
			continue
		case t.closing:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
			continue
		}
		attrs := t.attributes()
		gone := hidden() || unseen.MatchString(attrs["style"]) || t.name == "style" || t.name == "head"
		if !strings.HasSuffix(t.rest, "/") {
			open = append(open, gone)
		}
		if u, err := url.Parse(attrs["href"]); t.name == "a" && !gone && err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			found = append(found, attrs["href"])
		}
	}
	return found
}

// tag is one tag of a letter.
type tag struct {
	name    string // in small letters
	rest    string // what stands between the name and the end
	closing bool
}

// tags yields the tags of a text outside comments. It looks at each byte once: a
// sample history or a year of letters passes here before anybody gets a page.
func tags(text string) iter.Seq[tag] {
	return func(yield func(tag) bool) {
		for {
			_, after, ok := strings.Cut(text, "<")
			if !ok {
				return
			}
			text = after
			if inside, isComment := strings.CutPrefix(text, "!--"); isComment {
				if _, after, ended := strings.Cut(inside, "-->"); ended {
					text = after
				}
				continue
			}
			body, closing := strings.CutPrefix(text, "/")
			name := body[:len(body)-len(strings.TrimLeft(body, letters+digits))]
			if name == "" || strings.ContainsRune(digits, rune(name[0])) {
				continue
			}
			end := endOf(body[len(name):])
			if end < 0 {
				continue
			}
			if !yield(tag{strings.ToLower(name), body[len(name) : len(name)+end], closing}) {
				return
			}
			text = body[len(name)+end+1:]
		}
	}
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// endOf returns where a tag ends, not counting what stands between quotes, and -1
// where it does not.
func endOf(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '>':
			return i
		case '"', '\'':
			quoted := strings.IndexByte(s[i+1:], s[i])
			if quoted < 0 {
				return -1
			}
			i += quoted + 1
		}
	}
	return -1
}

// attributes reads what a tag says where that can matter here: which link it is,
// and whether it is hidden.
func (t tag) attributes() map[string]string {
	if t.name != "a" && !strings.Contains(t.rest, "none") && !strings.Contains(t.rest, "&") {
		return nil
	}
	attrs := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(t.rest, -1) {
		attrs[strings.ToLower(m[1])] = strings.TrimSpace(html.UnescapeString(strings.Trim(m[2], `"'`)))
	}
	return attrs
}
