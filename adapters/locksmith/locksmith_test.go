package locksmith

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"sselfie/core"
)

func TestIDs(t *testing.T) {
	var ids core.IDs = IDs{}
	made := make([]string, 1000)
	for i := range made {
		made[i] = ids.NewID("usr")
		if !regexp.MustCompile(`^usr_[0-9a-f]{32}$`).MatchString(made[i]) {
			t.Fatalf("id %q", made[i])
		}
	}
	if !slices.IsSorted(made) {
		t.Error("ids made one after the other do not sort in that order")
	}
	if len(slices.Compact(made)) != 1000 {
		t.Error("the same id twice")
	}
}

func TestTokens(t *testing.T) {
	var tokens core.Tokens = Tokens{}
	a, b := tokens.NewToken(), tokens.NewToken()
	if a == b || !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(a) {
		t.Errorf("tokens %q, %q", a, b)
	}
	if got, want := tokens.HashToken("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestFold(t *testing.T) {
	fold := NewFold()
	for name, c := range map[string]struct{ a, b string }{
		"case":                  {"Ada@Example.com", "ada@example.COM"},
		"space around":          {"  ada@example.com\n", "ada@example.com"},
		"full width letters":    {"ａｄａ@example.com", "ada@example.com"},
		"composed and not":      {"zoe\u0301@example.com", "zo\u00e9@example.com"},
		"the ligature fi":       {"\ufb01n@example.com", "fin@example.com"},
		"a no-break space":      {"\u00a0ada@example.com", "ada@example.com"},
		"capitals with a point": {"\u00c9va@example.com", "\u00e9va@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			if fold(c.a) != fold(c.b) {
				t.Errorf("%q and %q fold apart: %q, %q", c.a, c.b, fold(c.a), fold(c.b))
			}
		})
	}
	if fold("ada+shop@example.com") == fold("ada@example.com") {
		t.Error("a plus tag was lost")
	}
	if fold(" \t") != "" {
		t.Error("nothing folds to something")
	}
}

func TestSigner(t *testing.T) {
	s, err := NewSigner(NewKey())
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewSigner(NewKey())
	if err != nil {
		t.Fatal(err)
	}
	sig := s.Sign("unsubscribe", "usr_1")
	for name, c := range map[string]struct {
		by                        Signer
		purpose, value, signature string
		want                      bool
	}{
		"the value that was signed":          {s, "unsubscribe", "usr_1", sig, true},
		"another value":                      {s, "unsubscribe", "usr_2", sig, false},
		"another purpose":                    {s, "click", "usr_1", sig, false},
		"purpose and value cut elsewhere":    {s, "unsubscribeu", "sr_1", sig, false},
		"another key":                        {other, "unsubscribe", "usr_1", sig, false},
		"no signature":                       {s, "unsubscribe", "usr_1", "", false},
		"a signature cut short":              {s, "unsubscribe", "usr_1", sig[:20], false},
		"something behind it":                {s, "unsubscribe", "usr_1", sig + "A", false},
		"one letter exchanged":               {s, "unsubscribe", "usr_1", flip(sig), false},
		"the last letter's unused bits used": {s, "unsubscribe", "usr_1", nudge(sig), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.by.Verify(c.purpose, c.value, c.signature); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	for _, key := range []string{"", "secret", strings.Repeat("0", 62), strings.Repeat("z", 64)} {
		if _, err := NewSigner(key); err == nil || (key != "" && strings.Contains(err.Error(), key)) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

func flip(s string) string {
	b := []byte(s)
	b[3] ^= 1
	if b[3] == '@' || b[3] == '`' || b[3] == '[' || b[3] == '{' {
		b[3] = 'Q'
	}
	return string(b)
}

// nudge changes bits of the last letter that no byte of the signature uses.
func nudge(s string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(letters, s[len(s)-1])
	return s[:len(s)-1] + string(letters[i^1])
}
