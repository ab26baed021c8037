package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/admin"
	"sselfie/core/billing"
	"sselfie/migrations"
)

// simulation is a house of its own on a copy of the data, with one customer
// whose life is watched.
type simulation struct {
	*house
	base  string
	user  accounts.User
	begin time.Time
	desk  *admin.Service
	notes []admin.Moment // what was done by hand, or could not be
}

// simulate lets time pass on a copy.
func (s *shell) simulate(in simulateCommand, acts []act) (err error) {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sselfie-simulation-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := copyData(s.ctx, c, dir); err != nil {
		return err
	}
	sim, closeAll, err := s.openSimulation(c, dir, in.For)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	if err := sim.live(s.ctx, in.Days, acts); err != nil {
		return err
	}
	all, err := sim.desk.Timeline(s.ctx, sim.user.ID)
	if err != nil {
		return err
	}
	all = append(sim.notes, all...) // of one second, what she did comes first
	slices.SortStableFunc(all, func(a, b admin.Moment) int { return a.At.Truncate(time.Second).Compare(b.At.Truncate(time.Second)) })
	s.say("%s, from %s to %s", sim.user.Email, sim.begin.UTC().Format(time.DateOnly), sim.clock.Now().UTC().Format(time.DateOnly))
	during := slices.DeleteFunc(slices.Clone(all), func(m admin.Moment) bool { return m.At.Before(sim.begin.Truncate(time.Second)) })
	for _, line := range admin.Lines(during) {
		s.say("%s", line)
	}
	if len(during) == 0 {
		s.say("nothing happens to her")
	}
	if in.Out == "" {
		return nil
	}
	return sim.draw(in.Out, all)
}

// copyData copies the database, and the gateway's state where there is one. The
// files that it copies are only read.
func copyData(ctx context.Context, c Config, dir string) error {
	from, err := sqlite.Open(ctx, sqlite.Options{Path: c.databasePath(), ReadOnly: true})
	if err != nil {
		return err
	}
	name, err := from.Backup(ctx, dir)
	if err = errors.Join(err, from.Close()); err != nil {
		return err
	}
	if err := os.Rename(name, filepath.Join(dir, "sselfie.db")); err != nil {
		return err
	}
	state, err := os.ReadFile(filepath.Join(c.DataDir, "gateway", "gateway.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "gateway"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "gateway", "gateway.json"), state, 0o600)
}

// rehearsed is a configuration in which nothing leaves the machine.
func (c Config) rehearsed(dir string) Config {
	c.Addr, c.BaseURL, c.DataDir, c.TLS, c.Admin, c.Cron = "127.0.0.1:0", "", dir, TLSConfig{}, AdminConfig{}, CronConfig{}
	c.Demo, c.DemoSeed, c.DemoPublic, c.Payments, c.Stripe = true, false, false, "stripe", StripeConfig{Timeout: c.Stripe.Timeout}
	c.Mail.Driver, c.SMTP = "mailbox", SMTPConfig{}
	c.Engine.Images, c.Engine.Text = "embedded", "embedded"
	if c.Mail.From == "" {
		c.Mail.From = "Sselfie <hello@localhost>"
	}
	if c.Mail.PostalAddress == "" {
		c.Mail.PostalAddress = "1 Sample Street, Sampletown"
	}
	c.Log.Level = "error"
	return c
}

func (s *shell) openSimulation(c Config, dir, email string) (sim *simulation, closeAll func() error, err error) {
	ctx := s.ctx
	c = c.rehearsed(dir)
	if err := makeTest(ctx, c); err != nil {
		return nil, nil, err
	}
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return nil, nil, err
	}
	base := "http://" + ln.Addr().String()
	h, err := build(ctx, c, base, newLog(s.stderr, c))
	if err != nil {
		return nil, nil, errors.Join(err, ln.Close())
	}
	closeAll = func() error { return errors.Join(h.close(), ignoreClosed(ln.Close())) }
	pages, err := c.pages(base, h.clock.Now)
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	srv, err := h.server(pages)
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	go func() { _ = srv.Serve(ln) }() // ends with the listener
	inner := closeAll
	closeAll = func() error {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		return errors.Join(srv.Shutdown(end), inner())
	}
	h.money.setUpDemo(ctx)
	sim = &simulation{house: h, base: base, begin: h.clock.Now(), desk: h.adminDesk().Desk}
	if sim.user, err = h.db.UserByKey(ctx, h.fold(email)); err != nil {
		if core.Is(err, core.NotFound) {
			err = &core.Error{Code: core.NotFound, Op: "app.simulate", Message: "There is no account with the address " + email + "."}
		}
		return nil, nil, errors.Join(err, closeAll())
	}
	return sim, closeAll, sim.adoptAll(ctx)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// makeTest brings the copy to this program's version and marks it as a test
// installation, so that the gateway's events count.
func makeTest(ctx context.Context, c Config) error {
	db, err := sqlite.Open(ctx, sqlite.Options{Path: c.databasePath(), Migrations: migrations.Files})
	if err != nil {
		return err
	}
	err = db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveSetting(ctx, "mode", "test", time.Now()) })
	return errors.Join(err, db.Close())
}

// adoptAll makes the gateway know what Stripe has told about the customer, so
// that renewals and refunds work on it.
func (s *simulation) adoptAll(ctx context.Context) error {
	events, err := s.db.EventsOf(ctx, s.user.ID, 5000)
	if err != nil {
		return err
	}
	for _, e := range events {
		var event struct {
			Data struct {
				Object json.RawMessage `json:"object"`
			} `json:"data"`
		}
		if s.money.gate.Sent(string(e.ID)) || json.Unmarshal(e.Payload, &event) != nil {
			continue
		}
		if err := s.money.gate.Adopt("", event.Data.Object); err != nil {
			s.note(s.clock.Now(), "The gateway cannot take in an old event", string(e.ID), err)
		}
	}
	return nil
}

