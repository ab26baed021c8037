package stripepay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Setup is what an installation wants to exist at Stripe.
type Setup struct {
	Catalog    catalog.Catalog
	Brand      string
	WebhookURL string // "" leaves the endpoint alone
	ReturnURL  string // of the billing portal
	TermsURL   string
	PrivacyURL string
	// KnownSecret tells whether a signing secret is configured already; without
	// one an existing endpoint is replaced, because Stripe shows its secret once.
	KnownSecret bool
}

// Provisioned is what Setup did.
type Provisioned struct {
	Changes       []string // one line each, empty when everything was there
	Notes         []string // what the creator should look at
	WebhookSecret string   // of an endpoint that was made now
}

// appTag marks what we made, so that it is found again.
const appTag = "sselfie"

// Provision brings Stripe to what s wants, and prints nothing twice: running it
// again changes nothing. Prices are never changed, because they can't be: a new
// amount makes a new price and moves the lookup key to it; subscribers keep the
// old one.
func (c *Client) Provision(ctx context.Context, s Setup) (Provisioned, error) {
	var out Provisioned
	for _, p := range s.Catalog.Products {
		if p.Disabled {
			continue
		}
		if err := c.provisionProduct(ctx, p, &out); err != nil {
			return out, err
		}
		if err := c.provisionPrice(ctx, p, &out); err != nil {
			return out, err
		}
	}
	for _, p := range s.Catalog.Promotions {
		if err := c.provisionPromotion(ctx, p, &out); err != nil {
			return out, err
		}
	}
	if err := c.provisionPortal(ctx, s, &out); err != nil {
		return out, err
	}
	if s.WebhookURL != "" {
		if err := c.provisionWebhook(ctx, s, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func productID(id core.ProductID) string { return appTag + "_" + string(id) }

func (c *Client) provisionProduct(ctx context.Context, p catalog.Product, out *Provisioned) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	get := &stripe.ProductParams{}
	get.Context = ctx
	got, err := c.api.Products.Get(productID(p.ID), get)
	if err == nil && got.Name == p.Name && got.Active {
		return nil
	}
	if err == nil {
		up := &stripe.ProductParams{Name: stripe.String(p.Name), Active: stripe.Bool(true)}
		up.Context = ctx
		if _, err := c.api.Products.Update(productID(p.ID), up); err != nil {
			return failure("stripepay.product", err)
		}
		out.Changes = append(out.Changes, "product "+p.Name+": name brought up to date")
		return nil
	}
	if err := failure("stripepay.product", err); !core.Is(err, core.NotFound) {
		return err
	}
	fresh := &stripe.ProductParams{ID: stripe.String(productID(p.ID)), Name: stripe.String(p.Name), Metadata: map[string]string{"app": appTag, "product_type": string(p.ID)}}
	fresh.Context = ctx
	if _, err := c.api.Products.New(fresh); err != nil {
		return failure("stripepay.product", err)
	}
	out.Changes = append(out.Changes, "product "+p.Name+": made")
	return nil
}

func (c *Client) provisionPrice(ctx context.Context, p catalog.Product, out *Provisioned) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	list := &stripe.PriceListParams{LookupKeys: stripe.StringSlice([]string{p.LookupKey}), Active: stripe.Bool(true)}
	list.Context = ctx
	var old *stripe.Price
	it := c.api.Prices.List(list)
	for it.Next() {
		old = it.Price()
	}
	if err := it.Err(); err != nil {
		return failure("stripepay.price", err)
	}
	if old != nil && fits(old, p) {
		return c.remember(ctx, old.ID, p.LookupKey)
	}
	np := &stripe.PriceParams{
		Product: stripe.String(productID(p.ID)), Currency: stripe.String(p.Price.Currency), UnitAmount: stripe.Int64(p.Price.Minor),
		LookupKey: stripe.String(p.LookupKey), TransferLookupKey: stripe.Bool(old != nil), Metadata: map[string]string{"app": appTag},
	}
	if p.Monthly() {
		np.Recurring = &stripe.PriceRecurringParams{Interval: stripe.String("month")}
	}
	np.Context = ctx
	made, err := c.api.Prices.New(np)
	if err != nil {
		return failure("stripepay.price", err)
	}
	out.Changes = append(out.Changes, fmt.Sprintf("price of %s: %s made", p.Name, p.Price))
	if old != nil {
		if err := c.remember(ctx, old.ID, p.LookupKey); err != nil { // its subscribers are ours still
			return err
		}
		arch := &stripe.PriceParams{Active: stripe.Bool(false)}
		arch.Context = ctx
		if _, err := c.api.Prices.Update(old.ID, arch); err != nil {
			return failure("stripepay.price", err)
		}
		out.Changes = append(out.Changes, "price of "+p.Name+": the old one archived, its subscribers keep it")
	}
	c.forget()
	return c.remember(ctx, made.ID, p.LookupKey)
}

func fits(pr *stripe.Price, p catalog.Product) bool {
	monthly := pr.Recurring != nil && pr.Recurring.Interval == stripe.PriceRecurringIntervalMonth && pr.Recurring.IntervalCount <= 1
	return pr.UnitAmount == p.Price.Minor && string(pr.Currency) == p.Price.Currency && monthly == p.Monthly()
}

func (c *Client) remember(ctx context.Context, price, lookupKey string) error {
	if c.prices == nil {
		return nil
	}
	return c.prices.RememberPrice(ctx, price, lookupKey)
}

func (c *Client) provisionPromotion(ctx context.Context, p catalog.Promotion, out *Provisioned) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	coupon := fmt.Sprintf("%s_%s_%d", appTag, strings.ToLower(p.Code), p.AmountOff.Minor)
	get := &stripe.CouponParams{}
	get.Context = ctx
	if _, err := c.api.Coupons.Get(coupon, get); err != nil {
		if err := failure("stripepay.coupon", err); !core.Is(err, core.NotFound) {
			return err
		}
		fresh := &stripe.CouponParams{
			ID: stripe.String(coupon), Name: stripe.String(p.Code), AmountOff: stripe.Int64(p.AmountOff.Minor), Currency: stripe.String(p.AmountOff.Currency),
			Duration: stripe.String(string(stripe.CouponDurationOnce)), AppliesTo: &stripe.CouponAppliesToParams{Products: stripe.StringSlice([]string{productID(p.Product)})},
		}
		fresh.Context = ctx
		if _, err := c.api.Coupons.New(fresh); err != nil {
			return failure("stripepay.coupon", err)
		}
		out.Changes = append(out.Changes, fmt.Sprintf("coupon %s: %s off the first invoice, made", p.Code, p.AmountOff))
	}
	list := &stripe.PromotionCodeListParams{Code: stripe.String(p.Code), Active: stripe.Bool(true)}
	list.Context = ctx
	it := c.api.PromotionCodes.List(list)
	for it.Next() {
		pc := it.PromotionCode()
		if pc == nil || !strings.EqualFold(pc.Code, p.Code) {
			continue
		}
		if pc.Coupon != nil && pc.Coupon.ID != coupon {
			off := &stripe.PromotionCodeParams{Active: stripe.Bool(false)}
			off.Context = ctx
			if _, err := c.api.PromotionCodes.Update(pc.ID, off); err != nil {
				return failure("stripepay.promotion", err)
			}
			out.Changes = append(out.Changes, "promotion code "+p.Code+": the one with another amount switched off")
			continue
		}
		return nil
	}
	if err := it.Err(); err != nil {
		return failure("stripepay.promotion", err)
	}
	// Never first_time_transaction: every customer who may use it has bought before.
	fresh := &stripe.PromotionCodeParams{Coupon: stripe.String(coupon), Code: stripe.String(p.Code)}
	fresh.Context = ctx
	if _, err := c.api.PromotionCodes.New(fresh); err != nil {
		return failure("stripepay.promotion", err)
	}
	out.Changes = append(out.Changes, "promotion code "+p.Code+": made")
	c.forget()
	return nil
}

