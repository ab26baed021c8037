package stripegate

import "net/http"

type paperView struct {
	Title, Number, Shop, Name, Email, Status, Card string
	Created                                        int64
	Lines                                          []lineView
	Off, Total, Refunded                           string
}

func (g *Gateway) showInvoice(w http.ResponseWriter, r *http.Request) {
	var v paperView
	g.view(func() {
		x := g.s.Invoices[r.PathValue("id")]
		if x == nil {
			return
		}
		v = paperView{Title: "Invoice", Number: x.Number, Shop: g.opt.AccountName, Status: x.Status, Created: x.Created, Total: amount(x.total(), x.Currency)}
		if k := g.s.Customers[x.Customer]; k != nil {
			v.Name, v.Email = k.Name, k.Email
		}
		for _, l := range x.Lines {
			v.Lines = append(v.Lines, lineView{Name: l.Description, Amount: amount(l.Amount, x.Currency)})
		}
		if x.Off > 0 {
			v.Off = amount(x.Off, x.Currency)
		}
	})
	g.paper(w, v)
}

func (g *Gateway) showReceipt(w http.ResponseWriter, r *http.Request) {
	var v paperView
	g.view(func() {
		x := g.s.Charges[r.PathValue("id")]
		if x == nil {
			return
		}
		v = paperView{Title: "Receipt", Number: x.ID, Shop: g.opt.AccountName, Status: x.Status, Created: x.Created, Name: x.Name, Email: x.Email, Total: amount(x.Amount, x.Currency)}
		if m := g.s.Methods[x.Method]; m != nil {
			v.Card = m.Brand + " ending in " + m.Last4
		}
		if x.Refunded > 0 {
			v.Refunded = amount(x.Refunded, x.Currency)
		}
	})
	g.paper(w, v)
}

func (g *Gateway) paper(w http.ResponseWriter, v paperView) {
	if v.Title == "" {
		g.notice(w, http.StatusNotFound, notice{Title: "Not found", Text: "There is no such document here."})
		return
	}
	g.screen(w, http.StatusOK, "paper.html", v)
}
