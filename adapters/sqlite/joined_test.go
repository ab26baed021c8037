package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sselfie/core"
)

// waitingFor waits until n callers of u stand together.
func waitingFor(t *testing.T, u *Joined[*Tx], n int) {
	t.Helper()
	until(t, fmt.Sprint(n, " callers together"), func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return len(u.waiting) == n
	})
}

// What callers who share a round come to, each on its own. The others' changes
// are kept whatever one of them does.
func TestWhoSharesARoundFailsAlone(t *testing.T) {
	stop := errors.New("stop")
	const others = 150 // more than two rounds hold
	for name, c := range map[string]struct {
		fn   func(ctx context.Context, tx *Tx) error
		want func(error) bool
		kept int
	}{
		"writes": {func(ctx context.Context, tx *Tx) error { return tx.note(ctx, "one", 0) }, func(err error) bool { return err == nil }, 1},
		"gives up": {func(ctx context.Context, tx *Tx) error {
			return errors.Join(tx.note(ctx, "one", 0), stop)
		}, func(err error) bool { return errors.Is(err, stop) }, 0},
		"breaks a rule": {func(ctx context.Context, tx *Tx) error { return tx.note(ctx, "one", -1) }, func(err error) bool { return err != nil }, 0},
		"panics": {func(ctx context.Context, tx *Tx) error {
			_ = tx.note(ctx, "one", 0)
			panic("in a closure")
		}, func(err error) bool { return core.Is(err, core.Internal) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sizes := &batches{}
			db := open(t, Options{Observer: sizes})
			u := BindJoined(db, func(tx *Tx) *Tx { return tx })
			release := gate(t, db)
			answers, odd := make(chan error, others), make(chan error, 1)
			for i := range others {
				go func() {
					answers <- u.Update(t.Context(), func(ctx context.Context, tx *Tx) error { return tx.note(ctx, "others", i) })
				}()
				if i == others/4 {
					waitingFor(t, u, i+1)
					go func() { odd <- u.Update(t.Context(), c.fn) }()
					waitingFor(t, u, i+2)
				}
			}
			waitingFor(t, u, others+1)
			release()
			for range others {
				if err := <-answers; err != nil {
					t.Errorf("another one: %v", err)
				}
			}
			if err := <-odd; !c.want(err) {
				t.Errorf("it got %v", err)
			}
			for who, want := range map[string]int{"others": others, "one": c.kept} {
				if got, err := db.notes(t.Context(), who); err != nil || got != want {
					t.Errorf("%d notes of %s are kept, want %d: %v", got, who, want, err)
				}
			}
			sizes.mu.Lock()
			defer sizes.mu.Unlock()
			if name == "writes" && len(sizes.all) > 1+(others+batchMax)/batchMax {
				t.Errorf("%d transactions, they did not share: %+v", len(sizes.all), sizes.all)
			}
		})
	}
}

func TestWhoLeavesARoundBeforeItBeganWroteNothing(t *testing.T) {
	db := open(t, Options{})
	u := BindJoined(db, func(tx *Tx) *Tx { return tx })
	release := gate(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		gone <- u.Update(ctx, func(ctx context.Context, tx *Tx) error { return tx.note(ctx, "gone", 0) })
	}()
	waitingFor(t, u, 1)
	cancel()
	if err := <-gone; !core.Is(err, core.Unavailable) || !errors.Is(err, errNotBegun) {
		t.Errorf("whoever left got %v", err)
	}
	if err := u.Update(ctx, func(ctx context.Context, tx *Tx) error { return tx.note(ctx, "gone", 1) }); !errors.Is(err, errNotBegun) {
		t.Errorf("whoever never came got %v", err)
	}
	stayed := make(chan error, 1)
	go func() {
		stayed <- u.Update(t.Context(), func(ctx context.Context, tx *Tx) error { return tx.note(ctx, "stayed", 0) })
	}()
	waitingFor(t, u, 1)
	release()
	if err := <-stayed; err != nil {
		t.Error(err)
	}
	for who, want := range map[string]int{"gone": 0, "stayed": 1} {
		if got, err := db.notes(t.Context(), who); err != nil || got != want {
			t.Errorf("%d notes of who %s, want %d: %v", got, who, want, err)
		}
	}
}

func TestARoundOfAClosedDatabaseIsRefused(t *testing.T) {
	db := open(t, Options{})
	u := BindJoined(db, func(tx *Tx) *Tx { return tx })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := u.Update(limited(t), func(context.Context, *Tx) error { return nil }); !core.Is(err, core.Unavailable) {
			t.Errorf("%v", err)
		}
	}
}

func TestARoundInsideAnUpdateIsRefused(t *testing.T) {
	db := open(t, Options{})
	u := BindJoined(db, func(tx *Tx) *Tx { return tx })
	err := db.Update(limited(t), func(ctx context.Context, _ *Tx) error {
		return u.Update(ctx, func(context.Context, *Tx) error { return nil })
	})
	if !errors.Is(err, errNested) {
		t.Errorf("%v", err)
	}
}
