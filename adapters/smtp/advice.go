package smtp

import (
	"strconv"
	"strings"

	"sselfie/core/mail"
)

// advice says what to do about a server's answer; what one can do in general
// where the answer itself says no more.
func advice(err error, general string) string {
	code, text := codeOf(err), readable(err)
	switch status := mail.StatusIn(text); {
	case code == 530 && strings.Contains(strings.ToUpper(text), "STARTTLS"):
		return "The relay wants encryption first: tls: mandatory."
	case code == 530 || code >= 500 && unknownHere.MatchString(text):
		return "The relay carries letters of those whom it knows alone: set username and password; where it knows its customers by their network address, have this machine's added there."
	case status == "5.2.2" || status == "4.2.2":
		return "The mailbox is full. The outbox tries such a letter again for two days."
	case status == "5.3.4" || status == "5.2.3":
		return "The letter is too large for the relay. One of ours is some 10 to 30 kB: its operator can raise the limit."
	case mail.Nobody(status):
		return "There is no such mailbox: look for a typing mistake in the address."
	case code >= 400 && code < 500:
		return "The relay says: not now (" + strconv.Itoa(code) + "). Greylisting and limits end by themselves; try again in ten minutes. " + general
	}
	return general
}
