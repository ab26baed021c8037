package billing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/mail"
)

// shop is billing on a real database, with a gateway that answers at once.
type shop struct {
	*billing.Service
	db      *sqlite.DB
	clock   *coretest.Clock
	gateway *gateway
	ids     *coretest.IDs
	events  int
}

func newShop(t testing.TB) *shop {
	t.Helper()
	return shopOn(sqlitetest.New(t))
}

func shopOn(db *sqlite.DB) *shop {
	sh := &shop{db: db, clock: coretest.NewClock(), gateway: &gateway{}, ids: &coretest.IDs{}}
	sh.Service = &billing.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) billing.Tx { return tx }), Read: db, Gateway: sh.gateway, Payloads: payloads{},
		Clock: sh.clock, IDs: sh.ids, Fold: coretest.Fold, Catalog: catalog.Default(), Ledger: credits.Ledger{IDs: sh.ids},
		Post: mail.Post{IDs: sh.ids, Fold: coretest.Fold}, BaseURL: "http://shop.test", Creator: "creator@shop.test", Grace: 7 * 24 * time.Hour,
	}
	return sh
}

// payloads keeps an event as its own JSON: the wire form is the adapter's.
type payloads struct{}

func (payloads) Parse(b []byte) (ev billing.Event, err error) { return ev, json.Unmarshal(b, &ev) }

type gateway struct {
	mu      sync.Mutex
	opened  []billing.NewSession
	err     func(billing.NewSession) error
	listed  []billing.Event
	portals []string
	later   time.Time // until when sessions stay open, a day from the start when zero
}

func (g *gateway) OpenSession(_ context.Context, n billing.NewSession) (billing.OpenedSession, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = append(g.opened, n)
	if g.err != nil {
		if err := g.err(n); err != nil {
			return billing.OpenedSession{}, err
		}
	}
	ends := coretest.Start.Add(24 * time.Hour)
	if !g.later.IsZero() {
		ends = g.later
	}
	return billing.OpenedSession{ID: fmt.Sprintf("cs_%d", len(g.opened)), ClientSecret: "secret", ExpiresAt: ends}, nil
}

func (g *gateway) PortalURL(_ context.Context, customer, _ string) (string, error) {
	g.portals = append(g.portals, customer)
	if customer == "cus_gone" {
		return "", &core.Error{Code: core.NotFound}
	}
	return "http://portal.test/" + customer, nil
}

func (g *gateway) ReceiptURL(_ context.Context, intent string) (string, error) {
	if intent == "pi_gone" {
		return "", &core.Error{Code: core.NotFound}
	}
	return "https://pay.stripe.com/receipts/" + intent, nil
}

func (g *gateway) EventsSince(_ context.Context, _ time.Time, fn func([]byte) error) error {
	for _, ev := range g.listed {
		b, err := json.Marshal(ev)
		if err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

func (g *gateway) ObjectsSince(ctx context.Context, since time.Time, fn func([]byte) error) error {
	return g.EventsSince(ctx, since, fn)
}

// send applies one event, giving it an id when it has none.
func (sh *shop) send(t testing.TB, ev billing.Event) billing.Outcome {
	t.Helper()
	if ev.ID == "" {
		sh.events++
		ev.ID = core.EventID(fmt.Sprintf("evt_%d", sh.events))
	}
	if ev.At.IsZero() {
		ev.At = coretest.Start
	}
	b, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	out, err := sh.Apply(context.Background(), ev, b)
	if err != nil {
		t.Fatalf("%s: %v", ev.Kind, err)
	}
	return out
}

// signUp makes an account as the sign-up form would, with a signed-in browser.
func (sh *shop) signUp(t testing.TB, email string, verified bool) core.UserID {
	t.Helper()
	id := core.UserID(sh.ids.NewID("usr"))
	u := accounts.User{ID: id, Email: email, Key: coretest.Fold(email), PasswordHash: "hash", Origin: accounts.FromSignUp, CreatedAt: sh.clock.Now()}
	if verified {
		u.VerifiedAt = sh.clock.Now()
	}
	must(t, sh.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		return tx.InsertSession(ctx, accounts.Session{
			TokenHash: "session-" + string(id), User: id, CreatedAt: u.CreatedAt, LastSeenAt: u.CreatedAt, AuthenticatedAt: u.CreatedAt, ExpiresAt: u.CreatedAt.Add(time.Hour),
		})
	}))
	return id
}

func (sh *shop) user(t testing.TB, email string) accounts.User {
	t.Helper()
	u, err := sh.db.UserByKey(context.Background(), coretest.Fold(email))
	if err != nil {
		t.Fatalf("no account for %s: %v", email, err)
	}
	return u
}

