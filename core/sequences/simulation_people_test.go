package sequences_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/campaigns"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// diary is what people did and found, written down as it happened. By address,
// because one may have left it before she bought.
type diary struct {
	posted  []letter
	clicks  []tracking.Hit // that are still to come
	clicked int
	crashed int

	sales    map[core.PaymentID]*sale
	member   map[string]span      // until for ever where to is zero
	off      map[string]time.Time // unsubscribed, complained or came back as undeliverable
	closed   map[string]time.Time // the server refuses the address from then on
	tried    map[string][]letter  // at closed addresses
	refused  map[string]map[sequences.Topic]time.Time
	visits   map[string][]time.Time
	captured map[string]time.Time // a lead
	proven   map[string]time.Time
	left     map[string][]time.Time // checkouts that people left
	sent     []campaigns.Campaign
}

func newDiary() diary {
	return diary{
		sales: map[core.PaymentID]*sale{}, member: map[string]span{}, off: map[string]time.Time{}, closed: map[string]time.Time{}, tried: map[string][]letter{},
		refused: map[string]map[sequences.Topic]time.Time{}, visits: map[string][]time.Time{}, captured: map[string]time.Time{}, proven: map[string]time.Time{}, left: map[string][]time.Time{},
	}
}

// letter is what lies in a mailbox.
type letter struct {
	id      core.MailID
	kind    mail.Kind
	to      string
	subject string
	at      time.Time
	life    int // of the process that handed it over
}

// sale is one purchase as it was.
type sale struct {
	user      core.UserID
	product   core.ProductID
	paid      time.Time
	known     time.Time // when we heard of it
	marketing string
	refunded  time.Time // when we heard of that, or of a lost dispute
	contested []span
}

type event struct {
	at time.Time
	do func(now time.Time) error
}

func address(user core.UserID) string { return string(user) + "@x.org" }

func (w *world) on(at time.Time, do func(now time.Time) error) {
	w.events = append(w.events, event{at, do})
}

// tell is on for what is one transaction.
func (w *world) tell(at time.Time, do func(ctx context.Context, tx *sqlite.Tx, now time.Time) error) {
	w.on(at, func(now time.Time) error {
		return w.db.Update(w.t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return do(ctx, tx, now) })
	})
}

// happen lets happen whatever has come; what came while nobody was there, too.
func (w *world) happen(now time.Time) {
	for len(w.events) > 0 && !w.events[0].at.After(now) {
		e := w.events[0]
		w.events = w.events[1:]
		if err := e.do(now); err != nil {
			w.t.Fatal(err)
		}
	}
}

// click lets those click whose time has come.
func (w *world) click(now time.Time) {
	var later []tracking.Hit
	for _, h := range w.clicks {
		if h.At.After(now) {
			later = append(later, h)
			continue
		}
		w.clicked++
		if err := w.db.UpdateBulk(w.t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.RecordClick(ctx, h) }); err != nil {
			w.t.Fatal(err)
		}
	}
	w.clicks = later
}

// minutes draws a time of up to so many days.
func (w *world) minutes(days int) time.Duration {
	return time.Duration(1+w.rnd.IntN(days*24*60)) * time.Minute
}

