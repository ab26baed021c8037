package stripepay

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"sselfie/core"
	"sselfie/core/billing"
)

// OpenSession opens an embedded checkout. The idempotency key is the checkout's
// own, so nothing in the parameters may vary with time.
func (c *Client) OpenSession(ctx context.Context, n billing.NewSession) (billing.OpenedSession, error) {
	const op = "stripepay.OpenSession"
	ctx, cancel := c.within(ctx)
	defer cancel()
	meta := metadata(n.Meta)
	p := &stripe.CheckoutSessionParams{
		UIMode:            stripe.String(string(stripe.CheckoutSessionUIModeEmbedded)),
		ReturnURL:         stripe.String(n.ReturnURL),
		ClientReferenceID: stripe.String(n.Meta.Ref),
		Metadata:          meta,
	}
	p.Context = ctx
	p.IdempotencyKey = stripe.String(n.Key)
	item, err := c.lineItem(ctx, n)
	if err != nil {
		return billing.OpenedSession{}, err
	}
	p.LineItems = []*stripe.CheckoutSessionLineItemParams{item}
	if n.Membership {
		p.Mode = stripe.String(string(stripe.CheckoutSessionModeSubscription))
		p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{Metadata: meta}
	} else {
		p.Mode = stripe.String(string(stripe.CheckoutSessionModePayment))
		p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: meta}
		if n.Customer == "" {
			// A customer is needed later, for the portal and the upgrade.
			p.CustomerCreation = stripe.String(string(stripe.CheckoutSessionCustomerCreationAlways))
		}
	}
	switch {
	case n.Customer != "":
		p.Customer = stripe.String(n.Customer)
	case n.Email != "":
		p.CustomerEmail = stripe.String(n.Email)
	}
	switch {
	case n.Promotion != "":
		id, err := c.promotionCode(ctx, n.Promotion)
		if err != nil {
			return billing.OpenedSession{}, err
		}
		p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: stripe.String(id)}}
	case !n.Membership:
		// Mutually exclusive with Discounts, even when false; memberships show no
		// field, because the server decides who may use a code.
		p.AllowPromotionCodes = stripe.Bool(true)
	}
	s, err := c.api.CheckoutSessions.New(p)
	if err != nil {
		c.forget() // a price or a code may have been replaced at Stripe
		return billing.OpenedSession{}, sessionFailure(op, n, err)
	}
	return billing.OpenedSession{ID: s.ID, ClientSecret: s.ClientSecret, ExpiresAt: time.Unix(s.ExpiresAt, 0).UTC()}, nil
}

// sessionFailure tells apart what is missing: only a missing customer is
// core.NotFound, so that the caller tries without one; a code that Stripe no
// longer takes is core.Unprocessable; a price that is gone is found anew by the
// next try.
func sessionFailure(op string, n billing.NewSession, err error) error {
	var se *stripe.Error
	if !errors.As(err, &se) {
		return failure(op, err)
	}
	out := failure(op, err)
	switch {
	case strings.HasPrefix(se.Param, "discounts"):
		return &core.Error{Code: core.Unprocessable, Op: op, Message: refusedCode(n.Promotion), Err: out}
	case core.Is(out, core.NotFound) && se.Param != "customer":
		return &core.Error{Code: core.Unavailable, Op: op, Message: "The payment service can't open this checkout right now. Nothing was charged. Try again in a minute.", Err: out}
	}
	return out
}

func refusedCode(code string) string {
	return "The code " + code + " doesn't work at the moment. Leave it out to go on, or write to us."
}

func (c *Client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
	clear(c.promo)
}

