// Package sqlitetest gives tests a real database in a file of their own. It is
// imported by tests alone.
package sqlitetest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/migrations"
)

// New returns an open database with the product's schema, empty, closed when
// the test ends. The schema is made once per test binary; each test gets a copy
// of the file.
func New(t testing.TB) *sqlite.DB {
	t.Helper()
	db, _ := NewAt(t, sqlite.Options{})
	return db
}

// NewAt is New with options of the test's own, and returns the file's path too.
// Path and Migrations are filled in where they are empty.
func NewAt(t testing.TB, opts sqlite.Options) (*sqlite.DB, string) {
	t.Helper()
	if opts.Path == "" {
		opts.Path = filepath.Join(t.TempDir(), "sselfie.db")
	}
	if opts.Migrations == nil {
		opts.Migrations = migrations.Files
		if err := os.WriteFile(opts.Path, template(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sqlite.Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
	return db, opts.Path
}

// migrated is the bytes of a freshly migrated file.
var migrated = sync.OnceValues(func() ([]byte, error) { return build(migrations.Files) })

func template(t testing.TB) []byte {
	t.Helper()
	b, err := migrated()
	if err != nil {
		t.Fatalf("the schema cannot be made: %v", err)
	}
	return b
}

func build(files fs.FS) ([]byte, error) {
	dir, err := os.MkdirTemp("", "sqlitetest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if _, err := sqlite.Up(context.Background(), sqlite.Options{Path: path, Migrations: files}); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // whole: the last connection has emptied the WAL into it
}
