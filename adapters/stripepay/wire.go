package stripepay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The structs below read what Stripe sends in two layouts: the one of API
// version 2023-10-16 and the one of 2025-03-31 ("basil") and later, where
// invoices lost their payment and moved their subscription, and periods moved
// to the items. Unknown members are skipped: Stripe adds some at any time, to
// old versions too.

type wireEvent struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Type    string `json:"type"`
	Account string `json:"account"`
	Created stamp  `json:"created"`
	Live    bool   `json:"livemode"`
	Data    *struct {
		Object   json.RawMessage `json:"object"`
		Previous json.RawMessage `json:"previous_attributes"`
	} `json:"data"`
}

// ref is an id, or the whole object where Stripe expanded it.
type ref string

func (r *ref) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0 || bytes.Equal(b, []byte("null")):
		return nil
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(r))
	case b[0] == '{':
		var o struct {
			ID string `json:"id"`
		}
		err := json.Unmarshal(b, &o)
		*r = ref(o.ID)
		return err
	}
	return fmt.Errorf("an id is neither text nor object: %.20s", b)
}

// endOfTime is the last second of the year 9999: beyond it a time cannot be
// written as JSON, and a snapshot could not be kept.
const endOfTime = 253402300799

// stamp is a Unix time in seconds, or null.
type stamp struct{ time.Time }

func (s *stamp) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || n > endOfTime {
		return fmt.Errorf("a time is not a count of seconds: %.20s", b)
	}
	if n > 0 {
		s.Time = time.Unix(n, 0).UTC()
	}
	return nil
}

type wireMeta map[string]string

type wireSession struct {
	ID            string   `json:"id"`
	Mode          string   `json:"mode"`
	PaymentStatus string   `json:"payment_status"`
	Status        string   `json:"status"`
	Currency      string   `json:"currency"`
	Subtotal      int64    `json:"amount_subtotal"`
	Total         int64    `json:"amount_total"`
	ClientRef     string   `json:"client_reference_id"`
	Customer      ref      `json:"customer"`
	CustomerEmail string   `json:"customer_email"`
	Intent        ref      `json:"payment_intent"`
	Subscription  ref      `json:"subscription"`
	Invoice       ref      `json:"invoice"`
	Metadata      wireMeta `json:"metadata"`
	Details       *struct {
		Email string `json:"email"`
		Name  string `json:"name"`
	} `json:"customer_details"`
	Totals *struct {
		Discount int64 `json:"amount_discount"`
		Tax      int64 `json:"amount_tax"`
		Shipping int64 `json:"amount_shipping"`
	} `json:"total_details"`
}

type wirePrice struct {
	ID       string `json:"id"`
	Amount   int64  `json:"unit_amount"`
	Currency string `json:"currency"`
}

type wireSubscription struct {
	ID                string   `json:"id"`
	Customer          ref      `json:"customer"`
	Status            string   `json:"status"`
	Created           stamp    `json:"created"`
	PeriodStart       stamp    `json:"current_period_start"`
	PeriodEnd         stamp    `json:"current_period_end"`
	CancelAt          stamp    `json:"cancel_at"`
	CancelAtPeriodEnd bool     `json:"cancel_at_period_end"`
	TrialEnd          stamp    `json:"trial_end"`
	EndedAt           stamp    `json:"ended_at"`
	LatestInvoice     ref      `json:"latest_invoice"`
	Metadata          wireMeta `json:"metadata"`
	Cancellation      *struct {
		Reason string `json:"reason"`
	} `json:"cancellation_details"`
	Items struct {
		Data []struct {
			Price       *wirePrice `json:"price"`
			Quantity    int64      `json:"quantity"`
			PeriodStart stamp      `json:"current_period_start"`
			PeriodEnd   stamp      `json:"current_period_end"`
		} `json:"data"`
	} `json:"items"`
}

