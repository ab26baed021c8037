// Package app builds the program out of its parts: configuration, commands and
// wiring. It is the only package that knows all others, and nothing knows it
// but the door of 15 lines in app/sselfie.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"sselfie/adapters/sqlite"
	"sselfie/core"
)

// version is set by the linker.
var version = "development"

// Exit codes of the program.
const (
	exitFine  = 0
	exitError = 1 // it was tried and failed, or a check found something
	exitUsage = 2 // the command line is not understood
)

// commands is the command line, as kong reads it.
type commands struct {
	Config string `short:"c" placeholder:"FILE" help:"Configuration file; config.yaml is read when it is there."`

	Serve   serveCommand   `cmd:"" default:"withargs" help:"Run the site (what happens without a command)."`
	Migrate migrateCommand `cmd:"" help:"Look at or change the version of the database."`
	Verify  verifyCommand  `cmd:"" help:"Prove that ledger, payments and events agree."`
	Backup  backupCommand  `cmd:"" help:"Copy the database, also while the site runs."`
	Restore restoreCommand `cmd:"" help:"Put a backup in the place of the database."`
	Stripe  stripeCommand  `cmd:"" help:"Bring Stripe in line with the catalogue."`

	Reconcile reconcileCommand `cmd:"" help:"Compare with Stripe, and repair."`
	Simulate  simulateCommand  `cmd:"" help:"Let time pass for one customer, on a copy of the database."`

	Doctor  doctorCommand  `cmd:"" help:"Look whether everything is ready: keys, webhook, prices, mail, DNS, links, clock, disk, backup."`
	Mail    mailCommand    `cmd:"" help:"Try the mail server, or make a key that signs letters."`
	Conf    configCommand  `cmd:"" name:"config" help:"Look at the configuration."`
	Admin   adminCommand   `cmd:"" help:"Manage admins."`
	Job     jobCommand     `cmd:"" help:"Run a job by hand."`
	Import  importCommand  `cmd:"" help:"Bring customers over from elsewhere."`
	Why     whyCommand     `cmd:"" help:"Say why a customer has what she has and sees what she sees."`
	Content contentCommand `cmd:"" help:"Check your own texts and pages."`
	Health  healthCommand  `cmd:"" help:"Ask the running site whether it is ready."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Help    helpCommand    `cmd:"" help:"Explain a command."`
}

// shell is what a command may touch of the world around it.
type shell struct {
	ctx            context.Context
	getenv         func(string) string
	names          []string // of the variables that the process has
	stdout, stderr io.Writer
	configFile     string
	log            *slog.Logger // set where stderr is JSON to its last line
}

// load reads the configuration for one purpose.
func (s *shell) load(why Purpose) (Config, error) {
	c, err := Load(s.configFile, s.getenv, why, s.names...)
	if why == ToServe && c.Log.Format == "json" {
		s.log = newLog(s.stderr, c)
	}
	return c, err
}

func (s *shell) say(format string, args ...any) { fmt.Fprintf(s.stdout, format+"\n", args...) }

// leave ends the parsing of a command line: help was shown, or kong gave up.
type leave struct{ code int }

// Run executes one command line and returns the exit code.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			l, ok := r.(leave)
			if !ok {
				panic(r)
			}
			code = l.code
		}
	}()
	var line commands
	parser, err := kong.New(&line,
		kong.Name("sselfie"),
		kong.Description("A creator's whole business in one program: landing pages, checkout, accounts, credits, mail and figures.\n\n"+
			"Example: SSELFIE_DEMO=true sselfie serve\n\nExample: sselfie help stripe setup"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(leave{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		fmt.Fprintf(stderr, "sselfie: %v\n", err)
		return exitError
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "sselfie: %v\nTry: sselfie --help\n", err)
		return exitUsage
	}
	sh := &shell{ctx: ctx, getenv: getenv, names: names(os.Environ()), stdout: stdout, stderr: stderr, configFile: line.Config}
	if err := parsed.Run(sh); err != nil {
		switch {
		case errors.Is(err, errSaid):
		case sh.log != nil:
			sh.log.Error(sentence(err), "op", "app.Run")
		default:
			fmt.Fprintf(stderr, "sselfie: %s\n", sentence(err))
		}
		return exitError
	}
	return exitFine
}

// errSaid ends a command that has told already what is wrong.
var errSaid = errors.New("said already")

// sentence returns an error as the person at the terminal reads it: the message
// first, then what lies below it.
func sentence(err error) string {
	var parts []string
	for err != nil {
		var e *core.Error
		if !errors.As(err, &e) {
			parts = append(parts, err.Error())
			break
		}
		if e.Message != "" && (!sqlite.ForVisitors(e.Message) || e.Err == nil) {
			parts = append(parts, e.Message)
		}
		err = e.Err
	}
	if len(parts) == 0 {
		return "failed for no known reason"
	}
	return strings.Join(parts, "\n  ")
}
