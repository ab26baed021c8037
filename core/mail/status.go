package mail

import "strings"

// nobody are the details of RFC 3463 that say: there is no such mailbox.
var nobody = map[string]bool{"1.0": true, "1.1": true, "1.2": true, "1.3": true, "1.6": true, "1.10": true, "2.0": true, "2.1": true}

// Nobody reports whether a status code of RFC 3463 (5.1.1) says that the mailbox
// does not exist.
func Nobody(status string) bool {
	detail, final := strings.CutPrefix(status, "5.")
	return final && nobody[detail]
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
