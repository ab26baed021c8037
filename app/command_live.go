package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"sselfie/adapters/clock"
	"sselfie/adapters/letters"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/segments"
	"sselfie/static"
	staticmail "sselfie/static/mail"
)

type verifyCommand struct{}

// Help implements kong.HelpProvider.
func (verifyCommand) Help() string {
	return "Reads one snapshot, also while the site runs, and checks every figure that must hold: ledgers, balances, the effects of each event. Exit code 1 and a list when one does not.\n\nExample: sselfie verify"
}

// Run proves the data.
func (verifyCommand) Run(s *shell) error {
	c, opts, err := s.database()
	if err != nil {
		return err
	}
	opts.ReadOnly = true
	db, err := sqlite.Open(s.ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	h := &house{config: c, db: db}
	offset, err := h.storedOffset(s.ctx)
	if err != nil {
		return err
	}
	now := clock.NewShifted(h.wall, offset).Now()
	var found []sqlite.Finding
	if err := db.View(s.ctx, func(ctx context.Context, v sqlite.View) (err error) {
		if found, err = v.Verify(ctx, c.Catalog.Catalogue()); err != nil {
			return err
		}
		letters, err := v.VerifyVoice(ctx, segments.Query{Now: now, Grace: c.GracePeriod})
		found = append(found, letters...)
		return err
	}); err != nil {
		return err
	}
	for _, f := range found {
		s.say("%s", f)
	}
	switch len(found) {
	case 0:
	case 1:
		return errors.New("1 finding")
	default:
		return fmt.Errorf("%d findings", len(found))
	}
	s.say("everything holds")
	return nil
}

type stripeCommand struct {
	Setup stripeSetupCommand `cmd:"" help:"Make products, prices, promotion, portal and webhook; what is there stays."`
}

// Help implements kong.HelpProvider.
func (stripeCommand) Help() string { return "Example: sselfie stripe setup" }

type stripeSetupCommand struct{}

// Help implements kong.HelpProvider.
func (stripeSetupCommand) Help() string {
	return "Prints what it changed; the second time it changes nothing. Needs stripe.secret_key; prints the signing secret of a webhook that it makes. In demo mode it sets up the local gateway.\n\nExample: SSELFIE_STRIPE_SECRET_KEY=sk_test_... SSELFIE_BASE_URL=https://studio.example.com sselfie stripe setup"
}

// Run sets Stripe up.
func (stripeSetupCommand) Run(s *shell) error { return s.do("stripe setup", nil) }

func setUpStripe(ctx context.Context, h *house, _ map[string]string) ([]string, error) {
	if h.money == nil {
		return nil, &core.Error{Code: core.Invalid, Op: "app.setUpStripe", Message: "There is no secret key: set SSELFIE_STRIPE_SECRET_KEY, from dashboard.stripe.com under Developers."}
	}
	var lines []string
	hook := h.base + webhookPath
	if u, err := url.Parse(h.base); h.config.Demo || err != nil || isLoopback(u.Host+":1") || isLoopback(u.Host) {
		if hook = ""; !h.config.Demo {
			lines = append(lines, "note: base_url is on this machine, where Stripe cannot reach it; no webhook was made. Set SSELFIE_BASE_URL to the public address and run this again.")
		}
	}
	done, err := h.money.provision(ctx, hook, h.config.Stripe.WebhookSecret != "")
	lines = append(lines, done.Changes...)
	for _, note := range done.Notes {
		lines = append(lines, "note: "+note)
	}
	if done.WebhookSecret != "" {
		lines = append(lines, "SSELFIE_STRIPE_WEBHOOK_SECRET="+done.WebhookSecret, "keep this line now: Stripe shows the secret once")
	}
	if err == nil && len(done.Changes) == 0 {
		lines = append(lines, "nothing to change")
	}
	return lines, err
}

type adminCommand struct {
	Create             adminCreateCommand `cmd:"" help:"Make an admin, or give an account the rights and a new password."`
	ForgetSecondFactor adminForgetCommand `cmd:"" help:"Let an admin who lost the phone log in with the password alone."`
}

// Help implements kong.HelpProvider.
func (adminCommand) Help() string {
	return "Example: sselfie admin create ada@example.com < password.txt"
}

type adminCreateCommand struct {
	Email        string `arg:"" help:"The admin's address."`
	PasswordFile string `placeholder:"FILE" help:"Read the password from this file instead of standard input."`
}

// Help implements kong.HelpProvider.
func (adminCreateCommand) Help() string {
	return "The password is the first line of standard input, or of a file; an argument would be seen by everybody on the machine. Works beside a running site.\n\nExample: sselfie admin create ada@example.com < password.txt"
}

// Run makes an admin.
func (a adminCreateCommand) Run(s *shell) error {
	in := os.Stdin
	if a.PasswordFile != "" {
		f, err := os.Open(a.PasswordFile)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" {
		return fmt.Errorf("there is no password on standard input")
	}
	return s.do("admin create", map[string]string{"email": a.Email, "password": strings.TrimRight(line, "\r\n")})
}

func createAdmin(ctx context.Context, h *house, v map[string]string) ([]string, error) {
	u, err := h.people.CreateAdmin(ctx, v["email"], v["password"])
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%s is an admin (%s)", u.Email, u.ID)}, nil
}

type jobCommand struct {
	Run jobRunCommand `cmd:"" help:"Run one job now."`
}

// Help implements kong.HelpProvider.
func (jobCommand) Help() string { return "Example: sselfie job run backup" }

type jobRunCommand struct {
	Job string `arg:"" help:"Name of the job: backup, housekeeping, outbox, stripe-catch-up."`
}

// Help implements kong.HelpProvider.
func (jobRunCommand) Help() string {
	return "Prints what it did as JSON. Works beside a running site.\n\nExample: sselfie job run backup"
}

// Run runs a job.
func (j jobRunCommand) Run(s *shell) error { return s.do("job run", map[string]string{"job": j.Job}) }

func runJob(ctx context.Context, h *house, v map[string]string) ([]string, error) {
	report, err := h.runJob(ctx, v["job"])
	if report.Job == "" {
		return nil, err
	}
	text, bad := json.Marshal(report)
	if bad != nil {
		return nil, bad
	}
	return []string{string(text)}, err
}

type contentCommand struct {
	Check contentCheckCommand `cmd:"" help:"Render every page and mail with your files."`
}

// Help implements kong.HelpProvider.
func (contentCommand) Help() string {
	return "Example: SSELFIE_STATIC_DIR=./my-site sselfie content check"
}

type contentCheckCommand struct{}

// Help implements kong.HelpProvider.
func (contentCheckCommand) Help() string {
	return "Tells every mistake in static_dir with file and line; the site would not start with one.\n\nExample: SSELFIE_STATIC_DIR=./my-site sselfie content check"
}

// Run checks content.
func (contentCheckCommand) Run(s *shell) error {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	over, err := c.files("")
	if err != nil {
		return err
	}
	base := c.baseURL(c.Addr)
	bad := 0
	for _, p := range view.Check(view.Layered(over, static.Files), c.site(base)) {
		s.say("%s", p)
		bad++
	}
	mails, err := c.files("mail")
	if err != nil {
		return err
	}
	look := c.look(base)
	if look.From == "" {
		look.From = "sender@example.com" // what is checked is the templates
	}
	if err := letters.Check(look, staticmail.Files, mails); err != nil {
		s.say("%v", err)
		bad++
	}
	if bad > 0 {
		return errSaid
	}
	s.say("every page and mail can be drawn")
	return nil
}
