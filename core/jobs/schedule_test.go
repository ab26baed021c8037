package jobs

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSchedule(t *testing.T) {
	for name, c := range map[string]struct {
		s                 Schedule
		now, latest, next string
		words             string
	}{
		"before today's time":   {DailyAt(12, 30), "2026-03-01 12:29:59", "2026-02-28 12:30:00", "2026-03-01 12:30:00", "daily at 12:30 UTC"},
		"at today's time":       {DailyAt(12, 30), "2026-03-01 12:30:00", "2026-03-01 12:30:00", "2026-03-02 12:30:00", "daily at 12:30 UTC"},
		"midnight":              {DailyAt(0, 0), "2026-03-01 00:00:00", "2026-03-01 00:00:00", "2026-03-02 00:00:00", "daily at 00:00 UTC"},
		"over a leap day":       {DailyAt(3, 0), "2028-02-29 02:00:00", "2028-02-28 03:00:00", "2028-02-29 03:00:00", "daily at 03:00 UTC"},
		"the night clocks jump": {DailyAt(3, 0), "2026-03-29 03:00:00", "2026-03-29 03:00:00", "2026-03-30 03:00:00", "daily at 03:00 UTC"},
		"inside an hour":        {Hourly(), "2026-03-01 12:59:59", "2026-03-01 12:00:00", "2026-03-01 13:00:00", "hourly"},
		"over the year's end":   {Hourly(), "2026-12-31 23:30:00", "2026-12-31 23:00:00", "2027-01-01 00:00:00", "hourly"},
	} {
		t.Run(name, func(t *testing.T) {
			now := at(c.now)
			if got := c.s.Latest(now); !got.Equal(at(c.latest)) {
				t.Errorf("latest %v", got)
			}
			if got := c.s.Next(now); !got.Equal(at(c.next)) {
				t.Errorf("next %v", got)
			}
			if got := c.s.String(); got != c.words {
				t.Errorf("in words %q", got)
			}
		})
	}
}

func TestWhatWorksAllTheTimeIsNeverDue(t *testing.T) {
	s := Continuous()
	if _, due, _ := Due(at("2026-03-01 12:00:00"), s, Last{}); due || !s.Next(at("2026-03-01 12:00:00")).IsZero() || s.String() != "continuously" {
		t.Errorf("due %v, next %v, %q", due, s.Next(at("2026-03-01 12:00:00")), s)
	}
}

func TestDue(t *testing.T) {
	noon := DailyAt(12, 0)
	for name, c := range map[string]struct {
		now, last  string
		unfinished bool
		want       string // scheduled time, "" for not due
		reason     string
	}{
		"just before":                           {"2026-03-02 11:59:59", "2026-03-01 12:00:00", false, "", "it has run for 2026-03-01T12:00:00Z"},
		"at its time":                           {"2026-03-02 12:00:00", "2026-03-01 12:00:00", false, "2026-03-02 12:00:00", "its time has come"},
		"right after it ran":                    {"2026-03-02 12:00:01", "2026-03-02 12:00:00", false, "", "it has run"},
		"a week away runs once":                 {"2026-03-09 09:00:00", "2026-03-01 12:00:00", false, "2026-03-08 12:00:00", "6 scheduled times passed"},
		"cut off and back at once":              {"2026-03-01 12:10:00", "2026-03-01 12:00:00", true, "2026-03-01 12:00:00", "cut off and is resumed"},
		"cut off and back the next day":         {"2026-03-02 12:10:00", "2026-03-01 12:00:00", true, "2026-03-02 12:00:00", "this one takes over"},
		"installed in the morning, then noon":   {"2026-03-01 12:00:00", "2026-03-01 09:13:00", false, "2026-03-01 12:00:00", "its time has come"},
		"installed in the evening":              {"2026-03-01 22:00:00", "2026-03-01 21:00:00", false, "", ""},
		"installed on Sunday, back on Tuesday":  {"2026-03-03 22:00:00", "2026-03-01 21:00:00", false, "2026-03-03 12:00:00", "runs once for both"},
		"a clock set back does not repeat":      {"2026-02-20 12:00:00", "2026-03-01 12:00:00", false, "", "it has run"},
		"a clock set back resumes what was cut": {"2026-02-20 12:00:00", "2026-03-01 12:00:00", true, "2026-03-01 12:00:00", "resumed"},
	} {
		t.Run(name, func(t *testing.T) {
			slot, due, reason := Due(at(c.now), noon, Last{at(c.last), c.unfinished})
			if due != (c.want != "") || (due && !slot.Equal(at(c.want))) {
				t.Errorf("got %v, %v", slot, due)
			}
			if !strings.Contains(reason, c.reason) {
				t.Errorf("reason %q, want %q", reason, c.reason)
			}
		})
	}
}

// TestDueRunsEachTimeOnce walks a random clock: whatever the steps, every run is
// for a scheduled time that has come, none comes twice, and none is due when
// nothing has passed.
func TestDueRunsEachTimeOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Hourly()
		if rapid.Bool().Draw(t, "daily") {
			s = DailyAt(rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
		}
		now := at("2026-01-01 00:00:00").Add(time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour)).Draw(t, "start")))
		last := Last{ScheduledFor: now}
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(72*time.Hour)).Draw(t, "step")))
			slot, due, _ := Due(now, s, last)
			if passed := s.Next(last.ScheduledFor); due == passed.After(now) {
				t.Fatalf("due %v at %v although the next time after %v is %v", due, now, last.ScheduledFor, passed)
			}
			if !due {
				continue
			}
			if slot.After(now) || !slot.After(last.ScheduledFor) || !s.Latest(slot).Equal(slot) {
				t.Fatalf("at %v it ran for %v after %v", now, slot, last.ScheduledFor)
			}
			last = Last{ScheduledFor: slot}
			if _, again, _ := Due(now, s, last); again {
				t.Fatalf("due twice at %v", now)
			}
		}
	})
}
