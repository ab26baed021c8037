package stripegate

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

func TestSignatureIsStripes(t *testing.T) {
	body, at := []byte(`{"id":"evt_1","object":"event","api_version":"2023-10-16"}`), time.Now()
	want := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: "whsec_demo", Timestamp: at})
	if got := Sign(body, "whsec_demo", at); got != want.Header {
		t.Errorf("%s, not %s", got, want.Header)
	}
}

// buy makes one purchase with five events.
func (r *rig) buy() {
	r.t.Helper()
	r.pay(r.session(params("payment", r.oneTime(4700).ID)).ID, "4242424242424242")
}

func TestFailedDeliveryIsRepeatedAsTimePasses(t *testing.T) {
	r := newRig(t)
	r.site.respond(http.StatusInternalServerError)
	r.buy()
	if err := r.g.Flush(t.Context()); !errors.Is(err, ErrUndelivered) {
		t.Fatalf("delivered to a site that fails: %v", err)
	}
	list := func(success bool) (n int) {
		it := r.sc.Events.List(&stripe.EventListParams{DeliverySuccess: stripe.Bool(success)})
		for it.Next() {
			n++
			if !success && it.Event().PendingWebhooks != 1 {
				t.Errorf("%s has %d pending", it.Event().Type, it.Event().PendingWebhooks)
			}
		}
		return n
	}
	if a, b := list(false), list(true); a != 5 || b != 0 {
		t.Errorf("%d failed and %d well delivered events are listed", a, b)
	}
	to := start.Add(10 * time.Minute)
	r.clock.set(to)
	if err := r.g.Advance(t.Context(), to); !errors.Is(err, ErrUndelivered) {
		t.Errorf("advanced: %v", err)
	}
	tries := r.g.s.Events[0].Deliveries[0].Attempts
	if tries < 4 || tries > 8 {
		t.Errorf("%d attempts in ten minutes", tries)
	}
	r.site.respond(0)
	if got := r.advance(time.Hour); len(got) != 5 {
		t.Errorf("after it recovered came %v", types(got))
	}
	if a := list(false); a != 0 {
		t.Errorf("%d events still count as failed", a)
	}
	if got := r.advance(100 * time.Hour); len(got) != 0 {
		t.Errorf("delivered again: %v", types(got))
	}
}

func TestDeliveryIsGivenUpAfterThreeDays(t *testing.T) {
	r := newRig(t)
	r.site.respond(http.StatusServiceUnavailable)
	r.buy()
	to := start.AddDate(0, 0, 5)
	r.clock.set(to)
	if err := r.g.Advance(t.Context(), to); err != nil {
		t.Fatalf("given up deliveries are reported as waiting: %v", err)
	}
	r.site.respond(0)
	if got := r.flush(); len(got) != 0 {
		t.Errorf("still came %v", types(got))
	}
	id := r.g.s.Events[0].ID
	r.must(r.g.Resend(id))
	if got := r.flush(); len(got) != 1 || got[0].ID != id {
		t.Errorf("resent %v", types(got))
	}
}

func TestRedirectIsNoDelivery(t *testing.T) {
	followed := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer target.Close()
	from := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer from.Close()
	r := newRig(t, func(o *Options) { o.WebhookURL = from.URL })
	r.buy()
	if err := r.g.Flush(t.Context()); !errors.Is(err, ErrUndelivered) || followed {
		t.Errorf("%v, followed %v", err, followed)
	}
}

func TestSlowSiteTimesOut(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-release:
		case <-q.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(release)
	r := newRig(t, func(o *Options) { o.WebhookURL, o.Timeout = slow.URL, 20*time.Millisecond })
	r.buy()
	if err := r.g.Flush(t.Context()); !errors.Is(err, ErrUndelivered) {
		t.Errorf("waited for ever: %v", err)
	}
}

// eventually polls until ok or a deadline.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-limit:
			t.Fatal("never happened: " + what)
		case <-tick.C:
		}
	}
}

func TestWorkerDeliversAndRepeatsByItself(t *testing.T) {
	r := newRig(t)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { r.g.Run(ctx); close(over) }()
	defer func() { stop(); <-over }()
	count := func() int {
		r.site.mu.Lock()
		defer r.site.mu.Unlock()
		return len(r.site.events)
	}
	r.buy()
	eventually(t, "five events arrive", func() bool { return count() == 5 })
	r.site.respond(http.StatusBadGateway)
	r.buy()
	eventually(t, "each new event failed", func() bool {
		failed := 0
		r.g.view(func() {
			for _, e := range r.g.s.Events {
				if e.Deliveries[0].Attempts > 0 && e.Deliveries[0].State == waiting {
					failed++
				}
			}
		})
		return failed == 5
	})
	r.site.respond(0) // the business clock stands still: real seconds bring the repetition
	eventually(t, "five more arrive", func() bool { return count() == 10 })
}

