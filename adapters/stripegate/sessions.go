package stripegate

import (
	"net/url"
	"strings"
)

var sessionRoutes = []route{
	{"POST /v1/checkout/sessions", createSession},
	{"GET /v1/checkout/sessions", listSessions},
	{"GET /v1/checkout/sessions/{id}", getSession},
	{"POST /v1/checkout/sessions/{id}/expire", expireSession},
	{"GET /v1/checkout/sessions/{id}/line_items", listSessionLines},
}

var sessionParams = []string{
	"after_expiration", "allow_promotion_codes", "automatic_tax", "billing_address_collection", "cancel_url", "client_reference_id",
	"consent_collection", "currency", "customer", "customer_creation", "customer_email", "customer_update", "custom_fields",
	"custom_text", "discounts", "expires_at", "invoice_creation", "line_items", "locale", "metadata", "mode", "payment_intent_data",
	"payment_method_collection", "payment_method_configuration", "payment_method_options", "payment_method_types",
	"phone_number_collection", "redirect_on_completion", "return_url", "setup_intent_data", "shipping_address_collection",
	"shipping_options", "submit_type", "subscription_data", "success_url", "tax_id_collection", "ui_mode",
}

// createSession checks everything that Stripe checks for a session of our kinds,
// then stores it open.
func createSession(c *call) (any, *apiError) {
	f, g := c.f, c.g
	if err := f.only(sessionParams...); err != nil {
		return nil, err
	}
	x := &session{Status: "open", PayStatus: "unpaid", Reference: f.str("client_reference_id")}
	for _, read := range []func(*form, *session) *apiError{
		g.readSessionMode, g.readSessionURLs, g.readSessionBuyer, g.readSessionData, g.readSessionExpiry,
	} {
		if err := read(f, x); err != nil {
			return nil, err
		}
	}
	drafts, err := g.readLines(f, x)
	if err != nil {
		return nil, err
	}
	meta, err := f.mergeMeta(nil)
	if err != nil {
		return nil, err
	}
	if err := g.readSessionDiscount(f, x, drafts); err != nil {
		return nil, err
	}
	x.thing = g.fresh("", meta)
	x.ID = newID("cs_test_a1", 58)
	x.Secret = x.ID + "_secret_" + newID("", 60)
	for _, d := range drafts {
		id := d.price.ID
		if id == "" {
			id = g.keepPrice(d.price, d.form.at("price_data")).ID
			d.price.Active = false // made for this session alone
		}
		x.Lines = append(x.Lines, lineItem{ID: newID("li_1", 23), Price: id, Quantity: d.quantity})
	}
	if x.Discount != nil {
		x.Discount.Session = x.ID
	}
	g.price(x)
	g.s.Sessions[x.ID] = x
	o := g.sessionObj(x)
	return o, nil
}

func (g *Gateway) readSessionMode(f *form, x *session) (err *apiError) {
	if x.Mode, err = f.oneOf("mode", "payment", "subscription", "setup"); err != nil {
		return err
	}
	switch x.Mode {
	case "":
		return required("mode")
	case "setup":
		return invalid("mode", "The local payment gateway has no `setup` mode.")
	}
	if x.UI, err = f.oneOf("ui_mode", "embedded", "hosted"); err != nil {
		return err
	}
	if x.UI == "" {
		x.UI = "hosted"
	}
	if x.Locale = f.str("locale"); len(x.Locale) > 20 {
		return invalid("locale", "Invalid locale.")
	}
	x.SubmitType, err = f.oneOf("submit_type", "auto", "book", "donate", "pay")
	if err != nil {
		return err
	}
	if x.SubmitType != "" && x.Mode != "payment" {
		return invalid("submit_type", "You can not pass `submit_type` in `%s` mode.", x.Mode)
	}
	if x.TaxEnabled, _, err = f.flag("automatic_tax", "enabled"); err != nil {
		return err
	}
	return nil
}

