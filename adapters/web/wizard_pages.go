package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/entitlements"
	"sselfie/core/onboarding"
)

// The wizard is decided before a page is sent. It lives at /welcome; the studio
// shows it at its own address, too, so that nobody sees the wrong screen for a
// moment. Each answer is a plain form.

// asks reports whether there is something to show before the studio.
func asks(f onboarding.Flow) bool {
	switch f.Phase {
	case onboarding.Base, onboarding.BlueprintExtension, onboarding.StudioExtension, onboarding.Welcome:
		return true
	}
	return false
}

// welcomeFirst shows what comes before the studio, and reports whether it did.
// Whatever fails on the way opens the studio.
func (s *Server) welcomeFirst(ctx context.Context, c *fiber.Ctx, who *signedIn) (f onboarding.Flow, shown bool) {
	if s.opts.Customer == nil {
		return f, false
	}
	f, err := s.opts.Customer.Onboarding.Flow(ctx, who.User.ID)
	if err == nil {
		if !asks(f) {
			return f, false
		}
		if err = s.showFlow(ctx, c, who, f, ask{next: later(c.OriginalURL())}); err == nil {
			return f, true
		}
		s.opts.Customer.Onboarding.Failed(ctx, who.User.ID, "page")
	}
	s.opts.Log.Error("the first screen cannot be shown; the studio opens without it", "op", "web.welcomeFirst", "user", who.User.ID, "err", err)
	return f, false
}

// later is where somebody was going, without the greetings of a purchase.
func later(wish string) string {
	u, err := url.Parse(accounts.SafePath(wish))
	if err != nil || u.Path == "/welcome" {
		return "/studio"
	}
	q := u.Query()
	q.Del("purchase")
	q.Del("onboarding")
	u.RawQuery = q.Encode()
	return u.String()
}

// ask is one look at the wizard.
type ask struct {
	next   string
	number int    // of the question; 0 is the first that is open
	text   string // what was sent and refused
	choice string
	wrong  string // why
	status int
}

// welcomePage is GET /welcome.
func (s *Server) welcomePage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	next := later(c.Query("next"))
	f, err := s.opts.Customer.Onboarding.Flow(ctx, who.User.ID)
	if err != nil {
		return seeOther(c, next) // which says what is wrong, if it is
	}
	if field := c.Query("change"); field != "" {
		return s.changePage(ctx, c, who, f, field, ask{next: next})
	}
	if c.Query("done") == "studio" && f.Tier == entitlements.Studio && !f.State.StudioDone.IsZero() {
		return s.showWelcome(ctx, c, who, f, next)
	}
	if !asks(f) {
		return seeOther(c, onward(f, next))
	}
	number, _ := strconv.Atoi(c.Query("step"))
	return s.showFlow(ctx, c, who, f, ask{next: next, number: number})
}

// onward is where somebody goes when nothing is left to ask: whose flow ends
// with a training goes where that begins.
func onward(f onboarding.Flow, next string) string {
	if f.Phase == onboarding.Training && next == "/studio" {
		return "/studio?tab=photos"
	}
	return next
}

// changePage shows a question that was answered before, or skipped, alone.
func (s *Server) changePage(ctx context.Context, c *fiber.Ctx, who *signedIn, f onboarding.Flow, field string, a ask) (err error) {
	i := slices.IndexFunc(onboarding.Steps, func(st onboarding.Step) bool { return st.Field == field })
	over := f.State.Completed || !f.State.Dismissed.IsZero()
	if i < 0 || f.Answers[field] == nil && !(over && onboarding.Allowed(onboarding.Steps[i].Phase, f.Tier)) {
		return seeOther(c, a.next)
	}
	st := onboarding.Steps[i]
	v := view.Wizard{Phase: string(st.Phase), Step: 1, Number: 1, Next: a.next, Member: f.Tier == entitlements.Studio, Changing: true}
	put(&v, st, f, a)
	if v.Chrome, err = s.greeting(ctx, c, who); err != nil {
		return err
	}
	return s.show(c, max(a.status, http.StatusOK), v)
}