func TestQueueAndStateSurviveTheProcess(t *testing.T) {
	r := newRig(t)
	r.site.respond(http.StatusInternalServerError)
	sub := func() *stripe.Subscription {
		s := r.session(params("subscription", r.monthly().ID))
		r.pay(s.ID, "4242424242424242")
		done, err := r.sc.CheckoutSessions.Get(s.ID, nil)
		r.must(err)
		x, err := r.sc.Subscriptions.Get(done.Subscription.ID, nil)
		r.must(err)
		return x
	}()
	r.must(r.g.SetFaults(Faults{Seed: 7, Duplicate: 0.25}))
	// No Close: the process was killed.
	r.open()
	r.site.respond(0)
	if got := r.flush(); len(got) != 11 {
		t.Errorf("after the restart came %d events: %v", len(got), types(got))
	}
	if f := r.g.Faults(); f.Seed != 7 || f.Duplicate != 0.25 {
		t.Errorf("switches %+v", f)
	}
	same, err := r.sc.Subscriptions.Get(sub.ID, nil)
	r.must(err)
	if same.Status != "active" || same.CurrentPeriodEnd != sub.CurrentPeriodEnd {
		t.Errorf("subscription %+v", same)
	}
	r.must(r.g.SetFaults(Faults{}))
	wantTypes(t, r.advance(31*days), renewal...)
	info, err := os.Stat(filepath.Join(r.dir, "gateway.json"))
	r.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("file mode %o", info.Mode().Perm())
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, "*.tmp")); len(left) != 0 {
		t.Errorf("left behind %v", left)
	}
}

func TestHalfWrittenFileIsNotMistakenForTheState(t *testing.T) {
	r := newRig(t)
	r.buy()
	r.must(os.WriteFile(filepath.Join(r.dir, "gateway.json.tmp"), []byte(`{"Seq":`), 0o600))
	r.open()
	if len(r.g.s.Sessions) != 1 {
		t.Errorf("%d sessions", len(r.g.s.Sessions))
	}
	r.must(os.WriteFile(filepath.Join(r.dir, "gateway.json"), []byte(`{"Seq":`), 0o600))
	if _, err := New(r.opt); err == nil {
		t.Error("a broken state was opened")
	}
}

func TestOnlyLastFourDigitsAreKept(t *testing.T) {
	r := newRig(t)
	s := r.session(params("payment", r.oneTime(4700).ID))
	r.post("/gateway/c/"+s.ID+"/pay", card4("4000000000003220"))
	r.buy()
	b, err := os.ReadFile(filepath.Join(r.dir, "gateway.json"))
	r.must(err)
	for _, n := range []string{"4242424242424242", "4000000000003220"} {
		if slices.Contains(digitRuns(string(b)), n) {
			t.Errorf("the state holds %s", n)
		}
	}
}

func digitRuns(s string) (out []string) {
	from := -1
	for i := range len(s) + 1 {
		is := i < len(s) && s[i] >= '0' && s[i] <= '9'
		switch {
		case is && from < 0:
			from = i
		case !is && from >= 0:
			out, from = append(out, s[from:i]), -1
		}
	}
	return out
}

func TestSwitches(t *testing.T) {
	ids := func(events []stripe.Event) (out []string) {
		for _, e := range events {
			out = append(out, e.ID)
		}
		return out
	}
	for name, c := range map[string]struct {
		faults Faults
		check  func(t *testing.T, r *rig, got []stripe.Event)
	}{
		"nothing is switched on": {Faults{}, func(t *testing.T, _ *rig, got []stripe.Event) {
			wantTypes(t, got, "customer.created", "payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
		}},
		"all twice": {Faults{Duplicate: 1}, func(t *testing.T, _ *rig, got []stripe.Event) {
			once := ids(got)
			slices.Sort(once)
			if len(got) != 10 || len(slices.Compact(once)) != 5 {
				t.Errorf("came %v", types(got))
			}
		}},
		"none ever": {Faults{Drop: 1}, func(t *testing.T, r *rig, got []stripe.Event) {
			if len(got) != 0 {
				t.Errorf("came %v", types(got))
			}
			n := 0
			for it := r.sc.Events.List(&stripe.EventListParams{DeliverySuccess: stripe.Bool(false)}); it.Next(); {
				n++
			}
			if n != 5 {
				t.Errorf("%d of 5 lost events are found by listing", n)
			}
		}},
		"newer layout": {Faults{Layout: Basil}, func(t *testing.T, _ *rig, got []stripe.Event) {
			for _, e := range got {
				if e.APIVersion != BasilVersion {
					t.Errorf("%s has version %s", e.Type, e.APIVersion)
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.Faults = c.faults })
			r.buy()
			c.check(t, r, r.flush())
		})
	}
}

func TestShuffleKeepsAllAndFollowsItsSeed(t *testing.T) {
	plain := []string{"customer.created", "payment_intent.created", "payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"}
	orders := map[string]bool{}
	for seed := range uint64(6) {
		var twice [2][]string
		for i := range twice {
			r := newRig(t, func(o *Options) { o.Faults = Faults{Seed: seed, Shuffle: true} })
			r.buy()
			twice[i] = types(r.flush())
		}
		if !slices.Equal(twice[0], twice[1]) {
			t.Errorf("seed %d: %v, then %v", seed, twice[0], twice[1])
		}
		orders[twice[0][0]+twice[0][1]] = true
		sorted := slices.Sorted(slices.Values(twice[0]))
		if !slices.Equal(sorted, slices.Sorted(slices.Values(plain))) {
			t.Errorf("seed %d lost events: %v", seed, twice[0])
		}
	}
	if len(orders) < 3 {
		t.Errorf("six seeds made %d orders", len(orders))
	}
}

func TestDelayedEventComesLater(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Faults = Faults{Delay: 1, DelayFor: time.Hour} })
	r.buy()
	now := r.clock.Now().Unix()
	if n := r.g.deliver(t.Context(), func(d *delivery) bool { return d.Next <= now }); n != 0 {
		t.Errorf("%d came at once", n)
	}
	if got := r.advance(2 * time.Hour); len(got) != 5 {
		t.Errorf("later came %v", types(got))
	}
}

