package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sselfie/adapters/sqlite"
	"sselfie/migrations"
)

// schemaOf returns the text of every table and index.
func schemaOf(t *testing.T, path string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), `SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		out[name] = text
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A condition of a table or an index says its words as comparisons, the same ones
// that the list had, and going back gives the text that was there.
func TestConditionsCompareAndListNothing(t *testing.T) {
	list := regexp.MustCompile(`IN \(('[a-z_]*',\s*){2,}'[a-z_]*'\)`)
	word := regexp.MustCompile(`'[a-z_]*'`)
	opts := sqlite.Options{Path: filepath.Join(t.TempDir(), "sselfie.db"), Migrations: migrationsBefore(t, "00016")}
	if _, err := sqlite.Up(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	before := schemaOf(t, opts.Path)
	opts.Migrations = migrationsBefore(t, "00017")
	if _, err := sqlite.Up(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for name, text := range schemaOf(t, opts.Path) {
		if was, is := word.FindAllString(before[name], -1), word.FindAllString(text, -1); !slices.Equal(was, is) {
			t.Errorf("%s allowed %v, allows %v", name, was, is)
		}
		if before[name] != text {
			changed++
		}
	}
	if changed < 20 {
		t.Errorf("%d tables and indexes were changed", changed)
	}
	if _, err := sqlite.Down(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, schemaOf(t, opts.Path)); d != "" {
		t.Errorf("up and down changed the schema:\n%s", d)
	}
	opts.Migrations = migrations.Files
	if _, err := sqlite.Up(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	for name, text := range schemaOf(t, opts.Path) {
		if found := list.FindString(text); found != "" {
			t.Errorf("%s makes a table of %s for every row that is written", name, found)
		}
	}
}
