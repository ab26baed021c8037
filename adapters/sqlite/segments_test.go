package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
	"sselfie/core/entitlements"
	"sselfie/core/segments"
)

const grace = 7 * 24 * time.Hour

// raw opens the file of a test's database for statements of the test's own.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: "_busy_timeout=5000&_txlock=immediate&_foreign_keys=1"}).String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// person is a customer as a test knows her, written into the tables and told as
// facts by two different ways.
type person struct {
	facts segments.Facts
	rows  []row
}

type row struct {
	text string
	args []any
}

var (
	products = []core.ProductID{"bio_glowup", "nine_post_feed", "credits_100", "credits_200"}
	sources  = []string{"", "instagram", "mail"}
	tagNames = []string{"beta", "friend"}
)

func drawPerson(t *rapid.T, n int, now time.Time) person {
	day := func(label string) time.Time {
		// Whole and half days, so that the edges of a rule are met.
		return now.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, label)) * 12 * time.Hour)
	}
	id := core.UserID(fmt.Sprintf("usr_%04d", n))
	p := person{facts: segments.Facts{User: id, Entitlement: "free"}}
	add := func(text string, args ...any) { p.rows = append(p.rows, row{text, args}) }

	created := now.Add(-100 * 24 * time.Hour)
	p.facts.LastSeen = created
	var seen, login any
	if rapid.Bool().Draw(t, "login") {
		p.facts.LastSeen = day("login at")
		login = p.facts.LastSeen.UnixMilli()
	}
	if rapid.Bool().Draw(t, "seen") {
		p.facts.LastSeen = day("seen at")
		seen = p.facts.LastSeen.UnixMilli()
	}
	add(`INSERT INTO users (id, email, email_key, created_at, last_seen_at, last_login_at) VALUES (?, ?, ?, ?, ?, ?)`, id, string(id)+"@x.org", string(id)+"@x.org", created.UnixMilli(), seen, login)

	for i := range rapid.IntRange(0, 4).Draw(t, "purchases") {
		product, source, at := rapid.SampledFrom(products).Draw(t, "product"), rapid.SampledFrom(sources).Draw(t, "source"), day("bought")
		amount, refunded, dispute, keeps := 100, 0, "", true
		switch rapid.IntRange(0, 5).Draw(t, "fate") {
		case 0:
			refunded, keeps = 100, false
		case 1:
			refunded = 40
		case 2:
			dispute, keeps = "lost", false
		case 3:
			amount = 0 // a free order
		}
		add(`INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, refunded, dispute, currency, matched_by, session_id, source, live, paid_at, created_at)
			VALUES (?, ?, ?, ?, 100, ?, ?, 'usd', 'new', ?, ?, 0, ?, ?)`, fmt.Sprintf("pay_%d_%d", n, i), id, product, amount, refunded, dispute, fmt.Sprintf("cs_%d_%d", n, i), source, at.UnixMilli(), at.UnixMilli())
		if keeps {
			p.facts.Purchases = append(p.facts.Purchases, segments.Bought{Product: product, Source: source, At: at})
		}
	}

	var subs []entitlements.Subscription
	for _, kind := range []struct {
		product string
		tier    entitlements.Tier
	}{{catalog.EntitlementStudio, entitlements.Studio}, {catalog.EntitlementBlueprint, entitlements.Blueprint}} {
		if !rapid.Bool().Draw(t, "has "+kind.product) {
			continue
		}
		s := entitlements.Subscription{Tier: kind.tier, Status: rapid.SampledFrom([]string{"active", "trialing", "past_due", "canceled", "suspended"}).Draw(t, "status")}
		maybe := func(label string) (time.Time, any) {
			if !rapid.Bool().Draw(t, label) {
				return time.Time{}, nil
			}
			at := now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, label+" at")) * 12 * time.Hour)
			return at, at.UnixMilli()
		}
		var end, cancel, since any
		s.PeriodEnd, end = maybe("period end")
		s.CancelAt, cancel = maybe("cancel")
		s.PastDueSince, since = maybe("past due")
		s.CancelAtPeriodEnd = rapid.Bool().Draw(t, "at period end")
		live := rapid.Bool().Draw(t, "live")
		add(`INSERT INTO subscriptions (id, user_id, product_type, status, live, current_period_end, cancel_at, cancel_at_period_end, past_due_since, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`, fmt.Sprintf("sub_%d_%s", n, kind.product), id, kind.product, s.Status, live, end, cancel, s.CancelAtPeriodEnd, since)
		if live {
			subs = append(subs, s)
		}
	}
	p.facts.Entitlement = entitlements.TierAt(entitlements.Rights(subs, grace), now).String()

	if rapid.Bool().Draw(t, "has credits") {
		p.facts.CreditsUsed = rapid.IntRange(0, 30).Draw(t, "used")
		add(`INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at) VALUES (?, 0, 0, ?, 0)`, id, p.facts.CreditsUsed)
	}
	if rapid.Bool().Draw(t, "has blueprint") {
		p.facts.BlueprintCompleted = rapid.Bool().Draw(t, "completed")
		add(`INSERT INTO blueprint_subscribers (user_id, strategy_generated, origin, created_at, updated_at) VALUES (?, ?, 'wizard', 0, 0)`, id, p.facts.BlueprintCompleted)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "mails") {
		var opened, clicked any
		if rapid.Bool().Draw(t, "opened") {
			at := day("opened at")
			opened = at.UnixMilli()
			p.facts.LastOpened = later(p.facts.LastOpened, at)
		}
		if rapid.Bool().Draw(t, "clicked") {
			at := day("clicked at")
			clicked = at.UnixMilli()
			p.facts.LastClicked = later(p.facts.LastClicked, at)
		}
		var user any = id
		if rapid.IntRange(0, 4).Draw(t, "a mail to nobody we know") == 0 {
			user = nil
			if opened != nil || clicked != nil {
				opened, clicked = nil, nil
				p.facts.LastOpened, p.facts.LastClicked = p.known(rapidTimes(p.rows))
			}
		}
		add(`INSERT INTO email_logs (id, user_id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at, opened_at, clicked_at)
			VALUES (?, ?, '', '', 'sequence', ?, '{}', 'sent', 0, 0, ?, ?)`, fmt.Sprintf("eml_%d_%d", n, i), user, fmt.Sprintf("k_%d_%d", n, i), opened, clicked)
	}
	for _, name := range tagNames {
		if rapid.Bool().Draw(t, "tag "+name) {
			p.facts.Tags = append(p.facts.Tags, name)
			add(`INSERT INTO user_tags (tag_id, user_id, added_at) VALUES (?, ?, 0)`, "tag_"+name, id)
		}
	}
	return p
}

