package moving

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/credits"
)

// move brings one customer over, with everything that is hers.
func (r *run) move(ctx context.Context, tx Tx, b Bundle) error {
	u, fresh, ok, err := r.account(ctx, tx, b.Person)
	if err != nil || !ok {
		return err
	}
	by := map[string][]Row{}
	for _, row := range b.Rows {
		by[row.File] = append(by[row.File], row)
	}
	for _, customer := range customersIn(b) {
		if err := tx.LinkCustomer(ctx, customer, u.ID, u.CreatedAt); err != nil {
			return err
		}
	}
	paid, err := r.payments(ctx, tx, u, by[paymentsFile])
	if err != nil {
		return err
	}
	if err := r.rights(ctx, tx, u, by[subsFile], paid); err != nil {
		return err
	}
	if err := r.balance(ctx, tx, u, by); err != nil {
		return err
	}
	if err := r.blueprint(ctx, tx, u, fresh, b.Person, by); err != nil {
		return err
	}
	if fresh {
		r.report.Created++
	} else {
		r.report.Joined++
	}
	return nil
}

// account makes the customer's account, or finds the one that she has. ok is
// false when there is nothing to do.
func (r *run) account(ctx context.Context, tx Tx, p Person) (u accounts.User, fresh, ok bool, err error) {
	id := p.Account
	if _, err := tx.UserByID(ctx, id); err == nil {
		r.report.Same++ // also when she has left since: nobody is brought back
		return u, false, false, nil
	} else if !core.Is(err, core.NotFound) {
		return u, false, false, err
	}
	u, err = tx.UserByKey(ctx, p.Key)
	switch {
	case err == nil && !u.Verified():
		// Whoever signed up here with this address has not shown that it is hers.
		r.refuse(usersFile, p.Line, "there is an account with this address here, and the address is not proven")
		return u, false, false, nil
	case err == nil:
		old, err := tx.CreditByKey(ctx, u.ID, importKey)
		if err == nil && old != nil {
			r.report.Same++
			return u, false, false, nil
		}
		return u, false, err == nil, err
	case !core.Is(err, core.NotFound):
		return u, false, false, err
	}
	created, _ := when(p.Data["created_at"]) // checked when it was staged
	if created.IsZero() || created.After(r.Clock.Now()) {
		created = r.Clock.Now()
	}
	login, _ := when(p.Data["last_login_at"])
	u = accounts.User{
		ID: id, Email: strings.TrimSpace(p.Data["email"]), Key: p.Key, Name: clip(first(p.Data, "name", "full_name", "display_name"), 200),
		Origin: accounts.FromImport, CreatedAt: created, LastLoginAt: login,
	}
	return u, true, true, tx.InsertUser(ctx, u)
}

func first(data map[string]string, names ...string) string {
	for _, n := range names {
		if data[n] != "" {
			return data[n]
		}
	}
	return ""
}

