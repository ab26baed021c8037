package app_test

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sselfie/adapters/sqlite"
	"sselfie/app"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sselfie": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := app.Run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
			stop()
			os.Exit(code)
		},
	})
}

// TestCommandLine runs the scripts of testdata/script: each is a folder of its
// own and a few commands, with what they print and how they end.
func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SSELFIE_DATA_DIR", filepath.Join(env.WorkDir, "data"))
			env.Setenv("SSELFIE_ADDR", freeAddress(t))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"holdlock": holdLock,
			"sql":      runSQL,
			"ready":    waitReady,
			"fetch":    fetch,
			"mode":     fileMode,
		},
	})
}

// freeAddress returns an address at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// holdLock takes the lock of a data folder until the script ends, as another
// program would.
func holdLock(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	lock, err := sqlite.TakeLock(dir)
	ts.Check(err)
	ts.Defer(func() { _ = lock.Release() })
}

// runSQL changes a database behind the program's back.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { _ = db.Close() }()
	for _, statement := range args[1:] {
		_, err = db.Exec(statement)
		ts.Check(err)
	}
}

// waitReady waits until the site answers.
func waitReady(ts *testscript.TestScript, _ bool, _ []string) {
	url := "http://" + ts.Getenv("SSELFIE_ADDR") + "/readyz"
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		resp, err := http.Get(url)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the site is not ready: %v", err)
		}
	}
}

// fetch asks the site for a path: fetch PATH STATUS [text that the answer has].
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Get("http://" + ts.Getenv("SSELFIE_ADDR") + args[0])
	if neg {
		if err == nil {
			_ = resp.Body.Close()
			ts.Fatalf("somebody answers")
		}
		return
	}
	ts.Check(err)
	var body strings.Builder
	defer func() { _ = resp.Body.Close() }()
	buf := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buf)
		body.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if !strings.HasPrefix(resp.Status, args[1]) {
		ts.Fatalf("%s answers %s, want %s:\n%s", args[0], resp.Status, args[1], body.String())
	}
	for _, want := range args[2:] {
		if !strings.Contains(body.String(), want) {
			ts.Fatalf("%s lacks %q:\n%s", args[0], want, body.String())
		}
	}
}

// fileMode checks the mode of files: mode rw------- FILE...
func fileMode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := strings.TrimPrefix(info.Mode().Perm().String(), "-"); got != args[0] {
			ts.Fatalf("%s has %s, want %s", name, got, args[0])
		}
	}
}
