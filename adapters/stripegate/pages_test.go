package stripegate

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"
)

var inline = regexp.MustCompile(`(?i)<style|<script(?:\s+[^>]*)?>[^<]|\sstyle=|\son[a-z]+=|javascript:|https?://`)

func TestPagesAreStrictAndComplete(t *testing.T) {
	r := newRig(t)
	p := params("payment", r.oneTime(4700).ID)
	p.AllowPromotionCodes = stripe.Bool(true)
	open := r.session(p)
	secure := r.session(params("payment", r.oneTime(4700).ID))
	r.post("/gateway/c/"+secure.ID+"/pay", card4("4000000000003220"))
	sub := r.member("4000000000000341")
	r.advance(31 * days)
	gone := r.session(params("payment", r.oneTime(4700).ID))
	_, err := r.sc.CheckoutSessions.Expire(gone.ID, nil)
	r.must(err)
	open2 := r.session(p)
	var invoice, charge, event string
	for id := range r.g.s.Invoices {
		invoice = id
	}
	for id, c := range r.g.s.Charges {
		if c.Status == "succeeded" {
			charge = id
		}
	}
	event = r.g.s.Events[0].ID
	portal := r.portal(sub.Customer.ID)
	for name, c := range map[string]struct {
		path   string
		status int
		has    []string
		framed bool
	}{
		"checkout":        {"/gateway/c/" + open2.ID, 200, []string{"TEST", `for="email"`, `for="number"`, `for="promo"`, "Pay $47.00", `data-number="4000000000000002"`, "bank_fails"}, true},
		"unknown":         {"/gateway/c/cs_test_no", 404, []string{"does not exist"}, true},
		"expired":         {"/gateway/c/" + gone.ID, 410, []string{"expired"}, true},
		"lapsed by time":  {"/gateway/c/" + open.ID, 410, []string{"expired"}, true},
		"portal":          {portal, 200, []string{"payment overdue", "could not be collected", "Cancel at the end", "Invoices", "$97.00", "visa ending in 0341"}, false},
		"unknown portal":  {"/gateway/portal/bps_no", 404, []string{"from your account"}, false},
		"invoice":         {"/gateway/invoices/" + invoice, 200, []string{"Studio", "$97.00"}, false},
		"receipt":         {"/gateway/receipts/" + charge, 200, []string{"$97.00"}, false},
		"unknown receipt": {"/gateway/receipts/ch_no", 404, []string{"Not found"}, false},
		"desk":            {"/gateway/", 200, []string{"Switches", "Resend", sub.ID[:12], "Refund"}, false},
		"event":           {"/gateway/events/" + event, 200, []string{"api_version", "Delivery: done"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, h := r.get(c.path)
			if status != c.status {
				t.Errorf("answered %d", status)
			}
			for _, want := range c.has {
				if !strings.Contains(body, want) {
					t.Errorf("lacks %q:\n%s", want, body)
				}
			}
			scan := strings.ReplaceAll(body, "http://127.0.0.1:8080", "")
			if pre := strings.Index(scan, "<pre"); pre > 0 {
				scan = scan[:pre]
			}
			if bad := inline.FindString(scan); bad != "" {
				t.Errorf("breaks its own policy with %q", bad)
			}
			csp := h.Get("Content-Security-Policy")
			if !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "frame-ancestors 'self'") != c.framed || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v", h)
			}
		})
	}
}

func TestAssetsAreServedAndNothingElse(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]int{
		"/gateway/v3.js": 200, "/gateway/assets/gateway.css": 200, "/gateway/assets/checkout.js": 200, "/gateway/assets/page.js": 200,
		"/gateway/assets/no.js": 404, "/gateway/assets/..%2Fpages.go": 404, "/gateway/nowhere": 404,
	} {
		status, body, h := r.get(path)
		if status != want {
			t.Errorf("%s answered %d", path, status)
		}
		if status == 200 && (strings.Contains(body, "//cdn") || !strings.HasPrefix(h.Get("Content-Type"), "text/")) {
			t.Errorf("%s as %s", path, h.Get("Content-Type"))
		}
	}
}

func TestEmailOfACustomerIsLocked(t *testing.T) {
	r := newRig(t)
	k, err := r.sc.Customers.New(&stripe.CustomerParams{Email: stripe.String("known@example.com")})
	r.must(err)
	p := params("payment", r.oneTime(4700).ID)
	p.Customer, p.CustomerCreation = &k.ID, nil
	s := r.session(p)
	_, body, _ := r.get("/gateway/c/" + s.ID)
	if !strings.Contains(body, `value="known@example.com" readonly`) || strings.Contains(body, `id="promo"`) {
		t.Error("the address can be changed, or a code is asked for")
	}
	f := card4("4242424242424242")
	f.Set("email", "other@example.com")
	if status, out := r.post("/gateway/c/"+s.ID+"/pay", f); status != 200 {
		t.Fatal(out)
	}
	if done := object[stripe.CheckoutSession](t, r.flush(), "checkout.session.completed"); done.CustomerDetails.Email != "known@example.com" || done.Customer.ID != k.ID {
		t.Errorf("paid by %s", done.CustomerDetails.Email)
	}
}

