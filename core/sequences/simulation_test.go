package sequences_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	"sselfie/core/campaigns"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/jobs"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// The simulation plays weeks of a shop: addresses that are left, purchases,
// clicks, upgrades, refunds, disputes, refusals and unsubscriptions at random,
// campaigns in between, a process that is down for an hour, a day or five weeks, a
// mail server that is away, a clock that jumps, and crashes at any transaction of
// a run and of a delivery. Then it reads what people found in their mailboxes,
// and every rule must hold for every one of them, in whatever zone the machine is.
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
		for name, sky := range weathers {
			t.Run(fmt.Sprintf("%s/%s", name, place), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, sky, zone, uint64(seed), days, customers)
				w.play()
				w.judge()
			})
		}
	}
}

// weather is what comes over a shop from outside, and how it treats its buyers.
type weather struct {
	down        []span // the process
	away        []span // the mail server
	paused      []span // all marketing
	jumps       bool   // the clock is set wrong now and then
	optIn       bool   // only who ticked the box is written to
	doubleOptIn bool   // a captured address is written to once it is proven
}

var weathers = map[string]weather{
	"always up":         {doubleOptIn: true},
	"an hour at noon":   {down: []span{hours(9*24-1, 2), hours(30*24-1, 2)}},
	"a day":             {down: []span{hours(14*24+15, 24), hours(33*24+8, 26)}, optIn: true},
	"five weeks":        {down: []span{hours(12*24+19, 35*24)}},
	"here and gone":     {down: []span{hours(5*24, 80), hours(12*24, 60), hours(20*24-1, 3), hours(40*24, 100)}, doubleOptIn: true},
	"mail server away":  {away: []span{hours(10*24+5, 50), hours(30*24, 200)}},
	"clock jumps":       {jumps: true},
	"marketing at rest": {paused: []span{hours(11*24, 30), hours(25*24+9, 120)}, optIn: true, doubleOptIn: true},
}

// zones are where machines stand: with summer time and without, with half and
// quarter hours, on both sides of the date line.
var zones = []string{
	"America/New_York", "UTC", "Europe/Berlin", "Europe/London", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns", "Africa/Lagos", "Africa/Cairo", "Asia/Kolkata",
	"Asia/Kathmandu", "Asia/Tokyo", "Asia/Tehran", "Australia/Sydney", "Australia/Eucla", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
}

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

// world is the shop, its customers' mailboxes, and what is known of the truth.
type world struct {
	weather
	diary
	t     *testing.T
	rnd   *rand.Rand // of the customers and the jobs
	db    *sqlite.DB
	path  string
	clock *coretest.Clock
	zone  *time.Location
	lib   *sequences.Library

	svc       *sequences.Service
	rescue    *sequences.Rescue
	campaigns *campaigns.Service
	segments  *segments.Service
	desk      mail.Desk
	box       *mail.Service // of this life of the process
	runner    *jobs.Runner
	author    *sequences.Author

	crashes bool // whether the process may crash at all
	dead    bool // it has, and comes back at the next half hour
	owed    bool // a run that is due may not have been done
	life    int  // how often it came back
	cancel  context.CancelFunc
	post    *rand.Rand // of the delivery, which has goroutines of its own
	mu      sync.Mutex

	days      int
	customers int
	events    []event
}

