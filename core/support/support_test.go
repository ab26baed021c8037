package support_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/support"
)

type desk struct {
	*support.Service
	db    *sqlite.DB
	clock *coretest.Clock
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{db: sqlitetest.New(t), clock: coretest.NewClock()}
	ids := &coretest.IDs{}
	d.Service = &support.Service{
		Store: sqlite.Bind(d.db, func(tx *sqlite.Tx) support.Tx { return tx }), Clock: d.clock, Wall: d.clock, IDs: ids,
		Fold: coretest.Fold, Post: mail.Post{IDs: ids, Fold: coretest.Fold}, Read: d.db, Creator: "creator@example.com",
		Product: func(core.ProductID) string { return "Bio Glow-Up" },
	}
	return d
}

// mails are the subjects that wait, by recipient.
func (d *desk) mails(t *testing.T) map[string][]mail.Outgoing {
	t.Helper()
	out := map[string][]mail.Outgoing{}
	if err := d.db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
		rows, err := tx.ClaimMails(ctx, mail.Urgent, d.clock.Now(), 1000)
		for _, m := range rows {
			out[m.To] = append(out[m.To], m)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *desk) open(t *testing.T) []support.Ticket {
	t.Helper()
	list, err := d.db.OpenTickets(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func note(email string) support.Request {
	return support.Request{Name: "Ada", Email: email, Message: "Where is my picture?", Product: "bio_glowup"}
}

func TestANoteBecomesATicketAndAMail(t *testing.T) {
	d := newDesk(t)
	made, err := d.Write(t.Context(), note(" Ada@Example.com "))
	if err != nil {
		t.Fatal(err)
	}
	got := d.open(t)
	if len(got) != 1 || got[0].ID != made.ID || got[0].Key != "ada@example.com" || got[0].Product != "bio_glowup" || !got[0].CreatedAt.Equal(d.clock.Now()) {
		t.Fatalf("%+v", got)
	}
	mails := d.mails(t)
	if len(mails) != 1 || len(mails["creator@example.com"]) != 1 {
		t.Fatalf("%+v", mails)
	}
	text := mails["creator@example.com"][0].Props["text"]
	for _, want := range []string{"Where is my picture?", "Bio Glow-Up", "Ada@Example.com", made.ID} {
		if !strings.Contains(text, want) {
			t.Errorf("the notice lacks %q: %s", want, text)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	long := strings.Repeat("a", 6000)
	for name, c := range map[string]struct {
		withdraw bool
		in       support.Request
		field    string
	}{
		"a note without an address":       {false, support.Request{Message: "Hello"}, "email"},
		"an empty note":                   {false, support.Request{Email: "a@b.example", Message: " \n"}, "message"},
		"an endless note":                 {false, support.Request{Email: "a@b.example", Message: long}, "message"},
		"an endless name":                 {false, support.Request{Email: "a@b.example", Message: "Hello", Name: long}, "name"},
		"a withdrawal without a name":     {true, support.Request{Email: "a@b.example", Contract: "Bio"}, "name"},
		"a withdrawal from nothing":       {true, support.Request{Email: "a@b.example", Name: "Ada"}, "contract"},
		"a withdrawal without an address": {true, support.Request{Name: "Ada", Contract: "Bio"}, "email"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			_, err := d.Write(t.Context(), c.in)
			if c.withdraw {
				_, err = d.Withdraw(t.Context(), c.in)
				if !core.Is(d.Check(c.in), core.Invalid) {
					t.Error("the first step lets it through")
				}
			}
			if !core.Is(err, core.Invalid) || fields(err)[c.field] == "" || len(d.open(t)) != 0 {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAWithdrawalIsConfirmedWithDayAndHour(t *testing.T) {
	d := newDesk(t)
	made, err := d.Withdraw(t.Context(), support.Request{Name: "Ada Moreau", Email: "ada@example.com", Contract: "Bio Glow-Up, 2 March", Message: "A gift."})
	if err != nil {
		t.Fatal(err)
	}
	mails := d.mails(t)
	if len(mails["ada@example.com"]) != 1 || len(mails["creator@example.com"]) != 1 {
		t.Fatalf("%+v", mails)
	}
	text := mails["ada@example.com"][0].Props["text"]
	for _, want := range []string{"Bio Glow-Up, 2 March", "Ada Moreau", d.clock.Now().Format("2 January 2006, 15:04"), made.ID, "A gift."} {
		if !strings.Contains(text, want) {
			t.Errorf("the confirmation lacks %q: %s", want, text)
		}
	}
}

// security.md, T13: whoever types somebody else's address again and again sends
// her little, and the creator's mailbox is not filled either.
func TestNobodyIsBombed(t *testing.T) {
	d := newDesk(t)
	kept := 0
	for range 20 {
		switch _, err := d.Write(t.Context(), note("victim@example.com")); {
		case err == nil:
			kept++
		case !core.Is(err, core.RateLimited):
			t.Fatal(err)
		}
	}
	if kept != 3 {
		t.Errorf("%d notes of one address in an hour", kept)
	}
	for i := range 100 {
		if _, err := d.Withdraw(t.Context(), support.Request{Name: "A", Email: "victim@example.com", Contract: fmt.Sprint(i)}); err != nil {
			t.Fatalf("a withdrawal is refused: %v", err)
		}
	}
	d.clock.Advance(2 * time.Hour)
	for i := range 100 {
		if _, err := d.Write(t.Context(), note(fmt.Sprintf("visitor%d@example.com", i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.open(t)); n != 3+100+100 {
		t.Errorf("%d tickets were kept", n)
	}
	mails := d.mails(t)
	if n := len(mails["victim@example.com"]); n > 3 {
		t.Errorf("the victim gets %d mails", n)
	}
	if n := len(mails["creator@example.com"]); n > 60 {
		t.Errorf("the creator gets %d mails in two hours", n)
	}
}

func TestTicketsOfFindsBothWays(t *testing.T) {
	d := newDesk(t)
	for _, email := range []string{"ada@example.com", "other@example.com"} {
		if _, err := d.Write(t.Context(), note(email)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := d.db.TicketsOf(t.Context(), "usr_unknown", "ada@example.com")
	if err != nil || len(list) != 1 || !slices.ContainsFunc(list, func(x support.Ticket) bool { return x.Email == "ada@example.com" }) {
		t.Errorf("%+v %v", list, err)
	}
}

func fields(err error) map[string]string {
	var e *core.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Fields
}
