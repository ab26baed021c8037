package credits_test

import (
	"context"
	"database/sql"
	"math"
	"net/url"
	"strings"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
	"sselfie/core/credits"
)

// book is the ledger on a real database.
type book struct {
	credits.Ledger
	db   *sqlite.DB
	path string
}

func newBook(t testing.TB, users ...core.UserID) *book {
	t.Helper()
	db, path := sqlitetest.NewAt(t, sqlite.Options{})
	err := db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		for _, u := range users {
			if err := tx.InsertUser(ctx, accounts.User{ID: u, Origin: accounts.FromSignUp, CreatedAt: coretest.Start}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &book{Ledger: credits.Ledger{IDs: &coretest.IDs{}}, db: db, path: path}
}

func line(amount int, typ credits.Type, key string) credits.Line {
	return credits.Line{User: "usr_1", Amount: amount, Type: typ, Description: "a test", Key: key, Reference: "ref", At: coretest.Start}
}

func (b *book) grant(l credits.Line) (e credits.Entry, fresh bool, err error) {
	err = b.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) (err error) {
		e, fresh, err = b.Grant(ctx, tx, l)
		return err
	})
	return e, fresh, err
}

func (b *book) spend(l credits.Line) (e credits.Entry, fresh bool, err error) {
	err = b.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) (err error) {
		e, fresh, err = b.Spend(ctx, tx, l)
		return err
	})
	return e, fresh, err
}

func (b *book) takeBack(l credits.Line) (short int, err error) {
	err = b.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) (err error) {
		short, err = b.TakeBack(ctx, tx, l)
		return err
	})
	return short, err
}

