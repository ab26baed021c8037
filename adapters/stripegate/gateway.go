// Package stripegate is the local payment gateway: a server inside the binary
// that speaks enough of Stripe's protocol (API version 2023-10-16) for the
// ordinary Stripe client to run against it, with the pages on which a buyer
// pays and signed webhooks sent over real HTTP.
//
// No money moves. Cards are Stripe's public test numbers; of a card only brand
// and last four digits are kept. The whole state is one JSON file.
//
//	API      /v1/...          for the Stripe client, on a port of its own
//	Pages    /gateway/...     for the browser, inside the site
//	Run      delivers events, and lets time pass
//	Advance  lets business time pass at once, in order
//
// The story of a purchase: sessions.go creates the checkout session, pay.go
// takes the card, complete.go makes payment intent, charge, customer and
// subscription, events.go writes down what happened, deliver.go tells the site.
package stripegate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"sselfie/core"
)

// Version is the Stripe API version whose shapes the API answers with.
const Version = "2023-10-16"

// Options is everything a Gateway needs to know.
type Options struct {
	Dir            string     // holds gateway.json, made when missing
	Clock          core.Clock // business time: subscriptions, expiry, retries
	Wall           core.Clock // real time: signatures, idempotency keys; nil is the machine's clock
	WebhookURL     string     // where events go; "" sends none until SetAddresses
	WebhookSecret  string     // signs events to WebhookURL
	SecretKey      string     // demanded by the API; "" means sk_test_demo
	PublishableKey string     // "" means pk_test_demo
	BaseURL        string     // of the site that serves Pages, without a final slash
	AccountName    string     // shown on the pages; "" means Demo Studio
	AllowPublic    bool       // accept addresses beyond loopback
	Faults         Faults     // the switches; the zero value keeps those stored before
	Timeout        time.Duration
	Log            *slog.Logger
}

// Gateway is one local payment gateway with its state.
type Gateway struct {
	opt    Options
	log    *slog.Logger
	client *http.Client
	store  *store

	mu      sync.Mutex // guards everything below; never held over the network
	s       *state
	version uint64 // counts changes of s
	at      int64  // business time of the step being processed, 0 outside Advance
	batch   int64  // groups the events that one change brings
	cause   cause  // the API request being answered, for events
	base    string
	hook    string

	step sync.Mutex // one at a time lets time pass or delivers
	wake chan struct{}
	done chan struct{}
	once sync.Once
}

// New opens the gateway over the folder of opt, with the state left there. It
// refuses live keys, and addresses beyond loopback unless they are allowed.
func New(opt Options) (*Gateway, error) {
	const op = "stripegate.New"
	if opt.SecretKey == "" {
		opt.SecretKey = "sk_test_demo"
	}
	if opt.PublishableKey == "" {
		opt.PublishableKey = "pk_test_demo"
	}
	if opt.AccountName == "" {
		opt.AccountName = "Demo Studio"
	}
	if opt.Timeout == 0 {
		opt.Timeout = 20 * time.Second
	}
	if opt.Wall == nil {
		opt.Wall = wallClock{}
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Clock == nil || opt.Dir == "" {
		return nil, &core.Error{Code: core.Internal, Op: op, Message: "a clock and a folder are required"}
	}
	for _, key := range []string{opt.SecretKey, opt.PublishableKey} {
		for _, live := range []string{"sk_live", "rk_live", "pk_live"} {
			if strings.HasPrefix(strings.TrimSpace(key), live) {
				return nil, &core.Error{Code: core.Invalid, Op: op, Message: "the local payment gateway refuses a live Stripe key; no money would move"}
			}
		}
	}
	g := &Gateway{
		opt: opt, log: opt.Log, wake: make(chan struct{}, 1), done: make(chan struct{}),
		client: &http.Client{
			Timeout:       opt.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if err := g.SetAddresses(opt.BaseURL, opt.WebhookURL); err != nil {
		return nil, err
	}
	var err error
	if g.store, err = openStore(opt.Dir); err != nil {
		return nil, &core.Error{Code: core.Internal, Op: op, Message: "the gateway's folder cannot be used", Err: err}
	}
	if g.s, err = g.store.load(); err != nil {
		return nil, &core.Error{Code: core.Internal, Op: op, Message: "the gateway's state cannot be read; move " + g.store.path + " away to start afresh", Err: err}
	}
	if g.s.Account == "" {
		g.s.Account = newID("acct_", 16)
	}
	if opt.Faults != (Faults{}) {
		g.s.Faults = opt.Faults
	}
	return g, nil
}

// SetAddresses says where the site is reached and where its webhook listens:
// for a site that knows its port only after it has begun to listen.
func (g *Gateway) SetAddresses(baseURL, webhookURL string) error {
	for what, raw := range map[string]string{"base URL": baseURL, "webhook URL": webhookURL} {
		if raw == "" || g.opt.AllowPublic {
			continue
		}
		if err := loopback(raw); err != nil {
			return &core.Error{
				Code: core.Invalid, Op: "stripegate.New", Err: err,
				Message: fmt.Sprintf("the local payment gateway serves only this machine: %s %s is public", what, raw),
			}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.base, g.hook = strings.TrimSuffix(baseURL, "/"), webhookURL
	return nil
}

func loopback(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("not a loopback address")
}

// Close writes what was not written yet. Run ends with its own context.
func (g *Gateway) Close() error {
	g.once.Do(func() { close(g.done) })
	return g.save()
}

// change runs f under the lock, then writes the state and wakes the worker.
// f must find every fault of its input before it changes anything: where it
// fails nothing is written.
func (g *Gateway) change(f func() error) error {
	if err := g.locked(f); err != nil {
		return err
	}
	if err := g.save(); err != nil {
		return err
	}
	g.nudge()
	return nil
}

func (g *Gateway) locked(f func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batch = g.s.Seq + 1
	if err := f(); err != nil {
		return err
	}
	g.version++
	return nil
}

// view runs f under the lock; f changes nothing.
func (g *Gateway) view(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func (g *Gateway) nudge() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// now is the business time in Unix seconds: of the step being processed, or the
// clock's.
func (g *Gateway) now() int64 {
	if g.at != 0 {
		return g.at
	}
	return g.opt.Clock.Now().Unix()
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now().UTC() }

// Flush delivers every event that waits, whenever its next attempt would be
// due, and reports how many could not be delivered.
func (g *Gateway) Flush(ctx context.Context) error {
	g.step.Lock()
	defer g.step.Unlock()
	return g.flush(ctx)
}
