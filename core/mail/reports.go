package mail

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
)

// ReportKind says what came back.
type ReportKind string

// The kinds of report.
const (
	BounceReport     ReportKind = "bounce"      // the mailbox does not exist
	SoftBounceReport ReportKind = "soft_bounce" // full, or away: counts when it goes on
	ComplaintReport  ReportKind = "complaint"   // marked as spam
	DeliveredReport  ReportKind = "delivered"   // it is in the mailbox: earlier soft bounces are forgiven
)

// Report is what became of a letter, as a mail server, a mailbox of bounces or a
// signed webhook tells it.
type Report struct {
	Kind      ReportKind
	Address   string
	Mail      core.MailID // where it is known which
	Reference string      // the reporter's: the second time is boring
	Detail    string
	At        time.Time // zero for now
	// Unproven says that anybody could have written the report: it came by mail.
	// Naming one of our letters proves it after all, because only whoever handled
	// the letter knows its id.
	Unproven bool
}

// An address is unreachable after this many soft bounces in so long, on so many
// days, with no delivery in between: a full mailbox is emptied after a holiday,
// an abandoned one never.
const (
	SoftBounceLimit  = 5
	SoftBounceDays   = 3
	SoftBounceWindow = 30 * 24 * time.Hour
)

// Take keeps a report and does what follows from it: the address goes on the
// list, its series end, what waits for it is withdrawn. core.NotFound: the
// report names a letter that is not ours, and no address.
func (d Desk) Take(ctx context.Context, r Report) error {
	const op = "mail.Take"
	switch r.Kind {
	case BounceReport, SoftBounceReport, ComplaintReport, DeliveredReport:
	default:
		return core.FieldError(op, "kind", "Use bounce, soft_bounce, complaint or delivered.")
	}
	switch {
	case r.Reference == "" || len(r.Reference) > 300:
		return core.FieldError(op, "reference", "A report needs a reference of its own, at most 300 characters.")
	case r.Address == "" && r.Mail == "":
		return core.FieldError(op, "address", "Say which address, or which mail.")
	}
	// A report from the future would count for longer than it should.
	if now := d.Clock.Now(); r.At.IsZero() || r.At.After(now) {
		r.At = now
	}
	if detail := []rune(strings.ToValidUTF8(r.Detail, "")); len(detail) > 400 {
		r.Detail = string(detail[:400])
	}
	return d.Store.Update(ctx, func(ctx context.Context, tx DeskTx) error {
		o := Owner{Key: d.Fold(r.Address), To: r.Address}
		if r.Mail != "" {
			found, err := tx.MailOwner(ctx, r.Mail)
			switch {
			case err == nil:
				o, r.Unproven = found, false // whom we wrote to, whatever the report calls them
			case !core.Is(err, core.NotFound) || o.Key == "":
				return err
			}
		}
		if r.Kind == DeliveredReport {
			return d.delivered(ctx, tx, r, o)
		}
		fresh, err := tx.SaveReport(ctx, r, o)
		if err != nil || !fresh {
			return err
		}
		reason, why, err := d.follows(ctx, tx, r, o)
		if err != nil || reason == NotSuppressed {
			return err
		}
		if r.Kind == BounceReport && o.Mail != "" {
			if err := tx.MarkBounced(ctx, o.Mail, r.Detail); err != nil {
				return err
			}
		}
		if err := tx.SuppressAddress(ctx, Suppression{Key: o.Key, Reason: reason, Detail: r.Detail, Since: r.At}); err != nil {
			return err
		}
		return tx.EndSeriesOf(ctx, o.Key, why, d.Clock.Now())
	})
}

// follows says for which reason a report puts an address on the list, and what
// the end of its series is called.
func (d Desk) follows(ctx context.Context, tx DeskTx, r Report, o Owner) (reason Reason, why string, err error) {
	switch {
	case r.Kind == ComplaintReport:
		return Complaint, "complained", nil
	case r.Kind == BounceReport && r.Unproven:
		// A forged one must not cut a customer off from what she paid for.
		return Unreachable, string(Unreachable), nil
	case r.Kind == BounceReport:
		return HardBounce, string(HardBounce), nil
	}
	n, days, err := tx.SoftBounces(ctx, o.Key, r.At.Add(-SoftBounceWindow))
	if err != nil || n < SoftBounceLimit || days < SoftBounceDays {
		return NotSuppressed, "", err
	}
	return Unreachable, string(Unreachable), nil
}

// delivered is the word of somebody who knows that a mailbox works.
func (d Desk) delivered(ctx context.Context, tx DeskTx, r Report, o Owner) error {
	if r.Unproven {
		return nil
	}
	if err := tx.ForgiveSoftBounces(ctx, o.Key, r.At); err != nil {
		return err
	}
	return tx.LiftSuppression(ctx, o.Key, Unreachable)
}
