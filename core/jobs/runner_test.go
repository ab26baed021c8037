package jobs_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/jobs"
)

// hand is a clock that stands where it was put.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *hand) set(t time.Time) { h.mu.Lock(); defer h.mu.Unlock(); h.now = t }

func when(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// calls notes what ran, and when.
type calls struct {
	mu  sync.Mutex
	log []string
}

func (c *calls) work(name string) jobs.Work {
	return func(_ context.Context, now time.Time) (jobs.Counts, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.log = append(c.log, name+" "+now.Format("01-02 15:04"))
		return jobs.Counts{Processed: 1}, nil
	}
}

func runner(t *testing.T, db *sqlite.DB, clock *hand, table ...jobs.Job) *jobs.Runner {
	t.Helper()
	return &jobs.Runner{
		Jobs: table, Store: sqlite.Bind(db, func(tx *sqlite.Tx) jobs.Tx { return tx }), Read: db,
		Clock: clock, Wall: clock, Since: when("2026-03-01 09:00"),
	}
}

func due(t *testing.T, r *jobs.Runner, now string) []jobs.Ran {
	t.Helper()
	ran, err := r.RunDue(t.Context(), when(now))
	if err != nil {
		t.Fatal(err)
	}
	return ran
}

func TestAJobRunsOncePerTime(t *testing.T) {
	db, clock, c := sqlitetest.New(t), &hand{now: when("2026-03-01 09:00")}, &calls{}
	r := runner(t, db, clock, jobs.Job{Name: "hourly", Schedule: jobs.Hourly(), Work: c.work("hourly")}, jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: c.work("noon")})
	for _, now := range []string{"2026-03-01 09:00", "2026-03-01 09:59", "2026-03-01 10:00", "2026-03-01 10:00", "2026-03-01 12:01", "2026-03-01 12:02", "2026-03-03 11:00"} {
		due(t, r, now)
	}
	want := []string{"hourly 03-01 10:00", "hourly 03-01 12:01", "noon 03-01 12:01", "hourly 03-03 11:00", "noon 03-03 11:00"}
	if !slices.Equal(c.log, want) {
		t.Errorf("ran %q, want %q", c.log, want)
	}
	// A process that starts anew knows it from the table.
	if again := due(t, runner(t, db, clock, r.Jobs...), "2026-03-03 11:30"); len(again) != 0 {
		t.Errorf("after a restart it ran %v again", again)
	}
}

func TestARunThatWasCutOffIsResumed(t *testing.T) {
	db, clock := sqlitetest.New(t), &hand{now: when("2026-03-01 12:00")}
	ctx, crash := context.WithCancel(t.Context())
	cut := jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: func(ctx context.Context, _ time.Time) (jobs.Counts, error) {
		crash()
		return jobs.Counts{}, ctx.Err()
	}}
	if _, err := runner(t, db, clock, cut).RunDue(ctx, clock.Now()); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run that was cut off: %v", err)
	}
	c := &calls{}
	r := runner(t, db, clock, jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: c.work("noon")})
	due(t, r, "2026-03-01 12:05")
	due(t, r, "2026-03-01 12:06")
	if want := []string{"noon 03-01 12:05"}; !slices.Equal(c.log, want) {
		t.Errorf("ran %q, want %q", c.log, want)
	}
	run, found, err := db.LastJobRun(t.Context(), "noon", jobs.BySchedule, clock.Now())
	if err != nil || !found || !run.ScheduledFor.Equal(when("2026-03-01 12:00")) || run.FinishedAt.IsZero() {
		t.Errorf("kept %+v, %v, %v", run, found, err)
	}
}

// A run by hand that died with its process is resumed like one of the schedule,
// once; what is a day old is nobody's wish any more.
func TestARunByHandThatWasCutOffIsResumed(t *testing.T) {
	for name, c := range map[string]struct {
		schedule jobs.Schedule
		back     string
		want     []string
	}{
		"of a schedule":              {jobs.DailyAt(12, 0), "2026-03-01 15:07", []string{"x 03-01 15:07"}},
		"of what works all the time": {jobs.Continuous(), "2026-03-01 15:07", []string{"x 03-01 15:07"}},
		"when its time has come":     {jobs.DailyAt(16, 0), "2026-03-01 16:01", []string{"x 03-01 16:01", "x 03-01 16:01"}},
		"more than a day ago":        {jobs.Continuous(), "2026-03-02 15:07", nil},
	} {
		t.Run(name, func(t *testing.T) {
			db, clock := sqlitetest.New(t), &hand{now: when("2026-03-01 15:05")}
			ctx, crash := context.WithCancel(t.Context())
			cut := jobs.Job{Name: "x", Schedule: c.schedule, Work: func(ctx context.Context, _ time.Time) (jobs.Counts, error) {
				crash()
				return jobs.Counts{}, ctx.Err()
			}}
			first := runner(t, db, clock, cut)
			first.Since = clock.Now()
			if _, err := first.RunByHand(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Fatalf("the run that was cut off: %v", err)
			}
			done := &calls{}
			r := runner(t, db, clock, jobs.Job{Name: "x", Schedule: c.schedule, Work: done.work("x")})
			r.Since = clock.Now()
			for range 3 {
				due(t, r, c.back)
			}
			if !slices.Equal(done.log, c.want) {
				t.Errorf("ran %q, want %q", done.log, c.want)
			}
			if run, found, err := db.LastJobRun(t.Context(), "x", jobs.ByHand, when(c.back)); err != nil || !found || run.FinishedAt.IsZero() != (c.want == nil) {
				t.Errorf("kept %+v, %v, %v", run, found, err)
			}
		})
	}
}

