package stripepay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/adapters/stripegate"
	"sselfie/adapters/stripepay"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/mail"
)

// fault is what happens to one request on its way to Stripe and back.
type fault func(w http.ResponseWriter, r *http.Request, gate http.Handler)

func says(status int, kind, body string) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the other end may have gone
	}
}

// drop ends the connection without an answer.
func drop(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

const stripeError = `{"error":{"type":%q,"code":%q,"message":"internal words of theirs"}}`

var faults = map[string]fault{
	"the connection breaks": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { drop(w) },
	"it hangs until the deadline": func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the other end has gone
		<-r.Context().Done()
	},
	"500":                         says(500, "application/json", fmt.Sprintf(stripeError, "api_error", "")),
	"502 of a proxy":              says(502, "text/html", "<html><h1>Bad Gateway</h1></html>"),
	"429":                         says(429, "application/json", fmt.Sprintf(stripeError, "invalid_request_error", "rate_limit")),
	"402":                         says(402, "application/json", fmt.Sprintf(stripeError, "card_error", "card_declined")),
	"garbage":                     says(200, "application/json", `{"id": "cs_`),
	"a page where JSON was meant": says(200, "text/html", `<html>Welcome to the hotel's network</html>`),
	"an object without anything":  says(200, "application/json", `{}`),
	"half a body": func(w http.ResponseWriter, r *http.Request, gate http.Handler) {
		rec := httptest.NewRecorder()
		gate.ServeHTTP(rec, r)
		w.Header().Set("Content-Length", fmt.Sprint(rec.Body.Len()))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		drop(w)
	},
	"it is done, and the answer is lost": func(w http.ResponseWriter, r *http.Request, gate http.Handler) {
		gate.ServeHTTP(httptest.NewRecorder(), r)
		drop(w)
	},
}

// hall is billing before the local gateway, with faults on the way.
type hall struct {
	*billing.Service
	t      *testing.T
	db     *sqlite.DB
	gate   *stripegate.Gateway
	client *stripepay.Client

	mu           sync.Mutex
	strike       fault
	method, path string
	struck       int
}

func (h *hall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	f := h.strike
	if f != nil && (r.Method != h.method || !strings.HasPrefix(r.URL.Path, h.path)) {
		f = nil
	}
	if f != nil {
		h.struck++
	}
	h.mu.Unlock()
	if f == nil {
		h.gate.API().ServeHTTP(w, r)
		return
	}
	f(w, r, h.gate.API())
}

func newHall(t *testing.T) *hall {
	t.Helper()
	clock := coretest.NewClock()
	gate, err := stripegate.New(stripegate.Options{Dir: t.TempDir(), Clock: clock, BaseURL: "http://127.0.0.1:1", WebhookURL: "http://127.0.0.1:1/hook"})
	must(t, err)
	t.Cleanup(func() { _ = gate.Close() })
	h := &hall{t: t, gate: gate, db: sqlitetest.New(t)}
	api := httptest.NewServer(h)
	t.Cleanup(api.Close)
	client := func(patience time.Duration) *stripepay.Client {
		return stripepay.New(stripepay.Options{Key: "sk_test_demo", APIBase: api.URL, Prices: prices{}, Clock: clock, Timeout: patience})
	}
	h.client = client(2 * time.Second)
	_, err = client(time.Minute).Provision(context.Background(), setup())
	must(t, err)
	ids := &coretest.IDs{}
	h.Service = &billing.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) billing.Tx { return tx }), Read: h.db, Gateway: h.client, Payloads: &stripepay.Reader{},
		Clock: clock, IDs: ids, Fold: coretest.Fold, Catalog: catalog.Default(), Ledger: credits.Ledger{IDs: ids},
		Post: mail.Post{IDs: ids, Fold: coretest.Fold}, BaseURL: "http://shop.test", Creator: "creator@shop.test", Grace: 7 * 24 * time.Hour,
	}
	must(t, h.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.InsertUser(ctx, accounts.User{
			ID: ines, Email: "ines@x.test", Key: "ines@x.test", VerifiedAt: clock.Now(), PasswordHash: "hash", Origin: accounts.FromSignUp, CreatedAt: clock.Now(),
		})
	}))
	return h
}

const ines core.UserID = "usr_ines"

