package web_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/billing"
)

// A form that comes back because it came too often says when it may be sent
// again, whoever counted: the address's limit or the account's.
func TestAPageOfTooManyTriesSaysWhenToComeBack(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	s := open(t, func(o *web.Options) {
		o.Limits = web.Limits{SignUpPerHour: 1, ForgotPerHour: 1, FormPerHour: 1, SetupPerHour: 1}
	})
	for name, c := range map[string]struct {
		path, body string
		tries      int
		wait       string
	}{
		"sign-up":        {"/auth/sign-up", "email=a@example.com&password=a+good+long+one", 2, "360"},
		"password":       {"/auth/password/forgot", "email=a@example.com", 2, "360"},
		"set-up":         {"/auth/password/setup", "token=x&password=a+good+long+one", 2, "360"},
		"wrong password": {"/auth/login", "email=b@example.com&password=not+the+one", 11, "900"},
	} {
		t.Run(name, func(t *testing.T) {
			var a answer
			for range c.tries {
				a = s.do(ask{method: "POST", path: c.path, body: c.body, kind: form, header: map[string]string{"Accept": "text/html"}})
			}
			if a.status != 429 || !strings.HasPrefix(a.header.Get("Retry-After"), c.wait) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				t.Errorf("%d, Retry-After %q", a.status, a.header.Get("Retry-After"))
			}
		})
	}
}

func TestWhatIsAskedWithoutABody(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	if a := s.do(ask{method: "POST", path: "/api/checkout/upgrade", cookie: ada}); a.status != 201 {
		t.Errorf("upgrade: %d %s", a.status, a.body)
	}
	if a := s.do(ask{method: "POST", path: "/api/checkout/upgrade", cookie: ada, body: "{"}); a.status != 400 {
		t.Errorf("a body that is none: %d %s", a.status, a.body)
	}
	if a := s.do(ask{method: "POST", path: "/api/billing/portal", cookie: ada}); a.status == 400 || a.status == 415 {
		t.Errorf("portal: %d %s", a.status, a.body)
	}
	if a := s.do(ask{method: "POST", path: "/api/checkout/credits", cookie: ada}); a.status != 415 {
		t.Errorf("a pack must be named: %d", a.status)
	}
}

func TestOurOwnFailureIsNotTheVisitorsTry(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Limits = web.Limits{CheckoutPerHour: 2} })
	s.stripe.fails = &core.Error{Code: core.Unavailable, Op: "test", Message: "Stripe is away."}
	for i := range 5 {
		if a := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`); a.status != 503 {
			t.Fatalf("try %d: %d %s", i, a.status, a.body)
		}
	}
	s.stripe.fails = nil
	for i, want := range []int{201, 201, 429} {
		if a := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`); a.status != want {
			t.Fatalf("opening %d: %d, want %d", i, a.status, want)
		}
	}
}

func TestAMethodThatNobodyTakesIsToldWhichAre(t *testing.T) {
	s := open(t)
	for method, allow := range map[string]string{"TRACE": "GET, HEAD", "BREW": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", "DELETE": "GET, HEAD"} {
		a := s.do(ask{method: method, path: "/contact"})
		if method != "BREW" {
			a = s.do(ask{method: method, path: "/"})
		}
		if a.status != 405 || a.header.Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
		}
	}
}

func TestTheIconWhereEveryBrowserLooks(t *testing.T) {
	s := drawn(t)
	if a := s.get("/favicon.ico"); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "image/") {
		t.Errorf("%d %s", a.status, a.header.Get("Content-Type"))
	}
}

// An event that is signed and not readable is refused, and the creator sees it.
func TestASignedEventThatCannotBeReadIsKept(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct {
		body string
		id   core.EventID
		kept bool
	}{
		"an amount that is a text": {`{"id":"evt_1","object":"event","created":1,"livemode":false,"type":"checkout.session.completed","data":{"object":{"id":"cs_1","object":"checkout.session","amount_total":"many"}}}`, "evt_1", true},
		"a time that is a list":    {`{"id":"evt_2","object":"event","created":[],"livemode":false,"type":"charge.refunded","data":{"object":{"id":"ch_1"}}}`, "evt_2", true},
		"no object":                {`{"id":"evt_3","object":"event","created":1,"livemode":false,"type":"charge.refunded"}`, "evt_3", true},
		"no event at all":          {`{"id":"evt_4"}`, "evt_4", false},
		"cut off":                  {`{"id":"evt_5","object":"event","type":"charge.ref`, "evt_5", false},
	} {
		t.Run(name, func(t *testing.T) {
			if a := s.deliver(c.body); a.status != 400 || a.json(t)["code"] != "invalid_request" {
				t.Fatalf("%d %s", a.status, a.body)
			}
			rec, err := s.db.EventByID(context.Background(), c.id)
			if err != nil || (rec != nil) != c.kept || (rec != nil && (rec.Outcome != billing.Failed || rec.Error == "" || string(rec.Payload) != c.body)) {
				t.Errorf("the record: %+v %v", rec, err)
			}
		})
	}
}

func TestReadyzSaysWhatToDo(t *testing.T) {
	s := open(t, func(o *web.Options) {
		o.Ready = func(context.Context) error {
			return &core.Error{Code: core.Unavailable, Op: "test", Message: "The disk is full. Free space there."}
		}
	})
	if a := s.do(ask{path: "/readyz", header: map[string]string{"Accept": "application/json"}}); a.status != 503 || !strings.Contains(a.body, "Free space there") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Each layer of a failure adds its sentence; the log has each once.
func TestAFailureIsOneLineThatRepeatsNothing(t *testing.T) {
	inner := &core.Error{Code: core.Unavailable, Op: "sqlite.Update", Message: "We are busy right now.", Err: errBroken}
	s := open(t, func(o *web.Options) {
		o.Ready = func(context.Context) error {
			return &core.Error{Code: core.Unavailable, Op: "sqlite.commit", Message: "We are busy right now.", Err: inner}
		}
	})
	s.get("/readyz")
	if n := strings.Count(s.log.String(), "We are busy right now."); n != 1 {
		t.Errorf("%d times:\n%s", n, s.log.String())
	}
	if !strings.Contains(s.log.String(), errBroken.Error()) {
		t.Error("the cause is lost")
	}
}

func TestAFloodOfFailuresDoesNotFillTheLog(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Billing = brokenBilling{} })
	const flood = 2000
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range flood / 16 {
				event := fmt.Sprintf(`{"id":"evt_%d_%d","object":"event","created":1,"livemode":false,"type":"customer.created","data":{"object":{"id":"cus_1"}}}`, w, i)
				a, err := s.try(ask{method: "POST", path: "/api/webhooks/stripe", body: event, header: map[string]string{"Stripe-Signature": s.sign(event, s.wall.Now())}})
				if err != nil || a.status != 500 {
					t.Errorf("%d %v", a.status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := strings.Count(s.log.String(), `"level":"ERROR"`); n < 10 || n > flood/2 {
		t.Errorf("%d lines for %d failures", n, flood)
	}
}
