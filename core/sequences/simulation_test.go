package sequences_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/jobs"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// The simulation plays weeks of a shop: purchases, clicks, upgrades, refunds and
// unsubscriptions at random, a process that is down for an hour, a day or five
// weeks, a mail server that is away, a clock that jumps back, and crashes at any
// transaction of a run. Then it reads what people found in their mailboxes, and
// every rule must hold for every one of them, in whatever zone the machine is.
func TestEveryMailRuleForEveryCustomer(t *testing.T) {
	days, customers, places := 60, 200, zones[:1]
	if os.Getenv("SOAK") == "sequences" {
		days, customers, places = 400, 1000, zones
	}
	for seed, place := range places {
		zone, err := time.LoadLocation(place)
		if err != nil {
			t.Fatal(err)
		}
		for name, down := range map[string][]span{
			"always up":        nil,
			"an hour at noon":  {hours(9*24+11, 2), hours(30*24+11, 2)},
			"a day":            {hours(14*24+3, 24), hours(33*24+20, 26)},
			"five weeks":       {hours(12*24+7, 35*24)},
			"here and gone":    {hours(5*24, 80), hours(12*24, 60), hours(20*24+11, 3), hours(40*24, 100)},
			"mail server away": nil,
			"clock jumps":      nil,
		} {
			t.Run(fmt.Sprintf("%s/%s", name, place), func(t *testing.T) {
				t.Parallel()
				s := newWorld(t, uint64(seed), days, customers)
				s.down, s.zone = down, zone
				s.jumps = name == "clock jumps"
				if name == "mail server away" {
					s.away = []span{hours(10*24+5, 50), hours(30*24, 200)}
				}
				s.play()
				s.judge()
			})
		}
	}
}

// zones are where machines stand: with summer time and without, with half and
// quarter hours, on both sides of the date line.
var zones = []string{
	"America/New_York", "UTC", "Europe/Berlin", "Europe/London", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns", "Africa/Lagos", "Africa/Cairo", "Asia/Kolkata",
	"Asia/Kathmandu", "Asia/Tokyo", "Asia/Tehran", "Australia/Sydney", "Australia/Eucla", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
}

// Now implements core.Clock: the same moment, as a machine in this zone says it.
func (w *world) Now() time.Time { return w.clock.Now().In(w.zone) }

// span is a time in hours after the beginning.
type span struct{ from, to time.Time }

func hours(from, long int) span {
	start := coretest.Start.Add(time.Duration(from) * time.Hour)
	return span{start, start.Add(time.Duration(long) * time.Hour)}
}

func within(spans []span, t time.Time) (time.Time, bool) {
	for _, s := range spans {
		if !t.Before(s.from) && t.Before(s.to) {
			return s.to, true
		}
	}
	return t, false
}

type world struct {
	t         *testing.T
	rnd       *rand.Rand
	db        *sqlite.DB
	clock     *coretest.Clock
	svc       *sequences.Service
	box       *mail.Service
	lib       *sequences.Library
	days      int
	customers int
	down      []span // the process
	away      []span // the mail server
	zone      *time.Location
	jumps     bool // the clock is set back now and then

	mu     sync.Mutex
	posted []letter
	crash  func() bool // asked at each transaction of a run
	cancel context.CancelFunc

	events  []event
	clicks  []tracking.Hit // that are still to come
	clicked int
	ended   map[core.UserID]map[string]time.Time // when we knew of unsubscriptions and the like
	refund  map[core.PaymentID]time.Time
}

type event struct {
	at time.Time
	do func(ctx context.Context, tx *sqlite.Tx, now time.Time) error
}

// letter is what lies in a mailbox.
type letter struct {
	id core.MailID
	to string
	at time.Time
}

func newWorld(t *testing.T, seed uint64, days, customers int) *world {
	w := &world{
		t: t, rnd: rand.New(rand.NewPCG(seed, 7)), db: sqlitetest.New(t), clock: coretest.NewClock(), lib: library(t), days: days, customers: customers,
		ended: map[core.UserID]map[string]time.Time{}, refund: map[core.PaymentID]time.Time{},
	}
	ids := &coretest.IDs{}
	w.svc = &sequences.Service{
		Store: w, Read: w.db, Gate: open{}, Clock: w, IDs: ids, Tokens: &coretest.Tokens{}, Library: w.lib, Catalog: catalog.Default(),
	}
	author := &sequences.Author{
		Next: plain{}, Bag: w.db, Gate: open{}, Library: w.lib, Catalog: catalog.Default(), Brand: "Sselfie", BaseURL: "http://x.org", Track: true,
	}
	w.box = mail.New(mail.Ports{
		Store: sqlite.Bind(w.db, func(tx *sqlite.Tx) mail.Tx { return tx }), Reads: w.db, Sender: w, Renderer: author, Minter: nobody{}, Clock: w,
	}, mail.Limits{Lanes: 1})
	return w
}

