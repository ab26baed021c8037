package campaigns_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/campaigns"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

type desk struct {
	t      *testing.T
	db     *sqlite.DB
	clock  *coretest.Clock
	svc    *campaigns.Service
	paused string
	fail   int // updates from now until one fails; 0 for never
}

func (d *desk) MarketingPaused(context.Context, time.Time) (string, error) { return d.paused, nil }

// Update implements campaigns.Store, and crashes after a commit when asked to.
func (d *desk) Update(ctx context.Context, fn func(ctx context.Context, tx campaigns.Tx) error) error {
	err := d.db.UpdateBulk(ctx, func(ctx context.Context, tx *sqlite.Tx) error { return fn(ctx, tx) })
	if d.fail > 0 {
		if d.fail--; d.fail == 0 {
			return errors.Join(err, errors.New("the process is gone"))
		}
	}
	return err
}

const segment segments.ID = "seg_all"

func newDesk(t *testing.T, people int) *desk {
	d := &desk{t: t, db: sqlitetest.New(t), clock: coretest.NewClock()}
	d.svc = &campaigns.Service{
		Store: d, Read: d.db, Gate: d, Clock: d.clock, IDs: &coretest.IDs{}, Tokens: &coretest.Tokens{}, Zone: time.LoadLocation,
	}
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		days := 0
		if err := tx.SaveSegment(ctx, segments.Segment{ID: segment, Name: "All", Rule: segments.Rule{LastSeen: &segments.Ago{AtLeast: &days}}}, d.clock.Now()); err != nil {
			return err
		}
		var in []segments.Change
		for n := range people {
			id := core.UserID(fmt.Sprintf("usr_%04d", n))
			key := fmt.Sprintf("u%04d@x.org", n)
			if err := tx.InsertUser(ctx, accounts.User{ID: id, Email: key, Key: core.EmailKey(key), Origin: "purchase", CreatedAt: d.clock.Now()}); err != nil {
				return err
			}
			in = append(in, segments.Change{User: id, In: true})
		}
		_, _, err := tx.ApplyMembers(ctx, segment, in, d.clock.Now())
		return err
	})
	return d
}

func (d *desk) update(fn func(ctx context.Context, tx *sqlite.Tx) error) {
	d.t.Helper()
	if err := d.db.Update(d.t.Context(), fn); err != nil {
		d.t.Fatal(err)
	}
}

func good() campaigns.Campaign {
	return campaigns.Campaign{
		Name: "Spring", Subject: "The light is back", Body: "Go outside.", Action: "Open the studio", Path: "/studio", Topic: sequences.Offers, Segment: segment, Goal: campaigns.Clicks,
	}
}

func (d *desk) begin(c campaigns.Campaign) campaigns.ID {
	d.t.Helper()
	c, err := d.svc.Save(d.t.Context(), c)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.svc.Schedule(d.t.Context(), c.ID, "2026-03-03T14:00", "Europe/Berlin", "usr_admin"); err != nil {
		d.t.Fatal(err)
	}
	d.clock.Advance(time.Hour + time.Minute)
	return c.ID
}

func (d *desk) run() campaigns.Counts {
	d.t.Helper()
	c, err := d.svc.Run(d.t.Context(), d.clock.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) get(id campaigns.ID) campaigns.Campaign {
	d.t.Helper()
	c, err := d.db.CampaignByID(d.t.Context(), string(id))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) deliver() {
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		out, err := tx.ClaimMails(ctx, mail.Bulk, d.clock.Now(), 10000)
		if err != nil {
			return err
		}
		var marks []mail.Mark
		for _, o := range out {
			marks = append(marks, mail.Mark{ID: o.ID, State: mail.StateSent, Attempts: 1, Next: o.Due, SentAt: d.clock.Now()})
		}
		return tx.MarkMails(ctx, marks)
	})
}

