package stripegate

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"sselfie/core"
)

func TestSessionRules(t *testing.T) {
	r := newRig(t)
	once, monthly := r.oneTime(4700), r.monthly()
	euro, err := r.sc.Prices.New(&stripe.PriceParams{Currency: stripe.String("eur"), UnitAmount: stripe.Int64(4700), Product: &once.Product.ID})
	r.must(err)
	off, err := r.sc.Prices.New(&stripe.PriceParams{Currency: stripe.String("usd"), UnitAmount: stripe.Int64(4700), Product: &once.Product.ID, Active: stripe.Bool(false)})
	r.must(err)
	k, err := r.sc.Customers.New(&stripe.CustomerParams{Email: stripe.String("k@example.com")})
	r.must(err)
	promo := r.mini20(monthly.Product.ID)
	now := start.Unix()
	type params = stripe.CheckoutSessionParams
	for name, c := range map[string]struct {
		mode  string
		price string
		set   func(*params)
		param string
		code  stripe.ErrorCode
	}{
		"return_url is required":            {"payment", once.ID, func(p *params) { p.ReturnURL = nil }, "return_url", "parameter_missing"},
		"return_url is a URL":               {"payment", once.ID, func(p *params) { p.ReturnURL = stripe.String("/x") }, "return_url", "url_invalid"},
		"success_url is for hosted pages":   {"payment", once.ID, func(p *params) { p.SuccessURL = stripe.String("http://127.0.0.1/x") }, "success_url", ""},
		"cancel_url is for hosted pages":    {"payment", once.ID, func(p *params) { p.CancelURL = stripe.String("http://127.0.0.1/x") }, "cancel_url", ""},
		"never redirecting needs no return": {"payment", once.ID, func(p *params) { p.RedirectOnCompletion = stripe.String("never") }, "return_url", ""},
		"a mode is required":                {"", once.ID, func(p *params) { p.Mode = nil }, "mode", "parameter_missing"},
		"an unknown mode":                   {"gift", once.ID, nil, "mode", ""},
		"a hosted page needs success_url":   {"payment", once.ID, func(p *params) { p.UIMode = nil; p.ReturnURL = nil }, "success_url", "parameter_missing"},
		"something must be sold":            {"payment", once.ID, func(p *params) { p.LineItems = nil }, "line_items", "parameter_missing"},
		"quantity is required":              {"payment", once.ID, func(p *params) { p.LineItems[0].Quantity = nil }, "line_items[0][quantity]", "parameter_missing"},
		"quantity is positive":              {"payment", once.ID, func(p *params) { p.LineItems[0].Quantity = stripe.Int64(0) }, "line_items[0][quantity]", ""},
		"unknown price":                     {"payment", "price_no", nil, "line_items[0][price]", "resource_missing"},
		"inactive price":                    {"payment", off.ID, nil, "line_items[0][price]", ""},
		"monthly price in payment mode":     {"payment", monthly.ID, nil, "line_items", ""},
		"no monthly price in subscription":  {"subscription", once.ID, nil, "line_items", ""},
		"currency must fit":                 {"payment", euro.ID, func(p *params) { p.Currency = stripe.String("usd") }, "line_items[0][price]", ""},
		"one currency for all lines": {"payment", once.ID, func(p *params) {
			p.LineItems = append(p.LineItems, &stripe.CheckoutSessionLineItemParams{Price: &euro.ID, Quantity: stripe.Int64(1)})
		}, "line_items[1][price]", ""},
		"customer or address": {"payment", once.ID, func(p *params) {
			p.Customer, p.CustomerEmail, p.CustomerCreation = &k.ID, stripe.String("a@example.com"), nil
		}, "customer", ""},
		"customer or creation":            {"payment", once.ID, func(p *params) { p.Customer = &k.ID }, "customer", ""},
		"unknown customer":                {"payment", once.ID, func(p *params) { p.Customer, p.CustomerCreation = stripe.String("cus_no"), nil }, "customer", "resource_missing"},
		"creation is for payments":        {"subscription", monthly.ID, func(p *params) { p.CustomerCreation = stripe.String("always") }, "customer_creation", ""},
		"broken address":                  {"payment", once.ID, func(p *params) { p.CustomerEmail = stripe.String("nobody") }, "customer_email", "email_invalid"},
		"payment data in a subscription":  {"subscription", monthly.ID, func(p *params) { p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: meta} }, "payment_intent_data", ""},
		"subscription data in a payment":  {"payment", once.ID, func(p *params) { p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{Metadata: meta} }, "subscription_data", ""},
		"collection is for subscriptions": {"payment", once.ID, func(p *params) { p.PaymentMethodCollection = stripe.String("always") }, "payment_method_collection", ""},
		"expiry too soon":                 {"payment", once.ID, func(p *params) { p.ExpiresAt = stripe.Int64(now + 20*60) }, "expires_at", ""},
		"expiry too late":                 {"payment", once.ID, func(p *params) { p.ExpiresAt = stripe.Int64(now + 25*3600) }, "expires_at", ""},
		"codes or a discount": {"subscription", monthly.ID, func(p *params) {
			p.AllowPromotionCodes = stripe.Bool(false)
			p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: &promo.ID}}
		}, "", ""},
		"one discount": {"subscription", monthly.ID, func(p *params) {
			d := &stripe.CheckoutSessionDiscountParams{PromotionCode: &promo.ID}
			p.Discounts = []*stripe.CheckoutSessionDiscountParams{d, d}
		}, "discounts", ""},
		"coupon or code": {"subscription", monthly.ID, func(p *params) {
			p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: &promo.ID, Coupon: stripe.String("mini20")}}
		}, "discounts[0][coupon]", ""},
		"unknown code": {"subscription", monthly.ID, func(p *params) {
			p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: stripe.String("promo_no")}}
		}, "discounts[0][promotion_code]", "resource_missing"},
		"code for another product": {"payment", once.ID, func(p *params) { p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: &promo.ID}} }, "discounts[0][promotion_code]", ""},
		"long reference":           {"payment", once.ID, func(p *params) { p.ClientReferenceID = stripe.String(strings.Repeat("x", 201)) }, "client_reference_id", ""},
		"long metadata":            {"payment", once.ID, func(p *params) { p.Metadata = map[string]string{"k": strings.Repeat("x", 501)} }, "metadata[k]", ""},
		"unknown parameter":        {"payment", once.ID, func(p *params) { p.AddExtra("colour", "red") }, "colour", "parameter_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sessionFor(c.mode, c.price)
			if c.set != nil {
				c.set(p)
			}
			_, err := r.sc.CheckoutSessions.New(p)
			var e *stripe.Error
			if !errors.As(err, &e) {
				t.Fatalf("accepted: %v", err)
			}
			if e.HTTPStatusCode != 400 || e.Param != c.param || e.Code != c.code || e.Msg == "" || e.RequestID == "" {
				t.Errorf("refused with %d %q %q %q", e.HTTPStatusCode, e.Param, e.Code, e.Msg)
			}
		})
	}
	if n := len(r.g.s.Sessions); n != 0 {
		t.Errorf("%d refused sessions were kept", n)
	}
}

