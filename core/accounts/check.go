package accounts

import (
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckAddress returns what is wrong with an e-mail address, or "". It accepts
// the bare form of RFC 5322 with a domain, up to 254 bytes.
func CheckAddress(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return "Enter your e-mail address."
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 || strings.ContainsAny(s, "\r\n\x00<>\"") {
		return "This doesn't look like an e-mail address. It has the form name@example.com."
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || at > 64 || strings.Contains(s[at:], "..") || s[at+1] == '[' || strings.ContainsFunc(s, hidden) {
		return "This doesn't look like an e-mail address. It has the form name@example.com."
	}
	return ""
}

// hidden reports characters that nobody sees or types: controls, spaces, marks
// that turn the direction of text.
func hidden(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }

// CheckPassword returns what is wrong with a new password, or "": 8 to 128
// characters and at most 512 bytes (security.md, T15).
func CheckPassword(p string) string {
	switch n := utf8.RuneCountInString(p); {
	case !utf8.ValidString(p):
		return "A password is plain text."
	case n < 8:
		return "A password has at least 8 characters."
	case n > 128 || len(p) > 512:
		return "A password has at most 128 characters."
	}
	return ""
}

// SafePath returns a path on this site, or "/studio" for anything else: other
// hosts, schemes, control characters, backslashes (security.md, T43).
func SafePath(s string) string {
	const home = "/studio"
	if len(s) == 0 || len(s) > 2000 || s[0] != '/' || strings.HasPrefix(s, "//") {
		return home
	}
	for _, r := range s {
		if r < 0x21 || r == '\\' || r == 0x7f || r > 0x7e {
			return home
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\x00\r\n\t") {
		return home
	}
	return s
}

// afterSignUp answers the two places that a new account can land on.
func afterSignUp(next string) string {
	u, err := url.Parse(SafePath(next))
	if err == nil && u.Path == "/studio" && u.Query().Get("tab") == "blueprint" {
		return "/studio?tab=blueprint"
	}
	if err == nil && strings.HasPrefix(u.Path, "/checkout") {
		return SafePath(next)
	}
	return "/studio"
}

func itoa(n int) string { return strconv.Itoa(n) }
