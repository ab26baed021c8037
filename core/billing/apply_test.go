package billing_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/coretest"
)

func TestAGuestBuys(t *testing.T) {
	sh := newShop(t)
	if out := sh.send(t, purchase("cs_1", " Jenny@Example.com ", "bio_glowup")); out != billing.Applied {
		t.Fatalf("outcome %s", out)
	}
	u := sh.user(t, "jenny@example.com")
	if u.Email != "Jenny@Example.com" || u.Verified() || u.PasswordHash != "" || u.Name != "Jenny Rosen" {
		t.Errorf("the account is %+v", u)
	}
	if got := sh.balance(t, u.ID); got != 25 {
		t.Errorf("balance %d, want the purchase's 25 alone", got)
	}
	pays, _ := sh.db.PaymentsOf(context.Background(), u.ID)
	if len(pays) != 1 || pays[0].Amount != 4700 || pays[0].Match != billing.ByNew {
		t.Errorf("payments %+v", pays)
	}
}

func TestTheSecondTimeIsBoring(t *testing.T) {
	sh := newShop(t)
	ev := purchase("cs_1", "a@example.com", "rebrand_reset")
	ev.ID = "evt_same"
	sh.send(t, ev)
	if out := sh.send(t, ev); out != billing.Duplicate {
		t.Errorf("the same event again: %s", out)
	}
	ev.ID = "evt_resent"
	if out := sh.send(t, ev); out != billing.Applied {
		t.Errorf("the same session under another event id: %s", out)
	}
	if got := sh.balance(t, sh.user(t, "a@example.com").ID); got != 80 {
		t.Errorf("balance %d, want 80", got)
	}
}

func TestWhatIsNotGranted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*billing.Event)
		want   billing.Outcome
	}{
		"another site's checkout":        {func(e *billing.Event) { e.Session.Meta.Product = "yoga_mat" }, billing.Ignored},
		"no metadata":                    {func(e *billing.Event) { e.Session.Meta = billing.Metadata{} }, billing.Ignored},
		"a live event on a test shop":    {func(e *billing.Event) { e.Live = true }, billing.Ignored},
		"a connected account":            {func(e *billing.Event) { e.Account = "acct_1" }, billing.Ignored},
		"not paid yet":                   {func(e *billing.Event) { e.Session.Paid = false }, billing.Applied},
		"another currency":               {func(e *billing.Event) { e.Session.Currency = "eur" }, billing.Parked},
		"too little":                     {func(e *billing.Event) { e.Session.Subtotal, e.Session.Total = 100, 100 }, billing.Parked},
		"two of them":                    {func(e *billing.Event) { e.Session.Subtotal, e.Session.Total = 9400, 9400 }, billing.Parked},
		"a total that does not add up":   {func(e *billing.Event) { e.Session.Total = 1 }, billing.Parked},
		"sold as a subscription":         {func(e *billing.Event) { e.Session.Membership = true }, billing.Parked},
		"no address and no account":      {func(e *billing.Event) { e.Session.Email = "" }, billing.Parked},
		"an address that is none":        {func(e *billing.Event) { e.Session.Email = "not an address" }, billing.Parked},
		"a discount that was not agreed": {func(e *billing.Event) { e.Session.Discount = -5000; e.Session.Total = 9700 }, billing.Parked},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			ev := purchase("cs_1", "a@example.com", "bio_glowup")
			c.change(&ev)
			if out := sh.send(t, ev); out != c.want {
				t.Errorf("outcome %s, want %s", out, c.want)
			}
			if u, err := sh.db.UserByKey(context.Background(), "a@example.com"); err == nil && sh.balance(t, u.ID) != 0 {
				t.Error("credits were granted")
			}
		})
	}
}

func TestAFreeOrderIsFulfilled(t *testing.T) {
	sh := newShop(t)
	ev := purchase("cs_1", "a@example.com", "bio_glowup")
	ev.Session.PaymentIntent, ev.Session.Discount, ev.Session.Total = "", 4700, 0
	sh.send(t, ev)
	if got := sh.balance(t, sh.user(t, "a@example.com").ID); got != 25 {
		t.Errorf("balance %d", got)
	}
}

