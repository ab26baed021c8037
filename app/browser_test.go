package app_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is one tab of Debian's Chromium.
type tab struct {
	t     *testing.T
	ctx   context.Context
	still context.Context // without the deadline, to say what was on the page when it passed
}

// browser opens a tab. Where there is no Chromium the test is skipped with the
// reason; on the machine that judges a change it must not be.
func browser(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no chromium: install Debian's package of that name")
		}
		t.Skip("there is no chromium here: install Debian's package of that name to run this test")
	}
	if testing.Short() {
		t.Skip("drives a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true),
		// Frames stay in the page's process, where the protocol sees into them.
		chromedp.Flag("disable-features", "site-per-process,Translate,IsolateSandboxedIframes"))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	still := ctx
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	return &tab{t, ctx, still}
}

func (b *tab) open(url string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(url)); err != nil {
		b.t.Fatalf("%s: %v", url, err)
	}
}

// wait polls until an expression is true, also while pages come and go.
func (b *tab) wait(expr string) {
	b.t.Helper()
	ok, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expr))
	for err != nil && b.ctx.Err() == nil {
		ok, err = chromedp.Run(b.ctx, chromedp.Poll[bool](expr))
	}
	if err != nil || !ok {
		b.t.Fatalf("waiting for %s: %v\nat %s", expr, err, b.text())
	}
}

func (b *tab) do(expr string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](expr)); err != nil {
		b.t.Fatalf("%s: %v", expr, err)
	}
}

func (b *tab) ask(expr string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expr))
	if err != nil {
		b.t.Fatalf("%s: %v", expr, err)
	}
	return s
}

// text is what a person would read, for messages.
func (b *tab) text() string {
	ctx, stop := context.WithTimeout(b.still, 5*time.Second)
	defer stop()
	s, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	return s
}

// frame is the document of the embedded payment form.
const frame = `document.querySelector("iframe").contentDocument`

// pay fills the embedded form with one of the test cards.
func (b *tab) pay(number, email string) {
	b.t.Helper()
	b.wait(`!!document.querySelector("iframe") && !!` + frame + ` && !!` + frame + `.querySelector("#pay") && ` + frame + `.readyState === "complete"`)
	b.do(frame + `.querySelector('[data-number="` + number + `"]').click()`)
	if email != "" {
		b.do(fmt.Sprintf(`%s.querySelector("#email").value = %q`, frame, email))
	}
	b.do(frame + `.querySelector("#pay").click()`)
}

// agree ticks every box that the checkout asks for before it shows the form.
func (b *tab) agree() {
	b.t.Helper()
	b.wait(`!!document.querySelector("[data-checkout]") && document.readyState === "complete"`) // its script has come
	b.do(`document.querySelectorAll("input[type=checkbox][required]").forEach(x => { if (!x.checked) x.click() })`)
	b.do(`(document.querySelector("[data-checkout] button[type=submit], [data-checkout-start]") || {click(){}}).click()`)
}

type captured struct {
	Items []struct {
		Kind, Subject string
		Links         []string
	} `json:"items"`
}

// link waits for a mail and returns its first link that holds part.
func (s *site) link(to, kind, part string) string {
	s.t.Helper()
	var found string
	s.until("a mail "+kind+" arrives", func() bool {
		var box captured
		s.get("/dev/mailbox.json?to="+to, &box)
		for _, m := range box.Items {
			if m.Kind != kind {
				continue
			}
			for _, l := range m.Links {
				if strings.Contains(l, part) {
					found = l
					return true
				}
			}
		}
		return false
	})
	return found
}

// TestSomebodyBuys walks from the landing page to the studio with a declined
// card first, as a stranger does.
func TestSomebodyBuys(t *testing.T) {
	b, s := browser(t), start(t, nil)
	const email = "ada@example.com"
	b.open(s.url + "/starter-photoshoot")
	b.do(`document.querySelector('a[href*="/checkout/"]').click()`)
	b.wait(`location.pathname.startsWith("/checkout/") && document.readyState === "complete"`)
	b.agree()
	b.pay("4000000000000002", email)
	b.wait(`!` + frame + `.querySelector("#failure").hidden`)
	if said := b.ask(frame + `.querySelector("#failure").textContent`); !strings.Contains(said, "declined") {
		t.Errorf("a declined card says %q", said)
	}
	b.pay("4242424242424242", email)
	b.wait(`location.pathname === "/checkout/success" && document.body.innerText.includes("Starter Photoshoot")`)
	if strings.Contains(b.text(), email) {
		t.Error("the success page shows the whole address")
	}
	b.open(s.link(email, "purchase", "/auth/password/setup"))
	b.wait(`!!document.querySelector("input[type=password]")`)
	b.do(`document.querySelector("input[type=password]").value = "a long enough password"`)
	b.do(`document.querySelector("input[type=password]").form.requestSubmit()`)
	b.wait(`location.pathname === "/studio" && document.readyState === "complete"`)
	b.wait(`document.body.innerText.includes("50")`)
}
