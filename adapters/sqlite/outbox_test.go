package sqlite_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/mail"
)

var mailNine = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func TestEachKindWaitsInItsLane(t *testing.T) {
	db := sqlitetest.New(t)
	for i, k := range mail.Kinds() {
		promiseMail(t, db, fmt.Sprint(i), k, mailNine)
	}
	for lane, marketing := range map[mail.Lane]bool{mail.Urgent: false, mail.Bulk: true} {
		var want []mail.Kind
		for _, k := range mail.Kinds() {
			if k.Marketing() == marketing {
				want = append(want, k)
			}
		}
		var got []mail.Kind
		for _, o := range claimMails(t, db, lane, mailNine, 100) {
			got = append(got, o.Kind)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("lane %d holds %v, want %v", lane, got, want)
		}
	}
}

func TestClaimMails(t *testing.T) {
	db := sqlitetest.New(t)
	promiseMail(t, db, "late", mail.Purchase, mailNine.Add(time.Minute))
	promiseMail(t, db, "b", mail.Purchase, mailNine)
	promiseMail(t, db, "a", mail.Purchase, mailNine.Add(-time.Hour))
	if got := mailIDs(claimMails(t, db, mail.Urgent, mailNine, 1)); got != "eml_a" {
		t.Errorf("the first claim got %q, want the longest due", got)
	}
	got := claimMails(t, db, mail.Urgent, mailNine, 10)
	if mailIDs(got) != "eml_b" {
		t.Errorf("the second claim got %q, want what is due and not claimed", mailIDs(got))
	}
	o := got[0]
	if o.Props["product"] != "Bio Glow-Up" || o.Purpose != mail.SetupToken || o.ToKey != "anna@example.com" || !o.Due.Equal(mailNine) || !o.Created.Equal(mailNine) {
		t.Errorf("claimed %+v", o)
	}
	if again := claimMails(t, db, mail.Urgent, mailNine, 10); len(again) != 0 {
		t.Errorf("claimed twice: %v", mailIDs(again))
	}
}

func TestMarkMailsOnlyWhatIsOnItsWay(t *testing.T) {
	db := sqlitetest.New(t)
	promiseMail(t, db, "1", mail.Purchase, mailNine)
	sent := mail.Mark{ID: "eml_1", State: mail.StateSent, Attempts: 1, Next: mailNine, Subject: "Welcome", SentAt: mailNine.Add(time.Second)}
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error { return tx.MarkMails(ctx, []mail.Mark{sent}) })
	if e := outboxEntries(t, db, "")[0]; e.State != mail.StateQueued {
		t.Fatalf("a mail that nobody claimed was marked: %+v", e)
	}
	claimMails(t, db, mail.Urgent, mailNine, 10)
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error { return tx.MarkMails(ctx, []mail.Mark{sent}) })
	failed := mail.Mark{ID: "eml_1", State: mail.StateFailed, Attempts: 2, Next: mailNine, Error: "late news"}
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error { return tx.MarkMails(ctx, []mail.Mark{failed}) })
	e := outboxEntries(t, db, "")[0]
	if e.State != mail.StateSent || e.Attempts != 1 || e.Subject != "Welcome" || !e.SentAt.Equal(mailNine.Add(time.Second)) || e.Error != "" {
		t.Errorf("the row is %+v", e)
	}
}

func TestRequeueMailsSparesWhatIsNamed(t *testing.T) {
	db := sqlitetest.New(t)
	for _, ref := range []string{"1", "2", "3"} {
		promiseMail(t, db, ref, mail.Purchase, mailNine)
	}
	claimMails(t, db, mail.Urgent, mailNine, 10)
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
		if n, err := tx.RequeueMails(ctx, []core.MailID{"eml_2"}); n != 2 || err != nil {
			t.Errorf("%d put back, %v; want 2", n, err)
		}
		return nil
	})
	if got := claimMails(t, db, mail.Urgent, mailNine, 10); len(got) != 2 {
		t.Errorf("%s are queued again", mailIDs(got))
	}
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
		if n, err := tx.RequeueMails(ctx, nil); n != 3 || err != nil {
			t.Errorf("%d put back, %v; want all 3", n, err)
		}
		return nil
	})
}

