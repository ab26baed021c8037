package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"sselfie/core"
)

var errGate = errors.New("the gate keeps nothing")

// gate holds the writer inside a closure, so that a test can fill the queue. The
// closure fails, or those who wait would be taken along by it.
func gate(t *testing.T, db *DB) (open func()) {
	t.Helper()
	in, out := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- db.Update(context.Background(), func(context.Context, *Tx) error {
			close(in)
			<-out
			return errGate
		})
	}()
	<-in
	return sync.OnceFunc(func() {
		close(out)
		if err := <-done; !errors.Is(err, errGate) {
			t.Errorf("the gate's own update: %v", err)
		}
	})
}

// queued waits until n callers stand in a lane.
func queued(t *testing.T, db *DB, l lane, n int) {
	t.Helper()
	until(t, fmt.Sprintf("%d callers in lane %d", n, l), func() bool { return len(db.writer.entry[l]) >= n })
}

// until polls for ok.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// batches collects what the writer reports.
type batches struct {
	mu  sync.Mutex
	all []BatchStats
}

func (b *batches) Batch(s BatchStats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, s)
}

func (b *batches) largest() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.all {
		n = max(n, s.Size)
	}
	return n
}

// together queues fns behind a gate, so that they share one transaction, and
// returns their errors. Each has the context of the same index, if there is one.
func together(t *testing.T, db *DB, ctxs map[int]context.Context, fns ...func(context.Context, *Tx) error) []error {
	t.Helper()
	open := gate(t, db)
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		ctx := ctxs[i]
		if ctx == nil {
			ctx = limited(t)
		}
		wg.Go(func() { errs[i] = db.Update(ctx, fn) })
		queued(t, db, foreground, i+1) // keeps the order
	}
	open()
	wg.Wait()
	return errs
}

func TestCallersShareOneTransaction(t *testing.T) {
	seen := &batches{}
	db := open(t, Options{Observer: seen})
	var fns []func(context.Context, *Tx) error
	for i := range batchMax {
		fns = append(fns, note("ada", i))
	}
	for i, err := range together(t, db, nil, fns...) {
		if err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	wantNotes(t, db, "ada", batchMax)
	if got := seen.largest(); got != batchMax {
		t.Errorf("the largest batch had %d callers, want %d", got, batchMax)
	}
}

func TestWhoComesWhileABatchRunsIsTakenAlong(t *testing.T) {
	seen := &batches{}
	db := open(t, Options{Observer: seen})
	open := gate(t, db)
	var wg sync.WaitGroup
	update := func(fn func(context.Context, *Tx) error) {
		wg.Go(func() {
			if err := db.Update(limited(t), fn); err != nil {
				t.Error(err)
			}
		})
	}
	late := func(context.Context, *Tx) error {
		update(note("late", 1))
		queued(t, db, foreground, 1)
		return nil
	}
	update(late)
	update(note("early", 1))
	queued(t, db, foreground, 2)
	open()
	wg.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, s := range seen.all {
		sizes = append(sizes, s.Size)
	}
	if !slices.Equal(sizes, []int{1, 3}) { // the gate, then all of them
		t.Errorf("batches of %v callers", sizes)
	}
}

func TestWhoComesWhileALoneCallerRunsIsTakenAlong(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		blind bool // the connection cannot be asked whether its transaction stands
		late  error
		sizes []int
	}{
		"and commits with it":                  {false, nil, []int{2}},
		"and fails without it":                 {false, boom, []int{2}},
		"unless nobody knows how the first is": {true, nil, []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &batches{}
			db := open(t, Options{Observer: seen})
			if c.blind {
				if err := db.Update(limited(t), func(context.Context, *Tx) error { return nil }); err != nil {
					t.Fatal(err)
				}
				until(t, "the report of the first", func() bool { return seen.largest() == 1 })
				seen.all, db.writer.interrupter = nil, interrupter{}
			}
			late := make(chan error, 1)
			err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
				go func() {
					late <- db.Update(context.Background(), func(ctx context.Context, tx *Tx) error {
						return errors.Join(note("late", 1)(ctx, tx), c.late)
					})
				}()
				queued(t, db, foreground, 1)
				return note("lone", 1)(ctx, tx)
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := <-late; !errors.Is(err, c.late) {
				t.Fatalf("the late one: %v", err)
			}
			wantNotes(t, db, "lone", 1)
			kept := 1
			if c.late != nil {
				kept = 0
			}
			wantNotes(t, db, "late", kept)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			var sizes []int
			for _, s := range seen.all {
				sizes = append(sizes, s.Size)
			}
			if !slices.Equal(sizes, c.sizes) {
				t.Errorf("batches of %v callers", sizes)
			}
		})
	}
}