func (h *hall) buys(product core.ProductID) string {
	h.t.Helper()
	out, err := h.Start(context.Background(), billing.StartCheckout{Door: billing.DoorLanding, Product: product, User: ines})
	must(h.t, err)
	form := url.Values{"email": {"ines@x.test"}, "name": {"Ines"}, "number": {"4242424242424242"}, "exp": {"12/60"}, "cvc": {"123"}, "method": {"card"}}
	r := httptest.NewRequest(http.MethodPost, "/gateway/c/"+out.SessionID+"/pay", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	h.gate.Pages().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		h.t.Fatalf("paying: %d %s", w.Code, w.Body)
	}
	return out.SessionID
}

// bought is a purchase that has been reported.
func (h *hall) bought(product core.ProductID) {
	h.t.Helper()
	h.buys(product)
	_, err := h.CatchUp(context.Background())
	must(h.t, err)
}

// atStripe counts a list there.
func (h *hall) atStripe(list string, keep func(map[string]any) bool) (n int) {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/v1/"+list+"?limit=100", nil)
	r.Header.Set("Authorization", "Bearer sk_test_demo")
	w := httptest.NewRecorder()
	h.gate.API().ServeHTTP(w, r)
	var out struct{ Data []map[string]any }
	must(h.t, json.Unmarshal(w.Body.Bytes(), &out))
	for _, o := range out.Data {
		if keep(o) {
			n++
		}
	}
	return n
}

func (h *hall) payments() int {
	h.t.Helper()
	pays, err := h.Read.PaymentsOf(context.Background(), ines)
	must(h.t, err)
	return len(pays)
}

func (h *hall) balance() int {
	h.t.Helper()
	a, err := h.db.CreditAccount(context.Background(), ines)
	must(h.t, err)
	return a.Balance
}

