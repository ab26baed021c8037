// Package jobs decides what runs when, and what was missed. What is due is a
// function of the clock and of the runs that were kept: a ticker only asks it,
// and time travel asks the same.
package jobs

import (
	"fmt"
	"time"
)

// Name is a job's name, as people type it: refresh-segments.
type Name string

// Schedule says when a job is due: every hour or every day, at a minute, UTC.
// The zero value is a job that works all the time beside the schedule, and is
// only run by hand.
type Schedule struct {
	Every time.Duration // time.Hour, 24 hours, or 0
	At    time.Duration // after the full hour, or after midnight
}

// Hourly is due at every full hour.
func Hourly() Schedule { return Schedule{Every: time.Hour} }

// DailyAt is due once a day at hour:minute UTC.
func DailyAt(hour, minute int) Schedule {
	return Schedule{Every: 24 * time.Hour, At: time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute}
}

// Continuous is never due: something else keeps the job going.
func Continuous() Schedule { return Schedule{} }

// String returns the schedule in words.
func (s Schedule) String() string {
	if s.Every == 0 {
		return "continuously"
	}
	if s.Every == time.Hour {
		return "hourly"
	}
	return fmt.Sprintf("daily at %02d:%02d UTC", int(s.At.Hours()), int(s.At.Minutes())%60)
}

// Latest returns the last scheduled time at or before now, the zero time when
// there is none.
func (s Schedule) Latest(now time.Time) time.Time {
	if s.Every == 0 {
		return time.Time{}
	}
	// Truncate counts from the zero time, which is a midnight in UTC; the Earth's
	// days all have 24 hours there.
	return now.UTC().Add(-s.At).Truncate(s.Every).Add(s.At)
}

// Next returns the first scheduled time after t, the zero time when there is none.
func (s Schedule) Next(t time.Time) time.Time {
	if s.Every == 0 {
		return time.Time{}
	}
	return s.Latest(t).Add(s.Every)
}

// Last is what is known of a job's scheduled runs: the newest of them, or the
// time since which the job exists when it never ran.
type Last struct {
	ScheduledFor time.Time
	Unfinished   bool // it was started, and nobody is at it now
}

// Due decides whether a job runs at now, for which scheduled time, and why.
//
// A run that was cut off is resumed, unless its successor is due already. Times
// that passed while nobody was there count once: the latest of them runs. A
// clock that was set back makes nothing due a second time.
func Due(now time.Time, s Schedule, last Last) (scheduledFor time.Time, due bool, reason string) {
	slot := s.Latest(now)
	switch {
	case s.Every == 0:
		return slot, false, "it works all the time"
	case slot.After(last.ScheduledFor):
		missed := int(slot.Sub(last.ScheduledFor)/s.Every) - 1
		if s.Latest(last.ScheduledFor) != last.ScheduledFor {
			missed++ // counted from the installation, which is no scheduled time
		}
		switch {
		case missed == 1:
			return slot, true, "a scheduled time passed without a run; it runs once for both"
		case missed > 1:
			return slot, true, fmt.Sprintf("%d scheduled times passed without a run; it runs once for all", missed)
		case last.Unfinished:
			return slot, true, "the run before was cut off; this one takes over"
		}
		return slot, true, "its time has come"
	case last.Unfinished:
		return last.ScheduledFor, true, "it was cut off and is resumed"
	}
	return slot, false, "it has run for " + last.ScheduledFor.UTC().Format(time.RFC3339)
}