// sessionFor is params for a mode that may be wrong.
func sessionFor(mode, price string) *stripe.CheckoutSessionParams {
	if mode == "subscription" {
		return params(mode, price)
	}
	p := params("payment", price)
	p.Mode = stripe.String(mode)
	return p
}

func TestInlinePriceAndExpandedLines(t *testing.T) {
	r := newRig(t)
	p := params("payment", "")
	p.LineItems = []*stripe.CheckoutSessionLineItemParams{{
		Quantity: stripe.Int64(2),
		PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
			Currency: stripe.String("USD"), UnitAmount: stripe.Int64(1250),
			ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String("Print")},
		},
	}}
	p.AddExpand("line_items")
	p.AddExpand("line_items.data.price.product")
	s := r.session(p)
	if s.AmountTotal != 2500 || s.Currency != "usd" || len(s.LineItems.Data) != 1 || s.LineItems.Data[0].Price.Product.Name != "Print" {
		t.Errorf("session %d %s %+v", s.AmountTotal, s.Currency, s.LineItems)
	}
	it := r.sc.CheckoutSessions.ListLineItems(&stripe.CheckoutSessionListLineItemsParams{Session: stripe.String(s.ID)})
	if !it.Next() || it.LineItem().AmountTotal != 2500 || it.Next() {
		t.Errorf("lines %v", it.Err())
	}
}

