// Package sqlite keeps everything in one SQLite file: one writing connection
// behind a group-commit queue (writer.go), a pool of read-only connections, and
// one file of methods per table family. How such a file is written stands at
// the top of tx.go.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver

	"sselfie/core"
)

// Options says how a database is opened. Only Path is needed to read.
type Options struct {
	Path        string        // the database file; its folder is the data folder
	Migrations  fs.FS         // numbered SQL files; nil leaves the schema alone
	LockWait    time.Duration // for how long a lock that another process holds is asked for again; default: not
	ReadOnly    bool          // beside a live server: no lock, no migration, no Update
	Log         *slog.Logger  // default: nothing is logged
	Clock       core.Clock    // names copies and backups; default: the machine's clock
	Observer    Observer      // default: nobody is told
	UpdateLimit time.Duration // limit of one closure; default 5 s
	WriteCache  int           // KiB of pages that the writing connection keeps at hand; default SQLite's own 2,000
}

// DB is the open database. Its exported read methods ask the read pool; writing
// goes through Update.
type DB struct {
	reads
	path    string
	opts    Options
	lock    *Lock
	writes  *sql.DB
	readers *sql.DB
	asked   *statements
	writer  *writer
	bell    *bell
	mailDue [2]atomic.Pointer[mailDue]

	stopCheck func() // of a check that goes on while the database serves
}

// Open opens the database at opts.Path, creates it when there is none, checks
// that the file is sound, and brings the schema up to date. One program may
// have it open for writing; ReadOnly opens beside it. Errors are core.Errors
// whose text tells the operator what to do.
func Open(ctx context.Context, opts Options) (*DB, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	if opts.ReadOnly {
		return openReadOnly(ctx, opts)
	}
	db := &DB{path: opts.Path, opts: opts}
	if err := db.open(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

func (o Options) complete() (Options, error) {
	if o.Path == "" {
		return o, problem("sqlite.Open", "No database path was given.", nil)
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return o, problem("sqlite.Open", "The database path cannot be used.", err)
	}
	o.Path = path
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	if o.UpdateLimit <= 0 {
		o.UpdateLimit = closureMax
	}
	return o, nil
}

func (db *DB) open(ctx context.Context) error {
	folder := filepath.Dir(db.path)
	if err := makeFolder(folder); err != nil {
		return err
	}
	var err error
	if db.lock, err = takeLock(ctx, folder, db.opts.LockWait); err != nil {
		return err
	}
	if err := clearScratch(folder); err != nil {
		// Nobody who only wants to open the data can mend that.
		db.opts.Log.Warn("what an import left that was killed cannot be removed", "op", "sqlite.Open", "err", err)
	}
	if err := makeFile(db.path); err != nil {
		return err
	}
	seen, err := db.inspect(ctx)
	if err != nil {
		return err
	}
	if err := db.migrate(ctx, seen.version); err != nil {
		return err
	}
	if db.writes, err = sql.Open("sqlite", writerDSN(db.path)+writeCache(db.opts.WriteCache)); err != nil {
		return translate("sqlite.Open", err)
	}
	db.writes.SetMaxOpenConns(1)
	if err := db.tryWriting(ctx); err != nil {
		return err
	}
	if db.readers == nil {
		if err := db.openReading(ctx); err != nil {
			return err
		}
	}
	db.reads = reads{pool{db.asked}}
	db.bell = newBell(db.opts.Log)
	db.writer = newWriter(db.writes, db.opts, db.bell.ring)
	if !seen.whole {
		db.stopCheck = db.checkLater()
	}
	return nil
}

// migrate brings the schema up to date where it is not. The connections that
// looked at the old one are closed before.
func (db *DB) migrate(ctx context.Context, have int64) error {
	if db.opts.Migrations == nil {
		return nil
	}
	want, err := newest(db.opts)
	if err != nil || have == want {
		return err
	}
	if have > want {
		return newer(db.path, have, want)
	}
	db.asked.close()
	if err := db.readers.Close(); err != nil {
		return translate("sqlite.Open", err)
	}
	db.readers, db.asked = nil, nil
	_, err = upFrom(ctx, db.opts, have, want)
	return err
}

func (db *DB) openReading(ctx context.Context) (err error) {
	if db.readers, err = openReaders(ctx, db.path); err != nil {
		return err
	}
	db.asked = newStatements(db.readers, false)
	return nil
}

// tryWriting finds a read-only disk at the start instead of at the first sale.
func (db *DB) tryWriting(ctx context.Context) error {
	tx, err := db.writes.BeginTx(ctx, nil)
	if err == nil {
		// BEGIN IMMEDIATE alone is content with reading when the file is read-only.
		_, err = tx.ExecContext(ctx, `PRAGMA user_version = 1`)
		err = errors.Join(err, tx.Rollback())
	}
	if err != nil {
		return problem("sqlite.Open", fmt.Sprintf("The database %s cannot be written.", db.path), translate("sqlite.Open", err))
	}
	return nil
}

// openReadOnly opens beside a live server.
func openReadOnly(ctx context.Context, opts Options) (*DB, error) {
	if _, err := os.Stat(opts.Path); err != nil {
		return nil, problem("sqlite.Open", fmt.Sprintf("There is no database at %s.", opts.Path), err)
	}
	if opts.Migrations != nil {
		if err := sameVersion(ctx, opts); err != nil {
			return nil, err
		}
	}
	readers, err := openReaders(ctx, opts.Path)
	if err != nil {
		return nil, err
	}
	db := &DB{path: opts.Path, opts: opts, readers: readers, asked: newStatements(readers, false)}
	db.reads = reads{pool{db.asked}}
	return db, nil
}

func openReaders(ctx context.Context, path string) (*sql.DB, error) {
	readers, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		return nil, translate("sqlite.Open", err)
	}
	n := max(4, runtime.GOMAXPROCS(0))
	readers.SetMaxOpenConns(n)
	readers.SetMaxIdleConns(n)
	if err := readers.PingContext(ctx); err != nil {
		_ = readers.Close()
		return nil, translate("sqlite.Open", err)
	}
	return readers, nil
}

// Update runs fn as one transaction, together with other callers' and in a
// savepoint of its own. When it returns nil, everything is on the disk; when it
// returns fn's error, nothing of fn was kept. core.Unavailable means that fn did
// not run or that the commit could not be confirmed: the same call again is
// safe where fn checks its business keys.
//
// Inside fn there is no network, no rendering, no hashing, no sleeping and no
// Update. The ctx that fn gets is the writer's, with the writer's limit: the
// caller's own decides only whether it still wants its turn.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.update(ctx, foreground, fn)
}

