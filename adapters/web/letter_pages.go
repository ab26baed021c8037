package web

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

// seriesTitles are what the creator calls a series.
var seriesTitles = map[sequences.Name]string{
	sequences.FreeBlueprint: "Free blueprint",
	sequences.MiniProduct:   "After a mini product",
	sequences.Alumni:        "Alumni, once a month",
	sequences.Seasonal:      "Seasons",
	sequences.WinBack:       "Win back",
	sequences.WelcomeBack:   "Welcome back",
}

func seriesTitle(n sequences.Name) string {
	if t, ok := seriesTitles[n]; ok {
		return t
	}
	return string(n)
}

// mailFigures are figures with their meaning beside them.
func mailFigures(f tracking.MailFigures, currency string) []view.Figure {
	each := ""
	if f.Sent > 0 {
		each = core.Money{Minor: f.Revenue / int64(f.Sent), Currency: currency}.String()
	}
	out := []view.Figure{{Label: "Earned", Value: earned(f.Revenue, currency).Text, Definition: tracking.Definitions["revenue"]}, {Label: "Each letter earned", Value: each, Definition: tracking.Definitions["perLetter"]}}
	for _, g := range []struct {
		label, name string
		n           int
	}{
		{"Sent", "sent", f.Sent},
		{"Delivered", "delivered", f.Delivered},
		{"Opened", "opened", f.Opened},
		{"Opened by machines", "openedByMachines", f.OpenedByMachines},
		{"Clicked", "clicked", f.Clicked},
		{"Clicked by machines", "clickedByMachines", f.ClickedByMachines},
		{"Led to a purchase", "converted", f.Converted},
		{"Unsubscribed", "unsubscribed", f.Unsubscribed},
	} {
		out = append(out, view.Figure{Label: g.label, Value: strconv.Itoa(g.n), Definition: tracking.Definitions[g.name]})
	}
	return out
}

// deskEmails is GET /admin/emails: what each letter earned.
func (s *Server) deskEmails(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	from, to, err := s.opts.Admin.Desk.Period(c.Query("from"), c.Query("to"))
	if err != nil {
		return err
	}
	all, err := s.opts.Voice.Analytics(ctx, from, to)
	if err != nil {
		return err
	}
	if c.Query("format") == "csv" {
		return lettersCSV(c, all)
	}
	d, err := s.desk(ctx, who, "emails", "What each letter earned")
	if err != nil {
		return err
	}
	d.Lead = "Letters that were written from " + from.UTC().Format("2 January 2006") + " to " + to.UTC().Format("2 January 2006") + ", and what followed from them until now. They earned " + earned(all.Totals.Revenue, all.Currency).Text + ", net of refunds. Tests count nowhere."
	q := url.Values{"format": {"csv"}}
	for _, name := range []string{"from", "to"} {
		if v := c.Query(name); v != "" {
			q.Set(name, v)
		}
	}
	d.Links = []view.DeskLink{
		{Label: "As CSV", Href: "/admin/emails?" + q.Encode()},
		{Label: "The last 7 days", Href: "/admin/emails?from=" + to.AddDate(0, 0, -7).UTC().Format("2006-01-02")},
		{Label: "The last 28 days", Href: "/admin/emails"},
		{Label: "A year", Href: "/admin/emails?from=" + to.AddDate(-1, 0, 0).UTC().Format("2006-01-02")},
	}
	d.Figures = mailFigures(all.Totals, all.Currency)
	columns := []string{"Sent", "Delivered", "Opened", "Clicked", "Bought", "Earned", "Each", "Unsubscribed"}
	cells := func(f tracking.MailFigures) []view.Cell {
		opened, clicked := share(f.Opened, f.Delivered), share(f.Clicked, f.Delivered)
		if f.OpenedByMachines > 0 {
			opened.Note = strings.TrimPrefix(opened.Note+", ", ", ") + strconv.Itoa(f.OpenedByMachines) + " by machines"
		}
		if f.ClickedByMachines > 0 {
			clicked.Note = strings.TrimPrefix(clicked.Note+", ", ", ") + strconv.Itoa(f.ClickedByMachines) + " by machines"
		}
		each := view.Cell{Text: "–", Num: true}
		if f.Sent > 0 {
			each = earned(f.Revenue/int64(f.Sent), all.Currency)
		}
		return []view.Cell{count(f.Sent), share(f.Delivered, f.Sent), opened, clicked, share(f.Converted, f.Delivered), earned(f.Revenue, all.Currency), each, count(f.Unsubscribed)}
	}
	series := view.DeskTable{Title: "Series, letter by letter", Columns: append([]string{"Letter"}, columns...), Empty: "No letter of a series was written in this time."}
	for _, f := range all.Sequences {
		name := sequences.Name(f.Sequence)
		series.Rows = append(series.Rows, append([]view.Cell{{Text: f.Subject, Note: seriesTitle(name) + ", " + f.Step, Href: stepPath(name, f.Step, "")}}, cells(f.MailFigures)...))
		if f.Subject == "" {
			series.Rows[len(series.Rows)-1][0].Text = f.Step
		}
	}
	camps := view.DeskTable{Title: "Campaigns", Columns: append([]string{"Campaign"}, append(columns, "Against the hold-out")...), Empty: "No campaign was written to anybody in this time."}
	for _, f := range all.Campaigns {
		camps.Rows = append(camps.Rows, append(append([]view.Cell{{Text: f.Name, Note: f.Subject, Href: "/admin/campaigns/" + url.PathEscape(f.Campaign)}}, cells(f.MailFigures)...), lift(f)))
	}
	camps.Note = tracking.Definitions["lift"]
	d.Tables = []view.DeskTable{series, camps}
	return s.show(c, http.StatusOK, d)
}

// lettersCSV writes the figures of letters, one letter a line.
func lettersCSV(c *fiber.Ctx, all tracking.EmailAnalytics) error {
	var out strings.Builder
	w := csv.NewWriter(&out) // a builder takes everything
	_ = w.Write([]string{
		"kind", "sequence", "step", "campaign", "subject", "sent", "delivered", "opened", "openedByMachines", "clicked", "clickedByMachines", "converted", "revenue", "currency", "unsubscribed", "heldOut", "heldOutBought", "bought",
	})
	row := func(kind, series, step, campaign, subject string, f tracking.MailFigures, more ...int) {
		line := []string{kind, cell(series), cell(step), cell(campaign), cell(subject)}
		for _, n := range []int{f.Sent, f.Delivered, f.Opened, f.OpenedByMachines, f.Clicked, f.ClickedByMachines, f.Converted} {
			line = append(line, strconv.Itoa(n))
		}
		line = append(line, strconv.FormatInt(f.Revenue, 10), all.Currency, strconv.Itoa(f.Unsubscribed))
		for i := range 3 {
			text := ""
			if i < len(more) {
				text = strconv.Itoa(more[i])
			}
			line = append(line, text)
		}
		_ = w.Write(line)
	}
	for _, f := range all.Sequences {
		row("sequence", f.Sequence, f.Step, "", f.Subject, f.MailFigures)
	}
	for _, f := range all.Campaigns {
		row("campaign", "", "", f.Name, f.Subject, f.MailFigures, f.HeldOut, f.HeldOutBought, f.Bought)
	}
	row("total", "", "", "", "", all.Totals)
	w.Flush()
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="letters.csv"`)
	return c.SendString(out.String())
}
