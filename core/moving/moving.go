// Package moving brings customers from elsewhere: the tables of the system
// before this one, and customer lists of other shops, as CSV files. What a file
// may hold stands in docs/import.md.
//
// An import is one transaction: all of it is kept, or nothing. What it comes to is
// reported when everything is done and nothing is kept yet. It holds up everybody
// who writes meanwhile, so it runs where nobody else does. Each customer comes
// under an id that follows from where she comes from, so that running it twice
// changes nothing. Everything that makes a file unusable is found before the
// first row is read.
package moving

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/onboarding"
)

// Kind says where the files come from.
type Kind string

// The kinds.
const (
	Legacy  Kind = "legacy"  // tables of the system before this one
	Gumroad Kind = "gumroad" // its customers.csv or sales.csv
	Ghost   Kind = "ghost"   // its members.csv
)

// Source is what is imported.
type Source struct {
	Kind  Kind
	Files fs.FS // its CSV files at the top
}

// Options of one run.
type Options struct {
	// DryRun does everything and keeps nothing.
	DryRun bool
	// Before is told the report when everything is done and nothing is kept yet.
	// Where it fails, nothing is kept. nil tells nobody.
	Before func(Report) error
	// Refused is told every row that is not taken, as it is met. nil tells nobody.
	Refused func(Refusal)
}

// Refusal is a row that is not taken.
type Refusal struct {
	File   string
	Line   int
	Reason string
}

// Report is what an import came to.
type Report struct {
	Kind     Kind
	DryRun   bool
	Files    map[string]int // rows read, by file
	Absent   []string       // optional files that were not there
	Created  int            // new accounts
	Joined   int            // customers who had an account with a proven address
	Same     int            // customers who were imported before
	Started  int            // accounts that begin with credits because their free grid was not used
	Carried  int            // balances carried over
	Credits  int            // the sum of both
	Payments int
	Members  int // memberships
	Forms    int // blueprint forms
	Done     int // customers whose onboarding counts as complete
	Tagged   int
	Notes    []Refusal // what was taken, but not as it stood
	Refusals []Refusal // the first MaxKept of them
	Refused  int
}

// MaxKept is how many refusals and notes a report holds; all of them are told to
// Options.Refused.
const MaxKept = 10_000

// Stage is scratch space outside of the database and outside of memory, where
// rows of several files meet.
type Stage interface {
	// PutPerson keeps a customer. Where her id or address is there already it
	// keeps nothing and returns the line of the first, else 0.
	PutPerson(ctx context.Context, p Person) (first int, err error)
	// PutRow keeps a row that belongs to a customer, by id or by address.
	PutRow(ctx context.Context, r Row) error
	// Strangers hands fn every row that belongs to no customer.
	Strangers(ctx context.Context, fn func(file string, line int) error) error
	// Bundles hands fn each customer with her rows, in the order of the accounts
	// that they become: a table that grows at its end is quicker than one that
	// grows everywhere.
	Bundles(ctx context.Context, fn func(b Bundle) error) error
	Close() error
}

// Stager opens scratch space.
type Stager interface {
	OpenStage(ctx context.Context) (Stage, error)
}

// Person is a staged customer.
type Person struct {
	ID      string // where she comes from
	Account core.UserID
	Key     core.EmailKey
	Line    int
	Data    map[string]string
}

// Row is a staged row of hers.
type Row struct {
	File  string
	Line  int
	Owner string        // "" when only the address is known
	Key   core.EmailKey // "" when the owner is known
	Data  map[string]string
}

// Bundle is a customer with everything that belongs to her.
type Bundle struct {
	Person Person
	Rows   []Row
}

// Tx is what an import needs of a transaction.
type Tx interface {
	accounts.UserReader
	credits.Tx
	InsertUser(ctx context.Context, u accounts.User) error
	// OpenCreditAccount makes an empty account where there is none.
	OpenCreditAccount(ctx context.Context, user core.UserID, at time.Time) error
	SaveBrandAnswers(ctx context.Context, user core.UserID, a onboarding.Answers, at time.Time) error
	// ImportBlueprint adds a blueprint row unless there is one.
	ImportBlueprint(ctx context.Context, user core.UserID, b Blueprint) error
	// ImportStamps sets the stamps that are not set yet.
	ImportStamps(ctx context.Context, user core.UserID, s Stamps) error
	FindPayment(ctx context.Context, by billing.PaymentIDs) (*billing.Payment, error)
	InsertPayment(ctx context.Context, p billing.Payment) error
	PaymentsOf(ctx context.Context, user core.UserID) ([]billing.Payment, error)
	ObjectByID(ctx context.Context, kind, id string) (*billing.Object, error)
	ObjectsOf(ctx context.Context, user core.UserID, kind string) ([]billing.Object, error)
	SaveObject(ctx context.Context, o billing.Object) error
	RowsOf(ctx context.Context, user core.UserID) ([]billing.Row, error)
	SaveRow(ctx context.Context, r billing.Row) error
	LinkCustomer(ctx context.Context, customer string, user core.UserID, at time.Time) error
	// TagUser gives a customer a tag, which is made where there is none. Of two
	// times the earlier is kept.
	TagUser(ctx context.Context, user core.UserID, tag, newID string, at time.Time) error
	// Unsubscribe puts an address on the suppression list.
	Unsubscribe(ctx context.Context, key core.EmailKey, detail string, at time.Time) error
	Audit(ctx context.Context, a core.Audit) error
}