// plan draws what happens to everybody.
func (w *world) plan() {
	minis := catalog.Default().OfKind(catalog.Mini)
	for n := range w.customers {
		user := core.UserID(fmt.Sprintf("usr_%04d", n))
		paid := coretest.Start.Add(w.minutes(w.days * 2 / 3))
		if w.rnd.IntN(4) == 0 {
			w.leaves(user, paid.Add(-w.minutes(15)))
		}
		buys := 1
		switch {
		case w.rnd.IntN(10) == 0 && !w.captured[address(user)].IsZero():
			buys = 0
		case w.rnd.IntN(3) == 0:
			buys += 1 + w.rnd.IntN(2)
		}
		born := paid
		for b := range buys {
			if b > 0 {
				paid = paid.Add(w.minutes(12))
			}
			p := minis[w.rnd.IntN(len(minis))]
			said := []string{"", "", "", "yes", "yes", "no"}[w.rnd.IntN(6)]
			w.purchase(user, b, p, paid, said)
			switch w.rnd.IntN(16) {
			case 0, 1:
				w.refunds(user, b, paid.Add(w.minutes(35)), 1)
			case 2:
				w.refunds(user, b, paid.Add(w.minutes(35)), 2)
			case 3:
				w.disputes(user, b, paid.Add(w.minutes(20)))
			}
		}
		if w.rnd.IntN(5) == 0 {
			w.abandons(user, born.Add(w.minutes(20)))
		}
		for range w.rnd.IntN(3) {
			w.comes(user, born.Add(w.minutes(90)))
		}
		switch at := born.Add(w.minutes(35)); w.rnd.IntN(12) {
		case 0, 1:
			w.joins(user, at)
		case 2:
			w.unsubscribes(user, at)
		case 3:
			w.reports(user, mail.BounceReport, at)
		case 4:
			w.reports(user, mail.ComplaintReport, at)
		case 5:
			w.closed[address(user)] = at
		case 6:
			w.refuses(user, at)
		}
	}
	for day := 4; day < w.days+30; day += 12 + w.rnd.IntN(16) {
		w.campaign(coretest.Start.Add(time.Duration(day)*24*time.Hour+w.minutes(1)), minis[w.rnd.IntN(len(minis))].ID)
	}
	slices.SortStableFunc(w.events, func(a, b event) int { return a.at.Compare(b.at) })
}

func payment(user core.UserID, n int) core.PaymentID {
	return core.PaymentID(fmt.Sprintf("pay_%s_%d", user, n))
}

// leaves captures an address, which is proven later, or never.
func (w *world) leaves(user core.UserID, at time.Time) {
	if at.Before(coretest.Start) {
		at = coretest.Start
	}
	to, id := address(user), "lead_"+string(user)
	w.captured[to] = at
	lead := leads.Lead{ID: id, Email: to, Key: core.EmailKey(to), ConsentAt: at, CreatedAt: at}
	w.tell(at, func(ctx context.Context, tx *sqlite.Tx, _ time.Time) error {
		if err := tx.SaveLead(ctx, lead); err != nil {
			return err
		}
		return w.svc.EnrolLead(ctx, tx, id, at)
	})
	if w.rnd.IntN(3) > 0 {
		w.tell(at.Add(w.minutes(5)), func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
			known, err := tx.LeadByID(ctx, id)
			if err != nil {
				return err
			}
			known.ConfirmedAt, w.proven[to] = now, now
			return tx.SaveLead(ctx, known)
		})
	}
}

func (w *world) purchase(user core.UserID, n int, p catalog.Product, paid time.Time, marketing string) {
	w.tell(paid, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		key := core.EmailKey(address(user))
		if _, err := tx.UserByID(ctx, user); core.Is(err, core.NotFound) {
			w.visits[address(user)] = append(w.visits[address(user)], paid)
			if err := tx.InsertUser(ctx, accounts.User{ID: user, Email: address(user), Key: key, Origin: "purchase", CreatedAt: paid}); err != nil {
				return err
			}
		}
		w.sales[payment(user, n)] = &sale{user: user, product: p.ID, paid: paid, known: now, marketing: marketing}
		checkout := core.CheckoutID("chk_" + string(payment(user, n)))
		if err := tx.SaveCheckout(ctx, billing.Checkout{
			ID: checkout, User: user, Product: p.ID, Price: p.Price, Marketing: marketing, Session: "cs_" + string(payment(user, n)), State: billing.CheckoutComplete, CreatedAt: paid,
		}); err != nil {
			return err
		}
		if err := tx.InsertPayment(ctx, billing.Payment{
			ID: payment(user, n), User: user, Product: p.ID, Amount: p.Price.Minor, Subtotal: p.Price.Minor, Currency: "usd", Match: "new", Checkout: checkout,
			Session: "cs_" + string(payment(user, n)), PaidAt: paid, CreatedAt: now,
		}); err != nil {
			return err
		}
		if _, err := tracking.Attribute(ctx, tx, tracking.Sale{Payment: payment(user, n), User: user, Key: key, At: now}); err != nil {
			return err
		}
		if err := tx.SavePromotionUse(ctx, billing.PromotionUse{User: user, Code: "MINI20", EndsAt: paid.AddDate(0, 0, 33)}); err != nil {
			return err
		}
		if err := tx.ConvertLead(ctx, key, user, paid); err != nil {
			return err
		}
		return w.follow(ctx, tx, user)
	})
}

