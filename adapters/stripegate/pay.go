package stripegate

import (
	"net/http"
	"strings"
)

// order is what a buyer sends from the checkout page.
type order struct {
	Email, Name, Number, Expiry, CVC, Promo string
	Method                                  string // card, bank, or bank_fails
}

// outcome is what comes of it.
type outcome struct {
	Status   string    // complete, requires_action, or failed
	Redirect string    // where to go next
	Fail     *apiError // why it failed: in words for the buyer
}

func failed(e *apiError) outcome { return outcome{Status: "failed", Fail: e} }

// pay carries out one attempt to pay a session.
func (g *Gateway) pay(id string, o order) (out outcome, err error) {
	err = g.change(func() error {
		out = g.payNow(id, o)
		return nil
	})
	return out, err
}

// payable finds a session that can still be paid.
func (g *Gateway) payable(id string) (*session, *apiError) {
	x := g.s.Sessions[id]
	if x == nil {
		return nil, &apiError{Status: http.StatusNotFound, Type: "invalid_request_error", Code: "resource_missing", Message: "This checkout does not exist. Start again from the shop."}
	}
	if x.Status == "open" && g.now() >= x.Expires {
		g.expire(x)
	}
	switch x.Status {
	case "expired":
		return nil, &apiError{Status: http.StatusGone, Type: "invalid_request_error", Code: "checkout_expired", Message: "This checkout has expired. Nothing was charged. Start again from the shop."}
	case "complete":
		return nil, &apiError{Status: http.StatusConflict, Type: "invalid_request_error", Code: "checkout_complete", Message: "This checkout is already paid. Nothing was charged a second time."}
	}
	return x, nil
}

func (g *Gateway) payNow(id string, o order) outcome {
	x, bad := g.payable(id)
	if bad != nil {
		return failed(bad)
	}
	if bad := g.takeBuyer(x, o); bad != nil {
		return failed(bad)
	}
	if bad := g.takePromo(x, o.Promo); bad != nil {
		return failed(bad)
	}
	x.Attempts++
	if x.total() == 0 && x.Collect != "always" {
		return g.complete(x, nil)
	}
	switch o.Method {
	case "bank", "bank_fails":
		if x.total() > 0 {
			m := method{Kind: "us_bank_account", Last4: "6789", Bounces: o.Method == "bank_fails"}
			return g.complete(x, &m)
		}
	case "", "card":
	default:
		return failed(declined("payment_method_not_available", "", "method", "This way to pay is not known here."))
	}
	m, known, bad := readCard(o.Number, o.Expiry, o.CVC, timeOf(g.now()))
	if bad != nil {
		return failed(bad)
	}
	m.Name, m.Email = x.Name, x.Email
	switch {
	case known.fail != nil:
		g.refuse(x, m, known.fail)
		return failed(known.fail)
	case known.secure:
		x.Pending = &pending{Email: x.Email, Name: x.Name, Method: m}
		if x.total() > 0 {
			in := g.sessionIntent(x)
			in.Status = "requires_action"
			g.emit("payment_intent.requires_action", g.intentObj(in), nil)
		}
		return outcome{Status: "requires_action", Redirect: "/gateway/3ds/" + x.ID}
	}
	return g.complete(x, &m)
}

// takeBuyer settles whose order it is: the customer's address cannot be
// changed, another one must be there.
func (g *Gateway) takeBuyer(x *session, o order) *apiError {
	x.Name = strings.TrimSpace(o.Name)
	if k := g.s.Customers[x.Customer]; k != nil && !k.Deleted {
		if x.Name == "" {
			x.Name = k.Name
		}
		if k.Email != "" {
			x.Email = k.Email
			return nil
		}
	}
	email := strings.TrimSpace(o.Email)
	if x.CustomerEmail != "" {
		email = x.CustomerEmail
	}
	if email == "" {
		return declined("email_missing", "", "email", "Enter the e-mail address that the receipt should go to.")
	}
	if checkEmail(email, "email") != nil {
		return declined("email_invalid", "", "email", "This is not a complete e-mail address. Check it for typing errors.")
	}
	x.Email = email
	return nil
}

