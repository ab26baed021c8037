package stripegate

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts Debian's Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("there is no chromium: install Debian's package of that name")
	}
	if err != nil || testing.Short() {
		t.Skip("there is no chromium here, or a run that goes without: install Debian's package of that name")
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	return ctx
}

// shop serves a checkout page under the strict policy, with the gateway in it.
func (r *rig) shop(secret func() string) string {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	base := "http://" + l.Addr().String()
	r.must(r.g.SetAddresses(base, r.opt.WebhookURL))
	mux := http.NewServeMux()
	mux.Handle("/gateway/", r.g.Pages())
	mux.HandleFunc("/checkout", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self'; frame-src 'self'")
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, `<!doctype html><title>Shop</title><div id="here"></div><script src="/gateway/v3.js"></script><script src="/shop.js"></script>`)
	})
	mux.HandleFunc("/shop.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprintf(w, `Stripe("pk_test_demo").initEmbeddedCheckout({fetchClientSecret: async () => %q}).then((c) => c.mount("#here"));`, secret())
	})
	mux.HandleFunc("/checkout/success", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, "<title>Success</title>%s", q.URL.Query().Get("session_id"))
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }()
	r.t.Cleanup(func() { _ = srv.Close() })
	return base
}

func TestBuyerPaysInTheFrame(t *testing.T) {
	ctx := browser(t)
	r := newRig(t)
	price := r.oneTime(4700).ID
	secret := ""
	base := r.shop(func() string { return secret })
	open := func() string {
		p := params("payment", price)
		back := base + "/checkout/success?session_id={CHECKOUT_SESSION_ID}"
		p.ReturnURL = &back
		s := r.session(p)
		secret = s.ClientSecret
		r.must(chromedp.Do(ctx, chromedp.Navigate(base+"/checkout")))
		return s.ID
	}
	const frame = `document.querySelector("iframe").contentDocument`
	wait := func(expr string) {
		t.Helper()
		ok, err := chromedp.Run(ctx, chromedp.Poll[bool](expr))
		for err != nil && ctx.Err() == nil { // the page left while it was asked: ask the new one
			ok, err = chromedp.Run(ctx, chromedp.Poll[bool](expr))
		}
		if err != nil || !ok {
			where, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText + " | " + (document.querySelector("iframe") ? document.querySelector("iframe").contentDocument.body.innerText : "")`))
			t.Fatalf("waiting for %s: %v at %s", expr, err, where)
		}
	}
	do := func(expr string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](expr)); err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
	}
	ready := `!!document.querySelector("iframe") && !!` + frame + ` && !!` + frame + `.querySelector("#pay") && ` + frame + `.readyState === "complete"`
	choose := func(number string) {
		do(frame + `.querySelector('[data-number="` + number + `"]').click()`)
		do(frame + `.querySelector("#email").value = "ada@example.com"`)
		do(frame + `.querySelector("#pay").click()`)
	}

	id := open()
	wait(ready)
	wait(`document.querySelector("iframe").clientHeight === ` + frame + `.documentElement.scrollHeight`)
	choose("4000000000000002")
	wait(`!` + frame + `.querySelector("#failure").hidden && ` + frame + `.querySelector("#failure").textContent.includes("declined by the bank")`)
	wait(frame + `.querySelector("#email").value === "ada@example.com" && !` + frame + `.querySelector("#pay").disabled`)
	choose("4242424242424242")
	wait(`document.title === "Success"`)
	if body, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.textContent`)); err != nil || strings.TrimSpace(body) != id {
		t.Errorf("came back with %q %v", body, err)
	}

	open()
	wait(ready)
	do(`window.scrollTo(0, document.body.scrollHeight)`)
	choose("4000000000003220")
	wait(`!!document.querySelector("iframe") && !!` + frame + `.querySelector("#approve")`)
	// The frame is as tall as the bank's page, and where the buyer looks.
	wait(`document.querySelector("iframe").clientHeight < 600 && document.querySelector("iframe").getBoundingClientRect().top >= 0`)
	do(frame + `.querySelector("#approve").click()`)
	wait(`document.title === "Success"`)

	// On a telephone the list of cards is folded, and the frame as short.
	open()
	wait(ready)
	wait(frame + `.querySelector("details.test").open`)
	do(`document.querySelector("iframe").width = "350"`)
	do(`document.querySelector("iframe").contentWindow.location.reload()`)
	wait(ready + ` && !` + frame + `.querySelector("details.test").open`)
	wait(`document.querySelector("iframe").clientHeight < 900`)
}
