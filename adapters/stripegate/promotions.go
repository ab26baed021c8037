package stripegate

import (
	"regexp"
	"strings"
)

var promoRoutes = []route{
	{"POST /v1/promotion_codes", createPromo},
	{"GET /v1/promotion_codes", listPromos},
	{"GET /v1/promotion_codes/{id}", getPromo},
	{"POST /v1/promotion_codes/{id}", updatePromo},
}

var codeShape = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

const longestCode = 500

func createPromo(c *call) (any, *apiError) {
	f := c.f
	if err := f.only("coupon", "code", "active", "customer", "expires_at", "max_redemptions", "restrictions", "metadata"); err != nil {
		return nil, err
	}
	if f.str("coupon") == "" {
		return nil, required("coupon")
	}
	if _, err := c.g.oneCoupon(f.str("coupon"), "coupon"); err != nil {
		return nil, err
	}
	x := &promo{Coupon: f.str("coupon"), Code: f.str("code"), Customer: f.str("customer")}
	meta, err := f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	if x.Code == "" {
		x.Code = strings.ToUpper(newID("", 8))
	}
	if len(x.Code) > longestCode || !codeShape.MatchString(x.Code) {
		return nil, invalid("code", "Invalid code: use letters and digits only.")
	}
	active, sent, err := f.flag("active")
	if err != nil {
		return nil, err
	}
	x.Active = active || !sent
	if x.Customer != "" {
		if _, err := c.g.oneCustomer(x.Customer, "customer"); err != nil {
			return nil, err
		}
	}
	if err := readRestrictions(f, x); err != nil {
		return nil, err
	}
	for name, at := range map[string]*int64{"expires_at": &x.Expires, "max_redemptions": &x.Max} {
		n, ok, err := f.num(name)
		if err != nil {
			return nil, err
		}
		if ok && n < 1 {
			return nil, invalid(name, "Invalid positive integer")
		}
		*at = n
	}
	if x.Expires != 0 && x.Expires <= c.g.now() {
		return nil, invalid("expires_at", "The expires_at timestamp must be in the future.")
	}
	if x.Active {
		if err := c.g.codeFree(x); err != nil {
			return nil, err
		}
	}
	x.thing = c.g.fresh("promo_1", meta)
	c.g.s.Promos[x.ID] = x
	return c.g.promoObj(x), nil
}

func readRestrictions(f *form, x *promo) (err *apiError) {
	if x.FirstTime, _, err = f.flag("restrictions", "first_time_transaction"); err != nil {
		return err
	}
	if x.Minimum, _, err = f.num("restrictions", "minimum_amount"); err != nil {
		return err
	}
	x.MinimumCurrency = lower(f.str("restrictions", "minimum_amount_currency"))
	if x.Minimum > 0 && x.MinimumCurrency == "" {
		return required("restrictions[minimum_amount_currency]")
	}
	return nil
}

// codeFree says that no other active promotion code has the same letters.
func (g *Gateway) codeFree(x *promo) *apiError {
	for _, p := range g.s.Promos {
		if p.ID != x.ID && p.Active && strings.EqualFold(p.Code, x.Code) && (p.Customer == "" || x.Customer == "" || p.Customer == x.Customer) {
			return invalid("code", "An active promotion code with `code: %s` already exists.", x.Code)
		}
	}
	return nil
}

func getPromo(c *call) (any, *apiError) {
	x := c.g.s.Promos[c.id]
	if x == nil {
		return nil, absent("promotion code", c.id)
	}
	return c.g.promoObj(x), nil
}

func listPromos(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "active", "code", "coupon", "customer"); err != nil {
		return nil, err
	}
	active, sent, err := c.f.flag("active")
	if err != nil {
		return nil, err
	}
	code := c.f.str("code")
	return page(c, such(values(c.g.s.Promos), func(x *promo) bool {
		return (!sent || c.g.promoLive(x) == active) && (code == "" || strings.EqualFold(code, x.Code)) &&
			sameOr(c.f.str("coupon"), x.Coupon) && sameOr(c.f.str("customer"), x.Customer)
	}), c.g.promoObj)
}

func updatePromo(c *call) (any, *apiError) {
	x := c.g.s.Promos[c.id]
	if x == nil {
		return nil, absent("promotion code", c.id)
	}
	if err := c.f.only("active", "metadata", "restrictions"); err != nil {
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
	if sent && active && !x.Active {
		if err := c.g.codeFree(x); err != nil {
			return nil, err
		}
	}
	x.Meta = meta
	if sent {
		x.Active = active
	}
	return c.g.promoObj(x), nil
}

// promoLive reports whether anybody could still redeem the code.
func (g *Gateway) promoLive(x *promo) bool {
	c := g.s.Coupons[x.Coupon]
	return x.Active && (x.Expires == 0 || g.now() < x.Expires) && (x.Max == 0 || x.Redeemed < x.Max) && c != nil && g.couponValid(c)
}

func (g *Gateway) promoObj(x *promo) obj {
	var c any
	if k := g.s.Coupons[x.Coupon]; k != nil {
		c = g.couponObj(k)
	}
	return obj{
		"id": x.ID, "object": "promotion_code",
		"active":          g.promoLive(x),
		"code":            x.Code,
		"coupon":          c,
		"created":         x.Created,
		"customer":        text(x.Customer),
		"expires_at":      number(x.Expires),
		"livemode":        false,
		"max_redemptions": number(x.Max),
		"metadata":        metadata(x.Meta),
		"restrictions": obj{
			"first_time_transaction": x.FirstTime, "minimum_amount": number(x.Minimum), "minimum_amount_currency": text(x.MinimumCurrency),
		},
		"times_redeemed": x.Redeemed,
	}
}
