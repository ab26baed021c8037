package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/billing"
)

func TestWebhookOutcomes(t *testing.T) {
	s := open(t)
	a := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`).json(t)
	p, _ := s.opts.Catalog.Product("bio_glowup")
	session, ref := a["sessionId"].(string), s.stripe.opened[0].Meta.Ref
	event := paid("evt_1", session, ref, p, "ada@example.com")
	for _, want := range []string{"applied", "duplicate", "duplicate"} {
		if a := s.deliver(event); a.status != 200 || a.body != `{"received":true,"outcome":"`+want+`"}` {
			t.Fatalf("want %s: %d %s", want, a.status, a.body)
		}
	}
	foreign := `{"id":"evt_2","object":"event","created":1,"livemode":false,"type":"customer.created","data":{"object":{"id":"cus_1","object":"customer"}}}`
	if a := s.deliver(foreign); a.status != 200 || !strings.Contains(a.body, `"outcome":"ignored"`) {
		t.Fatalf("foreign: %d %s", a.status, a.body)
	}
	m := s.get("/metrics").body
	for _, line := range []string{
		`sselfie_webhook_events_total{outcome="applied"} 1`, `sselfie_webhook_events_total{outcome="duplicate"} 2`,
		`sselfie_webhook_events_total{outcome="ignored"} 1`, `sselfie_webhook_events_total{outcome="failed"} 0`,
	} {
		if !strings.Contains(m, line) {
			t.Errorf("metrics lack %s in:\n%s", line, m)
		}
	}
}

func TestForgedWebhooksChangeNothing(t *testing.T) {
	s := open(t)
	a := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`).json(t)
	p, _ := s.opts.Catalog.Product("bio_glowup")
	session := a["sessionId"].(string)
	event := paid("evt_1", session, s.stripe.opened[0].Meta.Ref, p, "ada@example.com")
	good := s.sign(event, s.wall.Now())
	var squeezed bytes.Buffer
	w := gzip.NewWriter(&squeezed)
	_, _ = w.Write([]byte(event))
	_ = w.Close()
	hook := func(body string, header map[string]string) ask {
		return ask{method: "POST", path: "/api/webhooks/stripe", body: body, header: header}
	}
	type sc = scenario
	forged := []string{`"code":"invalid_signature"`}
	for name, c := range map[string]sc{
		"no header":                {ask: hook(event, nil), status: 400, has: forged},
		"an empty header":          {ask: hook(event, map[string]string{"Stripe-Signature": ""}), status: 400, has: forged},
		"another body":             {ask: hook(event+" ", map[string]string{"Stripe-Signature": good}), status: 400, has: forged},
		"a stale one":              {ask: hook(event, map[string]string{"Stripe-Signature": s.sign(event, s.wall.Now().Add(-301*time.Second))}), status: 400, has: forged},
		"v0 only":                  {ask: hook(event, map[string]string{"Stripe-Signature": strings.Replace(good, "v1=", "v0=", 1)}), status: 400, has: forged},
		"an empty body":            {ask: hook("", map[string]string{"Stripe-Signature": good}), status: 400, has: forged},
		"a compressed body":        {ask: hook(squeezed.String(), map[string]string{"Stripe-Signature": s.sign(squeezed.String(), s.wall.Now()), "Content-Encoding": "gzip"}), status: 400, has: forged},
		"signed, but no JSON":      {ask: hook("hello", map[string]string{"Stripe-Signature": s.sign("hello", s.wall.Now())}), status: 400},
		"signed, but cut off":      {ask: hook(event[:200], map[string]string{"Stripe-Signature": s.sign(event[:200], s.wall.Now())}), status: 400},
		"signed, but a list":       {ask: hook("[]", map[string]string{"Stripe-Signature": s.sign("[]", s.wall.Now())}), status: 400},
		"by another method":        {ask: ask{path: "/api/webhooks/stripe"}, status: 405, header: map[string]string{"Allow": "POST"}},
		"from a browser elsewhere": {ask: hook(event, map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}), status: 400, has: forged},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	t.Run("two headers", func(t *testing.T) {
		req, _ := http.NewRequest("POST", "http://"+s.addr+"/api/webhooks/stripe", strings.NewReader(event))
		req.Header["Stripe-Signature"] = []string{good, good}
		res, err := direct.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 400 {
			t.Fatalf("%d", res.StatusCode)
		}
	})
	if got := s.get("/api/checkout/status?session_id=" + session).json(t)["status"]; got != "open" {
		t.Fatalf("the checkout is %v", got)
	}
	if a := s.deliver(event); !strings.Contains(a.body, "applied") {
		t.Fatalf("the genuine one: %d %s", a.status, a.body)
	}
}

