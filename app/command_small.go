package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/migrations"
)

type versionCommand struct{}

// Help implements kong.HelpProvider.
func (versionCommand) Help() string { return "Example: sselfie version" }

// Run prints the version.
func (versionCommand) Run(s *shell) error {
	s.say("sselfie %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain; without one, all of them."`
}

// Help implements kong.HelpProvider.
func (helpCommand) Help() string { return "Example: sselfie help migrate up" }

// Run explains a command as its own --help does.
func (h helpCommand) Run(s *shell) error {
	if Run(s.ctx, append(h.Command, "--help"), s.getenv, s.stdout, s.stderr) != exitFine {
		return errSaid
	}
	return nil
}

type configCommand struct {
	Print configPrintCommand `cmd:"" help:"Print every setting as it counts, secrets hidden."`
}

// Help implements kong.HelpProvider.
func (configCommand) Help() string { return "Example: sselfie config print" }

type configPrintCommand struct{}

// Help implements kong.HelpProvider.
func (configPrintCommand) Help() string {
	return "The output is a configuration file that says the same, but for the secrets.\n\nExample: sselfie config print --config /etc/sselfie.yaml"
}

// Run prints the configuration. Mistakes are listed behind it.
func (configPrintCommand) Run(s *shell) error {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	c.Print(s.stdout)
	return nil
}

type migrateCommand struct {
	Status migrateStatusCommand `cmd:"" help:"List the migrations and which the database has."`
	Up     migrateUpCommand     `cmd:"" help:"Bring the database to this program's version."`
	Down   migrateDownCommand   `cmd:"" help:"Take the newest migration back; what it added is lost."`
}

// Help implements kong.HelpProvider.
func (migrateCommand) Help() string { return "Example: sselfie migrate status" }

type (
	migrateStatusCommand struct{}
	migrateUpCommand     struct{}
	migrateDownCommand   struct{}
)

// Help implements kong.HelpProvider.
func (migrateStatusCommand) Help() string { return "Example: sselfie migrate status" }

// Help implements kong.HelpProvider.
func (migrateUpCommand) Help() string {
	return "serve does the same at its start. A database that exists is copied to the backups folder first.\n\nExample: sselfie migrate up"
}

// Help implements kong.HelpProvider.
func (migrateDownCommand) Help() string {
	return "The database is copied to the backups folder first. The site must not be running.\n\nExample: sselfie migrate down"
}

// Run lists the migrations.
func (migrateStatusCommand) Run(s *shell) error {
	_, opts, err := s.database()
	if err != nil {
		return err
	}
	all, err := sqlite.Status(s.ctx, opts)
	if err != nil {
		return err
	}
	for _, m := range all {
		state := "pending"
		if m.Applied {
			state = "applied " + m.At.UTC().Format("2006-01-02 15:04")
		}
		s.say("%-40s %s", m.Name, state)
	}
	return nil
}

// Run migrates up.
func (migrateUpCommand) Run(s *shell) error {
	_, opts, err := s.database()
	if err != nil {
		return err
	}
	done, err := sqlite.Up(s.ctx, opts)
	for _, v := range done {
		s.say("applied %05d", v)
	}
	if err == nil && len(done) == 0 {
		s.say("the database is up to date")
	}
	return err
}

// Run migrates one step down.
func (migrateDownCommand) Run(s *shell) error {
	_, opts, err := s.database()
	if err != nil {
		return err
	}
	done, err := sqlite.Down(s.ctx, opts)
	for _, v := range done {
		s.say("took back %05d; a copy from before is in %s", v, sqlite.BackupFolder(opts.Path))
	}
	if err == nil && len(done) == 0 {
		s.say("there is no migration to take back")
	}
	return err
}

// database returns where the database is, for commands that don't serve.
func (s *shell) database() (Config, sqlite.Options, error) {
	c, err := s.load(ToLook)
	return c, sqlite.Options{Path: c.databasePath(), Migrations: migrations.Files}, err
}

func (c *Config) databasePath() string { return filepath.Join(c.DataDir, "sselfie.db") }

type backupCommand struct{}

// Help implements kong.HelpProvider.
func (backupCommand) Help() string {
	return "Writes a verified copy into data_dir/backups and prints its path. Pictures and captured mail are files beside the database: copy data_dir/files as well.\n\nExample: sselfie backup"
}

// Run makes a backup.
func (backupCommand) Run(s *shell) error {
	_, opts, err := s.database()
	if err != nil {
		return err
	}
	opts.ReadOnly, opts.Migrations = true, nil
	db, err := sqlite.Open(s.ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	name, err := db.Backup(s.ctx, sqlite.BackupFolder(opts.Path))
	if err != nil {
		return err
	}
	s.say("%s", name)
	return nil
}

type restoreCommand struct {
	File         string `arg:"" help:"The backup."`
	KeepSessions bool   `help:"Leave everybody signed in who was at the time of the backup."`
}

// Help implements kong.HelpProvider.
func (restoreCommand) Help() string {
	return "The backup is verified before anything changes; the file that it replaces is kept in the backups folder. Stop the site first.\n\nExample: sselfie restore data/backups/sselfie-20260301T040000Z.db"
}

// Run restores a backup.
func (r restoreCommand) Run(s *shell) error {
	_, opts, err := s.database()
	if err != nil {
		return err
	}
	kept, err := sqlite.Restore(s.ctx, opts, sqlite.Restoration{From: r.File, DropSessions: !r.KeepSessions})
	if err != nil {
		return err
	}
	s.say("restored %s", r.File)
	if kept != "" {
		s.say("what was there before is kept as %s", kept)
	}
	known, err := sqlite.Status(s.ctx, opts)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(m sqlite.Migration) bool { return !m.Applied }) {
		s.say("it is from before an update; next: sselfie migrate up, then sselfie verify")
		return nil
	}
	s.say("next: sselfie verify")
	return nil
}

type healthCommand struct{}

// Help implements kong.HelpProvider.
func (healthCommand) Help() string {
	return "Asks /readyz at the configured address; exit code 0 when it is ready. Made for container health checks.\n\nExample: sselfie health"
}

// Run asks the server on this machine.
func (healthCommand) Run(s *shell) error {
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	at := onThisMachine(c.Addr)
	base := "http://" + at
	if c.TLS.Domain != "" {
		base = "https://" + c.TLS.Domain // whose certificate it is
	}
	return s.ready(base, at)
}

// onThisMachine is where one reaches what listens at an address. It is no name,
// which in a container may lead nowhere.
func onThisMachine(listening string) string {
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return listening
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// ready asks base, which is reached at an address.
func (s *shell) ready(base, at string) error {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}
	client := &http.Client{
		Timeout: 4 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("nobody answers at %s: %w", base, err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/readyz answers %s", base, resp.Status)
	}
	s.say("ready")
	return nil
}
