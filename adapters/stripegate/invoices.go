package stripegate

import (
	"fmt"
	"maps"
	"strconv"
)

var invoiceRoutes = []route{
	{"GET /v1/invoices", listInvoices},
	{"GET /v1/invoices/{id}", getInvoice},
	{"POST /v1/invoices/{id}/pay", payInvoice},
	{"GET /v1/invoices/{id}/lines", listInvoiceLines},
}

// newInvoice drafts the invoice of a subscription's present period, with once
// as lines that are sold a single time. It is finalized an hour later.
func (g *Gateway) newInvoice(s *subscription, reason string, once []lineItem, trial bool) *invoice {
	now := g.now()
	x := &invoice{
		thing: g.fresh("in_1", nil), Customer: s.Customer, Subscription: s.ID, Currency: s.Currency, Status: "draft",
		Reason: reason, PeriodStart: now, PeriodEnd: now, SubMeta: maps.Clone(s.Meta), FinalizeAt: now + hour,
	}
	word, count := g.interval(s)
	if reason == "subscription_cycle" {
		x.PeriodStart = addPeriods(s.PeriodStart, word, -count)
		if s.TrialEnd == s.PeriodStart {
			x.PeriodStart = s.TrialStart
		}
		x.PeriodStart = min(x.PeriodStart, s.PeriodStart)
		x.PeriodEnd = s.PeriodStart
	}
	for _, i := range s.Items {
		p := g.s.Prices[i.Price]
		if p == nil {
			continue
		}
		l := invoiceLine{
			ID: newID("il_1", 23), Price: i.Price, Item: i.ID, Quantity: i.Quantity, Amount: p.Amount * i.Quantity,
			Start: s.PeriodStart, End: s.PeriodEnd,
			Description: fmt.Sprintf("%d × %s (at %s / %s)", i.Quantity, g.productName(p), amount(p.Amount, p.Currency), p.Interval),
		}
		if trial {
			l.Amount, l.Description = 0, "Trial period for "+g.productName(p)
		}
		x.Lines = append(x.Lines, l)
	}
	for _, l := range once {
		p := g.s.Prices[l.Price]
		x.Lines = append(x.Lines, invoiceLine{
			ID: newID("il_1", 23), Price: l.Price, Quantity: l.Quantity, Amount: p.Amount * l.Quantity,
			Start: now, End: now, Description: fmt.Sprintf("%d × %s", l.Quantity, g.productName(p)),
		})
	}
	for _, l := range x.Lines {
		x.Subtotal += l.Amount
	}
	g.discountInvoice(x, s)
	if k := g.s.Customers[s.Customer]; k != nil {
		k.Invoices++
		x.Number = fmt.Sprintf("%s-%04d", k.Prefix, k.Invoices)
	}
	g.s.Invoices[x.ID] = x
	return x
}

// discountInvoice applies the subscription's discount. One that holds once is
// used up by the first invoice with anything on it.
func (g *Gateway) discountInvoice(x *invoice, s *subscription) {
	d := s.Discount
	if d == nil || x.Subtotal == 0 {
		return
	}
	k := g.s.Coupons[d.Coupon]
	if k == nil || d.End != 0 && g.now() >= d.End {
		s.Discount = nil
		return
	}
	lines := make([]sessionLine, len(x.Lines))
	for i, l := range x.Lines {
		if p := g.s.Prices[l.Price]; p != nil {
			lines[i] = sessionLine{product: p.Product, amount: l.Amount}
		}
	}
	spread(lines, k)
	for i := range lines {
		x.Lines[i].Off = lines[i].off
		x.Off += lines[i].off
	}
	copied := *d
	x.Discount = &copied
	if k.Duration == "once" {
		s.Discount = nil
	}
}

// finalize opens a draft.
func (g *Gateway) finalize(x *invoice) {
	x.FinalizeAt, x.Status, x.FinalizedAt = 0, "open", g.now()
	g.emit("invoice.finalized", g.invoiceObj(x), nil)
}

