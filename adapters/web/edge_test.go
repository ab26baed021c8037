package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/billing"
)

// raw sends bytes as they are and returns everything that comes back until the
// server closes, or the answer to the first request when it does not.
func (s *shop) raw(t *testing.T, text string) (head string, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	_, err = c.Read(make([]byte, 1))
	return res.Status + " " + string(b), errors.Is(err, io.EOF) || res.Close
}

func TestRequestsThatAreRefused(t *testing.T) {
	s := open(t)
	post := "POST /api/auth/login HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct {
		text, want string
		closed     bool
	}{
		"two framings are smuggling": {post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", true},
		"in the other order":         {post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", "400", true},
		"two lengths":                {post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  ", "400", true},
		"headers above 16 KiB":       {"GET / HTTP/1.1\r\nHost: " + s.addr + "\r\nX-Long: " + strings.Repeat("a", 17<<10) + "\r\n\r\n", "400", true},
		"no HTTP at all":             {"hello\r\n\r\n", "400", true},
		"two hosts":                  {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, closed := s.raw(t, c.text)
			if !strings.HasPrefix(got, c.want) || closed != c.closed {
				t.Fatalf("closed %v: %s", closed, got)
			}
		})
	}
}

func TestBrokenRequestsAreNotQuotedInTheLog(t *testing.T) {
	s := open(t)
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\nCookie: sselfie=canary\r\nX-Long: " + strings.Repeat("a", 17<<10) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nCookie: sselfie=canary\r\nBad\x00Header: 1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nCookie: sselfie=canary\r\nContent-Length: canary\r\n\r\n",
	} {
		if got, _ := s.raw(t, text); !strings.HasPrefix(got, "400") || strings.Contains(got, "canary") {
			t.Errorf("%s", got)
		}
	}
	if log := s.log.String(); strings.Contains(log, "canary") || strings.Contains(log, "127.0.0.1") || strings.Count(log, `"status":400`) != 3 {
		t.Errorf("%s", log)
	}
}