func TestWhatCannotBeSavedOrScheduled(t *testing.T) {
	d := newDesk(t, 1)
	for name, c := range map[string]struct {
		change func(*campaigns.Campaign)
		field  string
	}{
		"no subject":                 {func(c *campaigns.Campaign) { c.Subject = " " }, "subject"},
		"a template":                 {func(c *campaigns.Campaign) { c.Body = "{{.Email}}" }, "body"},
		"a field of fantasy":         {func(c *campaigns.Campaign) { c.Body = "Dear {name}" }, "body"},
		"a subject about a purchase": {func(c *campaigns.Campaign) { c.Subject = "Your {product}" }, "subject"},
		"a second subject about one": {func(c *campaigns.Campaign) { c.SubjectB = "{credits_used} used" }, "subjectB"},
		"a link that leaves":         {func(c *campaigns.Campaign) { c.Path = "//evil.example" }, "path"},
		"a path with an accent":      {func(c *campaigns.Campaign) { c.Path = "/été" }, "path"},
		"a field in the path":        {func(c *campaigns.Campaign) { c.Path = "/{product}" }, "path"},
		"a path that turns":          {func(c *campaigns.Campaign) { c.Path = "/\u202estudio" }, "path"},
		"a header in disguise":       {func(c *campaigns.Campaign) { c.Subject = "a\r\nBcc: b@x" }, "subject"},
		"no topic":                   {func(c *campaigns.Campaign) { c.Topic = "news" }, "topic"},
		"everybody left out":         {func(c *campaigns.Campaign) { c.HoldOut = 90 }, "holdOut"},
		"a goal of fantasy":          {func(c *campaigns.Campaign) { c.Goal = "likes" }, "goal"},
		"a test of nobody":           {func(c *campaigns.Campaign) { c.SubjectB = "x" }, "testShare"},
		"no such segment":            {func(c *campaigns.Campaign) { c.Segment = "seg_none" }, "segment"},
	} {
		bad := good()
		c.change(&bad)
		_, err := d.svc.Save(t.Context(), bad)
		var e *core.Error
		if !errors.As(err, &e) || e.Fields[c.field] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := d.svc.Save(t.Context(), good())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]struct{ at, zone, field string }{
		"in the past":                         {"2026-03-03T12:59", "Europe/Berlin", "sendAt"},
		"no time":                             {"tomorrow", "Europe/Berlin", "sendAt"},
		"in two years":                        {"2028-03-03T12:59", "Europe/Berlin", "sendAt"},
		"a zone of fantasy":                   {"2026-04-03T12:59", "Europe/Atlantis", "zone"},
		"the server's own":                    {"2026-04-03T12:59", "Local", "zone"},
		"no zone is no zone":                  {"2026-04-03T12:59", "", "zone"},
		"an hour that the clocks leave out":   {"2026-03-29T02:30", "Europe/Berlin", "sendAt"},
		"one that they leave out in New York": {"2026-03-08T02:30", "America/New_York", "sendAt"},
	} {
		_, err := d.svc.Schedule(t.Context(), c.ID, s.at, s.zone, "usr_admin")
		var e *core.Error
		if !errors.As(err, &e) || e.Fields[s.field] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := d.svc.Schedule(t.Context(), c.ID, "2026-03-29T09:30", "Europe/Berlin", "usr_admin") // the day the clocks change
	if err != nil || !got.SendAt.Equal(time.Date(2026, 3, 29, 7, 30, 0, 0, time.UTC)) {
		t.Errorf("scheduled for %v, %v", got.SendAt, err)
	}
}

func TestEverybodyGetsItOnceAcrossCrashes(t *testing.T) {
	d := newDesk(t, 950)
	id := d.begin(good())
	total := 0
	for crash := 1; d.get(id).State != campaigns.Sent; crash++ {
		if crash > 50 {
			t.Fatal("it never ends")
		}
		d.fail = 1 + crash%4
		_, _ = d.svc.Run(t.Context(), d.clock.Now())
	}
	d.fail = 0
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		out, err := tx.ClaimMails(ctx, mail.Bulk, d.clock.Now(), 10000)
		total = len(out)
		return err
	})
	if total != 950 {
		t.Errorf("%d letters for 950 people", total)
	}
	if again := d.run(); again != (campaigns.Counts{}) {
		t.Errorf("a sent campaign did %+v", again)
	}
}

