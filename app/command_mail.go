package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"
	"time"

	"sselfie/adapters/letters"
	"sselfie/adapters/smtp"
	"sselfie/core"
	coremail "sselfie/core/mail"
	staticmail "sselfie/static/mail"
)

type mailCommand struct {
	Test mailTestCommand `cmd:"" help:"Send one letter, and tell each step of the conversation."`
	Key  mailKeyCommand  `cmd:"" name:"dkim-key" help:"Make a key that signs letters, and print its DNS record."`
}

// Help implements kong.HelpProvider.
func (mailCommand) Help() string { return "Example: sselfie mail test you@example.com" }

type mailTestCommand struct {
	Address   string `arg:"" help:"Who gets the letter."`
	Marketing bool   `help:"Use the sender and the relay of marketing."`
}

// Help implements kong.HelpProvider.
func (mailTestCommand) Help() string {
	return "Talks to the relay of the configuration: name, connection, greeting, encryption with its certificate, sign-in, sender, recipient, letter. Says what to do where it ends, and never prints a password. Exit code 1 when the letter did not leave.\n\nExample: sselfie mail test you@example.com"
}

// Run sends the letter.
func (m mailTestCommand) Run(s *shell) error {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	to, err := mail.ParseAddress(m.Address)
	if err != nil {
		return fmt.Errorf("%q is no e-mail address", m.Address)
	}
	relay, from, section := c.SMTP, c.Mail.From, "smtp"
	if m.Marketing {
		if c.MarketingSMTP.Host != "" {
			relay, section = c.MarketingSMTP, "marketing_smtp"
		}
		if c.Mail.MarketingFrom != "" {
			from = c.Mail.MarketingFrom
		}
	}
	switch {
	case relay.Host == "":
		return errors.New("there is no mail server: set SSELFIE_SMTP_HOST, and SSELFIE_MAIL_FROM")
	case from == "":
		return errors.New("there is no sender: set SSELFIE_MAIL_FROM")
	}
	if c.Mail.Driver != "smtp" {
		s.say("note: mail.driver is %s, so that the site sends nothing itself; this letter goes out all the same", c.Mail.Driver)
	}
	base := c.baseURL(c.Addr)
	sender, err := c.relay(relay, base)
	if err != nil {
		return err
	}
	letter, err := c.testLetter(s, to.Address, from, base)
	if err != nil {
		return err
	}
	s.say("from %s to %s through %s:%d (%s)", from, to.Address, relay.Host, relay.Port, section)
	if err := sender.Try(s.ctx, letter, s.tellStep); err != nil {
		s.say("the letter was not handed over")
		return errSaid
	}
	s.say("the relay has the letter. Whether it arrives shows the mailbox: look into the spam folder as well, and there at the headers Authentication-Results (spf, dkim and dmarc should pass)")
	return nil
}

// testLetter writes the letter with the templates and the look of every other.
func (c *Config) testLetter(s *shell, to, from, base string) (coremail.Letter, error) {
	over, err := c.files("mail")
	if err != nil {
		return coremail.Letter{}, err
	}
	look := c.look(base)
	look.From, look.MarketingFrom = from, ""
	r, err := letters.New(letters.Config{Look: look, Files: staticmail.Files, Overrides: over})
	if err != nil {
		return coremail.Letter{}, err
	}
	now := time.Now()
	sum := sha256.Sum256([]byte(now.String() + to))
	return r.Render(s.ctx, coremail.Outgoing{
		ID: core.MailID("test_" + hex.EncodeToString(sum[:12])), Kind: coremail.Notice, To: to, At: now,
		Props: coremail.Props{
			"subject": "Your letters arrive", "path": "/",
			"text": "This letter was sent by hand to see whether the letters of " + look.BrandName + " arrive.\n\nIt looks as all of them do. When it lies in the spam folder, the next thing to ask is sselfie doctor.",
		},
	})
}

// tellStep prints a step of a conversation with a mail server.
func (s *shell) tellStep(step smtp.Step) {
	mark := "ok   "
	if step.Err != nil {
		mark = "FAILS"
	}
	s.say("%s  %-9s  %s", mark, step.Name, step.Said)
	if step.Fix != "" {
		s.say("       what to do: %s", step.Fix)
	}
}

type mailKeyCommand struct {
	Out string `placeholder:"FILE" help:"Where the private key goes; without one the configured key's record is printed."`
}

// Help implements kong.HelpProvider.
func (mailKeyCommand) Help() string {
	return "Makes an RSA key of 2048 bits in a new file, and prints the TXT record that belongs into your DNS and the line for the configuration. Without --out it prints the record of the key that is configured.\n\nExample: sselfie mail dkim-key --out /etc/sselfie/dkim.pem"
}

// Run makes the key, or reads the one that is there.
func (m mailKeyCommand) Run(s *shell) error {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	key := c.Mail.DKIM.Key
	if m.Out != "" {
		if key, err = smtp.NewDKIMKey(); err != nil {
			return err
		}
	}
	if key == "" {
		return errors.New("no key is configured: make one with --out FILE")
	}
	signer, err := smtp.NewDKIM(c.Mail.DKIM.Domain, c.Mail.DKIM.Selector, key)
	if err != nil {
		return err
	}
	record, err := signer.Record()
	if err != nil {
		return err
	}
	if m.Out != "" {
		if err := writeNew(m.Out, key); err != nil {
			return err
		}
		s.say("the private key is in %s; configure it:", m.Out)
		s.say("  mail:\n    dkim: {selector: %s, key_file: %s}", c.Mail.DKIM.Selector, m.Out)
	}
	s.say("the record for your DNS:")
	for _, domain := range c.sendingDomains(signer) {
		s.say("  name   %s._domainkey.%s", c.Mail.DKIM.Selector, domain)
	}
	s.say("  type   TXT")
	s.say("  value  %s", record)
	s.say("where a field takes 255 characters at most, as two strings:")
	s.say("  %s", strings.Join(split(record, 255), " "))
	return nil
}

// sendingDomains are those in whose name letters are signed.
func (c *Config) sendingDomains(d *smtp.DKIM) []string {
	var out []string
	for _, from := range []string{c.Mail.From, c.Mail.MarketingFrom} {
		a, err := mail.ParseAddress(from)
		if err != nil {
			continue
		}
		if domain := d.DomainFor(a.Address); len(out) == 0 || out[0] != domain {
			out = append(out, domain)
		}
	}
	if len(out) == 0 {
		out = append(out, "(the domain of mail.from)")
	}
	return out
}

// split cuts a TXT record into quoted strings.
func split(record string, most int) []string {
	var out []string
	for len(record) > most {
		out = append(out, `"`+record[:most]+`"`)
		record = record[most:]
	}
	return append(out, `"`+record+`"`)
}

// writeNew writes a secret into a file that is not there yet.
func writeNew(path, text string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.WriteString(text)
	return err
}
