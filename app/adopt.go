package app

import (
	"context"
	"encoding/json"
	"time"

	"sselfie/adapters/web"
	"sselfie/core/billing"
)

// adopting is billing with a local gateway behind it: what an event of somebody
// else names becomes known to the gateway, so that portal, upgrade, renewal and
// refund work on it.
type adopting struct {
	web.Billing
	h *house
}

// justNow is how near the wall clock an event of somebody else was made that means
// now, also where the demo's clock was moved: whoever sends one by hand, or by the
// Stripe command line, has only the wall clock to date it with.
const justNow = 10 * time.Minute

// Apply implements web.Billing.
func (a adopting) Apply(ctx context.Context, ev billing.Event, payload []byte) (billing.Outcome, error) {
	foreign := !a.h.money.gate.Sent(string(ev.ID))
	if foreign && a.h.wall.Now().Sub(ev.At).Abs() < justNow {
		ev.At = ev.At.Add(a.h.clock.Offset())
	}
	out, err := a.Billing.Apply(ctx, ev, payload)
	if err != nil || out == billing.Ignored || out == billing.Duplicate || !foreign {
		return out, err
	}
	var event struct {
		Data struct {
			Object json.RawMessage `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(payload, &event); err == nil {
		if err := a.h.money.gate.Adopt("", event.Data.Object); err != nil {
			a.h.log.Warn("the local gateway could not take in what an event names", "op", "app.adopt", "event", ev.ID, "err", err)
		}
	}
	return out, nil
}
