package stripepay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76/webhook"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/coretest"
)

const secret = "whsec_right"

func sign(payload []byte, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: payload, Secret: secret, Timestamp: at}).Header
}

// v1 returns the bare signature.
func v1(payload []byte, secret string, at time.Time) string {
	_, sig, _ := strings.Cut(sign(payload, secret, at), "v1=")
	return sig
}

func TestSignatures(t *testing.T) {
	body := read(t, "testdata/events/old.checkout.session.completed.json")
	altered := bytes.Clone(body)
	altered[bytes.Index(altered, []byte("4700"))] = '9'
	now := coretest.Start
	stamp := func(at time.Time) string { return fmt.Sprintf("t=%d", at.Unix()) }
	for name, c := range map[string]struct {
		body    []byte
		header  string
		secrets []string
		good    bool
		skew    bool // the clock is told to be wrong
	}{
		"signed with the right secret":      {body, sign(body, secret, now), []string{secret}, true, false},
		"no header":                         {body, "", []string{secret}, false, false},
		"garbage":                           {body, "garbage", []string{secret}, false, false},
		"garbage with signs":                {body, "t=,v1=,=,;", []string{secret}, false, false},
		"no signature":                      {body, stamp(now), []string{secret}, false, false},
		"no time":                           {body, "v1=" + v1(body, secret, now), []string{secret}, false, false},
		"a time that is no number":          {body, "t=now,v1=" + v1(body, secret, now), []string{secret}, false, false},
		"a signature that is no hex":        {body, stamp(now) + ",v1=zz", []string{secret}, false, false},
		"an empty signature":                {body, stamp(now) + ",v1=", []string{secret}, false, false},
		"half a signature":                  {body, stamp(now) + ",v1=" + v1(body, secret, now)[:32], []string{secret}, false, false},
		"only the older scheme":             {body, strings.Replace(sign(body, secret, now), "v1=", "v0=", 1), []string{secret}, false, false},
		"the wrong secret":                  {body, sign(body, "whsec_wrong", now), []string{secret}, false, false},
		"the secret in capitals":            {body, sign(body, strings.ToUpper(secret), now), []string{secret}, false, false},
		"no secret is configured":           {body, sign(body, secret, now), nil, false, false},
		"an empty secret is configured":     {body, sign(body, "", now), []string{""}, false, false},
		"an empty one beside the right one": {body, sign(body, "", now), []string{"", secret}, false, false},
		"one byte of the body altered":      {altered, sign(body, secret, now), []string{secret}, false, false},
		"a byte appended":                   {append(bytes.Clone(body), '\n'), sign(body, secret, now), []string{secret}, false, false},
		"another body's signature":          {body, sign([]byte(`{}`), secret, now), []string{secret}, false, false},
		"an empty body, signed":             {nil, sign(nil, secret, now), []string{secret}, false, false},
		"the new secret during rotation":    {body, sign(body, "whsec_new", now), []string{secret, "whsec_new"}, true, false},
		"the old secret during rotation":    {body, sign(body, secret, now), []string{secret, "whsec_new"}, true, false},
		"several signatures, one is right":  {body, sign(body, "whsec_other", now) + ",v1=" + v1(body, secret, now), []string{secret}, true, false},
		"several signatures, none is right": {body, sign(body, "whsec_other", now) + ",v1=" + v1(body, "whsec_more", now), []string{secret}, false, false},
		"unknown schemes beside it":         {body, sign(body, secret, now) + ",v0=aa,v9=bb", []string{secret}, true, false},
		"five minutes old":                  {body, sign(body, secret, now.Add(-5*time.Minute)), []string{secret}, true, false},
		"older than that":                   {body, sign(body, secret, now.Add(-5*time.Minute-time.Second)), []string{secret}, false, true},
		"five minutes in the future":        {body, sign(body, secret, now.Add(5*time.Minute)), []string{secret}, true, false},
		"further in the future":             {body, sign(body, secret, now.Add(5*time.Minute+time.Second)), []string{secret}, false, true},
		"a year in the future":              {body, sign(body, secret, now.AddDate(1, 0, 0)), []string{secret}, false, true},
		"a forged one that is old too":      {body, sign(body, "whsec_wrong", now.Add(-time.Hour)), []string{secret}, false, false},
		"two times, the fresh one signed":   {body, stamp(now.Add(-time.Hour)) + "," + sign(body, secret, now), []string{secret}, false, true},
		"two times, the stale one signed":   {body, stamp(now) + "," + sign(body, secret, now.Add(-time.Hour)), []string{secret}, false, true},
		"two times, both alike":             {body, stamp(now) + "," + sign(body, secret, now), []string{secret}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			skewed := false
			r := &Reader{Secrets: c.secrets, Wall: coretest.NewClock(), Skewed: func(time.Duration) { skewed = true }}
			ev, err := r.Read(c.body, c.header)
			if c.good {
				if err != nil || ev.Session == nil || ev.Session.ID != "cs_1" {
					t.Errorf("%+v, %v", ev, err)
				}
				return
			}
			if !core.Is(err, core.InvalidSignature) || ev.ID != "" {
				t.Errorf("%+v, %v", ev, err)
			}
			if skewed != c.skew {
				t.Errorf("the clock is said to be wrong: %v, want %v", skewed, c.skew)
			}
			var e *core.Error
			if e, _ = err.(*core.Error); e == nil || e.Message != "The signature does not fit this body." {
				t.Errorf("the answer gives something away: %v", err)
			}
		})
	}
}

