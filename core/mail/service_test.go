package mail_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/mail"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func TestDelivery(t *testing.T) {
	no := func(f mail.Fault, text string) error {
		return &mail.SendError{Fault: f, Stage: "rcpt", Err: errors.New(text)}
	}
	for name, c := range map[string]struct {
		kind     mail.Kind
		answer   error
		render   error
		want     mail.State
		attempts int
		next     time.Duration // after start
		err      string
		list     mail.Reason // of the address afterwards
	}{
		"an accepted letter is sent": {kind: mail.Purchase, want: mail.StateSent, attempts: 1},
		"a temporary no waits a minute": {
			kind: mail.Purchase, answer: no(mail.Temporary, "450 greylisted"),
			want: mail.StateQueued, attempts: 1, next: time.Minute, err: "450 greylisted",
		},
		"an error of no known kind is worth another try": {
			kind: mail.Purchase, answer: errors.New("odd"), want: mail.StateQueued, attempts: 1, next: time.Minute, err: "odd",
		},
		"a refused letter fails, its address is fine": {
			kind: mail.Purchase, answer: no(mail.Final, "554 looks like spam"), want: mail.StateFailed, attempts: 1, err: "554",
		},
		"a bounce marks the mail and the address": {
			kind: mail.Purchase, answer: no(mail.Bounced, "550 no such user"),
			want: mail.StateBounced, attempts: 1, err: "550", list: mail.HardBounce,
		},
		"a server that is away costs no attempt": {
			kind: mail.Purchase, answer: no(mail.Down, "connection refused"), want: mail.StateQueued, err: "connection refused",
		},
		"a letter that cannot be written fails and says why": {
			kind: mail.Purchase, render: errors.New("purchase.html:3: no product"), want: mail.StateFailed, attempts: 1, err: "purchase.html:3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.sender.answer = func(mail.Letter) error { return c.answer }
			h.renderer.err = c.render
			h.promise("1", c.kind)
			_, _ = h.box.DeliverDue(t.Context()) // a server that is away is an error here
			got := h.row("1")
			if got.State != c.want || got.Attempts != c.attempts || !strings.Contains(got.Error, c.err) || (c.err == "") != (got.Error == "") {
				t.Errorf("row is %+v, want state %s, %d attempts, error with %q", got, c.want, c.attempts, c.err)
			}
			if c.next != 0 && !got.Next.Equal(start.Add(c.next)) {
				t.Errorf("next attempt at %v, want %v after the start", got.Next, c.next)
			}
			list, err := h.db.SuppressionOf(t.Context(), "anna@example.com")
			if err != nil || list != c.list {
				t.Errorf("the address is on the list for %q (%v), want %q", list, err, c.list)
			}
		})
	}
}

func TestTwelveAttemptsThenFailed(t *testing.T) {
	h := newHouse(t)
	h.sender.answer = func(mail.Letter) error { return errors.New("451 later") }
	h.promise("1", mail.Purchase)
	for attempt := 1; attempt <= mail.Attempts; attempt++ {
		if n, err := h.box.DeliverDue(t.Context()); n != 0 || err != nil {
			t.Fatalf("attempt %d: %d sent, %v", attempt, n, err)
		}
		if got := h.row("1"); got.Attempts != attempt {
			t.Fatalf("after %d attempts the row counts %d", attempt, got.Attempts)
		}
		if at, ok, _ := h.box.NextDue(t.Context()); ok {
			h.clock.set(at)
		}
	}
	got := h.row("1")
	if got.State != mail.StateFailed || !strings.Contains(got.Error, "given up after 12 attempts") {
		t.Fatalf("after the last attempt: %+v", got)
	}
	if at, ok, _ := h.box.NextDue(t.Context()); ok {
		t.Errorf("a failed mail is due at %v", at)
	}
}

func TestSuppressedAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		reason mail.Reason
		kind   mail.Kind
		want   mail.State
	}{
		"marketing to who unsubscribed":     {mail.Unsubscribed, mail.AbandonedCheckout, mail.StateSuppressed},
		"a purchase of who unsubscribed":    {mail.Unsubscribed, mail.Purchase, mail.StateSent},
		"marketing to who is unreachable":   {mail.Unreachable, mail.Campaign, mail.StateSuppressed},
		"a purchase of who is unreachable":  {mail.Unreachable, mail.Purchase, mail.StateSent},
		"a purchase to a dead mailbox":      {mail.HardBounce, mail.Purchase, mail.StateSuppressed},
		"a campaign to a dead mailbox":      {mail.HardBounce, mail.Campaign, mail.StateSuppressed},
		"a reset for who complained":        {mail.Complaint, mail.PasswordReset, mail.StateSent},
		"a sequence mail to who complained": {mail.Complaint, mail.Sequence, mail.StateSuppressed},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.update(func(ctx context.Context, tx *sqlite.Tx) error {
				return tx.SuppressAddress(ctx, mail.Suppression{Key: "anna@example.com", Reason: c.reason, Since: start})
			})
			h.promise("1", c.kind)
			if _, err := h.box.DeliverDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := h.row("1")
			if got.State != c.want {
				t.Errorf("state %s, want %s", got.State, c.want)
			}
			if c.want == mail.StateSuppressed && (!strings.Contains(got.Error, string(c.reason)) || len(h.sender.letters()) != 0) {
				t.Errorf("error %q, %d letters handed over", got.Error, len(h.sender.letters()))
			}
		})
	}
}

