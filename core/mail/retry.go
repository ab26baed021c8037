package mail

import "time"

// Attempts is how often a letter is tried before it is given up.
const Attempts = 12

// waits are the pauses after each failed attempt: quick at first, because most
// trouble is greylisting, then patient for two and a half days.
var waits = [Attempts - 1]time.Duration{
	1 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	1 * time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
	12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// RetryAfter returns how long to wait after the given attempt failed, counted
// from 1. It returns false when that attempt was the last.
func RetryAfter(attempt int) (time.Duration, bool) {
	if attempt >= Attempts {
		return 0, false
	}
	return waits[max(attempt, 1)-1], true
}

// outagePause returns how long the whole outbox rests after the n-th round in a
// row that met no working server: ten seconds, because most are over at once, then
// twice as long each time up to ten minutes. An outage costs no letter an
// attempt, and everything goes out as soon as the server is back.
func outagePause(n int) time.Duration {
	return min(10*time.Second<<min(max(n-1, 0), 6), 10*time.Minute)
}
