package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/stripe/stripe-go/v76/webhook"

	"sselfie/adapters/clock"
	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/adapters/stripepay"
	"sselfie/adapters/web"
	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// plainPages draws a view as its type and its fields, so that these tests speak
// of what a page is told and not of its words.
type plainPages struct{}

func (plainPages) Render(w io.Writer, v view.View) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "<html>%T %s</html>", v, b)
	return err
}

func (p plainPages) Public(v view.View) (*view.Asset, error) {
	var b bytes.Buffer
	if err := p.Render(&b, v); err != nil {
		return nil, err
	}
	b.WriteString(strings.Repeat("public ", 100))
	return &view.Asset{Body: b.Bytes(), ContentType: "text/html; charset=utf-8", ETag: fmt.Sprintf(`"%x"`, b.Len())}, nil
}

func (plainPages) Assets() *view.Assets { return &view.Assets{} }

// shop is a whole server on a real database; only Stripe is a fake.
type shop struct {
	t      testing.TB
	db     *sqlite.DB
	stripe *fakeStripe
	clock  *coretest.Clock
	wall   *movedClock
	stats  *metrics.Set
	log    *lockedBuffer
	opts   web.Options
	srv    *web.Server
	addr   string
	people *accounts.Service
	leads  *leads.Service
}

// movedClock is the machine's clock, at a distance.
type movedClock struct {
	mu sync.Mutex
	by time.Duration
}

func (c *movedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clock.System{}.Now().Add(c.by)
}

func (c *movedClock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += by
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const secret = "whsec_test_1234567890"

// quickHasher keeps the shape of hashing without its cost: these tests are
// about HTTP, and argon2id has tests of its own.
type quickHasher struct{}

func (quickHasher) Hash(_ context.Context, p string) (string, error) { return "quick:" + p, nil }
func (quickHasher) Verify(_ context.Context, p, hash string) (bool, error) {
	return hash == "quick:"+p, nil
}
func (quickHasher) VerifyDummy(context.Context, string) error { return nil }

// open starts a shop. change may adjust the options before it opens.
func open(t testing.TB, change ...func(*web.Options)) *shop {
	t.Helper()
	db := sqlitetest.New(t)
	s := &shop{t: t, db: db, clock: coretest.NewClock(), wall: &movedClock{}, stats: metrics.NewSet(), log: &lockedBuffer{}, stripe: &fakeStripe{}}
	ids, tokens, fold := locksmith.IDs{}, locksmith.Tokens{}, locksmith.NewFold()
	signer, err := locksmith.NewSigner(locksmith.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	vault, err := locksmith.NewVault(locksmith.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	ledger, post := credits.Ledger{IDs: ids}, mail.Post{IDs: ids, Fold: fold}
	s.people = &accounts.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) accounts.Tx { return tx }), Read: db, Clock: s.clock, Wall: s.wall,
		IDs: ids, Tokens: tokens, Hasher: quickHasher{}, Fold: fold, Ledger: ledger, Post: post, SignUpCredits: 2,
		Vault: vault, Challenge: signer, Brand: "Sselfie",
	}
	reader := &stripepay.Reader{Secrets: []string{secret}, Wall: s.wall}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	s.opts = web.Options{
		BaseURL: "http://" + s.addr, Limits: web.Limits{}, Catalog: catalog.Default(), Grace: 7 * 24 * time.Hour,
		Log:   slog.New(slog.NewJSONHandler(s.log, nil)),
		Clock: s.clock, Wall: s.wall, Stats: s.stats, Hash: signer.Hash, Pages: plainPages{}, Reads: db,
		Ready:    func(ctx context.Context) error { return db.Ready(ctx, s.clock.Now()) },
		People:   s.people,
		Events:   tracking.Service{Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) tracking.Recorder { return tx }), Clock: s.clock},
		Payloads: reader,
	}
	s.opts.Customer = s.customer(ids, signer, post)
	for _, f := range change {
		f(&s.opts)
	}
	if s.opts.Billing == nil {
		s.opts.Billing = &billing.Service{
			Store: sqlite.Bind(db, func(tx *sqlite.Tx) billing.Tx { return tx }), Read: db, Gateway: s.stripe, Payloads: reader,
			Clock: s.clock, IDs: ids, Fold: fold, Catalog: s.opts.Catalog, Ledger: ledger, Post: post, BaseURL: s.opts.BaseURL,
			Grace: s.opts.Grace,
		}
	}
	if s.srv, err = web.New(s.opts); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.srv.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.srv.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

