package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// versionTable is where goose keeps the applied versions.
const versionTable = "goose_db_version"

// Migration is one numbered file and whether the database has it.
type Migration struct {
	Version int64
	Name    string
	Applied bool
	At      time.Time // when it was applied
}

// Status lists the migrations of this program against the database at
// opts.Path. It changes nothing and runs beside a live server.
func Status(ctx context.Context, opts Options) ([]Migration, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	ours, err := sources(opts.Migrations)
	if err != nil {
		return nil, err
	}
	applied := map[int64]time.Time{}
	if _, err := os.Stat(opts.Path); err == nil {
		if err := look(ctx, opts.Path, readerDSN(opts.Path), func(q pool) error {
			has, err := hasVersions(ctx, q)
			if err != nil || !has {
				return err
			}
			return each(ctx, q, func(s scanner) error {
				var version, at int64
				if err := s.Scan(&version, &at); err != nil {
					return err
				}
				applied[version] = fromMS(at * 1000)
				return nil
			}, `SELECT version_id, coalesce(unixepoch(tstamp), 0) FROM `+versionTable+` WHERE is_applied AND version_id > 0`)
		}); err != nil {
			return nil, err
		}
	}
	out := make([]Migration, 0, len(ours))
	for _, s := range ours {
		at, done := applied[s.Version]
		out = append(out, Migration{Version: s.Version, Name: filepath.Base(s.Path), Applied: done, At: at})
	}
	return out, nil
}

// Up brings the database at opts.Path to the version of this program, and
// returns the versions that it applied. It takes the lock.
func Up(ctx context.Context, opts Options) ([]int64, error) {
	return locked(opts, func(opts Options) ([]int64, error) {
		if err := makeFile(opts.Path); err != nil {
			return nil, err
		}
		return up(ctx, opts)
	})
}

// Down takes the newest migration back and returns its version. It takes the
// lock, and a copy first: a Down drops what its Up created.
func Down(ctx context.Context, opts Options) ([]int64, error) {
	return locked(opts, func(opts Options) ([]int64, error) {
		have, want, err := versions(ctx, opts)
		if err != nil {
			return nil, err
		}
		if have > want {
			return nil, newer(opts.Path, have, want)
		}
		if have == 0 {
			return nil, nil
		}
		if err := copyBefore(ctx, opts, have-1); err != nil {
			return nil, err
		}
		return run(ctx, opts, func(p *goose.Provider) ([]*goose.MigrationResult, error) {
			r, err := p.Down(ctx)
			return []*goose.MigrationResult{r}, err
		})
	})
}

func locked(opts Options, fn func(Options) ([]int64, error)) ([]int64, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	folder := filepath.Dir(opts.Path)
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	lock, err := TakeLock(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Release() }()
	return fn(opts)
}

// up migrates a file whose lock is held.
func up(ctx context.Context, opts Options) ([]int64, error) {
	have, want, err := versions(ctx, opts)
	if err != nil {
		return nil, err
	}
	switch {
	case have > want:
		return nil, newer(opts.Path, have, want)
	case have == want:
		return nil, nil
	}
	return upFrom(ctx, opts, have, want)
}

// upFrom migrates a file whose lock is held and whose versions are known.
func upFrom(ctx context.Context, opts Options, have, want int64) ([]int64, error) {
	if have > 0 {
		if err := copyBefore(ctx, opts, want); err != nil {
			return nil, err
		}
	}
	return run(ctx, opts, func(p *goose.Provider) ([]*goose.MigrationResult, error) { return p.Up(ctx) })
}

// run lets goose work. Foreign keys are off on this connection, because a table
// is changed by rebuilding it, and dropping the old one would delete in its
// children; checkedStore makes up for it inside each migration's transaction.
func run(ctx context.Context, opts Options, fn func(*goose.Provider) ([]*goose.MigrationResult, error)) ([]int64, error) {
	const op = "sqlite.migrate"
	db, err := sql.Open("sqlite", migrationDSN(opts.Path))
	if err != nil {
		return nil, translate(op, err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	store, err := database.NewStore(goose.DialectSQLite3, versionTable)
	if err != nil {
		return nil, problem(op, "The migrations cannot be read.", err)
	}
	p, err := goose.NewProvider("", db, opts.Migrations,
		goose.WithStore(checkedStore{store}), goose.WithDisableGlobalRegistry(true), goose.WithSlog(opts.Log))
	if err != nil {
		return nil, problem(op, "The migrations cannot be read.", err)
	}
	results, err := fn(p)
	if err != nil {
		return nil, problem(op, fmt.Sprintf("A migration of %s failed and was undone; the migrations before it stay.", opts.Path), translate(op, err))
	}
	var done []int64
	for _, r := range results {
		if r != nil {
			done = append(done, r.Source.Version)
			opts.Log.Info("migrated", "op", op, "direction", r.Direction, "version", r.Source.Version, "took", r.Duration)
		}
	}
	return done, nil
}

func migrationDSN(path string) string {
	return dsn(path, "_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=0&_busy_timeout=5000&_dqs=0&_pragma=secure_delete(1)")
}

// checkedStore refuses to note a version whose migration left a row that
// belongs to nothing. goose notes versions inside the migration's transaction,
// so the refusal undoes the migration.
type checkedStore struct{ database.Store }

// Insert notes that a version was applied.
func (s checkedStore) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	if err := belongs(ctx, db); err != nil {
		return err
	}
	return s.Store.Insert(ctx, db, req)
}

// Delete notes that a version was taken back.
func (s checkedStore) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	if err := belongs(ctx, db); err != nil {
		return err
	}
	return s.Store.Delete(ctx, db, version)
}

