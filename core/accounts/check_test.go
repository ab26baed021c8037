package accounts_test

import (
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"sselfie/core/accounts"
)

// elsewhere are return paths that lead away from this site, or try to.
var elsewhere = []string{
	"", " ", "evil.test", "evil.test/studio", "studio",
	"//evil.test", "///evil.test", "////evil.test", "//evil.test/studio", "//evil.test@ours.test", "//user:pass@evil.test/",
	`/\evil.test`, `\\evil.test`, `\/evil.test`, `/\/evil.test`, `//\evil.test`, `/studio\..\..\evil.test`,
	"https:evil.test", "https:/evil.test", "https://evil.test", "http://evil.test", "HTTPS://EVIL.TEST", "ftp://evil.test", "https://ours.test@evil.test",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://ours.test/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "mailto:a@evil.test",
	"/\t/evil.test", "/%09/evil.test", "\t//evil.test", "/\n/evil.test", "/studio\r\nSet-Cookie: a=b", "/studio%0d%0aSet-Cookie:a=b", "/%0a/evil.test", "/studio\x00", "/%00",
	"/%2fevil.test", "/%2f%2fevil.test", "/%5cevil.test", "/%5Cevil.test", "/%2Fevil.test",
	"/\u2215evil.test", "/\u2044evil.test", "//evil\u3002test", "//evil\uff0etest", "/\uff0fevil.test", "/stüdio", "\u00a0//evil.test", "/\u202eevil.test", "/\ufeff/evil.test",
	" //evil.test", "/ /evil.test", "/%zz", "/%", "?next=//evil.test", "#//evil.test", ".//evil.test", "../evil.test",
	"/" + strings.Repeat("a", 2000), "\xff\xfe", "/\xffevil",
}

func TestReturnPathsThatLeadElsewhere(t *testing.T) {
	if len(elsewhere) < 40 {
		t.Fatalf("only %d payloads", len(elsewhere))
	}
	for _, s := range elsewhere {
		if got := accounts.SafePath(s); got != "/studio" {
			t.Errorf("%q becomes %q, want /studio", s, got)
		}
	}
}

