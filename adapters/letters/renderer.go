// Package letters writes the mails: subject, HTML and plain text from templates
// and the values that a use case promised.
package letters

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	texttemplate "text/template"
	"unicode/utf8"

	"sselfie/core/mail"
)

// Config is what a Renderer is made of.
type Config struct {
	Look Look
	// Files are the templates that ship, sselfie/static/mail.
	Files fs.FS
	// Overrides lie over Files, file by file; nil for none.
	Overrides fs.FS
	// Unsubscribe makes the token of a marketing mail's unsubscribe link. Without
	// it no marketing mail is written.
	Unsubscribe func(ctx context.Context, o mail.Outgoing) (token string, err error)
}

// Renderer writes letters. It is safe for several goroutines.
type Renderer struct {
	c    Config
	look Look

	main, marketing sender

	host   string // of the base URL
	styles map[string]string
	sheets map[mail.Kind]sheets
	footer *texttemplate.Template
	pages  *sync.Pool // of buffers: a mailing writes many pages of one size
}

// sheets are the parsed templates of one kind.
type sheets struct {
	html *template.Template
	text *texttemplate.Template
}

// New parses every template and renders each with its examples, so that a
// broken one stops the start, with file and line, and not a customer's mail.
func New(c Config) (*Renderer, error) {
	look, err := c.Look.complete()
	if err != nil {
		return nil, fmt.Errorf("letters: %w", err)
	}
	base, err := url.Parse(look.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("letters: %w", err)
	}
	r := &Renderer{c: c, look: look, host: base.Host, styles: styles(look.Light, look.Fonts), pages: &sync.Pool{}, sheets: map[mail.Kind]sheets{}}
	r.main, r.marketing = look.senders()
	if err := r.parse(); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	said := pieces(r.look) // the check has escaped the templates
	for _, set := range r.sheets {
		settle(set.html, said)
	}
	return r, nil
}

// Check reports everything that is wrong with the templates in overrides over
// those in files, each with file and line.
func Check(look Look, files, overrides fs.FS) error {
	_, err := New(Config{Look: look, Files: files, Overrides: overrides})
	return err
}

// Render writes a letter.
func (r *Renderer) Render(ctx context.Context, o mail.Outgoing) (mail.Letter, error) {
	known, err := r.view(ctx, o)
	if err != nil {
		return mail.Letter{}, err
	}
	v := &known // each of five templates would get a copy
	set := r.sheets[o.Kind]
	subject, err := inText(set.text, "subject", v)
	if err != nil {
		return mail.Letter{}, err
	}
	if v.Subject = oneLine(subject); v.Subject == "" {
		return mail.Letter{}, fmt.Errorf("%s.txt: the subject is empty", o.Kind)
	}
	preheader, err := inText(set.text, "preheader", v)
	if err != nil {
		return mail.Letter{}, err
	}
	v.Preheader = oneLine(preheader)
	body, err := inText(set.text, set.text.Name(), v)
	if err != nil {
		return mail.Letter{}, err
	}
	footer, err := inText(r.footer, r.footer.Name(), v)
	if err != nil {
		return mail.Letter{}, err
	}
	page, ok := r.pages.Get().(*bytes.Buffer)
	if !ok {
		page = new(bytes.Buffer)
	}
	defer r.pages.Put(page)
	page.Reset()
	if err := set.html.ExecuteTemplate(page, "base.html", v); err != nil {
		return mail.Letter{}, plainly(err)
	}
	from := r.main
	if o.Kind.Marketing() {
		from = r.marketing
	}
	return mail.Letter{
		ID: o.ID, Kind: o.Kind, From: from.from, ReplyTo: from.replyTo, To: o.To,
		Subject: v.Subject, Date: o.At.UTC(), MessageID: "<" + string(o.ID) + "@" + from.host + ">",
		HTML: page.String(), Text: wrap(body) + "\n--\n" + wrap(footer), Headers: r.headers(known, from.host),
	}, nil
}

// headers says to machines what the letter is.
func (r *Renderer) headers(v view, host string) map[string]string {
	if v.Unsubscribe == "" {
		// Keeps absence notes from answering.
		return map[string]string{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
	}
	return map[string]string{
		"List-Unsubscribe":      "<" + v.Unsubscribe + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"List-Id":               "<letters." + host + ">",
		"Precedence":            "bulk", // absence notes don't answer to it
		// By its last part a mailbox provider's figures know the sender, by the
		// others what was complained about.
		"Feedback-ID": v.Kind + ":" + word(host, 15),
	}
}

// word is what is left of a name when it may hold small letters and digits only.
func word(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(s))
	return s[:min(len(s), most)]
}

