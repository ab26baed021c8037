package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/core/moving"
	"sselfie/core/segments"
)

type importCommand struct {
	Legacy  importLegacyCommand  `cmd:"" help:"The tables of the system before, as CSV files in a folder."`
	Gumroad importGumroadCommand `cmd:"" help:"Customers of Gumroad, as it exports its sales."`
	Ghost   importGhostCommand   `cmd:"" help:"Members of Ghost, as it exports them."`
}

type importPath struct {
	Path   string `arg:"" help:"The folder with the CSV files, or one file."`
	DryRun bool   `help:"Print the same report and keep nothing. Works beside a running site."`
}

type (
	importLegacyCommand  struct{ importPath }
	importGumroadCommand struct{ importPath }
	importGhostCommand   struct{ importPath }
)

const importHelp = "Does everything, says what it comes to, and only then keeps it, in one transaction: all of it or nothing. Run again, it changes nothing twice. Every row that is refused is named with its file, line and reason. Stop the site first; --dry-run works beside it, on a copy. docs/import.md says what the files may hold.\n\n"

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

func (p importPath) bring(s *shell, kind moving.Kind) (err error) {
	files, err := filesAt(p.Path)
	if err != nil {
		return err
	}
	c, err := s.load(ToLook)
	if err != nil {
		return err
	}
	if p.DryRun {
		dir, remove, err := copied(s.ctx, c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove()) }()
		c.DataDir = dir
	}
	h := &house{config: c, catalog: c.Catalog.Catalogue(), log: newLog(s.stderr, c), stats: metrics.NewSet(), fold: locksmith.NewFold(), alone: true}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.openDatabase(s.ctx); sqlite.Locked(err) {
		return &core.Error{
			Code: core.Conflict, Op: "app.import", Err: err,
			Message: "An import is one transaction, which would hold up every sale while it runs. Stop the site, import, and start it again. With --dry-run it may go on.",
		}
	} else if err != nil {
		return err
	}
	return s.move(h, moving.Source{Kind: kind, Files: files}, p.DryRun)
}

// move says what comes over before it is kept.
func (s *shell) move(h *house, from moving.Source, dry bool) error {
	m := &moving.Mover{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) moving.Tx { return tx }), Stages: sqlite.Stager{Folder: h.config.DataDir},
		Clock: h.clock, IDs: h.ids, Fold: h.fold, Ledger: credits.Ledger{IDs: h.ids}, Catalog: h.catalog, Live: h.config.Live(),
	}
	if _, err := m.Run(s.ctx, from, moving.Options{DryRun: dry, Before: func(r moving.Report) error {
		s.say("%s", strings.Join(reportLines(r), "\n"))
		return nil
	}}); err != nil {
		return &core.Error{Code: core.CodeOf(err), Op: "app.import", Message: "Nothing was kept.", Err: err}
	}
	if dry {
		s.say("\nThis was a dry run: nothing is kept.")
		return nil
	}
	s.say("\nAll of it is kept.")
	// Who came over belongs to segments now, and not from the next night on.
	seg := &segments.Service{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: h.db, Clock: h.clock, IDs: h.ids, Catalog: h.catalog, Grace: h.config.GracePeriod,
	}
	if err := seg.Open(s.ctx); err != nil {
		return err
	}
	_, err := seg.Refresh(s.ctx, h.clock.Now())
	return err
}

// copied makes a data folder with a copy of the database, for what must not
// change it and may run beside the site. An installation that has not begun yet
// has none.
func copied(ctx context.Context, c Config) (dir string, remove func() error, err error) {
	if dir, err = os.MkdirTemp("", "sselfie-import-"); err != nil {
		return "", nil, err
	}
	remove = func() error { return os.RemoveAll(dir) }
	if _, err := os.Stat(c.databasePath()); errors.Is(err, os.ErrNotExist) {
		return dir, remove, nil
	}
	if err := copyData(ctx, c, dir); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return dir, remove, nil
}

// filesAt opens a folder, or a single file as if it were alone in one.
func filesAt(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("there is nothing at %s", path)
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
func reportLines(r moving.Report) []string {
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
	return out
}