func (c *Client) provisionPortal(ctx context.Context, s Setup, out *Provisioned) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	id, err := c.portalConfiguration(ctx)
	if err != nil || id != "" {
		return err
	}
	fresh := &stripe.BillingPortalConfigurationParams{
		BusinessProfile: &stripe.BillingPortalConfigurationBusinessProfileParams{
			Headline: stripe.String(s.Brand), PrivacyPolicyURL: stripe.String(s.PrivacyURL), TermsOfServiceURL: stripe.String(s.TermsURL),
		},
		DefaultReturnURL: stripe.String(s.ReturnURL),
		Features: &stripe.BillingPortalConfigurationFeaturesParams{
			InvoiceHistory:      &stripe.BillingPortalConfigurationFeaturesInvoiceHistoryParams{Enabled: stripe.Bool(true)},
			PaymentMethodUpdate: &stripe.BillingPortalConfigurationFeaturesPaymentMethodUpdateParams{Enabled: stripe.Bool(true)},
			SubscriptionCancel: &stripe.BillingPortalConfigurationFeaturesSubscriptionCancelParams{
				Enabled: stripe.Bool(true), Mode: stripe.String(string(stripe.BillingPortalConfigurationFeaturesSubscriptionCancelModeAtPeriodEnd)),
			},
		},
		Metadata: map[string]string{"app": appTag},
	}
	fresh.Context = ctx
	if _, err := c.api.BillingPortalConfigurations.New(fresh); err != nil {
		return failure("stripepay.portal", err)
	}
	out.Changes = append(out.Changes, "billing portal: a configuration with cards, invoices and cancellation made")
	return nil
}

