package stripegate

var refundRoutes = []route{
	{"POST /v1/refunds", createRefund},
	{"GET /v1/refunds", listRefunds},
	{"GET /v1/refunds/{id}", getRefund},
}

func createRefund(c *call) (any, *apiError) {
	f, g := c.f, c.g
	if err := f.only("charge", "payment_intent", "amount", "reason", "metadata", "reverse_transfer", "refund_application_fee",
		"instructions_email", "currency", "origin", "customer"); err != nil {
		return nil, err
	}
	ch, in := f.str("charge"), f.str("payment_intent")
	switch {
	case ch != "" && in != "":
		return nil, both("charge", "payment_intent")
	case ch == "" && in == "":
		return nil, invalid("", "One of the following params should be provided for this request: payment_intent or charge.").code("parameter_missing")
	case in != "":
		k := g.s.Intents[in]
		if k == nil {
			return nil, unknown("payment_intent", in, "payment_intent")
		}
		if ch = k.Charge; ch == "" {
			return nil, invalid("payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", in)
		}
	}
	x := g.s.Charges[ch]
	if x == nil {
		return nil, unknown("charge", ch, "charge")
	}
	reason, err := f.oneOf("reason", "duplicate", "fraudulent", "requested_by_customer")
	if err != nil {
		return nil, err
	}
	n, ok, err := f.num("amount")
	if err != nil {
		return nil, err
	}
	if !ok {
		n = x.Amount - x.Refunded
	}
	meta, err := f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	r, err := g.refund(x, n, reason, meta)
	if err != nil {
		return nil, err
	}
	return g.refundObj(r), nil
}

// refund gives back a part of a charge. amount_refunded of the charge is the
// sum so far.
func (g *Gateway) refund(x *charge, n int64, reason string, meta map[string]string) (*refund, *apiError) {
	left := x.Amount - x.Refunded
	switch {
	case x.Status != "succeeded":
		return nil, invalid("", "This charge (%s) has not succeeded and cannot be refunded.", x.ID).code("charge_not_refundable")
	case left == 0:
		return nil, invalid("", "Charge %s has already been refunded.", x.ID).code("charge_already_refunded")
	case x.Disputed && g.openCase(x):
		return nil, invalid("", "Charge %s has been charged back; cannot issue a refund.", x.ID).code("charge_disputed")
	case n < 1:
		return nil, invalid("amount", "Invalid positive integer").code("parameter_invalid_integer")
	case n > left:
		return nil, invalid("amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", amount(n, x.Currency), amount(left, x.Currency))
	}
	r := &refund{
		thing: g.fresh("re_3", meta), Amount: n, Currency: x.Currency, Charge: x.ID, Intent: x.Intent, Reason: reason,
		Status: "succeeded", Balance: newID("txn_3", 23),
	}
	if byLast4(g.s.Methods[x.Method]) == "5126" {
		r.FailAt = g.now() + day
	}
	g.s.Refunds[r.ID] = r
	before := g.chargeObj(x)
	x.Refunded += n
	g.emitChange("charge.refunded", before, g.chargeObj(x))
	return r, nil
}

// failRefund takes a refund back that the bank returned.
func (g *Gateway) failRefund(r *refund) {
	r.FailAt = 0
	if r.Status == "failed" {
		return
	}
	before := g.refundObj(r)
	r.Status, r.Failure = "failed", "lost_or_stolen_card"
	if x := g.s.Charges[r.Charge]; x != nil {
		x.Refunded = max(x.Refunded-r.Amount, 0)
	}
	g.emitChange("charge.refund.updated", before, g.refundObj(r))
}

func getRefund(c *call) (any, *apiError) {
	r := c.g.s.Refunds[c.id]
	if r == nil {
		return nil, absent("refund", c.id)
	}
	return c.g.refundObj(r), nil
}

func listRefunds(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("limit", "starting_after", "ending_before", "created", "charge", "payment_intent"); err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Refunds), func(r *refund) bool {
		return sameOr(f.str("charge"), r.Charge) && sameOr(f.str("payment_intent"), r.Intent)
	}), c.g.refundObj)
}

func (g *Gateway) refundObj(r *refund) obj {
	o := obj{
		"id": r.ID, "object": "refund",
		"amount":                   r.Amount,
		"balance_transaction":      text(r.Balance),
		"charge":                   r.Charge,
		"created":                  r.Created,
		"currency":                 r.Currency,
		"destination_details":      obj{"card": obj{"reference": nil, "reference_status": "pending", "type": "refund"}, "type": "card"},
		"metadata":                 metadata(r.Meta),
		"payment_intent":           text(r.Intent),
		"reason":                   text(r.Reason),
		"receipt_number":           nil,
		"source_transfer_reversal": nil,
		"status":                   r.Status,
		"transfer_reversal":        nil,
	}
	if r.Failure != "" {
		o["failure_reason"], o["failure_balance_transaction"] = r.Failure, "txn_"+r.ID[3:]
	}
	return o
}
