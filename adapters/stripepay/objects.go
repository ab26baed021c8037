package stripepay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// ObjectsSince lists what was made at Stripe since then and hands out each
// object as an event that says it is like this now. Answers come in the layout
// of our pinned version, whatever the account's is.
func (c *Client) ObjectsSince(ctx context.Context, since time.Time, fn func(payload []byte) error) error {
	now := c.clock.Now().Unix() // the state that we were told is the newest there is
	for _, list := range []func(context.Context, int64, func(string, string, bool, any) error) error{
		c.listSessions, c.listSubscriptions, c.listInvoices, c.listCharges, c.listDisputes,
	} {
		if err := list(ctx, since.Unix(), func(typ, id string, live bool, object any) error {
			payload, err := asEvent(typ, id, live, now, object)
			if err != nil {
				return err
			}
			return fn(payload)
		}); err != nil {
			return err
		}
	}
	return nil
}

func asEvent(typ, id string, live bool, now int64, object any) ([]byte, error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return json.Marshal(map[string]any{
		"id": "rec_" + id + "_" + hex.EncodeToString(sum[:6]), "object": "event", "type": typ, "created": now, "livemode": live,
		"api_version": stripe.APIVersion, "data": map[string]any{"object": json.RawMessage(raw)},
	})
}

func (c *Client) listSessions(ctx context.Context, since int64, fn func(string, string, bool, any) error) error {
	p := &stripe.CheckoutSessionListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since}}
	p.Context, p.Limit = ctx, stripe.Int64(100)
	it := c.api.CheckoutSessions.List(p)
	for it.Next() {
		s := it.CheckoutSession()
		if s.Status != stripe.CheckoutSessionStatusComplete {
			continue
		}
		if err := fn("checkout.session.completed", s.ID, s.Livemode, s); err != nil {
			return err
		}
	}
	return failure("stripepay.ObjectsSince", it.Err())
}

func (c *Client) listSubscriptions(ctx context.Context, since int64, fn func(string, string, bool, any) error) error {
	// A membership that began long ago may have ended today: all are asked for.
	_ = since
	p := &stripe.SubscriptionListParams{Status: stripe.String("all")}
	p.Context, p.Limit = ctx, stripe.Int64(100)
	it := c.api.Subscriptions.List(p)
	for it.Next() {
		s := it.Subscription()
		if err := fn("customer.subscription.updated", s.ID, s.Livemode, s); err != nil {
			return err
		}
	}
	return failure("stripepay.ObjectsSince", it.Err())
}

func (c *Client) listInvoices(ctx context.Context, since int64, fn func(string, string, bool, any) error) error {
	p := &stripe.InvoiceListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since}, Status: stripe.String("paid")}
	p.Context, p.Limit = ctx, stripe.Int64(100)
	it := c.api.Invoices.List(p)
	for it.Next() {
		v := it.Invoice()
		if err := fn("invoice.paid", v.ID, v.Livemode, v); err != nil {
			return err
		}
	}
	return failure("stripepay.ObjectsSince", it.Err())
}

func (c *Client) listCharges(ctx context.Context, since int64, fn func(string, string, bool, any) error) error {
	p := &stripe.ChargeListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since}}
	p.Context, p.Limit = ctx, stripe.Int64(100)
	it := c.api.Charges.List(p)
	for it.Next() {
		ch := it.Charge()
		if ch.AmountRefunded == 0 {
			continue
		}
		if err := fn("charge.refunded", ch.ID, ch.Livemode, ch); err != nil {
			return err
		}
	}
	return failure("stripepay.ObjectsSince", it.Err())
}

func (c *Client) listDisputes(ctx context.Context, since int64, fn func(string, string, bool, any) error) error {
	p := &stripe.DisputeListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since}}
	p.Context, p.Limit = ctx, stripe.Int64(100)
	it := c.api.Disputes.List(p)
	for it.Next() {
		d := it.Dispute()
		typ := "charge.dispute.created"
		switch d.Status {
		case stripe.DisputeStatusWon, stripe.DisputeStatusLost, stripe.DisputeStatusWarningClosed:
			typ = "charge.dispute.closed"
		}
		if err := fn(typ, d.ID, d.Livemode, d); err != nil {
			return err
		}
	}
	return failure("stripepay.ObjectsSince", it.Err())
}
