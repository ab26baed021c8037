package stripepay

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/coretest"
)

// wire is Stripe at the other end of the line: it keeps what it is sent.
type wire struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	answer func(call) (status int, body string)
}

type call struct {
	Method, Path, Key, Version, Auth string
	Form                             url.Values
}

// newWire answers with a price for every lookup key, a promotion code and an
// open session, until a test says otherwise.
func newWire(t *testing.T) *wire {
	w := &wire{answer: usual}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		for k, v := range r.URL.Query() {
			form[k] = v
		}
		c := call{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Stripe-Version"), r.Header.Get("Authorization"), form}
		w.mu.Lock()
		w.calls = append(w.calls, c)
		answer := w.answer
		w.mu.Unlock()
		status, text := answer(c)
		if status == 0 { // hangs until the client has gone
			<-r.Context().Done()
			return
		}
		if strings.HasPrefix(text, "{") {
			rw.Header().Set("Content-Type", "application/json")
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text)
	}))
	t.Cleanup(w.Close)
	return w
}

func usual(c call) (int, string) {
	switch c.Path {
	case "/v1/prices":
		key := c.Form.Get("lookup_keys[0]")
		amount := map[string]int{"bio_glowup_usd": 4700, "studio_monthly_usd": 9700}[key]
		if amount == 0 {
			return 200, `{"object":"list","data":[]}`
		}
		return 200, fmt.Sprintf(`{"object":"list","data":[{"id":"price_%s","lookup_key":%q,"unit_amount":%d,"currency":"usd"}]}`, key, key, amount)
	case "/v1/promotion_codes":
		if c.Form.Get("code") != "MINI20" {
			return 200, `{"object":"list","data":[]}`
		}
		return 200, `{"object":"list","data":[{"id":"promo_1","code":"MINI20"}]}`
	case "/v1/checkout/sessions":
		return 200, `{"id":"cs_1","client_secret":"cs_1_secret","expires_at":1772625600}`
	case "/v1/billing_portal/configurations":
		return 200, `{"object":"list","data":[{"id":"bpc_default","is_default":true},{"id":"bpc_ours","metadata":{"app":"sselfie"}}]}`
	case "/v1/billing_portal/sessions":
		return 200, `{"id":"bps_1","url":"https://billing.stripe.test/1"}`
	}
	return 404, refusal("invalid_request_error", "resource_missing", "id")
}

func refusal(typ, code, param string) string {
	return fmt.Sprintf(`{"error":{"type":%q,"code":%q,"param":%q,"message":"sk_test_key ada@example.com"}}`, typ, code, param)
}

func (w *wire) client(t *testing.T) (*Client, *book) {
	t.Helper()
	b := &book{}
	return New(Options{Key: "sk_test_key", APIBase: w.URL, Timeout: 5 * time.Second, Prices: b}), b
}

// to returns the calls to a path.
func (w *wire) to(path string) (out []call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c.Path == path {
			out = append(out, c)
		}
	}
	return out
}

// book remembers prices.
type book struct {
	mu   sync.Mutex
	kept []string
}

func (b *book) RememberPrice(_ context.Context, price, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, price+" "+key)
	return nil
}

const sessions = "/v1/checkout/sessions"

func wanted(change func(*billing.NewSession)) billing.NewSession {
	n := billing.NewSession{
		Key: "checkout:chk_1:1", Product: "bio_glowup", LookupKey: "bio_glowup_usd", Name: "Bio Glow-Up", Price: core.Money{Minor: 4700, Currency: "usd"},
		ReturnURL: "https://shop.test/checkout/success?session_id={CHECKOUT_SESSION_ID}",
		Meta:      billing.Metadata{Product: "bio_glowup", Source: "landing_page", Campaign: "spring", Ref: "chk_1", Link: "lnk_1"},
	}
	change(&n)
	return n
}

func studio(n *billing.NewSession) {
	n.Product, n.LookupKey, n.Name, n.Membership = "sselfie_studio_membership", "studio_monthly_usd", "Studio", true
	n.Price.Minor, n.Meta.Product, n.Meta.User = 9700, "sselfie_studio_membership", "usr_1"
}