func (s *Server) showFlow(ctx context.Context, c *fiber.Ctx, who *signedIn, f onboarding.Flow, a ask) error {
	if f.Phase != onboarding.Welcome {
		return s.showQuestion(ctx, c, who, f, a)
	}
	if f.State.Completed && c.Method() != fiber.MethodHead {
		// Offered after everything else was done, it is shown once.
		if err := s.opts.Customer.Onboarding.Complete(ctx, who.User.ID, onboarding.BlueprintWelcome); err != nil {
			return err
		}
	}
	return s.showWelcome(ctx, c, who, f, a.next)
}

// asked lists everything that this customer is asked, in order.
func asked(f onboarding.Flow) []onboarding.Step {
	if f.State.Completed { // a crossing asks no more than its own questions
		return onboarding.InPhase(f.Phase)
	}
	own := onboarding.BlueprintExtension
	if f.Tier == entitlements.Studio {
		own = onboarding.StudioExtension
	}
	return append(onboarding.InPhase(onboarding.Base), onboarding.InPhase(own)...)
}

// open is the place of the first open question among steps.
func open(f onboarding.Flow, steps []onboarding.Step) int {
	first := slices.IndexFunc(steps, func(st onboarding.Step) bool { return st.Phase == f.Phase })
	return min(max(first, 0)+max(f.Step, 1)-1, len(steps)-1)
}

func (s *Server) showQuestion(ctx context.Context, c *fiber.Ctx, who *signedIn, f onboarding.Flow, a ask) error {
	steps := asked(f)
	reached := open(f, steps)
	at := reached
	if a.number >= 1 && a.number <= reached+1 {
		at = a.number - 1
	}
	st, v := steps[at], view.Wizard{Number: at + 1, Next: a.next, Member: f.Tier == entitlements.Studio}
	v.Phase, v.Step = string(st.Phase), 1+slices.IndexFunc(onboarding.InPhase(st.Phase), func(o onboarding.Step) bool { return o.Field == st.Field })
	put(&v, st, f, a)
	for i := range steps {
		n := view.WizardFrame{Number: i + 1, Done: i < reached, Current: i == at}
		if i <= reached && i != at {
			n.Href = step(i+1, a.next)
		}
		v.Frames = append(v.Frames, n)
	}
	if at > 0 {
		v.Back = step(at, a.next)
	}
	if at < reached {
		v.Forward = step(at+2, a.next)
	}
	var err error
	if v.Chrome, err = s.greeting(ctx, c, who); err != nil {
		return err
	}
	return s.show(c, max(a.status, http.StatusOK), v)
}

func step(n int, next string) string {
	return "/welcome?step=" + strconv.Itoa(n) + "&next=" + url.QueryEscape(next)
}

// put fills a question with its words, and with what was kept or sent.
func put(v *view.Wizard, st onboarding.Step, f onboarding.Flow, a ask) {
	v.Field, v.Question, v.Help, v.Long, v.List, v.Error = st.Field, st.Question, st.Help, st.Long, st.List, a.wrong
	fill(v, st, f.Answers[st.Field])
	if a.wrong != "" {
		v.Text, v.Own = a.text, a.choice == ownWords
		for i := range v.Choices {
			v.Choices[i].On = v.Choices[i].Value == a.choice
		}
	}
}

// fill puts the kept answer into the question.
func fill(v *view.Wizard, st onboarding.Step, answer any) {
	switch t := answer.(type) {
	case string:
		v.Text = t
	case []string:
		v.Text = strings.Join(t, "\n")
	}
	if len(st.Choices) == 0 {
		return
	}
	v.Own = v.Text != ""
	for _, ch := range st.Choices {
		on := ch.Value == v.Text
		v.Choices = append(v.Choices, view.WizardChoice{Value: ch.Value, Label: ch.Label, On: on})
		if on {
			v.Own = false
		}
	}
	if !v.Own {
		v.Text = ""
	}
}

