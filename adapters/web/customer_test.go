package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/blueprint"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
	"sselfie/core/flags"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/onboarding"
)

// tiers reads a customer's tier from the rows, as billing does.
type tiers struct{ s *shop }

func (r tiers) TierOf(ctx context.Context, user core.UserID) (entitlements.Tier, error) {
	rows, err := r.s.db.RowsOf(ctx, user)
	return billing.RightAt(rows, r.s.opts.Grace, r.s.clock).Tier, err
}

// customer is the core behind the customer's own pages.
func (s *shop) customer(ids locksmith.IDs, signer locksmith.Signer, post mail.Post) *web.Customer {
	db := s.db
	fs := &flags.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) flags.Tx { return tx }), Read: db, Clock: s.clock, IDs: ids,
		Defaults: map[flags.Key]bool{flags.BlueprintWelcome: true, flags.EntitlementWelcomeFlow: true}, Outcomes: db, Post: post,
	}
	s.leads = &leads.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) leads.Tx { return tx }), Clock: s.clock, Wall: s.wall, IDs: ids,
		Fold: locksmith.NewFold(), Post: post, Signer: signer,
	}
	return &web.Customer{
		Onboarding: &onboarding.Service{
			Store: sqlite.Bind(db, func(tx *sqlite.Tx) onboarding.Tx { return tx }), Read: db, Tiers: tiers{s}, Flags: fs, Clock: s.clock,
		},
		Flags:     fs,
		Blueprint: &blueprint.Service{Store: sqlite.Bind(db, func(tx *sqlite.Tx) blueprint.Tx { return tx }), Read: db, Tiers: tiers{s}, Clock: s.clock},
		Training:  db,
		Privacy: &accounts.Privacy{
			People: s.people, Store: sqlite.Bind(db, func(tx *sqlite.Tx) accounts.PrivacyTx { return tx }), Read: db,
		},
		Followed: s.leads,
	}
}

// member gives an account Studio without Stripe.
func (s *shop) member(email string) {
	s.t.Helper()
	u := s.user(email)
	if err := s.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveRow(ctx, billing.Row{
			ID: core.SubscriptionID("row_" + string(u.ID)), User: u.ID, Type: "sselfie_studio_membership", Status: "active", Live: true,
			StripeID: "sub_" + string(u.ID), PeriodEnd: s.clock.Now().AddDate(0, 1, 0), CreatedAt: s.clock.Now(),
		})
	}); err != nil {
		s.t.Fatal(err)
	}
}

const (
	baseAnswers   = `{"name":"Ada","businessType":"Coach","colorTheme":"dark-moody","visualAesthetic":"minimal","currentSituation":"growing"}`
	blueAnswers   = `{"dreamClient":"Grace","struggle":"Time","feedStyle":"light"}`
	studioAnswers = `{"transformationStory":"I left","futureVision":"A book","idealAudience":"Makers","communicationVoice":"Plain","photoGoals":"Launch","contentPillars":["Craft","Money"],"brandInspiration":"Aesop"}`
)

// step is one call of a walk and what its answer must be.
type step struct {
	do     string // "GET welcome-flow", "POST answers" ... below /api/onboarding/
	body   string
	status int
	has    []string
}

func (s *shop) walk(t *testing.T, cookie string, steps []step) {
	t.Helper()
	for i, st := range steps {
		method, path, _ := strings.Cut(st.do, " ")
		if method == "buy" {
			s.buy(core.ProductID(path), "ada@example.com", cookie)
			continue
		}
		if method == "join" {
			s.member("ada@example.com")
			continue
		}
		if st.status == 0 {
			st.status = 200
		}
		a := s.do(ask{method: method, path: "/api/onboarding/" + path, body: st.body, cookie: cookie})
		if a.status != st.status {
			t.Fatalf("%d. %s %s: %d, want %d: %.400s", i+1, st.do, st.body, a.status, st.status, a.body)
		}
		for _, w := range st.has {
			if !strings.Contains(a.body, w) {
				t.Errorf("%d. %s: the body lacks %s: %s", i+1, st.do, w, a.body)
			}
		}
	}
}

