package stripegate

import (
	"encoding/json"
	"slices"
	"strings"
)

// event is something that happened, in the shape of its moment: it never
// changes later.
type event struct {
	thing
	Type, API  string
	Data       json.RawMessage // {"object":..., "previous_attributes":...}
	Request    cause
	Batch      int64
	Deliveries []*delivery
	text       []byte // as it stands in the file; nil after a change
}

var eventRoutes = []route{
	{"GET /v1/events", listEvents},
	{"GET /v1/events/{id}", getEvent},
}

// emit writes down an event about an object and queues it for delivery.
func (g *Gateway) emit(kind string, object, previous obj) {
	api := Version
	if g.s.Faults.Layout == Basil {
		api = BasilVersion
		object, previous = toBasil(object), toBasilPrevious(object, previous)
	}
	data := obj{"object": object}
	if previous != nil {
		data["previous_attributes"] = previous
	}
	raw, err := encode(data)
	if err != nil {
		g.log.Error("gateway event not encoded", "type", kind, "error", err)
		return
	}
	e := &event{thing: g.fresh("evt_1", nil), Type: kind, API: api, Data: raw, Request: g.cause, Batch: g.batch}
	g.queue(e)
	g.s.Events = append(g.s.Events, e)
	g.forget()
}

// emitChange emits an update with what was different before; without any
// difference there is no event.
func (g *Gateway) emitChange(kind string, before, after obj) {
	if d := differences(before, after); len(d) > 0 {
		g.emit(kind, after, d)
	}
}

const (
	fewEvents    = 1000     // are kept in any case,
	manyEvents   = 4000     // are too many whatever their age;
	keepEventFor = 30 * day // between the two age decides, as at Stripe
)

// forget drops the oldest events that are settled.
func (g *Gateway) forget() {
	extra := len(g.s.Events) - fewEvents
	if extra <= 0 || extra%100 != 0 {
		return
	}
	limit := g.now() - keepEventFor
	excess := len(g.s.Events) - manyEvents
	i := 0
	g.s.Events = slices.DeleteFunc(g.s.Events, func(e *event) bool {
		i++
		return i <= extra && e.waiting() == 0 && (e.Created < limit || i <= excess)
	})
}

// eventObj is the event as it is listed and sent.
func (g *Gateway) eventObj(e *event) obj {
	return obj{
		"id": e.ID, "object": "event",
		"api_version":      e.API,
		"created":          e.Created,
		"data":             e.Data,
		"livemode":         false,
		"pending_webhooks": e.waiting(),
		"request":          obj{"id": text(e.Request.Request), "idempotency_key": text(e.Request.Key)},
		"type":             e.Type,
	}
}

func (g *Gateway) oneEvent(id string) *event {
	for i := len(g.s.Events) - 1; i >= 0; i-- {
		if g.s.Events[i].ID == id {
			return g.s.Events[i]
		}
	}
	return nil
}

func getEvent(c *call) (any, *apiError) {
	e := c.g.oneEvent(c.id)
	if e == nil {
		return nil, absent("event", c.id)
	}
	return c.g.eventObj(e), nil
}

func listEvents(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("limit", "starting_after", "ending_before", "created", "type", "types", "delivery_success"); err != nil {
		return nil, err
	}
	types := f.strs("types")
	if len(types) > 20 {
		return nil, invalid("types", "You can pass at most 20 types.")
	}
	if one := f.str("type"); one != "" {
		if len(types) > 0 {
			return nil, both("type", "types")
		}
		types = []string{one}
	}
	success, sent, err := f.flag("delivery_success")
	if err != nil {
		return nil, err
	}
	// The place of starting_after and ending_before is found among all events:
	// the named one need not pass the filters.
	for _, param := range []string{"starting_after", "ending_before"} {
		if id := f.str(param); id != "" {
			if c.g.oneEvent(id) == nil {
				return nil, unknown("event", id, param)
			}
		}
	}
	after, before := f.str("starting_after"), f.str("ending_before")
	return page(c, such(c.g.s.Events, func(e *event) bool {
		if e.ID == after || e.ID == before {
			return true
		}
		return (len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return matches(t, e.Type) })) &&
			(!sent || e.delivered() == success)
	}), c.g.eventObj)
}

// matches reports whether an event type is named by t, which may end in .*
func matches(t, kind string) bool {
	if t == "*" || t == kind {
		return true
	}
	prefix, ok := strings.CutSuffix(t, "*")
	return ok && strings.HasPrefix(kind, prefix)
}
