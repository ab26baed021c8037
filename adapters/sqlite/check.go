package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"sselfie/core"
)

// checkAtOnce is the size up to which a file is read through before it is
// opened; that takes less than a second. Larger ones are checked while they serve,
// because a shop that stays closed for minutes is a failure too.
const checkAtOnce = 128 << 20

// state is what a look at the file told.
type state struct {
	whole   bool  // the whole file was checked
	version int64 // of its schema
}

// inspect refuses a damaged file, and reads the version of its schema on the way:
// each connection reads the whole schema once, which is most of what a start
// takes, so it does both with the connections that the program goes on to use.
func (db *DB) inspect(ctx context.Context) (seen state, err error) {
	info, err := os.Stat(db.path)
	if err != nil {
		return seen, problem("sqlite.Open", fmt.Sprintf("There is no database at %s.", db.path), err)
	}
	seen.whole = info.Size() <= checkAtOnce
	err = db.openReading(ctx)
	if err == nil {
		q := pool{db.asked}
		if seen.whole {
			err = quickCheck(ctx, db.readers, db.path)
		} else { // the schema at least must be readable
			_, err = one(ctx, q, scalar[int64], `SELECT count(*) FROM sqlite_master`)
		}
		if err == nil && db.opts.Migrations != nil {
			seen.version, err = versionIn(ctx, q, db.path)
		}
	}
	if err != nil && isDamage(err) {
		return seen, damaged(db.path, err)
	}
	if core.Is(err, core.Unavailable) {
		err = problem("sqlite.Open", fmt.Sprintf("The database %s cannot be read.", db.path), err)
	}
	return seen, err
}

// checkCache is how many pages a check keeps at hand. It looks at each page about
// once; with the connection's own cache it would leave megabytes behind, and making
// room for them took as long as looking.
const checkCache = 16

// quickCheck reads the file through on one connection of readers.
func quickCheck(ctx context.Context, readers *sql.DB, path string) error {
	conn, err := readers.Conn(ctx)
	if err != nil {
		return translate("sqlite.check", err)
	}
	defer func() { _ = conn.Close() }()
	var usual int
	if err := conn.QueryRowContext(ctx, `PRAGMA cache_size`).Scan(&usual); err != nil {
		return translate("sqlite.check", err)
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA cache_size = %d`, checkCache)); err != nil {
		return translate("sqlite.check", err)
	}
	var word string
	err = conn.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&word)
	_, failed := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(`PRAGMA cache_size = %d`, usual))
	switch {
	case err != nil:
		return translate("sqlite.check", err)
	case word != "ok":
		return damaged(path, fmt.Errorf("quick_check: %s", word))
	}
	return translate("sqlite.check", failed)
}

// checkLater reads a large file through while it serves. Damage is logged where
// the operator looks first; it does not stop what still works.
func (db *DB) checkLater() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := quickCheck(ctx, db.readers, db.path); err != nil && ctx.Err() == nil {
			db.opts.Log.Error("the database is damaged", "op", "sqlite.check", "err", err)
		}
	}()
	return func() { cancel(); <-done }
}

// verify reads a closed file through: every page, every index, every reference.
func verify(ctx context.Context, path string) error {
	return look(ctx, path, sourceDSN(path), func(q pool) error {
		word, err := one(ctx, q, scalar[string], `PRAGMA integrity_check(1)`)
		if err == nil && word != "ok" {
			err = fmt.Errorf("integrity_check: %s", word)
		}
		if err != nil {
			return problem("sqlite.verify", fmt.Sprintf("The file %s is damaged.", path), err)
		}
		_, lost, err := maybe(ctx, q, func(s scanner) (child string, err error) {
			var rowid, parent, key any
			err = s.Scan(&child, &rowid, &parent, &key)
			return child, err
		}, `PRAGMA foreign_key_check`)
		if err == nil && lost {
			err = problem("sqlite.verify", fmt.Sprintf("The file %s has rows that belong to nothing.", path), nil)
		}
		return err
	})
}

// look opens path for reading and closes it again.
func look(ctx context.Context, path, dsn string, fn func(pool) error) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return translate("sqlite.Open", err)
	}
	defer func() { _ = db.Close() }()
	kept := newStatements(db, false)
	defer kept.close()
	if err := fn(pool{kept}); err != nil {
		if isDamage(err) {
			return damaged(path, err)
		}
		return err
	}
	return ctx.Err()
}

func damaged(path string, err error) error {
	return problem("sqlite.Open", fmt.Sprintf(
		"The database %s is damaged. Run `sselfie restore` with the newest file of the backups folder; the damaged file is kept.", path), bottom(err))
}

// sourceDSN reads a file that nobody writes. Without a log beside it, it is
// opened as unchanging, which leaves no companions behind and works on a
// read-only mount.
func sourceDSN(path string) string {
	if _, err := os.Stat(path + "-wal"); err == nil {
		return readerDSN(path)
	}
	return dsn(path, "mode=ro&immutable=1&_dqs=0")
}
