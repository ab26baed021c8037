package app_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sselfie/adapters/sqlite"
)

// TestAKilledImportLeavesNothing kills an import with -9 when everything is done
// and nothing is kept yet, and lets the next one bring everybody. It says what it
// comes to at that moment, so it waits there for a reader who does not read on.
func TestAKilledImportLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("imports thousands of customers")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	const people = 2000
	old, data := filepath.Join(t.TempDir(), "old"), filepath.Join(t.TempDir(), "data")
	village(t, old, people)
	env := map[string]string{"SSELFIE_DATA_DIR": data}
	if code, errs := run(t, env, "migrate", "up"); code != 0 {
		t.Fatal(errs)
	}
	cmd := exec.Command(program, "import", "legacy", old)
	cmd.Env = append(os.Environ(), "SSELFIE_DATA_DIR="+data)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(out, 16).ReadString('\n'); err != nil {
		t.Errorf("it said %q, %v", line, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed
	if left, _ := filepath.Glob(filepath.Join(data, "import-*")); len(left) != 1 {
		t.Errorf("it was not in the middle: %v", left)
	}
	if n := accountsIn(t, data); n != 0 {
		t.Errorf("%d accounts of an import that was killed", n)
	}
	// Whoever opens the data next takes away what it left, which holds addresses.
	if err := os.WriteFile(filepath.Join(old, "nobody.csv"), []byte("email\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, errs := run(t, env, "import", "ghost", filepath.Join(old, "nobody.csv")); code != 0 {
		t.Fatal(errs)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "import-*")); len(left) > 0 {
		t.Errorf("scratch files with addresses were left: %v", left)
	}
	if code, errs := run(t, env, "import", "legacy", old); code != 0 {
		t.Fatal(errs)
	}
	if n := accountsIn(t, data); n != people {
		t.Errorf("%d accounts of %d", n, people)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "import-*")); len(left) > 0 {
		t.Errorf("the next one left %v", left)
	}
	if code, errs := run(t, env, "verify"); code != 0 {
		t.Error(errs)
	}
}

// village writes the old tables of a few people, and so many rows that are
// refused that no pipe holds the report.
func village(t *testing.T, dir string, people int) {
	t.Helper()
	var users, balances strings.Builder
	users.WriteString("id,email\n")
	balances.WriteString("user_id,balance\n")
	for i := range people {
		fmt.Fprintf(&users, "u%d,person%d@example.com\n", i, i)
		fmt.Fprintf(&balances, "u%d,%d\nstranger%d,1\n", i, i%50, i)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"users.csv": users.String(), "user_credits.csv": balances.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func accountsIn(t *testing.T, data string) int {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(data, "sselfie.db"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	n, err := db.CountUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}