func TestRetryByHandLiftsTheBounce(t *testing.T) {
	h := newHouse(t)
	h.sender.answer = func(mail.Letter) error {
		return &mail.SendError{Fault: mail.Bounced, Stage: "rcpt", Code: 550, Err: errors.New("550 no such user")}
	}
	h.promise("1", mail.Purchase)
	if _, err := h.box.DeliverDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.sender.answer = func(mail.Letter) error { return nil }
	if err := h.box.Retry(t.Context(), "eml_1"); err != nil {
		t.Fatal(err)
	}
	if n, err := h.box.DeliverDue(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	if err := h.box.Retry(t.Context(), "eml_1"); !core.Is(err, core.Conflict) {
		t.Errorf("a sent mail sent again: %v, want conflict", err)
	}
	if err := h.box.Retry(t.Context(), "eml_none"); !core.Is(err, core.NotFound) {
		t.Errorf("an unknown mail: %v, want not found", err)
	}
}

func TestAnOutageStopsTheRoundAndLosesNothing(t *testing.T) {
	h := newHouse(t)
	away := &mail.SendError{Fault: mail.Down, Stage: "connect", Err: errors.New("refused")}
	h.sender.open = func() error { return away }
	for i := range 200 {
		h.promise(fmt.Sprint(i), mail.Renewal)
	}
	n, err := h.box.DeliverDue(t.Context())
	if n != 0 || !core.Is(err, core.Unavailable) {
		t.Fatalf("%d sent, %v; want none and unavailable", n, err)
	}
	if tried := h.sender.opened(); tried > 8 {
		t.Errorf("%d connections tried for 200 letters: an outage is noticed by the first", tried)
	}
	at, ok, err := h.box.NextDue(t.Context())
	if err != nil || !ok || !at.Equal(start.Add(10*time.Second)) {
		t.Errorf("next look at %v, %v, %v; want after ten seconds", at, ok, err)
	}
	h.clock.set(start.Add(35 * 24 * time.Hour)) // five weeks later the server is back
	h.sender.open = func() error { return nil }
	if n, err := h.box.DeliverDue(t.Context()); n != 200 || err != nil {
		t.Fatalf("%d sent, %v; want all 200", n, err)
	}
	if got := h.row("7"); got.Attempts != 1 || got.Error != "" {
		t.Errorf("the outage cost attempts: %+v", got)
	}
	if at, ok, _ := h.box.NextDue(t.Context()); ok {
		t.Errorf("something is due at %v", at)
	}
}

func TestOneBadMailNeverBlocksOthers(t *testing.T) {
	h := newHouse(t)
	h.renderer.panics = "eml_3"
	for i := range 10 {
		h.promise(fmt.Sprint(i), mail.Purchase)
	}
	if n, err := h.box.DeliverDue(t.Context()); n != 9 || err != nil {
		t.Fatalf("%d sent, %v; want 9", n, err)
	}
	if got := h.row("3"); got.State != mail.StateFailed || !strings.Contains(got.Error, "panic") {
		t.Errorf("the bad one: %+v", got)
	}
}

func TestMarketingWaitsForWhatSomebodyLooksOutFor(t *testing.T) {
	h := newHouse(t)
	for i := range 300 {
		h.promise(fmt.Sprint("c", i), mail.Campaign)
	}
	h.promise("p", mail.Purchase)
	if n, err := h.box.DeliverDue(t.Context()); n != 301 || err != nil {
		t.Fatalf("%d sent, %v", n, err)
	}
	for i, l := range h.sender.letters() {
		if l.Kind == mail.Purchase {
			if i > 8 {
				t.Errorf("the purchase was letter %d", i)
			}
			return
		}
	}
}

func TestTokensAreMintedWhenTheLetterIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		state mail.State
		token string
	}{
		"a link":                             {nil, mail.StateSent, "tok-anna@example.com-setup"},
		"the account is gone":                {&core.Error{Code: core.NotFound}, mail.StateFailed, ""},
		"the account has another address":    {&core.Error{Code: core.Conflict}, mail.StateFailed, ""},
		"the database is busy: another time": {&core.Error{Code: core.Unavailable}, mail.StateQueued, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.minter.err = c.err
			h.enqueue("1", mail.Promise{Kind: mail.Purchase, Token: mail.SetupToken})
			if _, err := h.box.DeliverDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := h.row("1"); got.State != c.state {
				t.Errorf("state %s (%s), want %s", got.State, got.Error, c.state)
			}
			if c.token != "" && h.renderer.last.Token != c.token {
				t.Errorf("token %q, want %q", h.renderer.last.Token, c.token)
			}
		})
	}
}