// markPaid ends an invoice well; in is nil where there was nothing to pay. A
// subscription that waited for it is active again.
func (g *Gateway) markPaid(x *invoice, in *intent) {
	x.Status, x.Paid, x.PaidAt, x.NextAttempt = "paid", x.total(), g.now(), 0
	if in != nil {
		x.Intent, x.Charge = in.ID, in.Charge
	}
	g.emit("invoice.paid", g.invoiceObj(x), nil)
	g.emit("invoice.payment_succeeded", g.invoiceObj(x), nil)
	if in != nil && g.s.Faults.Layout == Basil {
		g.emit("invoice_payment.paid", g.invoicePayment(x, in), nil)
	}
	s := g.s.Subs[x.Subscription]
	if s == nil || s.Status != "past_due" && s.Status != "unpaid" {
		return
	}
	for _, other := range g.s.Invoices {
		if other.Subscription == s.ID && other.Status == "open" {
			return
		}
	}
	before := g.subObj(s)
	s.Status = "active"
	g.emitChange("customer.subscription.updated", before, g.subObj(s))
}

// retries are the days after the first failure on which a payment is tried
// again; after the last the subscription ends.
var retries = []int64{3, 5, 7}

// invoiceFailed writes down a failed attempt and plans the next.
func (g *Gateway) invoiceFailed(x *invoice, in *intent) {
	if in != nil {
		x.Intent, x.Charge = in.ID, in.Charge
	}
	s := g.s.Subs[x.Subscription]
	n := int(x.Attempts) - 1
	final := n >= len(retries)
	x.NextAttempt = 0
	if !final && s != nil && !s.ended() {
		x.NextAttempt = max(x.FirstAttempt+retries[max(n, 0)]*day, g.now()+minute)
	}
	g.emit("invoice.payment_failed", g.invoiceObj(x), nil)
	switch {
	case s == nil || s.ended():
	case final:
		g.endSub(s, "payment_failed")
	case s.Status == "active" || s.Status == "trialing":
		before := g.subObj(s)
		s.Status = "past_due"
		g.emitChange("customer.subscription.updated", before, g.subObj(s))
	}
}

// collect tries to take the money of an open invoice.
func (g *Gateway) collect(x *invoice) {
	now := g.now()
	if x.total() == 0 {
		g.markPaid(x, nil)
		return
	}
	x.Attempts++
	if x.FirstAttempt == 0 {
		x.FirstAttempt = now
	}
	s, k := g.s.Subs[x.Subscription], g.s.Customers[x.Customer]
	var m *method
	if s != nil {
		m = g.s.Methods[s.Method]
	}
	if m == nil && k != nil {
		m = g.s.Methods[k.Method]
	}
	in := g.s.Intents[x.Intent]
	if in == nil {
		in = g.newIntent(x.total(), x.Currency, x.Customer, nil)
		in.Invoice, in.Description = x.ID, "Subscription update"
		if k != nil {
			in.Email = k.Email
		}
		x.Intent = in.ID
		g.emit("payment_intent.created", g.intentObj(in), nil)
	}
	refusal := declined("card_declined", "generic_decline", "", "The card was declined.")
	switch does := byLast4(m); {
	case m == nil:
		in.Status, in.ErrCode, in.ErrMessage = "requires_payment_method", "payment_intent_invalid_parameter", "There is no payment method."
		g.emit("payment_intent.payment_failed", g.intentObj(in), nil)
		g.invoiceFailed(x, in)
	case does == "3184":
		in.Status, in.Method = "requires_action", m.ID
		g.emit("payment_intent.requires_action", g.intentObj(in), nil)
		g.emit("invoice.payment_action_required", g.invoiceObj(x), nil)
		g.invoiceFailed(x, in)
	case does == "0341" || m.Bounces:
		g.failIntent(in, m, refusal)
		g.invoiceFailed(x, in)
	default:
		g.chargeIntent(in, m, false)
		g.markPaid(x, in)
	}
}

func getInvoice(c *call) (any, *apiError) {
	x := c.g.s.Invoices[c.id]
	if x == nil {
		return nil, absent("invoice", c.id)
	}
	return c.g.invoiceObj(x), nil
}

