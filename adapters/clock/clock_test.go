package clock

import (
	"testing"
	"time"

	"sselfie/core"
)

type fixed time.Time

func (f fixed) Now() time.Time { return time.Time(f) }

func TestSystem(t *testing.T) {
	var c core.Clock = System{}
	now := c.Now()
	if now.Location() != time.UTC {
		t.Errorf("the clock speaks %v", now.Location())
	}
	if now != now.Round(0) {
		t.Error("the time carries its monotonic part")
	}
}

func TestShifted(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := NewShifted(fixed(noon), 0)
	var _ core.Clock = s
	if got := s.Now(); !got.Equal(noon) {
		t.Errorf("an unmoved clock says %v", got)
	}
	s.SetOffset(72 * time.Hour)
	if got, want := s.Now(), noon.AddDate(0, 0, 3); !got.Equal(want) {
		t.Errorf("three days on it says %v", got)
	}
	leap := time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)
	offset := s.Set(leap)
	if got := s.Now(); !got.Equal(leap) || got.Location() != time.UTC {
		t.Errorf("set to the leap day it says %v", got)
	}
	if again := NewShifted(fixed(noon.Add(time.Minute)), offset); !again.Now().Equal(leap.Add(time.Minute)) {
		t.Errorf("a minute after a restart it says %v", again.Now())
	}
}
