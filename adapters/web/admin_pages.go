package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/admin"
	"sselfie/core/billing"
	"sselfie/core/jobs"
	"sselfie/core/mail"
	"sselfie/core/support"
)

// adminRoutes adds the creator's desk, which only admins enter.
func (s *Server) adminRoutes() {
	if s.opts.Admin == nil {
		return
	}
	if s.opts.Admin.CronSecret != "" { // without one there is nothing at these addresses
		s.app.Post("/api/cron/:id", s.within(travelTimeout, s.cron))
	}
	call := func(path string, h page) { s.app.Get("/api/admin"+path, s.adminCall(h)) }
	act := func(path string, h page) { s.app.Post("/api/admin"+path, s.adminCall(h)) }
	call("/dashboard/stats", s.adminStats)
	call("/users", s.adminUsers)
	call("/users/:id", s.adminUser)
	act("/users/:id/credits", s.fresh(s.adminCredits))
	call("/webhooks", s.adminWebhooks)
	act("/webhooks/:id/retry", s.adminRetryEvent)
	act("/webhooks/:id/assign", s.fresh(s.adminAssign))
	call("/outbox", s.adminOutbox)
	act("/outbox/:id/retry", s.adminRetryMail)
	call("/jobs", s.adminJobs)
	s.app.Post("/api/admin/jobs/:id/run", s.within(travelTimeout, func(ctx context.Context, c *fiber.Ctx) error {
		return s.adminIn(ctx, c, s.adminRunJob)
	}))

	s.app.Get("/admin", s.admins(s.deskOverview))
	s.app.Get("/admin/users", s.admins(s.deskUsers))
	s.app.Get("/admin/users/:id", s.admins(s.deskUser))
	s.app.Post("/admin/users/:id/credits", s.admins(s.fresh(s.deskCredits)))
	s.app.Get("/admin/webhooks", s.admins(s.deskWebhooks))
	s.app.Post("/admin/webhooks/:id/retry", s.admins(s.deskRetryEvent))
	s.app.Get("/admin/webhooks/:id", s.admins(s.deskEvent))
	s.app.Post("/admin/webhooks/:id/assign", s.admins(s.fresh(s.deskAssign)))
	s.app.Get("/admin/outbox", s.admins(s.deskOutbox))
	s.app.Post("/admin/outbox/:id/retry", s.admins(s.deskRetryMail))
	s.app.Get("/admin/jobs", s.admins(s.deskJobs))
	s.app.Post("/admin/jobs/:id/run", s.adminsWithin(travelTimeout, s.deskRunJob))
	s.app.Get("/admin/launch-check", s.adminsWithin(checkTimeout, s.deskLaunchCheck))
	s.ticketRoutes()
	s.app.Get("/admin/second-factor", s.admins(s.fresh(s.secondFactorPage)))
	s.app.Post("/admin/second-factor/begin", s.admins(s.fresh(s.beginSecondFactor)))
	s.app.Post("/admin/second-factor/confirm", s.admins(s.fresh(s.confirmSecondFactor)))
	s.app.Post("/admin/second-factor/codes", s.admins(s.fresh(s.renewRecoveryCodes)))
	s.app.Post("/admin/second-factor/remove", s.admins(s.fresh(s.removeSecondFactor)))
}

// desk is the frame of a page of the desk, with the banners that stand above
// every one.
func (s *Server) desk(ctx context.Context, who *signedIn, section, title string) (view.Desk, error) {
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return view.Desk{}, err
	}
	d := view.Desk{Chrome: s.chrome(who, st), Section: section, Title: title}
	if s.opts.Admin.Warnings != nil {
		d.Notice = append(d.Notice, s.opts.Admin.Warnings()...)
	}
	return d, nil
}

