package blueprint_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/blueprint"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
	"sselfie/core/onboarding"
)

const anna core.UserID = "usr_anna"

type tier entitlements.Tier

func (t *tier) TierOf(context.Context, core.UserID) (entitlements.Tier, error) {
	return entitlements.Tier(*t), nil
}

type desk struct {
	*blueprint.Service
	db    *sqlite.DB
	clock *coretest.Clock
	tier  tier
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{db: sqlitetest.New(t), clock: coretest.NewClock()}
	d.Service = &blueprint.Service{Store: sqlite.Bind(d.db, func(tx *sqlite.Tx) blueprint.Tx { return tx }), Read: d.db, Tiers: &d.tier, Clock: d.clock}
	if err := d.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		if err := tx.InsertUser(ctx, accounts.User{ID: anna, Email: "anna@example.com", Key: "anna@example.com", Origin: accounts.FromSignUp, CreatedAt: d.clock.Now()}); err != nil {
			return err
		}
		_, _, err := credits.Ledger{IDs: &coretest.IDs{}}.Grant(ctx, tx, credits.Line{User: anna, Amount: 2, Type: credits.SignUp, Description: "x", Key: "sign_up", At: d.clock.Now()})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) onboarding(t testing.TB) onboarding.State {
	t.Helper()
	st, err := d.db.OnboardingState(context.Background(), anna)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func (d *desk) wizard(t testing.TB, a onboarding.Answers) {
	t.Helper()
	if err := d.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveBlueprintAnswers(ctx, anna, a, d.clock.Now())
	}); err != nil {
		t.Fatal(err)
	}
}

// same compares two JSON texts by what they mean.
func same(t *testing.T, got json.RawMessage, want string) {
	t.Helper()
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		t.Fatalf("no JSON: %s, %s", got, want)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Errorf("%s, want %s", x, y)
	}
}

func TestAnEmptyBlueprint(t *testing.T) {
	d := newDesk(t)
	got, err := d.State(context.Background(), anna)
	if err != nil || got.HasBlueprintState || got.StrategyGenerated || got.Strategy != nil || got.Grids == nil || got.CreditBalance != 2 || got.Entitlement != entitlements.Free {
		t.Errorf("%+v, %v", got, err)
	}
	same(t, got.FormData, `{}`)
}

func TestTheFirstFormMakesTheBlueprint(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		tier tier
		paid bool
	}{
		"free":   {tier(entitlements.Free), false},
		"paid":   {tier(entitlements.Blueprint), true},
		"member": {tier(entitlements.Studio), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.tier = c.tier
			got, err := d.SaveForm(ctx, anna, json.RawMessage(`{"vibe":"luxury"}`))
			if err != nil || !got.HasBlueprintState || got.Entitlement != entitlements.Tier(c.tier) {
				t.Fatalf("%+v, %v", got, err)
			}
			st := d.onboarding(t)
			if !st.WelcomeShown.Equal(d.clock.Now()) || st.PaidWelcomeShown.IsZero() == c.paid || !st.HasBlueprintState {
				t.Errorf("%+v", st)
			}
			first := st.WelcomeShown
			d.clock.Advance(time.Hour)
			got, err = d.SaveForm(ctx, anna, json.RawMessage(`{"vibe":"minimal"}`))
			if err != nil {
				t.Fatal(err)
			}
			same(t, got.FormData, `{"vibe":"minimal"}`)
			if st := d.onboarding(t); !st.WelcomeShown.Equal(first) {
				t.Error("the stamp moved")
			}
		})
	}
}

func TestTheWizardsAnswersAreNoBlueprintAndAreNotLost(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	d.wizard(t, onboarding.Answers{"dreamClient": "Mia", "struggle": "time", "feedStyle": "dark"})
	got, err := d.State(ctx, anna)
	if err != nil || got.HasBlueprintState {
		t.Fatalf("%+v, %v", got, err)
	}
	same(t, got.FormData, `{"dreamClient":"Mia","struggle":"time","feedStyle":"dark"}`)
	got, err = d.SaveForm(ctx, anna, json.RawMessage(`{"vibe":"luxury","struggle":"courage","feedStyle":null}`))
	if err != nil || !got.HasBlueprintState {
		t.Fatalf("%+v, %v", got, err)
	}
	same(t, got.FormData, `{"vibe":"luxury","dreamClient":"Mia","struggle":"courage","feedStyle":"dark"}`)
	if d.onboarding(t).WelcomeShown.IsZero() {
		t.Error("the first form counts as the welcome, also where the wizard had made the row")
	}
	// And the other way round.
	d.wizard(t, onboarding.Answers{"feedStyle": "light"})
	got, err = d.State(ctx, anna)
	if err != nil || !got.HasBlueprintState {
		t.Fatalf("%+v, %v", got, err)
	}
	same(t, got.FormData, `{"vibe":"luxury","dreamClient":"Mia","struggle":"courage","feedStyle":"light"}`)
}

func TestWhatIsNoForm(t *testing.T) {
	nest := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for name, c := range map[string]struct {
		form string
		want core.Code
	}{
		"an empty object":              {`{}`, ""},
		"nothing":                      {``, core.Invalid},
		"null":                         {`null`, core.Invalid},
		"a list":                       {`[]`, core.Invalid},
		"a text":                       {`"x"`, core.Invalid},
		"half an object":               {`{"a":`, core.Invalid},
		"two objects":                  {`{}{}`, core.Invalid},
		"16 KB":                        {`{"a":"` + strings.Repeat("x", blueprint.MaxForm-8) + `"}`, ""},
		"a byte more":                  {`{"a":"` + strings.Repeat("x", blueprint.MaxForm-7) + `"}`, core.TooLarge},
		"8 deep":                       {nest(8), ""},
		"9 deep":                       {nest(9), core.Invalid},
		"brackets in a text":           {`{"a":"{{{{{{{{{{[[\"[[[[["}`, ""},
		"2,000 open brackets, no more": {strings.Repeat("[", 2000), core.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			if _, err := d.SaveForm(context.Background(), anna, json.RawMessage(c.form)); core.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if st := d.onboarding(t); (c.want == "") != st.HasBlueprintState {
				t.Error("a refused form left a blueprint")
			}
		})
	}
}

func TestTrainingStatus(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	check := func(want onboarding.TrainingStatus) {
		t.Helper()
		if got, err := d.db.TrainingOf(ctx, anna); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	run := func(id, status string, progress int) {
		t.Helper()
		d.clock.Advance(time.Minute)
		if err := d.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.SaveTraining(ctx, onboarding.TrainingRun{ID: id, User: anna, Status: status, Progress: progress, CreatedAt: d.clock.Now()})
		}); err != nil {
			t.Fatal(err)
		}
	}
	check(onboarding.TrainingStatus{Status: "none"})
	run("trn_1", "training", 40)
	check(onboarding.TrainingStatus{Status: "training", Progress: 40})
	run("trn_1", "completed", 100)
	check(onboarding.TrainingStatus{HasTrainedModel: true, Status: "completed", Progress: 100})
	run("trn_2", "failed", 10)
	check(onboarding.TrainingStatus{HasTrainedModel: true, Status: "failed", Progress: 10})
}