type wireInvoice struct {
	ID           string `json:"id"`
	Number       string `json:"number"`
	Customer     ref    `json:"customer"`
	Email        string `json:"customer_email"`
	Subscription ref    `json:"subscription"`
	Intent       ref    `json:"payment_intent"`
	Charge       ref    `json:"charge"`
	Reason       string `json:"billing_reason"`
	Status       string `json:"status"`
	Currency     string `json:"currency"`
	Subtotal     int64  `json:"subtotal"`
	Total        int64  `json:"total"`
	AmountPaid   int64  `json:"amount_paid"`
	AmountDue    int64  `json:"amount_due"`
	Tax          *int64 `json:"tax"`
	Attempt      int    `json:"attempt_count"`
	NextAttempt  stamp  `json:"next_payment_attempt"`
	HostedURL    string `json:"hosted_invoice_url"`
	Created      stamp  `json:"created"`
	Discounts    []struct {
		Amount int64 `json:"amount"`
	} `json:"total_discount_amounts"`
	TaxAmounts []struct {
		Amount int64 `json:"amount"`
	} `json:"total_tax_amounts"`
	Taxes []struct {
		Amount int64 `json:"amount"`
	} `json:"total_taxes"`
	Details *struct {
		Metadata wireMeta `json:"metadata"`
	} `json:"subscription_details"`
	Parent *struct {
		Subscription *struct {
			ID       ref      `json:"subscription"`
			Metadata wireMeta `json:"metadata"`
		} `json:"subscription_details"`
	} `json:"parent"`
	Payments *struct {
		Data []struct {
			Payment wirePayment `json:"payment"`
		} `json:"data"`
	} `json:"payments"`
	Lines struct {
		Data []wireLine `json:"data"`
	} `json:"lines"`
}

type wirePayment struct {
	Intent ref `json:"payment_intent"`
	Charge ref `json:"charge"`
}

type wireLine struct {
	Type      string     `json:"type"`
	Quantity  int64      `json:"quantity"`
	Proration bool       `json:"proration"`
	Price     *wirePrice `json:"price"`
	Pricing   *struct {
		Details *struct {
			Price ref `json:"price"`
		} `json:"price_details"`
	} `json:"pricing"`
	Parent *struct {
		Type string `json:"type"`
		Item *struct {
			Proration bool `json:"proration"`
		} `json:"subscription_item_details"`
	} `json:"parent"`
	Period struct {
		End stamp `json:"end"`
	} `json:"period"`
	Metadata wireMeta `json:"metadata"`
}

type wireInvoicePayment struct {
	ID      string      `json:"id"`
	Invoice ref         `json:"invoice"`
	Payment wirePayment `json:"payment"`
}

type wireCharge struct {
	ID       string   `json:"id"`
	Intent   ref      `json:"payment_intent"`
	Invoice  ref      `json:"invoice"`
	Customer ref      `json:"customer"`
	Currency string   `json:"currency"`
	Amount   int64    `json:"amount"`
	Captured *int64   `json:"amount_captured"`
	Refunded int64    `json:"amount_refunded"`
	Full     bool     `json:"refunded"`
	Created  stamp    `json:"created"`
	Metadata wireMeta `json:"metadata"`
}

type wireRefund struct {
	ID       string   `json:"id"`
	Charge   ref      `json:"charge"`
	Intent   ref      `json:"payment_intent"`
	Status   string   `json:"status"`
	Reason   string   `json:"reason"`
	Currency string   `json:"currency"`
	Amount   int64    `json:"amount"`
	Created  stamp    `json:"created"`
	Metadata wireMeta `json:"metadata"`
}

type wireDispute struct {
	ID       string   `json:"id"`
	Charge   ref      `json:"charge"`
	Intent   ref      `json:"payment_intent"`
	Status   string   `json:"status"`
	Reason   string   `json:"reason"`
	Currency string   `json:"currency"`
	Amount   int64    `json:"amount"`
	Created  stamp    `json:"created"`
	Metadata wireMeta `json:"metadata"`
}

func lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