// A clock that was years ahead for a moment, and is right again, silences no job
// until those years are over; and what ran before runs no second time.
func TestAClockThatWasFarAhead(t *testing.T) {
	db, clock, c := sqlitetest.New(t), &hand{now: when("2026-03-01 09:00")}, &calls{}
	r := runner(t, db, clock, jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: c.work("noon")})
	for _, now := range []string{
		"2026-03-01 12:00", "2036-01-01 12:00", "2026-03-01 12:10", // right again: today is done
		"2026-03-02 11:59", "2026-03-02 12:00", "2026-03-01 13:00", "2026-02-20 13:00", // set back: all of that is done
		"2026-03-02 12:01", "2026-03-03 12:00",
	} {
		due(t, r, now)
	}
	if want := []string{"noon 03-01 12:00", "noon 01-01 12:00", "noon 03-02 12:00", "noon 03-03 12:00"}; !slices.Equal(c.log, want) {
		t.Errorf("ran %q, want %q", c.log, want)
	}
}

func TestAFailureIsKeptAndNotRepeatedBeforeItsTime(t *testing.T) {
	for name, work := range map[string]jobs.Work{
		"an error": func(context.Context, time.Time) (jobs.Counts, error) {
			return jobs.Counts{Processed: 3, Failed: 1}, errors.New("broke")
		},
		"a panic": func(context.Context, time.Time) (jobs.Counts, error) { panic("broke") },
	} {
		t.Run(name, func(t *testing.T) {
			db, clock, c := sqlitetest.New(t), &hand{now: when("2026-03-01 12:00")}, &calls{}
			r := runner(t, db, clock, jobs.Job{Name: "bad", Schedule: jobs.DailyAt(12, 0), Work: work}, jobs.Job{Name: "good", Schedule: jobs.DailyAt(12, 0), Work: c.work("good")})
			var heard []jobs.Run
			r.Observe = func(run jobs.Run, _ time.Duration) { heard = append(heard, run) }
			if ran := due(t, r, "2026-03-01 12:00"); len(ran) != 2 || ran[0].Error == "" || ran[1].Error != "" {
				t.Errorf("ran %+v", ran)
			}
			due(t, r, "2026-03-01 12:01")
			if len(c.log) != 1 || len(heard) != 2 {
				t.Errorf("the other job ran %q; heard of %d runs", c.log, len(heard))
			}
			if got, err := r.RunByHand(t.Context(), "bad"); err == nil || !strings.Contains(err.Error(), "broke") || got.Job != "bad" {
				t.Errorf("by hand: %+v, %v", got, err)
			}
			run, _, err := db.LastJobRun(t.Context(), "bad", jobs.BySchedule, clock.Now())
			if err != nil || !strings.Contains(run.Error, "broke") || run.FinishedAt.IsZero() {
				t.Errorf("kept %+v, %v", run, err)
			}
		})
	}
}

func TestRunByHand(t *testing.T) {
	db, clock, c := sqlitetest.New(t), &hand{now: when("2026-03-01 12:00")}, &calls{}
	inside, release := make(chan bool), make(chan bool)
	r := runner(t, db, clock,
		jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: c.work("noon")},
		jobs.Job{Name: "slow", Schedule: jobs.DailyAt(23, 0), Work: func(context.Context, time.Time) (jobs.Counts, error) {
			inside <- true
			<-release
			return jobs.Counts{Skipped: 2}, nil
		}})
	due(t, r, "2026-03-01 12:00")
	for range 3 { // three in the millisecond that has a scheduled run already
		if got, err := r.RunByHand(t.Context(), "noon"); err != nil || got.Job != "noon" || got.Processed != 1 {
			t.Errorf("by hand: %+v, %v", got, err)
		}
	}
	if len(c.log) != 4 {
		t.Errorf("ran %q", c.log)
	}
	if _, err := r.RunByHand(t.Context(), "nonn"); !core.Is(err, core.NotFound) || !strings.Contains(err.Error(), "noon, slow") {
		t.Errorf("an unknown job: %v", err)
	}
	done := make(chan jobs.Report)
	go func() {
		got, err := r.RunByHand(t.Context(), "slow")
		if err != nil {
			t.Error(err)
		}
		done <- got
	}()
	<-inside
	if _, err := r.RunByHand(t.Context(), "slow"); !core.Is(err, core.Conflict) {
		t.Errorf("the same job twice at once: %v", err)
	}
	if ran := due(t, r, "2026-03-01 23:00"); len(ran) != 0 {
		t.Errorf("the schedule ran %v beside the hand", ran)
	}
	close(release)
	if got := <-done; got.Skipped != 2 {
		t.Errorf("the slow one: %+v", got)
	}
	// Runs by hand count for nothing in the schedule.
	go func() { <-inside }()
	if ran := due(t, r, "2026-03-01 23:01"); len(ran) != 1 || ran[0].Job != "slow" {
		t.Errorf("at its time it ran %v", ran)
	}
}