// follow is what the transaction of every change ends with.
func (w *world) follow(ctx context.Context, tx *sqlite.Tx, user core.UserID) error {
	if err := w.svc.Follow(ctx, tx, user); err != nil {
		return err
	}
	return w.segments.Follow(ctx, tx, user)
}

// change changes one payment.
func (w *world) change(at time.Time, id core.PaymentID, how func(p *billing.Payment, s *sale, now time.Time)) {
	w.tell(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		s := w.sales[id]
		pays, err := tx.PaymentsOf(ctx, s.user)
		if err != nil {
			return err
		}
		for _, p := range pays {
			if p.ID != id {
				continue
			}
			how(&p, s, now)
			if err := tx.SavePayment(ctx, p); err != nil {
				return err
			}
			if err := tracking.Revalue(ctx, tx, p.Mail); err != nil {
				return err
			}
		}
		return w.follow(ctx, tx, s.user)
	})
}

// refunds gives back all of a payment, or one of two parts, which ends nothing.
func (w *world) refunds(user core.UserID, n int, at time.Time, parts int64) {
	w.change(at, payment(user, n), func(p *billing.Payment, s *sale, now time.Time) {
		if p.Refunded = p.Amount / parts; parts == 1 {
			s.refunded = now
		}
	})
}

// disputes contests a payment, and half of those are lost.
func (w *world) disputes(user core.UserID, n int, at time.Time) {
	end, lost := at.Add(w.minutes(20)), w.rnd.IntN(2) == 0
	w.change(at, payment(user, n), func(p *billing.Payment, s *sale, now time.Time) {
		p.Dispute = "open"
		s.contested = append(s.contested, span{now, now.AddDate(1, 0, 0)})
	})
	w.change(end, payment(user, n), func(p *billing.Payment, s *sale, now time.Time) {
		p.Dispute = "won"
		s.contested[len(s.contested)-1].to = now
		if lost {
			p.Dispute, s.refunded = "lost", now
		}
	})
}

// abandons begins a checkout and leaves it.
func (w *world) abandons(user core.UserID, at time.Time) {
	co := billing.Checkout{
		ID: core.CheckoutID("chk_left_" + string(user)), Product: "bio_glowup", Price: core.Money{Minor: 4700, Currency: "usd"}, Session: "cs_left_" + string(user),
		State: billing.CheckoutOver, Email: address(user), Marketing: []string{"", "yes", "no"}[w.rnd.IntN(3)], CreatedAt: at, ExpiresAt: at.Add(2 * time.Hour),
	}
	w.tell(co.ExpiresAt, func(ctx context.Context, tx *sqlite.Tx, _ time.Time) error {
		if co.Marketing != "no" && (!w.optIn || co.Marketing == "yes") {
			w.left[address(user)] = append(w.left[address(user)], at)
		}
		return tx.SaveCheckout(ctx, co)
	})
}

