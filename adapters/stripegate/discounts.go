package stripegate

import (
	"fmt"
	"slices"
	"strings"
)

// sessionLine is a line with what it costs today and what a discount takes off.
type sessionLine struct {
	product     string
	amount, off int64
}

func (x *session) trialing() bool { return x.TrialDays > 0 || x.TrialEnd > 0 }

// sessionPriced returns the lines of a session as they would be charged now:
// during a trial the recurring ones cost nothing.
func (g *Gateway) sessionPriced(x *session, d *discount) []sessionLine {
	out := make([]sessionLine, len(x.Lines))
	for i, l := range x.Lines {
		p := g.s.Prices[l.Price]
		out[i] = sessionLine{product: p.Product, amount: p.Amount * l.Quantity}
		if x.trialing() && p.Interval != "" {
			out[i].amount = 0
		}
	}
	if d != nil {
		if k := g.s.Coupons[d.Coupon]; k != nil {
			spread(out, k)
		}
	}
	return out
}

// spread divides a discount over the lines it applies to, in proportion, so
// that the parts add up to the whole.
func spread(lines []sessionLine, k *coupon) {
	var priced []pricedLine
	var eligible int64
	for _, l := range lines {
		priced = append(priced, pricedLine{l.product, l.amount})
		if len(k.Products) == 0 || slices.Contains(k.Products, l.product) {
			eligible += l.amount
		}
	}
	total := k.amount(priced)
	left := total
	last := -1
	for i, l := range lines {
		if eligible == 0 || len(k.Products) > 0 && !slices.Contains(k.Products, l.product) {
			continue
		}
		lines[i].off = total * l.amount / eligible
		left -= lines[i].off
		last = i
	}
	if last >= 0 {
		lines[last].off += left
	}
}

// price computes the session's totals.
func (g *Gateway) price(x *session) {
	x.Subtotal, x.Off = 0, 0
	for _, l := range g.sessionPriced(x, x.Discount) {
		x.Subtotal += l.amount
		x.Off += l.off
	}
}

func (g *Gateway) readSessionDiscount(f *form, x *session, drafts []lineDraft) *apiError {
	allow, sent, err := f.flag("allow_promotion_codes")
	if err != nil {
		return err
	}
	if sent {
		x.AllowPromo = &allow
	}
	list := f.list("discounts")
	if len(list) == 0 {
		return nil
	}
	if sent {
		return invalid("", "You may only specify one of these parameters: allow_promotion_codes, discounts.")
	}
	if len(list) > 1 {
		return invalid("discounts", "You may only apply one discount to a Checkout Session.")
	}
	d := list[0]
	coupon, code := d.str("coupon"), d.str("promotion_code")
	if coupon != "" && code != "" {
		return both(d.at("coupon").name, d.at("promotion_code").name)
	}
	if coupon == "" && code == "" {
		return required(d.at("coupon").name)
	}
	var lines []sessionLine
	for _, l := range drafts {
		lines = append(lines, sessionLine{product: l.price.Product, amount: l.price.Amount * l.quantity})
	}
	param := d.at("coupon").name
	if code != "" {
		param = d.at("promotion_code").name
		p := g.s.Promos[code]
		if p == nil {
			return unknown("promotion code", code, param)
		}
		if why := g.promoRefused(p, x, lines); why != "" {
			return invalid(param, "%s", why)
		}
		coupon = p.Coupon
	} else {
		k, err := g.oneCoupon(coupon, param)
		if err != nil {
			return err
		}
		if why := g.couponRefused(k, x.Currency, lines); why != "" {
			return invalid(param, "%s", why)
		}
	}
	x.Discount = &discount{ID: newID("di_1", 23), Coupon: coupon, Promo: code}
	return nil
}

// promoRefused says why a promotion code does not fit an order, "" if it does.
func (g *Gateway) promoRefused(p *promo, x *session, lines []sessionLine) string {
	var subtotal int64
	for _, l := range lines {
		subtotal += l.amount
	}
	switch {
	case !p.Active:
		return "This promotion code is inactive and cannot be redeemed."
	case p.Expires != 0 && g.now() >= p.Expires:
		return "This promotion code has expired and cannot be redeemed."
	case p.Max != 0 && p.Redeemed >= p.Max:
		return "This promotion code has been fully redeemed and cannot be redeemed."
	case p.Customer != "" && p.Customer != x.Customer:
		return "This promotion code cannot be redeemed because it belongs to another customer."
	case p.Minimum > 0 && p.MinimumCurrency == x.Currency && subtotal < p.Minimum:
		return fmt.Sprintf("This promotion code cannot be redeemed because the order is below its minimum of %s.", amount(p.Minimum, x.Currency))
	case p.FirstTime && x.Customer != "" && g.hasPaid(x.Customer):
		return "This promotion code cannot be redeemed because the associated customer has prior transactions."
	}
	k := g.s.Coupons[p.Coupon]
	if k == nil {
		return "This promotion code's coupon does not exist any more."
	}
	return g.couponRefused(k, x.Currency, lines)
}

func (g *Gateway) couponRefused(k *coupon, currency string, lines []sessionLine) string {
	switch {
	case !g.couponValid(k):
		return fmt.Sprintf("Coupon expired: %s", k.ID)
	case k.AmountOff > 0 && k.Currency != currency:
		return fmt.Sprintf("The coupon is in %s, but this order is in %s.", k.Currency, currency)
	case len(k.Products) > 0 && !slices.ContainsFunc(lines, func(l sessionLine) bool { return slices.Contains(k.Products, l.product) }):
		return "The coupon does not apply to anything in this order."
	}
	return ""
}

// hasPaid reports whether a customer has any transaction so far; an invoice
// over nothing counts as one, as at Stripe.
func (g *Gateway) hasPaid(id string) bool {
	for _, i := range g.s.Intents {
		if i.Customer == id && i.Status == "succeeded" {
			return true
		}
	}
	for _, i := range g.s.Invoices {
		if i.Customer == id && i.Status == "paid" {
			return true
		}
	}
	return false
}

// typedPromo finds the code that a buyer typed and says why it does not apply.
func (g *Gateway) typedPromo(x *session, code string) (*discount, string) {
	code = strings.TrimSpace(code)
	var found *promo
	for _, p := range values(g.s.Promos) {
		if strings.EqualFold(p.Code, code) && (p.Customer == "" || p.Customer == x.Customer) && (found == nil || p.Active) {
			found = p
		}
	}
	if found == nil {
		return nil, "This code is not known. Check its letters, or leave the field empty."
	}
	if why := g.promoRefused(found, x, g.sessionPriced(x, nil)); why != "" {
		return nil, why
	}
	return &discount{ID: newID("di_1", 23), Coupon: found.Coupon, Promo: found.ID, Session: x.ID}, ""
}

// redeem counts a use of the session's discount.
func (g *Gateway) redeem(d *discount) {
	if d == nil {
		return
	}
	if k := g.s.Coupons[d.Coupon]; k != nil {
		k.Redeemed++
	}
	if p := g.s.Promos[d.Promo]; p != nil {
		p.Redeemed++
	}
}

// amount is money as people read it.
func amount(n int64, currency string) string {
	sign := map[string]string{"usd": "$", "eur": "€", "gbp": "£"}[currency]
	s := fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
	if sign == "" {
		s += " " + strings.ToUpper(currency)
	}
	return s
}
