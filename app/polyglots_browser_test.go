package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sselfie/core/mail"
	"sselfie/core/onboarding"
)

// polyglots are texts that run as a script wherever they are written out without
// care. N stands for the number by which each is known.
var polyglots = []string{
	`N<script>alert(N)</script>`,
	`N"><script>alert(N)</script>`,
	`N'><script>alert(N)</script>`,
	`N</title><script>alert(N)</script>`,
	`N</textarea><script>alert(N)</script>`,
	`N</script><script>alert(N)</script>`,
	`N--><script>alert(N)</script>`,
	`N<img src=x onerror=alert(N)>`,
	`N<img/src="x"/onerror="alert(N)">`,
	`N"><img src=x onerror=alert(N)>`,
	`N'"><svg/onload=alert(N)>`,
	`N<svg><script>alert(N)</script></svg>`,
	`N<svg><animate onbegin=alert(N) attributeName=x dur=1s>`,
	`N<body onload=alert(N)><iframe srcdoc="<script>parent.alert(N)</script>">`,
	`N<details open ontoggle=alert(N)>`,
	`N" onerror=alert(N) x="`,
	`N' onerror=alert(N) x='`,
	`N";alert(N);//`,
	`N';alert(N);//`,
	`N</style><script>alert(N)</script>`,
	`N<iframe src="javascript:parent.alert(N)"></iframe>`,
	`N<object data="javascript:alert(N)"></object><embed src=x><script>alert(N)</script>`,
	`javascript:/*N--></title></textarea></script><svg/onload=alert(N)//'>"`,
	`N{{.}}{{call .}}${alert(N)}</noscript></template><img src=x onerror=alert(N)>`,
	`=N [a](javascript:alert(N)) <a tabindex=1 onfocus=this.onfocus=null;alert(N)>c`,
}

// polyglot returns one of them with its number, which no other text holds.
func polyglot(i int) (text, mark string) {
	mark = fmt.Sprint(7700 + i)
	return strings.ReplaceAll(polyglots[i], "N", mark), mark
}

// TestStoredTextsNeverRun writes each polyglot into every field that keeps a
// text, and visits all pages that may show one: no dialog opens, and the policy
// of the pages has nothing to report.
func TestStoredTextsNeverRun(t *testing.T) {
	browserCtx := oneBrowser(t)
	w := &world{site: start(t, map[string]string{
		"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_ADMIN_EMAIL": "creator@example.com", "SSELFIE_ADMIN_PASSWORD": "contact sheet",
	}), people: map[string]*http.Client{"": http.DefaultClient}}
	w.until("the creator can sign in", func() bool {
		return w.post("/api/auth/login", `{"email":"creator@example.com","password":"contact sheet"}`, nil) == http.StatusOK
	})
	w.people["creator"] = w.enter("/api/auth/login", `{"email":"creator@example.com","password":"contact sheet"}`)
	var stored []string // the fields, once
	for i := range polyglots {
		stored = w.write(i)
	}
	if len(stored) < 40 {
		t.Fatalf("%d fields hold a polyglot: %s", len(stored), strings.Join(stored, ", "))
	}
	v := newWalker(t, browserCtx, w, 1440, "")
	v.plant()
	shown := map[string]bool{} // the marks that some page showed
	for _, p := range w.touched() {
		v.quiet(p, shown)
	}
	for i := range polyglots {
		if _, mark := polyglot(i); !shown[mark] {
			t.Errorf("no page shows %s", mark)
		}
	}
	v.letters()
}

