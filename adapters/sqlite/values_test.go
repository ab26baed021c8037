package sqlite

import (
	"context"
	"testing"
	"time"
)

func TestValuesComeBackAsTheyWent(t *testing.T) {
	db := open(t, Options{})
	type id string
	type doc struct{ A, B int }
	when := time.Date(2030, 2, 3, 4, 5, 6, 789e6, time.FixedZone("here", 3600))
	ask := func(text string, dest any, args ...any) {
		t.Helper()
		_, err := one(limited(t), db, func(s scanner) (struct{}, error) { return struct{}{}, s.Scan(dest) }, text, args...)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	var at, never time.Time
	ask(`SELECT ?`, timeIn(&at), ms(when))
	never = when
	ask(`SELECT ?`, timeIn(&never), msOrNull(time.Time{}))
	if !at.Equal(when) || at.Location() != time.UTC || !never.IsZero() {
		t.Errorf("times: %v and %v", at, never)
	}
	yes, no := false, true
	ask(`SELECT ?`, boolIn(&yes), true)
	ask(`SELECT NULL`, boolIn(&no))
	if !yes || no {
		t.Errorf("booleans: %v %v", yes, no)
	}
	word, none := id(""), id("full")
	ask(`SELECT ?`, textIn(&word), textOrNull(id("usr_1")))
	ask(`SELECT ?`, textIn(&none), textOrNull(id("")))
	if word != "usr_1" || none != "" {
		t.Errorf("texts: %q %q", word, none)
	}
	five, zero := 0, 7
	ask(`SELECT ?`, intIn(&five), intOrNull(5))
	ask(`SELECT ?`, intIn(&zero), intOrNull(0))
	if five != 5 || zero != 0 {
		t.Errorf("integers: %d %d", five, zero)
	}
	text, err := jsonText(doc{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	var back doc
	ask(`SELECT ?`, jsonIn(&back), text)
	if back != (doc{1, 2}) {
		t.Errorf("JSON: %+v", back)
	}
	for name, dest := range map[string]any{
		"time": timeIn(&at), "boolean": boolIn(&yes), "integer": intIn(&five), "JSON": jsonIn(&back),
	} {
		if _, err := one(limited(t), db, func(s scanner) (struct{}, error) { return struct{}{}, s.Scan(dest) }, `SELECT 1.5`); err == nil {
			t.Errorf("a fraction was taken for a %s", name)
		}
	}
}

func TestManyTextsDoNotGrowTheCacheForEver(t *testing.T) {
	db := open(t, Options{})
	err := db.Update(limited(t), func(ctx context.Context, tx *Tx) error {
		for i := range 2 * maxStatements {
			if _, err := one(ctx, tx, scalar[int], "SELECT 1"+spaces(i)); err != nil {
				return err
			}
		}
		if n := len(tx.w.statements.kept); n != maxStatements {
			t.Errorf("%d statements are kept, want %d", n, maxStatements)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func spaces(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = ' '
	}
	return string(b)
}
