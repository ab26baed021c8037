package web

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/campaigns"
	"sselfie/core/catalog"
	"sselfie/core/segments"
	"sselfie/core/sequences"
)

// proofPath is where an editor sends a letter that is being written, and gets it
// back as a customer would. Its answers are letters: they may do nothing but be
// looked at.
const proofPath = "/admin/proof"

// proof is POST /admin/proof.
func (s *Server) proof(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	d, err := s.draftOf(in)
	if err != nil {
		return s.proofSays(c, problemOf(err))
	}
	reader, name, err := s.readerOf(ctx, in.Get("as"), s.audience(d, segments.ID(in.Get("segment"))))
	if err != nil {
		return s.proofSays(c, problemOf(err))
	}
	if s.opts.Voice.Proofs == nil {
		return s.proofSays(c, errNoMail)
	}
	if d.Series == sequences.FreeBlueprint {
		name = "somebody who left an address"
	}
	p, err := s.opts.Voice.Proofs.Show(ctx, d, reader)
	if err != nil {
		if e := problemOf(err); e.Code == core.Invalid || e.Code == core.Unprocessable || e.Code == core.NotFound {
			return s.proofSays(c, e)
		}
		return err
	}
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	if c.Query("part") == "text" {
		c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
		return c.SendString("Subject: " + p.Letter.Subject + "\n\n" + p.Letter.Text)
	}
	said := "<b>" + html.EscapeString(p.Letter.Subject) + "</b><br>As " + html.EscapeString(name) + " gets it."
	if len(p.Missing) > 0 {
		said += " Left out is what needs {" + html.EscapeString(strings.Join(p.Missing, "}, {")) + "}: it is not known here."
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.SendString(proofBar(p.Letter.HTML, said))
}

// proofSays answers in the frame why there is no letter to show.
func (s *Server) proofSays(c *fiber.Ctx, e *core.Error) error {
	said := e.Message
	for _, k := range sortedKeys(e.Fields) {
		if e.Fields[k] != said {
			said += " " + fieldNames[k] + ": " + e.Fields[k]
		}
	}
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Status(http.StatusOK).SendString(proofBar("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>No letter yet</title></head><body></body></html>", html.EscapeString(said)))
}

var errNoMail = &core.Error{Code: core.Conflict, Op: "web.proof", Message: "Mail is disabled in this shop’s configuration, so no letter can be shown or sent."}

// sendProofs sends drafts as a test, each as a reader would get it.
func (s *Server) sendProofs(ctx context.Context, who *signedIn, drafts []sequences.Draft, as string, audience []segments.ID, to string) error {
	if s.opts.Voice.Proofs == nil {
		return errNoMail
	}
	reader, _, err := s.readerOf(ctx, as, audience)
	if err != nil {
		return err
	}
	return s.opts.Voice.Proofs.Send(ctx, drafts, reader, to, string(who.User.ID))
}

// fieldNames are what the editors call a letter's fields.
var fieldNames = map[string]string{
	"name": "Name", "subject": "Subject", "subjectB": "Second subject", "preheader": "Preview line", "body": "Letter", "text": "Letter", "action": "Button",
	"path": "Where the button leads", "topic": "Topic", "segment": "To whom", "holdOut": "Left out", "goal": "What decides", "testShare": "Try the subjects on",
	"testHours": "Decide after", "sendAt": "When", "zone": "Time zone", "day": "Day", "condition": "Only when", "season": "Season", "to": "Test to", "as": "As this customer",
}

// proofBar writes a line above a letter, outside of what is sent.
func proofBar(page, said string) string {
	const style = "margin:0;padding:12px 16px;background-color:#f3f1ec;color:#2a2622;border-bottom:1px solid #8a8378;font:15px/1.45 system-ui,sans-serif"
	bar := `<div style="` + style + `">` + said + `</div>`
	i := strings.Index(page, "<body")
	if i < 0 {
		return bar + page
	}
	end := i + strings.IndexByte(page[i:], '>') + 1
	return page[:end] + bar + page[end:]
}

// draftOf is the letter that an editor's form holds: of a step, or of a campaign.
func (s *Server) draftOf(in url.Values) (sequences.Draft, error) {
	const op = "web.draftOf"
	if series := sequences.Name(in.Get("series")); series != "" {
		st, ok := s.opts.Voice.Series.Library.Step(series, in.Get("step"), "")
		if !ok {
			return sequences.Draft{}, fiber.ErrNotFound
		}
		st = stepOf(in, st)
		if _, bad := sequences.ParseStep(st.ID, st.Format()); len(bad) > 0 {
			return sequences.Draft{}, core.FieldError(op, "text", sentence(bad))
		}
		return sequences.Draft{Series: series, Product: core.ProductID(in.Get("product")), Words: st}, nil
	}
	m := campaignOf(in, campaigns.Campaign{})
	if m.Name == "" {
		m.Name = "a draft" // which a letter does not show
	}
	bad := m.Check()
	for _, field := range []string{"subject", "preheader", "body", "action", "path"} {
		if bad[field] != "" {
			return sequences.Draft{}, core.FieldError(op, field, fieldNames[field]+": "+bad[field])
		}
	}
	return m.Drafts()[0], nil
}

// sentence is a list of mistakes as a person reads it.
func sentence(bad []string) string {
	text := strings.Join(bad, "; ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// audience are the segments of those who may get a draft.
func (s *Server) audience(d sequences.Draft, segment segments.ID) []segments.ID {
	switch {
	case segment != "":
		return []segments.ID{segment}
	case d.Series == "":
		return nil
	case d.Series != sequences.MiniProduct:
		return []segments.ID{segments.MiniAlumni}
	case d.Product != "":
		return []segments.ID{segments.BuyersID(d.Product)}
	}
	var out []segments.ID
	for _, p := range s.opts.Catalog.OfKind(catalog.Mini) {
		out = append(out, segments.BuyersID(p.ID))
	}
	return out
}

// readerOf is the customer whose letter is shown: the one who was asked for, else
// somebody of the audience, else the newest customer.
func (s *Server) readerOf(ctx context.Context, as string, audience []segments.ID) (core.UserID, string, error) {
	as = strings.TrimSpace(as)
	for _, id := range audience {
		if as != "" {
			break
		}
		members, failed := s.opts.Voice.Segments.Export(ctx, id)
		for m := range members {
			return m.User, m.Email, nil
		}
		if err := failed(); err != nil && !core.Is(err, core.NotFound) {
			return "", "", err
		}
	}
	people, err := s.opts.Admin.Desk.Read.People(ctx, as, 20)
	if err != nil {
		return "", "", err
	}
	for _, p := range people {
		if p.Email != "" {
			return p.ID, p.Email, nil
		}
	}
	if as != "" {
		return "", "", core.FieldError("web.readerOf", "as", "Nobody is found by “"+as+"”. Give the address of a customer, or leave it empty.")
	}
	return "", "somebody of whom nothing is known", nil
}

// number reads a whole number of a form; what is none is one that every check
// refuses.
func number(in url.Values, name string) int {
	text := strings.TrimSpace(in.Get(name))
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// proofField asks as whom a letter is shown.
func proofField(value string) view.EditField {
	return view.EditField{Name: "as", Label: "As this customer gets it", Value: value, Form: "edit", Max: 200, Optional: true, Help: "An address; empty for anybody who would get it."}
}

// testField asks where a test goes.
func testField(value, wrong string) view.EditField {
	return view.EditField{Name: "to", Label: "Test to", Type: "email", Value: value, Error: wrong, Help: "A test counts in no figure."}
}