// write keeps a polyglot wherever a text is kept, and returns where.
func (w *world) write(i int) (stored []string) {
	w.t.Helper()
	text, mark := polyglot(i)
	quoted, err := json.Marshal(text)
	if err != nil {
		w.t.Fatal(err)
	}
	q, who := string(quoted), fmt.Sprintf("p%s@example.com", mark)
	her, creator := w.browser(), w.people["creator"]
	w.people[mark] = her
	send := func(c *http.Client, path, body string, fields ...string) string {
		w.t.Helper()
		resp, said := w.send(c, http.MethodPost, path, body)
		if resp.StatusCode >= 400 {
			w.t.Fatalf("%s with %s: %d %.300s", path, mark, resp.StatusCode, said)
		}
		stored = append(stored, fields...)
		return said
	}
	form := func(pairs ...string) string {
		f := url.Values{}
		for j := 0; j < len(pairs); j += 2 {
			f.Set(pairs[j], pairs[j+1])
		}
		return f.Encode()
	}
	// A stranger: she looks around, asks for the free plan, leaves a checkout.
	stranger := w.browser()
	send(stranger, "/api/track", `{"name":"cta_click","source":`+q+`,"campaign":`+q+`,"props":{"referrer":`+q+`,"medium":`+q+`,"term":`+q+`}}`,
		"event source", "event campaign", "event referrer", "event medium", "event term")
	send(stranger, "/api/freebie", `{"email":"lead`+mark+`@example.com","name":`+q+`,"source":`+q+`,"campaign":`+q+`,"consent":true}`, "lead name", "lead source", "lead campaign")
	send(stranger, "/contact", form("name", text, "email", "note"+mark+"@example.com", "message", text), "note name", "note message")
	send(stranger, "/withdraw", form("step", "confirmed", "name", text, "email", "back"+mark+"@example.com", "contract", text, "reason", text), "withdrawal name", "withdrawal contract", "withdrawal reason")
	// A customer: she signs up, buys, joins, and answers everything.
	send(her, "/api/auth/sign-up", `{"email":"`+who+`","password":"contact sheet","name":`+q+`}`, "name")
	buy := func(path, body string) {
		said := send(her, path, body)
		session := regexp.MustCompile(`"sessionId":"([^"]+)"`).FindStringSubmatch(said)
		if session == nil {
			w.t.Fatalf("%s: %s", path, said)
		}
		send(her, "/gateway/c/"+session[1]+"/pay", form("email", who, "name", text, "number", "4242424242424242", "exp", "12/60", "cvc", "123", "method", "card"))
	}
	asked := `"source":` + q + `,"campaign":` + q + `,"link":` + q + `,"medium":` + q + `,"term":` + q + `,"consent":{"immediate":true,"version":` + q + `}`
	answer := func(phase onboarding.Phase, path string) {
		var said, fields []string
		for _, s := range onboarding.InPhase(phase) {
			value := q
			if s.List {
				value = "[" + q + "," + q + "]"
			}
			said = append(said, fmt.Sprintf("%q:%s", s.Field, value))
			fields = append(fields, "answer "+s.Field)
		}
		send(her, "/api/onboarding/"+path, "{"+strings.Join(said, ",")+"}", fields...)
	}
	buy("/api/checkout/landing", `{"product":"bio_glowup",`+asked+`}`)
	stored = append(stored, "payer name", "checkout source", "checkout campaign", "checkout link", "checkout medium", "checkout term", "consent version")
	answer(onboarding.Base, "base-complete")
	answer(onboarding.BlueprintExtension, "blueprint-extension-complete")
	send(her, "/api/blueprint/state", `{"formData":{"business":`+q+`,`+q+`:[`+q+`]}}`, "blueprint value", "blueprint key")
	buy("/api/checkout/upgrade", `{`+asked+`}`)
	w.until("she is a member", func() bool {
		_, said := w.send(her, http.MethodGet, "/api/auth/me", "")
		return strings.Contains(said, `"studio"`)
	})
	answer(onboarding.StudioExtension, "studio-extension-complete")
	// The creator.
	_, list := w.send(creator, http.MethodGet, "/api/admin/users?q="+url.QueryEscape(who), "")
	id := regexp.MustCompile(`"id":"(usr_[^"]+)"`).FindStringSubmatch(list)
	if id == nil {
		w.t.Fatalf("the desk does not know %s: %s", who, list)
	}
	send(creator, "/api/admin/users/"+id[1]+"/credits", `{"amount":1,"reason":`+q+`}`, "reason of credits")
	segment := send(creator, "/api/admin/segments", `{"name":`+q+`,"rule":{"any":[{"source":`+q+`},{"tag":`+q+`}]}}`, "segment name", "segment source", "segment tag")
	seg := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(segment)
	plain := strings.NewReplacer("{", "(", "}", ")", "](", "] (").Replace(text) // braces name fields in letters, and links stand in the text alone
	campaign, err := json.Marshal(map[string]any{
		"name": plain, "subject": plain, "subjectB": plain, "preheader": plain, "body": strings.ReplaceAll(plain, "<", "&lt;"), // it takes no HTML
		"action": plain[:min(len(plain), 60)], "path": "/", "segment": seg[1], "testShare": 20, "testHours": 4,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	send(creator, "/api/admin/campaigns", string(campaign),
		"campaign name", "campaign subject", "campaign second subject", "campaign preheader", "campaign body", "campaign button")
	slices.Sort(stored)
	return slices.Compact(stored)
}

// touched are all pages that show what somebody wrote, and every other page.
func (w *world) touched() []sheet {
	w.t.Helper()
	var out []sheet
	add := func(who string, paths ...string) {
		for _, p := range paths {
			out = append(out, sheet{name: who + " " + p, path: p, who: who})
		}
	}
	lists := []string{"/admin", "/admin/users", "/admin/tickets", "/admin/webhooks", "/admin/outbox", "/admin/jobs", "/admin/flags", "/admin/launch-check", "/admin/emails", "/admin/campaigns", "/admin/campaigns/new", "/admin/segments", "/admin/segments/new", "/admin/series"}
	add("creator", lists...)
	// What the lists lead to.
	single := regexp.MustCompile(`href="(/admin/(?:users|tickets|webhooks|campaigns|segments|series)/[^"?#]+)"`)
	for _, list := range lists {
		_, body := w.send(w.people["creator"], http.MethodGet, list, "")
		for n, m := range single.FindAllStringSubmatch(body, -1) {
			if n == 3 && (list == "/admin/webhooks" || list == "/admin/series") {
				break // one is like the other
			}
			if p := strings.ReplaceAll(m[1], "&amp;", "&"); !strings.HasSuffix(p, ".csv") && !slices.ContainsFunc(out, func(s sheet) bool { return s.path == p }) {
				add("creator", p)
			}
		}
	}
	for i := range polyglots {
		text, mark := polyglot(i)
		q := url.QueryEscape(text)
		add(mark, "/studio?tab=blueprint", "/account")
		asked := []string{
			"/admin/users?q=", "/dev/mailbox?to=", "/bio-glow-up?ref=", "/checkout/bio-glow-up?utm_campaign=" + q + "&promo=", "/studio?purchase=", "/studio?tab=", "/auth/login?returnTo=",
			"/checkout/success?session_id=", "/checkout-upgrade?promo=", "/admin/webhooks?status=", "/unsubscribe?token=", "/admin/emails?from=",
		}
		out = append(out, sheet{name: "asked for " + mark, path: asked[i%len(asked)] + q, who: "creator", refused: true})
	}
	add("creator", "/", "/free-blueprint", "/contact", "/legal/privacy", "/dev", "/dev/mailbox", "/bio/generator", "/feed-planner", "/rebrand-wizard")
	return out
}

// plant shows that the judge sees each polyglot where nobody takes care, and
// that a policy which stops them is heard to do so.
func (v *walker) plant() {
	v.t.Helper()
	policy := ""
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		var i int
		if _, err := fmt.Sscanf(req.URL.Path, "/%d", &i); err != nil {
			http.NotFound(rw, req)
			return
		}
		p, _ := polyglot(i)
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		if policy != "" {
			rw.Header().Set("Content-Security-Policy", policy)
		}
		_, _ = fmt.Fprintf(rw, `<!doctype html><title>%[1]s</title><div title="%[1]s">%[1]s</div><img src=x alt='%[1]s'><img src=x alt="%[1]s"><textarea>%[1]s</textarea><script>var a="%[1]s"</script><script>var b='%[1]s'</script>`, p)
	}))
	defer srv.Close()
	at := v.w.site
	v.w.site = &site{t: v.t, url: srv.URL}
	defer func() { v.w.site = at; v.heard() }()
	pass := func() (said string) {
		for i := range polyglots {
			p := sheet{name: "planted", path: fmt.Sprint("/", i)}
			v.load(p)
			v.ask(p, `document.querySelectorAll("[onfocus]").forEach(e => e.focus()); `+settle, new(bool))
			said += strings.Join(v.heard(), "\n") + "\n"
		}
		v.load(sheet{name: "planted", path: "/none"}) // what comes late has come
		return said + strings.Join(v.heard(), "\n")
	}
	said := pass()
	policy = "script-src 'none'"
	stopped := pass()
	for i := range polyglots {
		if _, mark := polyglot(i); !strings.Contains(said, "dialog: "+mark) {
			v.t.Errorf("%s runs nowhere", mark)
		}
	}
	if n := strings.Count(stopped, "Content Security Policy"); n < len(polyglots) || strings.Contains(stopped, "dialog") {
		v.t.Errorf("%d reports of a policy: %s", n, stopped)
	}
}