// fakeStripe opens checkouts without Stripe.
type fakeStripe struct {
	billing.Gateway
	mu     sync.Mutex
	opened []billing.NewSession
	fails  error
}

func (f *fakeStripe) OpenSession(_ context.Context, n billing.NewSession) (billing.OpenedSession, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return billing.OpenedSession{}, f.fails
	}
	f.opened = append(f.opened, n)
	id := fmt.Sprintf("cs_test_%04d", len(f.opened))
	return billing.OpenedSession{ID: id, ClientSecret: id + "_secret", ExpiresAt: coretest.Start.Add(24 * time.Hour)}, nil
}

func (f *fakeStripe) PortalURL(_ context.Context, customer, _ string) (string, error) {
	return "https://billing.stripe.com/p/session/" + customer, nil
}

func (f *fakeStripe) ReceiptURL(_ context.Context, intent string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails != nil {
		return "", f.fails
	}
	return "https://pay.stripe.com/receipts/" + intent, nil
}

// answer is a response that was read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("status %d, no JSON: %v in %.300q", a.status, err, a.body)
	}
	return v
}

// ask is one request.
type ask struct {
	method string // "" is GET
	path   string
	body   string
	kind   string // content type; "" is JSON where there is a body
	cookie string
	header map[string]string
	host   string
}

var direct = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 128},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       20 * time.Second,
}

func (s *shop) do(a ask) answer {
	s.t.Helper()
	out, err := s.try(a)
	if err != nil {
		s.t.Fatalf("%s %s: %v", a.method, a.path, err)
	}
	return out
}

func (s *shop) try(a ask) (answer, error) {
	if a.method == "" {
		a.method = http.MethodGet
	}
	req, err := http.NewRequest(a.method, "http://"+s.addr+a.path, strings.NewReader(a.body))
	if err != nil {
		return answer{}, err
	}
	if a.body != "" || a.kind != "" {
		if a.kind == "" {
			a.kind = "application/json"
		}
		req.Header.Set("Content-Type", a.kind)
	}
	if a.cookie != "" {
		req.Header.Set("Cookie", "sselfie="+a.cookie)
	}
	for k, v := range a.header {
		req.Header.Set(k, v)
	}
	if a.host != "" {
		req.Host = a.host
	}
	res, err := direct.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{status: res.StatusCode, header: res.Header, body: string(b)}, nil
}

func (s *shop) get(path string) answer { s.t.Helper(); return s.do(ask{path: path}) }

func (s *shop) post(path, body string) answer {
	s.t.Helper()
	return s.do(ask{method: "POST", path: path, body: body})
}

func (s *shop) form(path string, v url.Values) answer {
	s.t.Helper()
	return s.do(ask{method: "POST", path: path, body: v.Encode(), kind: "application/x-www-form-urlencoded"})
}

// cookieOf returns the session that an answer set, "" for none.
func cookieOf(a answer) string {
	for _, line := range a.header.Values("Set-Cookie") {
		if v, ok := strings.CutPrefix(line, "sselfie="); ok {
			v, _, _ = strings.Cut(v, ";")
			return v
		}
	}
	return ""
}

const password = "a good long password"