// did is the banner after a form: the address says which of our own sentences.
var did = map[string]view.Notice{
	"credits":  {Tone: view.Success, Title: "The credits are changed", Text: "The line stands in the customer’s list, and in the audit log."},
	"applied":  {Tone: view.Success, Title: "The event is applied"},
	"parked":   {Tone: view.Warning, Title: "It still waits", Text: "What it refers to has not arrived."},
	"ignored":  {Tone: view.Neutral, Title: "It was ignored", Text: "It is none of this shop’s business."},
	"again":    {Tone: view.Neutral, Title: "It was done before", Text: "Nothing was changed."},
	"assigned": {Tone: view.Success, Title: "The payment is assigned"},
	"queued":   {Tone: view.Success, Title: "The mail is queued again"},
	"ran":      {Tone: view.Success, Title: "The job ran"},

	"segment":   {Tone: view.Success, Title: "The segment is saved", Text: "Its members are those who fit the rule now."},
	"gone":      {Tone: view.Success, Title: "The segment is deleted"},
	"campaign":  {Tone: view.Success, Title: "The campaign is saved"},
	"scheduled": {Tone: view.Success, Title: "The campaign is scheduled", Text: "It can be changed and cancelled until it goes out."},
	"cancelled": {Tone: view.Success, Title: "The campaign is cancelled", Text: "What waited in the outbox is taken back."},
	"test":      {Tone: view.Success, Title: "The test is on its way", Text: "What is written below was sent as it stands. It counts in no figure."},
	"words":     {Tone: view.Success, Title: "Your words are saved", Text: "They count for every letter that has not gone out."},
	"reset":     {Tone: view.Success, Title: "The words that ship are back"},

	"failed": {Tone: view.Danger, Title: "It failed again", Text: "The list says why. Nothing was changed."},
}

func (s *Server) deskDone(c *fiber.Ctx, d *view.Desk) {
	if n, ok := did[c.Query("done")]; ok {
		d.Notice = append(d.Notice, n)
	}
}

func percent(r *float64) string {
	if r == nil {
		return ""
	}
	return strconv.FormatFloat(*r*100, 'f', 1, 64) + "%"
}

// below marks a rate that misses its target.
func below(r *float64, target float64) view.Tone {
	if r != nil && *r < target {
		return view.Warning
	}
	return ""
}

// deskOverview is GET /admin: is it going well, is anything broken.
func (s *Server) deskOverview(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	a := s.opts.Admin.Desk
	d, err := s.desk(ctx, who, "overview", "Overview")
	if err != nil {
		return err
	}
	from, to, err := a.Period(c.Query("from"), c.Query("to"))
	if err != nil {
		return err
	}
	st, err := a.Stats(ctx, from, to)
	if err != nil {
		return err
	}
	d.Lead = "From " + from.UTC().Format("2 January 2006") + " to " + to.UTC().Format("2 January 2006") + "."
	money := func(minor int64) string { return core.Money{Minor: minor, Currency: st.Currency}.String() }
	figure := func(name, label, value string, tone view.Tone) {
		d.Figures = append(d.Figures, view.Figure{Label: label, Value: value, Definition: admin.Definitions[name], Tone: tone})
	}
	figure("revenue", "Revenue", money(st.Revenue), "")
	figure("revenueWoW", "Week over week", percent(st.RevenueWoW), "")
	figure("revenueMoM", "Month over month", percent(st.RevenueMoM), "")
	figure("mrr", "Monthly recurring", money(st.MRR), "")
	figure("newMrrFromMini", "New, from mini products", money(st.NewMRRFromMini), "")
	figure("activeMembers", "Members", strconv.Itoa(st.ActiveMembers), "")
	refunds := view.Tone("")
	if st.RefundRate != nil && *st.RefundRate >= 0.05 {
		refunds = view.Warning
	}
	figure("refundRate", "Refunds", percent(st.RefundRate), refunds)
	figure("webhookSuccessRate", "Webhooks applied", percent(st.WebhookSuccessRate), below(st.WebhookSuccessRate, 0.99))
	figure("deliveryRate", "Mails delivered", percent(st.DeliveryRate), below(st.DeliveryRate, 0.98))
	figure("creditsUsed", "Credits used", strconv.Itoa(st.CreditsUsed), "")
	days := ""
	if st.DaysToUpgrade != nil {
		days = strconv.FormatFloat(*st.DaysToUpgrade, 'f', 1, 64)
	}
	figure("daysToUpgrade", "Days to upgrade", days, "")
	if d.Tables, err = s.attention(ctx); err != nil {
		return err
	}
	return s.show(c, http.StatusOK, d)
}

