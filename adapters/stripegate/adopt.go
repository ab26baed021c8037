package stripegate

import (
	"encoding/json"
	"fmt"

	"sselfie/core"
)

// ref is an id that may also be sent as the whole object.
type ref string

func (r *ref) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var o struct{ ID string }
		if err := json.Unmarshal(b, &o); err != nil {
			return err
		}
		*r = ref(o.ID)
		return nil
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s != nil {
		*r = ref(*s)
	}
	return nil
}

// Sent reports whether an event is one of the gateway's own. Only objects of
// other events are to be adopted: an echo of ours may be older than what
// happened since.
func (g *Gateway) Sent(eventID string) (is bool) {
	g.view(func() { is = g.oneEvent(eventID) != nil })
	return is
}

// Adopt takes in an object that an event of somebody else names, so that
// portal, renewal, upgrade and refund work on it. kind is the object's type
// ("customer", "checkout.session", "subscription", "invoice", "invoice_payment",
// "charge", "payment_intent", "dispute", "refund"); "" reads it from the object.
// Both field layouts are understood. Objects that the gateway made itself, and
// kinds that it has no use for, are left alone; nothing is emitted.
//
// An adopted subscription renews when the business clock passes the end of its
// period, unless that had passed already when it was adopted.
func (g *Gateway) Adopt(kind string, object []byte) error {
	return g.change(func() error { return g.adopt(kind, object) })
}

// AdoptAll is Adopt for many objects, in order, kept once.
func (g *Gateway) AdoptAll(objects [][]byte) error {
	return g.change(func() error {
		for _, object := range objects {
			if err := g.adopt("", object); err != nil {
				return err
			}
		}
		return nil
	})
}

func (g *Gateway) adopt(kind string, object []byte) error {
	var head struct{ ID, Object string }
	if err := json.Unmarshal(object, &head); err != nil {
		return &core.Error{Code: core.Invalid, Op: "stripegate.Adopt", Message: "the object is not JSON", Err: err}
	}
	if kind == "" {
		kind = head.Object
	}
	adopt := map[string]func([]byte) error{
		"customer": g.adoptCustomer, "checkout.session": g.adoptSession, "subscription": g.adoptSub, "invoice": g.adoptInvoice,
		"invoice_payment": g.adoptInvoicePayment, "charge": g.adoptCharge, "payment_intent": g.adoptIntent,
		"dispute": g.adoptDispute, "refund": g.adoptRefund,
	}[kind]
	if adopt == nil || head.ID == "" {
		return nil
	}
	if err := adopt(object); err != nil {
		return &core.Error{Code: core.Invalid, Op: "stripegate.Adopt", Message: fmt.Sprintf("the %s could not be adopted", kind), Err: err}
	}
	return nil
}

// adopted is the head of a foreign object.
func (g *Gateway) adopted(id string, created int64, meta map[string]string) thing {
	t := g.fresh("", meta)
	t.ID, t.Adopted = id, true
	if created != 0 {
		t.Created = created
	}
	return t
}

// knowCustomer makes sure that a customer exists, with what is known of them.
func (g *Gateway) knowCustomer(id, email, name string) *customer {
	if id == "" {
		return nil
	}
	k := g.s.Customers[id]
	if k == nil {
		k = &customer{thing: g.adopted(id, 0, nil), Country: "US", Prefix: newID("", 8)}
		g.s.Customers[id] = k
	}
	if k.Adopted {
		if email != "" {
			k.Email = email
		}
		if name != "" {
			k.Name = name
		}
	}
	return k
}

// knowMethod gives a foreign customer a card that works.
func (g *Gateway) knowMethod(id, customer, brand, last4 string) *method {
	if m := g.s.Methods[id]; m != nil {
		return m
	}
	if id == "" {
		id = newID("pm_1", 23)
	}
	if last4 == "" {
		brand, last4 = "visa", "4242"
	}
	m := &method{thing: g.adopted(id, 0, nil), Customer: customer, Kind: "card", Brand: brand, Last4: last4, ExpMonth: 12, ExpYear: 2034}
	g.s.Methods[id] = m
	if k := g.s.Customers[customer]; k != nil && k.Method == "" {
		k.Method = id
	}
	return m
}

