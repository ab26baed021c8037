package accounts_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
)

// visitBook is a store that counts, and fails when it is told to.
type visitBook struct {
	kept map[core.UserID]time.Time
	rows int
	err  error
}

func (b *visitBook) Update(ctx context.Context, fn func(ctx context.Context, tx accounts.VisitTx) error) error {
	if b.err != nil {
		return b.err
	}
	return fn(ctx, b)
}

func (b *visitBook) NoteVisits(_ context.Context, at map[core.UserID]time.Time) error {
	for user, t := range at {
		b.kept[user] = t
		b.rows++
	}
	return nil
}

func TestAVisitIsNotedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, book := coretest.NewClock(), &visitBook{kept: map[core.UserID]time.Time{}}
		v := accounts.NewVisits(book, clock)
		ctx, stop := context.WithCancel(t.Context())
		failures, heard := 0, 0
		v.Noted = func(core.UserID) { heard++ }
		done := make(chan struct{})
		go func() { defer close(done); v.Keep(ctx, func(error) { failures++ }) }()
		visit := func(users ...core.UserID) {
			for _, u := range users {
				v.Seen(u)
			}
			synctest.Wait()
		}

		visit("ada", "ada", "bob")
		clock.Advance(59 * time.Minute)
		visit("ada")
		if book.rows != 2 || heard != 2 || !book.kept["ada"].Equal(coretest.Start) {
			t.Fatalf("%d rows, %d heard, %v", book.rows, heard, book.kept)
		}
		clock.Advance(time.Minute)
		visit("ada")
		if book.rows != 3 || !book.kept["ada"].Equal(coretest.Start.Add(time.Hour)) {
			t.Fatalf("an hour later: %d rows, %v", book.rows, book.kept)
		}

		clock.Advance(2 * time.Hour)
		book.err = errors.New("the disk is full")
		visit("ada")
		book.err = nil
		visit("ada") // what failed is noted with the next visit
		if failures != 1 || book.rows != 4 {
			t.Errorf("%d failures, %d rows", failures, book.rows)
		}
		stop()
		<-done
	})
}

func TestTheLastVisitsAreKeptAtTheEnd(t *testing.T) {
	clock, book := coretest.NewClock(), &visitBook{kept: map[core.UserID]time.Time{}}
	v := accounts.NewVisits(book, clock)
	v.Seen("ada")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	v.Keep(ctx, func(err error) { t.Error(err) })
	if book.rows != 1 {
		t.Errorf("%d rows", book.rows)
	}
}
