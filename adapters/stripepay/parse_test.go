package stripepay

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sselfie/core"
	"sselfie/core/billing"
)

var update = flag.Bool("update", false, "write the goldens anew")

// Each event is kept in two layouts, old (2023-10-16) and new (2025-03-31 and
// later), and both say the same. What they say is the golden beside them.
func TestBothLayoutsSayTheSame(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d payloads, %v", len(files), err)
	}
	slices.Reverse(files) // the old ones first: they write the goldens
	for _, file := range files {
		layout, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), ".")
		t.Run(layout+" "+name, func(t *testing.T) {
			ev, err := (&Reader{}).Parse(read(t, file))
			must(t, err)
			got, err := json.MarshalIndent(ev, "", " ")
			must(t, err)
			golden := filepath.Join("testdata/facts", strings.TrimSuffix(name, ".with_payment")+".json")
			if _, err := os.Stat(filepath.Join("testdata/events/old." + name + ".json")); *update && (layout == "old" || err != nil) && !strings.HasSuffix(name, "with_payment") {
				must(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				must(t, os.WriteFile(golden, append(got, '\n'), 0o644))
			}
			want := read(t, golden)
			if layout == "new" && ev.Invoice != nil && !strings.HasSuffix(name, "with_payment") {
				want = lacking(t, want)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), strings.TrimSpace(string(got))); diff != "" {
				t.Errorf("it says something else (-golden +now):\n%s", diff)
			}
		})
	}
}

// lacking takes away what the newer layout of an invoice no longer carries.
func lacking(t *testing.T, golden []byte) []byte {
	t.Helper()
	var ev billing.Event
	must(t, json.Unmarshal(golden, &ev))
	if ev.Invoice.PaymentIntent == "" || ev.Invoice.Charge == "" {
		t.Error("the old layout carries the payment")
	}
	ev.Invoice.PaymentIntent, ev.Invoice.Charge = "", ""
	b, err := json.MarshalIndent(ev, "", " ")
	must(t, err)
	return b
}

func TestWhatIsNoEvent(t *testing.T) {
	object := func(typ, o string) string {
		return `{"id":"evt_1","object":"event","type":"` + typ + `","created":1,"data":{"object":` + o + `}}`
	}
	for name, payload := range map[string]string{
		"nothing":                      ``,
		"no JSON":                      `hello`,
		"HTML":                         `<html></html>`,
		"cut off":                      `{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1"`,
		"a list":                       `[]`,
		"a text":                       `"evt_1"`,
		"null":                         `null`,
		"two documents":                `{"id":"evt_1","object":"event","type":"x.y"} {"id":"evt_2"}`,
		"no id":                        `{"object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1"}}}`,
		"no type":                      `{"id":"evt_1","object":"event","data":{"object":{"id":"ch_1"}}}`,
		"another object":               `{"id":"evt_1","object":"charge","type":"charge.refunded","data":{"object":{"id":"ch_1"}}}`,
		"a thin event":                 `{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","created":"2025-09-30T12:00:00.000Z","related_object":{"id":"mtr_1"}}`,
		"no data":                      `{"id":"evt_1","object":"event","type":"charge.refunded","created":1}`,
		"data without an object":       `{"id":"evt_1","object":"event","type":"charge.refunded","created":1,"data":{}}`,
		"an object of null":            object("charge.refunded", `null`),
		"an object that is a list":     object("charge.refunded", `[]`),
		"an object without an id":      object("charge.refunded", `{}`),
		"a session without an id":      object("checkout.session.completed", `{"amount_total":1}`),
		"an id that is a number":       object("charge.refunded", `{"id":7}`),
		"an amount that is a text":     object("charge.refunded", `{"id":"ch_1","amount":"6700"}`),
		"an amount with a fraction":    object("charge.refunded", `{"id":"ch_1","amount":67.5}`),
		"an amount beyond all numbers": object("charge.refunded", `{"id":"ch_1","amount":99999999999999999999}`),
		"an amount of 1e400":           object("charge.refunded", `{"id":"ch_1","amount":1e400}`),
		"a reference that is a number": object("charge.refunded", `{"id":"ch_1","customer":7}`),
		"a reference that is a list":   object("charge.refunded", `{"id":"ch_1","customer":["cus_1"]}`),
		"metadata that is a text":      object("checkout.session.completed", `{"id":"cs_1","metadata":"x"}`),
		"metadata of numbers":          object("checkout.session.completed", `{"id":"cs_1","metadata":{"credits":99999}}`),
		"a flag that is a text":        object("customer.subscription.updated", `{"id":"sub_1","cancel_at_period_end":"yes"}`),
		"items that are a text":        object("customer.subscription.updated", `{"id":"sub_1","items":"x"}`),
		"a time that is a text":        object("customer.subscription.updated", `{"id":"sub_1","created":"today"}`),
		"a time before 1970":           object("customer.subscription.updated", `{"id":"sub_1","created":-1}`),
		"a time after the year 9999":   object("customer.subscription.updated", `{"id":"sub_1","created":253402300800}`),
		"a time beyond all numbers":    object("customer.subscription.updated", `{"id":"sub_1","created":99999999999999999999}`),
		"created in another form":      `{"id":"evt_1","object":"event","type":"x.y","created":"2025-09-30"}`,
		"an endless nest":              strings.Repeat(`{"a":`, 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			ev, err := (&Reader{}).Parse([]byte(payload))
			if !core.Is(err, core.Invalid) {
				t.Errorf("%+v, %v", ev, err)
			}
		})
	}
}

