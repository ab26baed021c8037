package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/core"
)

func TestFilesAreTheOwnersAlone(t *testing.T) {
	db := open(t, Options{})
	if err := db.Update(limited(t), note("ada", 1)); err != nil {
		t.Fatal(err)
	}
	mode(t, filepath.Dir(db.path), 0o700)
	for _, file := range []string{db.path, db.path + "-wal", db.path + "-shm", filepath.Join(filepath.Dir(db.path), lockName)} {
		mode(t, file, 0o600)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(db.path, 0o644); err != nil {
		t.Fatal(err)
	}
	openAt(t, db.path)
	mode(t, db.path, 0o600)
}

func mode(t *testing.T, name string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
	}
}

func TestPragmasHoldOnEveryConnection(t *testing.T) {
	db := openAt(t, filled(t)) // one of its readers has checked the file
	for name, want := range map[string]int64{"foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000, "secure_delete": 1, "journal_size_limit": 64 << 20} {
		var got int64
		err := db.Update(limited(t), func(ctx context.Context, tx *Tx) (err error) {
			got, err = one(ctx, tx, scalar[int64], `PRAGMA `+name)
			return err
		})
		if err != nil || got != want {
			t.Errorf("writer: %s is %d (%v), want %d", name, got, err, want)
		}
	}
	if mode, err := one(limited(t), db, scalar[string], `PRAGMA journal_mode`); err != nil || mode != "wal" {
		t.Errorf("journal_mode is %q (%v), want wal", mode, err)
	}
	// Hold every reader at once, so that each is asked.
	var wg sync.WaitGroup
	all := sync.WaitGroup{}
	n := db.readers.Stats().MaxOpenConnections
	all.Add(n)
	for range n {
		wg.Go(func() {
			err := db.View(limited(t), func(ctx context.Context, v View) error {
				all.Done()
				all.Wait()
				for name, want := range map[string]int64{"foreign_keys": 1, "busy_timeout": 5000, "cache_size": -2000} {
					if got, err := one(ctx, v, scalar[int64], `PRAGMA `+name); err != nil || got != want {
						t.Errorf("reader: %s is %d (%v), want %d", name, got, err, want)
					}
				}
				_, err := v.querier.(snapshot).tx.ExecContext(ctx, `DELETE FROM notes`)
				if !core.Is(translate("test", err), core.Unavailable) {
					t.Errorf("a reader can write: %v", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := one(limited(t), db, scalar[string], `SELECT "text in double quotes"`); err == nil {
		t.Error("double quotes make texts: a misspelt column would be taken for one")
	}
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "50% off? #1 & más", "it's.db")
	db := openAt(t, path)
	if err := db.Update(limited(t), note("ada", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Backup(limited(t), BackupFolder(path)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestADamagedFileIsNamedTogetherWithTheWayBack(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"not a database": func(b []byte) []byte { return []byte(strings.Repeat("hello ", 1000)) },
		"cut short":      func(b []byte) []byte { return b[:len(b)/2] },
		"a torn page": func(b []byte) []byte {
			clear(b[4096*2+100 : 4096*4])
			copy(b[4096*2:], "torn torn torn torn")
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = Open(limited(t), Options{Path: path, Migrations: schema()})
			if !core.Is(err, core.Internal) || !contains(err, "sselfie restore") {
				t.Errorf("got %v, want the damage and the way back", err)
			}
			lock, err := TakeLock(filepath.Dir(path))
			if err != nil {
				t.Fatalf("the failed start kept the lock: %v", err)
			}
			_ = lock.Release()
		})
	}
}

func TestALargeFileIsCheckedWhileItServes(t *testing.T) {
	db := open(t, Options{})
	stop := db.checkLater()
	stop()
	stop = db.checkLater()
	defer stop()
	if err := db.Update(limited(t), note("ada", 1)); err != nil {
		t.Error(err)
	}
}

func TestASecondOpeningWritesNothing(t *testing.T) {
	path := filled(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db := openAt(t, path)
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the log is %v (%v), want an empty one", info, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed (%v)", err)
	}
}

func TestReadOnlyWritesNothing(t *testing.T) {
	db := open(t, Options{})
	if err := db.Update(limited(t), note("ada", 1)); err != nil {
		t.Fatal(err)
	}
	beside, err := Open(limited(t), Options{Path: db.path, Migrations: schema(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = beside.Close() }()
	if err := db.Update(limited(t), note("ada", 2)); err != nil {
		t.Fatal(err)
	}
	wantNotes(t, beside, "ada", 2)
	if err := beside.Update(limited(t), note("ada", 3)); !contains(err, "reading only") {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(t.TempDir(), "nowhere.db")
	if _, err := Open(limited(t), Options{Path: path, ReadOnly: true}); !contains(err, "There is no database") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("reading made a database")
	}
}

func TestReadersSeeWholeTransactionsWhileOthersWrite(t *testing.T) {
	db := open(t, Options{})
	ctx, cancel := context.WithCancel(limited(t))
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
				if err := tx.note(ctx, "left", i); err != nil {
					return err
				}
				return tx.note(ctx, "right", i)
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	grew := 0
	for range 200 {
		err := db.View(limited(t), func(ctx context.Context, v View) error {
			left, err := v.notes(ctx, "left")
			if err != nil {
				return err
			}
			until(t, "another commit", func() bool {
				n, err := db.notes(ctx, "left")
				return err != nil || n > left
			})
			right, err := v.notes(ctx, "right")
			if left != right {
				t.Errorf("one state shows %d left, %d right", left, right)
			}
			grew = left
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	wg.Wait()
	if grew == 0 {
		t.Error("nothing was written meanwhile")
	}
}

func TestErrorsAreTranslatedByNumber(t *testing.T) {
	db := open(t, Options{})
	for name, c := range map[string]struct {
		text string
		want core.Code
	}{
		"unique":      {`INSERT INTO notes (who, n) VALUES ('a', 1), ('a', 1)`, core.Conflict},
		"primary key": {`INSERT INTO books (id) VALUES ('a'), ('a')`, core.Conflict},
		"foreign key": {`INSERT INTO notes (who, n, book) VALUES ('a', 1, 'none')`, core.Conflict},
		"check":       {`INSERT INTO notes (who, n) VALUES ('a', -1)`, core.Internal},
		"wrong type":  {`INSERT INTO notes (who, n) VALUES ('a', 'one')`, core.Internal},
		"no table":    {`INSERT INTO nowhere VALUES (1)`, core.Internal},
	} {
		err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
			_, err := tx.exec(ctx, c.text)
			return err
		})
		if got := core.CodeOf(err); got != c.want {
			t.Errorf("%s: %v, want code %q", name, err, c.want)
		}
		if !contains(err, "INSERT INTO") {
			t.Errorf("%s: the statement is not named: %v", name, err)
		}
	}
	if _, err := one(limited(t), db, scalar[int], `SELECT n FROM notes WHERE who = 'nobody'`); !core.Is(err, core.NotFound) {
		t.Errorf("no row: %v", err)
	}
	gone, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	if _, err := db.notes(gone, "ada"); !core.Is(err, core.Unavailable) {
		t.Errorf("a reader out of time: %v", err)
	}
}

func TestBindHandsOutTheNarrowTx(t *testing.T) {
	type narrow interface {
		note(ctx context.Context, who string, n int) error
	}
	db := open(t, Options{})
	for i, u := range []Updater[narrow]{
		Bind(db, func(tx *Tx) narrow { return tx }),
		BindBulk(db, func(tx *Tx) narrow { return tx }),
	} {
		if err := u.Update(limited(t), func(ctx context.Context, tx narrow) error { return tx.note(ctx, "ada", i) }); err != nil {
			t.Error(err)
		}
	}
	wantNotes(t, db, "ada", 2)
}