func listInvoices(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("limit", "starting_after", "ending_before", "created", "customer", "subscription", "status", "collection_method", "due_date"); err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Invoices), func(x *invoice) bool {
		return sameOr(f.str("customer"), x.Customer) && sameOr(f.str("subscription"), x.Subscription) && sameOr(f.str("status"), x.Status)
	}), c.g.invoiceObj)
}

func listInvoiceLines(c *call) (any, *apiError) {
	x := c.g.s.Invoices[c.id]
	if x == nil {
		return nil, absent("invoice", c.id)
	}
	return c.g.invoiceObj(x)["lines"], nil
}

func payInvoice(c *call) (any, *apiError) {
	x := c.g.s.Invoices[c.id]
	if x == nil {
		return nil, absent("invoice", c.id)
	}
	if x.Status == "draft" {
		c.g.finalize(x)
	}
	if x.Status != "open" {
		return nil, invalid("", "Invoice is already %s", x.Status)
	}
	c.g.collect(x)
	return c.g.invoiceObj(x), nil
}

func (g *Gateway) invoiceObj(x *invoice) obj {
	lines, offs, offIDs := []any{}, []any{}, []any{}
	var off any
	if x.Discount != nil {
		off, offIDs = g.discountObj(x.Discount, x.Customer, x.Subscription), []any{x.Discount.ID}
		offs = append(offs, obj{"amount": x.Off, "discount": x.Discount.ID})
	}
	for _, l := range x.Lines {
		lines = append(lines, g.lineObj(x, l))
	}
	var email, name, number, where any
	if k := g.s.Customers[x.Customer]; k != nil {
		email, name, where = text(k.Email), text(k.Name), address(k.Country, k.Postal)
	}
	if x.Status != "draft" {
		number = text(x.Number)
	}
	var sub, subDetails any
	if x.Subscription != "" {
		sub, subDetails = x.Subscription, obj{"metadata": metadata(x.SubMeta)}
	}
	o := obj{
		"id": x.ID, "object": "invoice",
		"account_country":                  "US",
		"account_name":                     g.opt.AccountName,
		"account_tax_ids":                  nil,
		"amount_due":                       x.total(),
		"amount_paid":                      x.Paid,
		"amount_remaining":                 x.total() - x.Paid,
		"amount_shipping":                  0,
		"application":                      nil,
		"application_fee_amount":           nil,
		"attempt_count":                    x.Attempts,
		"attempted":                        x.Attempts > 0 || x.Status == "paid",
		"auto_advance":                     x.NextAttempt != 0 || x.FinalizeAt != 0,
		"automatic_tax":                    obj{"enabled": false, "liability": nil, "status": nil},
		"billing_reason":                   x.Reason,
		"charge":                           text(x.Charge),
		"collection_method":                "charge_automatically",
		"created":                          x.Created,
		"currency":                         x.Currency,
		"custom_fields":                    nil,
		"customer":                         x.Customer,
		"customer_address":                 where,
		"customer_email":                   email,
		"customer_name":                    name,
		"customer_phone":                   nil,
		"customer_shipping":                nil,
		"customer_tax_exempt":              "none",
		"customer_tax_ids":                 []any{},
		"default_payment_method":           nil,
		"default_source":                   nil,
		"default_tax_rates":                []any{},
		"description":                      nil,
		"discount":                         off,
		"discounts":                        offIDs,
		"due_date":                         nil,
		"effective_at":                     nil,
		"ending_balance":                   nil,
		"footer":                           nil,
		"from_invoice":                     nil,
		"hosted_invoice_url":               nil,
		"invoice_pdf":                      nil,
		"issuer":                           obj{"type": "self"},
		"last_finalization_error":          nil,
		"latest_revision":                  nil,
		"lines":                            obj{"object": "list", "data": lines, "has_more": false, "total_count": len(lines), "url": "/v1/invoices/" + x.ID + "/lines"},
		"livemode":                         false,
		"metadata":                         metadata(x.Meta),
		"next_payment_attempt":             nil,
		"number":                           number,
		"on_behalf_of":                     nil,
		"paid":                             x.Status == "paid",
		"paid_out_of_band":                 false,
		"payment_intent":                   text(x.Intent),
		"payment_settings":                 paymentSettings(obj{"default_mandate": nil}),
		"period_end":                       x.PeriodEnd,
		"period_start":                     x.PeriodStart,
		"post_payment_credit_notes_amount": 0,
		"pre_payment_credit_notes_amount":  0,
		"quote":                            nil,
		"receipt_number":                   nil,
		"rendering":                        nil,
		"shipping_cost":                    nil,
		"shipping_details":                 nil,
		"starting_balance":                 0,
		"statement_descriptor":             nil,
		"status":                           x.Status,
		"status_transitions": obj{
			"finalized_at": timeOrNil(x.FinalizedAt), "marked_uncollectible_at": timeOrNil(x.UncollectibleAt),
			"paid_at": timeOrNil(x.PaidAt), "voided_at": timeOrNil(x.VoidedAt),
		},
		"subscription":           sub,
		"subscription_details":   subDetails,
		"subtotal":               x.Subtotal,
		"subtotal_excluding_tax": x.Subtotal,
		"tax":                    nil,
		"test_clock":             nil,
		"total":                  x.total(),
		"total_discount_amounts": offs,
		"total_excluding_tax":    x.total(),
		"total_tax_amounts":      []any{},
		"transfer_data":          nil,
		"webhooks_delivered_at":  timeOrNil(x.FinalizedAt),
	}
	if x.FinalizedAt != 0 {
		o["effective_at"], o["ending_balance"] = x.FinalizedAt, 0
		o["hosted_invoice_url"] = g.base + "/gateway/invoices/" + x.ID
		o["invoice_pdf"] = g.base + "/gateway/invoices/" + x.ID
	}
	switch {
	case x.NextAttempt != 0:
		o["next_payment_attempt"] = x.NextAttempt
	case x.Status == "draft" && x.FinalizeAt != 0:
		o["next_payment_attempt"] = x.FinalizeAt
	}
	return o
}