func TestAClosureThatFailsTakesNobodyAlong(t *testing.T) {
	boom := errors.New("boom")
	for name, bad := range map[string]func(context.Context, *Tx) error{
		"returns an error": func(ctx context.Context, tx *Tx) error {
			return errors.Join(tx.note(ctx, "bad", 1), boom)
		},
		"panics": func(ctx context.Context, tx *Tx) error {
			if err := tx.note(ctx, "bad", 1); err != nil {
				return err
			}
			panic("boom")
		},
		"breaks a constraint": func(ctx context.Context, tx *Tx) error {
			return errors.Join(tx.note(ctx, "bad", 1), tx.note(ctx, "bad", 1))
		},
		"leaves rows open": func(ctx context.Context, tx *Tx) error {
			if err := tx.note(ctx, "bad", 1); err != nil {
				return err
			}
			set, err := tx.query(ctx, `SELECT n FROM notes`)
			if err != nil {
				return err
			}
			set.Next()
			return boom
		},
	} {
		t.Run(name+" among others", func(t *testing.T) {
			db := open(t, Options{})
			errs := together(t, db, nil, note("good", 1), bad, note("good", 2))
			if errs[0] != nil || errs[1] == nil || errs[2] != nil {
				t.Errorf("got %v, want only the second to fail", errs)
			}
			wantNotes(t, db, "good", 2)
			wantNotes(t, db, "bad", 0)
		})
		t.Run(name+" alone", func(t *testing.T) {
			db := open(t, Options{})
			if err := db.Update(limited(t), bad); err == nil {
				t.Error("no error")
			}
			if err := db.Update(limited(t), note("good", 1)); err != nil {
				t.Errorf("the next caller: %v", err)
			}
			wantNotes(t, db, "good", 1)
			wantNotes(t, db, "bad", 0)
		})
	}
}

