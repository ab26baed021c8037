package tracking_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

const (
	browser = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
	random  = "abcdefghijklmnopqrstuv"
	inText  = "in-the-text-of-eml_1-x"
)

var person = tracking.Meta{Method: "GET", UserAgent: browser, Client: "c1"}

type yard struct {
	t     *testing.T
	db    *sqlite.DB
	clock *coretest.Clock
	links *tracking.Links
}

// newYard has one customer with one mail that was sent a minute ago.
func newYard(t *testing.T) *yard {
	y := &yard{t: t, db: sqlitetest.New(t), clock: coretest.NewClock()}
	y.links = &tracking.Links{Store: sqlite.BindJoined(y.db, func(tx *sqlite.Tx) tracking.LinkTx { return tx }), Read: y.db, Clock: y.clock}
	y.update(func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.InsertUser(ctx, accounts.User{ID: "usr_1", Email: "anna@x.org", Key: "anna@x.org", Origin: "purchase", CreatedAt: y.clock.Now()})
	})
	y.mail("eml_1", random)
	y.clock.Advance(time.Minute)
	return y
}

func (y *yard) update(fn func(ctx context.Context, tx *sqlite.Tx) error) {
	y.t.Helper()
	if err := y.db.Update(y.t.Context(), fn); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) mail(id core.MailID, link string) {
	y.update(func(ctx context.Context, tx *sqlite.Tx) error {
		now := y.clock.Now()
		if _, err := tx.PromiseLetter(ctx, mail.Queued{
			ID: id, ToKey: "anna@x.org", BusinessKey: string(id), At: now, Promise: mail.Promise{Kind: mail.Campaign, User: "usr_1", To: "anna@x.org", Props: mail.Props{}},
		}, sequences.Origin{
			Link: core.LinkID("lnk_" + link), Dest: "/checkout-upgrade?promo=MINI20&link=lnk_" + link,
			Placed: []sequences.Placed{{ID: core.LinkID("lnk_in-the-text-of-" + string(id) + "-x"), Dest: "/feed-planner"}},
		}); err != nil {
			return err
		}
		if _, err := tx.ClaimMails(ctx, mail.Bulk, now, 10); err != nil {
			return err
		}
		return tx.MarkMails(ctx, []mail.Mark{{ID: id, State: mail.StateSent, Attempts: 1, Next: now, SentAt: now}})
	})
}

func (y *yard) click(id string, m tracking.Meta) string {
	y.t.Helper()
	to, err := y.links.Click(y.t.Context(), id, "https://evil.example", m)
	if err != nil {
		y.t.Fatal(err)
	}
	return to
}

func (y *yard) fate() sqlite.MailFate {
	y.t.Helper()
	f, err := y.db.MailFate(y.t.Context(), "eml_1")
	if err != nil {
		y.t.Fatal(err)
	}
	return f
}

func TestAClickLeadsWhereTheMailPointed(t *testing.T) {
	y := newYard(t)
	for _, id := range []string{
		"lnk_" + random, "trp_" + random, "", "lnk_", "lnk_" + strings.Repeat("a", 5000), "//evil", "/\\evil", "https:evil", "lnk_%09", "lnk_a@evil.example",
		"javascript:alert(1)", "lnk_x\r\nLocation: //evil", "lnk_abcdefghijklmnopqrst。v", "lnk_nobodyknowsthislink1234",
	} {
		to := y.click(id, person)
		want := "/"
		if id == "lnk_"+random {
			want = "/checkout-upgrade?promo=MINI20&link=lnk_" + random
		}
		if to != want {
			t.Errorf("%q leads to %q, want %q", id, to, want)
		}
	}
}

func TestAStoredDestinationIsNotTrustedEither(t *testing.T) {
	for dest, want := range map[string]string{
		"/studio": "/studio", "/a?b=c#d": "/a?b=c#d", "": "/", "//evil": "/", "/\\evil": "/", "https://evil": "/", "/a b": "/", "/a\r\nb": "/", "/\tx": "/", "/é": "/", "studio": "/",
	} {
		if got := tracking.SafeDestination(dest); got != want {
			t.Errorf("%q became %q, want %q", dest, got, want)
		}
	}
}

