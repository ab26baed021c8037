package stripegate

import "net/http"

type portalView struct {
	Title, ID, Shop, Back, Email string
	Subs                         []subView
	Invoices                     []invoiceView
	Fail                         *apiError
	Said                         string
	Cards                        []card
}

type subView struct {
	ID, Name, Price, Status, Card string
	End                           int64
	Ending, Ended, Paused         bool
	Owed                          string
}

type invoiceView struct {
	ID, Number, Total, Status string
	Created                   int64
}

func (g *Gateway) portalView(id string) (portalView, bool) {
	v := portalView{Title: "Your membership", ID: id, Shop: g.opt.AccountName, Cards: cards}
	found := false
	g.view(func() {
		p := g.s.Portals[id]
		if p == nil {
			return
		}
		found = true
		v.Back = p.ReturnURL
		k := g.s.Customers[p.Customer]
		if k != nil {
			v.Email = k.Email
		}
		for _, s := range values(g.s.Subs) {
			if s.Customer != p.Customer {
				continue
			}
			x := subView{ID: s.ID, Status: inWords(s.Status), End: s.PeriodEnd, Ending: s.CancelAt != 0, Ended: s.ended(), Paused: s.Status == "paused"}
			if s.CancelAt != 0 {
				x.End = s.CancelAt
			}
			if s.ended() {
				x.End = s.EndedAt
			}
			for _, i := range s.Items {
				if pr := g.s.Prices[i.Price]; pr != nil {
					x.Name, x.Price = g.productName(pr), amount(pr.Amount*i.Quantity, pr.Currency)+" a "+pr.Interval
				}
			}
			m := g.s.Methods[s.Method]
			if m == nil && k != nil {
				m = g.s.Methods[k.Method]
			}
			if m != nil {
				x.Card = m.Brand + " ending in " + m.Last4
			}
			for _, i := range values(g.s.Invoices) {
				if i.Subscription == s.ID && i.Status == "open" && i.total() > 0 {
					x.Owed = amount(i.total(), i.Currency)
				}
			}
			v.Subs = append([]subView{x}, v.Subs...)
		}
		for _, i := range values(g.s.Invoices) {
			if i.Customer == p.Customer && i.Status != "draft" {
				v.Invoices = append([]invoiceView{{ID: i.ID, Number: i.Number, Total: amount(i.total(), i.Currency), Status: i.Status, Created: i.Created}}, v.Invoices...)
			}
		}
	})
	return v, found
}

// inWords says a status to a customer.
func inWords(status string) string {
	if w := map[string]string{"past_due": "payment overdue", "trialing": "on trial", "canceled": "ended", "unpaid": "not paid"}[status]; w != "" {
		return w
	}
	return status
}

var portalSaid = map[string]string{
	"cancel": "The membership ends with its period. You keep everything until then.",
	"undo":   "The membership goes on.",
	"now":    "The membership has ended.",
	"card":   "The new card is in use.",
	"pay":    "The payment was tried again.",
	"resume": "The membership goes on.",
}

func (g *Gateway) showPortal(w http.ResponseWriter, r *http.Request) {
	v, ok := g.portalView(r.PathValue("id"))
	if !ok {
		g.notice(w, http.StatusNotFound, notice{Title: "This page has gone", Text: "Open the billing page again from your account."})
		return
	}
	v.Said = portalSaid[r.URL.Query().Get("done")]
	g.screen(w, http.StatusOK, "portal.html", v)
}

// postPortal carries out what a customer asked for: cancel (at the end of the
// period), undo, now, card (number, exp, cvc), pay, resume. The field
// subscription names which; without it the newest that has not ended is meant.
func (g *Gateway) postPortal(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	id, act := r.PathValue("id"), r.PathValue("act")
	var bad *apiError
	var after obj
	err = g.change(func() error {
		p := g.s.Portals[id]
		if p == nil || portalSaid[act] == "" {
			bad = absent("portal session", id)
			return nil
		}
		var s *subscription
		for _, x := range values(g.s.Subs) {
			if x.Customer == p.Customer && (x.ID == f.Get("subscription") || f.Get("subscription") == "" && !x.ended()) {
				s = x
			}
		}
		if s == nil || s.ended() {
			bad = invalid("subscription", "There is no membership to change.")
			return nil
		}
		defer g.under(s.Clock)()
		bad = g.portalAct(s, act, f.Get)
		after = g.subObj(s)
		return nil
	})
	switch {
	case err != nil:
		http.Error(w, "The gateway could not keep its state. Try again.", http.StatusInternalServerError)
	case bad != nil && asksJSON(r):
		writeJSON(w, bad.Status, bad.body())
	case bad != nil:
		v, ok := g.portalView(id)
		if !ok {
			http.NotFound(w, r)
			return
		}
		v.Fail = bad
		g.screen(w, bad.Status, "portal.html", v)
	case asksJSON(r):
		writeJSON(w, http.StatusOK, after)
	default:
		http.Redirect(w, r, "/gateway/portal/"+id+"?done="+act, http.StatusSeeOther)
	}
}

func (g *Gateway) portalAct(s *subscription, act string, field func(string) string) *apiError {
	switch act {
	case "cancel":
		g.cancelAtEnd(s, true, field("feedback"), field("comment"))
	case "undo":
		g.cancelAtEnd(s, false, "", "")
	case "now":
		g.endSub(s, "cancellation_requested")
	case "resume":
		if s.Status != "paused" {
			return invalid("", "This membership is not paused.")
		}
		g.resumeSub(s)
	case "pay":
		g.payOwed(s)
	case "card":
		return g.changeCard(s, field("number"), field("exp"), field("cvc"))
	}
	return nil
}

// changeCard puts a new card in the old one's place, for the customer and all
// memberships, and tries at once what could not be paid before.
func (g *Gateway) changeCard(s *subscription, number, expiry, cvc string) *apiError {
	m, known, bad := readCard(number, expiry, cvc, timeOf(g.now()))
	if bad != nil {
		return bad
	}
	if known.fail != nil {
		return known.fail
	}
	k := g.s.Customers[s.Customer]
	if k != nil {
		m.Name, m.Email = k.Name, k.Email
	}
	pm := g.keepMethod(m, s.Customer)
	g.emit("payment_method.attached", g.methodObj(pm), nil)
	if k != nil {
		before := g.customerObj(k)
		k.Method = pm.ID
		g.emitChange("customer.updated", before, g.customerObj(k))
	}
	for _, x := range values(g.s.Subs) {
		if x.Customer != s.Customer || x.ended() {
			continue
		}
		before := g.subObj(x)
		x.Method = pm.ID
		g.emitChange("customer.subscription.updated", before, g.subObj(x))
		g.payOwed(x)
	}
	return nil
}

// payOwed tries the open invoices of a subscription now.
func (g *Gateway) payOwed(s *subscription) {
	for _, i := range values(g.s.Invoices) {
		if i.Subscription == s.ID && i.Status == "open" && !s.ended() && !g.processing(i) {
			g.collect(i)
		}
	}
}

// processing reports whether a bank debit for an invoice is on its way.
func (g *Gateway) processing(i *invoice) bool {
	in := g.s.Intents[i.Intent]
	return in != nil && in.Status == "processing"
}
