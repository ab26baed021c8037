package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"sselfie/core"
	"sselfie/core/flags"
	"sselfie/core/onboarding"
)

// send posts a form with a session.
func (s *shop) send(path, cookie string, v url.Values) answer {
	s.t.Helper()
	return s.do(ask{method: "POST", path: path, body: v.Encode(), kind: "application/x-www-form-urlencoded", cookie: cookie})
}

// follow sends a form and opens the page that it leads to.
func (s *shop) follow(path, cookie string, v url.Values) answer {
	s.t.Helper()
	a := s.send(path, cookie, v)
	for range 3 {
		if a.status != http.StatusSeeOther {
			return a
		}
		a = s.do(ask{path: a.header.Get("Location"), cookie: cookie})
	}
	return a
}

func answerForm(phase, step, choice, own string) url.Values {
	return url.Values{"phase": {phase}, "step": {step}, "choice": {choice}, "own": {own}, "next": {"/studio?tab=blueprint"}}
}

// page is what a page must be told.
func (a answer) holds(t *testing.T, what string, has ...string) {
	t.Helper()
	for _, w := range has {
		if !strings.Contains(a.body, w) {
			t.Fatalf("%s: %d, the page lacks %s: %.900s", what, a.status, w, a.body)
		}
	}
}

func TestTheWizardWithoutScripts(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	look := func(path string) answer { return s.do(ask{path: path, cookie: ada}) }
	look("/studio").holds(t, "the studio opens with the first question", "view.Wizard", `"Question":"What should we call you?"`, `"Number":1`, `"Back":""`, `"Next":"/studio"`)
	look("/studio?tab=blueprint&purchase=success").holds(t, "the tab is kept, the greeting not", `"Next":"/studio?tab=blueprint"`)

	a := s.follow("/welcome", ada, answerForm("base", "1", "", "  "))
	if a.status != 400 {
		t.Errorf("an empty answer: %d", a.status)
	}
	a.holds(t, "an empty answer", `"Error":"This answer is missing."`, `"Number":1`)
	a = s.follow("/welcome", ada, answerForm("base", "1", "", strings.Repeat("x", 501)))
	a.holds(t, "a long answer keeps what was typed", `"Error":"An answer has at most 500`, "xxxxxxx")

	s.follow("/welcome", ada, answerForm("base", "1", "", "Ada")).holds(t, "on to the second", `"Number":2`, `"Field":"businessType"`, `"Back":"/welcome?step=1`)
	look("/studio").holds(t, "a reload resumes", `"Number":2`)
	look("/welcome?step=1").holds(t, "back", `"Number":1`, `"Text":"Ada"`, `"Forward":"/welcome?step=2`)
	look("/welcome?step=8").holds(t, "nobody jumps ahead", `"Number":2`)
	look("/welcome?step=x").holds(t, "nor elsewhere", `"Number":2`)
	s.follow("/welcome", ada, answerForm("base", "1", "", "Grace")).holds(t, "a changed answer goes on", `"Number":2`)
	s.follow("/welcome", ada, answerForm("base", "2", "", "Coach")).holds(t, "to the prints", `"Number":3`, `"Choices":[{"Value":"dark-moody"`)
	s.follow("/welcome", ada, answerForm("base", "3", "", "")).holds(t, "nothing chosen", `"Error":"This answer is missing."`)
	s.follow("/welcome", ada, answerForm("base", "3", "own", "")).holds(t, "own words without words", `"Error":`, `"Own":true`)
	s.follow("/welcome", ada, answerForm("base", "3", "own", "Candlelight")).holds(t, "own words", `"Number":4`)
	look("/welcome?step=3").holds(t, "own words are kept", `"Text":"Candlelight"`, `"Own":true`)
	s.follow("/welcome", ada, answerForm("base", "3", "dark-moody", "Candlelight")).holds(t, "a print chosen instead", `"Number":4`)
	look("/welcome?step=3").holds(t, "the print is kept", `{"Value":"dark-moody","Label":"Dark and moody","On":true}`, `"Own":false`)
	s.follow("/welcome", ada, answerForm("base", "4", "minimal", "")).holds(t, "aesthetic", `"Number":5`)
	s.follow("/welcome", ada, answerForm("base", "5", "growing", "")).holds(t, "the extension follows", `"Number":6`, `"Phase":"blueprint_extension"`, `"Step":1`)
	look("/welcome?step=2").holds(t, "back over the border", `"Phase":"base"`, `"Step":2`, `"Text":"Coach"`)
	s.follow("/welcome", ada, answerForm("studio_extension", "1", "", "I left")).holds(t, "a question of another tier asks her own again", `"Number":6`)
	s.follow("/welcome", ada, answerForm("nope", "99", "", "x")).holds(t, "nonsense as well", `"Number":6`)
	s.follow("/welcome", ada, answerForm("blueprint_extension", "1", "", "Grace")).holds(t, "7", `"Number":7`)
	s.follow("/welcome", ada, answerForm("blueprint_extension", "2", "", "Time")).holds(t, "8", `"Number":8`)
	s.follow("/welcome", ada, answerForm("blueprint_extension", "3", "mixed", "")).holds(t, "the welcome", "view.Welcome", `"Kind":"free"`, `"Name":"Grace"`, `"Theme":"dark-moody"`, `"Next":"/studio?tab=blueprint"`)
	look("/studio").holds(t, "a reload shows it again until it is left", "view.Welcome")
	s.follow("/welcome/done", ada, url.Values{"next": {"/studio?tab=blueprint"}}).holds(t, "the studio", "view.Studio", `"Tab":"blueprint"`)
	s.follow("/welcome/done", ada, url.Values{}).holds(t, "again is fine", "view.Studio")
	s.follow("/welcome", ada, answerForm("base", "1", "", "Eve")).holds(t, "an answer after the end changes nothing", "view.Studio")

	s.buy("brand_blueprint_paid", "ada@example.com", ada)
	look("/studio?tab=blueprint&purchase=success").holds(t, "the paid welcome", "view.Welcome", `"Kind":"paid"`, `"Balance":62`, `"Title":"Brand Blueprint is yours"`)
	look("/studio?tab=blueprint&purchase=success").holds(t, "is shown once", "view.Studio", `"Purchased":"brand_blueprint_paid"`)

	s.member("ada@example.com")
	look("/studio").holds(t, "who joins is asked seven questions", "view.Wizard", `"Number":1`, `"Phase":"studio_extension"`, `"Member":true`)
	if n := strings.Count(look("/studio").body, `"Done":`); n != 7 {
		t.Errorf("%d frames", n)
	}
	for i, own := range []string{"I left", "A book", "Makers", "Plain", "Launch", "Craft\r\n\r\n Money \r\n", "Aesop"} {
		a = s.follow("/welcome", ada, answerForm("studio_extension", string(rune('1'+i)), "", own))
	}
	a.holds(t, "the welcome to Studio", "view.Welcome", `"Kind":"studio"`)
	st, err := s.opts.Customer.Onboarding.Look(context.Background(), s.user("ada@example.com").ID)
	if err != nil || strings.Join(st.Answers["contentPillars"].([]string), "|") != "Craft|Money" {
		t.Errorf("%v %v", st.Answers, err)
	}
	look("/studio").holds(t, "and then the studio", "view.Studio")
}

