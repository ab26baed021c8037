package sqlitetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/credits"
)

// tell fills a database with two accounts under ids of its own.
func tell(t *testing.T, ids, balance string, reverse bool) (sum, dump string) {
	t.Helper()
	db, path := NewAt(t, sqlite.Options{})
	at := time.Unix(1_700_000_000, 0)
	people := []string{"ada@example.com", "bob@example.com"}
	if reverse {
		people[0], people[1] = people[1], people[0]
	}
	for i, who := range people {
		id := core.UserID("usr_" + ids + who[:3])
		err := db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
			if err := tx.InsertUser(ctx, accounts.User{ID: id, Email: who, Key: core.EmailKey(who), Origin: accounts.FromSignUp, CreatedAt: at.Add(time.Duration(i))}); err != nil {
				return err
			}
			return tx.AppendCredit(ctx, credits.Entry{
				ID: core.CreditID("crd_" + ids + who), User: id, Amount: len(balance), Type: credits.SignUp, BalanceAfter: len(balance), Key: "sign_up", At: at,
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return Digest(t, path)
}

func TestADigestIgnoresIdsAndOrder(t *testing.T) {
	a, dumpA := tell(t, "1", "xx", false)
	b, dumpB := tell(t, "2", "xx", true)
	if a != b || Difference(dumpA, dumpB) != "" {
		t.Errorf("the same story has two digests:\n%s", Difference(dumpA, dumpB))
	}
	if !strings.Contains(dumpA, "balance <ada@example.com> balance=2") {
		t.Errorf("the dump is not readable:\n%s", dumpA)
	}
}

func TestADigestSeesADifference(t *testing.T) {
	a, dumpA := tell(t, "1", "xx", false)
	b, dumpB := tell(t, "1", "xxx", false)
	if a == b {
		t.Fatal("another balance has the same digest")
	}
	if diff := Difference(dumpA, dumpB); !strings.Contains(diff, "only the first") || !strings.Contains(diff, "balance=3") {
		t.Errorf("the difference does not show:\n%s", diff)
	}
}
