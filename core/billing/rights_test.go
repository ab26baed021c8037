package billing_test

import (
	"testing"
	"time"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/entitlements"
)

func TestWhoIsStillCharged(t *testing.T) {
	member := func(change func(r *billing.Row)) []billing.Row {
		r := billing.Row{Type: "sselfie_studio_membership", Status: "active", Live: true, StripeID: "sub_1"}
		change(&r)
		return []billing.Row{r}
	}
	for name, c := range map[string]struct {
		rows []billing.Row
		want bool
	}{
		"nobody":                         {nil, false},
		"a member":                       {member(func(*billing.Row) {}), true},
		"on trial":                       {member(func(r *billing.Row) { r.Status = "trialing" }), true},
		"with a card that failed":        {member(func(r *billing.Row) { r.Status = "past_due" }), true},
		"suspended by a dispute":         {member(func(r *billing.Row) { r.Status = "suspended" }), true},
		"a second one that nobody sees":  {member(func(r *billing.Row) { r.Live = false }), true},
		"cancelled for the period's end": {member(func(r *billing.Row) { r.CancelAtPeriodEnd = true }), false},
		"cancelled for a day":            {member(func(r *billing.Row) { r.CancelAt = time.Unix(1, 0) }), false},
		"ended":                          {member(func(r *billing.Row) { r.Status = "canceled" }), false},
		"never begun":                    {member(func(r *billing.Row) { r.Status = "incomplete_expired" }), false},
		"a blueprint is paid":            {[]billing.Row{{Type: "paid_blueprint", Status: "active", Live: true, Payment: "pay_1"}}, false},
	} {
		if got := billing.Charged(c.rows); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPurchasesInTheWordsOfGates(t *testing.T) {
	at := time.Unix(100, 0)
	for name, c := range map[string]struct {
		pay  billing.Payment
		want bool
	}{
		"paid":               {billing.Payment{Amount: 4700}, true},
		"free with a code":   {billing.Payment{}, true},
		"refunded in part":   {billing.Payment{Amount: 4700, Refunded: 4699}, true},
		"refunded":           {billing.Payment{Amount: 4700, Refunded: 4700}, false},
		"disputed":           {billing.Payment{Amount: 4700, Dispute: billing.DisputeOpen}, false},
		"an inquiry":         {billing.Payment{Amount: 4700, Dispute: billing.DisputeWarning}, true},
		"lost in a dispute":  {billing.Payment{Amount: 4700, Dispute: billing.DisputeLost}, false},
		"won back":           {billing.Payment{Amount: 4700, Dispute: billing.DisputeIsWon}, true},
		"imported, not paid": {billing.Payment{Match: billing.ByImport}, true},
	} {
		c.pay.Product, c.pay.PaidAt = core.ProductID("bio_glowup"), at
		if got, why := entitlements.Opens(entitlements.Bio, entitlements.Free, billing.Bought([]billing.Payment{c.pay})); got != c.want {
			t.Errorf("%s: %v, %s", name, got, why)
		}
	}
}
