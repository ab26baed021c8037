package returns_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/returns"
)

// collector takes mails, and breaks down at one of them.
type collector struct {
	got     []string
	breakAt string
}

func (c *collector) take(_ context.Context, raw []byte) error {
	text := strings.TrimSpace(string(raw))
	if c.breakAt != "" && strings.Contains(text, c.breakAt) {
		return errors.New("the database is away")
	}
	c.got = append(c.got, text)
	return nil
}

func write(t *testing.T, path, text string, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestMbox(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mbox")
	const one, two, three = "From a Sun\nSubject: 1\n\n>From here on\n\n", "From b Sun\nSubject: 2\n\n\n", "From c Sun\nSubject: 3\n\n\n"
	before := time.Now().Add(-time.Minute) // nobody is writing any more
	write(t, path, one+two, before)
	c := &collector{breakAt: "Subject: 2"}
	mark, err := returns.Folder{Path: path}.Read(t.Context(), "", c.take)
	if err == nil || !slices.Equal(c.got, []string{"Subject: 1\n\nFrom here on"}) {
		t.Fatalf("took %q, %v", c.got, err)
	}
	c.breakAt = ""
	write(t, path, one+two+three, before)
	mark, err = returns.Folder{Path: path}.Read(t.Context(), mark, c.take)
	if err != nil || !slices.Equal(c.got[1:], []string{"Subject: 2", "Subject: 3"}) {
		t.Fatalf("then %q, %v", c.got, err)
	}
	if _, err = (returns.Folder{Path: path}).Read(t.Context(), mark, c.take); err != nil || len(c.got) != 3 {
		t.Fatalf("again %q, %v", c.got, err)
	}
	write(t, path, three, before) // somebody emptied it
	if _, err = (returns.Folder{Path: path}).Read(t.Context(), mark, c.take); err != nil || len(c.got) != 4 {
		t.Errorf("after it was emptied %q, %v", c.got, err)
	}
	write(t, path, strings.Replace(one, "Sun\nSubject: 1", "Monday\nSubject: 5", 1)+two+three+one, before) // another file, longer than the old one
	if _, err = (returns.Folder{Path: path}).Read(t.Context(), mark, c.take); err != nil || len(c.got) != 8 || !strings.HasPrefix(c.got[4], "Subject: 5") {
		t.Errorf("after it was replaced %q, %v", c.got, err)
	}
	write(t, path, three, before)
	if left, err := os.ReadFile(path); err != nil || string(left) != three {
		t.Errorf("the file holds %q, %v", left, err)
	}
}

// TestMboxHalfWritten: a mail server is at work while the file is read.
func TestMboxHalfWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mbox")
	const one, half, rest = "From a Sun\nSubject: 1\n\n", "From b Sun\nSubject: 2\n\nhal", "f\n\n"
	write(t, path, one+half, time.Now())
	c := &collector{}
	mark, err := returns.Folder{Path: path}.Read(t.Context(), "", c.take)
	if err != nil || !slices.Equal(c.got, []string{"Subject: 1"}) {
		t.Fatalf("took %q, %v", c.got, err)
	}
	write(t, path, one+half+rest, time.Now().Add(-time.Minute))
	if _, err = (returns.Folder{Path: path}).Read(t.Context(), mark, c.take); err != nil || len(c.got) != 2 || c.got[1] != "Subject: 2\n\nhalf" {
		t.Errorf("then %q, %v", c.got, err)
	}
}

func TestMaildir(t *testing.T) {
	dir, noon := t.TempDir(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	write(t, filepath.Join(dir, "new", "2"), "Subject: 2", noon.Add(time.Hour))
	write(t, filepath.Join(dir, "cur", "1:2,S"), "Subject: 1", noon)
	write(t, filepath.Join(dir, "tmp", "0"), "Subject: half", noon)
	c := &collector{}
	mark, err := returns.Folder{Path: dir}.Read(t.Context(), "", c.take)
	if err != nil || !slices.Equal(c.got, []string{"Subject: 1", "Subject: 2"}) {
		t.Fatalf("took %q, %v", c.got, err)
	}
	write(t, filepath.Join(dir, "new", "3"), "Subject: 3", noon.Add(2*time.Hour))
	if _, err = (returns.Folder{Path: dir}).Read(t.Context(), mark, c.take); err != nil || c.got[len(c.got)-1] != "Subject: 3" || slices.Contains(c.got[2:], "Subject: 1") {
		t.Errorf("then %q, %v", c.got, err)
	}
	if list, _ := os.ReadDir(filepath.Join(dir, "new")); len(list) != 2 {
		t.Errorf("%d files are left in new", len(list))
	}
}

func TestAFolderThatIsNone(t *testing.T) {
	c := &collector{}
	for name, path := range map[string]string{"nothing there": filepath.Join(t.TempDir(), "x"), "no Maildir": t.TempDir()} {
		if _, err := (returns.Folder{Path: path}).Read(t.Context(), "", c.take); err == nil || !strings.Contains(err.Error(), "returns.path") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
