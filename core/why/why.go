// Package why explains a customer: her tier, her balance and what she sees
// first, each with the inputs that it follows from. It decides nothing itself;
// it asks the functions that decided.
package why

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/credits"
	"sselfie/core/entitlements"
	"sselfie/core/flags"
	"sselfie/core/onboarding"
)

// Reader knows what explanations are made of.
type Reader interface {
	accounts.UserReader
	RowsOf(ctx context.Context, user core.UserID) ([]billing.Row, error)
	PaymentsOf(ctx context.Context, user core.UserID) ([]billing.Payment, error)
	CreditAccount(ctx context.Context, user core.UserID) (credits.Account, error)
	// CreditHistory returns up to limit lines, newest first.
	CreditHistory(ctx context.Context, user core.UserID, before core.CreditID, limit int) ([]credits.Entry, error)
}

// Service explains.
type Service struct {
	Read       Reader
	Onboarding *onboarding.Service
	Flags      *flags.Service
	Clock      core.Clock
	Fold       core.Fold
	Grace      time.Duration // how long a tier outlives a failed payment
}

// Fact is one thing that is known, in words.
type Fact struct {
	Name  string
	Value string
}

// Verdict is an answer with its reason.
type Verdict struct {
	Name   string
	Yes    bool
	Reason string
}

// Tier is what a customer may, and why.
type Tier struct {
	Type     string // free, paid or studio
	Until    time.Time
	Reason   string
	Inputs   []Fact    // each subscription row
	Features []Verdict // what the tier opens
	Areas    []Verdict // what the tier or a purchase opens
}

// Line is one line of the ledger.
type Line struct {
	At           time.Time
	Amount       int
	BalanceAfter int
	Type         string
	Description  string
	Reference    string
}

// Balance is what a customer has, and the lines that it is the sum of.
type Balance struct {
	Balance, TotalPurchased, TotalUsed int
	Lines                              []Line // newest first
	More                               bool   // there are older ones
}

// Flag is a flag as it meets this customer.
type Flag struct {
	Key     string
	State   string
	Percent int
	Bucket  int
	Enabled bool
	Reason  string // of the answer
	Because string // why the flag stands where it stands
}

// Wizard is what a customer sees first, and why.
type Wizard struct {
	Type   string
	Reason string
	Phase  string
	Step   int
	Total  int
	Inputs []Fact
	Flags  []Flag
}

// Explanation is everything that can be said of one customer.
type Explanation struct {
	User    core.UserID
	Email   string
	Name    string
	Account []Fact
	Tier    Tier
	Balance Balance
	Wizard  Wizard
	Trouble []string // parts that could not be read; the others stand
}

// mostLines is how many lines of the ledger one explanation shows.
const mostLines = 200

// Why explains the customer with an address. Without one it fails with
// core.NotFound.
func (s *Service) Why(ctx context.Context, email string) (Explanation, error) {
	u, err := s.Read.UserByKey(ctx, s.Fold(email))
	if err != nil {
		if core.Is(err, core.NotFound) {
			err = &core.Error{Code: core.NotFound, Op: "why.Why", Message: "There is no account with this address."}
		}
		return Explanation{}, err
	}
	return s.Of(ctx, u)
}

// Of explains an account.
func (s *Service) Of(ctx context.Context, u accounts.User) (Explanation, error) {
	out := Explanation{User: u.ID, Email: u.Email, Name: u.Name, Account: []Fact{
		{"created", date(u.CreatedAt) + ", " + strings.ReplaceAll(string(u.Origin), "_", " ")},
		{"address proven", date(u.VerifiedAt)},
		{"password set", date(u.PasswordSetAt)},
		{"last login", date(u.LastLoginAt)},
	}}
	for _, part := range []struct {
		name string
		read func() error
	}{
		{"tier", func() (err error) { out.Tier, err = s.tier(ctx, u.ID); return err }},
		{"balance", func() (err error) { out.Balance, err = s.balance(ctx, u.ID); return err }},
		{"wizard", func() (err error) { out.Wizard, err = s.wizard(ctx, u.ID); return err }},
	} {
		if err := part.read(); err != nil {
			out.Trouble = append(out.Trouble, part.name+": "+string(core.CodeOf(err)))
		}
	}
	return out, ctx.Err()
}

func (s *Service) tier(ctx context.Context, user core.UserID) (Tier, error) {
	rows, err := s.Read.RowsOf(ctx, user)
	if err != nil {
		return Tier{}, err
	}
	pays, err := s.Read.PaymentsOf(ctx, user)
	if err != nil {
		return Tier{}, err
	}
	right := billing.RightAt(rows, s.Grace, s.Clock)
	out := Tier{Type: right.Tier.String(), Until: right.Until, Reason: right.Reason}
	for _, r := range rows {
		out.Inputs = append(out.Inputs, Fact{r.Type, rowText(r)})
	}
	for _, f := range entitlements.Features() {
		ok, why := entitlements.Can(right.Tier, f)
		out.Features = append(out.Features, Verdict{string(f), ok, why})
	}
	for _, a := range entitlements.Areas() {
		ok, why := entitlements.Opens(a, right.Tier, billing.Bought(pays))
		out.Areas = append(out.Areas, Verdict{string(a), ok, why})
	}
	return out, nil
}

