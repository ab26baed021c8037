package sequences_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sselfie/core/sequences"
	static "sselfie/static/sequences"
)

func library(t testing.TB) *sequences.Library {
	t.Helper()
	files, err := static.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	lib, bad := sequences.NewLibrary(files)
	if len(bad) > 0 {
		t.Fatal(strings.Join(bad, "\n"))
	}
	return lib
}

// bought is when the customer of the tests bought: an evening, so that days and
// runs are told apart.
var bought = time.Date(2026, 3, 1, 18, 30, 0, 0, time.UTC)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 3, 1+day, hour, minute, 0, 0, time.UTC)
}

func TestDue(t *testing.T) {
	type enrol = sequences.Enrolment
	type facts = sequences.Facts
	done := func(ids ...string) enrol {
		e := enrol{Series: sequences.MiniProduct, Product: "bio_glowup", Anchor: bought, Bought: bought, Done: map[string]bool{}}
		for _, id := range ids {
			e.Done[id] = true
		}
		return e
	}
	offer := facts{OfferRunning: true}
	for name, c := range map[string]struct {
		e       enrol
		f       facts
		now     time.Time
		outcome sequences.Outcome
		step    string
		why     string
	}{
		"an address that is not proven yet":   {done(), facts{Unproven: true, OfferRunning: true}, at(4, 12, 0), sequences.IsSuppressed, "day-3", "the link that proves this address"},
		"before day 3":                        {done(), offer, at(3, 12, 0), sequences.IsNotYet, "day-3", "day 3 is on 4 March 2026 18:30"},
		"the first run at or after":           {done(), offer, at(4, 12, 0), sequences.IsDue, "day-3", "day 3 since"},
		"a run that comes later the same day": {done(), offer, at(3, 18, 30), sequences.IsDue, "day-3", ""},
		"three days late is late enough":      {done(), offer, at(7, 12, 0), sequences.IsDue, "day-3", ""},
		"more than three days late":           {done(), offer, at(7, 12, 1), sequences.IsStale, "day-3", "more than 3 days ago"},
		"the next step is due":                {done(), offer, at(8, 12, 0), sequences.IsStale, "day-3", "its next step, day-7, is due already"},
		"day 7 after day 3":                   {done("day-3"), offer, at(8, 12, 0), sequences.IsDue, "day-7", ""},
		"day 3 sent and its delay edited":     {done("day-3"), offer, at(4, 12, 0), sequences.IsNotYet, "day-7", ""},
		"a mail 19 hours ago":                 {done(), facts{LastMarketing: at(3, 17, 0)}, at(4, 12, 0), sequences.IsCapped, "day-3", "less than 20 hours ago"},
		"a mail 20 hours ago":                 {done(), facts{LastMarketing: at(3, 16, 0)}, at(4, 12, 0), sequences.IsDue, "day-3", ""},
		"a mail that waits in the outbox":     {done(), facts{Pending: true}, at(4, 12, 0), sequences.IsCapped, "day-3", "waits in the outbox"},
		"capped until it is stale":            {done(), facts{Pending: true}, at(7, 12, 1), sequences.IsStale, "day-3", ""},
		"an offer that has ended":             {done("day-3", "day-7"), facts{}, at(15, 12, 0), sequences.IsStale, "day-14", "none runs"},
		"an offer that runs":                  {done("day-3", "day-7"), offer, at(15, 12, 0), sequences.IsDue, "day-14", ""},
		"joined":                              {done(), facts{Member: true}, at(4, 12, 0), sequences.IsEnded, "", sequences.Converted},
		"unsubscribed":                        {done(), facts{Unsubscribed: true}, at(4, 12, 0), sequences.IsEnded, "", sequences.Unsubscribed},
		"refunded":                            {done(), facts{Refunded: true}, at(4, 12, 0), sequences.IsEnded, "", sequences.Refunded},
		"bounced":                             {done(), facts{HardBounce: true}, at(4, 12, 0), sequences.IsEnded, "", sequences.HardBounce},
		"complained":                          {done(), facts{Complained: true}, at(4, 12, 0), sequences.IsEnded, "", sequences.Complained},
		"deleted":                             {done(), facts{Gone: true}, at(4, 12, 0), sequences.IsEnded, "", sequences.Gone},
		"a dispute is open":                   {done(), facts{Contested: true}, at(4, 12, 0), sequences.IsSuppressed, "day-3", "dispute"},
		"wants no offers":                     {done(), facts{Refused: true}, at(4, 12, 0), sequences.IsSuppressed, "day-3", "topic"},
		"marketing is paused":                 {done(), facts{Paused: "too many bounces"}, at(4, 12, 0), sequences.IsSuppressed, "day-3", "too many bounces"},
		"all was sent":                        {done("day-3", "day-7", "day-14", "day-30"), offer, at(31, 12, 0), sequences.IsEnded, "", sequences.Finished},
		"35 days away":                        {done(), offer, at(40, 12, 0), sequences.IsStale, "day-3", ""},
		"a clock before the purchase":         {done(), offer, at(-4, 12, 0), sequences.IsNotYet, "day-3", ""},
		"a member away is still welcomed back": {
			enrol{Series: sequences.WelcomeBack, Anchor: bought}, facts{Member: true, Seen: bought, CreditsBalance: 3}, at(31, 12, 30), sequences.IsDue, "day-30", "",
		},
		"who came back": {
			enrol{Series: sequences.WelcomeBack, Anchor: bought}, facts{Seen: at(9, 0, 0), CreditsBalance: 3}, at(31, 12, 30), sequences.IsEnded, "", sequences.CameBack,
		},
		"a lead who bought": {
			enrol{Series: sequences.FreeBlueprint, Anchor: bought}, facts{BoughtSince: true}, at(3, 12, 0), sequences.IsEnded, "", sequences.Converted,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := sequences.Due(library(t).For(c.e.Series, c.e.Product), c.e, c.f, c.now)
			if got.Outcome != c.outcome || got.Step != c.step || !strings.Contains(got.Reason, c.why) {
				t.Errorf("%+v, want %s of %q because %q", got, c.outcome, c.step, c.why)
			}
			waits := got.Outcome == sequences.IsNotYet || got.Outcome == sequences.IsCapped || got.Outcome == sequences.IsSuppressed
			if waits != got.Next.After(c.now) {
				t.Errorf("looked at again at %v", got.Next)
			}
		})
	}
}

