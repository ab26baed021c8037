package sqlite

import (
	"encoding/json"
	"fmt"
	"time"
)

// ms returns t as it is stored: milliseconds since the epoch.
func ms(t time.Time) int64 { return t.UnixMilli() }

// msOrNull returns t as it is stored, NULL for the zero time.
func msOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// fromMS returns the time that was stored as n, in UTC.
func fromMS(n int64) time.Time { return time.UnixMilli(n).UTC() }

// textOrNull returns s, NULL when it is empty.
func textOrNull[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// intOrNull returns n, NULL when it is zero.
func intOrNull[N ~int | ~int64](n N) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

// jsonText returns v as JSON text, for the columns that nobody queries by.
func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// scanFunc lets a function receive a column.
type scanFunc func(src any) error

// Scan implements sql.Scanner.
func (f scanFunc) Scan(src any) error { return f(src) }

// timeIn scans stored milliseconds into t; NULL becomes the zero time.
func timeIn(t *time.Time) scanFunc {
	return func(src any) error {
		switch n := src.(type) {
		case nil:
			*t = time.Time{}
		case int64:
			*t = fromMS(n)
		default:
			return fmt.Errorf("a time is stored as %T, want integer milliseconds", src)
		}
		return nil
	}
}

// boolIn scans 0, 1 or NULL into b.
func boolIn(b *bool) scanFunc {
	return func(src any) error {
		switch n := src.(type) {
		case nil:
			*b = false
		case int64:
			*b = n != 0
		default:
			return fmt.Errorf("a boolean is stored as %T, want 0 or 1", src)
		}
		return nil
	}
}

// textIn scans a text into s; NULL becomes the empty text.
func textIn[S ~string](s *S) scanFunc {
	return func(src any) error {
		switch v := src.(type) {
		case nil:
			*s = ""
		case string:
			*s = S(v)
		case []byte:
			*s = S(v)
		default:
			return fmt.Errorf("a text is stored as %T", src)
		}
		return nil
	}
}

// intIn scans an integer into n; NULL becomes zero.
func intIn[N ~int | ~int64](n *N) scanFunc {
	return func(src any) error {
		switch v := src.(type) {
		case nil:
			*n = 0
		case int64:
			*n = N(v)
		default:
			return fmt.Errorf("an integer is stored as %T", src)
		}
		return nil
	}
}

// jsonIn scans JSON text into v; NULL and the empty text leave v alone.
func jsonIn(v any) scanFunc {
	return func(src any) error {
		switch text := src.(type) {
		case nil:
			return nil
		case string:
			if text == "" {
				return nil
			}
			return json.Unmarshal([]byte(text), v)
		default:
			return fmt.Errorf("JSON is stored as %T, want text", src)
		}
	}
}
