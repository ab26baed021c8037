package stripegate

import (
	"math"
	"regexp"
	"slices"
	"strconv"
)

var priceRoutes = []route{
	{"POST /v1/prices", createPrice},
	{"GET /v1/prices", listPrices},
	{"GET /v1/prices/{id}", getPrice},
	{"POST /v1/prices/{id}", updatePrice},
}

var currencyShape = regexp.MustCompile(`^[a-zA-Z]{3}$`)

func createPrice(c *call) (any, *apiError) {
	if err := c.f.only("currency", "product", "product_data", "unit_amount", "unit_amount_decimal", "recurring", "lookup_key",
		"transfer_lookup_key", "metadata", "nickname", "active", "tax_behavior", "billing_scheme"); err != nil {
		return nil, err
	}
	draft, err := c.g.readPrice(c.f)
	if err != nil {
		return nil, err
	}
	if draft.Meta, err = c.f.mergeMeta(nil); err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	transfer, _, err := c.f.flag("transfer_lookup_key")
	if err != nil {
		return nil, err
	}
	key := c.f.str("lookup_key")
	if err := c.g.claimKey(key, "", transfer); err != nil {
		return nil, err
	}
	x := c.g.keepPrice(draft, c.f)
	x.LookupKey, x.Nickname, x.Active = key, c.f.str("nickname"), active || !sent
	return c.g.priceObj(x), nil
}

// claimKey frees a lookup key from the price that holds it, when asked to.
func (g *Gateway) claimKey(key, by string, transfer bool) *apiError {
	if key == "" {
		return nil
	}
	for _, p := range g.s.Prices {
		if p.LookupKey == key && p.ID != by {
			if !transfer {
				return invalid("lookup_key", "A price (`%s`) already uses that lookup key.", p.ID)
			}
			p.LookupKey = ""
		}
	}
	return nil
}

// readPrice reads what prices.create and price_data have in common. It changes
// nothing; keepPrice stores the draft.
func (g *Gateway) readPrice(f *form) (*price, *apiError) {
	x := &price{Active: true, Count: 1}
	cur := f.str("currency")
	if cur == "" {
		return nil, required(f.at("currency").name)
	}
	if !currencyShape.MatchString(cur) {
		return nil, invalid(f.at("currency").name, "Invalid currency: %s.", cur)
	}
	x.Currency = lower(cur)
	product := f.str("product")
	switch {
	case product != "" && f.sent("product_data"):
		return nil, both(f.at("product").name, f.at("product_data").name)
	case product == "" && f.str("product_data", "name") == "":
		return nil, required(f.at("product").name)
	case product != "" && g.s.Products[product] == nil:
		return nil, unknown("product", product, f.at("product").name)
	}
	x.Product = product
	n, whole, err := f.num("unit_amount")
	if err != nil {
		return nil, err
	}
	dec := f.str("unit_amount_decimal")
	switch {
	case whole && dec != "":
		return nil, both(f.at("unit_amount").name, f.at("unit_amount_decimal").name)
	case !whole && dec == "":
		return nil, required(f.at("unit_amount").name)
	case dec != "":
		v, e := strconv.ParseFloat(dec, 64)
		if e != nil {
			return nil, invalid(f.at("unit_amount_decimal").name, "Invalid decimal: %s", dec)
		}
		n = int64(math.Round(v))
	}
	if n < 0 || n > 99999999 {
		return nil, invalid(f.at("unit_amount").name, "Invalid non-negative integer")
	}
	x.Amount = n
	if f.sent("recurring") {
		x.Interval = f.str("recurring", "interval")
		if !slices.Contains([]string{"day", "week", "month", "year"}, x.Interval) {
			return nil, invalid(f.at("recurring", "interval").name, "Invalid recurring[interval]: must be one of day, month, week, or year")
		}
		if k, ok, err := f.num("recurring", "interval_count"); err != nil {
			return nil, err
		} else if ok {
			if k < 1 || k > 365 {
				return nil, invalid(f.at("recurring", "interval_count").name, "Invalid recurring[interval_count]")
			}
			x.Count = k
		}
	}
	return x, nil
}

