package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// fixed is a clock that stands.
type fixed struct{ at time.Time }

func (f fixed) Now() time.Time { return f.at }

var noon = fixed{time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)}

func TestABackupUnderLoadIsWholeAndComesBack(t *testing.T) {
	db := open(t, Options{Clock: noon})
	ctx, cancel := context.WithCancel(limited(t))
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				// Two rows in one transaction: a copy has both or none.
				err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
					return errors.Join(tx.note(ctx, fmt.Sprintf("left%d", c), i), tx.note(ctx, fmt.Sprintf("right%d", c), i))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	folder := BackupFolder(db.path)
	var made []string
	for round := range *backups {
		least, err := db.notes(limited(t), "left0")
		if err != nil {
			t.Fatal(err)
		}
		name, err := db.Backup(limited(t), folder)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, name)
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode of the backup: %v %v", info.Mode(), err)
		}
		to := filepath.Join(t.TempDir(), "sselfie.db")
		if _, err := Restore(limited(t), Options{Path: to, Migrations: schema()}, Restoration{From: name}); err != nil {
			t.Fatal(err)
		}
		back := openAt(t, to)
		for c := range 4 {
			left, err1 := back.notes(limited(t), fmt.Sprintf("left%d", c))
			right, err2 := back.notes(limited(t), fmt.Sprintf("right%d", c))
			if err1 != nil || err2 != nil || left != right {
				t.Errorf("round %d: %d left, %d right (%v %v)", round, left, right, err1, err2)
			}
			if c == 0 && left < least {
				t.Errorf("round %d: %d rows, %d were there before the backup began", round, left, least)
			}
		}
	}
	cancel()
	wg.Wait()
	for i, name := range made {
		want := "sselfie-20300102T120000Z.db"
		if i > 0 {
			want = fmt.Sprintf("sselfie-20300102T120000Z-%d.db", i+1)
		}
		if filepath.Base(name) != want {
			t.Errorf("the name is %s, want %s", filepath.Base(name), want)
		}
	}
}

func TestABackupBesideALiveServer(t *testing.T) {
	db := open(t, Options{})
	if err := db.Update(limited(t), note("ada", 1)); err != nil {
		t.Fatal(err)
	}
	beside, err := Open(limited(t), Options{Path: db.path, Migrations: schema(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = beside.Close() }()
	name, err := beside.Backup(limited(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(limited(t), name); err != nil {
		t.Error(err)
	}
}

func TestABackupThatIsBrokenOffLeavesNothing(t *testing.T) {
	db := open(t, Options{})
	ctx, cancel := context.WithCancel(limited(t))
	cancel()
	folder := t.TempDir()
	if _, err := db.Backup(ctx, folder); err == nil {
		t.Error("no error")
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// What a killed backup leaves goes with a later one, its journal, too; what is
// young may be somebody's who is still at work.
func TestABackupSweepsWhatAKilledOneLeft(t *testing.T) {
	db := open(t, Options{})
	folder := t.TempDir()
	for name, age := range map[string]time.Duration{
		"sselfie-1.partial": 25 * time.Hour, "sselfie-1.partial-journal": 25 * time.Hour, "before-v2-2.partial-wal": 25 * time.Hour,
		"sselfie-3.partial": time.Hour, "sselfie-3.partial-journal": time.Hour, "mine.db-journal": 25 * time.Hour,
	} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	name, err := db.Backup(limited(t), folder)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"mine.db-journal", "sselfie-3.partial", "sselfie-3.partial-journal", filepath.Base(name)}; !slices.Equal(slices.Sorted(slices.Values(left)), slices.Sorted(slices.Values(want))) {
		t.Errorf("%q are left, want %q", left, want)
	}
}

func TestWhatWasDeletedIsInNoCopy(t *testing.T) {
	db := open(t, Options{})
	const secret = "ada@example.com"
	if err := db.Update(limited(t), note(secret, 1)); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM notes WHERE who = ?`, secret)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	name, err := db.Backup(limited(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.EmptyLog(limited(t)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{name, db.path, db.path + "-wal"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if contains(errors.New(string(b)), secret) {
			t.Errorf("%s still has the address", filepath.Base(file))
		}
	}
}

func TestPruneKeepsTheNewestOfEachKind(t *testing.T) {
	folder := t.TempDir()
	keep := []string{
		"sselfie-20300103T040000Z.db", "sselfie-20300102T040000Z-10.db",
		"before-v9-20300101T000000Z.db", "before-v10-20300102T000000Z.db",
		"replaced-20290101T000000Z.db", "replaced-20290101T000000Z.db-wal",
		"notes.txt", "sselfie-mine.db", "sselfie.db",
	}
	drop := []string{
		"sselfie-20300102T040000Z-9.db", "sselfie-20300102T040000Z.db", "sselfie-20291231T040000Z.db",
		"before-v8-20291231T000000Z.db",
	}
	for _, name := range slices.Concat(keep, drop) {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := Prune(folder, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range removed {
		removed[i] = filepath.Base(name)
	}
	slices.Sort(drop)
	if !slices.Equal(removed, drop) {
		t.Errorf("removed %v, want %v", removed, drop)
	}
	for _, name := range keep {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Errorf("%s is gone", name)
		}
	}
	if removed, err := Prune(filepath.Join(folder, "nowhere"), 2); err != nil || removed != nil {
		t.Errorf("a folder that is not there: %v %v", removed, err)
	}
}