// attention is what waits for the creator.
func (s *Server) attention(ctx context.Context) ([]view.DeskTable, error) {
	a := s.opts.Admin.Desk
	t := view.DeskTable{Title: "Needs attention", Columns: []string{"What", "How much", ""}, Empty: "Nothing. Everything that arrived was applied, and every mail went out."}
	add := func(what, much, href string) {
		t.Rows = append(t.Rows, []view.Cell{{Text: what}, {Text: much, Tone: view.Warning}, {Text: "Look", Href: href}})
	}
	for _, o := range []struct {
		outcome billing.Outcome
		what    string
	}{{billing.Failed, "Webhooks that could not be applied"}, {billing.Parked, "Payments and reports that wait for something"}} {
		found, err := a.Read.Webhooks(ctx, o.outcome, deskPage)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			add(o.what, atMost(len(found)), "/admin/webhooks?status="+string(o.outcome))
		}
	}
	if s.opts.Admin.Tickets != nil {
		notes, err := s.opts.Admin.Tickets.List(ctx, support.Open, "", deskPage)
		if err != nil {
			return nil, err
		}
		if len(notes) > 0 {
			add("Notes that wait for an answer", atMost(len(notes)), "/admin/tickets")
		}
	}
	b, err := a.Read.OutboxBacklog(ctx, s.opts.Clock.Now())
	if err != nil {
		return nil, err
	}
	if b.Failed > 0 {
		add("Mails that were given up", strconv.Itoa(b.Failed), "/admin/outbox?state=failed")
	}
	if s.opts.Voice != nil {
		missed, err := s.opts.Voice.Campaigns.Read.MissedCampaigns(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range missed {
			add("The campaign “"+m.Name+"” was not sent: its time had passed", "due "+s.inZone(m.SendAt, m.Zone), campaignPath(m.ID))
		}
	}
	states, err := a.Work.States(ctx)
	if err != nil {
		return nil, err
	}
	for _, j := range states {
		if j.Last.Error != "" {
			add("The job "+string(j.Job.Name)+" failed", "at its last run", "/admin/jobs")
		}
	}
	log, err := a.Read.AuditLog(ctx, 10)
	if err != nil {
		return nil, err
	}
	done := view.DeskTable{Title: "Done at this desk", Columns: []string{"When", "What", "To whom", "With"}, Empty: "Nothing yet."}
	for _, l := range log {
		var parts []string
		for _, k := range sortedKeys(l.Detail) {
			parts = append(parts, k+" "+l.Detail[k])
		}
		done.Rows = append(done.Rows, []view.Cell{{At: l.At}, {Text: l.Action, Note: l.Actor}, {Text: l.Subject}, {Text: strings.Join(parts, ", ")}})
	}
	return []view.DeskTable{t, done}, nil
}

func atMost(n int) string {
	if n >= deskPage {
		return strconv.Itoa(deskPage) + " or more"
	}
	return strconv.Itoa(n)
}

// deskUsers is GET /admin/users.
func (s *Server) deskUsers(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "users", "Customers")
	if err != nil {
		return err
	}
	people, err := s.opts.Admin.Desk.Read.People(ctx, c.Query("q"), deskPage)
	if err != nil {
		return err
	}
	d.Search = &view.DeskSearch{Action: "/admin/users", Name: "q", Value: c.Query("q"), Label: "Address, name or id"}
	t := view.DeskTable{Title: "Newest first", Columns: []string{"Customer", "Right", "Credits", "Since"}, Empty: "Nobody is found by that."}
	for _, p := range people {
		name := p.Email
		if name == "" {
			name = "without an address"
		}
		t.Rows = append(t.Rows, []view.Cell{
			{Text: name, Note: p.Name, Href: "/admin/users/" + string(p.ID)}, {Text: s.right(p.Rows).Tier.String()}, {Text: strconv.Itoa(p.Balance), Num: true}, {At: p.CreatedAt},
		})
	}
	d.Tables = append(d.Tables, t)
	return s.show(c, http.StatusOK, d)
}

