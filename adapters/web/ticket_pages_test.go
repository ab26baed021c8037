package web_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/support"
)

// openTickets is a shop whose creator reads what people write.
func openTickets(t *testing.T) (s *shop, ada string) {
	t.Helper()
	return openDesk(t, func(o *web.Options) {
		db := o.Reads.(*sqlite.DB)
		notes := &support.Service{
			Store: sqlite.Bind(db, func(tx *sqlite.Tx) support.Tx { return tx }), Read: db, Clock: o.Clock, Wall: o.Wall, IDs: locksmith.IDs{},
			Fold: coretest.Fold, Post: mail.Post{IDs: locksmith.IDs{}, Fold: coretest.Fold}, Creator: "ada@shop.example",
		}
		o.Desk, o.Admin.Tickets = notes, notes
	})
}

// written sends a note by the contact form and returns its number.
func (s *shop) written(t *testing.T, email, message string) string {
	t.Helper()
	s.play(t, scenario{ask: formAsk("/contact", url.Values{"name": {"Ines"}, "email": {email}, "message": {message}, "product": {"bio_glowup"}}), status: 200})
	list, err := s.db.Tickets(t.Context(), support.Open, "", 1)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0].ID
}

func TestTheCreatorReadsAndAnswersNotes(t *testing.T) {
	s, ada := openTickets(t)
	look := func(path string, has ...string) {
		t.Helper()
		s.play(t, scenario{ask: ask{path: path, cookie: ada}, status: 200, has: has})
	}
	mark := func(id, state string, status int) {
		t.Helper()
		a := formAsk("/admin/tickets/"+id, url.Values{"state": {state}})
		a.cookie = ada
		s.play(t, scenario{ask: a, status: status})
	}
	look("/admin/tickets", `"Empty":"Nobody waits for an answer."`, `"Rows":null`)
	id := s.written(t, "ines@example.com", "The third bio has my old town in it.\nCan I have it again?")
	look("/admin/tickets", "Ines", "ines@example.com", "The third bio has my old town in it. …", "/admin/tickets/"+id)
	look("/admin", "Notes that wait for an answer")
	look("/admin/tickets/"+id, `"State":"open"`, "Can I have it again?", "mailto:ines%40example.com?subject=Your%20note%20%28"+id)

	mark(id, "answered", 303)
	look("/admin/tickets/"+id+"?done=answered", `"State":"answered"`, "Marked as answered")
	if a := s.do(ask{path: "/admin", cookie: ada}); strings.Contains(string(a.body), "Notes that wait") {
		t.Error("an answered note still asks for attention")
	}
	mark(id, "closed", 303)
	look("/admin/tickets?state=closed", "Ines")
	look("/admin", "ticket.closed", "ticket.answered") // in the audit log
	mark(id, "open", 303)
	look("/admin", "Notes that wait for an answer")
	mark(id, "lost", 400)
	mark("tkt_unknown", "closed", 404)
	s.play(t, scenario{ask: ask{path: "/admin/tickets/tkt_unknown", cookie: ada}, status: 404})
}

// What people write is text: nothing of it becomes markup, a header or another
// recipient of the creator's answer.
func TestANoteIsTextAndNothingElse(t *testing.T) {
	s, ada := openTickets(t)
	id := s.written(t, "ines@example.com", "\"><script>alert(1)</script>\r\nBcc: victim@example.com&cc=evil@example.com")
	a := s.do(ask{path: "/admin/tickets/" + id, cookie: ada})
	_, reply, found := strings.Cut(string(a.body), `"Reply":"`)
	reply, _, _ = strings.Cut(reply, `"`)
	if !found || strings.Count(reply, `\u0026`) != 1 || strings.ContainsAny(reply, "<> \r\n") {
		t.Errorf("the answer goes to %q", reply)
	}
}

func TestNotesComeInPages(t *testing.T) {
	s, ada := openTickets(t)
	at := s.clock.Now()
	if err := s.db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
		for i := range 130 {
			id := fmt.Sprintf("tkt_%03d", i)
			if err := tx.OpenTicket(ctx, support.Ticket{ID: id, Kind: support.Note, Email: "a@b.test", Key: core.EmailKey("a@b.test"), Message: id, CreatedAt: at.Add(time.Duration(i) * time.Minute)}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.play(t, scenario{ask: ask{path: "/admin/tickets", cookie: ada}, status: 200, has: []string{"tkt_129", "/admin/tickets?state=open\\u0026before=tkt_030"}, hasNot: []string{`"tkt_029"`}})
	s.play(t, scenario{ask: ask{path: "/admin/tickets?state=open&before=tkt_030", cookie: ada}, status: 200, has: []string{"tkt_029", "tkt_000"}, hasNot: []string{"tkt_030"}})
}