type customerWire struct {
	ID, Email, Name string
	Created         int64
	Deleted         bool
	Metadata        map[string]string
}

func (g *Gateway) adoptCustomer(raw []byte) error {
	var w customerWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	k := g.knowCustomer(w.ID, w.Email, w.Name)
	if k.Adopted {
		k.Deleted = k.Deleted || w.Deleted
		if w.Metadata != nil {
			k.Meta = w.Metadata
		}
		if w.Created != 0 {
			k.Created = w.Created
		}
	}
	return nil
}

type sessionWire struct {
	ID, Mode, Currency     string
	PaymentStatus          string `json:"payment_status"`
	Created                int64
	AmountTotal            int64 `json:"amount_total"`
	Customer, Subscription ref
	Invoice                ref
	PaymentIntent          ref `json:"payment_intent"`
	Metadata               map[string]string
	CustomerDetails        struct{ Email, Name string } `json:"customer_details"`
}

// adoptSession takes from a foreign checkout what it made: customer, payment
// intent and charge. The session itself is over and not kept.
func (g *Gateway) adoptSession(raw []byte) error {
	var w sessionWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if g.s.Sessions[w.ID] != nil {
		return nil
	}
	g.knowCustomer(string(w.Customer), w.CustomerDetails.Email, w.CustomerDetails.Name)
	if w.PaymentIntent != "" && w.PaymentStatus == "paid" {
		g.knowPayment(string(w.PaymentIntent), "", payment{
			amount: w.AmountTotal, currency: w.Currency, customer: string(w.Customer), email: w.CustomerDetails.Email,
			name: w.CustomerDetails.Name, created: w.Created, meta: w.Metadata,
		})
	}
	return nil
}

type payment struct {
	amount                               int64
	currency, customer, email, name, inv string
	created                              int64
	meta                                 map[string]string
}

// knowPayment makes sure that a paid payment intent and its charge exist; where
// the charge's id is not known yet one is made up until its event comes.
func (g *Gateway) knowPayment(intentID, chargeID string, p payment) {
	in := g.s.Intents[intentID]
	if in == nil && intentID != "" {
		in = &intent{
			thing: g.adopted(intentID, p.created, p.meta), Amount: p.amount, Currency: p.currency, Customer: p.customer,
			Status: "succeeded", Email: p.email, Invoice: p.inv,
		}
		g.s.Intents[intentID] = in
	}
	if in != nil && chargeID == "" {
		chargeID = in.Charge
		if chargeID == "" {
			chargeID = newID("ch_3", 23)
		}
	}
	if g.s.Charges[chargeID] == nil && chargeID != "" {
		m := g.knowMethod("", p.customer, "", "")
		g.s.Charges[chargeID] = &charge{
			thing: g.adopted(chargeID, p.created, p.meta), Amount: p.amount, Currency: p.currency, Customer: p.customer, Intent: intentID,
			Invoice: p.inv, Status: "succeeded", Email: p.email, Name: p.name, Method: m.ID, Balance: newID("txn_3", 23),
		}
	}
	if in != nil && in.Adopted {
		in.Status = "succeeded"
		if old := g.s.Charges[in.Charge]; old != nil && old.ID != chargeID && old.Adopted && old.Refunded == 0 {
			delete(g.s.Charges, old.ID) // made up before
		}
		in.Charge = chargeID
		if p.inv != "" {
			in.Invoice = p.inv
		}
	}
}

type chargeWire struct {
	ID, Currency, Status, Description string
	Created, Amount                   int64
	AmountRefunded                    int64 `json:"amount_refunded"`
	Customer, Invoice                 ref
	PaymentIntent                     ref `json:"payment_intent"`
	PaymentMethod                     ref `json:"payment_method"`
	Disputed                          bool
	Metadata                          map[string]string
	ReceiptEmail                      string                       `json:"receipt_email"`
	Billing                           struct{ Email, Name string } `json:"billing_details"`
	Details                           struct {
		Card struct{ Brand, Last4 string }
	} `json:"payment_method_details"`
}

