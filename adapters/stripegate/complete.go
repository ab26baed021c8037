package stripegate

// complete turns a session whose payment is accepted into what it promised. m
// is the payment method, nil where none was needed. A bank debit is accepted
// now and decided later.
func (g *Gateway) complete(x *session, m *method) outcome {
	x.Status, x.Completed = "complete", g.now()
	x.Bank = m != nil && m.Kind != "card"
	g.sessionCustomer(x)
	var pm *method
	if m != nil {
		m.Name, m.Email = x.Name, x.Email
		pm = g.keepMethod(*m, x.Customer)
	}
	g.redeem(x.Discount)
	x.PayStatus = "paid"
	switch {
	case x.Bank:
		x.PayStatus = "unpaid"
		x.SettleAt = g.now() + 3*day
	case x.total() == 0 && x.Collect != "always":
		x.PayStatus = "no_payment_required"
	case x.total() == 0 && x.trialing():
		x.PayStatus = "no_payment_required"
	}
	var ch *charge
	if x.Mode == "payment" {
		if x.total() > 0 {
			ch = g.chargeIntent(g.sessionIntent(x), pm, x.Bank)
		}
	} else {
		ch = g.startSub(x, pm)
	}
	g.emit("checkout.session.completed", g.sessionObj(x), nil)
	if ch != nil {
		g.aftermath(ch)
	}
	return outcome{Status: "complete", Redirect: x.returnTo()}
}

// sessionCustomer finds or makes the customer: subscriptions, free orders and
// customer_creation=always need one, other guests stay guests.
func (g *Gateway) sessionCustomer(x *session) {
	if k := g.s.Customers[x.Customer]; k != nil {
		if k.Email == "" {
			before := g.customerObj(k)
			k.Email = x.Email
			g.emitChange("customer.updated", before, g.customerObj(k))
		}
		return
	}
	if x.Mode == "payment" && x.Creation != "always" && x.total() > 0 {
		return
	}
	k := g.newCustomer(x.Email, x.Name, nil)
	k.Country, k.Postal = "US", "94107"
	x.Customer = k.ID
	if in := g.s.Intents[x.Intent]; in != nil {
		in.Customer = k.ID
	}
	if x.Mode == "payment" {
		x.Creation = "always"
	}
	g.emit("customer.created", g.customerObj(k), nil)
}

// keepMethod stores what is kept of a payment method.
func (g *Gateway) keepMethod(m method, customer string) *method {
	x := m
	x.thing = g.fresh("pm_1", nil)
	x.Customer = customer
	g.s.Methods[x.ID] = &x
	if k := g.s.Customers[customer]; k != nil && k.Method == "" {
		k.Method = x.ID
	}
	return &x
}

// settle decides a bank debit: the money came, or did not.
func (g *Gateway) settle(x *session, came bool) {
	x.SettleAt = 0
	in := g.s.Intents[x.Intent]
	if in == nil || in.Status != "processing" {
		return
	}
	inv := g.s.Invoices[x.Invoice]
	if came {
		g.settleCharge(in, nil)
		x.PayStatus = "paid"
		if inv != nil {
			g.markPaid(inv, in)
		}
		g.emit("checkout.session.async_payment_succeeded", g.sessionObj(x), nil)
		return
	}
	why := declined("payment_intent_payment_attempt_failed", "debit_not_authorized", "", "The bank returned the debit. Nothing was charged.")
	g.settleCharge(in, why)
	if inv != nil {
		g.invoiceFailed(inv, in)
	}
	g.emit("checkout.session.async_payment_failed", g.sessionObj(x), nil)
}

// aftermath is what some test cards bring once they are charged.
func (g *Gateway) aftermath(ch *charge) {
	switch byLast4(g.s.Methods[ch.Method]) {
	case "0259":
		g.openDispute(ch, "fraudulent", "needs_response")
	case "1976":
		g.openDispute(ch, "general", "warning_needs_response")
	}
}