func (sh *shop) balance(t testing.TB, id core.UserID) int {
	t.Helper()
	a, err := sh.db.CreditAccount(context.Background(), id)
	must(t, err)
	return a.Balance
}

func (sh *shop) tags(t testing.TB, id core.UserID) []string {
	t.Helper()
	tags, err := sh.db.TagsOf(context.Background(), id)
	must(t, err)
	return tags
}

func (sh *shop) rows(t testing.TB, id core.UserID) []billing.Row {
	t.Helper()
	rows, err := sh.db.RowsOf(context.Background(), id)
	must(t, err)
	return rows
}

// mails returns "kind to" of everything in the outbox.
func (sh *shop) mails(t testing.TB) []string {
	t.Helper()
	items, _, err := sh.db.Outbox(context.Background(), "", "")
	must(t, err)
	var out []string
	for _, m := range items {
		out = append(out, string(m.Kind)+" "+m.To)
	}
	return out
}

// letters returns what the letters of one kind will say, and leaves them where
// they are.
func (sh *shop) letters(t testing.TB, kind mail.Kind) (out []mail.Props) {
	t.Helper()
	errBack := errors.New("take it back")
	err := sh.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		all, err := tx.ClaimMails(ctx, mail.Urgent, sh.clock.Now(), 1000)
		must(t, err)
		for _, o := range all {
			if o.Kind == kind {
				out = append(out, o.Props)
			}
		}
		return errBack
	})
	if !errors.Is(err, errBack) {
		t.Fatal(err)
	}
	return out
}

// told returns the sums in the letters of one kind, in order of size.
func (sh *shop) told(t testing.TB, kind mail.Kind) string {
	t.Helper()
	var sums []string
	for _, p := range sh.letters(t, kind) {
		sums = append(sums, p["amount"])
	}
	slices.Sort(sums)
	return strings.Join(sums, " ")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// purchase is a paid checkout of a one-time product by a guest.
func purchase(session, email string, product core.ProductID) billing.Event {
	p, _ := catalog.Default().Product(product)
	return billing.Event{Kind: billing.CheckoutCompleted, Type: "checkout.session.completed", Session: &billing.Session{
		ID: session, PaymentIntent: "pi_" + session, Email: email, Name: "Jenny Rosen", Paid: true, Currency: "usd",
		Subtotal: p.Price.Minor, Total: p.Price.Minor, Meta: billing.Metadata{Product: product, Source: "landing_page"},
	}}
}

// membership returns what Stripe sends when a guest joins Studio, in its
// natural order.
func membership(n, email string) []billing.Event {
	meta := billing.Metadata{Product: "sselfie_studio_membership", Ref: "ref_" + n}
	start, end := coretest.Start, coretest.Start.AddDate(0, 1, 0)
	sub := func(status string) *billing.Subscription {
		return &billing.Subscription{
			ID: "sub_" + n, Customer: "cus_" + n, Status: status, PeriodStart: start, PeriodEnd: end, Created: start, Meta: meta,
			Items: []billing.Item{{Price: "price_x", Currency: "usd", Amount: 9700, Quantity: 1}},
		}
	}
	inv := &billing.Invoice{
		ID: "in_" + n, Subscription: "sub_" + n, Customer: "cus_" + n, PaymentIntent: "pi_" + n, Charge: "ch_" + n, Reason: "subscription_create", Paid: true,
		Currency: "usd", Subtotal: 9700, Total: 9700, AmountPaid: 9700, Meta: meta,
	}
	ev := func(i int, kind billing.Kind, typ string) billing.Event {
		return billing.Event{ID: core.EventID(fmt.Sprintf("evt_%s_%d", n, i)), Kind: kind, Type: typ, At: start.Add(time.Duration(i/2) * time.Second)}
	}
	created := ev(0, billing.SubscriptionChanged, "customer.subscription.created")
	created.Subscription = sub("incomplete")
	active := ev(1, billing.SubscriptionChanged, "customer.subscription.updated")
	active.Subscription = sub("active")
	paid := ev(2, billing.InvoicePaid, "invoice.paid")
	paid.Invoice = inv
	succeeded := ev(3, billing.InvoicePaid, "invoice.payment_succeeded")
	succeeded.Invoice = inv
	done := ev(4, billing.CheckoutCompleted, "checkout.session.completed")
	done.Session = &billing.Session{
		ID: "cs_" + n, Subscription: "sub_" + n, Invoice: "in_" + n, Customer: "cus_" + n, Email: email, Membership: true, Paid: true,
		Currency: "usd", Subtotal: 9700, Total: 9700, Meta: meta,
	}
	return []billing.Event{created, active, paid, succeeded, done}
}