// signUp makes a customer and returns her cookie.
func (s *shop) signUp(email string) string {
	s.t.Helper()
	a := s.post("/api/auth/sign-up", fmt.Sprintf(`{"email":%q,"password":%q,"name":"Ada"}`, email, password))
	if a.status != http.StatusCreated || cookieOf(a) == "" {
		s.t.Fatalf("sign-up: %d %s", a.status, a.body)
	}
	return cookieOf(a)
}

// user returns the account with an address.
func (s *shop) user(email string) accounts.User {
	s.t.Helper()
	u, err := s.db.UserByKey(context.Background(), locksmith.NewFold()(email))
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// count asks the database.
func (s *shop) sign(payload string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: secret, Timestamp: at}).Header
}

// deliver posts a signed event.
func (s *shop) deliver(payload string) answer {
	s.t.Helper()
	return s.do(ask{method: "POST", path: "/api/webhooks/stripe", body: payload, header: map[string]string{"Stripe-Signature": s.sign(payload, s.wall.Now())}})
}

// paid is the event of a checkout that was paid by card.
func paid(event, session, ref string, product catalog.Product, email string) string {
	return fmt.Sprintf(`{"id":%q,"object":"event","api_version":"2023-10-16","created":%d,"livemode":false,"type":"checkout.session.completed",
	"data":{"object":{"id":%q,"object":"checkout.session","amount_subtotal":%d,"amount_total":%d,"client_reference_id":%q,"currency":"usd",
	"customer":null,"customer_details":{"email":%q,"name":"Ada"},"livemode":false,"mode":"payment","payment_intent":"pi_%s","payment_status":"paid","status":"complete",
	"total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},
	"metadata":{"product_type":%q,"ref":%q,"source":"landing_page","campaign":"spring"}}}}`,
		event, coretest.Start.Unix(), session, product.Price.Minor, product.Price.Minor, ref, email, session, product.ID, ref)
}

// buy starts a checkout and delivers its payment.
func (s *shop) buy(product core.ProductID, email, cookie string) (session string) {
	s.t.Helper()
	p, _ := s.opts.Catalog.Product(product)
	path := "/api/checkout/landing"
	if p.Kind == catalog.Pack {
		path = "/api/checkout/credits"
	}
	a := s.do(ask{method: "POST", path: path, body: fmt.Sprintf(`{"product":%q}`, product), cookie: cookie})
	if a.status != http.StatusCreated {
		s.t.Fatalf("checkout: %d %s", a.status, a.body)
	}
	session = a.json(s.t)["sessionId"].(string)
	ref := s.stripe.opened[len(s.stripe.opened)-1].Meta.Ref
	if a := s.deliver(paid("evt_"+session, session, ref, p, email)); a.status != http.StatusOK {
		s.t.Fatalf("webhook: %d %s", a.status, a.body)
	}
	return session
}

// scenario is a request and what its answer must be.
type scenario struct {
	ask
	status int
	has    []string // of the body
	hasNot []string
	header map[string]string // exact; "" means absent
}

func (s *shop) play(t *testing.T, c scenario) answer {
	t.Helper()
	a := s.do(c.ask)
	if a.status != c.status {
		t.Errorf("status %d, want %d: %.400s", a.status, c.status, a.body)
	}
	for _, w := range c.has {
		if !strings.Contains(a.body, w) {
			t.Errorf("the body lacks %q: %.600s", w, a.body)
		}
	}
	for _, w := range c.hasNot {
		if strings.Contains(a.body, w) {
			t.Errorf("the body has %q: %.600s", w, a.body)
		}
	}
	for k, v := range c.header {
		if got := a.header.Get(k); got != v {
			t.Errorf("%s: %q, want %q", k, got, v)
		}
	}
	if a.header.Get("X-Request-Id") == "" {
		t.Error("no X-Request-Id")
	}
	return a
}

var errBroken = errors.New("broken")

func TestMain(m *testing.M) { os.Exit(m.Run()) }
