package web_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// demo turns everything on that only demo mode has.
func demo(o *web.Options) {
	o.Demo = true
	o.Mailbox = &fakeMailbox{}
	o.Travel = &fakeTravel{now: o.Clock.Now()}
	o.Gateway = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'")
		w.Header().Set("X-Frame-Options", "SAMEORIGIN")
		_, _ = fmt.Fprintf(w, "gateway %s %s", r.Method, r.URL.Path)
	})
}

// asked turns a route's pattern into an address.
func asked(pattern string) string {
	return strings.NewReplacer(":product", "bio-glow-up", ":id", "eml_1", "*", "x").Replace(pattern)
}

func TestEveryUnsafeRouteRefusesOtherSites(t *testing.T) {
	s := open(t, demo)
	exempt := map[string]bool{"/api/webhooks/stripe": true, "/api/webhooks/mail": true, "/unsubscribe": true}
	seen := 0
	for _, r := range s.srv.Routes() {
		if r.Method == "GET" || r.Method == "HEAD" || r.Method == "OPTIONS" {
			continue
		}
		seen++
		for name, c := range map[string]struct {
			header map[string]string
			passes bool
		}{
			"a foreign origin":            {header: map[string]string{"Origin": "https://evil.example"}},
			"no origin that it will name": {header: map[string]string{"Origin": "null"}},
			"another port":                {header: map[string]string{"Origin": "http://127.0.0.1:1"}},
			"our origin as a prefix":      {header: map[string]string{"Origin": s.opts.BaseURL + ".evil.example"}},
			"fetched across sites":        {header: map[string]string{"Sec-Fetch-Site": "cross-site"}},
			"fetched from a neighbour":    {header: map[string]string{"Sec-Fetch-Site": "same-site"}},
			"ours, but from elsewhere":    {header: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": s.opts.BaseURL}},
			"our own page":                {header: map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": s.opts.BaseURL}, passes: true},
			"typed by hand":               {header: map[string]string{"Sec-Fetch-Site": "none"}, passes: true},
			"no browser":                  {passes: true},
		} {
			a := s.do(ask{method: r.Method, path: asked(r.Path), header: c.header})
			refused := a.status == http.StatusForbidden
			if want := !c.passes && !exempt[r.Path]; refused != want {
				t.Errorf("%s %s, %s: %d, refused must be %v", r.Method, r.Path, name, a.status, want)
			}
		}
	}
	if seen < 15 {
		t.Fatalf("only %d unsafe routes: is the table read?", seen)
	}
}

// TestTheRouteTable names who may come in where, so that a new route is not
// added without saying so.
func TestTheRouteTable(t *testing.T) {
	s := open(t, demo)
	var lines []string
	for _, r := range s.srv.Routes() {
		if r.Method == "HEAD" {
			continue
		}
		who, body := "anybody", ""
		if r.Method != "GET" && strings.HasPrefix(r.Path, "/api/") {
			body = "{}"
		}
		a := s.do(ask{method: r.Method, path: asked(r.Path), body: body})
		switch {
		case a.status == http.StatusUnauthorized && !strings.Contains(a.body, "invalid_credentials"):
			who = "customers"
		case a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), "/auth/login"):
			who = "customers, after logging in"
		}
		lines = append(lines, fmt.Sprintf("%-5s %-40s %s", r.Method, r.Path, who))
	}
	slices.Sort(lines)
	golden(t, "routes.txt", strings.Join(slices.Compact(lines), "\n")+"\n")
}

