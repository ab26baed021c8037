package sqlite_test

import (
	"context"
	"flag"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/segments"
	"sselfie/core/sequences"
	"sselfie/core/tracking"
	static "sselfie/static/sequences"
)

// How many customers the benchmarks of the voice are made of: 1,000,000 with
// 1.5 million payments are the figures to reach.
var benchUsers = flag.Int("users", 2000, "customers in the benchmarks of segments and series")

// crowd is a shop with many customers: three payments for two of them, some
// members, everybody in a series, a tenth of them due.
func crowd(b *testing.B) (*sqlite.DB, string) {
	b.Helper()
	db, path := sqlitetest.NewAt(b, sqlite.Options{})
	back := raw(b, path)
	now := coretest.Start.UnixMilli()
	for _, text := range []string{
		`INSERT INTO users (id, email, email_key, created_at, last_seen_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
			SELECT printf('usr_%08d', i), printf('u%d@x.org', i), printf('u%d@x.org', i), ?2 - 86400000 * (i % 300), ?2 - 86400000 * (i % 97) FROM n`,
		`INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, currency, matched_by, session_id, source, live, paid_at, created_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * 3 / 2)
			SELECT printf('pay_%08d', i), printf('usr_%08d', i % ?1), CASE i % 7 WHEN 0 THEN 'one_time_session' WHEN 1 THEN 'brand_blueprint_paid' WHEN 2 THEN 'bio_glowup' WHEN 3 THEN 'nine_post_feed'
			WHEN 4 THEN 'rebrand_reset' WHEN 5 THEN 'credits_100' ELSE 'credits_200' END, 4700, 4700, 'usd', 'new', printf('cs_%08d', i), 'instagram', 0, ?2 - 86400000 * (i % 300), ?2 FROM n`,
		`INSERT INTO subscriptions (id, user_id, product_type, status, live, created_at, updated_at)
			SELECT 'sub_' || id, id, 'sselfie_studio_membership', 'active', 1, ?2, ?2 FROM users WHERE rowid % 20 = 0 AND ?1 > 0`,
		`INSERT INTO mini_product_upsell_sequence (id, series, user_id, product_id, basis, anchor_at, bought_at, due_at, created_at)
			SELECT 'enr_' || id, 'mini-product', id, 'bio_glowup', 'own_products', ?2 - 3 * 86400000, ?2 - 3 * 86400000, CASE WHEN rowid % 10 = 1 THEN ?2 - 1000 ELSE ?2 + 86400000 END, ?2 FROM users WHERE ?1 > 0`,
		`ANALYZE`,
	} {
		args := []any{*benchUsers, now}
		if text == `ANALYZE` {
			args = nil
		}
		if _, err := back.Exec(text, args...); err != nil {
			b.Fatal(err)
		}
	}
	return db, path
}

func service(db *sqlite.DB) *segments.Service {
	return &segments.Service{
		Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: db, Clock: coretest.NewClock(), IDs: &coretest.IDs{}, Catalog: catalog.Default(), Grace: grace,
	}
}

// All built-in segments, when nobody moved: what happens every night. The shell
// on the same file and statements is the limit.
func BenchmarkSegmentsInFull(b *testing.B) {
	db, path := crowd(b)
	svc := service(db)
	if err := svc.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := svc.Refresh(b.Context(), coretest.Start); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if c, err := svc.Refresh(b.Context(), coretest.Start); err != nil || c != (segments.Count{}) {
			b.Fatal(c, err)
		}
	}
	shell(b, path)
}

// shell measures the same statements in the sqlite3 shell, where there is one.
func shell(b *testing.B, path string) {
	b.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		b.Log("no sqlite3 shell here to compare with")
		return
	}
	var script strings.Builder
	for _, seg := range segments.BuiltIn(catalog.Default()) {
		text, args, err := sqlite.WholeStatement(seg.Rule, segments.Query{Now: coretest.Start, Grace: grace}, seg.ID)
		if err != nil {
			b.Fatal(err)
		}
		for _, a := range args {
			text = strings.Replace(text, "?", strings.ReplaceAll(fmt.Sprintf("'%v'", a), "?", ""), 1)
		}
		script.WriteString(strings.ReplaceAll(text, "\n", " ") + ";\n")
	}
	begin := time.Now()
	cmd := exec.CommandContext(b.Context(), program, "-readonly", path)
	cmd.Stdin = strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	took := time.Since(begin)
	b.ReportMetric(float64(took.Nanoseconds()), "shell-ns/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(took.Nanoseconds()), "times-the-shell")
}

