package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/sequences"
)

func stepPath(n sequences.Name, step string, product core.ProductID) string {
	p := "/admin/series/" + url.PathEscape(string(n)) + "/" + url.PathEscape(step)
	if product != "" {
		p += "?product=" + url.QueryEscape(string(product))
	}
	return p
}

// conditionWords say when a step makes sense.
var conditionWords = []struct {
	condition sequences.Condition
	words     string
}{
	{sequences.Always, "always"},
	{sequences.OfferRuns, "only while her offer runs"},
	{sequences.CreditsLeft, "only while she has credits left"},
}

// deskSeries is GET /admin/series.
func (s *Server) deskSeries(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	d, err := s.desk(ctx, who, "series", "Series")
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Lead = "Letters that go out by themselves, at 12:00 UTC on their day. Each goes to one person once, whatever becomes of its day later."
	d.Links = []view.DeskLink{{Label: "What each letter earned", Href: "/admin/emails"}}
	lib := s.opts.Voice.Series.Library
	for _, n := range sequences.Names() {
		t := view.DeskTable{Title: seriesTitle(n), Columns: []string{"Subject", "Day", "When it goes", "Button", "Words"}, Empty: "None."}
		if n == sequences.MiniProduct {
			t.Note = "The letter of day 0 is the confirmation of the purchase, and goes out at once."
		}
		for _, st := range lib.Series(n).Steps {
			day := view.Cell{Text: strconv.Itoa(st.Day), Num: true}
			if st.Season != "" {
				day = view.Cell{Text: st.Season}
			}
			when := ""
			for _, w := range conditionWords {
				if w.condition == st.Condition {
					when = w.words
				}
			}
			words := view.Cell{Text: "as shipped"}
			if lib.Own(n, st.ID, "") {
				words.Text = "your own"
			}
			var of []string
			for _, p := range s.opts.Catalog.Products {
				if lib.Own(n, st.ID, p.ID) {
					of = append(of, p.Name)
				}
			}
			if len(of) > 0 {
				words.Note = "others for " + strings.Join(of, ", ")
			}
			t.Rows = append(t.Rows, []view.Cell{{Text: st.Subject, Note: st.ID, Href: stepPath(n, st.ID, "")}, day, {Text: when}, {Text: st.Action, Note: st.Path}, words})
		}
		d.Tables = append(d.Tables, t)
	}
	return s.show(c, http.StatusOK, d)
}

// stepForm is the editor of a step as it was sent, or as it is first shown.
type stepForm struct {
	series  sequences.Name
	product core.ProductID
	st      sequences.Step
	to, as  string
	refused *core.Error
	status  int
}

// stepToEdit is the step of the address, as it stands for the product of the
// address.
func (s *Server) stepToEdit(c *fiber.Ctx) (stepForm, error) {
	f := stepForm{series: sequences.Name(c.Params("series")), product: core.ProductID(c.Query("product"))}
	if !slices.Contains(sequences.Names(), f.series) {
		return f, fiber.ErrNotFound
	}
	if _, ok := s.opts.Catalog.Product(f.product); f.product != "" && (!ok || !perProduct(f.series)) {
		return f, fiber.ErrNotFound
	}
	var ok bool
	if f.st, ok = s.opts.Voice.Series.Library.Step(f.series, c.Params("step"), f.product); !ok {
		return f, fiber.ErrNotFound
	}
	return f, nil
}

// perProduct reports whether a series speaks of what somebody bought.
func perProduct(n sequences.Name) bool { return n == sequences.MiniProduct }

// stepOf is what a form says of a step. Pace and condition are the series': with
// a product they stay as they are.
func stepOf(in url.Values, st sequences.Step) sequences.Step {
	line := func(name string) string { return strings.Join(strings.Fields(in.Get(name)), " ") }
	st.Subject, st.Preheader, st.Action, st.Path = line("subject"), line("preheader"), line("action"), line("path")
	st.Text = strings.TrimSpace(strings.ReplaceAll(in.Get("text"), "\r\n", "\n"))
	if in.Has("day") {
		st.Day = number(in, "day")
	}
	if in.Has("condition") {
		st.Condition = sequences.Condition(line("condition"))
	}
	if in.Has("season") {
		st.Season = line("season")
	}
	return st
}

// deskStep is GET /admin/series/{series}/{step}.
func (s *Server) deskStep(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	f, err := s.stepToEdit(c)
	if err != nil {
		return err
	}
	f.to = who.User.Email
	return s.showStepForm(ctx, c, who, f)
}