func TestAJourneyRunsEverythingOnTheWay(t *testing.T) {
	db, clock, c := sqlitetest.New(t), &hand{now: when("2026-03-01 11:30")}, &calls{}
	r := runner(t, db, clock, jobs.Job{Name: "segments", Schedule: jobs.DailyAt(3, 0), Work: c.work("segments")}, jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: c.work("noon")})
	r.Since = when("2026-03-01 11:00")
	var settled []string
	ran, err := r.Walk(t.Context(), clock.Now(), when("2026-03-03 02:00"), jobs.Journey{
		Set: func(_ context.Context, at time.Time) error { clock.set(at); return nil },
		Settle: func(_ context.Context, at time.Time) error {
			if !clock.Now().Equal(at) {
				t.Errorf("settling at %v while the clock says %v", at, clock.Now())
			}
			if s := at.Format("01-02 15:04"); len(settled) == 0 || settled[len(settled)-1] != s {
				settled = append(settled, s)
			}
			return nil
		},
		Next: func(_ context.Context, after time.Time) (time.Time, bool, error) {
			mail := when("2026-03-02 12:01")
			return mail, mail.After(after), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"noon 03-01 12:00", "segments 03-02 03:00", "noon 03-02 12:00"}; !slices.Equal(c.log, want) || len(ran) != len(want) {
		t.Errorf("ran %q (%v), want %q", c.log, ran, want)
	}
	if want := []string{"03-01 11:30", "03-01 12:00", "03-02 03:00", "03-02 12:00", "03-02 12:01", "03-03 02:00"}; !slices.Equal(settled, want) {
		t.Errorf("stopped at %q, want %q", settled, want)
	}
	if !clock.Now().Equal(when("2026-03-03 02:00")) {
		t.Errorf("arrived at %v", clock.Now())
	}
	if _, err := r.Walk(t.Context(), clock.Now(), when("2026-03-01 00:00"), jobs.Journey{}); !core.Is(err, core.Invalid) {
		t.Errorf("back in time: %v", err)
	}
}

func TestAJourneyWaitsForARunByHand(t *testing.T) {
	db, clock := sqlitetest.New(t), &hand{now: when("2026-03-01 11:59")}
	inside, release, runs := make(chan bool), make(chan bool), 0
	r := runner(t, db, clock, jobs.Job{Name: "noon", Schedule: jobs.DailyAt(12, 0), Work: func(context.Context, time.Time) (jobs.Counts, error) {
		if runs++; runs == 1 {
			inside <- true
			<-release
		}
		return jobs.Counts{}, nil
	}})
	byHand := make(chan error)
	go func() { _, err := r.RunByHand(t.Context(), "noon"); byHand <- err }()
	<-inside
	arrived := false
	ran, err := r.Walk(t.Context(), clock.Now(), when("2026-03-01 12:30"), jobs.Journey{
		Set: func(_ context.Context, at time.Time) error {
			if at.Hour() == 12 && !arrived {
				arrived = true
				close(release) // it ends at some moment after noon has come
			}
			return nil
		},
		Settle: func(context.Context, time.Time) error { return nil },
	})
	if err != nil || len(ran) != 1 || runs != 2 {
		t.Errorf("ran %v (%d in all), %v", ran, runs, err)
	}
	if err := <-byHand; err != nil {
		t.Error(err)
	}
}

func TestAJourneyEqualsWaiting(t *testing.T) {
	table := func(c *calls) []jobs.Job {
		return []jobs.Job{{Name: "hourly", Schedule: jobs.Hourly(), Work: c.work("hourly")}, {Name: "late", Schedule: jobs.DailyAt(12, 30), Work: c.work("late")}}
	}
	from, to := when("2026-03-01 09:00"), when("2026-03-04 09:00")
	waited, clock := &calls{}, &hand{now: from}
	r := runner(t, sqlitetest.New(t), clock, table(waited)...)
	for now := from; !now.After(to); now = now.Add(time.Minute) {
		if _, err := r.RunDue(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	travelled := &calls{}
	r = runner(t, sqlitetest.New(t), clock, table(travelled)...)
	still := func(context.Context, time.Time) error { return nil }
	if _, err := r.Walk(t.Context(), from, to, jobs.Journey{Set: still, Settle: still}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(waited.log, travelled.log) || len(waited.log) != 75 {
		t.Errorf("waiting ran %d, travelling %d:\n%q\n%q", len(waited.log), len(travelled.log), waited.log, travelled.log)
	}
}
