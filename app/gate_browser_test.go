package app_test

import "testing"

// Opening a tab that belongs to Studio offers Studio, with or without a reload,
// at most once a day.
func TestAClosedTabOffersStudioWithoutAReload(t *testing.T) {
	b, s := browser(t), start(t, nil)
	b.signUp(s, "gina@example.com")
	b.do(`fetch("/api/onboarding/dismiss", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then(() => location.assign("/studio"))`)
	b.wait(`document.readyState === "complete" && !!document.querySelector("[data-tabs]")`)
	const (
		modal = `document.getElementById("upgrade-modal")`
		title = `document.getElementById("upgrade-title").innerText`
		stays = `window.stayed = true`
	)
	b.do(stays)
	b.do(`document.getElementById("tab-photos").click()`)
	b.wait(`!document.getElementById("panel-photos").hidden && !` + modal + `.open`)
	b.do(`document.getElementById("tab-academy").click()`)
	b.wait(modal + `.open && ` + title + `.includes("Academy") && !document.getElementById("panel-academy").hidden`)
	b.do(modal + `.close(); document.getElementById("tab-maya").click()`)

	// The second time today it waits to be asked; its words follow the tab.
	b.do(`location.hash = "feed"`)
	b.wait(title + `.includes("feed planner")`)
	if open := b.ask(`String(` + modal + `.open)`); open != "false" {
		t.Error("the offer opens by itself a second time on the same day")
	}
	b.do(`document.getElementById("tab-academy").click(); document.querySelector("#panel-academy [data-open=upgrade-modal]").click()`)
	b.wait(modal + `.open`)
	if b.ask(`String(window.stayed)`) != "true" {
		t.Error("a tab reloaded the page")
	}
}