func TestAPanicIsAnErrorWithItsStack(t *testing.T) {
	db := open(t, Options{})
	err := db.Update(limited(t), func(context.Context, *Tx) error { panic("no such page") })
	if !core.Is(err, core.Internal) {
		t.Fatalf("got %v, want an internal error", err)
	}
	for _, want := range []string{"no such page", "writer_test.go"} {
		if !contains(err, want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestAClosureThatEndsItsGoroutineDoesNotEndTheWriter(t *testing.T) {
	db := open(t, Options{})
	errs := together(t, db, nil,
		note("before", 1),
		func(context.Context, *Tx) error { runtime.Goexit(); return nil },
		note("after", 1),
	)
	for i, want := range []core.Code{core.Internal, core.Internal, ""} {
		if got := core.CodeOf(errs[i]); got != want {
			t.Errorf("caller %d: %v, want code %q", i, errs[i], want)
		}
	}
	for who, want := range map[string]int{"before": 0, "after": 1} {
		wantNotes(t, db, who, want)
	}
}

// many writes n rows in one statement, which takes a while.
func (tx *Tx) many(ctx context.Context, who string, n int) error {
	_, err := tx.exec(ctx, `INSERT INTO notes (who, n)
		WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT ?, i FROM c`, n, who)
	return err
}

func TestACallerThatGoesAwayInTheMiddleOfAStatementCostsNobodyAnything(t *testing.T) {
	db := open(t, Options{})
	const leaver, rows = 31, 50_000
	ctx, cancel := context.WithCancel(limited(t))
	midway := make(chan struct{})
	var fns []func(context.Context, *Tx) error
	for i := range batchMax {
		if i == leaver {
			fns = append(fns, func(_ context.Context, tx *Tx) error {
				close(midway)
				return tx.many(ctx, "leaver", rows) // even with the caller's own context
			})
			continue
		}
		fns = append(fns, note("stays", i))
	}
	go func() {
		<-midway
		cancel()
	}()
	errs := together(t, db, map[int]context.Context{leaver: ctx}, fns...)
	for i, err := range errs {
		if err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	if ctx.Err() == nil {
		t.Error("nobody went away")
	}
	wantNotes(t, db, "stays", batchMax-1)
	wantNotes(t, db, "leaver", rows) // begun, so the real outcome was reported
}

func TestAClosureOverItsLimitLosesTheSharedTransactionAndSaysSo(t *testing.T) {
	db := open(t, Options{UpdateLimit: 30 * time.Millisecond})
	var ownError error
	errs := together(t, db, nil,
		note("before", 1),
		func(ctx context.Context, tx *Tx) error {
			ownError = tx.many(ctx, "slow", 20_000_000)
			// Whatever a closure does with the error, nothing may be written now:
			// SQLite has rolled back, and a statement would be kept on its own.
			if err := tx.note(ctx, "stray", 1); err == nil {
				t.Error("a statement ran after the transaction was lost")
			}
			return nil
		},
		note("after", 1),
	)
	for i, want := range []core.Code{core.Unavailable, core.Unavailable, ""} {
		if got := core.CodeOf(errs[i]); got != want {
			t.Errorf("caller %d: %v, want code %q", i, errs[i], want)
		}
	}
	if !core.Is(ownError, core.Unavailable) {
		t.Errorf("the statement: %v", ownError)
	}
	for who, want := range map[string]int{"before": 0, "slow": 0, "stray": 0, "after": 1} {
		wantNotes(t, db, who, want)
	}
}

func TestUpdateInsideUpdateIsRefused(t *testing.T) {
	for name, outside := range map[string]bool{"with the closure's context": false, "with a context from outside": true} {
		t.Run(name, func(t *testing.T) {
			db := open(t, Options{})
			caller := limited(t)
			var nested error
			err := db.Update(caller, func(ctx context.Context, tx *Tx) error {
				if outside {
					ctx = caller
				}
				nested = db.Update(ctx, note("inner", 1))
				return tx.note(ctx, "outer", 1)
			})
			if err != nil {
				t.Error(err)
			}
			if !errors.Is(nested, errNested) {
				t.Errorf("got %v, want %v", nested, errNested)
			}
			wantNotes(t, db, "outer", 1)
			wantNotes(t, db, "inner", 0)
		})
	}
}

func TestWhoLeavesBeforeItsTurnIsSkipped(t *testing.T) {
	db := open(t, Options{})
	open := gate(t, db)
	ctx, cancel := context.WithCancel(limited(t))
	left := make(chan error, 1)
	go func() { left <- db.Update(ctx, note("left", 1)) }()
	queued(t, db, foreground, 1)
	cancel()
	if err := <-left; !core.Is(err, core.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want unavailable because of the cancelled context", err)
	}
	open()
	if err := db.Update(limited(t), note("stays", 1)); err != nil {
		t.Error(err)
	}
	wantNotes(t, db, "left", 0)
	if err := db.Update(ctx, note("left", 2)); !core.Is(err, core.Unavailable) {
		t.Errorf("a caller that had left before it came: %v", err)
	}
}

func TestAFullQueueWaitsForRoomAsLongAsTheCaller(t *testing.T) {
	db := open(t, Options{})
	open := gate(t, db)
	var wg sync.WaitGroup
	for i := range queueMax {
		wg.Go(func() {
			if err := db.Update(limited(t), note("queue", i)); err != nil {
				t.Error(err)
			}
		})
	}
	queued(t, db, foreground, queueMax)

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := db.Update(ctx, note("impatient", 1)); !core.Is(err, core.Unavailable) || !errors.Is(err, errQueueFull) {
		t.Errorf("got %v, want %v", err, errQueueFull)
	}
	patient := make(chan error, 1)
	go func() { patient <- db.Update(limited(t), note("patient", 1)) }()
	open()
	if err := <-patient; err != nil {
		t.Errorf("the patient caller: %v", err)
	}
	wg.Wait()
	wantNotes(t, db, "queue", queueMax)
	wantNotes(t, db, "impatient", 0)
	wantNotes(t, db, "patient", 1)
}

func TestCloseServesWhoWaitsAndNobodyElse(t *testing.T) {
	db := open(t, Options{})
	open := gate(t, db)
	answers := make(chan error, 2)
	go func() { answers <- db.Update(limited(t), note("waits", 1)) }()
	go func() { answers <- db.UpdateBulk(limited(t), note("waits", 2)) }()
	queued(t, db, foreground, 1)
	queued(t, db, bulk, 1)
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	until(t, "the queue to close", func() bool {
		if !db.writer.mu.TryRLock() {
			return false
		}
		defer db.writer.mu.RUnlock()
		return db.writer.closed
	})
	if err := db.Update(limited(t), note("late", 1)); !core.Is(err, core.Unavailable) || !errors.Is(err, errClosed) {
		t.Errorf("a late caller: %v, want %v", err, errClosed)
	}
	open()
	for range 2 {
		if err := <-answers; err != nil {
			t.Errorf("a caller that waited: %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	again := openAt(t, db.path)
	wantNotes(t, again, "waits", 2)
	wantNotes(t, again, "late", 0)
}

func TestForegroundGoesFirst(t *testing.T) {
	db := open(t, Options{})
	open := gate(t, db)
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	run := func(name string, update func(context.Context, func(context.Context, *Tx) error) error) {
		wg.Go(func() {
			err := update(limited(t), func(ctx context.Context, tx *Tx) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range 5 {
		run("bulk", db.UpdateBulk)
	}
	queued(t, db, bulk, 5)
	for range 5 {
		run("foreground", db.Update)
	}
	queued(t, db, foreground, 5)
	open()
	wg.Wait()
	if !slices.IsSortedFunc(order, func(a, b string) int { return -compare(a, b) }) {
		t.Errorf("order: %v", order)
	}
}

func TestABatchIsForegroundFirstAndBulkWhenItIsDue(t *testing.T) {
	for name, c := range map[string]struct {
		foreground, bulk, passed int
		wantForeground, wantBulk int
	}{
		"little of both":           {3, 2, 0, 3, 2},
		"a lone bulk caller":       {0, 1, 0, 0, 1},
		"bulk fills the room left": {60, 9, 0, 60, 4},
		"no room for bulk":         {70, 1, bulkTurn - 1, 64, 0},
		"bulk has waited long":     {70, 5, bulkTurn, 63, 1},
		"nothing waits in bulk":    {70, 0, bulkTurn, 64, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := &writer{passed: c.passed}
			for l, n := range [...]int{c.foreground, c.bulk} {
				w.lanes[l] = make(chan *job, queueMax)
				for range n {
					w.lanes[l] <- &job{lane: lane(l)}
				}
			}
			var got [2]int
			last := foreground
			for _, j := range w.gather() {
				got[j.lane]++
				if j.lane < last {
					t.Error("foreground stands behind bulk")
				}
				last = j.lane
			}
			if got != [2]int{c.wantForeground, c.wantBulk} {
				t.Errorf("the batch has %v, want [%d %d]", got, c.wantForeground, c.wantBulk)
			}
		})
	}
}

func TestBulkInALateBatchWaitsForTheNext(t *testing.T) {
	seen := &batches{}
	db := open(t, Options{Observer: seen})
	open := gate(t, db)
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
			begin := time.Now()
			until(t, "the batch to be late", func() bool { return time.Since(begin) > 2*bulkShare })
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	queued(t, db, foreground, 1)
	for i := range 3 {
		wg.Go(func() {
			if err := db.UpdateBulk(limited(t), note("bulk", i)); err != nil {
				t.Error(err)
			}
		})
	}
	queued(t, db, bulk, 3)
	open()
	wg.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, s := range seen.all {
		sizes = append(sizes, s.Size)
	}
	if !slices.Equal(sizes, []int{1, 1, 3}) { // the gate, the late one alone, all bulk
		t.Errorf("batches of %v callers", sizes)
	}
}

func TestAFailedCommitIsUnknownAndTheNextCallerIsServed(t *testing.T) {
	db := open(t, Options{})
	errs := together(t, db, nil, note("ada", 1), func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO loans (book) VALUES ('no such book')`) // found at COMMIT
		return err
	})
	for i, err := range errs {
		if !core.Is(err, core.Unavailable) || !errors.Is(err, errUnknown) {
			t.Errorf("caller %d: %v, want %v", i, err, errUnknown)
		}
	}
	if err := db.Update(limited(t), note("ada", 2)); err != nil {
		t.Errorf("the next caller: %v", err)
	}
	wantNotes(t, db, "ada", 1)
}

func TestRowsThatWereLeftOpenHoldNothingBack(t *testing.T) {
	db := open(t, Options{})
	err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		for i := range 3 {
			if err := tx.note(ctx, "ada", i); err != nil {
				return err
			}
		}
		set, err := tx.query(ctx, `SELECT n FROM notes`)
		if err != nil {
			return err
		}
		if !set.Next() {
			t.Error("no row")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.EmptyLog(limited(t)); err != nil {
		t.Errorf("the writer still reads: %v", err)
	}
}

func TestWakeRingsAfterTheCommitAndOnlyThen(t *testing.T) {
	db := open(t, Options{})
	rang := make(chan int, 10)
	defer db.OnCommit("mail", func() {
		n, err := db.notes(context.Background(), "mail")
		if err != nil {
			n = -1
		}
		rang <- n
	})()
	db.OnCommit("mail", func() { t.Error("rang after it was ended") })()

	failed := errors.New("no")
	err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		tx.Wake("mail")
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if err := db.Update(limited(t), note("other", 1)); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		tx.Wake("mail")
		return tx.note(ctx, "mail", 1)
	}); err != nil {
		t.Fatal(err)
	}
	if n := <-rang; n != 1 {
		t.Errorf("the subscriber saw %d rows, want the committed one", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if len(rang) != 0 {
		t.Errorf("rang %d times too often", len(rang))
	}
}

func TestATxIsUselessAfterItsUpdate(t *testing.T) {
	db := open(t, Options{})
	var kept *Tx
	if err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		kept = tx
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := kept.note(limited(t), "late", 1); !errors.Is(err, errTxOver) {
		t.Errorf("exec: %v", err)
	}
	if _, err := kept.notes(limited(t), "late"); !errors.Is(err, errTxOver) {
		t.Errorf("query: %v", err)
	}
}

func TestATxSeesItselfAndTheSameQuestionCanBeAskedWhileItIsBeingRead(t *testing.T) {
	db := open(t, Options{})
	err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		for i := range 3 {
			if err := tx.note(ctx, "ada", i); err != nil {
				return err
			}
		}
		pairs := 0
		inner := func(scanner) error { pairs++; return nil }
		const text = `SELECT n FROM notes WHERE who = ?`
		if err := each(ctx, tx, func(scanner) error { return each(ctx, tx, inner, text, "ada") }, text, "ada"); err != nil {
			return err
		}
		if pairs != 9 {
			t.Errorf("%d pairs, want 9", pairs)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
