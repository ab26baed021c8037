package web_test

import (
	"context"
	"net/url"
	"testing"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/support"
)

type fakeDesk struct{ notes, withdrawals []support.Request }

func (d *fakeDesk) Write(_ context.Context, r support.Request) (support.Ticket, error) {
	if r.Email == "" {
		return support.Ticket{}, &core.Error{Code: core.Invalid, Fields: map[string]string{"email": "Give an address."}}
	}
	d.notes = append(d.notes, r)
	return support.Ticket{ID: "tkt_1042"}, nil
}

func (d *fakeDesk) Check(r support.Request) error {
	if r.Contract == "" {
		return &core.Error{Code: core.Invalid, Fields: map[string]string{"contract": "Say which."}}
	}
	return nil
}

func (d *fakeDesk) Withdraw(_ context.Context, r support.Request) (support.Ticket, error) {
	d.withdrawals = append(d.withdrawals, r)
	return support.Ticket{ID: "tkt_7"}, nil
}

type fakeLeads struct{ leads []web.Lead }

func (l *fakeLeads) Capture(_ context.Context, lead web.Lead) error {
	l.leads = append(l.leads, lead)
	return nil
}

func formAsk(path string, v url.Values) ask {
	return ask{method: "POST", path: path, body: v.Encode(), kind: "application/x-www-form-urlencoded"}
}

func TestNotesAndLeads(t *testing.T) {
	desk, leads := &fakeDesk{}, &fakeLeads{}
	s := open(t, func(o *web.Options) { o.Desk, o.Leads = desk, leads })
	note := url.Values{"email": {"ada@example.com"}, "message": {"Hello"}, "product": {"bio_glowup"}, "name": {"Ada"}}
	for name, c := range map[string]scenario{
		"a note gets a number":          {ask: formAsk("/contact", note), status: 200, has: []string{`"Sent":true`, `"Ticket":"tkt_1042"`}},
		"a note without an address":     {ask: formAsk("/contact", url.Values{"message": {"Hello"}}), status: 400, has: []string{`"Errors":{"email"`, `"message":"Hello"`}},
		"a lead":                        {ask: formAsk("/free-blueprint", url.Values{"email": {"ada@example.com"}, "consent": {"on"}}), status: 200, has: []string{`"Sent":true`}},
		"a lead without consent":        {ask: formAsk("/free-blueprint", url.Values{"email": {"ada@example.com"}}), status: 400, has: []string{`"consent"`}},
		"a lead by JSON":                {ask: ask{method: "POST", path: "/api/freebie", body: `{"email":"ada@example.com","consent":true}`}, status: 202},
		"a lead by JSON, not consented": {ask: ask{method: "POST", path: "/api/freebie", body: `{"email":"ada@example.com"}`}, status: 400, has: []string{`"fields":{"consent"`}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	if len(desk.notes) != 1 || desk.notes[0].Product != "bio_glowup" || len(leads.leads) != 2 {
		t.Fatalf("%+v %+v", desk.notes, leads.leads)
	}
	declared := url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "contract": {"Bio Glow-Up"}, "step": {"check"}}
	s.play(t, scenario{ask: ask{path: "/withdraw"}, status: 200, has: []string{`"Step":""`}})
	s.play(t, scenario{ask: formAsk("/withdraw", url.Values{"step": {"confirmed"}, "name": {"Ada"}}), status: 400, has: []string{`"contract":"Say which."`, `"Step":""`}})
	s.play(t, scenario{ask: formAsk("/withdraw", declared), status: 200, has: []string{`"Step":"confirm"`}})
	if len(desk.withdrawals) != 0 {
		t.Error("the first step alone withdraws")
	}
	declared.Set("step", "back")
	s.play(t, scenario{ask: formAsk("/withdraw", declared), status: 200, has: []string{`"Step":""`, `"contract":"Bio Glow-Up"`}})
	declared.Set("step", "confirmed")
	s.play(t, scenario{ask: formAsk("/withdraw", declared), status: 200, has: []string{`"Step":"done"`, `"Ticket":"tkt_7"`}})
	if len(desk.withdrawals) != 1 || desk.withdrawals[0].Name != "Ada" {
		t.Errorf("%+v", desk.withdrawals)
	}
	bare := open(t)
	bare.play(t, scenario{ask: formAsk("/contact", note), status: 503, has: []string{"address at the foot", `"message":"Hello"`}})
	bare.play(t, scenario{ask: formAsk("/free-blueprint", url.Values{}), status: 303, header: map[string]string{"Location": "/auth/sign-up?next=%2Fstudio%3Ftab%3Dblueprint"}})
	bare.play(t, scenario{ask: ask{method: "POST", path: "/api/freebie", body: `{}`}, status: 404})
}
