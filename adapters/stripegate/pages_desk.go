package stripegate

import (
	"net/http"
	"strconv"
	"time"
)

// deskView is everything the developer sees.
type deskView struct {
	Title    string
	Now      int64
	Faults   Faults
	Minutes  int64
	Sessions []sessionRow
	Subs     []subRow
	Charges  []chargeRow
	Disputes []*dispute
	Refunds  []*refund
	Events   []eventRow
	Waiting  int
}

type sessionRow struct {
	ID, Mode, Status, Paid, Email, Total string
	Created                              int64
	Open, Undecided                      bool
}

type subRow struct {
	ID, Email, Status, Name     string
	End                         int64
	Ending, Ended, Paused, Live bool
}

type chargeRow struct {
	ID, Email, Amount, Refunded, Status, Card string
	Created                                   int64
	Refundable, Disputed                      bool
}

type eventRow struct {
	ID, Type, API string
	Created       int64
	Deliveries    []*delivery
}

const (
	deskRows   = 50
	deskEvents = 150
)

func newest[T entry](m map[string]T, n int) []T {
	all := values(m)
	out := make([]T, 0, n)
	for i := len(all) - 1; i >= 0 && len(out) < n; i-- {
		out = append(out, all[i])
	}
	return out
}

func (g *Gateway) showDesk(w http.ResponseWriter, _ *http.Request) {
	v := deskView{Title: "Payments desk"}
	g.view(func() {
		v.Now, v.Faults, v.Minutes = g.now(), g.s.Faults, g.s.Faults.delayFor()/minute
		for _, x := range newest(g.s.Sessions, deskRows) {
			v.Sessions = append(v.Sessions, sessionRow{
				ID: x.ID, Mode: x.Mode, Status: x.Status, Paid: x.PayStatus, Email: x.Email, Total: amount(x.total(), x.Currency),
				Created: x.Created, Open: x.Status == "open", Undecided: x.SettleAt != 0,
			})
		}
		for _, s := range newest(g.s.Subs, deskRows) {
			row := subRow{ID: s.ID, Status: s.Status, End: s.PeriodEnd, Ending: s.CancelAt != 0, Ended: s.ended(), Paused: s.Status == "paused"}
			row.Live = !row.Ended && !row.Paused
			if k := g.s.Customers[s.Customer]; k != nil {
				row.Email = k.Email
			}
			if len(s.Items) > 0 {
				row.Name = g.productName(g.s.Prices[s.Items[0].Price])
			}
			v.Subs = append(v.Subs, row)
		}
		for _, x := range newest(g.s.Charges, deskRows) {
			row := chargeRow{ID: x.ID, Email: x.Email, Amount: amount(x.Amount, x.Currency), Status: x.Status, Created: x.Created, Disputed: x.Disputed}
			if x.Refunded > 0 {
				row.Refunded = amount(x.Refunded, x.Currency)
			}
			if m := g.s.Methods[x.Method]; m != nil {
				row.Card = m.Last4
			}
			row.Refundable = x.Status == "succeeded" && x.Refunded < x.Amount && !g.openCase(x)
			v.Charges = append(v.Charges, row)
		}
		for _, x := range newest(g.s.Disputes, deskRows) {
			c := *x
			v.Disputes = append(v.Disputes, &c)
		}
		for _, x := range newest(g.s.Refunds, deskRows) {
			c := *x
			v.Refunds = append(v.Refunds, &c)
		}
		for i := len(g.s.Events) - 1; i >= 0; i-- {
			e := g.s.Events[i]
			v.Waiting += e.waiting()
			if len(v.Events) < deskEvents {
				row := eventRow{ID: e.ID, Type: e.Type, API: e.API, Created: e.Created}
				for _, d := range e.Deliveries {
					c := *d
					row.Deliveries = append(row.Deliveries, &c)
				}
				v.Events = append(v.Events, row)
			}
		}
	})
	g.screen(w, http.StatusOK, "desk.html", v)
}

// Closed tells the page whether a dispute has buttons left.
func (x *dispute) Closed() bool { return x.closed() }

// Inquiry reports whether no money was taken yet.
func (x *dispute) Inquiry() bool { return x.Status == "warning_needs_response" }

// Sum is the amount as people read it.
func (x *dispute) Sum() string { return amount(x.Amount, x.Currency) }

// Sum is the amount as people read it.
func (r *refund) Sum() string { return amount(r.Amount, r.Currency) }

// Last is the newest attempt of a delivery.
func (d *delivery) Last() *attempt {
	if len(d.Log) == 0 {
		return nil
	}
	return &d.Log[len(d.Log)-1]
}

func (g *Gateway) showEvent(w http.ResponseWriter, r *http.Request) {
	v := struct {
		Title, ID, Body string
		Deliveries      []delivery
	}{Title: "Event"}
	g.view(func() {
		if e := g.oneEvent(r.PathValue("id")); e != nil {
			b, _ := pretty(g.eventObj(e))
			v.Title, v.ID, v.Body = e.Type, e.ID, string(b)
			for _, d := range e.Deliveries {
				v.Deliveries = append(v.Deliveries, *d)
			}
		}
	})
	if v.ID == "" {
		g.notice(w, http.StatusNotFound, notice{Title: "Not found", Text: "There is no such event here."})
		return
	}
	g.screen(w, http.StatusOK, "event.html", v)
}

