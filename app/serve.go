package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/acme"
	"sselfie/adapters/scheduler"
	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/static"
)

const (
	tickEvery    = 10 * time.Second
	shutdownTime = 20 * time.Second
)

type serveCommand struct{}

// Help implements kong.HelpProvider.
func (serveCommand) Help() string {
	return "Stops on SIGTERM or Ctrl-C, after it has answered what it accepted.\n\nExample: sselfie serve --config /etc/sselfie.yaml\n\nExample: SSELFIE_DEMO=true sselfie serve"
}

// Run serves the site until it is told to stop.
func (serveCommand) Run(s *shell) error {
	c, err := s.load(ToServe)
	if err != nil {
		return err
	}
	return serve(s.ctx, c, s)
}

// serve runs the site until ctx ends.
func serve(ctx context.Context, c Config, s *shell) (err error) {
	metrics.ExposeMetadata(true)
	log := newLog(s.stderr, c)
	defer takeStandardLog(log)()
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		// Most often it is another sselfie; the lock tells that better than the port.
		if h, lockErr := build(ctx, c, c.baseURL(c.Addr), log); lockErr != nil {
			return lockErr
		} else if err2 := h.close(); err2 != nil {
			return err2
		}
		// And one that was killed may have let go of the port meanwhile.
		if ln, err = net.Listen("tcp", c.Addr); err != nil {
			return fmt.Errorf("cannot listen at %s: %w", c.Addr, plainNetError(err))
		}
	}
	defer func() { _ = ln.Close() }() // closed by the server already when all went well
	base := c.baseURL(ln.Addr().String())
	var h *house
	// Tries out the creator's own texts while the database opens. The clock is asked
	// when the first page is drawn.
	drawn := aside(func() (*view.Renderer, error) { return c.pages(base, func() time.Time { return h.clock.Now() }) })
	if h, err = build(ctx, c, base, log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	pages, err := drawn()
	if err != nil {
		return err
	}
	if err := h.seed(ctx); err != nil {
		return err
	}
	srv, err := h.server(pages)
	if err != nil {
		return err
	}
	control, err := listenControl(c.DataDir)
	if err != nil {
		return err
	}
	errands := h.serveControl(control)
	defer func() { _ = errands.Close() }()

	// work is what goes on beside the requests. It ends after the last request,
	// because requests leave work behind.
	work, endWork := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	defer func() { endWork(); workers.Wait() }()

	failed := make(chan error, 2)
	door, err := h.secure(work, ln, &workers, failed)
	if err != nil {
		return err
	}
	if err := h.firstAdmin(ctx); err != nil {
		return err
	}
	go func() { failed <- srv.Serve(door) }()
	s.greet(c, base)
	h.startWork(work, &workers)
	ticker, err := scheduler.Start(tickEvery, log, func(ctx context.Context) error {
		_, err := h.runner.RunDue(ctx, h.clock.Now())
		return err
	})
	if err != nil {
		return err
	}

	select {
	case <-ctx.Done():
	case err = <-failed:
		if err != nil {
			err = fmt.Errorf("the server stopped: %w", err)
		}
	}
	log.Info("stopping", "op", "app.serve")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return errors.Join(err, srv.Shutdown(end), ticker.Stop(end))
}

// firstAdmin makes the admin of the configuration where nobody has that address
// yet: who is told where the site is can sign in. An admin that is there is looked
// at beside the requests, because comparing a password takes longer than the rest
// of a start.
func (h *house) firstAdmin(ctx context.Context) error {
	a := h.config.Admin
	if a.Email == "" {
		return nil
	}
	if _, err := h.people.Read.UserByKey(ctx, h.people.Fold(a.Email)); !core.Is(err, core.NotFound) {
		return err
	}
	_, err := h.people.CreateAdmin(ctx, a.Email, a.Password)
	return err
}