func (b *book) account(t testing.TB, user core.UserID) credits.Account {
	t.Helper()
	a, err := b.db.CreditAccount(context.Background(), user)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// audit holds every account against its lines, as `verify` does.
func (b *book) audit(t testing.TB, user core.UserID) {
	t.Helper()
	lines, err := b.db.CreditHistory(context.Background(), user, "", math.MaxInt32)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i := len(lines) - 1; i >= 0; i-- { // oldest first
		sum += lines[i].Amount
		if lines[i].BalanceAfter != sum || sum < 0 {
			t.Errorf("%s: after %q the balance is written as %d, the lines give %d", user, lines[i].Key, lines[i].BalanceAfter, sum)
		}
	}
	if got := b.account(t, user).Balance; got != sum {
		t.Errorf("%s: the account says %d, the ledger %d", user, got, sum)
	}
}

// TestTheLedger: each case begins with 10 credits granted at sign-up.
func TestTheLedger(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, b *book)
		want credits.Account
	}{
		"a grant adds": {func(t *testing.T, b *book) {
			e, fresh, err := b.grant(line(5, credits.Purchase, "cs:1"))
			if err != nil || !fresh || e.Amount != 5 || e.BalanceAfter != 15 || e.ID == "" || e.Reference != "ref" || !e.At.Equal(coretest.Start) {
				t.Errorf("%+v, %v, %v", e, fresh, err)
			}
		}, credits.Account{Balance: 15, TotalPurchased: 15}},
		"the same key grants once, and answers with the first line": {func(t *testing.T, b *book) {
			first, _, _ := b.grant(line(5, credits.Purchase, "cs:1"))
			again, fresh, err := b.grant(line(99, credits.Purchase, "cs:1"))
			if err != nil || fresh || again != first {
				t.Errorf("%+v is not %+v, %v, %v", again, first, fresh, err)
			}
		}, credits.Account{Balance: 15, TotalPurchased: 15}},
		"a spend takes": {func(t *testing.T, b *book) {
			if e, fresh, err := b.spend(line(4, credits.Spend, "job:1")); err != nil || !fresh || e.Amount != -4 || e.BalanceAfter != 6 {
				t.Errorf("%+v, %v, %v", e, fresh, err)
			}
		}, credits.Account{Balance: 6, TotalPurchased: 10, TotalUsed: 4}},
		"the same key spends once": {func(t *testing.T, b *book) {
			first, _, _ := b.spend(line(4, credits.Spend, "job:1"))
			if again, fresh, err := b.spend(line(4, credits.Spend, "job:1")); err != nil || fresh || again != first {
				t.Errorf("%+v, %v, %v", again, fresh, err)
			}
		}, credits.Account{Balance: 6, TotalPurchased: 10, TotalUsed: 4}},
		"a repeated spend is answered even when there is nothing left": {func(t *testing.T, b *book) {
			_, _, _ = b.spend(line(10, credits.Spend, "job:1"))
			if _, fresh, err := b.spend(line(10, credits.Spend, "job:1")); err != nil || fresh {
				t.Errorf("%v, %v", fresh, err)
			}
		}, credits.Account{Balance: 0, TotalPurchased: 10, TotalUsed: 10}},
		"the last credit can be spent": {func(t *testing.T, b *book) {
			if _, _, err := b.spend(line(10, credits.Spend, "job:1")); err != nil {
				t.Error(err)
			}
		}, credits.Account{Balance: 0, TotalPurchased: 10, TotalUsed: 10}},
		"too little takes nothing and says how much it would need": {func(t *testing.T, b *book) {
			_, _, err := b.spend(line(11, credits.Spend, "job:1"))
			var e *core.Error
			if !asError(err, &e) || e.Code != core.PaymentRequired || e.Message != "This needs 11 credits; you have 10." || e.Extra["balance"] != 10 || e.Extra["required"] != 11 {
				t.Errorf("%+v", err)
			}
		}, credits.Account{Balance: 10, TotalPurchased: 10}},
		"a refused spend does not use up its key": {func(t *testing.T, b *book) {
			_, _, _ = b.spend(line(11, credits.Spend, "job:1"))
			_, _, _ = b.grant(line(5, credits.Purchase, "cs:1"))
			if _, fresh, err := b.spend(line(11, credits.Spend, "job:1")); err != nil || !fresh {
				t.Errorf("%v, %v", fresh, err)
			}
		}, credits.Account{Balance: 4, TotalPurchased: 15, TotalUsed: 11}},
		"work that failed gives back what it took": {func(t *testing.T, b *book) {
			_, _, _ = b.spend(line(4, credits.Spend, "job:1"))
			for range 2 {
				if _, _, err := b.grant(line(4, credits.GiveBack, "job:1:back")); err != nil {
					t.Error(err)
				}
			}
		}, credits.Account{Balance: 10, TotalPurchased: 10, TotalUsed: 0}},
		"a refund takes what is there": {func(t *testing.T, b *book) {
			if short, err := b.takeBack(line(8, credits.Refund, "take:1")); err != nil || short != 0 {
				t.Errorf("short by %d, %v", short, err)
			}
		}, credits.Account{Balance: 2, TotalPurchased: 2}},
		"a refund of more than is left takes the rest and tells the shortfall": {func(t *testing.T, b *book) {
			_, _, _ = b.spend(line(7, credits.Spend, "job:1"))
			for range 2 {
				if short, err := b.takeBack(line(10, credits.Refund, "take:1")); err != nil || short != 7 {
					t.Errorf("short by %d, want 7, %v", short, err)
				}
			}
		}, credits.Account{Balance: 0, TotalPurchased: 7, TotalUsed: 7}},
		"a refund of an empty account leaves no line": {func(t *testing.T, b *book) {
			_, _, _ = b.spend(line(10, credits.Spend, "job:1"))
			if short, err := b.takeBack(line(10, credits.Refund, "take:1")); err != nil || short != 10 {
				t.Errorf("short by %d, %v", short, err)
			}
			if e, err := b.db.CreditByKey(context.Background(), "usr_1", "take:1"); err != nil || e != nil {
				t.Errorf("a line of 0: %+v, %v", e, err)
			}
		}, credits.Account{Balance: 0, TotalPurchased: 10, TotalUsed: 10}},
		"nothing and less can be neither granted nor spent": {func(t *testing.T, b *book) {
			for _, n := range []int{0, -1, math.MinInt} {
				if _, _, err := b.grant(line(n, credits.Adjustment, "x")); !core.Is(err, core.Invalid) {
					t.Errorf("granting %d: %v", n, err)
				}
				if _, _, err := b.spend(line(n, credits.Spend, "x")); !core.Is(err, core.Invalid) {
					t.Errorf("spending %d: %v", n, err)
				}
				if short, err := b.takeBack(line(n, credits.Refund, "x")); err != nil || short != 0 {
					t.Errorf("taking back %d: %d, %v", n, short, err)
				}
			}
		}, credits.Account{Balance: 10, TotalPurchased: 10}},
		"an account does not overflow": {func(t *testing.T, b *book) {
			for i, n := range []int{1_000_000_000, math.MaxInt, math.MaxInt - 10} {
				if _, _, err := b.grant(line(n, credits.Adjustment, "much"+string(rune('0'+i)))); !core.Is(err, core.Unprocessable) {
					t.Errorf("granting %d: %v", n, err)
				}
			}
		}, credits.Account{Balance: 10, TotalPurchased: 10}},
		"a line has a user and a key": {func(t *testing.T, b *book) {
			nobody := line(1, credits.Purchase, "k")
			nobody.User = ""
			for _, l := range []credits.Line{nobody, line(1, credits.Purchase, "")} {
				if _, _, err := b.grant(l); !core.Is(err, core.Internal) {
					t.Errorf("%+v: %v", l, err)
				}
			}
		}, credits.Account{Balance: 10, TotalPurchased: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t, "usr_1")
			if _, _, err := b.grant(line(10, credits.SignUp, "sign_up")); err != nil {
				t.Fatal(err)
			}
			c.do(t, b)
			if got := b.account(t, "usr_1"); got != c.want {
				t.Errorf("the account is %+v, want %+v", got, c.want)
			}
			b.audit(t, "usr_1")
		})
	}
}

