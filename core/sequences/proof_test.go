package sequences_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/sequences"
)

// outbox keeps what was promised.
type outbox struct {
	letters []mail.Queued
	origins []sequences.Origin
	audits  []core.Audit
}

func (o *outbox) Update(ctx context.Context, fn func(ctx context.Context, tx sequences.ProofTx) error) error {
	return fn(ctx, o)
}

func (o *outbox) PromiseLetter(_ context.Context, q mail.Queued, from sequences.Origin) (bool, error) {
	o.letters, o.origins = append(o.letters, q), append(o.origins, from)
	return true, nil
}

func (o *outbox) Audit(_ context.Context, a core.Audit) error {
	o.audits = append(o.audits, a)
	return nil
}

func proofs(t *testing.T, b *bag) (*sequences.Proofs, *outbox) {
	o := &outbox{}
	return &sequences.Proofs{Author: author(t, b), Store: o, IDs: &coretest.IDs{}, Tokens: &coretest.Tokens{}, Fold: coretest.Fold, Clock: coretest.NewClock()}, o
}

func TestAProofSaysWhatIsNotKnown(t *testing.T) {
	p, _ := proofs(t, &bag{posted: sequences.Posted{Product: "nine_post_feed", CreditsLeft: 7}})
	words := sequences.Step{ID: "day-3", Subject: "Your {product}", Text: "You have {credits_left}.\n\nUntil {offer_ends}.\n\n- {offer_code}\n- kept", Action: "Go", Path: "/studio"}
	for name, c := range map[string]struct {
		draft   sequences.Draft
		reader  core.UserID
		subject string
		has     string
		hasNot  string
		missing string
	}{
		"as a customer gets it":              {sequences.Draft{Series: sequences.MiniProduct, Words: words}, "usr_1", "Your 9-Post Feed", "You have 7.", "Until", "offer_ends offer_code"},
		"for the buyers of one product":      {sequences.Draft{Series: sequences.MiniProduct, Product: "bio_glowup", Words: words}, "usr_1", "Your Bio Glow-Up", "kept", "Until", "offer_ends offer_code"},
		"for nobody yet":                     {sequences.Draft{Series: sequences.MiniProduct, Words: words}, "", "Your Starter Photoshoot", "kept", "You have", "credits_left offer_ends offer_code"},
		"who left an address has no credits": {sequences.Draft{Series: sequences.FreeBlueprint, Words: words}, "usr_1", "Your Brand Blueprint", "kept", "You have", "credits_left offer_ends offer_code"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.Show(t.Context(), c.draft, c.reader)
			if err != nil {
				t.Fatal(err)
			}
			if got.Letter.Subject != c.subject || !strings.Contains(got.Letter.Text, c.has) || strings.Contains(got.Letter.Text, c.hasNot) || strings.Join(got.Missing, " ") != c.missing {
				t.Errorf("%q, missing %v\n%s", got.Letter.Subject, got.Missing, got.Letter.Text)
			}
			if strings.Contains(got.Letter.HTML, "track-") {
				t.Error("looking at a letter counts")
			}
		})
	}
	_, err := p.Show(t.Context(), sequences.Draft{Words: words}, "usr_1")
	if !core.Is(err, core.Unprocessable) || !strings.Contains(err.Error(), "subject") {
		t.Errorf("a campaign knows of no product, and says %v", err)
	}
}

// A test is sent with the words as they stood, whatever the draft says when its
// turn comes.
func TestATestKeepsItsWords(t *testing.T) {
	b := &bag{posted: sequences.Posted{CreditsLeft: 7}, words: sequences.Step{Subject: "Another", Text: "Another.", Action: "x", Path: "/"}}
	p, o := proofs(t, b)
	draft := sequences.Draft{Campaign: "cmp_1", Words: sequences.Step{Subject: "Hello", Text: "You have {credits_left}, see [it](/feed-planner).", Action: "Go", Path: "/studio"}}
	if err := p.Send(t.Context(), []sequences.Draft{draft}, "usr_1", "me@x.org", "usr_admin"); err != nil {
		t.Fatal(err)
	}
	q, from := o.letters[0], o.origins[0]
	if q.Promise.To != "me@x.org" || q.Promise.User != "" || from.Variant != sequences.Test || len(from.Placed) != 1 || len(o.audits) != 1 || o.audits[0].Actor != "usr_admin" {
		t.Fatalf("promised %+v from %+v, noted %+v", q, from, o.audits)
	}
	b.posted = sequences.Posted{Campaign: "cmp_1", Variant: from.Variant, Link: from.Link, Dest: from.Dest, Placed: from.Placed}
	l, err := p.Author.Render(t.Context(), mail.Outgoing{ID: q.ID, Kind: q.Promise.Kind, To: q.Promise.To, Props: q.Promise.Props, At: q.At})
	if err != nil {
		t.Fatal(err)
	}
	if l.Subject != "Hello" || !strings.Contains(l.Text, "You have 7,") || !strings.Contains(l.Text, string(from.Placed[0].ID)) || strings.Contains(l.Text, "/feed-planner") {
		t.Errorf("%q\n%s", l.Subject, l.Text)
	}
	for name, to := range map[string]string{"no address": "", "half an address": "me@", "two": "a@x.org, b@x.org", "a header": "a@x.org\r\nBcc: b@x.org"} {
		if err := p.Send(t.Context(), []sequences.Draft{draft}, "usr_1", to, "usr_admin"); !core.Is(err, core.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.Author.Gate = shut("too many bounces")
	if err := p.Send(t.Context(), []sequences.Draft{draft}, "usr_1", "me@x.org", "usr_admin"); !core.Is(err, core.Conflict) {
		t.Errorf("while marketing is paused: %v", err)
	}
	if len(o.letters) != 1 {
		t.Errorf("%d letters", len(o.letters))
	}
}

// What the editor sends is what is read: every letter that ships comes back whole.
func TestAStepIsWrittenAsItIsRead(t *testing.T) {
	lib := library(t)
	for _, n := range sequences.Names() {
		for _, st := range lib.Series(n).Steps {
			again, bad := sequences.ParseStep(st.ID, st.Format())
			if len(bad) > 0 || again != st {
				t.Errorf("%s/%s: %v\n%+v\n%+v", n, st.ID, bad, st, again)
			}
		}
	}
	st := sequences.Step{ID: "day-3", Day: 3, Subject: "One\n---\nday: 9", Action: "A", Path: "/x", Text: "T"}
	if again, _ := sequences.ParseStep("day-3", st.Format()); again.Day != 3 || again.Subject != "One --- day: 9" {
		t.Errorf("a subject wrote front matter: %+v", again)
	}
}

// broken refuses to render.
type broken struct{}

func (broken) Render(context.Context, mail.Outgoing) (mail.Letter, error) {
	return mail.Letter{}, errors.New("line 3: no such field")
}

func TestWhatDoesNotRenderIsRefusedWhenSaved(t *testing.T) {
	st, _ := library(t).Step(sequences.MiniProduct, "day-3", "")
	if err := sequences.Try(t.Context(), broken{}, mail.Sequence, st, bought); err == nil {
		t.Error("it was taken")
	}
	if err := sequences.Try(t.Context(), author(t, &bag{}).Next, mail.Sequence, st, bought); err != nil {
		t.Errorf("a good one was refused: %v", err)
	}
}