func TestBodies(t *testing.T) {
	s := open(t)
	login := func(body, kind string, header map[string]string) ask {
		return ask{method: "POST", path: "/api/auth/login", body: body, kind: kind, header: header}
	}
	bomb := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for name, c := range map[string]scenario{
		"a form is not for the API":       {ask: login("email=a&password=b", "application/x-www-form-urlencoded", nil), status: 415, has: []string{`"code":"unsupported_media"`}},
		"text is not JSON":                {ask: login(`{"email":"a"}`, "text/plain", nil), status: 415},
		"JSON with a charset is JSON":     {ask: login(`{"email":"a@b.c","password":"x"}`, "application/json; charset=utf-8", nil), status: 401},
		"compressed":                      {ask: login("{}", "", map[string]string{"Content-Encoding": "gzip"}), status: 415},
		"identity is no compression":      {ask: login(`{"email":"a@b.c","password":"x"}`, "", map[string]string{"Content-Encoding": "identity"}), status: 401},
		"empty":                           {ask: login("", "application/json", nil), status: 400, has: []string{"empty"}},
		"cut off":                         {ask: login(`{"email":"a`, "", nil), status: 400, has: []string{"ends in the middle"}},
		"cut off between members":         {ask: login(`{"email":"a",`, "", nil), status: 400, has: []string{`"code":"invalid_request"`}},
		"not JSON":                        {ask: login(`{email:a}`, "", nil), status: 400, has: []string{"not valid JSON"}},
		"a list":                          {ask: login(`[]`, "", nil), status: 400, has: []string{"not a JSON object"}},
		"null":                            {ask: login(`null`, "", nil), status: 400},
		"two objects":                     {ask: login(`{}{}`, "", nil), status: 400, has: []string{"after the JSON object"}},
		"not UTF-8":                       {ask: login("{\"email\":\"\xff\"}", "", nil), status: 400, has: []string{"UTF-8"}},
		"deep":                            {ask: login(`{"a":`+strings.Repeat("[", 50)+strings.Repeat("]", 50)+`}`, "", nil), status: 400, has: []string{"deeply"}},
		"braces in a text are not depth":  {ask: login(`{"email":"`+strings.Repeat("[", 50)+`\"","password":"x"}`, "", nil), status: 401},
		"a number for a text":             {ask: login(`{"email":1,"password":"x"}`, "", nil), status: 400, has: []string{`"fields":{"email"`}},
		"a long text":                     {ask: login(`{"email":"`+strings.Repeat("a", 20_000)+`","password":"x"}`, "", nil), status: 400, has: []string{`"fields":{"email"`}},
		"unknown members are passed over": {ask: login(`{"email":"a@b.c","password":"x","more":{"a":[1]}}`, "", nil), status: 401},
		"too much JSON":                   {ask: login(`{"email":"`+strings.Repeat("a", 300<<10)+`"}`, "", nil), status: 413, has: []string{`"code":"too_large"`}},
		"a bomb of braces":                {ask: login(bomb, "", nil), status: 413},
		"JSON is not for a form":          {ask: ask{method: "POST", path: "/auth/login", body: `{}`}, status: 415, has: []string{"view.ErrorPage"}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
}

func TestHosts(t *testing.T) {
	s := open(t, func(o *web.Options) { o.BaseURL, o.Hosts = "https://shop.example", []string{"www.shop.example"} })
	for name, c := range map[string]scenario{
		"our own":                       {ask: ask{path: "/", host: "shop.example"}, status: 200},
		"our own with a port":           {ask: ask{path: "/", host: "shop.example:443"}, status: 200},
		"our own in capitals":           {ask: ask{path: "/", host: "SHOP.example"}, status: 200},
		"a configured one":              {ask: ask{path: "/", host: "www.shop.example"}, status: 200},
		"this machine":                  {ask: ask{path: "/", host: "127.0.0.1:8080"}, status: 200},
		"this machine by name":          {ask: ask{path: "/", host: "localhost:8080"}, status: 200},
		"another, to a reader":          {ask: ask{path: "/bio-glow-up?a=b", host: "evil.example"}, status: 302, header: map[string]string{"Location": "https://shop.example/bio-glow-up?a=b"}},
		"another with two slashes":      {ask: ask{path: "//evil.example/", host: "evil.example"}, status: 302, header: map[string]string{"Location": "https://shop.example//evil.example/"}},
		"another, to a writer":          {ask: ask{method: "POST", path: "/api/auth/login", body: "{}", host: "evil.example"}, status: 421},
		"health is asked by address":    {ask: ask{path: "/healthz", host: "10.0.0.7:8080"}, status: 200},
		"a forwarded host is not heard": {ask: ask{path: "/sitemap.xml", host: "shop.example", header: map[string]string{"X-Forwarded-Host": "evil.example"}}, status: 200, has: []string{"https://shop.example/"}, hasNot: []string{"evil"}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
}

func TestABrowserMovesToTheNameOfTheBaseURL(t *testing.T) {
	s := open(t)
	_, port, _ := net.SplitHostPort(s.addr)
	nav := map[string]string{"Sec-Fetch-Mode": "navigate"}
	a := s.do(ask{path: "/account?x=1", host: "localhost:" + port, header: nav})
	if a.status != 302 || a.header.Get("Location") != s.opts.BaseURL+"/account?x=1" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	if a := s.do(ask{path: "/", header: nav}); a.status != 200 {
		t.Fatalf("its own name: %d", a.status)
	}
}

func TestLimitsByAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	hit := func(s *shop, forwarded string) int {
		return s.do(ask{method: "POST", path: "/api/auth/password/forgot", body: `{"email":"x@example.com"}`, header: map[string]string{"X-Forwarded-For": forwarded}}).status
	}
	for name, c := range map[string]struct {
		demo, proxied bool
		from          []string
		want          []int
	}{
		"one address":                         {proxied: true, from: []string{"1.2.3.4", "1.2.3.4", "1.2.3.4", "5.6.7.8"}, want: []int{202, 202, 429, 202}},
		"inventions further left are nothing": {proxied: true, from: []string{"9.9.9.1, 1.2.3.4", "9.9.9.2, 1.2.3.4", "9.9.9.3, 1.2.3.4"}, want: []int{202, 202, 429}},
		"our own proxies are passed over":     {proxied: true, from: []string{"1.2.3.4, 10.1.1.1", "1.2.3.4, 10.2.2.2", "1.2.3.4"}, want: []int{202, 202, 429}},
		"a whole /64 is one customer":         {proxied: true, from: []string{"2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:1:ffff::3", "2001:db8:1:2::1"}, want: []int{202, 202, 429, 202}},
		"nobody's word is taken by default":   {from: []string{"1.2.3.4", "5.6.7.8", "9.9.9.9"}, want: []int{202, 202, 429}},
		"loopback is free in a demo":          {demo: true, from: []string{"", "", "", ""}, want: []int{202, 202, 202, 202}},
		"others are not, in a demo":           {demo: true, proxied: true, from: []string{"1.2.3.4", "1.2.3.4", "1.2.3.4"}, want: []int{202, 202, 429}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(o *web.Options) {
				o.Demo, o.Limits.ForgotPerHour = c.demo, 2
				if c.proxied {
					o.TrustedProxies = proxies
				}
			})
			for i, from := range c.from {
				if got := hit(s, from); got != c.want[i] {
					t.Fatalf("request %d from %q: %d, want %d", i, from, got, c.want[i])
				}
			}
		})
	}
	t.Run("it ends, and says when", func(t *testing.T) {
		s := open(t, func(o *web.Options) { o.Limits = web.Limits{CheckoutPerHour: 1} })
		buy := ask{method: "POST", path: "/api/checkout/landing", body: `{"product":"bio_glowup"}`}
		_ = s.do(buy)
		a := s.do(buy)
		if a.status != 429 || a.header.Get("Retry-After") != "3600" && a.header.Get("Retry-After") != "3601" || a.json(t)["code"] != "rate_limited" {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
		s.wall.Move(time.Hour)
		if a := s.do(buy); a.status != 201 {
			t.Fatalf("an hour later: %d", a.status)
		}
	})
}

func TestOperations(t *testing.T) {
	broken := false
	s := open(t, func(o *web.Options) {
		o.MetricsToken = "letmein"
		ready := o.Ready
		o.Ready = func(ctx context.Context) error {
			if broken {
				return &core.Error{Code: core.Unavailable, Op: "sqlite", Message: "disk full", Err: errBroken}
			}
			return ready(ctx)
		}
	})
	for name, c := range map[string]scenario{
		"healthz":                        {ask: ask{path: "/healthz"}, status: 200},
		"readyz":                         {ask: ask{path: "/readyz"}, status: 200},
		"metrics for this machine":       {ask: ask{path: "/metrics"}, status: 200, has: []string{"sselfie_webhook_events_total"}},
		"metrics through a proxy":        {ask: ask{path: "/metrics", header: map[string]string{"X-Forwarded-For": "1.2.3.4"}}, status: 404},
		"metrics with the token":         {ask: ask{path: "/metrics", header: map[string]string{"X-Forwarded-For": "1.2.3.4", "Authorization": "Bearer letmein"}}, status: 200},
		"metrics with another token":     {ask: ask{path: "/metrics", header: map[string]string{"X-Forwarded-For": "1.2.3.4", "Authorization": "Bearer letmeout"}}, status: 404},
		"robots":                         {ask: ask{path: "/robots.txt"}, status: 200, has: []string{"Disallow: /studio", "Sitemap: " + s.opts.BaseURL + "/sitemap.xml"}},
		"sitemap":                        {ask: ask{path: "/sitemap.xml"}, status: 200, has: []string{"/legal/terms</loc>"}, hasNot: []string{"/studio<", "checkout"}},
		"no demo, no mailbox":            {ask: ask{path: "/dev/mailbox.json"}, status: 404},
		"no demo, no clock":              {ask: ask{method: "POST", path: "/dev/clock/advance", body: "{}"}, status: 404},
		"no demo, no gateway":            {ask: ask{path: "/gateway/v3.js"}, status: 404},
		"an asset that is none":          {ask: ask{path: "/assets/nope.css"}, status: 404},
		"an asset outside of the assets": {ask: ask{path: "/assets/..%2f..%2fetc%2fpasswd"}, status: 404},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	broken = true
	deadline := time.Now().Add(5 * time.Second)
	for s.get("/readyz").status != 503 {
		if time.Now().After(deadline) {
			t.Fatal("readyz never noticed")
		}
	}
}

func TestPublicPages(t *testing.T) {
	s := open(t)
	a := s.get("/bio-glow-up")
	if a.status != 200 || a.header.Get("Etag") == "" || !strings.Contains(a.body, `"Product":"bio_glowup"`) || a.header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("%d %v %.100s", a.status, a.header, a.body)
	}
	same := s.do(ask{path: "/bio-glow-up", header: map[string]string{"If-None-Match": a.header.Get("Etag")}})
	if same.status != 304 || same.body != "" {
		t.Fatalf("unchanged: %d %q", same.status, same.body)
	}
	for accept, want := range map[string]string{"gzip, br": "gzip", "gzip;q=0": "", "gzip; q=0.0, br": "", "gzip;q=0.5": "gzip", "br": ""} {
		if g := s.do(ask{path: "/bio-glow-up", header: map[string]string{"Accept-Encoding": accept}}); g.header.Get("Content-Encoding") != want || g.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("accepting %q: %v", accept, g.header)
		}
	}
	if h := s.do(ask{method: "HEAD", path: "/"}); h.status != 200 || h.body != "" || h.header.Get("Content-Length") == "0" {
		t.Fatalf("HEAD: %d %v", h.status, h.header)
	}
	if p := s.do(ask{method: "BREW", path: "/"}); p.status != 405 {
		t.Fatalf("BREW: %d", p.status)
	}
	if p := s.do(ask{method: "POST", path: "/"}); p.status != 405 || p.header.Get("Allow") != "GET, HEAD" {
		t.Fatalf("POST: %d %v", p.status, p.header)
	}
}

// panicking breaks where a bug would.
type panicking struct{ web.Billing }

func TestAPanicIsAnAnswer(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Billing = panicking{} })
	a := s.get("/api/checkout/status?session_id=cs_1")
	if a.status != 500 || a.json(t)["code"] != "internal" || a.json(t)["requestId"] != a.header.Get("X-Request-Id") || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	if strings.Contains(a.body, "nil pointer") || !strings.Contains(s.log.String(), "nil pointer") {
		t.Fatalf("the inside is shown, or not logged: %s", a.body)
	}
	if again := s.get("/healthz"); again.status != 200 {
		t.Fatalf("afterwards: %d", again.status)
	}
}

