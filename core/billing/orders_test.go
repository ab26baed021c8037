package billing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/adapters/stripepay"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
)

// 2,000 events of 200 customers, as Stripe writes them in either layout, shuffled
// anew for every order and handed in by 16 callers at once, leave one and the
// same state.
func TestEveryOrderEndsAlike(t *testing.T) {
	orders, events := 10, 1000 // each is sent twice
	if testing.Short() {
		orders = 3
	}
	if os.Getenv("SOAK") == "orders" {
		orders, events = 100, 2000
	}
	const seed = 20260303
	w := newWorld(rand.New(rand.NewPCG(seed, 1)), 200)
	w.fill(events)
	t.Logf("%d events of %d customers, each sent twice", len(w.events), len(w.want))

	var first, firstDump string
	for order := range orders {
		sh, path := w.open(t)
		w.deliver(t, sh, rand.New(rand.NewPCG(seed, uint64(order))), manner(order))
		sum, dump := sqlitetest.Digest(t, path)
		if order == 0 {
			first, firstDump = sum, dump
			w.check(t, sh)
			continue
		}
		if sum != first {
			t.Fatalf("order %d (seed %d) ends differently than the natural one:\n%.6000s", order, seed, sqlitetest.Difference(firstDump, dump))
		}
	}
}

// manner is how the reports of one order arrive.
type manner int

const (
	inClassic manner = iota // as it was, in the layout of the library's version
	inNewest                // as it was, in the newest
	// From here on shuffled, each report in either layout: an endpoint has one,
	// what the catch-up lists may have the other.
)

func (m manner) layout(rnd *rand.Rand) layout {
	switch {
	case m == inClassic, m > inNewest && rnd.IntN(2) == 0:
		return classic
	}
	return newest
}

// world is a random but valid history at Stripe.
type world struct {
	rnd    *rand.Rand
	cat    catalog.Catalog
	events []billing.Event
	people []person
	before []func(ctx context.Context, tx *sqlite.Tx) error // what our side knew before
	want   map[core.EmailKey]int                            // credits that everybody ends with
	gone   map[string]bool                                  // sessions of which nothing is left
	ends   map[string]string                                // the status that each membership ends with
	n      int
	at     time.Time
}

type person struct {
	email    string // as she types it, in many ways
	user     core.UserID
	verified bool
	customer string
	member   bool
}

func newWorld(rnd *rand.Rand, customers int) *world {
	w := &world{rnd: rnd, cat: catalog.Default(), want: map[core.EmailKey]int{}, gone: map[string]bool{}, ends: map[string]string{}, at: coretest.Start}
	for i := range customers {
		p := person{email: fmt.Sprintf("Person%d@Example.com", i), customer: fmt.Sprintf("cus_%d", i)}
		if i%4 > 1 { // half of them have an account, half of those a proven one
			p.user, p.verified = core.UserID(fmt.Sprintf("usr_known%d", i)), i%4 == 2
			w.knows(p)
		}
		w.people = append(w.people, p)
		w.want[coretest.Fold(p.email)] = 0
	}
	return w
}

// knows puts an account there before the first event.
func (w *world) knows(p person) {
	u := accounts.User{ID: p.user, Email: p.email, Key: coretest.Fold(p.email), PasswordHash: "hash", Origin: accounts.FromSignUp, CreatedAt: w.at}
	if p.verified {
		u.VerifiedAt = w.at
	}
	w.before = append(w.before, func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		return tx.InsertSession(ctx, accounts.Session{
			TokenHash: "session-" + string(u.ID), User: u.ID, CreatedAt: w.at, LastSeenAt: w.at, AuthenticatedAt: w.at, ExpiresAt: w.at.AddDate(0, 0, 30),
		})
	})
}

// fill lets people live until there are at least n events.
func (w *world) fill(n int) {
	for i := 0; len(w.events) < n; i++ {
		p := &w.people[i%len(w.people)]
		if w.chance(4) && !p.member && (p.user == "" || p.verified) {
			p.member = true
			w.joins(p)
		} else {
			w.buys(p)
		}
	}
	w.recount()
}

func (w *world) chance(of int) bool { return w.rnd.IntN(of) == 0 }

func (w *world) add(at time.Time, kind billing.Kind, typ string, fill func(*billing.Event)) {
	w.n++
	ev := billing.Event{ID: core.EventID(fmt.Sprintf("evt_%06d", w.n)), Kind: kind, Type: typ, At: at}
	fill(&ev)
	w.events = append(w.events, ev)
}

