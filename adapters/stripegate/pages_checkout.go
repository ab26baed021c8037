package stripegate

import (
	"fmt"
	"net/http"
)

// checkoutView is what the checkout page shows.
type checkoutView struct {
	Title                          string
	ID, Shop, Button, Note, Until  string
	Lines                          []lineView
	Subtotal, Off, Total, Currency string
	Email, Name, Promo             string
	EmailLocked, AllowPromo        bool
	NeedsPayment, CanBank          bool
	Cards                          []card
	Fail                           *apiError
	Param                          string
}

type lineView struct{ Name, Amount, Each string }

func (g *Gateway) checkout(id string) (v checkoutView, bad *apiError) {
	err := g.change(func() error { // payable may expire it
		x, e := g.payable(id)
		if e != nil {
			bad = e
			return nil
		}
		v = checkoutView{
			Title: "Pay", ID: x.ID, Shop: g.opt.AccountName, Subtotal: amount(x.Subtotal, x.Currency), Total: amount(x.total(), x.Currency),
			Currency: x.Currency, Email: x.Email, Name: x.Name, AllowPromo: x.AllowPromo != nil && *x.AllowPromo,
			NeedsPayment: x.total() > 0 || x.Collect == "always", CanBank: x.total() > 0 && !x.trialing(), Cards: cards,
		}
		if x.Off > 0 {
			v.Off = amount(x.Off, x.Currency)
		}
		if d := x.Discount; d != nil {
			if p := g.s.Promos[d.Promo]; p != nil {
				v.Promo = p.Code
			}
		}
		if x.CustomerEmail != "" {
			v.Email, v.EmailLocked = x.CustomerEmail, true
		}
		if k := g.s.Customers[x.Customer]; k != nil {
			if k.Email != "" {
				v.Email, v.EmailLocked = k.Email, true
			}
			if v.Name == "" {
				v.Name = k.Name
			}
		}
		var later int64
		every := ""
		for i, l := range g.sessionPriced(x, nil) {
			p := g.s.Prices[x.Lines[i].Price]
			line := lineView{Name: g.productName(p), Amount: amount(l.amount, x.Currency)}
			if n := x.Lines[i].Quantity; n > 1 {
				line.Name = fmt.Sprintf("%d × %s", n, line.Name)
			}
			if p.Interval != "" {
				line.Each = amount(p.Amount*x.Lines[i].Quantity, x.Currency) + " a " + p.Interval
				later += p.Amount * x.Lines[i].Quantity
				every = p.Interval
			}
			v.Lines = append(v.Lines, line)
		}
		switch {
		case x.trialing():
			v.Button = "Start the trial"
			v.Note = fmt.Sprintf("Nothing is charged today, then %s a %s. Cancel at any time.", amount(later, x.Currency), every)
		case x.Mode == "subscription":
			v.Button = "Pay " + v.Total + " and subscribe"
			v.Note = fmt.Sprintf("%s today, then %s a %s. Cancel at any time.", v.Total, amount(later, x.Currency), every)
		case x.total() == 0:
			v.Button = "Complete the order, nothing to pay"
		default:
			v.Button = "Pay " + v.Total
		}
		return nil
	})
	if err != nil {
		return v, &apiError{Status: http.StatusInternalServerError, Message: "The gateway could not keep its state. Try again."}
	}
	return v, bad
}

func (g *Gateway) showCheckout(w http.ResponseWriter, r *http.Request) {
	v, bad := g.checkout(r.PathValue("id"))
	if bad != nil {
		g.refusal(w, r, bad)
		return
	}
	if r.URL.Query().Get("failed") == "3ds" {
		v.Fail = declined("payment_intent_authentication_failure", "", "", "The bank could not confirm that it was you. Nothing was charged. Try again or use another card.")
	}
	g.screen(w, http.StatusOK, "checkout.html", v)
}

// refusal shows that a checkout cannot be paid.
func (g *Gateway) refusal(w http.ResponseWriter, r *http.Request, bad *apiError) {
	if asksJSON(r) {
		o := bad.body()
		o["status"] = "failed"
		writeJSON(w, bad.Status, o)
		return
	}
	n := notice{Title: "This checkout cannot be paid", Text: bad.Message}
	if bad.Code == "checkout_complete" {
		n.Title, n.Link, n.LinkText, n.Top = "Already paid", "/gateway/c/"+r.PathValue("id")+"/done", "Continue", true
	}
	g.notice(w, bad.Status, n)
}

