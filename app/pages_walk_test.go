package app_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestPagesInABrowser walks every page on a phone and on a wide screen, in both
// schemes and without scripts: axe finds nothing, the console is silent, no
// other host is asked, nothing is wider than the screen. With SHOTS set to a
// folder it keeps a picture of each.
func TestPagesInABrowser(t *testing.T) {
	axe, err := os.ReadFile(tool(t, "axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	browserCtx := oneBrowser(t)
	w := newWorld(t)
	sheets := w.sheets()
	for _, wide := range []int64{390, 1440} {
		t.Run(fmt.Sprint(wide), func(t *testing.T) {
			t.Parallel()
			v := newWalker(t, browserCtx, w, wide, string(axe))
			for _, p := range sheets {
				if wanted(p) {
					v.visit(p)
					v.withoutScripts(p)
				}
			}
			v.checkTheCheck()
		})
	}
}

// wanted reports whether SHEET, a list of names, asks for a page; without it
// all are wanted.
func wanted(p sheet) bool {
	only := os.Getenv("SHEET")
	return only == "" || slices.Contains(strings.Split(only, ","), p.name)
}

// oneBrowser starts the Chromium that all walkers share.
func oneBrowser(t *testing.T) context.Context {
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
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// walker is one tab of one width. What the page says behind the reader's back
// is collected between two visits.
type walker struct {
	t    *testing.T
	ctx  context.Context
	w    *world
	wide int64
	axe  string
	host string

	mu      sync.Mutex
	trouble []string
}

func newWalker(t *testing.T, browser context.Context, w *world, wide int64, axe string) *walker {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 15*time.Minute)
	t.Cleanup(stop)
	v := &walker{t: t, ctx: ctx, w: w, wide: wide, axe: axe, host: strings.TrimPrefix(w.url, "http://")}
	if err := chromedp.Listen(ctx, v.hear); err != nil {
		t.Fatal(err)
	}
	call(v, network.Enable, network.EnableParams{})
	high, mobile := int64(900), false
	if wide < 600 {
		high, mobile = 844, true
	}
	call(v, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: wide, Height: high, DeviceScaleFactor: 1, Mobile: mobile})
	return v
}

// hear notes errors and requests to other hosts.
func (v *walker) hear(ev any) {
	say := func(format string, args ...any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.trouble = append(v.trouble, fmt.Sprintf(format, args...))
	}
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		say("exception: %s", ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "warning" {
			say("console %s", ev.Type)
		}
	case *log.EventEntryAdded:
		if ev.Entry.Level == "error" || ev.Entry.Source == "security" {
			say("log: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		say("dialog: %s", ev.Message)
		go func() { // the page waits for it, and so would we
			_, _ = chromedp.Call(v.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(ev.Request.URL); err == nil && u.Host != "" && u.Host != v.host {
			say("asks another host: %s", ev.Request.URL)
		}
	}
}

// heard returns what was noted since it was last asked.
func (v *walker) heard() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	trouble := v.trouble
	v.trouble = nil
	return trouble
}

// visit looks at a page in both schemes.
func (v *walker) visit(p sheet) {
	v.t.Helper()
	v.scheme("light")
	if !v.load(p) {
		return
	}
	if p.do != "" {
		v.ask(p, p.do+"; true", new(bool))
	}
	if p.then != "" {
		if ok, err := chromedp.Run(v.ctx, chromedp.Poll[bool](p.then, chromedp.WithPollingTimeout(20*time.Second))); err != nil || !ok {
			v.t.Errorf("%s: waited in vain for %s: %v", p.name, p.then, err)
		}
	}
	v.look(p, "light")
	v.scheme("dark")
	v.look(p, "dark")
}

// withoutScripts loads a page as a browser does that runs none. Its text must
// be there, and as accessible as ever.
func (v *walker) withoutScripts(p sheet) {
	v.t.Helper()
	v.scheme("light")
	call(v, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	ok := v.load(p)
	call(v, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	if !ok {
		return
	}
	var words int
	v.ask(p, `document.body.innerText.split(/\s+/).length`, &words)
	if words < 20 {
		v.t.Errorf("%s: %d words without scripts", p.name, words)
	}
	v.look(p, "without scripts")
}

func (v *walker) load(p sheet) bool {
	v.t.Helper()
	v.become(p.who)
	if err := chromedp.Do(v.ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(v.w.url+p.path)); err != nil {
		v.t.Errorf("%s: %v", p.name, err)
		return false
	}
	return true
}

// become wears the cookies of one of the people.
func (v *walker) become(who string) {
	v.t.Helper()
	call(v, network.ClearBrowserCookies, cdp.Empty{})
	u, err := url.Parse(v.w.url)
	if err != nil {
		v.t.Fatal(err)
	}
	jar := v.w.people[who].Jar
	if jar == nil {
		return
	}
	for _, c := range jar.Cookies(u) {
		call(v, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: v.w.url, HTTPOnly: new(true)})
	}
}

func (v *walker) scheme(name string) {
	v.t.Helper()
	call(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// look judges what is on the screen, and keeps a picture when asked to.
func (v *walker) look(p sheet, how string) {
	v.t.Helper()
	var over []string
	v.ask(p, `document.fonts.ready.then(() => document.documentElement.scrollWidth <= innerWidth ? [] :
		[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map(e => e.tagName + "." + (e.getAttribute("class") || "") + " " + e.textContent.trim().slice(0, 40)))`, &over)
	if len(over) > 0 {
		v.t.Errorf("%s, %s: wider than the screen: %s", p.name, how, strings.Join(over, ", "))
	}
	// What the page clips does not make it wider: words must end on the screen.
	var cut []string
	v.ask(p, `[...document.querySelectorAll("body *")].filter(e => {
		if (e.closest(".table-wrap,.tabs,pre,svg,.sr,.skip,textarea,select,code") || getComputedStyle(e).textOverflow === "ellipsis") return false;
		return [...e.childNodes].some(n => {
			if (n.nodeType !== 3 || !n.textContent.trim()) return false;
			const words = document.createRange();
			words.selectNodeContents(n);
			const box = words.getBoundingClientRect();
			return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
		});
	}).slice(0, 4).map(e => e.tagName + "." + (e.getAttribute("class") || "") + " " + e.textContent.trim().slice(0, 40))`, &cut)
	if len(cut) > 0 {
		v.t.Errorf("%s, %s: words end beyond the screen: %s", p.name, how, strings.Join(cut, ", "))
	}
	rules := ""
	if how == "dark" || how == "without scripts" && v.wide > 600 { // the narrow visit has asked the rest
		rules = `, runOnly: ["color-contrast", "link-in-text-block"]`
	}
	for _, violation := range v.violations(p, rules) {
		v.t.Errorf("%s, %s: %s", p.name, how, violation)
	}
	for _, what := range v.heard() {
		if p.refused && strings.Contains(what, "the server responded with a status of 4") {
			continue // the page itself, which is meant to say no
		}
		v.t.Errorf("%s, %s: %s", p.name, how, what)
	}
	v.shoot(p, how)
}

// violations are what axe has to say, by all of its rules or those named.
func (v *walker) violations(p sheet, rules string) []string {
	v.t.Helper()
	var has bool
	v.ask(p, `"axe" in window`, &has)
	if !has {
		v.ask(p, v.axe+"; true", new(bool))
	}
	var out []string
	v.ask(p, `axe.run(document, {resultTypes: ["violations"], iframes: false`+rules+`}).then(r => r.violations.map(x =>
		x.id + ": " + x.help + " at " + x.nodes.slice(0, 3).map(n => n.target.join(" ") + " (" + n.failureSummary.replace(/\s+/g, " ") + ")").join("; ")))`, &out)
	return out
}

func (v *walker) shoot(p sheet, how string) {
	v.t.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" || how == "without scripts" {
		return
	}
	png, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", p.name, v.wide, how)), png, 0o600)
	}
	if err != nil {
		v.t.Errorf("%s: %v", p.name, err)
	}
}

// checkTheCheck plants faults: a judge that never says no is none.
func (v *walker) checkTheCheck() {
	v.t.Helper()
	p := sheet{name: "planted"}
	v.ask(p, `document.querySelector("main").innerHTML = '<img src="/assets/icon.svg"><p id="faint">Faint words</p>';
		document.getElementById("faint").style.color = "#ddd"; document.getElementById("faint").style.background = "#fff"; true`, new(bool))
	found := strings.Join(v.violations(p, ""), "\n")
	for _, rule := range []string{"image-alt", "color-contrast"} {
		if !strings.Contains(found, rule) {
			v.t.Errorf("axe passes a page with a planted fault: %s", rule)
		}
	}
}

// ask evaluates an expression into out.
func (v *walker) ask(p sheet, expr string, out any) {
	v.t.Helper()
	var err error
	switch out := out.(type) {
	case *bool:
		*out, err = chromedp.Run(v.ctx, chromedp.Evaluate[bool](expr, chromedp.EvalAwaitPromise))
	case *int:
		*out, err = chromedp.Run(v.ctx, chromedp.Evaluate[int](expr, chromedp.EvalAwaitPromise))
	case *[]string:
		*out, err = chromedp.Run(v.ctx, chromedp.Evaluate[[]string](expr, chromedp.EvalAwaitPromise))
	}
	if err != nil {
		if len(expr) > 200 {
			expr = expr[:200]
		}
		v.t.Fatalf("%s: %s: %v", p.name, expr, err)
	}
}

func call[P, R any](v *walker, cmd cdp.Command[P, R], params P) {
	v.t.Helper()
	if _, err := chromedp.Call(v.ctx, cmd, params); err != nil {
		v.t.Fatal(err)
	}
}
