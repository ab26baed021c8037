package core_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"sselfie/core"
)

func TestMoneyAsPeopleReadIt(t *testing.T) {
	for want, m := range map[string]core.Money{
		"$49":                         {Minor: 4900, Currency: "usd"},
		"$77.60":                      {Minor: 7760, Currency: "usd"},
		"$0":                          {Minor: 0, Currency: "usd"},
		"$0.05":                       {Minor: 5, Currency: "usd"},
		"$0.50":                       {Minor: 50, Currency: "usd"},
		"$1,234.56":                   {Minor: 123456, Currency: "usd"},
		"$1,000,000":                  {Minor: 100000000, Currency: "usd"},
		"$999":                        {Minor: 99900, Currency: "usd"},
		"-$20":                        {Minor: -2000, Currency: "usd"},
		"-$0.01":                      {Minor: -1, Currency: "usd"},
		"€67":                         {Minor: 6700, Currency: "eur"},
		"£10.09":                      {Minor: 1009, Currency: "gbp"},
		"49 CHF":                      {Minor: 4900, Currency: "chf"},
		"$92,233,720,368,547,758.07":  {Minor: math.MaxInt64, Currency: "usd"},
		"-$92,233,720,368,547,758.08": {Minor: math.MinInt64, Currency: "usd"},
	} {
		if got := m.String(); got != want {
			t.Errorf("%+v reads %q, want %q", m, got, want)
		}
	}
}

var fold = core.NewFold(norm.NFKC.String)

func TestAddressesThatAreOneMailbox(t *testing.T) {
	for name, same := range map[string][]string{
		"case":                      {"ada@example.com", "Ada@Example.COM", "ADA@EXAMPLE.COM"},
		"space around it":           {"ada@example.com", "  ada@example.com", "ada@example.com\t\n", "\u00a0ada@example.com\u3000"},
		"composed or not":           {"zoë@example.com", "zoe\u0308@example.com", "ZOE\u0308@example.com"},
		"wide letters":              {"ada@example.com", "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ"},
		"ligatures":                 {"office@example.com", "oﬃce@example.com"},
		"composed in small letters": {"\u01f0@example.com", "J\u030c@example.com", "j\u030c@example.com"},
		"the sign of kelvin":        {"k@example.com", "\u212a@example.com"},
	} {
		for _, s := range same {
			if fold(s) != fold(same[0]) {
				t.Errorf("%s: %q folds to %q, %q to %q", name, same[0], fold(same[0]), s, fold(s))
			}
		}
	}
}

func TestAddressesThatAreTwoMailboxes(t *testing.T) {
	seen := map[core.EmailKey]string{}
	for _, s := range []string{"ada@example.com", "ada+shop@example.com", "a.da@example.com", "ada@example.org", "zoe@example.com", "zoë@example.com"} {
		if other, taken := seen[fold(s)]; taken {
			t.Errorf("%q and %q fold alike", s, other)
		}
		seen[fold(s)] = s
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := fold(rapid.String().Draw(t, "address"))
		if twice := fold(string(once)); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}

func TestErrors(t *testing.T) {
	cause := errors.New("disk full")
	e := &core.Error{Code: core.Unavailable, Op: "sqlite.Update", Message: "Try again in a minute.", Err: cause}
	wrapped := fmt.Errorf("sign up: %w", e)
	if got, want := e.Error(), "sqlite.Update: unavailable: Try again in a minute.: disk full"; got != want {
		t.Errorf("the log reads %q, want %q", got, want)
	}
	if got := (&core.Error{Code: core.NotFound}).Error(); got != "not_found" {
		t.Errorf("the log reads %q", got)
	}
	for name, c := range map[string]struct {
		err  error
		want core.Code
	}{
		"none":                        {nil, ""},
		"ours":                        {e, core.Unavailable},
		"ours inside another":         {wrapped, core.Unavailable},
		"ours inside ours":            {&core.Error{Code: core.Conflict, Err: e}, core.Conflict},
		"ours among several":          {errors.Join(cause, e), core.Unavailable},
		"somebody else's is internal": {cause, core.Internal},
	} {
		if got := core.CodeOf(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if core.Is(c.err, core.Unavailable) != (c.want == core.Unavailable) || core.Is(nil, "") {
			t.Errorf("%s: Is", name)
		}
	}
	if !errors.Is(wrapped, cause) {
		t.Error("the cause is lost")
	}
	f := core.FieldError("op", "email", "Enter it.")
	if f.Code != core.Invalid || f.Fields["email"] != "Enter it." || f.Message != "Enter it." || f.Op != "op" {
		t.Errorf("%+v", f)
	}
}
