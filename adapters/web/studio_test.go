package web

import (
	"testing"
	"time"

	"sselfie/core/credits"
)

func TestUsageOfALedger(t *testing.T) {
	now := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	line := func(kind credits.Type, n, days int) credits.Entry {
		return credits.Entry{Type: kind, Amount: n, At: at(days)}
	}
	for name, c := range map[string]struct {
		lines []credits.Entry
		want  usage
	}{
		"a ledger without lines":                 {nil, usage{}},
		"the last grant counts, not the largest": {[]credits.Entry{line(credits.Purchase, 12, 1), line(credits.Purchase, 200, 2)}, usage{lastGrant: 12}},
		"what was given back is no grant":        {[]credits.Entry{line(credits.GiveBack, 20, 1), line(credits.Spend, -20, 1), line(credits.Purchase, 50, 3)}, usage{lastGrant: 50, spent: true}},
		"a month is thirty days":                 {[]credits.Entry{line(credits.Spend, -3, 29), line(credits.Spend, -9, 31), line(credits.Purchase, 50, 40)}, usage{lastGrant: 50, spent: true, month: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			var got usage
			got.add(c.lines, at(30))
			if got != c.want {
				t.Fatalf("%+v, want %+v", got, c.want)
			}
		})
	}
}
