package moving_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
	"sselfie/core/mail"
	"sselfie/core/moving"
	"sselfie/core/onboarding"
)

// van moves people into a real database.
type van struct {
	*moving.Mover
	db    *sqlite.DB
	path  string
	clock *coretest.Clock
}

func newVan(t testing.TB) *van {
	t.Helper()
	db, path := sqlitetest.NewAt(t, sqlite.Options{UpdateLimit: time.Hour}) // as the command opens it
	v := &van{db: db, path: path, clock: coretest.NewClock()}
	ids := &coretest.IDs{}
	v.Mover = &moving.Mover{
		Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) moving.Tx { return tx }), Stages: sqlite.Stager{Folder: t.TempDir()}, Clock: v.clock, IDs: ids,
		Fold: coretest.Fold, Ledger: credits.Ledger{IDs: ids}, Catalog: catalog.Default(),
	}
	return v
}

// house is the files of the system before, as people would export them.
func house() fstest.MapFS {
	return files(map[string]string{
		"users.csv": `id,email,extra,full_name,created_at,onboarding_completed,stripe_customer_id
u1,Ada@Example.com,x,Ada Berg,2025-01-02 03:04:05.678+00,false,cus_ada
u2,bob@example.com,x,Bob,2025-02-01T00:00:00Z,true,
u3,cleo@example.com,,"Cleo ""C"", the third",2025-03-01,f,
u4,dora@example.com,,,1743465600,NULL,
`,
		"user_credits.csv": "balance,user_id\n40,u1\n0,u2\n",
		"credit_transactions.csv": `user_id,amount,transaction_type
u1,50,purchase
u1,-10,image
`,
		"blueprint_subscribers.csv": `id,user_id,email,free_grid_used_count,form_data,strategy_generated,created_at
b1,,ADA@example.com,1,"{""business"":""ceramics"",""vibe"":""warm-neutrals"",""dreamClient"":""Mia"",""x"":[1,2]}",true,2025-01-05T00:00:00Z
b2,u1,,0,,false,2025-01-03T00:00:00Z
b3,u3,,1,"{""name"":""Cleo"",""business"":""b"",""vibe"":""v"",""aesthetic"":""luxury"",""situation"":""growing"",""dreamClient"":""d"",""struggle"":""s"",""feedStyle"":""dark""}",false,2025-03-02T00:00:00Z
`,
		"subscriptions.csv": `user_id,product_type,status,stripe_subscription_id,stripe_customer_id,current_period_start,current_period_end,cancel_at_period_end,created_at
u1,sselfie_studio_membership,active,sub_ada,cus_ada,2026-02-20T00:00:00Z,2026-03-20T00:00:00Z,false,2025-01-02T00:00:00Z
u2,paid_blueprint,active,,,,,,2025-02-02T00:00:00Z
u3,free_blueprint,active,,,,,,
`,
		"stripe_payments.csv": `id,user_id,product_type,amount_cents,currency,status,stripe_payment_id,created_at
p1,u3,bio_glowup,4700,USD,succeeded,pi_cleo,2025-03-03T00:00:00Z
p2,u3,one_time_session,4900,usd,failed,pi_cleo2,2025-03-03T00:00:00Z
p3,u1,sselfie_studio_membership,9700,usd,paid,in_ada,2026-02-20T00:00:00Z
`,
	})
}