// UpdateBulk is Update in the lane that gives way: clicks, imports, refreshes.
// Large work comes in chunks of about 2,000 rows, below 50 ms each.
func (db *DB) UpdateBulk(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.update(ctx, bulk, fn)
}

func (db *DB) update(ctx context.Context, l lane, fn func(ctx context.Context, tx *Tx) error) error {
	if db.writer == nil {
		return problem("sqlite.Update", "The database was opened for reading only.", nil)
	}
	return db.writer.do(ctx, l, fn)
}

// Waiting returns how many callers stand in each lane, for metrics.
func (db *DB) Waiting() (foregroundCallers, bulkCallers int) {
	if db.writer == nil {
		return 0, 0
	}
	return len(db.writer.entry[foreground]), len(db.writer.entry[bulk])
}

// OnCommit calls fn each time that a transaction that woke topic (Tx.Wake) is
// durable. Calls come one after another on a goroutine of their own; several
// commits may become one call. The returned function ends it.
func (db *DB) OnCommit(topic string, fn func()) (stop func()) {
	if db.bell == nil {
		return func() {}
	}
	return db.bell.add(topic, fn)
}

// Close serves the callers that wait, takes no more, and closes everything. It
// is safe to call it twice.
func (db *DB) Close() error {
	var errs []error
	if db.writer != nil {
		db.writer.close()
	}
	if db.bell != nil {
		db.bell.close()
	}
	if db.stopCheck != nil {
		db.stopCheck()
	}
	if db.asked != nil {
		db.asked.close()
	}
	if db.readers != nil {
		errs = append(errs, db.readers.Close())
	}
	// The writing connection goes last, because the last one empties the log into
	// the file and removes it, which a reading one may not.
	if db.writer != nil {
		db.writer.drop()
	}
	if db.writes != nil {
		errs = append(errs, db.writes.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Release())
	}
	return errors.Join(errs...)
}

// Pragmas stand in the address, since one sent through a pool reaches a single
// connection. secure_delete overwrites what is deleted, because a deleted
// customer's address must not be found in the file. temp_store is memory because
// each caller's savepoint keeps the pages as they were before: beyond 64 KB in a
// batch they would go to a temporary file, two system calls a page, which was a
// fifth of a purchase.
func writerDSN(path string) string {
	return dsn(path, "_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_busy_timeout=5000&_defensive=1&_dqs=0"+
		"&_pragma=secure_delete(1)&_pragma=journal_size_limit(67108864)&_pragma=temp_store(2)&_pragma=wal_autocheckpoint(4000)")
}

// writeCache spares a transaction that touches more pages than the cache holds
// the writing of each of them several times.
func writeCache(kib int) string {
	if kib <= 0 {
		return ""
	}
	return "&_pragma=cache_size(-" + strconv.Itoa(kib) + ")"
}

func readerDSN(path string) string {
	return dsn(path, "mode=ro&_foreign_keys=1&_busy_timeout=5000&_dqs=0")
}

// dsn escapes the path: a folder may be called "50% off?".
func dsn(path, query string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

// problem is an error for the operator who starts the program.
func problem(op, message string, err error) *core.Error {
	code := core.Internal
	if err != nil && core.CodeOf(err) == core.Unavailable {
		code = core.Unavailable
	}
	// A sentence for visitors between two for the operator says nothing.
	if e, ok := err.(*core.Error); ok && ForVisitors(e.Message) {
		err = e.Err
	}
	return &core.Error{Code: code, Op: op, Message: message, Err: err}
}

type wallClock struct{}

// Now implements core.Clock.
func (wallClock) Now() time.Time { return time.Now().UTC() }
