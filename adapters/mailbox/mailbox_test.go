package mailbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/mail"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var fold = core.NewFold(func(s string) string { return s })

func letter(id, to string, at time.Time) mail.Letter {
	return mail.Letter{
		ID: core.MailID(id), Kind: mail.Purchase, From: "Sselfie <hello@localhost>", To: to, Subject: "About " + id, Date: at,
		MessageID: "<" + id + "@localhost>", Text: "Text of " + id, HTML: `<p><a href="http://127.0.0.1:8080/studio">Studio</a></p>`,
		Headers: map[string]string{"Auto-Submitted": "auto-generated"},
	}
}

func box(t *testing.T, dir string) *Box {
	t.Helper()
	b, err := Open(dir, fold)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func list(t *testing.T, b *Box, to string) string {
	t.Helper()
	items, err := b.List(context.Background(), to, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, i := range items {
		ids = append(ids, string(i.ID))
	}
	return strings.Join(ids, " ")
}

func TestAnAddressIsErased(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mailbox")
	b := box(t, dir)
	about := letter("eml_3", "creator@example.com", noon)
	about.Text = "<Anna@Example.com> wrote"
	for _, l := range []mail.Letter{letter("eml_1", "Anna@Example.com", noon), letter("eml_2", "ben@example.com", noon), about} {
		if err := b.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []core.EmailKey{"", "anna@example.com", "anna@example.com"} {
		if err := b.EraseCaptured(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if got := list(t, b, ""); key == "" && got != "eml_3 eml_2 eml_1" || key != "" && got != "eml_2" {
			t.Errorf("after %q: %s", key, got)
		}
	}
	if got := list(t, box(t, dir), ""); got != "eml_2" {
		t.Errorf("on the disk: %s", got)
	}
}

func TestMailbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mailbox")
	b := box(t, dir)
	if got, err := b.List(t.Context(), "", 0); err != nil || got == nil || len(got) != 0 {
		t.Fatalf("an empty mailbox lists %v, %v", got, err)
	}
	for _, l := range []mail.Letter{
		letter("eml_1", "Anna@Example.com", noon),
		letter("eml_2", "ben@example.com", noon),
		letter("eml_3", "anna@example.com", noon.Add(-time.Hour)),
		letter("eml_1", "Anna@Example.com", noon.Add(time.Hour)), // the same once more
	} {
		if err := b.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	for name, b := range map[string]*Box{"as written": b, "after a restart": box(t, dir)} {
		t.Run(name, func(t *testing.T) {
			for to, want := range map[string]string{
				"": "eml_1 eml_2 eml_3", " ANNA@example.com ": "eml_1 eml_3", "nobody@example.com": "",
			} {
				if got := list(t, b, to); got != want {
					t.Errorf("to %q: %s, want %s", to, got, want)
				}
			}
			two, err := b.List(t.Context(), "", 2)
			if err != nil || len(two) != 2 {
				t.Errorf("%d with a limit of 2, %v", len(two), err)
			}
			one, err := b.Get(t.Context(), "eml_1")
			if err != nil || one.To != "Anna@Example.com" || !one.SentAt.Equal(noon.Add(time.Hour)) || one.Headers["Message-ID"] != "<eml_1@localhost>" ||
				one.Headers["Auto-Submitted"] != "auto-generated" || one.Headers["Subject"] != "About eml_1" || one.Text != "Text of eml_1" ||
				!slices.Equal(one.Links, []string{"http://127.0.0.1:8080/studio"}) {
				t.Errorf("got %+v, %v", one, err)
			}
			for _, id := range []core.MailID{"eml_9", "../eml_1", ""} {
				if _, err := b.Get(t.Context(), id); !core.Is(err, core.NotFound) {
					t.Errorf("%q: %v, want not found", id, err)
				}
			}
		})
	}
}

func TestLettersOfOneInstantKeepTheirOrder(t *testing.T) {
	dir := t.TempDir()
	b := box(t, dir)
	for i := range 12 {
		if err := b.Send(t.Context(), letter(fmt.Sprintf("eml_%c", 'l'-i), "a@example.com", noon)); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, box(t, dir), ""); got != "eml_a eml_b eml_c eml_d eml_e eml_f eml_g eml_h eml_i eml_j eml_k eml_l" {
		t.Errorf("got %s", got)
	}
}

func TestTheFolder(t *testing.T) {
	t.Run("is for the owner alone", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "mailbox")
		b := box(t, dir)
		if err := b.Send(t.Context(), letter("eml_1", "a@example.com", noon)); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "eml_1.json"): 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
			}
		}
	})
	t.Run("what is no letter is left alone and named", func(t *testing.T) {
		dir := t.TempDir()
		if err := box(t, dir).Send(t.Context(), letter("eml_1", "a@example.com", noon)); err != nil {
			t.Fatal(err)
		}
		renamed, err := os.ReadFile(filepath.Join(dir, "eml_1.json"))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"half.json": `{"id":"half","to":`, "other.json": string(renamed), ".writing-1": "{", "notes.txt": "mine"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b := box(t, dir)
		if got := list(t, b, ""); got != "eml_1" || !slices.Equal(b.Damaged(), []string{"half.json", "other.json"}) {
			t.Errorf("lists %q, damaged %q", got, b.Damaged())
		}
		if _, err := os.Stat(filepath.Join(dir, ".writing-1")); err == nil {
			t.Error("what a crash left is still there")
		}
	})
	t.Run("cannot be left by an id", func(t *testing.T) {
		b := box(t, t.TempDir())
		for _, id := range []string{"../out", "a/b", "", ".hidden", "a\x00b", strings.Repeat("x", 200)} {
			if err := b.Send(t.Context(), letter(id, "a@example.com", noon)); err == nil {
				t.Errorf("%q was taken", id)
			}
		}
	})
	t.Run("that is gone stops the outbox, not the letter", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "mailbox")
		b := box(t, dir)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		err := b.Send(t.Context(), letter("eml_1", "a@example.com", noon))
		if e, ok := err.(*mail.SendError); !ok || e.Fault != mail.Down { //nolint:errorlint // it is returned bare
			t.Errorf("got %v, want down", err)
		}
	})
}