func TestPeopleAndMachines(t *testing.T) {
	robot, head := person, person
	robot.UserAgent, head.Method = "Barracuda-Bot/1.0", "HEAD"
	for name, c := range map[string]struct {
		do   func(y *yard)
		want sqlite.MailFate
	}{
		"a person clicks, and has opened": {func(y *yard) { y.click("lnk_"+random, person) }, sqlite.MailFate{Opened: true, Clicked: true}},
		"a thousand clicks are one": {func(y *yard) {
			for range 1000 {
				y.click("lnk_"+random, person)
			}
		}, sqlite.MailFate{Opened: true, Clicked: true}},
		"a robot":             {func(y *yard) { y.click("lnk_"+random, robot) }, sqlite.MailFate{MachineClicked: true}},
		"a robot, a person":   {func(y *yard) { y.click("lnk_"+random, robot); y.click("lnk_"+random, person) }, sqlite.MailFate{MachineClicked: true, Opened: true, Clicked: true}},
		"a head counts for 0": {func(y *yard) { y.click("lnk_"+random, head); _ = y.links.Open(t.Context(), "pxl_"+random, head) }, sqlite.MailFate{}},
		"the hidden link after the other": {func(y *yard) {
			y.click("lnk_"+random, person)
			y.clock.Advance(time.Second)
			y.click("trp_"+random, person)
		}, sqlite.MailFate{MachineClicked: true, MachineOpened: true}},
		"the hidden link before the other": {func(y *yard) {
			y.click("trp_"+random, person)
			y.clock.Advance(time.Second)
			y.click("lnk_"+random, person)
		}, sqlite.MailFate{MachineClicked: true}},
		"the hidden link before a link in the text": {func(y *yard) {
			y.click("trp_"+random, person)
			y.clock.Advance(time.Second)
			y.click("lnk_"+inText, person)
		}, sqlite.MailFate{MachineClicked: true}},
		"a person an hour after the scanner, in the text": {func(y *yard) {
			y.click("lnk_"+inText, person)
			y.clock.Advance(time.Second)
			y.click("trp_"+random, person)
			y.clock.Advance(time.Hour)
			y.click("lnk_"+inText, person)
		}, sqlite.MailFate{MachineClicked: true, MachineOpened: true, Opened: true, Clicked: true}},
		"a person an hour after the scanner": {func(y *yard) {
			y.click("trp_"+random, person)
			y.clock.Advance(time.Hour)
			y.click("lnk_"+random, person)
		}, sqlite.MailFate{MachineClicked: true, Opened: true, Clicked: true}},
		"a thousand opens are one": {func(y *yard) {
			for range 1000 {
				_ = y.links.Open(t.Context(), "pxl_"+random, person)
			}
		}, sqlite.MailFate{Opened: true}},
		"a mailbox that loads all pictures": {func(y *yard) {
			_ = y.links.Open(t.Context(), "pxl_"+random, tracking.Meta{Method: "GET", UserAgent: "Mozilla/5.0"})
		}, sqlite.MailFate{MachineOpened: true}},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t)
			c.do(y)
			got := y.fate()
			got.Revenue, got.Converted = 0, false
			if got != c.want {
				t.Errorf("the mail is %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	now := coretest.Start
	sent := tracking.Link{SentAt: now.Add(-time.Minute)}
	for name, c := range map[string]struct {
		link    tracking.Link
		meta    tracking.Meta
		burst   bool
		machine bool
	}{
		"a person":            {sent, person, false, false},
		"within two seconds":  {tracking.Link{SentAt: now.Add(-1900 * time.Millisecond)}, person, false, true},
		"after two seconds":   {tracking.Link{SentAt: now.Add(-2 * time.Second)}, person, false, false},
		"before it was sent":  {tracking.Link{}, person, false, true},
		"a burst":             {sent, person, true, true},
		"no user agent":       {sent, tracking.Meta{Method: "GET"}, false, true},
		"a program":           {sent, tracking.Meta{Method: "GET", UserAgent: "python-requests/2"}, false, true},
		"a trap a second ago": {tracking.Link{SentAt: now.Add(-time.Hour), Trapped: now.Add(-time.Second)}, person, false, true},
		"a trap an hour ago":  {tracking.Link{SentAt: now.Add(-2 * time.Hour), Trapped: now.Add(-time.Hour)}, person, false, false},
	} {
		if got, why := tracking.Judge(c.link, c.meta, c.burst, now); got != c.machine {
			t.Errorf("%s: machine %v because %s", name, got, why)
		}
	}
}

func TestOneClientThatFollowsEverythingIsAMachine(t *testing.T) {
	y := newYard(t)
	for i := range 8 {
		y.mail(core.MailID(fmt.Sprintf("eml_b%d", i)), fmt.Sprintf("burst-burst-burst-%d", i))
	}
	y.clock.Advance(time.Minute)
	people := 0
	for i := range 8 {
		y.click(fmt.Sprintf("lnk_burst-burst-burst-%d", i), person)
		f, err := y.db.MailFate(t.Context(), core.MailID(fmt.Sprintf("eml_b%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		if f.Clicked {
			people++
		}
	}
	if people != 5 {
		t.Errorf("%d of 8 clicks within a moment count as a person's, want the first 5", people)
	}
}

func TestAttribution(t *testing.T) {
	sale := func(y *yard, link string) tracking.Credit {
		y.t.Helper()
		now := y.clock.Now()
		var c tracking.Credit
		y.update(func(ctx context.Context, tx *sqlite.Tx) (err error) {
			if err := tx.InsertPayment(ctx, billing.Payment{
				ID: "pay_1", User: "usr_1", Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd", Match: "new", Session: "cs_1", PaidAt: now, CreatedAt: now,
			}); err != nil {
				return err
			}
			c, err = tracking.Attribute(ctx, tx, tracking.Sale{Payment: "pay_1", User: "usr_1", Link: link, At: now})
			return err
		})
		return c
	}
	t.Run("the link that came along", func(t *testing.T) {
		y := newYard(t)
		if c := sale(y, "lnk_"+random); c.Mail != "eml_1" {
			t.Errorf("credited %+v", c)
		}
		if f := y.fate(); !f.Converted || f.Revenue != 4700 || !f.Clicked {
			t.Errorf("the mail is %+v", f)
		}
	})
	t.Run("a click within 7 days", func(t *testing.T) {
		y := newYard(t)
		y.click("lnk_"+random, person)
		y.clock.Advance(7 * 24 * time.Hour)
		if c := sale(y, ""); c.Mail != "eml_1" {
			t.Errorf("credited %+v", c)
		}
	})
	t.Run("a click within the second of the sale, which the till does not divide", func(t *testing.T) {
		y := newYard(t)
		y.clock.Advance(300 * time.Millisecond)
		y.click("lnk_"+random, person)
		y.clock.Advance(-300 * time.Millisecond)
		if c := sale(y, ""); c.Mail != "eml_1" {
			t.Errorf("credited %+v", c)
		}
	})
	t.Run("a click after the sale", func(t *testing.T) {
		y := newYard(t)
		y.clock.Advance(time.Second)
		y.click("lnk_"+random, person)
		y.clock.Advance(-time.Second)
		if c := sale(y, ""); c.Mail != "" {
			t.Errorf("credited %+v", c)
		}
	})
	t.Run("a click before that, and another within 7 days", func(t *testing.T) {
		y := newYard(t)
		y.click("lnk_"+random, person)
		y.clock.Advance(6 * 24 * time.Hour)
		y.click("lnk_"+random, person)
		y.clock.Advance(6 * 24 * time.Hour)
		if c := sale(y, ""); c.Mail != "eml_1" {
			t.Errorf("credited %+v", c)
		}
	})
	t.Run("a click before that", func(t *testing.T) {
		y := newYard(t)
		y.click("lnk_"+random, person)
		y.clock.Advance(7*24*time.Hour + time.Second)
		if c := sale(y, "lnk_somebodyinventedthis"); c.Mail != "" {
			t.Errorf("credited %+v", c)
		}
	})
	t.Run("a machine's click earns nothing", func(t *testing.T) {
		y := newYard(t)
		y.click("lnk_"+random, tracking.Meta{Method: "GET", UserAgent: "scanner-bot"})
		if c := sale(y, ""); c.Mail != "" {
			t.Errorf("credited %+v", c)
		}
	})
	t.Run("net of refunds", func(t *testing.T) {
		y := newYard(t)
		sale(y, "lnk_"+random)
		back := func(n int64) {
			y.update(func(ctx context.Context, tx *sqlite.Tx) error {
				p, err := tx.FindPayment(ctx, billing.PaymentIDs{Session: "cs_1"})
				if err != nil {
					return err
				}
				p.Refunded = n
				if err := tx.SavePayment(ctx, *p); err != nil {
					return err
				}
				return tracking.Revalue(ctx, tx, p.Mail)
			})
		}
		back(700)
		if f := y.fate(); !f.Converted || f.Revenue != 4000 {
			t.Errorf("after a part: %+v", f)
		}
		back(4700)
		if f := y.fate(); f.Converted || f.Revenue != 0 {
			t.Errorf("after all: %+v", f)
		}
	})
}
