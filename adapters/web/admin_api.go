package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/admin"
	"sselfie/core/billing"
	"sselfie/core/entitlements"
	"sselfie/core/jobs"
	"sselfie/core/mail"
	"sselfie/core/why"
)

// deskPage is how many rows one list of the desk shows.
const deskPage = 100

// optional is a time that may be missing, as JSON says it.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// adminStats is GET /api/admin/dashboard/stats.
func (s *Server) adminStats(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	from, to, err := s.opts.Admin.Desk.Period(c.Query("from"), c.Query("to"))
	if err != nil {
		return err
	}
	st, err := s.opts.Admin.Desk.Stats(ctx, from, to)
	if err != nil {
		return err
	}
	if c.Query("format") == "csv" {
		return s.figuresCSV(c, st)
	}
	return c.JSON(st)
}

// figuresCSV writes figures with their definitions, one a line.
func (s *Server) figuresCSV(c *fiber.Ctx, st admin.Stats) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var out strings.Builder
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"figure", "value", "definition"}) // a builder takes everything
	_, _ = dec.Token()
	for dec.More() {
		name, _ := dec.Token()
		value, err := dec.Token()
		if err != nil {
			return err
		}
		if value == nil {
			value = ""
		}
		_ = w.Write([]string{fmt.Sprint(name), cell(fmt.Sprint(value)), admin.Definitions[fmt.Sprint(name)]})
	}
	w.Flush()
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="figures.csv"`)
	return c.SendString(out.String())
}

// cell keeps a spreadsheet from taking a text for a formula. Numbers below zero
// stay numbers.
func cell(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err != nil && s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// personJSON is a customer in a list.
type personJSON struct {
	ID          core.UserID `json:"id"`
	Email       string      `json:"email"`
	Name        string      `json:"name"`
	Entitlement string      `json:"entitlement"`
	Balance     int         `json:"balance"`
	CreatedAt   time.Time   `json:"createdAt"`
}

func (s *Server) personJSON(p admin.Person) personJSON {
	return personJSON{p.ID, p.Email, p.Name, s.right(p.Rows).Tier.String(), p.Balance, p.CreatedAt.UTC()}
}

// adminUsers is GET /api/admin/users.
func (s *Server) adminUsers(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	people, err := s.opts.Admin.Desk.Read.People(ctx, c.Query("q"), deskPage)
	if err != nil {
		return err
	}
	items := make([]personJSON, 0, len(people))
	for _, p := range people {
		items = append(items, s.personJSON(p))
	}
	return c.JSON(fiber.Map{"items": items})
}

// customer is everything that the desk knows of one account.
type customer struct {
	User     accounts.User
	Account  personJSON
	Right    entitlements.Right
	Rows     []billing.Row
	Payments []billing.Payment
	Moments  []admin.Moment
	Why      *why.Explanation
}

func (s *Server) customer(ctx context.Context, id core.UserID) (customer, error) {
	a := s.opts.Admin
	u, err := a.Desk.Read.UserByID(ctx, id)
	if err != nil {
		if core.Is(err, core.NotFound) {
			err = &core.Error{Code: core.NotFound, Op: "web.customer", Message: "There is no such customer."}
		}
		return customer{}, err
	}
	st, err := s.standing(ctx, id)
	if err != nil {
		return customer{}, err
	}
	out := customer{
		User: u, Rows: st.Rows, Right: st.Right,
		Account: personJSON{u.ID, u.Email, u.Name, st.Right.Tier.String(), st.Balance, u.CreatedAt.UTC()},
	}
	if out.Payments, err = s.opts.Reads.PaymentsOf(ctx, id); err != nil {
		return out, err
	}
	if out.Moments, err = a.Desk.Timeline(ctx, id); err != nil || a.Why == nil {
		return out, err
	}
	e, err := a.Why.Of(ctx, u)
	out.Why = &e
	return out, err
}

// momentJSON is a line of a time line.
type momentJSON struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Title  string    `json:"title"`
	Detail string    `json:"detail,omitempty"`
	Why    string    `json:"why,omitempty"`
	Ref    string    `json:"ref,omitempty"`
}

func momentsJSON(all []admin.Moment, kinds ...string) []momentJSON {
	out := []momentJSON{}
	for _, m := range all {
		for _, k := range kinds {
			if m.Kind == k {
				out = append(out, momentJSON{m.At.UTC(), m.Kind, m.Title, m.Detail, m.Why, m.Ref})
			}
		}
	}
	return out
}

// adminUser is GET /api/admin/users/{id}.
func (s *Server) adminUser(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	p, err := s.customer(ctx, core.UserID(c.Params("id")))
	if err != nil {
		return err
	}
	lines, _, err := s.ledger(ctx, p.User.ID, "", ledgerAnswers)
	if err != nil {
		return err
	}
	type entry struct {
		ID           core.CreditID `json:"id"`
		Amount       int           `json:"amount"`
		Type         string        `json:"type"`
		Description  string        `json:"description"`
		BalanceAfter int           `json:"balanceAfter"`
		Reference    string        `json:"reference"`
		CreatedAt    time.Time     `json:"createdAt"`
	}
	ledger := make([]entry, 0, len(lines))
	for _, e := range lines {
		ledger = append(ledger, entry{e.ID, e.Amount, string(e.Type), e.Description, e.BalanceAfter, e.Reference, e.At.UTC()})
	}
	type payment struct {
		ID         core.PaymentID `json:"id"`
		Product    core.ProductID `json:"product"`
		Amount     int64          `json:"amount"`
		Refunded   int64          `json:"refunded"`
		Currency   string         `json:"currency"`
		Dispute    string         `json:"dispute"`
		Match      string         `json:"matchedBy"`
		Session    string         `json:"session,omitempty"`
		Invoice    string         `json:"invoice,omitempty"`
		ReceiptURL string         `json:"receiptUrl,omitempty"`
		PaidAt     time.Time      `json:"paidAt"`
	}
	pays := make([]payment, 0, len(p.Payments))
	for _, x := range p.Payments {
		pays = append(pays, payment{x.ID, x.Product, x.Amount, x.Refunded, x.Currency, x.Dispute, string(x.Match), x.Session, x.Invoice, x.ReceiptURL, x.PaidAt.UTC()})
	}
	type row struct {
		Product   string     `json:"product"`
		Status    string     `json:"status"`
		Live      bool       `json:"live"`
		PeriodEnd *time.Time `json:"periodEnd"`
		EndedAt   *time.Time `json:"endedAt"`
		StripeID  string     `json:"stripeId,omitempty"`
	}
	rows := make([]row, 0, len(p.Rows))
	for _, x := range p.Rows {
		rows = append(rows, row{x.Type, x.Status, x.Live, optional(x.PeriodEnd), optional(x.EndedAt), x.StripeID})
	}
	var wizard any
	var reasons []string
	if p.Why != nil {
		reasons, wizard = p.Why.Lines(), fiber.Map{"type": p.Why.Wizard.Type, "reason": p.Why.Wizard.Reason, "phase": p.Why.Wizard.Phase, "step": p.Why.Wizard.Step, "totalSteps": p.Why.Wizard.Total}
	}
	return c.JSON(fiber.Map{
		"id": p.User.ID, "email": p.User.Email, "name": p.User.Name, "entitlement": p.Account.Entitlement, "balance": p.Account.Balance, "createdAt": p.Account.CreatedAt,
		"emailProven": p.User.Verified(), "isAdmin": p.User.Admin, "credits": ledger, "payments": pays, "subscriptions": rows,
		"mails": momentsJSON(p.Moments, admin.KindMail), "events": momentsJSON(p.Moments, admin.KindEvent, admin.KindMembership),
		"segments": momentsJSON(p.Moments, admin.KindSegment), "sequences": momentsJSON(p.Moments, admin.KindSequence), "wizard": wizard, "reasons": reasons,
	})
}

// adminCredits is POST /api/admin/users/{id}/credits.
func (s *Server) adminCredits(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	var in struct {
		Amount int    `json:"amount"`
		Reason string `json:"reason"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	key := c.Get("Idempotency-Key")
	if len(key) > 255 {
		return &core.Error{Code: core.Invalid, Op: "web.adminCredits", Message: "An Idempotency-Key has at most 255 characters."}
	}
	acct, err := s.opts.Admin.Desk.Adjust(ctx, who.User.ID, core.UserID(c.Params("id")), in.Amount, in.Reason, key)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"balance": acct.Balance, "totalPurchased": acct.TotalPurchased, "totalUsed": acct.TotalUsed})
}

