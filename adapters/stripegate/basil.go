package stripegate

import "maps"

// toBasil moves the members of an object to where API version 2025-03-31.basil
// has them. Objects that did not change come back as they are.
func toBasil(o obj) obj {
	switch o["object"] {
	case "subscription":
		return basilSub(o)
	case "invoice":
		return basilInvoice(o)
	case "charge", "payment_intent":
		return without(o, "invoice")
	}
	return o
}

func without(o obj, names ...string) obj {
	out := maps.Clone(o)
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// toBasilPrevious keeps of the previous attributes what the layout still has.
func toBasilPrevious(o, previous obj) obj {
	if previous == nil {
		return nil
	}
	switch o["object"] {
	case "subscription":
		return without(previous, "current_period_start", "current_period_end", "discount")
	case "charge", "payment_intent":
		return without(previous, "invoice")
	}
	return previous
}

func basilSub(o obj) obj {
	out := without(o, "current_period_end", "current_period_start", "discount", "billing_thresholds", "billing_mode", "customer_account")
	if plan, ok := out["plan"].(obj); ok {
		out["plan"] = without(plan, "aggregate_usage")
	}
	items, _ := out["items"].(obj)
	items = maps.Clone(items)
	data := []any{}
	list, _ := items["data"].([]any)
	for _, v := range list {
		i := without(v.(obj), "billing_thresholds")
		i["plan"] = without(i["plan"].(obj), "aggregate_usage")
		i["price"] = basilPrice(i["price"].(obj))
		data = append(data, i)
	}
	items["data"] = data
	out["items"] = items
	return out
}

func basilPrice(o obj) obj {
	out := maps.Clone(o)
	if r, ok := out["recurring"].(obj); ok {
		out["recurring"] = without(r, "aggregate_usage")
	}
	return out
}

func basilInvoice(o obj) obj {
	out := without(o, "application_fee_amount", "charge", "discount", "paid", "paid_out_of_band", "payment_intent", "quote",
		"subscription", "subscription_details", "tax", "total_tax_amounts", "transfer_data")
	out["amount_overpaid"] = 0
	out["automatic_tax"] = obj{"disabled_reason": nil, "enabled": false, "liability": nil, "provider": nil, "status": nil}
	out["automatically_finalizes_at"] = nil
	out["total_pretax_credit_amounts"] = []any{}
	out["total_taxes"] = []any{}
	out["parent"] = nil
	if sub := o["subscription"]; sub != nil {
		details, _ := o["subscription_details"].(obj)
		out["parent"] = obj{
			"quote_details":        nil,
			"subscription_details": obj{"metadata": details["metadata"], "subscription": sub},
			"type":                 "subscription_details",
		}
	}
	lines, _ := o["lines"].(obj)
	lines = maps.Clone(lines)
	data := []any{}
	list, _ := lines["data"].([]any)
	for _, v := range list {
		data = append(data, basilLine(v.(obj)))
	}
	lines["data"] = data
	out["lines"] = lines
	return out
}

func basilLine(o obj) obj {
	out := without(o, "amount_excluding_tax", "plan", "price", "proration", "proration_details", "subscription",
		"subscription_item", "tax_amounts", "tax_rates", "type", "unit_amount_excluding_tax")
	out["pretax_credit_amounts"], out["taxes"] = []any{}, []any{}
	out["parent"] = obj{
		"invoice_item_details": nil,
		"subscription_item_details": obj{
			"invoice_item": nil, "proration": o["proration"], "proration_details": o["proration_details"],
			"subscription": o["subscription"], "subscription_item": o["subscription_item"],
		},
		"type": "subscription_item_details",
	}
	out["pricing"] = nil
	if p, ok := o["price"].(obj); ok {
		out["pricing"] = obj{
			"price_details":       obj{"price": p["id"], "product": p["product"]},
			"type":                "price_details",
			"unit_amount_decimal": p["unit_amount_decimal"],
		}
	}
	return out
}
