package app

import (
	"context"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // campaigns are scheduled in the creator's zone, on machines without a zone database too

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/campaigns"
	"sselfie/core/jobs"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
	static "sselfie/static/sequences"
)

// Names of the jobs of the voice.
const (
	jobSegments    jobs.Name = "refresh-segments"
	jobSeries      jobs.Name = "mini-product-upsell"
	jobWelcomeBack jobs.Name = "welcome-back-sequence"
	jobCampaigns   jobs.Name = "send-scheduled-campaigns"
	jobAbandoned   jobs.Name = "abandoned-checkout"
)

// voice is everything that writes to people by itself, and hears what they do
// with it.
type voice struct {
	segments  *segments.Service
	series    *sequences.Service
	campaigns *campaigns.Service
	proofs    *sequences.Proofs // nil without mail
	rescue    *sequences.Rescue
	links     *tracking.Links
	desk      mail.Desk
	breaker   *mail.Breaker
	seen      *accounts.Visits
	moved     chan core.UserID // whose segments are to be looked at again
}

// waitingMoves is how many opens, clicks and visits may wait for the segments to
// follow. Those beyond it are caught up with by the refresh of the night.
const waitingMoves = 1000

// library reads and checks the letters of the series.
func (c *Config) library() (*sequences.Library, error) {
	over, err := c.files("sequences")
	if err != nil {
		return nil, err
	}
	files, err := static.Read(over)
	if err != nil {
		return nil, err
	}
	library, bad := sequences.NewLibrary(files)
	if len(bad) > 0 {
		return nil, fmt.Errorf("the letters of the series: %s", strings.Join(bad, "; "))
	}
	return library, nil
}

func (h *house) openVoice(ctx context.Context, library *sequences.Library) (*voice, error) {
	tokens := locksmith.Tokens{}
	v := &voice{
		breaker: &mail.Breaker{Read: h.db, PostalAddress: h.config.Mail.PostalAddress},
		seen:    accounts.NewVisits(sqlite.BindBulk(h.db, func(tx *sqlite.Tx) accounts.VisitTx { return tx }), h.clock),
		moved:   make(chan core.UserID, waitingMoves),
	}
	v.segments = &segments.Service{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: h.db, Clock: h.clock, IDs: h.ids, Catalog: h.catalog, Grace: h.config.GracePeriod,
	}
	v.series = &sequences.Service{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) sequences.Tx { return tx }), Read: h.db, Gate: v.breaker, Clock: h.clock, IDs: h.ids, Tokens: tokens,
		Library: library, Catalog: h.catalog, OptIn: h.config.Mail.Buyers == "opt_in", DoubleOptIn: h.config.Mail.DoubleOptIn,
	}
	v.rescue = &sequences.Rescue{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) sequences.AbandonedTx { return tx }), Read: h.db, Gate: v.breaker, IDs: h.ids, Tokens: tokens, Fold: h.fold, OptIn: v.series.OptIn,
		Product: func(id core.ProductID) (string, bool) {
			p, ok := h.catalog.Product(id)
			return p.Name, ok && !p.Disabled
		},
	}
	v.campaigns = &campaigns.Service{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) campaigns.Tx { return tx }), Read: h.db, Gate: v.breaker, Clock: h.clock, IDs: h.ids, Tokens: tokens,
		Zone: time.LoadLocation,
	}
	v.desk = mail.Desk{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) mail.DeskTx { return tx }), Read: h.db, Signer: h.signer, Clock: h.clock, Fold: h.fold,
	}
	v.links = &tracking.Links{
		Store: sqlite.BindJoined(h.db, func(tx *sqlite.Tx) tracking.LinkTx { return tx }), Read: h.db, Clock: h.clock, Heard: v.heard,
	}
	v.seen.Noted = v.heard
	if err := v.segments.Open(ctx); err != nil {
		return nil, err
	}
	unread, err := v.series.Open(ctx)
	for _, text := range unread {
		h.log.Warn("a letter in your own words does not read; the one that ships stands in for it", "op", "sequences.Open", "text", text)
	}
	return v, err
}

// author puts words into marketing letters before next sets them.
func (h *house) author(next mail.Renderer) *sequences.Author {
	return &sequences.Author{
		Next: next, Bag: h.db, Gate: h.voice.breaker, Library: h.voice.series.Library, Catalog: h.catalog, Brand: h.config.Brand.Name, BaseURL: h.base, Track: h.config.Mail.Tracking,
	}
}

// heard notes that somebody opened, clicked or came, without holding her up.
func (v *voice) heard(user core.UserID) {
	select {
	case v.moved <- user:
	default:
	}
}

// follow brings the segments of those who did something up to date until ctx ends.
func (h *house) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case user := <-h.voice.moved:
			users := []core.UserID{user}
			for n := len(h.voice.moved); n > 0; n-- {
				users = append(users, <-h.voice.moved)
			}
			if _, err := h.voice.segments.Touch(ctx, users); err != nil && ctx.Err() == nil {
				h.log.Warn("segments did not follow what customers did; the refresh of the night does", "op", "segments.Touch", "err", err)
			}
		}
	}
}