func TestTheNewestPurchaseGoesFirst(t *testing.T) {
	older := sequences.Candidate{Enrolment: sequences.Enrolment{ID: "enr_a", Series: sequences.MiniProduct, Anchor: at(-4, 10, 0), Bought: at(-4, 10, 0)}}
	newer := sequences.Candidate{Enrolment: sequences.Enrolment{ID: "enr_b", Series: sequences.MiniProduct, Anchor: at(0, 10, 0), Bought: at(0, 10, 0)}}
	lib := library(t)
	got := sequences.Decide(lib.Series, []sequences.Candidate{older, newer}, at(3, 12, 0))
	if len(got) != 2 || got[0].Candidate.Enrolment.ID != "enr_b" || got[0].Decision.Outcome != sequences.IsDue || got[1].Decision.Outcome != sequences.IsCapped {
		t.Errorf("decided %+v", got)
	}
	if len(got[1].Skipped) != 1 || got[1].Skipped[0].Step != "day-3" {
		t.Errorf("the older one skipped %+v", got[1].Skipped)
	}
}

func TestNextRunIsANoonAfterNow(t *testing.T) {
	for now, want := range map[time.Time]time.Time{
		at(0, 11, 59): at(0, 12, 0), at(0, 12, 0): at(1, 12, 0), at(0, 23, 0): at(1, 12, 0),
		time.Date(2024, 2, 28, 13, 0, 0, 0, time.UTC): time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
	} {
		if got := sequences.NextRun(now); !got.Equal(want) {
			t.Errorf("after %v comes %v, want %v", now, got, want)
		}
	}
}

