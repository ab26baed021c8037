package sequences

import (
	"context"
	"net/url"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/mail"
	"sselfie/core/prose"
)

// Purchase is what an enrolment can begin with.
type Purchase struct {
	Payment   core.PaymentID
	Product   core.ProductID
	At        time.Time
	Refunded  bool   // whole, or lost in a dispute
	Marketing string // what the buyer said at the checkout: "", yes or no
}

// FollowTx is what a purchase's transaction offers to keep enrolments right.
type FollowTx interface {
	// PurchasesOf returns a customer's purchases, oldest first, memberships' own
	// invoices left out.
	PurchasesOf(ctx context.Context, user core.UserID) ([]Purchase, error)
	// EnrolmentsOf returns a customer's enrolments, the ended ones included, Done
	// left out.
	EnrolmentsOf(ctx context.Context, user core.UserID) ([]Enrolment, error)
	// MemberAfter reports whether the customer was a member of Studio at some time
	// after t.
	MemberAfter(ctx context.Context, user core.UserID, t time.Time) (bool, error)
	// InsertEnrolment adds an enrolment that is looked at when due. One whose
	// payment is enrolled in the series, or that finds a live one for its person,
	// series and product, changes nothing.
	InsertEnrolment(ctx context.Context, e Enrolment, due time.Time) error
	// EndEnrolment ends an enrolment and withdraws its letters that still wait in
	// the outbox. The second time changes nothing.
	EndEnrolment(ctx context.Context, id ID, reason string, at time.Time) error
}

// Origin is where a letter comes from, as its row in the outbox keeps it.
type Origin struct {
	Series    Name
	Step      string
	Enrolment ID
	Campaign  string
	Variant   string
	Reason    string    // why it is sent
	Expires   time.Time // not sent any more after this
	Link      core.LinkID
	Dest      string // where its link leads: a path on this site
	Placed    []Placed
}

// Placed is a link in the text of a letter.
type Placed struct {
	ID   core.LinkID
	Dest string
}

// Place makes the links of a letter's text, one for each path in it.
func Place(text, campaign, content string, t core.Tokens) []Placed {
	var out []Placed
	for _, path := range prose.Links(text) {
		id := NewLink(t)
		out = append(out, Placed{ID: id, Dest: Destination(path, campaign, content, id)})
	}
	return out
}

// Letters is how marketing mails are promised.
type Letters interface {
	// PromiseLetter adds a mail with its origin and its link to the outbox. It
	// returns false, and changes nothing, when this step, or this campaign, was
	// promised to this person before.
	PromiseLetter(ctx context.Context, q mail.Queued, o Origin) (fresh bool, err error)
}

// Tx is what a run needs of a transaction.
type Tx interface {
	FollowTx
	Letters
	// ClaimEnrolments returns enrolments of the series that are to be looked at
	// now, with their facts, at most limit persons: of each person all of them.
	ClaimEnrolments(ctx context.Context, series []Name, now time.Time, limit int) ([]Candidate, error)
	// HandleStep notes once what became of a step.
	HandleStep(ctx context.Context, id ID, step, outcome, reason string, at time.Time) error
	// MoveEnrolment says when to look at a live enrolment next, and for which step.
	MoveEnrolment(ctx context.Context, id ID, step string, at time.Time) error
	// EnrolSilent begins a series for customers who were last seen in a span of
	// time and begin nothing twice; it returns how many.
	EnrolSilent(ctx context.Context, n Name, from, to time.Time, optIn bool, now time.Time, limit int) (int, error)
	// EnrolSeason begins a season's letter for alumnae who don't have it yet.
	EnrolSeason(ctx context.Context, season string, begins, now time.Time, limit int) (int, error)
	// SaveText keeps, or with an empty text removes, a step in the creator's words.
	SaveText(ctx context.Context, t Text, at time.Time) error
	// ReviewSeries makes live enrolments of a series due at now that wait for a
	// later day, at most limit, and returns how many.
	ReviewSeries(ctx context.Context, n Name, now time.Time, limit int) (int, error)
}

// Store runs use cases in the lane that gives way.
type Store interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Reads is what the series look up outside a transaction.
type Reads interface {
	SequenceTexts(ctx context.Context) ([]Text, error)
	// ReturnedEnrolments returns live enrolments of a series that misses customers,
	// of those who came since it began and were last seen in a span of time.
	ReturnedEnrolments(ctx context.Context, n Name, from, to time.Time, limit int) ([]ID, error)
	// CandidatesOf returns a customer's live enrolments with their facts, due or
	// not.
	CandidatesOf(ctx context.Context, user core.UserID, now time.Time) ([]Candidate, error)
}

