package flags_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/big"
	"os"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/core/flags"
	"sselfie/core/mail"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew: users change sides by that")

func user(i int) core.UserID { return core.UserID(fmt.Sprintf("usr_%06d", i)) }

// The golden buckets: whoever is in stays in, in every version of the program.
func TestBucketsOfAThousandUsersNeverChange(t *testing.T) {
	const file = "testdata/buckets.txt"
	var b bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&b, "%s %d %d\n", user(i), flags.Bucket(flags.BlueprintWelcome, user(i)), flags.Bucket(flags.EntitlementWelcomeFlow, user(i)))
	}
	if *rewrite {
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("buckets moved: users would lose what they have")
	}
}

// The rule in other words: the hash as one large number.
func TestABucketIsTheFirstEightBytes(t *testing.T) {
	for i := range 200 {
		sum := sha256.Sum256([]byte("blueprint_welcome_enabled|" + string(user(i))))
		want := new(big.Int).Mod(new(big.Int).SetBytes(sum[:8]), big.NewInt(100)).Int64()
		if got := flags.Bucket(flags.BlueprintWelcome, user(i)); int64(got) != want {
			t.Fatalf("%s is in bucket %d, want %d", user(i), got, want)
		}
	}
}

func TestASettingDecides(t *testing.T) {
	const users = 2000
	for name, c := range map[string]struct {
		set  flags.Setting
		low  int
		high int
	}{
		"on is everybody":        {flags.Setting{State: flags.On}, users, users},
		"off is nobody":          {flags.Setting{State: flags.Off}, 0, 0},
		"0% is nobody":           {flags.Setting{State: flags.Percent, Percent: 0}, 0, 0},
		"100% is everybody":      {flags.Setting{State: flags.Percent, Percent: 100}, users, users},
		"half is about half":     {flags.Setting{State: flags.Percent, Percent: 50}, 920, 1080},
		"an unknown state is no": {flags.Setting{State: "maybe"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			in := 0
			c.set.Key = flags.BlueprintWelcome
			for i := range users {
				on, why := c.set.Enabled(user(i))
				if why == "" {
					t.Fatal("an answer without its reason")
				}
				if on {
					in++
				}
			}
			if in < c.low || in > c.high {
				t.Errorf("%d of %d are in", in, users)
			}
		})
	}
}

func TestALargerShareKeepsTheSmaller(t *testing.T) {
	for i := range 3000 {
		was := false
		for p := range 101 {
			set := flags.Setting{Key: flags.EntitlementWelcomeFlow, State: flags.Percent, Percent: p}
			in, _ := set.Enabled(user(i))
			if was && !in {
				t.Fatalf("%s was in at %d%% and is out at %d%%", user(i), p-1, p)
			}
			was = in
		}
		if !was {
			t.Fatalf("%s is out at 100%%", user(i))
		}
	}
}

func TestTenPercentIsTenPercent(t *testing.T) {
	const n = 100_000
	for _, k := range []flags.Key{flags.BlueprintWelcome, flags.EntitlementWelcomeFlow} {
		in := 0
		for i := range n {
			if flags.Bucket(k, user(i)) < 10 {
				in++
			}
		}
		if in < 9_700 || in > 10_300 {
			t.Errorf("%s: %d of %d", k, in, n)
		}
	}
}

// Two flags choose different users, or one unlucky tenth would meet every trial.
func TestFlagsChooseApart(t *testing.T) {
	both := 0
	for i := range 10_000 {
		if flags.Bucket(flags.BlueprintWelcome, user(i)) < 10 && flags.Bucket(flags.EntitlementWelcomeFlow, user(i)) < 10 {
			both++
		}
	}
	if both < 60 || both > 140 {
		t.Errorf("%d of 10,000 are in both tenths, want about 100", both)
	}
}

// desk is the service on a real database.
type desk struct {
	*flags.Service
	db    *sqlite.DB
	clock *coretest.Clock
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{db: sqlitetest.New(t), clock: coretest.NewClock()}
	ids := &coretest.IDs{}
	d.Service = &flags.Service{
		Store: sqlite.Bind(d.db, func(tx *sqlite.Tx) flags.Tx { return tx }), Read: d.db, Clock: d.clock, IDs: ids, Outcomes: d.db,
		Post: mail.Post{IDs: ids, Fold: coretest.Fold}, Creator: "creator@shop.test",
		Defaults: map[flags.Key]bool{flags.BlueprintWelcome: true, flags.EntitlementWelcomeFlow: false},
	}
	return d
}

func TestTheConfigurationUntilSomebodySays(t *testing.T) {
	ctx, d := context.Background(), newDesk(t)
	for k, want := range d.Defaults {
		on, why, err := d.Enabled(ctx, k, "usr_1")
		if err != nil || on != want || why == "" {
			t.Errorf("%s: %v, %q, %v", k, on, why, err)
		}
	}
	if _, err := d.Set(ctx, flags.EntitlementWelcomeFlow, flags.On, 40, "usr_creator", "launch day"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Get(ctx, flags.EntitlementWelcomeFlow)
	want := flags.Setting{Key: flags.EntitlementWelcomeFlow, State: flags.On, Reason: "launch day", UpdatedBy: "usr_creator", UpdatedAt: coretest.Start, Override: true}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	all, err := d.List(ctx)
	if err != nil || len(all) != 2 || all[0].Key != flags.BlueprintWelcome || all[0].Override || !all[1].Override {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestWhatAFlagRefuses(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		key     flags.Key
		state   flags.State
		percent int
		want    core.Code
	}{
		"0%":               {flags.BlueprintWelcome, flags.Percent, 0, ""},
		"100%":             {flags.BlueprintWelcome, flags.Percent, 100, ""},
		"101%":             {flags.BlueprintWelcome, flags.Percent, 101, core.Invalid},
		"-1%":              {flags.BlueprintWelcome, flags.Percent, -1, core.Invalid},
		"another state":    {flags.BlueprintWelcome, "sometimes", 0, core.Invalid},
		"an unknown flag":  {"dark_mode", flags.On, 0, core.NotFound},
		"no flag":          {"", flags.On, 0, core.NotFound},
		"on minds no 101%": {flags.BlueprintWelcome, flags.On, 101, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			if _, err := d.Set(ctx, c.key, c.state, c.percent, "usr_creator", ""); core.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			_, _, err := d.Enabled(ctx, c.key, "usr_1")
			if (c.want == core.NotFound) != core.Is(err, core.NotFound) {
				t.Errorf("asking: %v", err)
			}
		})
	}
}