// TestTheWireForm holds every parameter of a checkout against a golden.
func TestTheWireForm(t *testing.T) {
	for name, change := range map[string]func(*billing.NewSession){
		"guest":                   func(*billing.NewSession) {},
		"signed_in":               func(n *billing.NewSession) { n.Email, n.Meta.User = "ada@example.com", "usr_1" },
		"known_customer":          func(n *billing.NewSession) { n.Customer, n.Email, n.Meta.User = "cus_1", "ada@example.com", "usr_1" },
		"membership":              studio,
		"membership_promotion":    func(n *billing.NewSession) { studio(n); n.Promotion, n.Customer = "MINI20", "cus_1" },
		"not_provisioned":         func(n *billing.NewSession) { n.LookupKey = "unknown_usd" },
		"membership_not_set_up":   func(n *billing.NewSession) { studio(n); n.LookupKey = "unknown_usd" },
		"price_of_another_amount": func(n *billing.NewSession) { n.Price.Minor = 5500 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			c, _ := w.client(t)
			got, err := c.OpenSession(context.Background(), wanted(change))
			if err != nil || got.ID != "cs_1" || got.ClientSecret != "cs_1_secret" || !got.ExpiresAt.Equal(time.Unix(1772625600, 0)) {
				t.Fatalf("%+v, %v", got, err)
			}
			calls := w.to(sessions)
			if len(calls) != 1 || calls[0].Key != "checkout:chk_1:1" || calls[0].Version != "2023-10-16" || calls[0].Auth != "Bearer sk_test_key" {
				t.Fatalf("%+v", calls)
			}
			form := calls[0].Form
			for _, pair := range [][2]string{{"customer", "customer_email"}, {"customer", "customer_creation"}, {"discounts[0][promotion_code]", "allow_promotion_codes"}, {"payment_intent_data[metadata][ref]", "subscription_data[metadata][ref]"}} {
				if form.Has(pair[0]) && form.Has(pair[1]) {
					t.Errorf("%s and %s exclude each other", pair[0], pair[1])
				}
			}
			for k := range form {
				if strings.Contains(k, "expires_at") {
					t.Errorf("%s varies with time under a fixed key", k)
				}
			}
			var lines []string
			for _, k := range slices.Sorted(maps.Keys(form)) {
				lines = append(lines, k+"="+strings.Join(form[k], "|"))
			}
			text := strings.Join(lines, "\n") + "\n"
			golden := filepath.Join("testdata/wire", name+".golden")
			if *update {
				must(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				must(t, os.WriteFile(golden, []byte(text), 0o644))
			}
			if diff := cmp.Diff(string(read(t, golden)), text); diff != "" {
				t.Errorf("(-golden +now):\n%s", diff)
			}
		})
	}
}

func TestPricesAndCodesAreAskedForOnce(t *testing.T) {
	w := newWire(t)
	c, book := w.client(t)
	for range 3 {
		_, err := c.OpenSession(context.Background(), wanted(func(n *billing.NewSession) { studio(n); n.Promotion = "MINI20" }))
		must(t, err)
	}
	if p, d := len(w.to("/v1/prices")), len(w.to("/v1/promotion_codes")); p != 1 || d != 1 {
		t.Errorf("%d questions for the price, %d for the code", p, d)
	}
	if !slices.Equal(book.kept, []string{"price_studio_monthly_usd studio_monthly_usd"}) {
		t.Errorf("remembered %v", book.kept)
	}
}

func TestACodeThatStripeDoesNotHave(t *testing.T) {
	w := newWire(t)
	c, _ := w.client(t)
	_, err := c.OpenSession(context.Background(), wanted(func(n *billing.NewSession) { studio(n); n.Promotion = "GONE" }))
	if !core.Is(err, core.Unprocessable) || !strings.Contains(err.(*core.Error).Message, "GONE") || len(w.to(sessions)) != 0 {
		t.Errorf("%v", err)
	}
}