func (g *Gateway) postFaults(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	chance := func(name string) float64 {
		n, err := strconv.ParseFloat(f.Get(name), 64)
		if err != nil {
			return 0
		}
		return min(max(n/100, 0), 1)
	}
	seed, _ := strconv.ParseUint(f.Get("seed"), 10, 64)
	minutes, _ := strconv.ParseInt(f.Get("minutes"), 10, 64)
	x := Faults{
		Seed: seed, Shuffle: f.Get("shuffle") != "", Duplicate: chance("duplicate"), Drop: chance("drop"), Delay: chance("delay"),
		DelayFor: time.Duration(min(max(minutes, 0), 7*24*60)) * time.Minute,
	}
	if f.Get("layout") == Basil {
		x.Layout = Basil
	}
	if err := g.SetFaults(x); err != nil {
		http.Error(w, "The switches could not be kept.", http.StatusInternalServerError)
		return
	}
	if asksJSON(r) {
		writeJSON(w, http.StatusOK, obj{"status": "ok"})
		return
	}
	http.Redirect(w, r, "/gateway/", http.StatusSeeOther)
}

// postDesk presses a button of the desk:
//
//	events/{id}/resend
//	charges/{id}/refund (field amount in minor units, empty for all), /dispute, /inquiry
//	disputes/{id}/won, /lost, /warning_closed, /escalate
//	refunds/{id}/fail
//	sessions/{id}/expire, /paid, /bounced
//	subscriptions/{id}/pause, /resume, /cancel, /undo, /end
func (g *Gateway) postDesk(w http.ResponseWriter, r *http.Request) {
	f, err := sent(r)
	if err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	kind, id, act := r.PathValue("kind"), r.PathValue("id"), r.PathValue("act")
	var bad *apiError
	if kind == "events" && act == "resend" {
		if err = g.Resend(id); err != nil {
			bad, err = absent("event", id), nil
		}
	} else {
		err = g.change(func() error {
			bad = g.deskAct(kind, id, act, f.Get("amount"))
			return nil
		})
	}
	switch {
	case err != nil:
		http.Error(w, "The gateway could not keep its state. Try again.", http.StatusInternalServerError)
	case bad != nil && asksJSON(r):
		writeJSON(w, bad.Status, bad.body())
	case bad != nil:
		g.notice(w, bad.Status, notice{Title: "That did not work", Text: bad.Message, Link: "/gateway/", LinkText: "Back to the desk"})
	case asksJSON(r):
		writeJSON(w, http.StatusOK, obj{"status": "ok"})
	default:
		http.Redirect(w, r, "/gateway/#"+kind, http.StatusSeeOther)
	}
}

func (g *Gateway) deskAct(kind, id, act, sum string) *apiError {
	no := invalid("", "This button does not fit the state of %s.", id)
	switch kind {
	case "charges":
		x := g.s.Charges[id]
		if x == nil {
			return absent("charge", id)
		}
		switch act {
		case "refund":
			n := x.Amount - x.Refunded
			if sum != "" {
				var err error
				if n, err = strconv.ParseInt(sum, 10, 64); err != nil {
					return invalid("amount", "The amount is given in minor units (cents), as a whole number.")
				}
			}
			_, bad := g.refund(x, n, "requested_by_customer", nil)
			return bad
		case "dispute", "inquiry":
			if x.Disputed || x.Status != "succeeded" {
				return no
			}
			g.openDispute(x, "fraudulent", map[string]string{"dispute": "needs_response", "inquiry": "warning_needs_response"}[act])
			return nil
		}
	case "disputes":
		x := g.s.Disputes[id]
		if x == nil {
			return absent("dispute", id)
		}
		switch {
		case x.closed():
		case act == "escalate" && x.Inquiry():
			g.escalate(x)
			return nil
		case act == "warning_closed" && x.Inquiry(), (act == "won" || act == "lost") && !x.Inquiry():
			g.decide(x, act)
			return nil
		}
	case "refunds":
		x := g.s.Refunds[id]
		if x == nil {
			return absent("refund", id)
		}
		if act == "fail" && x.Status == "succeeded" {
			g.failRefund(x)
			return nil
		}
	case "sessions":
		x := g.s.Sessions[id]
		if x == nil {
			return absent("checkout.session", id)
		}
		switch {
		case act == "expire" && x.Status == "open":
			g.expire(x)
			return nil
		case (act == "paid" || act == "bounced") && x.SettleAt != 0:
			g.settle(x, act == "paid")
			return nil
		}
	case "subscriptions":
		return g.deskSub(id, act, no)
	}
	return no
}

func (g *Gateway) deskSub(id, act string, no *apiError) *apiError {
	s := g.s.Subs[id]
	if s == nil {
		return absent("subscription", id)
	}
	defer g.under(s.Clock)()
	switch {
	case s.ended():
		return no
	case act == "pause" && s.Status != "paused":
		g.pauseSub(s)
	case act == "resume" && s.Status == "paused":
		g.resumeSub(s)
	case act == "cancel":
		g.cancelAtEnd(s, true, "", "")
	case act == "undo":
		g.cancelAtEnd(s, false, "", "")
	case act == "end":
		g.endSub(s, "cancellation_requested")
	default:
		return no
	}
	return nil
}
