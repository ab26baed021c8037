package stripegate

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// fixtures finds the folder of event templates: named by the environment, or
// beside the repository. They are reference data and not part of it.
func fixtures(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("STRIPE_FIXTURES"), "../../../shared/fixtures/stripe"} {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	t.Skip("no Stripe event templates here: set STRIPE_FIXTURES to their folder")
	return ""
}

var inString = regexp.MustCompile(`\{\{[A-Z_]+\}\}`)

// fixture reads a template with its placeholders filled.
func fixture(t testing.TB, dir, name string, fill map[string]string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	s := inString.ReplaceAllStringFunc(string(b), func(m string) string {
		key := m[2 : len(m)-2]
		if v, ok := fill[key]; ok {
			return v
		}
		switch key {
		case "AMOUNT":
			return "9700"
		case "CREATED":
			return fmt.Sprint(start.Unix())
		case "PERIOD_END":
			return fmt.Sprint(start.AddDate(0, 1, -1).Unix())
		}
		return "x_" + key
	})
	return []byte(s)
}

func dataObject(t testing.TB, event []byte) map[string]any {
	t.Helper()
	var e struct {
		Data struct{ Object map[string]any }
	}
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	return e.Data.Object
}

// missing lists the members of want that got lacks or has in another type. null
// fits everything, and so do the contents of metadata.
func missing(path string, want, got any) []string {
	switch w := want.(type) {
	case nil:
		return nil
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			if got == nil {
				return nil
			}
			return []string{fmt.Sprintf("%s is a %T", path, got)}
		}
		var out []string
		for k, v := range w {
			if _, ok := g[k]; !ok {
				if filepath.Base(filepath.Dir(path+"/"+k)) == "metadata" {
					continue
				}
				out = append(out, path+"/"+k)
				continue
			}
			out = append(out, missing(path+"/"+k, v, g[k])...)
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is a %T", path, got)}
		}
		if len(w) > 0 && len(g) > 0 {
			return missing(path+"/0", w[0], g[0])
		}
		return nil
	}
	if got != nil && fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
		return []string{fmt.Sprintf("%s is a %T, not a %T", path, got, want)}
	}
	return nil
}

func TestMissingFindsWhatLacks(t *testing.T) {
	want := map[string]any{"a": 1.0, "b": map[string]any{"c": "x"}, "d": []any{map[string]any{"e": true}}}
	got := map[string]any{"a": "1", "b": map[string]any{}, "d": []any{map[string]any{}}}
	if m := missing("", want, got); len(m) != 3 {
		t.Errorf("planted three faults, found %v", m)
	}
}

// everything lives through a purchase, a membership with a discount, its
// renewal, its failure, its cancellation, a refund and a dispute, and returns
// the newest event of each type under the names of the templates.
func everything(t *testing.T, layout string) map[string][]byte {
	t.Helper()
	r := newRig(t, func(o *Options) { o.Faults.Layout = layout })
	out := map[string][]byte{}
	note := func() {
		r.site.mu.Lock()
		defer r.site.mu.Unlock()
		for i, e := range r.site.events {
			out[string(e.Type)] = r.site.raw[i]
		}
		r.site.events, r.site.raw = nil, nil
	}
	collect := func() {
		r.must(r.g.Flush(t.Context()))
		note()
	}
	s := r.session(params("payment", r.oneTime(4700).ID))
	r.pay(s.ID, "4000000000000259")
	collect()
	var dp, ch string
	for id := range r.g.s.Disputes {
		dp = id
	}
	r.post("/gateway/desk/disputes/"+dp+"/won", nil)
	collect()
	s = r.session(params("payment", r.oneTime(4700).ID))
	r.post("/gateway/c/"+s.ID+"/pay", url.Values{"email": {"b@example.com"}, "method": {"bank"}})
	r.advance0(80 * time.Hour)
	note()
	_ = r.session(params("payment", r.oneTime(4700).ID))
	r.advance0(25 * time.Hour)
	note()

	price := r.monthly()
	coupon, err := r.sc.Coupons.New(&stripe.CouponParams{ID: stripe.String("mini20"), Name: stripe.String("MINI20"), AmountOff: stripe.Int64(2000), Currency: stripe.String("usd"), Duration: stripe.String("once")})
	r.must(err)
	promo, err := r.sc.PromotionCodes.New(&stripe.PromotionCodeParams{Coupon: stripe.String(coupon.ID), Code: stripe.String("MINI20")})
	r.must(err)
	p := params("subscription", price.ID)
	p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: stripe.String(promo.ID)}}
	s = r.session(p)
	r.pay(s.ID, "4242424242424242")
	collect()
	for id, c := range r.g.s.Charges {
		if c.Invoice != "" {
			ch = id
		}
	}
	r.post("/gateway/desk/charges/"+ch+"/refund", url.Values{"amount": {"1000"}})
	collect()
	out["invoice.discounted"] = out["invoice.payment_succeeded"]
	r.advance0(32 * 24 * time.Hour)
	note()
	return out
}