func TestTheWizardByItsCalls(t *testing.T) {
	at := func(phase string, step, total int) string {
		return fmt.Sprintf(`"wizard":{"phase":%q,"step":%d,"totalSteps":%d,`, phase, step, total)
	}
	const first = `"type":"blueprint_welcome","reason":"first_visit_no_blueprint"`
	for name, steps := range map[string][]step{
		"a new customer is asked the first question": {
			{do: "GET welcome-flow", has: []string{first, at("base", 1, 5), `"answers":{}`}},
		},
		"a reload resumes after the last answer": {
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"Ada"}}`, has: []string{at("base", 2, 5), `"answers":{"name":"Ada"}`}},
			{do: "GET welcome-flow", has: []string{at("base", 2, 5), `"name":"Ada"`}},
		},
		"free: base, three questions, welcome, done": {
			{do: "POST base-complete", body: baseAnswers, has: []string{at("blueprint_extension", 1, 3)}},
			{do: "POST blueprint-extension-complete", body: blueAnswers, has: []string{at("welcome", 0, 0), `"dreamClient":"Grace"`, first}},
			{do: "POST complete", body: `{"type":"blueprint_welcome"}`, status: 204},
			{do: "GET welcome-flow", has: []string{`"type":"none","reason":"onboarding_completed"`, at("done", 0, 0)}},
			{do: "POST complete", body: `{"type":"blueprint_welcome"}`, status: 204},
		},
		"studio: base, seven questions, done": {
			{do: "join"},
			{do: "POST base-complete", body: baseAnswers, has: []string{at("studio_extension", 1, 7)}},
			{do: "POST studio-extension-complete", body: studioAnswers, has: []string{`"type":"none"`, at("done", 0, 0), `"contentPillars":["Craft","Money"]`}},
		},
		"who joins Studio later is offered its questions once": {
			{do: "POST base-complete", body: baseAnswers},
			{do: "POST blueprint-extension-complete", body: blueAnswers},
			{do: "POST complete", body: `{"type":"blueprint_welcome"}`, status: 204},
			{do: "join"},
			{do: "GET welcome-flow", has: []string{`"type":"none"`, at("studio_extension", 1, 7)}},
			{do: "POST dismiss", status: 204},
			{do: "GET welcome-flow", has: []string{`"type":"none"`, at("done", 0, 0)}},
		},
		"who buys the blueprint later is welcomed once more": {
			{do: "POST base-complete", body: baseAnswers},
			{do: "POST blueprint-extension-complete", body: blueAnswers},
			{do: "POST complete", body: `{"type":"blueprint_welcome"}`, status: 204},
			{do: "buy brand_blueprint_paid"},
			{do: "GET welcome-flow", has: []string{`"type":"none"`, at("welcome", 0, 0)}},
			{do: "POST complete", body: `{"type":"blueprint_welcome"}`, status: 204},
			{do: "GET welcome-flow", has: []string{at("done", 0, 0)}},
		},
		"a dismissal is for good, and twice is fine": {
			{do: "POST dismiss", status: 204},
			{do: "POST dismiss", body: `{}`, status: 204},
			{do: "GET welcome-flow", has: []string{`"type":"none","reason":"onboarding_dismissed"`, at("done", 0, 0)}},
		},
		"two tabs: the last one wins and nothing is lost": {
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"Ada"}}`},
			{do: "POST answers", body: `{"phase":"base","step":2,"answers":{"businessType":"Coach"}}`},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"Grace"}}`, has: []string{`"name":"Grace"`, `"businessType":"Coach"`, at("base", 3, 5)}},
		},
		"a missing answer is named": {
			{do: "POST base-complete", body: `{"name":"Ada"}`, status: 400, has: []string{`"code":"invalid_request"`, `"colorTheme":"This answer is missing."`, `"currentSituation"`}},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{}}`, status: 400, has: []string{`"name":"This answer is missing."`}},
			{do: "POST answers", body: `{"phase":"base","step":1}`, status: 400, has: []string{`"name":"This answer is missing."`}},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"   "}}`, status: 400, has: []string{`"name"`}},
		},
		"an oversized one is named": {
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"` + strings.Repeat("é", 501) + `"}}`, status: 400, has: []string{`"name":"An answer has at most 500 characters`}},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"` + strings.Repeat("é", 500) + `"}}`},
		},
		"what is no answer is refused": {
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":7}}`, status: 400, has: []string{`"name":"Answer with a text."`}},
			{do: "POST answers", body: `{"phase":"base","step":0,"answers":{"name":"A"}}`, status: 400, has: []string{`"step"`}},
			{do: "POST answers", body: `{"phase":"base","step":6,"answers":{"name":"A"}}`, status: 400, has: []string{`"step"`}},
			{do: "POST answers", body: `{"phase":"welcome","step":1,"answers":{"name":"A"}}`, status: 400, has: []string{`"phase"`}},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"isAdmin":"yes"}}`, status: 400, has: []string{`"isAdmin"`}},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":["A"]}`, status: 400, has: []string{`"answers"`}},
			{do: "POST answers", body: `{"phase":"base","step":"1","answers":{"name":"A"}}`, status: 400, has: []string{`"step"`}},
			{do: "POST base-complete", body: `[]`, status: 400},
			{do: "POST base-complete", body: `{`, status: 400},
			{do: "POST complete", body: `{"type":"studio"}`, status: 400, has: []string{`"type"`}},
			{do: "POST complete", body: `{}`, status: 400, has: []string{`"type"`}},
		},
		"a step of another tier is refused": {
			{do: "POST base-complete", body: baseAnswers},
			{do: "POST studio-extension-complete", body: studioAnswers, status: 403, has: []string{`"upgrade_required"`}},
			{do: "POST answers", body: `{"phase":"studio_extension","step":1,"answers":{"transformationStory":"A"}}`, status: 403},
			{do: "join"},
			{do: "POST blueprint-extension-complete", body: blueAnswers, status: 409, has: []string{`"conflict"`}},
		},
		"the first questions come first": {
			{do: "POST blueprint-extension-complete", body: blueAnswers, status: 409},
		},
		"answers after completion are refused": {
			{do: "POST base-complete", body: baseAnswers},
			{do: "POST complete", body: `{"type":"blueprint_welcome"}`, status: 204},
			{do: "POST answers", body: `{"phase":"base","step":1,"answers":{"name":"Grace"}}`, status: 409},
			{do: "GET welcome-flow", has: []string{`"name":"Ada"`}},
		},
		"pillars are 1 to 10": {
			{do: "join"},
			{do: "POST base-complete", body: baseAnswers},
			{do: "POST answers", body: `{"phase":"studio_extension","step":6,"answers":{"contentPillars":[]}}`, status: 400, has: []string{`"contentPillars"`}},
			{do: "POST answers", body: `{"phase":"studio_extension","step":6,"answers":{"contentPillars":["1","2","3","4","5","6","7","8","9","10","11"]}}`, status: 400},
			{do: "POST answers", body: `{"phase":"studio_extension","step":6,"answers":{"contentPillars":["one"]}}`, has: []string{`"contentPillars":["one"]`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.walk(t, s.signUp("ada@example.com"), steps)
		})
	}
}

