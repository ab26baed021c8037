package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// A creator sends a campaign to a segment, and sees what it earned, net of
// nothing yet.
func TestACampaignEarns(t *testing.T) {
	s := start(t, map[string]string{
		"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_ADMIN_EMAIL": "ada@shop.test", "SSELFIE_ADMIN_PASSWORD": "correct horse battery",
	})
	ada, anna := s.browser(), s.browser()
	s.until("the admin can sign in", func() bool {
		resp, _ := s.send(ada, "POST", "/api/auth/login", `{"email":"ada@shop.test","password":"correct horse battery"}`)
		return resp.StatusCode == http.StatusOK
	})
	ask := func(method, path, body string, want int, v any) {
		t.Helper()
		resp, text := s.send(ada, method, "/api/admin"+path, body)
		if resp.StatusCode != want {
			t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
		if v != nil {
			if err := json.Unmarshal([]byte(text), v); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	}
	s.buy(anna, annaMail, "/api/checkout/landing", bioGlow)

	// The purchase moved her at once: nobody waited for the night.
	var list struct {
		Items []struct {
			ID, Name string
			Members  int
		}
	}
	ask("GET", "/segments", "", http.StatusOK, &list)
	segment := ""
	for _, g := range list.Items {
		if g.Name == "Bio Glow-Up Buyers - Not Studio" && g.Members == 1 {
			segment = g.ID
		}
	}
	if segment == "" {
		t.Fatalf("she is not in the segment of what she bought: %+v", list.Items)
	}
	var members struct{ Items []struct{ Email string } }
	if ask("GET", "/segments/"+segment+"/members", "", http.StatusOK, &members); len(members.Items) != 1 || members.Items[0].Email != annaMail {
		t.Fatalf("members %+v", members)
	}
	var count struct{ Members int }
	if ask("POST", "/segments/preview", `{"rule":{"purchased":{"products":["bio_glowup"]}}}`, http.StatusOK, &count); count.Members != 1 {
		t.Errorf("a preview counts %d", count.Members)
	}
	ask("POST", "/segments", `{"name":"Mine","rule":{"purchased":{"products":["bio_glowup"]}}}`, http.StatusCreated, nil)
	ask("POST", "/segments", `{"name":"Nonsense","rule":{"everybody":true}}`, http.StatusBadRequest, nil)

	var campaign struct{ ID, State string }
	ask("POST", "/campaigns", fmt.Sprintf(`{"name":"Spring","subject":"A word about light","body":"Go to the window.","action":"See it","path":"/9-post-feed","segment":%q}`, segment), http.StatusCreated, &campaign)
	ask("POST", "/campaigns", `{"name":"Broken","subject":"{nobody}","body":"x","action":"x","path":"/"}`, http.StatusBadRequest, nil)
	ask("POST", "/campaigns/"+campaign.ID+"/test", `{"to":"ada@shop.test"}`, http.StatusAccepted, nil)
	s.until("the test is there", func() bool { return len(s.mails("ada@shop.test", mail.Campaign)) == 1 })
	ask("POST", "/campaigns/"+campaign.ID+"/schedule", `{"sendAt":"2020-01-01T09:30","zone":"Europe/Berlin"}`, http.StatusBadRequest, nil)
	var clock struct{ Now time.Time }
	s.get("/dev/clock", &clock)
	ask("POST", "/campaigns/"+campaign.ID+"/schedule", fmt.Sprintf(`{"sendAt":%q,"zone":"UTC"}`, clock.Now.UTC().Add(2*time.Hour).Format("2006-01-02T15:04")), http.StatusOK, &campaign)
	if campaign.State != "scheduled" {
		t.Fatalf("it is %s", campaign.State)
	}
	s.advance(4 * time.Hour)
	got := s.mails(annaMail, mail.Campaign)
	if len(got) != 1 {
		t.Fatalf("%d letters of the campaign", len(got))
	}
	click := regexp.MustCompile(regexp.QuoteMeta(s.url) + `/api/email/track-click\?id=lnk_[A-Za-z0-9_-]+`).FindString(got[0].Text)
	resp, _ := s.send(anna, "GET", click, "")
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Path != "/9-post-feed" {
		t.Fatalf("the link leads to %s", resp.Header.Get("Location"))
	}
	s.buy(anna, annaMail, "/api/checkout/landing", fmt.Sprintf(`{"product":"nine_post_feed","source":"email","campaign":"x","link":%q,"consent":{"immediate":true}}`, to.Query().Get("link")))

	var figures tracking.EmailAnalytics
	ask("GET", "/email-analytics", "", http.StatusOK, &figures)
	if len(figures.Campaigns) != 1 {
		t.Fatalf("figures %+v", figures)
	}
	if f := figures.Campaigns[0]; f.Sent != 1 || f.Clicked != 1 || f.Converted != 1 || f.Revenue == 0 {
		t.Errorf("the campaign: %+v", f)
	}
	ask("POST", "/campaigns/"+campaign.ID+"/cancel", "", http.StatusConflict, nil)
	var campaigns struct{ Items []struct{ ID, State string } }
	if ask("GET", "/campaigns", "", http.StatusOK, &campaigns); len(campaigns.Items) != 1 || campaigns.Items[0].State != "sent" {
		t.Errorf("campaigns %+v", campaigns.Items)
	}
	if resp, _ := s.send(anna, "GET", "/api/admin/segments", ""); resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		t.Errorf("a buyer at the desk: %d", resp.StatusCode)
	}
}