// adminWebhooks is GET /api/admin/webhooks.
func (s *Server) adminWebhooks(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	outcome := billing.Outcome(c.Query("status"))
	switch outcome {
	case "", billing.Applied, billing.Ignored, billing.Parked, billing.Failed:
	default:
		return core.FieldError("web.adminWebhooks", "status", "The states are applied, ignored, parked and failed.")
	}
	found, err := s.opts.Admin.Desk.Read.Webhooks(ctx, outcome, deskPage)
	if err != nil {
		return err
	}
	type item struct {
		ID         core.EventID `json:"id"`
		Type       string       `json:"type"`
		Outcome    string       `json:"outcome"`
		Attempts   int          `json:"attempts"`
		Error      *string      `json:"error"`
		Reason     string       `json:"reason,omitempty"`
		ReceivedAt time.Time    `json:"receivedAt"`
		AppliedAt  *time.Time   `json:"appliedAt"`
	}
	items := make([]item, 0, len(found))
	for _, e := range found {
		it := item{e.ID, e.Type, string(e.Outcome), e.Attempts, nil, e.Reason, e.ReceivedAt.UTC(), optional(e.AppliedAt)}
		if e.Error != "" {
			it.Error = &e.Error
		}
		items = append(items, it)
	}
	return c.JSON(fiber.Map{"items": items})
}

