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

// meanwhile is a store that lets something else happen right before a
// transaction: with more than one chunk, in the middle of a refresh.
type meanwhile struct {
	segments.Store
	n  int // before which transaction
	do func()
}

func (m *meanwhile) Update(ctx context.Context, fn func(ctx context.Context, tx segments.Tx) error) error {
	if m.n--; m.n == 0 {
		m.do()
	}
	return m.Store.Update(ctx, fn)
}

// members returns who is in a segment, and holds its count against them.
func (h *house) members(id segments.ID) []core.UserID {
	h.t.Helper()
	var out []core.UserID
	list, failed := h.svc.Export(h.t.Context(), id)
	for m := range list {
		out = append(out, m.User)
	}
	if err := failed(); err != nil {
		h.t.Fatal(err)
	}
	if seg, err := h.db.SegmentByID(h.t.Context(), id); err != nil || seg.Members != len(out) {
		h.t.Fatalf("%s counts %d members and has %d, %v", id, seg.Members, len(out), err)
	}
	return out
}

// buyers makes customers who bought something, at once.
func (h *house) buyers(n int, product core.ProductID) []core.UserID {
	h.t.Helper()
	var out []core.UserID
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		for i := range n {
			id := core.UserID(fmt.Sprintf("usr_%05d", i))
			key := string(id) + "@example.com"
			if err := tx.InsertUser(ctx, accounts.User{ID: id, Email: key, Key: core.EmailKey(key), Origin: "sign_up", CreatedAt: h.clock.Now()}); err != nil {
				return err
			}
			if err := tx.InsertPayment(ctx, h.payment(id, product)); err != nil {
				return err
			}
			out = append(out, id)
		}
		return nil
	})
	return out
}

func TestACustomerDeletedInTheMiddleOfARefreshIsInNoSegment(t *testing.T) {
	for name, where := range map[string]int{"before her chunk": 2, "after her chunk": 3} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			users := h.buyers(2*segments.Chunk+10, "bio_glowup")
			gone := users[segments.Chunk+5]
			h.svc.Store = &meanwhile{h.svc.Store, where, func() {
				h.update(func(ctx context.Context, tx *sqlite.Tx) error {
					return tx.EraseUser(ctx, gone, core.EmailKey(string(gone)+"@example.com"), "hash", h.clock.Now())
				})
			}}
			if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil {
				t.Fatal(err)
			}
			got := h.members("seg_bio_glowup_not_studio")
			if slices.Contains(got, gone) || len(got) != len(users)-1 {
				t.Errorf("%d of %d are in, she among them: %v", len(got), len(users), slices.Contains(got, gone))
			}
		})
	}
}