func TestSuppressionRemembersEveryReason(t *testing.T) {
	db := sqlitetest.New(t)
	reason := func() mail.Reason {
		r, err := db.SuppressionOf(context.Background(), "anna@example.com")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := reason(); r != mail.NotSuppressed {
		t.Fatalf("an unknown address is suppressed: %q", r)
	}
	suppress := func(r mail.Reason) {
		outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.SuppressAddress(ctx, mail.Suppression{Key: "anna@example.com", Reason: r, Since: mailNine})
		})
	}
	suppress(mail.HardBounce)
	suppress(mail.HardBounce)
	if r := reason(); r != mail.HardBounce {
		t.Fatalf("after a bounce: %q", r)
	}
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.LiftSuppression(ctx, "anna@example.com", mail.Unsubscribed)
	})
	if r := reason(); r != mail.HardBounce {
		t.Fatalf("another reason was lifted: %q", r)
	}
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.LiftSuppression(ctx, "anna@example.com", mail.HardBounce)
	})
	if r := reason(); r != mail.NotSuppressed {
		t.Fatalf("after lifting: %q", r)
	}
}

func TestOutboxPages(t *testing.T) {
	db := sqlitetest.New(t)
	for i := range 120 {
		promiseMail(t, db, fmt.Sprintf("%03d", i), mail.Renewal, mailNine.Add(time.Duration(i/10)*time.Second)) // ten in each instant
	}
	var seen []string
	for cursor, pages := "", 0; ; pages++ {
		items, next, err := db.Outbox(t.Context(), "", cursor)
		if err != nil || pages > 3 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, e := range items {
			seen = append(seen, string(e.ID))
		}
		if cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 120 || !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("%d rows, newest first: %v", len(seen), seen)
	}
	if _, _, err := db.Outbox(t.Context(), "", "nonsense"); !core.Is(err, core.Invalid) {
		t.Errorf("a cursor of nobody's: %v", err)
	}
	claimMails(t, db, mail.Urgent, mailNine, 3)
	if got := outboxEntries(t, db, mail.StateSending); len(got) != 3 {
		t.Errorf("%d in sending, want 3", len(got))
	}
}

func TestOutboxBacklog(t *testing.T) {
	db := sqlitetest.New(t)
	promiseMail(t, db, "1", mail.Renewal, mailNine)
	promiseMail(t, db, "2", mail.Renewal, mailNine.Add(time.Hour))
	promiseMail(t, db, "3", mail.Renewal, mailNine.Add(-time.Hour))
	claimMails(t, db, mail.Urgent, mailNine, 1)
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.MarkMails(ctx, []mail.Mark{{ID: "eml_3", State: mail.StateFailed, Next: mailNine, Error: "no"}})
	})
	got, err := db.OutboxBacklog(t.Context(), mailNine.Add(time.Minute))
	if err != nil || got.Due != 1 || !got.Oldest.Equal(mailNine) || got.Failed != 1 {
		t.Errorf("backlog %+v, %v", got, err)
	}
	promiseMail(t, db, "4", mail.AbandonedCheckout, mailNine.Add(time.Hour))
	for lane, want := range map[mail.Lane]time.Time{mail.Urgent: mailNine, mail.Bulk: mailNine.Add(time.Hour)} {
		at, ok, err := db.NextMailDue(t.Context(), lane)
		if err != nil || !ok || !at.Equal(want) {
			t.Errorf("next due %v, %v, %v, want %v", at, ok, err, want)
		}
	}
}

func promiseMail(t *testing.T, db *sqlite.DB, ref string, k mail.Kind, at time.Time) {
	t.Helper()
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) error {
		fresh, err := tx.EnqueueMail(ctx, mail.Queued{
			ID:    core.MailID("eml_" + ref),
			ToKey: "anna@example.com", BusinessKey: string(k) + ":anna@example.com:" + ref, At: at,
			Promise: mail.Promise{Kind: k, To: "Anna@Example.com", Token: mail.SetupToken, Props: mail.Props{"product": "Bio Glow-Up"}},
		})
		if !fresh {
			t.Errorf("mail %s was there already", ref)
		}
		return err
	})
}

func outboxUpdate(t *testing.T, db *sqlite.DB, f func(context.Context, *sqlite.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func claimMails(t *testing.T, db *sqlite.DB, lane mail.Lane, now time.Time, limit int) (got []mail.Outgoing) {
	t.Helper()
	outboxUpdate(t, db, func(ctx context.Context, tx *sqlite.Tx) (err error) {
		got, err = tx.ClaimMails(ctx, lane, now, limit)
		return err
	})
	return got
}

func outboxEntries(t *testing.T, db *sqlite.DB, state mail.State) []mail.Entry {
	t.Helper()
	items, _, err := db.Outbox(t.Context(), state, "")
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func mailIDs(mails []mail.Outgoing) string {
	var out []string
	for _, o := range mails {
		out = append(out, string(o.ID))
	}
	return strings.Join(out, " ")
}
