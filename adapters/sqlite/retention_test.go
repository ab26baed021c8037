package sqlite_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
)

// TestWhatIsKeptNoLonger runs each sweep in steps of two over five old and two
// young rows, beside one old row that must stay.
func TestWhatIsKeptNoLonger(t *testing.T) {
	now := time.UnixMilli(1772366400000)
	old, young, before := now.AddDate(0, -6, 0).UnixMilli(), now.UnixMilli(), now.AddDate(0, -3, 0)
	for name, c := range map[string]struct {
		insert string // of row i at time t
		stays  []string
		sweep  func(ctx context.Context, tx *sqlite.Tx) (int, error)
		left   string
		want   int
	}{
		"visits": {
			`INSERT INTO analytics_events (id, name, at) VALUES (?1, 'pricing_view', ?2)`, nil,
			func(ctx context.Context, tx *sqlite.Tx) (int, error) { return tx.ForgetVisits(ctx, before, 2) },
			`SELECT count(*) FROM analytics_events`, 2,
		},
		"payloads of webhooks": {
			`INSERT INTO webhook_events (id, type, outcome, payload, created_at, received_at) VALUES ('evt_' || ?1, 'x', 'applied', '{}', ?2, ?2)`,
			[]string{`INSERT INTO webhook_events (id, type, outcome, payload, created_at, received_at) VALUES ('evt_parked', 'x', 'parked', '{}', 1, 1)`},
			func(ctx context.Context, tx *sqlite.Tx) (int, error) { return tx.EmptyPayloads(ctx, before, 2) },
			`SELECT count(*) FROM webhook_events WHERE payload <> ''`, 3,
		},
		"answers to spending calls": {
			`INSERT INTO idempotency_answers VALUES ('usr_1', 'key' || ?1, 'h', 200, '{}', ?2)`, nil,
			func(ctx context.Context, tx *sqlite.Tx) (int, error) { return tx.ForgetAnswers(ctx, before, 2) },
			`SELECT count(*) FROM idempotency_answers`, 2,
		},
		"runs of jobs": {
			`INSERT INTO job_runs (job, scheduled_for, started_at) VALUES ('backup', ?2 + ?1, ?2)`,
			[]string{`INSERT INTO job_runs (job, scheduled_for, started_at) VALUES ('a job of an older version', 1, 1)`},
			func(ctx context.Context, tx *sqlite.Tx) (int, error) { return tx.ForgetJobRuns(ctx, before, 2) },
			`SELECT count(*) FROM job_runs`, 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, path := sqlitetest.NewAt(t, sqlite.Options{})
			raw, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = raw.Close() }()
			do := func(query string, args ...any) {
				t.Helper()
				if _, err := raw.Exec(query, args...); err != nil {
					t.Fatal(err)
				}
			}
			do(`INSERT INTO users (id, created_at) VALUES ('usr_1', 1)`)
			for _, s := range c.stays {
				do(s)
			}
			for i := range 5 {
				do(c.insert, i, old)
			}
			for i := range 2 {
				do(c.insert, 10+i, young)
			}
			var steps []int
			for n := 2; n == 2; {
				if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) (err error) {
					n, err = c.sweep(ctx, tx)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				steps = append(steps, n)
			}
			var left int
			if err := raw.QueryRow(c.left).Scan(&left); err != nil || left != c.want {
				t.Errorf("%d rows are left, want %d, %v", left, c.want, err)
			}
			if len(steps) != 3 || steps[2] != 1 {
				t.Errorf("swept in steps of %v", steps)
			}
		})
	}
}