// greeting is the frame of the wizard's pages, with the banner of a purchase
// that was just made.
func (s *Server) greeting(ctx context.Context, c *fiber.Ctx, who *signedIn) (view.Chrome, error) {
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return view.Chrome{}, err
	}
	ch := s.chrome(who, st)
	if c.Query("purchase") != "success" {
		return ch, nil
	}
	pays, err := s.opts.Reads.PaymentsOf(ctx, who.User.ID)
	if err != nil {
		return ch, err
	}
	bought, err := s.purchaseBanner(ctx, who.User.ID, pays)
	if err != nil || bought == "" {
		return ch, err
	}
	n := view.Notice{Tone: view.Success, Title: s.product(bought).Name + " is yours"}
	if credits := s.product(bought).Credits; credits > 0 {
		n.Text = strconv.Itoa(credits) + " credits are in your balance."
	}
	ch.Notice = append(ch.Notice, n)
	return ch, nil
}

func (s *Server) showWelcome(ctx context.Context, c *fiber.Ctx, who *signedIn, f onboarding.Flow, next string) error {
	ch, err := s.greeting(ctx, c, who)
	if err != nil {
		return err
	}
	v := view.Welcome{Chrome: ch, Kind: "free", Name: who.User.Name, Balance: ch.Viewer.Balance, Next: next}
	if name, ok := f.Answers["name"].(string); ok {
		v.Name = name
	}
	switch f.Tier {
	case entitlements.Blueprint:
		v.Kind = "paid"
	case entitlements.Studio:
		v.Kind = "studio"
	}
	elsewhere := false // whose purchase has its place elsewhere finds it at the top of the studio
	if f.Tier == entitlements.Free {
		pays, err := s.opts.Reads.PaymentsOf(ctx, who.User.ID)
		if err != nil {
			return err
		}
		elsewhere = len(s.places(pays)) > 0
	}
	if f.Tier != entitlements.Studio && next == "/studio" && !elsewhere {
		v.Next = planPath
	}
	v.Plan = v.Next == planPath
	for _, st := range onboarding.InPhase(onboarding.Base) {
		theme, _ := f.Answers["colorTheme"].(string)
		if st.Field == "colorTheme" && slices.ContainsFunc(st.Choices, func(ch onboarding.Choice) bool { return ch.Value == theme }) {
			v.Theme = theme
		}
	}
	return s.show(c, http.StatusOK, v)
}

// ownWords is the choice of somebody who writes her own.
const ownWords = "own"

// postWelcome is POST /welcome: one answer.
func (s *Server) postWelcome(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	ob, user, next := s.opts.Customer.Onboarding, who.User.ID, later(in.Get("next"))
	home := "/welcome?next=" + url.QueryEscape(next)
	f, err := ob.Flow(ctx, user)
	if err != nil {
		return err
	}
	if field := in.Get("change"); field != "" {
		return s.changeAnswer(ctx, c, who, f, field, in)
	}
	phase := onboarding.Phase(in.Get("phase"))
	n, _ := strconv.Atoi(in.Get("step"))
	steps := onboarding.InPhase(phase)
	if n < 1 || n > len(steps) {
		return seeOther(c, home)
	}
	st := steps[n-1]
	kept, _ := f.Answers[st.Field].(string)
	given := answerOf(st, in.Get("choice"), in.Get("own"), kept)
	f, err = ob.Answer(ctx, user, phase, n, onboarding.Answers{st.Field: given})
	if err == nil && n == len(steps) && f.Phase == phase {
		f, err = ob.CompletePhase(ctx, user, phase, f.Answers)
		if core.Is(err, core.Invalid) {
			return seeOther(c, home) // an earlier question is still open
		}
	}
	switch code := core.CodeOf(err); {
	case err == nil:
	case code == core.Conflict, code == core.UpgradeRequired:
		return seeOther(c, home) // another tab, or a purchase, was there first
	case code == core.Invalid:
		return s.wrongAnswer(ctx, c, who, st, in, err)
	default:
		return err
	}
	if phase == onboarding.StudioExtension && !f.State.StudioDone.IsZero() {
		return seeOther(c, "/welcome?done=studio&next="+url.QueryEscape(next))
	}
	all := asked(f)
	place := slices.IndexFunc(all, func(o onboarding.Step) bool { return o.Field == st.Field })
	if asks(f) && f.Phase != onboarding.Welcome && place >= 0 && place < open(f, all) {
		return seeOther(c, step(place+2, next))
	}
	return seeOther(c, home)
}

