package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFilesAreTheOwnersAlone(t *testing.T) {
	db := open(t, Options{})
	if err := db.Update(limited(t), note("ada", 1)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		filepath.Dir(db.path): 0o700,
		db.path:               0o600,
		db.path + "-wal":      0o600,
		db.path + "-shm":      0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestPragmasHoldOnEveryConnection(t *testing.T) {
	db := open(t, Options{})
	want := map[string]int{"foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000, "secure_delete": 1}
	for name, value := range want {
		var got int
		if err := db.writes.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != value {
			t.Errorf("writer: %s is %d (%v), want %d", name, got, err, value)
		}
	}
	var mode string
	if err := db.writes.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal_mode is %q (%v), want wal", mode, err)
	}
}