// Updater runs fn in one transaction, however long it takes.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Blueprint is an imported blueprint row.
type Blueprint struct {
	Form      json.RawMessage
	Strategy  json.RawMessage // nil for none
	Grid      bool
	CreatedAt time.Time
}

// Stamps are the stages that a customer has behind her.
type Stamps struct {
	Completed                             bool
	Base, Extension, Welcome, PaidWelcome time.Time
	LastSeen                              time.Time
}

// Mover imports.
type Mover struct {
	Store        Updater
	Stages       Stager
	Clock        core.Clock
	IDs          core.IDs
	Fold         core.Fold
	Ledger       credits.Ledger
	Catalog      catalog.Catalog
	Live         bool // the installation's mode, for payments
	StartCredits int  // for customers who never used their free grid; 0 means 2
}

// Run imports a source, or tries to.
func (m *Mover) Run(ctx context.Context, src Source, o Options) (Report, error) {
	r := &run{Mover: m, options: o, report: Report{Kind: src.Kind, DryRun: o.DryRun, Files: map[string]int{}}}
	var err error
	switch src.Kind {
	case Legacy:
		err = r.legacy(ctx, src.Files)
	case Gumroad:
		err = r.list(ctx, src.Files, gumroad)
	case Ghost:
		err = r.list(ctx, src.Files, ghost)
	default:
		err = core.FieldError("moving.Run", "kind", "Use legacy, gumroad or ghost.")
	}
	return r.report, err
}

// run is one import on its way.
type run struct {
	*Mover
	options Options
	report  Report
}

func (r *run) refuse(file string, line int, reason string) {
	ref := Refusal{File: file, Line: line, Reason: reason}
	r.report.Refused++
	if len(r.report.Refusals) < MaxKept {
		r.report.Refusals = append(r.report.Refusals, ref)
	}
	if r.options.Refused != nil {
		r.options.Refused(ref)
	}
}

func (r *run) note(file string, line int, what string) {
	if len(r.report.Notes) < MaxKept {
		r.report.Notes = append(r.report.Notes, Refusal{File: file, Line: line, Reason: what})
	}
}

var errDryRun = errors.New("a dry run keeps nothing")

// keep runs fn, which brings everybody over, in the one transaction. Whoever
// called is listened to until the end: when she goes away, nothing is kept.
func (r *run) keep(caller context.Context, fn func(ctx context.Context, tx Tx) error) error {
	err := r.Store.Update(caller, func(ctx context.Context, tx Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if err := r.audit(ctx, tx); err != nil {
			return err
		}
		for _, list := range [][]Refusal{r.report.Refusals, r.report.Notes} {
			slices.SortStableFunc(list, func(a, b Refusal) int { return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
		}
		if r.options.Before != nil {
			if err := r.options.Before(r.report); err != nil {
				return err
			}
		}
		if r.options.DryRun {
			return errDryRun
		}
		return caller.Err()
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}

// audit keeps that there was an import, when anything came of it.
func (r *run) audit(ctx context.Context, tx Tx) error {
	if r.report.Created+r.report.Joined+r.report.Tagged == 0 {
		return nil
	}
	return tx.Audit(ctx, core.Audit{
		ID: r.IDs.NewID("aud"), Actor: "command line", Action: "import." + string(r.report.Kind), At: r.Clock.Now(),
		Detail: map[string]string{"created": itoa(r.report.Created), "joined": itoa(r.report.Joined), "refused": itoa(r.report.Refused)},
	})
}

// idOf returns the id of a customer from elsewhere: the same in every run.
func idOf(kind Kind, id string) core.UserID {
	sum := sha256.Sum256([]byte(string(kind) + "|" + id))
	return core.UserID("usr_" + hex.EncodeToString(sum[:16]))
}