func TestHeadersOfEveryClass(t *testing.T) {
	var out strings.Builder
	for _, mode := range []struct {
		name   string
		change func(*web.Options)
		paths  []string
	}{
		{"live", func(o *web.Options) { o.BaseURL = "https://shop.example" }, []string{
			"/", "/bio-glow-up", "/checkout/bio-glow-up", "/checkout/success", "/auth/login", "/auth/password/setup?token=x", "/auth/confirm?token=x",
			"/unsubscribe?token=x", "/api/auth/me", "/assets/none.css", "/nope", "/studio",
		}},
		{"signed in", func(*web.Options) {}, []string{"/studio", "/account", "/api/auth/me", "/checkout/bio-glow-up"}},
		{"demo", demo, []string{"/", "/checkout/bio-glow-up", "/gateway/pay/1", "/dev/mailbox", "/dev/mailbox/eml_1/frame", "/dev/mailbox.json"}},
	} {
		s := open(t, mode.change)
		cookie := ""
		if mode.name == "signed in" {
			cookie = s.signUp("ada@example.com")
		}
		for _, path := range mode.paths {
			host := ""
			if mode.name == "live" {
				host = "shop.example"
			}
			a := s.do(ask{path: path, host: host, cookie: cookie, header: map[string]string{"Accept": "text/html"}})
			fmt.Fprintf(&out, "%s %s %d\n", mode.name, path, a.status)
			var names []string
			for k := range a.header {
				if k != "Date" && k != "X-Request-Id" && k != "Content-Length" && k != "Etag" {
					names = append(names, k)
				}
			}
			slices.Sort(names)
			for _, k := range names {
				fmt.Fprintf(&out, "    %s: %s\n", k, strings.Join(a.header.Values(k), " | "))
			}
		}
	}
	golden(t, "headers.txt", out.String())
}

// TestCheckoutPolicyIsTheAgreedOne spells the policy out, beside the snapshot
// that could be updated without reading.
func TestCheckoutPolicyIsTheAgreedOne(t *testing.T) {
	const want = "default-src 'self'; script-src 'self' https://js.stripe.com https://*.js.stripe.com https://checkout.stripe.com; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com https://checkout.stripe.com https://link.com https://*.link.com; connect-src 'self' https://api.stripe.com https://checkout.stripe.com; img-src 'self' data: https://*.stripe.com; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	live := open(t)
	if got := live.get("/checkout/bio-glow-up").header.Get("Content-Security-Policy"); got != want {
		t.Errorf("live checkout: %s", got)
	}
	if got := live.get("/").header.Get("Content-Security-Policy"); strings.Contains(got, "stripe") {
		t.Errorf("another page names Stripe: %s", got)
	}
	inDemo := open(t, demo)
	if got := inDemo.get("/checkout/bio-glow-up").header.Get("Content-Security-Policy"); strings.Contains(got, "stripe") || !strings.Contains(got, "frame-src 'self'") {
		t.Errorf("demo checkout: %s", got)
	}
}

// evilPlaces are ways to lead a customer to another site.
func evilPlaces() []string {
	return []string{
		"//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, `/\/evil.example`,
		"https://evil.example", "http://evil.example/studio", "https:evil.example", "https:/evil.example", "http:///evil.example", "HTTPS://evil.example",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "mailto:a@evil.example", "ftp://evil.example",
		"@evil.example", "user@evil.example", "//user:pw@evil.example", "/\t/evil.example", "/%09/evil.example/..//x\t", "\t//evil.example", " //evil.example", "/ /evil.example",
		"/studio\r\nLocation: https://evil.example", "/studio\nSet-Cookie: a=b", "/\x00/evil.example", "/studio\x7f",
		"//evil。example", "/／evil.example", "／／evil.example", "https://shop.example@evil.example", "https://evil.example#@shop.example",
		"/.//evil.example\\..", "evil.example", "./evil.example", "../evil.example", "?returnTo=x", "#x", "//[::1]/", "//0x7f000001/", "/" + strings.Repeat("a", 3000),
	}
}

