package mailbox

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"sselfie/core/mail"
)

var (
	comment   = regexp.MustCompile(`(?s)<!--.*?-->`)
	tag       = regexp.MustCompile(`(?s)<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>`)
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
	for _, m := range tag.FindAllStringSubmatch(comment.ReplaceAllString(l.HTML, ""), -1) {
		name := strings.ToLower(m[2])
		switch {
		case void[name]:
			continue
		case m[1] == "/":
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
			continue
		}
		attrs := attributes(m[3])
		gone := hidden() || unseen.MatchString(attrs["style"]) || name == "style" || name == "head"
		if !strings.HasSuffix(m[3], "/") {
			open = append(open, gone)
		}
		if u, err := url.Parse(attrs["href"]); name == "a" && !gone && err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			found = append(found, attrs["href"])
		}
	}
	return found
}

func attributes(text string) map[string]string {
	attrs := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(text, -1) {
		attrs[strings.ToLower(m[1])] = strings.TrimSpace(html.UnescapeString(strings.Trim(m[2], `"'`)))
	}
	return attrs
}
