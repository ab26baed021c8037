package sqlite_test

import (
	"context"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
)

func TestSettings(t *testing.T) {
	db, now := sqlitetest.New(t), time.UnixMilli(1772366400000)
	see := func(key, want string, there bool) {
		t.Helper()
		got, found, err := db.Setting(t.Context(), key)
		if err != nil || got != want || found != there {
			t.Errorf("%s is %q, %v, %v; want %q, %v", key, got, found, err, want, there)
		}
	}
	write := func(fn func(ctx context.Context, tx *sqlite.Tx) error) {
		t.Helper()
		if err := db.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	see("mode", "", false)
	keep := func(value, want string) {
		write(func(ctx context.Context, tx *sqlite.Tx) error {
			got, err := tx.KeepSetting(ctx, "mode", value, now)
			if got != want {
				t.Errorf("kept %q, want %q", got, want)
			}
			return err
		})
	}
	keep("test", "test")
	keep("live", "test") // the first start decides
	see("mode", "test", true)
	for _, v := range []string{"1h0m0s", "0s"} {
		write(func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveSetting(ctx, "clock_offset", v, now) })
		see("clock_offset", v, true)
	}
}
