package sqlite

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// grown is schema with later migrations.
func grown(later ...string) fstest.MapFS {
	files := schema()
	for i, text := range later {
		files["0000"+string(rune('2'+i))+"_later.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

const addsColumn = `-- +goose Up
ALTER TABLE books ADD COLUMN title TEXT NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE books DROP COLUMN title;
`

// rebuilds changes a table the way SQLite wants it: by a new one in its place.
// Dropping the old one must not delete the notes that belong to its books.
const rebuilds = `-- +goose Up
CREATE TABLE books_new (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO books_new (id) SELECT id FROM books;
DROP TABLE books;
ALTER TABLE books_new RENAME TO books;
-- +goose Down
ALTER TABLE books DROP COLUMN title;
`

const orphans = `-- +goose Up
INSERT INTO notes (who, n, book) VALUES ('lost', 1, 'no such book');
-- +goose Down
DELETE FROM notes WHERE who = 'lost';
`

const fails = `-- +goose Up
CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT;
INSERT INTO nowhere VALUES (1);
-- +goose Down
DROP TABLE half;
`

func copies(t *testing.T, path string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(BackupFolder(path), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// filled returns the path of a closed database with a book and its note.
func filled(t *testing.T) string {
	t.Helper()
	db := open(t, Options{})
	err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		if _, err := tx.exec(ctx, `INSERT INTO books (id) VALUES ('diary')`); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO notes (who, n, book) VALUES ('ada', 1, 'diary')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return db.path
}

func TestANewDatabaseIsMigratedWithoutACopy(t *testing.T) {
	db := open(t, Options{Migrations: grown(addsColumn)})
	if got := copies(t, db.path); len(got) != 0 {
		t.Errorf("copies of nothing: %v", got)
	}
	if _, err := one(limited(t), db, scalar[int], `SELECT count(title) FROM books`); err != nil {
		t.Error(err)
	}
}

func TestAnOldDatabaseIsCopiedAndMigrated(t *testing.T) {
	for name, migration := range map[string]string{"a new column": addsColumn, "a rebuilt table": rebuilds} {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			open(t, Options{Path: path, Migrations: grown(migration)})
			db, err := Open(limited(t), Options{Path: path, ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if _, err := one(limited(t), db, scalar[int], `SELECT count(title) FROM books`); err != nil {
				t.Error(err)
			}
			wantNotes(t, db, "ada", 1)
			got := copies(t, path)
			if len(got) != 1 || !strings.HasPrefix(filepath.Base(got[0]), "before-v2-") {
				t.Fatalf("copies: %v, want one before-v2-...", got)
			}
			info, err := os.Stat(got[0])
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the copy: %v %v, want mode 600", info.Mode(), err)
			}
			if v, err := fileVersion(limited(t), got[0], sourceDSN(got[0])); v != 1 || err != nil {
				t.Errorf("the copy has version %d (%v), want 1", v, err)
			}
		})
	}
}

func TestAMigrationThatFailsLeavesTheOldVersion(t *testing.T) {
	for name, migration := range map[string]string{"a broken statement": fails, "a row that belongs to nothing": orphans} {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			if _, err := Open(limited(t), Options{Path: path, Migrations: grown(addsColumn, migration)}); !contains(err, "was undone") {
				t.Errorf("got %v", err)
			}
			if v, err := fileVersion(limited(t), path, readerDSN(path)); v != 2 || err != nil {
				t.Errorf("version %d (%v), want 2: the one before the broken one", v, err)
			}
			db := open(t, Options{Path: path, Migrations: grown(addsColumn)})
			wantNotes(t, db, "ada", 1)
			wantNotes(t, db, "lost", 0)
			if n, err := one(limited(t), db, scalar[int], `SELECT count(*) FROM sqlite_master WHERE name = 'half'`); n != 0 || err != nil {
				t.Errorf("half a migration is there (%v)", err)
			}
		})
	}
}

func TestAnOlderProgramChangesNothing(t *testing.T) {
	path := filled(t)
	if _, err := Up(limited(t), Options{Path: path, Migrations: grown(addsColumn)}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	had := len(copies(t, path))
	old := Options{Path: path, Migrations: schema()}
	for name, work := range map[string]func() error{
		"serve":        func() error { _, err := Open(limited(t), old); return err },
		"migrate up":   func() error { _, err := Up(limited(t), old); return err },
		"migrate down": func() error { _, err := Down(limited(t), old); return err },
		"read only": func() error {
			o := old
			o.ReadOnly = true
			_, err := Open(limited(t), o)
			return err
		},
	} {
		if err := work(); !contains(err, "schema version 2, this program knows 1") {
			t.Errorf("%s: %v", name, err)
		}
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, after) {
			t.Errorf("%s changed the file", name)
		}
	}
	if got := copies(t, path); len(got) != had {
		t.Errorf("copies: %v", got)
	}
}

func TestReadOnlyRefusesAnOlderSchema(t *testing.T) {
	path := filled(t)
	_, err := Open(limited(t), Options{Path: path, Migrations: grown(addsColumn), ReadOnly: true})
	if !contains(err, "schema version 1, this program needs 2") {
		t.Errorf("got %v", err)
	}
}

func TestUpDownAndStatus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "sselfie.db")
	opts := Options{Path: path, Migrations: grown(addsColumn)}
	status := func(want ...bool) {
		t.Helper()
		got, err := Status(limited(t), opts)
		if err != nil {
			t.Fatal(err)
		}
		var applied []bool
		for _, m := range got {
			applied = append(applied, m.Applied)
			if m.Applied && time.Since(m.At).Abs() > time.Hour {
				t.Errorf("%s was applied at %v", m.Name, m.At)
			}
		}
		if !slices.Equal(applied, want) {
			t.Errorf("applied: %v, want %v", applied, want)
		}
	}
	status(false, false)
	if _, err := os.Stat(path); err == nil {
		t.Error("asking made a database")
	}
	if got, err := Up(limited(t), opts); err != nil || !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("up: %v %v", got, err)
	}
	status(true, true)
	for _, want := range []int64{2, 1} {
		if got, err := Down(limited(t), opts); err != nil || !slices.Equal(got, []int64{want}) {
			t.Errorf("down: %v %v, want %d", got, err, want)
		}
	}
	status(false, false)
	if got, err := Down(limited(t), opts); err != nil || got != nil {
		t.Errorf("down from nothing: %v %v", got, err)
	}
	if got, err := Up(limited(t), opts); err != nil || !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("up again: %v %v", got, err)
	}
}

func TestAForeignDatabaseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	if _, err := Up(limited(t), Options{Path: path, Migrations: schema()}); err != nil {
		t.Fatal(err)
	}
	db := open(t, Options{Path: path})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := dropVersions(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(limited(t), Options{Path: path, Migrations: schema()}); !contains(err, "another program") {
		t.Errorf("got %v", err)
	}
}

// large writes for about a second, so that it can be killed on the way.
const large = `-- +goose Up
CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO numbers WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300000)
	SELECT i, printf('%020d', i) FROM c;
-- +goose Down
DROP TABLE numbers;
`

func childMigrates(path string) error {
	say("ready")
	_, err := Up(context.Background(), Options{Path: path, Migrations: grown(addsColumn, large)})
	return err
}

func TestAMigrationKilledInTheMiddleLeavesOneVersionOrTheOther(t *testing.T) {
	path := filled(t)
	for range 6 {
		cmd := child(limited(t), "migrate", path)
		lines := start(t, cmd)
		if !lines.Scan() {
			t.Fatal("the child does not start")
		}
		time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		v, err := fileVersion(limited(t), path, readerDSN(path))
		if err != nil || v < 1 || v > 3 {
			t.Fatalf("version %d: %v", v, err)
		}
		if err := verify(limited(t), path); err != nil {
			t.Fatal(err)
		}
		n, err := tables(limited(t), path)
		if err != nil || n != (v == 3) {
			t.Fatalf("version %d, numbers there: %v (%v)", v, n, err)
		}
	}
	db := open(t, Options{Path: path, Migrations: grown(addsColumn, large)})
	if n, err := one(limited(t), db, scalar[int], `SELECT count(*) FROM numbers`); n != 300000 || err != nil {
		t.Errorf("%d numbers (%v) after the next start", n, err)
	}
	wantNotes(t, db, "ada", 1)
}
