package stripegate

import (
	"net/mail"
	"strings"
)

var customerRoutes = []route{
	{"POST /v1/customers", createCustomer},
	{"GET /v1/customers", listCustomers},
	{"GET /v1/customers/{id}", getCustomer},
	{"POST /v1/customers/{id}", updateCustomer},
	{"DELETE /v1/customers/{id}", deleteCustomer},
}

var customerParams = []string{
	"email", "name", "phone", "description", "metadata", "address", "shipping", "preferred_locales",
	"test_clock", "invoice_settings", "tax_exempt", "tax",
}

func createCustomer(c *call) (any, *apiError) {
	if err := c.f.only(customerParams...); err != nil {
		return nil, err
	}
	meta, err := c.f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	if err := checkEmail(c.f.str("email"), "email"); err != nil {
		return nil, err
	}
	clock := c.f.str("test_clock")
	if clock != "" && c.g.s.Clocks[clock] == nil {
		return nil, unknown("test clock", clock, "test_clock")
	}
	x := c.g.newCustomer(c.f.str("email"), c.f.str("name"), meta)
	x.Phone, x.Description, x.Clock = c.f.str("phone"), c.f.str("description"), clock
	x.Country, x.Postal = c.f.str("address", "country"), c.f.str("address", "postal_code")
	if clock != "" {
		x.Created = c.g.s.Clocks[clock].Frozen
	}
	c.g.emit("customer.created", c.g.customerObj(x), nil)
	return c.g.customerObj(x), nil
}

func (g *Gateway) newCustomer(email, name string, meta map[string]string) *customer {
	x := &customer{thing: g.fresh("cus_", meta), Email: email, Name: name, Prefix: strings.ToUpper(newID("", 8))}
	x.ID = newID("cus_", 14)
	g.s.Customers[x.ID] = x
	return x
}

func checkEmail(s, param string) *apiError {
	if s == "" {
		return nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != strings.TrimSpace(s) || len(s) > 512 {
		return invalid(param, "Invalid email address: %s", s).code("email_invalid")
	}
	return nil
}

// oneCustomer finds a customer for a parameter.
func (g *Gateway) oneCustomer(id, param string) (*customer, *apiError) {
	x := g.s.Customers[id]
	if x == nil || x.Deleted {
		return nil, unknown("customer", id, param)
	}
	return x, nil
}

func getCustomer(c *call) (any, *apiError) {
	x := c.g.s.Customers[c.id]
	if x == nil {
		return nil, absent("customer", c.id)
	}
	return c.g.customerObj(x), nil
}

func listCustomers(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "email", "test_clock"); err != nil {
		return nil, err
	}
	email := c.f.str("email") // compared as it stands: upper and lower case differ
	return page(c, such(values(c.g.s.Customers), func(x *customer) bool {
		return !x.Deleted && sameOr(email, x.Email) && c.f.str("test_clock") == x.Clock
	}), c.g.customerObj)
}

func updateCustomer(c *call) (any, *apiError) {
	x := c.g.s.Customers[c.id]
	if x == nil || x.Deleted {
		return nil, absent("customer", c.id)
	}
	if err := c.f.only(customerParams...); err != nil {
		return nil, err
	}
	meta, err := c.f.mergeMeta(x.Meta)
	if err != nil {
		return nil, err
	}
	if err := checkEmail(c.f.str("email"), "email"); err != nil {
		return nil, err
	}
	pm := c.f.str("invoice_settings", "default_payment_method")
	if m := c.g.s.Methods[pm]; pm != "" && (m == nil || m.Customer != x.ID) {
		return nil, unknown("PaymentMethod", pm, "invoice_settings[default_payment_method]")
	}
	before := c.g.customerObj(x)
	x.Meta = meta
	for name, at := range map[string]*string{"email": &x.Email, "name": &x.Name, "phone": &x.Phone, "description": &x.Description} {
		if c.f.sent(name) {
			*at = c.f.str(name)
		}
	}
	if c.f.sent("address") {
		x.Country, x.Postal = c.f.str("address", "country"), c.f.str("address", "postal_code")
	}
	if pm != "" {
		x.Method = pm
	}
	c.g.emitChange("customer.updated", before, c.g.customerObj(x))
	return c.g.customerObj(x), nil
}

// deleteCustomer ends the customer and all its subscriptions at once.
func deleteCustomer(c *call) (any, *apiError) {
	x := c.g.s.Customers[c.id]
	if x == nil || x.Deleted {
		return nil, absent("customer", c.id)
	}
	for _, s := range values(c.g.s.Subs) {
		if s.Customer == x.ID && !s.ended() {
			c.g.endSub(s, "cancellation_requested")
		}
	}
	c.g.emit("customer.deleted", c.g.customerObj(x), nil)
	x.Deleted = true
	return c.g.customerObj(x), nil
}

func (g *Gateway) customerObj(x *customer) obj {
	if x.Deleted {
		return obj{"id": x.ID, "object": "customer", "deleted": true}
	}
	return obj{
		"id": x.ID, "object": "customer",
		"address":               address(x.Country, x.Postal),
		"balance":               0,
		"created":               x.Created,
		"currency":              nil,
		"default_source":        nil,
		"delinquent":            g.delinquent(x.ID),
		"description":           text(x.Description),
		"discount":              nil,
		"email":                 text(x.Email),
		"invoice_prefix":        x.Prefix,
		"invoice_settings":      obj{"custom_fields": nil, "default_payment_method": text(x.Method), "footer": nil, "rendering_options": nil},
		"livemode":              false,
		"metadata":              metadata(x.Meta),
		"name":                  text(x.Name),
		"next_invoice_sequence": x.Invoices + 1,
		"phone":                 text(x.Phone),
		"preferred_locales":     []any{},
		"shipping":              nil,
		"tax_exempt":            "none",
		"test_clock":            text(x.Clock),
	}
}

func (g *Gateway) delinquent(id string) bool {
	for _, s := range g.s.Subs {
		if s.Customer == id && (s.Status == "past_due" || s.Status == "unpaid") {
			return true
		}
	}
	return false
}

func address(country, postal string) any {
	if country == "" && postal == "" {
		return nil
	}
	return obj{"city": nil, "country": text(country), "line1": nil, "line2": nil, "postal_code": text(postal), "state": nil}
}

func (g *Gateway) methodObj(x *method) obj {
	o := obj{
		"id": x.ID, "object": "payment_method",
		"billing_details": obj{"address": address("US", ""), "email": text(x.Email), "name": text(x.Name), "phone": nil},
		"created":         x.Created,
		"customer":        text(x.Customer),
		"livemode":        false,
		"metadata":        metadata(x.Meta),
		"type":            x.Kind,
	}
	if x.Kind == "card" {
		o["card"] = obj{
			"brand": x.Brand, "checks": obj{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": "pass"},
			"country": "US", "exp_month": x.ExpMonth, "exp_year": x.ExpYear, "fingerprint": "gw" + x.Last4, "funding": "credit",
			"generated_from": nil, "last4": x.Last4, "networks": obj{"available": []any{x.Brand}, "preferred": nil},
			"three_d_secure_usage": obj{"supported": true}, "wallet": nil,
		}
	} else {
		o["us_bank_account"] = obj{"account_holder_type": "individual", "account_type": "checking", "bank_name": "TEST BANK", "last4": x.Last4, "routing_number": "110000000"}
	}
	return o
}
