package stripepay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/stripepay"
	"sselfie/core/billing"
	"sselfie/core/catalog"
)

// The names and values of our parameters, held against Stripe's description of
// its API. The server keeps nothing and answers with samples, so what matters is
// that it refuses none of our calls.
func TestStripeMockTakesEveryCall(t *testing.T) {
	base := os.Getenv("SSELFIE_STRIPE_MOCK")
	if base == "" {
		t.Skip("SSELFIE_STRIPE_MOCK names no server: `make stripe-mock` starts one")
	}
	wrong, err := http.NewRequest(http.MethodPost, base+"/v1/checkout/sessions", strings.NewReader("frobnicate=1"))
	if err != nil {
		t.Fatal(err)
	}
	wrong.SetBasicAuth("sk_test_123", "")
	wrong.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	refused, err := http.DefaultClient.Do(wrong)
	if err != nil || refused.StatusCode != http.StatusBadRequest {
		t.Fatalf("the server takes whatever it is given: %v %v", refused, err)
	}
	_ = refused.Body.Close()
	at := func(base string) *stripepay.Client { // a new one each: what a client knows it does not ask
		return stripepay.New(stripepay.Options{Key: "sk_test_123", APIBase: base, Prices: prices{}})
	}
	client := func() *stripepay.Client { return at(base) }
	empty, settled := before(t, base, nothingYet), before(t, base, asAsked)
	ctx, cat := context.Background(), catalog.Default()
	bio, _ := cat.Product("bio_glowup")
	studio := cat.Studio()
	openAt := func(base string, change func(*billing.NewSession)) func(t *testing.T) error {
		return func(t *testing.T) error {
			n := billing.NewSession{
				Key: t.Name() + time.Now().String(), Product: bio.ID, LookupKey: "bio_glowup_usd", Name: bio.Name, Price: bio.Price,
				ReturnURL: "https://shop.example.com/checkout/success?session_id={CHECKOUT_SESSION_ID}",
				Meta:      billing.Metadata{Product: bio.ID, Source: "landing_page", Campaign: "spring", Ref: "chk_1", Link: "lnk_1", User: "usr_1"},
			}
			change(&n)
			_, err := at(base).OpenSession(ctx, n)
			return err
		}
	}
	open := func(change func(*billing.NewSession)) func(t *testing.T) error { return openAt(base, change) }
	membership := func(n *billing.NewSession) {
		n.Product, n.LookupKey, n.Name, n.Price, n.Membership = studio.ID, "studio_monthly_usd", studio.Name, studio.Price, true
	}
	pass := func([]byte) error { return nil }
	for name, call := range map[string]func(t *testing.T) error{
		"a guest pays once":          open(func(*billing.NewSession) {}),
		"with an address":            open(func(n *billing.NewSession) { n.Email = "ada@example.com" }),
		"a customer":                 open(func(n *billing.NewSession) { n.Customer = "cus_1" }),
		"a membership":               open(membership),
		"a membership of a customer": open(func(n *billing.NewSession) { membership(n); n.Customer = "cus_1" }),
		"a code that we apply":       openAt(settled, func(n *billing.NewSession) { membership(n); n.Promotion = "MINI20" }),
		"a price that was set up":    openAt(settled, func(n *billing.NewSession) { n.Price.Minor = 2000 }),
		"the set-up of an empty account": func(*testing.T) error {
			want := setup()
			want.WebhookURL = "https://shop.example.com/api/webhooks/stripe"
			_, err := at(empty).Provision(ctx, want)
			return err
		},
		"the portal": func(*testing.T) error {
			_, err := client().PortalURL(ctx, "cus_1", "https://shop.example.com/account")
			return err
		},
		"the set-up": func(*testing.T) error {
			want := setup()
			want.WebhookURL, want.ReturnURL = "https://shop.example.com/api/webhooks/stripe", "https://shop.example.com/account"
			want.TermsURL, want.PrivacyURL = "https://shop.example.com/legal/terms", "https://shop.example.com/legal/privacy"
			_, err := client().Provision(ctx, want)
			return err
		},
		"a receipt": func(*testing.T) error {
			url, err := client().ReceiptURL(ctx, "pi_1")
			if err == nil && url == "" {
				err = errors.New("the payment has no receipt: its charge was not asked for in a way that Stripe knows")
			}
			return err
		},
		"the prices that are there": func(*testing.T) error {
			_, err := at(settled).PricesOff(ctx, cat)
			return err
		},
		"what happened since": func(*testing.T) error { return client().EventsSince(ctx, time.Now().Add(-time.Hour), pass) },
		"what is there": func(*testing.T) error {
			return client().ObjectsSince(ctx, time.Now().Add(-time.Hour), pass)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := call(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// before puts a server between us and the mock that changes what reads answer;
// all else the mock sees as we sent it.
func before(t *testing.T, base string, read func(path string, q url.Values, status int, body map[string]any) int) string {
	t.Helper()
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Header.Del("Accept-Encoding") },
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method != http.MethodGet || r.StatusCode != http.StatusOK {
				return nil
			}
			var body map[string]any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				return err
			}
			_ = r.Body.Close()
			r.StatusCode = read(r.Request.URL.Path, r.Request.URL.Query(), r.StatusCode, body)
			text, err := json.Marshal(body)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Del("Content-Length")
			return err
		},
	})
	t.Cleanup(srv.Close)
	return srv.URL
}

// nothingYet answers as an account that was made today.
func nothingYet(_ string, _ url.Values, status int, body map[string]any) int {
	if body["object"] == "list" {
		body["data"] = []any{}
		return status
	}
	clear(body)
	body["error"] = map[string]any{"type": "invalid_request_error", "code": "resource_missing", "message": "No such object"}
	return http.StatusNotFound
}

// asAsked answers lists with the code or the key that was looked for.
func asAsked(path string, q url.Values, status int, body map[string]any) int {
	list, _ := body["data"].([]any)
	for _, item := range list {
		o, _ := item.(map[string]any)
		if strings.HasSuffix(path, "/promotion_codes") {
			o["code"] = q.Get("code")
		}
		if strings.HasSuffix(path, "/prices") {
			o["lookup_key"], o["unit_amount"], o["currency"] = q.Get("lookup_keys[0]"), 2000, "usd"
		}
	}
	return status
}
