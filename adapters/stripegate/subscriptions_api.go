package stripegate

import "slices"

var subscriptionRoutes = []route{
	{"GET /v1/subscriptions", listSubs},
	{"GET /v1/subscriptions/{id}", getSub},
	{"POST /v1/subscriptions/{id}", updateSub},
	{"DELETE /v1/subscriptions/{id}", cancelSub},
	{"POST /v1/subscriptions/{id}/resume", resumeSub},
}

func getSub(c *call) (any, *apiError) {
	s := c.g.s.Subs[c.id]
	if s == nil {
		return nil, absent("subscription", c.id)
	}
	return c.g.subObj(s), nil
}

func listSubs(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("limit", "starting_after", "ending_before", "created", "customer", "price", "status", "test_clock",
		"collection_method", "current_period_end", "current_period_start", "automatic_tax"); err != nil {
		return nil, err
	}
	status, price := f.str("status"), f.str("price")
	return page(c, such(values(c.g.s.Subs), func(s *subscription) bool {
		switch status {
		case "all":
		case "":
			if s.ended() {
				return false
			}
		case "ended":
			if !s.ended() {
				return false
			}
		default:
			if s.Status != status {
				return false
			}
		}
		return sameOr(f.str("customer"), s.Customer) && sameOr(f.str("test_clock"), s.Clock) &&
			(price == "" || slices.ContainsFunc(s.Items, func(i subItem) bool { return i.Price == price }))
	}), c.g.subObj)
}

func updateSub(c *call) (any, *apiError) {
	f, g := c.f, c.g
	s := g.s.Subs[c.id]
	if s == nil {
		return nil, absent("subscription", c.id)
	}
	if err := f.only("cancel_at_period_end", "cancel_at", "metadata", "cancellation_details", "default_payment_method", "description",
		"pause_collection", "trial_end", "proration_behavior", "payment_behavior", "items", "off_session", "collection_method",
		"payment_settings", "trial_settings"); err != nil {
		return nil, err
	}
	if s.ended() {
		return nil, invalid("", "A canceled subscription can only update its cancellation_details and metadata.")
	}
	defer g.under(s.Clock)()
	atEnd, atEndSent, err := f.flag("cancel_at_period_end")
	if err != nil {
		return nil, err
	}
	at, atSent, err := f.num("cancel_at")
	if err != nil {
		return nil, err
	}
	if atSent && atEndSent && atEnd {
		return nil, both("cancel_at", "cancel_at_period_end")
	}
	if atSent && at <= g.now() {
		return nil, invalid("cancel_at", "cancel_at must be in the future.")
	}
	meta, err := f.mergeMeta(s.Meta)
	if err != nil {
		return nil, err
	}
	pm := f.str("default_payment_method")
	if m := g.s.Methods[pm]; pm != "" && (m == nil || m.Customer != s.Customer) {
		return nil, unknown("PaymentMethod", pm, "default_payment_method")
	}
	behavior := f.str("pause_collection", "behavior")
	if behavior != "" && !slices.Contains([]string{"void", "keep_as_draft", "mark_uncollectible"}, behavior) {
		return nil, invalid("pause_collection[behavior]", "Invalid pause_collection[behavior]: must be one of keep_as_draft, mark_uncollectible, or void")
	}
	resumes, _, err := f.num("pause_collection", "resumes_at")
	if err != nil {
		return nil, err
	}
	items, err := g.readItems(f, s)
	if err != nil {
		return nil, err
	}
	var trialEnd int64
	endNow := f.str("trial_end") == "now"
	if !endNow {
		if trialEnd, _, err = f.num("trial_end"); err != nil {
			return nil, err
		}
		if trialEnd != 0 && trialEnd <= g.now() {
			return nil, invalid("trial_end", "Invalid timestamp: must be in the future.")
		}
	}
	before := g.subObj(s)
	s.Meta, s.Items = meta, items
	if f.sent("description") {
		s.Description = f.str("description")
	}
	if pm != "" {
		s.Method = pm
	}
	if f.sent("pause_collection") {
		s.PauseBehavior, s.PauseResumes = behavior, resumes
	}
	switch {
	case atEndSent && atEnd:
		if !s.CancelAtEnd {
			s.CanceledAt = g.now()
		}
		s.CancelAtEnd, s.CancelAt, s.Reason = true, s.PeriodEnd, "cancellation_requested"
	case atSent:
		s.CancelAtEnd, s.CancelAt, s.CanceledAt, s.Reason = false, at, g.now(), "cancellation_requested"
	case atEndSent || f.sent("cancel_at"):
		s.CancelAtEnd, s.CancelAt, s.CanceledAt, s.Reason, s.Feedback, s.Comment = false, 0, 0, "", "", ""
	}
	if f.sent("cancellation_details") {
		s.Feedback, s.Comment = f.str("cancellation_details", "feedback"), f.str("cancellation_details", "comment")
	}
	if trialEnd != 0 {
		s.Status, s.TrialEnd = "trialing", trialEnd
		if s.TrialStart == 0 {
			s.TrialStart = g.now()
		}
		s.Anchor, s.Periods, s.PeriodEnd, s.WarnedTrial = trialEnd, 0, trialEnd, false
	}
	g.emitChange("customer.subscription.updated", before, g.subObj(s))
	if endNow && s.Status == "trialing" {
		s.TrialEnd, s.Anchor, s.Periods, s.PeriodEnd = g.now(), g.now(), 0, g.now()
		g.renew(s)
		if inv := g.s.Invoices[s.LatestInvoice]; inv != nil && inv.Status == "draft" {
			g.finalize(inv)
			g.collect(inv)
		}
	}
	return g.subObj(s), nil
}

