package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/segments"
)

func segmentPath(id segments.ID) string { return "/admin/segments/" + url.PathEscape(string(id)) }

// deskSegments is GET /admin/segments.
func (s *Server) deskSegments(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "segments", "Segments")
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Lead = "Customers that a rule describes. Who belongs is looked at every night at 03:00 UTC, and at whatever changes it: a purchase, a refund, a click."
	d.Links = []view.DeskLink{{Label: "Build a segment", Href: "/admin/segments/new"}}
	list, err := s.opts.Voice.Segments.List(ctx)
	if err != nil {
		return err
	}
	t := view.DeskTable{Title: "All of them", Columns: []string{"Segment", "Who", "Members", "At the last refresh", "Refreshed"}, Empty: "None."}
	for _, g := range list {
		kind := "your own"
		if g.BuiltIn {
			kind = "built in"
		}
		last := view.Cell{Text: fmt.Sprintf("%d joined, %d left", g.Joined, g.Gone)}
		if g.RefreshedAt.IsZero() {
			last.Text = "not yet"
		}
		t.Rows = append(t.Rows, []view.Cell{
			{Text: g.Name, Note: kind, Href: segmentPath(g.ID)}, {Text: g.Rule.Words(s.productName)}, {Text: strconv.Itoa(g.Members), Num: true}, last, {At: g.RefreshedAt},
		})
	}
	d.Tables = []view.DeskTable{t}
	return s.show(c, http.StatusOK, d)
}

func (s *Server) productName(id core.ProductID) string { return s.product(id).Name }

// deskSegment is GET /admin/segments/{id}: its members, and why somebody is one.
func (s *Server) deskSegment(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	return s.showSegment(ctx, c, who, http.StatusOK, "")
}

func (s *Server) showSegment(ctx context.Context, c *fiber.Ctx, who *signedIn, status int, refused string) error {
	v := s.opts.Voice
	g, err := v.Segments.Read.SegmentByID(ctx, segments.ID(c.Params("id")))
	if err != nil {
		return err
	}
	d, err := s.desk(ctx, who, "segments", g.Name)
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	if refused != "" {
		d.Notice = append(d.Notice, view.Notice{Tone: view.Warning, Title: "It stays", Text: refused})
	}
	words := g.Rule.Words(s.productName)
	d.Lead = strings.ToUpper(words[:1]) + words[1:] + "."
	d.Figures = []view.Figure{
		{Label: "Members", Value: strconv.Itoa(g.Members)},
		{Label: "Joined", Value: strconv.Itoa(g.Joined), Definition: "At the last refresh of all."},
		{Label: "Left", Value: strconv.Itoa(g.Gone), Definition: "At the last refresh of all."},
	}
	d.Links = []view.DeskLink{
		{Label: "Write to them", Href: "/admin/campaigns/new?segment=" + url.QueryEscape(string(g.ID))},
		{Label: "All members as CSV", Href: segmentPath(g.ID) + "/members.csv"},
		{Label: "Begin another from this one", Href: "/admin/segments/new?from=" + url.QueryEscape(string(g.ID))},
	}
	if !g.BuiltIn {
		d.Links = append(d.Links, view.DeskLink{Label: "Change it", Href: segmentPath(g.ID) + "/edit"})
		d.Forms = []view.DeskForm{{Action: segmentPath(g.ID) + "/delete", Button: "Delete this segment", Kind: "danger small"}}
	}
	d.Search = &view.DeskSearch{Action: segmentPath(g.ID), Name: "why", Value: c.Query("why"), Label: "Why is somebody in it, or not? Address, name or id"}
	if q := strings.TrimSpace(c.Query("why")); q != "" {
		t, err := s.whyIn(ctx, g.ID, q)
		if err != nil {
			return err
		}
		d.Tables = append(d.Tables, t)
	}
	t := view.DeskTable{Title: "Members", Columns: []string{"Customer", "Joined", ""}, Empty: "Nobody fits the rule at the moment."}
	members, failed := v.Segments.Export(ctx, g.ID)
	for m := range members {
		if len(t.Rows) == deskPage {
			t.Note = fmt.Sprintf("The first %d; the CSV has all.", deskPage)
			break
		}
		t.Rows = append(t.Rows, []view.Cell{
			{Text: m.Email, Note: m.Name, Href: "/admin/users/" + string(m.User)}, {At: m.JoinedAt}, {Text: "Why", Href: segmentPath(g.ID) + "?why=" + url.QueryEscape(string(m.User))},
		})
	}
	if err := failed(); err != nil {
		return err
	}
	d.Tables = append(d.Tables, t)
	return s.show(c, status, d)
}

// whyIn says of one customer why the rule holds for her, or does not.
func (s *Server) whyIn(ctx context.Context, id segments.ID, q string) (view.DeskTable, error) {
	t := view.DeskTable{Title: "Why", Columns: []string{"What was asked, and found"}, Empty: "Nobody is found by “" + q + "”."}
	people, err := s.opts.Admin.Desk.Read.People(ctx, q, 1)
	if err != nil || len(people) == 0 {
		return t, err
	}
	why, err := s.opts.Voice.Segments.Why(ctx, people[0].ID, id)
	if err != nil {
		return t, err
	}
	t.Title = "Why " + people[0].Email + " does not belong here"
	if why.Holds {
		t.Title = "Why " + people[0].Email + " belongs here"
	}
	for _, line := range strings.Split(strings.TrimRight(why.String(), "\n"), "\n") {
		// Indentation is all that shows what belongs to what.
		words := strings.TrimLeft(line, " ")
		tone := view.Tone("")
		if strings.HasPrefix(words, "yes") {
			tone = view.Success
		}
		t.Rows = append(t.Rows, []view.Cell{{Text: strings.Repeat("· ", (len(line)-len(words))/2) + words, Tone: tone}})
	}
	return t, nil
}