// rowText says a subscription row in one line.
func rowText(r billing.Row) string {
	parts := []string{r.Status}
	if !r.Live {
		parts = append(parts, "another row counts")
	}
	if !r.PeriodEnd.IsZero() {
		parts = append(parts, "period ends "+date(r.PeriodEnd))
	}
	switch {
	case !r.CancelAt.IsZero():
		parts = append(parts, "cancelled for "+date(r.CancelAt))
	case r.CancelAtPeriodEnd:
		parts = append(parts, "cancelled for the end of the period")
	}
	if !r.PastDueSince.IsZero() {
		parts = append(parts, "past due since "+date(r.PastDueSince))
	}
	if !r.EndedAt.IsZero() {
		parts = append(parts, "ended "+date(r.EndedAt))
	}
	if r.StripeID != "" {
		parts = append(parts, r.StripeID)
	}
	if r.Payment != "" {
		parts = append(parts, "by "+string(r.Payment))
	}
	return strings.Join(parts, ", ")
}

func (s *Service) balance(ctx context.Context, user core.UserID) (Balance, error) {
	acct, err := s.Read.CreditAccount(ctx, user)
	if err != nil {
		return Balance{}, err
	}
	lines, err := s.Read.CreditHistory(ctx, user, "", mostLines+1)
	if err != nil {
		return Balance{}, err
	}
	out := Balance{Balance: acct.Balance, TotalPurchased: acct.TotalPurchased, TotalUsed: acct.TotalUsed, More: len(lines) > mostLines}
	for _, l := range lines[:min(len(lines), mostLines)] {
		out.Lines = append(out.Lines, Line{l.At, l.Amount, l.BalanceAfter, string(l.Type), l.Description, l.Reference})
	}
	return out, nil
}

func (s *Service) wizard(ctx context.Context, user core.UserID) (Wizard, error) {
	f, err := s.Onboarding.Look(ctx, user)
	if err != nil {
		return Wizard{}, err
	}
	st := f.State
	out := Wizard{Type: string(f.Type), Reason: f.Reason, Phase: string(f.Phase), Step: f.Step, Total: f.Total, Inputs: []Fact{
		{"tier", st.Tier.String()},
		{"completed", yesNo(st.Completed)},
		{"dismissed", date(st.Dismissed)},
		{"base questions done", date(st.BaseDone)},
		{"blueprint questions done", date(st.BlueprintDone)},
		{"Studio questions done", date(st.StudioDone)},
		{"welcome shown", date(st.WelcomeShown)},
		{"paid welcome shown", date(st.PaidWelcomeShown)},
		{"blueprint state", yesNo(st.HasBlueprintState)},
		{"trained model", yesNo(st.HasTrainedModel)},
		{"answers", fmt.Sprint(len(st.Answers))},
	}}
	all, err := s.Flags.List(ctx)
	for _, set := range all {
		on, why := set.Enabled(user)
		out.Flags = append(out.Flags, Flag{
			Key: string(set.Key), State: string(set.State), Percent: set.Percent, Bucket: flags.Bucket(set.Key, user), Enabled: on, Reason: why, Because: set.Reason,
		})
	}
	return out, err
}

// Lines prints the explanation for a terminal.
func (e Explanation) Lines() []string {
	out := []string{fmt.Sprintf("%s <%s> %s", e.Name, e.Email, e.User)}
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	facts := func(list []Fact) {
		for _, f := range list {
			add("  %s: %s", f.Name, f.Value)
		}
	}
	facts(e.Account)
	add("")
	add("Tier: %s, because %s", e.Tier.Type, e.Tier.Reason)
	if !e.Tier.Until.IsZero() {
		add("  until %s", date(e.Tier.Until))
	}
	facts(e.Tier.Inputs)
	for _, v := range append(append([]Verdict{}, e.Tier.Features...), e.Tier.Areas...) {
		add("  %s %s: %s", map[bool]string{true: "+", false: "-"}[v.Yes], v.Name, v.Reason)
	}
	add("")
	add("Balance: %d (granted %d, used %d)", e.Balance.Balance, e.Balance.TotalPurchased, e.Balance.TotalUsed)
	for _, l := range e.Balance.Lines {
		add("  %s  %+5d -> %d  %s: %s %s", date(l.At), l.Amount, l.BalanceAfter, l.Type, l.Description, l.Reference)
	}
	if e.Balance.More {
		add("  and older lines")
	}
	add("")
	add("Sees: %s, because %s (wizard: %s, step %d of %d)", e.Wizard.Type, e.Wizard.Reason, e.Wizard.Phase, e.Wizard.Step, e.Wizard.Total)
	facts(e.Wizard.Inputs)
	for _, f := range e.Wizard.Flags {
		add("  %s: %s (%s), bucket %d; %s", f.Key, yesNo(f.Enabled), f.Reason, f.Bucket, f.Because)
	}
	for _, t := range e.Trouble {
		add("Could not be read: %s", t)
	}
	return out
}

func date(t time.Time) string {
	if t.IsZero() {
		return "no"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
