package sqlite

import (
	"context"
	"database/sql"
	"os"
)

// scrubMax is up to which size the database is rewritten at once: two seconds on
// a slow disk, of the five that the writer waits for.
const scrubMax = 128 << 20

// Scrub takes the last traces of what was erased off the disk. secure_delete
// overwrites a row where it lies; but a page that was split keeps, between its
// rows, copies of those that moved to its neighbour, and the log holds old pages.
// So the database is written anew, and the log emptied. A database that is too
// large to be held up for that long keeps those copies until it is restored from
// a backup, which has none. It answers core.Unavailable when others are in the
// way for long: try again later.
func (db *DB) Scrub(ctx context.Context) error {
	const op = "sqlite.Scrub"
	info, err := os.Stat(db.path)
	if err != nil {
		return translate(op, err)
	}
	if info.Size() <= scrubMax {
		if err := db.rewrite(ctx); err != nil {
			return err
		}
	}
	return db.EmptyLog(ctx)
}

func (db *DB) rewrite(ctx context.Context) error {
	const op = "sqlite.Scrub"
	// The copy that is made on the way goes to a nameless file, not into memory.
	c, err := sql.Open("sqlite", dsn(db.path, "_synchronous=FULL&_busy_timeout=5000&_dqs=0&_pragma=secure_delete(1)&_pragma=temp_store(1)"))
	if err != nil {
		return translate(op, err)
	}
	defer func() { _ = c.Close() }()
	_, err = c.ExecContext(ctx, `VACUUM`)
	return translate(op, err)
}