// leaky fails with more words than a stranger should read.
type leaky struct {
	web.Billing
	err error
}

func (l leaky) Status(context.Context, string) (billing.CheckoutStatus, error) {
	return billing.CheckoutStatus{}, l.err
}

func TestTheInsideStaysInside(t *testing.T) {
	for name, err := range map[string]error{
		"an error of ours": &core.Error{Code: core.Internal, Op: "x", Message: "table users is broken", Extra: map[string]any{"dsn": "broken"}, Err: errBroken},
		"any other error":  errBroken,
		"an unknown code":  &core.Error{Code: "weird", Message: "broken", Extra: map[string]any{"dsn": "broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(o *web.Options) { o.Billing = leaky{err: err} })
			a := s.get("/api/checkout/status?session_id=cs_1")
			if a.status != 500 || strings.Contains(a.body, "broken") || a.json(t)["code"] != "internal" {
				t.Fatalf("%d %s", a.status, a.body)
			}
			p := s.get("/checkout/success?session_id=cs_1")
			if p.status != 500 || strings.Contains(p.body, "broken") || !strings.Contains(p.body, p.header.Get("X-Request-Id")) {
				t.Fatalf("%d %s", p.status, p.body)
			}
		})
	}
}

func TestTheLogNamesNobody(t *testing.T) {
	s := open(t)
	cookie := s.signUp("ada.secret@example.com")
	for _, path := range []string{
		"/auth/password/setup?token=tok_very_secret", "/account?x=ada.secret@example.com", "/ada.secret@example.com", "/ada.secret%40example.com",
		"/api/checkout/status?session_id=cs_test_private", "/a%0d%0ainjected",
	} {
		_ = s.do(ask{path: path, cookie: cookie})
	}
	_ = s.post("/api/auth/login", `{"email":"ada.secret@example.com","password":"wrong secret word"}`)
	log := s.log.String()
	for _, bad := range []string{"ada.secret", "tok_very_secret", cookie, password, "wrong secret word", "cs_test_private"} {
		if strings.Contains(log, bad) {
			t.Errorf("the log holds %q:\n%s", bad, log)
		}
	}
	if n := strings.Count(log, `"msg":"request"`); n != 8 {
		t.Errorf("%d lines for 8 requests:\n%s", n, log)
	}
	a := s.get("/nope")
	if !strings.Contains(s.log.String(), `"id":"`+a.header.Get("X-Request-Id")+`"`) {
		t.Error("the request's id is not in its line")
	}
}

func TestGracefulShutdown(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := open(t, func(o *web.Options) {
		ready := o.Ready
		o.Ready = func(ctx context.Context) error {
			close(entered)
			<-release
			return ready(ctx)
		}
	})
	got := make(chan string, 1)
	go func() {
		a, err := s.try(ask{path: "/readyz"})
		got <- fmt.Sprint(a.status, err)
	}()
	<-entered
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		done <- s.srv.Shutdown(ctx)
	}()
	deadline := time.Now().Add(5 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", s.addr, time.Second)
		if err != nil {
			break
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			t.Fatal("still accepting")
		}
	}
	close(release)
	if g := <-got; g != "200<nil>" && g != "200 <nil>" {
		t.Fatalf("what had begun was not answered: %s", g)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
