package sequences

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sselfie/core"
)

// ID names an enrolment: enr_.
type ID string

// Basis is why a person may be written to.
type Basis string

// The bases.
const (
	OwnProducts Basis = "own_products"  // a customer, about similar products of our own, refusable at any time
	OptIn       Basis = "opt_in"        // ticked a box, at the checkout or where the address was left
	DoubleOptIn Basis = "double_opt_in" // left an address, and is written to once it is proven
)

// Reasons for which an enrolment ends.
const (
	Finished     = "finished"
	Converted    = "converted"
	Unsubscribed = "unsubscribed"
	HardBounce   = "hard_bounce"
	Complained   = "complained"
	Refunded     = "refunded"
	BoughtAgain  = "bought_again" // the newer purchase of the same product took over
	CameBack     = "came_back"
	Gone         = "gone" // no account, or no address
)

// Enrolment is one person on the way through one series.
type Enrolment struct {
	ID      ID
	Series  Name
	User    core.UserID // or
	Lead    string      // a captured address
	Product core.ProductID
	Payment core.PaymentID
	Basis   Basis
	Anchor  time.Time       // days are counted from here
	Bought  time.Time       // zero where no purchase began it
	Done    map[string]bool // steps that were sent or skipped, whatever became of their day
	Ended   time.Time
	Reason  string // why it ended
}

// Facts are what a decision rests on besides the enrolment, as of now.
type Facts struct {
	Gone           bool
	Unsubscribed   bool
	HardBounce     bool
	Complained     bool
	Refunded       bool      // the purchase that began it
	Contested      bool      // a dispute over it is open
	Member         bool      // joined Studio, and was a member at some time after the anchor
	BoughtSince    bool      // anything, after the anchor
	Seen           time.Time // the last visit
	Refused        bool      // the topic of the series
	Unproven       bool      // a captured address that nobody has shown to be hers
	Paused         string    // why no marketing goes out at all; "" when it does
	Pending        bool      // a marketing mail to this person waits in the outbox
	LastMarketing  time.Time // when the last one was sent, or promised
	OfferRunning   bool
	CreditsBalance int
}

// Outcome is what a decision says.
type Outcome string

// The outcomes.
const (
	IsDue        Outcome = "due"
	IsNotYet     Outcome = "not_yet"
	IsCapped     Outcome = "capped"     // another marketing mail is too fresh: the next run looks again
	IsStale      Outcome = "stale"      // this step is skipped for ever
	IsEnded      Outcome = "ended"      // so does the enrolment
	IsSuppressed Outcome = "suppressed" // not now, for a reason outside of the series
)

// Decision is what happens to an enrolment now, and why.
type Decision struct {
	Step    string // the step that it is about; "" when it ended
	Outcome Outcome
	Reason  string
	Next    time.Time // when to look again; zero for at once (stale) and never (ended)
}

// The rules of pace.
const (
	Pause    = 20 * time.Hour     // between two marketing mails to one person
	Patience = 3 * 24 * time.Hour // a step that is later than this is skipped
	runHour  = 12                 // UTC
	day      = 24 * time.Hour
)

// NextRun returns the first daily run strictly after t.
func NextRun(t time.Time) time.Time {
	return t.UTC().Add(-runHour * time.Hour).Truncate(day).Add(day + runHour*time.Hour)
}

// runAt returns the first daily run at or after t.
func runAt(t time.Time) time.Time { return NextRun(t.Add(-time.Nanosecond)) }

// At returns when a step's time comes.
func (st Step) At(anchor time.Time) time.Time { return anchor.Add(time.Duration(st.Day) * day) }

