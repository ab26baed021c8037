package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// visitor is a browser without scripts: it keeps cookies and follows nobody.
type visitor struct {
	*site
	client *http.Client
}

func (s *site) visitor() visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return visitor{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// send makes a request; a body that begins with a brace is JSON, any other a
// form. It returns the status, where the answer leads, and the body.
func (v visitor) send(method, path, body string) (status int, to, text string) {
	v.t.Helper()
	req, err := http.NewRequest(method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	if req.Header.Set("Content-Type", "application/x-www-form-urlencoded"); strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(b)
}

// balance is what the API says of whoever is signed in.
func (v visitor) balance() (n int) {
	v.t.Helper()
	_, _, body := v.send("GET", "/api/user/credits", "")
	var out struct{ Balance int }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		v.t.Fatalf("%v: %s", err, body)
	}
	return out.Balance
}

func TestAMiniBuyerUpgradesByTheLinkOfAMail(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	const email, password = "ines@example.com", "a long enough password"
	s.buyBy("bio_glowup", email)
	ines := s.visitor()
	link, err := url.Parse(s.link(email, "purchase", "/auth/password/setup"))
	if err != nil {
		t.Fatal(err)
	}
	if status, _, body := ines.send("POST", "/api/auth/password/setup", fmt.Sprintf(`{"token":%q,"password":%q}`, link.Query().Get("token"), password)); status != http.StatusOK {
		t.Fatalf("set-up: %d %s", status, body)
	}
	_, _, _ = ines.send("POST", "/api/auth/logout", "")

	// The mail's link, to somebody who is not signed in: the code is kept.
	const door = "/checkout-upgrade?promo=MINI20"
	_, to, _ := ines.send("GET", door, "")
	if to != "/auth/login?returnTo="+url.QueryEscape(door) {
		t.Fatalf("the door leads to %s", to)
	}
	form := url.Values{"email": {email}, "password": {password}, "returnTo": {door}}
	if status, to, _ := ines.send("POST", "/auth/login", form.Encode()); status != http.StatusSeeOther || to != door {
		t.Fatalf("the login leads to %d %s", status, to)
	}
	if _, _, page := ines.send("GET", door, ""); !strings.Contains(page, "$77") || !strings.Contains(page, "/checkout/sselfie_studio_membership?promo=MINI20") {
		t.Fatalf("the offer is not shown: %.3000s", page)
	}
	upgrade := func(v visitor, promo string) (status int, session, body string) {
		status, _, body = v.send("POST", "/api/checkout/upgrade", fmt.Sprintf(`{"promo":%q}`, promo))
		var out struct{ SessionID string }
		_ = json.Unmarshal([]byte(body), &out) // a refusal has none
		return status, out.SessionID, body
	}
	status, session, body := upgrade(ines, "MINI20")
	if status != http.StatusCreated {
		t.Fatalf("the checkout: %d %s", status, body)
	}
	if _, again, _ := upgrade(ines, "mini20"); again != session {
		t.Errorf("a second tab has a discount of its own: %s and %s", again, session)
	}
	s.payFor(session, "wallet@pay.test")
	s.until("she is a member", func() bool {
		var st struct{ Status string }
		s.get("/api/checkout/status?session_id="+session, &st)
		return st.Status == "complete" && ines.balance() == 225
	})

	// No second membership, and no second use.
	if status, _, body := upgrade(ines, ""); status != http.StatusConflict || !strings.Contains(body, `"already_member"`) || !strings.Contains(body, "portalUrl") {
		t.Errorf("a member upgrades: %d %s", status, body)
	}
	if _, to, _ := ines.send("GET", door, ""); !strings.Contains(to, "/gateway/portal/") {
		t.Errorf("a member is led to %s", to)
	}
	if _, to, body := ines.send("POST", "/api/billing/portal", "{}"); !strings.Contains(to+body, "/gateway/portal/") {
		t.Errorf("the portal: %s %s", to, body)
	}
	// The second month costs the whole price, and brings its credits.
	s.post("/dev/clock/advance", `{"by":"768h"}`, nil)
	s.until("the second month is paid", func() bool { return ines.balance() == 425 })
	_, _, account := ines.send("GET", "/account", "")
	for _, w := range []string{"$77", "$97", "$47", s.url + "/gateway/invoices/"} {
		if !strings.Contains(account, w) {
			t.Errorf("the account page lacks %s", w)
		}
	}
	_, _, line := s.visitor().send("GET", "/dev/timeline?email="+email, "")
	for _, w := range []string{"USD 77.00, discount 20.00", "USD 97.00", "Studio is active"} {
		if !strings.Contains(line, w) {
			t.Errorf("the time line lacks %q", w)
		}
	}
	if code, errs := run(t, map[string]string{"SSELFIE_DATA_DIR": s.dir, "SSELFIE_DEMO": "true"}, "verify"); code != 0 {
		t.Errorf("verify: %s", errs)
	}
}

func TestACodeThatDoesNotCountSaysWhy(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	eve := s.visitor()
	if status, _, body := eve.send("POST", "/api/auth/sign-up", `{"email":"eve@example.com","password":"a long enough password"}`); status != http.StatusCreated {
		t.Fatalf("sign-up: %d %s", status, body)
	}
	for name, c := range map[string]struct{ promo, says string }{
		"never bought":    {"MINI20", "bought"},
		"an unknown code": {"NOPE", "know this code"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, body := eve.send("POST", "/api/checkout/upgrade", fmt.Sprintf(`{"promo":%q}`, c.promo))
			if status != http.StatusUnprocessableEntity && status != http.StatusBadRequest || !strings.Contains(body, c.says) {
				t.Errorf("%d %s", status, body)
			}
			if _, _, page := eve.send("GET", "/checkout-upgrade?promo="+c.promo, ""); !strings.Contains(page, "The code does not count") || !strings.Contains(page, c.says) || strings.Contains(page, "$77") {
				t.Errorf("the page does not say it: %.2000s", page)
			}
		})
	}
	if status, _, _ := s.visitor().send("POST", "/api/checkout/upgrade", `{"promo":"MINI20"}`); status != http.StatusUnauthorized {
		t.Errorf("a visitor upgrades: %d", status)
	}
}
