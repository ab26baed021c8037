package segments_test

import (
	"strings"
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/segments"
)

func TestNonsenseIsRefusedWithItsPlace(t *testing.T) {
	deep := `{"tag":"x"}`
	for range 9 {
		deep = `{"not":` + deep + `}`
	}
	many := strings.Repeat(`{"tag":"x"},`, 70)
	for name, c := range map[string]struct{ rule, want string }{
		"nothing at all":              {`{}`, "rule says nothing"},
		"no JSON":                     {`{`, "This is no rule"},
		"a word":                      {`"all"`, "a string stands where it cannot."},
		"a number for a tag":          {`{"all":[{"tag":5}]}`, "a number stands where it cannot, in all.tag."},
		"a word nobody knows":         {`{"purchsed":{"products":["bio_glowup"]}}`, `unknown field "purchsed"`},
		"two conditions at once":      {`{"tag":"a","source":"b"}`, "rule says source and tag at once"},
		"an empty all":                {`{"all":[]}`, "rule.all is empty"},
		"nothing inside of any":       {`{"any":[{"tag":"a"},{}]}`, "rule.any[1] says nothing"},
		"no products":                 {`{"purchased":{"products":[]}}`, "rule.purchased.products is empty"},
		"no product id":               {`{"purchased":{"products":["Bio Glow-Up"]}}`, `names "Bio Glow-Up"`},
		"bought zero times":           {`{"timesPurchased":{"products":["bio_glowup"],"atLeast":0}}`, "rule.timesPurchased.atLeast is 0"},
		"an entitlement of fantasy":   {`{"entitlement":"gold"}`, `rule.entitlement is "gold"`},
		"a range without numbers":     {`{"creditsUsed":{}}`, "gives no number"},
		"a range that nobody fits":    {`{"creditsUsed":{"atLeast":9,"atMost":3}}`, "which nobody can be"},
		"days before time":            {`{"not":{"opened":{"days":-1}}}`, "rule.not.opened.days is -1"},
		"both at least and at most":   {`{"lastSeen":{"atLeastDaysAgo":1,"atMostDaysAgo":2}}`, "needs either"},
		"seen by product":             {`{"lastSeen":{"products":["bio_glowup"],"atMostDaysAgo":2}}`, "nobody is seen by product"},
		"a tag of spaces":             {`{"tag":"  "}`, "rule.tag is no name"},
		"something behind the end":    {`{"tag":"a"} {"tag":"b"}`, "behind the end"},
		"nested without end":          {deep, "nested deeper"},
		"more than anybody clicks on": {`{"any":[` + strings.TrimSuffix(many, ",") + `]}`, "are the most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := segments.Parse([]byte(c.rule))
			if !core.Is(err, core.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want it to say %q", c.rule, err, c.want)
			}
		})
	}
}

func TestARuleSurvivesItsJSON(t *testing.T) {
	for _, seg := range segments.BuiltIn(catalog.Default()) {
		text, err := segments.MarshalRule(seg.Rule)
		if err != nil {
			t.Fatal(err)
		}
		back, err := segments.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %s: %v", seg.Name, text, err)
		}
		if again, _ := segments.MarshalRule(back); again != text {
			t.Errorf("%s became %s", text, again)
		}
	}
}

func TestBuiltInSegmentsHaveTheirNames(t *testing.T) {
	want := map[segments.ID]string{
		"seg_brand_blueprint_paid_not_studio": "Blueprint Buyers - Not Studio",
		"seg_bio_glowup_not_studio":           "Bio Glow-Up Buyers - Not Studio",
		"seg_nine_post_feed_not_studio":       "9-Post Feed Buyers - Not Studio",
		"seg_rebrand_reset_not_studio":        "Rebrand Reset Buyers - Not Studio",
		"seg_one_time_session_not_studio":     "Starter Photoshoot - Not Studio",
		segments.FrequentBoosters:             "Credit Booster Frequent Buyers",
		segments.StudioMembers:                "Studio Members",
		segments.MiniAlumni:                   "Mini Product Alumni",
		segments.Beta:                         "Beta",
	}
	got := segments.BuiltIn(catalog.Default())
	if len(got) != len(want) {
		t.Errorf("%d segments, want %d", len(got), len(want))
	}
	for _, s := range got {
		if want[s.ID] != s.Name || !s.BuiltIn {
			t.Errorf("%s is called %q, want %q", s.ID, s.Name, want[s.ID])
		}
	}
}

func TestMatch(t *testing.T) {
	now := coretest.Start
	ago := func(days int) time.Time { return now.Add(-time.Duration(days) * segments.Day) }
	buyer := segments.Facts{
		Entitlement: "free", LastSeen: ago(3),
		Purchases: []segments.Bought{{Product: "bio_glowup", At: ago(40)}, {Product: "credits_100", At: ago(20)}, {Product: "credits_200", At: ago(5)}},
	}
	member := buyer
	member.Entitlement = "studio"
	byID := map[segments.ID]segments.Segment{}
	for _, s := range segments.BuiltIn(catalog.Default()) {
		byID[s.ID] = s
	}
	for name, c := range map[string]struct {
		id    segments.ID
		facts segments.Facts
		want  bool
		why   string
	}{
		"a buyer":                           {"seg_bio_glowup_not_studio", buyer, true, "bought bio_glowup: once"},
		"a buyer of something else":         {"seg_nine_post_feed_not_studio", buyer, false, "bought nine_post_feed: never"},
		"a buyer who joined":                {"seg_bio_glowup_not_studio", member, false, "the entitlement is studio: it is studio"},
		"two boosters":                      {segments.FrequentBoosters, buyer, true, "at least 2 times: 2 times"},
		"an alumna after 30 days":           {segments.MiniAlumni, buyer, true, "at least 30 days ago: 22 January 2026"},
		"a member is no alumna":             {segments.MiniAlumni, member, false, "this does not hold"},
		"a member":                          {segments.StudioMembers, member, true, "it is studio"},
		"who bought nothing is no alumna":   {segments.MiniAlumni, segments.Facts{Entitlement: "free", LastSeen: now}, false, "never"},
		"nobody is beta without her tag":    {segments.Beta, buyer, false, `has the tag "beta"`},
		"a pack is no mini product to look": {"seg_one_time_session_not_studio", buyer, false, "never"},
	} {
		t.Run(name, func(t *testing.T) {
			got, why := segments.Match(byID[c.id].Rule, c.facts, now)
			if got != c.want || why.Holds != got || !strings.Contains(why.String(), c.why) {
				t.Errorf("%v because\n%swant %v and %q", got, why, c.want, c.why)
			}
		})
	}
}