// deskMembersCSV is GET /admin/segments/{id}/members.csv.
func (s *Server) deskMembersCSV(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	id := segments.ID(c.Params("id"))
	if _, err := s.opts.Voice.Segments.Read.SegmentByID(ctx, id); err != nil {
		return err
	}
	return s.membersCSV(ctx, c, who, id)
}

// deskEditSegment is GET /admin/segments/new and /admin/segments/{id}/edit.
func (s *Server) deskEditSegment(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	g, err := s.segmentToEdit(ctx, c)
	if err != nil {
		return err
	}
	if from := c.Query("from"); from != "" && g.ID == "" {
		other, err := s.opts.Voice.Segments.Read.SegmentByID(ctx, segments.ID(from))
		if err != nil {
			return err
		}
		g.Rule = other.Rule
	}
	form := &ruleNode{}
	if len(g.Rule.Validate()) == 0 {
		form = formOfRule(g.Rule)
	}
	return s.showSegmentForm(ctx, c, who, http.StatusOK, g, form, "", nil)
}

// segmentToEdit is the creator's own segment of the address, an empty one for a
// new one.
func (s *Server) segmentToEdit(ctx context.Context, c *fiber.Ctx) (segments.Segment, error) {
	id := segments.ID(c.Params("id"))
	if id == "" {
		return segments.Segment{}, nil
	}
	g, err := s.opts.Voice.Segments.Read.SegmentByID(ctx, id)
	if err == nil && g.BuiltIn {
		err = &core.Error{Code: core.Conflict, Op: "web.segmentToEdit", Message: "A built-in segment keeps its rule. Begin one of your own from it."}
	}
	return g, err
}

func (s *Server) showSegmentForm(ctx context.Context, c *fiber.Ctx, who *signedIn, status int, g segments.Segment, form *ruleNode, counted string, refused *core.Error) error {
	title, action := "A new segment", "/admin/segments/new"
	if g.ID != "" {
		title, action = "Change "+g.Name, segmentPath(g.ID)+"/edit"
	}
	d, err := s.desk(ctx, who, "segments", title)
	if err != nil {
		return err
	}
	name := view.EditField{Name: "name", Label: "Name", Value: g.Name, Max: 100, Wide: true, Help: "As you will find it again when you write a campaign."}
	e := view.Editor{Desk: d, Action: action, Rule: form.shown("r", s.opts.Catalog), Counted: counted, Buttons: []view.EditButton{
		{Name: "do", Value: "count", Label: "Count", Kind: "quiet"}, {Name: "do", Value: "save", Label: "Save the segment"},
	}}
	if refused != nil {
		e.Error, name.Error = refused.Message, refused.Fields["name"]
		if refused.Fields["rule"] != "" {
			e.Error = "The rule cannot be used as it is: " + refused.Fields["rule"]
		}
	}
	e.Fields = []view.EditField{name}
	return s.show(c, status, e)
}

// deskSaveSegment is POST /admin/segments/new and /admin/segments/{id}/edit: the
// buttons of the form add to the rule, take from it, count, or save.
func (s *Server) deskSaveSegment(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	g, err := s.segmentToEdit(ctx, c)
	if err != nil {
		return err
	}
	in, err := readForm(c)
	if err != nil {
		return err
	}
	form := readRule(in, "r", 0)
	g.Name = in.Get("name")
	do := in.Get("do")
	if do != "save" && do != "count" {
		form.change(do, in)
		return s.showSegmentForm(ctx, c, who, http.StatusOK, g, form, "", nil)
	}
	rule, whole := form.rule()
	if !whole {
		message := "Something is missing at the marked places."
		if len(form.Parts) == 0 {
			message = "Add a first condition, so that it is known who belongs here."
		}
		return s.showSegmentForm(ctx, c, who, http.StatusBadRequest, g, form, "", &core.Error{Code: core.Invalid, Message: message})
	}
	if do == "count" {
		n, err := s.opts.Voice.Segments.Preview(ctx, rule)
		if core.Is(err, core.Invalid) {
			return s.showSegmentForm(ctx, c, who, http.StatusBadRequest, g, form, "", problemOf(err))
		}
		if err != nil {
			return err
		}
		counted := fmt.Sprintf("%d customers fit this rule now.", n)
		if n == 1 {
			counted = "1 customer fits this rule now."
		}
		return s.showSegmentForm(ctx, c, who, http.StatusOK, g, form, counted, nil)
	}
	saved, err := s.opts.Voice.Segments.Save(ctx, segments.Segment{ID: g.ID, Name: g.Name, Rule: rule})
	if core.Is(err, core.Invalid) {
		return s.showSegmentForm(ctx, c, who, http.StatusBadRequest, g, form, "", problemOf(err))
	}
	if err != nil {
		return err
	}
	if err := s.opts.Voice.Audit(ctx, who.User.ID, "segment.save", string(saved.ID)); err != nil {
		return err
	}
	return seeOther(c, segmentPath(saved.ID)+"?done=segment")
}

// deskDeleteSegment is POST /admin/segments/{id}/delete.
func (s *Server) deskDeleteSegment(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	id := segments.ID(c.Params("id"))
	if err := s.opts.Voice.Segments.Delete(ctx, id); err != nil {
		if e := problemOf(err); e.Code == core.Conflict {
			return s.showSegment(ctx, c, who, http.StatusConflict, e.Message)
		}
		return err
	}
	if err := s.opts.Voice.Audit(ctx, who.User.ID, "segment.delete", string(id)); err != nil {
		return err
	}
	return seeOther(c, "/admin/segments?done=gone")
}
