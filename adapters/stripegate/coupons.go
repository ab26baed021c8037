package stripegate

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

var couponRoutes = []route{
	{"POST /v1/coupons", createCoupon},
	{"GET /v1/coupons", listCoupons},
	{"GET /v1/coupons/{id}", getCoupon},
	{"POST /v1/coupons/{id}", updateCoupon},
	{"DELETE /v1/coupons/{id}", deleteCoupon},
}

func lower(s string) string { return strings.ToLower(s) }

func createCoupon(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("id", "name", "amount_off", "percent_off", "currency", "duration", "duration_in_months", "max_redemptions",
		"redeem_by", "applies_to", "metadata"); err != nil {
		return nil, err
	}
	x := &coupon{Name: f.str("name"), Products: f.strs("applies_to", "products")}
	meta, err := f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	off, hasOff, err := f.num("amount_off")
	if err != nil {
		return nil, err
	}
	switch percent := f.str("percent_off"); {
	case hasOff && percent != "":
		return nil, both("amount_off", "percent_off")
	case !hasOff && percent == "":
		return nil, invalid("", "Must specify percent_off or amount_off.").code("parameter_missing")
	case hasOff:
		if off < 1 {
			return nil, invalid("amount_off", "Invalid positive integer")
		}
		if !currencyShape.MatchString(f.str("currency")) {
			return nil, invalid("currency", "You must pass currency when passing amount_off.").code("parameter_missing")
		}
		x.AmountOff, x.Currency = off, lower(f.str("currency"))
	default:
		v, e := strconv.ParseFloat(percent, 64)
		if e != nil || v <= 0 || v > 100 {
			return nil, invalid("percent_off", "Invalid percent_off: must be above 0 and at most 100.")
		}
		x.PercentOff = v
	}
	if x.Duration, err = f.oneOf("duration", "once", "repeating", "forever"); err != nil {
		return nil, err
	}
	if x.Duration == "" {
		x.Duration = "once"
	}
	for name, at := range map[string]*int64{"duration_in_months": &x.Months, "max_redemptions": &x.Max, "redeem_by": &x.RedeemBy} {
		n, ok, err := f.num(name)
		if err != nil {
			return nil, err
		}
		if ok && n < 1 {
			return nil, invalid(name, "Invalid positive integer")
		}
		*at = n
	}
	if (x.Duration == "repeating") != (x.Months > 0) {
		return nil, invalid("duration_in_months", "duration_in_months is required with, and only with, duration=repeating.")
	}
	if x.RedeemBy != 0 && x.RedeemBy <= c.g.now() {
		return nil, invalid("redeem_by", "redeem_by must be in the future.")
	}
	for _, p := range x.Products {
		if c.g.s.Products[p] == nil {
			return nil, unknown("product", p, "applies_to[products]")
		}
	}
	id := f.str("id")
	if old := c.g.s.Coupons[id]; id != "" && old != nil && !old.Deleted {
		return nil, invalid("id", "Coupon already exists.").code("resource_already_exists")
	}
	x.thing = c.g.fresh("", meta)
	x.ID = id
	if id == "" {
		x.ID = newID("", 8)
	}
	c.g.s.Coupons[x.ID] = x
	return c.g.couponObj(x), nil
}

func (g *Gateway) oneCoupon(id, param string) (*coupon, *apiError) {
	x := g.s.Coupons[id]
	if x == nil || x.Deleted {
		return nil, unknown("coupon", id, param)
	}
	return x, nil
}

func getCoupon(c *call) (any, *apiError) {
	x := c.g.s.Coupons[c.id]
	if x == nil || x.Deleted {
		return nil, absent("coupon", c.id)
	}
	return c.g.couponObj(x), nil
}

func listCoupons(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created"); err != nil {
		return nil, err
	}
	return page(c, such(values(c.g.s.Coupons), func(x *coupon) bool { return !x.Deleted }), c.g.couponObj)
}

func updateCoupon(c *call) (any, *apiError) {
	x := c.g.s.Coupons[c.id]
	if x == nil || x.Deleted {
		return nil, absent("coupon", c.id)
	}
	if err := c.f.only("name", "metadata"); err != nil {
		return nil, err
	}
	meta, err := c.f.mergeMeta(x.Meta)
	if err != nil {
		return nil, err
	}
	x.Meta = meta
	if c.f.sent("name") {
		x.Name = c.f.str("name")
	}
	return c.g.couponObj(x), nil
}

func deleteCoupon(c *call) (any, *apiError) {
	x := c.g.s.Coupons[c.id]
	if x == nil || x.Deleted {
		return nil, absent("coupon", c.id)
	}
	x.Deleted = true
	return obj{"id": x.ID, "object": "coupon", "deleted": true}, nil
}

func (g *Gateway) couponValid(x *coupon) bool {
	return !x.Deleted && (x.RedeemBy == 0 || g.now() < x.RedeemBy) && (x.Max == 0 || x.Redeemed < x.Max)
}

// amount returns what the coupon takes off lines of the given products.
func (x *coupon) amount(lines []pricedLine) int64 {
	var eligible int64
	for _, l := range lines {
		if len(x.Products) == 0 || slices.Contains(x.Products, l.product) {
			eligible += l.amount
		}
	}
	if x.AmountOff > 0 {
		return min(x.AmountOff, eligible)
	}
	return min(eligible, int64(math.Round(float64(eligible)*x.PercentOff/100)))
}

// pricedLine is what a discount needs to know of a line.
type pricedLine struct {
	product string
	amount  int64
}

func (g *Gateway) couponObj(x *coupon) obj {
	o := obj{
		"id": x.ID, "object": "coupon",
		"amount_off":         number(x.AmountOff),
		"created":            x.Created,
		"currency":           text(x.Currency),
		"duration":           x.Duration,
		"duration_in_months": number(x.Months),
		"livemode":           false,
		"max_redemptions":    number(x.Max),
		"metadata":           metadata(x.Meta),
		"name":               text(x.Name),
		"percent_off":        nil,
		"redeem_by":          number(x.RedeemBy),
		"times_redeemed":     x.Redeemed,
		"valid":              g.couponValid(x),
	}
	if x.PercentOff > 0 {
		o["percent_off"] = x.PercentOff
	}
	return o
}