func TestADelayedPaymentIsFulfilledWhenItArrives(t *testing.T) {
	sh := newShop(t)
	ev := purchase("cs_1", "a@example.com", "bio_glowup")
	ev.Session.Paid = false
	sh.send(t, ev)
	paid := purchase("cs_1", "a@example.com", "bio_glowup")
	paid.Kind = billing.CheckoutPaid
	sh.send(t, paid)
	sh.send(t, paid)
	if got := sh.balance(t, sh.user(t, "a@example.com").ID); got != 25 {
		t.Errorf("balance %d", got)
	}
}

func TestAnUnprovenAccountDoesNotKeepItsWaysIn(t *testing.T) {
	sh := newShop(t)
	trojan := sh.signUp(t, "victim@example.com", false)
	sh.send(t, purchase("cs_1", "VICTIM@example.com", "nine_post_feed"))
	u := sh.user(t, "victim@example.com")
	if u.ID != trojan || u.PasswordHash != "" {
		t.Errorf("the account should stay and lose its password: %+v", u)
	}
	if in, _ := sh.db.HasSessions(context.Background(), trojan); in {
		t.Error("somebody is still signed in")
	}
	if got := sh.balance(t, u.ID); got != 40 {
		t.Errorf("balance %d", got)
	}
}

func TestAProvenAccountKeepsItsPassword(t *testing.T) {
	sh := newShop(t)
	id := sh.signUp(t, "a@example.com", true)
	sh.send(t, purchase("cs_1", "a@example.com", "bio_glowup"))
	if u := sh.user(t, "a@example.com"); u.ID != id || u.PasswordHash == "" || sh.balance(t, id) != 25 {
		t.Errorf("the purchase should join: %+v", u)
	}
}

func TestAnUnprovenAccountWithPurchasesOfItsOwnLosesOnlyTheAddress(t *testing.T) {
	sh := newShop(t)
	first := sh.signUp(t, "shared@example.com", false)
	own := purchase("cs_1", "other@wallet.test", "bio_glowup")
	own.Session.Meta.User = first
	sh.send(t, own)
	sh.send(t, purchase("cs_2", "shared@example.com", "rebrand_reset"))

	old, err := sh.db.UserByID(context.Background(), first)
	must(t, err)
	if old.Key != "" || old.Email != "" || old.PasswordHash == "" || old.AddressLostAt.IsZero() {
		t.Errorf("the first account should lose its address only: %+v", old)
	}
	if in, _ := sh.db.HasSessions(context.Background(), first); !in {
		t.Error("its sessions should stay")
	}
	buyer := sh.user(t, "shared@example.com")
	if buyer.ID == first || sh.balance(t, buyer.ID) != 80 || sh.balance(t, first) != 25 {
		t.Error("the buyer should have an account of her own")
	}
}

func TestASecondPurchaseBeforeTheFirstLoginJoins(t *testing.T) {
	sh := newShop(t)
	sh.send(t, purchase("cs_1", "a@example.com", "bio_glowup"))
	sh.send(t, purchase("cs_2", "A@example.com", "rebrand_reset"))
	if got := sh.balance(t, sh.user(t, "a@example.com").ID); got != 105 {
		t.Errorf("balance %d, want 25 and 80 on one account", got)
	}
}