// startWork begins what goes on beside the requests.
func (h *house) startWork(ctx context.Context, workers *sync.WaitGroup) {
	workers.Go(func() { h.rest(ctx) })
	if h.outbox != nil {
		workers.Go(func() {
			if err := h.outbox.Run(ctx); err != nil {
				h.log.Error("the outbox ended", "op", "mail.Run", "err", err)
			}
		})
	}
	workers.Go(func() { h.follow(ctx) })
	workers.Go(func() {
		h.voice.seen.Keep(ctx, func(err error) {
			h.log.Warn("who was here is not written down; the next visit is", "op", "accounts.Visits", "err", err)
		})
	})
	h.followReturns(ctx, workers)
	if h.config.Admin.Email != "" {
		workers.Go(func() {
			if _, err := h.people.CreateAdmin(ctx, h.config.Admin.Email, h.config.Admin.Password); err != nil && ctx.Err() == nil {
				h.log.Error("the admin of the configuration could not be made", "op", "app.admin", "err", err)
			}
		})
	}
	if h.money == nil {
		return
	}
	workers.Go(func() {
		if h.money.gate != nil {
			h.money.setUpDemo(ctx)
			workers.Go(func() { h.money.gate.Run(ctx) })
		}
		// What Stripe reported while nobody was here.
		if _, err := h.runner.RunByHand(ctx, jobCatchUp); err != nil && ctx.Err() == nil {
			h.log.Warn("the catch-up at the start did not get through; it is tried again within the hour", "op", "app.catchUp", "err", err)
		}
	})
}

// restAfter leaves the first requests alone.
const restAfter = 5 * time.Second

// rest gives back, once, what only the start needed.
func (h *house) rest(ctx context.Context) {
	wait := time.NewTimer(restAfter)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
		if err := giveBack(); err != nil {
			h.log.Debug("the program keeps what its start needed in memory", "op", "app.rest", "err", err)
		}
	}
}

// secure puts TLS before the listener when a domain is configured, and opens
// the door for those who come without.
func (h *house) secure(ctx context.Context, ln net.Listener, workers *sync.WaitGroup, failed chan<- error) (net.Listener, error) {
	c := h.config.TLS
	if c.Domain == "" {
		return ln, nil
	}
	keeper := acme.New(acme.Options{Domain: c.Domain, Email: c.Email, Folder: filepath.Join(h.config.DataDir, "certificates"), Directory: c.Directory, Log: h.log})
	plain, err := net.Listen("tcp", c.HTTPAddr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s, where the certificate authority asks (tls.http_addr): %w", c.HTTPAddr, plainNetError(err))
	}
	h.closers = append(h.closers, func() error { return keeper.Close(context.WithoutCancel(ctx)) })
	go func() {
		if err := keeper.ServePlain(plain); err != nil {
			failed <- err
		}
	}()
	workers.Go(func() {
		if err := keeper.Fetch(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("there is no certificate yet; each visitor's connection tries again", "op", "acme.Fetch", "domain", c.Domain, "err", err)
		}
	})
	return tls.NewListener(ln, keeper.TLS()), nil
}

// pages draws the pages. What ships is proven by tests and read at the first page;
// a creator's own files are tried out at once, where a mistake is told with file
// and line.
func (c *Config) pages(base string, now func() time.Time) (*view.Renderer, error) {
	over, err := c.files("")
	if err != nil {
		return nil, err
	}
	site, files := c.site(base), view.Layered(over, static.Files)
	if over != nil {
		if bad := view.Broken(files, site); len(bad) > 0 {
			return nil, view.Problems(bad)
		}
	}
	return view.New(view.Options{Site: site, Files: files, Live: c.livePages(), Now: now, Shipped: over == nil})
}

// livePages reports whether pages follow their files while the program runs.
func (c *Config) livePages() bool { return c.Demo && c.StaticDir != "" }

