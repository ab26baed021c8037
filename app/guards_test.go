package app_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// guard is one line that says no, and the tests that must notice when it does
// not say it any more.
type guard struct {
	file, says, gone string // says stands once in file; gone stands there without the guard
	in, tests        string // the package that notices, and which of its tests
}

var guards = map[string]guard{
	"a signature": {
		"adapters/stripepay/reader.go", `secret != "" && webhook.ValidatePayloadIgnoringTolerance(payload, signature, secret) == nil`, `webhook.ValidatePayloadIgnoringTolerance(payload, signature, secret) == nil || secret != ""`,
		"./adapters/web", "TestForgedWebhooksChangeNothing",
	},
	"an empty secret": {
		"adapters/stripepay/reader.go", `secret != "" && webhook`, `webhook`,
		"./adapters/stripepay", "TestSignatures",
	},
	"the age of a signature": {
		"adapters/stripepay/reader.go", `off > tolerance || off < -tolerance`, `off > 1000*tolerance`,
		"./adapters/stripepay", "TestSignatures",
	},
	"one header, uncompressed": {
		"adapters/web/webhook.go", `len(signatures) != 1 || len(`, `len(signatures) < 1 || 0*len(`,
		"./adapters/web", "TestForgedWebhooksChangeNothing",
	},
	"an event counts once": {
		"core/billing/service.go", `if !again && old.Outcome != Failed {`, `if false {`,
		"./core/billing", "TestTheSecondTimeIsBoring",
	},
	"a session is paid once": {
		"core/billing/checkout_done.go", `lookup != nil || old != nil {`, `lookup != nil && old != nil {`,
		"./core/billing", "TestTheSecondTimeIsBoring",
	},
	"the database's own count of it": {
		"migrations/00001_foundation.sql", `CREATE UNIQUE INDEX stripe_payments_session ON`, `CREATE INDEX stripe_payments_session ON`,
		"./core/billing", "TestAFreeOrderInTwoReports",
	},
	"a ledger's key counts once": {
		"core/credits/credits.go", `	if old != nil {
		return *old, false, nil`, `	if old != nil && old.ID == "" {
		return *old, false, nil`,
		"./core/credits", "TestTheLedger$",
	},
	"the balance covers a spend": {
		"core/credits/credits.go", `if amount < 0 && balance < -amount {`, `if amount < -maxBalance {`,
		"./core/credits", "TestTheLedger$|TestParallelSpends",
	},
	"the database's own check of it": {
		"migrations/00001_foundation.sql", `    balance         INTEGER NOT NULL CHECK (balance >= 0),`, `    balance         INTEGER NOT NULL,`,
		"./core/credits", "TestTheDatabaseSaysNo",
	},
	"the price": {
		"core/billing/decide.go", `if o.Subtotal != price.Minor {`, `if o.Subtotal == -1 {`,
		"./core/billing", "TestAnOrderFits|TestWhatIsNotGranted",
	},
	"the currency": {
		"core/billing/decide.go", `if o.Currency != p.Price.Currency {`, `if o.Currency == "" {`,
		"./core/billing", "TestAnOrderFits|TestWhatIsNotGranted",
	},
	"live or test": {
		"core/billing/service.go", `if ev.Live != s.Live {`, `if ev.Live && false {`,
		"./core/billing", "TestWhatIsNotGranted",
	},
	"paid, or nothing to pay": {
		"core/billing/checkout_done.go", `if !ses.Paid {`, `if ses.ID == "" {`,
		"./core/billing", "TestADelayedPayment|TestWhatIsNotGranted",
	},
	"whose account a purchase joins": {
		"core/billing/decide.go", `	return Revoke, "the address was never proven"`, `	return Join, "the address was never proven"`,
		"./core/billing", "TestAnUnprovenAccountDoesNotKeepItsWaysIn",
	},
	"what has ended stays so": {
		"core/billing/snapshot.go", `		truth(final(sa.Status), final(sb.Status)),
`, ``,
		"./core/billing", "TestALateEventRevivesNothing",
	},
	"a promotion once": {
		"core/billing/decide.go", `	case b.Used:`, `	case b.Used && !b.SignedIn:`,
		"./core/billing", "TestWhoMayUseThePromotion",
	},
	"other sites' requests": {
		"adapters/web/csrf.go", `if !bytes.Equal(origin, s.origin) {`, `if len(origin) == 0 {`,
		"./adapters/web", "TestEveryUnsafeRouteRefusesOtherSites",
	},
	"other places to return to": {
		"core/accounts/check.go", `strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\x00\r\n\t") {`, `false {`,
		"./core/accounts", "TestReturnPathsThatLeadElsewhere",
	},
	"the owner of a device": {
		"core/accounts/devices.go", `if len(id) == deviceID && strings.HasPrefix(ses.TokenHash, id) {`, `if len(id) == deviceID && (strings.HasPrefix(ses.TokenHash, id) || id != "") {`,
		"./core/accounts", "TestDevices",
	},
	"wrong passwords": {
		"core/accounts/service.go", `if tries > loginAttempts {`, `if tries > 1000*loginAttempts {`,
		"./core/accounts", "TestTenWrongPasswordsAreEnough",
	},
	"who is an admin": {
		"adapters/web/admin_guard.go", `		case !who.User.Admin:
`, `		case who.User.ID == "":
`,
		"./adapters/web", "TestOnlyAdminsEnterTheDesk",
	},
	"a full sync": {
		"adapters/sqlite/open.go", `_journal_mode=WAL&_synchronous=FULL&`, `_journal_mode=WAL&_synchronous=NORMAL&`,
		"./adapters/sqlite", "TestPowerLoss|TestPragmas",
	},
	"foreign keys": {
		"adapters/sqlite/open.go", `_synchronous=FULL&_foreign_keys=1`, `_synchronous=FULL&_foreign_keys=0`,
		"./adapters/sqlite", "TestPragmas",
	},
	"one program at a time": {
		"adapters/sqlite/lock.go", `syscall.LOCK_EX|syscall.LOCK_NB`, `syscall.LOCK_SH|syscall.LOCK_NB`,
		"./adapters/sqlite", "TestASecondInstance",
	},
}

// TestGuardsAreGuarded takes each guard away and wants a test to fail. That is
// long, so it runs with SOAK=guards; every run looks at least whether the guards
// stand where this table says.
func TestGuardsAreGuarded(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, g := range guards {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(root, g.file)
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(src), g.says); n != 1 {
				t.Fatalf("%q stands %d times in %s", g.says, n, g.file)
			}
			if os.Getenv("SOAK") != "guards" {
				return
			}
			without := filepath.Join(t.TempDir(), filepath.Base(path))
			if err := os.WriteFile(without, []byte(strings.Replace(string(src), g.says, g.gone, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: without}})
			if err != nil {
				t.Fatal(err)
			}
			list := filepath.Join(t.TempDir(), "overlay.json")
			if err := os.WriteFile(list, overlay, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("go", "test", "-count=1", "-timeout=5m", "-overlay="+list, "-run", g.tests, g.in)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("nobody noticed:\n%s", out)
			case !strings.Contains(string(out), "--- FAIL"):
				t.Errorf("no test failed, something else did:\n%.2000s", out)
			}
		})
	}
}
