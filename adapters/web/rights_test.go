package web_test

import (
	"context"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/core/billing"
	"sselfie/core/catalog"
)

// TestOnlyTheRowThatCountsGivesARight: a second membership that is not the live
// one opens nothing while the live one is suspended, on pages as at every gate.
func TestOnlyTheRowThatCountsGivesARight(t *testing.T) {
	s := open(t)
	ada := s.signUp("ada@example.com")
	user := s.user("ada@example.com").ID
	if err := s.db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error {
		for _, r := range []billing.Row{
			{ID: "sub_1", StripeID: "sub_a", Status: "active"},
			{ID: "sub_2", StripeID: "sub_b", Status: "suspended", Live: true},
		} {
			r.User, r.Type, r.CreatedAt = user, catalog.EntitlementStudio, s.clock.Now()
			if err := tx.SaveRow(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	me := s.do(ask{path: "/api/auth/me", cookie: ada}).json(t)
	if e := me["entitlement"].(map[string]any); e["type"] != "free" {
		t.Errorf("entitlement %v", e)
	}
}
