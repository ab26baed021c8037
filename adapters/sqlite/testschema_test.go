package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// schema is a small house to test the mechanics in.
func schema() fstest.MapFS {
	return fstest.MapFS{"00001_notes.sql": {Data: []byte(`-- +goose Up
CREATE TABLE books (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE notes (
    id   INTEGER PRIMARY KEY,
    who  TEXT NOT NULL,
    n    INTEGER NOT NULL CHECK (n >= 0),
    book TEXT REFERENCES books (id),
    at   INTEGER,
    UNIQUE (who, n)
) STRICT;
CREATE TABLE loans (book TEXT REFERENCES books (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
-- +goose Down
DROP TABLE loans;
DROP TABLE notes;
DROP TABLE books;
`)}}
}

func open(t testing.TB, opts Options) *DB {
	t.Helper()
	if opts.Path == "" {
		opts.Path = filepath.Join(t.TempDir(), "data", "sselfie.db")
	}
	if opts.Migrations == nil {
		opts.Migrations = schema()
	}
	db, err := Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// limited returns a context that ends a test which waits for ever.
func limited(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (tx *Tx) note(ctx context.Context, who string, n int) error {
	_, err := tx.exec(ctx, `INSERT INTO notes (who, n) VALUES (?, ?)`, who, n)
	return err
}

func note(who string, n int) func(context.Context, *Tx) error {
	return func(ctx context.Context, tx *Tx) error { return tx.note(ctx, who, n) }
}

func (r reads) notes(ctx context.Context, who string) (int, error) {
	return one(ctx, r, scalar[int], `SELECT count(*) FROM notes WHERE who = ?`, who)
}

func wantNotes(t testing.TB, db *DB, who string, want int) {
	t.Helper()
	got, err := db.notes(limited(t), who)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%d notes of %s, want %d", got, who, want)
	}
}

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	return open(t, Options{Path: path})
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

func compare(a, b string) int { return strings.Compare(a, b) }

// dropVersions makes a database look like another program's.
func dropVersions(path string) error {
	db, err := sql.Open("sqlite", writerDSN(path))
	if err != nil {
		return err
	}
	_, err = db.Exec(`DROP TABLE ` + versionTable)
	return errors.Join(err, db.Close())
}

// tables reports whether the table numbers is there.
func tables(ctx context.Context, path string) (found bool, err error) {
	err = look(ctx, path, readerDSN(path), func(q pool) error {
		n, err := one(ctx, q, scalar[int], `SELECT count(*) FROM sqlite_master WHERE name = 'numbers'`)
		found = n == 1
		return err
	})
	return found, err
}
