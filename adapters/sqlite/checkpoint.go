package sqlite

import (
	"context"
	"time"
)

// logPages is how many pages of the log wait at most before the writer moves them
// into the database. SQLite would do that inside the COMMIT that reaches them, while
// everybody of that batch waits for the answer; COMMIT does it now only where the
// writer did not get through, four times as late (writerDSN).
const logPages = 1000

// checkpoint moves the log into the database when it is long enough. Everybody
// has been answered, so nobody's change hangs on it.
func (w *writer) checkpoint() {
	waiting, err := w.moveLog("PRAGMA wal_checkpoint(NOOP)")
	if err == nil && waiting >= logPages {
		_, err = w.moveLog("PRAGMA wal_checkpoint(PASSIVE)")
	}
	if err != nil {
		w.tell(time.Now(), translate("sqlite.checkpoint", err))
	}
}

// moveLog runs one of the pragmas and returns how many pages still wait.
func (w *writer) moveLog(pragma string) (pages int, err error) {
	stmt, release, err := w.statements.take(context.Background(), pragma)
	if err != nil {
		return 0, err
	}
	defer release()
	var busy, log, moved int
	err = stmt.QueryRowContext(context.Background()).Scan(&busy, &log, &moved)
	return log - moved, err
}
