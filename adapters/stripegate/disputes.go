package stripegate

import "strings"

var disputeRoutes = []route{
	{"GET /v1/disputes", listDisputes},
	{"GET /v1/disputes/{id}", getDispute},
	{"POST /v1/disputes/{id}", updateDispute},
	{"POST /v1/disputes/{id}/close", closeDispute},
}

// openDispute contests a charge. status begins with warning_ for an inquiry,
// which takes no money.
func (g *Gateway) openDispute(ch *charge, reason, status string) *dispute {
	x := &dispute{
		thing: g.fresh("dp_1", nil), Amount: ch.Amount, Currency: ch.Currency, Charge: ch.ID, Intent: ch.Intent, Status: status,
		Reason: reason, Brand: "visa", Email: ch.Email, Name: ch.Name, DueBy: g.now() + 9*day,
	}
	if m := g.s.Methods[ch.Method]; m != nil && m.Brand != "" {
		x.Brand = m.Brand
	}
	inquiry := strings.HasPrefix(status, "warning_")
	if !inquiry {
		x.Balance = newID("txn_1", 23)
	}
	g.s.Disputes[x.ID] = x
	ch.Disputed, ch.Dispute = true, x.ID
	g.emit("charge.dispute.created", g.disputeObj(x), nil)
	if !inquiry {
		g.emit("charge.dispute.funds_withdrawn", g.disputeObj(x), nil)
	}
	return x
}

func (x *dispute) closed() bool {
	return x.Status == "won" || x.Status == "lost" || x.Status == "warning_closed"
}

// openCase reports whether a charge's dispute is undecided or lost.
func (g *Gateway) openCase(ch *charge) bool {
	x := g.s.Disputes[ch.Dispute]
	return x != nil && x.Status != "won" && x.Status != "warning_closed"
}

// decide closes a dispute: won, lost, or warning_closed for an inquiry.
func (g *Gateway) decide(x *dispute, status string) {
	if x.closed() {
		return
	}
	before := g.disputeObj(x)
	x.Status = status
	g.emitChange("charge.dispute.closed", before, g.disputeObj(x))
	if status == "won" {
		g.emit("charge.dispute.funds_reinstated", g.disputeObj(x), nil)
	}
}

// escalate turns an inquiry into a real dispute.
func (g *Gateway) escalate(x *dispute) {
	before := g.disputeObj(x)
	x.Status, x.Balance = "needs_response", newID("txn_1", 23)
	g.emitChange("charge.dispute.updated", before, g.disputeObj(x))
	g.emit("charge.dispute.funds_withdrawn", g.disputeObj(x), nil)
}

func getDispute(c *call) (any, *apiError) {
	x := c.g.s.Disputes[c.id]
	if x == nil {
		return nil, absent("dispute", c.id)
	}
	return c.g.disputeObj(x), nil
}

func listDisputes(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("limit", "starting_after", "ending_before", "created", "charge", "payment_intent"); err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Disputes), func(x *dispute) bool {
		return sameOr(f.str("charge"), x.Charge) && sameOr(f.str("payment_intent"), x.Intent)
	}), c.g.disputeObj)
}

// updateDispute takes evidence; the words winning_evidence and losing_evidence
// decide, as in Stripe's test mode.
func updateDispute(c *call) (any, *apiError) {
	x := c.g.s.Disputes[c.id]
	if x == nil {
		return nil, absent("dispute", c.id)
	}
	if err := c.f.only("evidence", "metadata", "submit"); err != nil {
		return nil, err
	}
	if x.closed() {
		return nil, invalid("", "This dispute is already closed.")
	}
	switch c.f.str("evidence", "uncategorized_text") {
	case "winning_evidence":
		c.g.decide(x, "won")
	case "losing_evidence":
		c.g.decide(x, "lost")
	}
	return c.g.disputeObj(x), nil
}

func closeDispute(c *call) (any, *apiError) {
	x := c.g.s.Disputes[c.id]
	if x == nil {
		return nil, absent("dispute", c.id)
	}
	if x.closed() {
		return nil, invalid("", "This dispute is already closed.")
	}
	c.g.decide(x, "lost")
	return c.g.disputeObj(x), nil
}

var evidence = []string{
	"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
	"customer_communication", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
	"duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
	"refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
	"shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
}

func (g *Gateway) disputeObj(x *dispute) obj {
	ev := obj{"customer_email_address": text(x.Email), "customer_name": text(x.Name), "customer_purchase_ip": "203.0.113.10"}
	for _, k := range evidence {
		ev[k] = nil
	}
	moves := []any{}
	if x.Balance != "" {
		moves = append(moves, obj{
			"id": x.Balance, "object": "balance_transaction",
			"amount": -x.Amount, "available_on": x.Created, "created": x.Created, "currency": x.Currency,
			"description": "Chargeback withdrawal for " + x.Charge, "exchange_rate": nil, "fee": 1500,
			"fee_details": []any{obj{"amount": 1500, "application": nil, "currency": x.Currency, "description": "Dispute fee", "type": "stripe_fee"}},
			"net":         -x.Amount - 1500, "reporting_category": "dispute", "source": x.ID, "status": "available", "type": "adjustment",
		})
	}
	return obj{
		"id": x.ID, "object": "dispute",
		"amount":               x.Amount,
		"balance_transaction":  text(x.Balance),
		"balance_transactions": moves,
		"charge":               x.Charge,
		"created":              x.Created,
		"currency":             x.Currency,
		"evidence":             ev,
		"evidence_details":     obj{"due_by": x.DueBy, "has_evidence": false, "past_due": false, "submission_count": 0},
		"is_charge_refundable": strings.HasPrefix(x.Status, "warning_"),
		"livemode":             false,
		"metadata":             metadata(x.Meta),
		"network_reason_code":  "10.4",
		"payment_intent":       text(x.Intent),
		"payment_method_details": obj{
			"card": obj{"brand": x.Brand, "network_reason_code": "10.4"}, "type": "card",
		},
		"reason": x.Reason,
		"status": x.Status,
	}
}