func (g *Gateway) adoptCharge(raw []byte) error {
	var w chargeWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	x := g.s.Charges[w.ID]
	if x != nil && !x.Adopted {
		return nil
	}
	g.knowCustomer(string(w.Customer), w.Billing.Email, w.Billing.Name)
	if x == nil {
		if w.Status == "" || w.Status == "succeeded" {
			g.knowPayment(string(w.PaymentIntent), w.ID, payment{
				amount: w.Amount, currency: w.Currency, customer: string(w.Customer), email: w.Billing.Email, name: w.Billing.Name,
				inv: string(w.Invoice), created: w.Created, meta: w.Metadata,
			})
			x = g.s.Charges[w.ID]
		} else {
			x = &charge{thing: g.adopted(w.ID, w.Created, w.Metadata), Amount: w.Amount, Currency: w.Currency, Customer: string(w.Customer), Intent: string(w.PaymentIntent), Status: w.Status}
			g.s.Charges[w.ID] = x
		}
	}
	x.Refunded = max(x.Refunded, w.AmountRefunded)
	x.Disputed = x.Disputed || w.Disputed
	x.Meta, x.Description = w.Metadata, w.Description
	if w.PaymentMethod != "" {
		x.Method = g.knowMethod(string(w.PaymentMethod), string(w.Customer), w.Details.Card.Brand, w.Details.Card.Last4).ID
	}
	return nil
}

type intentWire struct {
	ID, Currency, Status string
	Created, Amount      int64
	Customer, Invoice    ref
	LatestCharge         ref    `json:"latest_charge"`
	ReceiptEmail         string `json:"receipt_email"`
	Metadata             map[string]string
}

func (g *Gateway) adoptIntent(raw []byte) error {
	var w intentWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if x := g.s.Intents[w.ID]; x != nil && !x.Adopted {
		return nil
	}
	g.knowCustomer(string(w.Customer), w.ReceiptEmail, "")
	if w.Status == "succeeded" {
		g.knowPayment(w.ID, string(w.LatestCharge), payment{
			amount: w.Amount, currency: w.Currency, customer: string(w.Customer), email: w.ReceiptEmail, inv: string(w.Invoice),
			created: w.Created, meta: w.Metadata,
		})
	}
	return nil
}

type disputeWire struct {
	ID, Currency, Status, Reason string
	Created, Amount              int64
	Charge                       ref
	PaymentIntent                ref `json:"payment_intent"`
}

func (g *Gateway) adoptDispute(raw []byte) error {
	var w disputeWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	x := g.s.Disputes[w.ID]
	if x != nil && !x.Adopted {
		return nil
	}
	if x == nil {
		x = &dispute{
			thing: g.adopted(w.ID, w.Created, nil), Amount: w.Amount, Currency: w.Currency, Charge: string(w.Charge),
			Intent: string(w.PaymentIntent), Reason: w.Reason, Brand: "visa", Balance: newID("txn_1", 23), DueBy: w.Created + 9*day,
		}
		g.s.Disputes[w.ID] = x
	}
	if !x.closed() {
		x.Status = w.Status
	}
	if ch := g.s.Charges[x.Charge]; ch != nil {
		ch.Disputed, ch.Dispute = true, x.ID
	}
	return nil
}

type refundWire struct {
	ID, Currency, Status, Reason string
	Created, Amount              int64
	Charge                       ref
	PaymentIntent                ref `json:"payment_intent"`
}

func (g *Gateway) adoptRefund(raw []byte) error {
	var w refundWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	x := g.s.Refunds[w.ID]
	if x != nil && !x.Adopted {
		return nil
	}
	g.s.Refunds[w.ID] = &refund{
		thing: g.adopted(w.ID, w.Created, nil), Amount: w.Amount, Currency: w.Currency, Charge: string(w.Charge),
		Intent: string(w.PaymentIntent), Reason: w.Reason, Status: w.Status,
	}
	return nil
}
