package stripegate

var intentRoutes = []route{
	{"GET /v1/payment_intents", listIntents},
	{"GET /v1/payment_intents/{id}", getIntent},
}

var chargeRoutes = []route{
	{"GET /v1/charges", listCharges},
	{"GET /v1/charges/{id}", getCharge},
}

func getIntent(c *call) (any, *apiError) {
	x := c.g.s.Intents[c.id]
	if x == nil {
		return nil, absent("payment_intent", c.id)
	}
	return c.g.intentObj(x), nil
}

func listIntents(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "customer"); err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Intents), func(x *intent) bool { return sameOr(c.f.str("customer"), x.Customer) }), c.g.intentObj)
}

func getCharge(c *call) (any, *apiError) {
	x := c.g.s.Charges[c.id]
	if x == nil {
		return nil, absent("charge", c.id)
	}
	return c.g.chargeObj(x), nil
}

func listCharges(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "customer", "payment_intent", "transfer_group"); err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Charges), func(x *charge) bool {
		return sameOr(c.f.str("customer"), x.Customer) && sameOr(c.f.str("payment_intent"), x.Intent)
	}), c.g.chargeObj)
}

func (g *Gateway) newIntent(amount int64, currency, customer string, meta map[string]string) *intent {
	x := &intent{
		thing: g.fresh("pi_3", meta), Amount: amount, Currency: currency, Customer: customer,
		Status: "requires_payment_method",
	}
	x.Secret = x.ID + "_secret_" + newID("", 25)
	g.s.Intents[x.ID] = x
	return x
}

func (g *Gateway) newCharge(in *intent, m *method) *charge {
	x := &charge{
		thing: g.fresh("ch_3", in.Meta), Amount: in.Amount, Currency: in.Currency, Customer: in.Customer, Intent: in.ID,
		Invoice: in.Invoice, Description: in.Description, Email: in.Email,
	}
	if m != nil {
		x.Method, x.Name = m.ID, m.Name
		if x.Email == "" {
			x.Email = m.Email
		}
		if m.Kind != "card" {
			x.ID = "py" + x.ID[2:]
		}
		in.Method = m.ID
	}
	in.Charge = x.ID
	g.s.Charges[x.ID] = x
	return x
}

// chargeIntent takes the money of an intent; a bank debit only begins.
func (g *Gateway) chargeIntent(in *intent, m *method, later bool) *charge {
	in.ErrCode, in.ErrDecline, in.ErrMessage = "", "", ""
	ch := g.newCharge(in, m)
	if later {
		in.Status, ch.Status = "processing", "pending"
		g.emit("payment_intent.processing", g.intentObj(in), nil)
		g.emit("charge.pending", g.chargeObj(ch), nil)
		return ch
	}
	in.Status, ch.Status, ch.Balance = "succeeded", "succeeded", newID("txn_3", 23)
	g.emit("payment_intent.succeeded", g.intentObj(in), nil)
	g.emit("charge.succeeded", g.chargeObj(ch), nil)
	return ch
}

// settleCharge ends a bank debit; why is nil when the money came.
func (g *Gateway) settleCharge(in *intent, why *apiError) {
	ch := g.s.Charges[in.Charge]
	if why == nil {
		in.Status = "succeeded"
		if ch != nil {
			ch.Status, ch.Balance = "succeeded", newID("txn_3", 23)
		}
		g.emit("payment_intent.succeeded", g.intentObj(in), nil)
		if ch != nil {
			g.emit("charge.succeeded", g.chargeObj(ch), nil)
		}
		return
	}
	in.Status, in.ErrCode, in.ErrDecline, in.ErrMessage = "requires_payment_method", why.Code, why.Decline, why.Message
	if ch != nil {
		ch.Status, ch.FailCode, ch.FailDecline, ch.FailMessage = "failed", why.Code, why.Decline, why.Message
		g.emit("charge.failed", g.chargeObj(ch), nil)
	}
	g.emit("payment_intent.payment_failed", g.intentObj(in), nil)
}

// failIntent writes down a refused attempt.
func (g *Gateway) failIntent(in *intent, m *method, why *apiError) *charge {
	ch := g.newCharge(in, m)
	g.settleCharge(in, why)
	return ch
}

