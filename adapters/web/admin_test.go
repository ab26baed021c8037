package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/admin"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/jobs"
)

// bench is a work bench of jobs that run by hand.
func testJobs(o *web.Options, db *sqlite.DB) *jobs.Runner {
	return &jobs.Runner{
		Jobs: []jobs.Job{
			{Name: "backup", Title: "Copies the database", Schedule: jobs.DailyAt(4, 0), Work: func(context.Context, time.Time) (jobs.Counts, error) {
				return jobs.Counts{Processed: 3, Skipped: 1}, nil
			}},
			{Name: "broken", Schedule: jobs.Hourly(), Work: func(context.Context, time.Time) (jobs.Counts, error) { return jobs.Counts{Failed: 1}, errBroken }},
		},
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) jobs.Tx { return tx }), Read: db, Clock: o.Clock, Wall: o.Wall, Since: o.Clock.Now(),
	}
}

const cronSecret = "cron-0123456789abcdef"

// openDesk is a shop with a desk and an admin who is signed in.
func openDesk(t testing.TB, change ...func(*web.Options)) (s *shop, ada string) {
	t.Helper()
	var desk *admin.Service
	s = open(t, append([]func(*web.Options){func(o *web.Options) {
		db := o.Reads.(*sqlite.DB)
		desk = &admin.Service{
			Store: sqlite.Bind(db, func(tx *sqlite.Tx) admin.Tx { return tx }), Read: db, Ledger: credits.Ledger{IDs: locksmith.IDs{}},
			IDs: locksmith.IDs{}, Clock: o.Clock, Grace: o.Grace, Price: catalog.Default().Studio().Price, Catalog: catalog.Default(), Work: testJobs(o, db),
		}
		o.Admin = &web.Admin{Desk: desk, CronSecret: cronSecret}
	}}, change...)...)
	desk.Money, _ = s.opts.Billing.(*billing.Service)
	if _, err := s.people.CreateAdmin(t.Context(), "ada@shop.example", password); err != nil {
		t.Fatal(err)
	}
	a := s.post("/api/auth/login", fmt.Sprintf(`{"email":"ada@shop.example","password":%q}`, password))
	if a.status != http.StatusOK {
		t.Fatalf("login: %d %s", a.status, a.body)
	}
	return s, cookieOf(a)
}

func deskRoutes(s *shop) []web.Route {
	var out []web.Route
	for _, r := range s.srv.Routes() {
		if r.Method != "HEAD" && (r.Path == "/admin" || strings.HasPrefix(r.Path, "/admin/") || strings.HasPrefix(r.Path, "/api/admin")) {
			out = append(out, r)
		}
	}
	return out
}

// The table comes from the router: a new route of the desk without its guard
// fails here.
func TestOnlyAdminsEnterTheDesk(t *testing.T) {
	s, ada := openDesk(t)
	routes := deskRoutes(s)
	if len(routes) < 20 {
		t.Fatalf("only %d routes: is the table read?", len(routes))
	}
	buyer, member := s.signUp("buyer@x.test"), s.signUp("member@x.test")
	s.buy("bio_glowup", "buyer@x.test", buyer)
	s.makeMember(member, "member@x.test")
	for _, r := range routes {
		api := strings.HasPrefix(r.Path, "/api/")
		for who, cookie := range map[string]string{"nobody": "", "a stale cookie": "x", "a customer": s.signUp(strings.NewReplacer("/", "", ":", "").Replace(r.Method+r.Path) + "@x.test"), "a buyer": buyer, "a member": member} {
			a := s.do(ask{method: r.Method, path: asked(r.Path), cookie: cookie})
			signed := cookie != "" && cookie != "x"
			want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusSeeOther}[api]
			if signed {
				want = map[bool]int{true: http.StatusForbidden, false: http.StatusNotFound}[api]
			}
			if a.status != want {
				t.Errorf("%s %s for %s: %d, want %d", r.Method, r.Path, who, a.status, want)
			}
		}
		if r.Method != "GET" {
			for _, header := range []map[string]string{{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}} {
				if a := s.do(ask{method: r.Method, path: asked(r.Path), cookie: ada, header: header}); a.status != http.StatusForbidden {
					t.Errorf("%s %s from another site: %d", r.Method, r.Path, a.status)
				}
			}
			continue
		}
		if a := s.do(ask{path: asked(r.Path), cookie: ada}); a.status != http.StatusOK && a.status != http.StatusNotFound {
			t.Errorf("%s for an admin: %d %.300s", r.Path, a.status, a.body)
		}
	}
}

