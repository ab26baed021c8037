package mail

import (
	"context"
	"strings"
	"sync"
	"time"

	"sselfie/core"
)

// Owner is whom a mail was sent to.
type Owner struct {
	Mail core.MailID
	User core.UserID // "" for an address without an account
	Key  core.EmailKey
	To   string
}

// Preferences are what a person wants to get. Off is the whole of marketing.
type Preferences struct {
	Offers     bool `json:"offers"`
	Newsletter bool `json:"newsletter"`
	Off        bool `json:"off"`
}

// DeskTx is what answering a letter does inside a transaction.
type DeskTx interface {
	// MailOwner returns whom a mail went to; core.NotFound for an unknown one.
	MailOwner(ctx context.Context, id core.MailID) (Owner, error)
	SuppressAddress(ctx context.Context, s Suppression) error
	LiftSuppression(ctx context.Context, key core.EmailKey, reason Reason) error
	// MarkUnsubscribed notes at whom and at which mail it ended; at zero takes the
	// note at the account back.
	MarkUnsubscribed(ctx context.Context, o Owner, at time.Time) error
	// SavePreferences keeps which topics an address wants.
	SavePreferences(ctx context.Context, key core.EmailKey, p Preferences, at time.Time) error
	// EndSeriesOf ends every series of whoever reads at an address, and withdraws
	// marketing that waits for it in the outbox.
	EndSeriesOf(ctx context.Context, key core.EmailKey, reason string, at time.Time) error
	// SaveReport keeps a report; false when it came before.
	SaveReport(ctx context.Context, r Report, o Owner) (fresh bool, err error)
	// SoftBounces returns how many reports of a soft bounce there are of an address
	// since a time and not forgiven, and on how many days of UTC.
	SoftBounces(ctx context.Context, key core.EmailKey, since time.Time) (reports, days int, err error)
	// ForgiveSoftBounces makes those up to a time count no longer.
	ForgiveSoftBounces(ctx context.Context, key core.EmailKey, upTo time.Time) error
	// MarkBounced notes that a mail that was sent came back.
	MarkBounced(ctx context.Context, id core.MailID, detail string) error
}

// DeskStore runs fn in one transaction.
type DeskStore interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx DeskTx) error) error
}

// DeskReads looks things up.
type DeskReads interface {
	MailOwner(ctx context.Context, id core.MailID) (Owner, error)
	// PreferencesOf returns what an address wants, everything where nothing is known.
	PreferencesOf(ctx context.Context, key core.EmailKey) (Preferences, error)
}

// Signer signs what travels in links.
type Signer interface {
	Sign(purpose, value string) string
	Verify(purpose, value, signature string) bool
}

// Desk answers unsubscribe links, preferences, bounces and complaints.
type Desk struct {
	Store  DeskStore
	Read   DeskReads
	Signer Signer
	Clock  core.Clock
	Fold   core.Fold
}

const unsubscribing = "unsubscribe"

// Token returns the token of a mail's unsubscribe link. It names the mail and
// nobody's address, and never runs out: a letter can be answered after years.
func (d Desk) Token(id core.MailID) string {
	return string(id) + "." + d.Signer.Sign(unsubscribing, string(id))
}

// UnsubscribeToken is Token as the renderer of letters asks for it.
func (d Desk) UnsubscribeToken(_ context.Context, o Outgoing) (string, error) {
	return d.Token(o.ID), nil
}

func (d Desk) open(token string) (core.MailID, error) {
	id, signature, ok := strings.Cut(token, ".")
	if !ok || len(token) > 300 || !d.Signer.Verify(unsubscribing, id, signature) {
		return "", &core.Error{Code: core.Invalid, Op: "mail.unsubscribe", Message: "This link is damaged. Use the one at the end of the letter."}
	}
	return core.MailID(id), nil
}

// Subscriber is what the preference page shows.
type Subscriber struct {
	Address string // masked: a forwarded letter must not tell it
	Preferences
}

// View returns what the page behind an unsubscribe link shows. It changes
// nothing: scanners follow links.
func (d Desk) View(ctx context.Context, token string) (Subscriber, error) {
	id, err := d.open(token)
	if err != nil {
		return Subscriber{}, err
	}
	o, err := d.Read.MailOwner(ctx, id)
	if err != nil {
		return Subscriber{}, err
	}
	p, err := d.Read.PreferencesOf(ctx, o.Key)
	return Subscriber{Address: Mask(o.To), Preferences: p}, err
}

// Unsubscribe ends all marketing to whoever got the letter, and withdraws what
// waits for them, in one transaction. The second time is boring.
func (d Desk) Unsubscribe(ctx context.Context, token string) error {
	id, err := d.open(token)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(ctx context.Context, tx DeskTx) error {
		o, err := tx.MailOwner(ctx, id)
		if err != nil {
			return err
		}
		return d.off(ctx, tx, o)
	})
}