func TestWhatIsTolerated(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		want    func(billing.Event) bool
	}{
		"an unknown type is nobody's business": {
			`{"id":"evt_1","object":"event","type":"payout.paid","created":1,"data":{"object":{"amount":"odd"}}}`,
			func(ev billing.Event) bool { return ev.Kind == billing.Other && ev.Type == "payout.paid" },
		},
		"a connected account": {
			`{"id":"evt_1","object":"event","type":"payout.paid","account":"acct_1","livemode":true,"created":1}`,
			func(ev billing.Event) bool { return ev.Account == "acct_1" && ev.Live },
		},
		"members nobody has heard of": {
			`{"id":"evt_1","object":"event","type":"charge.refunded","created":1772539200,"context":{},"data":{"object":{"id":"ch_1","new":[1],"customer_account":"x"},"previous_attributes":{}}}`,
			func(ev billing.Event) bool {
				return ev.Charge.ID == "ch_1" && ev.At.Equal(time.Unix(1772539200, 0)) && ev.At.Location() == time.UTC
			},
		},
		"null for everything": {
			`{"id":"evt_1","object":"event","type":"checkout.session.completed","created":null,"data":{"object":{"id":"cs_1","customer":null,"amount_total":null,"metadata":null,"customer_details":null,"total_details":null}}}`,
			func(ev billing.Event) bool { return ev.Session.ID == "cs_1" && ev.At.IsZero() && !ev.Session.Paid },
		},
		"our ref from the client reference": {
			`{"id":"evt_1","object":"event","type":"checkout.session.completed","created":1,"data":{"object":{"id":"cs_1","client_reference_id":"chk_9"}}}`,
			func(ev billing.Event) bool { return ev.Session.Meta.Ref == "chk_9" },
		},
		"only a paid status pays an invoice": {
			`{"id":"evt_1","object":"event","type":"invoice.paid","created":1,"data":{"object":{"id":"in_1","paid":true,"status":"open"}}}`,
			func(ev billing.Event) bool { return !ev.Invoice.Paid },
		},
		"the item's period counts before the subscription's": {
			`{"id":"evt_1","object":"event","type":"customer.subscription.updated","created":1,"data":{"object":{"id":"sub_1","current_period_end":100,"items":{"data":[{"current_period_start":150,"current_period_end":200},{"current_period_end":190}]}}}}`,
			func(ev billing.Event) bool {
				return ev.Subscription.PeriodEnd.Unix() == 200 && ev.Subscription.PeriodStart.Unix() == 150
			},
		},
		"what was captured is what can be refunded": {
			`{"id":"evt_1","object":"event","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1","amount":100,"amount_captured":60}}}`,
			func(ev billing.Event) bool { return ev.Charge.Amount == 60 },
		},
		"what had been refunded before": {
			`{"id":"evt_1","object":"event","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1","amount":100,"amount_refunded":60},"previous_attributes":{"amount_refunded":20,"refunded":false}}}`,
			func(ev billing.Event) bool { return ev.Charge.Before != nil && *ev.Charge.Before == 20 },
		},
		"a report that does not say what it changed": {
			`{"id":"evt_1","object":"event","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1"},"previous_attributes":{"refunded":false}}}`,
			func(ev billing.Event) bool { return ev.Charge.Before == nil },
		},
		"a change that cannot be read": {
			`{"id":"evt_1","object":"event","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1"},"previous_attributes":["amount_refunded"]}}`,
			func(ev billing.Event) bool { return ev.Charge.Before == nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev, err := (&Reader{}).Parse([]byte(c.payload))
			if err != nil || !c.want(ev) {
				t.Errorf("%+v, %v", ev, err)
			}
		})
	}
}

// Whatever is signed: reading it panics never, and what was read can be kept.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/events/*.json")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"id":"e","object":"event","type":"invoice.paid","data":{"object":{"id":"i","parent":{"subscription_details":{}},"lines":{"data":[{}]}}}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		ev, err := (&Reader{}).Parse(payload)
		if err != nil {
			if !core.Is(err, core.Invalid) {
				t.Fatalf("%v", err)
			}
			return
		}
		if ev.ID == "" || ev.Type == "" || ev.Kind == "" {
			t.Fatalf("an event without a name: %+v", ev)
		}
		if _, err := json.Marshal(ev); err != nil {
			t.Fatalf("it cannot be kept: %v", err)
		}
		objects := 0
		for _, there := range []bool{ev.Session != nil, ev.Subscription != nil, ev.Invoice != nil, ev.InvoicePayment != nil, ev.Charge != nil, ev.Refund != nil, ev.Dispute != nil} {
			if there {
				objects++
			}
		}
		if (ev.Kind == billing.Other) != (objects == 0) || objects > 1 {
			t.Fatalf("%s carries %d objects", ev.Kind, objects)
		}
	})
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
