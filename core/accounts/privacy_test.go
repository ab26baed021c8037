package accounts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/credits"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/onboarding"
	"sselfie/core/sequences"
	"sselfie/core/support"
	"sselfie/core/tracking"
)

// lived is a house where Ada has left something in every corner.
type lived struct {
	*house
	*accounts.Privacy
	path string
	ada  accounts.Signed
}

const surname = "Lovelacia" // nobody else's: what names Ada beside her address

func newLived(t testing.TB) *lived {
	t.Helper()
	ctx := context.Background()
	h := newHouse(t)
	db, path := sqlitetest.NewAt(t, sqlite.Options{})
	h.db = db
	h.Store, h.Read = sqlite.Bind(db, func(tx *sqlite.Tx) accounts.Tx { return tx }), db
	l := &lived{house: h, path: path}
	l.Privacy = &accounts.Privacy{
		People: h.Service, Store: sqlite.Bind(db, func(tx *sqlite.Tx) accounts.PrivacyTx { return tx }), Read: db, Settle: db.Scrub,
	}
	signed, err := h.SignUp(ctx, email, password, "Ada "+surname, "", accounts.Client{UserAgent: "Firefox of " + surname, Address: "192.0.2.0"})
	must(t, err)
	l.ada = signed
	_, _ = h.login(email, "wrong horse")
	must(t, h.Forgot(ctx, email))
	must(t, h.ChangeAddress(ctx, signed.User.ID, "ada2@example.com", password))
	_ = h.mint(t, signed.User, mail.ResetToken)
	now, user, key := h.clock.Now(), signed.User.ID, core.EmailKey("ada@example.com")
	must(t, db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return errors.Join(
			tx.SaveBrandAnswers(ctx, user, onboarding.Answers{"name": "Ada " + surname, "futureVision": "write to " + email}, now),
			tx.SaveBlueprintAnswers(ctx, user, onboarding.Answers{"dreamClient": surname}, now),
			tx.SaveTraining(ctx, onboarding.TrainingRun{ID: "trn_1", User: user, Status: "completed", Progress: 100, CreatedAt: now}),
			tx.SaveLead(ctx, leads.Lead{ID: "lead_1", Email: email, Key: key, Name: surname, ConsentAt: now, ConsentText: "1", CreatedAt: now}),
			tx.KeepConsent(ctx, leads.Consent{ID: "con_1", Key: key, Purpose: "free_blueprint", TextVersion: "1", Source: "web", At: now}),
			tx.OpenTicket(ctx, support.Ticket{ID: "tkt_1", Kind: support.Note, Email: email, Key: key, Name: surname, Message: surname, CreatedAt: now}),
			tx.SaveCheckout(ctx, billing.Checkout{ID: "chk_1", User: user, Product: "bio_glowup", Price: core.Money{Minor: 4700, Currency: "usd"}, State: billing.CheckoutComplete, Email: email, CreatedAt: now}),
			tx.SaveCheckout(ctx, billing.Checkout{ID: "chk_2", Product: "bio_glowup", Price: core.Money{Minor: 4700, Currency: "usd"}, State: billing.CheckoutOver, Email: strings.ToUpper(email), CreatedAt: now}),
			tx.LinkCustomer(ctx, "cus_ada", user, now),
			tx.InsertPayment(ctx, billing.Payment{ID: "pay_1", User: user, Product: "bio_glowup", Amount: 4700, Subtotal: 4700, Currency: "usd", Match: billing.ByCheckout, Session: "cs_1", ReceiptURL: "https://example.com/" + surname, PaidAt: now, CreatedAt: now}),
			grant(ctx, tx, user, 25, "cs:cs_1", "pay_1", now),
			tx.SaveEvent(ctx, billing.Record{ID: "evt_1", Type: "checkout.session.completed", Outcome: billing.Applied, Payload: []byte(`{"email":"` + email + `","name":"` + surname + `"}`), At: now, ReceivedAt: now, AppliedAt: now}),
			tx.SaveEvent(ctx, billing.Record{ID: "evt_2", Type: "charge.refunded", Outcome: billing.Parked, Reason: "waits", Payload: []byte(`{"customer":"cus_ada","name":"` + surname + `"}`), At: now, ReceivedAt: now}),
			tx.SaveWaits(ctx, "evt_2", []string{"customer:cus_ada"}),
			tx.SuppressAddress(ctx, mail.Suppression{Key: key, Reason: mail.HardBounce, Detail: "550 " + email + " unknown", Since: now}),
			tx.RecordEvent(ctx, tracking.Event{Name: tracking.Purchase, User: user, Product: "bio_glowup", Props: map[string]string{"who": surname}, At: now}),
			tx.InsertEnrolment(ctx, sequences.Enrolment{ID: "enr_1", Series: sequences.FreeBlueprint, Lead: "lead_1", Basis: sequences.DoubleOptIn, Anchor: now}, now),
			tx.HandleStep(ctx, "enr_1", "day-2", "skipped", "late", now),
			tx.InsertEnrolment(ctx, sequences.Enrolment{ID: "enr_2", Series: sequences.MiniProduct, User: user, Payment: "pay_1", Product: "bio_glowup", Basis: sequences.OwnProducts, Anchor: now, Bought: now}, now),
			letter(ctx, tx, mail.Promise{Kind: mail.Sequence, User: user, To: email, Props: mail.Props{"text": "Dear " + surname}}, sequences.Origin{
				Series: sequences.MiniProduct, Step: "day-3", Enrolment: "enr_2", Reason: "day 3", Link: "lnk_1", Dest: "/studio",
			}, now),
			tx.SavePreferences(ctx, key, mail.Preferences{Offers: true}, now),
			reported(ctx, tx, mail.Report{Kind: mail.SoftBounceReport, Address: email, Reference: "r1", Detail: "the mailbox of " + email + " is full", At: now}, mail.Owner{Key: key}),
			reported(ctx, tx, mail.Report{Kind: mail.BounceReport, Address: email, Reference: "r2", Detail: "550 <" + email + ">", At: now}, mail.Owner{Key: key}),
			promise(ctx, tx, mail.Promise{Kind: mail.Freebie, To: email, Reference: "1", Props: mail.Props{"name": surname}}, now),
			promise(ctx, tx, mail.Promise{Kind: mail.Notice, To: "creator@example.com", Reference: "1", Props: mail.Props{"text": surname + " <" + email + "> wrote"}}, now),
		)
	}))
	return l
}

