package mail

import (
	"time"

	"sselfie/core"
)

// Captured is a letter that went into the mailbox of the demo instead of to a
// mail server.
type Captured struct {
	ID      core.MailID       `json:"id"`
	To      string            `json:"to"`
	Subject string            `json:"subject"`
	Kind    Kind              `json:"kind"`
	SentAt  time.Time         `json:"sentAt"`
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Links   []string          `json:"links"`   // absolute URLs of the visible links in reading order
	Headers map[string]string `json:"headers"` // by name
}
