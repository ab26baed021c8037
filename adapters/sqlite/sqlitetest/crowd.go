package sqlitetest

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/migrations"
)

// crowds is where the large files lie between two runs.
var crowds = flag.String("crowds", "", "a folder in which the shops of the benchmarks are kept between runs; without it each is made anew")

// Crowd writes the database of a shop with many customers to path, as of now:
// three purchases for two of them, with events, credits and mails; every
// twentieth a member; everybody in a series, a tenth of them due.
func Crowd(t testing.TB, path string, users int, now time.Time) {
	t.Helper()
	if err := crowd(t.Context(), path, users, now); err != nil {
		t.Fatal(err)
	}
}

func crowd(ctx context.Context, path string, users int, now time.Time) error {
	if *crowds == "" {
		return makeCrowd(ctx, path, users, now)
	}
	kept := filepath.Join(*crowds, fmt.Sprintf("%d-%d.db", users, now.UnixMilli()))
	if _, err := os.Stat(kept); err != nil {
		if err := makeCrowd(ctx, kept+".part", users, now); err != nil {
			return err
		}
		if err := os.Rename(kept+".part", kept); err != nil {
			return err
		}
	}
	from, err := os.Open(kept)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.Close()
}

// makeCrowd fills the tables first and builds indexes and triggers afterwards,
// without a journal: a million customers in about a minute.
func makeCrowd(ctx context.Context, path string, users int, now time.Time) error {
	if _, err := sqlite.Up(ctx, sqlite.Options{Path: path, Migrations: migrations.Files}); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{"journal_mode = OFF", "synchronous = OFF", "cache_size = -200000", "temp_store = MEMORY", "foreign_keys = OFF"} {
		if _, err := db.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	later, err := lift(ctx, db)
	if err != nil {
		return err
	}
	at := now.UnixMilli()
	for _, text := range append(population, later...) {
		var args []any
		switch n := countParams(text); n {
		case 2:
			args = []any{users, at}
		case 1:
			args = []any{users}
		}
		if _, err := db.ExecContext(ctx, text, args...); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	// No ANALYZE: nothing runs it in production either.
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}

func countParams(text string) int {
	n := 0
	for i := range len(text) - 1 {
		if text[i] == '?' && text[i+1] >= '1' && text[i+1] <= '2' {
			n = max(n, int(text[i+1]-'0'))
		}
	}
	return n
}

// lift takes indexes and triggers off and returns what puts them back.
func lift(ctx context.Context, db *sql.DB) (later []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type`)
	if err != nil {
		return nil, err
	}
	var drop []string
	for rows.Next() {
		var kind, name, text string
		if err := rows.Scan(&kind, &name, &text); err != nil {
			return nil, err
		}
		drop = append(drop, "DROP "+kind+" "+name)
		later = append(later, text)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for _, text := range drop {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return later, nil
}

// population is the crowd: ?1 customers as of ?2.
var population = []string{
	`INSERT INTO users (id, email, email_key, name, origin, created_at, last_seen_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
		SELECT printf('usr_%08d', i), printf('u%d@x.org', i), printf('u%d@x.org', i), 'Somebody ' || i, 'purchase', ?2 - 86400000 * (i % 300), ?2 - 86400000 * (i % 97) FROM n`,
	`INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, currency, matched_by, session_id, payment_intent, source, live, paid_at, created_at)
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * 3 / 2)
		SELECT printf('pay_%08d', i), printf('usr_%08d', i % ?1), CASE i % 7 WHEN 0 THEN 'one_time_session' WHEN 1 THEN 'brand_blueprint_paid' WHEN 2 THEN 'bio_glowup' WHEN 3 THEN 'nine_post_feed'
		WHEN 4 THEN 'rebrand_reset' WHEN 5 THEN 'credits_100' ELSE 'credits_200' END, 4700, 4700, 'usd', 'new', printf('cs_%08d', i), printf('pi_%08d', i), 'instagram', 0, ?2 - 86400000 * (i % 300), ?2 FROM n`,
	`INSERT INTO user_credits (user_id, balance, total_purchased, total_used, updated_at, last_seq)
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
		SELECT printf('usr_%08d', i), CASE WHEN i < ?1 / 2 THEN 50 ELSE 25 END, CASE WHEN i < ?1 / 2 THEN 50 ELSE 25 END, 0, ?2, i + 1 + CASE WHEN i < ?1 / 2 THEN ?1 ELSE 0 END FROM n`,
	`INSERT INTO credit_transactions (seq, before_seq, id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at)
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * 3 / 2)
		SELECT i + 1, CASE WHEN i >= ?1 THEN i + 1 - ?1 END, printf('crd_%08d', i), printf('usr_%08d', i % ?1), 25, 'purchase', 'Bio Glow-Up', CASE WHEN i >= ?1 THEN 50 ELSE 25 END, printf('cs:cs_%08d', i), printf('pay_%08d', i), ?2 FROM n`,
	`INSERT INTO webhook_events (id, type, outcome, payload, created_at, received_at, applied_at)
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 * 3 / 2)
		SELECT printf('evt_%08d', i), 'checkout.session.completed', 'applied', '', ?2 - 86400000 * (i % 300), ?2 - 86400000 * (i % 300), ?2 - 86400000 * (i % 300) FROM n`,
	`INSERT INTO email_logs (id, user_id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at, sent_at)
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
		SELECT printf('eml_%08d', i), printf('usr_%08d', i), printf('u%d@x.org', i), printf('u%d@x.org', i), 'purchase', printf('purchase:pay_%08d', i), '{}', 'sent',
		?2 - 86400000 * (i % 300), ?2 - 86400000 * (i % 300), ?2 - 86400000 * (i % 300) FROM n`,
	`INSERT INTO subscriptions (id, user_id, product_type, status, live, created_at, updated_at)
		SELECT 'sub_' || id, id, 'sselfie_studio_membership', 'active', 1, ?2 - 86400000 * (rowid / 20 % 300), ?2 FROM users WHERE rowid % 20 = 0 AND ?1 > 0`,
	`INSERT INTO mini_product_upsell_sequence (id, series, user_id, product_id, basis, anchor_at, bought_at, due_at, created_at)
		SELECT 'enr_' || substr(id, 5), 'mini-product', id, 'bio_glowup', 'own_products', ?2 - 3 * 86400000, ?2 - 3 * 86400000, CASE WHEN rowid % 10 = 1 THEN ?2 - 1000 ELSE ?2 + 86400000 END, ?2 FROM users WHERE ?1 > 0`,
}