// readItems reads a change of price or quantity; no proration is computed.
func (g *Gateway) readItems(f *form, s *subscription) ([]subItem, *apiError) {
	items := slices.Clone(s.Items)
	for _, l := range f.list("items") {
		id, price := l.str("id"), l.str("price")
		if price != "" && g.s.Prices[price] == nil {
			return nil, unknown("price", price, l.at("price").name)
		}
		i := slices.IndexFunc(items, func(x subItem) bool { return x.ID == id })
		if id != "" && i < 0 {
			return nil, unknown("subscription item", id, l.at("id").name)
		}
		if id == "" {
			items = append(items, subItem{ID: newID("si_", 14), Price: price, Quantity: 1})
			i = len(items) - 1
		}
		if price != "" {
			items[i].Price = price
		}
		if n, ok, err := l.num("quantity"); err != nil {
			return nil, err
		} else if ok {
			items[i].Quantity = n
		}
	}
	return items, nil
}

func cancelSub(c *call) (any, *apiError) {
	f, g := c.f, c.g
	s := g.s.Subs[c.id]
	if s == nil || s.ended() {
		return nil, absent("subscription", c.id)
	}
	if err := f.only("invoice_now", "prorate", "cancellation_details"); err != nil {
		return nil, err
	}
	defer g.under(s.Clock)()
	s.Feedback, s.Comment = f.str("cancellation_details", "feedback"), f.str("cancellation_details", "comment")
	g.endSub(s, "cancellation_requested")
	return g.subObj(s), nil
}

func resumeSub(c *call) (any, *apiError) {
	s := c.g.s.Subs[c.id]
	if s == nil {
		return nil, absent("subscription", c.id)
	}
	if err := c.f.only("billing_cycle_anchor", "proration_behavior", "proration_date"); err != nil {
		return nil, err
	}
	if s.Status != "paused" {
		return nil, invalid("", "Only paused subscriptions can be resumed; this one is %s.", s.Status)
	}
	defer c.g.under(s.Clock)()
	c.g.resumeSub(s)
	return c.g.subObj(s), nil
}

