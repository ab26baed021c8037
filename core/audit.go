package core

import "time"

// Audit is one line of the audit log: who did what to whom. Detail holds no
// secret and no address.
type Audit struct {
	ID      string
	Actor   string // a user id, or "command line"
	Action  string // noun.verb
	Subject string
	Detail  map[string]string
	At      time.Time
}
