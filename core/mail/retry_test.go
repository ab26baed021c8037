package mail

import (
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		attempt int
		want    time.Duration
		more    bool
	}{
		"the first try again after a minute":     {1, time.Minute, true},
		"the last pause is a day":                {11, 24 * time.Hour, true},
		"the twelfth is the last":                {12, 0, false},
		"nothing comes after the last":           {40, 0, false},
		"an attempt before the first is no trap": {0, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, more := RetryAfter(c.attempt)
			if got != c.want || more != c.more {
				t.Errorf("RetryAfter(%d) = %v, %v, want %v, %v", c.attempt, got, more, c.want, c.more)
			}
		})
	}
	t.Run("pauses never get shorter", func(t *testing.T) {
		for n, before := 1, time.Duration(0); n < Attempts; n++ {
			d, _ := RetryAfter(n)
			if d < before {
				t.Errorf("after attempt %d: %v, after the one before: %v", n, d, before)
			}
			before = d
		}
	})
}

func TestOutagePauseStaysShort(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 10 * time.Second, 1: 10 * time.Second, 2: 20 * time.Second, 4: 80 * time.Second, 7: 10 * time.Minute, 1000: 10 * time.Minute} {
		if got := outagePause(n); got != want {
			t.Errorf("after %d rounds: %v, want %v", n, got, want)
		}
	}
}
