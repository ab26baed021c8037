package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A bare parameter behind LIMIT makes SQLite look at its value while it plans,
// and plan again at every execution: that doubles the cost of a short statement.
// An expression is not looked at.
func TestNoStatementIsPlannedAnewForItsLimit(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if strings.Contains(line, "LIMIT ?") || strings.Contains(line, "OFFSET ?") {
				t.Errorf("%s:%d: write LIMIT 0 + ?", name, i+1)
			}
		}
	}
}