// settle lets what a page set going come to its end.
const settle = `new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true), 30)))`

// quiet visits a page on which nothing may run but its own scripts.
func (v *walker) quiet(p sheet, shown map[string]bool) {
	v.t.Helper()
	v.become(p.who)
	if err := chromedp.Do(v.ctx, chromedp.Navigate(v.w.url+p.path)); err != nil {
		v.t.Errorf("%s: %v", p.name, err)
		return
	}
	v.ask(p, settle, new(bool))
	var bad, marks []string
	v.ask(p, `[...document.querySelectorAll("[href],[src],[action],[data],[formaction]")].flatMap(e => ["href", "src", "action", "data", "formaction"].map(a => e.getAttribute(a) || "")).filter(a => /^\s*(javascript|data:text)/i.test(a))
		.concat([...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => /^on/i.test(a.name))).map(e => e.outerHTML.slice(0, 100)))`, &bad)
	for _, b := range bad {
		v.t.Errorf("%s: %s", p.name, b)
	}
	for _, said := range v.heard() {
		if p.refused && strings.Contains(said, "the server responded with a status of 4") {
			continue
		}
		v.t.Errorf("%s: %s", p.name, said)
	}
	v.ask(p, `[...new Set((document.body.innerText + [...document.querySelectorAll("input,textarea")].map(e => e.value).join(" ")).match(/77\d\d/g) || [])]`, &marks)
	for _, m := range marks {
		shown[m] = true
	}
}

// letters opens each mail by itself, without the frame and the policy that hold
// it in the mailbox.
func (v *walker) letters() {
	v.t.Helper()
	var box struct{ Items []mail.Captured }
	v.w.get("/dev/mailbox.json", &box)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		var i int
		if _, err := fmt.Sscanf(req.URL.Path, "/%d", &i); err != nil || i >= len(box.Items) {
			http.NotFound(rw, req)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte(`<link rel="icon" href="data:,">`))
		_, _ = rw.Write([]byte(box.Items[i].HTML))
	}))
	defer srv.Close()
	at := v.w.site
	v.w.site = &site{t: v.t, url: srv.URL}
	defer func() { v.w.site = at }()
	v.host = strings.TrimPrefix(srv.URL, "http://")
	shown := map[string]bool{}
	for i, m := range box.Items {
		if !regexp.MustCompile(`77\d\d`).MatchString(m.HTML) {
			continue // it says nothing that she wrote
		}
		v.quiet(sheet{name: fmt.Sprintf("%s to %s", m.Kind, m.To), path: fmt.Sprint("/", i)}, shown)
	}
	if len(shown) < len(polyglots) {
		v.t.Errorf("the letters show %d of %d", len(shown), len(polyglots))
	}
}