func TestPayingWithoutScript(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(path string, f url.Values) (*http.Response, string) {
		res, err := stay.PostForm(r.pages.URL+path, f)
		r.must(err)
		var b strings.Builder
		buf := make([]byte, 1<<16)
		for {
			n, err := res.Body.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				break
			}
		}
		_ = res.Body.Close()
		return res, b.String()
	}
	res, body := send("/gateway/c/"+s.ID+"/pay", card4("4000000000000127"))
	if res.StatusCode != 402 || !strings.Contains(body, "security code is not right") || !strings.Contains(body, `value="ada@example.com"`) || strings.Contains(body, `value="4000000000000127"`) {
		t.Errorf("declined with %d", res.StatusCode)
	}
	res, _ = send("/gateway/c/"+s.ID+"/pay", card4("4000000000003220"))
	if res.StatusCode != 303 || res.Header.Get("Location") != "/gateway/3ds/"+s.ID {
		t.Errorf("3-D Secure: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	if _, body, _ := r.get("/gateway/3ds/" + s.ID); !strings.Contains(body, "$47.00") || !strings.Contains(body, "approve") {
		t.Error("the bank asks for nothing")
	}
	res, _ = send("/gateway/3ds/"+s.ID, url.Values{"result": {"approve"}})
	if res.StatusCode != 303 || res.Header.Get("Location") != "/gateway/c/"+s.ID+"/done" {
		t.Errorf("approved: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	if _, body, _ := r.get("/gateway/c/" + s.ID + "/done"); !strings.Contains(body, `target="_top"`) || !strings.Contains(body, "session_id="+s.ID) {
		t.Error("there is no way back to the shop")
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"cross-site":     {"Sec-Fetch-Site", "cross-site", 403},
		"same-site":      {"Sec-Fetch-Site", "same-site", 403},
		"foreign origin": {"Origin", "https://evil.example", 403},
		"null origin":    {"Origin", "null", 403},
		"similar origin": {"Origin", "http://127.0.0.1", 403},
		"own origin":     {"Origin", "http://127.0.0.1:8080", 402},
		"same-origin":    {"Sec-Fetch-Site", "same-origin", 402},
	} {
		req, err := http.NewRequest(http.MethodPost, r.pages.URL+"/gateway/c/"+s.ID+"/pay", strings.NewReader("email=a@example.com"))
		r.must(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "application/json")
		req.Header.Set(c.header, c.value)
		res, err := http.DefaultClient.Do(req)
		r.must(err)
		_ = res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s: answered %d", name, res.StatusCode)
		}
	}
}

func TestDeskThrowsSwitches(t *testing.T) {
	r := newRig(t)
	r.post("/gateway/faults", url.Values{"seed": {"9"}, "shuffle": {"1"}, "duplicate": {"50"}, "drop": {"250"}, "minutes": {"30"}, "layout": {"basil"}})
	if f := r.g.Faults(); f.Seed != 9 || !f.Shuffle || f.Duplicate != 0.5 || f.Drop != 1 || f.DelayFor.Minutes() != 30 || f.Layout != Basil {
		t.Errorf("switches %+v", f)
	}
}

func TestDeskButtons(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	press := func(path string, want int) {
		t.Helper()
		if status, out := r.post("/gateway/desk/"+path, nil); status != want {
			t.Errorf("%s answered %d %v", path, status, out)
		}
	}
	press("subscriptions/"+sub.ID+"/pause", 200)
	press("subscriptions/"+sub.ID+"/pause", 400)
	wantTypes(t, r.flush(), "customer.subscription.paused", "customer.subscription.updated")
	if got := r.advance(40 * days); len(got) != 0 {
		t.Errorf("paused, yet came %v", types(got))
	}
	press("subscriptions/"+sub.ID+"/resume", 200)
	r.flush()
	s := r.session(params("payment", r.oneTime(4700).ID))
	press("sessions/"+s.ID+"/expire", 200)
	press("sessions/"+s.ID+"/expire", 400)
	wantTypes(t, r.flush(), "checkout.session.expired")
	r.pay(r.session(params("payment", r.oneTime(4700).ID)).ID, "4242424242424242")
	ch := object[stripe.Charge](t, r.flush(), "charge.succeeded")
	press("charges/"+ch.ID+"/inquiry", 200)
	d := object[stripe.Dispute](t, r.flush(), "charge.dispute.created")
	press("disputes/"+d.ID+"/won", 400)
	press("disputes/"+d.ID+"/escalate", 200)
	press("disputes/"+d.ID+"/lost", 200)
	wantTypes(t, r.flush(), "charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.closed")
	press("charges/"+ch.ID+"/refund", 400)
	press("events/evt_no/resend", 404)
	press("charges/ch_no/refund", 404)
}
