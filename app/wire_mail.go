package app

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/letters"
	"sselfie/adapters/locksmith"
	"sselfie/adapters/mailbox"
	"sselfie/adapters/smtp"
	"sselfie/adapters/sqlite"
	"sselfie/core/mail"
	"sselfie/core/sequences"
	staticmail "sselfie/static/mail"
)

// openMail builds the outbox and whatever takes its letters.
func (h *house) openMail() (err error) {
	c := h.config
	var sender, marketing mail.Sender
	var pace mail.Pace // of letters that leave: captured ones are nobody's burden
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
		if sender, err = c.relay(c.SMTP, h.base); err != nil {
			return err
		}
		if c.MarketingSMTP.Host != "" {
			if marketing, err = c.relay(c.MarketingSMTP, h.base); err != nil {
				return err
			}
		}
		pace = mail.Pace{PerMinute: c.Mail.PerMinute, PerDomain: c.Mail.PerDomainPerMinute}
	}
	renderer, err := h.renderer()
	if err != nil {
		return err
	}
	h.voice.campaigns.Trial, h.voice.series.Trial = renderer, renderer
	author := h.author(renderer)
	h.voice.proofs = &sequences.Proofs{
		Author: author, Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) sequences.ProofTx { return tx }), IDs: h.ids, Tokens: locksmith.Tokens{}, Fold: h.fold, Clock: h.clock,
	}
	renderer = author
	h.outbox = mail.New(mail.Ports{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) mail.Tx { return tx }), Reads: h.db, Sender: sender, Marketing: marketing, Renderer: renderer,
		Minter: h.people, Clock: h.clock, Watch: mailFigures{h.log, h.stats},
	}, mail.Limits{Lanes: c.Mail.Connections, Pace: pace})
	stop := h.db.OnCommit(mail.Topic, h.outbox.Wake)
	h.closers = append(h.closers, func() error { stop(); return nil })
	return nil
}

// relay opens the way to a mail server.
func (c *Config) relay(s SMTPConfig, base string) (*smtp.Sender, error) {
	conf, err := c.relayConfig(s, base)
	if err != nil {
		return nil, err
	}
	return smtp.New(conf)
}

func (c *Config) relayConfig(s SMTPConfig, base string) (smtp.Config, error) {
	u, err := url.Parse(base)
	if err != nil {
		return smtp.Config{}, err
	}
	conf := smtp.Config{
		Host: s.Host, Port: s.Port, Username: s.Username, Password: s.Password, TLS: smtp.TLS(s.TLS), Hello: u.Hostname(), ReturnPath: c.Mail.ReturnPath,
	}
	if c.Mail.DKIM.Key != "" {
		conf.DKIM, err = smtp.NewDKIM(c.Mail.DKIM.Domain, c.Mail.DKIM.Selector, c.Mail.DKIM.Key)
	}
	return conf, err
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
		BrandName: b.Name, SenderName: sender, From: c.Mail.From, ReplyTo: c.Mail.ReplyTo, MarketingFrom: c.Mail.MarketingFrom, MarketingReplyTo: c.Mail.MarketingReplyTo, SupportEmail: support,
		PostalAddress: c.Mail.PostalAddress, BaseURL: base, Light: letters.PaletteOf(b.Light), Dark: letters.PaletteOf(b.Dark), Fonts: b.Fonts,
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
	return c.Mail.Driver != "smtp" || here(c.SMTP.Host) && (c.MarketingSMTP.Host == "" || here(c.MarketingSMTP.Host))
}

func here(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
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
