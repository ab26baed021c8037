package billing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
)

var (
	noon  = coretest.Start
	month = noon.AddDate(0, 1, 0)
	cat   = catalog.Default()
)

func TestAnOrderFits(t *testing.T) {
	bio, _ := cat.Product("bio_glowup")
	for name, c := range map[string]struct {
		order  billing.Order
		stored int64
		want   string
	}{
		"the price":                             {billing.Order{Currency: "usd", Subtotal: 4700, Total: 4700}, 0, ""},
		"with tax":                              {billing.Order{Currency: "usd", Subtotal: 4700, Tax: 893, Total: 5593}, 0, ""},
		"with a discount":                       {billing.Order{Currency: "usd", Subtotal: 4700, Discount: 700, Total: 4000}, 0, ""},
		"with both":                             {billing.Order{Currency: "usd", Subtotal: 4700, Discount: 700, Tax: 100, Total: 4100}, 0, ""},
		"all of it free":                        {billing.Order{Currency: "usd", Subtotal: 4700, Discount: 4700}, 0, ""},
		"the price that was stored":             {billing.Order{Currency: "usd", Subtotal: 3900, Total: 3900}, 3900, ""},
		"the catalogue's price, another stored": {billing.Order{Currency: "usd", Subtotal: 4700, Total: 4700}, 3900, "costs $39"},
		"another currency":                      {billing.Order{Currency: "eur", Subtotal: 4700, Total: 4700}, 0, "paid in eur"},
		"no currency":                           {billing.Order{Subtotal: 4700, Total: 4700}, 0, "paid in no currency"},
		"a cent less":                           {billing.Order{Currency: "usd", Subtotal: 4699, Total: 4699}, 0, "costs $47"},
		"two of them":                           {billing.Order{Currency: "usd", Subtotal: 9400, Total: 9400}, 0, "was $94"},
		"nothing at all":                        {billing.Order{Currency: "usd"}, 0, "costs $47"},
		"a price below zero":                    {billing.Order{Currency: "usd", Subtotal: -4700, Total: -4700}, 0, "costs $47"},
		"a total that is lower":                 {billing.Order{Currency: "usd", Subtotal: 4700, Total: 1}, 0, "not price less discount"},
		"a total that is higher":                {billing.Order{Currency: "usd", Subtotal: 4700, Total: 4800}, 0, "not price less discount"},
		"a discount below zero":                 {billing.Order{Currency: "usd", Subtotal: 4700, Discount: -100, Total: 4800}, 0, "not price less discount"},
		"a tax below zero":                      {billing.Order{Currency: "usd", Subtotal: 4700, Tax: -4700}, 0, "not price less discount"},
	} {
		t.Run(name, func(t *testing.T) {
			got := billing.Fits(c.order, bio, c.stored)
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWhoseAccountAPurchaseGoesTo(t *testing.T) {
	for name, c := range map[string]struct {
		holder billing.Holder
		want   billing.Claim
	}{
		"a proven address":                              {billing.Holder{Verified: true}, billing.Join},
		"a proven address with everything":              {billing.Holder{Verified: true, Entered: true, OwnPurchases: true}, billing.Join},
		"nobody was ever inside":                        {billing.Holder{}, billing.Join},
		"unproven, somebody was inside":                 {billing.Holder{Entered: true}, billing.Revoke},
		"unproven, inside, with purchases of its own":   {billing.Holder{Entered: true, OwnPurchases: true}, billing.Dethrone},
		"bought for itself, but nobody was ever inside": {billing.Holder{OwnPurchases: true}, billing.Join},
	} {
		if got, why := billing.Claiming(c.holder); got != c.want || why == "" {
			t.Errorf("%s: %s because %q, want %s", name, got, why, c.want)
		}
	}
}

func TestWhoMayUseThePromotion(t *testing.T) {
	mini20, _ := cat.Promotion(" mini20 ")
	studio, buyer := cat.Studio().ID, billing.PromoBuyer{SignedIn: true, MiniAt: noon.AddDate(0, 0, -10), OfferEnd: noon.AddDate(0, 0, 23)}
	with := func(change func(*billing.PromoBuyer)) billing.PromoBuyer { b := buyer; change(&b); return b }
	for name, c := range map[string]struct {
		product core.ProductID
		buyer   billing.PromoBuyer
		want    string
	}{
		"a customer inside her offer":          {studio, buyer, ""},
		"the offer follows from the purchase":  {studio, with(func(b *billing.PromoBuyer) { b.OfferEnd = time.Time{} }), ""},
		"33 days less an instant":              {studio, with(func(b *billing.PromoBuyer) { b.MiniAt, b.OfferEnd = noon.AddDate(0, 0, -33).Add(1), time.Time{} }), ""},
		"33 days":                              {studio, with(func(b *billing.PromoBuyer) { b.MiniAt, b.OfferEnd = noon.AddDate(0, 0, -33), time.Time{} }), "ended on 3 March 2026"},
		"the last instant of the offer is out": {studio, with(func(b *billing.PromoBuyer) { b.OfferEnd = noon }), "ended on 3 March 2026"},
		"another product":                      {"bio_glowup", buyer, "for Studio only"},
		"a guest":                              {studio, with(func(b *billing.PromoBuyer) { b.SignedIn = false }), "Log in"},
		"used before":                          {studio, with(func(b *billing.PromoBuyer) { b.Used = true }), "works once"},
		"nothing bought":                       {studio, billing.PromoBuyer{SignedIn: true}, "who bought one of our products"},
		"bought, and refunded":                 {studio, with(func(b *billing.PromoBuyer) { b.MiniAt = time.Time{} }), "who bought one of our products"},
	} {
		t.Run(name, func(t *testing.T) {
			got := billing.Promotable(mini20, c.product, c.buyer, noon)
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func seen(status string, at time.Duration, event string, change func(*billing.Subscription)) billing.Seen {
	s := billing.Seen{Event: core.EventID(event), At: noon.Add(at), Subscription: billing.Subscription{ID: "sub_1", Status: status, PeriodEnd: month}}
	if change != nil {
		change(&s.Subscription)
	}
	return s
}

// TestWhichReportCounts: the first of each pair replaces the second.
func TestWhichReportCounts(t *testing.T) {
	cancels := func(s *billing.Subscription) { s.CancelAt = month }
	atEnd := func(s *billing.Subscription) { s.CancelAtPeriodEnd = true }
	longer := func(s *billing.Subscription) { s.PeriodEnd = month.AddDate(0, 1, 0) }
	for name, pair := range map[string][2]billing.Seen{
		"the newer":                           {seen("past_due", time.Second, "a", nil), seen("active", 0, "b", nil)},
		"the newer the other way":             {seen("active", time.Second, "a", nil), seen("past_due", 0, "b", nil)},
		"canceled is final":                   {seen("canceled", 0, "a", nil), seen("active", time.Hour, "b", nil)},
		"incomplete_expired is final":         {seen("incomplete_expired", 0, "a", nil), seen("active", time.Hour, "b", nil)},
		"incomplete never replaces another":   {seen("active", 0, "a", nil), seen("incomplete", time.Hour, "b", nil)},
		"of two incomplete ones the newer":    {seen("incomplete", time.Second, "a", nil), seen("incomplete", 0, "b", nil)},
		"canceled replaces incomplete":        {seen("canceled", 0, "a", nil), seen("incomplete", time.Hour, "b", nil)},
		"tie: active over trialing":           {seen("active", 0, "a", nil), seen("trialing", 0, "b", nil)},
		"tie: past_due over active":           {seen("past_due", 0, "a", nil), seen("active", 0, "b", nil)},
		"tie: unpaid over past_due":           {seen("unpaid", 0, "a", nil), seen("past_due", 0, "b", nil)},
		"tie: paused over unpaid":             {seen("paused", 0, "a", nil), seen("unpaid", 0, "b", nil)},
		"tie: a date of its end":              {seen("active", 0, "a", cancels), seen("active", 0, "b", nil)},
		"tie: an end with the period":         {seen("active", 0, "a", atEnd), seen("active", 0, "b", nil)},
		"tie: a set end before a long period": {seen("active", 0, "a", cancels), seen("active", 0, "b", longer)},
		"tie: the longer period":              {seen("active", 0, "a", longer), seen("active", 0, "b", nil)},
		"tie: the larger event":               {seen("active", 0, "b", nil), seen("active", 0, "a", nil)},
	} {
		if !pair[0].Supersedes(pair[1]) || pair[1].Supersedes(pair[0]) {
			t.Errorf("%s: the order is wrong", name)
		}
	}
}

func anySeen(i int) *rapid.Generator[billing.Seen] {
	return rapid.Custom(func(t *rapid.T) billing.Seen {
		return seen(
			rapid.SampledFrom([]string{"incomplete", "trialing", "active", "past_due", "unpaid", "paused", "canceled", "incomplete_expired", "asleep"}).Draw(t, "status"),
			time.Duration(rapid.IntRange(0, 2).Draw(t, "at"))*time.Second, fmt.Sprintf("evt_%d", i), func(s *billing.Subscription) {
				s.CancelAtPeriodEnd = rapid.Bool().Draw(t, "at end")
				if rapid.Bool().Draw(t, "cancels") {
					s.CancelAt = month
				}
				s.PeriodEnd = month.AddDate(0, rapid.IntRange(0, 1).Draw(t, "period"), 0)
			})
	})
}

// The order is total, so that any sequence of reports ends with the same one.
func TestReportsHaveATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anySeen(1).Draw(t, "a"), anySeen(2).Draw(t, "b"), anySeen(3).Draw(t, "c")
		if a.Supersedes(a) {
			t.Fatal("one replaces itself")
		}
		if a.Supersedes(b) == b.Supersedes(a) {
			t.Fatal("of two different reports exactly one replaces the other")
		}
		if a.Supersedes(b) && b.Supersedes(c) && !a.Supersedes(c) {
			t.Fatal("the order goes round in a circle")
		}
	})
}

func TestEverySequenceOfReportsEndsAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := make([]billing.Seen, rapid.IntRange(1, 8).Draw(t, "n"))
		for i := range all {
			all[i] = anySeen(i).Draw(t, "report")
		}
		fold := func(in []billing.Seen) billing.Seen {
			best := in[0]
			for _, s := range in[1:] {
				if s.Supersedes(best) {
					best = s
				}
			}
			return best
		}
		if a, b := fold(all), fold(rapid.Permutation(all).Draw(t, "order")); a.Event != b.Event {
			t.Fatalf("%s in one order, %s in another", a.Event, b.Event)
		}
	})
}

func TestWhichMembershipGoverns(t *testing.T) {
	one := func(id, status string, end time.Time) billing.Seen {
		return billing.Seen{Subscription: billing.Subscription{ID: id, Status: status, PeriodEnd: end}}
	}
	later := month.AddDate(0, 1, 0)
	for name, c := range map[string]struct {
		all  []billing.Seen
		want string
	}{
		"none":                               {nil, ""},
		"the only one":                       {[]billing.Seen{one("a", "canceled", month)}, "a"},
		"access before none":                 {[]billing.Seen{one("a", "active", month), one("b", "canceled", later)}, "a"},
		"paid before past due":               {[]billing.Seen{one("a", "active", month), one("b", "past_due", later)}, "a"},
		"past due before unpaid":             {[]billing.Seen{one("a", "past_due", month), one("b", "unpaid", later)}, "a"},
		"a trial is as good as a paid month": {[]billing.Seen{one("a", "trialing", later), one("b", "active", month)}, "a"},
		"the longer period":                  {[]billing.Seen{one("a", "active", later), one("b", "active", month)}, "a"},
		"the larger id":                      {[]billing.Seen{one("a", "active", month), one("b", "active", month)}, "b"},
	} {
		check := func(all []billing.Seen) {
			got := ""
			if i := billing.Governing(all); i >= 0 {
				got = all[i].Subscription.ID
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		check(c.all)
		back := slices.Clone(c.all)
		slices.Reverse(back)
		check(back)
	}
}

// TestDerive: what somebody holds, in words: "type status live source".
func TestDerive(t *testing.T) {
	pay := func(id string, day int, refunded int64, dispute string) billing.Payment {
		return billing.Payment{ID: core.PaymentID(id), Product: "brand_blueprint_paid", Amount: 6700, Refunded: refunded, Dispute: dispute, Session: "cs_" + id, PaidAt: noon.AddDate(0, 0, day)}
	}
	sub := func(id, status string, end time.Time) billing.Seen {
		return billing.Seen{At: noon.Add(time.Hour), Subscription: billing.Subscription{ID: id, Status: status, PeriodStart: noon, PeriodEnd: end, Created: noon}}
	}
	invoice := billing.Payment{ID: "inv", Product: catalog.EntitlementStudio, Amount: 9700, Invoice: "in_1", Subscription: "sub_1", Dispute: billing.DisputeOpen, PaidAt: noon}
	for name, c := range map[string]struct {
		seen []billing.Seen
		pays []billing.Payment
		want []string
	}{
		"nothing":                                  {nil, nil, nil},
		"a product without a right":                {nil, []billing.Payment{{ID: "p", Product: "bio_glowup", Session: "cs_p", Amount: 4700}}, nil},
		"a product that is sold no more":           {nil, []billing.Payment{{ID: "p", Product: "gone", Session: "cs_p", Amount: 4700}}, nil},
		"blueprint":                                {nil, []billing.Payment{pay("a", 0, 0, "")}, []string{"paid_blueprint active live a"}},
		"refunded in part":                         {nil, []billing.Payment{pay("a", 0, 100, "")}, []string{"paid_blueprint active live a"}},
		"refunded in full":                         {nil, []billing.Payment{pay("a", 0, 6700, "")}, []string{"paid_blueprint canceled live a"}},
		"a free order counts":                      {nil, []billing.Payment{{ID: "a", Product: "brand_blueprint_paid", Session: "cs_a"}}, []string{"paid_blueprint active live a"}},
		"bought twice, refunded once, stays":       {nil, []billing.Payment{pay("a", 0, 6700, ""), pay("b", 1, 0, "")}, []string{"paid_blueprint active live b"}},
		"bought twice, the second refunded, stays": {nil, []billing.Payment{pay("b", 1, 6700, ""), pay("a", 0, 0, "")}, []string{"paid_blueprint active live a"}},
		"bought twice, refunded twice, ends":       {nil, []billing.Payment{pay("a", 0, 6700, ""), pay("b", 1, 6700, "")}, []string{"paid_blueprint canceled live a"}},
		"the earliest of two carries it":           {nil, []billing.Payment{pay("b", 1, 0, ""), pay("a", 0, 0, "")}, []string{"paid_blueprint active live a"}},
		"a dispute suspends":                       {nil, []billing.Payment{pay("a", 0, 0, billing.DisputeOpen)}, []string{"paid_blueprint suspended live a"}},
		"a lost one ends":                          {nil, []billing.Payment{pay("a", 0, 0, billing.DisputeLost)}, []string{"paid_blueprint canceled live a"}},
		"a won one leaves it":                      {nil, []billing.Payment{pay("a", 0, 0, billing.DisputeIsWon)}, []string{"paid_blueprint active live a"}},
		"disputed once, bought twice, stays":       {nil, []billing.Payment{pay("a", 0, 0, billing.DisputeOpen), pay("b", 1, 0, "")}, []string{"paid_blueprint active live b"}},
		"a membership":                             {[]billing.Seen{sub("sub_1", "active", month)}, nil, []string{"sselfie_studio_membership active live sub_1"}},
		"a membership and a blueprint": {
			[]billing.Seen{sub("sub_1", "active", month)},
			[]billing.Payment{pay("a", 0, 0, "")},
			[]string{"sselfie_studio_membership active live sub_1", "paid_blueprint active live a"},
		},
		"a disputed invoice suspends it": {[]billing.Seen{sub("sub_1", "active", month)}, []billing.Payment{invoice}, []string{"sselfie_studio_membership suspended live sub_1"}},
		"two memberships, one counts": {
			[]billing.Seen{sub("sub_1", "canceled", month), sub("sub_2", "active", month)},
			nil,
			[]string{"sselfie_studio_membership canceled - sub_1", "sselfie_studio_membership active live sub_2"},
		},
		"two that both give access: the longer": {
			[]billing.Seen{sub("sub_1", "active", month.AddDate(0, 1, 0)), sub("sub_2", "active", month)},
			nil,
			[]string{"sselfie_studio_membership active live sub_1", "sselfie_studio_membership active - sub_2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			fresh := func() core.SubscriptionID { n++; return core.SubscriptionID(fmt.Sprintf("row_%d", n)) }
			rows := billing.Derive("usr_1", c.seen, c.pays, cat, nil, fresh)
			var got []string
			for _, r := range rows {
				live := "-"
				if r.Live {
					live = "live"
				}
				got = append(got, strings.Join([]string{r.Type, r.Status, live, r.StripeID + string(r.Payment)}, " "))
				if r.User != "usr_1" || r.ID == "" {
					t.Errorf("%+v", r)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if again := billing.Derive("usr_1", c.seen, c.pays, cat, rows, fresh); !slices.Equal(again, rows) {
				t.Errorf("derived again: %+v, not %+v", again, rows)
			}
		})
	}
}

func TestSinceWhenAMembershipIsPastDue(t *testing.T) {
	for name, c := range map[string]struct {
		status string
		at     time.Time
		start  time.Time
		want   time.Time
	}{
		"since the period began that was not paid":  {"past_due", noon.Add(3 * 24 * time.Hour), noon, noon},
		"a period that nobody named: since we know": {"past_due", noon, time.Time{}, noon},
		"an old period: since we know":              {"past_due", month.Add(time.Hour), noon, month.Add(time.Hour)},
		"not at all":                                {"active", noon, noon, time.Time{}},
	} {
		s := billing.Seen{At: c.at, Subscription: billing.Subscription{ID: "sub_1", Status: c.status, PeriodStart: c.start, PeriodEnd: month}}
		rows := billing.Derive("usr_1", []billing.Seen{s}, nil, cat, nil, func() core.SubscriptionID { return "row" })
		if got := rows[0].PastDueSince; !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