// typed is an address as a buyer types it today.
func (w *world) typed(p *person) string {
	return []string{p.email, strings.ToUpper(p.email), " " + strings.ToLower(p.email) + " "}[w.rnd.IntN(3)]
}

// buys is one checkout of a one-time product with its reports.
func (w *world) buys(p *person) {
	w.n++
	session := fmt.Sprintf("cs_%06d", w.n)
	minis := w.cat.OfKind(catalog.Mini)
	prod := minis[w.rnd.IntN(len(minis))]
	own := p.verified && w.chance(2)
	if own && w.chance(3) {
		packs := w.cat.OfKind(catalog.Pack)
		prod = packs[w.rnd.IntN(len(packs))]
	}
	at := w.at.Add(time.Duration(w.rnd.IntN(40*24*3600)) * time.Second)
	ses := billing.Session{
		ID: session, PaymentIntent: "pi_" + session, Customer: p.customer, Email: w.typed(p), Paid: true, Currency: "usd",
		Subtotal: prod.Price.Minor, Total: prod.Price.Minor, Meta: billing.Metadata{Product: prod.ID, Source: "landing_page"},
	}
	if own { // signed in, with a wallet that reports another address
		ses.Email = fmt.Sprintf("wallet%d@pay.test", w.n)
		w.checkout(&ses, p, prod, "")
	} else if w.chance(2) {
		w.checkout(&ses, &person{}, prod, "")
	}
	if w.chance(8) { // all of it free
		ses.PaymentIntent, ses.Discount, ses.Total = "", ses.Subtotal, 0
	}
	report := func(at time.Time, kind billing.Kind, typ string, paid bool) {
		s := ses
		s.Paid = paid
		w.add(at, kind, typ, func(ev *billing.Event) { ev.Session = &s })
	}
	switch w.rnd.IntN(10) {
	case 0: // a bank that takes days
		report(at, billing.CheckoutCompleted, "checkout.session.completed", false)
		report(at.Add(48*time.Hour), billing.CheckoutPaid, "checkout.session.async_payment_succeeded", true)
	case 1: // and one that says no
		report(at, billing.CheckoutCompleted, "checkout.session.completed", false)
		report(at.Add(48*time.Hour), billing.CheckoutFailed, "checkout.session.async_payment_failed", false)
	case 2:
		report(at, billing.CheckoutExpired, "checkout.session.expired", false)
	case 3: // sent again from Stripe's pages, under another id
		report(at, billing.CheckoutCompleted, "checkout.session.completed", true)
		report(at, billing.CheckoutCompleted, "checkout.session.completed", true)
	default:
		report(at, billing.CheckoutCompleted, "checkout.session.completed", true)
		if ses.PaymentIntent != "" && w.chance(4) {
			w.regrets(at, ses)
		}
	}
}

// regrets is what comes back of a purchase: refunds, or a dispute.
func (w *world) regrets(at time.Time, ses billing.Session) {
	charge := billing.Charge{ID: "ch_" + ses.ID, PaymentIntent: ses.PaymentIntent, Customer: ses.Customer, Currency: "usd", Amount: ses.Total}
	back := func(after time.Duration, sum int64) {
		c := charge
		c.Refunded, c.Full = sum, sum == c.Amount
		w.add(at.Add(after), billing.ChargeRefunded, "charge.refunded", func(ev *billing.Event) { ev.Charge = &c })
	}
	dispute := func(after time.Duration, kind billing.Kind, typ, status string) {
		d := billing.Dispute{ID: "dp_" + ses.ID, Charge: charge.ID, PaymentIntent: charge.PaymentIntent, Status: status, Closed: kind == billing.DisputeClosed, Currency: "usd", Amount: ses.Total}
		w.add(at.Add(after), kind, "charge.dispute."+typ, func(ev *billing.Event) { ev.Dispute = &d })
	}
	switch w.rnd.IntN(6) {
	case 0:
		back(time.Hour, ses.Total/2)
	case 1:
		back(time.Hour, ses.Total/2)
		back(2*time.Hour, ses.Total)
		w.gone[ses.ID] = true
	case 2: // the bank could not take it back
		back(time.Hour, ses.Total)
		w.add(at.Add(50*time.Hour), billing.RefundUpdated, "charge.refund.updated", func(ev *billing.Event) {
			ev.Refund = &billing.Refund{ID: "re_" + ses.ID, Charge: charge.ID, PaymentIntent: charge.PaymentIntent, Status: "failed", Currency: "usd", Amount: ses.Total}
		})
	case 3:
		dispute(time.Hour, billing.DisputeOpened, "created", "needs_response")
		dispute(90*time.Hour, billing.DisputeClosed, "closed", "won")
	case 4:
		dispute(time.Hour, billing.DisputeOpened, "created", "needs_response")
		dispute(90*time.Hour, billing.DisputeClosed, "closed", "lost")
		w.gone[ses.ID] = true
	case 5:
		dispute(time.Hour, billing.DisputeOpened, "created", "needs_response")
		w.gone[ses.ID] = true
	}
}

