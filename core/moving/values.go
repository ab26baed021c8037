package moving

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// layouts are how exports write times.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999-07", "2006-01-02 15:04:05.999999999 -0700 MST",
	"2006-01-02 15:04:05.999999999 MST", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", time.DateOnly,
}

// when reads a time; "" is the zero time. A number is seconds or milliseconds
// since 1970.
func when(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var t time.Time
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 1e11 {
		t = time.UnixMilli(n)
	} else if err == nil && n > 1e8 {
		t = time.Unix(n, 0)
	} else {
		for _, l := range layouts {
			if t, err = time.Parse(l, text); err == nil {
				break
			}
		}
	}
	if y := t.Year(); y < 1990 || y > 2200 {
		return time.Time{}, fmt.Errorf("%q is no time", clip(text, 40))
	}
	return t.UTC(), nil
}

func yes(text string) bool {
	switch strings.ToLower(text) {
	case "true", "t", "1", "yes", "y":
		return true
	}
	return false
}

// whole reads a whole number; "" is 0.
func whole(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(text, ".0"))
	if err != nil || n > 1_000_000_000 || n < -1_000_000_000 {
		return 0, fmt.Errorf("%q is no whole number", clip(text, 40))
	}
	return n, nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// currency reads a currency's three letters; "" is fallback.
func currency(text, fallback string) (string, error) {
	if text == "" {
		return fallback, nil
	}
	low := strings.ToLower(text)
	if len(low) != 3 || strings.Trim(low, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", fmt.Errorf("%q is none", clip(text, 40))
	}
	return low, nil
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
