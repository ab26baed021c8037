package sequences_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

type shop struct {
	t     *testing.T
	db    *sqlite.DB
	clock *coretest.Clock
	svc   *sequences.Service
}

// newShop has Anna, who bought a Bio Glow-Up at the beginning.
func newShop(t *testing.T, optIn bool, marketing string) *shop {
	s := &shop{t: t, db: sqlitetest.New(t), clock: coretest.NewClock()}
	s.svc = &sequences.Service{
		Store: sqlite.BindBulk(s.db, func(tx *sqlite.Tx) sequences.Tx { return tx }), Read: s.db, Gate: open{}, Clock: s.clock, IDs: &coretest.IDs{}, Tokens: &coretest.Tokens{},
		Library: library(t), Catalog: catalog.Default(), OptIn: optIn,
	}
	now := s.clock.Now()
	s.update(func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertUser(ctx, accounts.User{ID: "usr_1", Email: "anna@x.org", Key: "anna@x.org", Origin: "purchase", CreatedAt: now}); err != nil {
			return err
		}
		if err := tx.SaveCheckout(ctx, billing.Checkout{ID: "chk_1", Product: "bio_glowup", Price: core.Money{Minor: 4700, Currency: "usd"}, Marketing: marketing, State: billing.CheckoutComplete, User: "usr_1", CreatedAt: now}); err != nil {
			return err
		}
		return tx.InsertPayment(ctx, billing.Payment{
			ID: "pay_1", User: "usr_1", Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd", Match: "new", Session: "cs_1", Checkout: "chk_1", PaidAt: now, CreatedAt: now,
		})
	})
	s.follow()
	return s
}

func (s *shop) update(fn func(ctx context.Context, tx *sqlite.Tx) error) {
	s.t.Helper()
	if err := s.db.Update(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) follow() {
	s.t.Helper()
	s.update(func(ctx context.Context, tx *sqlite.Tx) error { return s.svc.Follow(ctx, tx, "usr_1") })
}

// live returns the series that Anna walks through.
func (s *shop) live() string {
	s.t.Helper()
	all, err := s.db.EnrolmentsOf(s.t.Context(), "usr_1")
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		if e.Ended.IsZero() {
			out = append(out, string(e.Series)+":"+string(e.Product)+":"+string(e.Basis))
		}
	}
	return strings.Join(out, " ")
}

// days lets noons pass, with everything sent at once.
func (s *shop) days(n int) (sent int) {
	s.t.Helper()
	for range n {
		s.clock.Advance(24 * time.Hour)
		now := s.clock.Now()
		c, err := s.svc.RunDaily(s.t.Context(), now)
		if err != nil {
			s.t.Fatal(err)
		}
		w, err := s.svc.RunWelcomeBack(s.t.Context(), now.Add(30*time.Minute))
		if err != nil {
			s.t.Fatal(err)
		}
		sent += c.Sent + w.Sent
		s.update(func(ctx context.Context, tx *sqlite.Tx) error {
			out, err := tx.ClaimMails(ctx, mail.Bulk, now.Add(time.Hour), 100)
			if err != nil {
				return err
			}
			var marks []mail.Mark
			for _, o := range out {
				marks = append(marks, mail.Mark{ID: o.ID, State: mail.StateSent, Attempts: 1, Next: now, SentAt: now})
			}
			return tx.MarkMails(ctx, marks)
		})
	}
	return sent
}

func TestWhoIsEnrolled(t *testing.T) {
	for name, c := range map[string]struct {
		optIn     bool
		marketing string
		want      string
	}{
		"a customer":                         {false, "", "mini-product:bio_glowup:own_products"},
		"who ticked the box":                 {false, "yes", "mini-product:bio_glowup:opt_in"},
		"who refused":                        {false, "no", ""},
		"who said nothing, where one has to": {true, "", ""},
		"who ticked it, where one has to":    {true, "yes", "mini-product:bio_glowup:opt_in"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, c.optIn, c.marketing)
			s.follow() // the second time is boring
			if got := s.live(); got != c.want {
				t.Errorf("enrolled in %q, want %q", got, c.want)
			}
		})
	}
}

