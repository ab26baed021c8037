package app_test

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheReadmeStartsInACleanClone does what a stranger does: clones, types the
// README's first command, and opens the address that it prints.
func TestTheReadmeStartsInACleanClone(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program in a clone")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindAllSubmatch(readme, 2)
	if len(commands) < 2 || string(commands[0][1]) != "make run" || string(commands[1][1]) != "make test" {
		t.Fatalf("the README's first two commands are %q", commands)
	}
	clone := filepath.Join(t.TempDir(), "sselfie")
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "--quiet", "--no-hardlinks", "..", clone).CombinedOutput(); err != nil {
		if _, bad := os.Stat("../.git"); bad != nil {
			t.Skip("this is no clone: there is no .git")
		}
		t.Fatalf("git clone: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "make", "run")
	cmd.Dir = clone
	cmd.Env = append(os.Environ(), "SSELFIE_ADDR=127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // make does not hand signals on
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`the site +(http://\S+)`)
	lines := bufio.NewScanner(out)
	site := ""
	for site == "" && lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			site = m[1]
		}
	}
	if site == "" {
		t.Fatalf("it never said where the site is: %v\n%s", cmd.Wait(), complaints.String())
	}
	begun := time.Now()
	resp, err := http.Get(site)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Logf("%s answers %s after %v", site, resp.Status, time.Since(begun).Round(time.Millisecond))
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s", site, resp.Status)
	}
	cancel()
	for lines.Scan() { // what it says at its end
	}
	_ = cmd.Wait() // make reports the interrupt as a failure
	if left, err := exec.CommandContext(t.Context(), "git", "-C", clone, "status", "--porcelain").Output(); err != nil || len(left) > 0 {
		t.Errorf("it left something in the clone: %v\n%s", err, left)
	}
}

// TestLibcIsTheOneOfSQLite keeps two modules together: SQLite in Go is generated
// against one version of libc, and works with no other.
func TestLibcIsTheOneOfSQLite(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"modernc.org/sqlite v1.60.1", "modernc.org/libc v1.77.1"} {
		if !strings.Contains(string(mod), want) {
			t.Errorf("go.mod does not have %s; change both together, to the pair of the driver's own go.mod", want)
		}
	}
	if strings.Contains(string(mod), "\nreplace") || strings.Contains(string(mod), "\nexclude") {
		t.Error("go.mod has a replace or an exclude, which nobody else's build would follow")
	}
}
