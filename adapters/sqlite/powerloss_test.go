package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What these tests prove: a child writes under strace, which records every
// write, truncation and fsync of its files. At many of its acknowledgements the
// power is cut on paper: of each file only what was fsynced before the
// acknowledgement is surely kept, and of what was written since, nothing, or
// any choice of 512-byte sectors. The files that remain are opened by the
// program itself. Every acknowledged note must be there, and the file sound.
//
// What they don't prove: that fsync on the machine keeps its word.

func TestPowerLossKeepsEveryAcknowledgedNote(t *testing.T) {
	cuts, lost := powerCuts(t, "write")
	if cuts == 0 {
		t.Fatal("no cut was tried")
	}
	for _, l := range lost {
		t.Error(l)
	}
}

// The check must be able to say no: without synchronous=FULL it does.
func TestPowerLossIsNoticedWithoutFull(t *testing.T) {
	if _, lost := powerCuts(t, "hurried"); len(lost) == 0 {
		t.Error("synchronous=NORMAL loses acknowledged notes at a power cut, and the check did not see it")
	}
}

// childWritesWithoutFull is childWrites with the guard removed. Nobody but COMMIT
// moves its log.
func childWritesWithoutFull(path string) error {
	db, err := sql.Open("sqlite", strings.NewReplacer("_synchronous=FULL", "_synchronous=NORMAL", "autocheckpoint(4000)", "autocheckpoint(1000)").Replace(writerDSN(path)))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	return childLoop(func(who string, n int) error {
		_, err := db.Exec(`INSERT INTO notes (who, n) VALUES (?, ?)`, who, n)
		return err
	})
}