// broken stands where the customer's state cannot be read.
type brokenReader struct{ onboarding.Reader }

func (brokenReader) OnboardingState(context.Context, core.UserID) (onboarding.State, error) {
	return onboarding.State{}, errBroken
}

func breakState(o *web.Options) { o.Customer.Onboarding.Read = brokenReader{} }

func TestAnUnreadableStateOpensTheStudio(t *testing.T) {
	s := open(t, breakState)
	ada := s.signUp("ada@example.com")
	s.play(t, scenario{ask: ask{path: "/api/onboarding/welcome-flow", cookie: ada}, status: 200, has: []string{`"type":"studio"`, `"phase":"done"`}})
	s.play(t, scenario{ask: ask{path: "/studio", cookie: ada}, status: 200, has: []string{"view.Studio", `"Balance":2`}})
	if !strings.Contains(s.log.String(), "onboarding") {
		t.Error("nobody is told")
	}
}

// halfBlind reads no payments and no ledger.
type halfBlind struct{ web.Reads }

func (halfBlind) PaymentsOf(context.Context, core.UserID) ([]billing.Payment, error) {
	return nil, errBroken
}

func (halfBlind) CreditHistory(context.Context, core.UserID, core.CreditID, int) ([]credits.Entry, error) {
	return nil, errBroken
}

