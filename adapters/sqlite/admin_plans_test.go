package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sselfie/migrations"
)

func openDesk(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "x.db"), Migrations: migrations.Files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// What the desk asks is counted in indexes: no table that grows with the number
// of customers is read from end to end.
func TestTheDeskReadsNoWholeTable(t *testing.T) {
	db := openDesk(t)
	whole := regexp.MustCompile(`SCAN (\w+)($| USING COVERING INDEX (\w+))`)
	few := map[string]bool{"email_logs_urgent": true, "email_logs_bulk": true} // what waits
	type question struct {
		text string
		args []any
	}
	asked := map[string]question{
		"the overview": {overview, []any{0, 1, 2}}, "the revenue": {revenue, []any{0, 1}}, "an address": {peopleByKey, []any{"a", "b", "c"}}, "a name": {peopleByName, []any{"a", "b"}},
		"webhooks": {webhooksAll, []any{1}}, "webhooks that were applied": {webhooksApplied, []any{1}}, "webhooks that were not": {webhooksOpen, []any{"failed", 1}}, "events to try again": {openEvents, []any{1}},
		"payloads to empty": {emptyPayloads, []any{1, 1}}, "the backlog": {backlog, []any{1, 1}},
	}
	for state, text := range outboxTexts {
		asked["mails that are "+string(state)] = question{text, []any{1, 1, "a", 1}}
	}
	for name, q := range asked {
		plan, err := all(t.Context(), db.reads, func(s scanner) (detail string, err error) {
			var id, parent, unused int
			err = s.Scan(&id, &parent, &unused, &detail)
			return detail, err
		}, "EXPLAIN QUERY PLAN "+q.text, q.args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, line := range plan {
			for _, table := range []string{"webhook_events", "email_logs", "credit_transactions", "users", "stripe_payments", "stripe_customers", "user_credits"} {
				if m := whole.FindStringSubmatch(line); m != nil && m[1] == table && !few[m[3]] {
					t.Errorf("%s reads all of %s:\n%s", name, table, strings.Join(plan, "\n"))
				}
			}
		}
	}
	if !whole.MatchString("SCAN webhook_events") || !whole.MatchString("SCAN users USING COVERING INDEX x") || whole.MatchString("SCAN email_logs USING INDEX email_logs_sending") {
		t.Error("the pattern sees nothing")
	}
}

// A customer's page looks for what is hers, part by part: an index that says less
// than who she is reads everybody's.
func TestALifeIsReadByWhoseItIs(t *testing.T) {
	db := openDesk(t)
	hers := regexp.MustCompile(`\((user_id|id|rowid|payment_id|enrolment_id)=\?|^SCAN (own_lines|s)$`) // a shop has a handful of segments
	for _, part := range moments {
		plan, err := all(t.Context(), db.reads, func(s scanner) (detail string, err error) {
			var id, parent, unused int
			err = s.Scan(&id, &parent, &unused, &detail)
			return detail, err
		}, "EXPLAIN QUERY PLAN "+part.query+` LIMIT 0 + ?2`, "usr_1", 1)
		if err != nil || len(plan) == 0 {
			t.Fatalf("%s: %v", part.kind, err)
		}
		for _, line := range plan {
			if reads := strings.HasPrefix(line, "SCAN ") || strings.HasPrefix(line, "SEARCH "); reads && !hers.MatchString(line) {
				t.Errorf("the part %s reads more than hers: %s", part.kind, line)
			}
		}
	}
}

// The figures of the overview, from a shop in which each of them is another one.
func TestTheOverviewAddsUp(t *testing.T) {
	db, now := openDesk(t), time.UnixMilli(1_772_539_200_000)
	in, out := ms(now.AddDate(0, 0, -3)), ms(now.AddDate(0, 0, -40))
	err := db.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		run := func(text string, args ...any) error {
			_, err := tx.exec(ctx, text, args...)
			return err
		}
		if err := run(`INSERT INTO users (id, created_at) VALUES ('u', 1)`); err != nil {
			return err
		}
		n := 0
		for state, each := range map[string]int{"queued": 1, "sending": 2, "sent": 7, "failed": 3, "bounced": 2, "suppressed": 4} {
			for _, at := range []int64{in, out} {
				for i := range each {
					n++
					kind := []string{"sequence", "purchase"}[i%2]
					if err := run(`INSERT INTO email_logs (id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at)
						VALUES (?, '', '', ?, ?, '{}', ?, 1, ?)`, fmt.Sprint(n), kind, fmt.Sprint(n), state, at); err != nil {
						return err
					}
				}
			}
		}
		for outcome, each := range map[string]int{"applied": 5, "ignored": 2, "parked": 1, "failed": 3} {
			for _, at := range []int64{in, out} {
				for range each {
					n++
					if err := run(`INSERT INTO webhook_events (id, type, outcome, payload, created_at, received_at) VALUES (?, 'x', ?, '', ?, ?)`, fmt.Sprint(n), outcome, at, at); err != nil {
						return err
					}
				}
			}
		}
		if err := run(`INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES ('u', 0, 0, 0, 1)
			ON CONFLICT DO NOTHING`); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Counts(t.Context(), now.AddDate(0, 0, -28), now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if c.Sent != 7 || c.Lost != 5 || c.Events != 11 || c.Failed != 3 {
		t.Errorf("sent %d, lost %d, events %d, failed %d; want 7, 5, 11, 3", c.Sent, c.Lost, c.Events, c.Failed)
	}
}
