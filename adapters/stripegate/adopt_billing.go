package stripegate

import "encoding/json"

type priceWire struct {
	ID, Currency, Interval, Nickname, Object string
	LookupKey                                string `json:"lookup_key"`
	Product                                  ref
	UnitAmount                               int64 `json:"unit_amount"`
	Amount                                   int64 // of a plan
	Created                                  int64
	Recurring                                *struct {
		Interval      string
		IntervalCount int64 `json:"interval_count"`
	}
}

// knowPrice makes sure that a foreign price and its product exist.
func (g *Gateway) knowPrice(w *priceWire, name string) string {
	if w == nil || w.ID == "" {
		return ""
	}
	if g.s.Prices[w.ID] != nil {
		return w.ID
	}
	x := &price{thing: g.adopted(w.ID, w.Created, nil), Product: string(w.Product), Currency: w.Currency, Nickname: w.Nickname, Amount: w.UnitAmount, Count: 1, Active: true}
	if r := w.Recurring; r != nil {
		x.Interval, x.Count = r.Interval, max(r.IntervalCount, 1)
	}
	if w.Object == "plan" {
		x.Amount, x.Interval = w.Amount, w.Interval
	}
	if g.claimKey(w.LookupKey, "", false) == nil { // one of ours may hold it
		x.LookupKey = w.LookupKey
	}
	if x.Product == "" {
		x.Product = newID("prod_", 14)
	}
	if g.s.Products[x.Product] == nil {
		if name == "" {
			name = "Membership"
		}
		g.s.Products[x.Product] = &product{thing: g.adopted(x.Product, w.Created, nil), Name: name, Active: true}
	}
	g.s.Prices[w.ID] = x
	return w.ID
}

type subWire struct {
	ID, Status, Currency, Description string
	Created                           int64
	Customer                          ref
	Start                             int64 `json:"current_period_start"`
	End                               int64 `json:"current_period_end"`
	Anchor                            int64 `json:"billing_cycle_anchor"`
	CancelAtEnd                       bool  `json:"cancel_at_period_end"`
	CancelAt                          int64 `json:"cancel_at"`
	CanceledAt                        int64 `json:"canceled_at"`
	EndedAt                           int64 `json:"ended_at"`
	TrialStart                        int64 `json:"trial_start"`
	TrialEnd                          int64 `json:"trial_end"`
	Method                            ref   `json:"default_payment_method"`
	LatestInvoice                     ref   `json:"latest_invoice"`
	Metadata                          map[string]string
	Cancellation                      struct{ Reason, Feedback, Comment string } `json:"cancellation_details"`
	Items                             struct {
		Data []struct {
			ID       string
			Price    *priceWire
			Plan     *priceWire
			Quantity int64
			Start    int64 `json:"current_period_start"`
			End      int64 `json:"current_period_end"`
		}
	}
}

// adoptSub takes in a foreign subscription, or what is newer of one: an ended
// one stays ended, incomplete replaces nothing, an older period no newer one.
func (g *Gateway) adoptSub(raw []byte) error {
	var w subWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	for _, i := range w.Items.Data {
		w.Start, w.End = max(w.Start, i.Start), max(w.End, i.End)
	}
	s := g.s.Subs[w.ID]
	switch {
	case s == nil:
		s = &subscription{thing: g.adopted(w.ID, w.Created, nil)}
		g.s.Subs[w.ID] = s
	case !s.Adopted, s.ended(), w.Status == "incomplete", w.End < s.PeriodEnd && w.EndedAt == 0:
		return nil
	}
	g.knowCustomer(string(w.Customer), "", "")
	s.Customer, s.Status, s.Currency, s.Description, s.Meta = string(w.Customer), w.Status, w.Currency, w.Description, w.Metadata
	s.PeriodStart, s.PeriodEnd = w.Start, w.End
	s.CancelAtEnd, s.CancelAt, s.CanceledAt, s.EndedAt = w.CancelAtEnd, w.CancelAt, w.CanceledAt, w.EndedAt
	s.Reason, s.Feedback, s.Comment = w.Cancellation.Reason, w.Cancellation.Feedback, w.Cancellation.Comment
	s.TrialStart, s.TrialEnd, s.LatestInvoice = w.TrialStart, w.TrialEnd, string(w.LatestInvoice)
	s.Items = nil
	for _, i := range w.Items.Data {
		p := i.Price
		if p == nil {
			p = i.Plan
		}
		if id := g.knowPrice(p, ""); id != "" {
			s.Items = append(s.Items, subItem{ID: i.ID, Price: id, Quantity: max(i.Quantity, 1)})
		}
	}
	if w.Status != "incomplete" {
		s.Method = g.knowMethod(string(w.Method), s.Customer, "", "").ID
	}
	s.Dormant = s.PeriodEnd <= g.now()
	// The anchor counts only where whole periods from it end with this one.
	s.Anchor, s.Periods = w.End, 0
	if word, count := g.interval(s); w.Anchor > 0 && !s.Dormant {
		for n := int64(0); n < 1200; n++ {
			end := addPeriods(w.Anchor, word, n*count)
			if end == w.End {
				s.Anchor, s.Periods = w.Anchor, n
			}
			if end >= w.End {
				break
			}
		}
	}
	return nil
}

