package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	lib "modernc.org/sqlite/lib"

	"sselfie/core"
)

// leastRoom is how much of the disk must be free for the site to be ready. It
// is more than the log may grow to before it is folded into the database, and
// it is noticed while everything still fits.
const leastRoom = 16 << 20

// probeSize is what a disk must take after it has refused a write.
const probeSize = 1 << 20

// Ready proves that a transaction can be committed and read, and that the disk
// takes more than the little that this needs: a small row finds room in the
// log of a disk on which no sale does. The message of the error says what the
// operator can do. The schema was compared when the database was opened.
func (db *DB) Ready(ctx context.Context, at time.Time) error {
	const op = "sqlite.Ready"
	if err := db.room(leastRoom); err != nil {
		return err
	}
	if db.writer.troubled.Load() {
		if err := db.probe(); err != nil {
			return notReady("The disk of the data folder refuses to be written ("+plainCause(err)+"). Free space there, or look at the owner, the quota and the mount.", err)
		}
	}
	err := db.Update(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO settings (key, value, updated_at) VALUES ('ready', '', ?)
			ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at`, ms(at))
		return err
	})
	if err != nil {
		if hint := hintOf(err); hint != "" {
			return notReady("The database cannot be written: "+hint+".", err)
		}
		return notReady("The database cannot be written; the log says why.", err)
	}
	db.writer.troubled.Store(false)
	if _, err := one(ctx, db, scalar[int64], `SELECT updated_at FROM settings WHERE key = 'ready'`); err != nil {
		return &core.Error{Code: core.Unavailable, Op: op, Message: "The database cannot be read; the log says why.", Err: err}
	}
	return nil
}

func notReady(message string, err error) error {
	return &core.Error{Code: core.Unavailable, Op: "sqlite.Ready", Message: message, Err: err}
}

// room fails when less than least is free where the database is.
func (db *DB) room(least uint64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(db.path), &fs); err != nil {
		return notReady("The data folder does not answer; look at its mount.", err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < least {
		return notReady(fmt.Sprintf("The disk of the data folder is full: %d MB are free and %d MB are needed. Free space there; nothing that was answered is lost.", free>>20, least>>20), nil)
	}
	return nil
}

// probe writes a file beside the database that the disk has to find new room for.
func (db *DB) probe() error {
	f, err := os.CreateTemp(filepath.Dir(db.path), ".probe-*")
	if err != nil {
		return err
	}
	_, err = f.Write(bytes.Repeat([]byte{1}, probeSize))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func plainCause(err error) string {
	var n syscall.Errno
	if errors.As(err, &n) {
		return n.Error()
	}
	return "see the log"
}

// diskTrouble reports whether err says that the disk did not take what was
// written: full, broken or read-only.
func diskTrouble(err error) bool {
	code, ok := sqliteCode(err)
	if !ok {
		return false
	}
	switch code & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY:
		return true
	}
	return false
}