func TestTwoSubjectsAndWhoIsLeftOut(t *testing.T) {
	d := newDesk(t, 400)
	c := good()
	c.SubjectB, c.TestShare, c.TestHours, c.HoldOut = "Light", 40, 4, 10
	id := d.begin(c)
	first := d.run()
	if again := d.run(); again.Sent != 0 {
		t.Errorf("the rest got it before the test was decided: %+v", again)
	}
	d.deliver()
	d.clock.Advance(time.Hour)
	// Two people like the second subject.
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		links, err := tx.LinksOfVariant(ctx, string(id), "b")
		if err != nil || len(links) < 2 {
			return fmt.Errorf("%d letters with the second subject, %w", len(links), err)
		}
		for _, l := range links[:2] {
			m, _, err := tx.MailOfLink(ctx, l)
			if err != nil {
				return err
			}
			if err := tx.RecordClick(ctx, tracking.Hit{Link: l, Mail: m, At: d.clock.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	d.clock.Advance(4 * time.Hour)
	second := d.run()
	got := d.get(id)
	if got.Winner != "b" || !strings.Contains(got.WinnerWhy, "against 2 of") || got.State != campaigns.Sent {
		t.Errorf("the campaign is %+v", got)
	}
	out := 400 - first.Sent - second.Sent
	if out < 20 || out > 60 || first.Sent < 100 || first.Sent > 190 {
		t.Errorf("first %+v, then %+v: %d left out", first, second, out)
	}
}

// Who is left out is compared with who got the letter, so she is somebody who could
// have got it: at the same moment, and by the same rules.
func TestWhoIsLeftOutCouldHaveGotIt(t *testing.T) {
	d := newDesk(t, 400)
	c := good()
	c.HoldOut = 50
	id := d.begin(c)
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		for n := 0; n < 400; n += 2 {
			if err := tx.SuppressAddress(ctx, mail.Suppression{Key: core.EmailKey(fmt.Sprintf("u%04d@x.org", n)), Reason: mail.Complaint, Since: d.clock.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	did := d.run()
	d.deliver()
	all, err := d.db.EmailAnalytics(t.Context(), d.clock.Now().AddDate(0, 0, -1), d.clock.Now().AddDate(0, 0, 1), "usd")
	if err != nil || len(all.Campaigns) != 1 {
		t.Fatal(all, err)
	}
	f := all.Campaigns[0]
	if f.Sent+f.HeldOut != 200 || f.HeldOut < 70 || f.HeldOut > 130 || did.Sent != f.Sent || did.Skipped != 200 || d.get(id).State != campaigns.Sent {
		t.Errorf("of 200 who take marketing %d got it and %d were left out: %+v, and it is %s", f.Sent, f.HeldOut, did, d.get(id).State)
	}
}

// Between the beginning of a campaign and somebody's turn hours can pass, days
// even. Who has left the segment by then, because she bought what the letter is
// about, is not asked to buy it.
func TestWhoLeftTheSegmentGetsNothing(t *testing.T) {
	d := newDesk(t, 100)
	c := good()
	c.SubjectB, c.TestShare, c.TestHours = "Light", 20, 4
	id := d.begin(c)
	first := d.run()
	d.deliver()
	d.leave(100)
	d.clock.Advance(5 * time.Hour)
	if rest := d.run(); first.Sent == 0 || rest.Sent != 0 || rest.Skipped != 100-first.Sent || d.get(id).State != campaigns.Sent {
		t.Errorf("first %+v; when all had left %+v, and it is %s", first, rest, d.get(id).State)
	}
}

// The rest of a test with two subjects gets its letter up to 3 days later than the
// others: what was bought before it was not brought by it, and its 7 days begin with
// it.
func TestBuyersAreCountedFromTheirOwnTurn(t *testing.T) {
	for name, c := range map[string]struct {
		at          time.Duration // of everybody's purchase, since the campaign began
		first, rest bool          // count
	}{
		"before the last letters":            {time.Hour, true, false},
		"after the last letters":             {73 * time.Hour, true, true},
		"8 days after the first letters":     {8 * 24 * time.Hour, false, true},
		"more than 7 days after all of them": {11 * 24 * time.Hour, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, 100)
			m := good()
			m.SubjectB, m.TestShare, m.TestHours = "Light", 10, 72
			d.begin(m)
			began := d.clock.Now()
			first := d.run().Sent
			d.deliver()
			d.clock.Advance(72 * time.Hour)
			rest := d.run().Sent
			d.deliver()
			d.sell(100, began.Add(c.at))
			all, err := d.db.EmailAnalytics(t.Context(), began.AddDate(0, 0, -1), began.AddDate(0, 0, 20), "usd")
			if err != nil || len(all.Campaigns) != 1 || first == 0 || first+rest != 100 {
				t.Fatal(first, rest, all, err)
			}
			want := 0
			if c.first {
				want += first
			}
			if c.rest {
				want += rest
			}
			if got := all.Campaigns[0].Bought; got != want {
				t.Errorf("%d of %d and %d bought, want %d", got, first, rest, want)
			}
		})
	}
}

// sell lets the first people buy something.
func (d *desk) sell(people int, at time.Time) {
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		for n := range people {
			id := core.PaymentID(fmt.Sprintf("pay_%04d", n))
			if err := tx.InsertPayment(ctx, billing.Payment{
				ID: id, User: core.UserID(fmt.Sprintf("usr_%04d", n)), Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd", Match: "new",
				Session: "cs_" + string(id), PaidAt: at, CreatedAt: at,
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// leave takes the first people out of the segment.
func (d *desk) leave(people int) {
	var out []segments.Change
	for n := range people {
		out = append(out, segments.Change{User: core.UserID(fmt.Sprintf("usr_%04d", n))})
	}
	d.update(func(ctx context.Context, tx *sqlite.Tx) error {
		_, _, err := tx.ApplyMembers(ctx, segment, out, d.clock.Now())
		return err
	})
}

func TestCancelTakesBackWhatWaits(t *testing.T) {
	d := newDesk(t, 10)
	id := d.begin(good())
	d.run()
	if err := d.svc.Cancel(t.Context(), id, "usr_admin"); !core.Is(err, core.Conflict) {
		t.Errorf("cancelling a sent campaign: %v", err)
	}
	d = newDesk(t, 10)
	id = d.begin(good())
	d.paused = "too many bounces"
	if c := d.run(); c.Sent != 0 {
		t.Errorf("paused, and %d went out", c.Sent)
	}
	if err := d.svc.Cancel(t.Context(), id, "usr_admin"); err != nil {
		t.Fatal(err)
	}
	d.paused = ""
	if c := d.run(); c.Sent != 0 || d.get(id).State != campaigns.Cancelled {
		t.Errorf("cancelled, and %d went out", c.Sent)
	}
}

func TestALateCampaign(t *testing.T) {
	for name, c := range map[string]struct {
		late time.Duration
		want campaigns.State
		sent int
	}{
		"an hour late":             {time.Hour, campaigns.Sent, 10},
		"3 days late":              {sequences.Patience, campaigns.Sent, 10},
		"more than 3 days late":    {sequences.Patience + time.Millisecond, campaigns.Missed, 0},
		"the server was gone":      {35 * 24 * time.Hour, campaigns.Missed, 0},
		"its time has not come":    {-time.Minute, campaigns.Scheduled, 0},
		"the first run of its day": {0, campaigns.Sent, 10},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, 10)
			id := d.begin(good())
			d.clock.Advance(d.get(id).SendAt.Add(c.late).Sub(d.clock.Now()))
			if got := d.run(); got.Sent != c.sent || d.get(id).State != c.want {
				t.Errorf("%+v, and it is %s; want %d letters and %s", got, d.get(id).State, c.sent, c.want)
			}
			missed, err := d.db.MissedCampaigns(t.Context())
			if err != nil || (len(missed) == 1) != (c.want == campaigns.Missed) {
				t.Errorf("missed are %+v, %v", missed, err)
			}
		})
	}
}

// A missed campaign is a draft whose day has gone: it can be changed, and then
// cancelled or sent on another day.
func TestAMissedCampaignGetsAnotherTime(t *testing.T) {
	d := newDesk(t, 10)
	id := d.begin(good())
	d.clock.Advance(35 * 24 * time.Hour)
	if got := d.run(); got.Sent != 0 || got.Skipped != 1 {
		t.Errorf("it came to %+v", got)
	}
	if again := d.run(); again != (campaigns.Counts{}) {
		t.Errorf("a second run came to %+v", again)
	}
	c := d.get(id)
	c.Subject = "The light is still here"
	if _, err := d.svc.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if c = d.get(id); c.State != campaigns.Missed || !c.MissedAt.Equal(d.clock.Now()) || c.Subject != "The light is still here" {
		t.Errorf("changed, it is %+v", c)
	}
	if _, err := d.svc.Schedule(t.Context(), id, d.clock.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04"), "UTC", "usr_admin"); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(2 * time.Hour)
	if got := d.run(); got.Sent != 10 {
		t.Errorf("at its new time %+v", got)
	}
	if c = d.get(id); c.State != campaigns.Sent || !c.MissedAt.IsZero() {
		t.Errorf("then it is %+v", c)
	}

	d = newDesk(t, 10)
	id = d.begin(good())
	d.clock.Advance(35 * 24 * time.Hour)
	d.run()
	if err := d.svc.Cancel(t.Context(), id, "usr_admin"); err != nil {
		t.Fatal(err)
	}
	if c := d.get(id); c.State != campaigns.Cancelled || !c.MissedAt.IsZero() {
		t.Errorf("cancelled, it is %+v", c)
	}
}

// Who was not reached before the process went away for weeks is not written to
// out of the blue.
func TestACampaignThatWasCutOffLongAgoIsNotTakenUp(t *testing.T) {
	d := newDesk(t, 10)
	id := d.begin(good())
	d.fail = 1 // right after it began
	if _, err := d.svc.Run(t.Context(), d.clock.Now()); err == nil {
		t.Fatal("nothing was cut off")
	}
	d.clock.Advance(35 * 24 * time.Hour)
	if got := d.run(); got.Sent != 0 || got.Skipped != 10 || d.get(id).State != campaigns.Sent {
		t.Errorf("it came to %+v and is %s", got, d.get(id).State)
	}
}

func TestReady(t *testing.T) {
	now := coretest.Start
	for name, c := range map[string]struct {
		r     campaigns.Recipient
		since time.Time
		want  string
	}{
		"anybody":               {campaigns.Recipient{}, now, "queued"},
		"gone":                  {campaigns.Recipient{Gone: true}, now, "skipped"},
		"unsubscribed":          {campaigns.Recipient{Listed: true}, now, "skipped"},
		"not in the segment":    {campaigns.Recipient{Left: true}, now, "skipped"},
		"left out":              {campaigns.Recipient{Part: campaigns.PartNone}, now, "held_out"},
		"left out, a mail now":  {campaigns.Recipient{Part: campaigns.PartNone, LastMarketing: now}, now, "waiting"},
		"left out and listed":   {campaigns.Recipient{Part: campaigns.PartNone, Listed: true}, now, "skipped"},
		"refused":               {campaigns.Recipient{Refused: true}, now, "skipped"},
		"a mail 19 hours ago":   {campaigns.Recipient{LastMarketing: now.Add(-19 * time.Hour)}, now, "waiting"},
		"a mail 20 hours ago":   {campaigns.Recipient{LastMarketing: now.Add(-20 * time.Hour)}, now, "queued"},
		"one waits":             {campaigns.Recipient{Pending: true}, now, "waiting"},
		"one waits for 4 days":  {campaigns.Recipient{Pending: true}, now.Add(-96 * time.Hour), "skipped"},
		"free, but 4 days late": {campaigns.Recipient{}, now.Add(-96 * time.Hour), "skipped"},
		"free, and 3 days late": {campaigns.Recipient{}, now.Add(-72 * time.Hour), "queued"},
	} {
		if got, why := campaigns.Ready(c.r, c.since, now); got != c.want || why == "" {
			t.Errorf("%s: %s because %q", name, got, why)
		}
	}
}

func TestPartsAreStableAndFair(t *testing.T) {
	c := good()
	c.ID, c.SubjectB, c.TestShare, c.HoldOut = "cmp_1", "x", 50, 20
	count := map[campaigns.Part]int{}
	for n := range 10000 {
		u := core.UserID(fmt.Sprint("usr_", n))
		p := c.PartOf(u)
		if p != c.PartOf(u) {
			t.Fatal("the draw changes")
		}
		count[p]++
	}
	for part, want := range map[campaigns.Part]int{campaigns.PartNone: 2000, campaigns.PartA: 2000, campaigns.PartB: 2000, campaigns.PartRest: 4000} {
		if got := count[part]; got < want-250 || got > want+250 {
			t.Errorf("%s: %d, want about %d", part, got, want)
		}
	}
}

func TestATestSendCountsNowhere(t *testing.T) {
	d := newDesk(t, 1)
	c, err := d.svc.Save(t.Context(), good())
	if err != nil {
		t.Fatal(err)
	}
	proofs := &sequences.Proofs{
		Author: &sequences.Author{Bag: d.db, Gate: d, Catalog: catalog.Default()},
		Store:  sqlite.Bind(d.db, func(tx *sqlite.Tx) sequences.ProofTx { return tx }), IDs: &coretest.IDs{}, Tokens: &coretest.Tokens{}, Fold: coretest.Fold, Clock: d.clock,
	}
	for range 2 {
		if err := proofs.Send(t.Context(), c.Drafts(), "", "creator@x.org", "usr_admin"); err != nil {
			t.Fatal(err)
		}
	}
	d.deliver()
	if a, b, err := d.db.SubjectResults(t.Context(), c.ID); err != nil || a.Sent+b.Sent != 0 {
		t.Errorf("tests count: %+v %+v %v", a, b, err)
	}
	if all, err := d.db.EmailAnalytics(t.Context(), d.clock.Now().AddDate(0, 0, -1), d.clock.Now().AddDate(0, 0, 1), "usd"); err != nil || all.Totals.Sent != 0 {
		t.Errorf("tests count in the figures: %+v %v", all.Totals, err)
	}
	if err := proofs.Send(t.Context(), c.Drafts(), "", "nobody", "usr_admin"); !core.Is(err, core.Invalid) {
		t.Errorf("a test to nobody: %v", err)
	}
}