func (d Desk) off(ctx context.Context, tx DeskTx, o Owner) error {
	now := d.Clock.Now()
	if err := tx.SuppressAddress(ctx, Suppression{Key: o.Key, Reason: Unsubscribed, Since: now}); err != nil {
		return err
	}
	if err := tx.MarkUnsubscribed(ctx, o, now); err != nil {
		return err
	}
	return tx.EndSeriesOf(ctx, o.Key, string(Unsubscribed), now)
}

// Choose keeps what a person wants, by the link of a letter.
func (d Desk) Choose(ctx context.Context, token string, p Preferences) error {
	id, err := d.open(token)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(ctx context.Context, tx DeskTx) error {
		o, err := tx.MailOwner(ctx, id)
		if err != nil {
			return err
		}
		return d.choose(ctx, tx, o, p)
	})
}

// WantedBy returns what a signed-in customer gets at her address.
func (d Desk) WantedBy(ctx context.Context, address string) (Preferences, error) {
	return d.Read.PreferencesOf(ctx, d.Fold(address))
}

// ChooseFor keeps what a signed-in customer wants.
func (d Desk) ChooseFor(ctx context.Context, user core.UserID, address string, p Preferences) error {
	return d.Store.Update(ctx, func(ctx context.Context, tx DeskTx) error {
		return d.choose(ctx, tx, Owner{User: user, Key: d.Fold(address), To: address}, p)
	})
}

// choose: who wants something again comes off the list, unless it was a
// complaint or a bounce that put the address there.
func (d Desk) choose(ctx context.Context, tx DeskTx, o Owner, p Preferences) error {
	now := d.Clock.Now()
	if err := tx.SavePreferences(ctx, o.Key, p, now); err != nil {
		return err
	}
	if p.Off || !p.Offers && !p.Newsletter {
		return d.off(ctx, tx, o)
	}
	if err := tx.LiftSuppression(ctx, o.Key, Unsubscribed); err != nil {
		return err
	}
	return tx.MarkUnsubscribed(ctx, o, time.Time{})
}

// Mask returns an address as somebody may see it who should not learn it.
func Mask(address string) string {
	name, host, ok := strings.Cut(address, "@")
	if !ok || name == "" {
		return "…"
	}
	return string([]rune(name)[:1]) + "…@" + host
}

// Volume is what happened to marketing in the last 7 days.
type Volume struct{ Sent, Bounced, Complained int }

// The breaker: above these shares marketing stops. A handful is no pattern however
// few letters went out, and more than that is one, however few.
const (
	bounceShare    = 0.04
	complaintShare = 0.001
	bouncesMin     = 5 // a few addresses with a typing mistake
	complaintsMin  = 2 // one person's finger
	// BreakerWindow is how far back the breaker looks.
	BreakerWindow = 7 * 24 * time.Hour
)

// Trip says why marketing has to stop, "" when it may go on.
func Trip(v Volume) string {
	switch {
	case v.Bounced >= bouncesMin && float64(v.Bounced) > bounceShare*float64(v.Sent):
		return "marketing is paused: " + share(v.Bounced, v.Sent) + " of the mails of the last 7 days bounced, more than 4%"
	case v.Sent > 0 && v.Complained >= complaintsMin && float64(v.Complained) > complaintShare*float64(v.Sent):
		return "marketing is paused: " + share(v.Complained, v.Sent) + " of the mails of the last 7 days were marked as spam, more than 0.1%"
	}
	return ""
}

// share returns n of all in percent with two places, without floating point.
func share(n, all int) string {
	x := n * 10000 / max(all, 1)
	return itoa(x/100) + "." + itoa(x/10%10) + itoa(x%10) + "%"
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// BreakerReads counts.
type BreakerReads interface {
	MarketingVolume(ctx context.Context, since time.Time) (Volume, error)
}

// Breaker says whether marketing may go out.
type Breaker struct {
	Read          BreakerReads
	PostalAddress string // the law wants one under marketing
	Every         time.Duration

	mu    sync.Mutex
	asked time.Time
	last  string
}

// MarketingPaused returns why no marketing goes out at now, "" when it does. It
// counts anew once in a while only.
func (b *Breaker) MarketingPaused(ctx context.Context, now time.Time) (string, error) {
	if strings.TrimSpace(b.PostalAddress) == "" {
		return "marketing is paused: the postal address of the sender is missing", nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	every := b.Every
	if every <= 0 {
		every = 5 * time.Minute
	}
	if age := now.Sub(b.asked); !b.asked.IsZero() && age >= 0 && age < every {
		return b.last, nil
	}
	v, err := b.Read.MarketingVolume(ctx, now.Add(-BreakerWindow))
	if err != nil {
		return "", err
	}
	b.asked, b.last = now, Trip(v)
	return b.last, nil
}