// Whatever Stripe does in the middle of whatever we do: the caller hears in plain
// words that it failed, the next try works, and nothing is lost or there twice.
func TestAStripeThatFailsInTheMiddleOfEachFlow(t *testing.T) {
	ctx := context.Background()
	var all sync.WaitGroup
	turn := make(chan struct{}, 16) // most of the time is waiting for the library's next try
	isOpen := func(mode string) func(map[string]any) bool {
		return func(o map[string]any) bool { return o["status"] == "open" && o["mode"] == mode }
	}
	for name, c := range map[string]struct {
		method, path string
		before       func(h *hall)
		run          func(h *hall) error
		after        func(t *testing.T, h *hall)
	}{
		"a checkout begins": {
			method: "POST", path: "/v1/checkout/sessions",
			run: func(h *hall) error {
				out, err := h.Start(ctx, billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup", User: ines})
				if err == nil && (out.SessionID == "" || out.ClientSecret == "") {
					err = fmt.Errorf("a checkout without a session: %+v", out)
				}
				return err
			},
		},
		"an upgrade with its code": {
			method: "POST", path: "/v1/checkout/sessions",
			before: func(h *hall) { h.bought("bio_glowup") },
			run: func(h *hall) error {
				out, err := h.Start(ctx, billing.StartCheckout{Door: billing.DoorUpgrade, Product: catalog.Default().Studio().ID, Promo: "MINI20", User: ines})
				if err == nil && out.SessionID == "" {
					err = fmt.Errorf("an upgrade without a session: %+v", out)
				}
				return err
			},
			after: func(t *testing.T, h *hall) {
				// One whose answer was lost stays open at Stripe until it expires: nobody
				// has the secret that opens it. The customer has one.
				var mine int
				must(t, h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
					co, err := tx.OpenPromotionCheckout(ctx, ines, "MINI20")
					if err == nil && co != nil && co.State == billing.CheckoutOpen {
						mine++
					}
					return err
				}))
				if n := h.atStripe("checkout/sessions", isOpen("subscription")); mine != 1 || n > 2 {
					t.Errorf("she has %d checkouts with the discount, %d are open at Stripe", mine, n)
				}
			},
		},
		"the code is looked up": {
			method: "GET", path: "/v1/promotion_codes",
			before: func(h *hall) { h.bought("bio_glowup") },
			run: func(h *hall) error {
				_, err := h.Start(ctx, billing.StartCheckout{Door: billing.DoorUpgrade, Product: catalog.Default().Studio().ID, Promo: "MINI20", User: ines})
				return err
			},
		},
		"the portal": {
			method: "POST", path: "/v1/billing_portal/sessions",
			before: func(h *hall) { h.bought("bio_glowup") },
			run: func(h *hall) error {
				at, err := h.Portal(ctx, ines)
				if err == nil && at == "" {
					err = fmt.Errorf("the portal has no address")
				}
				return err
			},
		},
		"a receipt": {
			method: "GET", path: "/v1/payment_intents/",
			before: func(h *hall) { h.bought("bio_glowup") },
			run: func(h *hall) error {
				pays, err := h.Read.PaymentsOf(ctx, ines)
				if err != nil || len(pays) != 1 {
					return fmt.Errorf("%d payments, %w", len(pays), err)
				}
				_, err = h.Receipt(ctx, ines, pays[0].ID)
				return err
			},
		},
		"the catch-up": {
			method: "GET", path: "/v1/events",
			before: func(h *hall) { h.buys("bio_glowup"); h.buys("nine_post_feed") },
			run:    func(h *hall) error { _, err := h.CatchUp(ctx); return err },
			after: func(t *testing.T, h *hall) {
				if h.payments() != 2 || h.balance() != 65 {
					t.Errorf("%d payments, %d credits; want 2 and 65", h.payments(), h.balance())
				}
			},
		},
		"the repair": {
			method: "GET", path: "/v1/subscriptions", // the second of five lists: the first was applied
			before: func(h *hall) { h.buys("bio_glowup"); h.buys("sselfie_studio_membership") },
			run: func(h *hall) error {
				_, err := h.Reconcile(ctx, coretest.Start.AddDate(0, 0, -1), true)
				return err
			},
			after: func(t *testing.T, h *hall) {
				if h.payments() != 2 || h.balance() != 225 {
					t.Errorf("%d payments, %d credits; want 2 and 225", h.payments(), h.balance())
				}
			},
		},
		"setting Stripe up": {
			method: "POST", path: "/v1/prices",
			run: func(h *hall) error {
				s := setup()
				for i := range s.Catalog.Products { // every price is new
					s.Catalog.Products[i].Price.Minor += 100
				}
				_, err := h.client.Provision(ctx, s)
				return err
			},
			after: func(t *testing.T, h *hall) {
				want := len(catalog.Default().Products)
				if n := h.atStripe("prices", func(o map[string]any) bool { return o["active"] == true && o["lookup_key"] != nil }); n != want {
					t.Errorf("%d prices with a key, want %d", n, want)
				}
				if n := h.atStripe("products", func(o map[string]any) bool { return o["active"] == true }); n != want {
					t.Errorf("%d products, want %d", n, want)
				}
			},
		},
	} {
		for fault, strike := range faults {
			one := func(t *testing.T) {
				h := newHall(t)
				if c.before != nil {
					c.before(h)
				}
				h.mu.Lock()
				h.strike, h.method, h.path = strike, c.method, c.path
				h.mu.Unlock()
				begin := time.Now()
				err := c.run(h)
				took := time.Since(begin)
				h.mu.Lock()
				struck := h.struck
				h.strike = nil
				h.mu.Unlock()
				if struck == 0 {
					t.Fatal("no call came by: the test proves nothing")
				}
				if took > 20*time.Second {
					t.Errorf("it took %s", took)
				}
				if err == nil {
					t.Fatal("it did not fail")
				}
				inPlainWords(t, err)
				if err := c.run(h); err != nil {
					t.Fatalf("the next try: %v", err)
				}
				if c.after != nil {
					c.after(t, h)
				}
				must(t, h.db.View(ctx, func(ctx context.Context, v sqlite.View) error {
					found, err := v.Verify(ctx, catalog.Default())
					for _, f := range found {
						t.Errorf("verify: %s", f)
					}
					return err
				}))
			}
			all.Go(func() {
				turn <- struct{}{}
				t.Run(name+"/"+fault, one)
				<-turn
			})
		}
	}
	all.Wait()
}

// inPlainWords holds an error to what a person may read of it.
func inPlainWords(t *testing.T, err error) {
	t.Helper()
	var e *core.Error
	switch core.CodeOf(err) {
	case core.Unavailable, core.Unprocessable, core.NotFound:
	default:
		t.Errorf("the code is %s: %v", core.CodeOf(err), err)
		return
	}
	if !errors.As(err, &e) || e.Message == "" {
		t.Fatalf("it says nothing: %v", err)
	}
	if text := err.Error(); strings.Contains(text, "secret") || strings.Contains(text, "body sample") {
		t.Errorf("the log reads %q", text)
	}
	for _, theirs := range []string{"internal words", "EOF", "JSON", "json", "http", "stripe", "unmarshal", "deadline", "connection"} {
		if strings.Contains(e.Message, theirs) {
			t.Errorf("a person reads %q", e.Message)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
