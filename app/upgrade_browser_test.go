package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// newBuyer buys a mini product as a guest and sets her password by the mail.
func (b *tab) newBuyer(s *site, product, email string) {
	b.t.Helper()
	s.buyBy(product, email)
	b.open(s.link(email, "purchase", "/auth/password/setup"))
	b.wait(`!!document.querySelector("input[type=password]") && document.readyState === "complete"`)
	b.do(fmt.Sprintf(`document.querySelector("input[type=password]").value = %q`, aPassword))
	b.do(`document.querySelector("input[type=password]").form.requestSubmit()`)
	b.wait(`location.pathname !== "/auth/password/setup" && document.readyState === "complete"`)
}

const aPassword = "a long enough password"

// joins goes from the page of the offer through the checkout to the welcome.
func (b *tab) joins(s *site, today string) {
	b.t.Helper()
	b.wait(`location.pathname === "/checkout-upgrade" && document.readyState === "complete"`)
	if page := b.text(); !strings.Contains(page, today) {
		b.t.Fatalf("the offer does not say %s: %s", today, page)
	}
	b.do(`document.querySelector("a.btn[data-track=cta_click][href^='/checkout/']").click()`)
	b.wait(`location.pathname === "/checkout/sselfie_studio_membership"`)
	b.agree()
	b.wait(`!!document.querySelector("iframe") && !!` + frame + `.querySelector("#pay") && ` + frame + `.body.innerText.includes("` + today + `")`)
	b.pay("4242424242424242", "")
	b.wait(`location.pathname === "/checkout/success" && document.querySelector("h1").innerText.includes("Studio")`)
	b.wait(`!document.querySelector("[data-state=complete]").hidden`)
	b.wait(`location.pathname === "/checkout/success" && document.body.innerText.includes("200 credits")`)
}

// The link of a mail leads somebody who is signed out through the login to her
// discount, and the discount to Studio. The second month costs the whole price.
func TestTheUpgradeByTheLinkOfAMailInABrowser(t *testing.T) {
	b, s := browser(t), start(t, nil)
	const email = "ines@example.com"
	b.newBuyer(s, "bio_glowup", email)
	b.do(`fetch("/api/auth/logout", {method: "POST"}).then(() => { location.href = "/checkout-upgrade?promo=MINI20" })`)
	b.wait(`location.pathname === "/auth/login" && document.readyState === "complete"`)
	b.do(fmt.Sprintf(`document.querySelector("[name=email]").value = %q; document.querySelector("[name=password]").value = %q`, email, aPassword))
	b.do(`document.querySelector("form[action='/auth/login']").requestSubmit()`)
	b.wait(`location.search === "?promo=MINI20"`)
	b.joins(s, "$77")
	b.open(s.url + "/studio")
	b.wait(`document.readyState === "complete"`)

	s.post("/dev/clock/advance", `{"by":"768h"}`, nil)
	b.open(s.url + "/account")
	b.wait(`document.readyState === "complete"`)
	page := b.text()
	for _, w := range []string{"$47", "$77", "$97", "Active", "425"} {
		if !strings.Contains(page, w) {
			t.Errorf("the account lacks %s: %s", w, page)
		}
	}
	receipt := b.ask(`[...document.querySelectorAll("tr")].find(r => r.innerText.includes("$97")).querySelector("a[href*='/gateway/']").href`)
	b.open(receipt)
	b.wait(`document.body.innerText.includes("97")`)
}

// The modal of the studio and the comparison with the packs lead to the same
// page, with the code that the customer has.
func TestTheUpgradeByTheModalInABrowser(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.newBuyer(s, "nine_post_feed", "mona@example.com")
	b.do(`fetch("/api/onboarding/dismiss", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then(() => { location.href = "/studio?tab=academy" })`)
	b.wait(`location.pathname === "/studio" && !!document.querySelector("#upgrade-modal") && document.readyState === "complete"`)
	b.do(`if (!document.querySelector("#upgrade-modal").open) document.querySelector("[data-open='upgrade-modal']").click()`)
	b.wait(`document.querySelector("#upgrade-modal").open && document.querySelector("#upgrade-modal").innerText.includes("$77")`)
	b.do(`document.querySelector("#upgrade-modal [data-open='compare-modal']").click()`)
	b.wait(`document.querySelector("#compare-modal").open`)
	to := b.ask(`document.querySelector("#compare-modal tr.hi a").getAttribute("href")`)
	if to != "/checkout-upgrade?promo=MINI20" {
		t.Fatalf("the comparison leads to %s", to)
	}
	b.do(`document.querySelector("#compare-modal tr.hi a").click()`)
	b.joins(s, "$77")
}

// The comparison on a landing page is a door, too: a visitor goes through the
// login, and without a purchase of a mini product she pays the whole price.
func TestTheUpgradeByTheLandingPageInABrowser(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.signUp(s, "vera@example.com")
	b.do(`fetch("/api/auth/logout", {method: "POST"}).then(() => { location.href = "/bio-glow-up" })`)
	b.wait(`location.pathname === "/bio-glow-up" && document.readyState === "complete"`)
	to := b.ask(`(document.querySelector(".compare a[href*='upgrade'], .compare a[href*='studio'], a[href^='/checkout-upgrade']") || {getAttribute() { return "" }}).getAttribute("href")`)
	if u, err := url.Parse(to); err != nil || u.Path != "/checkout-upgrade" {
		t.Fatalf("the comparison leads to %q", to)
	}
	b.open(s.url + to)
	b.wait(`location.pathname === "/auth/login" && document.readyState === "complete"`)
	b.do(fmt.Sprintf(`document.querySelector("[name=email]").value = "vera@example.com"; document.querySelector("[name=password]").value = %q`, aPassword))
	b.do(`document.querySelector("form[action='/auth/login']").requestSubmit()`)
	b.joins(s, "$97")
}
