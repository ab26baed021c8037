package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Restoration says what Restore brings back.
type Restoration struct {
	From         string // a backup, or any sound copy of the database
	DropSessions bool   // everybody signs in again, links in mails that are out stop working
}

// secretTables hold what lets somebody in without a password.
var secretTables = [...]string{"sessions", "auth_tokens"}

// Restore puts a verified copy of r.From in the place of the database at
// opts.Path and returns where the file that stood there is kept ("" when there
// was none). It takes the lock. Until the last step nothing has changed, and
// that step is one rename: a crash leaves the old database or the new one.
func Restore(ctx context.Context, opts Options, r Restoration) (kept string, err error) {
	const op = "sqlite.Restore"
	opts, err = opts.complete()
	if err != nil {
		return "", err
	}
	folder := filepath.Dir(opts.Path)
	if err := makeFolder(folder); err != nil {
		return "", err
	}
	lock, err := TakeLock(folder)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Release() }()

	if err := restorable(ctx, opts, r.From); err != nil {
		return "", err
	}
	fresh := opts.Path + ".restoring"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", problem(op, fmt.Sprintf("The file %s of an earlier try cannot be removed.", fresh), err)
	}
	defer func() { _ = os.Remove(fresh) }() // gone already when all went well
	if err := prepare(ctx, r, fresh); err != nil {
		return "", err
	}
	if kept, err = setAside(opts); err != nil {
		return "", problem(op, fmt.Sprintf("The database %s cannot be set aside, so nothing was restored.", opts.Path), err)
	}
	// The log of the old file must be gone before the new one stands there:
	// SQLite would apply it to the wrong database. Its copy is kept above.
	for _, companion := range []string{opts.Path + "-wal", opts.Path + "-shm"} {
		if err := os.Remove(companion); err != nil && !errors.Is(err, os.ErrNotExist) {
			return kept, problem(op, fmt.Sprintf("The file %s cannot be removed.", companion), err)
		}
	}
	if err := errors.Join(syncFolder(folder), os.Rename(fresh, opts.Path), syncFolder(folder)); err != nil {
		return kept, problem(op, fmt.Sprintf("The restored file could not be named %s.", opts.Path), err)
	}
	return kept, nil
}

// restorable refuses a source that is damaged, foreign or too new.
func restorable(ctx context.Context, opts Options, from string) error {
	if _, err := os.Stat(from); err != nil {
		return problem("sqlite.Restore", fmt.Sprintf("There is no file %s.", from), err)
	}
	if err := verify(ctx, from); err != nil {
		return problem("sqlite.Restore", fmt.Sprintf("The file %s is not a sound copy; nothing was changed. Try an older one.", from), bottom(err))
	}
	if opts.Migrations == nil {
		return nil
	}
	opts.Path = from
	have, want, err := versionsOf(ctx, opts, sourceDSN(from))
	switch {
	case err != nil:
		return err
	case have == 0:
		return problem("sqlite.Restore", fmt.Sprintf("The file %s is an empty database; nothing was changed.", from), nil)
	case have > want:
		return newer(from, have, want)
	}
	return nil
}

// prepare makes the file that will stand in the database's place.
func prepare(ctx context.Context, r Restoration, fresh string) error {
	const op = "sqlite.Restore"
	if err := makeFile(fresh); err != nil {
		return err
	}
	from, err := sql.Open("sqlite", sourceDSN(r.From))
	if err != nil {
		return translate(op, err)
	}
	_, err = from.ExecContext(ctx, `VACUUM INTO ?`, fresh)
	if err := errors.Join(err, from.Close()); err != nil {
		return translate(op, err)
	}
	if r.DropSessions {
		if err := dropSecrets(ctx, fresh); err != nil {
			return err
		}
	}
	if err := verify(ctx, fresh); err != nil {
		return err
	}
	if err := syncFile(fresh); err != nil {
		return problem(op, fmt.Sprintf("The file %s did not reach the disk.", fresh), err)
	}
	return nil
}

func dropSecrets(ctx context.Context, path string) error {
	const op = "sqlite.Restore"
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate&_foreign_keys=1&_dqs=0&_pragma=secure_delete(1)"))
	if err != nil {
		return translate(op, err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range secretTables {
		var n int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&n); err != nil {
			return translate(op, err)
		}
		if n == 0 {
			continue // a copy from before the table was
		}
		if _, err := db.ExecContext(ctx, `DELETE FROM `+table); err != nil { // a name of ours
			return translate(op, err)
		}
	}
	return nil
}

// setAside gives the present file a second name in the backups folder, with its
// log, whatever state they are in.
func setAside(opts Options) (string, error) {
	if _, err := os.Stat(opts.Path); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	folder := BackupFolder(opts.Path)
	if err := makeFolder(folder); err != nil {
		return "", err
	}
	name, err := freeName(folder, "replaced", opts.Clock.Now())
	if err != nil {
		return "", err
	}
	if err := alsoAs(opts.Path, name); err != nil {
		return "", err
	}
	if err := alsoAs(opts.Path+"-wal", name+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return name, syncFolder(folder)
}

// alsoAs makes a file reachable under a second name: a link where the disk has
// links, a copy where not.
func alsoAs(path, name string) error {
	if err := os.Link(path, name); err == nil || errors.Is(err, os.ErrNotExist) {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}
