package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"sselfie/core"
)

// What an operator can do about each trouble. The hint stands in the logged
// cause; people at a browser only learn that it is worth trying again.
const (
	hintFull     = "the disk is full: free space in the data folder, nothing was written"
	hintIO       = "the disk does not answer: look at the system log before going on"
	hintBusy     = "another program holds the database: close it (sqlite3 shells count)"
	hintReadOnly = "the database cannot be written: look at the owner of the files and at the mount"
	hintOpen     = "the database cannot be opened: look at path, owner and mode of the data folder"
	hintCorrupt  = "the database file is damaged: stop the server and run `sselfie restore` with the newest backup"
	hintLimit    = "the work took longer than the writer allows: split it into chunks"
)

// translate says in our words what went wrong at SQLite. It is the only place
// that knows SQLite's numbers. An error that already is a core.Error passes.
func translate(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *core.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &core.Error{Code: core.NotFound, Op: op, Message: "That is not here.", Err: err}
	}
	code, ours := sqliteCode(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), ours && code&0xff == lib.SQLITE_INTERRUPT:
		return unavailable(op, fmt.Errorf("%w (%s)", err, hintLimit))
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone):
		return unavailable(op, err)
	case !ours:
		return &core.Error{Code: core.Internal, Op: op, Message: messageInternal, Err: err}
	}
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return &core.Error{Code: core.Conflict, Op: op, Message: "That exists already.", Err: err}
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &core.Error{Code: core.Conflict, Op: op, Message: "That belongs to something that is not here.", Err: err}
	}
	switch hint := hintOf(err); {
	case hint == hintCorrupt:
		return &core.Error{Code: core.Internal, Op: op, Message: messageInternal, Err: &hinted{err, hint}}
	case hint != "":
		return unavailable(op, &hinted{err, hint})
	}
	return &core.Error{Code: core.Internal, Op: op, Message: messageInternal, Err: err}
}

// hintOf returns what an operator can do about an error of SQLite's, "" when
// nothing comes to mind.
func hintOf(err error) string {
	code, _ := sqliteCode(err)
	switch code & 0xff {
	case lib.SQLITE_FULL:
		return hintFull
	case lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL:
		return hintIO
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return hintBusy
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return hintReadOnly
	case lib.SQLITE_CANTOPEN:
		return hintOpen
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return hintCorrupt
	}
	return ""
}

const (
	messageInternal    = "Something went wrong on our side. Please try again."
	messageUnavailable = "We are busy right now. Please try again in a moment."
)

// ForVisitors reports whether message is what people at a browser read when the
// database fails; an operator is helped by the cause alone.
func ForVisitors(message string) bool {
	return message == messageInternal || message == messageUnavailable
}

// hinted is an error of SQLite's with what an operator can do about it.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return fmt.Sprintf("%v (%s)", h.err, h.hint) }
func (h *hinted) Unwrap() error { return h.err }

// bottom returns what SQLite said, without our sentences around it.
func bottom(err error) error {
	for err != nil {
		switch e := err.(type) {
		case *core.Error:
			if e.Err == nil {
				return err
			}
			err = e.Err
		case *hinted:
			err = e.err
		default:
			return err
		}
	}
	return nil
}

func unavailable(op string, err error) *core.Error {
	return &core.Error{Code: core.Unavailable, Op: op, Message: messageUnavailable, Err: err}
}

// sqliteCode returns SQLite's extended result code when err came from SQLite.
func sqliteCode(err error) (int, bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code(), true
}

// isDamage reports whether err says that the file itself is not a sound database.
func isDamage(err error) bool {
	code, ok := sqliteCode(err)
	return ok && (code&0xff == lib.SQLITE_CORRUPT || code&0xff == lib.SQLITE_NOTADB)
}

// endsTransaction reports whether err is one of those at which SQLite may roll
// back the whole transaction, savepoints and all, without being asked.
func endsTransaction(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	code, ok := sqliteCode(err)
	if !ok {
		return false
	}
	switch code & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_BUSY, lib.SQLITE_INTERRUPT,
		lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_READONLY, lib.SQLITE_ABORT:
		return true
	}
	return false
}