// adminRetryEvent is POST /api/admin/webhooks/{eventId}/retry.
func (s *Server) adminRetryEvent(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	id := core.EventID(c.Params("id"))
	out, err := s.opts.Admin.Desk.RetryEvent(ctx, who.User.ID, id)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"id": id, "outcome": out})
}

// adminAssign is POST /api/admin/webhooks/{eventId}/assign.
func (s *Server) adminAssign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	var in struct {
		User string `json:"user"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.opts.Admin.Desk.Assign(ctx, who.User.ID, core.EventID(c.Params("id")), core.UserID(in.User)); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"id": c.Params("id"), "outcome": billing.Applied})
}

// adminOutbox is GET /api/admin/outbox.
func (s *Server) adminOutbox(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	found, next, err := s.opts.Admin.Desk.Read.Outbox(ctx, mail.State(c.Query("state")), c.Query("cursor"))
	if err != nil {
		return err
	}
	type item struct {
		ID        core.MailID `json:"id"`
		To        string      `json:"to"`
		Kind      string      `json:"kind"`
		State     string      `json:"state"`
		Subject   string      `json:"subject"`
		Attempts  int         `json:"attempts"`
		Next      *time.Time  `json:"nextAttemptAt"`
		Error     *string     `json:"error"`
		CreatedAt time.Time   `json:"createdAt"`
		SentAt    *time.Time  `json:"sentAt"`
	}
	items := make([]item, 0, len(found))
	for _, m := range found {
		it := item{m.ID, m.To, string(m.Kind), string(m.State), m.Subject, m.Attempts, nil, nil, m.Created.UTC(), optional(m.SentAt)}
		if m.State == mail.StateQueued {
			it.Next = optional(m.Next)
		}
		if m.Error != "" {
			it.Error = &m.Error
		}
		items = append(items, it)
	}
	var more *string
	if next != "" {
		more = &next
	}
	return c.JSON(fiber.Map{"items": items, "next": more})
}

// adminRetryMail is POST /api/admin/outbox/{id}/retry.
func (s *Server) adminRetryMail(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if err := s.opts.Admin.Desk.RetryMail(ctx, who.User.ID, core.MailID(c.Params("id"))); err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"id": c.Params("id"), "state": mail.StateQueued})
}

// adminJobs is GET /api/admin/jobs.
func (s *Server) adminJobs(ctx context.Context, c *fiber.Ctx, _ *signedIn) error {
	found, err := s.opts.Admin.Desk.Work.States(ctx)
	if err != nil {
		return err
	}
	type item struct {
		Job      jobs.Name  `json:"job"`
		Title    string     `json:"title"`
		Schedule string     `json:"schedule"`
		LastRun  *time.Time `json:"lastRun"`
		NextRun  *time.Time `json:"nextRun"`
		Outcome  *string    `json:"outcome"`
		Error    string     `json:"error,omitempty"`
		Counts   any        `json:"counts,omitempty"`
	}
	items := make([]item, 0, len(found))
	for _, j := range found {
		it := item{Job: j.Job.Name, Title: j.Job.Title, Schedule: j.Job.Schedule.String(), LastRun: optional(j.Last.StartedAt), NextRun: optional(j.NextRun)}
		if said := outcomeOf(j); said != "" {
			it.Outcome, it.Error = &said, j.Last.Error
			it.Counts = fiber.Map{"processed": j.Last.Counts.Processed, "skipped": j.Last.Counts.Skipped, "failed": j.Last.Counts.Failed}
		}
		items = append(items, it)
	}
	return c.JSON(fiber.Map{"items": items})
}

// outcomeOf says how a job's newest run ended, "" when there is none.
func outcomeOf(j jobs.State) string {
	switch {
	case j.Running:
		return "running"
	case j.Last.Job == "":
		return ""
	case j.Last.Error != "":
		return "failed"
	case j.Last.FinishedAt.IsZero():
		return "cut off"
	}
	return "done"
}

// adminRunJob is POST /api/admin/jobs/{job}/run.
func (s *Server) adminRunJob(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	report, err := s.opts.Admin.Desk.RunJob(ctx, who.User.ID, jobs.Name(c.Params("id")))
	if err != nil {
		return err
	}
	return c.JSON(report)
}
