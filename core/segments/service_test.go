package segments_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/segments"
)

type house struct {
	t     *testing.T
	db    *sqlite.DB
	clock *coretest.Clock
	svc   *segments.Service
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, db: sqlitetest.New(t), clock: coretest.NewClock()}
	h.svc = &segments.Service{
		Store: sqlite.BindBulk(h.db, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: h.db, Clock: h.clock,
		IDs: &coretest.IDs{}, Catalog: catalog.Default(), Grace: 7 * 24 * time.Hour,
	}
	if err := h.svc.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) update(fn func(ctx context.Context, tx *sqlite.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) user(n int) core.UserID {
	id := core.UserID(fmt.Sprintf("usr_%05d", n))
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		key := string(id) + "@example.com"
		return tx.InsertUser(ctx, accounts.User{ID: id, Email: key, Key: core.EmailKey(key), Origin: "sign_up", CreatedAt: h.clock.Now()})
	})
	return id
}

func (h *house) payment(u core.UserID, product core.ProductID) billing.Payment {
	return billing.Payment{
		ID: core.PaymentID("pay_" + string(u) + string(product)), User: u, Product: product, Amount: 4700, Subtotal: 4700, Currency: "usd", Match: "new",
		Session: "cs_" + string(u) + string(product), PaidAt: h.clock.Now(), CreatedAt: h.clock.Now(),
	}
}

func (h *house) in(u core.UserID) []segments.ID {
	h.t.Helper()
	known, err := h.db.SegmentFacts(h.t.Context(), []core.UserID{u}, segments.Query{Now: h.clock.Now()}, segments.Wants{})
	if err != nil || len(known) != 1 {
		h.t.Fatal(len(known), err)
	}
	slices.Sort(known[0].In)
	return known[0].In
}

func TestAPurchaseAndItsSegmentsAreOne(t *testing.T) {
	h := newHouse(t)
	u := h.user(1)
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertPayment(ctx, h.payment(u, "bio_glowup")); err != nil {
			return err
		}
		return h.svc.Follow(ctx, tx, u)
	})
	if got := h.in(u); !slices.Equal(got, []segments.ID{"seg_bio_glowup_not_studio"}) {
		t.Fatalf("after the purchase she is in %v", got)
	}
	pay := h.payment(u, "bio_glowup")
	pay.Refunded = pay.Amount
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.SavePayment(ctx, pay); err != nil {
			return err
		}
		return h.svc.Follow(ctx, tx, u)
	})
	if got := h.in(u); len(got) != 0 {
		t.Fatalf("after the refund she is in %v", got)
	}
	seg, err := h.db.SegmentByID(t.Context(), "seg_bio_glowup_not_studio")
	if err != nil || seg.Members != 0 {
		t.Errorf("the segment counts %d members, %v", seg.Members, err)
	}
}

func TestRefreshIsTheDifference(t *testing.T) {
	h := newHouse(t)
	var users []core.UserID
	for n := range 30 {
		u := h.user(n)
		users = append(users, u)
		h.update(func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.InsertPayment(ctx, h.payment(u, "nine_post_feed"))
		})
	}
	refresh := func(want segments.Count) {
		t.Helper()
		got, err := h.svc.Refresh(t.Context(), h.clock.Now())
		if err != nil || got != want {
			t.Fatalf("the refresh did %+v (%v), want %+v", got, err, want)
		}
	}
	refresh(segments.Count{Joined: 30})
	refresh(segments.Count{})
	h.clock.Advance(31 * 24 * time.Hour)
	refresh(segments.Count{Joined: 30}) // alumnae
	pay := h.payment(users[3], "nine_post_feed")
	pay.ID, pay.Session, pay.PaidAt = "pay_again", "cs_again", h.clock.Now()
	h.update(func(ctx context.Context, tx *sqlite.Tx) error { return tx.InsertPayment(ctx, pay) })
	if got, err := h.svc.Touch(t.Context(), users[:5]); err != nil || got != (segments.Count{Left: 1}) {
		t.Errorf("touching five did %+v, %v", got, err)
	}
	refresh(segments.Count{})
	seg, err := h.db.SegmentByID(t.Context(), segments.MiniAlumni)
	if err != nil || seg.Members != 29 || seg.RefreshedAt.IsZero() {
		t.Errorf("the segment is %+v, %v", seg, err)
	}
}