// The segments of 1,000 customers who changed.
func BenchmarkSegmentsOf1000(b *testing.B) {
	db, _ := crowd(b)
	svc := service(db)
	if err := svc.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	var users []core.UserID
	for n := range min(1000, *benchUsers) {
		users = append(users, core.UserID(fmt.Sprintf("usr_%08d", n)))
	}
	if _, err := svc.Touch(b.Context(), users); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := svc.Touch(b.Context(), users); err != nil {
			b.Fatal(err)
		}
	}
}

// 500 persons whose step is due, with everything that decides about it.
func BenchmarkClaim500Due(b *testing.B) {
	db, _ := crowd(b)
	for b.Loop() {
		got, err := db.ClaimEnrolments(b.Context(), []sequences.Name{sequences.MiniProduct, sequences.Alumni}, coretest.Start, 500)
		if err != nil || len(got) == 0 {
			b.Fatal(len(got), err)
		}
	}
}

type always struct{}

func (always) MarketingPaused(context.Context, time.Time) (string, error) { return "", nil }

// The daily run with a tenth of all enrolments due.
func BenchmarkSequenceRun(b *testing.B) {
	files, err := static.Read(nil)
	if err != nil {
		b.Fatal(err)
	}
	lib, bad := sequences.NewLibrary(files)
	if len(bad) > 0 {
		b.Fatal(bad)
	}
	sent := 0
	for b.Loop() {
		b.StopTimer()
		db, _ := crowd(b)
		clock := coretest.NewClock()
		svc := &sequences.Service{
			Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) sequences.Tx { return tx }), Read: db, Gate: always{}, Clock: clock, IDs: &coretest.IDs{}, Tokens: &coretest.Tokens{}, Library: lib, Catalog: catalog.Default(),
		}
		b.StartTimer()
		c, err := svc.RunDaily(b.Context(), clock.Now())
		if err != nil || c.Sent == 0 {
			b.Fatal(c, err)
		}
		sent += c.Sent
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "letters/s")
}

// A click, stored before the answer, by 64 callers: against the same look-up
// without a write.
func BenchmarkClick(b *testing.B) {
	db, path := sqlitetest.NewAt(b, sqlite.Options{})
	back := raw(b, path)
	const links = 20000
	for _, text := range []string{
		`INSERT INTO email_logs (id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at, sent_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
			SELECT printf('eml_%08d', i), 'x', 'x', 'campaign', printf('k%d', i), '{}', 'sent', 0, 0, 0 FROM n`,
		`INSERT INTO email_links (id, email_log_id, destination, created_at) SELECT 'lnk_' || substr(id, 5) || 'abcdef', id, '/studio', 0 FROM email_logs WHERE ?1 > 0`,
	} {
		if _, err := back.Exec(text, links); err != nil {
			b.Fatal(err)
		}
	}
	svc := &tracking.Links{Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) tracking.LinkTx { return tx }), Read: db, Clock: coretest.NewClock()}
	meta := tracking.Meta{Method: "GET", UserAgent: "Mozilla/5.0 (X11)"}
	id := func(n int) string { return fmt.Sprintf("lnk_%08dabcdef", n%links) }
	next := 0
	round := func(do func(n int)) {
		var wg sync.WaitGroup
		for range 64 {
			n := next
			next++
			wg.Go(func() { do(n) })
		}
		wg.Wait()
	}
	begin := time.Now()
	for range 20 {
		round(func(n int) {
			if _, ok, err := db.LinkByID(context.Background(), core.LinkID(id(n))); err != nil || !ok {
				b.Error(ok, err)
			}
		})
	}
	limit := time.Since(begin) / (20 * 64)
	next = 0
	for b.Loop() {
		round(func(n int) {
			if to, err := svc.Click(context.Background(), id(n), "", meta); err != nil || to != "/studio" {
				b.Error(to, err)
			}
		})
	}
	each := b.Elapsed() / time.Duration(64*b.N)
	b.ReportMetric(float64(each.Nanoseconds()), "ns/click")
	b.ReportMetric(float64(limit)/float64(each), "of-a-look-up")
}