func timeOrNil(n int64) any { return number(n) }

func (g *Gateway) lineObj(x *invoice, l invoiceLine) obj {
	offs := []any{}
	if l.Off > 0 && x.Discount != nil {
		offs = append(offs, obj{"amount": l.Off, "discount": x.Discount.ID})
	}
	o := obj{
		"id": l.ID, "object": "line_item",
		"amount":                    l.Amount,
		"amount_excluding_tax":      l.Amount - l.Off,
		"currency":                  x.Currency,
		"description":               l.Description,
		"discount_amounts":          offs,
		"discountable":              true,
		"discounts":                 []any{},
		"invoice":                   x.ID,
		"livemode":                  false,
		"metadata":                  obj{},
		"period":                    obj{"end": l.End, "start": l.Start},
		"plan":                      nil,
		"price":                     nil,
		"proration":                 l.Proration,
		"proration_details":         obj{"credited_items": nil},
		"quantity":                  l.Quantity,
		"subscription":              text(x.Subscription),
		"subscription_item":         text(l.Item),
		"tax_amounts":               []any{},
		"tax_rates":                 []any{},
		"type":                      "invoiceitem",
		"unit_amount_excluding_tax": strconv.FormatInt((l.Amount-l.Off)/max(l.Quantity, 1), 10),
	}
	if p := g.s.Prices[l.Price]; p != nil {
		o["price"] = g.priceObj(p)
		if p.Interval != "" {
			o["plan"] = g.planObj(p)
		}
	}
	if l.Item != "" {
		o["type"], o["metadata"] = "subscription", metadata(x.SubMeta)
	}
	return o
}

// invoicePayment is the object by which the newer layout ties an invoice to its
// payment intent.
func (g *Gateway) invoicePayment(x *invoice, in *intent) obj {
	return obj{
		"id": "inpay_" + x.ID[len("in_"):], "object": "invoice_payment",
		"amount_paid":        x.Paid,
		"amount_requested":   x.total(),
		"created":            x.PaidAt,
		"currency":           x.Currency,
		"invoice":            x.ID,
		"is_default":         true,
		"livemode":           false,
		"payment":            obj{"payment_intent": in.ID, "type": "payment_intent"},
		"status":             "paid",
		"status_transitions": obj{"canceled_at": nil, "paid_at": x.PaidAt},
	}
}
