package tracking

import (
	"context"
	"time"

	"sselfie/core"
)

// Memory is how long a click counts for a purchase that names no link.
const Memory = 7 * 24 * time.Hour

// AttributionTx is what attribution needs of the transaction of a purchase or of
// a refund.
type AttributionTx interface {
	// MailOfLink returns the mail that a link stands in; false when there is none.
	MailOfLink(ctx context.Context, link core.LinkID) (core.MailID, bool, error)
	// LastClick returns the mail in which a person clicked last, between two times:
	// the account, or whoever reads at the address.
	LastClick(ctx context.Context, user core.UserID, key core.EmailKey, from, to time.Time) (core.MailID, bool, error)
	// CreditMail says that a payment came from a mail.
	CreditMail(ctx context.Context, payment core.PaymentID, mail core.MailID) error
	// RecountMail makes a mail's conversion and revenue what its payments are
	// worth now, net of what was returned.
	RecountMail(ctx context.Context, mail core.MailID) error
	RecordClick(ctx context.Context, h Hit) error
}

// Sale is a purchase whose mail is looked for.
type Sale struct {
	Payment core.PaymentID
	User    core.UserID
	Key     core.EmailKey // the buyer's address at the checkout, or the account's
	Link    string        // of the checkout, or of Stripe's metadata
	At      time.Time
}

// Credit is the mail that led to a sale, and why we think so.
type Credit struct {
	Mail core.MailID // "" for none
	Why  string
}

// Attribute finds the mail that led to a sale and credits it, inside the sale's
// transaction and after its payment row. The link that came along decides; where
// none did, the buyer's last click within 7 days, signed in or not.
func Attribute(ctx context.Context, tx AttributionTx, s Sale) (Credit, error) {
	c := Credit{Why: "no link came along, and nobody clicked in a mail within 7 days"}
	if isLink(s.Link) {
		mail, ok, err := tx.MailOfLink(ctx, core.LinkID(s.Link))
		if err != nil {
			return Credit{}, err
		}
		if ok {
			c = Credit{mail, "the checkout carried the mail's link"}
			// Whatever was thought of the click: whoever pays is a person.
			if err := tx.RecordClick(ctx, Hit{Link: core.LinkID(s.Link), Mail: mail, At: s.At}); err != nil {
				return Credit{}, err
			}
		}
	}
	if c.Mail == "" && (s.User != "" || s.Key != "") {
		// The till tells the second of a sale, and a click is kept to the millisecond.
		mail, ok, err := tx.LastClick(ctx, s.User, s.Key, s.At.Add(-Memory), s.At.Truncate(time.Second).Add(time.Second-time.Millisecond))
		if err != nil {
			return Credit{}, err
		}
		if ok {
			c = Credit{mail, "the buyer's last click within 7 days"}
		}
	}
	if c.Mail == "" {
		return c, nil
	}
	if err := tx.CreditMail(ctx, s.Payment, c.Mail); err != nil {
		return Credit{}, err
	}
	return c, tx.RecountMail(ctx, c.Mail)
}

// Revalue brings a mail's revenue up to date after one of its payments was
// refunded, contested or restored, inside that transaction. Without a mail it
// does nothing.
func Revalue(ctx context.Context, tx AttributionTx, mail core.MailID) error {
	if mail == "" {
		return nil
	}
	return tx.RecountMail(ctx, mail)
}