// rapidTimes finds the opens and clicks that were written so far.
func rapidTimes(rows []row) (opened, clicked []int64) {
	for _, r := range rows {
		if !strings.HasPrefix(r.text, "INSERT INTO email_logs") {
			continue
		}
		if at, ok := r.args[3].(int64); ok {
			opened = append(opened, at)
		}
		if at, ok := r.args[4].(int64); ok {
			clicked = append(clicked, at)
		}
	}
	return opened, clicked
}

func (p person) known(opened, clicked []int64) (o, c time.Time) {
	if len(opened) > 0 {
		o = time.UnixMilli(slices.Max(opened)).UTC()
	}
	if len(clicked) > 0 {
		c = time.UnixMilli(slices.Max(clicked)).UTC()
	}
	return o, c
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func drawRule(t *rapid.T, depth int) segments.Rule {
	kinds := 11
	if depth > 0 {
		kinds = 14
	}
	some := func() []core.ProductID {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(products), 1, 3, rapid.ID[core.ProductID]).Draw(t, "products")
	}
	days := func() *int { n := rapid.IntRange(0, 45).Draw(t, "days"); return &n }
	ago := func() *segments.Ago {
		if rapid.Bool().Draw(t, "at least") {
			return &segments.Ago{AtLeast: days()}
		}
		return &segments.Ago{AtMost: days()}
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "rule") {
	case 0:
		return segments.Rule{Purchased: &segments.Purchase{Products: some()}}
	case 1:
		return segments.Rule{TimesPurchased: &segments.Times{Products: some(), AtLeast: rapid.IntRange(1, 3).Draw(t, "times")}}
	case 2:
		return segments.Rule{Entitlement: rapid.SampledFrom([]string{"free", "paid", "studio"}).Draw(t, "tier")}
	case 3:
		low, high := rapid.IntRange(0, 15).Draw(t, "low"), rapid.IntRange(15, 30).Draw(t, "high")
		a := &segments.Amount{AtLeast: &low}
		if rapid.Bool().Draw(t, "at most") {
			a.AtMost = &high
		}
		if rapid.Bool().Draw(t, "only at most") {
			a = &segments.Amount{AtMost: &low}
		}
		return segments.Rule{CreditsUsed: a}
	case 4:
		b := rapid.Bool().Draw(t, "completed")
		return segments.Rule{BlueprintCompleted: &b}
	case 5:
		return segments.Rule{Opened: &segments.Within{Days: *days()}}
	case 6:
		return segments.Rule{Clicked: &segments.Within{Days: *days()}}
	case 7:
		a := ago()
		if rapid.Bool().Draw(t, "of products") {
			a.Products = some()
		}
		return segments.Rule{LastPurchase: a}
	case 8:
		return segments.Rule{LastSeen: ago()}
	case 9:
		return segments.Rule{Source: rapid.SampledFrom(sources[1:]).Draw(t, "source")}
	case 10:
		return segments.Rule{Tag: rapid.SampledFrom(append(tagNames, "nobody")).Draw(t, "tag")}
	case 11:
		inner := drawRule(t, depth-1)
		return segments.Rule{Not: &inner}
	}
	rules := make([]segments.Rule, rapid.IntRange(1, 3).Draw(t, "parts"))
	for i := range rules {
		rules[i] = drawRule(t, depth-1)
	}
	if rapid.Bool().Draw(t, "all") {
		return segments.Rule{All: rules}
	}
	return segments.Rule{Any: rules}
}

