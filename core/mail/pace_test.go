package mail_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/mail"
)

// paced makes an outbox of its own on the house's database.
func (h *house) paced(p mail.Pace, marketing mail.Sender) {
	h.box = mail.New(mail.Ports{
		Store: h.store, Reads: h.db, Sender: h.sender, Marketing: marketing, Renderer: h.renderer, Minter: h.minter, Clock: h.clock,
	}, mail.Limits{Pace: p})
}

// many promises n mails of a kind to a domain.
func (h *house) many(k mail.Kind, domain string, n int) {
	h.t.Helper()
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		for i := range n {
			to := fmt.Sprintf("p%d@%s", i, domain)
			id := fmt.Sprintf("eml_%s_%s_%03d", k, domain, i)
			if _, err := tx.EnqueueMail(ctx, mail.Queued{
				ID: core.MailID(id), Promise: mail.Promise{Kind: k, To: to}, ToKey: core.EmailKey(to), BusinessKey: id, At: h.clock.Now(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// walk delivers whenever the outbox has something to do, until nothing is left,
// and returns how many letters went out in each minute.
func (h *house) walk() (minutes []int) {
	h.t.Helper()
	for range 20000 {
		n, err := h.box.DeliverDue(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		minute := int(h.clock.Now().Sub(start) / time.Minute)
		for len(minutes) <= minute {
			minutes = append(minutes, 0)
		}
		minutes[minute] += n
		at, ok, err := h.box.NextDue(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if !ok {
			return minutes
		}
		if !at.After(h.clock.Now()) {
			h.t.Fatalf("nothing more could be done at %v, and yet something is due then", at)
		}
		h.clock.set(at)
	}
	h.t.Fatal("it never ends")
	return nil
}

func TestPace(t *testing.T) {
	for name, c := range map[string]struct {
		pace    mail.Pace
		promise func(h *house)
		want    int // letters in all
		most    int // in one minute; ten seconds' worth may stand ready before the first
		least   int // minutes that it takes
		longest int
	}{
		"no bound":                       {mail.Pace{}, func(h *house) { h.many(mail.Campaign, "x.org", 300) }, 300, 300, 1, 1},
		"sixty a minute":                 {mail.Pace{PerMinute: 60}, func(h *house) { h.many(mail.Campaign, "x.org", 300) }, 300, 70, 5, 6},
		"one a minute":                   {mail.Pace{PerMinute: 1}, func(h *house) { h.many(mail.Campaign, "x.org", 4) }, 4, 2, 3, 5},
		"sixty a minute to one domain":   {mail.Pace{PerDomain: 60}, func(h *house) { h.many(mail.Campaign, "x.org", 300) }, 300, 70, 5, 6},
		"other domains don't wait":       {mail.Pace{PerDomain: 60}, func(h *house) { h.many(mail.Campaign, "x.org", 100); h.many(mail.Campaign, "y.org", 5) }, 105, 75, 2, 3},
		"both bounds":                    {mail.Pace{PerMinute: 60, PerDomain: 30}, func(h *house) { h.many(mail.Campaign, "x.org", 60); h.many(mail.Campaign, "y.org", 60) }, 120, 70, 2, 4},
		"transactional mail is held too": {mail.Pace{PerMinute: 60}, func(h *house) { h.many(mail.Purchase, "x.org", 120) }, 120, 70, 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.paced(c.pace, nil)
			c.promise(h)
			sum, minutes := 0, h.walk()
			for i, n := range minutes {
				if sum += n; n > c.most {
					t.Errorf("%d letters in minute %d, want at most %d", n, i, c.most)
				}
			}
			if sum != c.want || len(minutes) < c.least || len(minutes) > c.longest {
				t.Errorf("%d letters in %d minutes, want %d in %d to %d: %v", sum, len(minutes), c.want, c.least, c.longest, minutes)
			}
		})
	}
}

// passing is a clock on which a microsecond goes by at each look, as on a real one.
type passing struct{ *clock }

func (c passing) Now() time.Time {
	c.set(c.clock.Now().Add(time.Microsecond))
	return c.clock.Now()
}

// TestPaceWhileTimePasses: what was looked up a moment before something else is
// no clock that was set back, which would fill what a minute allows each time.
func TestPaceWhileTimePasses(t *testing.T) {
	for name, pace := range map[string]mail.Pace{"in all": {PerMinute: 60}, "to the domain": {PerDomain: 60}} {
		for _, kind := range []mail.Kind{mail.Purchase, mail.Campaign} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				h := newHouse(t)
				h.box = mail.New(mail.Ports{Store: h.store, Reads: h.db, Sender: h.sender, Renderer: h.renderer, Minter: h.minter, Clock: passing{h.clock}}, mail.Limits{Pace: pace})
				h.many(kind, "x.org", 100)
				sum := 0
				for range 20 {
					n, err := h.box.DeliverDue(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					sum += n
				}
				if sum > 10 {
					t.Errorf("%d letters in no time, want the 10 that stand ready", sum)
				}
			})
		}
	}
}

// A clock that is set back an hour does not hold letters up for an hour.
func TestPaceOnAClockThatIsSetBack(t *testing.T) {
	h := newHouse(t)
	h.paced(mail.Pace{PerMinute: 60, PerDomain: 60}, nil)
	h.many(mail.Purchase, "x.org", 100)
	h.clock.set(start.Add(time.Hour))
	if n, err := h.box.DeliverDue(t.Context()); n != 10 || err != nil {
		t.Fatalf("%d sent, %v; want the 10 that stand ready", n, err)
	}
	h.clock.set(start)
	h.many(mail.Purchase, "y.org", 60)
	sum := 0
	for i := range 2 {
		h.clock.set(start.Add(time.Duration(i) * time.Minute))
		n, err := h.box.DeliverDue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum == 0 || sum > 20 {
		t.Errorf("%d letters in the minute after it was set back, want some and at most 20", sum)
	}
}

// TestAPurchaseNeverWaitsBehindACampaign promises one in the middle of a mailing
// that may send no faster.
func TestAPurchaseNeverWaitsBehindACampaign(t *testing.T) {
	for name, pace := range map[string]mail.Pace{"in all": {PerMinute: 60}, "to the domain": {PerDomain: 60}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.paced(pace, nil)
			h.many(mail.Campaign, "x.org", 200)
			if _, err := h.box.DeliverDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.many(mail.Purchase, "x.org", 1)
			if n, err := h.box.DeliverDue(t.Context()); n != 1 || err != nil {
				t.Errorf("%d sent, %v; want the purchase", n, err)
			}
			if got := h.row("purchase_x.org_000"); got.State != mail.StateSent {
				t.Errorf("the purchase is %s", got.State)
			}
			if got := h.row("campaign_x.org_199"); got.State != mail.StateQueued || got.Attempts != 0 || got.Error != "" {
				t.Errorf("a letter that waits is %+v", got)
			}
		})
	}
}

// TestEachRelayFailsAlone: a relay that refuses marketing stops no receipt.
func TestEachRelayFailsAlone(t *testing.T) {
	away := &mail.SendError{Fault: mail.Down, Stage: "connect", Err: errors.New("refused")}
	for name, c := range map[string]struct {
		main, marketing error
		sent            mail.State
		waits           mail.State
	}{
		"both work":              {nil, nil, mail.StateSent, mail.StateSent},
		"marketing's is away":    {nil, away, mail.StateSent, mail.StateQueued},
		"the other one is away":  {away, nil, mail.StateQueued, mail.StateSent},
		"there is neither today": {away, away, mail.StateQueued, mail.StateQueued},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			second := &sender{open: func() error { return c.marketing }}
			h.sender.open = func() error { return c.main }
			h.paced(mail.Pace{}, second)
			h.many(mail.Purchase, "x.org", 20)
			h.many(mail.Campaign, "x.org", 20)
			_, err := h.box.DeliverDue(t.Context())
			if failed := c.main != nil || c.marketing != nil; failed != core.Is(err, core.Unavailable) {
				t.Errorf("it said %v", err)
			}
			for i := range 20 {
				if got := h.row(fmt.Sprintf("purchase_x.org_%03d", i)); got.State != c.sent || got.Attempts > 1 {
					t.Fatalf("a purchase is %+v, want %s", got, c.sent)
				}
				if got := h.row(fmt.Sprintf("campaign_x.org_%03d", i)); got.State != c.waits || got.Attempts > 1 {
					t.Fatalf("a campaign is %+v, want %s", got, c.waits)
				}
			}
			at, ok, err := h.box.NextDue(t.Context())
			if waits := c.main != nil || c.marketing != nil; err != nil || ok != waits || waits && !at.Equal(start.Add(10*time.Second)) {
				t.Errorf("next at %v, %v, %v", at, ok, err)
			}
			if second.opened() == 0 || h.sender.opened() == 0 {
				t.Error("one of the two was never asked")
			}
			stop := h.run() // the worker leaves the road alone that rests
			defer stop()
			h.many(mail.Purchase, "z.org", 1)
			if c.main == nil {
				h.box.Wake()
				h.until("a receipt leaves beside a relay that rests", func() bool { return h.row("purchase_z.org_000").State == mail.StateSent })
			}
		})
	}
}