// regretsBill is what comes back of a month's bill. It reports whether a dispute
// is left open.
func (w *world) regretsBill(at time.Time, inv billing.Invoice) (open bool) {
	charge := billing.Charge{ID: inv.Charge, PaymentIntent: inv.PaymentIntent, Invoice: inv.ID, Customer: inv.Customer, Currency: "usd", Amount: inv.AmountPaid}
	dispute := func(after time.Duration, kind billing.Kind, typ, status string) {
		d := billing.Dispute{ID: "dp_" + inv.ID, Charge: inv.Charge, PaymentIntent: inv.PaymentIntent, Status: status, Closed: kind == billing.DisputeClosed, Currency: "usd", Amount: inv.AmountPaid}
		w.add(at.Add(after), kind, "charge.dispute."+typ, func(ev *billing.Event) { ev.Dispute = &d })
	}
	back := func(after time.Duration, sum int64) {
		c := charge
		c.Refunded, c.Full = sum, sum == c.Amount
		w.add(at.Add(after), billing.ChargeRefunded, "charge.refunded", func(ev *billing.Event) { ev.Charge = &c })
	}
	switch w.rnd.IntN(5) {
	case 0:
		back(time.Hour, charge.Amount/3)
	case 1:
		back(time.Hour, charge.Amount/3)
		back(3*time.Hour, charge.Amount)
		w.gone[inv.ID] = true
	case 2:
		dispute(time.Hour, billing.DisputeOpened, "created", "needs_response")
		dispute(90*time.Hour, billing.DisputeClosed, "closed", "won")
	case 3:
		dispute(time.Hour, billing.DisputeOpened, "created", "needs_response")
		dispute(90*time.Hour, billing.DisputeClosed, "closed", "lost")
		w.gone[inv.ID] = true
	case 4:
		dispute(time.Hour, billing.DisputeOpened, "created", "needs_response")
		w.gone[inv.ID] = true
		return true
	}
	return false
}

// checkout is our side of a session, kept before the buyer pays.
func (w *world) checkout(ses *billing.Session, p *person, prod catalog.Product, promo string) {
	ref := core.CheckoutID("chk_" + ses.ID)
	ses.Meta.Ref, ses.Meta.User = string(ref), p.user
	co := billing.Checkout{
		ID: ref, User: p.user, SignedIn: p.user != "", Product: prod.ID, Price: prod.Price, Promotion: promo, Session: ses.ID,
		State: billing.CheckoutOpen, CreatedAt: w.at, ExpiresAt: w.at.AddDate(1, 0, 0),
	}
	w.before = append(w.before, func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveCheckout(ctx, co) })
}

