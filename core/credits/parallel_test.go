package credits_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/credits"
)

// 64 callers spend what 100 users have, more than there is and many of them
// with a key that was used before: what was taken was there, once.
func TestParallelSpends(t *testing.T) {
	attempts := 20_000
	switch {
	case os.Getenv("SOAK") == "spends":
		attempts = 1_000_000
	case testing.Short():
		attempts = 4_000
	}
	const callers, people, price = 64, 100, 2
	given := attempts / people // half of what the attempts would take
	users := make([]core.UserID, people)
	for i := range users {
		users[i] = core.UserID(fmt.Sprintf("usr_%03d", i))
	}
	b := newBook(t, users...)
	for _, u := range users {
		l := line(given, credits.Import, "start")
		l.User = u
		if _, _, err := b.grant(l); err != nil {
			t.Fatal(err)
		}
	}
	var spent [people]atomic.Int64
	var refused, repeated, next atomic.Int64
	var wait sync.WaitGroup
	for caller := range callers {
		wait.Go(func() {
			rnd := rand.New(rand.NewPCG(7, uint64(caller)))
			for n := next.Add(1); n <= int64(attempts); n = next.Add(1) {
				i := rnd.IntN(people)
				l := line(price, credits.Spend, fmt.Sprintf("job:%d", n))
				l.User = users[i]
				for range 1 + rnd.IntN(2) { // every other call is made twice
					_, fresh, err := b.spend(l)
					switch {
					case core.Is(err, core.PaymentRequired):
						refused.Add(1)
					case err != nil:
						t.Error(err)
					case fresh:
						spent[i].Add(price)
					default:
						repeated.Add(1)
					}
				}
			}
		})
	}
	wait.Wait()
	for i, u := range users {
		if got := b.account(t, u); int64(got.Balance) != int64(given)-spent[i].Load() || got.TotalUsed != int(spent[i].Load()) {
			t.Errorf("%s: %+v, granted %d, answered as spent %d", u, got, given, spent[i].Load())
		}
		b.audit(t, u)
	}
	if refused.Load() == 0 || repeated.Load() == 0 {
		t.Errorf("the test is idle: %d refused, %d repeated", refused.Load(), repeated.Load())
	}
	t.Logf("%d attempts: %d refused, %d answered again", attempts, refused.Load(), repeated.Load())
}

// TestTheLedgerKeepsItsPromises lets anything happen to two accounts and holds
// them against a ledger of maps.
func TestTheLedgerKeepsItsPromises(t *testing.T) {
	b := newBook(t, "usr_a", "usr_b")
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++ // one database for all runs: keys are of this run, balances start where the last left off
		model := map[core.UserID]credits.Account{}
		lines := map[string]int{}
		for _, u := range []core.UserID{"usr_a", "usr_b"} {
			model[u] = b.account(t, u)
		}
		draw := func(rt *rapid.T, types ...credits.Type) credits.Line {
			return credits.Line{
				User: rapid.SampledFrom([]core.UserID{"usr_a", "usr_b"}).Draw(rt, "user"), Amount: rapid.IntRange(-1, 40).Draw(rt, "amount"),
				Type: rapid.SampledFrom(types).Draw(rt, "type"), Key: fmt.Sprintf("%d:%d", run, rapid.IntRange(0, 12).Draw(rt, "key")), At: coretest.Start,
			}
		}
		book := func(l credits.Line, amount int) {
			a := model[l.User]
			a.Balance += amount
			if l.Type == credits.Spend || l.Type == credits.GiveBack {
				a.TotalUsed = max(0, a.TotalUsed-amount)
			} else {
				a.TotalPurchased = max(0, a.TotalPurchased+amount)
			}
			model[l.User], lines[string(l.User)+l.Key] = a, amount
		}
		rt.Repeat(map[string]func(*rapid.T){
			"grant": func(rt *rapid.T) {
				l := draw(rt, credits.Purchase, credits.Membership, credits.GiveBack, credits.SignUp)
				e, fresh, err := b.grant(l)
				old, known := lines[string(l.User)+l.Key]
				switch {
				case l.Amount <= 0:
					expect(rt, core.Is(err, core.Invalid), "a grant of %d: %v", l.Amount, err)
				case known:
					expect(rt, err == nil && !fresh && e.Amount == old, "a second grant: %+v %v %v", e, fresh, err)
				default:
					expect(rt, err == nil && fresh && e.Amount == l.Amount, "a grant: %+v %v %v", e, fresh, err)
					book(l, l.Amount)
				}
			},
			"spend": func(rt *rapid.T) {
				l := draw(rt, credits.Spend)
				e, fresh, err := b.spend(l)
				old, known := lines[string(l.User)+l.Key]
				switch {
				case l.Amount <= 0:
					expect(rt, core.Is(err, core.Invalid), "a spend of %d: %v", l.Amount, err)
				case known:
					expect(rt, err == nil && !fresh && e.Amount == old, "a second spend: %+v %v %v", e, fresh, err)
				case l.Amount > model[l.User].Balance:
					expect(rt, core.Is(err, core.PaymentRequired), "too large a spend: %v", err)
				default:
					expect(rt, err == nil && fresh && e.Amount == -l.Amount, "a spend: %+v %v %v", e, fresh, err)
					book(l, -l.Amount)
				}
			},
			"take back": func(rt *rapid.T) {
				l := draw(rt, credits.Refund, credits.Dispute)
				short, err := b.takeBack(l)
				old, known := lines[string(l.User)+l.Key]
				take := max(0, min(model[l.User].Balance, l.Amount))
				switch {
				case known:
					expect(rt, err == nil && short == l.Amount+old, "taken back again: %d, %v", short, err)
				default:
					expect(rt, err == nil && short == max(0, l.Amount)-take, "taken back: short by %d, %v", short, err)
					if take > 0 {
						book(l, -take)
					}
				}
			},
			"fail": func(rt *rapid.T) { // what fails leaves nothing
				l := draw(rt, credits.Spend)
				stop := errors.New("stop")
				err := b.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
					_, _, _ = b.Spend(ctx, tx, l)
					return stop
				})
				expect(rt, errors.Is(err, stop), "%v", err)
			},
			"": func(rt *rapid.T) {
				for u, want := range model {
					got := b.account(t, u)
					expect(rt, got == want && got.Balance >= 0, "%s: %+v, want %+v", u, got, want)
				}
			},
		})
	})
	b.audit(t, "usr_a")
	b.audit(t, "usr_b")
}

func expect(rt *rapid.T, ok bool, format string, args ...any) {
	if !ok {
		rt.Fatalf(format, args...)
	}
}
