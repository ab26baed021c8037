package mail

import (
	"time"

	"sselfie/core"
)

// Topic is what the store wakes when a mail was promised.
const Topic = "outbox"

// Entry is one row of the outbox as the creator sees it.
type Entry struct {
	ID       core.MailID
	User     core.UserID // "" for an address without an account
	To       string
	Kind     Kind
	State    State
	Subject  string // "" until it was written for the first time
	Attempts int
	Next     time.Time
	Created  time.Time
	SentAt   time.Time // zero until it was accepted
	Error    string    // of the last attempt
}

// Backlog is how far the outbox is behind.
type Backlog struct {
	Due    int       // mails whose time has come
	Oldest time.Time // since when the first of them waits; zero for none
	Failed int       // given up in the last 30 days and waiting for the creator
}
