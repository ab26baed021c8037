package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/smtp"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/mail"
)

// limits are the real ones about forty times faster.
var limits = smtp.Timeouts{Dial: 250 * time.Millisecond, Command: 150 * time.Millisecond, Body: 300 * time.Millisecond, Letter: 600 * time.Millisecond}

// laneLimit is what a letter may hold its lane here; 30 s in life. Slack is for
// a machine that is busy with other tests: without limits a lane would be held
// for ever.
const (
	laneLimit = 700 * time.Millisecond
	slack     = 3 * time.Second
)

// TestServerFaults lets the sink misbehave at each stage in each way, for its
// first few conversations, and asks of the whole outbox: does every letter
// arrive exactly once, or end in a state that says why; is no lane ever held
// longer than its limit; and do other letters get through meanwhile.
func TestServerFaults(t *testing.T) {
	stages := []string{"connect", "banner", "ehlo", "starttls", "mail", "rcpt", "data", "dot"}
	faults := []fault{refuse, hang, closes, later, never, garbage, drips}
	ran := 0
	for _, stage := range stages {
		for _, f := range faults {
			ran++
			for _, inOne := range []bool{false, true} {
				name := stage + " " + string(f)
				if inOne {
					name += ", commands in one"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s := newSink(t)
					s.inOne = inOne
					left := 3
					s.fault = func(at string) fault {
						if at == stage && left > 0 {
							left--
							return f
						}
						return fine
					}
					// A refusal for good is the one fault that ends a letter.
					lost := 0
					if f == never && (stage == "rcpt" || stage == "data" || stage == "dot") {
						lost = 3
					}
					deliverAll(t, s, 12, lost, map[string]mail.State{"rcpt": mail.StateBounced, "data": mail.StateBounced, "dot": mail.StateBounced}[stage])
				})
			}
		}
	}
	if ran != 56 {
		t.Errorf("%d cases, want 56", ran)
	}
}

// deliverAll promises n letters and runs the outbox until it is empty.
func deliverAll(t *testing.T, s *sink, n, lost int, ends mail.State) {
	db := sqlitetest.New(t)
	at := &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	sender, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: s.port(), TLS: smtp.Mandatory, Roots: s.roots, Timeouts: limits})
	if err != nil {
		t.Fatal(err)
	}
	watched := &stopwatch{Sender: sender}
	box := mail.New(mail.Ports{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) mail.Tx { return tx }), Reads: db,
		Sender: watched, Renderer: plain{}, Clock: at,
	}, mail.Limits{Letter: laneLimit})
	err = db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
		for i := range n {
			q := mail.Queued{
				ID: core.MailID(fmt.Sprintf("eml_%02d", i)), ToKey: core.EmailKey(fmt.Sprintf("p%d@example.com", i)),
				BusinessKey: fmt.Sprint(i), At: at.Now(),
				Promise: mail.Promise{Kind: mail.Purchase, To: fmt.Sprintf("p%d@example.com", i)},
			}
			if _, err := tx.EnqueueMail(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for round := 0; ; round++ {
		if _, err := box.DeliverDue(t.Context()); err != nil && !core.Is(err, core.Unavailable) {
			t.Fatal(err)
		}
		next, ok, err := box.NextDue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if round > 30 {
			t.Fatal("the outbox does not come to an end")
		}
		at.set(next)
	}
	if worst := watched.worst(); worst > laneLimit+slack {
		t.Errorf("a lane was held for %v, the limit is %v", worst, laneLimit)
	}
	times := map[string]int{}
	for _, raw := range s.letters() {
		times[messageID.FindString(raw)]++
	}
	given := 0
	items, _, err := db.Outbox(t.Context(), "", "")
	if err != nil || len(items) != n {
		t.Fatalf("%d rows, %v", len(items), err)
	}
	for _, e := range items {
		id := fmt.Sprintf("Message-ID: <%s@example.org>", e.ID)
		switch {
		case e.State == mail.StateSent && times[id] == 1:
		case e.State == ends && times[id] == 0 && e.Error != "" && !strings.Contains(e.Error, "@example.com"):
			given++
		default:
			t.Errorf("%s is %s (%s) and arrived %d times", e.ID, e.State, e.Error, times[id])
		}
	}
	if given != lost {
		t.Errorf("%d letters were given up, want %d", given, lost)
	}
}

var messageID = regexp.MustCompile(`Message-ID: <[^>]+>`)

// stopwatch measures how long a letter holds its lane.
type stopwatch struct {
	mail.Sender
	mu  sync.Mutex
	max time.Duration
}

func (w *stopwatch) note(since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.max = max(w.max, time.Since(since))
}

func (w *stopwatch) worst() time.Duration { w.mu.Lock(); defer w.mu.Unlock(); return w.max }

func (w *stopwatch) Open(ctx context.Context) (mail.Conn, error) {
	defer w.note(time.Now())
	c, err := w.Sender.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &timed{Conn: c, w: w}, nil
}

type timed struct {
	mail.Conn
	w *stopwatch
}

func (c *timed) Send(ctx context.Context, l mail.Letter) error {
	defer c.w.note(time.Now())
	return c.Conn.Send(ctx, l)
}

// plain writes short letters.
type plain struct{}

func (plain) Render(_ context.Context, o mail.Outgoing) (mail.Letter, error) {
	return letter(string(o.ID), o.To), nil
}

func letter(id, to string) mail.Letter {
	return mail.Letter{
		ID: core.MailID(id), Kind: mail.Purchase, From: "Sselfie <hello@example.org>", To: to, Subject: "Welcome", Date: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		MessageID: "<" + id + "@example.org>", Text: "It is ready.\n", HTML: "<p>It is ready.</p>",
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time  { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = t }

func faultOf(t *testing.T, err error) mail.Fault {
	t.Helper()
	var e *mail.SendError
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T) is no SendError", err, err)
	}
	return e.Fault
}
