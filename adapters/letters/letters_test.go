package letters_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sselfie/adapters/letters"
	"sselfie/core/brand"
	"sselfie/core/mail"
	static "sselfie/static/mail"
)

var update = flag.Bool("update", false, "write the goldens")

func look() letters.Look {
	b := brand.Default()
	return letters.Look{
		BrandName: "Sselfie", SenderName: "Sandra", From: "Sselfie <hello@sselfie.test>", SupportEmail: "hello@sselfie.test",
		PostalAddress: "1 Sample Street, Sampletown", BaseURL: "https://sselfie.test",
		Light: letters.PaletteOf(b.Light), Dark: letters.PaletteOf(b.Dark), Fonts: b.Fonts,
	}
}

func renderer(t testing.TB) *letters.Renderer {
	t.Helper()
	r, err := letters.New(letters.Config{
		Look: look(), Files: static.Files,
		Unsubscribe: func(_ context.Context, o mail.Outgoing) (string, error) { return "un+" + string(o.ToKey), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sample is a mail with the examples of its kind, changed by change.
func sample(k mail.Kind, change func(*mail.Outgoing)) mail.Outgoing {
	o := letters.Sample(k)
	o.At = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if change != nil {
		change(&o)
	}
	return o
}

func render(t testing.TB, r *letters.Renderer, o mail.Outgoing) mail.Letter {
	t.Helper()
	l, err := r.Render(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// specimen is a letter that has a golden.
type specimen struct {
	kind    mail.Kind
	change  func(*mail.Outgoing)
	subject string
	link    string
}

func noToken(o *mail.Outgoing) { o.Purpose, o.Token = mail.NoToken, "" }

// specimens are all letters, each kind at least once.
var specimens = map[string]specimen{
	"purchase": {mail.Purchase, nil, "Welcome to Sselfie! Your Bio Glow-Up is ready", "/auth/password/setup?token=sample-token"},
	"purchase_known_customer": {mail.Purchase, func(o *mail.Outgoing) {
		noToken(o)
		o.Props = mail.Props{"product": "Brand Blueprint", "kind": "mini", "amount": "$0", "credits": "60", "path": "/studio?tab=blueprint&purchase=success"}
	}, "Welcome to Sselfie! Your Brand Blueprint is ready", "/studio?tab=blueprint&purchase=success"},
	"purchase_pack": {mail.Purchase, func(o *mail.Outgoing) {
		noToken(o)
		o.Props = mail.Props{"name": "Anna", "product": "Credit Booster", "kind": "pack", "amount": "$59", "credits": "100", "path": "/studio"}
	}, "Your Credit Booster is ready: 100 credits", "/studio"},
	"purchase_membership": {mail.Purchase, func(o *mail.Outgoing) {
		o.Props = mail.Props{"name": "Anna", "product": "Studio", "kind": "membership", "amount": "$77", "credits": "200", "path": "/studio"}
	}, "Welcome to Sselfie! Your Studio is ready", "/auth/password/setup?token=sample-token"},
	"welcome":         {mail.Welcome, nil, "Welcome to Sselfie: 2 credits to begin with", "/auth/confirm?token=sample-token"},
	"confirm_address": {mail.ConfirmAddress, func(o *mail.Outgoing) { o.Purpose = mail.ConfirmToken }, "Is this your address?", "/auth/confirm?token=sample-token"},
	"confirm_change":  {mail.ConfirmAddress, nil, "Is this your address?", "/auth/confirm?token=sample-token"},
	"password_reset": {
		mail.PasswordReset, func(o *mail.Outgoing) { o.Purpose = mail.ResetToken }, "Choose a new password for Sselfie",
		"/auth/password/setup?token=sample-token",
	},
	"password_changed":     {mail.PasswordChanged, nil, "Your password was changed", "/auth/password/forgot"},
	"studio_welcome":       {mail.StudioWelcome, nil, "Studio is open", "/studio"},
	"renewal":              {mail.Renewal, nil, "200 new credits for your Studio", "/studio"},
	"payment_failed":       {mail.PaymentFailed, func(o *mail.Outgoing) { delete(o.Props, "path") }, "Your payment for Studio did not go through", "/account"},
	"payment_failed_final": {mail.PaymentFailedFinal, func(o *mail.Outgoing) { delete(o.Props, "path") }, "Your Studio has been paused", "/account"},
	"cancellation":         {mail.Cancellation, func(o *mail.Outgoing) { delete(o.Props, "path") }, "Studio ends on 30 April 2026", "/account"},
	"farewell":             {mail.Farewell, nil, "Your Studio has ended", "/studio"},
	"refund":               {mail.Refund, func(o *mail.Outgoing) { delete(o.Props, "path") }, "Your refund of $47 is on its way", "/account"},
	"refund_membership": {mail.Refund, func(o *mail.Outgoing) {
		o.Props = mail.Props{"name": "Anna", "product": "Studio", "amount": "$97", "credits": "200", "membership": "yes", "path": "/account"}
	}, "Your refund of $97 is on its way", "/account"},
	"abandoned_checkout": {mail.AbandonedCheckout, nil, "Your 9-Post Feed is still on the table", "/checkout/nine_post_feed?resume=chk_1"},
	"freebie":            {mail.Freebie, nil, "Your free blueprint", "/free-blueprint?t=abc"},
	"freebie_known":      {mail.Freebie, func(o *mail.Outgoing) { delete(o.Props, "silent") }, "Your free blueprint", "/free-blueprint?t=abc"},
	"notice": {
		mail.Notice, func(o *mail.Outgoing) {
			o.Props["link"] = "https://sselfie.test/admin/webhooks"
			delete(o.Props, "path")
		},
		"A payment needs your eyes", "/admin/webhooks",
	},
	"notice_customer": {
		mail.Notice, func(o *mail.Outgoing) {
			o.Props = mail.Props{"subject": "Your withdrawal reached us", "text": "Your withdrawal reached us on 2 March 2026, 10:00 UTC.", "path": "/legal/withdrawal", "action": "Read what happens next", "customer": "yes"}
		},
		"Your withdrawal reached us", "/legal/withdrawal",
	},
	"sequence": {mail.Sequence, nil, "Never run out of content again", "/studio-membership"},
	"campaign": {mail.Campaign, nil, "Never run out of content again", "/studio-membership"},
}

func TestEveryKindHasAGolden(t *testing.T) {
	for _, k := range mail.Kinds() {
		if s, ok := specimens[string(k)]; !ok || s.kind != k {
			t.Errorf("no specimen of %s", k)
		}
	}
}

func TestLetters(t *testing.T) {
	r := renderer(t)
	href := regexp.MustCompile(`(?:href|src|action|background)="([^"]*)"`)
	anywhere := regexp.MustCompile(`https?://[^\s<>"')]+`)
	for name, s := range specimens {
		t.Run(name, func(t *testing.T) {
			l := render(t, r, sample(s.kind, s.change))
			golden(t, name+".html", l.HTML)
			golden(t, name+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
			if l.Subject != s.subject {
				t.Errorf("subject %q, want %q", l.Subject, s.subject)
			}
			main := "https://sselfie.test" + s.link
			if !strings.Contains("\n"+l.Text, "\n"+main+"\n") {
				t.Errorf("the text has no line %s", main)
			}
			if !strings.Contains(l.HTML, `href="`+strings.NewReplacer("&", "&amp;", "+", "&#43;").Replace(main)+`" class="button"`) {
				t.Errorf("no button leads to %s", main)
			}
			for _, m := range href.FindAllStringSubmatch(l.HTML, -1) {
				if !strings.HasPrefix(m[1], "https://sselfie.test/") {
					t.Errorf("the address %q is not on our site", m[1])
				}
			}
			for _, u := range anywhere.FindAllString(l.HTML+l.Text, -1) {
				if !strings.HasPrefix(u, "https://sselfie.test/") {
					t.Errorf("%s leads away", u)
				}
			}
			if n := strings.Count(l.HTML, `class="button"`); n != 1 {
				t.Errorf("%d buttons, want one link that matters", n)
			}
			letter, small, _ := strings.Cut(l.Text, "\n--\n")
			if words := len(strings.Fields(letter)); words > 180 {
				t.Errorf("%d words, at most 180", words)
			}
			if strings.Contains(letter, "!") {
				t.Error("it shouts")
			}
			for line := range strings.Lines(l.Text) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 76 && !strings.HasPrefix(line, "https://") {
					t.Errorf("a line of %d characters: %s", n, line)
				}
			}
			for _, part := range []string{l.HTML, l.Text} {
				if strings.Contains(part, "<no value>") || strings.Contains(part, "ZgotmplZ") {
					t.Error("a value did not make it")
				}
			}
			if !strings.Contains(small, "1 Sample Street, Sampletown") || !strings.Contains(l.HTML, "1 Sample Street, Sampletown") {
				t.Error("no postal address")
			}
			for line := range strings.Lines(l.HTML) {
				if len(line) > 950 {
					t.Errorf("a line of %d bytes: mail allows 998", len(line))
				}
			}
			if len(l.HTML) > 40<<10 {
				t.Errorf("%d bytes: Gmail clips what is long", len(l.HTML))
			}
			name := "Sandra"
			if s.kind == mail.Notice && !strings.HasSuffix(t.Name(), "_customer") { // nobody writes letters to herself
				name = "The till at sselfie.test"
			}
			if !strings.HasSuffix(letter, "\n"+name+"\n") || !strings.Contains(l.HTML, name+"</p>") {
				t.Errorf("it does not end with a name: %q", letter[max(0, len(letter)-40):])
			}
			headers(t, l)
		})
	}
}

func headers(t *testing.T, l mail.Letter) {
	t.Helper()
	if l.MessageID != "<eml_sample@sselfie.test>" || l.From != "Sselfie <hello@sselfie.test>" || l.To != "anna@example.com" {
		t.Errorf("id %s, from %s, to %s", l.MessageID, l.From, l.To)
	}
	if !l.Date.Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("dated %v", l.Date)
	}
	list, post, auto := l.Headers["List-Unsubscribe"], l.Headers["List-Unsubscribe-Post"], l.Headers["Auto-Submitted"]
	const address = "https://sselfie.test/unsubscribe?token=un%2Banna%40example.com"
	if l.Kind.Marketing() {
		if list != "<"+address+">" || post != "List-Unsubscribe=One-Click" || auto != "" {
			t.Errorf("marketing with %q", l.Headers)
		}
		if l.Headers["List-Id"] != "<letters.sselfie.test>" || l.Headers["Feedback-ID"] != string(l.Kind)+":sselfietest" || l.Headers["Precedence"] != "bulk" {
			t.Errorf("marketing with %q", l.Headers)
		}
		if !strings.Contains(l.Text, "\n"+address+"\n") || !strings.Contains(l.HTML, `href="`+address+`"`) {
			t.Error("no visible way out")
		}
		return
	}
	if list != "" || post != "" || l.Headers["List-Id"] != "" || l.Headers["Precedence"] != "" || auto != "auto-generated" {
		t.Errorf("transactional with %q", l.Headers)
	}
}

func TestMarketingHasASenderOfItsOwn(t *testing.T) {
	l := look()
	l.ReplyTo, l.MarketingFrom, l.MarketingReplyTo = "help@sselfie.test", "Ada <ada@news.sselfie.test>", "ada@sselfie.test"
	r, err := letters.New(letters.Config{Look: l, Files: static.Files, Unsubscribe: func(context.Context, mail.Outgoing) (string, error) { return "token", nil }})
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[mail.Kind][3]string{
		mail.Purchase: {"Sselfie <hello@sselfie.test>", "help@sselfie.test", "<eml_sample@sselfie.test>"},
		mail.Campaign: {"Ada <ada@news.sselfie.test>", "ada@sselfie.test", "<eml_sample@news.sselfie.test>"},
	} {
		got := render(t, r, letters.Sample(kind))
		if want != [3]string{got.From, got.ReplyTo, got.MessageID} {
			t.Errorf("%s: from %s, answers to %s, id %s", kind, got.From, got.ReplyTo, got.MessageID)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not as it was; look at it, then go test -update:\n%s", name, diff)
	}
}

func TestRenderRefuses(t *testing.T) {
	r := renderer(t)
	for name, c := range map[string]struct {
		kind   mail.Kind
		change func(*mail.Outgoing)
		want   string
	}{
		"a kind that nobody writes": {"poem", func(o *mail.Outgoing) { *o = mail.Outgoing{Kind: "poem"} }, `"poem"`},
		"a value that is missing":   {mail.Purchase, func(o *mail.Outgoing) { delete(o.Props, "product") }, `"product" is missing`},
		"a value of blanks":         {mail.Renewal, func(o *mail.Outgoing) { o.Props["credits"] = " \n" }, `"credits" is missing`},
		"a value that nobody knows": {mail.Renewal, func(o *mail.Outgoing) { o.Props["creditz"] = "2" }, `"creditz"`},
		"a reset without its token": {mail.PasswordReset, func(o *mail.Outgoing) { o.Token = "" }, "token"},
		"a welcome without a link":  {mail.Welcome, noToken, "purpose"},
		"a set-up link in a refund": {mail.Refund, func(o *mail.Outgoing) { o.Purpose, o.Token = mail.SetupToken, "t" }, "purpose"},
		"a path to another site":    {mail.Renewal, func(o *mail.Outgoing) { o.Props["path"] = "//evil.test" }, "no path"},
		"a path that is an address": {mail.Renewal, func(o *mail.Outgoing) { o.Props["path"] = "https://evil.test" }, "no path"},
		"a path with a backslash":   {mail.Renewal, func(o *mail.Outgoing) { o.Props["path"] = `/\evil.test` }, "no path"},
		"a link to another site":    {mail.Notice, func(o *mail.Outgoing) { o.Props["link"] = "https://sselfie.test.evil.test/" }, "leads away"},
	} {
		t.Run(name, func(t *testing.T) {
			o := mail.Outgoing{}
			if _, ok := letters.KindOf(c.kind); ok {
				o = sample(c.kind, nil)
			}
			c.change(&o)
			if _, err := r.Render(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	t.Run("marketing that cannot be refused", func(t *testing.T) {
		r, err := letters.New(letters.Config{Look: look(), Files: static.Files})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Render(t.Context(), sample(mail.Campaign, nil)); err == nil {
			t.Error("a campaign without an unsubscribe link was written")
		}
	})
}

// What people type must stay words: no markup, no header, no advertisement in a
// mail that we send to somebody else's address.
func TestWhatPeopleTypeStaysWords(t *testing.T) {
	r := renderer(t)
	for _, nasty := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</a><a href="https://evil.test">`, `{{.}}`, `{{call .P}}`,
		"x\r\nBcc: eve@evil.test", "https://evil.test", "evil.test", "WIN-1000$", `javascript:alert(1)`, "\u202egnp.exe", strings.Repeat("a", 300),
	} {
		o := sample(mail.Welcome, func(o *mail.Outgoing) { o.Props["name"] = nasty })
		l := render(t, r, o)
		for _, part := range []string{l.HTML, l.Text, l.Subject} {
			for _, sign := range []string{"<script", "onerror", "evil", "1000", "alert", "\u202e", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", "\r"} {
				if strings.Contains(part, sign) {
					t.Errorf("the name %q put %q into the letter", nasty, sign)
				}
			}
		}
		l = render(t, r, sample(mail.Notice, func(o *mail.Outgoing) { o.Props["subject"], o.Props["text"] = nasty, nasty+"\n\n"+nasty }))
		if strings.ContainsAny(l.Subject, "\r\n") || strings.Contains(l.HTML, "<script>") || strings.Contains(l.HTML, "<img") || strings.Contains(l.HTML, `href="https://evil`) {
			t.Errorf("%q came through: %s", nasty, l.Subject)
		}
	}
	for typed, want := range map[string]string{
		"Anna Berg": "Anna, there are", "  Zoë\n": "Zoë, there are", "O'Neil": "O&#39;Neil, there are", "佐藤 花子": "佐藤, there are",
		"Jean-Luc": "Jean-Luc, there are", "": ">There are", "4nna": ">There are", "Dr. No": ">There are",
	} {
		l := render(t, r, sample(mail.Welcome, func(o *mail.Outgoing) { o.Props["name"] = typed }))
		if !strings.Contains(l.HTML, want) {
			t.Errorf("the name %q: no %q", typed, want)
		}
	}
}

func TestReceiptsAreLinkedOnlySafely(t *testing.T) {
	r := renderer(t)
	for receipt, want := range map[string]bool{"https://pay.stripe.com/receipts/x": true, "javascript:alert(1)": false, "http://pay.stripe.com/": false, "": false} {
		l := render(t, r, sample(mail.Renewal, func(o *mail.Outgoing) { o.Props["receipt"] = receipt }))
		if got := strings.Contains(l.HTML, "The receipt"); got != want {
			t.Errorf("receipt %q linked: %v", receipt, got)
		}
	}
}

func TestOverrides(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  []string // in the error; none for success
	}{
		"nothing":                              {fstest.MapFS{}, nil},
		"a letter of the creator's own":        {fstest.MapFS{"welcome.txt": file(`{{define "subject"}}Hi{{end}}{{define "preheader"}}x{{end}}Mine: {{.Link}}`)}, nil},
		"a template that does not parse":       {fstest.MapFS{"welcome.html": file("<p>\n{{if}}\n</p>")}, []string{"welcome.html:2:"}},
		"a text that does not parse":           {fstest.MapFS{"welcome.txt": file("a\nb\n{{.Nothing")}, []string{"welcome.txt:3:"}},
		"a value that this kind does not have": {fstest.MapFS{"welcome.html": file("{{define \"title\"}}x{{end}}\n{{define \"body\"}}{{.P.amount}}{{end}}")}, []string{"welcome.html:2:", "amount"}},
		"a field that does not exist":          {fstest.MapFS{"refund.txt": file("{{define \"subject\"}}x{{end}}{{define \"preheader\"}}{{end}}\n{{.Password}}")}, []string{"refund.txt:2:"}},
		"a letter without a subject":           {fstest.MapFS{"refund.txt": file("x")}, []string{"refund.txt", "subject"}},
		"a style that nobody defined":          {fstest.MapFS{"parts.html": file(`{{define "button"}}<p style="{{css "neon"}}"></p>{{end}}{{define "facts"}}{{end}}`)}, []string{"parts.html:1", "neon"}},
		"a misspelled file":                    {fstest.MapFS{"wellcome.html": file("x")}, []string{"wellcome.html:1:"}},
		"two mistakes are told together":       {fstest.MapFS{"welcome.html": file("{{if}}"), "refund.txt": file("{{end}}")}, []string{"welcome.html:1:", "refund.txt:1:"}},
		"other files don't matter":             {fstest.MapFS{"notes.md": file("{{"), ".welcome.html": file("{{")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := letters.Check(look(), static.Files, c.files)
			if len(c.want) == 0 {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
	r, err := letters.New(letters.Config{Look: look(), Files: static.Files, Overrides: fstest.MapFS{
		"welcome.txt": file(`{{define "subject"}}Hi {{.Name}}{{end}}{{define "preheader"}}x{{end}}Mine: {{.Link}}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := render(t, r, sample(mail.Welcome, nil))
	if l.Subject != "Hi Anna" || !strings.Contains(l.HTML, "Confirm my address") {
		t.Errorf("subject %q; the HTML should still be ours", l.Subject)
	}
}

func TestLookRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*letters.Look){
		"a sender that is no address":  func(l *letters.Look) { l.From = "Sselfie" },
		"a reply address that is none": func(l *letters.Look) { l.ReplyTo = "x" },
		"a base URL without a scheme":  func(l *letters.Look) { l.BaseURL = "sselfie.test" },
		"a colour that is code":        func(l *letters.Look) { l.Light.Ink = "red;background:url(//evil.test)" },
		"no name at the end":           func(l *letters.Look) { l.SenderName = "" },
	} {
		t.Run(name, func(t *testing.T) {
			l := look()
			spoil(&l)
			if err := letters.Check(l, static.Files, nil); err == nil {
				t.Error("it was taken")
			}
		})
	}
	l := look()
	l.BaseURL += "/"
	if err := letters.Check(l, static.Files, nil); err != nil {
		t.Errorf("a slash at the end is no reason to refuse: %v", err)
	}
}

func TestTheTableOfKindsIsComplete(t *testing.T) {
	for _, k := range mail.Kinds() {
		spec, ok := letters.KindOf(k)
		if !ok || spec.Action == "" || len(spec.Tokens) == 0 {
			t.Errorf("%s is not described", k)
		}
		seen := []string{}
		for _, p := range spec.Props {
			if p.Meaning == "" || p.Required && p.Example == "" || slices.Contains(seen, p.Name) {
				t.Errorf("%s: the value %q lacks a meaning or an example, or stands twice", k, p.Name)
			}
			seen = append(seen, p.Name)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	r := renderer(b)
	o := sample(mail.Renewal, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(context.Background(), o); err != nil {
			b.Fatal(err)
		}
	}
}