// makeMember lets somebody join Studio by the events of a checkout.
func (s *shop) makeMember(cookie, email string) {
	s.t.Helper()
	u := s.user(email)
	err := s.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveRow(ctx, billing.Row{
			ID: core.SubscriptionID("sub_" + string(u.ID)), User: u.ID, Type: catalog.EntitlementStudio, Status: "active", Live: true, StripeID: "sub_stripe_" + string(u.ID),
			PeriodStart: s.clock.Now(), PeriodEnd: s.clock.Now().AddDate(0, 1, 0), CreatedAt: s.clock.Now(),
		})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestWhatMovesMoneyAsksAgain(t *testing.T) {
	s, ada := openDesk(t)
	s.signUp("eve@x.test")
	eve := string(s.user("eve@x.test").ID)
	s.wall.Move(16 * time.Minute)
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/admin/users/" + eve + "/credits", body: `{"amount":5,"reason":"Sorry"}`, cookie: ada}, status: 401, has: []string{`"reauth_required"`}})
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/admin/webhooks/evt_1/assign", body: `{"user":"x"}`, cookie: ada}, status: 401, has: []string{`"reauth_required"`}})
	a := s.do(ask{
		method: "POST", path: "/admin/users/" + eve + "/credits", body: "amount=5&reason=x", kind: "application/x-www-form-urlencoded", cookie: ada,
		header: map[string]string{"Accept": "text/html", "Referer": s.opts.BaseURL + "/admin/users/" + eve},
	})
	if to := a.header.Get("Location"); a.status != 303 || to != "/auth/login?again=1&returnTo="+url.QueryEscape("/admin/users/"+eve) {
		t.Errorf("the page: %d to %s", a.status, to)
	}
	s.play(t, scenario{ask: ask{path: "/auth/login?again=1&returnTo=%2Fadmin", cookie: ada}, status: 200, has: []string{"view.Login", "asks again"}})
	s.play(t, scenario{ask: ask{path: "/api/admin/users", cookie: ada}, status: 200}) // looking does not ask
	again := cookieOf(s.post("/api/auth/login", fmt.Sprintf(`{"email":"ada@shop.example","password":%q}`, password)))
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/admin/users/" + eve + "/credits", body: `{"amount":5,"reason":"Sorry"}`, cookie: again}, status: 200, has: []string{`"balance":7`}})
}

func TestTheDeskOverHTTP(t *testing.T) {
	s, ada := openDesk(t)
	buyer := s.signUp("buyer@x.test")
	s.buy("bio_glowup", "buyer@x.test", buyer)
	id := string(s.user("buyer@x.test").ID)
	bio, _ := s.opts.Catalog.Product("bio_glowup")
	misfit := bio
	misfit.Price.Minor = 100
	if a := s.deliver(paid("evt_odd", "cs_odd", "", misfit, "odd@x.test")); !strings.Contains(a.body, "parked") {
		t.Fatalf("the odd one: %s", a.body)
	}
	credits := "/api/admin/users/" + id + "/credits"
	for _, c := range []struct {
		name string
		scenario
	}{
		{"figures with nothing to divide by are null", scenario{ask: ask{path: "/api/admin/dashboard/stats"}, status: 200, has: []string{
			`"currency":"usd"`, `"revenue":4700`, `"revenueWoW":null`, `"revenueMoM":null`, `"mrr":0`, `"refundRate":0`, `"webhookSuccessRate":1`, `"deliveryRate":null`, `"creditsUsed":0`, `"daysToUpgrade":null`,
		}}},
		{"a period before the shop opened", scenario{ask: ask{path: "/api/admin/dashboard/stats?from=2020-01-01&to=2020-02-01"}, status: 200, has: []string{`"revenue":0`, `"refundRate":null`, `"webhookSuccessRate":null`}}},
		{"figures for a spreadsheet", scenario{ask: ask{path: "/api/admin/dashboard/stats?format=csv"}, status: 200, has: []string{"figure,value,definition", "revenue,4700,"}, header: map[string]string{"Content-Type": "text/csv; charset=utf-8"}}},
		{"a period that ends before it begins", scenario{ask: ask{path: "/api/admin/dashboard/stats?from=2030-01-01&to=2020-02-01"}, status: 400, has: []string{`"from"`}}},
		{"customers", scenario{ask: ask{path: "/api/admin/users"}, status: 200, has: []string{`"email":"buyer@x.test"`, `"entitlement":"free"`, `"balance":27`}}},
		{"found by the beginning of the address", scenario{ask: ask{path: "/api/admin/users?q=BUY"}, status: 200, has: []string{`buyer@x.test`}, hasNot: []string{"ada@shop"}}},
		{"found by name", scenario{ask: ask{path: "/api/admin/users?q=Ad%25"}, status: 200, has: []string{`"items":[]`}}},
		{"one customer", scenario{ask: ask{path: "/api/admin/users/" + id}, status: 200, has: []string{`"balance":27`, `"Bio Glow-Up`, `"product":"bio_glowup"`, `checkout.session.completed`, `purchase mail queued`}}},
		{"nobody", scenario{ask: ask{path: "/api/admin/users/usr_none"}, status: 404}},
		{"credits", scenario{ask: ask{method: "POST", path: credits, body: `{"amount":3,"reason":"For the wait"}`, header: map[string]string{"Idempotency-Key": "k1"}}, status: 200, has: []string{`"balance":30`}}},
		{"the same credits again", scenario{ask: ask{method: "POST", path: credits, body: `{"amount":3,"reason":"For the wait"}`, header: map[string]string{"Idempotency-Key": "k1"}}, status: 200, has: []string{`"balance":30`}}},
		{"more than there is", scenario{ask: ask{method: "POST", path: credits, body: `{"amount":-31,"reason":"Taken back"}`}, status: 402, has: []string{`"insufficient_credits"`, `"balance":30`, `"required":31`}}},
		{"all that there is", scenario{ask: ask{method: "POST", path: credits, body: `{"amount":-30,"reason":"Taken back"}`}, status: 200, has: []string{`"balance":0`}}},
		{"none", scenario{ask: ask{method: "POST", path: credits, body: `{"amount":0,"reason":""}`}, status: 400, has: []string{`"amount"`, `"reason"`}}},
		{"to nobody", scenario{ask: ask{method: "POST", path: "/api/admin/users/usr_none/credits", body: `{"amount":1,"reason":"x"}`}, status: 404}},
		{"webhooks", scenario{ask: ask{path: "/api/admin/webhooks"}, status: 200, has: []string{`"id":"evt_odd"`, `"outcome":"applied"`}}},
		{"parked ones", scenario{ask: ask{path: "/api/admin/webhooks?status=parked"}, status: 200, has: []string{`"id":"evt_odd"`, `"attempts":1`, `"error":null`}, hasNot: []string{`"outcome":"applied"`}}},
		{"an outcome that there is none of", scenario{ask: ask{path: "/api/admin/webhooks?status=lost"}, status: 400}},
		{"a parked one again", scenario{ask: ask{method: "POST", path: "/api/admin/webhooks/evt_odd/retry"}, status: 200, has: []string{`"outcome":"parked"`}}},
		{"an unknown one", scenario{ask: ask{method: "POST", path: "/api/admin/webhooks/evt_none/retry"}, status: 404}},
		{"its page offers customers", scenario{ask: ask{path: "/admin/webhooks/evt_odd?q=buyer"}, status: 200, has: []string{"Assign to this customer", id}}},
		{"assigned", scenario{ask: ask{method: "POST", path: "/api/admin/webhooks/evt_odd/assign", body: fmt.Sprintf(`{"user":%q}`, id)}, status: 200, has: []string{`"applied"`}}},
		{"assigned twice", scenario{ask: ask{method: "POST", path: "/api/admin/webhooks/evt_odd/assign", body: fmt.Sprintf(`{"user":%q}`, id)}, status: 409}},
		{"outbox", scenario{ask: ask{path: "/api/admin/outbox"}, status: 200, has: []string{`"to":"buyer@x.test"`, `"state":"queued"`, `"kind":"purchase"`, `"attempts":0`}}},
		{"a mail that waits is not sent again", scenario{ask: ask{method: "POST", path: "/api/admin/outbox/eml_none/retry"}, status: 503}},
		{"jobs", scenario{ask: ask{path: "/api/admin/jobs"}, status: 200, has: []string{`"job":"backup"`, `"schedule":"daily at 04:00 UTC"`, `"lastRun":null`, `"outcome":null`}}},
		{"a job run", scenario{ask: ask{method: "POST", path: "/api/admin/jobs/backup/run"}, status: 200, has: []string{`"job":"backup"`, `"processed":3`}}},
		{"a job that fails", scenario{ask: ask{method: "POST", path: "/api/admin/jobs/broken/run"}, status: 422}},
		{"jobs that have run", scenario{ask: ask{path: "/api/admin/jobs"}, status: 200, has: []string{`"outcome":"done"`, `"outcome":"failed"`}}},
		{"no such job", scenario{ask: ask{method: "POST", path: "/api/admin/jobs/nap/run"}, status: 404}},
		{"the overview tells what was done", scenario{ask: ask{path: "/admin"}, status: 200, has: []string{"credits.adjust", "payment.assign", "webhook.retry", "job.run", "The job broken failed"}}},
		{"a customer's page", scenario{ask: ask{path: "/admin/users/" + id}, status: 200, has: []string{"For the wait", "matched by"}}},
		{"the form, with a slip", scenario{ask: ask{method: "POST", path: "/admin/users/" + id + "/credits", body: "amount=x&reason=y", kind: "application/x-www-form-urlencoded"}, status: 400, has: []string{"Give a number of credits"}}},
		{"the form", scenario{ask: ask{method: "POST", path: "/admin/users/" + id + "/credits", body: "amount=4&reason=y&key=k", kind: "application/x-www-form-urlencoded"}, status: 303}},
	} {
		c.cookie = ada
		t.Run(c.name, func(t *testing.T) { s.play(t, c.scenario) })
	}
}

func TestCronTakesItsSecretOnly(t *testing.T) {
	s, _ := openDesk(t)
	closed := open(t)
	bearer := func(b string) map[string]string { return map[string]string{"Authorization": b} }
	for name, c := range map[string]struct {
		shop *shop
		scenario
	}{
		"right":                    {s, scenario{ask: ask{method: "POST", path: "/api/cron/backup", header: bearer("Bearer " + cronSecret)}, status: 200, has: []string{`"job":"backup"`, `"processed":3`, `"skipped":1`, `"failed":0`, `"tookMs":`}}},
		"right, from another site": {s, scenario{ask: ask{method: "POST", path: "/api/cron/backup", header: map[string]string{"Authorization": "Bearer " + cronSecret, "Origin": "https://cron.example"}}, status: 200}},
		"wrong":                    {s, scenario{ask: ask{method: "POST", path: "/api/cron/backup", header: bearer("Bearer nope")}, status: 401}},
		"a beginning of it":        {s, scenario{ask: ask{method: "POST", path: "/api/cron/backup", header: bearer("Bearer " + cronSecret[:8])}, status: 401}},
		"none":                     {s, scenario{ask: ask{method: "POST", path: "/api/cron/backup"}, status: 401}},
		"empty":                    {s, scenario{ask: ask{method: "POST", path: "/api/cron/backup", header: bearer("Bearer ")}, status: 401}},
		"an unknown job":           {s, scenario{ask: ask{method: "POST", path: "/api/cron/nap", header: bearer("Bearer " + cronSecret)}, status: 404}},
		"a job that fails":         {s, scenario{ask: ask{method: "POST", path: "/api/cron/broken", header: bearer("Bearer " + cronSecret)}, status: 500, hasNot: []string{"broken:"}}},
		"no secret, no routes":     {closed, scenario{ask: ask{method: "POST", path: "/api/cron/backup", header: bearer("Bearer ")}, status: 404}},
	} {
		t.Run(name, func(t *testing.T) { c.shop.play(t, c.scenario) })
	}
}

func TestOnlyAdminsMoveMoneyInAnOpenDemo(t *testing.T) {
	s, ada := openDesk(t, demo, func(o *web.Options) { o.Admin.Strangers = true })
	eve := s.signUp("eve@x.test")
	for path, desk := range map[string]bool{
		"GET /gateway/": true, "GET /gateway/events/evt_1": true, "POST /gateway/faults": true, "POST /gateway/desk/charges/ch_1/refund": true,
		"GET /gateway/c/cs_1": false, "POST /gateway/c/cs_1/pay": false, "GET /gateway/v3.js": false, "GET /gateway/portal/bps_1": false,
	} {
		method, path, _ := strings.Cut(path, " ")
		want := map[bool]int{true: 303, false: 200}[desk]
		if a := s.do(ask{method: method, path: path}); a.status != want {
			t.Errorf("%s %s for a visitor: %d", method, path, a.status)
		}
		if desk {
			want = 404
		}
		if a := s.do(ask{method: method, path: path, cookie: eve}); a.status != want {
			t.Errorf("%s %s for a customer: %d", method, path, a.status)
		}
		if a := s.do(ask{method: method, path: path, cookie: ada}); a.status != 200 {
			t.Errorf("%s %s for an admin: %d", method, path, a.status)
		}
	}
	local, _ := openDesk(t, demo)
	if a := local.get("/gateway/"); a.status != 200 {
		t.Errorf("on one's own machine: %d", a.status)
	}
}

func TestATimeLineTellsWhatHappened(t *testing.T) {
	s, _ := openDesk(t, demo)
	s.buy("bio_glowup", "buyer@x.test", "")
	for path, want := range map[string]string{
		"/dev/timeline":                       "view.Timeline",
		"/dev/timeline?email=nobody@x.test":   `"Unknown":true`,
		"/dev/timeline?email=%20BUYER@x.test": "Paid for Bio Glow-Up",
	} {
		if a := s.get(path); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d, lacks %q: %.500s", path, a.status, want, a.body)
		}
	}
	body := s.get("/dev/timeline?email=buyer@x.test").body
	at := -1
	for _, w := range []string{"checkout.session.completed", "Paid for Bio Glow-Up", "+25 credits", "purchase mail queued"} {
		i := strings.Index(body, w)
		if i < at {
			t.Errorf("%q is not there, or told too early: %.900s", w, body)
		}
		at = i
	}
}