// A life without Studio: the series, the monthly letters, a season, silence.
func TestTheWayOfAnAlumna(t *testing.T) {
	s := newShop(t, false, "")
	sent := s.days(31)
	if got := s.live(); sent != 4 || !strings.Contains(got, "alumni::") { // the discount needs an offer, and none was earned here; and she was never here
		t.Fatalf("after a month %d letters and %q", sent, got)
	}
	s.days(200)
	seen := map[string]int{}
	log, err := s.db.SequenceLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range log {
		seen[string(m.Enrolment.Series)+"/"+m.Step]++
	}
	for _, want := range []string{"mini-product/day-3", "mini-product/day-7", "mini-product/day-30", "alumni/month-1", "alumni/month-6", "seasonal/summer", "seasonal/autumn", "win-back/day-120", "win-back/day-150", "welcome-back/day-30", "welcome-back/day-90"} {
		if seen[want] != 1 {
			t.Errorf("%s came %d times: %v", want, seen[want], seen)
		}
	}
}

func TestAnEditedDelayNeverSendsAgain(t *testing.T) {
	s := newShop(t, false, "")
	if sent := s.days(4); sent != 1 {
		t.Fatalf("%d letters in 4 days", sent)
	}
	edit := func(step, day string) {
		t.Helper()
		if err := s.svc.SaveText(t.Context(), sequences.Text{Series: sequences.MiniProduct, Step: step, Text: "---\nday: " + day + "\nsubject: S\naction: A\npath: /studio\n---\nText."}); err != nil {
			t.Fatal(err)
		}
	}
	edit("day-3", "5")
	if sent := s.days(2); sent != 0 {
		t.Errorf("the edited step came again, %d times", sent)
	}
	edit("day-7", "6") // sooner than it was
	if sent := s.days(1); sent != 1 {
		t.Errorf("%d letters on day 7", sent)
	}
	if err := s.svc.SaveText(t.Context(), sequences.Text{Series: sequences.MiniProduct, Step: "day-3", Text: "---\nday: x\n---\n"}); !core.Is(err, core.Invalid) {
		t.Errorf("a text that does not read was saved: %v", err)
	}
}

func TestWhyNot(t *testing.T) {
	s := newShop(t, false, "")
	got, err := s.svc.Why(t.Context(), "usr_1", s.clock.Now())
	if err != nil || len(got) != 1 || got[0].Decision.Outcome != sequences.IsNotYet || got[0].Decision.Reason != "day 3 is on 6 March 2026 12:00 UTC" {
		t.Errorf("why: %+v, %v", got, err)
	}
}

func TestARefundWithdrawsWhatWaits(t *testing.T) {
	s := newShop(t, false, "")
	s.clock.Advance(3 * 24 * time.Hour)
	if c, err := s.svc.RunDaily(t.Context(), s.clock.Now()); err != nil || c.Sent != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	s.update(func(ctx context.Context, tx *sqlite.Tx) error {
		p, err := tx.FindPayment(ctx, billing.PaymentIDs{Session: "cs_1"})
		if err != nil {
			return err
		}
		p.Refunded = p.Amount
		if err := tx.SavePayment(ctx, *p); err != nil {
			return err
		}
		return s.svc.Follow(ctx, tx, "usr_1")
	})
	log, err := s.db.SequenceLog(t.Context())
	if err != nil || len(log) != 1 || log[0].State != mail.StateSuppressed || log[0].Enrolment.Reason != sequences.Refunded {
		t.Errorf("the log is %+v, %v", log, err)
	}
}

// Who comes back and stays away again is missed again, though the series of her
// first absence would have gone on for weeks.
func TestWhoIsMissedTwice(t *testing.T) {
	s := newShop(t, false, "")
	missed := func() (days []int) {
		log, err := s.db.SequenceLog(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range log {
			if m.Enrolment.Series == sequences.WelcomeBack {
				days = append(days, int(m.Promised.Sub(coretest.Start)/(24*time.Hour)))
			}
		}
		return days
	}
	s.days(40)
	if got := missed(); len(got) != 1 {
		t.Fatalf("missed on the days %v, want once", got)
	}
	s.update(func(ctx context.Context, tx *sqlite.Tx) error {
		u, err := tx.UserByID(ctx, "usr_1")
		u.LastLoginAt = s.clock.Now()
		if err == nil {
			err = tx.SaveUser(ctx, u)
		}
		return err
	})
	s.days(35)
	if got := missed(); len(got) != 2 || got[1] < 70 || got[1] > 73 {
		t.Errorf("missed on the days %v, want one more thirty days after day 40", got)
	}
}
