package onboarding_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
	"sselfie/core/entitlements"
	"sselfie/core/flags"
	"sselfie/core/mail"
	"sselfie/core/onboarding"
)

const anna core.UserID = "usr_anna"

// tiers are what customers have bought.
type tiers struct {
	mu  sync.Mutex
	of  map[core.UserID]entitlements.Tier
	err error
}

func (t *tiers) TierOf(_ context.Context, u core.UserID) (entitlements.Tier, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[u], t.err
}

func (t *tiers) set(u core.UserID, tier entitlements.Tier) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of[u] = tier
}

// guide is the service on a real database, with one customer.
type guide struct {
	*onboarding.Service
	db    *sqlite.DB
	clock *coretest.Clock
	tiers *tiers
}

func newGuide(t testing.TB) *guide {
	t.Helper()
	return guideOn(t, sqlitetest.New(t), anna, &coretest.IDs{})
}

func guideOn(t testing.TB, db *sqlite.DB, user core.UserID, ids *coretest.IDs) *guide {
	t.Helper()
	g := &guide{db: db, clock: coretest.NewClock(), tiers: &tiers{of: map[core.UserID]entitlements.Tier{}}}
	g.Service = &onboarding.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) onboarding.Tx { return tx }), Read: db, Tiers: g.tiers, Clock: g.clock,
		Flags: &flags.Service{
			Store: sqlite.Bind(db, func(tx *sqlite.Tx) flags.Tx { return tx }), Read: db, Clock: g.clock, IDs: ids, Outcomes: db,
			Post:     mail.Post{IDs: ids, Fold: coretest.Fold},
			Defaults: map[flags.Key]bool{flags.BlueprintWelcome: true, flags.EntitlementWelcomeFlow: true},
		},
	}
	if err := db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.InsertUser(ctx, accounts.User{ID: user, Email: string(user) + "@example.com", Key: core.EmailKey(user + "@example.com"), Origin: accounts.FromSignUp, CreatedAt: g.clock.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *guide) see(t testing.TB) onboarding.Flow {
	t.Helper()
	f, err := g.Flow(context.Background(), anna)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (g *guide) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (g *guide) finish(t testing.TB, p onboarding.Phase) onboarding.Flow {
	t.Helper()
	f, err := g.CompletePhase(context.Background(), anna, p, full(p))
	g.must(t, err)
	return f
}

func (g *guide) say(t testing.TB, p onboarding.Phase, step int, field string, v any) onboarding.Flow {
	t.Helper()
	f, err := g.Answer(context.Background(), anna, p, step, onboarding.Answers{field: v})
	g.must(t, err)
	return f
}

func shown(f onboarding.Flow) string { return fmt.Sprintf("%s/%s", f.Type, f.Phase) }

func wantShown(t testing.TB, f onboarding.Flow, want string) {
	t.Helper()
	if got := shown(f); got != want {
		t.Fatalf("she sees %s (%s), want %s", got, f.Reason, want)
	}
}

func TestOneConversationForEachTier(t *testing.T) {
	ctx := context.Background()
	t.Run("free", func(t *testing.T) {
		g := newGuide(t)
		wantShown(t, g.see(t), "blueprint_welcome/base")
		wantShown(t, g.finish(t, onboarding.Base), "blueprint_welcome/blueprint_extension")
		f := g.finish(t, onboarding.BlueprintExtension)
		wantShown(t, f, "blueprint_welcome/welcome")
		if f.State.HasBlueprintState {
			t.Error("the wizard's own answers count as a blueprint")
		}
		g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
		wantShown(t, g.see(t), "none/done")
	})
	t.Run("paid blueprint", func(t *testing.T) {
		g := newGuide(t)
		g.tiers.set(anna, entitlements.Blueprint)
		g.finish(t, onboarding.Base)
		wantShown(t, g.finish(t, onboarding.BlueprintExtension), "blueprint_welcome/welcome")
		g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
		f := g.see(t)
		wantShown(t, f, "none/done")
		if f.State.PaidWelcomeShown.IsZero() {
			t.Error("the welcome that a buyer saw was the paid one")
		}
	})
	t.Run("studio", func(t *testing.T) {
		g := newGuide(t)
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.finish(t, onboarding.Base), "blueprint_welcome/studio_extension")
		f := g.finish(t, onboarding.StudioExtension)
		wantShown(t, f, "none/done")
		if !f.State.Completed {
			t.Error("the studio extension ends the flow")
		}
	})
	t.Run("no welcome, so the training ends it", func(t *testing.T) {
		g := newGuide(t)
		_, err := g.Flags.Set(ctx, flags.BlueprintWelcome, flags.Off, 0, "usr_creator", "")
		g.must(t, err)
		wantShown(t, g.see(t), "onboarding_wizard/base")
		g.finish(t, onboarding.Base)
		wantShown(t, g.finish(t, onboarding.BlueprintExtension), "onboarding_wizard/training")
		g.must(t, g.Complete(ctx, anna, onboarding.Wizard))
		wantShown(t, g.see(t), "none/done")
	})
}

func TestAnswersComeBackOnAnotherDevice(t *testing.T) {
	g := newGuide(t)
	g.say(t, onboarding.Base, 1, "name", " Anna Berg ")
	f := g.say(t, onboarding.Base, 2, "businessType", "ceramics")
	if f.Step != 3 || f.Total != 5 {
		t.Errorf("step %d of %d", f.Step, f.Total)
	}
	want := onboarding.Answers{"name": "Anna Berg", "businessType": "ceramics"}
	if got := g.see(t).Answers; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	// Back to the first, and forward again: the newest answer counts.
	if f := g.say(t, onboarding.Base, 1, "name", "Anna"); f.Step != 3 || f.Answers["name"] != "Anna" || f.Answers["businessType"] != "ceramics" {
		t.Errorf("%+v", f)
	}
	g.finish(t, onboarding.Base)
	g.say(t, onboarding.BlueprintExtension, 3, "feedStyle", "mixed")
	f = g.say(t, onboarding.BlueprintExtension, 1, "dreamClient", "Mia, who sells \"jam\" {and} more")
	if f.Step != 2 || f.Answers["feedStyle"] != "mixed" || f.Answers["dreamClient"] != "Mia, who sells \"jam\" {and} more" {
		t.Errorf("step %d, %v", f.Step, f.Answers)
	}
}

func TestAnAnswerIsChangedAtAnyTime(t *testing.T) {
	ctx, g := context.Background(), newGuide(t)
	g.finish(t, onboarding.Base)
	g.finish(t, onboarding.BlueprintExtension)
	g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
	before := g.see(t)
	g.must(t, g.Change(ctx, anna, "dreamClient", "Mia"))
	g.must(t, g.Change(ctx, anna, "colorTheme", " soft-pinks "))
	f := g.see(t)
	if f.Answers["dreamClient"] != "Mia" || f.Answers["colorTheme"] != "soft-pinks" || f.Answers["struggle"] != before.Answers["struggle"] {
		t.Errorf("%v", f.Answers)
	}
	f.Answers, f.State.Answers = before.Answers, before.State.Answers
	if !reflect.DeepEqual(f, before) {
		t.Errorf("it moved her: %+v\nbefore: %+v", f, before)
	}
	for field, want := range map[string]core.Code{"nonsense": core.Invalid, "futureVision": core.Conflict, "dreamClient": core.Invalid} {
		if err := g.Change(ctx, anna, field, map[bool]any{true: " ", false: "x"}[field == "dreamClient"]); core.CodeOf(err) != want {
			t.Errorf("%s: %v", field, err)
		}
	}
	h := newGuide(t)
	if err := h.Change(ctx, anna, "name", "Anna"); core.CodeOf(err) != core.Conflict {
		t.Errorf("a question that is still to come: %v", err)
	}
	h.must(t, h.Dismiss(ctx, anna))
	h.must(t, h.Change(ctx, anna, "struggle", "Time"))
	if f := h.see(t); f.Answers["struggle"] != "Time" || f.Reason != "onboarding_dismissed" || !f.State.BlueprintDone.IsZero() {
		t.Errorf("what was skipped is answered later: %+v", f)
	}
	if err := g.Change(ctx, "usr_nobody", "name", "x"); core.CodeOf(err) != core.NotFound {
		t.Errorf("%v", err)
	}
}

// An account without a name takes the one that its owner goes by; one that has a
// name keeps it.
func TestTheAccountIsCalledAsSheIs(t *testing.T) {
	ctx, g := context.Background(), newGuide(t)
	for _, said := range []string{"Anna", "Anouk"} {
		g.say(t, onboarding.Base, 1, "name", said)
		if u, err := g.db.UserByID(ctx, anna); err != nil || u.Name != "Anna" {
			t.Errorf("after %s the account is called %q, %v", said, u.Name, err)
		}
	}
}

func TestPillarsComeBackAsAList(t *testing.T) {
	g := newGuide(t)
	g.tiers.set(anna, entitlements.Studio)
	g.finish(t, onboarding.Base)
	f := g.say(t, onboarding.StudioExtension, 6, "contentPillars", []any{" a, b ", "c"})
	if got := f.Answers["contentPillars"]; !reflect.DeepEqual(got, []string{"a, b", "c"}) {
		t.Errorf("%#v", got)
	}
}

func TestWhatComesAtTheWrongTimeIsRefused(t *testing.T) {
	ctx := context.Background()
	finished := func(t *testing.T, g *guide) {
		g.finish(t, onboarding.Base)
		g.finish(t, onboarding.BlueprintExtension)
		g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
	}
	one := onboarding.Answers{"name": "Anna"}
	for name, c := range map[string]struct {
		before func(t *testing.T, g *guide)
		do     func(g *guide) error
		want   core.Code
	}{
		"answers after completion": {finished, func(g *guide) error { _, err := g.Answer(ctx, anna, onboarding.Base, 1, one); return err }, core.Conflict},
		"a phase after completion": {finished, func(g *guide) error {
			_, err := g.CompletePhase(ctx, anna, onboarding.Base, full(onboarding.Base))
			return err
		}, core.Conflict},
		"the extension after completion": {finished, func(g *guide) error {
			_, err := g.CompletePhase(ctx, anna, onboarding.BlueprintExtension, full(onboarding.BlueprintExtension))
			return err
		}, core.Conflict},
		"studio's questions without studio": {nil, func(g *guide) error {
			_, err := g.Answer(ctx, anna, onboarding.StudioExtension, 1, onboarding.Answers{"futureVision": "x"})
			return err
		}, core.UpgradeRequired},
		"the blueprint's questions to a member": {func(_ *testing.T, g *guide) { g.tiers.set(anna, entitlements.Studio) }, func(g *guide) error {
			_, err := g.Answer(ctx, anna, onboarding.BlueprintExtension, 1, onboarding.Answers{"dreamClient": "x"})
			return err
		}, core.Conflict},
		"the extension before the base": {nil, func(g *guide) error {
			_, err := g.CompletePhase(ctx, anna, onboarding.BlueprintExtension, full(onboarding.BlueprintExtension))
			return err
		}, core.Conflict},
		"a phase without questions":  {nil, func(g *guide) error { _, err := g.Answer(ctx, anna, onboarding.Welcome, 1, one); return err }, core.Invalid},
		"step 0":                     {nil, func(g *guide) error { _, err := g.Answer(ctx, anna, onboarding.Base, 0, one); return err }, core.Invalid},
		"step 6 of 5":                {nil, func(g *guide) error { _, err := g.Answer(ctx, anna, onboarding.Base, 6, one); return err }, core.Invalid},
		"completing something else":  {nil, func(g *guide) error { return g.Complete(ctx, anna, onboarding.Studio) }, core.Invalid},
		"somebody who is not there":  {nil, func(g *guide) error { _, err := g.Flow(ctx, "usr_nobody"); return err }, core.NotFound},
		"a tier that cannot be read": {func(_ *testing.T, g *guide) { g.tiers.err = errors.New("down") }, func(g *guide) error { _, err := g.Flow(ctx, anna); return err }, core.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuide(t)
			if c.before != nil {
				c.before(t, g)
			}
			if err := c.do(g); core.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestAMissingAnswerNamesItsField(t *testing.T) {
	g := newGuide(t)
	for _, given := range []onboarding.Answers{nil, {}, {"colorTheme": nil}, {"colorTheme": " "}} {
		_, err := g.Answer(context.Background(), anna, onboarding.Base, 3, given)
		if got := marked(t, err); got != "colorTheme" {
			t.Errorf("%v marked %q", given, got)
		}
	}
}

func TestEndingTwiceIsFine(t *testing.T) {
	ctx, g := context.Background(), newGuide(t)
	for range 2 {
		g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
	}
	first := g.see(t).State.WelcomeShown
	g.clock.Advance(1e12)
	g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
	if got := g.see(t).State.WelcomeShown; !got.Equal(first) {
		t.Error("the first stamp stays")
	}
	for range 2 {
		g.must(t, g.Dismiss(ctx, anna))
	}
	wantShown(t, g.see(t), "none/done")
}

func TestDismissedIsForGood(t *testing.T) {
	ctx, g := context.Background(), newGuide(t)
	g.say(t, onboarding.Base, 1, "name", "Anna")
	g.must(t, g.Dismiss(ctx, anna))
	f := g.see(t)
	wantShown(t, f, "none/done")
	if f.Reason != "onboarding_dismissed" || f.Answers["name"] != "Anna" {
		t.Errorf("%+v", f)
	}
	// What another tab still sends is kept, and opens nothing.
	f = g.say(t, onboarding.Base, 2, "businessType", "ceramics")
	wantShown(t, f, "none/done")
}

func TestCrossings(t *testing.T) {
	ctx := context.Background()
	free := func(t *testing.T) *guide {
		g := newGuide(t)
		g.finish(t, onboarding.Base)
		g.finish(t, onboarding.BlueprintExtension)
		g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
		return g
	}
	t.Run("studio joined later offers its questions until they are answered", func(t *testing.T) {
		g := free(t)
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.see(t), "none/studio_extension")
		wantShown(t, g.say(t, onboarding.StudioExtension, 1, "transformationStory", "x"), "none/studio_extension")
		wantShown(t, g.finish(t, onboarding.StudioExtension), "none/done")
		g.tiers.set(anna, entitlements.Free)
		wantShown(t, g.see(t), "none/done")
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.see(t), "none/done")
	})
	t.Run("or until they are dismissed", func(t *testing.T) {
		g := free(t)
		g.tiers.set(anna, entitlements.Studio)
		g.must(t, g.Dismiss(ctx, anna))
		wantShown(t, g.see(t), "none/done")
	})
	t.Run("they are answered even when the base never was", func(t *testing.T) {
		g := newGuide(t)
		g.must(t, g.Complete(ctx, anna, onboarding.Wizard))
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.see(t), "none/studio_extension")
		wantShown(t, g.finish(t, onboarding.StudioExtension), "none/done")
	})
	t.Run("a blueprint bought after the free welcome shows the paid one once", func(t *testing.T) {
		g := free(t)
		g.tiers.set(anna, entitlements.Blueprint)
		wantShown(t, g.see(t), "none/welcome")
		wantShown(t, g.see(t), "none/welcome")
		g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
		wantShown(t, g.see(t), "none/done")
	})
	t.Run("refusing the paid welcome does not refuse studio's questions later", func(t *testing.T) {
		g := free(t)
		g.tiers.set(anna, entitlements.Blueprint)
		g.must(t, g.Dismiss(ctx, anna))
		wantShown(t, g.see(t), "none/done")
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.see(t), "none/studio_extension")
	})
	t.Run("a stray dismissal after the end closes nothing", func(t *testing.T) {
		g := free(t)
		g.must(t, g.Dismiss(ctx, anna))
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.see(t), "none/studio_extension")
	})
	t.Run("no welcome seen, none owed", func(t *testing.T) {
		g := newGuide(t)
		g.must(t, g.Complete(ctx, anna, onboarding.Wizard))
		g.tiers.set(anna, entitlements.Blueprint)
		wantShown(t, g.see(t), "none/done")
	})
	t.Run("the tier changes in the middle: the other questions are asked", func(t *testing.T) {
		g := newGuide(t)
		g.finish(t, onboarding.Base)
		g.say(t, onboarding.BlueprintExtension, 1, "dreamClient", "Mia")
		g.tiers.set(anna, entitlements.Studio)
		wantShown(t, g.see(t), "blueprint_welcome/studio_extension")
		g.tiers.set(anna, entitlements.Free)
		if f := g.see(t); f.Phase != onboarding.BlueprintExtension || f.Step != 2 {
			t.Errorf("%s step %d", f.Phase, f.Step)
		}
	})
}

