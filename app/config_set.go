package app

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
)

// set reads text into a setting. The message says what is wrong and what to
// write; it never repeats a secret.
func set(k key, text string) (problem string) {
	shown := quote(k, text)
	with := func(format string, args ...any) string {
		msg := fmt.Sprintf(format, args...)
		if h := hints(k.field.Tag.Get("hint")); h != "" {
			msg += "; " + h
		}
		return msg
	}
	if u, ok := k.value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return with("%v", err)
		}
		return ""
	}
	if k.value.Type() == durationType {
		d, ok := parseDuration(text)
		switch {
		case !ok:
			return with("%s is not a length of time: write for example 90s, 15m, 72h or 30d", shown)
		case d < 0:
			return with("%s is negative: a length of time is 0 or more", shown)
		}
		k.value.SetInt(int64(d))
		return ""
	}
	switch k.value.Kind() {
	case reflect.String:
		if words := k.field.Tag.Get("oneof"); words != "" && text != "" && !contains(words, text) {
			return with("%s is not one of %s", shown, strings.Join(strings.Fields(words), ", "))
		}
		if strings.ContainsAny(text, "\x00\r") || (strings.Contains(text, "\n") && !isSecret(k.field)) {
			return with("holds a line break: write it on one line")
		}
		k.value.SetString(text)
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "1":
			k.value.SetBool(true)
		case "false", "0":
			k.value.SetBool(false)
		default:
			return with("%s is neither true nor false", shown)
		}
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return with("%s is not a whole number", shown)
		}
		lowest, _ := strconv.Atoi(k.field.Tag.Get("min"))
		if highest, err := strconv.Atoi(k.field.Tag.Get("max")); err == nil && (n < lowest || n > highest) {
			return with("%d is outside of %d to %d", n, lowest, highest)
		}
		k.value.SetInt(int64(n))
	default:
		return "cannot be set this way"
	}
	return ""
}

// quote returns text as a message may show it.
func quote(k key, text string) string {
	if isSecret(k.field) {
		return "this value"
	}
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "..."
	}
	return strconv.Quote(text)
}

func contains(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

// parseDuration reads what time.ParseDuration reads, and days: 30d. A number
// without a unit is no length of time, except 0.
func parseDuration(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > 36500 || n < -36500 {
			return 0, false
		}
		return time.Duration(n) * day, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// formatDuration writes what parseDuration reads, shortest first.
func formatDuration(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