// deskUser is GET /admin/users/{id}.
func (s *Server) deskUser(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	return s.showCustomer(ctx, c, who, http.StatusOK, nil)
}

func (s *Server) showCustomer(ctx context.Context, c *fiber.Ctx, who *signedIn, status int, refused *core.Error) error {
	p, err := s.customer(ctx, core.UserID(c.Params("id")))
	if err != nil {
		return err
	}
	title := p.User.Email
	if title == "" {
		title = "A customer without an address"
	}
	d, err := s.desk(ctx, who, "users", title)
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Lead = p.User.Name
	d.Figures = []view.Figure{
		{Label: "Credits", Value: strconv.Itoa(p.Account.Balance)},
		{Label: "Right", Value: p.Account.Entitlement, Definition: p.Right.Reason},
		{Label: "Payments", Value: strconv.Itoa(len(p.Payments))},
	}
	// The key makes sending the same form twice change nothing.
	form := view.DeskForm{Title: "Give or take credits", Action: "/admin/users/" + string(p.User.ID) + "/credits", Button: "Change", Fields: []view.DeskField{
		{Name: "amount", Label: "Credits", Type: "number"},
		{Name: "reason", Label: "Why, as the customer reads it"},
		{Name: "key", Type: "hidden", Value: s.opts.Admin.Desk.IDs.NewID("adj")},
	}}
	if refused != nil {
		form.Fields[0].Error, form.Fields[1].Error = refused.Fields["amount"], refused.Fields["reason"]
		if len(refused.Fields) == 0 {
			form.Fields[0].Error = refused.Message
		}
	}
	d.Forms = []view.DeskForm{form}
	d.Tables = append(d.Tables, s.paymentsTable(p), rowsTable(p.Rows))
	voice, err := s.voiceTables(ctx, p.User.ID)
	if err != nil {
		return err
	}
	d.Tables = append(append(d.Tables, voice...), momentsTable(p.Moments))
	if p.Why != nil {
		why := view.DeskTable{Title: "Why", Columns: []string{"Each answer with what it follows from"}}
		for _, line := range p.Why.Lines() {
			if strings.TrimSpace(line) != "" {
				why.Rows = append(why.Rows, []view.Cell{{Text: line}})
			}
		}
		d.Tables = append(d.Tables, why)
	}
	return s.show(c, status, d)
}

func (s *Server) paymentsTable(p customer) view.DeskTable {
	t := view.DeskTable{Title: "Payments", Columns: []string{"Paid", "What", "Amount", "Came back", "State", ""}, Empty: "None."}
	for _, x := range p.Payments {
		state := view.Cell{Text: "paid", Tone: view.Success, Note: "matched by " + string(x.Match)}
		switch {
		case x.FullyRefunded():
			state.Text, state.Tone = "refunded", view.Warning
		case x.Contested():
			state.Text, state.Tone = "disputed", view.Danger
		}
		if x.Shortfall > 0 {
			state.Note += fmt.Sprintf("; %d credits were spent before they could be taken back", x.Shortfall)
		}
		receipt := view.Cell{}
		if to := s.receipt(x); to != "" {
			receipt = view.Cell{Text: "Receipt", Href: to}
		}
		t.Rows = append(t.Rows, []view.Cell{
			{At: x.PaidAt},
			{Text: s.product(x.Product).Name, Note: string(x.ID)},
			{Text: core.Money{Minor: x.Amount, Currency: x.Currency}.String(), Num: true},
			{Text: core.Money{Minor: x.Refunded, Currency: x.Currency}.String(), Num: true},
			state, receipt,
		})
	}
	return t
}