func (s *simulation) note(at time.Time, title, detail string, err error) {
	m := admin.Moment{At: at, Kind: "simulated", Title: title, Detail: detail}
	if err != nil {
		m.Why = sentence(err)
	}
	s.notes = append(s.notes, m)
}

// live lets the days pass, and does what the customer does on them.
func (s *simulation) live(ctx context.Context, days int, acts []act) error {
	acts = slices.DeleteFunc(acts, func(a act) bool { return a.day < 0 })
	slices.SortStableFunc(acts, func(a, b act) int { return a.day - b.day })
	t := travel{s.house}
	for _, a := range append(acts, act{days, ""}) {
		to := s.begin.Add(time.Duration(a.day) * simulated)
		if now := s.clock.Now(); to.Before(now) {
			to = now.Add(time.Second)
		}
		if _, err := t.Advance(ctx, to); err != nil {
			return err
		}
		at := s.clock.Now()
		var err error
		var done string
		switch a.what {
		case "click":
			done, err = s.click(ctx)
		case "upgrade":
			done, err = s.upgrade(ctx)
		case "refund":
			done, err = s.refund(ctx)
		default:
			continue
		}
		if err = errors.Join(err, s.money.gate.Flush(ctx)); err != nil {
			s.note(at, "The "+a.what+" does not succeed", "", err)
			continue
		}
		s.note(at, "She did as planned: "+a.what, done, nil)
	}
	// What the last moment promised goes out before it is told.
	_, err := t.Advance(ctx, s.clock.Now().Add(time.Second))
	return err
}

var errNoClick = errors.New("she has got no mail with a link of ours")

// click follows the first link of the newest mail to her, as a browser would.
func (s *simulation) click(ctx context.Context) (string, error) {
	mails, err := s.mailbox.List(ctx, s.user.Email, 50)
	if err != nil {
		return "", err
	}
	for _, m := range mails {
		for _, link := range m.Links {
			if strings.HasPrefix(link, s.base) && !strings.Contains(link, "/unsubscribe") && !strings.Contains(link, "/auth/") {
				return m.Subject, s.visit(ctx, link)
			}
		}
	}
	return "", errNoClick
}

func (s *simulation) visit(ctx context.Context, link string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	req.Header.Set("Accept", "text/html")
	return answered(http.DefaultTransport.RoundTrip(req))
}

// answered reads an answer to its end and turns a refusal into an error.
func answered(res *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("the answer was %s: %.300s", res.Status, text)
	}
	return err
}

// upgrade joins Studio through checkout and payment page.
func (s *simulation) upgrade(ctx context.Context) (string, error) {
	in := billing.StartCheckout{Door: billing.DoorUpgrade, User: s.user.ID, Source: "simulation"}
	said := "at the full price"
	var opened billing.Opened
	var err error = errors.New("no promotion")
	for _, p := range s.catalog.Promotions {
		in.Promo = p.Code
		if opened, err = s.money.billing.Start(ctx, in); err == nil {
			said = "with " + p.Code
			break
		}
	}
	if err != nil {
		in.Promo = ""
		if opened, err = s.money.billing.Start(ctx, in); err != nil {
			return "", err
		}
	}
	form := url.Values{"email": {s.user.Email}, "name": {s.user.Name}, "number": {"4242424242424242"}, "exp": {"12/60"}, "cvc": {"123"}, "method": {"card"}}
	return said, s.ask(ctx, s.money.gate.Pages(), "/gateway/c/"+opened.SessionID+"/pay", form)
}

// refund gives the newest payment back, as the creator would at Stripe.
func (s *simulation) refund(ctx context.Context) (string, error) {
	pays, err := s.db.PaymentsOf(ctx, s.user.ID)
	if err != nil {
		return "", err
	}
	for _, p := range slices.Backward(pays) {
		if p.Amount == 0 || p.FullyRefunded() || (p.Charge == "" && p.PaymentIntent == "") {
			continue
		}
		form := url.Values{"payment_intent": {p.PaymentIntent}}
		if p.PaymentIntent == "" {
			form = url.Values{"charge": {p.Charge}}
		}
		return fmt.Sprintf("%s for %s", core.Money{Minor: p.Amount - p.Refunded, Currency: p.Currency}, s.desk.Called(p.Product)), s.ask(ctx, s.money.gate.API(), "/v1/refunds", form)
	}
	return "", errors.New("there is no payment left to refund")
}

// ask sends a form to the gateway without the way over the network.
func (s *simulation) ask(ctx context.Context, to http.Handler, path string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer sk_test_demo")
	rec := &heard{status: http.StatusOK, header: http.Header{}}
	to.ServeHTTP(rec, req)
	if rec.status >= http.StatusBadRequest {
		return fmt.Errorf("the gateway answered %d: %.300s", rec.status, rec.body.String())
	}
	return nil
}

// heard is an answer that was given without a network.
type heard struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *heard) Header() http.Header { return h.header }

// Write implements http.ResponseWriter.
func (h *heard) Write(b []byte) (int, error) { return h.body.Write(b) }

// WriteHeader implements http.ResponseWriter.
func (h *heard) WriteHeader(status int) { h.status = status }

// draw writes the time line as a page that needs nothing else.
func (s *simulation) draw(file string, all []admin.Moment) error {
	pages, err := s.config.pages(s.base, s.clock.Now)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := pages.Render(&page, view.Timeline{Email: s.user.Email, Now: s.clock.Now(), Alone: true, Moments: web.Moments(all)}); err != nil {
		return err
	}
	return os.WriteFile(file, page.Bytes(), 0o600)
}
