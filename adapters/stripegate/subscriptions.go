package stripegate

import "time"

// under lets a customer's test clock say what time it is, until the returned
// function is called.
func (g *Gateway) under(clock string) func() {
	k := g.s.Clocks[clock]
	if k == nil {
		return func() {}
	}
	was := g.at
	g.at = k.Frozen
	return func() { g.at = was }
}

func (s *subscription) ended() bool {
	return s.Status == "canceled" || s.Status == "incomplete_expired"
}

// addPeriods returns anchor plus n intervals; a month that is too short for the
// anchor's day ends on its last.
func addPeriods(anchor int64, interval string, n int64) int64 {
	t := time.Unix(anchor, 0).UTC()
	switch interval {
	case "day":
		return anchor + n*day
	case "week":
		return anchor + 7*n*day
	case "year":
		n *= 12
	}
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1).Unix()
}

// interval is how often a subscription renews: that of its first item.
func (g *Gateway) interval(s *subscription) (string, int64) {
	if len(s.Items) > 0 {
		if p := g.s.Prices[s.Items[0].Price]; p != nil && p.Interval != "" {
			return p.Interval, max(p.Count, 1)
		}
	}
	return "month", 1
}

func (g *Gateway) periodEnd(s *subscription, n int64) int64 {
	word, count := g.interval(s)
	return addPeriods(s.Anchor, word, n*count)
}

// startSub makes the subscription of a session with its first invoice, paid by
// m at once; a bank debit leaves the invoice open. It returns what was charged.
func (g *Gateway) startSub(x *session, m *method) *charge {
	now := g.now()
	s := &subscription{
		thing: g.fresh("sub_1", x.SubMeta), Customer: x.Customer, Currency: x.Currency, Description: x.SubDescription,
		Status: "incomplete", Anchor: now, PeriodStart: now, Periods: 1, MissingMethod: x.MissingMethod,
	}
	if k := g.s.Customers[x.Customer]; k != nil {
		s.Clock = k.Clock
	}
	var once []lineItem
	for _, l := range x.Lines {
		if g.s.Prices[l.Price].Interval == "" {
			once = append(once, l)
			continue
		}
		s.Items = append(s.Items, subItem{ID: newID("si_", 14), Price: l.Price, Quantity: l.Quantity})
	}
	if x.Discount != nil {
		d := *x.Discount
		d.Start = now
		if k := g.s.Coupons[d.Coupon]; k != nil && k.Duration == "repeating" {
			d.End = addPeriods(now, "month", k.Months)
		}
		s.Discount = &d
	}
	g.s.Subs[s.ID] = s
	x.Subscription = s.ID
	s.PeriodEnd = g.periodEnd(s, 1)
	trial := x.trialing()
	if trial {
		s.Status, s.TrialStart, s.TrialEnd = "trialing", now, x.TrialEnd
		if x.TrialDays > 0 {
			s.TrialEnd = now + x.TrialDays*day
		}
		s.Anchor, s.Periods, s.PeriodEnd = s.TrialEnd, 0, s.TrialEnd
	}
	inv := g.newInvoice(s, "subscription_create", once, trial)
	s.LatestInvoice, x.Invoice = inv.ID, inv.ID
	inv.FinalizeAt = 0
	free := inv.total() == 0
	if free && !trial {
		s.Status = "active"
	}
	if free && m != nil {
		s.Method = m.ID
	}
	g.emit("customer.subscription.created", g.subObj(s), nil)
	if s.TrialEnd != 0 && s.TrialEnd-now < 3*day {
		g.warnTrial(s)
	}
	g.emit("invoice.created", g.invoiceObj(inv), nil)
	g.finalize(inv)
	if free {
		g.markPaid(inv, nil)
		return nil
	}
	in := g.sessionIntent(x)
	in.Invoice, in.Customer, in.Description = inv.ID, s.Customer, "Subscription creation"
	inv.Intent, inv.Attempts, inv.FirstAttempt = in.ID, 1, now
	ch := g.chargeIntent(in, m, x.Bank)
	inv.Charge = ch.ID
	if !x.Bank {
		g.markPaid(inv, in)
	}
	before := g.subObj(s)
	s.Method = m.ID
	if !trial {
		s.Status = "active"
	}
	g.emitChange("customer.subscription.updated", before, g.subObj(s))
	return ch
}

// endSub cancels a subscription now and for ever.
func (g *Gateway) endSub(s *subscription, reason string) {
	now := g.now()
	s.Status, s.EndedAt = "canceled", now
	if s.CanceledAt == 0 {
		s.CanceledAt = now
	}
	if reason != "" {
		s.Reason = reason
	}
	for _, i := range g.s.Invoices {
		if i.Subscription == s.ID {
			i.FinalizeAt, i.NextAttempt = 0, 0
		}
	}
	g.emit("customer.subscription.deleted", g.subObj(s), nil)
}

// cancelAtEnd schedules the end of a subscription, or takes that back.
func (g *Gateway) cancelAtEnd(s *subscription, is bool, feedback, comment string) {
	before := g.subObj(s)
	if is {
		if !s.CancelAtEnd {
			s.CanceledAt = g.now()
		}
		s.CancelAtEnd, s.CancelAt, s.Reason = true, s.PeriodEnd, "cancellation_requested"
		s.Feedback, s.Comment = feedback, comment
	} else {
		s.CancelAtEnd, s.CancelAt, s.CanceledAt, s.Reason, s.Feedback, s.Comment = false, 0, 0, "", "", ""
	}
	g.emitChange("customer.subscription.updated", before, g.subObj(s))
}

// warnTrial tells that a trial ends soon.
func (g *Gateway) warnTrial(s *subscription) {
	s.WarnedTrial = true
	g.emit("customer.subscription.trial_will_end", g.subObj(s), nil)
}

// resumeSub takes a paused subscription up again with a new period, paid now.
func (g *Gateway) resumeSub(s *subscription) {
	before := g.subObj(s)
	now := g.now()
	s.Status, s.Anchor, s.Periods, s.PeriodStart = "active", now, 1, now
	s.PeriodEnd = g.periodEnd(s, 1)
	inv := g.newInvoice(s, "subscription_cycle", nil, false)
	inv.FinalizeAt = 0
	s.LatestInvoice = inv.ID
	after := g.subObj(s)
	g.emit("customer.subscription.resumed", after, nil)
	g.emitChange("customer.subscription.updated", before, after)
	g.emit("invoice.created", g.invoiceObj(inv), nil)
	g.finalize(inv)
	g.collect(inv)
}

// pauseSub stops a subscription until it is resumed.
func (g *Gateway) pauseSub(s *subscription) {
	before := g.subObj(s)
	s.Status = "paused"
	after := g.subObj(s)
	g.emit("customer.subscription.paused", after, nil)
	g.emitChange("customer.subscription.updated", before, after)
}