func TestASignedBodyThatIsNoEvent(t *testing.T) {
	for _, body := range []string{"hello", `{"id":"evt_1"`, `{"id":"evt_1","object":"v2.core.event","type":"x","created":"2025-09-30T12:00:00.000Z"}`} {
		_, err := (&Reader{Secrets: []string{secret}, Wall: coretest.NewClock()}).Read([]byte(body), sign([]byte(body), secret, coretest.Start))
		if !core.Is(err, core.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestASkewIsToldWithItsSign(t *testing.T) {
	body := read(t, "testdata/events/old.charge.refunded.json")
	var by time.Duration
	r := &Reader{Secrets: []string{secret}, Wall: coretest.NewClock(), Skewed: func(d time.Duration) { by = d }}
	_, _ = r.Read(body, sign(body, secret, coretest.Start.Add(-time.Hour)))
	if by != time.Hour {
		t.Errorf("our clock is %s ahead, want an hour", by)
	}
}

// templates finds the folder of whole Stripe events with placeholders: reference
// data that lies beside the repository, where it is there at all.
func templates(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("STRIPE_FIXTURES"), "../../../shared/fixtures/stripe"} {
		if _, err := os.Stat(dir); dir != "" && err == nil {
			return dir
		}
	}
	t.Skip("no Stripe event templates here: set STRIPE_FIXTURES to their folder")
	return ""
}

var placeholder = regexp.MustCompile(`\{\{([A-Z_]+)\}\}`)

func filled(t *testing.T, file string) []byte {
	t.Helper()
	return placeholder.ReplaceAllFunc(read(t, file), func(m []byte) []byte {
		switch key := string(m[2 : len(m)-2]); key {
		case "AMOUNT":
			return []byte("9700")
		case "CREATED":
			return fmt.Append(nil, coretest.Start.Unix())
		case "PERIOD_END":
			return fmt.Append(nil, coretest.Start.AddDate(0, 1, 0).Unix())
		case "PRODUCT_TYPE":
			return []byte("sselfie_studio_membership")
		case "EMAIL":
			return []byte("ada@example.com")
		default:
			return []byte(strings.ToLower(key) + "_1")
		}
	})
}

// Whole events as Stripe writes them, signed and read.
func TestWholeEvents(t *testing.T) {
	dir := templates(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	must(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			body := filled(t, file)
			ev, err := (&Reader{Secrets: []string{secret}, Wall: coretest.NewClock()}).Read(body, sign(body, secret, coretest.Start))
			if strings.HasPrefix(name, "thin.") {
				if !core.Is(err, core.Invalid) {
					t.Errorf("a thin event: %+v, %v", ev, err)
				}
				return
			}
			must(t, err)
			if ev.ID != "event_id_1" || !ev.At.Equal(coretest.Start) || ev.Live || ev.Account != "" {
				t.Errorf("the envelope: %+v", ev)
			}
			holdFacts(t, name, ev)
		})
	}
}

// holdFacts holds what every event says, and what its name says beyond that.
func holdFacts(t *testing.T, name string, ev billing.Event) {
	t.Helper()
	meta := billing.Metadata{Product: "sselfie_studio_membership", Source: "landing_page", Campaign: "landing", Ref: "ref_1"}
	has := func(part string) bool { return strings.Contains(name, part) }
	hold := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	discount := map[bool]int64{has("mini20"): 2000, has("no_cost") || has("zero_amount"): 9700}[true]
	end := coretest.Start.AddDate(0, 1, 0)
	switch {
	case ev.Session != nil:
		s := ev.Session
		hold("session", s.ID, "session_1")
		hold("metadata", s.Meta, meta)
		hold("paid", s.Paid, !has("unpaid") && !has("failed") && !has("expired"))
		hold("membership", s.Membership, has("subscription"))
		if !has("expired") && !has("no_payment_required") {
			hold("money", []int64{s.Subtotal, s.Discount, s.Tax, s.Total}, []int64{9700, discount, 0, 9700 - discount})
		}
		if !has("no_email") {
			hold("address", s.Email, "ada@example.com")
		}
		if has("payment_") && !has("no_cost") && !has("no_payment") {
			hold("intent", s.PaymentIntent, "payment_intent_1")
		}
		if has("subscription") {
			hold("links", []string{s.Subscription, s.Customer}, []string{"subscription_1", "customer_1"})
		}
	case ev.Subscription != nil:
		s := ev.Subscription
		hold("ids", []string{s.ID, s.Customer}, []string{"subscription_1", "customer_1"})
		hold("metadata", s.Meta, meta)
		if has("cancel_at_period_end") {
			hold("it ends with the period", s.CancelAt.Equal(end) || s.CancelAtPeriodEnd, true)
		}
		status := "active"
		for part, is := range map[string]string{"incomplete": "incomplete", "deleted": "canceled", "past_due": "past_due", "trial_will_end": "trialing"} {
			if has(part) {
				status = is
			}
		}
		hold("status", s.Status, status)
		if s.PeriodStart.IsZero() || !s.PeriodEnd.After(s.PeriodStart) {
			t.Errorf("the period is %s to %s", s.PeriodStart, s.PeriodEnd)
		}
		if len(s.Items) != 1 || s.Items[0].Amount != 9700 || s.Items[0].Currency != "usd" || s.Items[0].Quantity != 1 || s.Items[0].Price == "" {
			t.Errorf("items %+v", s.Items)
		}
		hold("over", !s.EndedAt.IsZero(), has("deleted"))
	case ev.Invoice != nil:
		i := ev.Invoice
		hold("ids", []string{i.ID, i.Subscription, i.Customer}, []string{"invoice_1", "subscription_1", "customer_1"})
		hold("metadata", i.Meta, meta)
		hold("paid", i.Paid, !has("failed") && !has("action_required"))
		hold("money", []int64{i.Subtotal, i.Discount, i.Tax, i.Total}, []int64{9700, discount, 0, 9700 - discount})
		hold("it grants a month", i.Credits(), i.Paid)
		hold("quantity", i.Quantity, int64(1))
		if len(i.Prices) == 0 || i.PeriodEnd.IsZero() {
			t.Errorf("prices %v, period to %s", i.Prices, i.PeriodEnd)
		}
		if !has("basil") && !has("zero_amount") && !has("action_required") {
			hold("payment", []string{i.PaymentIntent, i.Charge}, []string{"payment_intent_1", "charge_1"})
		}
		if has("failed") {
			hold("the last try", i.NextAttempt.IsZero(), has("final"))
		}
	case ev.InvoicePayment != nil:
		hold("invoice payment", []string{ev.InvoicePayment.Invoice, ev.InvoicePayment.PaymentIntent}, []string{"invoice_1", "payment_intent_1"})
	case ev.Charge != nil:
		c := ev.Charge
		hold("ids", []string{c.ID, c.PaymentIntent}, []string{"charge_1", "payment_intent_1"})
		hold("refunded", c.Refunded, map[bool]int64{true: 1000, false: 9700}[has("partial")])
		hold("full", c.Full, !has("partial"))
		hold("refunded before", c.Before != nil && *c.Before == 0, true)
	case ev.Dispute != nil:
		d := ev.Dispute
		hold("ids", []string{d.ID, d.Charge, d.PaymentIntent}, []string{"dispute_1", "charge_1", "payment_intent_1"})
		hold("closed", d.Closed, has("closed"))
		hold("amount", d.Amount, int64(9700))
	default:
		t.Errorf("nothing was read: %+v", ev)
	}
}

// The same event in two layouts says the same, but for what the newer one lacks.
func TestWholeEventsInTwoLayouts(t *testing.T) {
	dir := templates(t)
	pairs := 0
	news, err := filepath.Glob(filepath.Join(dir, "basil.*.json"))
	must(t, err)
	for _, file := range news {
		old := filepath.Join(dir, strings.TrimPrefix(filepath.Base(file), "basil."))
		if _, err := os.Stat(old); err != nil {
			continue
		}
		pairs++
		a, err := (&Reader{}).Parse(filled(t, old))
		must(t, err)
		b, err := (&Reader{}).Parse(filled(t, file))
		must(t, err)
		if a.Invoice != nil {
			a.Invoice.PaymentIntent, a.Invoice.Charge = "", ""
		}
		left, _ := json.MarshalIndent(a, "", " ")
		right, _ := json.MarshalIndent(b, "", " ")
		if diff := cmp.Diff(string(left), string(right)); diff != "" {
			t.Errorf("%s (-old +new):\n%s", filepath.Base(file), diff)
		}
	}
	if pairs == 0 {
		t.Error("no event is there in two layouts")
	}
}
