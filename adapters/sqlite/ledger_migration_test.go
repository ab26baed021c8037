package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/migrations"
)

// A ledger from before 00006 is rebuilt line by line, and goes on.
func TestAnOlderLedgerIsCarriedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sselfie.db")
	if _, err := sqlite.Up(t.Context(), sqlite.Options{Path: path, Migrations: migrationsBefore(t, "00006")}); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", "file:"+path+"?_foreign_keys=1&_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), `
INSERT INTO users (id, email, email_key, origin, created_at) VALUES ('usr_1', 'a@x.test', 'a@x.test', 'purchase', 1), ('usr_2', 'b@x.test', 'b@x.test', 'sign_up', 1);
INSERT INTO credit_transactions (seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at) VALUES
	(3, 'crd_1', 'usr_1', 60, 'purchase', 'Brand Blueprint', 60, 'cs:1', 'pay_1', 1000),
	(4, 'crd_2', 'usr_2', 2, 'sign_up', 'Welcome', 2, 'sign_up', '', 1100),
	(7, 'crd_3', 'usr_1', -2, 'spend', 'A grid', 58, 'grid:1', '', 1500);
INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES ('usr_1', 58, 60, 2, 1500), ('usr_2', 2, 2, 0, 1100);`); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Migrations: migrations.Files})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	spend := credits.Entry{ID: "crd_4", User: "usr_1", Amount: -8, Type: credits.Spend, Description: "A film", BalanceAfter: 50, Key: "film:1"}
	for name, c := range map[string]struct {
		change func(e *credits.Entry)
		want   string
	}{
		"a line that does not follow":  {func(e *credits.Entry) { e.BalanceAfter = 51 }, "does not follow"},
		"a key that was used long ago": {func(e *credits.Entry) { e.Key = "cs:1" }, "in the ledger already"},
		"a type that nobody knows":     {func(e *credits.Entry) { e.Type = "gift" }, "CHECK"},
	} {
		e := spend
		c.change(&e)
		err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.AppendCredit(ctx, e) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return tx.AppendCredit(ctx, spend) }); err != nil {
		t.Fatal(err)
	}
	lines, err := db.CreditHistory(t.Context(), "usr_1", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range lines {
		got = append(got, fmt.Sprintf("%s %+d = %d %s %q %s %d", e.ID, e.Amount, e.BalanceAfter, e.Key, e.Description, e.Reference, e.At.UnixMilli()))
	}
	if fmt.Sprint(got[1:]) != `[crd_3 -2 = 58 grid:1 "A grid"  1500 crd_1 +60 = 60 cs:1 "Brand Blueprint" pay_1 1000]` {
		t.Errorf("the history is %q", got)
	}
	for user, want := range map[core.UserID]credits.Account{"usr_1": {Balance: 50, TotalPurchased: 60, TotalUsed: 10}, "usr_2": {Balance: 2, TotalPurchased: 2}} {
		a, err := db.CreditAccount(t.Context(), user)
		if err != nil || a != want {
			t.Errorf("%s has %+v, %v, want %+v", user, a, err, want)
		}
	}
}

// migrationsBefore returns the migrations of which a schema of long ago was made.
func migrationsBefore(t *testing.T, number string) fs.FS {
	t.Helper()
	before := fstest.MapFS{}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < number {
			text, err := fs.ReadFile(migrations.Files, name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = &fstest.MapFile{Data: text}
		}
	}
	return before
}

// The lines of many accounts, mixed, learn which line came before them in 00017,
// and forget it again on the way down. Nothing else about them changes.
func TestLinesLearnWhichCameBefore(t *testing.T) {
	upTo17 := migrationsBefore(t, "00018")
	path := filepath.Join(t.TempDir(), "sselfie.db")
	if _, err := sqlite.Up(t.Context(), sqlite.Options{Path: path, Migrations: migrationsBefore(t, "00017")}); err != nil {
		t.Fatal(err)
	}
	rows := func(text string) []string {
		t.Helper()
		raw, err := sql.Open("sqlite", "file:"+path+"?_foreign_keys=1&_busy_timeout=5000")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = raw.Close() }()
		found, err := raw.QueryContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = found.Close() }()
		var out []string
		for found.Next() {
			var row string
			if err := found.Scan(&row); err != nil {
				t.Fatal(err)
			}
			out = append(out, row)
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	const everything = `SELECT json_array(seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at) FROM credit_transactions
		UNION ALL SELECT json_array(user_id, balance, total_purchased, total_used, updated_at) FROM user_credits
		UNION ALL SELECT * FROM (SELECT coalesce(sql, name) FROM sqlite_master WHERE tbl_name IN ('credit_transactions') AND type <> 'table' ORDER BY name)`
	rows(`INSERT INTO users (id, email, email_key, origin, created_at) WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
		SELECT 'usr_' || i, i || '@x.test', i || '@x.test', 'purchase', 1 FROM n RETURNING id`)
	rows(`INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES ('usr_6', 0, 0, 0, 5) RETURNING user_id`) // nothing ever happened there
	// Line i belongs to account i*i % 6, and every third seq is missing.
	rows(`INSERT INTO credit_transactions (seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at)
		WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500), line AS (SELECT i, i * i % 6 AS who FROM n)
		SELECT i * 3 / 2, 'crd_' || i, 'usr_' || who, 1, 'import', 'Line ' || i, row_number() OVER (PARTITION BY who ORDER BY i), 'k:' || i, 'r' || i, 1000 - i FROM line ORDER BY i RETURNING id`)
	old := rows(everything)
	if len(old) < 500 {
		t.Fatalf("only %d rows", len(old))
	}
	if _, err := sqlite.Up(t.Context(), sqlite.Options{Path: path, Migrations: upTo17}); err != nil {
		t.Fatal(err)
	}
	if now := rows(everything); !slices.Equal(now[:505], old[:505]) {
		t.Errorf("the rows were changed: %v", cmp.Diff(old[:505], now[:505]))
	}
	if wrong := rows(`SELECT t.id FROM credit_transactions t WHERE t.before_seq IS NOT (SELECT max(b.seq) FROM credit_transactions b WHERE b.user_id = t.user_id AND b.seq < t.seq)
		UNION ALL SELECT u.user_id FROM user_credits u WHERE u.last_seq IS NOT (SELECT max(t.seq) FROM credit_transactions t WHERE t.user_id = u.user_id)`); len(wrong) > 0 {
		t.Errorf("what came before is wrong at %q", wrong)
	}
	if _, err := sqlite.Down(t.Context(), sqlite.Options{Path: path, Migrations: upTo17}); err != nil {
		t.Fatal(err)
	}
	if again := rows(everything); !slices.Equal(again, old) {
		t.Errorf("on the way down: %v", cmp.Diff(old, again))
	}
}
