package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/credits"
	"sselfie/core/jobs"
)

// Bounds of one adjustment: a slip of the finger stays small.
const (
	mostCredits = 100_000
	longestWhy  = 500
)

// Adjust gives credits to a customer, or takes them with an amount below zero.
// The same key changes nothing the second time; "" is a key of its own. It fails
// with core.PaymentRequired when more would be taken than there is.
func (s *Service) Adjust(ctx context.Context, actor, user core.UserID, amount int, reason, key string) (credits.Account, error) {
	const op = "admin.Adjust"
	reason = strings.TrimSpace(reason)
	fields := map[string]string{}
	if amount == 0 || amount > mostCredits || amount < -mostCredits {
		fields["amount"] = fmt.Sprintf("Give a number of credits from %d to %d, but not 0.", -mostCredits, mostCredits)
	}
	if n := utf8.RuneCountInString(reason); n == 0 || n > longestWhy {
		fields["reason"] = fmt.Sprintf("Say why in 1 to %d characters; the customer reads it in the list of credits.", longestWhy)
	}
	if len(fields) > 0 {
		return credits.Account{}, &core.Error{Code: core.Invalid, Op: op, Message: "Check the marked fields.", Fields: fields}
	}
	if key == "" {
		key = s.IDs.NewID("adj")
	}
	var acct credits.Account
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if u, err := tx.UserByID(ctx, user); err != nil || !u.DeletedAt.IsZero() {
			if err == nil || core.Is(err, core.NotFound) {
				err = &core.Error{Code: core.NotFound, Op: op, Message: "There is no such customer."}
			}
			return err
		}
		line := credits.Line{User: user, Amount: amount, Type: credits.Adjustment, Description: reason, Key: "adj:" + key, Reference: string(actor), At: s.Clock.Now()}
		do := s.Ledger.Grant
		if amount < 0 {
			line.Amount, do = -amount, s.Ledger.Spend
		}
		_, fresh, err := do(ctx, tx, line)
		if err != nil {
			return err
		}
		if acct, err = tx.CreditAccount(ctx, user); err != nil || !fresh {
			return err
		}
		return tx.Audit(ctx, s.line(actor, "credits.adjust", string(user), map[string]string{"amount": strconv.Itoa(amount), "reason": reason}))
	})
	return acct, err
}

// RetryEvent applies a failed or parked event again.
func (s *Service) RetryEvent(ctx context.Context, actor core.UserID, id core.EventID) (billing.Outcome, error) {
	if s.Money == nil {
		return "", noMoney("admin.RetryEvent")
	}
	out, err := s.Money.Retry(ctx, id)
	said := string(out)
	if err != nil {
		if core.Is(err, core.NotFound) {
			return out, err
		}
		said = "failed"
	}
	if noted := s.note(ctx, actor, "webhook.retry", string(id), map[string]string{"outcome": said}); err == nil {
		err = noted
	}
	return out, err
}

// Assign gives a payment that matched nobody to a customer. The audit line is
// written in the transaction that does it.
func (s *Service) Assign(ctx context.Context, actor core.UserID, id core.EventID, user core.UserID) error {
	if s.Money == nil {
		return noMoney("admin.Assign")
	}
	return s.Money.Assign(ctx, id, user, actor)
}

// RetryMail queues a mail that was given up.
func (s *Service) RetryMail(ctx context.Context, actor core.UserID, id core.MailID) error {
	if s.Letters == nil {
		return &core.Error{Code: core.Unavailable, Op: "admin.RetryMail", Message: "Mail is switched off in the configuration."}
	}
	if err := s.Letters.Retry(ctx, id); err != nil {
		return err
	}
	return s.note(ctx, actor, "mail.retry", string(id), nil)
}

// RunJob runs a job now.
func (s *Service) RunJob(ctx context.Context, actor core.UserID, name jobs.Name) (jobs.Report, error) {
	r, err := s.Work.RunByHand(ctx, name)
	if r.Job == "" {
		return r, err
	}
	said := "done"
	if err != nil {
		said, err = "failed", &core.Error{Code: core.Unprocessable, Op: "admin.RunJob", Message: "The job failed; the list of jobs says why.", Err: err}
	}
	if noted := s.note(ctx, actor, "job.run", string(name), map[string]string{"outcome": said, "processed": strconv.Itoa(r.Processed)}); err == nil {
		err = noted
	}
	return r, err
}

func noMoney(op string) error {
	return &core.Error{Code: core.Unavailable, Op: op, Message: "Payments are switched off in the configuration."}
}
