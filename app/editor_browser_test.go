package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sselfie/core/mail"
)

// The creator builds a segment, writes to it, looks at the letter while she
// writes, tries it, schedules it, and sees what it earned.
func TestTheCreatorWritesACampaign(t *testing.T) {
	b := browser(t)
	const me, secret = "ada@shop.test", "correct horse battery"
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_ADMIN_EMAIL": me, "SSELFIE_ADMIN_PASSWORD": secret})
	anna := s.browser()
	s.buy(anna, annaMail, "/api/checkout/landing", bioGlow)
	s.until("the admin can sign in", func() bool {
		resp, _ := s.send(s.browser(), "POST", "/api/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, me, secret))
		return resp.StatusCode == http.StatusOK
	})
	b.open(s.url + "/auth/login?returnTo=%2Fadmin%2Fsegments%2Fnew")
	b.wait(`!!document.querySelector("[name=password]")`)
	b.do(fmt.Sprintf(`document.querySelector("[name=email]").value = %q; document.querySelector("[name=password]").value = %q; document.querySelector("[name=password]").form.requestSubmit()`, me, secret))

	// A segment: whoever bought the Bio Glow-Up.
	b.wait(`location.pathname === "/admin/segments/new" && document.readyState === "complete"`)
	b.fill("name", "Bio people")
	b.do(`document.querySelector("[name=r-add]").value = "purchased"`)
	b.press("do", "add r")
	b.wait(`!!document.querySelector("[name='r-0-product[]']")`)
	b.wait(`document.activeElement.name === "r-0-product[]"`) // by keyboard it goes on there
	b.press("do", "count")
	b.wait(`document.body.innerText.includes("Something is missing at the marked places.")`)
	b.do(`document.querySelector("[name='r-0-product[]'][value=bio_glowup]").click()`)
	b.press("do", "count")
	b.wait(`document.querySelector("[data-counted]").textContent === "1 customer fits this rule now."`)
	b.press("do", "save")
	b.wait(`location.pathname.startsWith("/admin/segments/seg_") && document.body.innerText.includes("` + annaMail + `")`)
	segment := strings.TrimPrefix(b.ask(`location.pathname`), "/admin/segments/")

	// A letter, which is drawn while it is written.
	b.open(s.url + "/admin/campaigns/new?segment=" + url.QueryEscape(segment))
	b.wait(`document.readyState === "complete" && !!document.querySelector("[name=body]")`)
	b.fill("name", "Spring")
	b.fill("subject", "A word about light")
	b.fill("action", "See the planner")
	b.fill("path", "/nine-post-feed")
	b.fill("body", "You have {credits_left} credits.\n\nGo to the window, or read [how nine pictures become a row](/nine-post-feed).")
	b.proof("As "+annaMail+" gets it.", "You have 25 credits.", "how nine pictures become a row")
	b.fill("body", b.ask(`document.querySelector("[name=body]").value`)+"\n\n{{.Email}}")
	b.proof("single braces")
	b.fill("body", "You have {credits_left} credits.\n\nGo to the window, or read [how nine pictures become a row](/nine-post-feed).")

	// A test, to herself, as Anna would get it.
	b.press("do", "test")
	b.wait(`location.pathname.startsWith("/admin/campaigns/cmp_") && document.body.innerText.includes("The test is on its way")`)
	s.until("the test is in the mailbox", func() bool { return len(s.mails(me, mail.Campaign)) == 1 })
	if test := s.mails(me, mail.Campaign)[0]; test.Subject != "A word about light" || !strings.Contains(test.Text, "You have 25 credits.") || len(test.Links) < 2 {
		t.Errorf("the test is %q %v\n%s", test.Subject, test.Links, test.Text)
	}

	// A time that has passed is refused with what to do; a later one is taken.
	when := func(at time.Time) {
		b.fill("sendAt", at.Format("2006-01-02T15:04"))
		b.fill("zone", "Europe/Berlin")
		b.press("do", "schedule")
	}
	var clock struct{ Now time.Time }
	s.get("/dev/clock", &clock)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	when(clock.Now.Add(-24 * time.Hour).In(berlin))
	b.wait(`document.body.innerText.includes("This time has passed") && document.body.innerText.includes("Choose a later one.")`)
	when(clock.Now.Add(2 * time.Hour).In(berlin))
	b.wait(`document.body.innerText.includes("The campaign is scheduled") && document.body.innerText.includes("Europe/Berlin")`)

	// It goes out, is read, and earns.
	s.advance(4 * time.Hour)
	got := s.mails(annaMail, mail.Campaign)
	if len(got) != 1 {
		t.Fatalf("%d letters of the campaign", len(got))
	}
	links := regexp.MustCompile(regexp.QuoteMeta(s.url)+`/api/email/track-click\?id=lnk_[A-Za-z0-9_-]+`).FindAllString(got[0].Text, -1)
	if len(links) != 2 || links[0] == links[1] {
		t.Fatalf("the links of the letter are %v\n%s", links, got[0].Text)
	}
	resp, _ := s.send(anna, "GET", links[0], "") // the one in the text
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Path != "/nine-post-feed" || to.Query().Get("link") == "" {
		t.Fatalf("the link leads to %s", resp.Header.Get("Location"))
	}
	s.buy(anna, annaMail, "/api/checkout/landing", fmt.Sprintf(`{"product":"nine_post_feed","source":"email","campaign":"x","link":%q,"consent":{"immediate":true}}`, to.Query().Get("link")))
	b.open(s.url + "/admin/emails")
	b.wait(`document.body.innerText.includes("They earned $77, net of refunds.") && document.body.innerText.includes("Spring")`)
	b.open(s.url + "/admin/campaigns")
	b.wait(`document.body.innerText.includes("$77") && document.body.innerText.includes("sent")`)
	b.do(`[...document.querySelectorAll("a")].find(a => a.textContent === "Spring").click()`)
	b.wait(`location.pathname.startsWith("/admin/campaigns/cmp_") && document.body.innerText.includes("Led to a purchase") && document.body.innerText.includes("Begin a new campaign from this one")`)
}

// fill types into a field of the desk.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	b.do(fmt.Sprintf(`{ const f = document.querySelector("[name=%s]"); f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true})); }`, name, value))
}

// press presses a button of the desk.
func (b *tab) press(name, value string) {
	b.t.Helper()
	b.do(fmt.Sprintf(`document.querySelector('button[name=%q][value=%q]').click()`, name, value))
}

// proof waits until the frame beside a letter says all of this. It is a world of
// its own: the page cannot look into it, the browser can.
func (b *tab) proof(has ...string) {
	b.t.Helper()
	said := ""
	for b.ctx.Err() == nil {
		said = b.framed()
		whole := true
		for _, h := range has {
			whole = whole && strings.Contains(said, h)
		}
		if whole {
			return
		}
	}
	b.t.Fatalf("the letter does not say %q: %s", has, said)
}

func (b *tab) framed() string {
	tree, err := chromedp.Call(b.ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, f := range tree.FrameTree.ChildFrames {
		world, err := chromedp.Call(b.ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: f.Frame.ID})
		if err != nil {
			continue // it is being replaced
		}
		got, err := chromedp.Call(b.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: `document.body ? document.body.innerText : ""`, ContextID: world.ExecutionContextID})
		if err == nil && got.Result != nil {
			out = append(out, string(got.Result.Value))
		}
	}
	return strings.Join(out, "\n")
}
