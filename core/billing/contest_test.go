package billing_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/coretest"
	"sselfie/core/mail"
)

func refunded(session string, amount, total int64, at time.Duration) billing.Event {
	return billing.Event{
		ID: core.EventID("evt_refund_" + session + "_" + at.String()), Kind: billing.ChargeRefunded, Type: "charge.refunded", At: coretest.Start.Add(at),
		Charge: &billing.Charge{ID: "ch_" + session, PaymentIntent: "pi_" + session, Currency: "usd", Amount: total, Refunded: amount, Full: amount == total},
	}
}

func disputed(session, status string, closed bool, at time.Duration) billing.Event {
	kind := billing.DisputeOpened
	if closed {
		kind = billing.DisputeClosed
	}
	return billing.Event{
		ID: core.EventID("evt_dispute_" + session + "_" + status), Kind: kind, Type: "charge.dispute", At: coretest.Start.Add(at),
		Dispute: &billing.Dispute{ID: "dp_" + session, Charge: "ch_" + session, PaymentIntent: "pi_" + session, Status: status, Closed: closed, Currency: "usd", Amount: 6700},
	}
}

func refundFailed(session string, amount int64, at time.Duration) billing.Event {
	return billing.Event{
		ID: core.EventID("evt_refund_failed_" + session), Kind: billing.RefundUpdated, Type: "charge.refund.updated", At: coretest.Start.Add(at),
		Refund: &billing.Refund{ID: "re_" + session, Charge: "ch_" + session, PaymentIntent: "pi_" + session, Status: "failed", Currency: "usd", Amount: amount},
	}
}

// TestWhatComesBack holds in every order, and twice.
func TestWhatComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		events  []billing.Event
		balance int
		status  string
		left    int64 // refunded, as the payment says
	}{
		"nothing":                          {nil, 60, "active", 0},
		"a full refund":                    {[]billing.Event{refunded("1", 6700, 6700, time.Hour)}, 0, "canceled", 6700},
		"a partial refund":                 {[]billing.Event{refunded("1", 1000, 6700, time.Hour)}, 60, "active", 1000},
		"two partial ones make a full one": {[]billing.Event{refunded("1", 1000, 6700, time.Hour), refunded("1", 6700, 6700, 2*time.Hour)}, 0, "canceled", 6700},
		"a refund that fails later":        {[]billing.Event{refunded("1", 6700, 6700, time.Hour), refundFailed("1", 6700, 2*time.Hour)}, 60, "active", 0},
		"an open dispute":                  {[]billing.Event{disputed("1", "needs_response", false, time.Hour)}, 0, "suspended", 0},
		"a lost dispute":                   {[]billing.Event{disputed("1", "needs_response", false, time.Hour), disputed("1", "lost", true, 2*time.Hour)}, 0, "canceled", 0},
		"a won dispute":                    {[]billing.Event{disputed("1", "needs_response", false, time.Hour), disputed("1", "won", true, 2*time.Hour)}, 60, "active", 0},
		"an inquiry":                       {[]billing.Event{disputed("1", "warning_needs_response", false, time.Hour)}, 60, "active", 0},
		"a refund while it is disputed":    {[]billing.Event{disputed("1", "needs_response", false, time.Hour), refunded("1", 6700, 6700, 2*time.Hour), disputed("1", "won", true, 3*time.Hour)}, 0, "canceled", 6700},
	} {
		t.Run(name, func(t *testing.T) {
			buy := purchase("1", "a@example.com", "brand_blueprint_paid")
			buy.ID = "evt_buy"
			all := append([]billing.Event{buy}, c.events...)
			permute(len(all), func(order []int) {
				sh := newShop(t)
				for _, i := range order {
					sh.send(t, all[i])
					sh.send(t, all[i])
				}
				u := sh.user(t, "a@example.com")
				pays, _ := sh.db.PaymentsOf(context.Background(), u.ID)
				rows := sh.rows(t, u.ID)
				if got := sh.balance(t, u.ID); got != c.balance || rows[0].Status != c.status || pays[0].Refunded != c.left {
					t.Fatalf("order %v: balance %d, want %d; %s, want %s; refunded %d, want %d", order, got, c.balance, rows[0].Status, c.status, pays[0].Refunded, c.left)
				}
			})
		})
	}
}

