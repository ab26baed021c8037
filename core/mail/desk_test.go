package mail_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

type counter struct {
	t     *testing.T
	db    *sqlite.DB
	clock *coretest.Clock
	desk  mail.Desk
}

// newCounter has Anna in a series, with one letter sent and one waiting.
func newCounter(t *testing.T) *counter {
	signer, err := locksmith.NewSigner(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{t: t, db: sqlitetest.New(t), clock: coretest.NewClock()}
	c.desk = mail.Desk{Store: sqlite.Bind(c.db, func(tx *sqlite.Tx) mail.DeskTx { return tx }), Read: c.db, Signer: signer, Clock: c.clock, Fold: coretest.Fold}
	c.update(func(ctx context.Context, tx *sqlite.Tx) error {
		now := c.clock.Now()
		if err := tx.InsertUser(ctx, accounts.User{ID: "usr_1", Email: "Anna@x.org", Key: "anna@x.org", Origin: "purchase", CreatedAt: now}); err != nil {
			return err
		}
		if err := tx.InsertEnrolment(ctx, sequences.Enrolment{ID: "enr_1", Series: sequences.MiniProduct, User: "usr_1", Basis: sequences.OwnProducts, Anchor: now}, now); err != nil {
			return err
		}
		for _, id := range []core.MailID{"eml_1", "eml_2"} {
			if _, err := tx.PromiseLetter(ctx, mail.Queued{
				ID: id, ToKey: "anna@x.org", BusinessKey: string(id), At: now, Promise: mail.Promise{Kind: mail.Sequence, User: "usr_1", To: "Anna@x.org", Props: mail.Props{}},
			}, sequences.Origin{Series: sequences.MiniProduct, Step: string(id), Enrolment: "enr_1"}); err != nil {
				return err
			}
		}
		if _, err := tx.ClaimMails(ctx, mail.Bulk, now, 1); err != nil {
			return err
		}
		return tx.MarkMails(ctx, []mail.Mark{{ID: "eml_1", State: mail.StateSent, Attempts: 1, Next: now, SentAt: now}})
	})
	return c
}

func (c *counter) update(fn func(ctx context.Context, tx *sqlite.Tx) error) {
	c.t.Helper()
	if err := c.db.Update(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}

// state says how Anna's series and her waiting letter stand.
func (c *counter) state() (series string, waiting mail.State, list mail.Reason) {
	c.t.Helper()
	log, err := c.db.SequenceLog(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, m := range log {
		series = m.Enrolment.Reason
		if m.Mail == "eml_2" {
			waiting = m.State
		}
	}
	if list, err = c.db.SuppressionOf(c.t.Context(), "anna@x.org"); err != nil {
		c.t.Fatal(err)
	}
	return series, waiting, list
}

func TestLookingChangesNothing(t *testing.T) {
	c := newCounter(t)
	got, err := c.desk.View(t.Context(), c.desk.Token("eml_1"))
	if err != nil || got.Address != "A…@x.org" || got.Off || !got.Offers || !got.Newsletter {
		t.Errorf("the page shows %+v, %v", got, err)
	}
	if series, waiting, list := c.state(); series != "" || waiting != mail.StateQueued || list != "" {
		t.Errorf("looking did %q %q %q", series, waiting, list)
	}
}

func TestUnsubscribingIsOneTransactionAndBoringTwice(t *testing.T) {
	c := newCounter(t)
	for range 3 {
		if err := c.desk.Unsubscribe(t.Context(), c.desk.Token("eml_1")); err != nil {
			t.Fatal(err)
		}
		if series, waiting, list := c.state(); series != "unsubscribed" || waiting != mail.StateSuppressed || list != mail.Unsubscribed {
			t.Fatalf("unsubscribing left %q %q %q", series, waiting, list)
		}
		c.clock.Advance(time.Hour)
	}
	if got, err := c.desk.View(t.Context(), c.desk.Token("eml_2")); err != nil || !got.Off {
		t.Errorf("the page shows %+v, %v", got, err)
	}
}

func TestAnAlteredTokenIsRefused(t *testing.T) {
	c := newCounter(t)
	good := c.desk.Token("eml_1")
	for name, token := range map[string]string{
		"another mail": strings.Replace(good, "eml_1", "eml_2", 1), "a letter more": good + "x", "cut short": good[:len(good)-2], "nothing": "", "no signature": "eml_1.", "a book": strings.Repeat("a.b", 999),
	} {
		if err := c.desk.Unsubscribe(t.Context(), token); !core.Is(err, core.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if series, _, list := c.state(); series != "" || list != "" {
		t.Errorf("an altered token did %q %q", series, list)
	}
	if strings.Contains(good, "anna") || strings.Contains(good, "@") {
		t.Errorf("the token %q tells the address", good)
	}
}

func TestPreferences(t *testing.T) {
	c := newCounter(t)
	token := c.desk.Token("eml_1")
	for _, step := range []struct {
		choose mail.Preferences
		list   mail.Reason
	}{
		{mail.Preferences{Newsletter: true}, ""},
		{mail.Preferences{Newsletter: true, Off: true}, mail.Unsubscribed},
		{mail.Preferences{Offers: true, Newsletter: true}, ""},
		{mail.Preferences{}, mail.Unsubscribed},
	} {
		if err := c.desk.Choose(t.Context(), token, step.choose); err != nil {
			t.Fatal(err)
		}
		got, err := c.desk.View(t.Context(), token)
		if _, _, list := c.state(); err != nil || list != step.list || got.Offers != step.choose.Offers || got.Off != (step.list != "") {
			t.Errorf("after %+v the page shows %+v, the list %q, %v", step.choose, got, list, err)
		}
	}
	// Who marked a letter as spam is not brought back by a box.
	c = newCounter(t)
	if err := c.desk.Take(t.Context(), mail.Report{Kind: mail.ComplaintReport, Mail: "eml_1", Reference: "r1"}); err != nil {
		t.Fatal(err)
	}
	if err := c.desk.ChooseFor(t.Context(), "usr_1", "ANNA@x.org", mail.Preferences{Offers: true}); err != nil {
		t.Fatal(err)
	}
	if _, _, list := c.state(); list != mail.Complaint {
		t.Errorf("the list says %q", list)
	}
}

func TestReports(t *testing.T) {
	for name, c := range map[string]struct {
		report  mail.Report
		series  string
		waiting mail.State
		list    mail.Reason
		err     core.Code
	}{
		"a bounce of a mail":                 {mail.Report{Kind: mail.BounceReport, Mail: "eml_1", Reference: "r"}, "hard_bounce", mail.StateSuppressed, mail.HardBounce, ""},
		"a bounce of an address":             {mail.Report{Kind: mail.BounceReport, Address: " ANNA@x.org", Reference: "r"}, "hard_bounce", mail.StateSuppressed, mail.HardBounce, ""},
		"a full mailbox":                     {mail.Report{Kind: mail.SoftBounceReport, Mail: "eml_1", Reference: "r"}, "", mail.StateQueued, "", ""},
		"a complaint":                        {mail.Report{Kind: mail.ComplaintReport, Mail: "eml_1", Reference: "r"}, "complained", mail.StateSuppressed, mail.Complaint, ""},
		"a mail that nobody knows":           {mail.Report{Kind: mail.ComplaintReport, Mail: "eml_9", Address: "anna@x.org", Reference: "r"}, "complained", mail.StateSuppressed, mail.Complaint, ""},
		"nobody at all":                      {mail.Report{Kind: mail.ComplaintReport, Mail: "eml_9", Reference: "r"}, "", mail.StateQueued, "", core.NotFound},
		"anybody's word on a letter of ours": {mail.Report{Kind: mail.BounceReport, Mail: "eml_1", Reference: "r", Unproven: true}, "hard_bounce", mail.StateSuppressed, mail.HardBounce, ""},
		"anybody's word on an address":       {mail.Report{Kind: mail.BounceReport, Address: "anna@x.org", Reference: "r", Unproven: true}, "unreachable", mail.StateSuppressed, mail.Unreachable, ""},
		"a delivery":                         {mail.Report{Kind: mail.DeliveredReport, Mail: "eml_1", Reference: "r"}, "", mail.StateQueued, "", ""},
		"an unknown kind":                    {mail.Report{Kind: "love", Mail: "eml_1", Reference: "r"}, "", mail.StateQueued, "", core.Invalid},
		"without a reference":                {mail.Report{Kind: mail.ComplaintReport, Mail: "eml_1"}, "", mail.StateQueued, "", core.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			h := newCounter(t)
			for range 2 {
				if err := h.desk.Take(t.Context(), c.report); core.CodeOf(err) != c.err {
					t.Fatal(err)
				}
			}
			if series, waiting, list := h.state(); series != c.series || waiting != c.waiting || list != c.list {
				t.Errorf("left %q %q %q", series, waiting, list)
			}
		})
	}
}

func TestTheBreaker(t *testing.T) {
	for name, c := range map[string]struct {
		v    mail.Volume
		want string
	}{
		"nothing sent":                   {mail.Volume{}, ""},
		"4% bounced is still all right":  {mail.Volume{Sent: 1000, Bounced: 40}, ""},
		"more than 4%":                   {mail.Volume{Sent: 1000, Bounced: 41}, "4.10% of the mails"},
		"4 of 10 is no pattern":          {mail.Volume{Sent: 10, Bounced: 4}, ""},
		"5 of 20 is one":                 {mail.Volume{Sent: 20, Bounced: 5}, "25.00% of the mails"},
		"0.1% complained":                {mail.Volume{Sent: 2000, Complained: 2}, ""},
		"more than 0.1%":                 {mail.Volume{Sent: 2000, Complained: 3}, "0.15% of the mails"},
		"one complaint of 600":           {mail.Volume{Sent: 600, Complained: 1}, ""},
		"two complaints of 600":          {mail.Volume{Sent: 600, Complained: 2}, "marked as spam"},
		"two complaints of 60":           {mail.Volume{Sent: 60, Complained: 2}, "3.33% of the mails"},
		"two complaints about last week": {mail.Volume{Complained: 2}, ""},
	} {
		if got := mail.Trip(c.v); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	h := newCounter(t)
	b := &mail.Breaker{Read: h.db, PostalAddress: "1 Sample Street"}
	if why, err := b.MarketingPaused(t.Context(), h.clock.Now()); why != "" || err != nil {
		t.Errorf("paused because %q, %v", why, err)
	}
	if why, _ := (&mail.Breaker{Read: h.db}).MarketingPaused(t.Context(), h.clock.Now()); !strings.Contains(why, "postal address") {
		t.Errorf("without an address: %q", why)
	}
}

func TestWhoLeavesIsForgotten(t *testing.T) {
	c := newCounter(t)
	if err := c.desk.Choose(t.Context(), c.desk.Token("eml_1"), mail.Preferences{Newsletter: true}); err != nil {
		t.Fatal(err)
	}
	c.update(func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.ForgetMarketing(ctx, "usr_1", "anna@x.org", c.clock.Now())
	})
	if series, waiting, _ := c.state(); series != sequences.Gone || waiting != mail.StateSuppressed {
		t.Errorf("left %q %q", series, waiting)
	}
	if p, err := c.db.PreferencesOf(t.Context(), "anna@x.org"); err != nil || !p.Offers {
		t.Errorf("preferences are still %+v, %v", p, err)
	}
}