func newWorld(t *testing.T, sky weather, zone *time.Location, seed uint64, days, customers int) *world {
	w := &world{
		weather: sky, diary: newDiary(), t: t, rnd: rand.New(rand.NewPCG(seed, 7)), post: rand.New(rand.NewPCG(seed, 8)),
		clock: coretest.NewClock(), zone: zone, lib: library(t), days: days, customers: customers, crashes: true,
	}
	w.db, w.path = sqlitetest.NewAt(t, sqlite.Options{})
	ids, tokens := &coretest.IDs{}, &coretest.Tokens{}
	w.segments = &segments.Service{Store: door(w, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: w.db, Clock: w, IDs: ids, Catalog: catalog.Default()}
	w.svc = &sequences.Service{
		Store: door(w, func(tx *sqlite.Tx) sequences.Tx { return tx }), Read: w.db, Gate: w, Clock: w, IDs: ids, Tokens: tokens, Library: w.lib, Catalog: catalog.Default(),
		OptIn: sky.optIn, DoubleOptIn: sky.doubleOptIn,
	}
	w.rescue = &sequences.Rescue{
		Store: door(w, func(tx *sqlite.Tx) sequences.AbandonedTx { return tx }), Read: w.db, Gate: w, IDs: ids, Tokens: tokens, Fold: coretest.Fold, OptIn: sky.optIn,
		Product: func(core.ProductID) (string, bool) { return "Bio Glow-Up", true },
	}
	w.campaigns = &campaigns.Service{
		Store: door(w, func(tx *sqlite.Tx) campaigns.Tx { return tx }), Read: w.db, Gate: w, Clock: w, IDs: ids, Tokens: tokens, Zone: time.LoadLocation,
	}
	w.desk = mail.Desk{Store: sqlite.Bind(w.db, func(tx *sqlite.Tx) mail.DeskTx { return tx }), Read: w.db, Signer: seal{}, Clock: w, Fold: coretest.Fold}
	w.author = &sequences.Author{
		Next: plain{}, Bag: w.db, Gate: w, Library: w.lib, Catalog: catalog.Default(), Brand: "Sselfie", BaseURL: "http://x.org", Track: true,
	}
	if err := w.db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
		for _, seg := range segments.BuiltIn(catalog.Default()) {
			if err := tx.SaveSegment(ctx, seg, w.Now()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.restart()
	return w
}

// Now implements core.Clock: the same moment, as a machine in this zone says it.
func (w *world) Now() time.Time { return w.clock.Now().In(w.zone) }

// MarketingPaused implements sequences.Gate.
func (w *world) MarketingPaused(_ context.Context, now time.Time) (string, error) {
	if _, yes := within(w.paused, now); yes {
		return "marketing rests", nil
	}
	return "", nil
}

var errGone = errors.New("the process is gone")

// through is the way to the file for one service. The process dies on it now and
// then: before a transaction, or after it, so that nobody knows.
type through[T any] struct {
	w      *world
	seldom int // one transaction in so many is its last
	as     func(*sqlite.Tx) T
}

func door[T any](w *world, as func(*sqlite.Tx) T) through[T] { return through[T]{w, 25, as} }

// Update implements the services' stores.
func (d through[T]) Update(ctx context.Context, fn func(ctx context.Context, tx T) error) error {
	return d.w.transact(ctx, d.w.rnd, d.seldom, func(ctx context.Context, tx *sqlite.Tx) error { return fn(ctx, d.as(tx)) })
}

// postDoor is the same for the delivery.
type postDoor struct {
	w    *world
	life int
}

// Update implements mail.Store.
func (o postDoor) Update(ctx context.Context, fn func(ctx context.Context, tx mail.Tx) error) error {
	if o.life != o.w.life {
		return errGone
	}
	return o.w.transact(ctx, o.w.post, 12, func(ctx context.Context, tx *sqlite.Tx) error { return fn(ctx, tx) })
}

func (w *world) transact(ctx context.Context, rnd *rand.Rand, seldom int, fn func(ctx context.Context, tx *sqlite.Tx) error) error {
	w.mu.Lock()
	if w.dead {
		w.mu.Unlock()
		return errGone
	}
	crash, before := w.crashes && rnd.IntN(seldom) == 0, rnd.IntN(2) == 0
	if crash {
		w.dead, w.crashed = true, w.crashed+1
		w.cancel()
	}
	w.mu.Unlock()
	if crash && before {
		return errGone
	}
	err := w.db.UpdateBulk(context.WithoutCancel(ctx), fn)
	if crash {
		return errors.Join(err, errGone)
	}
	return err
}

// restart begins the next life of the process.
func (w *world) restart() {
	w.dead, w.owed = false, true
	w.life++
	w.box = mail.New(mail.Ports{Store: postDoor{w, w.life}, Reads: w.db, Sender: w, Renderer: w.author, Minter: nobody{}, Clock: w}, mail.Limits{Lanes: 1})
	w.runner = w.newRunner()
	w.alive(func(ctx context.Context) { _, _ = w.box.Requeue(ctx) }) // it is asked again where this fails
}

// alive does something as the process does it, until it is over or crashes.
func (w *world) alive(do func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	w.cancel = cancel
	do(ctx)
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
	now := w.clock.Now()
	if _, gone := within(w.away, now); gone {
		return &mail.SendError{Fault: mail.Down, Stage: "connect", Err: errors.New("refused")}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return &mail.SendError{Fault: mail.Down, Stage: "connect", Err: errGone}
	}
	if since, closed := w.closed[l.To]; closed && !now.Before(since) {
		w.tried[l.To] = append(w.tried[l.To], letter{l.ID, l.Kind, l.To, l.Subject, now, w.life})
		return &mail.SendError{Fault: mail.Bounced, Stage: "rcpt", Code: 550, Err: errors.New("no such mailbox")}
	}
	w.posted = append(w.posted, letter{l.ID, l.Kind, l.To, l.Subject, now, w.life})
	if link := pixel.FindStringSubmatch(l.HTML); link != nil && w.post.IntN(3) == 0 {
		w.clicks = append(w.clicks, tracking.Hit{Link: core.LinkID("lnk_" + link[1]), Mail: l.ID, At: now.Add(time.Duration(1+w.post.IntN(3*24*60)) * time.Minute)})
	}
	return nil
}

var pixel = regexp.MustCompile(`id=pxl_([A-Za-z0-9_-]+)`)

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

type seal struct{}

func (seal) Sign(purpose, _ string) string      { return purpose }
func (seal) Verify(purpose, _, sig string) bool { return purpose == sig }

// play lets the time pass in half hours.
func (w *world) play() {
	w.plan()
	end := coretest.Start.Add(time.Duration(w.days+40) * 24 * time.Hour)
	for now := coretest.Start; now.Before(end); now = now.Add(30 * time.Minute) {
		if back, gone := within(w.down, now); gone {
			now, w.dead = back, true
		}
		w.clock.Advance(now.Sub(w.clock.Now()))
		for w.dead { // it can die while it starts
			w.restart()
		}
		w.jump(now)
		w.click(now)
		w.happen(now)
		w.run(now)
		if w.rnd.IntN(8) > 0 {
			w.deliver()
		}
	}
	w.crashes = false
	if w.dead {
		w.restart()
	}
	w.deliver()
}

// run runs what is due: at the times of the table, and whenever something is owed
// since a run that failed or a time that was missed.
func (w *world) run(now time.Time) {
	if !w.owed && !slices.ContainsFunc(w.runner.Jobs, func(j jobs.Job) bool { return j.Schedule.Latest(now).Equal(now) }) {
		return
	}
	w.alive(func(ctx context.Context) {
		_, err := w.runner.RunDue(ctx, w.Now())
		w.owed = err != nil
	})
}

// jump lets the machine believe another time for a moment: an earlier one, or one
// that is up to an hour ahead.
func (w *world) jump(now time.Time) {
	if !w.jumps || w.rnd.IntN(40) > 0 {
		return
	}
	by := -time.Duration(w.rnd.IntN(30*60)) * time.Minute
	if w.rnd.IntN(2) == 0 {
		by = time.Duration(w.rnd.Int64N(int64(ahead)))
	}
	w.clock.Advance(by)
	w.owed = true
	w.run(now)
	w.owed = true
	w.clock.Advance(now.Sub(w.clock.Now()))
	for w.dead {
		w.restart()
	}
}

// ahead is how much too early a machine believes that it is at most.
const ahead = time.Hour

func (w *world) deliver() {
	if due, err := w.box.Waiting(w.t.Context(), w.clock.Now()); err != nil {
		w.t.Fatal(err)
	} else if !due || w.dead {
		return
	}
	w.alive(func(ctx context.Context) {
		if _, err := w.box.DeliverDue(ctx); err != nil && !w.dead && !core.Is(err, core.Unavailable) {
			w.t.Fatal(err)
		}
	})
}

func (w *world) newRunner() *jobs.Runner {
	series := func(run func(context.Context, time.Time) (sequences.Counts, error)) jobs.Work {
		return func(ctx context.Context, now time.Time) (jobs.Counts, error) {
			c, err := run(ctx, now)
			return jobs.Counts{Processed: c.Sent, Skipped: c.Skipped}, err
		}
	}
	// What the shop does every hour is done every third here, and every night once a
	// week: no rule hangs on it, and 400 days are long.
	often := jobs.Schedule{Every: 3 * time.Hour}
	return &jobs.Runner{
		Jobs: []jobs.Job{
			{Name: "refresh-segments", Schedule: jobs.Schedule{Every: 7 * 24 * time.Hour, At: 3 * time.Hour}, Work: func(ctx context.Context, now time.Time) (jobs.Counts, error) {
				c, err := w.segments.Refresh(ctx, now)
				return jobs.Counts{Processed: c.Joined + c.Left}, err
			}},
			{Name: "mini-product-upsell", Schedule: jobs.DailyAt(12, 0), Work: series(w.svc.RunDaily)},
			{Name: "welcome-back-sequence", Schedule: jobs.DailyAt(12, 30), Work: series(w.svc.RunWelcomeBack)},
			{Name: "abandoned-checkout", Schedule: often, Work: series(w.rescue.Run)},
			{Name: "send-scheduled-campaigns", Schedule: often, Work: func(ctx context.Context, now time.Time) (jobs.Counts, error) {
				c, err := w.campaigns.Run(ctx, now)
				return jobs.Counts{Processed: c.Sent, Skipped: c.Skipped}, err
			}},
		},
		Store: through[jobs.Tx]{w, 200, func(tx *sqlite.Tx) jobs.Tx { return tx }}, Read: w.db, Clock: w, Wall: w, Since: coretest.Start,
	}
}

// Whoever judges must be able to find fault: a world that is quiet proves nothing.
func (w *world) lively() {
	kinds := map[mail.Kind]int{}
	for _, l := range w.posted {
		kinds[l.kind]++
	}
	if kinds[mail.Sequence] < w.customers || kinds[mail.Campaign] == 0 || kinds[mail.AbandonedCheckout] == 0 || w.clicked < len(w.posted)/5 || w.crashed < w.days/10 {
		w.t.Errorf("%v letters for %d customers, %d clicks, %d crashes: the simulation proves nothing", kinds, w.customers, w.clicked, w.crashed)
	}
	var said []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		said = append(said, fmt.Sprintf("%d %s", kinds[kind], kind))
	}
	w.t.Logf("%s, %d clicks, %d crashes", strings.Join(said, ", "), w.clicked, w.crashed)
}
