package stripepay

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// handled are the event types that the webhook endpoint subscribes to and that
// the catch-up asks for, 20 at a time at most (Stripe's limit). invoice.created
// is left out on purpose: an endpoint that fails to answer it delays every
// invoice by up to 72 hours.
func handled() []string {
	out := make([]string, 0, len(kinds))
	for t := range kinds {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

const typesPerCall = 20

// EventsSince calls fn with every event of a handled type from since on, oldest
// first. Listed events come in the layout of the account, not of our version;
// Parse reads both.
func (c *Client) EventsSince(ctx context.Context, since time.Time, fn func(payload []byte) error) error {
	const op = "stripepay.EventsSince"
	type listed struct {
		at      int64
		id      string
		payload []byte
	}
	var all []listed
	for types := range slices.Chunk(handled(), typesPerCall) {
		p := &stripe.EventListParams{
			CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
			Types:        stripe.StringSlice(types),
		}
		p.Context = ctx
		p.Limit = stripe.Int64(100)
		it := c.api.Events.List(p)
		for it.Next() {
			e := it.Event()
			payload, err := restore(e)
			if err != nil {
				return failure(op, err)
			}
			all = append(all, listed{e.Created, e.ID, payload})
		}
		if err := it.Err(); err != nil {
			return failure(op, err)
		}
	}
	// Stripe lists the newest first.
	slices.SortStableFunc(all, func(a, b listed) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return bytes.Compare([]byte(a.id), []byte(b.id))
	})
	for _, e := range all {
		if err := fn(e.payload); err != nil {
			return err
		}
	}
	return nil
}

// restore writes a listed event in the form of the webhook: the object's bytes
// are Stripe's own, the envelope has what the reader needs.
func restore(e *stripe.Event) ([]byte, error) {
	data := map[string]any{"object": nil}
	if e.Data != nil && len(e.Data.Raw) > 0 {
		data["object"], data["previous_attributes"] = e.Data.Raw, e.Data.PreviousAttributes
	}
	return json.Marshal(map[string]any{
		"id": e.ID, "object": "event", "type": e.Type, "account": e.Account, "created": e.Created, "livemode": e.Livemode,
		"api_version": e.APIVersion, "data": data,
	})
}