func (g *Gateway) readSessionURLs(f *form, x *session) (err *apiError) {
	for name, at := range map[string]*string{"return_url": &x.ReturnURL, "success_url": &x.SuccessURL, "cancel_url": &x.CancelURL} {
		*at = f.str(name)
		if *at == "" {
			continue
		}
		u, e := url.Parse(strings.ReplaceAll(*at, "{CHECKOUT_SESSION_ID}", "x"))
		if e != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return invalid(name, "Not a valid URL").code("url_invalid")
		}
	}
	if x.Redirect, err = f.oneOf("redirect_on_completion", "always", "if_required", "never"); err != nil {
		return err
	}
	if x.UI == "hosted" {
		switch {
		case x.ReturnURL != "":
			return invalid("return_url", "`return_url` can only be used with `ui_mode: embedded`.")
		case x.Redirect != "":
			return invalid("redirect_on_completion", "`redirect_on_completion` can only be used with `ui_mode: embedded`.")
		case x.SuccessURL == "":
			return required("success_url")
		}
		return nil
	}
	switch {
	case x.SuccessURL != "":
		return invalid("success_url", "`success_url` can not be used with `ui_mode: embedded`. Use `return_url` instead.")
	case x.CancelURL != "":
		return invalid("cancel_url", "`cancel_url` can not be used with `ui_mode: embedded`.")
	case x.Redirect == "never" && x.ReturnURL != "":
		return invalid("return_url", "`return_url` can not be used with `redirect_on_completion: never`.")
	case x.Redirect != "never" && x.ReturnURL == "":
		return invalid("return_url", "You must provide `return_url` when `ui_mode` is `embedded`.").code("parameter_missing")
	}
	if x.Redirect == "" {
		x.Redirect = "always"
	}
	return nil
}

func (g *Gateway) readSessionBuyer(f *form, x *session) (err *apiError) {
	x.Customer, x.CustomerEmail = f.str("customer"), f.str("customer_email")
	if x.Creation, err = f.oneOf("customer_creation", "always", "if_required"); err != nil {
		return err
	}
	switch {
	case x.Customer != "" && x.CustomerEmail != "":
		return both("customer", "customer_email")
	case x.Customer != "" && x.Creation != "":
		return both("customer", "customer_creation")
	case x.Creation != "" && x.Mode == "subscription":
		return invalid("customer_creation", "`customer_creation` can only be used in `payment` and `setup` mode.")
	case f.sent("customer_update") && x.Customer == "":
		return invalid("customer_update", "`customer_update` can only be used with `customer`.")
	case len(x.Reference) > 200:
		return invalid("client_reference_id", "`client_reference_id` can be at most 200 characters long.")
	}
	if x.Customer != "" {
		k, err := g.oneCustomer(x.Customer, "customer")
		if err != nil {
			return err
		}
		x.Email = k.Email
	}
	if err := checkEmail(x.CustomerEmail, "customer_email"); err != nil {
		return err
	}
	if x.Customer == "" && x.Creation == "" && x.Mode == "payment" {
		x.Creation = "if_required"
	}
	return nil
}

// readSessionData reads what the session hands on to what it creates.
func (g *Gateway) readSessionData(f *form, x *session) (err *apiError) {
	pid, sd := f.at("payment_intent_data"), f.at("subscription_data")
	switch {
	case f.sent("payment_intent_data") && x.Mode != "payment":
		return invalid("payment_intent_data", "You can not pass `payment_intent_data` in `%s` mode.", x.Mode)
	case f.sent("subscription_data") && x.Mode != "subscription":
		return invalid("subscription_data", "You can not pass `subscription_data` in `%s` mode.", x.Mode)
	case f.sent("setup_intent_data"):
		return invalid("setup_intent_data", "You can not pass `setup_intent_data` in `%s` mode.", x.Mode)
	case f.sent("payment_method_collection") && x.Mode != "subscription":
		return invalid("payment_method_collection", "You can only pass `payment_method_collection` in `subscription` mode.")
	case f.sent("invoice_creation") && x.Mode != "payment":
		return invalid("invoice_creation", "You can only enable invoice creation when `mode` is set to `payment`.")
	case f.str("invoice_creation", "enabled") == "true":
		return invalid("invoice_creation", "The local payment gateway makes no invoices for one-time payments.")
	}
	if x.Collect, err = f.oneOf("payment_method_collection", "always", "if_required"); err != nil {
		return err
	}
	if x.Collect == "" {
		x.Collect = map[string]string{"payment": "if_required", "subscription": "always"}[x.Mode]
	}
	if x.IntentMeta, err = pid.meta("metadata"); err != nil {
		return err
	}
	if x.SubMeta, err = sd.meta("metadata"); err != nil {
		return err
	}
	x.IntentDescription, x.SubDescription = pid.str("description"), sd.str("description")
	var days, end bool
	if x.TrialDays, days, err = sd.num("trial_period_days"); err != nil {
		return err
	}
	if x.TrialEnd, end, err = sd.num("trial_end"); err != nil {
		return err
	}
	switch {
	case days && end:
		return both("subscription_data[trial_period_days]", "subscription_data[trial_end]")
	case days && x.TrialDays < 1:
		return invalid("subscription_data[trial_period_days]", "The minimum number of trial period days is 1.")
	case end && x.TrialEnd < g.now()+48*hour:
		return invalid("subscription_data[trial_end]", "The `trial_end` date has to be at least 2 days in the future.")
	}
	x.MissingMethod = sd.str("trial_settings", "end_behavior", "missing_payment_method")
	if x.MissingMethod == "" {
		x.MissingMethod = "create_invoice"
	}
	return nil
}