// Gate says whether marketing may go out.
type Gate interface {
	// MarketingPaused returns why no marketing goes out at now, "" when it does.
	MarketingPaused(ctx context.Context, now time.Time) (string, error)
}

// Service enrols people and writes to them when it is time.
type Service struct {
	// DoubleOptIn writes to a captured address only once it is proven.
	DoubleOptIn bool

	Store   Store
	Read    Reads
	Gate    Gate
	Clock   core.Clock
	IDs     core.IDs
	Tokens  core.Tokens
	Library *Library
	Catalog catalog.Catalog
	OptIn   bool          // mail.buyers: opt_in enrols only those who ticked the box
	Trial   mail.Renderer // renders a step once, to refuse what would fail later; nil to skip
}

// Open learns the creator's own texts. It returns those that do not read.
func (s *Service) Open(ctx context.Context) ([]string, error) {
	texts, err := s.Read.SequenceTexts(ctx)
	if err != nil {
		return nil, err
	}
	return s.Library.Lay(texts), nil
}

// Why says what a run at now would do about each live enrolment of a customer,
// and the reasons. What was done before stands with its reasons in the step log.
func (s *Service) Why(ctx context.Context, user core.UserID, now time.Time) ([]Verdict, error) {
	paused, err := s.Gate.MarketingPaused(ctx, now)
	if err != nil {
		return nil, err
	}
	found, err := s.Read.CandidatesOf(ctx, user, now)
	if err != nil {
		return nil, err
	}
	s.complete(found, paused)
	return Decide(s.Library.Series, found, now), nil
}

// complete adds to the facts what this installation has settled.
func (s *Service) complete(found []Candidate, paused string) {
	for i := range found {
		f := &found[i].Facts
		f.Paused, f.Unproven = paused, f.Unproven && s.DoubleOptIn
	}
}

