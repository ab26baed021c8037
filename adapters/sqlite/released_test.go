package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core/catalog"
	"sselfie/migrations"
)

// A database that an earlier release left behind comes up to today's schema,
// goes back and comes up again: every row is still there and every invariant
// holds. testdata has one for each released schema that a later one changes,
// with rows in each of its tables, as `sqlite3 sselfie.db .dump` wrote it.
func TestReleasedDatabasesComeUpDownAndUp(t *testing.T) {
	dumps, err := filepath.Glob("../../migrations/testdata/released/*.sql")
	if err != nil || len(dumps) == 0 {
		t.Fatalf("no released databases: %v", err)
	}
	for _, dump := range dumps {
		released, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(dump), ".sql"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprint("version ", released), func(t *testing.T) {
			opts := sqlite.Options{Path: filepath.Join(t.TempDir(), "sselfie.db"), Migrations: migrations.Files}
			restore(t, opts.Path, dump)
			before := contents(t, opts.Path)
			for table, rows := range before {
				if len(rows) == 0 {
					t.Errorf("%s is empty: its migration is not tested", table)
				}
			}
			up, err := sqlite.Up(t.Context(), opts)
			if err != nil || len(up) == 0 || slices.Min(up) <= released {
				t.Fatalf("came up with %v: %v", up, err)
			}
			holds(t, opts)
			for table, rows := range before {
				if got := len(contents(t, opts.Path)[table]); got != len(rows) {
					t.Errorf("%s has %d rows, had %d", table, got, len(rows))
				}
			}
			_, first := sqlitetest.Digest(t, opts.Path)
			for range up {
				if _, err := sqlite.Down(t.Context(), opts); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(before, contents(t, opts.Path)); d != "" {
				t.Errorf("up and down changed what was there:\n%.4000s", d)
			}
			again, err := sqlite.Up(t.Context(), opts)
			if err != nil || !slices.Equal(again, up) {
				t.Fatalf("came up with %v, then with %v: %v", up, again, err)
			}
			holds(t, opts)
			if _, second := sqlitetest.Digest(t, opts.Path); second != first {
				t.Errorf("the second time differs:\n%.4000s", sqlitetest.Difference(first, second))
			}
		})
	}
}

// restore makes a database out of its dump.
func restore(t *testing.T, path, dump string) {
	t.Helper()
	text, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
}

// contents returns the rows of every table as text, but for what migrating
// itself writes.
func contents(t *testing.T, path string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	read := func(query string) (out []string) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			var line []string
			for i, c := range cells {
				line = append(line, fmt.Sprintf("%s=%v", columns[i], *c.(*any)))
			}
			out = append(out, strings.Join(line, " "))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	all := map[string][]string{}
	for _, name := range read(`SELECT name AS "" FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`) {
		name = strings.TrimPrefix(name, "=")
		all[name] = read(`SELECT * FROM "` + name + `"`)
	}
	return all
}

// holds wants every invariant to hold, its foreign keys among them.
func holds(t *testing.T, opts sqlite.Options) {
	t.Helper()
	opts.ReadOnly = true
	db, err := sqlite.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.View(t.Context(), func(ctx context.Context, v sqlite.View) error {
		found, err := v.Verify(ctx, catalog.Default())
		for _, f := range found {
			t.Errorf("verify: %s", f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