func (s *Server) showStepForm(ctx context.Context, c *fiber.Ctx, who *signedIn, f stepForm) error {
	lib := s.opts.Voice.Series.Library
	d, err := s.desk(ctx, who, "series", seriesTitle(f.series)+", "+f.st.ID)
	if err != nil {
		return err
	}
	s.deskDone(c, &d)
	d.Links = []view.DeskLink{{Label: "All series", Href: "/admin/series"}}
	if perProduct(f.series) {
		d.Links = append(d.Links, view.DeskLink{Label: "For every product", Href: stepPath(f.series, f.st.ID, "")})
		for _, p := range s.opts.Catalog.OfKind(catalog.Mini) {
			d.Links = append(d.Links, view.DeskLink{Label: "For " + p.Name, Href: stepPath(f.series, f.st.ID, p.ID)})
		}
	}
	own := lib.Own(f.series, f.st.ID, f.product)
	d.Lead = "These are the words that ship."
	switch {
	case f.product != "" && own:
		d.Lead = "Your own words for who bought " + s.productName(f.product) + ". Day and condition are those of the series."
	case f.product != "":
		d.Lead = "Who bought " + s.productName(f.product) + " gets the same words as everybody. What you save here is theirs alone; day and condition are those of the series."
		if all, _ := lib.Step(f.series, f.st.ID, ""); all.Text != f.st.Text && f.refused == nil {
			d.Lead = "These are the words that ship for who bought " + s.productName(f.product) + ". Day and condition are those of the series."
		}
	case own:
		d.Lead = "These are your own words."
	}
	e := view.Editor{Desk: d, Action: stepPath(f.series, f.st.ID, f.product), Proof: &view.EditProof{Action: proofPath, As: proofField(f.as)}}
	wrong := map[string]string{}
	if f.refused != nil {
		e.Error = f.refused.Message
		if f.refused.Fields != nil {
			wrong = f.refused.Fields
		}
	}
	st := f.st
	e.Fields = []view.EditField{
		{Name: "series", Type: "hidden", Value: string(f.series)},
		{Name: "step", Type: "hidden", Value: st.ID},
		{Name: "product", Type: "hidden", Value: string(f.product)},
		{Name: "subject", Label: "Subject", Value: st.Subject, Max: 150, Wide: true, Error: wrong["subject"], Help: "With a field that is not known of somebody, she does not get the letter."},
		{Name: "preheader", Label: "Preview line", Value: st.Preheader, Max: 200, Wide: true, Optional: true, Error: wrong["preheader"], Help: "What a mailbox shows after the subject."},
		{Name: "text", Label: "Letter", Type: "textarea", Value: st.Text, Rows: 18, Max: sequences.LetterMost, Wide: true, Error: wrong["text"], Help: letterHelp(sequences.Fields())},
		{Name: "action", Label: "Button", Value: st.Action, Max: 60, Error: wrong["action"]},
		{Name: "path", Label: "Where it leads", Value: st.Path, Max: 300, Error: wrong["path"], Help: "A page of this site, beginning with /."},
	}
	if f.product == "" {
		var when []view.EditOption
		for _, w := range conditionWords {
			when = append(when, view.EditOption{Value: string(w.condition), Label: w.words, On: w.condition == st.Condition})
		}
		e.Fields = append(e.Fields,
			view.EditField{Name: "day", Label: "Day", Type: "number", Value: strconv.Itoa(st.Day), Error: wrong["day"], Help: "Counted from what began the series. Another day sends nobody the same letter twice."},
			view.EditField{Name: "condition", Label: "When it goes", Type: "select", Options: when, Error: wrong["condition"]})
		if f.series == sequences.Seasonal {
			e.Fields = append(e.Fields, view.EditField{Name: "season", Label: "Season begins on", Value: st.Season, Max: 5, Error: wrong["season"], Help: "Month and day, such as 03-20."})
		}
	}
	e.Fields = append(e.Fields, testField(f.to, wrong["to"]))
	e.Buttons = []view.EditButton{{Name: "do", Value: "save", Label: "Save"}, {Name: "do", Value: "test", Label: "Send the test", Kind: "quiet"}}
	if own {
		e.Buttons = append(e.Buttons, view.EditButton{Name: "do", Value: "reset", Label: "Back to the words that ship", Kind: "danger"})
	}
	return s.show(c, max(f.status, http.StatusOK), e)
}

