package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stampFormat names copies by the second, so that names sort by age.
const stampFormat = "20060102T150405Z"

// partial marks a copy that is not finished.
const partial = ".partial"

// Backup writes a verified copy of the database into folder, beside whatever
// happens to it meanwhile, and returns its path. The copy is one snapshot, holds
// nothing that was deleted, and only its owner can read it. It gets its name
// when it is sound and on the disk: a file of that name is a whole backup.
func (db *DB) Backup(ctx context.Context, folder string) (string, error) {
	return copyTo(ctx, db.readers, folder, "sselfie", db.opts.Clock.Now())
}

// copyBefore keeps a verified copy of a file whose lock is held, before a
// migration brings it to version.
func copyBefore(ctx context.Context, opts Options, version int64) error {
	from, err := sql.Open("sqlite", readerDSN(opts.Path))
	if err != nil {
		return translate("sqlite.backup", err)
	}
	defer func() { _ = from.Close() }()
	name, err := copyTo(ctx, from, BackupFolder(opts.Path), fmt.Sprintf("before-v%d", version), opts.Clock.Now())
	if err != nil {
		return problem("sqlite.migrate", "No copy of the database could be made, so it was not migrated.", err)
	}
	opts.Log.Info("copied the database before migrating it", "op", "sqlite.migrate", "copy", name)
	return nil
}

// BackupFolder is where copies of the database at path go by default.
func BackupFolder(path string) string { return filepath.Join(filepath.Dir(path), "backups") }

func copyTo(ctx context.Context, from *sql.DB, folder, kind string, now time.Time) (string, error) {
	const op = "sqlite.backup"
	if err := makeFolder(folder); err != nil {
		return "", err
	}
	sweep(folder, now)
	f, err := os.CreateTemp(folder, kind+"-*"+partial) // 0600
	if err != nil {
		return "", problem(op, fmt.Sprintf("The folder %s cannot be written.", folder), err)
	}
	temp := f.Name()
	defer func() { _ = os.Remove(temp) }() // gone already when all went well
	if err := f.Close(); err != nil {
		return "", problem(op, fmt.Sprintf("The folder %s cannot be written.", folder), err)
	}
	if _, err := from.ExecContext(ctx, `VACUUM INTO ?`, temp); err != nil {
		return "", translate(op, err)
	}
	if err := verify(ctx, temp); err != nil {
		return "", err
	}
	if err := syncFile(temp); err != nil {
		return "", problem(op, fmt.Sprintf("The copy %s did not reach the disk.", temp), err)
	}
	name, err := freeName(folder, kind, now)
	if err != nil {
		return "", problem(op, fmt.Sprintf("The folder %s cannot be read.", folder), err)
	}
	if err := errors.Join(os.Rename(temp, name), syncFolder(folder)); err != nil {
		return "", problem(op, fmt.Sprintf("The copy could not be named %s.", name), err)
	}
	return name, nil
}

// freeName returns a name that no copy has: two in one second get a number.
func freeName(folder, kind string, now time.Time) (string, error) {
	base := filepath.Join(folder, kind+"-"+now.UTC().Format(stampFormat))
	name := base + ".db"
	for i := 2; ; i++ {
		_, err := os.Lstat(name)
		if errors.Is(err, os.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		name = base + "-" + strconv.Itoa(i) + ".db"
	}
}

// sweep removes what a killed backup left: the copy, and the journal that SQLite
// kept beside it. A day of age keeps it from another process that is still at work.
func sweep(folder string, now time.Time) {
	names, err := filepath.Glob(filepath.Join(folder, "*"+partial+"*"))
	if err != nil {
		return // the pattern is constant
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && now.Sub(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(name)
		}
	}
}

// copyName is how a finished copy is called.
var copyName = regexp.MustCompile(`^(sselfie|before|replaced)(?:-v\d+)?-(\d{8}T\d{6}Z)(?:-(\d+))?\.db$`)

// Prune removes old copies from folder and returns their paths. Of each kind
// (daily backups, copies before migrations, files that a restore replaced) the
// newest keep stay. Files with other names are not touched.
func Prune(folder string, keep int) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, problem("sqlite.Prune", fmt.Sprintf("The folder %s cannot be read.", folder), err)
	}
	type kept struct {
		name, stamp string
		n           int
	}
	kinds := map[string][]kept{}
	for _, e := range entries {
		m := copyName.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		n, _ := strconv.Atoi(m[3]) // no number: the first of its second
		kinds[m[1]] = append(kinds[m[1]], kept{e.Name(), m[2], n})
	}
	var removed []string
	for _, files := range kinds {
		slices.SortFunc(files, func(a, b kept) int { // newest first
			return cmp.Or(strings.Compare(b.stamp, a.stamp), cmp.Compare(b.n, a.n))
		})
		for _, f := range files[min(max(keep, 0), len(files)):] {
			name := filepath.Join(folder, f.name)
			if err := os.Remove(name); err != nil {
				return removed, problem("sqlite.Prune", fmt.Sprintf("The old copy %s cannot be removed.", name), err)
			}
			_ = os.Remove(name + "-wal") // only replaced files have one
			removed = append(removed, name)
		}
	}
	slices.Sort(removed)
	return removed, nil
}

// EmptyLog moves everything from the log into the database and cuts the log to
// nothing. Until then the log holds old pages; after a customer was erased, this
// takes the last trace off the disk. It answers core.Unavailable when readers
// are in the way for long: try again later.
func (db *DB) EmptyLog(ctx context.Context) error {
	const op = "sqlite.EmptyLog"
	c, err := sql.Open("sqlite", dsn(db.path, "_synchronous=FULL&_busy_timeout=200&_dqs=0"))
	if err != nil {
		return translate(op, err)
	}
	defer func() { _ = c.Close() }()
	for range 25 { // five seconds, but never more than 0.2 of them in the writer's way
		var busy, frames, moved int
		if err := c.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
			return translate(op, err)
		}
		if busy == 0 {
			return nil
		}
	}
	return unavailable(op, errors.New("readers keep the log in use"))
}
