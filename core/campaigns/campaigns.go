// Package campaigns sends one letter to everybody in a segment, once, at a time
// that the creator chose, tries two subjects where there are two, and leaves a
// share of people out to see what the letter was worth.
package campaigns

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/segments"
	"sselfie/core/sequences"
)

// ID names a campaign: cmp_.
type ID string

// State is where a campaign stands.
type State string

// The states.
const (
	Draft     State = "draft"
	Scheduled State = "scheduled"
	Sending   State = "sending"
	Sent      State = "sent"
	Cancelled State = "cancelled"
	Missed    State = "missed" // its time passed while nothing could be sent; it waits for another
)

// Goal is what decides between two subjects.
type Goal string

// The goals: people's clicks, or purchases.
const (
	Clicks    Goal = "clicks"
	Purchases Goal = "purchases"
)

// Campaign is one letter to a segment.
type Campaign struct {
	ID         ID              `json:"id"`
	Name       string          `json:"name"`
	Subject    string          `json:"subject"`
	SubjectB   string          `json:"subjectB"` // "" for no test
	Preheader  string          `json:"preheader"`
	Body       string          `json:"body"` // Markdown
	Action     string          `json:"action"`
	Path       string          `json:"path"`
	Topic      sequences.Topic `json:"topic"`
	Segment    segments.ID     `json:"segment"`
	State      State           `json:"state"`
	SendAt     time.Time       `json:"sendAt"`
	Zone       string          `json:"zone"`
	HoldOut    int             `json:"holdOut"`   // percent who get nothing
	TestShare  int             `json:"testShare"` // percent who get one of two subjects first
	TestHours  int             `json:"testHours"` // after which the rest gets the better one
	Goal       Goal            `json:"goal"`
	Winner     string          `json:"winner"`
	WinnerWhy  string          `json:"winnerWhy"`
	Drawn      bool            `json:"-"`
	StartedAt  time.Time       `json:"startedAt"`
	FinishedAt time.Time       `json:"finishedAt"`
	MissedAt   time.Time       `json:"missedAt"` // when it was found to be missed
}

// Open reports whether a campaign can be changed and scheduled.
func (c Campaign) Open() bool { return c.State == Draft || c.State == Scheduled || c.State == Missed }

// Check returns what is wrong with a campaign, by field.
func (c Campaign) Check() map[string]string {
	bad := map[string]string{}
	text := func(field, value string, most int, need bool) {
		n, check := len([]rune(value)), sequences.CheckText
		if field == "body" {
			check = sequences.CheckLetter
		}
		wrong := check(value)
		if strange := sequences.NotInCampaigns(value); len(strange) > 0 && strings.HasPrefix(field, "subject") {
			wrong = append(wrong, "names {"+strings.Join(strange, "} and {")+"}, which no campaign fills: it follows from no purchase, so nobody would get it")
		}
		switch {
		case need && strings.TrimSpace(value) == "":
			bad[field] = "This is missing."
		case n > most:
			bad[field] = fmt.Sprintf("This has %d characters; %d are the most.", n, most)
		case len(wrong) > 0:
			bad[field] = "This " + strings.Join(wrong, ", and ") + "."
		}
	}
	text("name", c.Name, 100, true)
	text("subject", c.Subject, 150, true)
	text("subjectB", c.SubjectB, 150, false)
	text("preheader", c.Preheader, 200, false)
	text("body", c.Body, sequences.LetterMost, true)
	text("action", c.Action, 60, true)
	if !sequences.IsPath(c.Path) {
		bad["path"] = "Give a path on this site, such as /studio-membership."
	}
	if c.Topic != sequences.Offers && c.Topic != sequences.Newsletter {
		bad["topic"] = "Choose offers or newsletter."
	}
	if c.HoldOut < 0 || c.HoldOut > 50 {
		bad["holdOut"] = "Leave out from 0 to 50 percent."
	}
	if c.Goal != Clicks && c.Goal != Purchases {
		bad["goal"] = "Choose clicks or purchases."
	}
	if c.SubjectB != "" {
		if c.TestShare < 10 || c.TestShare > 100 {
			bad["testShare"] = "Try the subjects on 10 to 100 percent."
		}
		if c.TestShare < 100 && (c.TestHours < 1 || c.TestHours > 72) {
			bad["testHours"] = "Decide after 1 to 72 hours."
		}
	}
	return bad
}

// Part is which letter a person gets, and when.
type Part string

// The parts.
const (
	PartA    Part = "a"
	PartB    Part = "b"
	PartRest Part = "rest"
	PartNone Part = "hold_out"
)

// PartOf draws a person's part by a stable hash: the same person in the same
// campaign is always in the same part, and each campaign draws anew.
func (c Campaign) PartOf(user core.UserID) Part {
	if bucket("holdout", c.ID, user) < c.HoldOut {
		return PartNone
	}
	if c.SubjectB == "" {
		return PartRest
	}
	n := bucket("subject", c.ID, user)
	switch {
	case n >= c.TestShare:
		return PartRest
	case n%2 == 0:
		return PartA
	}
	return PartB
}

func bucket(what string, id ID, user core.UserID) int {
	sum := sha256.Sum256([]byte(what + "|" + string(id) + "|" + string(user)))
	return int(binary.BigEndian.Uint64(sum[:8]) % 100)
}

// Result is how one subject did.
type Result struct{ Sent, Clicked, Converted int }

// Winner decides between two subjects, and says why. With nothing to tell them
// apart the first stands.
func Winner(goal Goal, a, b Result) (winner, why string) {
	count := func(r Result) int {
		if goal == Purchases {
			return r.Converted
		}
		return r.Clicked
	}
	na, nb := count(a), count(b)
	why = fmt.Sprintf("%d %s of %d letters against %d of %d", na, goal, a.Sent, nb, b.Sent)
	// Shares are compared without division.
	if nb*max(a.Sent, 1) > na*max(b.Sent, 1) {
		return "b", why
	}
	return "a", why
}

// Recipient is somebody whose turn it is, with what is known of her now.
type Recipient struct {
	User          core.UserID
	To            string
	Key           core.EmailKey
	Part          Part
	Gone          bool // no account or address
	Listed        bool // on the suppression list, or unsubscribed
	Refused       bool // the topic
	Left          bool // the segment
	Pending       bool
	LastMarketing time.Time
}

// Ready says whether a recipient gets the letter now, later or never, and why.
// since is when her part's letters began to go out. Who is left out is judged like
// the others: she stands for those who could have got it.
func Ready(r Recipient, since, now time.Time) (outcome, why string) {
	switch {
	case r.Gone:
		return "skipped", "the account is gone, or has no address"
	case r.Listed:
		return "skipped", "the address wants no marketing, or takes none"
	case r.Refused:
		return "skipped", "this topic was refused"
	case r.Left:
		return "skipped", "not in the segment any more when her turn came"
	}
	fresh := !r.LastMarketing.IsZero() && now.Sub(r.LastMarketing) < sequences.Pause
	late := now.Sub(since) > sequences.Patience
	switch {
	case late && (r.Pending || fresh):
		return "skipped", "other letters were too fresh for 3 days"
	case late:
		return "skipped", "her turn would have come more than 3 days ago"
	case r.Pending || fresh:
		return "waiting", "another marketing mail is too fresh"
	case r.Part == PartNone:
		return "held_out", "left out, to be compared with those who got it"
	}
	return "queued", "in the segment when it was sent"
}
