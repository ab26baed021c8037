package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A credit pack from the account page to the receipt: buy, webhook, balance, and
// the way back when it is refunded.
func TestACreditPackIsBoughtAndKept(t *testing.T) {
	s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error"})
	paula := s.visitor()
	if status, _, body := paula.send("POST", "/api/auth/sign-up", `{"email":"paula@example.com","password":"a long enough password"}`); status != http.StatusCreated {
		t.Fatalf("sign-up: %d %s", status, body)
	}
	for name, c := range map[string]struct {
		who           visitor
		path, product string
		status        int
	}{
		"a visitor buys no pack":                {s.visitor(), "/api/checkout/credits", "credits_100", http.StatusUnauthorized},
		"a pack is not for sale at the landing": {s.visitor(), "/api/checkout/landing", "credits_100", http.StatusBadRequest},
		"a mini product is no pack":             {paula, "/api/checkout/credits", "bio_glowup", http.StatusBadRequest},
		"an unknown pack":                       {paula, "/api/checkout/credits", "credits_1000000", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, body := c.who.send("POST", c.path, fmt.Sprintf(`{"product":%q,"consent":{"immediate":true,"version":"1"}}`, c.product))
			if status != c.status {
				t.Errorf("%d %s, want %d", status, body, c.status)
			}
		})
	}
	_, _, account := paula.send("GET", "/account", "")
	for _, door := range []string{`href="/checkout/credits_100"`, `href="/checkout/credits_200"`} {
		if !strings.Contains(account, door) {
			t.Errorf("the account page lacks %s", door)
		}
	}
	have := 2
	for i, c := range []struct {
		product, price string
		credits        int
	}{{"credits_100", "$59", 100}, {"credits_200", "$109", 200}, {"credits_100", "$59", 100}} { // the third is the first again
		var out struct{ SessionID string }
		if status := paula.call("POST", "/api/checkout/credits", fmt.Sprintf(`{"product":%q,"consent":{"immediate":true,"version":"1"}}`, c.product), &out); status != http.StatusCreated {
			t.Fatalf("the checkout of %s: %d", c.product, status)
		}
		s.payFor(out.SessionID, "wallet@pay.test") // it is hers all the same
		have += c.credits
		s.until("the credits are there", func() bool { return paula.balance() == have })
		var st struct{ Status, Redirect string }
		paula.call("GET", "/api/checkout/status?session_id="+out.SessionID, "", &st)
		if st.Status != "complete" || st.Redirect != "/studio" {
			t.Errorf("purchase %d is %+v", i, st)
		}
		s.link("paula@example.com", "purchase", "/studio")
	}
	_, _, account = paula.send("GET", "/account", "")
	if n := strings.Count(account, ">Receipt</a>"); n != 3 {
		t.Errorf("%d receipts are linked, want 3", n)
	}
	_, rest, _ := strings.Cut(account, `"/account/receipts/`)
	id, _, _ := strings.Cut(rest, `"`)
	_, at, _ := paula.send("GET", "/account/receipts/"+id, "")
	if path, ours := strings.CutPrefix(at, s.url); !ours {
		t.Errorf("the receipt leads to %q", at)
	} else if status, _, receipt := paula.send("GET", path, ""); status != http.StatusOK || !strings.Contains(receipt, "59") {
		t.Errorf("the receipt: %d %.600s", status, receipt)
	}
	eve := s.visitor()
	eve.send("POST", "/api/auth/sign-up", `{"email":"eve@example.com","password":"a long enough password"}`)
	if status, to, _ := eve.send("GET", "/account/receipts/"+id, ""); status != http.StatusNotFound {
		t.Errorf("somebody else's receipt: %d %s", status, to)
	}
	if status, _, body := paula.send("GET", "/api/user/credits/transactions", ""); status != http.StatusOK || strings.Count(body, `"purchase"`) != 3 {
		t.Errorf("the ledger: %s", body)
	}
	if code, errs := run(t, map[string]string{"SSELFIE_DATA_DIR": s.dir, "SSELFIE_DEMO": "true"}, "verify"); code != 0 {
		t.Errorf("verify: %s", errs)
	}
}

// call is send for calls that answer with JSON.
func (v visitor) call(method, path, body string, out any) int {
	v.t.Helper()
	status, _, text := v.send(method, path, body)
	if err := json.Unmarshal([]byte(text), out); err != nil {
		v.t.Fatalf("%s: %v: %s", path, err, text)
	}
	return status
}
