package sqlitetest

import (
	"testing"

	"sselfie/adapters/sqlite"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	a, pathA := NewAt(t, sqlite.Options{})
	b, pathB := NewAt(t, sqlite.Options{})
	if a == b || pathA == pathB {
		t.Fatal("two tests share a database")
	}
}
