package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// signUp makes an account by the page's form and stays signed in.
func (b *tab) signUp(s *site, email string) {
	b.t.Helper()
	b.open(s.url + "/auth/sign-up")
	b.wait(`!!document.querySelector("form[action='/auth/sign-up'] [name=email]")`)
	b.do(fmt.Sprintf(`document.querySelector("[name=email]").value = %q; document.querySelector("[name=password]").value = "a long enough password"`, email))
	b.do(`document.querySelector("form[action='/auth/sign-up']").requestSubmit()`)
	b.wait(`location.pathname === "/studio" && document.readyState === "complete"`)
}

// question waits for the question with this number.
func (b *tab) question(n, of int) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.readyState === "complete" && (document.querySelector(".progress") || {getAttribute(){}}).getAttribute("aria-label") === "Question %d of %d"`, n, of))
}

// answer gives a text, or ticks the print with that key, and goes on.
func (b *tab) answer(text string) {
	b.t.Helper()
	b.do(fmt.Sprintf(`(() => {
		const f = document.querySelector("form[data-wizard]"), print = f.querySelector('[name=choice][value="%[1]s"]');
		if (print) print.click(); else f.querySelector("[name=own]").value = %[2]q;
		f.requestSubmit();
	})()`, strings.Split(text, "\n")[0], text))
}

// walk answers question after question, beginning with the number first.
func (b *tab) walk(first, of int, answers ...string) {
	b.t.Helper()
	for i, a := range answers {
		b.question(first+i, of)
		b.answer(a)
	}
}

// heading waits for a headline that holds text.
func (b *tab) heading(text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`(document.querySelector("h1") || {innerText: ""}).innerText.includes(%q)`, text))
}

// leave presses the button of the welcome and waits for the studio's tab.
func (b *tab) leave(tab string) {
	b.t.Helper()
	b.do(`document.querySelector("form[action='/welcome/done']").requestSubmit()`)
	b.wait(fmt.Sprintf(`location.pathname === "/studio" && !!document.querySelector("#tab-%s[aria-current], #tab-%[1]s[aria-selected=true]")`, tab))
}

var (
	baseWalk   = []string{"Ada", "Coach", "dark-moody", "minimal", "growing"}
	blueWalk   = []string{"Grace, who has just left her job", "The lens", "mixed"}
	studioWalk = []string{"I left insurance.", "A small school.", "Women who begin at forty", "Plain and dry", "Profile, launch", "Prices\nCourage", "Old catalogues"}
)

// A free customer signs up, answers, looks back, reloads, and lands in her
// blueprint. She is never asked again.
func TestAFreeCustomersFirstMinute(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.signUp(s, "free@example.com")
	b.walk(1, 8, baseWalk[:2]...)
	b.question(3, 8)
	b.do(`document.querySelector("[data-back]").click()`)
	b.question(2, 8)
	b.wait(`document.querySelector("[name=own]").value === "Coach"`)
	b.open(s.url + "/studio") // as on another day
	b.walk(3, 8, append(baseWalk[2:], blueWalk...)...)
	b.heading("That’s all, Ada")
	if said := b.text(); !strings.Contains(said, "2 credits") || strings.Contains(said, "60 credits") {
		t.Errorf("the free welcome says: %s", said)
	}
	b.leave("blueprint")
	b.open(s.url + "/studio")
	b.wait(`!!document.querySelector("#tab-maya") && !document.querySelector("form[data-wizard]")`)
}

// The keyboard alone is enough.
func TestTheWizardByKeyboard(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.signUp(s, "keys@example.com")
	b.question(1, 8)
	b.wait(`document.activeElement.name === "own"`)
	b.keys("Ada\r")
	b.question(2, 8)
	b.keys("Coach\r")
	b.question(3, 8)
	b.wait(`document.activeElement.value === "dark-moody"`)
	b.keys(arrowRight + "\r")
	b.question(4, 8)
	b.do(`document.querySelector("[data-back]").click()`)
	b.question(3, 8)
	b.wait(`document.querySelector("[name=choice]:checked").value === "warm-neutrals"`)
}

// Who bought the blueprint is welcomed with what she bought.
func TestABlueprintBuyersFirstMinute(t *testing.T) {
	b, s := browser(t), start(t, nil)
	const email = "blue@example.com"
	b.becomes(s, "/brand-blueprint", email)
	b.wait(`location.pathname === "/studio" && document.body.innerText.includes("Brand Blueprint is yours")`)
	b.walk(1, 8, append(append([]string{}, baseWalk...), blueWalk...)...)
	b.wait(`document.body.innerText.includes("60 credits = 30 grids")`)
	b.leave("blueprint")
}

// becomes a customer by buying as a guest, sets the password by the mail's link,
// and stands where that leads.
func (b *tab) becomes(s *site, page, email string) {
	b.t.Helper()
	b.open(s.url + "/checkout" + page)
	b.agree()
	b.pay("4242424242424242", email)
	b.wait(`location.pathname === "/checkout/success"`)
	b.open(s.link(email, "purchase", "/auth/password/setup"))
	b.wait(`!!document.querySelector("input[type=password]")`)
	b.do(`document.querySelector("input[type=password]").value = "a long enough password"`)
	b.do(`document.querySelector("input[type=password]").form.requestSubmit()`)
	b.wait(`!location.pathname.startsWith("/auth/") && document.readyState === "complete"`)
}

// Each product leads its buyer to its own screen, and the studio's questions lead
// her back there.
func TestEachBuyersFirstMinute(t *testing.T) {
	for page, want := range map[string]struct{ first, name, place string }{
		"/starter-photoshoot": {"/studio", "Starter Photoshoot", "/studio"},
		"/bio-glow-up":        {"/bio/generator", "Bio Glow-Up", "/bio/generator"},
		"/nine-post-feed":     {"/feed-planner", "9-Post Feed", "/feed-planner"},
		"/rebrand-reset":      {"/rebrand-wizard", "Rebrand Reset", "/rebrand-wizard"},
	} {
		t.Run(want.name, func(t *testing.T) {
			b, s := browser(t), start(t, nil)
			b.becomes(s, page, "buyer@example.com")
			b.wait(fmt.Sprintf(`location.pathname === %q`, want.first))
			if want.first != "/studio" {
				b.heading(want.name)
				b.open(s.url + "/studio")
			}
			b.walk(1, 8, append(append([]string{}, baseWalk...), blueWalk...)...)
			b.heading("That’s all, Ada")
			b.wait(`document.querySelector("form[action='/welcome/done'] button").innerText === "Open the studio"`)
			b.do(`document.querySelector("form[action='/welcome/done']").requestSubmit()`)
			b.wait(`location.pathname + location.search === "/studio" && document.readyState === "complete"`)
			b.wait(fmt.Sprintf(`document.body.innerText.includes("Next: your %s") && !!document.querySelector("#panel-maya a.btn[href^='%s']")`, want.name, want.place))
		})
	}
}

// Who buys Studio before she was asked anything is asked once, twelve questions
// in a row, and lands in the studio.
func TestAMemberFromTheBeginning(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.becomes(s, "/studio-membership", "first@example.com")
	b.wait(`location.pathname === "/studio"`)
	b.walk(1, 12, append(append([]string{}, baseWalk...), studioWalk...)...)
	b.heading("welcome to Studio")
	b.leave("maya")
	b.open(s.url + "/studio")
	b.wait(`!!document.querySelector("#tab-maya") && !document.querySelector("form[data-wizard]") && document.body.innerText.includes("Hello, Ada")`)
	b.open(s.url + "/studio?tab=academy")
	b.wait(`document.body.innerText.includes("No course is published yet")`)
}

// Who buys the blueprint after the free welcome is welcomed once more, with what
// she bought, and asked nothing again.
func TestABlueprintAfterTheFreeWelcome(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.signUp(s, "later@example.com")
	b.walk(1, 8, append(append([]string{}, baseWalk...), blueWalk...)...)
	b.heading("That’s all, Ada")
	b.leave("blueprint")
	b.wait(`document.querySelector("#panel-blueprint").innerText.includes("Grace, who has just left her job")`)
	b.open(s.url + "/checkout/brand-blueprint")
	b.agree()
	b.pay("4242424242424242", "")
	b.wait(`location.pathname === "/checkout/success"`)
	s.until("she is welcomed", func() bool {
		b.open(s.url + "/studio")
		return strings.Contains(b.text(), "60 credits = 30 grids")
	})
	b.leave("blueprint")
	b.open(s.url + "/studio")
	b.wait(`!!document.querySelector("#tab-maya") && !document.body.innerText.includes("60 credits = 30 grids")`)
}

// Who joins Studio after everything else is asked Studio's own questions, and
// lands in the studio.
func TestAMembersFirstMinute(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.signUp(s, "member@example.com")
	b.walk(1, 8, append(append([]string{}, baseWalk...), blueWalk...)...)
	b.heading("That’s all, Ada")
	b.leave("blueprint")
	b.open(s.url + "/checkout/studio-membership")
	b.agree()
	b.pay("4242424242424242", "")
	b.wait(`location.pathname === "/checkout/success" && document.body.innerText.includes("Studio")`)
	b.wait(`location.pathname === "/studio" || document.body.innerText.includes("it worked") || !!document.querySelector("a[href^='/studio']")`)
	s.until("she is a member", func() bool {
		b.open(s.url + "/studio")
		return strings.Contains(b.text(), "What changed for you?")
	})
	b.walk(1, 7, studioWalk...)
	b.heading("welcome to Studio")
	b.leave("maya")
	b.wait(`!document.querySelector("form[data-wizard]")`)
}

const arrowRight = kb.ArrowRight

// keys types as a person does.
func (b *tab) keys(text string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.KeyEvent(text)); err != nil {
		b.t.Fatalf("typing %q: %v", text, err)
	}
}