// TestRefundLettersSayTheSameInEveryOrder: the sum in a letter is that of its
// own report, not what was new when the report came.
func TestRefundLettersSayTheSameInEveryOrder(t *testing.T) {
	refund := func(before, after int64, at time.Duration) billing.Event {
		ev := refunded("1", after, 6700, at)
		ev.Charge.Before = &before
		return ev
	}
	again := refund(0, 1000, time.Hour) // Stripe reports one thing in two events
	again.ID = "evt_again"
	for name, c := range map[string]struct {
		events []billing.Event
		want   string
	}{
		"two in part":                 {[]billing.Event{refund(0, 1000, time.Hour), refund(1000, 3000, 2*time.Hour)}, "$10 $20"},
		"in part, then the rest":      {[]billing.Event{refund(0, 1000, time.Hour), refund(1000, 6700, 2*time.Hour)}, "$10 $57"},
		"one thing, in two reports":   {[]billing.Event{refund(0, 1000, time.Hour), again}, "$10"},
		"three steps":                 {[]billing.Event{refund(0, 1000, time.Hour), refund(1000, 1500, 2*time.Hour), refund(1500, 6700, 3*time.Hour)}, "$10 $5 $52"},
		"in full, and contested, too": {[]billing.Event{refund(0, 6700, time.Hour), disputed("1", "needs_response", false, 2*time.Hour)}, "$67"},
	} {
		t.Run(name, func(t *testing.T) {
			buy := purchase("1", "a@example.com", "brand_blueprint_paid")
			buy.ID = "evt_buy"
			all := append([]billing.Event{buy}, c.events...)
			permute(len(all), func(order []int) {
				sh := newShop(t)
				for _, i := range order {
					sh.send(t, all[i])
					sh.send(t, all[i])
				}
				if got, want := sh.told(t, mail.Refund), sorted(c.want); got != want {
					t.Fatalf("order %v: letters about %s, want %s", order, got, want)
				}
			})
		})
	}
}

// TestARefundLetterOwnsUpToWhatIsKnown: what has failed meanwhile is not
// promised, and what is closed is not called open.
func TestARefundLetterOwnsUpToWhatIsKnown(t *testing.T) {
	sh, none := newShop(t), int64(0)
	sh.send(t, purchase("1", "a@example.com", "brand_blueprint_paid"))
	late := refunded("1", 6700, 6700, time.Hour)
	late.Charge.Before = &none
	sh.send(t, refundFailed("1", 6700, 2*time.Hour))
	sh.send(t, late)
	if got := sh.told(t, mail.Refund); got != "" {
		t.Errorf("a refund that is known to have failed was announced: %s", got)
	}
	sh = newShop(t)
	sh.send(t, purchase("1", "a@example.com", "brand_blueprint_paid"))
	sh.send(t, refunded("1", 6700, 6700, 2*time.Hour))
	part := refunded("1", 1000, 6700, time.Hour)
	part.Charge.Before = &none
	sh.send(t, part)
	for _, p := range sh.letters(t, mail.Refund) {
		if p["partial"] != "" {
			t.Errorf("a closed purchase is called open: %v", p)
		}
	}
}

