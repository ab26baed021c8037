package sqlite_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/campaigns"
	"sselfie/core/coretest"
	"sselfie/core/mail"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
)

var golden = flag.Bool("golden", false, "write the golden tables anew")

// Twelve letters with every fate, and what the creator reads of them.
func TestEmailAnalyticsGolden(t *testing.T) {
	db := sqlitetest.New(t)
	start := coretest.Start
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	if err := db.Update(t.Context(), func(ctx context.Context, tx *sqlite.Tx) error { return fates(ctx, tx, at) }); err != nil {
		t.Fatal(err)
	}
	a, err := db.EmailAnalytics(t.Context(), start, at(48), "usd")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	line := func(name, subject string, f tracking.MailFigures) {
		fmt.Fprintf(&b, "%-24s %-8s sent %d delivered %d opened %d/%d clicked %d/%d converted %d revenue %d unsubscribed %d\n", name, subject,
			f.Sent, f.Delivered, f.Opened, f.OpenedByMachines, f.Clicked, f.ClickedByMachines, f.Converted, f.Revenue, f.Unsubscribed)
	}
	for _, s := range a.Sequences {
		line(s.Sequence+"/"+s.Step, s.Subject, s.MailFigures)
	}
	for _, c := range a.Campaigns {
		line(c.Campaign, c.Subject, c.MailFigures)
		fmt.Fprintf(&b, "  held out %d, bought %d; bought with it %d\n", c.HeldOut, c.HeldOutBought, c.Bought)
	}
	line("totals", "", a.Totals)
	const file = "testdata/email_analytics.golden"
	if *golden {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
	if none, err := db.EmailAnalytics(t.Context(), at(-48), at(-1), "usd"); err != nil || none.Totals != (tracking.MailFigures{}) {
		t.Errorf("before anything was sent: %+v, %v", none.Totals, err)
	}
}

func fates(ctx context.Context, tx *sqlite.Tx, at func(int) time.Time) error {
	for n := range 6 {
		key := fmt.Sprintf("u%d@x.org", n)
		if err := tx.InsertUser(ctx, accounts.User{ID: core.UserID(fmt.Sprint("usr_", n)), Email: key, Key: core.EmailKey(key), Origin: "purchase", CreatedAt: at(0)}); err != nil {
			return err
		}
	}
	if err := tx.SaveCampaign(ctx, campaigns.Campaign{ID: "cmp_1", Name: "Spring", Subject: "Light", Body: "x", Action: "x", Path: "/", Topic: "offers", State: campaigns.Sent, StartedAt: at(2), Drawn: true}, at(1)); err != nil {
		return err
	}
	if err := tx.DrawRecipients(ctx, campaigns.Campaign{ID: "cmp_1"}, map[core.UserID]campaigns.Part{"usr_0": "rest", "usr_1": "rest", "usr_2": "hold_out", "usr_3": "hold_out"}, at(2)); err != nil {
		return err
	}
	for _, user := range []core.UserID{"usr_2", "usr_3"} {
		if err := tx.SettleRecipient(ctx, "cmp_1", user, "held_out", "x", at(2)); err != nil {
			return err
		}
	}
	promise := func(id core.MailID, user int, kind mail.Kind, o sequences.Origin, hour int) error {
		o.Link, o.Dest = core.LinkID("lnk_"+string(id)), "/studio"
		_, err := tx.PromiseLetter(ctx, mail.Queued{
			ID: id, ToKey: core.EmailKey(fmt.Sprintf("u%d@x.org", user)), BusinessKey: string(id), At: at(hour),
			Promise: mail.Promise{Kind: kind, User: core.UserID(fmt.Sprint("usr_", user)), To: "x", Props: mail.Props{}},
		}, o)
		return err
	}
	for n := range 4 {
		id := sequences.ID(fmt.Sprint("enr_", n))
		if err := tx.InsertEnrolment(ctx, sequences.Enrolment{ID: id, Series: sequences.MiniProduct, User: core.UserID(fmt.Sprint("usr_", n)), Basis: sequences.OwnProducts, Anchor: at(0)}, at(0)); err != nil {
			return err
		}
		if err := promise(core.MailID(fmt.Sprint("eml_s", n)), n, mail.Sequence, sequences.Origin{Series: sequences.MiniProduct, Step: "day-3", Enrolment: id}, 1); err != nil {
			return err
		}
	}
	if err := promise("eml_late", 0, mail.Sequence, sequences.Origin{Series: sequences.MiniProduct, Step: "day-14", Enrolment: "enr_0"}, 47); err != nil {
		return err
	}
	for n := range 2 {
		if err := tx.SettleRecipient(ctx, "cmp_1", core.UserID(fmt.Sprint("usr_", n)), "queued", "x", at(2)); err != nil {
			return err
		}
		if err := promise(core.MailID(fmt.Sprint("eml_c", n)), n, mail.Campaign, sequences.Origin{Campaign: "cmp_1", Variant: "a"}, 2); err != nil {
			return err
		}
	}
	if err := promise("eml_test", 5, mail.Campaign, sequences.Origin{Campaign: "cmp_1", Variant: "test_a"}, 2); err != nil {
		return err
	}
	if err := promise("eml_left", 4, mail.AbandonedCheckout, sequences.Origin{}, 3); err != nil {
		return err
	}
	if err := promise("eml_waits", 5, mail.AbandonedCheckout, sequences.Origin{}, 3); err != nil {
		return err
	}
	if _, err := tx.ClaimMails(ctx, mail.Bulk, at(50), 100); err != nil {
		return err
	}
	var marks []mail.Mark
	for _, id := range []core.MailID{"eml_s0", "eml_s1", "eml_s2", "eml_s3", "eml_late", "eml_c0", "eml_c1", "eml_test", "eml_left"} {
		marks = append(marks, mail.Mark{ID: id, State: mail.StateSent, Attempts: 1, Next: at(4), SentAt: at(4), Subject: "About"})
	}
	if err := tx.MarkMails(ctx, marks); err != nil {
		return err
	}
	hit := func(id core.MailID, machine bool) tracking.Hit {
		return tracking.Hit{Link: core.LinkID("lnk_" + string(id)), Mail: id, Machine: machine, At: at(5)}
	}
	for _, do := range []func() error{
		func() error { return tx.RecordClick(ctx, hit("eml_s0", false)) },
		func() error { return tx.RecordClick(ctx, hit("eml_s1", true)) },
		func() error { return tx.RecordOpen(ctx, hit("eml_s1", true)) },
		func() error { return tx.RecordOpen(ctx, hit("eml_s2", false)) },
		func() error { return tx.RecordClick(ctx, hit("eml_c0", false)) },
		func() error { return tx.RecordClick(ctx, hit("eml_test", false)) },
		func() error { return tx.MarkBounced(ctx, "eml_s3", "no such user") },
		func() error { return tx.MarkUnsubscribed(ctx, mail.Owner{Mail: "eml_s2", Key: "u2@x.org"}, at(6)) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	for i, p := range []struct {
		user     core.UserID
		amount   int64
		refunded int64
		mail     core.MailID
	}{{"usr_0", 9700, 0, "eml_s0"}, {"usr_0", 5900, 900, "eml_s0"}, {"usr_1", 4700, 4700, "eml_c1"}, {"usr_0", 7700, 0, "eml_c0"}, {"usr_2", 4700, 0, ""}} {
		id := core.PaymentID(fmt.Sprint("pay_", i))
		if err := tx.InsertPayment(ctx, billing.Payment{
			ID: id, User: p.user, Product: "bio_glowup", Amount: p.amount, Subtotal: p.amount, Refunded: p.refunded, Currency: "usd", Match: "new", Session: "cs_" + string(id), PaidAt: at(8), CreatedAt: at(8),
		}); err != nil {
			return err
		}
		if p.mail != "" {
			if err := tx.CreditMail(ctx, id, p.mail); err != nil {
				return err
			}
			if err := tx.RecountMail(ctx, p.mail); err != nil {
				return err
			}
		}
	}
	return nil
}