func TestTwoUsersMayHaveTheSameKey(t *testing.T) {
	b := newBook(t, "usr_1", "usr_2")
	for _, u := range []core.UserID{"usr_1", "usr_2"} {
		l := line(3, credits.SignUp, "sign_up")
		l.User = u
		if _, fresh, err := b.grant(l); err != nil || !fresh {
			t.Errorf("%s: %v, %v", u, fresh, err)
		}
	}
}

func TestOneCreditIsNotPlural(t *testing.T) {
	if got := credits.Insufficient(0, 1).Message; got != "This needs 1 credit; you have 0." {
		t.Error(got)
	}
}

func TestAKeyThatIsTakenIsAConflict(t *testing.T) {
	b := newBook(t, "usr_1")
	if _, _, err := b.grant(line(10, credits.SignUp, "sign_up")); err != nil {
		t.Fatal(err)
	}
	err := b.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.AppendCredit(ctx, credits.Entry{ID: "crd_x", User: "usr_1", Amount: 5, Type: credits.Import, BalanceAfter: 15, Key: "sign_up", At: coretest.Start})
	})
	if !core.Is(err, core.Conflict) {
		t.Errorf("%v", err)
	}
	b.audit(t, "usr_1")
}

// The database itself keeps the rules, whoever writes to it.
func TestTheDatabaseSaysNo(t *testing.T) {
	b := newBook(t, "usr_1", "usr_2")
	if _, _, err := b.grant(line(10, credits.SignUp, "sign_up")); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: b.path, RawQuery: "_foreign_keys=1&_busy_timeout=5000"}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for name, c := range map[string]struct{ stmt, want string }{
		"a line is never changed":              {`UPDATE credit_transactions SET amount = 1000`, "append-only"},
		"not even its text":                    {`UPDATE credit_transactions SET description = 'x'`, "append-only"},
		"a line is never removed":              {`DELETE FROM credit_transactions`, "append-only"},
		"a line is never replaced":             {`INSERT OR REPLACE INTO credit_transactions (seq, id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES (1, 'crd_x', 'usr_1', 90, 'import', '', 100, 'k', 1)`, "append-only"},
		"nor by its key":                       {`INSERT OR REPLACE INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_1', 90, 'import', '', 100, 'sign_up', 1)`, "append-only"},
		"a balance is never below zero":        {`UPDATE user_credits SET balance = -1`, "CHECK"},
		"a line below zero is refused":         {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_1', -11, 'spend', '', -1, 'k', 1)`, "CHECK"},
		"balance_after follows from before":    {`INSERT INTO credit_transactions (before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES (1, 'crd_x', 'usr_1', 5, 'import', '', 16, 'k', 1)`, "does not follow"},
		"a line names the one before it":       {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_1', 5, 'import', '', 15, 'k', 1)`, "does not follow"},
		"and not one that is to come":          {`INSERT INTO credit_transactions (before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES (9, 'crd_x', 'usr_1', 5, 'import', '', 15, 'k', 1)`, "CHECK"},
		"a first line starts at nothing":       {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_2', 5, 'import', '', 15, 'k', 1)`, "does not follow"},
		"and only it opens an account":         {`INSERT INTO credit_transactions (before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES (1, 'crd_x', 'usr_2', 5, 'import', '', 15, 'k', 1)`, "FOREIGN KEY"},
		"a line of nothing is refused":         {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_1', 0, 'import', '', 10, 'k', 1)`, "CHECK"},
		"a key stands once for a user":         {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_1', 5, 'import', '', 15, 'sign_up', 1)`, "append-only"},
		"an unknown type is refused":           {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_1', 5, 'gift', '', 15, 'k', 1)`, "CHECK"},
		"a line belongs to somebody":           {`INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES ('crd_x', 'usr_9', 5, 'import', '', 5, 'k', 1)`, "FOREIGN KEY"},
		"an account with lines is not removed": {`DELETE FROM users`, "FOREIGN KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := db.ExecContext(t.Context(), c.stmt)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the database said %v, want %q", err, c.want)
			}
		})
	}
	b.audit(t, "usr_1")
}

func TestTheAccountFollowsWhoeverWritesALine(t *testing.T) {
	b := newBook(t, "usr_1")
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: b.path, RawQuery: "_foreign_keys=1&_busy_timeout=5000"}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for n, c := range []struct {
		amount int
		typ    credits.Type
		want   credits.Account
	}{
		{10, credits.SignUp, credits.Account{Balance: 10, TotalPurchased: 10}},
		{-4, credits.Spend, credits.Account{Balance: 6, TotalPurchased: 10, TotalUsed: 4}},
		{3, credits.GiveBack, credits.Account{Balance: 9, TotalPurchased: 10, TotalUsed: 1}},
		{5, credits.GiveBack, credits.Account{Balance: 14, TotalPurchased: 10}}, // more than was used: nothing is below zero
		{-9, credits.Refund, credits.Account{Balance: 5, TotalPurchased: 1}},
		{-5, credits.Dispute, credits.Account{}},
		{7, credits.Adjustment, credits.Account{Balance: 7, TotalPurchased: 7}},
	} {
		if _, err := db.ExecContext(t.Context(), `INSERT INTO credit_transactions (before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, created_at) VALUES (nullif(?1, 0), ?1, 'usr_1', ?2, ?3, '', ?4, ?1, 1)`,
			n, c.amount, c.typ, c.want.Balance); err != nil {
			t.Fatal(err)
		}
		if got := b.account(t, "usr_1"); got != c.want {
			t.Errorf("after %s of %d the account is %+v, want %+v", c.typ, c.amount, got, c.want)
		}
	}
	b.audit(t, "usr_1")
}

func asError(err error, to **core.Error) bool {
	e, ok := err.(*core.Error) //nolint:errorlint // the ledger answers with its own error, not a wrapped one
	*to = e
	return ok
}
