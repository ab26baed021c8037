package sqlite_test

import (
	"path/filepath"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/migrations"
)

// The whole schema comes up from nothing, goes down to nothing and comes up again.
func TestSchemaGoesDownAndUp(t *testing.T) {
	opts := sqlite.Options{Path: filepath.Join(t.TempDir(), "sselfie.db"), Migrations: migrations.Files}
	up, err := sqlite.Up(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	for range up {
		if _, err := sqlite.Down(t.Context(), opts); err != nil {
			t.Fatal(err)
		}
	}
	again, err := sqlite.Up(t.Context(), opts)
	if err != nil || len(again) != len(up) {
		t.Fatalf("came up with %v, then with %v: %v", up, again, err)
	}
}
