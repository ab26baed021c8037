package sqlite

import (
	"context"
	"testing"
	"time"

	"sselfie/core"
)

func TestALimitEndsWhatTheClosureDoesAndNothingElse(t *testing.T) {
	for name, how := range map[string]struct {
		driver bool // the driver's own way, for a connection whose handle is not found
		do     func(ctx context.Context, tx *Tx) error
	}{
		"a long statement":                {false, func(ctx context.Context, tx *Tx) error { return tx.many(ctx, "slow", 50_000_000) }},
		"a long statement, by the driver": {true, func(ctx context.Context, tx *Tx) error { return tx.many(ctx, "slow", 50_000_000) }},
		"a long read": {false, func(ctx context.Context, tx *Tx) error {
			_, err := one(ctx, tx, scalar[int], `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000000) SELECT count(*) FROM c`)
			return err
		}},
		"statement after statement": {false, func(ctx context.Context, tx *Tx) error {
			for n := 0; ; n++ {
				if err := tx.note(ctx, "slow", n); err != nil {
					return err
				}
			}
		}},
		"a statement after a long thought": {false, func(ctx context.Context, tx *Tx) error {
			<-ctx.Done()
			return tx.note(ctx, "slow", 1)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, Options{UpdateLimit: 30 * time.Millisecond})
			if err := db.Update(limited(t), func(context.Context, *Tx) error {
				if !db.writer.interrupter.works() {
					t.Error("the handle of the connection was not found: every statement costs two goroutines")
				}
				if how.driver {
					db.writer.interrupter = interrupter{}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if err := db.Update(limited(t), how.do); !core.Is(err, core.Unavailable) {
				t.Errorf("got %v, want unavailable", err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			for n := range 200 { // an interrupt that comes late would hit one of them
				if err := db.Update(limited(t), note("next", n)); err != nil {
					t.Fatal(err)
				}
			}
			wantNotes(t, db, "slow", 0)
		})
	}
}
