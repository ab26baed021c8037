package flags_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core/flags"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

func TestJudge(t *testing.T) {
	well := flags.Sample{Users: 1000, Failed: 0, Completed: 500}
	for name, c := range map[string]struct {
		inside, outside flags.Sample
		halt            bool
		says            string
	}{
		"both go well":                    {well, well, false, "inside 0.0% met an error"},
		"nobody anywhere":                 {flags.Sample{}, flags.Sample{}, false, "too few"},
		"99 inside are too few":           {flags.Sample{Users: 99, Failed: 99}, well, false, "too few"},
		"99 outside are too few":          {flags.Sample{Users: 1000, Failed: 900}, flags.Sample{Users: 99, Completed: 99}, false, "too few"},
		"100 on each side are enough":     {flags.Sample{Users: 100, Failed: 6}, flags.Sample{Users: 100}, true, "6.0% of the 100"},
		"5% of errors stay":               {flags.Sample{Users: 1000, Failed: 50, Completed: 500}, well, false, "5.0%"},
		"more than 5% go":                 {flags.Sample{Users: 1000, Failed: 51, Completed: 500}, well, true, "5.1%"},
		"errors outside count for none":   {well, flags.Sample{Users: 1000, Failed: 900, Completed: 500}, false, ""},
		"a fall of a fifth goes":          {flags.Sample{Users: 1000, Completed: 400}, well, true, "40.0% of the 1000 users inside completed"},
		"a fall of just below stays":      {flags.Sample{Users: 1000, Completed: 401}, well, false, ""},
		"a rise stays":                    {flags.Sample{Users: 1000, Completed: 999}, well, false, ""},
		"sides of different size compare": {flags.Sample{Users: 100, Completed: 40}, flags.Sample{Users: 100_000, Completed: 50_000}, true, ""},
		"nobody completes inside":         {flags.Sample{Users: 100}, well, true, "0.0%"},
		"nobody completes at all":         {flags.Sample{Users: 100}, flags.Sample{Users: 100}, false, ""},
		"errors are told first":           {flags.Sample{Users: 100, Failed: 100}, well, true, "met an error"},
	} {
		t.Run(name, func(t *testing.T) {
			halt, why := flags.Judge(c.inside, c.outside)
			if halt != c.halt || !strings.Contains(why, c.says) || why == "" {
				t.Errorf("%v: %s", halt, why)
			}
		})
	}
}

// crowd lets n users begin; of those inside and outside a share fails and completes.
func (d *desk) crowd(t *testing.T, from, n, percent int, failIn, doneIn, doneOut int) {
	t.Helper()
	if err := d.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		var in, out int
		for i := from; i < from+n; i++ {
			u := user(i)
			record := func(name tracking.Name) error {
				return tx.RecordEvent(ctx, tracking.Event{Name: name, User: u, At: d.clock.Now()})
			}
			if err := record(tracking.OnboardingStarted); err != nil {
				return err
			}
			k, failed, done := &out, 0, doneOut
			if flags.Bucket(flags.BlueprintWelcome, u) < percent {
				k, failed, done = &in, failIn, doneIn
			}
			*k++
			if *k%100 < failed {
				for range 3 { // three errors of one user are one user
					if err := record(tracking.OnboardingError); err != nil {
						return err
					}
				}
			}
			if *k%100 < done {
				if err := record(tracking.OnboardingCompleted); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) notices(t *testing.T) (out []mail.Entry) {
	t.Helper()
	out, _, err := d.db.Outbox(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheGuard(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		percent                 int
		users                   int
		failIn, doneIn, doneOut int
		want                    flags.State
	}{
		"a good roll-out goes on":                  {50, 400, 0, 60, 60, flags.Percent},
		"errors halt it":                           {50, 400, 10, 60, 60, flags.Off},
		"a fall of completion halts it":            {50, 400, 0, 30, 60, flags.Off},
		"too few say nothing":                      {50, 120, 100, 0, 100, flags.Percent},
		"a small share waits for its users":        {5, 400, 100, 0, 100, flags.Percent},
		"at 0% there is nobody to harm":            {0, 400, 100, 0, 100, flags.Percent},
		"at 100% there is nothing to hold against": {100, 400, 100, 0, 100, flags.Percent},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			// What happened before the roll-out does not count against it.
			d.crowd(t, 100_000, 400, 100, 100, 0, 0)
			d.clock.Advance(time.Hour)
			if _, err := d.Set(ctx, flags.BlueprintWelcome, flags.Percent, c.percent, "usr_creator", "trial"); err != nil {
				t.Fatal(err)
			}
			d.clock.Advance(time.Minute)
			d.crowd(t, 0, c.users, c.percent, c.failIn, c.doneIn, c.doneOut)
			halted, err := d.Guard(ctx)
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.Get(ctx, flags.BlueprintWelcome)
			if err != nil || got.State != c.want {
				t.Fatalf("%+v, %v", got, err)
			}
			if c.want != flags.Off {
				if len(halted)+len(d.notices(t)) != 0 {
					t.Errorf("told %v", halted)
				}
				return
			}
			if len(halted) != 1 || halted[0].Key != flags.BlueprintWelcome || !strings.HasPrefix(got.Reason, "halted: ") || got.UpdatedBy != "guard" {
				t.Errorf("%+v, %+v", halted, got)
			}
			if on, _, _ := d.Enabled(ctx, flags.BlueprintWelcome, user(1)); on {
				t.Error("it is still open")
			}
			// The second look is boring.
			if again, err := d.Guard(ctx); err != nil || len(again) != 0 {
				t.Errorf("%v, %v", again, err)
			}
			if n := d.notices(t); len(n) != 1 || n[0].To != "creator@shop.test" || n[0].Kind != mail.Notice {
				t.Errorf("%+v", n)
			}
		})
	}
}

// slow answers after somebody has moved the flag.
type slow struct {
	flags.Outcomes
	then func()
}

func (s slow) OnboardingOutcomes(ctx context.Context, since time.Time, fn func(flags.Outcome) error) error {
	err := s.Outcomes.OnboardingOutcomes(ctx, since, fn)
	s.then()
	return err
}

func TestTheGuardDoesNotOverruleThePersonWhoWasFaster(t *testing.T) {
	for name, c := range map[string]struct {
		state   flags.State
		percent int
	}{
		"she opened it to all":                      {flags.On, 0},
		"she gave it another share":                 {flags.Percent, 60},
		"she put it there again, on second thought": {flags.Percent, 50},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, d := context.Background(), newDesk(t)
			if _, err := d.Set(ctx, flags.BlueprintWelcome, flags.Percent, 50, "usr_creator", ""); err != nil {
				t.Fatal(err)
			}
			d.crowd(t, 0, 400, 50, 100, 0, 100)
			d.Outcomes = slow{d.db, func() {
				d.clock.Advance(time.Second)
				if _, err := d.Set(ctx, flags.BlueprintWelcome, c.state, c.percent, "usr_creator", "I know"); err != nil {
					t.Error(err)
				}
			}}
			halted, err := d.Guard(ctx)
			got, _ := d.Get(ctx, flags.BlueprintWelcome)
			if err != nil || len(halted) != 0 || got.State != c.state || got.Reason != "I know" {
				t.Errorf("%v, %+v, %v", halted, got, err)
			}
		})
	}
}

func ExampleJudge() {
	halt, why := flags.Judge(flags.Sample{Users: 200, Completed: 70}, flags.Sample{Users: 1800, Completed: 900})
	fmt.Println(halt, why)
	// Output: true 35.0% of the 200 users inside completed the flow, against 50.0% of the 1800 outside: a fall of 20% or more
}