func grant(ctx context.Context, tx *sqlite.Tx, user core.UserID, n int, key, ref string, now time.Time) error {
	_, _, err := credits.Ledger{IDs: &prefixed{"crd_lived"}}.Grant(ctx, tx, credits.Line{User: user, Amount: n, Type: credits.Purchase, Description: "Bio Glow-Up", Key: key, Reference: ref, At: now})
	return err
}

func letter(ctx context.Context, tx *sqlite.Tx, p mail.Promise, o sequences.Origin, now time.Time) error {
	_, err := tx.PromiseLetter(ctx, mail.Queued{ID: "eml_letter", Promise: p, ToKey: coretest.Fold(p.To), BusinessKey: "sequence:" + string(o.Enrolment) + ":" + o.Step, At: now}, o)
	return err
}

func reported(ctx context.Context, tx *sqlite.Tx, r mail.Report, o mail.Owner) error {
	_, err := tx.SaveReport(ctx, r, o)
	return err
}

func promise(ctx context.Context, tx *sqlite.Tx, p mail.Promise, now time.Time) error {
	return mail.Post{IDs: &prefixed{"eml_" + string(p.Kind)}, Fold: coretest.Fold}.Enqueue(ctx, tx, p, now)
}

// prefixed makes ids that nobody else in the test makes.
type prefixed struct{ name string }

func (p *prefixed) NewID(prefix string) string { return prefix + "_" + p.name }

// found lists the files beside the database, and a fresh backup, that hold text.
func (l *lived) found(t testing.TB, texts ...string) (out []string) {
	t.Helper()
	backup, err := l.db.Backup(context.Background(), filepath.Join(t.TempDir(), "backups"))
	must(t, err)
	files, err := filepath.Glob(l.path + "*")
	must(t, err)
	if !slices.Contains(files, l.path+"-wal") {
		t.Fatalf("the log is not among %v", files)
	}
	for _, name := range append(files, backup) {
		b, err := os.ReadFile(name)
		must(t, err)
		for _, text := range texts {
			if bytes.Contains(bytes.ToLower(b), []byte(strings.ToLower(text))) {
				out = append(out, filepath.Base(name)+" holds "+text)
			}
		}
	}
	return out
}

