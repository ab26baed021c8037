package sqlite

import (
	"database/sql"
	"strings"
	"testing"
)

func TestTheLogIsMovedOnceEverybodyIsAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		wide  int // bytes of a row: about a page for each 4,000
		moved bool
	}{
		"a short log waits":    {200 * 4000, false},
		"a long one is moved":  {(logPages + 100) * 4000, true},
		"also beyond COMMIT's": {4200 * 4000, true},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, Options{})
			if err := db.Update(limited(t), note(strings.Repeat("x", c.wide), 1)); err != nil {
				t.Fatal(err)
			}
			// The next caller comes after whatever the writer does for the first.
			if err := db.Update(limited(t), note("next", 1)); err != nil {
				t.Fatal(err)
			}
			beside, err := sql.Open("sqlite", dsn(db.path, "_busy_timeout=5000"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = beside.Close() }()
			var busy, log, moved int
			if err := beside.QueryRowContext(limited(t), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &log, &moved); err != nil {
				t.Fatal(err)
			}
			if short := log-moved < 100; short != c.moved {
				t.Errorf("%d of %d pages wait", log-moved, log)
			}
		})
	}
}
