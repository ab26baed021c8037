package stripepay

import (
	"context"
	"fmt"

	"github.com/stripe/stripe-go/v76"

	"sselfie/core/catalog"
)

// PricesOff compares the catalogue with the prices at Stripe and returns a line
// for each product that would cost something else there, or cannot be bought. It
// changes nothing.
func (c *Client) PricesOff(ctx context.Context, cat catalog.Catalog) (off []string, err error) {
	for _, p := range cat.Products {
		if p.Disabled || p.LookupKey == "" {
			continue
		}
		line, err := c.priceOff(ctx, p)
		if err != nil {
			return nil, err
		}
		if line != "" {
			off = append(off, line)
		}
	}
	return off, nil
}

func (c *Client) priceOff(ctx context.Context, p catalog.Product) (string, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	list := &stripe.PriceListParams{LookupKeys: stripe.StringSlice([]string{p.LookupKey}), Active: stripe.Bool(true)}
	list.Context = ctx
	it := c.api.Prices.List(list)
	var there *stripe.Price
	for it.Next() {
		there = it.Price()
	}
	if err := it.Err(); err != nil {
		return "", failure("stripepay.prices", err)
	}
	switch {
	case there == nil:
		return fmt.Sprintf("%s has no price at Stripe", p.Name), nil
	case !fits(there, p):
		return fmt.Sprintf("%s is %d %s at Stripe and %d %s here, in the smallest unit", p.Name, there.UnitAmount, there.Currency, p.Price.Minor, p.Price.Currency), nil
	}
	return "", nil
}
