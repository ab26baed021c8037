package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/app"
)

// site is the whole program, running inside the test.
type site struct {
	t        testing.TB
	url      string // http://127.0.0.1:port
	dir      string // its data folder
	stderr   *buffer
	shutdown context.CancelFunc
	ended    chan int
}

// start runs `sselfie serve` on a port of its own until the test ends or stop is
// called. vars are variables of its environment beside address and data folder;
// without any it is a demo.
func start(t testing.TB, vars map[string]string) *site {
	t.Helper()
	if vars == nil {
		vars = map[string]string{"SSELFIE_DEMO": "true"}
	}
	env := maps.Clone(vars)
	if env["SSELFIE_ADDR"] == "" {
		env["SSELFIE_ADDR"] = "127.0.0.1:0"
	}
	if env["SSELFIE_DATA_DIR"] == "" {
		env["SSELFIE_DATA_DIR"] = filepath.Join(t.TempDir(), "data")
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &site{t: t, dir: env["SSELFIE_DATA_DIR"], stderr: &buffer{}, shutdown: cancel, ended: make(chan int, 1)}
	stdout := &buffer{}
	go func() {
		s.ended <- app.Run(ctx, []string{"serve"}, func(k string) string { return env[k] }, stdout, s.stderr)
	}()
	t.Cleanup(func() { s.stop() })
	address := regexp.MustCompile(`(http://127\.0\.0\.1:\d+)`)
	s.until("it says where it is", func() bool {
		if m := address.FindString(stdout.String()); m != "" {
			s.url = m
		}
		return s.url != ""
	})
	return s
}

// run executes one command line to its end.
func run(t testing.TB, vars map[string]string, args ...string) (code int, stderr string) {
	t.Helper()
	var out, errs buffer
	code = app.Run(t.Context(), args, func(k string) string { return vars[k] }, &out, &errs)
	return code, errs.String()
}

// stop ends the program as Ctrl-C would, and returns its exit code.
func (s *site) stop() int {
	s.shutdown()
	select {
	case code := <-s.ended:
		s.ended <- code
		return code
	case <-time.After(60 * time.Second):
		s.t.Fatalf("it does not end:\n%s", s.stderr)
		return -1
	}
}

// until waits for something to become true.
func (s *site) until(what string, true func() bool) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !true(); <-tick.C {
		select {
		case code := <-s.ended:
			s.ended <- code
			s.t.Fatalf("it ended with %d before %s:\n%s", code, what, s.stderr)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain until %s:\n%s", what, s.stderr)
		}
	}
}

// get asks for a path and reads JSON into v, when it is not nil.
func (s *site) get(path string, v any) int {
	s.t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(resp, v)
}

// post sends JSON to a path and reads JSON into v, when it is not nil.
func (s *site) post(path, body string, v any) int {
	s.t.Helper()
	resp, err := http.Post(s.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(resp, v)
}

func (s *site) read(resp *http.Response, v any) int {
	s.t.Helper()
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(b, v); err != nil {
			s.t.Fatalf("%s: %v\n%s", resp.Status, err, b)
		}
	}
	return resp.StatusCode
}

// buffer is written and read by several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }

func (b *buffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }
