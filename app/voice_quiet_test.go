package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sselfie/core/billing"
	"sselfie/core/mail"
)

// Where the creator counts nothing, letters lead straight to their pages and hold
// no picture of ours; what they sold is known by what their links say.
func TestLettersThatCountNothing(t *testing.T) {
	for name, c := range map[string]struct {
		tracking string
		counts   bool
	}{"counted": {"true", true}, "not counted": {"false", false}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_LOG_LEVEL": "error", "SSELFIE_MAIL_TRACKING": c.tracking})
			body, sig := paid("cs_test_anna", annaMail, "bio_glowup", 4700)
			if got := deliver(http.DefaultClient, s.url, body, sig); got != billing.Applied {
				t.Fatalf("the purchase: %s", got)
			}
			s.advance(4 * day)
			got := s.mails(annaMail, mail.Sequence)
			if len(got) != 1 {
				t.Fatalf("%d letters, want that of day 3", len(got))
			}
			if tracked := strings.Contains(got[0].HTML+got[0].Text, "/api/email/track-"); tracked != c.counts {
				t.Errorf("the letter leads through tracking: %v, want %v", tracked, c.counts)
			}
			straight := regexp.MustCompile(s.url + `/[a-z-]+\?[^ "<>]*link=lnk_`).MatchString(got[0].Text)
			if straight == c.counts {
				t.Errorf("the letter's link says which it is: %v\n%s", straight, got[0].Text)
			}
		})
	}
}
