package stripegate

import "strings"

const maxExpand = 20

// expand replaces ids by the objects they name, as the request asks with
// expand[]=a.b, and adds the members that Stripe leaves out until asked.
func (c *call) expand(out any) *apiError {
	paths := c.f.strs("expand")
	if len(paths) > maxExpand {
		return invalid("expand", "You can expand at most %d properties.", maxExpand)
	}
	for _, p := range paths {
		if o, ok := out.(obj); ok {
			c.g.expandPath(o, strings.Split(p, "."))
		}
	}
	return nil
}

func (g *Gateway) expandPath(v any, path []string) {
	if len(path) == 0 {
		return
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			if id, ok := v[i].(string); ok {
				if o := g.lookup(id); o != nil {
					v[i] = o
				}
			}
			g.expandPath(v[i], path)
		}
	case obj:
		name := path[0]
		if id, ok := v[name].(string); ok {
			if o := g.lookup(id); o != nil {
				v[name] = o
			}
		} else if v[name] == nil {
			if extra := g.includable(v, name); extra != nil {
				v[name] = extra
			}
		}
		if list, ok := v[name].([]any); ok && len(path) == 1 {
			for i := range list {
				if id, ok := list[i].(string); ok {
					if o := g.lookup(id); o != nil {
						list[i] = o
					}
				}
			}
			return
		}
		g.expandPath(v[name], path[1:])
	}
}

// lookup renders the object with an id, nil when there is none.
func (g *Gateway) lookup(id string) obj {
	s := g.s
	kind, _, _ := strings.Cut(id, "_")
	switch kind {
	case "cus":
		if x := s.Customers[id]; x != nil {
			return g.customerObj(x)
		}
	case "pm":
		if x := s.Methods[id]; x != nil {
			return g.methodObj(x)
		}
	case "pi":
		if x := s.Intents[id]; x != nil {
			return g.intentObj(x)
		}
	case "ch", "py":
		if x := s.Charges[id]; x != nil {
			return g.chargeObj(x)
		}
	case "sub":
		if x := s.Subs[id]; x != nil {
			return g.subObj(x)
		}
	case "in":
		if x := s.Invoices[id]; x != nil {
			return g.invoiceObj(x)
		}
	case "price", "plan":
		if x := s.Prices[id]; x != nil {
			return g.priceObj(x)
		}
	case "promo":
		if x := s.Promos[id]; x != nil {
			return g.promoObj(x)
		}
	case "re":
		if x := s.Refunds[id]; x != nil {
			return g.refundObj(x)
		}
	case "dp", "du":
		if x := s.Disputes[id]; x != nil {
			return g.disputeObj(x)
		}
	case "cs":
		if x := s.Sessions[id]; x != nil {
			return g.sessionObj(x)
		}
	}
	if x := s.Products[id]; x != nil { // products and coupons may have ids of ours
		return g.productObj(x)
	}
	if x := s.Coupons[id]; x != nil {
		return g.couponObj(x)
	}
	return nil
}

// includable renders what an object shows only when asked.
func (g *Gateway) includable(o obj, name string) any {
	id, _ := o["id"].(string)
	switch {
	case o["object"] == "checkout.session" && name == "line_items":
		if s := g.s.Sessions[id]; s != nil {
			return g.sessionLines(s)
		}
	case o["object"] == "coupon" && name == "applies_to":
		if c := g.s.Coupons[id]; c != nil && len(c.Products) > 0 {
			return obj{"products": anys(c.Products)}
		}
	case o["object"] == "charge" && name == "refunds":
		data := []any{}
		for _, r := range values(g.s.Refunds) {
			if r.Charge == id {
				data = append([]any{g.refundObj(r)}, data...)
			}
		}
		return obj{"object": "list", "data": data, "has_more": false, "url": "/v1/charges/" + id + "/refunds"}
	case o["object"] == "customer" && name == "subscriptions":
		data := []any{}
		for _, s := range values(g.s.Subs) {
			if s.Customer == id && s.Status != "canceled" {
				data = append([]any{g.subObj(s)}, data...)
			}
		}
		return obj{"object": "list", "data": data, "has_more": false, "url": "/v1/customers/" + id + "/subscriptions"}
	}
	return nil
}

func anys(list []string) []any {
	out := make([]any, 0, len(list))
	for _, s := range list {
		out = append(out, s)
	}
	return out
}
