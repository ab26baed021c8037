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

// BenchmarkP3Start is row P3: from the second start to the first answer, the
// memory at rest, and the size of the program, each beside an empty program that
// links the same packages (testdata/empty) in the same run. The home page as the
// first answer is told too: the first page reads the texts that ship.
func BenchmarkP3Start(b *testing.B) {
	dir := b.TempDir()
	ours := buildProgram(b, filepath.Join(dir, "sselfie"), "./sselfie")
	empty := buildProgram(b, filepath.Join(dir, "empty"), "./testdata/empty")
	if text, err := exec.Command(empty, "work").CombinedOutput(); err != nil {
		b.Fatalf("the empty program does not use its packages: %v\n%s", err, text)
	}
	vars := []string{
		"SSELFIE_ADDR=127.0.0.1:0", "SSELFIE_DATA_DIR=" + filepath.Join(dir, "data"), "SSELFIE_PAYMENTS=disabled", "SSELFIE_MAIL_DRIVER=disabled", "SSELFIE_LOG_LEVEL=error",
	}
	firstAnswer(b, ours, "/healthz", vars, 0) // the first start, which makes the database
	var mine, theirs, home []time.Duration
	var work, emptyWork []time.Duration // of the processors until then
	for b.Loop() {
		d, w, _ := firstAnswer(b, ours, "/healthz", vars, 0)
		mine, work = append(mine, d), append(work, w)
		d, w, _ = firstAnswer(b, empty, "/healthz", nil, 0)
		theirs, emptyWork = append(theirs, d), append(emptyWork, w)
		d, _, _ = firstAnswer(b, ours, "/", vars, 0)
		home = append(home, d)
	}
	_, _, rss := firstAnswer(b, ours, "/healthz", vars, restful)
	_, _, emptyRSS := firstAnswer(b, empty, "/healthz", nil, restful)
	slices.Sort(home)
	slices.Sort(mine)
	slices.Sort(theirs)
	slices.Sort(work)
	slices.Sort(emptyWork)
	mid := len(mine) / 2
	b.ReportMetric(float64(mine[mid].Microseconds())/1000, "ms/start")
	b.ReportMetric(float64(theirs[mid].Microseconds())/1000, "ms/empty")
	b.ReportMetric(float64(home[mid].Microseconds())/1000, "ms/home-page")
	b.ReportMetric(float64(mine[mid])/float64(theirs[mid]), "ratio(goal<=1.8)")
	b.ReportMetric(float64(work[mid].Microseconds())/1000, "cpu-ms/start")
	b.ReportMetric(float64(work[mid])/float64(emptyWork[mid]), "cpu-ratio(goal<=1.8)")
	b.ReportMetric(float64(rss)/1024, "MB-at-rest(goal<=20)")
	b.ReportMetric(float64(emptyRSS)/1024, "MB-empty")
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

// restful is for how long a program is left alone before its memory is read.
const restful = 7 * time.Second

// firstAnswer starts a program and returns how long its first answer took, how
// long its threads had run by then, and its resident kilobytes after a rest.
func firstAnswer(b *testing.B, program, path string, vars []string, rest time.Duration) (took, work time.Duration, kilobytes int) {
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
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		b.Fatal(err)
	}
	took = time.Since(begun)
	work = worked(b, cmd.Process.Pid)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("%s answers %s", path, resp.Status)
	}
	if rest > 0 {
		<-time.After(rest)
		kilobytes = resident(b, cmd.Process.Pid)
	}
	return took, work, kilobytes
}

// worked returns the processor time of all threads of a process.
func worked(b *testing.B, pid int) (sum time.Duration) {
	b.Helper()
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is sound
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has just ended
		}
		ns, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.Atoi(ns)
		sum += time.Duration(n)
	}
	return sum
}

// resident returns the resident set of a process in kilobytes.
func resident(b *testing.B, pid int) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("needs /proc")
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, _ := strconv.Atoi(strings.Fields(rest)[0])
	return n
}

func size(b *testing.B, name string) float64 {
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}
