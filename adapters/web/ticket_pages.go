package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/support"
)

// Tickets is what the creator reads and answers. *support.Service is one.
type Tickets interface {
	List(ctx context.Context, state support.State, before string, limit int) ([]support.Ticket, error)
	// Find returns a ticket. core.NotFound for an unknown id.
	Find(ctx context.Context, id string) (support.Ticket, error)
	Mark(ctx context.Context, actor core.UserID, id string, to support.State) error
}

func (s *Server) ticketRoutes() {
	if s.opts.Admin.Tickets == nil {
		return
	}
	s.app.Get("/admin/tickets", s.admins(s.deskTickets))
	s.app.Get("/admin/tickets/:id", s.admins(s.deskTicket))
	s.app.Post("/admin/tickets/:id", s.admins(s.deskMarkTicket))
}

// deskTickets is GET /admin/tickets: what waits first, then what was done.
func (s *Server) deskTickets(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "tickets", "Notes")
	if err != nil {
		return err
	}
	d.Lead = "What people wrote from the contact page, and withdrawals. Each came as a mail, too."
	only := support.State(c.Query("state"))
	for _, l := range []struct {
		state        support.State
		title, empty string
	}{
		{support.Open, "Waiting for you", "Nobody waits for an answer."},
		{support.Answered, "Answered", "None."},
		{support.Closed, "Closed", "None."},
	} {
		if only != "" && only != l.state {
			continue
		}
		list, err := s.opts.Admin.Tickets.List(ctx, l.state, c.Query("before"), deskPage+1)
		if err != nil {
			return err
		}
		t := view.DeskTable{Title: l.title, Columns: []string{"Written", "By", "About", "Begins with"}, Empty: l.empty}
		if len(list) > deskPage {
			list = list[:deskPage]
			t.Older = "/admin/tickets?state=" + string(l.state) + "&before=" + url.QueryEscape(list[deskPage-1].ID)
		}
		for _, x := range list {
			t.Rows = append(t.Rows, s.ticketCells(x))
		}
		d.Tables = append(d.Tables, t)
	}
	return s.show(c, http.StatusOK, d)
}

func (s *Server) ticketCells(x support.Ticket) []view.Cell {
	name := x.Name
	if name == "" {
		name = "Without a name"
	}
	about := view.Cell{Text: s.ticketAbout(x)}
	if x.Kind == support.Withdrawal {
		about = view.Cell{Text: "Withdrawal", Note: x.Contract, Tone: view.Warning}
	}
	return []view.Cell{
		{At: x.CreatedAt}, {Text: name, Note: x.Email, Href: "/admin/tickets/" + url.PathEscape(x.ID)}, about, {Text: beginning(x.Message, 120)},
	}
}

// ticketAbout names the product of a note as the form did.
func (s *Server) ticketAbout(x support.Ticket) string {
	if x.Product == "" {
		return "Something else"
	}
	return s.product(x.Product).Name
}

// beginning is the first line of a text, cut at a word.
func beginning(text string, most int) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	letters := []rune(strings.TrimSpace(line))
	if len(letters) > most {
		letters, more = letters[:most], true
		if at := strings.LastIndexByte(string(letters), ' '); at > most/2 {
			letters = []rune(string(letters)[:at])
		}
	}
	if more {
		return string(letters) + " …"
	}
	return string(letters)
}

// deskTicket is GET /admin/tickets/{id}.
func (s *Server) deskTicket(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	x, err := s.opts.Admin.Tickets.Find(ctx, c.Params("id"))
	if err != nil {
		return err
	}
	title := "A note"
	if x.Kind == support.Withdrawal {
		title = "A withdrawal"
	}
	if x.Name != "" {
		title += " from " + x.Name
	}
	d, err := s.desk(ctx, who, "tickets", title)
	if err != nil {
		return err
	}
	if n, ok := ticketDone[c.Query("done")]; ok {
		d.Notice = append(d.Notice, n)
	}
	v := view.Ticket{
		Desk: d, ID: x.ID, From: x.Name, Email: x.Email, Message: x.Message, Contract: x.Contract, Withdrawal: x.Kind == support.Withdrawal,
		At: x.CreatedAt, AnsweredAt: x.AnsweredAt, ClosedAt: x.ClosedAt, State: string(x.State()), About: s.ticketAbout(x),
		Reply: replyTo(x),
	}
	if x.User != "" {
		v.CustomerHref = "/admin/users/" + url.PathEscape(string(x.User))
	}
	return s.show(c, http.StatusOK, v)
}

// ticketDone is the banner after a ticket was marked.
var ticketDone = map[string]view.Notice{
	"answered": {Tone: view.Success, Title: "Marked as answered", Text: "It waits for nobody now. The audit log has it."},
	"closed":   {Tone: view.Success, Title: "Closed", Text: "It left the list of what waits. The audit log has it."},
	"open":     {Tone: view.Neutral, Title: "Open again", Text: "It stands among what waits for you."},
}

// replyTo begins a mail in the creator's own program, with what was written
// quoted under it. Mail programs cut long addresses, so the quotation is short.
func replyTo(x support.Ticket) string {
	if x.Email == "" {
		return ""
	}
	subject := "Your note"
	if x.Kind == support.Withdrawal {
		subject = "Your withdrawal"
	}
	letters := []rune(strings.ReplaceAll(x.Message, "\r", ""))
	if len(letters) > 600 {
		letters = append(letters[:600], '…')
	}
	body := "\n\n> " + strings.ReplaceAll(string(letters), "\n", "\n> ")
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	return "mailto:" + escape(x.Email) + "?subject=" + escape(subject+" ("+x.ID+")") + "&body=" + escape(strings.ReplaceAll(body, "\n", "\r\n"))
}

// deskMarkTicket is POST /admin/tickets/{id}.
func (s *Server) deskMarkTicket(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	id, to := c.Params("id"), support.State(in.Get("state"))
	if err := s.opts.Admin.Tickets.Mark(ctx, who.User.ID, id, to); err != nil {
		return err
	}
	return seeOther(c, "/admin/tickets/"+url.PathEscape(id)+"?done="+string(to))
}
