package sqlite

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/migrations"
)

func TestAFullDiskIsNotReady(t *testing.T) {
	folder := smallDisk(t, 40)
	db := open(t, Options{Path: filepath.Join(folder, "sselfie.db"), Migrations: migrations.Files})
	now := time.UnixMilli(1)
	if err := db.Ready(limited(t), now); err != nil {
		t.Fatalf("with room: %v", err)
	}
	free := fill(t, folder)
	err := db.Ready(limited(t), now)
	if !core.Is(err, core.Unavailable) || !contains(err, "Free space there") {
		t.Errorf("a full disk: %v", err)
	}
	free()
	if err := db.Ready(limited(t), now); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// A quota is a full disk that says it has room.
func TestADiskThatRefusedIsAskedForMore(t *testing.T) {
	folder := smallDisk(t, 40)
	db := open(t, Options{Path: filepath.Join(folder, "sselfie.db"), Migrations: migrations.Files})
	db.writer.troubled.Store(true)
	if err := db.Ready(limited(t), time.UnixMilli(1)); err != nil {
		t.Fatalf("a disk that works: %v", err)
	}
	if db.writer.troubled.Load() {
		t.Error("the trouble is over and still remembered")
	}
	fill(t, folder)
	if err := db.probe(); err == nil {
		t.Error("a megabyte fitted onto a full disk")
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".probe-*")); len(left) > 0 {
		t.Errorf("the probe left %v", left)
	}
}

func TestAFullDiskIsToldOnce(t *testing.T) {
	folder := smallDisk(t, 4)
	var log bytes.Buffer
	db := open(t, Options{Path: filepath.Join(folder, "sselfie.db"), Log: slog.New(slog.NewTextHandler(&log, nil))})
	fill(t, folder)
	wide, failed := strings.Repeat("x", 100_000), 0
	for i := range 200 {
		if err := db.Update(limited(t), note(wide, i)); err != nil {
			failed++
		}
	}
	if failed < 10 {
		t.Fatalf("%d writes failed on a full disk", failed)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "free space in the data folder") {
		t.Errorf("%d lines for %d lost writes:\n%s", n, failed, log.String())
	}
	if !db.writer.troubled.Load() {
		t.Error("the trouble is not remembered")
	}
}
