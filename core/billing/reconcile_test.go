package billing_test

import (
	"context"
	"testing"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/coretest"
)

func TestReconcileFindsAndMendsWhatIsMissing(t *testing.T) {
	sh, ctx := newShop(t), context.Background()
	life := membership("1", "m@example.com")
	for i := range life {
		life[i].ID = core.EventID("rec_" + string(life[i].ID))
		if life[i].Kind == billing.SubscriptionChanged {
			life[i].Subscription.Status = "active"
		}
	}
	known := purchase("cs_known", "k@example.com", "bio_glowup")
	sh.send(t, known)
	known.ID = "rec_known"
	done, invoice, sub := life[4], life[2], life[1]
	known.At = coretest.Start
	sh.gateway.listed = []billing.Event{known, done, sub, invoice}

	look, err := sh.Reconcile(ctx, coretest.Start, false)
	must(t, err)
	if look.Compared != 4 || len(look.Differences) == 0 {
		t.Fatalf("looked and found %+v", look)
	}
	if _, err := sh.db.UserByKey(ctx, "m@example.com"); !core.Is(err, core.NotFound) {
		t.Fatal("a look changed something")
	}
	for _, d := range look.Differences {
		if d.Object == "cs_known" {
			t.Errorf("what is known differs: %+v", d)
		}
	}
	for range 2 {
		_, err = sh.Reconcile(ctx, coretest.Start, true)
		must(t, err)
	}
	if u := sh.user(t, "m@example.com"); sh.balance(t, u.ID) != 200 || sh.rows(t, u.ID)[0].Status != "active" {
		t.Error("the repair left something out")
	}
	again, err := sh.Reconcile(ctx, coretest.Start, false)
	must(t, err)
	if len(again.Differences) != 0 {
		t.Errorf("after the repair: %+v", again.Differences)
	}
}
