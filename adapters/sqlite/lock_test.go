package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestASecondInstanceIsTurnedAwayAtOnce(t *testing.T) {
	db := open(t, Options{})
	begin := time.Now()
	_, err := Open(limited(t), Options{Path: db.path, Migrations: schema()})
	if err == nil {
		t.Fatal("two programs write in one folder")
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("that took %v", took)
	}
	if !contains(err, "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("the text does not name the process: %v", err)
	}
	for name, work := range map[string]func() error{
		"migrate up":   func() error { _, err := Up(limited(t), db.opts); return err },
		"migrate down": func() error { _, err := Down(limited(t), db.opts); return err },
		"restore":      func() error { _, err := Restore(limited(t), db.opts, Restoration{From: db.path}); return err },
	} {
		if err := work(); !contains(err, "works in") {
			t.Errorf("%s beside a running server: %v", name, err)
		}
	}
}

func TestTheLockOfAKilledProcessIsFree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sselfie.db")
	cmd := child(limited(t), "hold", path)
	lines := start(t, cmd)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the child says %q", lines.Text())
	}
	if _, err := Open(context.Background(), Options{Path: path}); !contains(err, "process "+strconv.Itoa(cmd.Process.Pid)) {
		t.Errorf("beside the living child: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), lockName)); err != nil {
		t.Errorf("the stale lock file is what this test is about: %v", err)
	}
	openAt(t, path)
}

// A process that was killed holds its lock until the system has taken it apart,
// which can be a moment later than its successor comes.
func TestASuccessorWaitsAMomentForALockThatIsOnItsWayOut(t *testing.T) {
	folder := t.TempDir()
	opts := Options{Path: filepath.Join(folder, "sselfie.db"), Migrations: schema(), LockWait: 10 * time.Second}
	lock, err := TakeLock(folder)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(150*time.Millisecond, func() { _ = lock.Release() })
	open(t, opts)
	opts.LockWait = 100 * time.Millisecond
	begin := time.Now()
	if _, err := Open(limited(t), opts); !Locked(err) || time.Since(begin) < opts.LockWait {
		t.Errorf("beside one that stays: %v after %v", err, time.Since(begin))
	}
}

func TestALockCanBeGivenBackAndTakenAgain(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		lock, err := TakeLock(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
		if err := lock.Release(); err != nil {
			t.Errorf("the second Release: %v", err)
		}
	}
}