func TestOversizedWebhookIsAnswered(t *testing.T) {
	s := open(t)
	for name, size := range map[string]int{"just above": 1<<20 + 1, "far above": 20 << 20} {
		t.Run(name, func(t *testing.T) {
			a := s.do(ask{method: "POST", path: "/api/webhooks/stripe", body: strings.Repeat("a", size)})
			if a.status != http.StatusRequestEntityTooLarge || a.json(t)["code"] != "too_large" || a.header.Get("X-Request-Id") == "" {
				t.Fatalf("%d %s", a.status, a.body)
			}
		})
	}
	if a := s.do(ask{method: "POST", path: "/api/webhooks/stripe", body: strings.Repeat("a", 1<<20)}); a.status != 400 {
		t.Fatalf("exactly the limit: %d", a.status)
	}
}

func TestBadSignaturesAreLimitedGenuineNever(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Limits.BadSignaturesPerHour = 3 })
	for i, want := range []int{400, 400, 400, 429, 429} {
		a := s.do(ask{method: "POST", path: "/api/webhooks/stripe", body: "{}", header: map[string]string{"Stripe-Signature": "t=1,v1=00"}})
		if a.status != want {
			t.Fatalf("forged %d: %d, want %d", i, a.status, want)
		}
	}
	s.buy("bio_glowup", "ada@example.com", "")
}

func TestAFloodOfForgeriesDoesNotFillTheLog(t *testing.T) {
	s := open(t)
	const flood = 2000
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range flood / 16 {
				if a, err := s.try(ask{method: "POST", path: "/api/webhooks/stripe", body: "{}"}); err != nil || a.status != 400 {
					t.Errorf("%d %v", a.status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := strings.Count(s.log.String(), "\n"); n < 10 || n > flood/2 {
		t.Fatalf("%d lines for %d forgeries", n, flood)
	}
}

// brokenBilling fails where the database would.
type brokenBilling struct{ web.Billing }

func (brokenBilling) Apply(context.Context, billing.Event, []byte) (billing.Outcome, error) {
	return billing.Failed, &core.Error{Code: core.Unavailable, Op: "billing.Apply", Message: "The event could not be applied; send it again.", Err: errBroken}
}

func TestAnEventThatFailsIs500(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Billing = brokenBilling{} })
	a := s.deliver(`{"id":"evt_1","object":"event","created":1,"livemode":false,"type":"customer.created","data":{"object":{"id":"cus_1"}}}`)
	if a.status != 500 || a.json(t)["requestId"] != a.header.Get("X-Request-Id") || strings.Contains(a.body, "broken") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if !strings.Contains(s.log.String(), "broken") {
		t.Fatal("the cause is not in the log")
	}
}

func TestOneEventFromManyConnections(t *testing.T) {
	s := open(t)
	a := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`).json(t)
	p, _ := s.opts.Catalog.Product("bio_glowup")
	event := paid("evt_1", a["sessionId"].(string), s.stripe.opened[0].Meta.Ref, p, "ada@example.com")
	var wg sync.WaitGroup
	outcomes := make([]string, 50)
	for i := range outcomes {
		wg.Go(func() {
			out, err := s.try(ask{method: "POST", path: "/api/webhooks/stripe", body: event, header: map[string]string{"Stripe-Signature": s.sign(event, s.wall.Now())}})
			outcomes[i] = fmt.Sprint(out.body, err)
		})
	}
	wg.Wait()
	all := strings.Join(outcomes, "")
	if strings.Count(all, `"applied"`) != 1 || strings.Count(all, `"duplicate"`) != 49 {
		t.Fatalf("%s", all)
	}
	if got, err := s.db.CreditAccount(context.Background(), s.user("ada@example.com").ID); err != nil || got.Balance != 25 {
		t.Fatalf("balance %+v %v", got, err)
	}
}