// server builds the web server.
func (h *house) server(pages *view.Renderer) (*web.Server, error) {
	c := h.config
	o := web.Options{
		BaseURL: h.base, Demo: c.Demo, Live: c.livePages(), TrustedProxies: c.proxies(), Limits: web.Limits(c.Limits),
		MetricsToken: c.Metrics.Token, Grace: c.GracePeriod, Catalog: h.catalog,
		Log: h.log, Clock: h.clock, Wall: h.wall, Stats: h.stats, Hash: h.signer.Hash, Pages: pages, Reads: h.db,
		Ready:  func(ctx context.Context) error { return h.db.Ready(ctx, h.wall.Now()) },
		People: h.people, Seen: h.voice.seen.Seen, Events: h.visits,
	}
	if h.money != nil {
		o.Billing, o.Payloads = h.money.billing, h.money.reader
	}
	if h.money != nil && h.money.gate != nil {
		o.Billing = adopting{h.money.billing, h}
	}
	o.Customer = h.reception.web(h)
	if h.outbox != nil {
		o.Leads = h.reception
		o.Letters, o.Links = subscriptions{h.voice.desk}, h.voice.links
		o.Customer.Wishes = subscriptions{h.voice.desk}
		o.Returns, o.ReturnsSecret = h.voice.desk, c.Returns.WebhookSecret
	}
	o.Once = h.once
	if c.creator() != "" && h.outbox != nil {
		o.Desk = h.desk()
	}
	o.Admin, o.Voice = h.adminDesk(), h.voiceDesk()
	if c.Demo {
		o.Travel, o.Gateway = travel{h}, h.money.pages()
		if h.mailbox != nil {
			o.Mailbox = h.mailbox
		}
	}
	return web.New(o)
}

// consentVersion names the words beside the boxes of our forms.
const consentVersion = "2026-02"

// site is what all pages share.
func (c *Config) site(base string) view.Site {
	s := view.Site{Brand: c.Brand, Catalog: c.Catalog.Catalogue(), BaseURL: base, Demo: c.Demo, Samples: c.DemoSeed, PostalAddress: c.Mail.PostalAddress, ConsentVersion: consentVersion}
	if c.Payments != "disabled" {
		s.Payments = view.Payments{PublishableKey: c.publishableKey(), ScriptURL: stripeJS}
		if c.Demo {
			s.Payments.ScriptURL = gatewayJS
		}
	}
	return s
}

// proxies returns the networks that check has proven.
func (c *Config) proxies() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range c.TrustedProxies {
		if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
		} else if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// greet says where to look, to a person who has just typed a command; where logs
// are JSON it is a machine that reads.
func (s *shell) greet(c Config, base string) {
	if c.Log.Format == "json" {
		slog.New(slog.NewJSONHandler(s.stdout, nil)).Info("serving", "version", version, "url", base, "demo", c.Demo, "data_dir", c.DataDir)
		return
	}
	if !c.Demo {
		s.say("sselfie %s serves %s", version, base)
		return
	}
	lines := []string{
		"", "  Sselfie " + version + " in demo mode: no real money, no real mail.", "",
		"    the site        " + base,
	}
	if c.Mail.Driver == "mailbox" {
		lines = append(lines, "    every mail      "+base+"/dev/mailbox")
	}
	lines = append(lines, "    time machine    "+base+"/dev")
	if c.Payments != "disabled" {
		lines = append(lines, "", "    pay with 4242 4242 4242 4242, any future date, any CVC", "    declined is 4000 0000 0000 0002, with 3-D Secure 4000 0000 0000 3220")
	}
	if c.Admin.Email != "" {
		lines = append(lines, "    admin           "+c.Admin.Email)
	}
	if c.DemoSeed {
		lines = append(lines, "", "    sample history is loaded; sign in as "+sampleEmail+" with the password: "+samplePassword)
	}
	lines = append(lines, "", "  Stop with Ctrl-C. Everything is kept in "+c.DataDir+".", "")
	s.say("%s", strings.Join(lines, "\n"))
}

// plainNetError takes the addresses off that the message around it says already.
func plainNetError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