// view is what templates see: plain values, no secret but the link's own token.
type view struct {
	Brand, Sender, Support, Address string
	BaseURL, Host, Kind             string
	Date                            string // of the letter: 1 March 2026
	Subject, Preheader              string
	Name                            string // the first name, "" when it is not known
	Token                           bool   // the link carries a single-use token
	Purpose                         string // what for: setup, reset, confirm, change_email
	Link, Action                    string // the one that matters
	Unsubscribe                     string // of marketing mails
	P                               map[string]string
	Letter                          []block // the text of a kind that is written in Markdown
}

func (r *Renderer) view(ctx context.Context, o mail.Outgoing) (view, error) {
	kind, ok := KindOf(o.Kind)
	if !ok {
		return view{}, fmt.Errorf("nobody writes mails of the kind %q", o.Kind)
	}
	props, err := kind.accept(o)
	if err != nil {
		return view{}, err
	}
	v := view{
		Brand: r.look.BrandName, Sender: r.look.SenderName, Support: r.look.SupportEmail, Address: r.look.PostalAddress,
		BaseURL: r.look.BaseURL, Host: r.host, Kind: string(o.Kind), Date: o.At.UTC().Format("2 January 2006"), Name: given(props["name"]),
		Token: o.Token != "", Purpose: string(o.Purpose), Action: kind.Action, P: props,
	}
	if kind.Prose {
		if v.Letter = blocks(props["text"], r.look.BaseURL); len(v.Letter) == 0 {
			return view{}, fmt.Errorf("%s: the letter is empty", o.Kind)
		}
		props["text"] = plain(v.Letter) // for templates that know paragraphs alone
	}
	if props["receipt"] != "" && !strings.HasPrefix(props["receipt"], "https://") {
		props["receipt"] = ""
	}
	if v.Link, err = r.link(kind, o, props); err != nil {
		return view{}, err
	}
	switch {
	case props["action"] != "":
		v.Action = props["action"]
	case o.Kind == mail.Purchase && v.Token:
		v.Action = "Set your password and begin"
	}
	if o.Kind == mail.Notice && props["customer"] == "" {
		v.Sender = "The till at " + r.host // nobody writes letters to herself
	}
	if o.Kind.Marketing() {
		if r.c.Unsubscribe == nil {
			return view{}, errors.New("a marketing mail needs an unsubscribe link, and nobody makes its token")
		}
		token, err := r.c.Unsubscribe(ctx, o)
		if err != nil {
			return view{}, fmt.Errorf("the unsubscribe link: %w", err)
		}
		v.Unsubscribe = r.look.BaseURL + "/unsubscribe?token=" + url.QueryEscape(token)
	}
	return v, nil
}

// link returns the one link of a letter: the token's page, or what the props
// name, or where the kind leads.
func (r *Renderer) link(k Kind, o mail.Outgoing, props map[string]string) (string, error) {
	switch o.Purpose {
	case mail.SetupToken, mail.ResetToken:
		return r.look.BaseURL + "/auth/password/setup?token=" + url.QueryEscape(o.Token), nil
	case mail.ConfirmToken, mail.ChangeToken:
		return r.look.BaseURL + "/auth/confirm?token=" + url.QueryEscape(o.Token), nil
	}
	if whole := props["link"]; whole != "" {
		if !strings.HasPrefix(whole, r.look.BaseURL+"/") {
			return "", fmt.Errorf("%s: the link %q leads away from %s", o.Kind, whole, r.look.BaseURL)
		}
		return whole, nil
	}
	path := props["path"]
	if path == "" {
		path = k.Path
	}
	if path == "" {
		path = "/"
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, " \\<>\"") {
		return "", fmt.Errorf("%s: %q is no path on this site", o.Kind, path)
	}
	return r.look.BaseURL + path, nil
}

func inText(set *texttemplate.Template, name string, v *view) (string, error) {
	var b strings.Builder
	if err := set.ExecuteTemplate(&b, name, v); err != nil {
		return "", plainly(err)
	}
	return b.String(), nil
}

// button is what the part of that name shows.
type button struct {
	Href, Label string
	Width       int // for Outlook, which has to be told
}

func newButton(href, label string) button {
	return button{Href: href, Label: label, Width: 60 + 9*utf8.RuneCountInString(label)}
}