// counting is a store that knows how often somebody waited for the disk.
type counting struct {
	segments.Store
	commits *int
}

func (c counting) Update(ctx context.Context, fn func(ctx context.Context, tx segments.Tx) error) error {
	*c.commits++
	return c.Store.Update(ctx, fn)
}

func TestANightOnWhichNobodyMovesIsOneCommit(t *testing.T) {
	h := newHouse(t)
	h.user(1)
	if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	var commits int
	h.svc.Store = counting{h.svc.Store, &commits}
	h.clock.Advance(24 * time.Hour)
	if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil || commits != 1 {
		t.Errorf("%d commits, %v", commits, err)
	}
	list, err := h.db.Segments(t.Context())
	if err != nil || len(list) < 5 {
		t.Fatal(len(list), err)
	}
	for _, seg := range list {
		if !seg.RefreshedAt.Equal(h.clock.Now()) {
			t.Errorf("%s was looked at on %v", seg.Name, seg.RefreshedAt)
		}
	}
}

func TestACreatorsOwnSegment(t *testing.T) {
	h := newHouse(t)
	u := h.user(1)
	h.user(2)
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.InsertPayment(ctx, h.payment(u, "bio_glowup"))
	})
	rule := segments.Rule{Purchased: &segments.Purchase{Products: []core.ProductID{"bio_glowup"}}}
	if n, err := h.svc.Preview(t.Context(), rule); n != 1 || err != nil {
		t.Fatalf("the preview counts %d, %v", n, err)
	}
	seg, err := h.svc.Save(t.Context(), segments.Segment{Name: " Glowing  ones ", Rule: rule})
	if err != nil || seg.Members != 1 || seg.Name != "Glowing ones" || seg.BuiltIn {
		t.Fatalf("saved %+v, %v", seg, err)
	}
	if n, err := h.svc.Preview(t.Context(), segments.Rule{LastPurchase: &segments.Ago{Products: []core.ProductID{"nobodys"}, AtLeast: new(int)}}); !core.Is(err, core.Invalid) {
		t.Errorf("a product that nobody sells: %d, %v", n, err)
	}
	for name, bad := range map[string]segments.Segment{
		"a name that is taken": {Name: "Glowing ones", Rule: rule},
		"no name":              {Rule: rule},
		"a misspelled product": {Name: "All but them", Rule: segments.Rule{Not: &segments.Rule{Purchased: &segments.Purchase{Products: []core.ProductID{"bio_glow_up"}}}}},
		"nonsense":             {Name: "x", Rule: segments.Rule{All: []segments.Rule{}}},
	} {
		if _, err := h.svc.Save(t.Context(), bad); !core.Is(err, core.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.svc.Save(t.Context(), segments.Segment{ID: segments.Beta, Name: "Mine", Rule: rule}); !core.Is(err, core.Conflict) {
		t.Errorf("a built-in segment was changed: %v", err)
	}
	var names []string
	members, failed := h.svc.Export(t.Context(), seg.ID)
	for m := range members {
		names = append(names, m.Email)
	}
	if err := failed(); err != nil || !slices.Equal(names, []string{"usr_00001@example.com"}) {
		t.Errorf("exported %v, %v", names, err)
	}
	why, err := h.svc.Why(t.Context(), "usr_00002", seg.ID)
	if err != nil || why.Holds || why.Says != "bought bio_glowup: never" {
		t.Errorf("why: %+v, %v", why, err)
	}
	if err := h.svc.Delete(t.Context(), seg.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.svc.Delete(t.Context(), segments.Beta); !core.Is(err, core.Conflict) {
		t.Errorf("a built-in segment was deleted: %v", err)
	}
	if got := h.in(u); len(got) != 0 {
		t.Errorf("members of a deleted segment: %v", got)
	}
}