// takePromo applies a typed code where the session allows one.
func (g *Gateway) takePromo(x *session, code string) *apiError {
	if x.AllowPromo != nil && *x.AllowPromo {
		if strings.TrimSpace(code) == "" {
			x.Discount = nil
			g.price(x)
			return nil
		}
		d, why := g.typedPromo(x, code)
		if why != "" {
			return declined("promotion_code_invalid", "", "promo", why)
		}
		x.Discount = d
		g.price(x)
		return nil
	}
	if strings.TrimSpace(code) != "" {
		return declined("promotion_code_not_allowed", "", "promo", "This order takes no promotion code.")
	}
	if x.Discount != nil { // fixed by the shop; it may have run out meanwhile
		if p := g.s.Promos[x.Discount.Promo]; p != nil {
			if why := g.promoRefused(p, x, g.sessionPriced(x, nil)); why != "" {
				return declined("promotion_code_invalid", "", "promo", why)
			}
		}
	}
	return nil
}

// previewPromo tells what a code would make of the total.
func (g *Gateway) previewPromo(id, code string) (off, total int64, currency string, bad *apiError) {
	g.view(func() {
		x := g.s.Sessions[id]
		if x == nil || x.Status != "open" {
			bad = absent("checkout.session", id)
			return
		}
		if x.AllowPromo == nil || !*x.AllowPromo {
			bad = declined("promotion_code_not_allowed", "", "promo", "This order takes no promotion code.")
			return
		}
		d, why := g.typedPromo(x, code)
		if why != "" {
			bad = declined("promotion_code_invalid", "", "promo", why)
			return
		}
		for _, l := range g.sessionPriced(x, d) {
			off += l.off
			total += l.amount - l.off
		}
		currency = x.Currency
	})
	return off, total, currency, bad
}

// authenticate ends the 3-D Secure step of a session.
func (g *Gateway) authenticate(id string, approved bool) (out outcome, err error) {
	err = g.change(func() error {
		x, bad := g.payable(id)
		switch {
		case bad != nil:
			out = failed(bad)
		case x.Pending == nil:
			out = failed(declined("no_authentication", "", "", "There is nothing to confirm. Enter the card again."))
		default:
			p := x.Pending
			x.Pending = nil
			x.Email, x.Name = p.Email, p.Name
			if !approved {
				fail := declined("payment_intent_authentication_failure", "", "", "The bank could not confirm that it was you. Nothing was charged. Try again or use another card.")
				g.refuse(x, p.Method, fail)
				out = failed(fail)
				return nil
			}
			m := p.Method
			out = g.complete(x, &m)
		}
		return nil
	})
	return out, err
}

// refuse writes down a payment that the bank refused.
func (g *Gateway) refuse(x *session, m method, why *apiError) {
	if x.total() == 0 {
		return
	}
	in := g.sessionIntent(x)
	g.failIntent(in, g.keepMethod(m, ""), why)
}

// sessionIntent is the session's payment intent; the first attempt makes it.
func (g *Gateway) sessionIntent(x *session) *intent {
	if in := g.s.Intents[x.Intent]; in != nil {
		in.Amount = x.total()
		return in
	}
	meta := x.IntentMeta
	if x.Mode == "subscription" {
		meta = nil
	}
	in := g.newIntent(x.total(), x.Currency, x.Customer, meta)
	in.Session, in.Description, in.Email = x.ID, x.IntentDescription, x.Email
	x.Intent = in.ID
	g.emit("payment_intent.created", g.intentObj(in), nil)
	return in
}

// returnTo is where the buyer goes after paying.
func (x *session) returnTo() string {
	to := x.ReturnURL
	if x.UI == "hosted" {
		to = x.SuccessURL
	}
	return strings.ReplaceAll(to, "{CHECKOUT_SESSION_ID}", x.ID)
}
