package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// emptyProgram is the limit of the row: a program of the same packages that does
// nothing but answer.
const emptyProgram = `package main

import (
	"fmt"
	"net"
	"os"

	_ "github.com/VictoriaMetrics/metrics"
	_ "github.com/alecthomas/kong"
	_ "github.com/alexedwards/argon2id"
	_ "github.com/go-co-op/gocron/v2"
	_ "github.com/goccy/go-yaml"
	"github.com/gofiber/fiber/v2"
	_ "github.com/pressly/goose/v3"
	_ "github.com/stripe/stripe-go/v76/client"
	_ "github.com/wneessen/go-mail"
	_ "github.com/yuin/goldmark"
	_ "golang.org/x/crypto/acme/autocert"
	_ "modernc.org/sqlite"
)

func main() {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok") })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stdout, "serves http://%s\n", ln.Addr())
	panic(app.Listener(ln))
}
`

// BenchmarkP3Start is row P3: from the second start to the first answer, the
// memory at rest, and the size of the program, each beside an empty program with
// the same packages in the same run.
func BenchmarkP3Start(b *testing.B) {
	dir := b.TempDir()
	ours := buildProgram(b, filepath.Join(dir, "sselfie"), "./sselfie")
	src := filepath.Join("testdata", "empty_program.go") // inside the module, for its go.mod
	if err := os.WriteFile(src, []byte(emptyProgram), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.Remove(src) })
	empty := buildProgram(b, filepath.Join(dir, "empty"), src)
	vars := []string{
		"SSELFIE_ADDR=127.0.0.1:0", "SSELFIE_DATA_DIR=" + filepath.Join(dir, "data"), "SSELFIE_PAYMENTS=disabled", "SSELFIE_MAIL_DRIVER=disabled", "SSELFIE_LOG_LEVEL=error",
	}
	firstAnswer(b, ours, vars) // the first start, which makes the database
	var mine, theirs []time.Duration
	var rss, emptyRSS []int
	for b.Loop() {
		d, m := firstAnswer(b, ours, vars)
		mine, rss = append(mine, d), append(rss, m)
		d, m = firstAnswer(b, empty, nil)
		theirs, emptyRSS = append(theirs, d), append(emptyRSS, m)
	}
	slices.Sort(mine)
	slices.Sort(theirs)
	slices.Sort(rss)
	slices.Sort(emptyRSS)
	mid := len(mine) / 2
	b.ReportMetric(float64(mine[mid].Microseconds())/1000, "ms/start")
	b.ReportMetric(float64(theirs[mid].Microseconds())/1000, "ms/empty")
	b.ReportMetric(float64(mine[mid])/float64(theirs[mid]), "ratio(goal<=1.8)")
	b.ReportMetric(float64(rss[mid])/1024, "MB-at-rest(goal<=20)")
	b.ReportMetric(float64(emptyRSS[mid])/1024, "MB-empty")
	b.ReportMetric(size(b, ours)/(1<<20), "MB-program(goal<=24)")
	b.ReportMetric(size(b, empty)/(1<<20), "MB-empty-program")
	b.ReportMetric(0, "ns/op")
}

func buildProgram(b *testing.B, out, pkg string) string {
	b.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return out
}

// firstAnswer starts a program and returns how long its first answer took, and
// its resident kilobytes a moment later.
func firstAnswer(b *testing.B, program string, vars []string) (time.Duration, int) {
	b.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), vars...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(syscall.SIGINT) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("%s says nothing: %v", program, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_, addr, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if !ok {
		b.Fatalf("%s says %q", program, line)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr + "/healthz")
	if err != nil {
		b.Fatal(err)
	}
	took := time.Since(begun)
	_ = resp.Body.Close()
	return took, resident(b, cmd.Process.Pid)
}

// resident returns the resident set once it has settled: two readings a tenth of
// a second apart that agree.
func resident(b *testing.B, pid int) int {
	b.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last := -1
	for range 20 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			b.Skip("needs /proc")
		}
		_, rest, _ := strings.Cut(string(text), "VmRSS:")
		now, _ := strconv.Atoi(strings.Fields(rest)[0])
		if now == last {
			return now
		}
		last = now
		<-tick.C
	}
	return last
}

func size(b *testing.B, name string) float64 {
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}