func TestAPromiseMadeTwiceIsKeptOnce(t *testing.T) {
	h := newHouse(t)
	h.promise("1", mail.Purchase)
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		fresh, err := tx.EnqueueMail(ctx, mail.Queued{
			ID: "eml_again", Promise: mail.Promise{Kind: mail.Purchase, To: "anna@example.com"},
			ToKey: "anna@example.com", BusinessKey: "purchase:1", At: start,
		})
		if fresh {
			t.Error("the second promise counts as fresh")
		}
		return err
	})
	if n, err := h.box.DeliverDue(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sent, %v", n, err)
	}
}

// A failed commit may have happened all the same: then rows are in sending and
// nobody holds them.
func TestWhatAFailedTransactionLeftIsTakenUpAgain(t *testing.T) {
	h := newHouse(t)
	for i := range 20 {
		h.promise(fmt.Sprint(i), mail.Purchase)
	}
	h.store.after = errors.New("disk full") // it was committed, and said no
	if _, err := h.box.DeliverDue(t.Context()); err == nil {
		t.Fatal("the store failed and nobody said so")
	}
	h.store.after = nil
	if n, err := h.box.DeliverDue(t.Context()); n != 20 || err != nil {
		t.Fatalf("%d sent, %v; want all 20", n, err)
	}
}

func TestMarksThatCouldNotBeWrittenAreWrittenLater(t *testing.T) {
	h := newHouse(t)
	h.promise("1", mail.Purchase)
	h.sender.answer = func(mail.Letter) error {
		h.store.fail(errors.New("disk full")) // from now on, before the mark
		return nil
	}
	if _, err := h.box.DeliverDue(t.Context()); err == nil {
		t.Fatal("the store failed and nobody said so")
	}
	h.store.fail(nil)
	if n, err := h.box.DeliverDue(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d marked, %v", n, err)
	}
	if sent := len(h.sender.letters()); sent != 1 {
		t.Errorf("the letter was handed over %d times", sent)
	}
	if got := h.row("1"); got.State != mail.StateSent {
		t.Errorf("state %s", got.State)
	}
}

func TestRun(t *testing.T) {
	t.Run("what a crash left in sending goes out first", func(t *testing.T) {
		h := newHouse(t)
		h.promise("1", mail.Purchase)
		h.update(func(ctx context.Context, tx *sqlite.Tx) error {
			_, err := tx.ClaimMails(ctx, mail.Urgent, start, 10)
			return err
		})
		h.run()
		h.until("it is sent", func() bool { return len(h.sender.letters()) == 1 })
	})
	t.Run("a commit wakes it within 250 ms", func(t *testing.T) {
		h := newHouse(t)
		h.run()
		h.promise("0", mail.Purchase)
		h.until("it runs", func() bool { return len(h.sender.letters()) == 1 })
		var took []time.Duration
		for i := 1; i <= 21 && !t.Failed(); i++ {
			before := time.Now()
			h.promise(fmt.Sprint(i), mail.Purchase)
			h.until("it is handed over", func() bool { return len(h.sender.letters()) == i+1 })
			took = append(took, time.Since(before))
		}
		// The median, because the machine may be busy with other tests.
		if slices.Sort(took); took[len(took)/2] > 250*time.Millisecond {
			t.Errorf("from the promise to the driver it took %v", took)
		}
	})
	t.Run("letters on their way finish, the rest goes back", func(t *testing.T) {
		h := newHouse(t)
		for i := range 30 {
			h.promise(fmt.Sprint(i), mail.Purchase)
		}
		hold := make(chan struct{})
		h.sender.answer = func(mail.Letter) error { <-hold; return nil }
		stop := h.run()
		h.until("four are on their way", func() bool { return h.sender.begun() == 4 })
		go func() { h.until("the end is near", func() bool { return true }); close(hold) }()
		stop()
		sent, queued := 0, 0
		for i := range 30 {
			switch h.row(fmt.Sprint(i)).State {
			case mail.StateSent:
				sent++
			case mail.StateQueued:
				queued++
			}
		}
		if sent < 4 || sent+queued != 30 || sent != len(h.sender.letters()) {
			t.Errorf("%d sent and %d queued of 30, %d handed over", sent, queued, len(h.sender.letters()))
		}
	})
}

// house is an outbox on a real database with a sender of our own.
type house struct {
	t        *testing.T
	db       *sqlite.DB
	store    *flaky
	clock    *clock
	sender   *sender
	renderer *renderer
	minter   *minter
	box      *mail.Service
}

func newHouse(t *testing.T) *house {
	db := sqlitetest.New(t)
	h := &house{
		t: t, db: db, clock: &clock{now: start}, sender: &sender{}, renderer: &renderer{}, minter: &minter{},
		store: &flaky{Updater: sqlite.Bind(db, func(tx *sqlite.Tx) mail.Tx { return tx })},
	}
	h.box = mail.New(mail.Ports{Store: h.store, Reads: db, Sender: h.sender, Renderer: h.renderer, Minter: h.minter, Clock: h.clock}, mail.Limits{})
	t.Cleanup(db.OnCommit(mail.Topic, h.box.Wake))
	return h
}

func (h *house) update(f func(context.Context, *sqlite.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) promise(ref string, k mail.Kind) { h.t.Helper(); h.enqueue(ref, mail.Promise{Kind: k}) }

func (h *house) enqueue(ref string, p mail.Promise) {
	h.t.Helper()
	p.To, p.Reference = "Anna@example.com", ref
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		_, err := tx.EnqueueMail(ctx, mail.Queued{
			ID: core.MailID("eml_" + ref), Promise: p, ToKey: "anna@example.com", BusinessKey: string(p.Kind) + ":" + ref, At: start,
		})
		return err
	})
}

func (h *house) row(ref string) mail.Entry {
	h.t.Helper()
	for cursor := ""; ; {
		items, next, err := h.db.Outbox(h.t.Context(), "", cursor)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range items {
			if e.ID == core.MailID("eml_"+ref) {
				return e
			}
		}
		if cursor = next; next == "" {
			h.t.Fatalf("no mail %s", ref)
		}
	}
}

// run starts the worker and returns how to end it.
func (h *house) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = h.box.Run(ctx) }()
	stop = func() { cancel(); <-done }
	h.t.Cleanup(stop)
	return stop
}

func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			h.t.Errorf("waited in vain until %s", what)
			return
		}
		<-tick.C
	}
}

// flaky is a store that can be made to fail, before or after its work.
type flaky struct {
	sqlite.Updater[mail.Tx]
	mu     sync.Mutex
	before error
	after  error
	around func(ctx context.Context, tx mail.Tx, work func(context.Context, mail.Tx) error) error // nil for the work alone
}

func (f *flaky) fail(err error) { f.mu.Lock(); defer f.mu.Unlock(); f.before = err }

func (f *flaky) Update(ctx context.Context, fn func(context.Context, mail.Tx) error) error {
	f.mu.Lock()
	before, after := f.before, f.after
	f.mu.Unlock()
	if before != nil {
		return before
	}
	work := fn
	if f.around != nil {
		work = func(ctx context.Context, tx mail.Tx) error { return f.around(ctx, tx, fn) }
	}
	return errors.Join(f.Updater.Update(ctx, work), after)
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time  { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = t }

type sender struct {
	mu     sync.Mutex
	open   func() error
	answer func(mail.Letter) error
	dials  int
	tried  int
	got    []mail.Letter
}

func (s *sender) Open(context.Context) (mail.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	if s.open != nil {
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sender) Send(_ context.Context, l mail.Letter) error {
	s.mu.Lock()
	answer := s.answer
	s.tried++
	s.mu.Unlock()
	if answer != nil {
		if err := answer(l); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, l)
	return nil
}

func (s *sender) Close() error { return nil }

func (s *sender) letters() []mail.Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mail.Letter(nil), s.got...)
}
func (s *sender) opened() int { s.mu.Lock(); defer s.mu.Unlock(); return s.dials }
func (s *sender) begun() int  { s.mu.Lock(); defer s.mu.Unlock(); return s.tried }

type renderer struct {
	mu     sync.Mutex
	err    error
	panics core.MailID
	last   mail.Outgoing
}

func (r *renderer) Render(_ context.Context, o mail.Outgoing) (mail.Letter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = o
	if o.ID == r.panics {
		panic("nil map")
	}
	return mail.Letter{ID: o.ID, Kind: o.Kind, To: o.To, Subject: "About " + string(o.ID)}, r.err
}

type minter struct{ err error }

func (m *minter) MintToken(_ context.Context, _ core.UserID, p mail.TokenPurpose, to core.EmailKey) (string, error) {
	return fmt.Sprintf("tok-%s-%s", to, p), m.err
}