// voiceJobs are the jobs that write to people; none of them without mail.
func (h *house) voiceJobs() []jobs.Job {
	v := h.voice
	table := []jobs.Job{{
		Name: jobSegments, Title: "Looks who belongs to which segment", Schedule: jobs.DailyAt(3, 0),
		Work: func(ctx context.Context, now time.Time) (jobs.Counts, error) {
			c, err := v.segments.Refresh(ctx, now)
			return jobs.Counts{Processed: c.Joined + c.Left}, err
		},
	}}
	if h.outbox == nil {
		return table
	}
	series := func(run func(context.Context, time.Time) (sequences.Counts, error)) jobs.Work {
		return func(ctx context.Context, now time.Time) (jobs.Counts, error) {
			c, err := run(ctx, now)
			return jobs.Counts{Processed: c.Sent, Skipped: c.Skipped}, err
		}
	}
	return append(table,
		jobs.Job{Name: jobSeries, Title: "Writes to buyers whose day has come", Schedule: jobs.DailyAt(12, 0), Work: series(v.series.RunDaily)},
		jobs.Job{Name: jobWelcomeBack, Title: "Writes to customers who have been away", Schedule: jobs.DailyAt(12, 30), Work: series(v.series.RunWelcomeBack)},
		jobs.Job{Name: jobAbandoned, Title: "Writes once to whoever left a checkout", Schedule: jobs.Hourly(), Work: series(v.rescue.Run)},
		jobs.Job{
			Name: jobCampaigns, Title: "Sends campaigns whose time has come", Schedule: jobs.Hourly(),
			Work: func(ctx context.Context, now time.Time) (jobs.Counts, error) {
				c, err := v.campaigns.Run(ctx, now)
				return jobs.Counts{Processed: c.Sent, Skipped: c.Skipped}, err
			},
		})
}

// subscriptions answers the links at the foot of letters.
type subscriptions struct{ desk mail.Desk }

// damaged tells the page that a link is not one of ours: the signature is wrong,
// or the letter was forgotten with its account.
func damaged(err error) error {
	if core.Is(err, core.Invalid) || core.Is(err, core.NotFound) {
		return &core.Error{Code: core.TokenInvalid, Op: "app.subscriptions", Message: "This link is damaged. Use the one at the end of the letter.", Err: err}
	}
	return err
}

// Subscription implements web.Letters.
func (s subscriptions) Subscription(ctx context.Context, token string) (web.Subscription, error) {
	who, err := s.desk.View(ctx, token)
	if err != nil {
		return web.Subscription{}, damaged(err)
	}
	return web.Subscription{MaskedMail: who.Address, Stopped: who.Off, Kinds: topics(who.Preferences)}, nil
}

// topics are what somebody may refuse without refusing everything.
func topics(p mail.Preferences) []view.Preference {
	return []view.Preference{
		{Key: "offers", Label: "Letters after a purchase, and offers", Help: "How others use what you bought, and now and then a price that is yours alone.", On: p.Offers && !p.Off},
		{Key: "newsletter", Label: "The monthly letter", Help: "One a month, for people who have bought here.", On: p.Newsletter && !p.Off},
	}
}

// WantedBy implements web.Wishes.
func (s subscriptions) WantedBy(ctx context.Context, address string) (web.Subscription, error) {
	p, err := s.desk.WantedBy(ctx, address)
	return web.Subscription{Stopped: p.Off, Kinds: topics(p)}, err
}

// ChooseFor implements web.Wishes.
func (s subscriptions) ChooseFor(ctx context.Context, user core.UserID, address string, wanted map[string]bool) error {
	return s.desk.ChooseFor(ctx, user, address, mail.Preferences{Offers: wanted["offers"], Newsletter: wanted["newsletter"]})
}

// Stop implements web.Letters.
func (s subscriptions) Stop(ctx context.Context, token string) error {
	return damaged(s.desk.Unsubscribe(ctx, token))
}

// Choose implements web.Letters.
func (s subscriptions) Choose(ctx context.Context, token string, wanted map[string]bool) error {
	return damaged(s.desk.Choose(ctx, token, mail.Preferences{Offers: wanted["offers"], Newsletter: wanted["newsletter"]}))
}

// voiceDesk opens segments and campaigns to the creator.
func (h *house) voiceDesk() *web.Voice {
	return &web.Voice{
		Segments: h.voice.segments, Campaigns: h.voice.campaigns, Series: h.voice.series, Proofs: h.voice.proofs,
		Analytics: func(ctx context.Context, from, to time.Time) (tracking.EmailAnalytics, error) {
			return h.db.EmailAnalytics(ctx, from, to, h.catalog.Studio().Price.Currency)
		},
		Audit: func(ctx context.Context, admin core.UserID, action, subject string) error {
			return h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
				return tx.Audit(ctx, core.Audit{ID: h.ids.NewID("aud"), Actor: string(admin), Action: action, Subject: subject, At: h.clock.Now()})
			})
		},
	}
}

// pausedNotice says on every page of the desk that no marketing goes out, and
// why. The breaker answers from what it counted a short while ago.
func (h *house) pausedNotice() []view.Notice {
	if h.outbox == nil {
		return nil
	}
	why, err := h.voice.breaker.MarketingPaused(context.Background(), h.clock.Now())
	if err != nil || why == "" {
		return nil
	}
	return []view.Notice{{Tone: view.Danger, Title: "No marketing goes out", Text: strings.ToUpper(why[:1]) + why[1:] + ". What people bought or asked for still reaches them."}}
}
