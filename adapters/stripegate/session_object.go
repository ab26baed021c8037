package stripegate

// sessionObj renders a session. Its client secret is shown while it is open, so
// no event ever carries it.
func (g *Gateway) sessionObj(x *session) obj {
	types, options := []any{"card", "link"}, obj{"card": obj{"request_three_d_secure": "automatic"}}
	if x.Mode == "subscription" {
		types = []any{"card"}
	}
	if x.Bank {
		types, options = []any{"us_bank_account"}, obj{"us_bank_account": obj{"verification_method": "automatic"}}
	}
	o := obj{
		"id": x.ID, "object": "checkout.session",
		"adaptive_pricing":                     obj{"enabled": true},
		"after_expiration":                     nil,
		"allow_promotion_codes":                nil,
		"amount_subtotal":                      x.Subtotal,
		"amount_total":                         x.total(),
		"automatic_tax":                        obj{"enabled": x.TaxEnabled, "liability": nil, "status": nil},
		"billing_address_collection":           nil,
		"cancel_url":                           text(x.CancelURL),
		"client_reference_id":                  text(x.Reference),
		"client_secret":                        nil,
		"collected_information":                obj{"shipping_details": nil},
		"consent":                              nil,
		"consent_collection":                   nil,
		"created":                              x.Created,
		"currency":                             x.Currency,
		"currency_conversion":                  nil,
		"custom_fields":                        []any{},
		"custom_text":                          obj{"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil},
		"customer":                             text(x.Customer),
		"customer_creation":                    text(x.Creation),
		"customer_details":                     nil,
		"customer_email":                       text(x.CustomerEmail),
		"discounts":                            discountRefs(x.Discount),
		"expires_at":                           x.Expires,
		"invoice":                              text(x.Invoice),
		"invoice_creation":                     nil,
		"livemode":                             false,
		"locale":                               text(x.Locale),
		"metadata":                             metadata(x.Meta),
		"mode":                                 x.Mode,
		"payment_intent":                       nil,
		"payment_link":                         nil,
		"payment_method_collection":            x.Collect,
		"payment_method_configuration_details": obj{"id": "pmc_1LocalGatewayDefault", "parent": nil},
		"payment_method_options":               options,
		"payment_method_types":                 types,
		"payment_status":                       x.PayStatus,
		"permissions":                          nil,
		"phone_number_collection":              obj{"enabled": false},
		"recovered_from":                       nil,
		"redirect_on_completion":               text(x.Redirect),
		"return_url":                           text(x.ReturnURL),
		"saved_payment_method_options":         obj{"allow_redisplay_filters": []any{"always"}, "payment_method_remove": nil, "payment_method_save": nil},
		"setup_intent":                         nil,
		"shipping_address_collection":          nil,
		"shipping_cost":                        nil,
		"shipping_details":                     nil,
		"shipping_options":                     []any{},
		"status":                               x.Status,
		"submit_type":                          text(x.SubmitType),
		"subscription":                         text(x.Subscription),
		"success_url":                          text(x.SuccessURL),
		"total_details":                        obj{"amount_discount": x.Off, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode":                              x.UI,
		"url":                                  nil,
		"wallet_options":                       nil,
	}
	if x.AllowPromo != nil {
		o["allow_promotion_codes"] = *x.AllowPromo
	}
	if x.Mode == "payment" {
		if x.Status == "complete" {
			o["payment_intent"] = text(x.Intent)
		}
		o["invoice_creation"] = obj{"enabled": false, "invoice_data": obj{
			"account_tax_ids": nil, "custom_fields": nil, "description": nil, "footer": nil, "issuer": nil, "metadata": obj{}, "rendering_options": nil,
		}}
	}
	if x.Status == "open" {
		if x.UI == "embedded" {
			o["client_secret"] = x.Secret
		} else {
			o["url"] = g.base + "/gateway/c/" + x.ID
		}
	}
	if x.Email != "" {
		d := obj{"address": nil, "email": x.Email, "name": text(x.Name), "phone": nil, "tax_exempt": "none", "tax_ids": nil}
		if x.Status == "complete" {
			d["address"], d["tax_ids"] = address("US", "94107"), []any{}
		}
		o["customer_details"] = d
	} else if x.CustomerEmail != "" {
		o["customer_details"] = obj{"address": nil, "email": x.CustomerEmail, "name": nil, "phone": nil, "tax_exempt": "none", "tax_ids": nil}
	}
	return o
}

func discountRefs(d *discount) []any {
	if d == nil {
		return []any{}
	}
	if d.Promo != "" {
		return []any{obj{"coupon": nil, "promotion_code": d.Promo}}
	}
	return []any{obj{"coupon": d.Coupon, "promotion_code": nil}}
}

func (g *Gateway) sessionLines(x *session) obj {
	data := []any{}
	lines := g.sessionPriced(x, x.Discount)
	for i, l := range x.Lines {
		p := g.s.Prices[l.Price]
		data = append(data, obj{
			"id": l.ID, "object": "item",
			"amount_discount": lines[i].off,
			"amount_subtotal": lines[i].amount,
			"amount_tax":      0,
			"amount_total":    lines[i].amount - lines[i].off,
			"currency":        x.Currency,
			"description":     g.productName(p),
			"price":           g.priceObj(p),
			"quantity":        l.Quantity,
		})
	}
	return obj{"object": "list", "data": data, "has_more": false, "url": "/v1/checkout/sessions/" + x.ID + "/line_items"}
}

func (g *Gateway) productName(p *price) string {
	if p == nil {
		return ""
	}
	if k := g.s.Products[p.Product]; k != nil {
		return k.Name
	}
	return p.Nickname
}