func TestTheJSONIsTheContract(t *testing.T) {
	b := box(t, t.TempDir())
	if err := b.Send(t.Context(), letter("eml_1", "a@example.com", noon)); err != nil {
		t.Fatal(err)
	}
	items, err := b.List(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(items[0])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "to", "subject", "kind", "sentAt", "text", "html", "links", "headers"} {
		if _, ok := members[name]; !ok {
			t.Errorf("no member %s", name)
		}
		delete(members, name)
	}
	if len(members) != 0 {
		t.Errorf("more than the contract: %v", members)
	}
}

func TestLinks(t *testing.T) {
	for name, c := range map[string]struct {
		html, text string
		want       string
	}{
		"in reading order, also twice":        {html: `<a href="https://a.test/1">x</a><p><a class=b href='https://a.test/2'>y</a></p><a href="https://a.test/1">x</a>`, want: "https://a.test/1 https://a.test/2 https://a.test/1"},
		"entities are read":                   {html: `<a href="https://a.test/?a=1&amp;b=2">x</a>`, want: "https://a.test/?a=1&b=2"},
		"relative and other schemes are none": {html: `<a href="/x">x</a><a href="mailto:a@b.test">x</a><a href="javascript:x">x</a><a href="https:">x</a>`},
		"hidden links are not seen":           {html: `<div style="display: none"><p><a href="https://a.test/1">x</a></p></div><a href="https://a.test/2">x</a><a style="display:none" href="https://a.test/3">x</a>`, want: "https://a.test/2"},
		"nor what stands in a comment":        {html: `<!--[if mso]><a href="https://a.test/1">x</a><![endif]--><a href="https://a.test/2">x</a>`, want: "https://a.test/2"},
		"pictures and breaks don't confuse":   {html: `<p style="display:none">a<br>b<img src="x"></p><a href="https://a.test/2">x</a>`, want: "https://a.test/2"},
		"a greater sign between quotes":       {html: `<a title="1 > 0" href="https://a.test/1">x</a>`, want: "https://a.test/1"},
		"a tag over lines":                    {html: "<A\n  HREF=\"https://a.test/1\"\n>x</A>", want: "https://a.test/1"},
		"hidden in escaped words":             {html: `<div style="display:n&#111;ne"><a href="https://a.test/1">x</a></div>`},
		"what only Outlook leaves out":        {html: `<!--[if !mso]><!--><a href="https://a.test/1">x</a><!--<![endif]-->`, want: "https://a.test/1"},
		"a comment that never ends":           {html: `<a href="https://a.test/1">x</a><!-- x`, want: "https://a.test/1"},
		"a quote that never ends":             {html: `<b title="x><a href="https://a.test/1">x</a>`, want: "https://a.test/1"},
		"signs that begin no tag":             {html: `1 < 2 <3 <a href="https://a.test/1">x</a> <`, want: "https://a.test/1"},
		"the head is not read":                {html: `<head><style>a{}</style><a href="https://a.test/1">x</a></head><a href="https://a.test/2">x</a>`, want: "https://a.test/2"},
		"a letter of text alone":              {text: "Look:\nhttps://a.test/1?x=y\n(or https://a.test/2).", want: "https://a.test/1?x=y https://a.test/2"},
		"none is an empty list":               {html: `<p>x</p>`},
	} {
		t.Run(name, func(t *testing.T) {
			got := links(mail.Letter{HTML: c.html, Text: c.text})
			if got == nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