// Update implements sequences.Store, and crashes now and then: before, after, or
// so that nobody knows.
func (w *world) Update(ctx context.Context, fn func(ctx context.Context, tx sequences.Tx) error) error {
	crash := w.crash != nil && w.crash()
	before := w.rnd.IntN(2) == 0
	if crash && before {
		w.cancel()
		return errors.New("the process is gone")
	}
	err := w.db.UpdateBulk(context.WithoutCancel(ctx), func(ctx context.Context, tx *sqlite.Tx) error { return fn(ctx, tx) })
	if crash {
		w.cancel()
		return errors.Join(err, errors.New("the process is gone after its commit"))
	}
	return err
}

// Open implements mail.Sender.
func (w *world) Open(context.Context) (mail.Conn, error) {
	if _, gone := within(w.away, w.clock.Now()); gone {
		return nil, &mail.SendError{Fault: mail.Down, Stage: "connect", Err: errors.New("refused")}
	}
	return w, nil
}

// Send implements mail.Conn.
func (w *world) Send(_ context.Context, l mail.Letter) error {
	if _, gone := within(w.away, w.clock.Now()); gone {
		return &mail.SendError{Fault: mail.Down, Stage: "connect", Err: errors.New("refused")}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posted = append(w.posted, letter{l.ID, l.To, w.clock.Now()})
	if link := pixel.FindStringSubmatch(l.HTML); link != nil && w.rnd.IntN(3) == 0 {
		w.clicks = append(w.clicks, tracking.Hit{Link: core.LinkID("lnk_" + link[1]), Mail: l.ID, At: w.clock.Now().Add(time.Duration(1+w.rnd.IntN(3*24*60)) * time.Minute)})
	}
	return nil
}

var pixel = regexp.MustCompile(`id=pxl_([A-Za-z0-9_-]+)`)

// click lets those click whose time has come.
func (w *world) click(now time.Time) {
	var later []tracking.Hit
	for _, h := range w.clicks {
		if h.At.After(now) {
			later = append(later, h)
			continue
		}
		w.clicked++
		if err := w.db.UpdateBulk(w.t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.RecordClick(ctx, h) }); err != nil {
			w.t.Fatal(err)
		}
	}
	w.clicks = later
}

// Close implements mail.Conn.
func (w *world) Close() error { return nil }

type open struct{}

func (open) MarketingPaused(context.Context, time.Time) (string, error) { return "", nil }

type nobody struct{}

func (nobody) MintToken(context.Context, core.UserID, mail.TokenPurpose, core.EmailKey) (string, error) {
	return "", errors.New("no token is asked for")
}

type plain struct{}

func (plain) Render(_ context.Context, o mail.Outgoing) (mail.Letter, error) {
	return mail.Letter{ID: o.ID, Kind: o.Kind, To: o.To, Subject: o.Props["subject"], HTML: "<body></body>", Text: o.Props["text"]}, nil
}

// plan draws what happens to everybody.
func (w *world) plan() {
	minis := catalog.Default().OfKind(catalog.Mini)
	for n := range w.customers {
		user := core.UserID(fmt.Sprintf("usr_%04d", n))
		w.ended[user] = map[string]time.Time{}
		first := w.rnd.IntN(w.days * 24 * 60 * 2 / 3)
		buys := 1
		if w.rnd.IntN(3) == 0 {
			buys += 1 + w.rnd.IntN(2)
		}
		for b := range buys {
			if b > 0 {
				first += w.rnd.IntN(12 * 24 * 60)
			}
			p := minis[w.rnd.IntN(len(minis))]
			paid := coretest.Start.Add(time.Duration(first) * time.Minute)
			w.purchase(user, b, p, paid)
			if w.rnd.IntN(8) == 0 {
				w.refunded(user, b, paid.Add(w.span()))
			}
		}
		born := coretest.Start.Add(time.Duration(first) * time.Minute)
		switch w.rnd.IntN(10) {
		case 0, 1:
			w.joins(user, born.Add(w.span()))
		case 2:
			w.leaves(user, "unsubscribed", mail.Unsubscribed, born.Add(w.span()))
		case 3:
			w.leaves(user, "hard_bounce", mail.HardBounce, born.Add(w.span()))
		case 4:
			w.visits(user, born.Add(w.span()))
		}
	}
	slices.SortStableFunc(w.events, func(a, b event) int { return a.at.Compare(b.at) })
}

