package web_test

import (
	"context"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/credits"
)

// The offer follows the ledger, shows the true end of a promotion, and opens by
// itself once a day.
func TestTheOfferFollowsTheLedger(t *testing.T) {
	seen := map[string]bool{}
	s := open(t, func(o *web.Options) {
		o.Once = func(_ context.Context, user core.UserID, what string) (bool, error) {
			first := !seen[string(user)+what]
			seen[string(user)+what] = true
			return first, nil
		}
	})
	ada := s.signUp("ada@example.com")
	s.play(t, scenario{ask: ask{method: "POST", path: "/api/onboarding/dismiss", body: `{}`, cookie: ada}, status: 204})
	look := func(t *testing.T, path string, has ...string) {
		t.Helper()
		s.play(t, scenario{ask: ask{path: path, cookie: ada}, status: 200, has: has})
	}
	spend := func(n int) {
		t.Helper()
		ledger := credits.Ledger{IDs: &coretest.IDs{}}
		if err := s.db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
			_, _, err := ledger.Spend(ctx, tx, credits.Line{User: s.user("ada@example.com").ID, Amount: n, Type: credits.Spend, Description: "Pictures", Key: "spend", At: s.clock.Now()})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	look(t, "/studio", `"Trigger":"button"`, `"OpenNow":false`)
	look(t, "/studio?tab=academy", `"Trigger":"feature_gate"`, `"Feature":"academy"`, `"OpenNow":true`)
	look(t, "/studio?tab=academy", `"OpenNow":false`)
	s.buy("one_time_session", "ada@example.com", ada)
	look(t, "/studio?purchase=success", `"Purchased":"one_time_session"`, `"Code":"MINI20"`, `"Ends":"2026-04-`)
	look(t, "/studio?purchase=success", `"Purchased":""`)
	spend(30)
	look(t, "/studio", `"Trigger":"credits_low"`, `"Spent30d":30`)
}
