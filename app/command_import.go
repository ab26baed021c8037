package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/moving"
)

type importCommand struct {
	Legacy  importLegacyCommand  `cmd:"" help:"The tables of the system before, as CSV files in a folder."`
	Gumroad importGumroadCommand `cmd:"" help:"Customers of Gumroad, as it exports its sales."`
	Ghost   importGhostCommand   `cmd:"" help:"Members of Ghost, as it exports them."`
}

type importPath struct {
	Path   string `arg:"" help:"The folder with the CSV files, or one file."`
	DryRun bool   `help:"Do everything, keep nothing, and print the same report."`
}

type (
	importLegacyCommand  struct{ importPath }
	importGumroadCommand struct{ importPath }
	importGhostCommand   struct{ importPath }
)

const importHelp = "Make a dry run first. Each customer comes over whole or not at all; run again, it goes on where it stopped and changes nothing twice. Every row that is refused is named with its file, line and reason. Works beside a running site. docs/import.md says what the files may hold.\n\n"

// Help implements kong.HelpProvider.
func (importCommand) Help() string {
	return importHelp + "Example: sselfie import legacy ./old-tables --dry-run"
}

// Help implements kong.HelpProvider.
func (importLegacyCommand) Help() string {
	return importHelp + "Example: sselfie import legacy ./old-tables --dry-run"
}

// Help implements kong.HelpProvider.
func (importGumroadCommand) Help() string {
	return importHelp + "Example: sselfie import gumroad sales.csv --dry-run"
}

// Help implements kong.HelpProvider.
func (importGhostCommand) Help() string {
	return importHelp + "Example: sselfie import ghost members.csv"
}

// Run imports the old tables.
func (c importLegacyCommand) Run(s *shell) error { return c.bring(s, moving.Legacy) }

// Run imports customers of Gumroad.
func (c importGumroadCommand) Run(s *shell) error { return c.bring(s, moving.Gumroad) }

// Run imports members of Ghost.
func (c importGhostCommand) Run(s *shell) error { return c.bring(s, moving.Ghost) }

func (p importPath) bring(s *shell, kind moving.Kind) error {
	full, err := filepath.Abs(p.Path) // the running server stands somewhere else
	if err != nil {
		return err
	}
	if _, err := os.Stat(full); err != nil {
		return fmt.Errorf("there is nothing at %s", p.Path)
	}
	return s.do("import", map[string]string{"kind": string(kind), "path": full, "dry": strconv.FormatBool(p.DryRun)})
}

// importCustomers is the errand behind the command.
func importCustomers(ctx context.Context, h *house, v map[string]string) ([]string, error) {
	files, err := filesAt(v["path"])
	if err != nil {
		return nil, &core.Error{Code: core.Invalid, Op: "app.import", Message: "The files cannot be read by the running site: check their rights.", Err: err}
	}
	m := &moving.Mover{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) moving.Tx { return tx }), Stages: sqlite.Stager{Folder: h.config.DataDir},
		Clock: h.clock, IDs: h.ids, Fold: h.fold, Ledger: credits.Ledger{IDs: h.ids}, Catalog: h.catalog, Live: h.config.Live(),
	}
	report, err := m.Run(ctx, moving.Source{Kind: moving.Kind(v["kind"]), Files: files}, moving.Options{DryRun: v["dry"] == "true"})
	if err != nil && len(report.Files) == 0 {
		return nil, err
	}
	return reportLines(report, err == nil), err
}

// filesAt opens a folder, or a single file as if it were alone in one.
func filesAt(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return os.DirFS(path), nil
	}
	return oneFile{os.DirFS(filepath.Dir(path)), filepath.Base(path)}, nil
}

// oneFile is a folder of which one file is seen.
type oneFile struct {
	fs.FS
	name string
}

// Open implements fs.FS.
func (f oneFile) Open(name string) (fs.File, error) {
	if name != "." && name != f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.FS.Open(name)
}

// ReadDir implements fs.ReadDirFS.
func (f oneFile) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	info, err := fs.Stat(f.FS, f.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// reportLines is an import's report for a terminal.
func reportLines(r moving.Report, whole bool) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	names := make([]string, 0, len(r.Files))
	for name := range r.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		say("%-28s %d rows", name, r.Files[name])
	}
	for _, name := range r.Absent {
		say("%-28s not there", name)
	}
	say("")
	for _, line := range []struct {
		what string
		n    int
	}{
		{"new accounts", r.Created},
		{"joined an account with a proven address", r.Joined},
		{"here already", r.Same},
		{"begin with credits, free grid unused", r.Started},
		{"balances carried over", r.Carried},
		{"credits granted", r.Credits},
		{"payments", r.Payments},
		{"memberships", r.Members},
		{"blueprint forms", r.Forms},
		{"onboarding complete", r.Done},
		{"tags", r.Tagged},
		{"refused rows", r.Refused},
	} {
		say("%-42s %d", line.what, line.n)
	}
	if len(r.Notes) > 0 {
		say("\nTaken, but not as it stood:")
		for _, n := range r.Notes {
			say("%s:%d: %s", n.File, n.Line, n.Reason)
		}
	}
	if len(r.Refusals) > 0 {
		say("\nRefused:")
		for _, n := range r.Refusals {
			say("%s:%d: %s", n.File, n.Line, n.Reason)
		}
		if more := r.Refused - len(r.Refusals); more > 0 {
			say("and %d more", more)
		}
	}
	switch {
	case !whole:
		say("\nIt was cut off. Run it again: it goes on where it stopped.")
	case r.DryRun:
		say("\nThis was a dry run: nothing is kept.")
	}
	return out
}