func rowsTable(rows []billing.Row) view.DeskTable {
	t := view.DeskTable{Title: "Rights", Columns: []string{"What", "State", "Period ends", "Ended"}, Empty: "None: free."}
	for _, r := range rows {
		c := view.Cell{Text: r.Status}
		if !r.Live {
			c.Note = "another row counts"
		}
		t.Rows = append(t.Rows, []view.Cell{{Text: r.Type, Note: r.StripeID}, c, {At: r.PeriodEnd}, {At: r.EndedAt}})
	}
	return t
}

func momentsTable(all []admin.Moment) view.DeskTable {
	t := view.DeskTable{Title: "What happened, newest first", Columns: []string{"When", "What", "Figures", "Why"}, Empty: "Nothing yet."}
	for i := len(all) - 1; i >= 0 && len(t.Rows) < 300; i-- {
		m := all[i]
		t.Rows = append(t.Rows, []view.Cell{{At: m.At}, {Text: m.Title, Note: m.Kind}, {Text: m.Detail}, {Text: m.Why, Note: m.Ref}})
	}
	return t
}

// deskCredits is POST /admin/users/{id}/credits.
func (s *Server) deskCredits(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	amount, err := strconv.Atoi(strings.TrimSpace(in.Get("amount")))
	if err != nil {
		amount = 0 // refused with the words of the field
	}
	id := core.UserID(c.Params("id"))
	if _, err := s.opts.Admin.Desk.Adjust(ctx, who.User.ID, id, amount, in.Get("reason"), in.Get("key")); err != nil {
		e := problemOf(err)
		if status := statusOf(e.Code); status == http.StatusBadRequest || status == http.StatusPaymentRequired {
			return s.showCustomer(ctx, c, who, status, e)
		}
		return err
	}
	return seeOther(c, "/admin/users/"+url.PathEscape(string(id))+"?done=credits")
}

// deskWebhooks is GET /admin/webhooks.
func (s *Server) deskWebhooks(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "webhooks", "Webhooks")
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	a := s.opts.Admin.Desk
	status := billing.Outcome(c.Query("status"))
	lists := []struct {
		outcome     billing.Outcome
		title, note string
	}{
		{billing.Failed, "Could not be applied", "Nothing of them was kept. Stripe tries again by itself, and so does the hourly catch-up."},
		{billing.Parked, "Waiting", "Paid, but matching nobody safely, or a report about something that has not arrived. They wait for 30 days."},
		{"", "All, newest first", ""},
	}
	for _, l := range lists {
		if status != "" && l.outcome != "" && l.outcome != status {
			continue
		}
		if l.outcome == "" && status == billing.Applied || l.outcome == "" && status == billing.Ignored {
			l.outcome, l.title = status, "All that were "+string(status)
		}
		found, err := a.Read.Webhooks(ctx, l.outcome, deskPage)
		if err != nil {
			return err
		}
		t := view.DeskTable{Title: l.title, Note: l.note, Columns: []string{"Received", "Event", "Outcome", "Attempts", ""}, Empty: "None."}
		for _, e := range found {
			t.Rows = append(t.Rows, eventCells(e))
		}
		d.Tables = append(d.Tables, t)
	}
	return s.show(c, http.StatusOK, d)
}

func eventCells(e billing.Record) []view.Cell {
	out := view.Cell{Text: string(e.Outcome), Note: e.Reason}
	var act view.Cell
	if e.Outcome == billing.Failed || e.Outcome == billing.Parked {
		out.Tone = view.Warning
		act.Form = &view.DeskForm{Action: "/admin/webhooks/" + url.PathEscape(string(e.ID)) + "/retry", Button: "Try again"}
	}
	if e.Error != "" {
		out.Tone, out.Note = view.Danger, e.Error
	}
	return []view.Cell{{At: e.ReceivedAt}, {Text: e.Type, Note: string(e.ID), Href: "/admin/webhooks/" + url.PathEscape(string(e.ID))}, out, {Text: strconv.Itoa(e.Attempts), Num: true}, act}
}

