package stripegate

import (
	"net/url"
	"slices"
)

var endpointRoutes = []route{
	{"POST /v1/webhook_endpoints", createEndpoint},
	{"GET /v1/webhook_endpoints", listEndpoints},
	{"GET /v1/webhook_endpoints/{id}", getEndpoint},
	{"POST /v1/webhook_endpoints/{id}", updateEndpoint},
	{"DELETE /v1/webhook_endpoints/{id}", deleteEndpoint},
}

const maxEndpoints = 16

func createEndpoint(c *call) (any, *apiError) {
	f, g := c.f, c.g
	if err := f.only("url", "enabled_events", "api_version", "description", "metadata", "connect"); err != nil {
		return nil, err
	}
	x := &endpoint{URL: f.str("url"), Description: f.str("description"), APIVersion: f.str("api_version"), Events: f.strs("enabled_events")}
	if err := g.checkEndpoint(x); err != nil {
		return nil, err
	}
	if v := x.APIVersion; v != "" && v != Version && v != BasilVersion {
		return nil, invalid("api_version", "Invalid API version: %s", v)
	}
	if len(g.s.Endpoints) >= maxEndpoints {
		return nil, invalid("", "You have reached the maximum of %d test webhook endpoints.", maxEndpoints)
	}
	meta, err := f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	x.thing = g.fresh("we_1", meta)
	x.Secret = "whsec_" + newID("", 32)
	if x.URL == g.hook && g.opt.WebhookSecret != "" {
		x.Secret = g.opt.WebhookSecret // the site already holds it
	}
	g.s.Endpoints[x.ID] = x
	o := g.endpointObj(x)
	o["secret"] = x.Secret // shown this once
	return o, nil
}

func (g *Gateway) checkEndpoint(x *endpoint) *apiError {
	u, e := url.Parse(x.URL)
	switch {
	case x.URL == "":
		return required("url")
	case e != nil || u.Host == "":
		return invalid("url", "Invalid URL: %s", x.URL).code("url_invalid")
	case len(x.Events) == 0:
		return required("enabled_events")
	}
	if !g.opt.AllowPublic && loopback(x.URL) != nil {
		return invalid("url", "The local payment gateway sends events to this machine only.").code("url_invalid")
	}
	return nil
}

func getEndpoint(c *call) (any, *apiError) {
	x := c.g.s.Endpoints[c.id]
	if x == nil {
		return nil, absent("webhook endpoint", c.id)
	}
	return c.g.endpointObj(x), nil
}

func listEndpoints(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before"); err != nil {
		return nil, err
	}
	return page(c, values(c.g.s.Endpoints), c.g.endpointObj)
}

func updateEndpoint(c *call) (any, *apiError) {
	x := c.g.s.Endpoints[c.id]
	if x == nil {
		return nil, absent("webhook endpoint", c.id)
	}
	if err := c.f.only("url", "enabled_events", "description", "metadata", "disabled"); err != nil {
		return nil, err
	}
	draft := *x
	meta, err := c.f.mergeMeta(x.Meta)
	if err != nil {
		return nil, err
	}
	off, sent, err := c.f.flag("disabled")
	if err != nil {
		return nil, err
	}
	draft.Meta = meta
	if c.f.sent("url") {
		draft.URL = c.f.str("url")
	}
	if c.f.sent("enabled_events") {
		draft.Events = c.f.strs("enabled_events")
	}
	if c.f.sent("description") {
		draft.Description = c.f.str("description")
	}
	if sent {
		draft.Disabled = off
	}
	if err := c.g.checkEndpoint(&draft); err != nil {
		return nil, err
	}
	*x = draft
	return c.g.endpointObj(x), nil
}

func deleteEndpoint(c *call) (any, *apiError) {
	x := c.g.s.Endpoints[c.id]
	if x == nil {
		return nil, absent("webhook endpoint", c.id)
	}
	delete(c.g.s.Endpoints, x.ID)
	for _, e := range c.g.s.Events { // as at Stripe, what was on its way there stops
		for _, d := range e.Deliveries {
			if d.Endpoint == x.ID && d.State == waiting {
				d.State, e.text = givenUp, nil
			}
		}
	}
	return obj{"id": x.ID, "object": "webhook_endpoint", "deleted": true}, nil
}

func (g *Gateway) endpointObj(x *endpoint) obj {
	status := "enabled"
	if x.Disabled {
		status = "disabled"
	}
	return obj{
		"id": x.ID, "object": "webhook_endpoint",
		"api_version":    text(x.APIVersion),
		"application":    nil,
		"created":        x.Created,
		"description":    text(x.Description),
		"enabled_events": anys(slices.Clone(x.Events)),
		"livemode":       false,
		"metadata":       metadata(x.Meta),
		"status":         status,
		"url":            x.URL,
	}
}
