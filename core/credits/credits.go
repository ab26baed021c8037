// Package credits is the ledger: one account for every user, append-only
// lines, and a key on each so that a repeated webhook, click or retry changes
// nothing (product.md, Credits).
package credits

import (
	"context"
	"fmt"
	"time"

	"sselfie/core"
)

// Type says what kind of line an entry is.
type Type string

// The types of a line.
const (
	SignUp     Type = "sign_up"
	Purchase   Type = "purchase"
	Membership Type = "membership"
	Spend      Type = "spend"
	GiveBack   Type = "give_back" // work that failed returns what it took
	Refund     Type = "refund"    // a refunded purchase takes back what is left of its grant
	Dispute    Type = "dispute"   // held back while a payment is contested, and given back when it is won
	Adjustment Type = "adjustment"
	Import     Type = "import"
)

// Entry is one immutable line of the ledger.
type Entry struct {
	ID           core.CreditID
	User         core.UserID
	Amount       int // positive grants, negative takes; never 0
	Type         Type
	Description  string // why, in the user's words
	BalanceAfter int
	Key          string // business key, unique per user
	Reference    string // the cause: a payment, an invoice, a job
	At           time.Time
}

// Account is what a user's lines come to. The database keeps it: each line that
// is appended brings it along.
type Account struct {
	Balance        int
	TotalPurchased int // everything that was ever granted, less what a refund took back
	TotalUsed      int // spends less what was given back
}

// Tx is what the ledger needs of a transaction.
type Tx interface {
	// CreditAccount returns the user's account; a user without one has zeros.
	CreditAccount(ctx context.Context, user core.UserID) (Account, error)
	// CreditByKey returns the line with a key, or nil when there is none.
	CreditByKey(ctx context.Context, user core.UserID, key string) (*Entry, error)
	// CreditAt returns the balance together with the line that has a key: what a
	// grant or a spend has to know, in one question.
	CreditAt(ctx context.Context, user core.UserID, key string) (balance int, known *Entry, err error)
	// AppendCredit appends one line; the account follows from it. It fails with
	// core.Conflict when the key is taken.
	AppendCredit(ctx context.Context, e Entry) error
}

// Ledger appends lines.
type Ledger struct {
	IDs core.IDs
}

// Line is what a caller says of a grant or a take; the ledger works out the rest.
type Line struct {
	User        core.UserID
	Amount      int // above 0; Take and Spend turn it round
	Type        Type
	Description string
	Key         string
	Reference   string
	At          time.Time
}

// Grant adds credits once. The second time it returns the first line and false.
func (l Ledger) Grant(ctx context.Context, tx Tx, line Line) (Entry, bool, error) {
	if line.Amount <= 0 {
		return Entry{}, false, &core.Error{Code: core.Invalid, Op: "credits.Grant", Message: "A grant is above zero."}
	}
	return l.append(ctx, tx, line, line.Amount)
}

// Spend takes credits once, or nothing at all: with too few it fails with
// core.PaymentRequired, whose Extra holds balance and required.
func (l Ledger) Spend(ctx context.Context, tx Tx, line Line) (Entry, bool, error) {
	if line.Amount <= 0 {
		return Entry{}, false, &core.Error{Code: core.Invalid, Op: "credits.Spend", Message: "A spend is above zero."}
	}
	return l.append(ctx, tx, line, -line.Amount)
}

// TakeBack takes up to line.Amount, never below a balance of 0, and returns what
// could not be taken. Taking 0 leaves no line.
func (l Ledger) TakeBack(ctx context.Context, tx Tx, line Line) (shortfall int, err error) {
	balance, old, err := tx.CreditAt(ctx, line.User, line.Key)
	if err != nil {
		return 0, err
	}
	if old != nil {
		return line.Amount + old.Amount, nil
	}
	take := min(balance, line.Amount)
	if take <= 0 {
		return max(line.Amount, 0), nil
	}
	_, _, err = l.append(ctx, tx, line, -take)
	return line.Amount - take, err
}

func (l Ledger) append(ctx context.Context, tx Tx, line Line, amount int) (Entry, bool, error) {
	if line.Key == "" || line.User == "" {
		return Entry{}, false, &core.Error{Code: core.Internal, Op: "credits.append", Message: "A line needs a user and a key."}
	}
	balance, old, err := tx.CreditAt(ctx, line.User, line.Key)
	if err != nil {
		return Entry{}, false, err
	}
	if old != nil {
		return *old, false, nil
	}
	after, err := after(balance, amount)
	if err != nil {
		return Entry{}, false, err
	}
	e := Entry{
		ID: core.CreditID(l.IDs.NewID("crd")), User: line.User, Amount: amount, Type: line.Type,
		Description: line.Description, BalanceAfter: after, Key: line.Key, Reference: line.Reference, At: line.At,
	}
	return e, true, tx.AppendCredit(ctx, e)
}

// maxBalance keeps sums far from overflow; nobody owns a billion pictures.
const maxBalance = 1_000_000_000

func after(balance, amount int) (int, error) {
	if amount < 0 && balance < -amount {
		return balance, Insufficient(balance, -amount)
	}
	if amount > maxBalance-balance {
		return balance, &core.Error{Code: core.Unprocessable, Op: "credits.append", Message: "An account holds at most a billion credits."}
	}
	return balance + amount, nil
}

// Insufficient is the answer to work that costs more than there is.
func Insufficient(have, need int) *core.Error {
	return &core.Error{
		Code: core.PaymentRequired, Op: "credits.Spend",
		Message: fmt.Sprintf("This needs %s; you have %d.", count(need), have),
		Extra:   map[string]any{"balance": have, "required": need},
	}
}

func count(n int) string {
	if n == 1 {
		return "1 credit"
	}
	return fmt.Sprintf("%d credits", n)
}
