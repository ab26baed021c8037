package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/flags"
)

// flagTitles are what the creator reads instead of a key.
var flagTitles = map[flags.Key]string{
	flags.BlueprintWelcome:       "Greet new customers with the blueprint",
	flags.EntitlementWelcomeFlow: "Choose the first questions by what was bought",
}

// deskFlags is GET /admin/flags.
func (s *Server) deskFlags(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	return s.showFlags(ctx, c, who, http.StatusOK, "", view.DeskField{})
}

// showFlags draws the page; wrong is the field of a form that was refused.
func (s *Server) showFlags(ctx context.Context, c *fiber.Ctx, who *signedIn, status int, key flags.Key, wrong view.DeskField) error {
	d, err := s.desk(ctx, who, "flags", "Flags")
	if err != nil {
		return err
	}
	d.Lead = "A flag is on, off, or open to a share of the customers; who is in stays in when the share grows. A share that does harm goes off by itself, and you get a mail."
	if c.Query("done") == "set" {
		d.Notice = append(d.Notice, view.Notice{Tone: view.Success, Title: "The flag is set", Text: "It counts from the next page on. The audit log has it."})
	}
	all, err := s.opts.Customer.Flags.List(ctx)
	if err != nil {
		return err
	}
	t := view.DeskTable{Title: "Where they stand", Columns: []string{"Flag", "State", "Since", "Why"}, Empty: "There are none."}
	for _, f := range all {
		state := view.Cell{Text: string(f.State)}
		if f.State == flags.Percent {
			state.Text = strconv.Itoa(f.Percent) + "%"
		}
		t.Rows = append(t.Rows, []view.Cell{{Text: flagTitle(f.Key), Note: string(f.Key)}, state, {At: f.UpdatedAt}, {Text: f.Reason, Note: f.UpdatedBy}})
		share := view.DeskField{Name: "percent", Label: "Percent", Type: "number", Value: strconv.Itoa(f.Percent)}
		if f.Key == key {
			share = wrong
		}
		to := "/admin/flags/" + url.PathEscape(string(f.Key))
		d.Forms = append(d.Forms, view.DeskForm{
			Title: flagTitle(f.Key), Action: to, Fields: []view.DeskField{share}, Name: "state",
			Button: "Open to this share", Value: string(flags.Percent),
			Others: []view.DeskButton{{Label: "On", Value: string(flags.On)}, {Label: "Off", Value: string(flags.Off)}},
		})
	}
	d.Tables = append(d.Tables, t)
	return s.show(c, status, d)
}

func flagTitle(k flags.Key) string {
	if title, ok := flagTitles[k]; ok {
		return title
	}
	return string(k)
}

// deskSetFlag is POST /admin/flags/{key}.
func (s *Server) deskSetFlag(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	key, state, percent := flags.Key(c.Params("key")), flags.State(in.Get("state")), 0
	if state == flags.Percent {
		if percent, err = strconv.Atoi(in.Get("percent")); err != nil {
			percent = -1 // no number is no share
		}
	}
	_, err = s.setFlag(ctx, who, key, state, percent, in.Get("reason"))
	if e := problemOf(err); err != nil && core.Is(err, core.Invalid) && e.Fields["percent"] != "" {
		return s.showFlags(ctx, c, who, http.StatusBadRequest, key, view.DeskField{
			Name: "percent", Label: "Percent", Type: "number", Value: in.Get("percent"), Error: e.Fields["percent"],
		})
	}
	if err != nil {
		return err
	}
	return seeOther(c, "/admin/flags?done=set")
}
