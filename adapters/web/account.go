package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/credits"
)

// How many lines of the ledger one answer holds.
const (
	ledgerPage    = 20
	ledgerAnswers = 50
)

// creditBalance is GET /api/user/credits.
func (s *Server) creditBalance(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.mustStand(ctx, c)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Balance        int `json:"balance"`
		TotalPurchased int `json:"totalPurchased"`
		TotalUsed      int `json:"totalUsed"`
	}{who.Account.Balance, who.Account.TotalPurchased, who.Account.TotalUsed})
}

// creditTransactions is GET /api/user/credits/transactions.
func (s *Server) creditTransactions(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	lines, next, err := s.ledger(ctx, who.User.ID, c.Query("cursor"), ledgerAnswers)
	if err != nil {
		return err
	}
	type item struct {
		ID           core.CreditID `json:"id"`
		Amount       int           `json:"amount"`
		Type         credits.Type  `json:"type"`
		Description  string        `json:"description"`
		BalanceAfter int           `json:"balanceAfter"`
		CreatedAt    time.Time     `json:"createdAt"`
	}
	items := make([]item, 0, len(lines))
	for _, e := range lines {
		items = append(items, item{e.ID, e.Amount, e.Type, e.Description, e.BalanceAfter, e.At.UTC()})
	}
	var more *string
	if next != "" {
		more = &next
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Items []item  `json:"items"`
		Next  *string `json:"next"`
	}{items, more})
}

// ledger returns one answer's lines and the cursor of the next, "" at the end.
func (s *Server) ledger(ctx context.Context, user core.UserID, cursor string, n int) ([]credits.Entry, string, error) {
	lines, err := s.opts.Reads.CreditHistory(ctx, user, core.CreditID(cursor), n+1)
	if core.Is(err, core.NotFound) {
		return nil, "", core.FieldError("web.ledger", "cursor", "This cursor is not one of yours. Begin without one.")
	}
	if err != nil || len(lines) <= n {
		return lines, "", err
	}
	return lines[:n], string(lines[n-1].ID), nil
}

// accountPage is GET /account.
func (s *Server) accountPage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return err
	}
	acct, err := s.opts.Reads.CreditAccount(ctx, who.User.ID)
	if err != nil {
		return err
	}
	lines, next, err := s.ledger(ctx, who.User.ID, c.Query("before"), ledgerPage)
	if err != nil {
		return err
	}
	pays, err := s.opts.Reads.PaymentsOf(ctx, who.User.ID)
	if err != nil {
		return err
	}
	v := view.Account{
		Chrome: s.chrome(who, st), Name: who.User.Name, Email: who.User.Email, EmailProven: who.User.Verified(),
		Balance: acct.Balance, TotalPurchased: acct.TotalPurchased, TotalUsed: acct.TotalUsed,
		Membership: s.membership(st.Rows), Purchases: s.purchases(pays),
	}
	for _, e := range lines {
		v.History = append(v.History, view.CreditLine{At: e.At, Amount: e.Amount, Description: e.Description, BalanceAfter: e.BalanceAfter})
	}
	if c.Query("before") != "" {
		v.NewerURL = "/account"
	}
	if next != "" {
		v.OlderURL = "/account?before=" + url.QueryEscape(next)
	}
	status, err := s.more(ctx, c, who, &v)
	if err != nil {
		return err
	}
	return s.show(c, max(status, http.StatusOK), v)
}

// membership is the customer's Studio as it stands, nil when there never was one.
func (s *Server) membership(rows []billing.Row) *view.Membership {
	var best *billing.Row
	for i, r := range rows {
		if r.Type == catalog.EntitlementStudio && (best == nil || r.Live || (!best.Live && r.CreatedAt.After(best.CreatedAt))) {
			best = &rows[i]
		}
	}
	if best == nil {
		return nil
	}
	m := &view.Membership{Status: best.Status, Price: s.opts.Catalog.Studio().Price}
	switch {
	case !best.EndedAt.IsZero():
		m.EndsAt = best.EndedAt
	case !best.CancelAt.IsZero():
		m.EndsAt = best.CancelAt
	case best.CancelAtPeriodEnd:
		m.EndsAt = best.PeriodEnd
	default:
		m.RenewsAt = best.PeriodEnd
	}
	return m
}

// purchases turns payments into what their owner reads, newest first.
func (s *Server) purchases(pays []billing.Payment) []view.Purchase {
	pays = slices.SortedStableFunc(slices.Values(pays), func(a, b billing.Payment) int {
		return cmp.Or(b.PaidAt.Compare(a.PaidAt), cmp.Compare(b.ID, a.ID))
	})
	out := make([]view.Purchase, 0, len(pays))
	for _, p := range pays {
		prod, known := s.opts.Catalog.Product(p.Product)
		v := view.Purchase{Name: prod.Name, At: p.PaidAt, Amount: core.Money{Minor: p.Amount, Currency: p.Currency}, Status: "paid", Href: prod.After, Receipt: s.receipt(p)}
		if !known {
			v.Name = string(p.Product)
		}
		switch {
		case p.FullyRefunded():
			v.Status, v.Href = "refunded", ""
		case p.Refunded > 0:
			v.Status = "partially_refunded"
		}
		out = append(out, v)
	}
	return out
}

// receipt is where a payment's receipt is found: Stripe's page where we know it,
// a question of ours where we don't, "" where nothing was charged.
func (s *Server) receipt(p billing.Payment) string {
	switch {
	case p.ReceiptURL != "":
		return s.stripes(p.ReceiptURL)
	case p.PaymentIntent != "" && s.opts.Billing != nil:
		return "/account/receipts/" + url.PathEscape(string(p.ID))
	}
	return ""
}

// stripes returns an address of Stripe's, or of the local gateway; for any other
// "", whatever an event said.
func (s *Server) stripes(address string) string {
	for _, site := range []string{"https://invoice.stripe.com/", "https://pay.stripe.com/", s.opts.BaseURL + "/gateway/"} {
		if strings.HasPrefix(address, site) {
			return address
		}
	}
	return ""
}

// receiptPage is GET /account/receipts/{payment}: it leads to Stripe's page.
func (s *Server) receiptPage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	const op = "web.receiptPage"
	if s.opts.Billing == nil {
		return paymentsOff(op)
	}
	if err := s.allow(c, s.limits.portal); err != nil {
		return err
	}
	at, err := s.opts.Billing.Receipt(ctx, who.User.ID, core.PaymentID(c.Params("id")))
	if err != nil {
		return err
	}
	if at = s.stripes(at); at == "" {
		return &core.Error{Code: core.NotFound, Op: op, Message: "There is no receipt for this payment."}
	}
	return seeOther(c, at)
}

// owned lists the products that a customer has paid for and kept, newest first.
func owned(pays []billing.Payment) []core.ProductID {
	pays = slices.SortedStableFunc(slices.Values(pays), func(a, b billing.Payment) int { return b.PaidAt.Compare(a.PaidAt) })
	var out []core.ProductID
	for _, p := range pays {
		if !p.FullyRefunded() && !slices.Contains(out, p.Product) {
			out = append(out, p.Product)
		}
	}
	return out
}