// joins makes a member of a customer, and a third of them leave again.
func (w *world) joins(user core.UserID, at time.Time) {
	row := billing.Row{ID: core.SubscriptionID("sub_" + user), User: user, Type: catalog.EntitlementStudio, Status: "active", Live: true, CreatedAt: at}
	w.tell(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		if _, err := tx.UserByID(ctx, user); err != nil {
			return nil // she never bought
		}
		w.member[address(user)] = span{from: now}
		if err := tx.SaveRow(ctx, row); err != nil {
			return err
		}
		return w.follow(ctx, tx, user)
	})
	if w.rnd.IntN(3) > 0 {
		return
	}
	w.tell(at.Add(w.minutes(60)), func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		if w.member[address(user)].from.IsZero() {
			return nil
		}
		w.member[address(user)] = span{w.member[address(user)].from, now}
		row.Status, row.Live, row.EndedAt = "canceled", false, now
		if err := tx.SaveRow(ctx, row); err != nil {
			return err
		}
		return w.follow(ctx, tx, user)
	})
}

// unsubscribes: by the link of a letter, or where there is none in the account.
func (w *world) unsubscribes(user core.UserID, at time.Time) {
	w.on(at, func(now time.Time) error {
		w.off[address(user)] = now
		for _, l := range slices.Backward(w.posted) {
			if l.to == address(user) {
				return w.desk.Unsubscribe(w.t.Context(), w.desk.Token(l.id))
			}
		}
		return w.desk.ChooseFor(w.t.Context(), user, address(user), mail.Preferences{Off: true})
	})
}

// refuses turns one topic off.
func (w *world) refuses(user core.UserID, at time.Time) {
	w.on(at, func(now time.Time) error {
		want, topic := mail.Preferences{Newsletter: true}, sequences.Offers
		if strings.HasSuffix(string(user), "5") {
			want, topic = mail.Preferences{Offers: true}, sequences.Newsletter
		}
		w.refused[address(user)] = map[sequences.Topic]time.Time{topic: now}
		return w.desk.ChooseFor(w.t.Context(), user, address(user), want)
	})
}

// reports is what comes back from a mail server, or from an angry reader.
func (w *world) reports(user core.UserID, kind mail.ReportKind, at time.Time) {
	w.on(at, func(now time.Time) error {
		w.off[address(user)] = now
		return w.desk.Take(w.t.Context(), mail.Report{Kind: kind, Address: address(user), Reference: "rep_" + string(user), At: now})
	})
}

func (w *world) comes(user core.UserID, at time.Time) {
	w.tell(at, func(ctx context.Context, tx *sqlite.Tx, now time.Time) error {
		u, err := tx.UserByID(ctx, user)
		if err != nil {
			return nil // a stranger
		}
		u.LastLoginAt = now
		w.visits[address(user)] = append(w.visits[address(user)], now)
		return tx.SaveUser(ctx, u)
	})
}

// campaign writes to one product's buyers a little later, with a share that gets
// nothing and every other time with two subjects.
func (w *world) campaign(at time.Time, product core.ProductID) {
	n := len(w.events)
	w.on(at, func(now time.Time) error {
		c := campaigns.Campaign{
			Name: fmt.Sprintf("Campaign %d", n), Subject: fmt.Sprintf("Campaign %d", n), Body: "Go outside.", Action: "Open the studio", Path: "/studio",
			Topic: sequences.Offers, Segment: segments.BuyersID(product), HoldOut: 20, Goal: campaigns.Clicks,
		}
		if n%2 == 0 {
			c.SubjectB, c.TestShare, c.TestHours = c.Subject+" b", 50, 12
		}
		// The creator sits at her desk, and no crash comes between her and the file.
		w.crashes = false
		defer func() { w.crashes = true }()
		c, err := w.campaigns.Save(w.t.Context(), c)
		if err != nil {
			return err
		}
		c, err = w.campaigns.Schedule(w.t.Context(), c.ID, now.In(w.zone).Add(7*time.Hour).Format("2006-01-02T15:04"), w.zone.String(), "usr_admin")
		w.sent = append(w.sent, c)
		return err
	})
}
