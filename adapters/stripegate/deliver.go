package stripegate

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// delivery is one event on its way to one address.
type delivery struct {
	ID       string // repeats of the same event have deliveries of their own
	Endpoint string // "" is the configured address
	State    string // waiting, done, dropped or given up
	Attempts int
	Next     int64 // business time of the next attempt
	Order    float64
	Log      []attempt
	wall     time.Time // real time of the next attempt, not kept over a restart
}

// attempt is one line of the delivery log.
type attempt struct {
	At     int64 // business time
	Status int
	Error  string
	Millis int64
}

const (
	waiting = "waiting"
	done    = "done"
	dropped = "dropped"
	givenUp = "given up"

	giveUpAfter = 3 * day
	keepLog     = 20
)

func (e *event) waiting() (n int) {
	for _, d := range e.Deliveries {
		if d.State == waiting {
			n++
		}
	}
	return n
}

// delivered reports whether every address has taken the event.
func (e *event) delivered() bool {
	return !slices.ContainsFunc(e.Deliveries, func(d *delivery) bool { return d.State != done })
}

// queue plans the deliveries of a new event, as the switches will have it.
func (g *Gateway) queue(e *event) {
	f := g.s.Faults
	order := float64(e.Seq - e.Batch)
	if f.Shuffle {
		order = f.roll(e.Seq, "shuffle")
	}
	for _, to := range g.addressees(e.Type) {
		d := &delivery{ID: newID("whd_", 16), Endpoint: to, State: waiting, Next: g.now(), Order: order}
		switch {
		case f.roll(e.Seq, "drop") < f.Drop:
			d.State = dropped
		case f.roll(e.Seq, "delay") < f.Delay:
			d.Next += f.delayFor()
			d.wall = time.Now().Add(2 * time.Second)
		}
		e.Deliveries = append(e.Deliveries, d)
		if d.State == waiting && f.roll(e.Seq, "duplicate") < f.Duplicate {
			again := *d
			again.ID = newID("whd_", 16)
			again.Order += 1.5
			e.Deliveries = append(e.Deliveries, &again)
		}
	}
}

// addressees are the endpoints that want an event. The configured address takes
// everything, unless an endpoint was made for it: then that one's list decides.
func (g *Gateway) addressees(kind string) []string {
	var out []string
	named := false
	for _, p := range values(g.s.Endpoints) {
		if p.URL == g.hook {
			named = true
		}
		if !p.Disabled && slices.ContainsFunc(p.Events, func(t string) bool { return matches(t, kind) }) {
			out = append(out, p.ID)
		}
	}
	if !named && g.hook != "" {
		out = append(out, "")
	}
	return out
}

// Run delivers events and lets due things happen as the business clock passes
// them, until ctx ends.
func (g *Gateway) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		g.turn(ctx)
		select {
		case <-ctx.Done():
			return
		case <-g.done:
			return
		case <-g.wake:
		case <-tick.C:
		}
	}
}

func (g *Gateway) turn(ctx context.Context) {
	g.step.Lock()
	defer g.step.Unlock()
	if err := g.pass(ctx, g.opt.Clock.Now().Unix()); err != nil {
		return
	}
	if g.deliver(ctx, func(d *delivery) bool { return !time.Now().Before(d.wall) }) > 0 {
		g.saveLog()
	}
}

// parcel is a delivery with what is needed to make it, taken under the lock.
type parcel struct {
	e           *event
	d           *delivery
	url, secret string
	body        []byte
}

// deliver makes the attempts that are due, one after the other in the order of
// the events, and returns how many were made.
func (g *Gateway) deliver(ctx context.Context, due func(*delivery) bool) int {
	made := 0
	for _, p := range g.parcels(due) {
		if ctx.Err() != nil {
			break
		}
		g.send(ctx, p)
		made++
	}
	return made
}

// saveLog writes what deliveries changed. It waits for the end of a round: a
// lost log brings repeated deliveries, which the site knows to ignore.
func (g *Gateway) saveLog() {
	if err := g.save(); err != nil {
		g.log.Error("delivery log not written", "error", err)
	}
}