type invoiceWire struct {
	ID, Status, Currency, Number string
	Created, Subtotal, Total     int64
	Reason                       string `json:"billing_reason"`
	Paid                         int64  `json:"amount_paid"`
	Attempts                     int64  `json:"attempt_count"`
	Email                        string `json:"customer_email"`
	Name                         string `json:"customer_name"`
	PeriodStart                  int64  `json:"period_start"`
	PeriodEnd                    int64  `json:"period_end"`
	Customer, Subscription       ref
	Charge                       ref
	PaymentIntent                ref `json:"payment_intent"`
	Details                      struct {
		Metadata map[string]string
	} `json:"subscription_details"`
	Parent *struct {
		Details struct {
			Subscription ref
			Metadata     map[string]string
		} `json:"subscription_details"`
	}
	Times struct {
		Finalized int64 `json:"finalized_at"`
		Paid      int64 `json:"paid_at"`
	} `json:"status_transitions"`
	Lines struct {
		Data []struct {
			ID, Description  string
			Amount, Quantity int64
			Item             ref `json:"subscription_item"`
			Price            *priceWire
			Pricing          *struct {
				Details struct{ Price, Product ref } `json:"price_details"`
			}
			Parent *struct {
				Details struct {
					Item ref `json:"subscription_item"`
				} `json:"subscription_item_details"`
			}
			Period struct{ Start, End int64 }
		}
	}
}

func (g *Gateway) adoptInvoice(raw []byte) error {
	var w invoiceWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	x := g.s.Invoices[w.ID]
	switch {
	case x == nil:
		x = &invoice{thing: g.adopted(w.ID, w.Created, nil)}
		g.s.Invoices[w.ID] = x
	case !x.Adopted, x.Status == "paid":
		return nil
	}
	sub, meta := string(w.Subscription), w.Details.Metadata
	if w.Parent != nil {
		sub, meta = string(w.Parent.Details.Subscription), w.Parent.Details.Metadata
	}
	g.knowCustomer(string(w.Customer), w.Email, w.Name)
	x.Customer, x.Subscription, x.Status, x.Reason, x.Currency, x.Number = string(w.Customer), sub, w.Status, w.Reason, w.Currency, w.Number
	x.Subtotal, x.Off, x.Paid, x.Attempts, x.SubMeta = w.Subtotal, w.Subtotal-w.Total, w.Paid, w.Attempts, meta
	x.PeriodStart, x.PeriodEnd, x.FinalizedAt, x.PaidAt = w.PeriodStart, w.PeriodEnd, w.Times.Finalized, w.Times.Paid
	x.Intent, x.Charge = string(w.PaymentIntent), string(w.Charge)
	x.Lines = nil
	for _, l := range w.Lines.Data {
		line := invoiceLine{ID: l.ID, Description: l.Description, Amount: l.Amount, Quantity: l.Quantity, Item: string(l.Item), Start: l.Period.Start, End: l.Period.End}
		if l.Parent != nil {
			line.Item = string(l.Parent.Details.Item)
		}
		if l.Price != nil {
			line.Price = g.knowPrice(l.Price, "")
		} else if l.Pricing != nil {
			line.Price = string(l.Pricing.Details.Price)
		}
		x.Lines = append(x.Lines, line)
	}
	if x.Status == "paid" && x.Intent != "" {
		g.knowPayment(x.Intent, x.Charge, payment{
			amount: w.Paid, currency: w.Currency, customer: x.Customer, email: w.Email, name: w.Name, inv: x.ID, created: w.Created,
		})
	}
	return nil
}

// adoptInvoicePayment ties a foreign invoice to its payment intent, as the
// newer layout tells it.
func (g *Gateway) adoptInvoicePayment(raw []byte) error {
	var w struct {
		Created  int64
		Currency string
		Invoice  ref
		Paid     int64 `json:"amount_paid"`
		Payment  struct {
			Intent ref `json:"payment_intent"`
		}
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if w.Payment.Intent == "" {
		return nil
	}
	p := payment{amount: w.Paid, currency: w.Currency, inv: string(w.Invoice), created: w.Created}
	if x := g.s.Invoices[string(w.Invoice)]; x != nil {
		if !x.Adopted {
			return nil
		}
		x.Intent, p.customer = string(w.Payment.Intent), x.Customer
	}
	if k := g.s.Customers[p.customer]; k != nil {
		p.email, p.name = k.Email, k.Name
	}
	g.knowPayment(string(w.Payment.Intent), "", p)
	return nil
}