// TestFailedPaymentLettersSayTheSameInEveryOrder: each attempt has one letter
// with its own words, whichever report comes first. Only one that comes when the
// bill is known to be paid has none: it would not be true any more.
func TestFailedPaymentLettersSayTheSameInEveryOrder(t *testing.T) {
	life := membership("1", "m@example.com")
	report := func(id string, kind billing.Kind, attempt int, next time.Time) billing.Event {
		inv := *life[2].Invoice
		inv.ID, inv.Paid, inv.Reason, inv.Attempt, inv.NextAttempt, inv.AmountDue = "in_2", false, "subscription_cycle", attempt, next, 9700
		inv.Created = coretest.Start.AddDate(0, 1, 0)
		return billing.Event{ID: core.EventID(id), Kind: kind, Type: string(kind), Invoice: &inv}
	}
	all := []billing.Event{
		report("evt_f1", billing.InvoiceFailed, 1, coretest.Start.AddDate(0, 1, 3)),
		report("evt_a1", billing.InvoiceNeedsAction, 1, coretest.Start.AddDate(0, 1, 3)),
		report("evt_f2", billing.InvoiceFailed, 2, coretest.Start.AddDate(0, 1, 8)),
		report("evt_f3", billing.InvoiceFailed, 3, time.Time{}),
	}
	var first string
	permute(len(all), func(order []int) {
		sh := newShop(t)
		for _, ev := range life {
			sh.send(t, ev)
		}
		for _, i := range order {
			sh.send(t, all[i])
		}
		var words []string
		for _, kind := range []mail.Kind{mail.PaymentFailed, mail.PaymentFailedFinal} {
			for _, p := range sh.letters(t, kind) {
				words = append(words, fmt.Sprint(kind, p))
			}
		}
		slices.Sort(words)
		got := strings.Join(words, "\n")
		if first == "" {
			first = got
		}
		if got != first || len(words) != 3 {
			t.Fatalf("order %v:\n%s\nwant\n%s", order, got, first)
		}
	})
}