func files(m map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range m {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func (v *van) run(t testing.TB, kind moving.Kind, f fs.FS) moving.Report {
	t.Helper()
	rep, err := v.Run(context.Background(), moving.Source{Kind: kind, Files: f}, moving.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func (v *van) user(t testing.TB, key core.EmailKey) accounts.User {
	t.Helper()
	u, err := v.db.UserByKey(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (v *van) whole(t testing.TB) {
	t.Helper()
	if err := v.db.View(context.Background(), func(ctx context.Context, view sqlite.View) error {
		findings, err := view.Verify(ctx, catalog.Default())
		for _, f := range findings {
			t.Error(f)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func (v *van) digest(t testing.TB) string {
	t.Helper()
	_, dump := sqlitetest.Digest(t, v.path)
	return dump
}

// refusals returns the report's refusals as lines.
func refusals(r moving.Report) string {
	var out []string
	for _, x := range r.Refusals {
		out = append(out, fmt.Sprintf("%s:%d: %s", x.File, x.Line, x.Reason))
	}
	return strings.Join(out, "\n")
}

func TestAHouseIsMoved(t *testing.T) {
	ctx, v := context.Background(), newVan(t)
	rep := v.run(t, moving.Legacy, house())
	if rep.Created != 4 || rep.Joined+rep.Same != 0 || rep.Carried != 1 || rep.Started != 1 || rep.Credits != 42 || rep.Payments != 2 || rep.Members != 1 || rep.Forms != 2 || rep.Done != 2 {
		t.Errorf("%+v", rep)
	}
	if want := `stripe_payments.csv:3: its status is "failed": nothing was paid`; refusals(rep) != want || rep.Refused != 1 {
		t.Errorf("refused:\n%s", refusals(rep))
	}
	v.whole(t)
	for key, want := range map[core.EmailKey]struct {
		email, name string
		balance     int
		tier        entitlements.Tier
		completed   bool
		welcome     string
	}{
		"ada@example.com":  {"Ada@Example.com", "Ada Berg", 40, entitlements.Studio, true, "2025-01-03"},
		"bob@example.com":  {"bob@example.com", "Bob", 0, entitlements.Blueprint, true, "0001-01-01"},
		"cleo@example.com": {"cleo@example.com", `Cleo "C", the third`, 0, entitlements.Free, false, "2025-03-02"},
		"dora@example.com": {"dora@example.com", "", 2, entitlements.Free, false, "0001-01-01"},
	} {
		u := v.user(t, key)
		acct, err := v.db.CreditAccount(ctx, u.ID)
		rows, err2 := v.db.RowsOf(ctx, u.ID)
		st, err3 := v.db.OnboardingState(ctx, u.ID)
		if err := errors.Join(err, err2, err3); err != nil {
			t.Fatal(err)
		}
		right := billing.RightAt(rows, 7*24*time.Hour, v.clock)
		if u.Email != want.email || u.Name != want.name || u.Verified() || u.PasswordHash != "" || u.Origin != accounts.FromImport {
			t.Errorf("%+v", u)
		}
		if acct.Balance != want.balance || right.Tier != want.tier || st.Completed != want.completed || st.WelcomeShown.Format(time.DateOnly) != want.welcome {
			t.Errorf("%s: %d credits, %s, %+v", key, acct.Balance, right.Tier, st)
		}
	}
	ada, _ := v.db.OnboardingState(ctx, v.user(t, "ada@example.com").ID)
	if ada.Answers["businessType"] != "ceramics" || ada.Answers["colorTheme"] != "warm-neutrals" || ada.Answers["dreamClient"] != "Mia" || !ada.BaseDone.IsZero() || !ada.HasBlueprintState {
		t.Errorf("%+v", ada)
	}
	cleo, _ := v.db.OnboardingState(ctx, v.user(t, "cleo@example.com").ID)
	if cleo.BaseDone.IsZero() || cleo.BlueprintDone.IsZero() || cleo.Answers["visualAesthetic"] != "luxury" || cleo.Answers["feedStyle"] != "dark" {
		t.Errorf("%+v", cleo)
	}
	kept, _, err := v.db.BlueprintOf(ctx, v.user(t, "ada@example.com").ID)
	if err != nil || !strings.Contains(string(kept.Form), `"x":[1,2]`) || !kept.StrategyGenerated == (kept.Strategy != nil) {
		t.Errorf("%+v, %v", kept, err)
	}
	owner, err := v.db.CustomerUser(ctx, "cus_ada")
	if err != nil || owner != v.user(t, "ada@example.com").ID {
		t.Errorf("the Stripe customer belongs to %q, %v", owner, err)
	}
	hist, err := v.db.CreditHistory(ctx, owner, "", 10)
	if err != nil || len(hist) != 1 || hist[0].Type != credits.Import {
		t.Errorf("a balance is one line: %+v, %v", hist, err)
	}
	// What she sees next: no wizard that she has been through.
	d := onboarding.First(onboarding.State{Completed: true, EntitlementFlow: true, WelcomeEnabled: true, Tier: entitlements.Blueprint})
	if d.Phase != onboarding.Done {
		t.Errorf("%+v", d)
	}
}

func TestTwiceChangesNothing(t *testing.T) {
	v := newVan(t)
	v.run(t, moving.Legacy, house())
	before := v.digest(t)
	v.clock.Advance(time.Hour)
	rep := v.run(t, moving.Legacy, house())
	if rep.Same != 4 || rep.Created+rep.Joined+rep.Credits+rep.Payments+rep.Members != 0 {
		t.Errorf("%+v", rep)
	}
	if d := sqlitetest.Difference(before, v.digest(t)); d != "" {
		t.Error(d)
	}
	v.whole(t)
}

func TestADryRunKeepsNothingAndSaysTheSame(t *testing.T) {
	v := newVan(t)
	before := v.digest(t)
	dry, err := v.Run(context.Background(), moving.Source{Kind: moving.Legacy, Files: house()}, moving.Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if d := sqlitetest.Difference(before, v.digest(t)); d != "" {
		t.Error(d)
	}
	wet := v.run(t, moving.Legacy, house())
	wet.DryRun = true
	if fmt.Sprintf("%+v", dry) != fmt.Sprintf("%+v", wet) {
		t.Errorf("dry: %+v\nwet: %+v", dry, wet)
	}
}

// breaking is a store whose commit fails.
type breaking struct{ moving.Updater }

func (b breaking) Update(ctx context.Context, fn func(ctx context.Context, tx moving.Tx) error) error {
	return b.Updater.Update(ctx, func(ctx context.Context, tx moving.Tx) error {
		return errors.Join(fn(ctx, tx), errPower)
	})
}

var errPower = errors.New("the power went out")

// stopping goes away while the first customer is brought over.
type stopping struct {
	moving.Updater
	stop func()
}

func (s stopping) Update(ctx context.Context, fn func(ctx context.Context, tx moving.Tx) error) error {
	return s.Updater.Update(ctx, func(ctx context.Context, tx moving.Tx) error {
		s.stop()
		return fn(ctx, tx)
	})
}

func TestAllOrNothing(t *testing.T) {
	members := files(map[string]string{"members.csv": "email,name\nada@example.com,Ada\nbob@example.com,Bob\n"})
	for name, c := range map[string]struct {
		spoil func(v *van, o *moving.Options) (context.Context, moving.Updater)
		want  error
	}{
		"it breaks off at the end": {func(v *van, _ *moving.Options) (context.Context, moving.Updater) {
			return context.Background(), breaking{v.Store}
		}, errPower},
		"the report is not liked": {func(v *van, o *moving.Options) (context.Context, moving.Updater) {
			o.Before = func(moving.Report) error { return errPower }
			return context.Background(), v.Store
		}, errPower},
		"whoever started it goes away": {func(v *van, _ *moving.Options) (context.Context, moving.Updater) {
			ctx, stop := context.WithCancel(context.Background())
			return ctx, stopping{v.Store, stop}
		}, context.Canceled},
	} {
		for kind, in := range map[moving.Kind]fs.FS{moving.Legacy: house(), moving.Ghost: members} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				v := newVan(t)
				before := v.digest(t)
				store, o := v.Store, moving.Options{}
				ctx, spoiled := c.spoil(v, &o)
				v.Store = spoiled
				if _, err := v.Run(ctx, moving.Source{Kind: kind, Files: in}, o); !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
				if d := sqlitetest.Difference(before, v.digest(t)); d != "" {
					t.Error(d)
				}
				v.Store = store
				if rep := v.run(t, kind, in); rep.Created < 2 || rep.Same > 0 {
					t.Errorf("the next one brings everybody: %+v", rep)
				}
				v.whole(t)
			})
		}
	}
}

func TestTheReportComesBeforeAnythingIsKept(t *testing.T) {
	ctx, v := context.Background(), newVan(t)
	var said moving.Report
	rep, err := v.Run(ctx, moving.Source{Kind: moving.Legacy, Files: house()}, moving.Options{Before: func(r moving.Report) error {
		said = r
		if _, err := v.db.UserByKey(ctx, "ada@example.com"); !core.Is(err, core.NotFound) {
			t.Errorf("somebody else sees her already: %v", err)
		}
		return nil
	}})
	if err != nil || fmt.Sprintf("%+v", said) != fmt.Sprintf("%+v", rep) || said.Created != 4 {
		t.Errorf("said %+v\ncame to %+v, %v", said, rep, err)
	}
	v.user(t, "ada@example.com")
}

func TestQuotaBecomesCredits(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		change map[string]string
		want   int
	}{
		"no blueprint at all":          {nil, 2},
		"the free grid was not used":   {map[string]string{"blueprint_subscribers.csv": "user_id,free_grid_used_count\nu1,0\n"}, 2},
		"used once":                    {map[string]string{"blueprint_subscribers.csv": "user_id,free_grid_used_count\nu1,1\n"}, 0},
		"a row without a count":        {map[string]string{"blueprint_subscribers.csv": "user_id,free_grid_used_count\nu1,\n"}, 2},
		"used in one of two rows":      {map[string]string{"blueprint_subscribers.csv": "user_id,free_grid_used_count\nu1,0\nu1,1\n"}, 0},
		"a count that is no number":    {map[string]string{"blueprint_subscribers.csv": "user_id,free_grid_used_count\nu1,many\n"}, 0},
		"a balance stands":             {map[string]string{"user_credits.csv": "user_id,balance\nu1,7\n"}, 7},
		"a balance of nothing stands":  {map[string]string{"user_credits.csv": "user_id,balance\nu1,0\n"}, 0},
		"a debt begins at nothing":     {map[string]string{"user_credits.csv": "user_id,balance\nu1,-3\n"}, 0},
		"two balances: the first":      {map[string]string{"user_credits.csv": "user_id,balance\nu1,7\nu1,9\n"}, 7},
		"lines without a balance":      {map[string]string{"credit_transactions.csv": "user_id,amount\nu1,7\nu1,-2\n"}, 5},
		"lines that differ: balance":   {map[string]string{"credit_transactions.csv": "user_id,amount\nu1,7\n", "user_credits.csv": "user_id,balance\nu1,6\n"}, 6},
		"a balance that is no number":  {map[string]string{"user_credits.csv": "user_id,balance\nu1,lots\n"}, 2},
		"a balance with a decimal nil": {map[string]string{"user_credits.csv": "user_id,balance\nu1,7.0\n"}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVan(t)
			in := map[string]string{"users.csv": "id,email\nu1,ada@example.com\n"}
			for k, text := range c.change {
				in[k] = text
			}
			v.run(t, moving.Legacy, files(in))
			u := v.user(t, "ada@example.com")
			acct, err := v.db.CreditAccount(ctx, u.ID)
			if err != nil || acct.Balance != c.want {
				t.Errorf("%+v, %v, want %d", acct, err, c.want)
			}
			v.whole(t)
		})
	}
}

func TestBadRowsAreRefusedWithTheirLine(t *testing.T) {
	big := strings.Repeat("x", 10<<20)
	for name, c := range map[string]struct {
		name, text string
		want       string
		people     int
	}{
		"the same address twice":        {"users.csv", "id,email\nu1,a@example.com\nu2, A@Example.com \nu3,b@example.com\n", "users.csv:3: its id or address is the one of line 2", 2},
		"the same id twice":             {"users.csv", "id,email\nu1,a@example.com\nu1,b@example.com\n", "users.csv:3: its id or address is the one of line 2", 1},
		"no address":                    {"users.csv", "id,email\nu1,\nu2,b@example.com\n", `users.csv:2: "" is no e-mail address`, 1},
		"no id":                         {"users.csv", "id,email\n,a@example.com\n", "users.csv:2: it has no id", 0},
		"a broken time":                 {"users.csv", "id,email,created_at\nu1,a@example.com,yesterday\n", `users.csv:2: created_at: "yesterday" is no time`, 0},
		"too few columns":               {"users.csv", "id,email,name\nu1,a@example.com\nu2,b@example.com,Bob\n", "users.csv:2: the row has 2 columns, the header 3", 1},
		"too many columns":              {"users.csv", "id,email\nu1,a@example.com,extra\n", "users.csv:2: the row has 3 columns, the header 2", 0},
		"cut in half at the end":        {"users.csv", "id,email\nu1,a@example.com\nu2,\"b@exam", "users.csv:3: the file ends in the middle of this row", 1},
		"text behind a quote":           {"users.csv", "id,email\nu1,\"a@example.com\"x\nu2,b@example.com\n", "users.csv:2: there is text behind a closing quote", 1},
		"latin-1":                       {"users.csv", "id,email,name\nu1,a@example.com,J\xfcrgen\nu2,b@example.com,Bob\n", "users.csv:2: the row is not UTF-8: save the file as UTF-8 and try again", 1},
		"a field of 10 MB":              {"users.csv", "id,email,name\nu1,a@example.com,\"" + big + "\"\nu2,b@example.com,Bob\n", "users.csv:2: the row is larger than 1024 KB", 1},
		"a field of 10 MB, not quoted":  {"users.csv", "id,email,name\nu1,a@example.com," + big + "\nu2,b@example.com,Bob\n", "users.csv:2: the row is larger than 1024 KB", 1},
		"a quote that is never closed":  {"users.csv", "id,email,name\nu1,a@example.com,\"Ann\nu2,b@example.com,Bob\nu3,c@example.com,Cleo\n", "users.csv:2: the file ends in the middle of this row (it reaches to line 5)", 0},
		"a row inside of a field":       {"users.csv", "id,email,name\nu1,a@example.com,\"Ann\nu2,evil@example.com,Eve\n\"\nu3,c@example.com,Cleo\n", "", 2},
		"a line count after line feeds": {"users.csv", "id,email,name\nu1,a@example.com,\"A\nn\nn\"\nu2,,Bob\n", `users.csv:5: "" is no e-mail address`, 1},
		"a stranger":                    {"user_credits.csv", "user_id,balance\nu9,5\nu1,5\n", "user_credits.csv:2: its user is not in users.csv, or was refused there", 1},
		"a row of nobody":               {"blueprint_subscribers.csv", "user_id,email\n,\n", "blueprint_subscribers.csv:2: it names no user", 1},
		"a form that is none":           {"blueprint_subscribers.csv", "user_id,form_data\nu1,{broken\n", "blueprint_subscribers.csv:2: form_data is no JSON object", 1},
		"a form that is a list":         {"blueprint_subscribers.csv", "user_id,form_data\nu1,[]\n", "blueprint_subscribers.csv:2: form_data is no JSON object", 1},
		"a membership without its id":   {"subscriptions.csv", "user_id,product_type,status\nu1,sselfie_studio_membership,active\n", "subscriptions.csv:2: a membership needs its stripe_subscription_id, or nobody could renew or end it", 1},
		"the same membership twice":     {"subscriptions.csv", "user_id,product_type,status,stripe_subscription_id\nu1,sselfie_studio_membership,active,sub_1\nu1,sselfie_studio_membership,active,sub_1\n", "subscriptions.csv:3: this membership is here already", 1},
		"a status of its own":           {"subscriptions.csv", "user_id,product_type,status\nu1,paid_blueprint,sleeping\n", `subscriptions.csv:2: nobody knows the status "sleeping"`, 1},
		"a product of its own":          {"stripe_payments.csv", "user_id,product,amount,id\nu1,hat,100,1\n", `stripe_payments.csv:2: nobody sells "hat"`, 1},
		"an amount in dollars":          {"stripe_payments.csv", "user_id,product,amount,id\nu1,bio_glowup,47.50,1\n", "stripe_payments.csv:2: amount: it has to be whole cents, 0 or more", 1},
		"more refunded than paid":       {"stripe_payments.csv", "user_id,product,amount,refunded_cents,id\nu1,bio_glowup,4700,4701,1\n", "stripe_payments.csv:2: refunded: it has to be whole cents, from 0 to the amount", 1},
		"the same payment twice":        {"stripe_payments.csv", "user_id,product,amount,stripe_payment_id\nu1,bio_glowup,4700,pi_1\nu1,bio_glowup,4700,pi_1\n", "stripe_payments.csv:3: this payment is here already", 1},
		"a form nested too deep":        {"blueprint_subscribers.csv", "user_id,form_data\nu1,\"{\"\"a\"\":" + strings.Repeat("[", 1500) + strings.Repeat("]", 1500) + "}\"\n", "blueprint_subscribers.csv:2: form_data is nested deeper than 100", 1},
		"money that nobody knows":       {"stripe_payments.csv", "user_id,product,amount,currency,id\nu1,bio_glowup,4700,dollars,1\n", `stripe_payments.csv:2: currency: "dollars" is none`, 1},
		"an id of another payment's":    {"stripe_payments.csv", "user_id,product,amount,id,stripe_session_id\nu1,bio_glowup,4700,1,cs_1\nu1,bio_glowup,4700,cs_1,\n", "", 1},
		"a time beyond all calendars":   {"subscriptions.csv", "user_id,product_type,status,stripe_subscription_id,current_period_end\nu1,sselfie_studio_membership,active,sub_1,99999999999999999\n", `subscriptions.csv:2: current_period_end: "99999999999999999" is no time`, 1},
		"bytes of no text":              {"users.csv", "id,email,name\nu1,a@example.com,A\x00B\nu2,b@example.com,Bob\n", "users.csv:2: the row is not UTF-8: save the file as UTF-8 and try again", 1},
		"half a character of UTF-16":    {"users.csv", utf16le("id,email,name\nu1,a@example.com,A") + "\x00\xd8" + utf16le("\nu2,b@example.com,Bob\n")[2:], "users.csv:2: the row is not UTF-8: save the file as UTF-8 and try again", 1},
		"a payment without any id":      {"stripe_payments.csv", "user_id,product,amount\nu1,bio_glowup,4700\n", "stripe_payments.csv:2: it has no id of its own and none of Stripe's", 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVan(t)
			in := map[string]string{"users.csv": "id,email\nu1,ada@example.com\n"}
			in[c.name] = c.text
			var told []moving.Refusal
			rep, err := v.Run(context.Background(), moving.Source{Kind: moving.Legacy, Files: files(in)}, moving.Options{Refused: func(r moving.Refusal) { told = append(told, r) }})
			if err != nil {
				t.Fatal(err)
			}
			if got := refusals(rep); got != c.want || len(told) != rep.Refused {
				t.Errorf("refused %s (told %d)\nwant %s", got, len(told), c.want)
			}
			if rep.Created != c.people {
				t.Errorf("%d came, want %d", rep.Created, c.people)
			}
			v.whole(t)
		})
	}
}

// TestAStrategyThatCannotBeKept: the rest of the row comes over, and the report
// says what did not.
func TestAStrategyThatCannotBeKept(t *testing.T) {
	for name, strategy := range map[string]string{"broken": "{", "nested too deep": strings.Repeat("[", 1500) + strings.Repeat("]", 1500)} {
		t.Run(name, func(t *testing.T) {
			v := newVan(t)
			rep := v.run(t, moving.Legacy, files(map[string]string{
				"users.csv":                 "id,email\nu1,ada@example.com\n",
				"blueprint_subscribers.csv": "user_id,form_data,strategy_data\nu1,\"{\"\"business\"\":\"\"b\"\"}\"," + strategy + "\n",
			}))
			if rep.Forms != 1 || rep.Refused != 0 || len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0].Reason, "strategy_data") {
				t.Errorf("%+v", rep)
			}
			v.whole(t)
		})
	}
}

func utf16le(s string) string {
	out := "\xff\xfe"
	for _, r := range s {
		out += string([]byte{byte(r), byte(r >> 8)})
	}
	return out
}

func TestHowFilesMayBeWritten(t *testing.T) {
	const plain = "id,email,name\nu1,ada@example.com,Jürgen\n"
	be := strings.Builder{}
	for _, r := range plain {
		be.Write([]byte{byte(r >> 8), byte(r)})
	}
	for name, text := range map[string]string{
		"plain":                        plain,
		"with a mark":                  "\xef\xbb\xbf" + plain,
		"UTF-16, little end first":     utf16le(plain),
		"UTF-16, big end first":        "\xfe\xff" + be.String(),
		"UTF-16 without its mark":      utf16le(plain)[2:],
		"Windows line ends":            strings.ReplaceAll(plain, "\n", "\r\n"),
		"line ends of old Macs":        strings.ReplaceAll(plain, "\n", "\r"),
		"semicolons":                   strings.ReplaceAll(plain, ",", ";"),
		"tabs":                         strings.ReplaceAll(plain, ",", "\t"),
		"no line end at the end":       strings.TrimSuffix(plain, "\n"),
		"blank lines":                  strings.ReplaceAll(plain, "\n", "\n\n"),
		"everything quoted":            "\"id\",\"email\",\"name\"\n\"u1\",\"ada@example.com\",\"Jürgen\"\n",
		"capitals and blanks on top":   " ID , E\u006dail ,NAME\nu1,ada@example.com,Jürgen\n",
		"another order, other columns": "z,name,email,y,id\n,Jürgen,ada@example.com,,u1\n",
	} {
		t.Run(name, func(t *testing.T) {
			v := newVan(t)
			rep := v.run(t, moving.Legacy, files(map[string]string{"users.csv": text}))
			if rep.Created != 1 || rep.Refused != 0 {
				t.Fatalf("%+v", rep)
			}
			if u := v.user(t, "ada@example.com"); u.Name != "Jürgen" {
				t.Errorf("%q", u.Name)
			}
		})
	}
}

func TestWhatStopsAnImportBeforeItsFirstRow(t *testing.T) {
	good := "id,email\nu1,ada@example.com\n"
	for name, c := range map[string]struct {
		kind moving.Kind
		in   map[string]string
		says string
	}{
		"no users":                   {moving.Legacy, map[string]string{"user_credits.csv": "user_id,balance\n"}, "users.csv is missing"},
		"an empty file":              {moving.Legacy, map[string]string{"users.csv": ""}, "is empty"},
		"a column is missing":        {moving.Legacy, map[string]string{"users.csv": "id,mail\nu1,a@example.com\n"}, `has no column "email"`},
		"in another file, as well":   {moving.Legacy, map[string]string{"users.csv": good, "stripe_payments.csv": "user_id,price\n"}, `has no column "product_type" or "product"`},
		"two columns of one name":    {moving.Legacy, map[string]string{"users.csv": "id,email,Email\n"}, `two columns called "email"`},
		"a header in latin-1":        {moving.Legacy, map[string]string{"users.csv": "id,email,stra\xdfe\n"}, "no readable header"},
		"a picture":                  {moving.Legacy, map[string]string{"users.csv": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"}, "header"},
		"a list without files":       {moving.Gumroad, map[string]string{}, "no CSV file"},
		"a list of something else":   {moving.Ghost, map[string]string{"members.csv": "id,name\n"}, `has no column "email"`},
		"a source that nobody knows": {"kajabi", map[string]string{}, "legacy, gumroad or ghost"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVan(t)
			before := v.digest(t)
			_, err := v.Run(context.Background(), moving.Source{Kind: c.kind, Files: files(c.in)}, moving.Options{})
			var e *core.Error
			if !errors.As(err, &e) || e.Code != core.Invalid || !strings.Contains(e.Message, c.says) {
				t.Errorf("%v", err)
			}
			if d := sqlitetest.Difference(before, v.digest(t)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCustomersWhoAreHereAlready(t *testing.T) {
	ctx, v := context.Background(), newVan(t)
	if err := v.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return errors.Join(
			tx.InsertUser(ctx, accounts.User{ID: "usr_ada", Email: "ada@example.com", Key: "ada@example.com", VerifiedAt: v.clock.Now(), Origin: accounts.FromSignUp, CreatedAt: v.clock.Now()}),
			tx.SaveBrandAnswers(ctx, "usr_ada", onboarding.Answers{"businessType": "pottery"}, v.clock.Now()),
			tx.InsertUser(ctx, accounts.User{ID: "usr_bob", Email: "bob@example.com", Key: "bob@example.com", Origin: accounts.FromSignUp, CreatedAt: v.clock.Now()}),
		)
	}); err != nil {
		t.Fatal(err)
	}
	rep := v.run(t, moving.Legacy, house())
	if rep.Joined != 1 || rep.Created != 2 || !strings.Contains(refusals(rep), "users.csv:3: there is an account with this address here, and the address is not proven") {
		t.Errorf("%+v", rep)
	}
	acct, err := v.db.CreditAccount(ctx, "usr_ada")
	st, err2 := v.db.OnboardingState(ctx, "usr_ada")
	if err := errors.Join(err, err2); err != nil || acct.Balance != 40 || st.Answers["businessType"] != "pottery" {
		t.Errorf("%+v, %+v, %v", acct, st.Answers, err)
	}
	before := v.digest(t)
	v.run(t, moving.Legacy, house())
	if d := sqlitetest.Difference(before, v.digest(t)); d != "" {
		t.Error(d)
	}
	v.whole(t)
}

func TestGumroadCustomers(t *testing.T) {
	ctx, v := context.Background(), newVan(t)
	in := files(map[string]string{"customers.csv": `Purchase ID,Item Name,Buyer Name,Purchase Email,Buyer Email,Do not contact?,Purchase Date,Purchase Time (UTC timezone),Sale Price ($),Refunded?,Fully Refunded?
g1,Preset Pack,Ada,Ada@Example.com,,0,2025-04-20,14:30:00,47.0,0,0
g2,Workshop,Ada,ada@example.com,,0,2025-05-20,2025-05-20 10:00:00 UTC,97.0,1,0
g3,Workshop,Bob,bob@example.com,,1,2025-05-20,10:00,97.0,0,0
g4,Workshop,Cleo,cleo@example.com,,0,2025-05-20,10:00,97.0,1,1
g5,Workshop,Nobody,not an address,,0,2025-05-20,10:00,97.0,0,0
`})
	for i := range 2 {
		rep := v.run(t, moving.Gumroad, in)
		if want := "customers.csv:5: the purchase was refunded or lost in a dispute\ncustomers.csv:6: \"not an address\" is no e-mail address"; refusals(rep) != want {
			t.Errorf("%s", refusals(rep))
		}
		if i == 0 && (rep.Created != 2 || rep.Same != 1) || i == 1 && rep.Same != 3 {
			t.Errorf("%+v", rep)
		}
	}
	ada := v.user(t, "ada@example.com")
	if ada.Name != "Ada" || !ada.CreatedAt.Equal(time.Date(2025, 4, 20, 14, 30, 0, 0, time.UTC)) {
		t.Errorf("%+v", ada)
	}
	if r, err := v.db.SuppressionOf(ctx, "bob@example.com"); err != nil || r != mail.Unsubscribed {
		t.Errorf("%q, %v", r, err)
	}
	if got := strings.Join(v.tags(t, ada.ID), "; "); got != "gumroad; gumroad: Preset Pack; gumroad: Workshop" {
		t.Error(got)
	}
	v.whole(t)
}

func (v *van) tags(t testing.TB, user core.UserID) (out []string) {
	t.Helper()
	names, err := v.db.TagsOf(context.Background(), user)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestGhostMembers(t *testing.T) {
	ctx, v := context.Background(), newVan(t)
	rep := v.run(t, moving.Ghost, files(map[string]string{"members.csv": `id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers
m1,grace@example.com,Grace,"VIP, early",true,true,cus_1,2024-01-15T10:00:00.000Z,,"vip,early",Gold
m2,kate@example.com,Kate,,false,false,,2024-02-01T12:30:00.000Z,,,
m3,gone@example.com,,,true,false,,2024-02-01T12:30:00.000Z,2024-03-01T00:00:00.000Z,,
`}))
	if rep.Created != 2 || refusals(rep) != "members.csv:4: the member was deleted there" {
		t.Errorf("%+v", rep)
	}
	if got := strings.Join(v.tags(t, v.user(t, "grace@example.com").ID), "; "); got != "ghost; ghost: Gold; ghost: complimentary; ghost: early; ghost: vip" {
		t.Error(got)
	}
	if r, _ := v.db.SuppressionOf(ctx, "kate@example.com"); r != mail.Unsubscribed {
		t.Errorf("%q", r)
	}
	if r, _ := v.db.SuppressionOf(ctx, "grace@example.com"); r != mail.NotSuppressed {
		t.Errorf("%q", r)
	}
	v.whole(t)
}

// A town of 100,000 in less than a minute, in memory that does not grow with it.
func BenchmarkATownIsMoved(b *testing.B) {
	for _, people := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			dir := b.TempDir()
			town(b, dir, people)
			for b.Loop() {
				b.StopTimer()
				v := newVan(b)
				high := watchHeap(b)
				b.StartTimer()
				rep := v.run(b, moving.Legacy, os.DirFS(dir))
				b.StopTimer()
				if rep.Created != people || rep.Refused != 0 {
					b.Fatalf("%+v", rep)
				}
				b.ReportMetric(float64(high())/(1<<20), "MB-heap")
				b.StartTimer()
			}
			b.ReportMetric(float64(people)*float64(b.N)/b.Elapsed().Seconds(), "people/s")
		})
	}
}

func town(b *testing.B, dir string, people int) {
	b.Helper()
	out := map[string]*strings.Builder{
		"users.csv": {}, "user_credits.csv": {}, "credit_transactions.csv": {}, "blueprint_subscribers.csv": {}, "subscriptions.csv": {}, "stripe_payments.csv": {},
	}
	out["users.csv"].WriteString("id,email,name,created_at,onboarding_completed\n")
	out["user_credits.csv"].WriteString("user_id,balance\n")
	out["credit_transactions.csv"].WriteString("user_id,amount\n")
	out["blueprint_subscribers.csv"].WriteString("user_id,free_grid_used_count,form_data,created_at\n")
	out["subscriptions.csv"].WriteString("user_id,product_type,status,stripe_subscription_id,current_period_start,current_period_end\n")
	out["stripe_payments.csv"].WriteString("user_id,product_type,amount_cents,stripe_payment_id,created_at\n")
	for i := range people {
		fmt.Fprintf(out["users.csv"], "u%d,person%d@example.com,Person %d,2025-01-02T03:04:05Z,%t\n", i, i, i, i%2 == 0)
		if i%2 == 0 {
			fmt.Fprintf(out["user_credits.csv"], "u%d,%d\n", i, i%100)
			fmt.Fprintf(out["credit_transactions.csv"], "u%d,%d\n", i, i%100)
		}
		if i%3 == 0 {
			fmt.Fprintf(out["blueprint_subscribers.csv"], "u%d,%d,\"{\"\"business\"\":\"\"b\"\",\"\"dreamClient\"\":\"\"d\"\"}\",2025-01-03\n", i, i%2)
		}
		if i%5 == 0 {
			fmt.Fprintf(out["stripe_payments.csv"], "u%d,bio_glowup,4700,pi_%d,2025-01-04\n", i, i)
		}
		if i%20 == 0 {
			fmt.Fprintf(out["subscriptions.csv"], "u%d,sselfie_studio_membership,active,sub_%d,2026-02-20,2026-03-20\n", i, i)
		}
	}
	for name, text := range out {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}