// The creator changes the rule while the refresh of the night writes what the old
// one said: the new one holds, for everybody.
func TestARuleEditedInTheMiddleOfARefreshHolds(t *testing.T) {
	bought := func(p core.ProductID) segments.Rule {
		return segments.Rule{Purchased: &segments.Purchase{Products: []core.ProductID{p}}}
	}
	prepare := func(t *testing.T) (*house, segments.Segment) {
		h := newHouse(t)
		seg, err := h.svc.Save(t.Context(), segments.Segment{Name: "Mine", Rule: bought("bio_glowup")})
		if err != nil {
			t.Fatal(err)
		}
		h.buyers(2*segments.Chunk+10, "bio_glowup")
		return h, seg
	}
	t.Run("by the refresh", func(t *testing.T) {
		h, seg := prepare(t)
		if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil { // of the other segments
			t.Fatal(err)
		}
		// Three chunks fill the segment, and what the refresh did is written down.
		for where := 1; where <= 4; where++ {
			seg.Rule = bought("nine_post_feed")
			if _, err := h.svc.Save(t.Context(), seg); err != nil {
				t.Fatal(err)
			}
			seg.Rule = bought("bio_glowup")
			h.update(func(ctx context.Context, tx *sqlite.Tx) error { return tx.SaveSegment(ctx, seg, h.clock.Now()) })
			seg.Rule = bought("nine_post_feed")
			store, edited := h.svc.Store, false
			h.svc.Store = &meanwhile{store, where, func() {
				h.svc.Store, edited = store, true
				if _, err := h.svc.Save(t.Context(), seg); err != nil {
					t.Error(err)
				}
			}}
			if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil {
				t.Fatal(err)
			}
			if got := h.members(seg.ID); len(got) != 0 || !edited {
				t.Errorf("edited before transaction %d (%v), %d members are left who fit the old rule alone", where, edited, len(got))
			}
		}
	})
	t.Run("by a purchase while the new rule is applied", func(t *testing.T) {
		h, seg := prepare(t)
		if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil {
			t.Fatal(err)
		}
		seg.Rule = bought("nine_post_feed")
		store := h.svc.Store
		h.svc.Store = &meanwhile{store, 3, func() { // the rule is saved, the first chunk is written
			for _, u := range []core.UserID{"usr_00001", "usr_00400"} {
				h.update(func(ctx context.Context, tx *sqlite.Tx) error {
					if err := tx.InsertPayment(ctx, h.payment(u, "credits_100")); err != nil {
						return err
					}
					return h.svc.Follow(ctx, tx, u)
				})
			}
		}}
		if _, err := h.svc.Save(t.Context(), seg); err != nil {
			t.Fatal(err)
		}
		if got := h.members(seg.ID); len(got) != 0 {
			t.Errorf("%v fit the old rule alone", got)
		}
	})
	t.Run("by a touch", func(t *testing.T) {
		h, seg := prepare(t)
		seg.Rule = bought("nine_post_feed")
		store := h.svc.Store
		h.svc.Store = &meanwhile{store, 1, func() {
			h.svc.Store = store
			if _, err := h.svc.Save(t.Context(), seg); err != nil {
				t.Error(err)
			}
		}}
		if _, err := h.svc.Touch(t.Context(), []core.UserID{"usr_00001"}); err != nil {
			t.Fatal(err)
		}
		if got := h.members(seg.ID); len(got) != 0 {
			t.Errorf("%v fits the old rule alone", got)
		}
	})
}

// A refresh begins by learning the rules. One that is edited while it reads them
// holds for whoever buys afterwards.
func TestARuleEditedWhileARefreshLearnsThemHolds(t *testing.T) {
	h := newHouse(t)
	rule := func(p core.ProductID) segments.Rule {
		return segments.Rule{Purchased: &segments.Purchase{Products: []core.ProductID{p}}}
	}
	seg, err := h.svc.Save(t.Context(), segments.Segment{Name: "Mine", Rule: rule("bio_glowup")})
	if err != nil {
		t.Fatal(err)
	}
	seg.Rule = rule("nine_post_feed")
	h.svc.Read = &slow{h.db, func() {
		h.svc.Read = h.db
		if _, err := h.svc.Save(t.Context(), seg); err != nil {
			t.Error(err)
		}
	}}
	if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	u := h.user(1)
	h.update(func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertPayment(ctx, h.payment(u, "nine_post_feed")); err != nil {
			return err
		}
		return h.svc.Follow(ctx, tx, u)
	})
	if !slices.Contains(h.in(u), seg.ID) {
		t.Errorf("she fits the new rule, and is in %v", h.in(u))
	}
}

// slow reads the segments, and lets something happen before it answers.
type slow struct {
	segments.Reads
	then func()
}

func (s *slow) Segments(ctx context.Context) ([]segments.Segment, error) {
	list, err := s.Reads.Segments(ctx)
	s.then()
	return list, err
}

func TestASegmentDeletedInTheMiddleOfARefreshStaysAway(t *testing.T) {
	h := newHouse(t)
	seg, err := h.svc.Save(t.Context(), segments.Segment{Name: "Mine", Rule: segments.Rule{Purchased: &segments.Purchase{Products: []core.ProductID{"bio_glowup"}}}})
	if err != nil {
		t.Fatal(err)
	}
	users := h.buyers(2*segments.Chunk+10, "bio_glowup")
	store := h.svc.Store
	h.svc.Store = &meanwhile{store, 5, func() {
		h.svc.Store = store
		if err := h.svc.Delete(t.Context(), seg.ID); err != nil {
			t.Error(err)
		}
	}}
	if _, err := h.svc.Refresh(t.Context(), h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if got := h.in(users[1]); !slices.Equal(got, []segments.ID{"seg_bio_glowup_not_studio"}) {
		t.Errorf("she is in %v", got)
	}
	if got := h.members("seg_bio_glowup_not_studio"); len(got) != len(users) {
		t.Errorf("%d of %d are in the other segment", len(got), len(users))
	}
}