// keepPrice stores a draft, with a product of its own where product_data is sent.
func (g *Gateway) keepPrice(draft *price, f *form) *price {
	if draft.Product == "" {
		m, _ := f.meta("product_data", "metadata")
		p := g.newProduct(f.str("product_data", "name"), m)
		p.Description = f.str("product_data", "description")
		draft.Product = p.ID
	}
	draft.thing = g.fresh("price_1", draft.Meta)
	g.s.Prices[draft.ID] = draft
	return draft
}

func getPrice(c *call) (any, *apiError) {
	x := c.g.s.Prices[c.id]
	if x == nil {
		return nil, absent("price", c.id)
	}
	return c.g.priceObj(x), nil
}

func listPrices(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "active", "currency", "lookup_keys", "product", "type", "recurring"); err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	keys := c.f.strs("lookup_keys")
	if len(keys) > 10 {
		return nil, invalid("lookup_keys", "You can pass at most 10 lookup_keys.")
	}
	return page(c, such(values(c.g.s.Prices), func(x *price) bool {
		return (!sent || x.Active == active) && sameOr(lower(c.f.str("currency")), x.Currency) &&
			sameOr(c.f.str("product"), x.Product) && sameOr(c.f.str("type"), x.kind()) &&
			sameOr(c.f.str("recurring", "interval"), x.Interval) &&
			(len(keys) == 0 || slices.Contains(keys, x.LookupKey))
	}), c.g.priceObj)
}

func updatePrice(c *call) (any, *apiError) {
	x := c.g.s.Prices[c.id]
	if x == nil {
		return nil, absent("price", c.id)
	}
	if err := c.f.only("active", "lookup_key", "transfer_lookup_key", "metadata", "nickname", "tax_behavior"); err != nil {
		return nil, err
	}
	meta, err := c.f.mergeMeta(x.Meta)
	if err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	transfer, _, err := c.f.flag("transfer_lookup_key")
	if err != nil {
		return nil, err
	}
	if err := c.g.claimKey(c.f.str("lookup_key"), x.ID, transfer); err != nil {
		return nil, err
	}
	x.Meta = meta
	if c.f.sent("lookup_key") {
		x.LookupKey = c.f.str("lookup_key")
	}
	if c.f.sent("nickname") {
		x.Nickname = c.f.str("nickname")
	}
	if sent {
		x.Active = active
	}
	return c.g.priceObj(x), nil
}

func (x *price) kind() string {
	if x.Interval == "" {
		return "one_time"
	}
	return "recurring"
}

func (g *Gateway) priceObj(x *price) obj {
	o := obj{
		"id": x.ID, "object": "price",
		"active":              x.Active,
		"billing_scheme":      "per_unit",
		"created":             x.Created,
		"currency":            x.Currency,
		"custom_unit_amount":  nil,
		"livemode":            false,
		"lookup_key":          text(x.LookupKey),
		"metadata":            metadata(x.Meta),
		"nickname":            text(x.Nickname),
		"product":             x.Product,
		"recurring":           nil,
		"tax_behavior":        "unspecified",
		"tiers_mode":          nil,
		"transform_quantity":  nil,
		"type":                x.kind(),
		"unit_amount":         x.Amount,
		"unit_amount_decimal": strconv.FormatInt(x.Amount, 10),
	}
	if x.Interval != "" {
		o["recurring"] = obj{
			"aggregate_usage": nil, "interval": x.Interval, "interval_count": x.Count,
			"meter": nil, "trial_period_days": nil, "usage_type": "licensed",
		}
	}
	return o
}

// planObj is the older form of a recurring price that invoices still carry.
func (g *Gateway) planObj(x *price) obj {
	return obj{
		"id": x.ID, "object": "plan",
		"active":            x.Active,
		"aggregate_usage":   nil,
		"amount":            x.Amount,
		"amount_decimal":    strconv.FormatInt(x.Amount, 10),
		"billing_scheme":    "per_unit",
		"created":           x.Created,
		"currency":          x.Currency,
		"interval":          x.Interval,
		"interval_count":    x.Count,
		"livemode":          false,
		"metadata":          metadata(x.Meta),
		"meter":             nil,
		"nickname":          text(x.Nickname),
		"product":           x.Product,
		"tiers_mode":        nil,
		"transform_usage":   nil,
		"trial_period_days": nil,
		"usage_type":        "licensed",
	}
}
