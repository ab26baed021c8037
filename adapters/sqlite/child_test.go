package sqlite

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

var (
	kills   = flag.Int("kills", 10, "how often the writing child is killed")
	backups = flag.Int("backups", 3, "how many backups are made under load, restored and verified")
)

// TestMain lets the test binary be its own child: a process that can be killed,
// traced or starved while it writes.
func TestMain(m *testing.M) {
	role := os.Getenv("SQLITE_TEST_CHILD")
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](os.Getenv("SQLITE_TEST_PATH")); err != nil {
		fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
	os.Exit(0)
}

// roles is what a child can be told to do with the database at a path.
var roles = map[string]func(path string) error{
	"hold":    childHolds,
	"write":   childWrites,
	"join":    childWritesJoined,
	"hurried": childWritesWithoutFull,
	"migrate": childMigrates,
	"stumble": childStumbles,
	"refresh": childRefreshes,
}

// child prepares this binary in a role. before is a program to run it under.
func child(ctx context.Context, role, path string, before ...string) *exec.Cmd {
	args := append(before, os.Args[0])
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "SQLITE_TEST_CHILD="+role, "SQLITE_TEST_PATH="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts a child and returns its output line by line.
func start(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return lines
}

// say prints a line with a single write, so that it is whole or not there.
func say(format string, args ...any) {
	_, _ = io.WriteString(os.Stdout, fmt.Sprintf(format+"\n", args...))
}

// childHolds opens the database and keeps it until it is killed.
func childHolds(path string) error {
	db, err := Open(context.Background(), Options{Path: path, Migrations: schema()})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	say("ready")
	select {}
}

// childWrites lets callers write until it is killed, or until rowsPerCaller, and
// says which notes were acknowledged.
func childWrites(path string) error {
	db, err := Open(context.Background(), Options{Path: path, Migrations: schema()})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return childLoop(func(who string, n int) error {
		return db.Update(context.Background(), func(ctx context.Context, tx *Tx) error {
			return tx.note(ctx, who, n)
		})
	})
}

// childWritesJoined does the same through a Joined, as clicks are written.
func childWritesJoined(path string) error {
	db, err := Open(context.Background(), Options{Path: path, Migrations: schema()})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	joined := BindJoined(db, func(tx *Tx) *Tx { return tx })
	return childLoop(func(who string, n int) error {
		return joined.Update(context.Background(), func(ctx context.Context, tx *Tx) error {
			return tx.note(ctx, who, n)
		})
	})
}

const (
	childCallers  = 8
	rowsPerCaller = 60
)

func childLoop(write func(who string, n int) error) error {
	rows := rowsPerCaller
	if os.Getenv("SQLITE_TEST_ENDLESS") != "" {
		rows = 1 << 30
	}
	run := os.Getenv("SQLITE_TEST_RUN")
	var wg sync.WaitGroup
	for c := range childCallers {
		wg.Go(func() {
			who := fmt.Sprintf("r%s-c%d-%s", run, c, strings.Repeat("x", 700)) // wide: pages fill, the log is checkpointed
			for n := range rows {
				if err := write(who, n); err != nil {
					say("error %v", err)
					return
				}
				say("ack %s %d", who, n)
			}
		})
	}
	wg.Wait()
	return nil
}

// acks reads what a child acknowledged: who -> how many notes.
func acks(lines *bufio.Scanner, each func()) (counts map[string]int, errs []string) {
	counts = map[string]int{}
	for lines.Scan() {
		var who string
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "ack %s %d", &who, &n); err != nil {
			errs = append(errs, lines.Text())
			continue
		}
		counts[who] = max(counts[who], n+1)
		if each != nil {
			each()
		}
	}
	return counts, errs
}
