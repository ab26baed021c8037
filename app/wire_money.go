package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/stripegate"
	"sselfie/adapters/stripepay"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/credits"
	"sselfie/core/mail"
)

// Where things are on the site.
const (
	webhookPath = "/api/webhooks/stripe"
	gatewayJS   = "/gateway/v3.js"
	stripeJS    = "https://js.stripe.com/v3/"
	demoSecret  = "whsec_demo"
)

// money is everything that payments need.
type money struct {
	h       *house
	billing *billing.Service
	stripe  *stripepay.Client
	reader  *stripepay.Reader
	gate    *stripegate.Gateway // demo mode only
	once    sync.Once
	skew    atomic.Int64  // of the last genuine report that was refused for its time
	ready   chan struct{} // closed once products and prices are where they belong
}

func (h *house) openMoney(ledger credits.Ledger, post mail.Post) (*money, error) {
	c := h.config
	m := &money{h: h, ready: make(chan struct{})}
	opts := stripepay.Options{Key: c.Stripe.SecretKey, APIBase: c.Stripe.APIBase, Timeout: c.Stripe.Timeout, Log: h.log, Prices: priceBook{h}}
	m.reader = &stripepay.Reader{Secrets: []string{c.Stripe.WebhookSecret, c.Stripe.PreviousWebhookSecret}, Wall: h.wall, Skewed: h.skewed}
	if c.Demo {
		if err := h.openGate(m, &opts); err != nil {
			return nil, err
		}
	} else {
		m.opened()
	}
	m.stripe = stripepay.New(opts)
	m.billing = &billing.Service{
		Store: h.billingStore(), Read: h.db, Gateway: afterSetup{m.stripe, m}, Payloads: m.reader, Clock: h.clock, IDs: h.ids, Fold: h.fold,
		Catalog: h.catalog, Ledger: ledger, Post: post, Live: c.Live(), BaseURL: h.base, Creator: c.creator(), Grace: c.GracePeriod,
	}
	return m, nil
}

// openGate brings up the local gateway and points the Stripe client at it.
func (h *house) openGate(m *money, opts *stripepay.Options) (err error) {
	c := h.config
	if opts.Key == "" {
		opts.Key = "sk_test_demo"
	}
	if c.Stripe.WebhookSecret == "" {
		m.reader.Secrets = []string{demoSecret}
	}
	m.gate, err = stripegate.New(stripegate.Options{
		Dir: filepath.Join(c.DataDir, "gateway"), Clock: h.clock, Wall: h.wall, BaseURL: h.base, WebhookURL: h.base + webhookPath,
		WebhookSecret: m.reader.Secrets[0], SecretKey: opts.Key, PublishableKey: c.publishableKey(), AccountName: c.Brand.Name,
		AllowPublic: c.DemoPublic, Log: h.log,
	})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, m.gate.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("a port for the local gateway: %w", err)
	}
	srv := loopbackServer(m.gate.API())
	go func() { _ = srv.Serve(ln) }() // ends with Close
	h.closers = append(h.closers, srv.Close)
	opts.APIBase = "http://" + ln.Addr().String()
	return nil
}

func (c *Config) publishableKey() string {
	if c.Demo && c.Stripe.PublishableKey == "" {
		return "pk_test_demo"
	}
	return c.Stripe.PublishableKey
}

// skewed tells that a rightly signed webhook was refused because of the time.
func (h *house) skewed(by time.Duration) {
	h.money.skew.Store(int64(by))
	h.log.Error("a genuine webhook was refused: the clock of this server is wrong, set it by NTP", "op", "app.clock", "off", by.String())
}

// provision brings Stripe, or the local gateway, in line with the catalogue.
func (m *money) provision(ctx context.Context, webhookURL string, knownSecret bool) (stripepay.Provisioned, error) {
	h := m.h
	return m.stripe.Provision(ctx, stripepay.Setup{
		Catalog: h.catalog, Brand: h.config.Brand.Name, WebhookURL: webhookURL, ReturnURL: h.base + "/account",
		TermsURL: h.base + "/legal/terms", PrivacyURL: h.base + "/legal/privacy", KnownSecret: knownSecret,
	})
}

// setUpDemo provisions the local gateway by the same code that sets up Stripe.
func (m *money) setUpDemo(ctx context.Context) {
	defer m.opened()
	if _, err := m.provision(ctx, "", true); err != nil && ctx.Err() == nil {
		m.h.log.Error("the local gateway could not be set up", "op", "app.setUpDemo", "err", err)
	}
}

// wait gives the demo's gateway a moment to be set up.
func (m *money) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	select {
	case <-m.ready:
	case <-ctx.Done():
	}
}

func (m *money) opened() { m.once.Do(func() { close(m.ready) }) }

// home is where a customer goes after signing in: the page of her latest
// purchase that was not refunded.
func (m *money) home(ctx context.Context, user core.UserID) string {
	payments, err := m.h.db.PaymentsOf(ctx, user)
	if err != nil {
		return ""
	}
	var last billing.Payment
	for _, p := range payments {
		if !p.FullyRefunded() && p.PaidAt.After(last.PaidAt) {
			last = p
		}
	}
	p, _ := m.h.catalog.Product(last.Product)
	return p.After
}

// afterSetup lets no checkout begin before the demo's prices exist.
type afterSetup struct {
	*stripepay.Client
	m *money
}

// OpenSession implements billing.Gateway.
func (g afterSetup) OpenSession(ctx context.Context, n billing.NewSession) (billing.OpenedSession, error) {
	select {
	case <-g.m.ready:
		return g.Client.OpenSession(ctx, n)
	case <-ctx.Done():
		return billing.OpenedSession{}, &core.Error{Code: core.Unavailable, Op: "app.OpenSession", Message: "The shop is still opening. Try again in a moment.", Err: ctx.Err()}
	}
}

// EventsSince implements billing.Gateway. The local gateway knows what the site
// has taken: while nothing is missing there is nothing to ask for.
func (g afterSetup) EventsSince(ctx context.Context, since time.Time, fn func(payload []byte) error) error {
	if g.m.gate != nil && !g.m.gate.Undelivered() {
		return nil
	}
	return g.Client.EventsSince(ctx, since, fn)
}

// priceBook keeps which prices at Stripe are ours.
type priceBook struct{ h *house }

// RememberPrice implements stripepay.PriceBook.
func (b priceBook) RememberPrice(ctx context.Context, price, lookupKey string) error {
	for _, p := range b.h.catalog.Products {
		if p.LookupKey == lookupKey {
			return b.h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
				return tx.SavePrice(ctx, price, p.ID, lookupKey, b.h.clock.Now())
			})
		}
	}
	return nil
}

// pages returns the browser side of the local gateway, nil without one.
func (m *money) pages() http.Handler {
	if m == nil || m.gate == nil {
		return nil
	}
	return m.gate.Pages()
}