func metadata(m billing.Metadata) map[string]string {
	out := map[string]string{}
	for k, v := range map[string]string{
		"product_type": string(m.Product), "source": m.Source, "campaign": m.Campaign, "ref": m.Ref, "link": m.Link, "user_id": string(m.User),
	} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// lineItem prefers the price that was provisioned; where there is none the price
// is given inline, so that an account without set-up can sell all the same.
func (c *Client) lineItem(ctx context.Context, n billing.NewSession) (*stripe.CheckoutSessionLineItemParams, error) {
	item := &stripe.CheckoutSessionLineItemParams{Quantity: stripe.Int64(1)}
	id, err := c.priceID(ctx, n.LookupKey, n.Price)
	if err != nil {
		return nil, err
	}
	if id != "" {
		item.Price = stripe.String(id)
		return item, nil
	}
	c.log.Warn("no price at Stripe for this product: run `sselfie stripe setup`", "product", n.Product, "lookup_key", n.LookupKey)
	item.PriceData = &stripe.CheckoutSessionLineItemPriceDataParams{
		Currency: stripe.String(n.Price.Currency), UnitAmount: stripe.Int64(n.Price.Minor),
		ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(n.Name)},
	}
	if n.Membership {
		item.PriceData.Recurring = &stripe.CheckoutSessionLineItemPriceDataRecurringParams{Interval: stripe.String("month")}
	}
	return item, nil
}

// priceID returns the active price with a lookup key, "" when there is none or
// when its amount is not the catalogue's.
func (c *Client) priceID(ctx context.Context, lookupKey string, want core.Money) (string, error) {
	cacheKey := lookupKey + "@" + want.String()
	c.mu.Lock()
	id := c.known[cacheKey]
	c.mu.Unlock()
	if id != "" {
		return id, nil
	}
	p := &stripe.PriceListParams{LookupKeys: stripe.StringSlice([]string{lookupKey}), Active: stripe.Bool(true)}
	p.Context = ctx
	p.Single = true
	it := c.api.Prices.List(p)
	for it.Next() {
		pr := it.Price()
		if pr.LookupKey != lookupKey || pr.UnitAmount != want.Minor || string(pr.Currency) != want.Currency {
			continue
		}
		id = pr.ID
	}
	if err := it.Err(); err != nil {
		return "", failure("stripepay.priceID", err)
	}
	if id == "" {
		return "", nil
	}
	if c.prices != nil {
		if err := c.prices.RememberPrice(ctx, id, lookupKey); err != nil {
			return "", err
		}
	}
	c.mu.Lock()
	c.known[cacheKey] = id
	c.mu.Unlock()
	return id, nil
}

// promotionCode returns Stripe's id of an active promotion code. Codes are
// unique without case among the active ones.
func (c *Client) promotionCode(ctx context.Context, code string) (string, error) {
	const op = "stripepay.promotionCode"
	c.mu.Lock()
	id := c.promo[code]
	c.mu.Unlock()
	if id != "" {
		return id, nil
	}
	p := &stripe.PromotionCodeListParams{Code: stripe.String(code), Active: stripe.Bool(true)}
	p.Context = ctx
	p.Single = true
	it := c.api.PromotionCodes.List(p)
	for it.Next() {
		if pc := it.PromotionCode(); pc != nil && strings.EqualFold(pc.Code, code) {
			id = pc.ID
		}
	}
	if err := it.Err(); err != nil {
		return "", failure(op, err)
	}
	if id == "" {
		return "", &core.Error{Code: core.Unprocessable, Op: op, Message: refusedCode(code)}
	}
	c.mu.Lock()
	c.promo[code] = id
	c.mu.Unlock()
	return id, nil
}

// PortalURL opens the billing portal for a customer.
func (c *Client) PortalURL(ctx context.Context, customer, returnURL string) (string, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	p := &stripe.BillingPortalSessionParams{Customer: stripe.String(customer), ReturnURL: stripe.String(returnURL)}
	p.Context = ctx
	// Without our own configuration the account's default is used, if it has one.
	if id, err := c.portalConfiguration(ctx); err == nil && id != "" {
		p.Configuration = stripe.String(id)
	}
	s, err := c.api.BillingPortalSessions.New(p)
	if err != nil {
		return "", failure("stripepay.PortalURL", err)
	}
	return s.URL, nil
}

// ReceiptURL returns Stripe's page about what a payment charged. The charge is
// fetched with the payment, in one call.
func (c *Client) ReceiptURL(ctx context.Context, paymentIntent string) (string, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	p := &stripe.PaymentIntentParams{}
	p.Context = ctx
	p.AddExpand("latest_charge")
	pi, err := c.api.PaymentIntents.Get(paymentIntent, p)
	if err != nil {
		return "", failure("stripepay.ReceiptURL", err)
	}
	if pi.LatestCharge == nil {
		return "", nil
	}
	return pi.LatestCharge.ReceiptURL, nil
}