func belongs(ctx context.Context, db database.DBTxConn) error {
	var child string
	var rowid, parent, key any
	err := db.QueryRowContext(ctx, `PRAGMA foreign_key_check`).Scan(&child, &rowid, &parent, &key)
	switch {
	case err == sql.ErrNoRows:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("a row of %s refers to a row of %v that is not there", child, parent)
}

func newer(path string, have, want int64) error {
	return problem("sqlite.migrate", fmt.Sprintf(
		"The database %s has schema version %d, this program knows %d. Run the newer program, or `sselfie restore` with a backup from before the update. Nothing was changed.",
		path, have, want), nil)
}

// sameVersion refuses to read a schema that this program does not know exactly.
func sameVersion(ctx context.Context, opts Options) error {
	have, want, err := versions(ctx, opts)
	switch {
	case err != nil:
		return err
	case have > want:
		return newer(opts.Path, have, want)
	case have < want:
		return problem("sqlite.Open", fmt.Sprintf(
			"The database %s has schema version %d, this program needs %d. Start `sselfie serve` or run `sselfie migrate up` first.",
			opts.Path, have, want), nil)
	}
	return nil
}

// versions returns the schema version of the file and that of the program.
func versions(ctx context.Context, opts Options) (have, want int64, err error) {
	return versionsOf(ctx, opts, readerDSN(opts.Path))
}

func versionsOf(ctx context.Context, opts Options, dsn string) (have, want int64, err error) {
	if want, err = newest(opts); err != nil {
		return 0, 0, err
	}
	have, err = fileVersion(ctx, opts.Path, dsn)
	return have, want, err
}

// newest returns the schema version of the program. The names tell it; goose
// would open a database to list them, at every start.
func newest(opts Options) (want int64, err error) {
	const op = "sqlite.migrate"
	if opts.Migrations == nil {
		return 0, problem(op, "No migrations were given.", nil)
	}
	names, err := fs.Glob(opts.Migrations, "*.sql")
	for _, name := range names {
		version, bad := goose.NumericComponent(name)
		if bad != nil {
			return 0, problem(op, "The migrations cannot be read.", bad)
		}
		want = max(want, version)
	}
	return want, err
}

// fileVersion reads the schema version through a read-only connection, so that
// a file that this program must not touch stays as it is.
func fileVersion(ctx context.Context, path, dsn string) (version int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, problem("sqlite.Open", fmt.Sprintf("There is no database at %s.", path), err)
	}
	if info.Size() == 0 {
		if _, err := os.Stat(path + "-wal"); err != nil {
			return 0, nil
		}
	}
	err = look(ctx, path, dsn, func(q pool) (err error) {
		version, err = versionIn(ctx, q, path)
		return err
	})
	return version, err
}

// versionIn reads the schema version of an open file.
func versionIn(ctx context.Context, q pool, path string) (version int64, err error) {
	has, err := hasVersions(ctx, q)
	if err != nil {
		return 0, err
	}
	if !has {
		tables, err := one(ctx, q, scalar[int64], `SELECT count(*) FROM sqlite_master`)
		if err == nil && tables > 0 {
			err = problem("sqlite.Open", fmt.Sprintf("The file %s is a database of another program.", path), nil)
		}
		return 0, err
	}
	return one(ctx, q, scalar[int64], `SELECT coalesce(max(version_id), 0) FROM `+versionTable+` WHERE is_applied`)
}

func hasVersions(ctx context.Context, q pool) (bool, error) {
	n, err := one(ctx, q, scalar[int64], `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '`+versionTable+`'`)
	return n > 0, err
}

// sources lists the program's migrations.
func sources(files fs.FS) ([]*goose.Source, error) {
	const op = "sqlite.migrate"
	if files == nil {
		return nil, problem(op, "No migrations were given.", nil)
	}
	// A provider wants a database even to list its files; this one is never used.
	db, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return nil, translate(op, err)
	}
	defer func() { _ = db.Close() }()
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, problem(op, "The migrations cannot be read.", err)
	}
	return p.ListSources(), nil
}