// changeAnswer keeps another answer to a question that was answered before.
func (s *Server) changeAnswer(ctx context.Context, c *fiber.Ctx, who *signedIn, f onboarding.Flow, field string, in url.Values) error {
	next := later(in.Get("next"))
	i := slices.IndexFunc(onboarding.Steps, func(st onboarding.Step) bool { return st.Field == field })
	if i < 0 {
		return seeOther(c, next)
	}
	st := onboarding.Steps[i]
	kept, _ := f.Answers[field].(string)
	err := s.opts.Customer.Onboarding.Change(ctx, who.User.ID, field, answerOf(st, in.Get("choice"), in.Get("own"), kept))
	if core.Is(err, core.Invalid) {
		return s.changePage(ctx, c, who, f, field, ask{
			next: next, text: in.Get("own"), choice: in.Get("choice"), wrong: problemOf(err).Fields[field], status: http.StatusBadRequest,
		})
	}
	if err != nil && !core.Is(err, core.Conflict) {
		return err
	}
	return seeOther(c, next)
}

// wrongAnswer shows the question again, with what was sent and what is wrong.
func (s *Server) wrongAnswer(ctx context.Context, c *fiber.Ctx, who *signedIn, st onboarding.Step, in url.Values, why error) error {
	f, err := s.opts.Customer.Onboarding.Flow(ctx, who.User.ID)
	if err != nil || !asks(f) || f.Phase == onboarding.Welcome {
		return why
	}
	e := problemOf(why)
	wrong := e.Fields[st.Field]
	if wrong == "" {
		wrong = e.Message
	}
	place := slices.IndexFunc(asked(f), func(o onboarding.Step) bool { return o.Field == st.Field })
	return s.showQuestion(ctx, c, who, f, ask{
		next: later(in.Get("next")), number: place + 1, text: in.Get("own"), choice: in.Get("choice"), wrong: wrong, status: http.StatusBadRequest,
	})
}

// answerOf reads a form. Own words count when they were chosen, or when nothing
// else was: a print that was ticked already is not a choice against them.
func answerOf(st onboarding.Step, choice, own, kept string) any {
	own = strings.TrimSpace(strings.ReplaceAll(own, "\r\n", "\n"))
	if st.List {
		list := []any{}
		for line := range strings.Lines(own) {
			if line = strings.TrimSpace(line); line != "" {
				list = append(list, line)
			}
		}
		return list
	}
	if len(st.Choices) == 0 || choice == "" || choice == ownWords || own != "" && (choice == kept || kept == "") {
		return own
	}
	return choice
}

// skipWelcome is POST /welcome/skip.
func (s *Server) skipWelcome(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if err := s.opts.Customer.Onboarding.Dismiss(ctx, who.User.ID); err != nil {
		return err
	}
	return seeOther(c, later(in.Get("next")))
}

// leaveWelcome is POST /welcome/done: the button of the welcome.
func (s *Server) leaveWelcome(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	f, err := s.opts.Customer.Onboarding.Flow(ctx, who.User.ID)
	if err != nil {
		return err
	}
	if f.Phase == onboarding.Welcome {
		if err := s.opts.Customer.Onboarding.Complete(ctx, who.User.ID, onboarding.BlueprintWelcome); err != nil {
			return err
		}
	}
	return seeOther(c, later(in.Get("next")))
}
