package stripegate

var accountRoutes = []route{
	{"GET /v1/account", getAccount},
	{"GET /v1/payment_methods/{id}", getMethod},
	{"GET /v1/customers/{id}/payment_methods", listMethods},
}

// getAccount names the account that the secret key belongs to.
func getAccount(c *call) (any, *apiError) {
	g := c.g
	return obj{
		"id": g.s.Account, "object": "account",
		"business_profile":  obj{"name": g.opt.AccountName, "url": text(g.base), "support_email": nil},
		"capabilities":      obj{"card_payments": "active", "transfers": "active"},
		"charges_enabled":   true,
		"country":           "US",
		"default_currency":  "usd",
		"details_submitted": true,
		"email":             nil,
		"metadata":          obj{},
		"payouts_enabled":   true,
		"settings":          obj{"dashboard": obj{"display_name": g.opt.AccountName, "timezone": "Etc/UTC"}},
		"type":              "standard",
	}, nil
}

func getMethod(c *call) (any, *apiError) {
	m := c.g.s.Methods[c.id]
	if m == nil {
		return nil, absent("PaymentMethod", c.id)
	}
	return c.g.methodObj(m), nil
}

func listMethods(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "type"); err != nil {
		return nil, err
	}
	if c.g.s.Customers[c.id] == nil {
		return nil, absent("customer", c.id)
	}
	return page(c, such(values(c.g.s.Methods), func(m *method) bool {
		return m.Customer == c.id && sameOr(c.f.str("type"), m.Kind)
	}), c.g.methodObj)
}