const (
	minute int64 = 60
	hour         = 60 * minute
	day          = 24 * hour
)

// readSessionExpiry allows 30 minutes to 24 hours, with a minute for the
// difference between two clocks.
func (g *Gateway) readSessionExpiry(f *form, x *session) *apiError {
	n, ok, err := f.num("expires_at")
	if err != nil {
		return err
	}
	now := g.now()
	switch {
	case !ok:
		n = now + day
	case n < now+30*minute-5:
		return invalid("expires_at", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
	case n > now+day+5:
		return invalid("expires_at", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.")
	}
	x.Expires = n
	return nil
}

// lineDraft is a line that is read but not yet stored.
type lineDraft struct {
	price    *price
	form     *form
	quantity int64
}

func (g *Gateway) readLines(f *form, x *session) ([]lineDraft, *apiError) {
	want := lower(f.str("currency"))
	var out []lineDraft
	recurring := 0
	for _, l := range f.list("line_items") {
		d := lineDraft{form: l}
		id := l.str("price")
		switch {
		case id != "" && l.sent("price_data"):
			return nil, both(l.at("price").name, l.at("price_data").name)
		case id == "" && !l.sent("price_data"):
			return nil, required(l.at("price").name)
		case id != "":
			if d.price = g.s.Prices[id]; d.price == nil {
				return nil, unknown("price", id, l.at("price").name)
			}
			if p := g.s.Products[d.price.Product]; !d.price.Active || p != nil && !p.Active {
				return nil, invalid(l.at("price").name, "The price specified is inactive. This field only accepts active prices.")
			}
		default:
			p, err := g.readPrice(l.at("price_data"))
			if err != nil {
				return nil, err
			}
			d.price = p
		}
		n, ok, err := l.num("quantity")
		if err != nil {
			return nil, err
		}
		switch {
		case !ok:
			return nil, required(l.at("quantity").name)
		case n < 1 || n > 999999:
			return nil, invalid(l.at("quantity").name, "Invalid positive integer")
		}
		d.quantity = n
		if d.price.Interval != "" {
			recurring++
		}
		if want == "" {
			want = d.price.Currency
		}
		if d.price.Currency != want {
			return nil, invalid(l.at("price").name, "The price specified supports %s, but this session is in %s. All line items must have the same currency.", d.price.Currency, want)
		}
		out = append(out, d)
	}
	switch {
	case len(out) == 0:
		return nil, required("line_items")
	case len(out) > 100:
		return nil, invalid("line_items", "You can pass at most 100 line items.")
	case x.Mode == "payment" && recurring > 0:
		return nil, invalid("line_items", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.")
	case x.Mode == "subscription" && recurring == 0:
		return nil, invalid("line_items", "You must provide at least one recurring price in `subscription` mode when using prices.")
	}
	x.Currency = want
	return out, nil
}

func (g *Gateway) oneSession(id string) (*session, *apiError) {
	x := g.s.Sessions[id]
	if x == nil {
		e := absent("checkout.session", id)
		e.Param = "session"
		return nil, e
	}
	return x, nil
}

func getSession(c *call) (any, *apiError) {
	x, err := c.g.oneSession(c.id)
	if err != nil {
		return nil, err
	}
	return c.g.sessionObj(x), nil
}

func listSessions(c *call) (any, *apiError) {
	if err := c.f.only("limit", "starting_after", "ending_before", "created", "customer", "customer_details", "payment_intent", "subscription", "status", "payment_link"); err != nil {
		return nil, err
	}
	f := c.f
	return page(c, such(values(c.g.s.Sessions), func(x *session) bool {
		return sameOr(f.str("customer"), x.Customer) && sameOr(f.str("payment_intent"), x.Intent) &&
			sameOr(f.str("subscription"), x.Subscription) && sameOr(f.str("status"), x.Status) &&
			sameOr(f.str("customer_details", "email"), x.Email)
	}), c.g.sessionObj)
}

func listSessionLines(c *call) (any, *apiError) {
	x, err := c.g.oneSession(c.id)
	if err != nil {
		return nil, err
	}
	return c.g.sessionLines(x), nil
}

func expireSession(c *call) (any, *apiError) {
	x, err := c.g.oneSession(c.id)
	if err != nil {
		return nil, err
	}
	if x.Status != "open" {
		return nil, invalid("", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `%s`.", x.Status)
	}
	c.g.expire(x)
	return c.g.sessionObj(x), nil
}

// expire ends an open session that nobody paid.
func (g *Gateway) expire(x *session) {
	x.Status, x.Pending = "expired", nil
	g.emit("checkout.session.expired", g.sessionObj(x), nil)
}