// answerAll walks through the questions of a free customer.
func (s *shop) answerAll(cookie, next string) (last answer) {
	s.t.Helper()
	for i, a := range [][3]string{
		{"base", "", "Grace"},
		{"base", "", "Coach"},
		{"base", "dark-moody", ""},
		{"base", "minimal", ""},
		{"base", "growing", ""},
		{"blueprint_extension", "", "Ada"},
		{"blueprint_extension", "", "Time"},
		{"blueprint_extension", "mixed", ""},
	} {
		n := i + 1
		if i >= 5 {
			n = i - 4
		}
		v := answerForm(a[0], strconv.Itoa(n), a[1], a[2])
		v.Set("next", next)
		last = s.follow("/welcome", cookie, v)
	}
	return last
}

// Without the welcome the flow ends with photographs, so that is where it leads.
func TestWithoutTheWelcomePhotographsAreNext(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	if _, err := s.opts.Customer.Flags.Set(context.Background(), flags.BlueprintWelcome, flags.Off, 0, "usr_creator", ""); err != nil {
		t.Fatal(err)
	}
	s.answerAll(ada, "/studio").holds(t, "the photographs", "view.Studio", `"Tab":"photos"`)
	s.do(ask{path: "/welcome", cookie: ada}).follow(t, s, ada).holds(t, "a look back leads there, too", "view.Studio", `"Tab":"photos"`)
	s.do(ask{path: "/studio?tab=feed", cookie: ada}).holds(t, "nobody is kept there", "view.Studio", `"Tab":"feed"`)
}