func (g *Gateway) parcels(due func(*delivery) bool) []parcel {
	var out []parcel
	g.view(func() {
		for _, e := range g.s.Events {
			for _, d := range e.Deliveries {
				if d.State != waiting || !due(d) {
					continue
				}
				url, secret := g.hook, g.opt.WebhookSecret
				if d.Endpoint != "" {
					p := g.s.Endpoints[d.Endpoint]
					if p == nil || p.Disabled {
						d.State, e.text = givenUp, nil
						continue
					}
					url, secret = p.URL, p.Secret
				}
				body, err := pretty(g.eventObj(e))
				if err != nil || url == "" {
					continue
				}
				out = append(out, parcel{e: e, d: d, url: url, secret: secret, body: body})
			}
		}
		slices.SortStableFunc(out, func(a, b parcel) int {
			return cmp.Or(cmp.Compare(a.e.Batch, b.e.Batch), cmp.Compare(a.d.Order, b.d.Order))
		})
	})
	return out
}

// Sign returns the Stripe-Signature header of a body.
func Sign(body []byte, secret string, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// send makes one attempt and writes down what came of it.
func (g *Gateway) send(ctx context.Context, p parcel) {
	began := time.Now()
	status, err := g.post(ctx, p)
	if err != nil && ctx.Err() != nil {
		return // stopped, not failed
	}
	g.view(func() {
		g.version++
		p.e.text = nil
		now := g.now()
		line := attempt{At: now, Status: status, Millis: time.Since(began).Milliseconds()}
		if err != nil {
			line.Error = err.Error()
		}
		p.d.Attempts++
		p.d.Log = append(p.d.Log, line)
		if len(p.d.Log) > keepLog {
			p.d.Log = p.d.Log[len(p.d.Log)-keepLog:]
		}
		if err == nil {
			p.d.State = done
			return
		}
		p.d.Next, p.d.wall = now+backoff(p.d.Attempts), time.Now().Add(wallBackoff(p.d.Attempts))
		if p.d.Next-p.e.Created > giveUpAfter {
			p.d.State = givenUp
		}
	})
	if err != nil {
		g.log.Warn("webhook not delivered", "event", p.e.ID, "type", p.e.Type, "attempt", p.d.Attempts, "status", status, "error", err)
	}
}

// backoff doubles from one minute to twelve hours of business time.
func backoff(attempts int) int64 {
	return min(minute<<min(attempts-1, 20), 12*hour)
}

// wallBackoff doubles from one second to five; a receiver that fails for long
// is asked every half minute.
func wallBackoff(attempts int) time.Duration {
	if attempts > 20 {
		return 30 * time.Second
	}
	return min(time.Second<<min(attempts-1, 10), 5*time.Second)
}

func (g *Gateway) post(ctx context.Context, p parcel) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks; local gateway)")
	req.Header.Set("Stripe-Signature", Sign(p.body, p.secret, g.opt.Wall.Now()))
	res, err := g.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode/100 != 2 {
		return res.StatusCode, fmt.Errorf("answered %d", res.StatusCode)
	}
	return res.StatusCode, nil
}

// flush makes one attempt at everything that waits, and at what that brings.
func (g *Gateway) flush(ctx context.Context) error {
	defer g.saveLog()
	tried := map[string]bool{}
	for {
		n := g.deliver(ctx, func(d *delivery) bool {
			if tried[d.ID] {
				return false
			}
			tried[d.ID] = true
			return true
		})
		if n == 0 || ctx.Err() != nil {
			break
		}
	}
	left := 0
	g.view(func() {
		for _, e := range g.s.Events {
			left += e.waiting()
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("stripegate: %w: %d", ErrUndelivered, left)
	}
	return nil
}

// ErrUndelivered says that the site did not take some events yet; they stay
// queued and are tried again.
var ErrUndelivered = errors.New("events not delivered")

// Resend sends an event again to every address, whatever became of it so far.
func (g *Gateway) Resend(id string) error {
	return g.change(func() error {
		e := g.oneEvent(id)
		if e == nil {
			return absent("event", id)
		}
		e.text = nil
		for _, to := range g.addressees(e.Type) {
			e.Deliveries = append(e.Deliveries, &delivery{ID: newID("whd_", 16), Endpoint: to, State: waiting, Next: g.now()})
		}
		for _, d := range e.Deliveries {
			if d.State == dropped || d.State == givenUp {
				d.State = done // the new one stands for it
			}
		}
		return nil
	})
}