// The subjects of product.md, and the rules of the voice.
func TestLettersThatShip(t *testing.T) {
	subjects := map[string]string{
		"day-3":  "How did your {product} turn out? 🎨",
		"day-7":  "Never run out of content again 🚀",
		"day-14": "Your exclusive Studio discount expires soon ⏰",
		"day-30": "What {studio_credits} Studio credits a month can make 📈",
	}
	lib := library(t)
	for _, st := range lib.Series(sequences.MiniProduct).Steps {
		if subjects[st.ID] != st.Subject {
			t.Errorf("%s: the subject is %q", st.ID, st.Subject)
		}
		delete(subjects, st.ID)
	}
	if len(subjects) > 0 {
		t.Errorf("missing: %v", subjects)
	}
	for _, n := range sequences.Names() {
		for _, st := range lib.Series(n).Steps {
			if words := len(strings.Fields(st.Text)); words > 180 || words < 40 {
				t.Errorf("%s/%s has %d words", n, st.ID, words)
			}
			for _, cliche := range []string{"unlock", "supercharge", "transform your", "!", "testimonial", "customers love"} {
				if strings.Contains(strings.ToLower(st.Text), cliche) {
					t.Errorf("%s/%s says %q", n, st.ID, cliche)
				}
			}
			if sequences.Fill(st.Text, nil) == "" {
				t.Errorf("%s/%s says nothing to somebody of whom nothing is known", n, st.ID)
			}
		}
	}
}

func TestAStepThatDoesNotRead(t *testing.T) {
	good := "---\nid: day-3\nday: 3\nsubject: S\naction: A\npath: /studio\n---\nText"
	if _, bad := sequences.ParseStep("day-3", good); len(bad) > 0 {
		t.Fatal(bad)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"no front matter":        {"---\nid", "id", "begins with ---"},
		"no end":                 {"/studio\n---", "/studio", "does not end"},
		"a day of fantasy":       {"day: 3", "day: soon", "line 3: the day"},
		"no day":                 {"day: 3\n", "", "the day is missing"},
		"another id":             {"id: day-3", "id: day-4", "line 2"},
		"an unknown name":        {"subject: S", "subject: S\nfont: big", `nobody knows "font"`},
		"no subject":             {"subject: S\n", "", "the subject is missing"},
		"a path that leads away": {"/studio", "//evil.example", "no path on this site"},
		"a path with a scheme":   {"/studio", "https://evil.example", "no path"},
		"a template action":      {"Text", "{{.User.Password}}", "single braces"},
		"a field nobody fills":   {"Text", "Dear {name}", "{name}, which nobody fills"},
		"half a brace":           {"Text", "Text {product", "without its pair"},
		"a link that leaves":     {"Text", "[here](https://evil.example)", "a page of this site"},
		"a link in the subject":  {"subject: S", "subject: [S](/x)", "holds a link"},
		"HTML":                   {"Text", "<b>Text</b>", "HTML"},
		"an unknown condition":   {"action: A", "action: A\ncondition: full_moon", "full_moon"},
		"an empty letter":        {"Text", "", "the text is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, bad := sequences.ParseStep("day-3", strings.Replace(good, c.from, c.to, 1))
			if !strings.Contains(strings.Join(bad, "\n"), c.want) {
				t.Errorf("%q, want %q", bad, c.want)
			}
		})
	}
}

func TestAFigureThatIsNotKnownLeavesItsParagraphOut(t *testing.T) {
	text := "You have {credits_left} credits.\n\n# Two ways\n\n- **{pack_price}** once\n- {studio_price} a month"
	got := sequences.Fill(text, map[string]string{"studio_price": "$97"})
	if want := "## Two ways\n\n- $97 a month"; got != want {
		t.Errorf("%q", got)
	}
}

func FuzzParseStep(f *testing.F) {
	f.Add("---\nid: day-3\nday: 3\nsubject: S\naction: A\npath: /studio\n---\nText {product}")
	f.Add("---\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		st, bad := sequences.ParseStep("day-3", text)
		if len(bad) == 0 && (st.Subject == "" || st.Text == "" || st.Day < 0 || !strings.HasPrefix(st.Path, "/") || strings.HasPrefix(st.Path, "//")) {
			t.Errorf("accepted %+v", st)
		}
		_ = fmt.Sprint(sequences.Fill(text, map[string]string{"product": "x"}))
	})
}