func TestABuyerIsFoundByTheBestSign(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, sh *shop, me core.UserID, ev *billing.Event)
		mine    bool
	}{
		"the user id that we wrote, whatever the wallet says": {func(_ *testing.T, _ *shop, me core.UserID, ev *billing.Event) { ev.Session.Meta.User = me }, true},
		"a customer seen before": {func(t *testing.T, sh *shop, me core.UserID, ev *billing.Event) {
			first := purchase("cs_0", "me@example.com", "bio_glowup")
			first.Session.Customer = "cus_1"
			sh.send(t, first)
			ev.Session.Customer = "cus_1"
		}, true},
		"the address without case and space": {func(_ *testing.T, _ *shop, _ core.UserID, ev *billing.Event) { ev.Session.Email = " ME@Example.COM" }, true},
		"a plus tag is another mailbox":      {func(_ *testing.T, _ *shop, _ core.UserID, ev *billing.Event) { ev.Session.Email = "me+x@example.com" }, false},
		"an unknown user id falls back":      {func(_ *testing.T, _ *shop, _ core.UserID, ev *billing.Event) { ev.Session.Meta.User = "usr_gone" }, false},
		"nothing but another address":        {func(*testing.T, *shop, core.UserID, *billing.Event) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			me := sh.signUp(t, "me@example.com", true)
			ev := purchase("cs_1", "wallet@example.com", "rebrand_reset")
			c.prepare(t, sh, me, &ev)
			before := sh.balance(t, me)
			sh.send(t, ev)
			if got := sh.balance(t, me) > before; got != c.mine {
				t.Errorf("it went to me: %v, want %v", got, c.mine)
			}
		})
	}
}

func TestAMembershipInEveryOrder(t *testing.T) {
	natural := membership("1", "m@example.com")
	permute(len(natural), func(order []int) {
		sh := newShop(t)
		for _, i := range order {
			sh.send(t, natural[i])
			sh.send(t, natural[i])
		}
		u := sh.user(t, "m@example.com")
		rows := sh.rows(t, u.ID)
		if sh.balance(t, u.ID) != 200 || len(rows) != 1 || rows[0].Status != "active" || !rows[0].Live {
			t.Fatalf("order %v: balance %d, rows %+v", order, sh.balance(t, u.ID), rows)
		}
		pays, _ := sh.db.PaymentsOf(context.Background(), u.ID)
		if len(pays) != 1 || pays[0].Invoice != "in_1" || pays[0].Amount != 9700 {
			t.Fatalf("order %v: payments %+v", order, pays)
		}
		if mails := strings.Join(sh.mails(t), " "); strings.Count(mails, "purchase") != 1 || strings.Count(mails, "studio_welcome") != 1 {
			t.Fatalf("order %v: letters %s", order, mails)
		}
		if open, _ := sh.db.OpenEvents(context.Background(), 10); len(open) != 0 {
			t.Fatalf("order %v: still parked %+v", order, open)
		}
	})
}