// Follow makes a customer's enrolments what her purchases and her membership
// say, inside the transaction of whatever changed them. It looks at the state,
// never at the event: in any order events end alike.
func (s *Service) Follow(ctx context.Context, tx FollowTx, user core.UserID) error {
	bought, err := tx.PurchasesOf(ctx, user)
	if err != nil {
		return err
	}
	have, err := tx.EnrolmentsOf(ctx, user)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	for _, e := range have {
		if !e.Ended.IsZero() {
			continue
		}
		why, err := s.over(ctx, tx, user, e, bought)
		if err != nil {
			return err
		}
		if why != "" {
			if err := tx.EndEnrolment(ctx, e.ID, why, now); err != nil {
				return err
			}
		}
	}
	for _, p := range bought {
		if err := s.enrol(ctx, tx, user, p, bought, have); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) enrol(ctx context.Context, tx FollowTx, user core.UserID, p Purchase, bought []Purchase, have []Enrolment) error {
	product, ok := s.Catalog.Product(p.Product)
	if !ok || product.Kind != catalog.Mini || p.Refunded {
		return nil
	}
	basis, ok := s.basis(p.Marketing)
	if !ok {
		return nil
	}
	for _, e := range have {
		if e.Series == MiniProduct && e.Payment == p.Payment {
			return nil
		}
	}
	e := Enrolment{ID: ID(s.IDs.NewID("enr")), Series: MiniProduct, User: user, Product: p.Product, Payment: p.Payment, Basis: basis, Anchor: p.At, Bought: p.At}
	why, err := s.over(ctx, tx, user, e, bought)
	if err != nil || why != "" {
		return err
	}
	first := p.At
	if steps := s.Library.For(MiniProduct, p.Product).Steps; len(steps) > 0 {
		first = steps[0].At(p.At)
	}
	return tx.InsertEnrolment(ctx, e, first)
}

// over says why an enrolment that a purchase began is over.
func (s *Service) over(ctx context.Context, tx FollowTx, user core.UserID, e Enrolment, bought []Purchase) (string, error) {
	for _, p := range bought {
		switch {
		case p.Payment == e.Payment && e.Payment != "" && p.Refunded:
			return Refunded, nil
		case e.Series == MiniProduct && p.Product == e.Product && p.At.After(e.Anchor) && !p.Refunded:
			return BoughtAgain, nil
		}
	}
	if e.Series == WelcomeBack {
		return "", nil
	}
	member, err := tx.MemberAfter(ctx, user, e.Anchor)
	if err != nil || !member {
		return "", err
	}
	return Converted, nil
}

func (s *Service) basis(marketing string) (Basis, bool) {
	switch {
	case marketing == "yes":
		return OptIn, true
	case marketing == "no" || s.OptIn:
		return "", false
	}
	return OwnProducts, true
}

// EnrolLead begins the free-blueprint series for a captured address, inside the
// transaction that captured it. Where double opt-in is on, its letters wait until
// the address is proven.
func (s *Service) EnrolLead(ctx context.Context, tx FollowTx, lead string, at time.Time) error {
	first, basis := at, OptIn
	if s.DoubleOptIn {
		basis = DoubleOptIn
	}
	if steps := s.Library.Series(FreeBlueprint).Steps; len(steps) > 0 {
		first = steps[0].At(at)
	}
	return tx.InsertEnrolment(ctx, Enrolment{
		ID: ID(s.IDs.NewID("enr")), Series: FreeBlueprint, Lead: lead, Product: "brand_blueprint_paid", Basis: basis, Anchor: at,
	}, first)
}

// Counts is what a run did.
type Counts struct{ Sent, Skipped, Waiting, Ended, Began int }

// chunk is how many persons one transaction of a run looks at.
const chunk = 200

// RunDaily is the work of the job at 12:00: every series but welcome-back.
func (s *Service) RunDaily(ctx context.Context, now time.Time) (Counts, error) {
	var c Counts
	if err := s.season(ctx, now, &c); err != nil {
		return c, err
	}
	// Alumnae who did nothing for 120 days; what is more than a letter's patience
	// past the last of the series is too old to begin.
	if err := s.silent(ctx, WinBack, now, &c); err != nil {
		return c, err
	}
	err := s.run(ctx, []Name{FreeBlueprint, MiniProduct, Alumni, Seasonal, WinBack}, now, &c)
	return c, err
}

// RunWelcomeBack is the work of the job at 12:30.
func (s *Service) RunWelcomeBack(ctx context.Context, now time.Time) (Counts, error) {
	var c Counts
	if err := s.silent(ctx, WelcomeBack, now, &c); err != nil {
		return c, err
	}
	err := s.run(ctx, []Name{WelcomeBack}, now, &c)
	return c, err
}

// silent enrols who was not seen for as long as the first step of a series says.
func (s *Service) silent(ctx context.Context, n Name, now time.Time, c *Counts) error {
	steps := s.Library.Series(n).Steps
	if len(steps) == 0 {
		return nil
	}
	to := now.Add(-time.Duration(steps[0].Day) * day)
	from := now.Add(-time.Duration(steps[len(steps)-1].Day)*day - Patience - day)
	if err := s.endReturned(ctx, n, from, to, now, c); err != nil {
		return err
	}
	return s.begin(ctx, c, func(ctx context.Context, tx Tx) (int, error) {
		return tx.EnrolSilent(ctx, n, from, to, s.OptIn, now, 10*chunk)
	})
}

// endReturned ends the series of absences that are over: they would stand in the
// way of the next one's. They are looked for beside the writer.
func (s *Service) endReturned(ctx context.Context, n Name, from, to, now time.Time, c *Counts) error {
	for {
		back, err := s.Read.ReturnedEnrolments(ctx, n, from, to, 5*chunk)
		if err != nil || len(back) == 0 {
			return err
		}
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			for _, id := range back {
				if err := tx.EndEnrolment(ctx, id, CameBack, now); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		c.Ended += len(back)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// season enrols alumnae in the letter of a season that began in the last days.
func (s *Service) season(ctx context.Context, now time.Time, c *Counts) error {
	for _, st := range s.Library.Series(Seasonal).Steps {
		begins, err := time.Parse("2006-01-02", now.UTC().Format("2006-")+st.Season)
		if err != nil || now.Before(begins) || now.Sub(begins) > Patience {
			continue
		}
		if err := s.begin(ctx, c, func(ctx context.Context, tx Tx) (int, error) {
			return tx.EnrolSeason(ctx, st.ID, begins, now, 10*chunk)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) begin(ctx context.Context, c *Counts, enrol func(ctx context.Context, tx Tx) (int, error)) error {
	for {
		n := 0
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = enrol(ctx, tx)
			return err
		}); err != nil {
			return err
		}
		c.Began += n
		if n == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// run looks at everybody whose time has come, in chunks. Each chunk moves what
// it looked at on, so that a run that was cut off goes on where it stopped.
func (s *Service) run(ctx context.Context, series []Name, now time.Time, c *Counts) error {
	paused, err := s.Gate.MarketingPaused(ctx, now)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		var did Counts
		looked := 0
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			did = Counts{}
			found, err := tx.ClaimEnrolments(ctx, series, now, chunk)
			if err != nil {
				return err
			}
			looked = len(found)
			for len(found) > 0 {
				n := 1
				for n < len(found) && same(found[0], found[n]) {
					n++
				}
				s.complete(found[:n], paused)
				for _, v := range Decide(s.Library.Series, found[:n], now) {
					if err := s.carryOut(ctx, tx, v, now, &did); err != nil {
						return err
					}
				}
				found = found[n:]
			}
			return nil
		}); err != nil {
			return err
		}
		c.Sent += did.Sent
		c.Skipped += did.Skipped
		c.Waiting += did.Waiting
		c.Ended += did.Ended
		c.Began += did.Began
		if looked == 0 {
			return nil
		}
	}
	return ctx.Err()
}

// same reports whether two candidates are one person: by address, because one
// may have left it before she bought.
func same(a, b Candidate) bool {
	if a.Key != "" || b.Key != "" {
		return a.Key == b.Key
	}
	return a.Enrolment.User == b.Enrolment.User && a.Enrolment.Lead == b.Enrolment.Lead
}

func (s *Service) carryOut(ctx context.Context, tx Tx, v Verdict, now time.Time, c *Counts) error {
	e := v.Candidate.Enrolment
	for _, d := range v.Skipped {
		if err := tx.HandleStep(ctx, e.ID, d.Step, "skipped", d.Reason, now); err != nil {
			return err
		}
		c.Skipped++
	}
	switch v.Decision.Outcome {
	case IsEnded:
		c.Ended++
		if err := tx.EndEnrolment(ctx, e.ID, v.Decision.Reason, now); err != nil {
			return err
		}
		if e.Series == MiniProduct && v.Decision.Reason == Finished {
			c.Began++
			return s.graduate(ctx, tx, e)
		}
		return nil
	case IsDue:
		if err := s.send(ctx, tx, v, now); err != nil {
			return err
		}
		c.Sent++
		return s.moveOn(ctx, tx, v, now)
	}
	c.Waiting++
	return tx.MoveEnrolment(ctx, e.ID, v.Decision.Step, v.Decision.Next)
}

// moveOn says when an enrolment is looked at after a letter went out.
func (s *Service) moveOn(ctx context.Context, tx Tx, v Verdict, now time.Time) error {
	e := v.Candidate.Enrolment
	done := map[string]bool{v.Decision.Step: true}
	for _, d := range v.Skipped {
		done[d.Step] = true
	}
	for _, st := range s.Library.Series(e.Series).steps(e) {
		if done[st.ID] || e.Done[st.ID] {
			continue
		}
		next := st.At(e.Anchor)
		if !next.After(now) {
			next = NextRun(now)
		}
		return tx.MoveEnrolment(ctx, e.ID, st.ID, next)
	}
	return tx.MoveEnrolment(ctx, e.ID, "", NextRun(now)) // then it ends
}

// graduate makes an alumna of who went through the series and did not join.
func (s *Service) graduate(ctx context.Context, tx Tx, e Enrolment) error {
	anchor := e.Anchor
	if steps := s.Library.Series(MiniProduct).Steps; len(steps) > 0 {
		anchor = steps[len(steps)-1].At(e.Anchor)
	}
	first := anchor
	if steps := s.Library.Series(Alumni).Steps; len(steps) > 0 {
		first = steps[0].At(anchor)
	}
	return tx.InsertEnrolment(ctx, Enrolment{
		ID: ID(s.IDs.NewID("enr")), Series: Alumni, User: e.User, Payment: e.Payment, Basis: e.Basis, Anchor: anchor, Bought: e.Bought,
	}, first)
}

// send promises one letter.
func (s *Service) send(ctx context.Context, tx Tx, v Verdict, now time.Time) error {
	c, e := v.Candidate, v.Candidate.Enrolment
	st, _ := s.Library.Step(e.Series, v.Decision.Step, e.Product)
	link := NewLink(s.Tokens)
	// A letter that its server keeps back for days is worth nothing any more.
	expires := runAt(st.At(e.Anchor)).Add(Patience)
	for _, next := range s.Library.Series(e.Series).steps(e) {
		if at := next.At(e.Anchor); next.Day > st.Day && at.Before(expires) {
			expires = at
			break
		}
	}
	if !expires.After(now) {
		expires = now.Add(day)
	}
	fresh, err := tx.PromiseLetter(ctx, mail.Queued{
		ID: core.MailID(s.IDs.NewID("eml")), ToKey: c.Key, At: now,
		BusinessKey: string(mail.Sequence) + ":" + string(e.ID) + ":" + st.ID,
		Promise:     mail.Promise{Kind: mail.Sequence, User: e.User, To: c.To, Reference: string(e.ID) + ":" + st.ID, Props: mail.Props{}},
	}, Origin{
		Series: e.Series, Step: st.ID, Enrolment: e.ID, Reason: v.Decision.Reason, Expires: expires, Link: link,
		Dest: Destination(st.Path, string(e.Series), st.ID, link), Placed: Place(st.Text, string(e.Series), st.ID, s.Tokens),
	})
	if err != nil {
		return err
	}
	why := v.Decision.Reason
	if !fresh {
		why = "it was promised before"
	}
	return tx.HandleStep(ctx, e.ID, st.ID, "sent", why, now)
}

// NewLink makes the opaque id of a link: 132 random bits that say nothing of
// whom it was sent to.
func NewLink(t core.Tokens) core.LinkID {
	token := t.NewToken()
	if len(token) > 22 {
		token = token[:22]
	}
	return core.LinkID("lnk_" + token)
}

// Destination returns where a letter's link leads: the path, with what says at
// the checkout which letter it was, for our own figures and for others'.
func Destination(path, campaign, content string, link core.LinkID) string {
	base, fragment, hashed := strings.Cut(path, "#")
	sign := "?"
	if strings.Contains(base, "?") {
		sign = "&"
	}
	q := url.Values{
		"source": {"email"}, "campaign": {campaign + "/" + content}, "link": {string(link)},
		"utm_source": {"sselfie"}, "utm_medium": {"email"}, "utm_campaign": {campaign}, "utm_content": {content},
	}
	base += sign + q.Encode()
	if hashed {
		base += "#" + fragment
	}
	return base
}

// SaveText keeps a step in the creator's own words, or with an empty text goes
// back to what ships. What does not read is refused here, never when it is sent.
// A step that was sent stays sent, whatever its day is now.
func (s *Service) SaveText(ctx context.Context, t Text) error {
	const op = "sequences.SaveText"
	if _, ok := s.Library.Step(t.Series, t.Step, ""); !ok {
		return &core.Error{Code: core.NotFound, Op: op, Message: "There is no such step."}
	}
	if t.Product != "" {
		if _, ok := s.Catalog.Product(t.Product); !ok {
			return core.FieldError(op, "product", "There is no such product.")
		}
	}
	now := s.Clock.Now()
	if strings.TrimSpace(t.Text) != "" {
		st, bad := ParseStep(t.Step, t.Text)
		if len(bad) > 0 {
			return core.FieldError(op, "text", strings.Join(bad, "; "))
		}
		if t.Series == Seasonal && st.Season == "" {
			return core.FieldError(op, "season", "Say on which day of the year the season begins, such as 03-20.")
		}
		if err := Try(ctx, s.Trial, mail.Sequence, st, now); err != nil {
			return core.FieldError(op, "text", "This does not render: "+err.Error())
		}
	}
	if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.SaveText(ctx, t, now) }); err != nil {
		return err
	}
	if _, err := s.Open(ctx); err != nil {
		return err
	}
	for {
		n := 0
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.ReviewSeries(ctx, t.Series, now, 10*chunk)
			return err
		}); err != nil || n == 0 {
			return err
		}
	}
}

// Try renders a letter once with nothing known of its reader, so that one which
// does not render is refused when it is saved.
func Try(ctx context.Context, r mail.Renderer, kind mail.Kind, st Step, now time.Time) error {
	if r == nil {
		return nil
	}
	_, err := r.Render(ctx, mail.Outgoing{
		ID: "eml_trial", Kind: kind, To: "somebody@example.com", At: now,
		Props: mail.Props{"subject": st.Subject, "text": Fill(st.Text, nil) + "\n\n.", "action": st.Action, "path": st.Path},
	})
	return err
}