// steps returns what an enrolment walks through, by day. A season is one letter.
func (s Series) steps(e Enrolment) []Step {
	out := make([]Step, 0, len(s.Steps))
	for _, st := range s.Steps {
		if s.Name == Seasonal && st.ID != string(e.Product) {
			continue
		}
		out = append(out, st)
	}
	slices.SortStableFunc(out, func(a, b Step) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Due decides about the earliest step of an enrolment that nothing has become of
// yet. A stale step is to be noted as skipped; then Due is asked again.
func Due(s Series, e Enrolment, f Facts, now time.Time) Decision {
	if !e.Ended.IsZero() {
		return Decision{Outcome: IsEnded, Reason: e.Reason}
	}
	if why := ends(s.Name, e, f); why != "" {
		return Decision{Outcome: IsEnded, Reason: why}
	}
	steps := s.steps(e)
	for i, st := range steps {
		if e.Done[st.ID] {
			continue
		}
		var next *Step
		for j := range steps[i+1:] {
			if n := &steps[i+1+j]; !e.Done[n.ID] {
				next = n
				break
			}
		}
		d := decide(st, next, e, f, now)
		d.Step = st.ID
		return d
	}
	return Decision{Outcome: IsEnded, Reason: Finished}
}

func decide(st Step, next *Step, e Enrolment, f Facts, now time.Time) Decision {
	at := st.At(e.Anchor)
	if now.Before(at) {
		return Decision{Outcome: IsNotYet, Reason: fmt.Sprintf("day %d is on %s", st.Day, stamp(at)), Next: at}
	}
	switch {
	case next != nil && next.Day > st.Day && !now.Before(next.At(e.Anchor)):
		return Decision{Outcome: IsStale, Reason: fmt.Sprintf("its next step, %s, is due already", next.ID)}
	case now.Sub(runAt(at)) > Patience:
		return Decision{Outcome: IsStale, Reason: fmt.Sprintf("it was due on %s, more than 3 days ago", stamp(runAt(at)))}
	case st.Condition == OfferRuns && !f.OfferRunning:
		return Decision{Outcome: IsStale, Reason: "it speaks of an offer, and none runs for this customer"}
	case st.Condition == CreditsLeft && f.CreditsBalance <= 0:
		return Decision{Outcome: IsStale, Reason: "it speaks of credits that are left, and none are"}
	}
	again := NextRun(now)
	switch {
	case f.Contested:
		return Decision{Outcome: IsSuppressed, Reason: "a dispute over the purchase is open", Next: again}
	case f.Unproven:
		return Decision{Outcome: IsSuppressed, Reason: "the link that proves this address was not followed yet", Next: again}
	case f.Refused:
		return Decision{Outcome: IsSuppressed, Reason: "the customer does not want mail of this topic", Next: again}
	case f.Paused != "":
		return Decision{Outcome: IsSuppressed, Reason: f.Paused, Next: again}
	case f.Pending:
		return Decision{Outcome: IsCapped, Reason: "another marketing mail to this person waits in the outbox", Next: again}
	case !f.LastMarketing.IsZero() && now.Sub(f.LastMarketing) < Pause:
		return Decision{Outcome: IsCapped, Reason: fmt.Sprintf("the last marketing mail went out on %s, less than 20 hours ago", stamp(f.LastMarketing)), Next: again}
	}
	return Decision{Outcome: IsDue, Reason: fmt.Sprintf("day %d since %s", st.Day, stamp(e.Anchor))}
}

// ends says why an enrolment is over, "" when it goes on.
func ends(n Name, e Enrolment, f Facts) string {
	switch {
	case f.Gone:
		return Gone
	case f.Unsubscribed:
		return Unsubscribed
	case f.HardBounce:
		return HardBounce
	case f.Complained:
		return Complained
	case f.Refunded:
		return Refunded
	case f.Member && n != WelcomeBack:
		return Converted
	case n == FreeBlueprint && f.BoughtSince:
		return Converted
	case (n == WelcomeBack || n == WinBack) && f.Seen.After(e.Anchor):
		return CameBack
	}
	return ""
}

// Candidate is an enrolment with its facts.
type Candidate struct {
	Enrolment Enrolment
	Facts     Facts
	To        string
	Key       core.EmailKey
}

// Verdict is what becomes of a candidate: steps that are skipped, and then one
// decision.
type Verdict struct {
	Candidate Candidate
	Skipped   []Decision
	Decision  Decision
}

// Decide judges all due enrolments of one person together: the newest purchase
// goes first, and one letter at most goes out.
func Decide(library func(Name) Series, all []Candidate, now time.Time) []Verdict {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Candidate) int {
		return cmp.Or(b.Enrolment.Bought.Compare(a.Enrolment.Bought), b.Enrolment.Anchor.Compare(a.Enrolment.Anchor), cmp.Compare(a.Enrolment.ID, b.Enrolment.ID))
	})
	out := make([]Verdict, 0, len(all))
	sent := false
	for _, c := range all {
		v := Verdict{Candidate: c}
		if sent {
			c.Facts.LastMarketing = now
		}
		e := c.Enrolment
		e.Done = map[string]bool{}
		for id := range c.Enrolment.Done {
			e.Done[id] = true
		}
		for {
			v.Decision = Due(library(e.Series), e, c.Facts, now)
			if v.Decision.Outcome != IsStale {
				break
			}
			e.Done[v.Decision.Step] = true
			v.Skipped = append(v.Skipped, v.Decision)
		}
		sent = sent || v.Decision.Outcome == IsDue
		out = append(out, v)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2 January 2006 15:04 UTC") }