// The welcome leads to the blueprint, unless something was bought whose place is
// elsewhere: that is what the studio then shows first. Credits have no place.
func TestWhereTheWelcomeLeads(t *testing.T) {
	for name, c := range map[string]struct {
		bought core.ProductID
		wish   string
		has    []string
		owned  string
	}{
		"nothing was bought":          {"", "/studio", []string{`"Next":"/studio?tab=blueprint"`, `"Plan":true`}, `"Owned":null`},
		"a photoshoot":                {"one_time_session", "/studio", []string{`"Next":"/studio"`, `"Plan":false`}, `"Owned":["one_time_session"]`},
		"the blueprint":               {"brand_blueprint_paid", "/studio", []string{`"Next":"/studio?tab=blueprint"`, `"Plan":true`}, `"Owned":["brand_blueprint_paid"]`},
		"credits":                     {"credits_100", "/studio", []string{`"Next":"/studio?tab=blueprint"`, `"Plan":true`}, `"Owned":[]`},
		"she was on her way to a tab": {"", "/studio?tab=feed", []string{`"Next":"/studio?tab=feed"`, `"Plan":false`}, `"Owned":null`},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			ada := s.signUp("ada@example.com")
			if c.bought != "" {
				s.buy(c.bought, "ada@example.com", ada)
			}
			s.answerAll(ada, c.wish).holds(t, "the welcome", append(c.has, "view.Welcome")...)
			s.follow("/welcome/done", ada, url.Values{}).holds(t, "the studio", "view.Studio", c.owned)
		})
	}
}

// follow opens the page that an answer leads to.
func (a answer) follow(t *testing.T, s *shop, cookie string) answer {
	t.Helper()
	if a.status != http.StatusSeeOther {
		t.Fatalf("%d, want a way on", a.status)
	}
	return s.do(ask{path: a.header.Get("Location"), cookie: cookie})
}

// What was said stands in the blueprint, and can be said otherwise.
func TestAnswersAreKeptAndChanged(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	look := func(path string) answer { return s.do(ask{path: path, cookie: ada}) }
	if a := look("/welcome?change=dreamClient"); a.status != http.StatusSeeOther {
		t.Errorf("what was never asked cannot be changed: %d", a.status)
	}
	s.answerAll(ada, "/studio")
	s.follow("/welcome/done", ada, url.Values{})
	look("/studio?tab=blueprint").holds(t, "the answers", "view.Studio", `"Name":"Grace","Balance"`, `{"Question":"Which light feels like you?","Text":"Dark and moody","Change":"/welcome?change=colorTheme`)
	look("/welcome?change=dreamClient&next=/studio?tab=blueprint").holds(t, "one question alone", "view.Wizard", `"Changing":true`, `"Text":"Ada"`, `"Frames":null`)
	change := func(field, choice, own string) answer {
		return s.follow("/welcome", ada, url.Values{"change": {field}, "choice": {choice}, "own": {own}, "next": {"/studio?tab=blueprint"}})
	}
	change("dreamClient", "", "Mia").holds(t, "back in the blueprint", "view.Studio", `"Text":"Mia"`)
	change("colorTheme", "soft-pinks", "").holds(t, "a print", "view.Studio", `"Text":"Soft pinks"`)
	if a := change("dreamClient", "", " "); a.status != http.StatusBadRequest || !strings.Contains(a.body, `"Changing":true`) {
		t.Errorf("an empty answer: %d %.300s", a.status, a.body)
	}
	change("futureVision", "", "x").holds(t, "another tier's question changes nothing", "view.Studio", `"Text":"Mia"`)
	change("nonsense", "", "x").holds(t, "nor does nonsense", "view.Studio")
}

