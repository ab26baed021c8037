package stripegate

import "net/url"

var portalRoutes = []route{
	{"POST /v1/billing_portal/sessions", createPortal},
	{"POST /v1/billing_portal/configurations", createConfiguration},
	{"GET /v1/billing_portal/configurations", listConfigurations},
	{"GET /v1/billing_portal/configurations/{id}", getConfiguration},
	{"POST /v1/billing_portal/configurations/{id}", updateConfiguration},
}

func createPortal(c *call) (any, *apiError) {
	f, g := c.f, c.g
	if err := f.only("customer", "return_url", "configuration", "flow_data", "locale", "on_behalf_of"); err != nil {
		return nil, err
	}
	if f.str("customer") == "" {
		return nil, required("customer")
	}
	k, err := g.oneCustomer(f.str("customer"), "customer")
	if err != nil {
		return nil, err
	}
	back := f.str("return_url")
	if u, e := url.Parse(back); back != "" && (e != nil || u.Host == "") {
		return nil, invalid("return_url", "Not a valid URL").code("url_invalid")
	}
	conf := f.str("configuration")
	if conf == "" {
		for _, x := range values(g.s.Configs) {
			if x.Active && (conf == "" || x.Default) {
				conf = x.ID
			}
		}
		if conf == "" {
			return nil, invalid("configuration", "You can’t create a portal session in test mode until you save your customer portal settings in test mode: create a configuration first.")
		}
	} else if g.s.Configs[conf] == nil {
		return nil, unknown("configuration", conf, "configuration")
	}
	x := &portal{Customer: k.ID, ReturnURL: back, Configuration: conf, Flow: f.str("flow_data", "type")}
	for _, name := range []string{"subscription_cancel", "subscription_update"} {
		if id := f.str("flow_data", name, "subscription"); id != "" {
			if s := g.s.Subs[id]; s == nil || s.Customer != k.ID {
				return nil, unknown("subscription", id, "flow_data["+name+"][subscription]")
			}
			x.Subscription = id
		}
	}
	x.thing = g.fresh("bps_1", nil)
	g.s.Portals[x.ID] = x
	var flow any
	if x.Flow != "" {
		flow = obj{"after_completion": obj{"hosted_confirmation": nil, "redirect": nil, "type": "portal_homepage"}, "type": x.Flow}
		if x.Flow == "subscription_cancel" {
			flow.(obj)["subscription_cancel"] = obj{"retention": nil, "subscription": x.Subscription}
		}
	}
	return obj{
		"id": x.ID, "object": "billing_portal.session",
		"configuration": x.Configuration,
		"created":       x.Created,
		"customer":      x.Customer,
		"flow":          flow,
		"livemode":      false,
		"locale":        nil,
		"on_behalf_of":  nil,
		"return_url":    text(x.ReturnURL),
		"url":           g.base + "/gateway/portal/" + x.ID,
	}, nil
}

var configurationParams = []string{"business_profile", "features", "default_return_url", "login_page", "metadata", "active"}

func createConfiguration(c *call) (any, *apiError) {
	if err := c.f.only(configurationParams...); err != nil {
		return nil, err
	}
	if !c.f.sent("features") {
		return nil, required("features")
	}
	x := &configuration{Active: true}
	if err := readConfiguration(c.f, x); err != nil {
		return nil, err
	}
	meta, err := c.f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	x.Default = len(c.g.s.Configs) == 0
	x.thing = c.g.fresh("bpc_1", meta)
	x.Updated = x.Created
	c.g.s.Configs[x.ID] = x
	return c.g.configurationObj(x), nil
}

func readConfiguration(f *form, x *configuration) *apiError {
	active, sent, err := f.flag("active")
	if err != nil {
		return err
	}
	if sent {
		x.Active = active
	}
	for _, part := range []struct {
		path []string
		at   *string
	}{
		{[]string{"business_profile", "headline"}, &x.Headline},
		{[]string{"business_profile", "privacy_policy_url"}, &x.Privacy},
		{[]string{"business_profile", "terms_of_service_url"}, &x.Terms},
		{[]string{"default_return_url"}, &x.Back},
		{[]string{"features", "subscription_cancel", "mode"}, &x.CancelMode},
	} {
		if f.sent(part.path...) {
			*part.at = f.str(part.path...)
		}
	}
	if x.CancelMode == "" {
		x.CancelMode = "at_period_end"
	}
	return nil
}

func getConfiguration(c *call) (any, *apiError) {
	x := c.g.s.Configs[c.id]
	if x == nil {
		return nil, absent("configuration", c.id)
	}
	return c.g.configurationObj(x), nil
}

func listConfigurations(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "active", "is_default"); err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	def, defSent, err := c.f.flag("is_default")
	if err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Configs), func(x *configuration) bool {
		return (!sent || x.Active == active) && (!defSent || x.Default == def)
	}), c.g.configurationObj)
}

func updateConfiguration(c *call) (any, *apiError) {
	x := c.g.s.Configs[c.id]
	if x == nil {
		return nil, absent("configuration", c.id)
	}
	if err := c.f.only(configurationParams...); err != nil {
		return nil, err
	}
	meta, err := c.f.mergeMeta(x.Meta)
	if err != nil {
		return nil, err
	}
	if err := readConfiguration(c.f, x); err != nil {
		return nil, err
	}
	x.Meta, x.Updated = meta, c.g.now()
	return c.g.configurationObj(x), nil
}

func (g *Gateway) configurationObj(x *configuration) obj {
	return obj{
		"id": x.ID, "object": "billing_portal.configuration",
		"active":             x.Active,
		"application":        nil,
		"business_profile":   obj{"headline": text(x.Headline), "privacy_policy_url": text(x.Privacy), "terms_of_service_url": text(x.Terms)},
		"created":            x.Created,
		"default_return_url": text(x.Back),
		"features": obj{
			"customer_update":       obj{"allowed_updates": []any{"email", "address"}, "enabled": true},
			"invoice_history":       obj{"enabled": true},
			"payment_method_update": obj{"enabled": true},
			"subscription_cancel": obj{
				"cancellation_reason": obj{"enabled": true, "options": []any{"too_expensive", "missing_features", "unused", "other"}},
				"enabled":             true, "mode": x.CancelMode, "proration_behavior": "none",
			},
			"subscription_pause":  obj{"enabled": false},
			"subscription_update": obj{"default_allowed_updates": []any{}, "enabled": false, "proration_behavior": "none"},
		},
		"is_default": x.Default,
		"livemode":   false,
		"login_page": obj{"enabled": false, "url": nil},
		"metadata":   metadata(x.Meta),
		"updated":    x.Updated,
	}
}