// joins is a membership with its months, and perhaps its end.
func (w *world) joins(p *person) {
	w.n++
	id := fmt.Sprintf("%06d", w.n)
	start := w.at.Add(time.Duration(w.rnd.IntN(40*24*3600)) * time.Second)
	studio := w.cat.Studio()
	ses := billing.Session{
		ID: "cs_" + id, Subscription: "sub_" + id, Invoice: "in_" + id + "_0", Customer: p.customer, Email: w.typed(p), Membership: true, Paid: true,
		Currency: "usd", Subtotal: 9700, Total: 9700, Meta: billing.Metadata{Product: studio.ID, Source: "upgrade"},
	}
	if p.user != "" {
		promo := ""
		if w.chance(2) {
			promo, ses.Discount, ses.Total = "MINI20", 2000, 7700
		}
		w.checkout(&ses, p, studio, promo)
	}
	sub := billing.Subscription{
		ID: ses.Subscription, Customer: p.customer, Status: "incomplete", PeriodStart: start, PeriodEnd: start.AddDate(0, 1, 0), Created: start,
		Items: []billing.Item{{Price: "price_x", Currency: "usd", Amount: 9700, Quantity: 1}}, Meta: ses.Meta,
	}
	snapshot := func(at time.Time, typ string, change func(*billing.Subscription)) {
		change(&sub)
		s := sub
		w.add(at, billing.SubscriptionChanged, "customer.subscription."+typ, func(ev *billing.Event) { ev.Subscription = &s })
	}
	open := false // a bill of it is contested and not decided
	failed := func(month, attempt int, at, next time.Time) {
		inv := billing.Invoice{
			ID: fmt.Sprintf("in_%s_%d", id, month), Subscription: sub.ID, Customer: p.customer, Reason: "subscription_cycle", Currency: "usd",
			Subtotal: 9700, Total: 9700, AmountDue: 9700, Attempt: attempt, NextAttempt: next, Meta: ses.Meta,
		}
		w.add(at, billing.InvoiceFailed, "invoice.payment_failed", func(ev *billing.Event) { ev.Invoice = &inv })
	}
	paid := func(month int, at time.Time, discount int64) {
		reason := "subscription_cycle"
		if month == 0 {
			reason = "subscription_create"
		}
		inv := billing.Invoice{
			ID: fmt.Sprintf("in_%s_%d", id, month), Subscription: sub.ID, Customer: p.customer, PaymentIntent: fmt.Sprintf("pi_%s_%d", id, month),
			Charge: fmt.Sprintf("ch_%s_%d", id, month), Reason: reason, Paid: true, Currency: "usd", Subtotal: 9700, Discount: discount,
			Total: 9700 - discount, AmountPaid: 9700 - discount, Meta: ses.Meta,
		}
		// In the newest layout the invoice doesn't name its payment: this one does.
		pay := billing.InvoicePayment{ID: "inpay_" + inv.ID, Invoice: inv.ID, PaymentIntent: inv.PaymentIntent, Charge: inv.Charge}
		w.add(at, billing.InvoicePaymentPaid, "invoice_payment.paid", func(ev *billing.Event) { ev.InvoicePayment = &pay })
		w.add(at, billing.InvoicePaid, "invoice.paid", func(ev *billing.Event) { ev.Invoice = &inv })
		w.add(at, billing.InvoicePaid, "invoice.payment_succeeded", func(ev *billing.Event) { ev.Invoice = &inv })
		if w.chance(4) {
			open = w.regretsBill(at, inv) || open
		}
	}
	snapshot(start, "created", func(*billing.Subscription) {})
	snapshot(start, "updated", func(s *billing.Subscription) { s.Status = "active" }) // in the same second
	paid(0, start.Add(time.Second), ses.Discount)
	w.add(start.Add(2*time.Second), billing.CheckoutCompleted, "checkout.session.completed", func(ev *billing.Event) { ev.Session = &ses })

	for month := 1; month <= w.rnd.IntN(4); month++ {
		at := start.AddDate(0, month, 0)
		snapshot(at, "updated", func(s *billing.Subscription) { s.PeriodStart, s.PeriodEnd = at, at.AddDate(0, 1, 0) })
		if w.chance(4) {
			failed(month, 1, at.Add(time.Hour), at.Add(24*time.Hour))
			snapshot(at.Add(time.Hour), "updated", func(s *billing.Subscription) { s.Status = "past_due" })
			if w.chance(2) {
				failed(month, 2, at.Add(24*time.Hour), at.Add(48*time.Hour))
			}
			snapshot(at.Add(48*time.Hour), "updated", func(s *billing.Subscription) { s.Status = "active" })
		}
		paid(month, at.Add(time.Hour), 0)
	}
	last := sub.PeriodStart.Add(72 * time.Hour)
	switch w.rnd.IntN(8) {
	case 0:
		snapshot(last, "updated", func(s *billing.Subscription) { s.CancelAtPeriodEnd = true })
		snapshot(last, "updated", func(s *billing.Subscription) { s.CancelAtPeriodEnd = false }) // thought better of it, at once
	case 1:
		snapshot(last, "updated", func(s *billing.Subscription) { s.CancelAt = s.PeriodEnd })
		snapshot(sub.PeriodEnd, "deleted", func(s *billing.Subscription) { s.Status, s.EndedAt = "canceled", s.PeriodEnd })
		// A report that was made later and is wrong revives nothing.
		snapshot(sub.PeriodEnd.Add(time.Minute), "updated", func(s *billing.Subscription) { s.Status, s.EndedAt = "active", time.Time{} })
		sub.Status = "canceled"
	case 2:
		snapshot(last, "paused", func(s *billing.Subscription) { s.Status = "paused" })
	case 3:
		snapshot(last, "paused", func(s *billing.Subscription) { s.Status = "paused" })
		snapshot(last.Add(time.Hour), "resumed", func(s *billing.Subscription) { s.Status = "active" })
	case 4: // the card fails until Stripe gives up
		at := sub.PeriodEnd
		snapshot(at, "updated", func(s *billing.Subscription) { s.PeriodStart, s.PeriodEnd = at, at.AddDate(0, 1, 0) })
		for n := range 3 {
			next := at.AddDate(0, 0, 3*(n+1))
			if n == 2 {
				next = time.Time{}
			}
			failed(90, n+1, at.AddDate(0, 0, 3*n).Add(time.Hour), next)
		}
		snapshot(at.Add(time.Hour), "updated", func(s *billing.Subscription) { s.Status = "past_due" })
		if w.chance(2) {
			snapshot(at.AddDate(0, 0, 7), "deleted", func(s *billing.Subscription) { s.Status, s.EndedAt = "canceled", at.AddDate(0, 0, 7) })
		} else {
			snapshot(at.AddDate(0, 0, 7), "updated", func(s *billing.Subscription) { s.Status = "unpaid" })
		}
	case 5: // cancelled for the end, and resumed before it
		snapshot(last, "updated", func(s *billing.Subscription) { s.CancelAtPeriodEnd = true })
		snapshot(last.Add(time.Hour), "updated", func(s *billing.Subscription) { s.CancelAtPeriodEnd = false })
	}
	if w.ends[sub.ID] = sub.Status; open && sub.Status == "active" {
		w.ends[sub.ID] = "suspended"
	}
}

