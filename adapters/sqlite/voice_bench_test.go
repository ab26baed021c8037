package sqlite_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
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
	"sselfie/migrations"
	static "sselfie/static/sequences"
)

// How many customers the benchmarks of the voice are made of: 1,000,000 with
// 1.5 million payments are the figures to reach.
var benchUsers = flag.Int("users", 2000, "customers in the benchmarks of segments and series")

// crowd is a shop with many customers.
func crowd(b *testing.B) (*sqlite.DB, string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "sselfie.db")
	sqlitetest.Crowd(b, path, *benchUsers, coretest.Start)
	db, path := sqlitetest.NewAt(b, sqlite.Options{Path: path, Migrations: migrations.Files})
	sqlitetest.Settle(b)
	return db, path
}

func service(db *sqlite.DB) *segments.Service {
	return &segments.Service{
		Store: sqlite.BindBulk(db, func(tx *sqlite.Tx) segments.Tx { return tx }), Read: db, Clock: coretest.NewClock(), IDs: &coretest.IDs{}, Catalog: catalog.Default(), Grace: grace,
	}
}

// meter takes the median of rounds, by the clock on the wall and by what they
// cost the processor: the second holds on a busy machine, too.
type meter struct{ took, cost []time.Duration }

func (m *meter) round(fn func()) {
	began, before := time.Now(), sqlitetest.Processor()
	fn()
	m.took, m.cost = append(m.took, time.Since(began)), append(m.cost, sqlitetest.Processor()-before)
}

func (m *meter) add(took, cost time.Duration) {
	m.took, m.cost = append(m.took, took), append(m.cost, cost)
}

func median(list []time.Duration) time.Duration {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

func (m *meter) report(b *testing.B) {
	b.ReportMetric(float64(median(m.took).Microseconds())/1000, "median-ms/op")
	b.ReportMetric(float64(median(m.cost).Microseconds())/1000, "cpu-ms/op")
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
	var m meter
	for b.Loop() {
		m.round(func() {
			if c, err := svc.Refresh(b.Context(), coretest.Start); err != nil || c != (segments.Count{}) {
				b.Fatal(c, err)
			}
		})
	}
	m.report(b)
	shell(b, path, m)
}

// shell measures the same statements in the sqlite3 shell, where there is one.
func shell(b *testing.B, path string, ours meter) {
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
	var m meter
	for range 5 {
		began := time.Now()
		cmd := exec.CommandContext(b.Context(), program, "-readonly", path)
		cmd.Stdin = strings.NewReader(script.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		m.add(time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	b.ReportMetric(float64(median(m.took).Microseconds())/1000, "shell-ms/op")
	b.ReportMetric(float64(median(ours.took))/float64(median(m.took)), "times-the-shell")
	b.ReportMetric(float64(median(ours.cost))/float64(median(m.cost)), "times-the-shell's-cpu")
}

// The segments of 1,000 customers who changed: each of them joins a segment or
// leaves it again; and when it turns out that nobody moves.
func BenchmarkSegmentsOf1000(b *testing.B) {
	db, path := crowd(b)
	svc := service(db)
	if err := svc.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	var users []core.UserID
	for n := range min(1000, *benchUsers) {
		users = append(users, core.UserID(fmt.Sprintf("usr_%08d", n*(*benchUsers/min(1000, *benchUsers)))))
	}
	if _, err := svc.Touch(b.Context(), users); err != nil {
		b.Fatal(err)
	}
	back := raw(b, path)
	if _, err := back.Exec(`INSERT INTO tags (id, name, created_at) VALUES ('tag_beta', 'beta', 0)`); err != nil {
		b.Fatal(err)
	}
	list, err := json.Marshal(users)
	if err != nil {
		b.Fatal(err)
	}
	tag := func(text string) {
		b.StopTimer()
		defer b.StartTimer()
		if _, err := back.Exec(text, string(list)); err != nil {
			b.Fatal(err)
		}
	}
	touch := func(m *meter, joined, left int) {
		m.round(func() {
			if c, err := svc.Touch(b.Context(), users); err != nil || c != (segments.Count{Joined: joined, Left: left}) {
				b.Fatal(c, err)
			}
		})
	}
	var moved, stayed meter
	for b.Loop() {
		tag(`INSERT INTO user_tags (tag_id, user_id, added_at) SELECT 'tag_beta', value, 0 FROM json_each(?)`)
		touch(&moved, len(users), 0)
		touch(&stayed, 0, 0)
		tag(`DELETE FROM user_tags WHERE tag_id = 'tag_beta' AND user_id IN (SELECT value FROM json_each(?))`)
		touch(&moved, 0, len(users))
		touch(&stayed, 0, 0)
	}
	moved.report(b)
	b.ReportMetric(float64(median(stayed.took).Microseconds())/1000, "nobody-moves-ms/op")
	b.ReportMetric(float64(median(stayed.cost).Microseconds())/1000, "nobody-moves-cpu-ms/op")
}

// 500 persons whose step is due, with everything that decides about it.
func BenchmarkClaim500Due(b *testing.B) {
	db, _ := crowd(b)
	var m meter
	for b.Loop() {
		m.round(func() {
			got, err := db.ClaimEnrolments(b.Context(), []sequences.Name{sequences.MiniProduct, sequences.Alumni}, coretest.Start, 500)
			if err != nil || len(got) == 0 {
				b.Fatal(len(got), err)
			}
		})
	}
	m.report(b)
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
	svc := &tracking.Links{Store: sqlite.BindJoined(db, func(tx *sqlite.Tx) tracking.LinkTx { return tx }), Read: db, Clock: coretest.NewClock()}
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
