package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/credits"
	"sselfie/migrations"
)

// A ledger from before 00006 is rebuilt line by line, and goes on.
func TestAnOlderLedgerIsCarriedOver(t *testing.T) {
	before := fstest.MapFS{}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < "00006" {
			text, err := fs.ReadFile(migrations.Files, name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = &fstest.MapFile{Data: text}
		}
	}
	path := filepath.Join(t.TempDir(), "sselfie.db")
	if _, err := sqlite.Up(t.Context(), sqlite.Options{Path: path, Migrations: before}); err != nil {
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
