package tracking

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"sselfie/core"
)

// Link is what is known of a mail's link when somebody follows it.
type Link struct {
	ID             core.LinkID
	Mail           core.MailID
	User           core.UserID // "" for an address without an account
	Dest           string      // a path on this site
	SentAt         time.Time   // zero while the mail was not sent
	FirstClick     time.Time   // of this link, by a person
	LastClick      time.Time   // in the mail, by a person
	MachineClicked time.Time   // of the mail, by a machine
	Opened         time.Time   // the mail, by a person
	MachineOpened  time.Time
	Trapped        time.Time // something followed the link of the mail that nobody sees
}

// Meta is what is known of who asks. Nothing of it is stored.
type Meta struct {
	Method    string
	UserAgent string
	Client    string // a keyed hash of the address, to recognise a burst; "" when not known
}

// Hit is a click or an open to be kept.
type Hit struct {
	Link    core.LinkID
	Mail    core.MailID
	Machine bool
	At      time.Time
}

// LinkTx keeps hits.
type LinkTx interface {
	// RecordClick keeps the first click of a link by a person, or by a machine, and
	// the last one of a person in the mail. A person who clicks has opened the mail.
	RecordClick(ctx context.Context, h Hit) error
	// RecordOpen keeps the first time that a mail was opened.
	RecordOpen(ctx context.Context, h Hit) error
	// RecordTrap notes that a machine followed the hidden link, and gives clicks
	// and opens since a time to machines.
	RecordTrap(ctx context.Context, h Hit, since time.Time) error
}

// LinkStore runs fn in one transaction, in the lane that gives way. It may run it
// twice, when it ran with others' and one of those failed.
type LinkStore interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx LinkTx) error) error
}

// LinkReads finds a link; false when there is none.
type LinkReads interface {
	LinkByID(ctx context.Context, id core.LinkID) (Link, bool, error)
}

// Links answers the links and pixels of mails.
type Links struct {
	Store LinkStore
	Read  LinkReads
	Clock core.Clock
	// Heard, when set, hears of a person's click, or of the first time that a
	// mail was opened, after it is durable.
	Heard func(user core.UserID)

	mu     sync.Mutex
	recent map[string][]visit // by client
}

type visit struct {
	link core.LinkID
	at   time.Time
}

// The rules for telling machines from people.
const (
	tooSoon   = 2 * time.Second  // after the mail left: nobody reads that fast
	trapNear  = 10 * time.Second // around a hit of the hidden link
	burstTime = 10 * time.Second
	burstSize = 5           // different links by one client within burstTime
	clients   = 4096        // that are remembered at once
	again     = time.Minute // until a person's next click in a mail counts as the last one
)

var linkShape = regexp.MustCompile(`^(lnk|trp|pxl)_[A-Za-z0-9_-]+$`)

// isLink reports whether id looks like one of ours.
func isLink(id string) bool { return len(id) >= 12 && len(id) <= 68 && linkShape.MatchString(id) }

// Click keeps that a link was followed and returns where it leads: always the
// destination that was stored when the mail was promised, or "/" for a link that
// nobody knows. dest is what the caller claims, and changes nothing. The click is
// durable when Click returns; where that failed the location is right all the
// same.
func (l *Links) Click(ctx context.Context, id, _ string, m Meta) (location string, err error) {
	link, trap, ok, err := l.find(ctx, id)
	if err != nil || !ok {
		return "/", err
	}
	location = SafeDestination(link.Dest)
	if m.Method == "HEAD" {
		return location, nil // a question about the link, not a visit
	}
	now := l.Clock.Now()
	hit := Hit{Link: link.ID, Mail: link.Mail, At: now}
	if trap {
		hit.Machine = true
		return "/", l.Store.Update(ctx, func(ctx context.Context, tx LinkTx) error { return tx.RecordTrap(ctx, hit, now.Add(-trapNear)) })
	}
	hit.Machine, _ = Judge(link, m, l.burst(m.Client, link.ID, now), now)
	if hit.Machine && !link.MachineClicked.IsZero() || !hit.Machine && !link.FirstClick.IsZero() && now.Sub(link.LastClick) < again {
		return location, nil // counted
	}
	err = l.Store.Update(ctx, func(ctx context.Context, tx LinkTx) error { return tx.RecordClick(ctx, hit) })
	l.heard(link, hit.Machine, err)
	return location, err
}

func (l *Links) heard(link Link, machine bool, err error) {
	if err == nil && !machine && l.Heard != nil && link.User != "" {
		l.Heard(link.User)
	}
}

// Open keeps that a mail's pixel was asked for. An unknown id is no error: the
// answer is the same picture.
func (l *Links) Open(ctx context.Context, id string, m Meta) error {
	link, _, ok, err := l.find(ctx, id)
	if err != nil || !ok || m.Method == "HEAD" {
		return err
	}
	now := l.Clock.Now()
	machine, _ := Judge(link, m, false, now)
	if prefetches(m.UserAgent) {
		machine = true
	}
	if machine && !link.MachineOpened.IsZero() || !machine && !link.Opened.IsZero() {
		return nil
	}
	err = l.Store.Update(ctx, func(ctx context.Context, tx LinkTx) error {
		return tx.RecordOpen(ctx, Hit{Link: link.ID, Mail: link.Mail, Machine: machine, At: now})
	})
	l.heard(link, machine, err)
	return err
}

func (l *Links) find(ctx context.Context, id string) (link Link, trap, ok bool, err error) {
	if !isLink(id) {
		return Link{}, false, false, nil
	}
	link, ok, err = l.Read.LinkByID(ctx, core.LinkID("lnk_"+id[4:]))
	return link, strings.HasPrefix(id, "trp_"), ok, err
}

// Judge says whether a machine asked, and why.
func Judge(l Link, m Meta, burst bool, now time.Time) (machine bool, why string) {
	switch {
	case m.Method == "HEAD":
		return true, "it asked for the head only"
	case Robot(m.UserAgent):
		return true, "its user agent names a program"
	case l.SentAt.IsZero():
		return true, "the mail had not been sent"
	case now.Sub(l.SentAt) < tooSoon:
		return true, "less than two seconds after the mail was sent"
	case !l.Trapped.IsZero() && now.Sub(l.Trapped) < trapNear:
		return true, "just after the link that nobody sees was followed"
	case burst:
		return true, "one of many links that one client followed at once"
	}
	return false, "nothing speaks against a person"
}

// prefetches reports whether a user agent is that of a mailbox that loads every
// picture by itself, whether or not anybody reads.
func prefetches(ua string) bool { return strings.TrimSpace(ua) == "Mozilla/5.0" }

// burst notes a visit and reports whether its client follows too many links.
func (l *Links) burst(client string, id core.LinkID, now time.Time) bool {
	if client == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recent == nil || len(l.recent) >= clients {
		l.recent = map[string][]visit{}
	}
	fresh := l.recent[client][:0]
	known := false
	for _, v := range l.recent[client] {
		if age := now.Sub(v.at); age >= 0 && age < burstTime {
			fresh = append(fresh, v)
			known = known || v.link == id
		}
	}
	if !known && len(fresh) <= burstSize {
		fresh = append(fresh, visit{id, now})
	}
	l.recent[client] = fresh
	return len(fresh) > burstSize
}

// SafeDestination returns a stored destination when it is a path on this site,
// and "/" for anything else: what stands in the database is not trusted either.
func SafeDestination(dest string) string {
	if !strings.HasPrefix(dest, "/") || strings.HasPrefix(dest, "//") || strings.ContainsFunc(dest, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }) {
		return "/"
	}
	return dest
}