// deskEvent is GET /admin/webhooks/{eventId}: one event, and to whom a payment
// that matched nobody could be given.
func (s *Server) deskEvent(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	a := s.opts.Admin.Desk
	e, err := a.Read.EventByID(ctx, core.EventID(c.Params("id")))
	if err != nil {
		return err
	}
	if e == nil {
		return fiber.ErrNotFound
	}
	d, err := s.desk(ctx, who, "webhooks", e.Type)
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Lead = string(e.ID)
	d.Tables = []view.DeskTable{{Title: "What became of it", Columns: []string{"Received", "Event", "Outcome", "Attempts", ""}, Rows: [][]view.Cell{eventCells(*e)}}}
	if e.Outcome == billing.Parked && strings.HasPrefix(e.Type, "checkout.session.") {
		d.Search = &view.DeskSearch{Action: "/admin/webhooks/" + url.PathEscape(string(e.ID)), Name: "q", Value: c.Query("q"), Label: "Whose payment is it? Address, name or id"}
		if q := strings.TrimSpace(c.Query("q")); q != "" {
			people, err := a.Read.People(ctx, q, 20)
			if err != nil {
				return err
			}
			t := view.DeskTable{Title: "Assign to this customer", Note: "She gets what the catalogue promises for it, and the confirmation. This cannot be taken back here; a refund at Stripe does.", Columns: []string{"Customer", "Since", ""}, Empty: "Nobody is found by that."}
			for _, p := range people {
				t.Rows = append(t.Rows, []view.Cell{{Text: p.Email, Note: p.Name, Href: "/admin/users/" + string(p.ID)}, {At: p.CreatedAt}, {Form: &view.DeskForm{
					Action: "/admin/webhooks/" + url.PathEscape(string(e.ID)) + "/assign", Button: "Assign to this customer",
					Fields: []view.DeskField{{Name: "user", Type: "hidden", Value: string(p.ID)}},
				}}})
			}
			d.Tables = append(d.Tables, t)
		}
	}
	return s.show(c, http.StatusOK, d)
}

// deskRetryEvent is POST /admin/webhooks/{eventId}/retry.
func (s *Server) deskRetryEvent(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	out, err := s.opts.Admin.Desk.RetryEvent(ctx, who.User.ID, core.EventID(c.Params("id")))
	if core.Is(err, core.NotFound) {
		return err
	}
	done := map[billing.Outcome]string{billing.Applied: "applied", billing.Parked: "parked", billing.Ignored: "ignored", billing.Duplicate: "again"}[out]
	if err != nil {
		done = "failed"
	}
	return seeOther(c, "/admin/webhooks?done="+done)
}

// deskAssign is POST /admin/webhooks/{eventId}/assign.
func (s *Server) deskAssign(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	id := c.Params("id")
	if err := s.opts.Admin.Desk.Assign(ctx, who.User.ID, core.EventID(id), core.UserID(in.Get("user"))); err != nil {
		return err
	}
	return seeOther(c, "/admin/webhooks/"+url.PathEscape(id)+"?done=assigned")
}

// deskOutbox is GET /admin/outbox.
func (s *Server) deskOutbox(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "outbox", "Outbox")
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	state := mail.State(c.Query("state"))
	found, next, err := s.opts.Admin.Desk.Read.Outbox(ctx, state, c.Query("cursor"))
	if err != nil {
		return err
	}
	t := view.DeskTable{Title: "Newest first", Columns: []string{"Promised", "To", "Mail", "State", ""}, Empty: "No mail here."}
	if next != "" {
		t.Older = "/admin/outbox?" + url.Values{"state": {string(state)}, "cursor": {next}}.Encode()
	}
	for _, m := range found {
		st := view.Cell{Text: string(m.State), Note: m.Error}
		var act view.Cell
		switch m.State {
		case mail.StateFailed, mail.StateBounced, mail.StateSuppressed:
			st.Tone = view.Warning
			act.Form = &view.DeskForm{Action: "/admin/outbox/" + url.PathEscape(string(m.ID)) + "/retry", Button: "Send again"}
		}
		t.Rows = append(t.Rows, []view.Cell{{At: m.Created}, {Text: m.To}, {Text: strings.ReplaceAll(string(m.Kind), "_", " "), Note: m.Subject}, st, act})
	}
	d.Tables = append(d.Tables, t)
	return s.show(c, http.StatusOK, d)
}