// deskSaveStep is POST /admin/series/{series}/{step}: it saves the words, sends
// them as a test, or goes back to those that ship.
func (s *Server) deskSaveStep(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	f, err := s.stepToEdit(c)
	if err != nil {
		return err
	}
	in, err := readForm(c)
	if err != nil {
		return err
	}
	v, do := s.opts.Voice, in.Get("do")
	f.to, f.as = strings.TrimSpace(in.Get("to")), in.Get("as")
	text := ""
	if do != "reset" {
		if f.product != "" {
			for _, name := range []string{"day", "condition", "season"} {
				in.Del(name)
			}
		}
		f.st = stepOf(in, f.st)
		text = f.st.Format()
	}
	noDay := do != "reset" && in.Has("day") && (strings.TrimSpace(in.Get("day")) == "" || f.st.Day < 0 || f.st.Day > sequences.LastDay)
	again := func(err error) error {
		e := problemOf(err)
		if e.Code != core.Invalid && e.Code != core.Conflict && e.Code != core.Unprocessable {
			return err
		}
		f.refused, f.status = e, statusOf(e.Code)
		return s.showStepForm(ctx, c, who, f)
	}
	if noDay {
		return again(core.FieldError("web.deskSaveStep", "day", fmt.Sprintf("Give a day from 0 to %d.", sequences.LastDay)))
	}
	if do == "test" {
		if _, bad := sequences.ParseStep(f.st.ID, text); len(bad) > 0 {
			return again(core.FieldError("web.deskSaveStep", "text", sentence(bad)))
		}
		d := sequences.Draft{Series: f.series, Product: f.product, Words: f.st}
		if err := s.sendProofs(ctx, who, []sequences.Draft{d}, f.as, s.audience(d, ""), f.to); err != nil {
			return again(err)
		}
		// What was tried need not be saved: the page goes on with it.
		f.status = http.StatusOK
		return s.showTested(ctx, c, who, f)
	}
	if err := v.Series.SaveText(ctx, sequences.Text{Series: f.series, Step: f.st.ID, Product: f.product, Text: text}); err != nil {
		return again(err)
	}
	action := map[bool]string{true: "series.reset", false: "series.save"}[do == "reset"]
	if err := v.Audit(ctx, who.User.ID, action, strings.TrimSuffix(fmt.Sprintf("%s/%s/%s", f.series, f.st.ID, f.product), "/")); err != nil {
		return err
	}
	to := stepPath(f.series, f.st.ID, f.product)
	sign := "?"
	if f.product != "" {
		sign = "&"
	}
	return seeOther(c, to+sign+"done="+map[bool]string{true: "reset", false: "words"}[do == "reset"])
}

// showTested draws the editor with what was typed, and says that the test left.
func (s *Server) showTested(ctx context.Context, c *fiber.Ctx, who *signedIn, f stepForm) error {
	c.Request().URI().QueryArgs().Set("done", "test")
	return s.showStepForm(ctx, c, who, f)
}

// voiceTables say on a customer's page which letter comes next or why none does,
// and which segments she is in.
func (s *Server) voiceTables(ctx context.Context, user core.UserID) ([]view.DeskTable, error) {
	v := s.opts.Voice
	if v == nil || v.Series == nil {
		return nil, nil
	}
	found, err := v.Series.Why(ctx, user, s.opts.Clock.Now())
	if err != nil {
		return nil, err
	}
	letters := view.DeskTable{Title: "Which letter comes next", Columns: []string{"Series", "Next letter", "What a run would do now", "Looked at next"}, Empty: "No series runs for her. What happened, below, says what ended and why."}
	tones := map[sequences.Outcome]view.Tone{sequences.IsDue: view.Success, sequences.IsSuppressed: view.Warning, sequences.IsCapped: view.Warning, sequences.IsEnded: view.Warning}
	for _, w := range found {
		e := w.Candidate.Enrolment
		next := view.Cell{Text: w.Decision.Step, Note: "none is left"}
		if w.Decision.Step != "" {
			next.Href, next.Note = stepPath(e.Series, w.Decision.Step, ""), ""
			if st, ok := v.Series.Library.Step(e.Series, w.Decision.Step, e.Product); ok {
				next.Note = st.Subject
			}
		}
		why := view.Cell{Text: strings.ReplaceAll(string(w.Decision.Outcome), "_", " "), Tone: tones[w.Decision.Outcome], Note: w.Decision.Reason}
		for _, skipped := range w.Skipped {
			why.Note += "; " + skipped.Step + " is skipped: " + skipped.Reason
		}
		what := view.Cell{Text: seriesTitle(e.Series)}
		if e.Product != "" && e.Series != sequences.Seasonal {
			what.Note = s.productName(e.Product)
		}
		letters.Rows = append(letters.Rows, []view.Cell{what, next, why, {At: w.Decision.Next}})
	}
	places, err := v.Segments.Places(ctx, user)
	if err != nil {
		return nil, err
	}
	in := view.DeskTable{Title: "Segments", Columns: []string{"Segment", "Belongs", ""}, Empty: "There are none."}
	for _, p := range places {
		belongs := view.Cell{Text: "no"}
		if p.Why.Holds {
			belongs = view.Cell{Text: "yes", Tone: view.Success}
		}
		in.Rows = append(in.Rows, []view.Cell{{Text: p.Segment.Name, Href: segmentPath(p.Segment.ID)}, belongs, {Text: "Why", Href: segmentPath(p.Segment.ID) + "?why=" + url.QueryEscape(string(user))}})
	}
	return []view.DeskTable{letters, in}, nil
}