func (w *world) span() time.Duration { return time.Duration(1+w.rnd.IntN(35*24*60)) * time.Minute }

func (w *world) on(at time.Time, do func(ctx context.Context, tx *sqlite.Tx, now time.Time) error) {
	w.events = append(w.events, event{at, do})
}

func payment(user core.UserID, n int) core.PaymentID {
	return core.PaymentID(fmt.Sprintf("pay_%s_%d", user, n))
}

func (w *world) purchase(user core.UserID, n int, p catalog.Product, paid time.Time) {
	w.on(paid, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		if _, err := tx.UserByID(ctx, user); core.Is(err, core.NotFound) {
			key := string(user) + "@x.org"
			if err := tx.InsertUser(ctx, accounts.User{ID: user, Email: key, Key: core.EmailKey(key), Origin: "purchase", CreatedAt: paid}); err != nil {
				return err
			}
		}
		err := tx.InsertPayment(ctx, billing.Payment{
			ID: payment(user, n), User: user, Product: p.ID, Amount: p.Price.Minor, Subtotal: p.Price.Minor, Currency: "usd", Match: "new",
			Session: "cs_" + string(payment(user, n)), PaidAt: paid, CreatedAt: now,
		})
		if err != nil {
			return err
		}
		if _, err := tracking.Attribute(ctx, tx, tracking.Sale{Payment: payment(user, n), User: user, Key: core.EmailKey(string(user) + "@x.org"), At: now}); err != nil {
			return err
		}
		if err := tx.SavePromotionUse(ctx, billing.PromotionUse{User: user, Code: "MINI20", EndsAt: paid.AddDate(0, 0, 33)}); err != nil {
			return err
		}
		return w.svc.Follow(ctx, tx, user)
	})
}

func (w *world) refunded(user core.UserID, n int, at time.Time) {
	w.on(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		pays, err := tx.PaymentsOf(ctx, user)
		if err != nil {
			return err
		}
		for _, p := range pays {
			if p.ID == payment(user, n) {
				p.Refunded = p.Amount
				w.refund[p.ID] = now
				if err := tx.SavePayment(ctx, p); err != nil {
					return err
				}
				if err := tracking.Revalue(ctx, tx, p.Mail); err != nil {
					return err
				}
			}
		}
		return w.svc.Follow(ctx, tx, user)
	})
}

func (w *world) joins(user core.UserID, at time.Time) {
	w.on(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		if _, err := tx.UserByID(ctx, user); err != nil {
			return nil // she never bought
		}
		w.ended[user]["converted"] = now
		if err := tx.SaveRow(ctx, billing.Row{ID: core.SubscriptionID("sub_" + user), User: user, Type: catalog.EntitlementStudio, Status: "active", Live: true, CreatedAt: at}); err != nil {
			return err
		}
		return w.svc.Follow(ctx, tx, user)
	})
}

func (w *world) leaves(user core.UserID, what string, why mail.Reason, at time.Time) {
	w.on(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		w.ended[user][what] = now
		return tx.SuppressAddress(ctx, mail.Suppression{Key: core.EmailKey(string(user) + "@x.org"), Reason: why, Since: now})
	})
}

func (w *world) visits(user core.UserID, at time.Time) {
	w.on(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		u, err := tx.UserByID(ctx, user)
		if err != nil {
			return nil
		}
		u.LastLoginAt = now
		return tx.SaveUser(ctx, u)
	})
}