func customersIn(b Bundle) (out []string) {
	add := func(c string) {
		if strings.HasPrefix(c, "cus_") && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	add(b.Person.Data["stripe_customer_id"])
	for _, row := range b.Rows {
		add(row.Data["stripe_customer_id"])
	}
	return out
}

// importKey is the ledger's key of what a customer brings along.
const importKey = "import"

// balance carries the credits over: the balance where she had one, in a single
// line; else what the quota becomes: 2 when the free grid was never used, 0
// otherwise. Everybody has an account then.
func (r *run) balance(ctx context.Context, tx Tx, u accounts.User, by map[string][]Row) error {
	amount, carried, why := 0, false, "Carried over from the system before"
	for _, row := range by[creditsFile] {
		n, err := whole(row.Data["balance"])
		switch {
		case err != nil:
			r.refuse(creditsFile, row.Line, "balance: "+err.Error())
			continue
		case carried:
			r.refuse(creditsFile, row.Line, "the same user has a balance above")
			continue
		case n < 0:
			r.note(creditsFile, row.Line, fmt.Sprintf("a balance of %d begins at 0", n))
			n = 0
		}
		amount, carried = n, true
	}
	sum, lines, last := 0, 0, 0
	for _, row := range by[transactionsFile] {
		n, err := whole(row.Data["amount"])
		if err != nil {
			r.refuse(transactionsFile, row.Line, "amount: "+err.Error())
			continue
		}
		sum, lines, last = sum+n, lines+1, row.Line
	}
	switch {
	case carried && lines > 0 && sum != amount:
		r.note(transactionsFile, last, fmt.Sprintf("the lines of this user add up to %d, her balance is %d: the balance stands", sum, amount))
	case !carried && lines > 0:
		amount, carried = max(sum, 0), true
	}
	if !carried {
		used, err := gridsUsed(by[blueprintsFile])
		if err == nil && used == 0 {
			if amount = r.StartCredits; amount == 0 {
				amount = 2
			}
			why = "Credits to start with"
		}
	}
	if amount == 0 {
		return tx.OpenCreditAccount(ctx, u.ID, u.CreatedAt)
	}
	if _, _, err := r.Ledger.Grant(ctx, tx, credits.Line{
		User: u.ID, Amount: amount, Type: credits.Import, Description: why, Key: importKey, At: r.Clock.Now(),
	}); err != nil {
		return err
	}
	if carried {
		r.report.Carried++
	} else {
		r.report.Started++
	}
	r.report.Credits += amount
	return nil
}

// gridsUsed returns the most free grids that any of the rows counts.
func gridsUsed(rows []Row) (most int, err error) {
	for _, row := range rows {
		n, err := whole(row.Data["free_grid_used_count"])
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most, nil
}

// productNames are what products were called before.
var productNames = map[string]core.ProductID{
	"paid_blueprint": "brand_blueprint_paid", "studio_membership": "sselfie_studio_membership", "credit_topup_100": "credits_100", "credit_topup_200": "credits_200",
}

func (r *run) product(name string) (catalog.Product, bool) {
	if id, renamed := productNames[name]; renamed {
		name = string(id)
	}
	return r.Catalog.Product(core.ProductID(name))
}

// payments keeps the payments that were made before, without granting anything.
func (r *run) payments(ctx context.Context, tx Tx, u accounts.User, rows []Row) (kept []billing.Payment, err error) {
	for _, row := range rows {
		p, why := r.payment(u, row)
		if why == "" {
			old, err := tx.FindPayment(ctx, billing.PaymentIDs{Session: p.Session, PaymentIntent: p.PaymentIntent, Charge: p.Charge, Invoice: p.Invoice})
			if err != nil {
				return kept, err
			}
			if old != nil {
				why = "this payment is here already"
			}
		}
		if why != "" {
			r.refuse(paymentsFile, row.Line, why)
			continue
		}
		if err := tx.InsertPayment(ctx, p); err != nil {
			return kept, err
		}
		r.report.Payments++
		kept = append(kept, p)
	}
	return kept, nil
}

func (r *run) payment(u accounts.User, row Row) (p billing.Payment, why string) {
	d := row.Data
	name := first(d, "product_type", "product")
	product, known := r.product(name)
	if !known {
		return p, fmt.Sprintf("nobody sells %q", clip(name, 60))
	}
	switch strings.ToLower(d["status"]) {
	case "", "succeeded", "paid", "complete", "completed", "refunded", "partially_refunded":
	default:
		return p, fmt.Sprintf("its status is %q: nothing was paid", clip(d["status"], 40))
	}
	amount, err := whole(first(d, "amount_cents", "amount"))
	if err != nil || amount < 0 {
		return p, "amount: it has to be whole cents, 0 or more"
	}
	refunded, err := whole(first(d, "refunded_cents", "refunded_amount"))
	if err != nil || refunded < 0 || refunded > amount {
		return p, "refunded: it has to be whole cents, from 0 to the amount"
	}
	if strings.EqualFold(d["status"], "refunded") {
		refunded = amount
	}
	paid, err := when(first(d, "paid_at", "payment_date", "created_at"))
	if err != nil {
		return p, "paid_at: " + err.Error()
	}
	if paid.IsZero() {
		paid = u.CreatedAt
	}
	money, err := currency(d["currency"], r.Catalog.Currency)
	if err != nil {
		return p, "currency: " + err.Error()
	}
	p = billing.Payment{
		User: u.ID, Product: product.ID, Amount: int64(amount), Subtotal: int64(amount), Refunded: int64(refunded), Currency: money,
		Match: billing.ByImport, Customer: d["stripe_customer_id"], Session: first(d, "stripe_session_id", "stripe_checkout_session_id"),
		PaymentIntent: d["stripe_payment_intent_id"], Charge: d["stripe_charge_id"], Invoice: d["stripe_invoice_id"], Subscription: d["stripe_subscription_id"],
		Live: r.Live, PaidAt: paid, CreatedAt: r.Clock.Now(),
	}
	switch id := d["stripe_payment_id"]; {
	case strings.HasPrefix(id, "pi_") && p.PaymentIntent == "":
		p.PaymentIntent = id
	case strings.HasPrefix(id, "cs_") && p.Session == "":
		p.Session = id
	case strings.HasPrefix(id, "in_") && p.Invoice == "":
		p.Invoice = id
	case (strings.HasPrefix(id, "ch_") || strings.HasPrefix(id, "py_")) && p.Charge == "":
		p.Charge = id
	}
	ref := first(map[string]string{"a": p.Session, "b": p.Invoice, "c": p.PaymentIntent, "d": p.Charge, "e": d["id"]}, "a", "b", "c", "d", "e")
	if ref == "" {
		return p, "it has no id of its own and none of Stripe's"
	}
	if p.Session == "" && p.Invoice == "" {
		p.Session = "legacy:" + ref
	}
	if p.ID = paymentID(p.Session); p.Session == "" {
		p.ID = paymentID("invoice:" + p.Invoice)
	}
	return p, ""
}

// paymentID follows from what is unique among payments anyway, so that two of
// them never share one.
func paymentID(ref string) core.PaymentID {
	return core.PaymentID("pay_" + strings.TrimPrefix(string(idOf(Legacy, "payment|"+ref)), "usr_"))
}

// statuses are Stripe's words by those of the system before.
var statuses = map[string]string{
	"active": "active", "trialing": "trialing", "past_due": "past_due", "unpaid": "unpaid", "paused": "paused", "incomplete": "incomplete",
	"canceled": "canceled", "cancelled": "canceled", "expired": "canceled", "incomplete_expired": "incomplete_expired",
}

// rights keeps memberships as snapshots and entitlements as purchases, and
// derives the subscription rows from them like any webhook does.
func (r *run) rights(ctx context.Context, tx Tx, u accounts.User, rows []Row, paid []billing.Payment) error {
	touched := len(paid) > 0
	for _, row := range rows {
		var why string
		var err error
		status, known := statuses[strings.ToLower(row.Data["status"])]
		switch kind := row.Data["product_type"]; {
		case !known:
			why = fmt.Sprintf("nobody knows the status %q", clip(row.Data["status"], 40))
		case kind == catalog.EntitlementStudio || kind == "studio_membership":
			why, err = r.membership(ctx, tx, u, row, status)
		case kind == catalog.EntitlementBlueprint || kind == "brand_blueprint_paid":
			err = r.entitlement(ctx, tx, u, row, status, paid)
		case kind == "free_blueprint":
			continue // everybody has it
		default:
			why = fmt.Sprintf("nobody knows the product type %q", clip(kind, 60))
		}
		if err != nil {
			return err
		}
		if why != "" {
			r.refuse(subsFile, row.Line, why)
			continue
		}
		touched = true
	}
	if !touched {
		return nil
	}
	return billing.SyncRows(ctx, tx, u.ID, r.Catalog, r.IDs)
}

func (r *run) membership(ctx context.Context, tx Tx, u accounts.User, row Row, status string) (why string, err error) {
	d := row.Data
	id := d["stripe_subscription_id"]
	if id == "" {
		return "a membership needs its stripe_subscription_id, or nobody could renew or end it", nil
	}
	times := map[string]time.Time{}
	for _, c := range []string{"current_period_start", "current_period_end", "ended_at", "canceled_at", "created_at", "updated_at"} {
		if times[c], err = when(d[c]); err != nil {
			return c + ": " + err.Error(), nil
		}
	}
	if old, err := tx.ObjectByID(ctx, "subscription", id); err != nil || old != nil {
		return "this membership is here already", err
	}
	at := times["updated_at"]
	for _, t := range []time.Time{times["created_at"], times["current_period_start"], u.CreatedAt} {
		if at.IsZero() {
			at = t
		}
	}
	created := times["created_at"]
	if created.IsZero() {
		created = at
	}
	snapshot, err := json.Marshal(billing.Subscription{
		ID: id, Customer: d["stripe_customer_id"], Status: status, PeriodStart: times["current_period_start"], PeriodEnd: times["current_period_end"],
		CancelAtPeriodEnd: yes(d["cancel_at_period_end"]), EndedAt: times["ended_at"], Created: created,
	})
	if err != nil {
		return "", err
	}
	r.report.Members++
	return "", tx.SaveObject(ctx, billing.Object{Kind: "subscription", ID: id, User: u.ID, Event: "import", At: at, Snapshot: snapshot})
}

// entitlement holds on a purchase. Where the payment did not come along, one of
// nothing stands for it, so that the right follows from something.
func (r *run) entitlement(ctx context.Context, tx Tx, u accounts.User, row Row, status string, paid []billing.Payment) error {
	if status != "active" && status != "trialing" {
		return nil // it ended, and so will what follows from its payments
	}
	for _, p := range paid {
		if prod, ok := r.Catalog.Product(p.Product); ok && prod.Entitlement == catalog.EntitlementBlueprint && !p.FullyRefunded() {
			return nil
		}
	}
	at, err := when(row.Data["created_at"])
	if err != nil || at.IsZero() {
		at = u.CreatedAt
	}
	ref := "subscription:" + string(u.ID)
	p := billing.Payment{
		ID: paymentID("legacy:" + ref), User: u.ID, Product: "brand_blueprint_paid", Currency: r.Catalog.Currency, Match: billing.ByImport, Session: "legacy:" + ref,
		Live: r.Live, PaidAt: at, CreatedAt: r.Clock.Now(),
	}
	if old, err := tx.FindPayment(ctx, billing.PaymentIDs{Session: p.Session}); err != nil || old != nil {
		return err
	}
	r.note(subsFile, row.Line, "the payment of this blueprint did not come along; the right stays")
	return tx.InsertPayment(ctx, p)
}
