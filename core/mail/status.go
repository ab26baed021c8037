package mail

import (
	"regexp"
	"strings"
)

// nobody are the details of RFC 3463 that say: there is no such mailbox.
var nobody = map[string]bool{"1.0": true, "1.1": true, "1.2": true, "1.3": true, "1.6": true, "1.10": true, "2.0": true, "2.1": true}

// Nobody reports whether a status code of RFC 3463 (5.1.1) says that the mailbox
// does not exist.
func Nobody(status string) bool {
	detail, final := strings.CutPrefix(status, "5.")
	return final && nobody[detail]
}

// status is a code of RFC 3463 that stands alone: neither part of an address of
// the network (5.1.1.9 is a machine) nor of a longer number.
var status = regexp.MustCompile(`(?:^|[\s#("<\[-])([245]\.\d{1,3}\.\d{1,3})(?:$|[\s:;,)">\]-])`)

// StatusIn returns the first status code in a server's answer (5.1.1), "" when
// there is none.
func StatusIn(answer string) string {
	if found := status.FindStringSubmatch(answer); found != nil {
		return found[1]
	}
	return ""
}

// SpeaksOfUs reports whether a refusal without a telling code is about the
// sender rather than about the mailbox. A server that refuses us by policy says
// nothing about the person, and must not put every customer on the list.
func SpeaksOfUs(answer string) bool {
	answer = strings.ToLower(answer)
	for _, word := range []string{"relay", "block", "blacklist", "spam", "policy", "dnsbl", "spf", "dkim", "dmarc", "reputation", "listed", "too many", "size"} {
		if strings.Contains(answer, word) {
			return true
		}
	}
	return false
}
