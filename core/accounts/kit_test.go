package accounts_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"sselfie/adapters/locksmith"
	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/mail"
)

// house is the accounts on a real database.
type house struct {
	*accounts.Service
	db     *sqlite.DB
	clock  *coretest.Clock // business
	wall   *coretest.Clock
	hasher *hasher
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db, ids := sqlitetest.New(t), &coretest.IDs{}
	h := &house{db: db, clock: coretest.NewClock(), wall: coretest.NewClock(), hasher: &hasher{}}
	vault, err := locksmith.NewVault(strings.Repeat("5e", 32))
	must(t, err)
	signer, err := locksmith.NewSigner(strings.Repeat("a1", 32))
	must(t, err)
	h.Service = &accounts.Service{
		Store: sqlite.Bind(db, func(tx *sqlite.Tx) accounts.Tx { return tx }), Read: db, Clock: h.clock, Wall: h.wall, IDs: ids,
		Vault: vault, Challenge: signer, Brand: "Sselfie", Tokens: &coretest.Tokens{}, Hasher: h.hasher, Fold: coretest.Fold, Ledger: credits.Ledger{IDs: ids},
		Post: mail.Post{IDs: ids, Fold: coretest.Fold}, SignUpCredits: 2,
	}
	return h
}

// hasher is quick, and counts the work that it would have been.
type hasher struct {
	hashes, verifies, dummies atomic.Int64
	full                      bool
}

func (h *hasher) Hash(_ context.Context, password string) (string, error) {
	if h.full {
		return "", &core.Error{Code: core.RateLimited}
	}
	h.hashes.Add(1)
	return "hash of " + password, nil
}

func (h *hasher) Verify(_ context.Context, password, hash string) (bool, error) {
	h.verifies.Add(1)
	return hash == "hash of "+password, nil
}

func (h *hasher) VerifyDummy(context.Context, string) error {
	h.dummies.Add(1)
	return nil
}

// work is how many hashes were computed so far, of whatever kind.
func (h *hasher) work() int64 { return h.hashes.Load() + h.verifies.Load() + h.dummies.Load() }

const (
	email    = "Ada@Example.com"
	password = "correct horse"
)

func (h *house) joined(t testing.TB) accounts.Signed {
	t.Helper()
	s, err := h.SignUp(context.Background(), email, password, "Ada", "", accounts.Client{UserAgent: "test"})
	must(t, err)
	return s
}

func (h *house) user(t testing.TB, address string) accounts.User {
	t.Helper()
	u, err := h.db.UserByKey(context.Background(), coretest.Fold(address))
	must(t, err)
	return u
}

// mint makes the link that a mail to the account carries.
func (h *house) mint(t testing.TB, u accounts.User, p mail.TokenPurpose) string {
	t.Helper()
	token, err := h.MintToken(context.Background(), u.ID, p, u.Key)
	must(t, err)
	return token
}

func (h *house) in(token string) bool {
	_, _, err := h.Authenticate(context.Background(), token)
	return err == nil
}

// mails returns "kind to" of everything in the outbox.
func (h *house) mails(t testing.TB) string {
	t.Helper()
	items, _, err := h.db.Outbox(context.Background(), "", "")
	must(t, err)
	var out []string
	for _, m := range items {
		out = append(out, string(m.Kind)+" "+m.To)
	}
	return strings.Join(out, "\n")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("the code is %q, want %q (%v)", got, want, err)
	}
}