// The proof: nothing that names Ada is in any file, and the money is as it was.
func TestAfterDeletionNothingNamesHer(t *testing.T) {
	ctx, l := context.Background(), newLived(t)
	if len(l.found(t, email, surname, "ada2@example.com")) < 6 {
		t.Fatal("the search finds nothing even before")
	}
	l.clock.Advance(time.Hour)
	must(t, l.Delete(ctx, l.ada.User.ID, password))
	for _, f := range l.found(t, email, surname, "ada2@example.com", "correct horse") {
		t.Error(f)
	}
	if l.in(l.ada.Token) {
		t.Error("she is still signed in")
	}
	u, err := l.db.UserByID(ctx, l.ada.User.ID)
	if err != nil || u.Email != "" || u.Key != "" || u.Name != "" || u.PasswordHash != "" || !u.DeletedAt.Equal(l.clock.Now()) {
		t.Errorf("%+v, %v", u, err)
	}
	pays, err := l.db.PaymentsOf(ctx, u.ID)
	acct, err2 := l.db.CreditAccount(ctx, u.ID)
	if err := errors.Join(err, err2); err != nil || len(pays) != 1 || pays[0].Amount != 4700 || acct.Balance != 27 {
		t.Errorf("the money is gone: %+v, %+v, %v", pays, acct, err)
	}
	must(t, l.db.View(ctx, func(ctx context.Context, v sqlite.View) error {
		findings, err := v.Verify(ctx, catalog.Default())
		for _, f := range findings {
			t.Error(f)
		}
		return err
	}))
	// Nobody gets a mail at the address, and no queued one goes out to nowhere.
	items, _, err := l.db.Outbox(ctx, mail.StateQueued, "")
	must(t, err)
	for _, m := range items {
		if m.To == "" {
			t.Errorf("a mail to nobody waits: %+v", m)
		}
	}
	// Again is fine for the creator; the customer has no account any more.
	must(t, l.DeleteBy(ctx, u.ID, "command line"))
	wantCode(t, l.Delete(ctx, u.ID, password), core.NotFound)
}

// A page of the database that was split keeps, between its rows, copies of those
// that moved away. Nobody's address may stay there.
func TestNothingIsLeftBetweenTheRows(t *testing.T) {
	ctx, l := context.Background(), newLived(t)
	for i := range 600 {
		user, to := core.UserID(""), fmt.Sprintf("somebody%d@example.com", i)
		if i%7 == 0 {
			user, to = l.ada.User.ID, email
		}
		must(t, l.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
			return mail.Post{IDs: &prefixed{fmt.Sprintf("%03d", i*377%1000)}, Fold: coretest.Fold}.Enqueue(ctx, tx, mail.Promise{
				Kind: mail.Notice, User: user, To: to, Reference: fmt.Sprint(i), Props: mail.Props{"text": strings.Repeat("x", i%90)},
			}, l.clock.Now())
		}))
	}
	must(t, l.Delete(ctx, l.ada.User.ID, password))
	for _, f := range l.found(t, email, surname) {
		t.Error(f)
	}
}

// An address that she had before, and proved, goes with her. One that somebody
// else has by now is not hers any more.
func TestAnEarlierAddressGoesWithHer(t *testing.T) {
	for name, c := range map[string]struct {
		taken bool
		stays bool
	}{
		"nobody has it":        {false, false},
		"somebody else has it": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, l := context.Background(), newLived(t)
			must(t, l.Confirm(ctx, l.mint(t, l.ada.User, mail.ConfirmToken)))
			must(t, l.Confirm(ctx, l.linkTo(t, l.ada.User, "ada2@example.com")))
			if c.taken {
				_, err := l.SignUp(ctx, email, password, "", "", accounts.Client{})
				must(t, err)
			}
			got := shelf{}
			must(t, l.Export(ctx, l.ada.User.ID, got))
			if held := got["consents.json"].String(); strings.Contains(held, "con_1") == c.stays {
				t.Errorf("the export holds these consents: %s", held)
			}
			var emptied []core.EmailKey
			l.Captured = captured(func(k core.EmailKey) { emptied = append(emptied, k) })
			l.clock.Advance(time.Hour)
			must(t, l.Delete(ctx, l.ada.User.ID, password))
			if left := l.found(t, email); len(left) > 0 != c.stays {
				t.Error(left)
			}
			if slices.Contains(emptied, "ada@example.com") == c.stays || !slices.Contains(emptied, "ada2@example.com") {
				t.Errorf("captured mail went for %v", emptied)
			}
		})
	}
}

type captured func(core.EmailKey)

func (c captured) EraseCaptured(_ context.Context, key core.EmailKey) error {
	c(key)
	return nil
}

// A table that comes to know people is filled above, or the proof says nothing
// about it.
func TestTheProofKnowsEveryTable(t *testing.T) {
	l := newLived(t)
	without := map[string]string{
		"subscriptions": "stays, without a name", "promotion_uses": "stays, without a name", "refunds": "stays, without a name", "stripe_objects": "stays, without a name",
		"recovery_codes": "goes with the second factor", "campaign_recipients": "an id, and which part of a campaign", "idempotency_answers": "goes with the account",
		"email_segment_members": "an id, and which segment", "user_tags": "an id, and which tag", "second_factors": "a sealed secret; goes with the account",
	}
	for _, table := range sqlitetest.Ask(t, l.path, `SELECT DISTINCT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
		AND (c.name IN ('user_id', 'address', 'address_key', 'to_key', 'to_address') OR c.name LIKE '%email%')`) {
		if _, known := without[table]; known {
			continue
		}
		if n := sqlitetest.Ask(t, l.path, `SELECT count(*) FROM "`+table+`"`)[0]; n == "0" {
			t.Errorf("nobody has left anything in %s: add her there, or say above why not", table)
		}
	}
}

