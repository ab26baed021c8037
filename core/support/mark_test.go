package support_test

import (
	"fmt"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/support"
)

func TestATicketIsMarked(t *testing.T) {
	for name, c := range map[string]struct {
		steps []support.State
		want  support.State
		lines int // of the audit log
	}{
		"nothing done is open":           {nil, support.Open, 0},
		"answered":                       {[]support.State{support.Answered}, support.Answered, 1},
		"closed without an answer":       {[]support.State{support.Closed}, support.Closed, 1},
		"answered, then closed":          {[]support.State{support.Answered, support.Closed}, support.Closed, 2},
		"opened again after it was done": {[]support.State{support.Answered, support.Closed, support.Open}, support.Open, 3},
		"the same again changes nothing": {[]support.State{support.Answered, support.Answered}, support.Answered, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			made, err := d.Write(t.Context(), note("ada@example.com"))
			if err != nil {
				t.Fatal(err)
			}
			for _, to := range c.steps {
				d.clock.Advance(time.Minute)
				if err := d.Mark(t.Context(), "usr_creator", made.ID, to); err != nil {
					t.Fatal(err)
				}
			}
			got, err := d.Find(t.Context(), made.ID)
			if err != nil || got.State() != c.want {
				t.Fatalf("%s, %v; want %s", got.State(), err, c.want)
			}
			for _, s := range support.States() {
				list, err := d.List(t.Context(), s, "", 10)
				if want := map[bool]int{true: 1}[s == c.want]; err != nil || len(list) != want {
					t.Errorf("%d tickets are %s, want %d: %v", len(list), s, want, err)
				}
			}
			log, err := d.db.AuditLog(t.Context(), 10)
			if err != nil || len(log) != c.lines {
				t.Fatalf("%d lines in the audit log, want %d: %v", len(log), c.lines, err)
			}
			if c.lines > 0 && (log[0].Actor != "usr_creator" || log[0].Subject != made.ID || log[0].Action != "ticket."+string(c.want)) {
				t.Errorf("the log says %+v", log[0])
			}
			if still := len(d.open(t)); still != map[bool]int{true: 0, false: 1}[c.want == support.Closed] {
				t.Errorf("%d tickets wait", still)
			}
		})
	}
}

func TestMarkingRefuses(t *testing.T) {
	d := newDesk(t)
	made, err := d.Write(t.Context(), note("ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Mark(t.Context(), "usr_creator", "tkt_unknown", support.Closed); !core.Is(err, core.NotFound) {
		t.Errorf("an unknown ticket: %v", err)
	}
	if err := d.Mark(t.Context(), "usr_creator", made.ID, "lost"); !core.Is(err, core.Invalid) {
		t.Errorf("an unknown state: %v", err)
	}
}

func TestTicketsComeInPages(t *testing.T) {
	d := newDesk(t)
	for i := range 5 {
		if _, err := d.Write(t.Context(), note(fmt.Sprintf("ada%d@example.com", i))); err != nil {
			t.Fatal(err)
		}
		if i != 2 { // two of the same instant are told apart by their ids
			d.clock.Advance(time.Minute)
		}
	}
	seen, before := map[string]bool{}, ""
	for range 3 {
		page, err := d.List(t.Context(), support.Open, before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page {
			if seen[x.ID] {
				t.Errorf("%s comes twice", x.ID)
			}
			seen[x.ID], before = true, x.ID
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d of 5 tickets", len(seen))
	}
}