// recount works out, from the reports alone, what everybody ends with.
func (w *world) recount() {
	paid := map[string]bool{}
	owner := map[string]core.EmailKey{}
	for _, p := range w.people {
		owner[p.customer] = coretest.Fold(p.email)
	}
	for _, ev := range w.events {
		switch {
		case ev.Session != nil && ev.Session.Paid && !ev.Session.Membership && !paid[ev.Session.ID]:
			paid[ev.Session.ID] = true
			p, _ := w.cat.Product(ev.Session.Meta.Product)
			if w.gone[ev.Session.ID] {
				p.Credits = 0
			}
			w.want[owner[ev.Session.Customer]] += p.Credits
		case ev.Invoice != nil && ev.Invoice.Paid && !paid[ev.Invoice.ID]:
			paid[ev.Invoice.ID] = true
			if !w.gone[ev.Invoice.ID] {
				w.want[owner[ev.Invoice.Customer]] += w.cat.Studio().Credits
			}
		}
	}
}

func reader() *stripepay.Reader { return &stripepay.Reader{} }

// open makes a shop that knows what our side knew before.
func (w *world) open(t *testing.T) (*shop, string) {
	t.Helper()
	db, path := sqlitetest.NewAt(t, sqlite.Options{})
	sh := shopOn(db)
	must(t, db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		for _, fn := range w.before {
			if err := fn(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}))
	return sh, path
}

// deliver hands every event in twice, from 16 callers, through the reader of
// Stripe's payloads.
func (w *world) deliver(t *testing.T, sh *shop, rnd *rand.Rand, m manner) {
	t.Helper()
	var all [][]byte
	for range 2 {
		for _, ev := range w.events {
			all = append(all, onTheWire(t, ev, m.layout(rnd)))
		}
	}
	if m > inNewest {
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	read := reader()
	sh.Payloads = read // what was parked is read again
	var next atomic.Int64
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(all); i = next.Add(1) - 1 {
				ev, err := read.Parse(all[i])
				if err != nil {
					t.Errorf("%v: %s", err, all[i])
					continue
				}
				if out, err := sh.Apply(context.Background(), ev, all[i]); err != nil || out == billing.Ignored {
					t.Errorf("%s %s: %s, %v", ev.ID, ev.Type, out, err)
				}
			}
		})
	}
	callers.Wait()
}

// check holds the natural order against what the reports add up to.
func (w *world) check(t *testing.T, sh *shop) {
	t.Helper()
	must(t, sh.db.View(context.Background(), func(ctx context.Context, v sqlite.View) error {
		found, err := v.Verify(ctx, w.cat)
		for _, f := range found {
			t.Errorf("verify: %s", f)
		}
		return err
	}))
	for key, want := range w.want {
		u, err := sh.db.UserByKey(context.Background(), key)
		if core.Is(err, core.NotFound) && want == 0 {
			continue
		}
		must(t, err)
		if got := sh.balance(t, u.ID); got != want {
			t.Errorf("%s has %d credits, the reports give %d", key, got, want)
		}
		for _, r := range sh.rows(t, u.ID) {
			if r.StripeID != "" && r.Status != w.ends[r.StripeID] {
				t.Errorf("the membership %s of %s is %s, want %s", r.StripeID, key, r.Status, w.ends[r.StripeID])
			}
		}
	}
}