func sorted(words string) string {
	all := strings.Fields(words)
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestTwoPurchasesOneRefundKeepsTheRight(t *testing.T) {
	sh := newShop(t)
	sh.send(t, purchase("1", "a@example.com", "brand_blueprint_paid"))
	sh.send(t, purchase("2", "a@example.com", "brand_blueprint_paid"))
	sh.send(t, refunded("1", 6700, 6700, time.Hour))
	u := sh.user(t, "a@example.com")
	if rows := sh.rows(t, u.ID); len(rows) != 1 || rows[0].Status != "active" || sh.balance(t, u.ID) != 60 {
		t.Errorf("rows %+v, balance %d", rows, sh.balance(t, u.ID))
	}
	sh.send(t, refunded("2", 6700, 6700, time.Hour))
	if rows := sh.rows(t, u.ID); rows[0].Status != "canceled" || sh.balance(t, u.ID) != 0 {
		t.Errorf("rows %+v, balance %d", rows, sh.balance(t, u.ID))
	}
}

func TestAReportOfAnotherSitesPaymentStaysParked(t *testing.T) {
	sh := newShop(t)
	if out := sh.send(t, refunded("foreign", 100, 100, time.Hour)); out != billing.Parked {
		t.Errorf("outcome %s", out)
	}
}

func TestARefundedInvoiceTakesItsMonthAndLeavesTheMembership(t *testing.T) {
	sh := newShop(t)
	for _, ev := range membership("1", "m@example.com") {
		sh.send(t, ev)
	}
	sh.send(t, refunded("1", 9700, 9700, time.Hour))
	u := sh.user(t, "m@example.com")
	if rows := sh.rows(t, u.ID); sh.balance(t, u.ID) != 0 || rows[0].Status != "active" {
		t.Errorf("balance %d, rows %+v", sh.balance(t, u.ID), rows)
	}
	for _, p := range sh.letters(t, mail.Refund) {
		if p["membership"] == "" || p["credits"] != "200" {
			t.Errorf("the letter would call the membership closed: %v", p)
		}
	}
	sh.send(t, disputed("1", "needs_response", false, 2*time.Hour))
	if rows := sh.rows(t, u.ID); rows[0].Status != "suspended" {
		t.Errorf("a disputed invoice should suspend: %+v", rows)
	}
}

func TestFailedRenewals(t *testing.T) {
	sh := newShop(t)
	life := membership("1", "m@example.com")
	for _, ev := range life {
		sh.send(t, ev)
	}
	fail := func(attempt int, next time.Time) {
		inv := *life[2].Invoice
		inv.ID, inv.Paid, inv.Reason, inv.Attempt, inv.NextAttempt, inv.AmountDue = "in_2", false, "subscription_cycle", attempt, next, 9700
		ev := billing.Event{Kind: billing.InvoiceFailed, Type: "invoice.payment_failed", Invoice: &inv}
		sh.send(t, ev)
		sh.send(t, ev)
	}
	fail(1, coretest.Start.AddDate(0, 1, 3))
	fail(2, coretest.Start.AddDate(0, 1, 8))
	fail(3, time.Time{})
	mails := strings.Join(sh.mails(t), "\n")
	if strings.Count(mails, "payment_failed m@") != 2 || strings.Count(mails, "payment_failed_final m@") != 1 {
		t.Errorf("each attempt is told once:\n%s", mails)
	}
	inv := *life[2].Invoice
	inv.ID, inv.PaymentIntent, inv.Charge, inv.Reason = "in_2", "pi_2", "ch_2", "subscription_cycle"
	sh.send(t, billing.Event{Kind: billing.InvoicePaid, Type: "invoice.paid", Invoice: &inv})
	fail(4, time.Time{})
	if mails := strings.Join(sh.mails(t), "\n"); strings.Count(mails, "payment_failed") != 3 || strings.Count(mails, "renewal") != 1 {
		t.Errorf("what was paid meanwhile is not told as failed:\n%s", mails)
	}
}

func TestAMembersLetters(t *testing.T) {
	sh := newShop(t)
	life := membership("1", "m@example.com")
	for _, ev := range life {
		sh.send(t, ev)
	}
	change := func(id string, at time.Duration, fn func(*billing.Subscription)) {
		sub := *life[1].Subscription
		fn(&sub)
		sh.send(t, billing.Event{ID: core.EventID(id), Kind: billing.SubscriptionChanged, Type: "customer.subscription.updated", At: coretest.Start.Add(at), Subscription: &sub})
	}
	change("evt_c1", time.Hour, func(s *billing.Subscription) { s.CancelAt = s.PeriodEnd })
	change("evt_c2", 2*time.Hour, func(*billing.Subscription) {})
	change("evt_c3", 3*time.Hour, func(s *billing.Subscription) { s.CancelAtPeriodEnd = true })
	u := sh.user(t, "m@example.com")
	if got := sh.tags(t, u.ID); len(got) != 0 {
		t.Errorf("a member has the tags %v", got)
	}
	change("evt_c4", 4*time.Hour, func(s *billing.Subscription) { s.Status, s.EndedAt = "canceled", coretest.Start.Add(4*time.Hour) })
	if got := sh.tags(t, u.ID); !slices.Equal(got, []string{billing.FormerMember}) {
		t.Errorf("after the end she has the tags %v", got)
	}
	var kinds []string
	for _, m := range sh.mails(t) {
		kinds = append(kinds, strings.Fields(m)[0])
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, " "); got != "cancellation farewell purchase studio_welcome" {
		t.Errorf("letters: %s", got)
	}
}

func TestANewerLayoutLearnsItsPaymentLater(t *testing.T) {
	sh := newShop(t)
	life := membership("1", "m@example.com")
	inv := *life[2].Invoice
	inv.PaymentIntent, inv.Charge = "", ""
	life[2].Invoice, life[3].Invoice = &inv, &inv
	sh.send(t, refunded("1", 9700, 9700, time.Hour))
	for _, ev := range life {
		sh.send(t, ev)
	}
	if u := sh.user(t, "m@example.com"); sh.balance(t, u.ID) != 200 {
		t.Fatal("the refund cannot be placed yet")
	}
	sh.send(t, billing.Event{Kind: billing.InvoicePaymentPaid, Type: "invoice_payment.paid", InvoicePayment: &billing.InvoicePayment{ID: "inpay_1", Invoice: "in_1", PaymentIntent: "pi_1"}})
	if u := sh.user(t, "m@example.com"); sh.balance(t, u.ID) != 0 {
		t.Error("the refund should have been applied as soon as its payment was known")
	}
}