// What the studio only decorates itself with must not close it.
func TestTheStudioOpensWithoutItsDecorations(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Reads = halfBlind{o.Reads} }, breakState)
	ada := s.signUp("ada@example.com")
	s.play(t, scenario{ask: ask{path: "/studio?tab=photos&purchase=success", cookie: ada}, status: 200, has: []string{"view.Studio", `"Balance":2`, `"Tab":"photos"`}})
}

func TestFlags(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Admin = &web.Admin{} })
	ada := s.signUp("ada@example.com")
	if _, err := s.people.CreateAdmin(context.Background(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	boss := cookieOf(s.post("/api/auth/login", fmt.Sprintf(`{"email":"boss@example.com","password":%q}`, password)))
	const mine, desk = "/api/feature-flags/blueprint_welcome_enabled", "/api/admin/flags/blueprint_welcome_enabled"
	put := func(body string) ask { return ask{method: "PUT", path: desk, body: body, cookie: boss} }
	for _, c := range []struct {
		name string
		scenario
	}{
		{"on by the configuration", scenario{ask: ask{path: mine, cookie: ada}, status: 200, has: []string{`{"enabled":true}`}}},
		{"for nobody in particular", scenario{ask: ask{path: mine}, status: 401}},
		{"an unknown one", scenario{ask: ask{path: "/api/feature-flags/nope", cookie: ada}, status: 404, has: []string{`"not_found"`}}},
		{"the desk is for admins", scenario{ask: ask{path: desk, cookie: ada}, status: 403, has: []string{`"forbidden"`}}},
		{"and not for visitors", scenario{ask: ask{path: desk}, status: 401}},
		{"a customer changes nothing", scenario{ask: ask{method: "PUT", path: desk, body: `{"state":"off"}`, cookie: ada}, status: 403}},
		{"where it stands", scenario{ask: ask{path: desk, cookie: boss}, status: 200, has: []string{`"state":"on"`, `"override":false`}}},
		{"off", scenario{ask: put(`{"state":"off"}`), status: 200, has: []string{`"state":"off"`, `"percent":0`}}},
		{"is off for her", scenario{ask: ask{path: mine, cookie: ada}, status: 200, has: []string{`{"enabled":false}`}}},
		{"0% is nobody", scenario{ask: put(`{"state":"percent","percent":0}`), status: 200, has: []string{`"percent":0`}}},
		{"nor her", scenario{ask: ask{path: mine, cookie: ada}, status: 200, has: []string{`{"enabled":false}`}}},
		{"100% is everybody", scenario{ask: put(`{"state":"percent","percent":100}`), status: 200, has: []string{`"state":"percent","percent":100`}}},
		{"her as well", scenario{ask: ask{path: mine, cookie: ada}, status: 200, has: []string{`{"enabled":true}`}}},
		{"101% is refused", scenario{ask: put(`{"state":"percent","percent":101}`), status: 400, has: []string{`"percent":"A share is from 0 to 100."`}}},
		{"less than nothing, too", scenario{ask: put(`{"state":"percent","percent":-1}`), status: 400}},
		{"half a percent, too", scenario{ask: put(`{"state":"percent","percent":0.5}`), status: 400, has: []string{`"percent"`}}},
		{"a share has to be said", scenario{ask: put(`{"state":"percent"}`), status: 400, has: []string{`"percent"`}}},
		{"another state is refused", scenario{ask: put(`{"state":"maybe"}`), status: 400, has: []string{`"state"`}}},
		{"no state is refused", scenario{ask: put(`{}`), status: 400, has: []string{`"state"`}}},
		{"an unknown flag is not made", scenario{ask: ask{method: "PUT", path: "/api/admin/flags/nope", body: `{"state":"on"}`, cookie: boss}, status: 404}},
		{"nothing of that was kept", scenario{ask: ask{path: desk, cookie: boss}, status: 200, has: []string{`"state":"percent","percent":100`}}},
		{"the list", scenario{ask: ask{path: "/api/admin/flags", cookie: boss}, status: 200, has: []string{`"items":[`, `"entitlement_welcome_flow_enabled"`}}},
		{"the page", scenario{ask: ask{path: "/admin/flags", cookie: boss}, status: 200, has: []string{"view.Desk", "Greet new customers", "100%"}}},
		{"the page is for admins", scenario{ask: ask{path: "/admin/flags", cookie: ada}, status: 404}},
		{"a share by the form", scenario{ask: form("/admin/flags/blueprint_welcome_enabled", boss, "state=percent&percent=10"), status: 303}},
		{"is kept", scenario{ask: ask{path: desk, cookie: boss}, status: 200, has: []string{`"state":"percent","percent":10`}}},
		{"too large a share by the form", scenario{ask: form("/admin/flags/blueprint_welcome_enabled", boss, "state=percent&percent=101"), status: 400, has: []string{`"Value":"101","Error":"A share is from 0 to 100."`}}},
		{"no share by the form", scenario{ask: form("/admin/flags/blueprint_welcome_enabled", boss, "state=percent&percent=x"), status: 400}},
		{"an unknown flag by the form", scenario{ask: form("/admin/flags/nope", boss, "state=on"), status: 404}},
		{"a customer's form", scenario{ask: form("/admin/flags/blueprint_welcome_enabled", ada, "state=off"), status: 404}},
	} {
		t.Run(c.name, func(t *testing.T) { s.play(t, c.scenario) })
	}
}

func form(path, cookie, body string) ask {
	return ask{method: "POST", path: path, body: body, kind: "application/x-www-form-urlencoded", cookie: cookie}
}

func TestBlueprintTrainingAndAcademy(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	post := func(body string) ask {
		return ask{method: "POST", path: "/api/blueprint/state", body: body, cookie: ada}
	}
	for _, c := range []struct {
		name string
		scenario
	}{
		{"an empty blueprint", scenario{ask: ask{path: "/api/blueprint/state", cookie: ada}, status: 200, has: []string{
			`"formData":{}`, `"strategy":null`, `"strategyGenerated":false`, `"grids":[]`, `"entitlement":{"type":"free"}`, `"creditBalance":2`, `"hasBlueprintState":false`,
		}}},
		{"nobody's", scenario{ask: ask{path: "/api/blueprint/state"}, status: 401}},
		{"saved", scenario{ask: post(`{"formData":{"vibe":"quiet","goals":[1,2]}}`), status: 200, has: []string{`"vibe":"quiet"`, `"hasBlueprintState":true`}}},
		{"with that the welcome was shown", scenario{ask: ask{path: "/api/onboarding/welcome-flow", cookie: ada}, status: 200, has: []string{`"reason":"no_trained_model"`}}},
		{"no form", scenario{ask: post(`{}`), status: 400, has: []string{`"formData"`}}},
		{"a form that is none", scenario{ask: post(`{"formData":"x"}`), status: 400, has: []string{`"formData"`}}},
		{"a large one", scenario{ask: post(`{"formData":{"a":"` + strings.Repeat("x", 17<<10) + `"}}`), status: 413}},
		{"a deep one", scenario{ask: post(`{"formData":` + strings.Repeat(`{"a":`, 9) + `1` + strings.Repeat(`}`, 9) + `}`), status: 400}},
		{"what was there stays", scenario{ask: ask{path: "/api/blueprint/state", cookie: ada}, status: 200, has: []string{`"vibe":"quiet"`}}},
		{"no training", scenario{ask: ask{path: "/api/training/status", cookie: ada}, status: 200, has: []string{`{"hasTrainedModel":false,"status":"none","progress":0}`}}},
		{"nobody's training", scenario{ask: ask{path: "/api/training/status"}, status: 401}},
		{"the Academy is for Studio", scenario{ask: ask{path: "/api/academy/courses", cookie: ada}, status: 403, has: []string{`"upgrade_required"`}}},
		{"and for nobody without an account", scenario{ask: ask{path: "/api/academy/courses"}, status: 401}},
	} {
		t.Run(c.name, func(t *testing.T) { s.play(t, c.scenario) })
	}
	s.member("ada@example.com")
	s.play(t, scenario{ask: ask{path: "/api/academy/courses", cookie: ada}, status: 200, has: []string{`{"items":[]}`}})
	s.play(t, scenario{ask: ask{path: "/api/blueprint/state", cookie: ada}, status: 200, has: []string{`"entitlement":{"type":"studio"}`}})
}
