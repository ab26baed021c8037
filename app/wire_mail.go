package app

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/letters"
	"sselfie/adapters/mailbox"
	"sselfie/adapters/smtp"
	"sselfie/adapters/sqlite"
	"sselfie/core/mail"
	staticmail "sselfie/static/mail"
)

// openMail builds the outbox and whatever takes its letters.
func (h *house) openMail() (err error) {
	c := h.config
	var sender mail.Sender
	switch c.Mail.Driver {
	case "disabled":
		return nil
	case "mailbox":
		if h.mailbox, err = mailbox.Open(filepath.Join(c.DataDir, "mailbox"), h.fold); err != nil {
			return err
		}
		for _, name := range h.mailbox.Damaged() {
			h.log.Warn("a file in the mailbox is no letter", "op", "app.openMail", "file", name)
		}
		sender = h.mailbox
	default:
		if c.SMTP.Host == "" {
			return nil // a command beside the server, which needs no mail
		}
		base, err := url.Parse(h.base)
		if err != nil {
			return err
		}
		if sender, err = smtp.New(smtp.Config{
			Host: c.SMTP.Host, Port: c.SMTP.Port, Username: c.SMTP.Username, Password: c.SMTP.Password, TLS: smtp.TLS(c.SMTP.TLS), Hello: base.Hostname(),
		}); err != nil {
			return err
		}
	}
	renderer, err := h.renderer()
	if err != nil {
		return err
	}
	h.voice.campaigns.Trial = renderer
	renderer = h.author(renderer)
	h.outbox = mail.New(mail.Ports{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) mail.Tx { return tx }), Reads: h.db, Sender: sender, Renderer: renderer,
		Minter: h.people, Clock: h.clock, Watch: mailFigures{h.log, h.stats},
	}, mail.Limits{Lanes: c.Mail.Connections})
	stop := h.db.OnCommit(mail.Topic, h.outbox.Wake)
	h.closers = append(h.closers, func() error { stop(); return nil })
	return nil
}

// look is how letters look.
func (c *Config) look(base string) letters.Look {
	b := c.Brand
	sender := b.Owner
	if sender == "" {
		sender = b.Name
	}
	support := b.Support
	if support == Default().Brand.Support {
		support = "" // the sender's own
	}
	return letters.Look{
		BrandName: b.Name, SenderName: sender, From: c.Mail.From, ReplyTo: c.Mail.ReplyTo, SupportEmail: support,
		PostalAddress: c.Mail.PostalAddress, BaseURL: base, Light: letters.PaletteOf(b.Light), Dark: letters.PaletteOf(b.Dark),
	}
}

// renderer writes the letters. The templates that ship are proven by tests and
// parsed when the first letter leaves; a creator's own are parsed and tried at
// the start, where a mistake is told with file and line.
func (h *house) renderer() (mail.Renderer, error) {
	over, err := h.config.files("mail")
	if err != nil {
		return nil, err
	}
	parse := sync.OnceValues(func() (*letters.Renderer, error) {
		return letters.New(letters.Config{Look: h.config.look(h.base), Files: staticmail.Files, Overrides: over, Unsubscribe: h.voice.desk.UnsubscribeToken})
	})
	if over != nil {
		if _, err := parse(); err != nil {
			return nil, err
		}
	}
	return lazyRenderer{parse}, nil
}

type lazyRenderer struct {
	parse func() (*letters.Renderer, error)
}

// Render implements mail.Renderer.
func (l lazyRenderer) Render(ctx context.Context, o mail.Outgoing) (mail.Letter, error) {
	r, err := l.parse()
	if err != nil {
		return mail.Letter{}, err
	}
	return r.Render(ctx, o)
}

// staysHere reports whether no mail can leave this machine.
func (c *Config) staysHere() bool {
	if c.Mail.Driver != "smtp" {
		return true
	}
	ip, err := netip.ParseAddr(c.SMTP.Host)
	return c.SMTP.Host == "localhost" || (err == nil && ip.IsLoopback()) || isLoopback(net.JoinHostPort(c.SMTP.Host, "25"))
}

// mailFigures writes the log and the figures of the outbox.
type mailFigures struct {
	log   *slog.Logger
	stats *metrics.Set
}

// MailDone implements mail.Watcher.
func (m mailFigures) MailDone(o mail.Outcome) {
	m.stats.GetOrCreateCounter(`sselfie_mails_total{kind="` + string(o.Kind) + `",state="` + string(o.State) + `"}`).Inc()
	if o.Err != nil {
		m.log.Warn("a mail did not leave", "op", "mail.deliver", "mail", o.ID, "kind", o.Kind, "state", o.State, "attempts", o.Attempts, "err", o.Err)
		return
	}
	m.log.Debug("a mail left", "op", "mail.deliver", "mail", o.ID, "kind", o.Kind)
}

// OutboxTrouble implements mail.Watcher.
func (m mailFigures) OutboxTrouble(err error) {
	m.stats.GetOrCreateCounter(`sselfie_outbox_troubles_total`).Inc()
	m.log.Error("the outbox cannot work", "op", "mail.outbox", "err", err)
}
