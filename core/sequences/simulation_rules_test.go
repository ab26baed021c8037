package sequences_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/campaigns"
	"sselfie/core/mail"
	"sselfie/core/segments"
	"sselfie/core/sequences"
)

// The rules, written a second time and from the reader's side: from what lay in
// the mailboxes and what people did, not from what decided it.

// judge reads the mailboxes.
func (w *world) judge() {
	w.lively()
	b := w.books()
	slices.SortStableFunc(w.posted, func(a, b letter) int { return a.at.Compare(b.at) })
	w.judgePace()
	for _, l := range w.posted {
		switch l.kind {
		case mail.Sequence:
			if m, ok := b.mails[l.id]; ok {
				w.judgeStep(b, l, m)
			} else {
				w.t.Errorf("%s got %s, of which the log knows nothing", l.to, l.id)
			}
		case mail.Campaign:
			w.judgeCampaign(l)
		case mail.AbandonedCheckout:
			w.judgeRecovery(l)
		}
		if since, ok := w.off[l.to]; ok && !l.at.Before(since) {
			w.t.Errorf("%s %s to %s at %s, who is off the list since %s", l.kind, l.subject, l.to, stamp(l.at), stamp(since))
		}
		if until, yes := within(w.paused, l.at); yes {
			w.t.Errorf("%s to %s at %s, though marketing rested until %s", l.kind, l.to, stamp(l.at), stamp(until))
		}
	}
	w.judgeBounces()
	w.judgeHoldOut()
	w.judgeEnrolments(b)
	w.judgeSteps(b)
	w.judgeOrder(b)
	if err := w.db.View(w.t.Context(), func(ctx context.Context, v sqlite.View) error {
		found, err := v.VerifyVoice(ctx, segments.Query{Now: w.clock.Now()})
		for _, f := range found {
			w.t.Error(f)
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

// books are what the file says after it all.
type books struct {
	mails   map[core.MailID]sqlite.SequenceMail
	all     map[sequences.ID]sequences.Enrolment
	of      map[string][]sequences.Enrolment // by address
	became  map[sequences.ID]map[string]sqlite.HandledStep
	letters map[sequences.ID]map[string]sqlite.SequenceMail
}

func (w *world) books() books {
	b := books{
		mails: map[core.MailID]sqlite.SequenceMail{}, all: map[sequences.ID]sequences.Enrolment{}, of: map[string][]sequences.Enrolment{},
		became: map[sequences.ID]map[string]sqlite.HandledStep{}, letters: map[sequences.ID]map[string]sqlite.SequenceMail{},
	}
	for _, row := range sqlitetest.Ask(w.t, w.path, `SELECT json_array(id, series, coalesce(user_id, ''), coalesce(lead_id, ''), product_id, coalesce(payment_id, ''), end_reason, basis, anchor_at, coalesce(bought_at, 0), coalesce(ended_at, 0))
		FROM mini_product_upsell_sequence`) {
		var text [8]string
		var at [3]int64
		if err := json.Unmarshal([]byte(row), &[]any{&text[0], &text[1], &text[2], &text[3], &text[4], &text[5], &text[6], &text[7], &at[0], &at[1], &at[2]}); err != nil {
			w.t.Fatal(err)
		}
		e := sequences.Enrolment{
			ID: sequences.ID(text[0]), Series: sequences.Name(text[1]), User: core.UserID(text[2]), Lead: text[3], Product: core.ProductID(text[4]), Payment: core.PaymentID(text[5]),
			Reason: text[6], Basis: sequences.Basis(text[7]), Anchor: moment(at[0]), Bought: moment(at[1]), Ended: moment(at[2]),
		}
		b.all[e.ID], b.became[e.ID], b.letters[e.ID] = e, map[string]sqlite.HandledStep{}, map[string]sqlite.SequenceMail{}
		b.of[reader(e)] = append(b.of[reader(e)], e)
	}
	log, err := w.db.SequenceLog(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range log {
		id := m.Enrolment.ID
		if other, twice := b.letters[id][m.Step]; twice {
			w.t.Errorf("%s/%s was promised as %s and as %s", id, m.Step, other.Mail, m.Mail)
		}
		b.mails[m.Mail], b.letters[id][m.Step] = m, m
	}
	steps, err := w.db.StepLog(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range steps {
		b.became[s.Enrolment][s.Step] = s
	}
	return b
}

func moment(ms int64) (t time.Time) {
	if ms != 0 {
		t = time.UnixMilli(ms).UTC()
	}
	return t
}

// reader is who gets the letters of an enrolment.
func reader(e sequences.Enrolment) string {
	if e.User != "" {
		return address(e.User)
	}
	return address(core.UserID(strings.TrimPrefix(e.Lead, "lead_")))
}

func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

const oneDay = 24 * time.Hour

// noon is the first run at or after t.
func noon(t time.Time) time.Time {
	n := time.Date(t.UTC().Year(), t.UTC().Month(), t.UTC().Day(), 12, 0, 0, 0, time.UTC)
	if n.Before(t) {
		n = n.Add(oneDay)
	}
	return n
}

// times are when a step falls due, and when it is too late for it: its next step
// is due, or three days have passed since the run that it was for.
func (w *world) times(e sequences.Enrolment, step string) (due, next, late time.Time) {
	days := map[string]int{}
	for _, st := range w.lib.For(e.Series, e.Product).Steps {
		if e.Series != sequences.Seasonal || st.ID == string(e.Product) {
			days[st.ID] = st.Day
		}
	}
	day := days[step]
	due = e.Anchor.Add(time.Duration(day) * oneDay)
	for _, other := range days {
		if at := e.Anchor.Add(time.Duration(other) * oneDay); other > day && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return due, next, noon(due).Add(3 * oneDay)
}

// slack is how wrong this machine's clock may be.
func (w *world) slack() time.Duration {
	if w.jumps {
		return ahead
	}
	return 0
}

// judgePace: each letter once, except where a crash came between the server's yes
// and our commit, and two letters to one person 20 hours apart.
func (w *world) judgePace() {
	seen, last := map[core.MailID]letter{}, map[string]letter{}
	for _, l := range w.posted {
		if before, twice := seen[l.id]; twice {
			if before.life == l.life || before.to != l.to || before.subject != l.subject {
				w.t.Errorf("%s %q to %s at %s was there at %s already", l.kind, l.subject, l.to, stamp(l.at), stamp(before.at))
			}
			continue
		}
		seen[l.id] = l
		if before, ok := last[l.to]; ok && l.at.Sub(before.at) < 20*time.Hour-w.slack() {
			w.t.Errorf("%s %q to %s at %s, only %s after the %s before", l.kind, l.subject, l.to, stamp(l.at), l.at.Sub(before.at), before.kind)
		}
		last[l.to] = l
	}
	if again := len(w.posted) - len(seen); again > 3*w.crashed {
		w.t.Errorf("%d letters came a second time in %d crashes", again, w.crashed)
	}
}

// judgeStep: a letter of a series came in its time, and nothing had ended it.
func (w *world) judgeStep(b books, l letter, m sqlite.SequenceMail) {
	e := b.all[m.Enrolment.ID]
	say := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("%s/%s to %s at %s: %s", e.Series, m.Step, l.to, stamp(l.at), fmt.Sprintf(format, args...))
	}
	if l.to != reader(e) {
		say("it is a letter to %s", reader(e))
	}
	due, next, late := w.times(e, m.Step)
	if l.at.Before(due.Add(-w.slack())) {
		say("before its time, %s", stamp(due))
	}
	if !next.IsZero() && m.Promised.After(next) {
		say("promised after its next step was due, %s", stamp(next))
	}
	if !next.IsZero() && l.at.After(next.Add(w.slack())) {
		say("after its next step was due, %s", stamp(next))
	}
	// Promised in the very last moment, it has a day to get out of the door.
	if m.Promised.After(late) || l.at.After(late.Add(w.slack())) && (m.Promised.Before(late) || l.at.After(late.Add(oneDay))) {
		say("promised at %s, more than 3 days late", stamp(m.Promised))
	}
	if is := w.member[l.to]; e.Series != sequences.WelcomeBack && !is.from.IsZero() && !l.at.Before(is.from) && (is.to.IsZero() || is.to.After(e.Anchor)) {
		say("although she joined on %s", stamp(is.from))
	}
	if s := w.sales[e.Payment]; s != nil && !s.refunded.IsZero() && !l.at.Before(s.refunded) {
		say("although it was refunded on %s", stamp(s.refunded))
	}
	if s := w.sales[e.Payment]; s != nil {
		for _, dispute := range s.contested {
			if !l.at.Before(dispute.from) && l.at.Before(dispute.to) {
				say("in the middle of a dispute")
			}
		}
	}
	if since, ok := w.refused[l.to][e.Series.Topic()]; ok && !l.at.Before(since) {
		say("although she refused the topic on %s", stamp(since))
	}
	switch e.Series {
	case sequences.MiniProduct:
		for id, s := range w.sales {
			if id != e.Payment && s.user == e.User && s.product == e.Product && s.paid.After(e.Anchor) && !l.at.Before(s.known) && s.refunded.IsZero() {
				say("although she bought it again on %s", stamp(s.paid))
			}
		}
	case sequences.FreeBlueprint:
		if since := w.proven[l.to]; w.doubleOptIn && (since.IsZero() || l.at.Before(since)) {
			say("to an address that nobody has proven")
		}
		for _, s := range w.sales {
			if address(s.user) == l.to && s.paid.After(e.Anchor) && !l.at.Before(s.known) {
				say("although she bought on %s", stamp(s.paid))
			}
		}
	case sequences.WelcomeBack, sequences.WinBack:
		for _, seen := range w.visits[l.to] {
			if seen.After(e.Anchor) && !l.at.Before(seen) {
				say("although she came on %s", stamp(seen))
			}
		}
		if !slices.ContainsFunc(w.salesTo(l.to), func(s *sale) bool { return !s.known.After(l.at) && w.agreed(s) }) {
			say("although she agreed to no mail with any purchase")
		}
	}
}

func (w *world) salesTo(to string) (out []*sale) {
	for _, s := range w.sales {
		if address(s.user) == to {
			out = append(out, s)
		}
	}
	return out
}

// agreed reports whether a purchase allows to write about others.
func (w *world) agreed(s *sale) bool {
	return s.marketing == "yes" || s.marketing == "" && !w.optIn
}

// judgeCampaign: to members of its segment, in its time, once, and not to those
// who are held out to show the lift.
func (w *world) judgeCampaign(l letter) {
	i := slices.IndexFunc(w.sent, func(c campaigns.Campaign) bool { return c.Subject == l.subject || c.SubjectB == l.subject })
	if i < 0 {
		w.t.Errorf("nobody composed %q", l.subject)
		return
	}
	c, user := w.sent[i], core.UserID(strings.TrimSuffix(l.to, "@x.org"))
	switch part := c.PartOf(user); {
	case part == campaigns.PartNone:
		w.t.Errorf("%s was held out of %q", l.to, l.subject)
	case part == campaigns.PartB && l.subject != c.SubjectB, part == campaigns.PartA && l.subject != c.Subject:
		w.t.Errorf("%s got the wrong subject %q", l.to, l.subject)
	}
	if l.at.Before(c.SendAt.Add(-w.slack())) {
		w.t.Errorf("%q to %s at %s, before %s", l.subject, l.to, stamp(l.at), stamp(c.SendAt))
	}
	if since, ok := w.refused[l.to][c.Topic]; ok && !l.at.Before(since) {
		w.t.Errorf("%q to %s at %s, who refused the topic on %s", l.subject, l.to, stamp(l.at), stamp(since))
	}
	if !slices.ContainsFunc(w.salesTo(l.to), func(s *sale) bool { return segments.BuyersID(s.product) == c.Segment && !s.known.After(l.at) }) {
		w.t.Errorf("%q to %s, who never bought that", l.subject, l.to)
	}
}

// judgeRecovery: one letter about a checkout that was left, to who may be written
// to and has not bought since.
func (w *world) judgeRecovery(l letter) {
	left := w.left[l.to]
	if len(left) == 0 || l.at.Before(left[0].Add(3*time.Hour-w.slack())) || l.at.After(left[0].Add(2*time.Hour+6*oneDay)) {
		w.t.Errorf("%s got a letter at %s about a checkout of %v", l.to, stamp(l.at), left)
		return
	}
	if since, ok := w.refused[l.to][sequences.Offers]; ok && !l.at.Before(since) {
		w.t.Errorf("%s refused offers on %s, and got one about a checkout at %s", l.to, stamp(since), stamp(l.at))
	}
	for _, s := range w.salesTo(l.to) {
		if !s.paid.Before(left[0]) && !l.at.Before(s.known) {
			w.t.Errorf("%s got a letter at %s about a checkout, and bought on %s", l.to, stamp(l.at), stamp(s.paid))
		}
	}
	if n := len(slices.DeleteFunc(slices.Clone(w.posted), func(o letter) bool { return o.kind != l.kind || o.to != l.to || o.id == l.id })); n > 0 {
		w.t.Errorf("%s got %d letters about one checkout", l.to, n+1)
	}
}

// judgeHoldOut: of those who could have got a campaign, about the share that was
// asked for got nothing.
func (w *world) judgeHoldOut() {
	count := func(outcome string) (n int) {
		_, _ = fmt.Sscan(sqlitetest.Ask(w.t, w.path, `SELECT count(*) FROM campaign_recipients WHERE outcome = '`+outcome+`'`)[0], &n)
		return n
	}
	if out, all := count("held_out"), count("held_out")+count("queued"); all < 50 || out*20 < all || out*5 > 2*all {
		w.t.Errorf("%d of %d were held out, want about a fifth", out, all)
	}
}

// judgeBounces: a mailbox that does not exist is tried once, or once more where a
// crash came between the answer and the commit.
func (w *world) judgeBounces() {
	for to, tries := range w.tried {
		for i, l := range tries[1:] {
			if l.life == tries[i].life {
				w.t.Errorf("%s does not exist, and was tried at %s and %s", to, stamp(tries[i].at), stamp(l.at))
			}
		}
		if len(tries) > 3 {
			w.t.Errorf("%s does not exist, and was tried %d times", to, len(tries))
		}
	}
}

// judgeEnrolments: who bought and agreed is enrolled as of the purchase, nobody
// else is, and what ended a series ended it.
func (w *world) judgeEnrolments(b books) {
	byPayment := map[core.PaymentID]sequences.Enrolment{}
	seasons := map[string]bool{}
	for _, e := range b.all {
		to := reader(e)
		switch e.Series {
		case sequences.MiniProduct:
			byPayment[e.Payment] = e
			basis := map[string]sequences.Basis{"yes": sequences.OptIn, "": sequences.OwnProducts}
			if s := w.sales[e.Payment]; e.Basis != basis[s.marketing] || !e.Anchor.Equal(s.paid) || !e.Bought.Equal(s.paid) || e.Product != s.product || e.User != s.user {
				w.t.Errorf("%s is enrolled as %+v for a purchase of %s", to, e, stamp(s.paid))
			}
			if alumna := slices.ContainsFunc(b.of[to], func(o sequences.Enrolment) bool { return o.Series == sequences.Alumni && o.Payment == e.Payment }); e.Reason == sequences.Finished && !alumna {
				// One who is an alumna already stays it once.
				if !slices.ContainsFunc(b.of[to], func(o sequences.Enrolment) bool { return o.Series == sequences.Alumni }) {
					w.t.Errorf("%s went through the series of %s and became no alumna", to, e.Payment)
				}
			} else if alumna && e.Reason != sequences.Finished {
				w.t.Errorf("%s is an alumna of %s, which ended: %s", to, e.Payment, e.Reason)
			}
		case sequences.Alumni:
			if s := w.sales[e.Payment]; !e.Anchor.Equal(s.paid.Add(30 * oneDay)) {
				w.t.Errorf("%s is an alumna since %s, having bought on %s", to, stamp(e.Anchor), stamp(s.paid))
			}
		case sequences.FreeBlueprint:
			if !e.Anchor.Equal(w.captured[to]) {
				w.t.Errorf("%s is enrolled since %s, having left the address on %s", to, stamp(e.Anchor), stamp(w.captured[to]))
			}
		case sequences.Seasonal:
			key := fmt.Sprint(to, e.Product, e.Anchor.Year())
			if seasons[key] {
				w.t.Errorf("%s is in a season twice", key)
			}
			seasons[key] = true
		case sequences.WelcomeBack, sequences.WinBack:
			if !slices.ContainsFunc(w.visits[to], e.Anchor.Equal) {
				w.t.Errorf("%s was not seen at %s", to, stamp(e.Anchor))
			}
		}
		if s := w.sales[e.Payment]; s != nil && !s.refunded.IsZero() && e.Ended.IsZero() {
			w.t.Errorf("%s/%s lives on after a refund", to, e.Series)
		}
		if is := w.member[to]; e.User != "" && e.Ended.IsZero() && e.Series != sequences.WelcomeBack && !is.from.IsZero() && (is.to.IsZero() || is.to.After(e.Anchor)) {
			w.t.Errorf("%s/%s lives on after she joined", to, e.Series)
		}
		if since, off := w.off[to]; off && e.Ended.IsZero() && since.After(e.Anchor) {
			w.t.Errorf("%s/%s lives on although she is off the list", to, e.Series)
		}
	}
	for id, s := range w.sales {
		is := w.member[address(s.user)]
		free := is.from.IsZero() || is.from.After(s.known) // of any membership when she bought
		_, got := byPayment[id]
		switch {
		case got && !w.agreed(s):
			w.t.Errorf("%s is enrolled for %s, which said %q about mail", s.user, id, s.marketing)
		case got && is.from.Before(s.known) && !free && (is.to.IsZero() || is.to.After(s.known)):
			w.t.Errorf("%s is enrolled for %s, and was a member", s.user, id)
		case !got && w.agreed(s) && free:
			w.t.Errorf("%s bought %s and is not enrolled", s.user, id)
		}
	}
	w.judgeMissing(b)
	for to := range w.captured {
		if !slices.ContainsFunc(b.of[to], func(e sequences.Enrolment) bool { return e.Series == sequences.FreeBlueprint }) {
			w.t.Errorf("%s left the address and is not enrolled", to)
		}
	}
}

// judgeMissing: who was not seen for a month is missed, and a season comes to
// every alumna. That is judged where nothing got in the way.
func (w *world) judgeMissing(b books) {
	if !w.alwaysUp() {
		return
	}
	end := w.clock.Now()
	for to, visits := range w.visits {
		last := slices.MaxFunc(visits, time.Time.Compare)
		ago := end.Sub(last)
		_, off := w.off[to]
		sales := w.salesTo(to)
		recent := slices.ContainsFunc(sales, func(s *sale) bool { return end.Sub(s.paid) < 40*oneDay })
		agreed := slices.ContainsFunc(sales, func(s *sale) bool { return w.agreed(s) && s.refunded.IsZero() })
		if ago < 40*oneDay || ago > 85*oneDay || off || recent || !agreed {
			continue
		}
		if !slices.ContainsFunc(b.of[to], func(e sequences.Enrolment) bool { return e.Series == sequences.WelcomeBack && e.Anchor.Equal(last) }) {
			w.t.Errorf("%s was last seen on %s, and nobody misses her", to, stamp(last))
		}
	}
	for _, alumna := range b.all {
		if alumna.Series != sequences.Alumni {
			continue
		}
		for _, st := range w.lib.Series(sequences.Seasonal).Steps {
			begins, err := time.Parse("2006-01-02", fmt.Sprint(alumna.Anchor.Year())+"-"+st.Season)
			if err != nil {
				w.t.Fatal(err)
			}
			run := noon(begins).Add(oneDay)
			// Her last letter before may have been held back by others for three days.
			if !alumna.Anchor.Add(5*oneDay).Before(begins) || run.After(end) || !alumna.Ended.IsZero() && !alumna.Ended.After(run) {
				continue
			}
			if !slices.ContainsFunc(b.of[reader(alumna)], func(e sequences.Enrolment) bool {
				return e.Series == sequences.Seasonal && string(e.Product) == st.ID && e.Anchor.Equal(begins)
			}) {
				w.t.Errorf("%s is an alumna since %s and gets no letter of %s %s", reader(alumna), stamp(alumna.Anchor), st.ID, stamp(begins))
			}
		}
	}
	for _, left := range sqlitetest.Ask(w.t, w.path, `SELECT c.name || ' is ' || c.state || ', and ' || (SELECT count(*) FROM campaign_recipients r WHERE r.campaign_id = c.id AND r.outcome = 'waiting') || ' wait for it'
		FROM admin_email_campaigns c WHERE c.state <> 'sent' OR EXISTS (SELECT 1 FROM campaign_recipients r WHERE r.campaign_id = c.id AND r.outcome = 'waiting')`) {
		w.t.Error(left)
	}
}

// judgeSteps: nothing is forgotten. Of every step something became in its time,
// and what became of it has its reason in what happened.
func (w *world) judgeSteps(b books) {
	arrived := map[core.MailID]bool{}
	at := map[string][]time.Time{}
	for _, l := range w.posted {
		arrived[l.id] = true
		at[l.to] = append(at[l.to], l.at)
	}
	for id, e := range b.all {
		to := reader(e)
		for _, st := range w.lib.For(e.Series, e.Product).Steps {
			if e.Series == sequences.Seasonal && st.ID != string(e.Product) {
				continue
			}
			due, next, late := w.times(e, st.ID)
			h, handled := b.became[id][st.ID]
			say := func(format string, args ...any) {
				w.t.Helper()
				w.t.Errorf("%s/%s of %s, due %s: %s", e.Series, st.ID, to, stamp(due), fmt.Sprintf(format, args...))
			}
			switch {
			case !handled:
				if begunLate(e) && !e.Ended.IsZero() {
					break // when it began, all was over already
				}
				if over := late.Add(oneDay); over.Before(w.clock.Now()) && (e.Ended.IsZero() || e.Ended.After(over) && !w.withheld(e, to, late)) {
					if _, gone := within(w.down, over); !gone {
						say("nothing became of it, and the series ended %s at %s", e.Reason, stamp(e.Ended))
					}
				}
			case h.Outcome == "skipped":
				why := ""
				switch {
				case !next.IsZero() && !h.At.Before(next), h.At.After(late):
				case st.Condition == sequences.OfferRuns && !w.offered(e, h.At), st.Condition == sequences.CreditsLeft:
				default:
					why = "for nothing"
				}
				if why != "" {
					say("skipped at %s %s: %s", stamp(h.At), why, h.Reason)
				}
				if st.Condition == sequences.Always && !begunLate(e) && w.alwaysUp() && !w.withheld(e, to, h.At) && !near(at[to], due, h.At) {
					say("skipped at %s though nothing kept it back: %s", stamp(h.At), h.Reason)
				}
			case h.Outcome == "sent":
				m, promised := b.letters[id][st.ID]
				if !promised {
					say("sent at %s, and nobody promised a letter", stamp(h.At))
					break
				}
				if !arrived[m.Mail] && w.alwaysUp() && !w.excused(e, to) {
					say("sent at %s, and the letter never arrived: it is %s", stamp(h.At), m.State)
				}
				if m.State == mail.StateQueued || m.State == "sending" {
					say("sent at %s, and the letter is %s still", stamp(h.At), m.State)
				}
				// A crash or two may put a run off for some half hours.
				if first := noon(due); w.alwaysUp() && h.At.After(first.Add(6*time.Hour)) && !w.withheld(e, to, h.At) && !near(at[to], first, h.At) && !begunLate(e) {
					say("sent at %s only, and nothing kept it back", stamp(h.At))
				}
			}
		}
	}
}

// alwaysUp reports whether nothing but crashes ever came over this shop.
func (w *world) alwaysUp() bool {
	return len(w.down) == 0 && len(w.away) == 0 && len(w.paused) == 0 && !w.jumps
}

// begunLate reports whether an enrolment may begin when its first step is long
// due: whoever another series writes to is not missed meanwhile, and one becomes
// an alumna in the middle of a season's first days.
func begunLate(e sequences.Enrolment) bool {
	return e.Series == sequences.WelcomeBack || e.Series == sequences.WinBack || e.Series == sequences.Seasonal
}

// near reports whether another letter came so close before a time, or between it
// and what happened, that it may have held something back.
func near(letters []time.Time, from, to time.Time) bool {
	return slices.ContainsFunc(letters, func(at time.Time) bool { return at.After(from.Add(-20*time.Hour)) && at.Before(to) })
}

// withheld reports whether something outside of the series may have kept a letter
// back until t.
func (w *world) withheld(e sequences.Enrolment, to string, t time.Time) bool {
	if s := w.sales[e.Payment]; s != nil && len(s.contested) > 0 && s.contested[0].from.Before(t) {
		return true
	}
	_, refused := w.refused[to]
	_, off := w.off[to]
	return refused || off || w.closed[to].After(time.Time{}) || e.Lead != "" && w.doubleOptIn || len(w.paused) > 0
}

// excused reports whether a letter may have been taken back after it was promised.
func (w *world) excused(e sequences.Enrolment, to string) bool {
	return w.withheld(e, to, w.clock.Now()) || !e.Ended.IsZero() && e.Reason != sequences.Finished
}

func (w *world) offered(e sequences.Enrolment, at time.Time) bool {
	return slices.ContainsFunc(w.salesTo(reader(e)), func(s *sale) bool { return !s.known.After(at) && s.paid.AddDate(0, 0, 33).After(at) })
}

// judgeOrder: whenever a letter of an older purchase was promised, no newer
// purchase of the same person had one that was due.
func (w *world) judgeOrder(b books) {
	for _, m := range b.mails {
		if m.Enrolment.Series == sequences.WelcomeBack {
			continue // a run of its own
		}
		to := reader(b.all[m.Enrolment.ID])
		for _, e := range b.of[to] {
			if !e.Bought.After(m.Enrolment.Bought) || e.Series != sequences.MiniProduct || !w.sales[e.Payment].known.Add(w.slack()).Before(m.Promised) || w.withheld(e, to, m.Promised) {
				continue
			}
			if !e.Ended.IsZero() && !e.Ended.After(m.Promised) {
				continue
			}
			for _, st := range w.lib.For(e.Series, e.Product).Steps {
				due, next, late := w.times(e, st.ID)
				h, handled := b.became[e.ID][st.ID]
				over := !next.IsZero() && !next.After(m.Promised) || m.Promised.After(late)
				if !due.After(m.Promised) && !over && (!handled || h.At.After(m.Promised)) {
					w.t.Errorf("%s/%s to %s went at %s, before %s of the newer purchase %s", m.Enrolment.Series, m.Step, to, stamp(m.Promised), st.ID, e.Product)
				}
			}
		}
	}
}