func TestASuppressionSurvivesAsHash(t *testing.T) {
	ctx, l := context.Background(), newLived(t)
	must(t, l.DeleteBy(ctx, l.ada.User.ID, "usr_creator"))
	if r, err := l.db.SuppressionOf(ctx, "ada@example.com"); err != nil || r != mail.NotSuppressed {
		t.Errorf("%q, %v", r, err)
	}
	// She comes back, or somebody types her address: the mailbox is as dead as before.
	_, err := l.SignUp(ctx, email, password, "", "", accounts.Client{})
	must(t, err)
	if r, err := l.db.SuppressionOf(ctx, "ada@example.com"); err != nil || r != mail.HardBounce {
		t.Errorf("%q, %v", r, err)
	}
}

func TestWhoMayNotLeaveYet(t *testing.T) {
	ctx, l := context.Background(), newLived(t)
	wantCode(t, l.Delete(ctx, l.ada.User.ID, "wrong horse"), core.InvalidCredentials)
	l.MayLeave = func(context.Context, core.UserID) error {
		return &core.Error{Code: core.Conflict, Message: "End your membership first."}
	}
	wantCode(t, l.Delete(ctx, l.ada.User.ID, password), core.Conflict)
	l.MayLeave = nil
	admin, err := l.CreateAdmin(ctx, "boss@example.com", password)
	must(t, err)
	wantCode(t, l.DeleteBy(ctx, admin.ID, "command line"), core.Conflict)
	wantCode(t, l.DeleteBy(ctx, "usr_nobody", "command line"), core.NotFound)
	if u := l.user(t, email); u.ID != l.ada.User.ID {
		t.Error("a refused deletion deleted")
	}
}

// shelf is an archive in memory.
type shelf map[string]*bytes.Buffer

func (s shelf) Entry(name string) (io.Writer, error) {
	if s[name] != nil {
		return nil, fmt.Errorf("%s twice", name)
	}
	s[name] = &bytes.Buffer{}
	return s[name], nil
}

func TestTheExportHoldsEverythingButSecrets(t *testing.T) {
	ctx, l := context.Background(), newLived(t)
	_, err := l.SignUp(ctx, "eve@example.com", password, "Evelina", "", accounts.Client{})
	must(t, err)
	got := shelf{}
	must(t, l.Export(ctx, l.ada.User.ID, got))
	rows := map[string][]map[string]any{}
	whole := ""
	for name, b := range got {
		var list []map[string]any
		if err := json.Unmarshal(b.Bytes(), &list); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		rows[strings.TrimSuffix(name, ".json")] = list
		whole += b.String()
	}
	for name, n := range map[string]int{
		"account": 1, "brand": 1, "blueprint": 1, "training": 1, "credits": 1, "credit_transactions": 2, "payments": 1, "checkouts": 1,
		"consents": 1, "free_blueprint": 1, "notes": 1, "mails": 5, "unsubscriptions": 1, "mail_links": 1, "mail_reports": 2, "mail_preferences": 1, "mail_series": 2,
		"segments": 0, "campaigns": 0, "devices": 1, "second_factor": 0, "links": 1, "visits": 2, "stripe_customers": 1,
		"subscriptions": 0, "refunds": 0, "disputes": 0, "promotions": 0, "stripe_objects": 0, "tags": 0,
	} {
		if len(rows[name]) != n {
			t.Errorf("%s holds %d rows, want %d", name, len(rows[name]), n)
		}
		delete(rows, name)
	}
	if len(rows) != 0 {
		t.Errorf("documents that nobody looked at: %v", slices.Sorted(maps.Keys(rows)))
	}
	for _, secret := range []string{"hash of", "token_hash", "password_hash", "client_secret", "Evelina", "eve@example.com"} {
		if strings.Contains(whole, secret) {
			t.Errorf("the export holds %s", secret)
		}
	}
	for _, text := range []string{surname, `"created_at":"2026-03-03T12:00:00Z"`, `"form_data":{"dreamClient":"` + surname + `"}`} {
		if !strings.Contains(whole, text) {
			t.Errorf("the export lacks %s", text)
		}
	}
}

// fullShelf has no room.
type fullShelf struct{}

func (fullShelf) Entry(string) (io.Writer, error) { return nil, errors.New("no room") }

func TestAnExportThatCannotBeWrittenFails(t *testing.T) {
	l := newLived(t)
	if err := l.Export(context.Background(), l.ada.User.ID, fullShelf{}); err == nil {
		t.Error("it says that all is well")
	}
	wantCode(t, l.Export(context.Background(), "usr_nobody", shelf{}), core.NotFound)
}
