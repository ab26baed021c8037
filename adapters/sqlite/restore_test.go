package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// secrets is schema with the tables that let people in.
func secrets() fstest.MapFS {
	return grown(`-- +goose Up
CREATE TABLE sessions (token_hash TEXT PRIMARY KEY) STRICT;
CREATE TABLE auth_tokens (token_hash TEXT PRIMARY KEY) STRICT;
INSERT INTO sessions VALUES ('a');
INSERT INTO auth_tokens VALUES ('b');
-- +goose Down
DROP TABLE sessions;
DROP TABLE auth_tokens;
`)
}

func TestRestoreReplacesAndKeepsWhatWasThere(t *testing.T) {
	opts := Options{Path: filepath.Join(t.TempDir(), "sselfie.db"), Migrations: schema(), Clock: noon}
	db := open(t, opts)
	if err := db.Update(limited(t), note("old", 1)); err != nil {
		t.Fatal(err)
	}
	copied, err := db.Backup(limited(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(limited(t), note("new", 1)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := Restore(limited(t), opts, Restoration{From: copied})
	if err != nil {
		t.Fatal(err)
	}
	db = open(t, opts)
	wantNotes(t, db, "old", 1)
	wantNotes(t, db, "new", 0)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if filepath.Base(kept) != "replaced-20300102T120000Z.db" {
		t.Errorf("kept as %s", kept)
	}
	if _, err := Restore(limited(t), opts, Restoration{From: kept}); err != nil {
		t.Fatalf("going back: %v", err)
	}
	db = open(t, opts)
	wantNotes(t, db, "new", 1)
}

// A killed server leaves its last writes in the log. The log must be kept with
// the old file, and must never be applied to the restored one.
func TestRestoreOverADatabaseWithItsLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sselfie.db")
	opts := Options{Path: path, Migrations: schema()}
	cmd := child(limited(t), "write", path)
	cmd.Env = append(cmd.Env, "SQLITE_TEST_ENDLESS=1")
	seen := 0
	acked, errs := acks(start(t, cmd), func() {
		if seen++; seen == 100 {
			_ = cmd.Process.Kill()
		}
	})
	_ = cmd.Wait() // killed
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Fatal("there is no log, which this test is about")
	}
	source := open(t, Options{})
	copied, err := source.Backup(limited(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Restore(limited(t), opts, Restoration{From: copied})
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, opts)
	if n, err := one(limited(t), db, scalar[int], `SELECT count(*) FROM notes`); n != 0 || err != nil {
		t.Errorf("%d notes (%v) in a database restored from an empty one", n, err)
	}
	to := filepath.Join(t.TempDir(), "again.db")
	if _, err := Restore(limited(t), Options{Path: to, Migrations: schema()}, Restoration{From: kept}); err != nil {
		t.Fatal(err)
	}
	wantAcked(t, openAt(t, to), acked)
}

func TestRestoreCanEndAllSessions(t *testing.T) {
	for name, drop := range map[string]bool{"kept": false, "dropped": true} {
		t.Run(name, func(t *testing.T) {
			db := open(t, Options{Migrations: secrets()})
			copied, err := db.Backup(limited(t), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			opts := Options{Path: filepath.Join(t.TempDir(), "sselfie.db"), Migrations: secrets()}
			if kept, err := Restore(limited(t), opts, Restoration{From: copied, DropSessions: drop}); err != nil || kept != "" {
				t.Fatalf("%q %v", kept, err)
			}
			back := open(t, opts)
			n, err := one(limited(t), back, scalar[int], `SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM auth_tokens)`)
			want := map[bool]int{false: 2, true: 0}[drop]
			if n != want || err != nil {
				t.Errorf("%d sessions and tokens (%v), want %d", n, err, want)
			}
		})
	}
}

func TestRestoreRefusesABadSourceAndChangesNothing(t *testing.T) {
	folder := t.TempDir()
	file := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	newer := filepath.Join(folder, "newer.db")
	if _, err := Up(limited(t), Options{Path: newer, Migrations: grown(addsColumn)}); err != nil {
		t.Fatal(err)
	}
	good := filled(t)
	before, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, want string }{
		"not there":  {filepath.Join(folder, "nowhere.db"), "There is no file"},
		"not a copy": {file("text.db", []byte(strings.Repeat("hello ", 1000))), "not a sound copy"},
		"cut short":  {file("short.db", before[:len(before)/2]), "not a sound copy"},
		"empty":      {file("empty.db", nil), "empty database"},
		"newer":      {newer, "schema version 2, this program knows 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Restore(context.Background(), Options{Path: good, Migrations: schema()}, Restoration{From: c.from}); !contains(err, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if after, err := os.ReadFile(good); err != nil || !slices.Equal(before, after) {
				t.Errorf("the database has changed (%v)", err)
			}
		})
	}
	if left, _ := filepath.Glob(good + ".*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