// Two tabs answer at once: each answer arrives, of the same question the last.
func TestTwoTabs(t *testing.T) {
	g, ctx := newGuide(t), context.Background()
	var wg sync.WaitGroup
	for _, s := range onboarding.InPhase(onboarding.Base) {
		wg.Go(func() {
			if _, err := g.Answer(ctx, anna, onboarding.Base, 1, onboarding.Answers{s.Field: "said " + s.Field}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	f := g.see(t)
	for _, s := range onboarding.InPhase(onboarding.Base) {
		if f.Answers[s.Field] != "said "+s.Field {
			t.Errorf("lost %s: %v", s.Field, f.Answers)
		}
	}
	for range 2 { // both tabs send the whole
		wg.Go(func() {
			if _, err := g.CompletePhase(ctx, anna, onboarding.Base, full(onboarding.Base)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantShown(t, g.see(t), "blueprint_welcome/blueprint_extension")
}

func TestTheFlowIsCountedOnce(t *testing.T) {
	ctx, g := context.Background(), newGuide(t)
	count := func() (started, failed, completed int) {
		t.Helper()
		if err := g.db.OnboardingOutcomes(ctx, g.clock.Now(), func(o flags.Outcome) error {
			started++
			if o.Failed {
				failed++
			}
			if o.Completed {
				completed++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return started, failed, completed
	}
	if _, err := g.Look(ctx, anna); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := count(); n != 0 {
		t.Error("looking counts")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _, _ = g.Flow(ctx, anna) })
	}
	wg.Wait()
	if n, f, c := count(); n != 1 || f != 0 || c != 0 {
		t.Errorf("%d started, %d failed, %d completed", n, f, c)
	}
	if _, err := g.Answer(ctx, anna, onboarding.Base, 1, onboarding.Answers{"name": 1}); !core.Is(err, core.Invalid) {
		t.Fatal(err)
	}
	if _, f, _ := count(); f != 0 {
		t.Error("a customer's slip counts as our error")
	}
	g.tiers.err = errors.New("down")
	_, _ = g.Flow(ctx, anna)
	g.tiers.err = nil
	g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
	g.must(t, g.Complete(ctx, anna, onboarding.BlueprintWelcome))
	if n, f, c := count(); n != 1 || f != 1 || c != 1 {
		t.Errorf("%d started, %d failed, %d completed", n, f, c)
	}
}

// TestNothingIsAskedTwiceAndNobodyIsStranded: whatever a customer does, buys or
// refuses, and however the creator turns the flags, a stage that is through is
// not shown again, and following what is shown leads to the end.
func TestNothingIsAskedTwiceAndNobodyIsStranded(t *testing.T) {
	db := sqlitetest.New(t)
	n, ids := 0, &coretest.IDs{}
	rapid.Check(t, func(rt *rapid.T) {
		n++
		walk(t, rt, db, core.UserID(fmt.Sprintf("usr_%d", n)), ids)
	})
}

func walk(t *testing.T, rt *rapid.T, db *sqlite.DB, user core.UserID, ids *coretest.IDs) {
	ctx := context.Background()
	g := guideOn(t, db, user, ids)
	for _, k := range []flags.Key{flags.BlueprintWelcome, flags.EntitlementWelcomeFlow} {
		if _, err := g.Flags.Set(ctx, k, flags.On, 0, "usr_creator", ""); err != nil {
			rt.Fatal(err)
		}
	}
	through := map[onboarding.Phase]bool{} // the free welcome and the paid one are two
	const paidWelcome onboarding.Phase = "paid welcome"
	named := func(f onboarding.Flow) onboarding.Phase {
		if f.Phase == onboarding.Welcome && f.Tier == entitlements.Blueprint {
			return paidWelcome
		}
		return f.Phase
	}
	var log []string
	look := func() onboarding.Flow {
		f, err := g.Flow(ctx, user)
		if err != nil {
			rt.Fatalf("after %v: %v", log, err)
		}
		if through[named(f)] {
			rt.Fatalf("%s is shown again after %v", named(f), log)
		}
		return f
	}
	follow := func(f onboarding.Flow) {
		var err error
		switch f.Phase {
		case onboarding.Base, onboarding.BlueprintExtension, onboarding.StudioExtension:
			_, err = g.CompletePhase(ctx, user, f.Phase, full(f.Phase))
			through[f.Phase] = true
		case onboarding.Welcome:
			err = g.Complete(ctx, user, onboarding.BlueprintWelcome)
			through[named(f)], through[onboarding.Training] = true, true
			if named(f) == paidWelcome {
				through[onboarding.Welcome] = true
			}
		case onboarding.Training:
			err = g.Complete(ctx, user, onboarding.Wizard)
			through[onboarding.Training] = true
		}
		if err != nil {
			rt.Fatalf("%s cannot be completed after %v: %v", f.Phase, log, err)
		}
	}
	for range rapid.IntRange(1, 14).Draw(rt, "length") {
		do := rapid.SampledFrom([]string{"look", "follow", "follow", "follow", "answer", "free", "blueprint", "studio", "dismiss", "model", "flag"}).Draw(rt, "do")
		log = append(log, do)
		f := look()
		switch do {
		case "follow":
			follow(f)
		case "answer":
			if steps := onboarding.InPhase(f.Phase); len(steps) > 0 {
				i := rapid.IntRange(0, len(steps)-1).Draw(rt, "step")
				if _, err := g.Answer(ctx, user, f.Phase, i+1, onboarding.Answers{steps[i].Field: full(f.Phase)[steps[i].Field]}); err != nil {
					rt.Fatalf("after %v: %v", log, err)
				}
			}
		case "free", "blueprint", "studio":
			g.tiers.set(user, map[string]entitlements.Tier{"free": entitlements.Free, "blueprint": entitlements.Blueprint, "studio": entitlements.Studio}[do])
		case "dismiss":
			if err := g.Dismiss(ctx, user); err != nil {
				rt.Fatal(err)
			}
			if f.Phase != onboarding.Done {
				through[named(f)] = true
			}
			look()
		case "model":
			if err := db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
				return tx.SaveTraining(ctx, onboarding.TrainingRun{ID: "trn_" + string(user), User: user, Status: "completed", Progress: 100, CreatedAt: g.clock.Now()})
			}); err != nil {
				rt.Fatal(err)
			}
		case "flag":
			k := rapid.SampledFrom([]flags.Key{flags.BlueprintWelcome, flags.EntitlementWelcomeFlow}).Draw(rt, "flag")
			if _, err := g.Flags.Set(ctx, k, rapid.SampledFrom([]flags.State{flags.On, flags.Off}).Draw(rt, "state"), 0, "usr_creator", ""); err != nil {
				rt.Fatal(err)
			}
		}
	}
	for range 6 {
		f := look()
		if f.Phase == onboarding.Done {
			return
		}
		log = append(log, "then "+string(f.Phase))
		follow(f)
	}
	rt.Fatalf("stranded after %v", log)
}