func TestTheWizardIsSkippedForGood(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	s.follow("/welcome/skip", ada, url.Values{"next": {"https://evil.example/"}}).holds(t, "to the studio, wherever the form says", "view.Studio")
	s.do(ask{path: "/studio?tab=blueprint", cookie: ada}).holds(t, "what was skipped can be answered", `{"Question":"What do you do?","Text":"","Change":"/welcome?change=businessType`)
	s.do(ask{path: "/welcome?change=struggle", cookie: ada}).holds(t, "one by one", "view.Wizard", `"Changing":true`)
	s.follow("/welcome", ada, url.Values{"change": {"struggle"}, "own": {"Time"}, "next": {"/studio?tab=blueprint"}}).holds(t, "and is kept", "view.Studio", `"Text":"Time"`)
	for range 2 {
		if a := s.do(ask{path: "/studio", cookie: ada}); !strings.Contains(a.body, "view.Studio") {
			t.Errorf("asked again: %.200s", a.body)
		}
	}
	if a := s.do(ask{path: "/welcome?next=//evil.example", cookie: ada}); a.header.Get("Location") != "/studio" {
		t.Errorf("led to %q", a.header.Get("Location"))
	}
}

// The answers of one customer are nobody else's.
func TestAnswersAreOnesOwn(t *testing.T) {
	s := open(t)
	ada, eve := s.signUp("ada@example.com"), s.signUp("eve@example.com")
	s.follow("/welcome", ada, answerForm("base", "1", "", "Lovelace"))
	for _, path := range []string{"/welcome", "/welcome?step=1", "/api/onboarding/welcome-flow", "/api/blueprint/state"} {
		if a := s.do(ask{path: path, cookie: eve}); strings.Contains(a.body, "Lovelace") {
			t.Errorf("%s shows another's answer", path)
		}
	}
}

// A page that cannot be built must not keep anybody out.
func TestABrokenWizardOpensTheStudio(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	s.opts.Customer.Onboarding.Read = brokenReader{}
	for _, path := range []string{"/studio", "/studio?tab=photos"} {
		s.do(ask{path: path, cookie: ada}).holds(t, path, "view.Studio")
	}
	if a := s.do(ask{path: "/welcome", cookie: ada}); a.status != 303 || a.header.Get("Location") != "/studio" {
		t.Errorf("/welcome: %d %s", a.status, a.header.Get("Location"))
	}
	s.opts.Customer.Onboarding.Read = s.db
	if f, err := s.opts.Customer.Onboarding.Look(context.Background(), s.user("ada@example.com").ID); err != nil || f.Phase != onboarding.Base {
		t.Errorf("%v %v", f.Phase, err)
	}
}

// What is typed stays text, on the page that ships.
func TestHostileAnswersStayText(t *testing.T) {
	s := drawn(t)
	ada := s.signUp("ada@example.com")
	for _, evil := range []string{`"><script>alert(1)</script>`, `</textarea><img src=x onerror=alert(1)>`, `{{.}}`, `javascript:alert(1)`} {
		s.follow("/welcome", ada, answerForm("base", "1", "", evil))
		a := s.do(ask{path: "/welcome?step=1&next=" + url.QueryEscape(evil), cookie: ada})
		if a.status != 200 || strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
			t.Errorf("%s: %d", evil, a.status)
		}
	}
}