// advance0 moves clock and gateway and leaves the events at the site.
func (r *rig) advance0(d time.Duration) {
	r.t.Helper()
	to := r.clock.Now().Add(d)
	r.clock.set(to)
	r.must(r.g.Advance(r.t.Context(), to))
}

func TestEventsLookLikeStripes(t *testing.T) {
	dir := fixtures(t)
	for layout, pairs := range map[string]map[string]string{
		"": {
			"checkout.session.completed.payment_customer":          "checkout.session.completed",
			"checkout.session.completed.subscription":              "checkout.session.completed",
			"checkout.session.async_payment_succeeded":             "checkout.session.async_payment_succeeded",
			"checkout.session.expired.no_email":                    "checkout.session.expired",
			"customer.subscription.created":                        "customer.subscription.created",
			"customer.subscription.updated.renewed":                "customer.subscription.updated",
			"invoice.paid.subscription_cycle":                      "invoice.paid",
			"invoice.payment_succeeded.subscription_cycle":         "invoice.payment_succeeded",
			"invoice.payment_succeeded.subscription_create_mini20": "invoice.discounted",
			"charge.refunded.partial":                              "charge.refunded",
			"charge.refunded.subscription_full":                    "charge.refunded",
			"charge.dispute.created":                               "charge.dispute.created",
			"charge.dispute.closed.won":                            "charge.dispute.closed",
		},
		Basil: {
			"basil.customer.subscription.updated.cancel_at_period_end": "customer.subscription.updated",
			"basil.invoice.payment_succeeded.subscription_create":      "invoice.discounted",
			"basil.invoice.payment_succeeded.subscription_cycle":       "invoice.payment_succeeded",
			"basil.invoice_payment.paid":                               "invoice_payment.paid",
		},
	} {
		events := everything(t, layout)
		for file, kind := range pairs {
			t.Run(file, func(t *testing.T) {
				got, ok := events[kind]
				if !ok {
					t.Fatalf("no %s was sent", kind)
				}
				want := fixture(t, dir, file, nil)
				var a, b map[string]any
				if err := json.Unmarshal(want, &a); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(got, &b); err != nil {
					t.Fatal(err)
				}
				if a["api_version"] != b["api_version"] {
					t.Errorf("version %v, not %v", b["api_version"], a["api_version"])
				}
				delete(a["data"].(map[string]any), "previous_attributes")
				lacks := missing("", a, b)
				slices.Sort(lacks)
				for _, m := range lacks {
					t.Error("lacks", m)
				}
			})
		}
		if layout == Basil { // what moved must be gone, or the reader is not tested
			o := dataObject(t, events["invoice.payment_succeeded"])
			for _, k := range []string{"subscription", "paid", "charge", "payment_intent"} {
				if _, there := o[k]; there {
					t.Errorf("the newer layout still has invoice.%s", k)
				}
			}
			if _, there := dataObject(t, events["customer.subscription.updated"])["current_period_end"]; there {
				t.Error("the newer layout still has subscription.current_period_end")
			}
		}
	}
}
