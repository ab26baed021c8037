package stripegate

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"github.com/stripe/stripe-go/v76/webhook"
)

// handClock is a clock that stands still until a test moves it.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// site is the receiver of webhooks.
type site struct {
	mu     sync.Mutex
	events []stripe.Event
	raw    [][]byte
	bad    []error
	answer int
	secret string
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	ev, err := webhook.ConstructEventWithOptions(body, r.Header.Get("Stripe-Signature"), s.secret, webhook.ConstructEventOptions{IgnoreAPIVersionMismatch: true})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.bad = append(s.bad, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s.answer != 0 {
		w.WriteHeader(s.answer)
		return
	}
	s.events = append(s.events, ev)
	s.raw = append(s.raw, body)
}

func (s *site) respond(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = status
}

// take returns what arrived since the last time.
func (s *site) take() []stripe.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events, s.raw = nil, nil
	return out
}

func types(events []stripe.Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, string(e.Type))
	}
	return out
}

// rig is a gateway with a receiver, and the ordinary client pointed at it.
type rig struct {
	t     testing.TB
	g     *Gateway
	clock *handClock
	site  *site
	hook  *httptest.Server
	sc    *client.API
	pages *httptest.Server
	dir   string
	opt   Options
}

var start = time.Date(2026, 3, 31, 9, 0, 0, 0, time.UTC)

func newRig(t testing.TB, set ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: &handClock{now: start}, site: &site{secret: "whsec_demo"}, dir: t.TempDir()}
	r.hook = httptest.NewServer(r.site)
	t.Cleanup(r.hook.Close)
	r.opt = Options{
		Dir: r.dir, Clock: r.clock, WebhookURL: r.hook.URL + "/api/webhooks/stripe", WebhookSecret: "whsec_demo",
		BaseURL: "http://127.0.0.1:8080",
	}
	for _, f := range set {
		f(&r.opt)
	}
	r.open()
	return r
}

func (r *rig) open() {
	r.t.Helper()
	g, err := New(r.opt)
	if err != nil {
		r.t.Fatal(err)
	}
	r.g = g
	api := httptest.NewServer(g.API())
	r.t.Cleanup(api.Close)
	r.pages = httptest.NewServer(g.Pages())
	r.t.Cleanup(r.pages.Close)
	r.sc = client.New("sk_test_demo", &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(api.URL), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
	})})
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// flush delivers and returns the events.
func (r *rig) flush() []stripe.Event {
	r.t.Helper()
	r.must(r.g.Flush(context.Background()))
	return r.site.take()
}

// advance moves clock and gateway and returns the events.
func (r *rig) advance(d time.Duration) []stripe.Event {
	r.t.Helper()
	to := r.clock.Now().Add(d)
	r.clock.set(to)
	r.must(r.g.Advance(context.Background(), to))
	return r.site.take()
}

func (r *rig) product(name string) *stripe.Product {
	r.t.Helper()
	p, err := r.sc.Products.New(&stripe.ProductParams{Name: stripe.String(name)})
	r.must(err)
	return p
}

func (r *rig) oneTime(cents int64) *stripe.Price {
	r.t.Helper()
	p, err := r.sc.Prices.New(&stripe.PriceParams{
		Currency: stripe.String("usd"), UnitAmount: stripe.Int64(cents), Product: stripe.String(r.product("Bio Glow-Up").ID),
	})
	r.must(err)
	return p
}

func (r *rig) monthly() *stripe.Price {
	r.t.Helper()
	p, err := r.sc.Prices.New(&stripe.PriceParams{
		Currency: stripe.String("usd"), UnitAmount: stripe.Int64(9700), Product: stripe.String(r.product("Studio").ID),
		LookupKey: stripe.String("studio_monthly_usd"), TransferLookupKey: stripe.Bool(true),
		Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")},
	})
	r.must(err)
	return p
}

var meta = map[string]string{"product_type": "bio_glowup", "ref": "chk_1", "source": "landing_page", "campaign": "landing"}

// params of an embedded session over one price.
func params(mode, price string) *stripe.CheckoutSessionParams {
	p := &stripe.CheckoutSessionParams{
		Mode: stripe.String(mode), UIMode: stripe.String("embedded"),
		ReturnURL:         stripe.String("http://127.0.0.1:8080/checkout/success?session_id={CHECKOUT_SESSION_ID}"),
		LineItems:         []*stripe.CheckoutSessionLineItemParams{{Price: stripe.String(price), Quantity: stripe.Int64(1)}},
		ClientReferenceID: stripe.String("chk_1"), Metadata: meta,
	}
	if mode == "payment" {
		p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: meta}
		p.CustomerCreation = stripe.String("always")
	} else {
		p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{Metadata: meta}
	}
	return p
}

func (r *rig) session(p *stripe.CheckoutSessionParams) *stripe.CheckoutSession {
	r.t.Helper()
	s, err := r.sc.CheckoutSessions.New(p)
	r.must(err)
	return s
}

// post sends a form to a page as a script would and returns status and answer.
func (r *rig) post(path string, form url.Values) (int, map[string]any) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.pages.URL+path, strings.NewReader(form.Encode()))
	r.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	r.must(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	r.must(err)
	var out map[string]any
	if len(b) > 0 {
		if err := json.Unmarshal(b, &out); err != nil {
			r.t.Fatalf("POST %s answered %d %s", path, res.StatusCode, b)
		}
	}
	return res.StatusCode, out
}

// get fetches a page.
func (r *rig) get(path string) (int, string, http.Header) {
	r.t.Helper()
	res, err := http.Get(r.pages.URL + path)
	r.must(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	r.must(err)
	return res.StatusCode, string(b), res.Header
}

func card4(number string) url.Values {
	return url.Values{"email": {"ada@example.com"}, "name": {"Ada"}, "number": {number}, "exp": {"12/34"}, "cvc": {"123"}}
}

// pay pays a session with a card and demands success.
func (r *rig) pay(session, number string) {
	r.t.Helper()
	status, out := r.post("/gateway/c/"+session+"/pay", card4(number))
	if status != http.StatusOK || out["status"] != "complete" {
		r.t.Fatalf("paying answered %d %v", status, out)
	}
}

func wantTypes(t *testing.T, got []stripe.Event, want ...string) {
	t.Helper()
	if !slices.Equal(types(got), want) {
		t.Errorf("events\n got %s\nwant %s", strings.Join(types(got), "\n     "), strings.Join(want, "\n     "))
	}
}

// object decodes the object of the last event of a type.
func object[T any](t *testing.T, events []stripe.Event, kind string) *T {
	t.Helper()
	for i := len(events) - 1; i >= 0; i-- {
		if string(events[i].Type) == kind {
			x := new(T)
			if err := json.Unmarshal(events[i].Data.Raw, x); err != nil {
				t.Fatal(err)
			}
			return x
		}
	}
	t.Fatalf("no event %s in %v", kind, types(events))
	return nil
}