func TestNobodyIsLedAway(t *testing.T) {
	s := open(t)
	_ = s.signUp("ada@example.com")
	ours := func(t *testing.T, where, place, to string) {
		t.Helper()
		u, err := url.Parse(to)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t\x00") {
			t.Errorf("%s led %q to %q", where, place, to)
		}
	}
	n := 0
	for _, place := range evilPlaces() {
		n++
		in := s.form("/auth/login", url.Values{"email": {"ada@example.com"}, "password": {password}, "returnTo": {place}})
		ours(t, "login form", place, in.header.Get("Location"))
		if strings.Contains(in.header.Get("Location"), "evil") {
			t.Errorf("login form: %q", in.header.Get("Location"))
		}
		back := s.do(ask{path: "/auth/login?returnTo=" + url.QueryEscape(place), cookie: cookieOf(in)})
		ours(t, "login page", place, back.header.Get("Location"))
		up := s.form("/auth/sign-up", url.Values{"email": {fmt.Sprintf("u%d@example.com", n)}, "password": {password}, "next": {place}})
		ours(t, "sign-up form", place, up.header.Get("Location"))
	}
	if n < 40 {
		t.Fatalf("only %d payloads", n)
	}
}

func TestAResetIsNotPoisoned(t *testing.T) {
	s := open(t)
	_ = s.signUp("ada@example.com")
	a := s.do(ask{method: "POST", path: "/api/auth/password/forgot", body: `{"email":"ada@example.com"}`, header: map[string]string{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}})
	if a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if b := s.do(ask{method: "POST", path: "/api/auth/password/forgot", body: `{"email":"ada@example.com"}`, host: "evil.example"}); b.status != 421 {
		t.Fatalf("another host: %d %s", b.status, b.body)
	}
	queued, _, err := s.db.Outbox(context.Background(), mail.StateQueued, "")
	if err != nil || len(queued) != 2 { // welcome and reset
		t.Fatalf("%d mails, %v", len(queued), err)
	}
	if strings.Contains(fmt.Sprintf("%+v", queued), "evil") {
		t.Fatalf("%+v", queued)
	}
}

// TestStringsDoNotChangeHands sends 64 clients with words of their own through
// every way that keeps strings, and looks for a word in the wrong hands. It
// means most with -race.
func TestStringsDoNotChangeHands(t *testing.T) {
	s := open(t)
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			word := fmt.Sprintf("canary%02d", i)
			a, err := s.try(ask{method: "POST", path: "/api/auth/sign-up", body: fmt.Sprintf(`{"email":"%s@example.com","password":%q,"name":"%s"}`, word, password, word)})
			if err != nil || a.status != 201 {
				t.Errorf("%s: %d %v", word, a.status, err)
				return
			}
			cookie := cookieOf(a)
			for range rounds {
				for _, c := range []ask{
					{path: "/api/auth/me", cookie: cookie},
					{path: "/checkout/bio-glow-up?source=" + word + "&campaign=" + word, cookie: cookie},
					{path: "/auth/login?returnTo=/" + word},
					{method: "POST", path: "/auth/sign-up", body: "email=" + word + "&name=" + word, kind: "application/x-www-form-urlencoded"},
					{method: "POST", path: "/api/track", cookie: cookie, body: `{"name":"cta_click","source":"` + word + `"}`, header: map[string]string{"User-Agent": "Mozilla " + word}},
				} {
					a, err := s.try(c)
					if err != nil {
						t.Errorf("%s: %v", word, err)
						return
					}
					if at := strings.Index(strings.ReplaceAll(a.body, word, ""), "canary"); at >= 0 {
						t.Errorf("%s got another's word: %.300s", word, a.body[max(0, at-100):])
						return
					}
				}
			}
		})
	}
	wg.Wait()
	for i := range 64 {
		word := fmt.Sprintf("canary%02d", i)
		if u := s.user(word + "@example.com"); u.Name != word || u.Email != word+"@example.com" {
			t.Errorf("%s is stored as %q %q", word, u.Name, u.Email)
		}
	}
}