// TestWhatStripeRefuses: the answer to the opening of a session, and what it
// means here. Tries counts the calls with their retries.
func TestWhatStripeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   core.Code
		tries  int
	}{
		"a wrong key":                   {401, refusal("invalid_request_error", "", ""), core.Unavailable, 1},
		"a key without the right":       {403, refusal("invalid_request_error", "", ""), core.Unavailable, 1},
		"a payment that is due":         {402, refusal("card_error", "card_declined", ""), core.Unprocessable, 1},
		"the customer is gone":          {404, refusal("invalid_request_error", "resource_missing", "customer"), core.NotFound, 1},
		"the customer is gone, as 400":  {400, refusal("invalid_request_error", "resource_missing", "customer"), core.NotFound, 1},
		"the price is gone":             {400, refusal("invalid_request_error", "resource_missing", "line_items[0][price]"), core.Unavailable, 1},
		"the code is gone":              {400, refusal("invalid_request_error", "resource_missing", "discounts[0][promotion_code]"), core.Unprocessable, 1},
		"the code is used up":           {400, refusal("invalid_request_error", "coupon_expired", "discounts[0][promotion_code]"), core.Unprocessable, 1},
		"a parameter it does not know":  {400, refusal("invalid_request_error", "parameter_unknown", "ui_mode"), core.Unprocessable, 1},
		"the same key at the same time": {409, refusal("idempotency_error", "idempotency_key_in_use", ""), core.Unavailable, 3},
		"too many calls":                {429, refusal("rate_limit_error", "rate_limit", ""), core.Unavailable, 1},
		"a fault of its own":            {500, refusal("api_error", "", ""), core.Unavailable, 1},
		"a proxy in between":            {502, "<html>Bad Gateway</html>", core.Unavailable, 3},
		"an answer that is no JSON":     {200, "<html>Welcome to the hotel's Wi-Fi</html>", core.Unavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a retry waits for half a second
			w := newWire(t)
			w.answer = func(r call) (int, string) {
				if r.Path == sessions {
					return c.status, c.body
				}
				return usual(r)
			}
			cl, _ := w.client(t)
			_, err := cl.OpenSession(context.Background(), wanted(func(n *billing.NewSession) { studio(n); n.Customer, n.Promotion = "cus_1", "MINI20" }))
			if core.CodeOf(err) != c.want {
				t.Fatalf("%v, want %s", err, c.want)
			}
			e := err.(*core.Error)
			if e.Message == "" || strings.Contains(err.Error(), "sk_test_key") || strings.Contains(err.Error(), "ada@example.com") {
				t.Errorf("the log would read %q", err)
			}
			calls := w.to(sessions)
			if len(calls) != c.tries {
				t.Errorf("%d tries, want %d", len(calls), c.tries)
			}
			for _, r := range calls {
				if r.Key != "checkout:chk_1:1" || r.Form.Encode() != calls[0].Form.Encode() {
					t.Errorf("a retry is another request: %+v", r)
				}
			}
		})
	}
}