// The store's answer over everybody and the pure answer for one customer are the
// same answer, for any customers and any rule.
func TestSQLMembershipEqualsMatch(t *testing.T) {
	db, path := sqlitetest.NewAt(t, sqlite.Options{})
	back := raw(t, path)
	for _, name := range tagNames {
		if _, err := back.Exec(`INSERT INTO tags (id, name, created_at) VALUES (?, ?, 0)`, "tag_"+name, name); err != nil {
			t.Fatal(err)
		}
	}
	now := coretest.Start
	rapid.Check(t, func(rt *rapid.T) {
		tx, err := back.Begin()
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }() // a draw that ends early must not keep the file
		for _, table := range []string{"email_segment_members", "email_segments", "user_tags", "email_logs", "blueprint_subscribers", "user_credits", "subscriptions", "stripe_payments", "users"} {
			if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
				rt.Fatal(err)
			}
		}
		var people []person
		for n := range rapid.IntRange(1, 5).Draw(rt, "people") {
			p := drawPerson(rt, n, now)
			people = append(people, p)
			for _, r := range p.rows {
				if _, err := tx.Exec(r.text, r.args...); err != nil {
					rt.Fatalf("%s: %v", r.text, err)
				}
			}
		}
		if err := tx.Commit(); err != nil {
			rt.Fatal(err)
		}
		q := segments.Query{Now: now, Grace: grace}
		var everybody []core.UserID
		for _, p := range people {
			everybody = append(everybody, p.facts.User)
		}
		known, err := db.SegmentFacts(t.Context(), append(everybody, "usr_nobody"), q, segments.Everything())
		if err != nil || len(known) != len(people) {
			rt.Fatal(len(known), err)
		}
		for i, p := range people {
			if want, have := fmt.Sprintf("%+v", sorted(p.facts)), fmt.Sprintf("%+v", sorted(known[i])); want != have {
				rt.Fatalf("the store knows %s,\nthe test %s", have, want)
			}
		}
		for range 8 {
			r := drawRule(rt, 3)
			if bad := r.Validate(); len(bad) > 0 {
				rt.Skip(bad)
			}
			var want []core.UserID
			for _, p := range people {
				if fits, _ := segments.Match(r, p.facts, now); fits {
					want = append(want, p.facts.User)
				}
			}
			n, err := db.CountRule(t.Context(), r, q)
			if err != nil || n != len(want) {
				rt.Fatalf("the count is %d (%v), want %d", n, err, len(want))
			}
			changes, err := db.SegmentChanges(t.Context(), "seg_none", r, q)
			if err != nil {
				rt.Fatal(err)
			}
			var got []core.UserID
			for _, c := range changes {
				if !c.In {
					rt.Fatalf("%s leaves a segment that she was never in", c.User)
				}
				got = append(got, c.User)
			}
			slices.Sort(got)
			rule, _ := segments.MarshalRule(r)
			if !slices.Equal(got, want) {
				rt.Fatalf("%v, Match says %v, for %s", got, want, rule)
			}
			// What a rule wants to know is enough to answer it.
			some, err := db.SegmentFacts(t.Context(), everybody, q, r.Wants())
			if err != nil {
				rt.Fatal(err)
			}
			for _, f := range some {
				fits, why := segments.Match(r, f, now)
				if fits != slices.Contains(want, f.User) {
					rt.Fatalf("with what it wants to know, %s: %s", rule, why)
				}
				if segments.Fits(r, f, now) != fits {
					rt.Fatalf("without the reason the answer is another one: %s: %s", rule, why)
				}
			}
		}
	})
}

func sorted(f segments.Facts) segments.Facts {
	slices.SortFunc(f.Purchases, func(a, b segments.Bought) int {
		return strings.Compare(fmt.Sprint(a.At.UnixMilli(), a.Product, a.Source), fmt.Sprint(b.At.UnixMilli(), b.Product, b.Source))
	})
	slices.Sort(f.Tags)
	if len(f.Tags) == 0 {
		f.Tags = nil
	}
	return f
}

// What runs for one customer, or for a few, asks no table from end to end.
func TestSegmentFactsUseIndexes(t *testing.T) {
	_, path := sqlitetest.NewAt(t, sqlite.Options{})
	back := raw(t, path)
	text, args := sqlite.FactsStatement(segments.Query{Now: coretest.Start, Grace: grace}, segments.Everything())
	for _, line := range plan(t, back, text, append(args, `["usr_1"]`)...) {
		if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "json_each") && line != "SCAN j VIRTUAL TABLE INDEX 1:" {
			t.Error(line)
		}
	}
}

func plan(t testing.TB, db *sql.DB, text string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), `EXPLAIN QUERY PLAN `+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		out = append(out, detail)
	}
	return out
}
