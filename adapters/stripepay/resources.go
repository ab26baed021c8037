package stripepay

import (
	"github.com/stripe/stripe-go/v76"
	billingportalconfiguration "github.com/stripe/stripe-go/v76/billingportal/configuration"
	billingportalsession "github.com/stripe/stripe-go/v76/billingportal/session"
	"github.com/stripe/stripe-go/v76/charge"
	checkoutsession "github.com/stripe/stripe-go/v76/checkout/session"
	"github.com/stripe/stripe-go/v76/coupon"
	"github.com/stripe/stripe-go/v76/dispute"
	"github.com/stripe/stripe-go/v76/event"
	"github.com/stripe/stripe-go/v76/invoice"
	"github.com/stripe/stripe-go/v76/paymentintent"
	"github.com/stripe/stripe-go/v76/price"
	"github.com/stripe/stripe-go/v76/product"
	"github.com/stripe/stripe-go/v76/promotioncode"
	"github.com/stripe/stripe-go/v76/subscription"
	"github.com/stripe/stripe-go/v76/webhookendpoint"
)

// resources are the parts of Stripe's API that we call. The library's own
// collection of all resources would make the program 2.5 MB larger.
type resources struct {
	BillingPortalConfigurations billingportalconfiguration.Client
	BillingPortalSessions       billingportalsession.Client
	Charges                     charge.Client
	CheckoutSessions            checkoutsession.Client
	Coupons                     coupon.Client
	Disputes                    dispute.Client
	Events                      event.Client
	Invoices                    invoice.Client
	PaymentIntents              paymentintent.Client
	Prices                      price.Client
	Products                    product.Client
	PromotionCodes              promotioncode.Client
	Subscriptions               subscription.Client
	WebhookEndpoints            webhookendpoint.Client
}

func newResources(b stripe.Backend, key string) *resources {
	return &resources{
		BillingPortalConfigurations: billingportalconfiguration.Client{B: b, Key: key},
		BillingPortalSessions:       billingportalsession.Client{B: b, Key: key},
		Charges:                     charge.Client{B: b, Key: key},
		CheckoutSessions:            checkoutsession.Client{B: b, Key: key},
		Coupons:                     coupon.Client{B: b, Key: key},
		Disputes:                    dispute.Client{B: b, Key: key},
		Events:                      event.Client{B: b, Key: key},
		Invoices:                    invoice.Client{B: b, Key: key},
		PaymentIntents:              paymentintent.Client{B: b, Key: key},
		Prices:                      price.Client{B: b, Key: key},
		Products:                    product.Client{B: b, Key: key},
		PromotionCodes:              promotioncode.Client{B: b, Key: key},
		Subscriptions:               subscription.Client{B: b, Key: key},
		WebhookEndpoints:            webhookendpoint.Client{B: b, Key: key},
	}
}