func (g *Gateway) intentObj(x *intent) obj {
	received := int64(0)
	if x.Status == "succeeded" {
		received = x.Amount
	}
	types := []any{"card", "link"}
	if m := g.s.Methods[x.Method]; m != nil && m.Kind != "card" {
		types = []any{m.Kind}
	}
	o := obj{
		"id": x.ID, "object": "payment_intent",
		"amount":                               x.Amount,
		"amount_capturable":                    0,
		"amount_details":                       obj{"tip": obj{}},
		"amount_received":                      received,
		"application":                          nil,
		"application_fee_amount":               nil,
		"automatic_payment_methods":            nil,
		"canceled_at":                          nil,
		"cancellation_reason":                  nil,
		"capture_method":                       "automatic",
		"client_secret":                        x.Secret,
		"confirmation_method":                  "automatic",
		"created":                              x.Created,
		"currency":                             x.Currency,
		"customer":                             text(x.Customer),
		"description":                          text(x.Description),
		"invoice":                              text(x.Invoice),
		"last_payment_error":                   nil,
		"latest_charge":                        text(x.Charge),
		"livemode":                             false,
		"metadata":                             metadata(x.Meta),
		"next_action":                          nil,
		"on_behalf_of":                         nil,
		"payment_method":                       text(x.Method),
		"payment_method_configuration_details": nil,
		"payment_method_options":               obj{"card": obj{"installments": nil, "mandate_options": nil, "network": nil, "request_three_d_secure": "automatic"}},
		"payment_method_types":                 types,
		"processing":                           nil,
		"receipt_email":                        text(x.Email),
		"review":                               nil,
		"setup_future_usage":                   nil,
		"shipping":                             nil,
		"source":                               nil,
		"statement_descriptor":                 nil,
		"statement_descriptor_suffix":          nil,
		"status":                               x.Status,
		"transfer_data":                        nil,
		"transfer_group":                       nil,
	}
	if x.ErrCode != "" {
		o["last_payment_error"] = obj{"type": "card_error", "code": x.ErrCode, "decline_code": text(x.ErrDecline), "message": x.ErrMessage, "charge": text(x.Charge)}
	}
	return o
}

func (g *Gateway) chargeObj(x *charge) obj {
	ok := x.Status == "succeeded"
	captured := int64(0)
	if ok {
		captured = x.Amount
	}
	o := obj{
		"id": x.ID, "object": "charge",
		"amount":                          x.Amount,
		"amount_captured":                 captured,
		"amount_refunded":                 x.Refunded,
		"application":                     nil,
		"application_fee":                 nil,
		"application_fee_amount":          nil,
		"balance_transaction":             text(x.Balance),
		"billing_details":                 obj{"address": address("US", "94107"), "email": text(x.Email), "name": text(x.Name), "phone": nil},
		"calculated_statement_descriptor": "DEMO STUDIO",
		"captured":                        ok,
		"created":                         x.Created,
		"currency":                        x.Currency,
		"customer":                        text(x.Customer),
		"description":                     text(x.Description),
		"disputed":                        x.Disputed,
		"failure_balance_transaction":     nil,
		"failure_code":                    text(x.FailCode),
		"failure_message":                 text(x.FailMessage),
		"fraud_details":                   obj{},
		"invoice":                         text(x.Invoice),
		"livemode":                        false,
		"metadata":                        metadata(x.Meta),
		"on_behalf_of":                    nil,
		"outcome": obj{
			"network_status": "approved_by_network", "reason": nil, "risk_level": "normal", "risk_score": 12,
			"seller_message": "Payment complete.", "type": "authorized",
		},
		"paid":                        ok,
		"payment_intent":              text(x.Intent),
		"payment_method":              text(x.Method),
		"payment_method_details":      nil,
		"receipt_email":               text(x.Email),
		"receipt_number":              nil,
		"receipt_url":                 nil,
		"refunded":                    x.Refunded > 0 && x.Refunded == x.Amount,
		"review":                      nil,
		"shipping":                    nil,
		"source_transfer":             nil,
		"statement_descriptor":        nil,
		"statement_descriptor_suffix": nil,
		"status":                      x.Status,
		"transfer_data":               nil,
		"transfer_group":              nil,
	}
	if ok {
		o["receipt_url"] = g.base + "/gateway/receipts/" + x.ID
	}
	if x.Status == "failed" {
		o["outcome"] = obj{
			"network_status": "declined_by_network", "reason": text(x.FailDecline), "risk_level": "normal", "risk_score": 12,
			"seller_message": "The bank declined the payment.", "type": "issuer_declined",
		}
	}
	if m := g.s.Methods[x.Method]; m != nil {
		o["payment_method_details"] = chargedWith(m, x.Amount)
	}
	return o
}

func chargedWith(m *method, amount int64) obj {
	if m.Kind != "card" {
		return obj{"type": m.Kind, m.Kind: obj{"account_holder_type": "individual", "account_type": "checking", "bank_name": "TEST BANK", "last4": m.Last4, "routing_number": "110000000"}}
	}
	off := obj{"status": "unavailable"}
	return obj{"type": "card", "card": obj{
		"amount_authorized": amount, "brand": m.Brand,
		"checks":    obj{"address_line1_check": nil, "address_postal_code_check": "pass", "cvc_check": "pass"},
		"country":   "US",
		"exp_month": m.ExpMonth, "exp_year": m.ExpYear,
		"extended_authorization":    obj{"status": "disabled"},
		"fingerprint":               "gw" + m.Last4,
		"funding":                   "credit",
		"incremental_authorization": off,
		"installments":              nil,
		"last4":                     m.Last4,
		"mandate":                   nil,
		"multicapture":              off,
		"network":                   m.Brand,
		"network_token":             obj{"used": false},
		"overcapture":               obj{"maximum_amount_capturable": amount, "status": "unavailable"},
		"three_d_secure":            nil,
		"wallet":                    nil,
	}}
}