func TestEndpointDecidesWhatItGets(t *testing.T) {
	r := newRig(t)
	we, err := r.sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{
		URL: stripe.String(r.opt.WebhookURL), APIVersion: stripe.String(stripe.APIVersion),
		EnabledEvents: stripe.StringSlice([]string{"checkout.session.completed", "charge.*"}),
	})
	r.must(err)
	if we.Secret != "whsec_demo" {
		t.Errorf("the endpoint of the site has secret %q", we.Secret)
	}
	if again, err := r.sc.WebhookEndpoints.Get(we.ID, nil); err != nil || again.Secret != "" {
		t.Errorf("the secret is shown again: %v", err)
	}
	r.buy()
	wantTypes(t, r.flush(), "charge.succeeded", "checkout.session.completed")

	other := &site{secret: "none yet"}
	server := httptest.NewServer(other)
	defer server.Close()
	we2, err := r.sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String(server.URL), EnabledEvents: stripe.StringSlice([]string{"*"})})
	r.must(err)
	other.secret = we2.Secret
	r.buy()
	wantTypes(t, r.flush(), "charge.succeeded", "checkout.session.completed")
	if got := other.take(); len(got) != 5 || len(other.bad) != 0 {
		t.Errorf("the second endpoint got %v %v", types(got), other.bad)
	}
	_, err = r.sc.WebhookEndpoints.Update(we2.ID, &stripe.WebhookEndpointParams{Disabled: stripe.Bool(true)})
	r.must(err)
	_, err = r.sc.WebhookEndpoints.Del(we.ID, nil)
	r.must(err)
	r.buy()
	if got := r.flush(); len(got) != 5 || len(other.take()) != 0 {
		t.Errorf("without endpoints came %v", types(got))
	}
	if _, err := r.sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String("https://shop.example.com/x"), EnabledEvents: stripe.StringSlice([]string{"*"})}); err == nil {
		t.Error("events may leave the machine")
	}
}

func TestEventsAreCaughtUpOldestFirst(t *testing.T) {
	r := newRig(t)
	r.buy()
	seen := r.flush()
	r.clock.set(start.Add(time.Hour))
	r.buy()
	want := types(seen)
	p := &stripe.EventListParams{}
	p.EndingBefore, p.Limit = stripe.String(seen[len(seen)-1].ID), stripe.Int64(2)
	var got []string
	for it := r.sc.Events.List(p); it.Next(); {
		got = append(got, string(it.Event().Type))
	}
	if !slices.Equal(got, want) {
		t.Errorf("caught up %v", got)
	}
	p = &stripe.EventListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: start.Add(time.Hour).Unix()}, Types: stripe.StringSlice([]string{"charge.succeeded", "charge.refunded"})}
	n := 0
	for it := r.sc.Events.List(p); it.Next(); {
		n++
	}
	if n != 1 {
		t.Errorf("%d charges since the first hour", n)
	}
}

func TestNextDueNamesTheNextThing(t *testing.T) {
	r := newRig(t)
	if at, ok := r.g.NextDue(); ok {
		t.Errorf("an empty gateway waits for %s", at)
	}
	r.member("4242424242424242")
	if at, ok := r.g.NextDue(); !ok || at != time.Date(2026, 4, 30, 9, 0, 0, 0, time.UTC) {
		t.Errorf("next is %s", at)
	}
}
