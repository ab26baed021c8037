package segments_test

import (
	"testing"

	"sselfie/core"
	"sselfie/core/segments"
)

func TestARuleInWords(t *testing.T) {
	name := func(id core.ProductID) string { return "<" + string(id) + ">" }
	for rule, want := range map[string]string{
		`{"all":[{"purchased":{"products":["aa","bb"]}},{"not":{"entitlement":"studio"}}]}`: "bought <aa> or <bb> and is not a Studio member",
		`{"entitlement":"paid"}`:                             "has the paid blueprint and not Studio",
		`{"entitlement":"free"}`:                             "has neither the paid blueprint nor Studio",
		`{"not":{"entitlement":"free"}}`:                     "has the paid blueprint or Studio",
		`{"not":{"entitlement":"paid"}}`:                     "not (has the paid blueprint and not Studio)",
		`{"not":{"purchased":{"products":["aa","bb"]}}}`:     "did not buy <aa> or <bb>",
		`{"not":{"tag":"beta"}}`:                             "does not have the tag “beta”",
		`{"not":{"opened":{"days":7}}}`:                      "opened no mail in the last 7 days",
		`{"not":{"clicked":{}}}`:                             "clicked in no mail",
		`{"not":{"blueprintCompleted":true}}`:                "did not complete the blueprint",
		`{"not":{"not":{"tag":"beta"}}}`:                     "has the tag “beta”",
		`{"not":{"any":[{"tag":"beta"},{"source":"mail"}]}}`: "not (has the tag “beta” or a purchase came from “mail”)",
		`{"any":[{"all":[{"tag":"beta"},{"source":"email"}]},{"blueprintCompleted":false}]}`: "(has the tag “beta” and a purchase came from “email”) or did not complete the blueprint",
		`{"timesPurchased":{"products":["ab"],"atLeast":2}}`:                                 "bought <ab> at least 2 times",
		`{"creditsUsed":{"atLeast":3,"atMost":9}}`:                                           "used at least 3 at most 9 credits",
		`{"opened":{}}`:          "opened a mail",
		`{"clicked":{"days":7}}`: "clicked in a mail in the last 7 days",
		`{"lastPurchase":{"products":["ab"],"atLeastDaysAgo":30}}`: "last bought <ab> at least 30 days ago",
		`{"lastSeen":{"atMostDaysAgo":3}}`:                         "was last seen at most 3 days ago",
	} {
		r, err := segments.Parse([]byte(rule))
		if err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		if got := r.Words(name); got != want {
			t.Errorf("%s\n%s\nwant\n%s", rule, got, want)
		}
	}
}