func TestReturnPathsOnThisSite(t *testing.T) {
	for _, s := range []string{
		"/", "/studio", "/studio?tab=blueprint&purchase=success", "/checkout-upgrade?promo=MINI20", "/account#billing", "/a/b/c", "/blueprint?paid=true",
		"/feed-planner?quick=true", "/studio?next=//evil.test", "/studio?x=https://evil.test", "/studio?q=%C3%BC", "/a%20b", "/x:y", "/@ada", "/studio#//evil.test",
	} {
		if got := accounts.SafePath(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

// stays reports what is wrong with a path as a browser would follow it.
func stays(s string) string {
	base, _ := url.Parse("http://ours.test/deep/page")
	u, err := base.Parse(s)
	switch {
	case err != nil:
		return err.Error()
	case u.Host != "ours.test" || u.Scheme != "http" || u.User != nil:
		return "it leads to " + u.String()
	case !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, `\`):
		return "a browser may read it as another host"
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "it holds characters that do not belong in a header"
	}
	return ""
}

func FuzzSafePath(f *testing.F) {
	for _, s := range elsewhere {
		f.Add(s)
	}
	f.Add("/studio?tab=blueprint")
	f.Fuzz(func(t *testing.T, s string) {
		got := accounts.SafePath(s)
		if why := stays(got); why != "" {
			t.Errorf("%q becomes %q: %s", s, got, why)
		}
		if again := accounts.SafePath(got); again != got {
			t.Errorf("%q becomes %q, and that %q", s, got, again)
		}
	})
}

var addresses = map[string]struct {
	address string
	good    bool
}{
	"plain":                    {"ada@example.com", true},
	"space around it":          {"  ada@example.com ", true},
	"plus tag":                 {"ada+shop@example.com", true},
	"dots and dashes":          {"ada.b-c_d@mail.example-shop.co.uk", true},
	"capitals":                 {"Ada@Example.COM", true},
	"letters of the world":     {"zoë@bücher.example", true},
	"no dot, as in demo mode":  {"hello@localhost", true},
	"apostrophe":               {"o'neil@example.com", true},
	"longest local part":       {strings.Repeat("a", 64) + "@example.com", true},
	"254 bytes":                {strings.Repeat("a", 64) + "@" + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "." + strings.Repeat("d", 60) + ".test.x", true},
	"nothing":                  {"", false},
	"blank":                    {"   ", false},
	"no at":                    {"ada.example.com", false},
	"nothing before the at":    {"@example.com", false},
	"nothing after the at":     {"ada@", false},
	"two":                      {"ada@example.com, eve@example.com", false},
	"two with a semicolon":     {"ada@example.com;eve@example.com", false},
	"two ats":                  {"ada@eve@example.com", false},
	"a name":                   {"Ada <ada@example.com>", false},
	"angle brackets":           {"<ada@example.com>", false},
	"quoted":                   {`"ada lovelace"@example.com`, false},
	"a comment":                {"ada(x)@example.com", false},
	"a group":                  {"all: ada@example.com;", false},
	"a space inside":           {"ada love@example.com", false},
	"two dots":                 {"ada@example..com", false},
	"a dot at the beginning":   {".ada@example.com", false},
	"a header":                 {"ada@example.com\r\nBcc: eve@example.com", false},
	"a line break":             {"ada@example.com\nx", false},
	"a zero":                   {"ada\x00@example.com", false},
	"a number for a host":      {"ada@[127.0.0.1]", false},
	"too long a local part":    {strings.Repeat("a", 65) + "@example.com", false},
	"too long":                 {"ada@" + strings.Repeat("a.", 130) + "com", false},
	"text that turns round":    {"ada\u202emoc.elpmaxe@x.test", false},
	"a space that nobody sees": {"ada\u200b@example.com", false},
	"a wide space":             {"ada\u3000@example.com", false},
	"not text":                 {"ada\xff@example.com", false},
}

func TestCheckAddress(t *testing.T) {
	for name, c := range addresses {
		t.Run(name, func(t *testing.T) {
			if msg := accounts.CheckAddress(c.address); (msg == "") != c.good {
				t.Errorf("%q: %q, want good: %v", c.address, msg, c.good)
			}
		})
	}
}

func FuzzCheckAddress(f *testing.F) {
	for _, c := range addresses {
		f.Add(c.address)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if accounts.CheckAddress(s) != "" {
			return
		}
		trimmed := strings.TrimSpace(s)
		a, err := mail.ParseAddress(trimmed)
		switch {
		case err != nil || a.Address != trimmed:
			t.Errorf("%q passes, and is %v (%v) to a mail server", s, a, err)
		case len(trimmed) > 254 || !utf8.ValidString(trimmed) || strings.ContainsAny(trimmed, "\r\n\t \x00<>\",;"):
			t.Errorf("%q passes", s)
		}
	})
}

func TestCheckPassword(t *testing.T) {
	for name, c := range map[string]struct {
		password string
		good     bool
	}{
		"eight":                           {"12345678", true},
		"eight letters of the world":      {"пароль12", true},
		"eight pictures":                  {strings.Repeat("🐎", 8), true},
		"spaces are fine":                 {"a b c d e", true},
		"128":                             {strings.Repeat("x", 128), true},
		"128 pictures are 512 bytes":      {strings.Repeat("🐎", 128), true},
		"seven":                           {"1234567", false},
		"seven letters in fourteen bytes": {"пароль1", false},
		"nothing":                         {"", false},
		"129":                             {strings.Repeat("x", 129), false},
		"129 pictures":                    {strings.Repeat("🐎", 129), false},
		"not text":                        {"12345678\xff", false},
		"a megabyte":                      {strings.Repeat("x", 1<<20), false},
	} {
		t.Run(name, func(t *testing.T) {
			if msg := accounts.CheckPassword(c.password); (msg == "") != c.good {
				t.Errorf("%q, want good: %v", msg, c.good)
			}
		})
	}
}
