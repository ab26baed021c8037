package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
)

func TestStartingACheckout(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	type sc = scenario
	post := func(door, body, cookie string) ask {
		return ask{method: "POST", path: "/api/checkout/" + door, body: body, cookie: cookie}
	}
	for name, c := range map[string]sc{
		"a guest buys from a landing page": {
			ask: post("landing", `{"product":"bio_glowup","source":"instagram"}`, ""), status: 201,
			has: []string{`"sessionId":"cs_test_`, `"clientSecret":"cs_test_`, `"url":"` + s.opts.BaseURL + `/checkout/bio-glow-up?session=cs_test_`, `"expiresAt":"2`},
		},
		"the page's name does for the product": {ask: post("landing", `{"product":"bio-glow-up"}`, ""), status: 201},
		"consent may be truth values":          {ask: post("landing", `{"product":"bio_glowup","consent":{"immediate":true,"marketing":false}}`, ""), status: 201},
		"consent may be words":                 {ask: post("landing", `{"product":"bio_glowup","consent":{"immediate":true,"marketing":"yes","version":"2026-01"}}`, ""), status: 201},
		"an unknown product is named":          {ask: post("landing", `{"product":"moon"}`, ""), status: 400, has: []string{`"fields":{"product":`}},
		"no product is named":                  {ask: post("landing", `{}`, ""), status: 400, has: []string{`"fields":{"product":`}},
		"an unknown code is named":             {ask: post("landing", `{"product":"bio_glowup","promo":"FREE"}`, ""), status: 400, has: []string{`"fields":{"promo":`}},
		"a code without a purchase is refused": {ask: post("upgrade", `{"promo":"MINI20"}`, ada), status: 422, has: []string{`"code":"unprocessable"`}},
		"a pack is not sold to a guest":        {ask: post("credits", `{"product":"credits_100"}`, ""), status: 401},
		"a pack is sold inside":                {ask: post("credits", `{"product":"credits_100"}`, ada), status: 201, has: []string{"/checkout/credits_100?session="}},
		"an upgrade needs somebody":            {ask: post("upgrade", `{}`, ""), status: 401},
		"an upgrade is Studio":                 {ask: post("upgrade", `{}`, ada), status: 201, has: []string{"/checkout/studio-membership?session="}},
		"a text is no product":                 {ask: post("landing", `{"product":["bio_glowup"]}`, ""), status: 400, has: []string{`"fields":{"product":`}},
		"the status of nothing":                {ask: ask{path: "/api/checkout/status"}, status: 400, has: []string{`"session_id"`}},
		"the status of an unknown session":     {ask: ask{path: "/api/checkout/status?session_id=cs_nope"}, status: 404},
		"the portal needs somebody":            {ask: ask{method: "POST", path: "/api/billing/portal"}, status: 401},
		"the portal needs a purchase":          {ask: ask{method: "POST", path: "/api/billing/portal", cookie: ada}, status: 404},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	if m := s.stripe.opened[0].Meta; m.Ref == "" {
		t.Errorf("no ref at Stripe: %+v", m)
	}
}

func TestAGuestBuys(t *testing.T) {
	s := open(t)
	session := s.buy("bio_glowup", "ada@example.com", "")
	st := s.get("/api/checkout/status?session_id=" + session).json(t)
	if st["status"] != "complete" || st["product"] != "bio_glowup" || st["redirect"] != "/bio/generator" {
		t.Fatalf("status %v", st)
	}
	// The account exists; nobody is signed in to it by knowing the session.
	page := s.play(t, scenario{
		ask: ask{path: "/checkout/success?session_id=" + session}, status: 200,
		has:    []string{"view.CheckoutSuccess", `"Product":"bio_glowup"`, `"Status":"complete"`, `"Redirect":"/bio/generator"`, `"Guest":true`},
		hasNot: []string{"ada@", "Ada", "<form"}, header: map[string]string{"Set-Cookie": "", "Referrer-Policy": "no-referrer"},
	})
	s.play(t, scenario{ask: ask{path: "/checkout/success?session_id=" + session, cookie: s.signUp("bea@example.com")}, status: 200, has: []string{`"Guest":false`}})
	if cookieOf(page) != "" {
		t.Fatal("the success page signed somebody in")
	}
	s.play(t, scenario{
		ask: ask{path: "/checkout/success?session_id=cs_unknown"}, status: 200,
		has: []string{"view.CheckoutSuccess", `"Product":""`}, header: map[string]string{"Set-Cookie": ""},
	})
	s.play(t, scenario{ask: ask{path: "/checkout/bio-glow-up?session=" + session}, status: 303, header: map[string]string{"Location": "/checkout/success?session_id=" + session}})
}

// TestPreHijack: somebody signs up with another's address and stays signed in;
// the purchase of the address's owner takes everything from him.
func TestPreHijack(t *testing.T) {
	s := open(t)
	thief := s.signUp("victim@example.com")
	s.buy("bio_glowup", "Victim@Example.com", "")
	if a := s.do(ask{path: "/api/user/credits", cookie: thief}); a.status != 401 {
		t.Errorf("the thief's session: %d %s", a.status, a.body)
	}
	if a := s.post("/api/auth/login", `{"email":"victim@example.com","password":"`+password+`"}`); a.status != 401 {
		t.Errorf("the thief's password: %d %s", a.status, a.body)
	}
}

// TestALostAddressIsTold: an account that holds purchases of its own keeps them,
// loses only the address that it never proved, and says so.
func TestALostAddressIsTold(t *testing.T) {
	s := open(t)
	cookie := s.signUp("victim@example.com")
	s.buy("bio_glowup", "paypal@example.com", cookie)
	s.buy("nine_post_feed", "victim@example.com", "")
	s.play(t, scenario{
		ask: ask{path: "/account", cookie: cookie}, status: 200,
		has: []string{"Your e-mail address was claimed by its owner", `"Balance":27`, "Bio Glow-Up"}, hasNot: []string{"9-Post Feed", "victim@"},
	})
	if got := s.user("victim@example.com"); got.Email == "" || got.PasswordHash != "" {
		t.Fatalf("the buyer's account: %+v", got)
	}
}

func TestACheckoutIsOpenedAgain(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	first := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`).json(t)
	session := first["sessionId"].(string)
	again := s.post("/api/checkout/landing", fmt.Sprintf(`{"product":"bio_glowup","session":%q}`, session)).json(t)
	if again["sessionId"] != session || again["clientSecret"] != first["clientSecret"] {
		t.Fatalf("opened another: %v", again)
	}
	if a := s.get("/checkout/bio-glow-up?session=" + session); a.status != 200 || !strings.Contains(a.body, "view.Checkout ") {
		t.Fatalf("its page: %d %s", a.status, a.body)
	}
	s.play(t, scenario{ask: ask{path: "/checkout/success?session_id=" + session}, status: 200, has: []string{`"Status":"processing"`}})
	other := s.post("/api/checkout/landing", fmt.Sprintf(`{"product":"nine_post_feed","session":%q}`, session)).json(t)
	if other["sessionId"] == session {
		t.Fatal("another product got this session")
	}
	hers := s.do(ask{method: "POST", path: "/api/checkout/landing", body: `{"product":"bio_glowup"}`, cookie: ada}).json(t)["sessionId"].(string)
	foreign := s.post("/api/checkout/landing", fmt.Sprintf(`{"product":"bio_glowup","session":%q}`, hers)).json(t)
	if foreign["sessionId"] == hers {
		t.Fatal("a stranger opened a customer's checkout")
	}
	s.clock.Advance(25 * time.Hour)
	fresh := s.post("/api/checkout/landing", fmt.Sprintf(`{"product":"bio_glowup","session":%q}`, session)).json(t)
	if fresh["sessionId"] == session {
		t.Fatal("an expired session was opened again")
	}
}

func TestWhatIsBoughtIsShown(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	s.buy("brand_blueprint_paid", "other@example.com", ada)
	me := s.do(ask{path: "/api/auth/me", cookie: ada}).json(t)
	if e := me["entitlement"].(map[string]any); e["type"] != "paid" || e["expiresAt"] != nil {
		t.Errorf("entitlement %v", e)
	}
	s.send("/welcome/skip", ada, nil) // or the studio would ask first
	type sc = scenario
	for name, c := range map[string]sc{
		"balance": {ask: ask{path: "/api/user/credits", cookie: ada}, status: 200, has: []string{`{"balance":62,"totalPurchased":62,"totalUsed":0}`}},
		"account": {ask: ask{path: "/account", cookie: ada}, status: 200, has: []string{"view.Account", `"Balance":62`, `"Purchases":[{"Name":"Brand Blueprint"`, `"EmailProven":false`}},
		"studio with its banner": {
			ask: ask{path: "/studio?tab=blueprint&purchase=success", cookie: ada}, status: 200,
			has: []string{"view.Studio", `"Tab":"blueprint"`, `"Owned":["brand_blueprint_paid"]`, `"Purchased":"brand_blueprint_paid"`, `"Tier":"paid_blueprint"`, `"Code":"MINI20"`},
		},
		"studio without":                     {ask: ask{path: "/studio?tab=nonsense", cookie: ada}, status: 200, has: []string{`"Tab":""`, `"Purchased":""`}},
		"a product that she does not have":   {ask: ask{path: "/feed-planner", cookie: ada}, status: 200, has: []string{"view.Experience", `"Locked":true`}},
		"studio needs somebody":              {ask: ask{path: "/studio?tab=feed"}, status: 303, header: map[string]string{"Location": "/auth/login?returnTo=%2Fstudio%3Ftab%3Dfeed"}},
		"account needs somebody":             {ask: ask{path: "/account"}, status: 303},
		"the paid blueprint lives in a tab":  {ask: ask{path: "/blueprint?paid=true"}, status: 303, header: map[string]string{"Location": "/studio?tab=blueprint&purchase=success"}},
		"the blueprint lives in a tab":       {ask: ask{path: "/blueprint"}, status: 303, header: map[string]string{"Location": "/studio?tab=blueprint"}},
		"upgrade asks for a login first":     {ask: ask{path: "/checkout-upgrade?promo=MINI20"}, status: 303, header: map[string]string{"Location": "/auth/login?returnTo=%2Fcheckout-upgrade%3Fpromo%3DMINI20"}},
		"upgrade shows the code and its end": {ask: ask{path: "/checkout-upgrade?promo=mini20", cookie: ada}, status: 200, has: []string{`"Promo":{"Code":"MINI20"`, coretest.Start.AddDate(0, 0, 33).Format("2006-01-02")}},
		"upgrade says why a code is refused": {ask: ask{path: "/checkout-upgrade?promo=NOPE", cookie: ada}, status: 200, has: []string{`"Promo":null`, `"PromoRefused":"We`}},
		"her checkout is an upgrade":         {ask: ask{path: "/checkout/studio-membership", cookie: ada}, status: 200, has: []string{`"Upgrade":true`}},
		"a guest's is not":                   {ask: ask{path: "/checkout/studio-membership?promo=MINI20"}, status: 200, has: []string{`"Upgrade":false`, `"PromoRefused":"The code`}},
		"sent before its script came":        {ask: ask{path: "/checkout/bio_glowup?promo=X&utm_source=s%26t&immediate=on&nomail=on&dataset=x"}, status: 200, has: []string{`"Address":[{"Name":"promo","Value":"X"},{"Name":"utm_source","Value":"s\u0026t"}]`}},
		"what the address says is kept":      {ask: ask{path: "/checkout/bio_glowup?source=s&campaign=c&link=l"}, status: 200, has: []string{`"Source":"s","Campaign":"c","Link":"l"`}},
		"a pack is for somebody":             {ask: ask{path: "/checkout/credits_100"}, status: 303},
		"a pack inside":                      {ask: ask{path: "/checkout/credits_100", cookie: ada}, status: 200},
		"no such product":                    {ask: ask{path: "/checkout/moon"}, status: 404, has: []string{"view.ErrorPage"}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
	if a := s.do(ask{method: "POST", path: "/api/checkout/upgrade", body: `{"promo":"MINI20"}`, cookie: ada}); a.status != 201 {
		t.Errorf("the code is hers: %d %s", a.status, a.body)
	}
}

func TestTheLedgerIsRead(t *testing.T) {
	s := open(t)
	ada, eve := s.signUp("ada@example.com"), s.signUp("eve@example.com")
	for range 55 {
		s.buy("bio_glowup", "ada@example.com", ada)
	}
	first := s.do(ask{path: "/api/user/credits/transactions", cookie: ada}).json(t)
	items := first["items"].([]any)
	if len(items) != 50 || items[0].(map[string]any)["balanceAfter"] != float64(2+55*25) {
		t.Fatalf("%d items, first %v", len(items), items[0])
	}
	next, _ := first["next"].(string)
	last := s.do(ask{path: "/api/user/credits/transactions?cursor=" + url.QueryEscape(next), cookie: ada}).json(t)
	if rest := last["items"].([]any); len(rest) != 6 || last["next"] != nil || rest[5].(map[string]any)["type"] != "sign_up" {
		t.Fatalf("the rest: %v", last)
	}
	for name, c := range map[string]scenario{
		"another's cursor is nobody's": {ask: ask{path: "/api/user/credits/transactions?cursor=" + next, cookie: eve}, status: 400, has: []string{`"cursor"`}},
		"a made-up cursor":             {ask: ask{path: "/api/user/credits/transactions?cursor=crd_x", cookie: ada}, status: 400},
		"an empty page is a list":      {ask: ask{path: "/api/user/credits/transactions", cookie: eve}, status: 200, has: []string{`"items":[{`, `"next":null`}},
		"nobody's ledger":              {ask: ask{path: "/api/user/credits/transactions"}, status: 401},
		"the account page goes on":     {ask: ask{path: "/account", cookie: ada}, status: 200, has: []string{`"NewerURL":""`, `"OlderURL":"/account?before=`}},
		"and back":                     {ask: ask{path: "/account?before=" + next, cookie: ada}, status: 200, has: []string{`"NewerURL":"/account"`, `"OlderURL":""`}},
	} {
		t.Run(name, func(t *testing.T) { s.play(t, c) })
	}
}

func TestPaymentsMayBeOff(t *testing.T) {
	s := open(t, func(o *web.Options) { o.Payloads = nil })
	if a := s.deliver(`{}`); a.status != http.StatusServiceUnavailable {
		t.Fatalf("webhook: %d %s", a.status, a.body)
	}
}

func TestStripeIsDown(t *testing.T) {
	s := open(t)
	s.stripe.fails = &core.Error{Code: core.Unavailable, Op: "stripe", Message: "Stripe does not answer. Nothing was charged; try again.", Err: errBroken}
	a := s.post("/api/checkout/landing", `{"product":"bio_glowup"}`)
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "Nothing was charged") || strings.Contains(a.body, "broken") {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
}

func TestADisabledProductIsGone(t *testing.T) {
	s := open(t, func(o *web.Options) {
		cat := catalog.Default()
		cat.Products[2].Disabled = true
		o.Catalog = cat
	})
	for _, path := range []string{"/bio-glow-up", "/checkout/bio-glow-up", "/checkout/bio_glowup"} {
		if a := s.get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := s.get("/sitemap.xml"); strings.Contains(a.body, "bio-glow-up") || !strings.Contains(a.body, "<loc>"+s.opts.BaseURL+"/brand-blueprint</loc>") {
		t.Errorf("sitemap: %s", a.body)
	}
}
