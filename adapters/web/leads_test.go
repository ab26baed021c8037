package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/leads"
	"sselfie/core/mail"
)

// leadDoor is how the app hands captured addresses to the core.
type leadDoor struct{ s *shop }

func (d leadDoor) Capture(ctx context.Context, l web.Lead) error {
	return d.s.leads.Capture(ctx, leads.Request{Email: l.Email, Name: l.Name, Source: l.Source, Consent: true, TextVersion: "test"})
}

// withLeads opens a shop that takes addresses.
func withLeads(t testing.TB, change ...func(*web.Options)) *shop {
	var s *shop
	door := &leadDoor{}
	s = open(t, append(change, func(o *web.Options) { o.Leads = door })...)
	door.s = s
	return s
}

func (s *shop) lead(key core.EmailKey) leads.Lead {
	s.t.Helper()
	l, err := s.db.LeadByKey(context.Background(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

func TestTheFreeBlueprintBegins(t *testing.T) {
	s := withLeads(t)
	for name, c := range map[string]scenario{
		"no consent":     {ask: ask{method: "POST", path: "/api/freebie", body: `{"email":"a@example.com"}`}, status: 400, has: []string{`"consent"`}},
		"no address":     {ask: ask{method: "POST", path: "/api/freebie", body: `{"consent":true}`}, status: 400, has: []string{`"email"`}},
		"half a one":     {ask: ask{method: "POST", path: "/api/freebie", body: `{"email":"x@","consent":true}`}, status: 400, has: []string{`"email"`}},
		"consent as yes": {ask: ask{method: "POST", path: "/api/freebie", body: `{"email":"a@example.com","consent":"yes"}`}, status: 400, has: []string{`"consent"`}},
		"as it should":   {ask: ask{method: "POST", path: "/api/freebie", body: `{"email":"Ada@Example.com","name":"Ada","source":"pin","consent":true}`}, status: 202},
		"a foreign link": {ask: ask{path: "/free-blueprint?t=lead_x.forged"}, status: 410, has: []string{"view.FreeBlueprint", "no longer works"}},
		"an empty link":  {ask: ask{path: "/free-blueprint?t="}, status: 200, has: []string{"view.FreeBlueprint"}},
		"another query":  {ask: ask{path: "/free-blueprint?source=pin"}, status: 200, has: []string{"view.FreeBlueprint"}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	if a := s.form("/free-blueprint", url.Values{"email": {"ada@example.com"}, "consent": {"true"}}); a.status != 200 || !strings.Contains(a.body, `"Sent":true`) {
		t.Errorf("the form: %d", a.status)
	}
	l := s.lead("ada@example.com")
	if l.Name != "Ada" || l.Source != "pin" || l.Reachable(true) || l.ConsentAt.IsZero() {
		t.Errorf("%+v", l)
	}
	path := s.leads.Path(l.ID)
	a := s.get(path)
	if a.status != 200 || a.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%d %v", a.status, a.header)
	}
	a.holds(t, "the link leads to an account", "view.SignUp", `"email":"ada@example.com"`, `"Next":"/studio?tab=blueprint"`, "Your address is confirmed")
	if !s.lead("ada@example.com").Reachable(true) {
		t.Error("the address is not proven")
	}

	ada := s.signUp("ada@example.com")
	if s.lead("ada@example.com").User != "" {
		t.Error("signing up proves nothing")
	}
	s.get(path).holds(t, "now there is an account", "view.Login", `"ReturnTo":"/studio?tab=blueprint"`)
	if a := s.do(ask{path: path, cookie: ada}); a.header.Get("Location") != "/studio?tab=blueprint" {
		t.Errorf("signed in: %d %s", a.status, a.header.Get("Location"))
	}
	u := s.user("ada@example.com")
	token, err := s.people.MintToken(context.Background(), u.ID, mail.ConfirmToken, u.Key)
	if err != nil {
		t.Fatal(err)
	}
	s.get("/auth/confirm?token=" + token)
	if s.lead("ada@example.com").User != u.ID {
		t.Error("the proven address did not join the account")
	}
}

// A purchase marks the buyer's address as converted, in its own transaction.
func TestABuyersLeadIsConverted(t *testing.T) {
	s := withLeads(t)
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		if a := s.post("/api/freebie", `{"email":"`+email+`","consent":true}`); a.status != 202 {
			t.Fatalf("%d", a.status)
		}
	}
	s.buy("bio_glowup", "ADA@example.com", "")
	if s.lead("ada@example.com").ConvertedAt.IsZero() {
		t.Error("the buyer's address is not converted")
	}
	if !s.lead("eve@example.com").ConvertedAt.IsZero() {
		t.Error("somebody else's is")
	}
}
