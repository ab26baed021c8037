package sqlite

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sselfie/core"
)

// smallDisk mounts a disk of some megabytes.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Skipf("no small disk to fill: mounting needs root (%v)", err)
	}
	t.Cleanup(func() {
		// Detached, so that a failed test that left a file open leaves no mount.
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return folder
}

// fill takes all room of a disk and returns a function that gives it back.
func fill(t *testing.T, folder string) (free func()) {
	t.Helper()
	name := filepath.Join(folder, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1024)
	for err == nil {
		_, err = f.Write(block)
	}
	_ = f.Close() // what matters is the room it takes
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

func TestAFullDiskCostsOnlyWhatDidNotFit(t *testing.T) {
	folder := smallDisk(t, 4)
	db := openAt(t, filepath.Join(folder, "sselfie.db"))
	wide := strings.Repeat("x", 2000)
	written := 0
	write := func() error {
		err := db.Update(limited(t), note(wide, written))
		if err == nil {
			written++
		}
		return err
	}
	for range 10 {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	reserve := filepath.Join(folder, "reserve")
	if err := os.WriteFile(reserve, make([]byte, 200_000), 0o600); err != nil {
		t.Fatal(err)
	}
	free := fill(t, folder)
	var err error
	for err == nil {
		err = write()
	}
	if !core.Is(err, core.Unavailable) || !contains(err, "disk is full") {
		t.Errorf("got %v, want unavailable and what the operator can do", err)
	}
	wantNotes(t, db, wide, written)
	if err := write(); !core.Is(err, core.Unavailable) {
		t.Errorf("still full: %v", err)
	}
	if _, err := db.Backup(limited(t), filepath.Join(folder, "backups")); err == nil {
		t.Error("a backup fitted onto a full disk")
	}
	err = db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		if err := tx.many(ctx, "huge", 300_000); err == nil {
			t.Error("that fitted onto a full disk")
		}
		// SQLite has rolled everything back: with room again, this row would be
		// kept on its own.
		if err := os.Remove(reserve); err != nil {
			t.Error(err)
		}
		if err := tx.note(ctx, "stray", 1); err == nil {
			t.Error("a statement ran after the transaction was lost")
		}
		return nil
	})
	if !core.Is(err, core.Unavailable) {
		t.Errorf("a closure that forgives a full disk: %v", err)
	}
	wantNotes(t, db, "stray", 0)
	free()
	for range 10 {
		if err := write(); err != nil {
			t.Fatalf("with room again: %v", err)
		}
	}
	wantNotes(t, db, wide, written)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := verify(limited(t), path); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "backups", "*")); len(left) != 0 {
		t.Errorf("the failed backup left %v", left)
	}
	if err := os.RemoveAll(filepath.Join(folder, "backups")); err != nil {
		t.Error(err)
	}
}

func TestAFullDiskLeavesTheOldVersion(t *testing.T) {
	folder := smallDisk(t, 4)
	opts := Options{Path: filepath.Join(folder, "sselfie.db"), Migrations: schema()}
	if _, err := Up(limited(t), opts); err != nil {
		t.Fatal(err)
	}
	opts.Migrations = grown(large)
	for name, full := range map[string]bool{"no room for the migration": false, "no room for the copy": true} {
		free := func() {}
		if full {
			free = fill(t, folder)
		}
		_, err := Up(limited(t), opts)
		free()
		if !core.Is(err, core.Unavailable) {
			t.Errorf("%s: %v, want unavailable", name, err)
		}
		if v, err := fileVersion(limited(t), opts.Path, readerDSN(opts.Path)); v != 1 || err != nil {
			t.Errorf("%s: version %d (%v), want 1", name, v, err)
		}
	}
	opts.Migrations = grown(addsColumn)
	if _, err := Up(limited(t), opts); err != nil {
		t.Errorf("one that fits: %v", err)
	}
}

func TestAReadOnlyDiskIsFoundAtTheStart(t *testing.T) {
	folder := smallDisk(t, 4)
	path := filepath.Join(folder, "data", "sselfie.db")
	db := openAt(t, path)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|flags, "size=4m"); err != nil {
			t.Skipf("cannot make the disk read-only: %v", err)
		}
	}
	again(syscall.MS_RDONLY)
	_, err := Open(limited(t), Options{Path: path, Migrations: schema()})
	if err == nil || !contains(err, "read-only file system") {
		t.Errorf("got %v, want the cause", err)
	}
	again(0)

	// The file alone can be read-only too.
	if err := syscall.Mount(path, path, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("cannot mount a file: %v", err)
	}
	defer func() { _ = syscall.Unmount(path, 0) }()
	if err := syscall.Mount("", path, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot make the file read-only: %v", err)
	}
	db, err = Open(limited(t), Options{Path: path, Migrations: schema()})
	if err == nil {
		_ = db.Close()
	}
	if !core.Is(err, core.Unavailable) || !contains(err, "cannot be written") {
		t.Errorf("a read-only file: %v", err)
	}
}

// childStumbles writes alone and says how each write went.
func childStumbles(path string) error {
	db, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for i := range 12 {
		if err := db.Update(context.Background(), note("ada", i)); err != nil {
			say("failed %d %s", i, core.CodeOf(err))
		} else {
			say("ack ada %d", i)
		}
	}
	return nil
}

// Each system call of a write fails once. What was acknowledged is there, what
// failed was reported as unavailable, and the writer recovers.
func TestOneFailureOfTheDiskIsOneFailedWrite(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: it makes system calls fail")
	}
	for name, inject := range map[string]string{
		"sync fails":               "fdatasync,fsync:error=EIO:when=",
		"write fails":              "pwrite64:error=EIO:when=",
		"disk is full for a write": "pwrite64:error=ENOSPC:when=",
	} {
		t.Run(name, func(t *testing.T) {
			failures := 0
			for when := 4; when <= 20; when += 4 {
				path := filepath.Join(t.TempDir(), "sselfie.db")
				if _, err := Up(limited(t), Options{Path: path, Migrations: schema()}); err != nil {
					t.Fatal(err)
				}
				cmd := child(limited(t), "stumble", path, strace, "-f", "-qq", "-o", "/dev/null",
					"-e", "trace="+strings.SplitN(inject, ":", 2)[0], "-e", "inject="+inject+fmt.Sprint(when))
				out, err := cmd.Output()
				if err != nil && !strings.Contains(string(out), "sselfie.db cannot be ") {
					t.Fatalf("call %d: %v %s", when, err, out) // at the start it may only say so
				}
				db := openAt(t, path)
				for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
					var n int
					var code string
					if _, err := fmt.Sscanf(line, "ack ada %d", &n); err == nil {
						if there, err := one(limited(t), db, scalar[int], `SELECT count(*) FROM notes WHERE n = ?`, n); there != 1 || err != nil {
							t.Errorf("call %d: note %d was acknowledged and is not there (%v)", when, n, err)
						}
						continue
					}
					if strings.HasPrefix(line, "error ") {
						continue
					}
					if _, err := fmt.Sscanf(line, "failed %d %s", &n, &code); err != nil || core.Code(code) != core.Unavailable {
						t.Errorf("call %d: the child says %q", when, line)
						continue
					}
					failures++
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				if err := verify(limited(t), path); err != nil {
					t.Errorf("call %d: %v", when, err)
				}
			}
			if failures == 0 {
				t.Error("no write failed, so nothing was tried")
			}
		})
	}
}