// portalConfiguration returns the id of the configuration that we made, or of
// the account's default, "" for none. One made over the API is not the default,
// so sessions have to name it.
func (c *Client) portalConfiguration(ctx context.Context) (string, error) {
	list := &stripe.BillingPortalConfigurationListParams{Active: stripe.Bool(true)}
	list.Context = ctx
	id := ""
	it := c.api.BillingPortalConfigurations.List(list)
	for it.Next() {
		conf := it.BillingPortalConfiguration()
		if conf == nil {
			continue
		}
		if conf.Metadata["app"] == appTag {
			return conf.ID, nil
		}
		if conf.IsDefault {
			id = conf.ID
		}
	}
	return id, failure("stripepay.portalConfiguration", it.Err())
}

// provisionWebhook keeps exactly one endpoint of ours at the URL, pinned to the
// version that this library speaks; the version can be set only at creation.
func (c *Client) provisionWebhook(ctx context.Context, s Setup, out *Provisioned) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	list := &stripe.WebhookEndpointListParams{}
	list.Context = ctx
	list.Limit = stripe.Int64(100)
	var keep *stripe.WebhookEndpoint
	var drop []*stripe.WebhookEndpoint
	it := c.api.WebhookEndpoints.List(list)
	for it.Next() {
		e := it.WebhookEndpoint()
		if e == nil || (e.URL != s.WebhookURL && e.Metadata["app"] != appTag) {
			continue
		}
		if e.URL == s.WebhookURL && e.APIVersion == stripe.APIVersion && e.Status == "enabled" && s.KnownSecret && keep == nil {
			keep = e
			continue
		}
		drop = append(drop, e)
	}
	if err := it.Err(); err != nil {
		return failure("stripepay.webhook", err)
	}
	if keep == nil {
		fresh := &stripe.WebhookEndpointParams{
			URL: stripe.String(s.WebhookURL), APIVersion: stripe.String(stripe.APIVersion), EnabledEvents: stripe.StringSlice(handled()),
			Description: stripe.String(s.Brand + " payments"), Metadata: map[string]string{"app": appTag},
		}
		fresh.Context = ctx
		made, err := c.api.WebhookEndpoints.New(fresh)
		if err != nil {
			return failure("stripepay.webhook", err)
		}
		out.WebhookSecret = made.Secret
		out.Changes = append(out.Changes, "webhook endpoint "+s.WebhookURL+": made, version "+stripe.APIVersion)
	} else if events := slices.Sorted(slices.Values(keep.EnabledEvents)); !slices.Equal(events, handled()) {
		up := &stripe.WebhookEndpointParams{EnabledEvents: stripe.StringSlice(handled())}
		up.Context = ctx
		if _, err := c.api.WebhookEndpoints.Update(keep.ID, up); err != nil {
			return failure("stripepay.webhook", err)
		}
		out.Changes = append(out.Changes, "webhook endpoint: its list of events brought up to date")
	}
	for _, e := range drop {
		del := &stripe.WebhookEndpointParams{}
		del.Context = ctx
		if _, err := c.api.WebhookEndpoints.Del(e.ID, del); err != nil {
			return failure("stripepay.webhook", err)
		}
		out.Changes = append(out.Changes, "webhook endpoint "+e.URL+": an old one removed")
	}
	return nil
}
