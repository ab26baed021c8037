package app

import (
	"net"
	"net/mail"
	"net/netip"
	"strings"

	"sselfie/adapters/smtp"
)

func (r *reader) checkMail(c *Config) {
	for path, address := range map[string]string{
		"mail.from": c.Mail.From, "mail.reply_to": c.Mail.ReplyTo, "mail.marketing_from": c.Mail.MarketingFrom, "mail.marketing_reply_to": c.Mail.MarketingReplyTo,
	} {
		if address != "" {
			r.checkAddress(path, address)
		}
	}
	if a := c.Mail.ReturnPath; a != "" {
		if p, err := mail.ParseAddress(a); err != nil || p.Address != a {
			r.wrong("mail.return_path", "%q is not a plain e-mail address like bounces@example.com", a)
		}
	}
	r.checkRelay("smtp", c.SMTP)
	r.checkRelay("marketing_smtp", c.MarketingSMTP)
	r.checkDKIM(c.Mail.DKIM)
	r.checkReturns(c)
}

func (r *reader) checkRelay(section string, s SMTPConfig) {
	r.checkHost(section, s.Host)
	if s.TLS == "none" && s.Password != "" && !isLoopback(net.JoinHostPort(s.Host, "25")) {
		r.wrong(section+".tls", "none would send the password readable over the net: use mandatory")
	}
	if s.Username != "" && s.Password == "" {
		r.wrong(section+".password", "is missing beside %s.username", section)
	}
}

func (r *reader) checkHost(section, host string) {
	if host == "" || isHost(host) {
		return
	}
	if _, err := netip.ParseAddr(host); err != nil {
		r.wrong(section+".host", "%q is not a host name: the port goes to %s.port", host, section)
	}
}

func (r *reader) checkDKIM(d DKIMConfig) {
	if d.Domain != "" && !isHost(d.Domain) {
		r.wrong("mail.dkim.domain", "%q is not a domain name like example.com", d.Domain)
	}
	if !isHost(d.Selector) {
		r.wrong("mail.dkim.selector", "%q is no name that can stand in DNS: use letters and digits", d.Selector)
	}
	if d.Key == "" {
		return
	}
	if _, err := smtp.NewDKIM(d.Domain, d.Selector, d.Key); err != nil {
		r.wrong("mail.dkim.key", "is no private key in PEM: make one with sselfie mail dkim-key, and name its file in mail.dkim.key_file")
	}
}

func (r *reader) checkReturns(c *Config) {
	b := c.Returns
	if s := b.WebhookSecret; s != "" && len(s) < 16 && !c.Demo {
		r.wrong("returns.webhook_secret", "is too short to be a secret: use at least 16 characters")
	}
	r.checkHost("returns.imap", b.IMAP.Host)
	if b.IMAP.Host == "" {
		return
	}
	if b.IMAP.Username == "" || b.IMAP.Password == "" {
		r.wrong("returns.imap", "username and password are missing beside host")
	}
	if b.IMAP.TLS == "none" && !isLoopback(net.JoinHostPort(b.IMAP.Host, "143")) {
		r.wrong("returns.imap.tls", "none would send the password readable over the net: use implicit or starttls")
	}
	if strings.TrimSpace(b.IMAP.Mailbox) == "" {
		r.wrong("returns.imap.mailbox", "is empty: most often it is INBOX")
	}
}