// play lets the time pass in half hours.
func (w *world) play() {
	w.plan()
	end := coretest.Start.Add(time.Duration(w.days+40) * 24 * time.Hour)
	w.crash = func() bool { return w.rnd.IntN(25) == 0 }
	runner := w.runner()
	for now := coretest.Start; now.Before(end); now = now.Add(30 * time.Minute) {
		if back, gone := within(w.down, now); gone {
			now = back
			runner = w.runner()
		}
		now = now.In(w.zone)
		w.clock.Advance(now.Sub(w.clock.Now()))
		if w.jumps && w.rnd.IntN(40) == 0 { // for a moment the machine believes an earlier time
			w.clock.Advance(-time.Duration(w.rnd.IntN(30*60)) * time.Minute)
			ctx, cancel := context.WithCancel(w.t.Context())
			w.cancel = cancel
			if _, err := w.runner().RunDue(ctx, w.Now()); err != nil {
				runner = w.runner()
			}
			cancel()
			w.clock.Advance(now.Sub(w.clock.Now()))
		}
		w.click(now)
		for len(w.events) > 0 && !w.events[0].at.After(now) { // what came while we were down comes now
			e := w.events[0]
			w.events = w.events[1:]
			if err := w.db.Update(w.t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return e.do(ctx, tx, now) }); err != nil {
				w.t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(w.t.Context())
		w.cancel = cancel
		if _, err := runner.RunDue(ctx, now); err != nil {
			runner = w.runner() // it comes back at the next half hour
		}
		cancel()
		if now.Minute() == 0 {
			if _, err := w.box.DeliverDue(w.t.Context()); err != nil && !core.Is(err, core.Unavailable) {
				w.t.Fatal(err)
			}
		}
	}
}

func (w *world) runner() *jobs.Runner {
	counts := func(c sequences.Counts, err error) (jobs.Counts, error) {
		return jobs.Counts{Processed: c.Sent, Skipped: c.Skipped}, err
	}
	return &jobs.Runner{
		Jobs: []jobs.Job{
			{Name: "mini-product-upsell", Schedule: jobs.DailyAt(12, 0), Work: func(ctx context.Context, now time.Time) (jobs.Counts, error) {
				return counts(w.svc.RunDaily(ctx, now))
			}},
			{Name: "welcome-back-sequence", Schedule: jobs.DailyAt(12, 30), Work: func(ctx context.Context, now time.Time) (jobs.Counts, error) {
				return counts(w.svc.RunWelcomeBack(ctx, now))
			}},
		},
		Store: sqlite.Bind(w.db, func(tx *sqlite.Tx) jobs.Tx { return tx }), Read: w.db, Clock: w.clock, Wall: w.clock, Since: coretest.Start,
	}
}

// judge reads the mailboxes.
func (w *world) judge() {
	w.crash = nil
	byID := map[core.MailID]sqlite.SequenceMail{}
	log, err := w.db.SequenceLog(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range log {
		byID[m.Mail] = m
	}
	seen := map[string]bool{}
	last := map[string]time.Time{}
	slices.SortStableFunc(w.posted, func(a, b letter) int { return a.at.Compare(b.at) })
	for _, l := range w.posted {
		m := byID[l.id]
		where := fmt.Sprintf("%s/%s to %s at %s", m.Enrolment.Series, m.Step, l.to, l.at.Format(time.DateTime))
		say := func(format string, args ...any) {
			w.t.Helper()
			w.t.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
		}
		key := string(m.Enrolment.ID) + "/" + m.Step
		if seen[key] {
			say("a second time")
		}
		seen[key] = true
		if before, ok := last[l.to]; ok && l.at.Sub(before) < 20*time.Hour {
			say("only %s after the one before", l.at.Sub(before))
		}
		last[l.to] = l.at
		e := m.Enrolment
		steps := w.lib.For(e.Series, e.Product).Steps
		i := slices.IndexFunc(steps, func(st sequences.Step) bool { return st.ID == m.Step })
		due := e.Anchor.Add(time.Duration(steps[i].Day) * 24 * time.Hour)
		if l.at.Before(due) {
			say("before its time, %s", due)
		}
		if e.Series != sequences.Seasonal && i+1 < len(steps) && m.Promised.After(e.Anchor.Add(time.Duration(steps[i+1].Day)*24*time.Hour)) {
			say("after the time of the next step")
		}
		if late := l.at.Sub(due); late > (3*24+24)*time.Hour+time.Hour {
			say("%s late", late)
		}
		for what, since := range w.ended[e.User] {
			if what == "converted" && e.Series == sequences.WelcomeBack {
				continue
			}
			if l.at.After(since) && since.After(e.Anchor) {
				say("although she %s on %s", what, since.Format(time.DateTime))
			}
		}
		if since, ok := w.refund[e.Payment]; ok && l.at.After(since) {
			say("although it was refunded on %s", since.Format(time.DateTime))
		}
	}
	if len(w.posted) < w.customers {
		w.t.Errorf("only %d letters for %d customers: the simulation proves nothing", len(w.posted), w.customers)
	}
	if w.clicked < len(w.posted)/5 {
		w.t.Errorf("only %d clicks in %d letters", w.clicked, len(w.posted))
	}
	if err := w.db.View(w.t.Context(), func(ctx context.Context, v sqlite.View) error {
		found, err := v.VerifyVoice(ctx, segments.Query{Now: w.clock.Now()})
		for _, f := range found {
			w.t.Error(f)
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	w.judgeOrder(log)
	w.judgeCompleteness(log)
}

// judgeOrder: whenever a letter of an older purchase was promised, no newer
// purchase of the same person had one that was due.
func (w *world) judgeOrder(log []sqlite.SequenceMail) {
	steps, err := w.db.StepLog(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	became := map[string]time.Time{} // enrolment/step: when something became of it
	for _, s := range steps {
		became[string(s.Enrolment)+"/"+s.Step] = s.At
	}
	all := map[core.UserID][]sequences.Enrolment{}
	for _, m := range log {
		if !slices.ContainsFunc(all[m.Enrolment.User], func(e sequences.Enrolment) bool { return e.ID == m.Enrolment.ID }) {
			all[m.Enrolment.User] = append(all[m.Enrolment.User], m.Enrolment)
		}
	}
	for _, m := range log {
		if m.Enrolment.Series == sequences.WelcomeBack {
			continue // a run of its own
		}
		for _, e := range all[m.Enrolment.User] {
			if !e.Bought.After(m.Enrolment.Bought) || e.Series != sequences.MiniProduct || !e.Anchor.Before(m.Promised) {
				continue
			}
			for i, st := range w.lib.For(e.Series, e.Product).Steps {
				at := became[string(e.ID)+"/"+st.ID]
				due := st.At(e.Anchor)
				list := w.lib.For(e.Series, e.Product).Steps
				over := i+1 < len(list) && !list[i+1].At(e.Anchor).After(m.Promised)
				if !due.After(m.Promised) && !over && m.Promised.Sub(due) < 72*time.Hour && (at.IsZero() || at.After(m.Promised)) && (e.Ended.IsZero() || e.Ended.After(m.Promised)) {
					w.t.Errorf("%s/%s of %s went before %s of the newer purchase %s", m.Enrolment.Series, m.Step, m.Enrolment.User, st.ID, e.Product)
				}
			}
		}
	}
}

// judgeCompleteness: nothing is forgotten. Of an enrolment that ran to its end,
// every step was sent or skipped for a reason; and where nothing ever went wrong
// all were sent.
func (w *world) judgeCompleteness(log []sqlite.SequenceMail) {
	steps, err := w.db.StepLog(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	sent, skipped := 0, 0
	for _, s := range steps {
		switch s.Outcome {
		case "sent":
			sent++
		case "skipped":
			skipped++
			known := strings.Contains(s.Reason, "next step") || strings.Contains(s.Reason, "3 days ago") || strings.Contains(s.Reason, "offer") || strings.Contains(s.Reason, "credits")
			if !known {
				w.t.Errorf("%s/%s was skipped because %q", s.Enrolment, s.Step, s.Reason)
			}
		}
	}
	if sent != len(log) {
		w.t.Errorf("%d steps are noted as sent, %d letters were promised", sent, len(log))
	}
	if len(w.down) == 0 && len(w.away) == 0 {
		for _, s := range steps {
			if s.Outcome == "skipped" && strings.Contains(s.Reason, "3 days ago") && !w.several(s.Enrolment, log) {
				w.t.Errorf("%s/%s was late although nothing was ever down", s.Enrolment, s.Step)
			}
		}
	}
	w.t.Logf("%d letters in mailboxes, %d steps sent, %d skipped", len(w.posted), sent, skipped)
}

// several reports whether the person of an enrolment has others, which can hold
// its letters back.
func (w *world) several(id sequences.ID, log []sqlite.SequenceMail) bool {
	var user core.UserID
	ids := map[sequences.ID]bool{}
	for _, m := range log {
		if m.Enrolment.ID == id {
			user = m.Enrolment.User
		}
	}
	for _, m := range log {
		if m.Enrolment.User == user {
			ids[m.Enrolment.ID] = true
		}
	}
	return cmp.Compare(len(ids), 1) != 0
}
