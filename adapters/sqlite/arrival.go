package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/credits"
)

// absent is what a transaction has asked about a purchase beforehand, and knows
// not to be there. Most purchases are by strangers: whether there is anything is
// one question, and the writer asks the others only about what there is. A method
// that writes one of these things takes it out again, or empties it.
type absent struct {
	billing.Arrival
	checkout bool        // none has the session
	account  bool        // nobody has the address
	lead     bool        // nor left it anywhere
	click    bool        // nor followed a link that was sent to it
	hashed   bool        // nor is it kept as a hash on the list of suppressed ones
	parked   bool        // nothing waits for any of the keys
	user     core.UserID // who got the address in this transaction, and no credits yet
}

// wakesMax is how many keys an arrival is asked about; with more, the database is
// asked for each.
const wakesMax = 5

// arrivals asks for each thing whether it is there. One number tells it, since
// each column of an answer costs as much as looking into an index.
const (
	arrivals = `SELECT EXISTS (SELECT 1 FROM checkouts WHERE session_id = ?1)
		+ EXISTS (SELECT 1 FROM users WHERE email_key = ?2) * 2
		+ EXISTS (SELECT 1 FROM freebie_subscribers WHERE email_key = ?2) * 4
		+ (EXISTS (SELECT 1 FROM email_logs WHERE to_key = ?2 AND clicked_at IS NOT NULL)
			OR EXISTS (SELECT 1 FROM email_logs WHERE to_key = ?2 AND last_click_at IS NOT NULL)) * 8
		+ EXISTS (SELECT 1 FROM email_suppressions WHERE address_key = ?3) * 16
		+ (` + waits + `?4) OR ` + waits + `?5) OR ` + waits + `?6) OR ` + waits + `?7) OR ` + waits + `?8)) * 32`
	waits = `EXISTS (SELECT 1 FROM webhook_waits WHERE key = `
)

// Expect implements billing.Tx.
func (tx *Tx) Expect(ctx context.Context, a billing.Arrival) error {
	tx.absent = absent{}
	if a.Key == "" || len(a.Wakes) > wakesMax {
		return nil
	}
	var wakes [wakesMax]sql.NullString
	for i, key := range a.Wakes {
		wakes[i] = sql.NullString{String: key, Valid: true}
	}
	there, err := one(ctx, tx, scalar[int64], arrivals, a.Session, a.Key, accounts.SuppressionHash(a.Key), wakes[0], wakes[1], wakes[2], wakes[3], wakes[4])
	if err != nil {
		return err
	}
	not := func(bit int) bool { return there>>bit&1 == 0 }
	tx.absent = absent{Arrival: a, checkout: not(0), account: not(1), lead: not(2), click: not(3), hashed: not(4), parked: not(5)}
	return nil
}

// CheckoutBySession implements billing.Tx.
func (tx *Tx) CheckoutBySession(ctx context.Context, session string) (*billing.Checkout, error) {
	if tx.absent.checkout && tx.absent.Session == session {
		return nil, nil
	}
	return tx.reads.CheckoutBySession(ctx, session)
}

// UserByKey implements accounts.UserReader.
func (tx *Tx) UserByKey(ctx context.Context, key core.EmailKey) (accounts.User, error) {
	if tx.absent.account && tx.absent.Key == key {
		return accounts.User{}, &core.Error{Code: core.NotFound, Op: "sqlite.UserByKey", Message: "Nobody has that address."}
	}
	return tx.reads.UserByKey(ctx, key)
}

// ParkedFor implements billing.EventTx.
func (tx *Tx) ParkedFor(ctx context.Context, keys []string) ([]billing.Record, error) {
	if tx.absent.parked && !slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(tx.absent.Wakes, k) }) {
		return nil, nil
	}
	return tx.reads.ParkedFor(ctx, keys)
}

// LastClick implements tracking.AttributionTx.
func (tx *Tx) LastClick(ctx context.Context, user core.UserID, key core.EmailKey, from, to time.Time) (core.MailID, bool, error) {
	if tx.absent.click && tx.new(user) && (key == "" || key == tx.absent.Key) {
		return "", false, nil
	}
	return tx.reads.LastClick(ctx, user, key, from, to)
}

// CreditAt implements credits.Tx.
func (tx *Tx) CreditAt(ctx context.Context, user core.UserID, key string) (balance int, known *credits.Entry, err error) {
	if tx.new(user) {
		return 0, nil, nil
	}
	return tx.reads.CreditAt(ctx, user, key)
}

// new reports whether an account was made in this transaction for the address
// that was asked about, and has nothing yet.
func (tx *Tx) new(user core.UserID) bool { return user != "" && tx.absent.user == user }