// powerCuts traces a child in a role and returns how many cuts were tried and
// what was lost in them.
func powerCuts(t *testing.T, role string) (cuts int, lost []string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: it records what reaches the disk")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "sselfie.db")
	if _, err := Up(limited(t), Options{Path: path, Migrations: schema()}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "trace")
	cmd := child(limited(t), role, path, strace, "-f", "-qq", "-y", "-xx", "-s", "70000", "-o", log,
		"-e", "trace=openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat")
	out, err := cmd.Output()
	if err != nil {
		if strings.Contains(err.Error(), "operation not permitted") {
			t.Skip("strace may not trace here")
		}
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	disk := newPaperDisk(path, before)
	acked := map[string]int{}
	random := rand.New(rand.NewPCG(1, 2))
	const every = 23
	seen, midway := 0, false
	for _, c := range calls(t, string(text)) {
		var who string
		var n int
		if _, err := fmt.Sscanf(string(c.data), "ack %s %d", &who, &n); c.name != "write" || err != nil {
			disk.apply(c)
			continue
		}
		acked[who] = max(acked[who], n+1)
		midway = disk.checkpointed
		if seen++; seen%every != 0 {
			continue
		}
		for _, keep := range []float64{0, 0.5, 0.95} {
			cuts++
			if err := survives(t, disk, random, keep, acked); err != nil {
				lost = append(lost, fmt.Sprintf("cut after acknowledgement %d, %.0f%% of the sectors under way kept: %v", seen, keep*100, err))
			}
		}
	}
	if seen != childCallers*rowsPerCaller {
		t.Errorf("the trace has %d acknowledgements, want %d", seen, childCallers*rowsPerCaller)
	}
	if !midway {
		t.Error("the log was never checkpointed, so half of the question was not asked")
	}
	return cuts, lost
}

// survives opens what a power cut leaves.
func survives(t *testing.T, disk *paperDisk, random *rand.Rand, keep float64, acked map[string]int) error {
	t.Helper()
	folder := t.TempDir()
	for name, content := range disk.cut(random, keep) {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := Open(context.Background(), Options{Path: filepath.Join(folder, "sselfie.db"), Migrations: schema()})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for who, want := range acked {
		got, err := db.notes(context.Background(), who)
		if err != nil {
			return err
		}
		if got < want {
			return fmt.Errorf("%d notes of %.6s, %d were acknowledged", got, who, want)
		}
	}
	return nil
}

// paperDisk follows the database and its log: what is synced, and what was done
// since. The shared-memory file is left out, since it is rebuilt at each start.
type paperDisk struct {
	folder       string
	files        map[string]*paperFile
	checkpointed bool // the database itself was written and synced
}

type paperFile struct {
	synced []byte
	named  bool // its name is in a synced folder
	since  []call
}

func newPaperDisk(path string, content []byte) *paperDisk {
	return &paperDisk{folder: filepath.Dir(path), files: map[string]*paperFile{
		path:          {synced: content, named: true},
		path + "-wal": {},
	}}
}

func (d *paperDisk) apply(c call) {
	if c.name == "fsync" && c.path == d.folder {
		for _, f := range d.files {
			f.named = true
		}
		return
	}
	f := d.files[c.path]
	if f == nil {
		return
	}
	switch c.name {
	case "pwrite64", "ftruncate":
		f.since = append(f.since, c)
	case "fsync", "fdatasync":
		// Only what had ended before the sync began is covered by it.
		var rest []call
		for _, w := range f.since {
			if w.ended < c.began {
				f.synced = w.on(f.synced)
			} else {
				rest = append(rest, w)
			}
		}
		f.since = rest
		d.checkpointed = d.checkpointed || !strings.HasSuffix(c.path, "-wal")
	case "unlink", "unlinkat":
		*f = paperFile{}
	}
}

// cut returns the files after a power cut: the synced part, and of each sector
// written since, by chance, the new or the old.
func (d *paperDisk) cut(random *rand.Rand, keep float64) map[string][]byte {
	out := map[string][]byte{}
	for path, f := range d.files {
		if !f.named {
			continue
		}
		content := append([]byte(nil), f.synced...)
		for _, c := range f.since {
			if c.name == "ftruncate" {
				if random.Float64() < keep {
					content = c.on(content)
				}
				continue
			}
			for at := 0; at < len(c.data); at += 512 {
				if random.Float64() < keep {
					sector := c
					sector.data, sector.offset = c.data[at:min(at+512, len(c.data))], c.offset+int64(at)
					content = sector.on(content)
				}
			}
		}
		out[filepath.Base(path)] = content
	}
	return out
}

// call is one system call of the trace. began and ended are line numbers.
type call struct {
	name         string
	path         string
	data         []byte
	offset       int64 // or the new size of ftruncate
	began, ended int
}

// on returns content with the call's effect.
func (c call) on(content []byte) []byte {
	end := c.offset + int64(len(c.data))
	if c.name == "ftruncate" && int64(len(content)) > end {
		return content[:end]
	}
	if int64(len(content)) < end {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	copy(content[c.offset:], c.data)
	return content
}

var (
	tracedCall    = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumedCall   = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)`)
	tracedHandle  = regexp.MustCompile(`^\d+<((?:\\x[0-9a-f]{2})+)`)
	tracedText    = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?`)
	tracedOffset  = regexp.MustCompile(`, (\d+)(?:\)| <unfinished)`)
	tracedSuccess = regexp.MustCompile(`\) += (\d+)`)
)

// calls reads strace's log: each call that succeeded, in the order in which they
// ended; a write to the standard output where it began.
func calls(t *testing.T, log string) (out []call) {
	t.Helper()
	open := map[string]call{}
	for i, line := range strings.Split(log, "\n") {
		if m := resumedCall.FindStringSubmatch(line); m != nil {
			c, found := open[m[1]]
			delete(open, m[1])
			if found && !strings.HasPrefix(m[3], "-") && c.name == m[2] && c.name != "write" {
				c.ended = i
				out = append(out, c)
			}
			continue
		}
		m := tracedCall.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		c := call{name: m[2], began: i, ended: i}
		if h := tracedHandle.FindStringSubmatch(m[3]); h != nil {
			c.path = string(unhex(t, h[1]))
		}
		if s := tracedText.FindStringSubmatch(m[3]); s != nil {
			if s[2] != "" {
				t.Fatalf("the trace has cut a text short: %.100s", line)
			}
			c.data = unhex(t, s[1])
			if c.name == "unlink" || c.name == "unlinkat" {
				c.path, c.data = string(c.data), nil
			}
		}
		if o := tracedOffset.FindAllStringSubmatch(m[3], -1); o != nil && (c.name == "pwrite64" || c.name == "ftruncate") {
			c.offset, _ = strconv.ParseInt(o[len(o)-1][1], 10, 64)
		}
		switch {
		case strings.HasSuffix(line, "<unfinished ...>"):
			open[m[1]] = c
			if c.name == "write" {
				out = append(out, c)
			}
		case tracedSuccess.MatchString(m[3]):
			out = append(out, c)
		}
	}
	return out
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
