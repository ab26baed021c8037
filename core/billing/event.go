// Package billing turns what Stripe reports into accounts, credits, rights and
// payment rows, once each, in whatever order the reports come.
//
// The story of a purchase: Start opens a checkout and keeps our side of it under
// a ref. Stripe calls the webhook; the adapter reads the payload into an Event
// in our words; Apply keeps the event and all its effects in one transaction.
// Grants hang on business keys (cs:<session>, inv:<invoice>), so a second event
// about the same thing is boring. Subscriptions are derived from the newest
// snapshot of each, so an older event never revives what has ended. An event
// whose parent has not arrived is parked, and applied in its parent's
// transaction.
package billing

import (
	"time"

	"sselfie/core"
)

// Kind is what an event reports, in our words.
type Kind string

// The kinds of event.
const (
	CheckoutCompleted   Kind = "checkout_completed"
	CheckoutPaid        Kind = "checkout_paid"   // a delayed payment has arrived
	CheckoutFailed      Kind = "checkout_failed" // a delayed payment has not
	CheckoutExpired     Kind = "checkout_expired"
	SubscriptionChanged Kind = "subscription_changed" // created, updated, deleted, paused, resumed
	TrialEnding         Kind = "trial_ending"
	InvoicePaid         Kind = "invoice_paid"
	InvoiceFailed       Kind = "invoice_failed"
	InvoiceNeedsAction  Kind = "invoice_needs_action"
	InvoicePaymentPaid  Kind = "invoice_payment_paid" // links an invoice to its payment in newer layouts
	ChargeRefunded      Kind = "charge_refunded"
	RefundUpdated       Kind = "refund_updated"
	DisputeOpened       Kind = "dispute_opened"
	DisputeClosed       Kind = "dispute_closed"
	Other               Kind = "other"
)

// Event is one report, read at the border. The member that fits Kind is set.
type Event struct {
	ID      core.EventID
	Kind    Kind
	Type    string // Stripe's word, for people and the log
	At      time.Time
	Live    bool
	Mixed   bool   `json:",omitempty"` // the event says another mode than its object
	Account string // set for a connected account, which is never ours

	Session        *Session
	Subscription   *Subscription
	Invoice        *Invoice
	InvoicePayment *InvoicePayment
	Charge         *Charge
	Refund         *Refund
	Dispute        *Dispute
}

// Metadata is what we wrote on a checkout and on what it created.
type Metadata struct {
	Product  core.ProductID `json:"product_type,omitempty"`
	Source   string         `json:"source,omitempty"`
	Campaign string         `json:"campaign,omitempty"`
	Ref      string         `json:"ref,omitempty"`
	Link     string         `json:"link,omitempty"`
	User     core.UserID    `json:"user_id,omitempty"`
}

// Session is a checkout as Stripe reports it. Amounts are in minor units.
type Session struct {
	ID            string
	Subscription  string
	Invoice       string
	PaymentIntent string
	Customer      string
	Email         string // what the buyer typed, or what her wallet reported
	Name          string
	Membership    bool // mode subscription
	Paid          bool // paid, or nothing to pay
	Currency      string
	Subtotal      int64
	Discount      int64
	Tax           int64
	Total         int64
	Meta          Metadata
}

// Subscription is a snapshot of a membership at Stripe.
type Subscription struct {
	ID                string    `json:"id"`
	Customer          string    `json:"customer"`
	Status            string    `json:"status"`
	Items             []Item    `json:"items"`
	PeriodStart       time.Time `json:"period_start,omitzero"`
	PeriodEnd         time.Time `json:"period_end,omitzero"`
	CancelAt          time.Time `json:"cancel_at,omitzero"`
	CancelAtPeriodEnd bool      `json:"cancel_at_period_end,omitempty"`
	TrialEnd          time.Time `json:"trial_end,omitzero"`
	EndedAt           time.Time `json:"ended_at,omitzero"`
	Created           time.Time `json:"created,omitzero"`
	CancelReason      string    `json:"cancel_reason,omitempty"`
	LatestInvoice     string    `json:"latest_invoice,omitempty"`
	Meta              Metadata  `json:"meta"`
}

// Item is one line of a subscription.
type Item struct {
	Price    string `json:"price"`
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
	Quantity int64  `json:"quantity"`
}

// Invoice is a membership's bill.
type Invoice struct {
	ID            string    `json:"id"`
	Number        string    `json:"number,omitempty"`
	Subscription  string    `json:"subscription,omitempty"`
	Customer      string    `json:"customer,omitempty"`
	Email         string    `json:"-"`
	PaymentIntent string    `json:"payment_intent,omitempty"`
	Charge        string    `json:"charge,omitempty"`
	Reason        string    `json:"reason"` // Stripe's billing_reason
	Paid          bool      `json:"paid"`
	Currency      string    `json:"currency"`
	Subtotal      int64     `json:"subtotal"`
	Discount      int64     `json:"discount,omitempty"`
	Tax           int64     `json:"tax,omitempty"`
	Total         int64     `json:"total"`
	AmountPaid    int64     `json:"amount_paid"`
	AmountDue     int64     `json:"amount_due"`
	Prices        []string  `json:"prices,omitempty"`
	Quantity      int64     `json:"quantity,omitempty"` // of the membership's line
	Proration     bool      `json:"proration,omitempty"`
	Attempt       int       `json:"attempt,omitempty"`
	NextAttempt   time.Time `json:"next_attempt,omitzero"`
	PeriodEnd     time.Time `json:"period_end,omitzero"` // of the line: until when it pays
	URL           string    `json:"url,omitempty"`       // Stripe's hosted page
	Created       time.Time `json:"created,omitzero"`
	Meta          Metadata  `json:"meta"`
}

// Credits reports whether a paid invoice grants a month: created with the
// membership or by its cycle, and with something to pay before discounts
// (product.md, Credits).
func (i Invoice) Credits() bool {
	return i.Paid && i.Subtotal > 0 && (i.Reason == "subscription_create" || i.Reason == "subscription_cycle")
}

// InvoicePayment says which payment settled an invoice.
type InvoicePayment struct {
	ID, Invoice, PaymentIntent, Charge string
}

// Charge is a payment's state of refunds: Refunded is cumulative. Before is what
// it was until this report, when the report says so; nil when it does not.
type Charge struct {
	ID            string    `json:"id"`
	PaymentIntent string    `json:"payment_intent,omitempty"`
	Invoice       string    `json:"invoice,omitempty"`
	Customer      string    `json:"customer,omitempty"`
	Currency      string    `json:"currency"`
	Amount        int64     `json:"amount"`
	Refunded      int64     `json:"refunded"`
	Before        *int64    `json:"before,omitempty"`
	Full          bool      `json:"full"`
	Created       time.Time `json:"created,omitzero"`
	Meta          Metadata  `json:"meta"`
}

// Refund is one return of money.
type Refund struct {
	ID, Charge, PaymentIntent, Status, Currency, Reason string
	Amount                                              int64
	Created                                             time.Time
	Meta                                                Metadata
}

// Dispute is a contested payment.
type Dispute struct {
	ID            string    `json:"id"`
	Charge        string    `json:"charge,omitempty"`
	PaymentIntent string    `json:"payment_intent,omitempty"`
	Status        string    `json:"status"`
	Reason        string    `json:"reason,omitempty"`
	Currency      string    `json:"currency"`
	Amount        int64     `json:"amount"`
	Closed        bool      `json:"closed"`
	Created       time.Time `json:"created,omitzero"`
	Meta          Metadata  `json:"meta"`
}