func TestDeveloperPages(t *testing.T) {
	s := open(t, demo)
	for name, c := range map[string]scenario{
		"index":                   {ask: ask{path: "/dev"}, status: 200, has: []string{"view.DevIndex", `"Mails":1`}},
		"components":              {ask: ask{path: "/dev/components"}, status: 200, has: []string{"view.Components"}},
		"mailbox":                 {ask: ask{path: "/dev/mailbox?to=ada@example.com"}, status: 200, has: []string{"view.Mailbox", `"To":"ada@example.com"`}},
		"mailbox as JSON":         {ask: ask{path: "/dev/mailbox.json"}, status: 200, has: []string{`{"items":[{"id":"eml_1","to":"ada@example.com"`, `"links":["https://shop.example/x"]`, `"headers":{"From":`}},
		"an empty mailbox":        {ask: ask{path: "/dev/mailbox.json?to=nobody@example.com"}, status: 200, has: []string{`{"items":[]}`}},
		"a mail":                  {ask: ask{path: "/dev/mailbox/eml_1"}, status: 200, has: []string{"view.MailboxMessage"}},
		"its frame":               {ask: ask{path: "/dev/mailbox/eml_1/frame"}, status: 200, has: []string{"<p>Hello</p>"}},
		"no such mail":            {ask: ask{path: "/dev/mailbox/eml_9"}, status: 404},
		"the clock":               {ask: ask{path: "/dev/clock"}, status: 200, has: []string{`"now":"2`}},
		"three days on":           {ask: ask{method: "POST", path: "/dev/clock/advance", body: `{"by":"72h"}`}, status: 200, has: []string{`"ran":[{"job":"outbox"`}},
		"a month on, in days":     {ask: ask{method: "POST", path: "/dev/clock/advance", body: `{"by":"30d"}`}, status: 200},
		"to a time":               {ask: ask{method: "POST", path: "/dev/clock/advance", body: `{"to":"2100-01-01T00:00:00Z"}`}, status: 200},
		"back is refused":         {ask: ask{method: "POST", path: "/dev/clock/advance", body: `{"to":"1999-01-01T00:00:00Z"}`}, status: 400},
		"a span that is none":     {ask: ask{method: "POST", path: "/dev/clock/advance", body: `{"by":"soon"}`}, status: 400, has: []string{`"by"`}},
		"neither":                 {ask: ask{method: "POST", path: "/dev/clock/advance", body: `{}`}, status: 400},
		"the gateway":             {ask: ask{path: "/gateway/pay/1"}, status: 200, has: []string{"gateway GET /gateway/pay/1"}},
		"the gateway takes posts": {ask: ask{method: "POST", path: "/gateway/pay/1", body: "a=b", kind: "application/x-www-form-urlencoded"}, status: 200, has: []string{"gateway POST"}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
}

type fakeMailbox struct{}

func (fakeMailbox) List(_ context.Context, to string, _ int) ([]mail.Captured, error) {
	if to != "" && to != "ada@example.com" {
		return nil, nil
	}
	return []mail.Captured{{
		ID: "eml_1", To: "ada@example.com", Subject: "Hello", Kind: mail.Welcome, HTML: "<p>Hello</p>", Text: "Hello",
		Links: []string{"https://shop.example/x"}, Headers: map[string]string{"From": "Shop <a@b.example>"},
	}}, nil
}

func (f fakeMailbox) Get(ctx context.Context, id core.MailID) (mail.Captured, error) {
	if id != "eml_1" {
		return mail.Captured{}, &core.Error{Code: core.NotFound, Op: "mailbox", Message: "No such mail."}
	}
	all, err := f.List(ctx, "", 0)
	return all[0], err
}

type fakeTravel struct {
	mu  sync.Mutex
	now time.Time
}

func (f *fakeTravel) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}
func (f *fakeTravel) Offset() time.Duration { return time.Hour }
func (f *fakeTravel) Advance(_ context.Context, to time.Time) ([]web.Ran, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if to.Before(f.now) {
		return nil, core.FieldError("travel", "to", "That time is past.")
	}
	if to.Before(f.now.AddDate(10, 0, 0)) {
		f.now = to
	}
	return []web.Ran{{Job: "outbox", At: to, Processed: 1}}, nil
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs; run with -update and read the difference. Got:\n%s", path, got)
	}
}
