package moving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"sselfie/core"
	"sselfie/core/accounts"
)

// The files of the system before this one.
const (
	usersFile        = "users.csv"
	creditsFile      = "user_credits.csv"
	transactionsFile = "credit_transactions.csv"
	blueprintsFile   = "blueprint_subscribers.csv"
	subsFile         = "subscriptions.csv"
	paymentsFile     = "stripe_payments.csv"
)

// userColumns are what is read of users.csv; id and email have to be there.
var userColumns = []string{
	"name", "full_name", "display_name", "created_at", "last_login_at", "onboarding_completed", "blueprint_welcome_shown_at", "stripe_customer_id",
}

// children are the files whose rows belong to a user: what they need, and what
// is read of them.
var children = []struct {
	name string
	need []string
	read []string
}{
	{creditsFile, []string{"user_id", "balance"}, []string{"balance"}},
	{transactionsFile, []string{"user_id", "amount"}, []string{"amount"}},
	{blueprintsFile, []string{"user_id|email"}, blueprintColumns},
	{subsFile, []string{"user_id", "product_type", "status"}, []string{
		"id", "product_type", "status", "stripe_subscription_id", "stripe_customer_id", "current_period_start", "current_period_end",
		"cancel_at_period_end", "canceled_at", "ended_at", "created_at", "updated_at",
	}},
	{paymentsFile, []string{"user_id", "product_type|product", "amount_cents|amount"}, []string{
		"id", "product_type", "product", "amount_cents", "amount", "currency", "status", "refunded_cents", "refunded_amount", "stripe_session_id",
		"stripe_checkout_session_id", "stripe_payment_intent_id", "stripe_payment_id", "stripe_charge_id", "stripe_invoice_id",
		"stripe_subscription_id", "stripe_customer_id", "paid_at", "payment_date", "created_at",
	}},
}

// legacy stages all files, so that rows meet whatever their order, and then
// moves one customer after the other.
func (r *run) legacy(ctx context.Context, files fs.FS) error {
	if err := r.headers(files); err != nil {
		return err // before anything else is done
	}
	stage, err := r.Stages.OpenStage(ctx)
	if err != nil {
		return err
	}
	err = r.legacyOn(ctx, files, stage)
	return errors.Join(err, stage.Close())
}

func (r *run) legacyOn(ctx context.Context, files fs.FS, stage Stage) error {
	if err := r.stageUsers(ctx, files, stage); err != nil {
		return err
	}
	for _, c := range children {
		if err := r.stageRows(ctx, files, stage, c.name, c.need, c.read); err != nil {
			return err
		}
	}
	if err := stage.Strangers(ctx, func(file string, line int) error {
		r.refuse(file, line, "its user is not in "+usersFile+", or was refused there")
		return nil
	}); err != nil {
		return err
	}
	return r.keep(ctx, func(inner context.Context, tx Tx) error {
		return stage.Bundles(ctx, func(b Bundle) error { return r.move(inner, tx, b) })
	})
}

// headers reads the header of every file that is there.
func (r *run) headers(files fs.FS) error {
	check := func(name string, need []string, optional bool) error {
		f, err := files.Open(name)
		if errors.Is(err, fs.ErrNotExist) && optional {
			r.report.Absent = append(r.report.Absent, name)
			return nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return &core.Error{Code: core.Invalid, Op: "moving.read", Message: "The file " + name + " is missing."}
		}
		if err != nil {
			return &core.Error{Code: core.Unprocessable, Op: "moving.read", Message: "The file " + name + " cannot be opened.", Err: err}
		}
		_, err = openTable(name, f, need...)
		return errors.Join(err, f.Close())
	}
	errs := []error{check(usersFile, []string{"id", "email"}, false)}
	for _, c := range children {
		errs = append(errs, check(c.name, c.need, true))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// each hands fn every readable row of a file and refuses the others.
func (r *run) each(files fs.FS, name string, need []string, fn func(rec record) error) error {
	f, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // headers has said so
	}
	if err != nil {
		return &core.Error{Code: core.Unprocessable, Op: "moving.read", Message: "The file " + name + " cannot be opened.", Err: err}
	}
	defer func() { _ = f.Close() }() // only read
	t, err := openTable(name, f, need...)
	if err != nil {
		return err
	}
	for {
		rec, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.report.Files[name]++
		if rec.wrong != "" {
			r.refuse(name, rec.line, rec.wrong)
			continue
		}
		if err := fn(rec); err != nil {
			return err
		}
	}
}

func (r *run) stageUsers(ctx context.Context, files fs.FS, stage Stage) error {
	return r.each(files, usersFile, []string{"id", "email"}, func(rec record) error {
		id, email := rec.get("id"), rec.get("email")
		if id == "" {
			r.refuse(usersFile, rec.line, "it has no id")
			return nil
		}
		if why := accounts.CheckAddress(email); why != "" {
			r.refuse(usersFile, rec.line, fmt.Sprintf("%q is no e-mail address", clip(email, 80)))
			return nil
		}
		data := rec.pick(userColumns)
		data["email"] = email
		for _, column := range []string{"created_at", "last_login_at", "blueprint_welcome_shown_at"} {
			if _, err := when(data[column]); err != nil {
				r.refuse(usersFile, rec.line, column+": "+err.Error())
				return nil
			}
		}
		first, err := stage.PutPerson(ctx, Person{ID: id, Account: idOf(Legacy, id), Key: r.Fold(email), Line: rec.line, Data: data})
		if err == nil && first > 0 {
			r.refuse(usersFile, rec.line, fmt.Sprintf("its id or address is the one of line %d", first))
		}
		return err
	})
}

func (r *run) stageRows(ctx context.Context, files fs.FS, stage Stage, name string, need, read []string) error {
	return r.each(files, name, need, func(rec record) error {
		row := Row{File: name, Line: rec.line, Owner: rec.get("user_id"), Data: rec.pick(read)}
		if row.Owner == "" {
			row.Key = r.Fold(rec.get("email"))
		}
		if row.Owner == "" && row.Key == "" {
			r.refuse(name, rec.line, "it names no user")
			return nil
		}
		return stage.PutRow(ctx, row)
	})
}
