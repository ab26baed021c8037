package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"sselfie/adapters/web"
)

type fakeDesk struct{ notes []web.Note }

func (d *fakeDesk) Write(_ context.Context, n web.Note) (string, error) {
	d.notes = append(d.notes, n)
	return "1042", nil
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
		"a note gets a number":          {ask: formAsk("/contact", note), status: 200, has: []string{`"Sent":true`, `"Ticket":"1042"`}},
		"a note without an address":     {ask: formAsk("/contact", url.Values{"message": {"Hello"}}), status: 400, has: []string{`"Errors":{"email"`, `"message":"Hello"`}},
		"an empty note":                 {ask: formAsk("/contact", url.Values{"email": {"a@b.example"}}), status: 400, has: []string{`"Errors":{"message"`}},
		"an endless note":               {ask: formAsk("/contact", url.Values{"email": {"a@b.example"}, "message": {strings.Repeat("a", 6000)}}), status: 400},
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
	bare := open(t)
	bare.play(t, scenario{ask: formAsk("/contact", note), status: 503, has: []string{"address below", `"message":"Hello"`}})
	bare.play(t, scenario{ask: formAsk("/free-blueprint", url.Values{}), status: 303, header: map[string]string{"Location": "/auth/sign-up?next=%2Fstudio%3Ftab%3Dblueprint"}})
	bare.play(t, scenario{ask: ask{method: "POST", path: "/api/freebie", body: `{}`}, status: 404})
}
