package sqlite

import (
	"strings"

	"sselfie/core/mail"
)

// listing is what the suppression list says about an address.
type listing struct{ bounce, complaint, refused bool }

// listedAs reads the reasons for which an address is on the list, joined by
// commas.
func listedAs(reasons string) (l listing) {
	for _, r := range strings.Split(reasons, ",") {
		switch mail.Reason(r) {
		case mail.HardBounce, mail.Unreachable:
			l.bounce = true
		case mail.Complaint:
			l.complaint = true
		case mail.Unsubscribed, mail.ByHand:
			l.refused = true
		}
	}
	return l
}