func TestPromotionCodeRules(t *testing.T) {
	r := newRig(t)
	once := r.oneTime(4700)
	k, err := r.sc.Customers.New(&stripe.CustomerParams{Email: stripe.String("k@example.com")})
	r.must(err)
	n := 0
	make := func(c stripe.CouponParams, p stripe.PromotionCodeParams) string {
		n++
		c.ID = stripe.String(fmt.Sprint("c", n))
		if c.AmountOff == nil && c.PercentOff == nil {
			c.AmountOff, c.Currency = stripe.Int64(500), stripe.String("usd")
		}
		_, err := r.sc.Coupons.New(&c)
		r.must(err)
		p.Coupon, p.Code = c.ID, stripe.String(fmt.Sprint("CODE", n))
		out, err := r.sc.PromotionCodes.New(&p)
		r.must(err)
		return out.ID
	}
	usd := stripe.String("usd")
	inactive := make(stripe.CouponParams{}, stripe.PromotionCodeParams{Active: stripe.Bool(false)})
	expired := make(stripe.CouponParams{}, stripe.PromotionCodeParams{ExpiresAt: stripe.Int64(start.Unix() + 60)})
	stale := make(stripe.CouponParams{RedeemBy: stripe.Int64(start.Unix() + 60)}, stripe.PromotionCodeParams{})
	spent := make(stripe.CouponParams{}, stripe.PromotionCodeParams{MaxRedemptions: stripe.Int64(1)})
	minimum := make(stripe.CouponParams{}, stripe.PromotionCodeParams{Restrictions: &stripe.PromotionCodeRestrictionsParams{MinimumAmount: stripe.Int64(5000), MinimumAmountCurrency: usd}})
	first := make(stripe.CouponParams{}, stripe.PromotionCodeParams{Restrictions: &stripe.PromotionCodeRestrictionsParams{FirstTimeTransaction: stripe.Bool(true)}})
	theirs := make(stripe.CouponParams{}, stripe.PromotionCodeParams{Customer: &k.ID})
	euro := make(stripe.CouponParams{AmountOff: stripe.Int64(500), Currency: stripe.String("eur")}, stripe.PromotionCodeParams{})
	good := make(stripe.CouponParams{PercentOff: stripe.Float64(10)}, stripe.PromotionCodeParams{})

	with := func(code string) *stripe.CheckoutSessionParams {
		p := params("payment", once.ID)
		p.Discounts = []*stripe.CheckoutSessionDiscountParams{{PromotionCode: stripe.String(code)}}
		return p
	}
	s := r.session(with(spent))
	r.pay(s.ID, "4242424242424242")
	again := params("payment", once.ID)
	again.Customer, again.CustomerCreation = &k.ID, nil
	r.pay(r.session(again).ID, "4242424242424242")
	r.clock.set(start.Add(2 * time.Minute))
	for name, code := range map[string]string{
		"inactive": inactive, "expired": expired, "coupon over": stale, "redeemed up": spent, "below the minimum": minimum, "another's": theirs, "another currency": euro,
	} {
		if _, err := r.sc.CheckoutSessions.New(with(code)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	p := with(first)
	p.Customer, p.CustomerCreation = &k.ID, nil
	if _, err := r.sc.CheckoutSessions.New(p); err == nil || !strings.Contains(err.Error(), "prior transactions") {
		t.Errorf("first time of a known buyer: %v", err)
	}
	p = with(theirs)
	p.Customer, p.CustomerCreation = &k.ID, nil
	if s := r.session(p); s.AmountTotal != 4200 {
		t.Errorf("own code: %d", s.AmountTotal)
	}
	if s := r.session(with(good)); s.AmountTotal != 4230 {
		t.Errorf("ten percent: %d", s.AmountTotal)
	}
	if _, err := r.sc.PromotionCodes.New(&stripe.PromotionCodeParams{Coupon: stripe.String("c1"), Code: stripe.String("code9")}); err == nil {
		t.Error("the same letters stand twice")
	}
	it := r.sc.PromotionCodes.List(&stripe.PromotionCodeListParams{Code: stripe.String("code9"), Active: stripe.Bool(true)})
	if !it.Next() || it.PromotionCode().ID != good {
		t.Errorf("not found by its letters: %v", it.Err())
	}
}

func TestFreeOrderNeedsNoCard(t *testing.T) {
	r := newRig(t)
	_, err := r.sc.Coupons.New(&stripe.CouponParams{ID: stripe.String("FRIEND100"), PercentOff: stripe.Float64(100), Duration: stripe.String("once")})
	r.must(err)
	_, err = r.sc.PromotionCodes.New(&stripe.PromotionCodeParams{Coupon: stripe.String("FRIEND100"), Code: stripe.String("FRIEND")})
	r.must(err)
	p := params("payment", r.oneTime(4700).ID)
	p.CustomerCreation, p.AllowPromotionCodes = nil, stripe.Bool(true)
	s := r.session(p)
	if status, out := r.post("/gateway/c/"+s.ID+"/promo", url.Values{"promo": {"friend"}}); status != 200 || out["total"] != "$0.00" || out["free"] != true {
		t.Errorf("preview %d %v", status, out)
	}
	if status, out := r.post("/gateway/c/"+s.ID+"/pay", url.Values{"email": {"a@example.com"}, "promo": {"nonsense"}}); status != 402 {
		t.Errorf("unknown code answered %d %v", status, out)
	}
	status, out := r.post("/gateway/c/"+s.ID+"/pay", url.Values{"email": {"a@example.com"}, "promo": {" friend "}})
	if status != 200 || out["status"] != "complete" {
		t.Fatalf("answered %d %v", status, out)
	}
	events := r.flush()
	wantTypes(t, events, "customer.created", "checkout.session.completed")
	done := object[stripe.CheckoutSession](t, events, "checkout.session.completed")
	if done.PaymentStatus != "no_payment_required" || done.PaymentIntent != nil || done.AmountTotal != 0 || done.TotalDetails.AmountDiscount != 4700 || done.Customer == nil {
		t.Errorf("session %+v", done)
	}
}

func TestLookupKeyMovesOnlyWhenAsked(t *testing.T) {
	r := newRig(t)
	first := r.monthly()
	p := &stripe.PriceParams{Currency: stripe.String("usd"), UnitAmount: stripe.Int64(9900), Product: &first.Product.ID, LookupKey: stripe.String("studio_monthly_usd"), Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")}}
	if _, err := r.sc.Prices.New(p); err == nil {
		t.Fatal("the key stands twice")
	}
	p.TransferLookupKey = stripe.Bool(true)
	second, err := r.sc.Prices.New(p)
	r.must(err)
	it := r.sc.Prices.List(&stripe.PriceListParams{LookupKeys: []*string{stripe.String("studio_monthly_usd")}, Active: stripe.Bool(true)})
	if !it.Next() || it.Price().ID != second.ID || it.Next() {
		t.Errorf("found %v", it.Err())
	}
}

func TestUnknownIdsAre404(t *testing.T) {
	r := newRig(t)
	for name, err := range map[string]error{
		"session":      second(r.sc.CheckoutSessions.Get("cs_test_no", nil)),
		"customer":     second(r.sc.Customers.Get("cus_no", nil)),
		"subscription": second(r.sc.Subscriptions.Get("sub_no", nil)),
		"invoice":      second(r.sc.Invoices.Get("in_no", nil)),
		"charge":       second(r.sc.Charges.Get("ch_no", nil)),
		"intent":       second(r.sc.PaymentIntents.Get("pi_no", nil)),
		"product":      second(r.sc.Products.Get("prod_no", nil)),
		"price":        second(r.sc.Prices.Get("price_no", nil)),
		"coupon":       second(r.sc.Coupons.Get("no", nil)),
		"promotion":    second(r.sc.PromotionCodes.Get("promo_no", nil)),
		"endpoint":     second(r.sc.WebhookEndpoints.Get("we_no", nil)),
		"event":        second(r.sc.Events.Get("evt_no", nil)),
		"refund":       second(r.sc.Refunds.Get("re_no", nil)),
	} {
		var e *stripe.Error
		if !errors.As(err, &e) || e.HTTPStatusCode != 404 || e.Code != stripe.ErrorCodeResourceMissing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestListsPageLikeStripe(t *testing.T) {
	r := newRig(t)
	var want []string
	for i := range 25 {
		k, err := r.sc.Customers.New(&stripe.CustomerParams{Email: stripe.String(fmt.Sprintf("k%d@example.com", i%2))})
		r.must(err)
		want = append(want, k.ID)
	}
	p := &stripe.CustomerListParams{}
	p.Limit = stripe.Int64(7)
	it := r.sc.Customers.List(p)
	i := len(want)
	for it.Next() {
		i--
		if it.Customer().ID != want[i] {
			t.Fatalf("place %d holds %s", i, it.Customer().ID)
		}
	}
	if i != 0 || it.Err() != nil {
		t.Errorf("stopped with %d left: %v", i, it.Err())
	}
	p = &stripe.CustomerListParams{}
	p.Limit, p.EndingBefore = stripe.Int64(3), stripe.String(want[4])
	it = r.sc.Customers.List(p)
	for i = 5; it.Next(); i++ { // backwards pages come oldest first
		if it.Customer().ID != want[i] {
			t.Fatalf("place %d holds %s", i, it.Customer().ID)
		}
	}
	if i != 25 || it.Err() != nil {
		t.Errorf("stopped at %d: %v", i, it.Err())
	}
	count := func(email string) (n int) {
		it := r.sc.Customers.List(&stripe.CustomerListParams{Email: stripe.String(email)})
		for it.Next() {
			n++
		}
		return n
	}
	if a, b := count("k1@example.com"), count("K1@example.com"); a != 12 || b != 0 {
		t.Errorf("found %d in small letters and %d in capitals", a, b)
	}
}

func TestSameKeyReplaysSameAnswer(t *testing.T) {
	r := newRig(t)
	p := params("payment", r.oneTime(4700).ID)
	p.SetIdempotencyKey("checkout:chk_1:1")
	a, b := r.session(p), r.session(p)
	if a.ID != b.ID || b.LastResponse.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s and %s", a.ID, b.ID)
	}
	p.ClientReferenceID = stripe.String("chk_2")
	_, err := r.sc.CheckoutSessions.New(p)
	var e *stripe.Error
	if !errors.As(err, &e) || e.Type != stripe.ErrorTypeIdempotency {
		t.Errorf("other parameters under the same key: %v", err)
	}
	bad := params("payment", "price_no")
	bad.SetIdempotencyKey("checkout:chk_3:1")
	if _, err := r.sc.CheckoutSessions.New(bad); err == nil {
		t.Fatal("unknown price accepted")
	}
	mended := params("payment", r.oneTime(4700).ID)
	mended.SetIdempotencyKey("checkout:chk_3:1")
	if _, err := r.sc.CheckoutSessions.New(mended); err != nil {
		t.Errorf("a refused request used up its key: %v", err)
	}
}

func TestKeyIsDemanded(t *testing.T) {
	r := newRig(t)
	api := httptest.NewServer(r.g.API())
	defer api.Close()
	for name, header := range map[string]string{"none": "", "wrong": "Bearer sk_test_other", "publishable": "Bearer pk_test_demo", "empty": "Bearer "} {
		req, err := http.NewRequest(http.MethodGet, api.URL+"/v1/customers", nil)
		r.must(err)
		if header != "" {
			req.Header.Set("Authorization", header)
		}
		res, err := http.DefaultClient.Do(req)
		r.must(err)
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 401 || strings.Contains(string(b), "sk_test_demo") {
			t.Errorf("%s: answered %d %s", name, res.StatusCode, b)
		}
	}
}

func TestGatewayRefusesLifeAndTheWorld(t *testing.T) {
	for name, set := range map[string]func(*Options){
		"live secret":      func(o *Options) { o.SecretKey = "sk_live_x" },
		"live restricted":  func(o *Options) { o.SecretKey = "rk_live_x" },
		"live publishable": func(o *Options) { o.PublishableKey = " pk_live_x" },
		"public site":      func(o *Options) { o.BaseURL = "https://shop.example.com" },
		"public address":   func(o *Options) { o.BaseURL = "http://192.0.2.1:8080" },
		"public webhook":   func(o *Options) { o.WebhookURL = "https://shop.example.com/hook" },
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Dir: t.TempDir(), Clock: &handClock{now: start}, BaseURL: "http://localhost:8080"}
			if _, err := New(o); err != nil {
				t.Fatal(err)
			}
			set(&o)
			if _, err := New(o); !core.Is(err, core.Invalid) {
				t.Errorf("opened: %v", err)
			}
			o.AllowPublic = true
			if _, err := New(o); strings.HasPrefix(name, "live") == (err == nil) {
				t.Errorf("with public addresses allowed: %v", err)
			}
		})
	}
}

func TestCustomersChangeAndGo(t *testing.T) {
	r := newRig(t)
	sub := r.member("4242424242424242")
	k, err := r.sc.Customers.Update(sub.Customer.ID, &stripe.CustomerParams{Name: stripe.String("Ada L."), Metadata: map[string]string{"user_id": "usr_1"}})
	r.must(err)
	if k.Name != "Ada L." || k.Metadata["user_id"] != "usr_1" {
		t.Errorf("customer %+v", k)
	}
	wantTypes(t, r.flush(), "customer.updated")
	if _, err := r.sc.Customers.Del(k.ID, nil); err != nil {
		t.Fatal(err)
	}
	wantTypes(t, r.flush(), "customer.subscription.deleted", "customer.deleted")
	if gone, err := r.sc.Customers.Get(k.ID, nil); err != nil || !gone.Deleted {
		t.Errorf("customer %+v %v", gone, err)
	}
	p := params("payment", r.oneTime(4700).ID)
	p.Customer, p.CustomerCreation = &k.ID, nil
	var e *stripe.Error
	if _, err := r.sc.CheckoutSessions.New(p); !errors.As(err, &e) || e.Code != stripe.ErrorCodeResourceMissing {
		t.Errorf("a deleted customer may buy: %v", err)
	}
}
