package billing_test

import (
	"strings"
	"testing"
	"time"

	"sselfie/core/billing"
	"sselfie/core/mail"
)

// A charge pays one bill. Where a second bill names it all the same, that bill
// is paid and counts, and the charge stays with the first: money that comes back
// comes back once. Stripe is never told to send such a report for ever.
func TestTwoBillsThatNameOneCharge(t *testing.T) {
	for name, settled := range map[string]bool{"in the bill": false, "in a report of its own": true} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			for _, ev := range membership("1", "m@example.com") {
				sh.send(t, ev)
			}
			first := *membership("1", "")[2].Invoice
			second := first
			second.ID, second.Reason = "in_2", "subscription_cycle"
			if settled {
				second.PaymentIntent, second.Charge = "", ""
			}
			again := billing.Event{Kind: billing.InvoicePaid, Type: "invoice.paid", At: noon.AddDate(0, 1, 0), Invoice: &second}
			if out := sh.send(t, again); out != billing.Applied {
				t.Fatalf("the second bill is %s", out)
			}
			if settled {
				ip := &billing.InvoicePayment{Invoice: "in_2", PaymentIntent: first.PaymentIntent, Charge: first.Charge}
				if out := sh.send(t, billing.Event{Kind: billing.InvoicePaymentPaid, Type: "invoice_payment.paid", At: again.At, InvoicePayment: ip}); out != billing.Applied {
					t.Fatalf("its payment is %s", out)
				}
			}
			u := sh.user(t, "m@example.com").ID
			if got := sh.balance(t, u); got != 400 {
				t.Errorf("two paid months are worth %d credits", got)
			}
			back := billing.Event{Kind: billing.ChargeRefunded, Type: "charge.refunded", At: again.At.Add(time.Hour), Charge: &billing.Charge{
				ID: first.Charge, PaymentIntent: first.PaymentIntent, Currency: "usd", Amount: 9700, Refunded: 9700, Full: true,
			}}
			if out := sh.send(t, back); out != billing.Applied || sh.balance(t, u) != 200 {
				t.Errorf("the refund is %s and leaves %d credits", out, sh.balance(t, u))
			}
		})
	}
}

// Nobody can keep a buyer from paying two checkouts, one as a guest for example;
// the creator hears of it once, whatever arrives first.
func TestTheCreatorHearsOfASecondMembership(t *testing.T) {
	both := func(t *testing.T, second ...billing.Event) *shop {
		sh := newShop(t)
		sh.Creator = "creator@example.com"
		for _, ev := range append(membership("1", "m@example.com"), second...) {
			sh.send(t, ev)
		}
		return sh
	}
	again := membership("2", "m@example.com")
	late := []billing.Event{again[4], again[3], again[2], again[1], again[0]}
	next := membership("2", "m@example.com")
	for _, ev := range next {
		if s := ev.Subscription; s != nil {
			s.PeriodStart, s.PeriodEnd = s.PeriodStart.AddDate(0, 2, 0), s.PeriodEnd.AddDate(0, 2, 0)
		}
	}
	for i := range next {
		next[i].At = next[i].At.AddDate(0, 2, 0)
	}
	for name, c := range map[string]struct {
		second []billing.Event
		want   int
	}{
		"in order":                          {again, 1},
		"the other way round":               {late, 1},
		"one membership is none":            {nil, 0},
		"a new one after the old one's end": {next, 0},
	} {
		t.Run(name, func(t *testing.T) {
			told := both(t, c.second...).letters(t, mail.Notice)
			if len(told) != c.want {
				t.Fatalf("%d notices: %v", len(told), told)
			}
			for _, p := range told {
				if text := p["text"]; !strings.Contains(text, "sub_1") || !strings.Contains(text, "sub_2") {
					t.Errorf("it says %v", p)
				}
			}
		})
	}
}
