package web

import (
	"testing"

	"sselfie/core/credits"
)

func TestUpgradeTrigger(t *testing.T) {
	grant := func(n int) credits.Entry { return credits.Entry{Type: credits.Purchase, Amount: n} }
	spend := credits.Entry{Type: credits.Spend, Amount: -1}
	back := credits.Entry{Type: credits.GiveBack, Amount: 500}
	for name, c := range map[string]struct {
		balance int
		lines   []credits.Entry
		want    string
	}{
		"nothing left":                           {0, []credits.Entry{spend, grant(2)}, "credits_out"},
		"below 30 and half, after a spend":       {24, []credits.Entry{spend, grant(50)}, "credits_low"},
		"half is not below half":                 {25, []credits.Entry{spend, grant(50)}, "button"},
		"nothing spent yet":                      {2, []credits.Entry{grant(50)}, "button"},
		"30 is not low":                          {30, []credits.Entry{spend, grant(200)}, "button"},
		"the last grant counts, not the largest": {10, []credits.Entry{spend, grant(12), grant(200)}, "button"},
		"what was given back is no grant":        {10, []credits.Entry{back, spend, grant(15)}, "button"},
		"a ledger without lines":                 {2, nil, "button"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := upgradeTrigger(c.balance, c.lines); got != c.want {
				t.Fatalf("%s, want %s", got, c.want)
			}
		})
	}
}