// deskRetryMail is POST /admin/outbox/{id}/retry.
func (s *Server) deskRetryMail(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if err := s.opts.Admin.Desk.RetryMail(ctx, who.User.ID, core.MailID(c.Params("id"))); err != nil {
		return err
	}
	return seeOther(c, "/admin/outbox?done=queued")
}

// deskJobs is GET /admin/jobs.
func (s *Server) deskJobs(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "jobs", "Jobs")
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	found, err := s.opts.Admin.Desk.Work.States(ctx)
	if err != nil {
		return err
	}
	t := view.DeskTable{Title: "In the order in which they run", Columns: []string{"Job", "When", "Last run", "Outcome", "Next run", ""}, Empty: "None."}
	for _, j := range found {
		out := view.Cell{Text: outcomeOf(j), Note: fmt.Sprintf("%d done, %d passed over, %d failed", j.Last.Counts.Processed, j.Last.Counts.Skipped, j.Last.Counts.Failed)}
		if j.Last.Job == "" {
			out = view.Cell{Text: "not yet"}
		}
		if j.Last.Error != "" {
			out.Tone, out.Note = view.Danger, j.Last.Error
		}
		t.Rows = append(t.Rows, []view.Cell{
			{Text: string(j.Job.Name), Note: j.Job.Title},
			{Text: j.Job.Schedule.String()},
			{At: j.Last.StartedAt},
			out,
			{At: j.NextRun},
			{Form: &view.DeskForm{Action: "/admin/jobs/" + url.PathEscape(string(j.Job.Name)) + "/run", Button: "Run now"}},
		})
	}
	d.Tables = append(d.Tables, t)
	return s.show(c, http.StatusOK, d)
}

// deskRunJob is POST /admin/jobs/{job}/run.
func (s *Server) deskRunJob(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	_, err := s.opts.Admin.Desk.RunJob(ctx, who.User.ID, jobs.Name(c.Params("id")))
	done := "ran"
	if core.Is(err, core.Unprocessable) {
		done, err = "failed", nil
	}
	if err != nil {
		return err
	}
	return seeOther(c, "/admin/jobs?done="+done)
}

// checkTimeout is longer than the slowest check may take.
const checkTimeout = 30 * time.Second

// deskLaunchCheck is GET /admin/launch-check.
func (s *Server) deskLaunchCheck(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "launch-check", "Launch check")
	if err != nil {
		return err
	}
	t := view.DeskTable{Title: "What was looked at", Columns: []string{"What", "Found", "What to do"}, Empty: "No check is built in."}
	wrong := 0
	if s.opts.Admin.Checks != nil {
		for _, f := range s.opts.Admin.Checks.Check(ctx) {
			tone := map[admin.State]view.Tone{admin.Fine: view.Success, admin.Warning: view.Warning, admin.Wrong: view.Danger}[f.State]
			if f.State == admin.Wrong {
				wrong++
			}
			t.Rows = append(t.Rows, []view.Cell{{Text: f.Name, Note: f.Means}, {Text: string(f.State), Tone: tone, Note: f.Detail}, {Text: f.Fix}})
		}
	}
	d.Lead = "Ready to open."
	if wrong > 0 {
		d.Lead = fmt.Sprintf("Not ready: %d to mend.", wrong)
	}
	d.Tables = append(d.Tables, t)
	return s.show(c, http.StatusOK, d)
}