func TestAServerThatHangsCostsTheDeadlineOnly(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]string{"at the price": "/v1/prices", "at the session": sessions} {
		w := newWire(t)
		w.answer = func(r call) (int, string) {
			if r.Path == hang {
				return 0, ""
			}
			return usual(r)
		}
		c := New(Options{Key: "k", APIBase: w.URL, Timeout: 200 * time.Millisecond})
		begin := time.Now()
		_, err := c.OpenSession(context.Background(), wanted(func(*billing.NewSession) {}))
		if !core.Is(err, core.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.Close()
	c, _ := w.client(t)
	_, err := c.OpenSession(context.Background(), wanted(func(*billing.NewSession) {}))
	if !core.Is(err, core.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestAPriceThatWasReplacedIsFoundAgain(t *testing.T) {
	w := newWire(t)
	c, _ := w.client(t)
	_, err := c.OpenSession(context.Background(), wanted(func(*billing.NewSession) {}))
	must(t, err)
	w.answer = func(r call) (int, string) {
		switch {
		case r.Path == "/v1/prices":
			return 200, `{"object":"list","data":[{"id":"price_new","lookup_key":"bio_glowup_usd","unit_amount":4700,"currency":"usd"}]}`
		case r.Path == sessions && r.Form.Get("line_items[0][price]") != "price_new":
			return 400, refusal("invalid_request_error", "resource_missing", "line_items[0][price]")
		}
		return usual(r)
	}
	_, err = c.OpenSession(context.Background(), wanted(func(*billing.NewSession) {}))
	if !core.Is(err, core.Unavailable) {
		t.Errorf("%v", err)
	}
	_, err = c.OpenSession(context.Background(), wanted(func(n *billing.NewSession) { n.Key = "checkout:chk_2:1" }))
	must(t, err)
}

func TestThePortal(t *testing.T) {
	w := newWire(t)
	c, _ := w.client(t)
	got, err := c.PortalURL(context.Background(), "cus_1", "https://shop.test/account")
	if err != nil || got != "https://billing.stripe.test/1" {
		t.Fatalf("%q, %v", got, err)
	}
	form := w.to("/v1/billing_portal/sessions")[0].Form
	if form.Encode() != (url.Values{"customer": {"cus_1"}, "return_url": {"https://shop.test/account"}, "configuration": {"bpc_ours"}}).Encode() {
		t.Errorf("%v", form)
	}
	w.answer = func(r call) (int, string) {
		if r.Path == "/v1/billing_portal/sessions" {
			return 400, refusal("invalid_request_error", "resource_missing", "customer")
		}
		return usual(r)
	}
	_, err = c.PortalURL(context.Background(), "cus_gone", "https://shop.test/account")
	if !core.Is(err, core.NotFound) {
		t.Errorf("%v", err)
	}
}

// Stripe lists the newest first, a hundred a page and twenty types a call; the
// walk goes from the oldest, over all of them.
func TestEventsSince(t *testing.T) {
	w := newWire(t)
	since := coretest.Start
	w.answer = func(r call) (int, string) {
		if r.Path != "/v1/events" {
			return usual(r)
		}
		if r.Form.Get("created[gte]") != fmt.Sprint(since.Unix()) {
			t.Errorf("asked for %v", r.Form)
		}
		var types []string
		for k, v := range r.Form {
			if strings.HasPrefix(k, "types[") {
				types = append(types, v[0])
			}
		}
		if len(types) == 0 || len(types) > 20 {
			t.Errorf("%d types in a call", len(types))
		}
		if !slices.Contains(types, "charge.refunded") {
			return 200, `{"object":"list","data":[],"has_more":false,"url":"/v1/events"}`
		}
		from := map[string]int{"": 5, "evt_4": 3, "evt_2": 1}[r.Form.Get("starting_after")]
		var page []string
		for i := from; i > max(0, from-2); i-- {
			page = append(page, fmt.Sprintf(`{"id":"evt_%d","object":"event","type":"charge.refunded","created":%d,"livemode":true,"account":"acct_1","api_version":"2025-03-31.basil","data":{"object":{"id":"ch_%d","amount":100,"amount_refunded":9007199254740993}}}`,
				i, since.Unix()+int64(i), i))
		}
		return 200, fmt.Sprintf(`{"object":"list","url":"/v1/events","has_more":%t,"data":[%s]}`, from > 1, strings.Join(page, ","))
	}
	c, _ := w.client(t)
	var ids []string
	must(t, c.EventsSince(context.Background(), since, func(payload []byte) error {
		ev, err := (&Reader{}).Parse(payload)
		must(t, err)
		ids = append(ids, string(ev.ID))
		if ev.Charge == nil || ev.Charge.Refunded != 9007199254740993 || !ev.Live || ev.Account != "acct_1" || !ev.At.After(since) {
			t.Errorf("%+v, charge %+v", ev, ev.Charge)
		}
		return nil
	}))
	if strings.Join(ids, " ") != "evt_1 evt_2 evt_3 evt_4 evt_5" {
		t.Errorf("the walk went %v", ids)
	}
	var all []string
	for _, r := range w.to("/v1/events") {
		for k, v := range r.Form {
			if strings.HasPrefix(k, "types[") && r.Form.Get("starting_after") == "" {
				all = append(all, v[0])
			}
		}
	}
	slices.Sort(all)
	if !slices.Equal(all, handled()) {
		t.Errorf("asked for %v", all)
	}
	stop := fmt.Errorf("stop")
	if err := c.EventsSince(context.Background(), since, func([]byte) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
	w.answer = func(call) (int, string) { return 401, refusal("invalid_request_error", "", "") }
	if err := c.EventsSince(context.Background(), since, func([]byte) error { return nil }); !core.Is(err, core.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestWhatTheEndpointSubscribesTo(t *testing.T) {
	for _, typ := range []string{
		"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired",
		"customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted", "customer.subscription.paused",
		"customer.subscription.resumed", "customer.subscription.trial_will_end", "invoice.payment_succeeded", "invoice.paid", "invoice.payment_failed",
		"invoice.payment_action_required", "invoice_payment.paid", "charge.refunded", "charge.refund.updated", "charge.dispute.created", "charge.dispute.closed",
	} {
		if !slices.Contains(handled(), typ) {
			t.Errorf("%s is not handled", typ)
		}
	}
	if slices.Contains(handled(), "invoice.created") {
		t.Error("an endpoint that fails to answer invoice.created delays every invoice")
	}
}

func TestTheObjectOfAListedEventIsStripesOwn(t *testing.T) {
	b, err := restore(&stripe.Event{ID: "evt_1", Type: "charge.refunded"})
	must(t, err)
	if _, err := (&Reader{}).Parse(b); !core.Is(err, core.Invalid) {
		t.Errorf("an event without an object reads as one: %v", err)
	}
	object := `{"id":"ch_1","z":1,"a":2.50}`
	b, err = restore(&stripe.Event{ID: "evt_1", Type: "charge.refunded", Data: &stripe.EventData{Raw: json.RawMessage(object)}})
	must(t, err)
	if !strings.Contains(string(b), object) {
		t.Errorf("%s", b)
	}
	b, err = restore(&stripe.Event{ID: "evt_1", Type: "charge.refunded", Data: &stripe.EventData{
		Raw: json.RawMessage(object), PreviousAttributes: map[string]any{"amount_refunded": 2000.0},
	}})
	must(t, err)
	if ev, err := (&Reader{}).Parse(b); err != nil || ev.Charge.Before == nil || *ev.Charge.Before != 2000 {
		t.Errorf("what was before is lost: %v, %s", err, b)
	}
}