func (g *Gateway) subObj(s *subscription) obj {
	items := []any{}
	var plan any
	var quantity any
	for _, i := range s.Items {
		p := g.s.Prices[i.Price]
		if p == nil {
			continue
		}
		items = append(items, obj{
			"id": i.ID, "object": "subscription_item",
			"billing_thresholds":   nil,
			"created":              s.Created,
			"current_period_end":   s.PeriodEnd,
			"current_period_start": s.PeriodStart,
			"discounts":            []any{},
			"metadata":             obj{},
			"plan":                 g.planObj(p),
			"price":                g.priceObj(p),
			"quantity":             i.Quantity,
			"subscription":         s.ID,
			"tax_rates":            []any{},
		})
		plan, quantity = g.planObj(p), i.Quantity
	}
	if len(s.Items) != 1 {
		plan, quantity = nil, nil
	}
	var pause, off any
	if s.PauseBehavior != "" {
		pause = obj{"behavior": s.PauseBehavior, "resumes_at": number(s.PauseResumes)}
	}
	offs := []any{}
	if d := s.Discount; d != nil {
		off, offs = g.discountObj(d, s.Customer, s.ID), []any{d.ID}
	}
	return obj{
		"id": s.ID, "object": "subscription",
		"application":                       nil,
		"application_fee_percent":           nil,
		"automatic_tax":                     obj{"disabled_reason": nil, "enabled": false, "liability": nil},
		"billing_cycle_anchor":              s.Anchor,
		"billing_cycle_anchor_config":       nil,
		"billing_mode":                      obj{"flexible": nil, "type": "classic"},
		"billing_thresholds":                nil,
		"cancel_at":                         number(s.CancelAt),
		"cancel_at_period_end":              s.CancelAtEnd,
		"canceled_at":                       number(s.CanceledAt),
		"cancellation_details":              obj{"comment": text(s.Comment), "feedback": text(s.Feedback), "reason": text(s.Reason)},
		"collection_method":                 "charge_automatically",
		"created":                           s.Created,
		"currency":                          s.Currency,
		"current_period_end":                s.PeriodEnd,
		"current_period_start":              s.PeriodStart,
		"customer":                          s.Customer,
		"customer_account":                  nil,
		"days_until_due":                    nil,
		"default_payment_method":            text(s.Method),
		"default_source":                    nil,
		"default_tax_rates":                 []any{},
		"description":                       text(s.Description),
		"discount":                          off,
		"discounts":                         offs,
		"ended_at":                          number(s.EndedAt),
		"invoice_settings":                  obj{"account_tax_ids": nil, "issuer": obj{"type": "self"}},
		"items":                             obj{"object": "list", "data": items, "has_more": false, "total_count": len(items), "url": "/v1/subscription_items?subscription=" + s.ID},
		"latest_invoice":                    text(s.LatestInvoice),
		"livemode":                          false,
		"metadata":                          metadata(s.Meta),
		"next_pending_invoice_item_invoice": nil,
		"on_behalf_of":                      nil,
		"pause_collection":                  pause,
		"payment_settings":                  paymentSettings(obj{"save_default_payment_method": "off"}),
		"pending_invoice_item_interval":     nil,
		"pending_setup_intent":              nil,
		"pending_update":                    nil,
		"plan":                              plan,
		"quantity":                          quantity,
		"schedule":                          nil,
		"start_date":                        s.Created,
		"status":                            s.Status,
		"test_clock":                        text(s.Clock),
		"transfer_data":                     nil,
		"trial_end":                         number(s.TrialEnd),
		"trial_settings":                    obj{"end_behavior": obj{"missing_payment_method": s.missing()}},
		"trial_start":                       number(s.TrialStart),
	}
}

func (s *subscription) missing() string {
	if s.MissingMethod == "" {
		return "create_invoice"
	}
	return s.MissingMethod
}

func paymentSettings(more obj) obj {
	o := obj{
		"payment_method_options": obj{
			"acss_debit": nil, "bancontact": nil, "card": obj{"network": nil, "request_three_d_secure": "automatic"},
			"customer_balance": nil, "konbini": nil, "sepa_debit": nil, "us_bank_account": nil,
		},
		"payment_method_types": []any{"card"},
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func (g *Gateway) discountObj(d *discount, customer, sub string) any {
	k := g.s.Coupons[d.Coupon]
	if k == nil {
		return nil
	}
	return obj{
		"id": d.ID, "object": "discount",
		"checkout_session":  text(d.Session),
		"coupon":            g.couponObj(k),
		"customer":          text(customer),
		"end":               number(d.End),
		"invoice":           nil,
		"invoice_item":      nil,
		"promotion_code":    text(d.Promo),
		"start":             d.Start,
		"subscription":      text(sub),
		"subscription_item": nil,
	}
}