// postPay is one attempt to pay; see Pages for its form.
func (g *Gateway) postPay(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	o := order{
		Email: f.Get("email"), Name: f.Get("name"), Number: f.Get("number"), Expiry: f.Get("exp"), CVC: f.Get("cvc"),
		Promo: f.Get("promo"), Method: f.Get("method"),
	}
	out, err := g.pay(r.PathValue("id"), o)
	g.answerBuyer(w, r, out, err, func(bad *apiError) {
		v, gone := g.checkout(r.PathValue("id"))
		if gone != nil {
			g.refusal(w, r, gone)
			return
		}
		v.Fail, v.Param, v.Promo = bad, bad.Param, o.Promo
		if !v.EmailLocked {
			v.Email = o.Email
		}
		v.Name = o.Name
		g.screen(w, bad.Status, "checkout.html", v)
	})
}

// answerBuyer says what came of an attempt, to a script or to a browser.
func (g *Gateway) answerBuyer(w http.ResponseWriter, r *http.Request, out outcome, err error, retry func(*apiError)) {
	switch {
	case err != nil:
		g.log.Error("gateway payment not kept", "error", err)
		out = failed(&apiError{Status: http.StatusInternalServerError, Type: "api_error", Message: "The gateway could not keep its state. Try again."})
		fallthrough
	case out.Fail != nil && asksJSON(r):
		o := out.Fail.body()
		o["status"] = "failed"
		writeJSON(w, out.Fail.Status, o)
	case out.Fail != nil:
		retry(out.Fail)
	case asksJSON(r):
		writeJSON(w, http.StatusOK, obj{"status": out.Status, "redirect": text(out.Redirect)})
	case out.Status == "requires_action":
		http.Redirect(w, r, out.Redirect, http.StatusSeeOther)
	default:
		http.Redirect(w, r, "/gateway/c/"+r.PathValue("id")+"/done", http.StatusSeeOther)
	}
}

// showDone sends the whole window to where the shop wants the buyer.
func (g *Gateway) showDone(w http.ResponseWriter, r *http.Request) {
	n := notice{Title: "Thank you", Text: "The payment is done.", Top: true}
	g.view(func() {
		if x := g.s.Sessions[r.PathValue("id")]; x != nil && x.Status == "complete" {
			n.Link, n.LinkText = x.returnTo(), "Continue to "+g.opt.AccountName
		}
	})
	if n.Link == "" && !g.completed(r.PathValue("id")) {
		http.Redirect(w, r, "/gateway/c/"+r.PathValue("id"), http.StatusSeeOther)
		return
	}
	g.notice(w, http.StatusOK, n)
}

func (g *Gateway) completed(id string) (is bool) {
	g.view(func() { is = g.s.Sessions[id] != nil && g.s.Sessions[id].Status == "complete" })
	return is
}

func (g *Gateway) postPromo(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	off, total, cur, bad := g.previewPromo(r.PathValue("id"), f.Get("promo"))
	if bad != nil {
		writeJSON(w, bad.Status, bad.body())
		return
	}
	writeJSON(w, http.StatusOK, obj{"off": amount(off, cur), "total": amount(total, cur), "free": total == 0})
}

// postEmail remembers the address that was typed, so that an abandoned checkout
// tells it when it expires.
func (g *Gateway) postEmail(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err == nil && f.Get("email") != "" && checkEmail(f.Get("email"), "email") == nil {
		err = g.change(func() error {
			x := g.s.Sessions[r.PathValue("id")]
			if x != nil && x.Status == "open" && x.Customer == "" && x.CustomerEmail == "" {
				x.Email = f.Get("email")
			}
			return nil
		})
	}
	if err != nil {
		http.Error(w, "The address could not be kept.", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

type secureView struct {
	Title, ID, Shop, Total, Last4 string
}

func (g *Gateway) showSecure(w http.ResponseWriter, r *http.Request) {
	v := secureView{Title: "Confirm with your bank"}
	g.view(func() {
		if x := g.s.Sessions[r.PathValue("id")]; x != nil && x.Pending != nil && x.Status == "open" {
			v.ID, v.Shop, v.Total, v.Last4 = x.ID, g.opt.AccountName, amount(x.total(), x.Currency), x.Pending.Method.Last4
		}
	})
	if v.ID == "" {
		http.Redirect(w, r, "/gateway/c/"+r.PathValue("id"), http.StatusSeeOther)
		return
	}
	g.screen(w, http.StatusOK, "secure.html", v)
}

func (g *Gateway) postSecure(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	id := r.PathValue("id")
	out, err := g.authenticate(id, f.Get("result") == "approve")
	g.answerBuyer(w, r, out, err, func(*apiError) {
		http.Redirect(w, r, "/gateway/c/"+id+"?failed=3ds", http.StatusSeeOther)
	})
}