func permute(n int, fn func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rec func(int)
	rec = func(k int) {
		if k == n {
			fn(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rec(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rec(0)
}

func TestALateEventRevivesNothing(t *testing.T) {
	sh := newShop(t)
	life := membership("1", "m@example.com")
	for _, ev := range life {
		sh.send(t, ev)
	}
	end := life[1]
	end.ID, end.At = "evt_end", coretest.Start.Add(time.Hour)
	over := *end.Subscription
	over.Status, over.EndedAt = "canceled", coretest.Start.Add(time.Hour)
	end.Subscription = &over
	sh.send(t, end)
	late := life[1]
	late.ID, late.At = "evt_late", coretest.Start.Add(2*time.Hour)
	sh.send(t, late)
	if rows := sh.rows(t, sh.user(t, "m@example.com").ID); len(rows) != 1 || rows[0].Status != "canceled" {
		t.Errorf("rows %+v", rows)
	}
}

func TestInvoicesThatGrantNothing(t *testing.T) {
	for name, change := range map[string]func(*billing.Invoice){
		"a trial's bill of nothing": func(i *billing.Invoice) { i.Subtotal, i.Total, i.AmountPaid, i.Reason = 0, 0, 0, "subscription_create" },
		"a proration": func(i *billing.Invoice) {
			i.Reason, i.Subtotal, i.Total, i.AmountPaid = "subscription_update", 500, 500, 500
		},
		"one made by hand": func(i *billing.Invoice) { i.Reason = "manual" },
		"another currency": func(i *billing.Invoice) { i.Currency = "eur" },
		"not paid":         func(i *billing.Invoice) { i.Paid = false },
		"no subscription":  func(i *billing.Invoice) { i.Subscription = "" },
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			life := membership("1", "m@example.com")
			for _, ev := range life {
				sh.send(t, ev)
			}
			ev := life[2]
			ev.ID = "evt_other"
			inv := *ev.Invoice
			inv.ID, inv.PaymentIntent, inv.Charge, inv.Reason = "in_other", "pi_other", "ch_other", "subscription_cycle"
			change(&inv)
			ev.Invoice = &inv
			sh.send(t, ev)
			if got := sh.balance(t, sh.user(t, "m@example.com").ID); got != 200 {
				t.Errorf("balance %d, want the first month's 200 alone", got)
			}
		})
	}
}

func TestAFailureKeepsOnlyItsRecord(t *testing.T) {
	sh := newShop(t)
	ev := purchase("cs_1", "a@example.com", "bio_glowup")
	ev.ID = "evt_1"
	broken := *sh.Service
	broken.IDs = failingIDs{}
	broken.Ledger.IDs = failingIDs{}
	func() {
		defer func() { _ = recover() }()
		_, err := broken.Apply(context.Background(), ev, []byte(`{}`))
		if err == nil {
			t.Error("it should have failed")
		}
	}()
	if _, err := sh.db.UserByKey(context.Background(), "a@example.com"); !core.Is(err, core.NotFound) {
		t.Error("half of the purchase was kept")
	}
	if rec, err := sh.db.EventByID(context.Background(), "evt_1"); err != nil || rec == nil || rec.Outcome != billing.Failed || rec.Error == "" {
		t.Errorf("the failure record is %+v, %v", rec, err)
	}
	if out := sh.send(t, ev); out != billing.Applied {
		t.Errorf("the next try: %s", out)
	}
	if got := sh.balance(t, sh.user(t, "a@example.com").ID); got != 25 {
		t.Errorf("balance %d", got)
	}
}

type failingIDs struct{}

func (failingIDs) NewID(prefix string) string {
	if prefix == "crd" {
		panic(errors.New("no more ids"))
	}
	return prefix + "_x"
}

func TestCatchUpAppliesWhatTheWebhookMissed(t *testing.T) {
	sh := newShop(t)
	sh.gateway.listed = membership("1", "m@example.com")
	tally, err := sh.CatchUp(context.Background())
	must(t, err)
	if tally.Failed != 0 || sh.balance(t, sh.user(t, "m@example.com").ID) != 200 {
		t.Errorf("tally %+v", tally)
	}
	again, err := sh.CatchUp(context.Background())
	must(t, err)
	if again.Processed != 0 {
		t.Errorf("the second walk did something: %+v", again)
	}
}

func TestNoticesAreSentOnce(t *testing.T) {
	sh := newShop(t)
	ev := purchase("cs_1", "a@example.com", "bio_glowup")
	ev.Session.Currency = "eur"
	sh.send(t, ev)
	sh.send(t, ev)
	mails := sh.mails(t)
	if n := strings.Count(strings.Join(mails, " "), "notice"); n != 1 {
		t.Errorf("%d notices: %v", n, mails)
	}
}

// A free order has no payment intent: its session alone says that two reports
// are about one purchase.
func TestAFreeOrderInTwoReportsIsOnePayment(t *testing.T) {
	sh := newShop(t)
	for _, id := range []core.EventID{"evt_1", "evt_2"} {
		ev := purchase("1", "a@example.com", "bio_glowup")
		ev.ID, ev.Session.PaymentIntent = id, ""
		ev.Session.Discount, ev.Session.Total = ev.Session.Subtotal, 0
		sh.send(t, ev)
	}
	u := sh.user(t, "a@example.com")
	pays, err := sh.db.PaymentsOf(context.Background(), u.ID)
	must(t, err)
	if len(pays) != 1 || sh.balance(t, u.ID) != 25 {
		t.Errorf("%d payments, %d credits, want 1 and 25", len(pays), sh.balance(t, u.ID))
	}
}
