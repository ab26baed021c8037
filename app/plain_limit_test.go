package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/coretest"
	"sselfie/migrations"
)

// plainWriter is the bare purchase as one would write it over database/sql: the same
// statements, prepared, on a connection of its own to a file of its own, many
// callers to a transaction with a savepoint each, and for every caller a context
// that ends. It shares nothing with the house's writer.
type plainWriter struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	queue chan plainCall
}

type plainCall struct {
	i    int64
	done chan error
}

const plainBatch = 64

// The statements of bareTransaction, in its order.
const (
	plainEvent = `INSERT INTO webhook_events (id, type, outcome, reason, error, attempts, payload, created_at, received_at, applied_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, error = excluded.error, attempts = excluded.attempts, applied_at = excluded.applied_at`
	plainUser = `INSERT INTO users (id, email, email_key, name, email_verified_at, address_lost_at, password_hash, password_set_at, is_admin, origin, last_login_at, created_at, deleted_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	plainPaymentColumns = `id, user_id, product_id, amount, subtotal, discount, tax, refunded, dispute, taken, shortfall, takes, currency, matched_by, customer_id, session_id,
		payment_intent, charge_id, invoice_id, subscription_id, checkout_id, source, campaign, link, email_log_id, live, receipt_url, paid_at, created_at`
	plainPayments = `SELECT ` + plainPaymentColumns + ` FROM stripe_payments WHERE user_id = ? ORDER BY paid_at, id`
	plainPayment  = `INSERT INTO stripe_payments (` + plainPaymentColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	plainAccount  = `SELECT balance, total_purchased, total_used FROM user_credits WHERE user_id = ?`
	plainCredit   = `INSERT INTO credit_transactions (id, user_id, amount, type, description, balance_after, idempotency_key, reference, created_at, before_seq)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT last_seq FROM user_credits WHERE user_id = ?2))`
	plainMail = `INSERT INTO email_logs (id, user_id, to_address, to_key, kind, business_key, props, token, state, next_attempt_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?) ON CONFLICT (business_key) DO NOTHING`
	plainRecall   = `UPDATE OR IGNORE email_suppressions SET address_key = ? WHERE address_key = ?`
	plainAnalytic = `INSERT INTO analytics_events (name, visitor, user_id, product_id, source, campaign, properties, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	plainKnown    = `SELECT id, type, outcome, reason, error, attempts, payload, created_at, received_at, applied_at FROM webhook_events WHERE id = ?`
)

func openPlain(b *testing.B) *plainWriter {
	b.Helper()
	path := filepath.Join(b.TempDir(), "plain.db")
	if _, err := sqlite.Up(b.Context(), sqlite.Options{Path: path, Migrations: migrations.Files}); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_busy_timeout=5000&_pragma=secure_delete(1)&_pragma=temp_store(2)")
	if err != nil {
		b.Fatal(err)
	}
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	p := &plainWriter{conn: conn, stmts: map[string]*sql.Stmt{}, queue: make(chan plainCall, 1024)}
	for _, text := range []string{
		"BEGIN IMMEDIATE", "SAVEPOINT caller", "ROLLBACK TO caller", "RELEASE caller", "COMMIT",
		plainEvent, plainUser, plainPayments, plainPayment, plainAccount, plainCredit, plainMail, plainRecall, plainAnalytic, plainKnown,
	} {
		if p.stmts[text], err = conn.PrepareContext(b.Context(), text); err != nil {
			b.Fatalf("%s: %v", text, err)
		}
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for first := range p.queue {
			p.serve(first)
		}
	}()
	b.Cleanup(func() {
		close(p.queue)
		<-stopped
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			b.Error(err)
		}
	})
	return p
}

// purchase is one caller's, durable when it returns.
func (p *plainWriter) purchase(i int64) error {
	c := plainCall{i, make(chan error, 1)}
	p.queue <- c
	return <-c.done
}

// serve runs whoever waits in one transaction.
func (p *plainWriter) serve(first plainCall) {
	batch := []plainCall{first}
	err := p.exec(context.Background(), "BEGIN IMMEDIATE")
	failed := make([]error, 0, plainBatch)
	for n := 0; n < len(batch) && err == nil; n++ {
		failed = append(failed, p.one(batch[n].i))
		for more := true; more && len(batch) < plainBatch; {
			select {
			case c, ok := <-p.queue:
				if more = ok; ok {
					batch = append(batch, c)
				}
			default:
				more = false
			}
		}
	}
	if err == nil {
		err = p.exec(context.Background(), "COMMIT")
	}
	for n, c := range batch {
		if n < len(failed) {
			c.done <- errors.Join(err, failed[n])
		} else {
			c.done <- err
		}
	}
}

func (p *plainWriter) one(i int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.exec(ctx, "SAVEPOINT caller"); err != nil {
		return err
	}
	failed := p.statements(ctx, i)
	if failed != nil {
		failed = errors.Join(failed, p.exec(context.Background(), "ROLLBACK TO caller"))
	}
	return errors.Join(failed, p.exec(context.Background(), "RELEASE caller"))
}

func (p *plainWriter) exec(ctx context.Context, text string, args ...any) error {
	_, err := p.stmts[text].ExecContext(ctx, args...)
	return err
}

// rows reads an answer to its end, into as many places as it has columns.
func (p *plainWriter) rows(ctx context.Context, text string, arg any) error {
	rows, err := p.stmts[text].QueryContext(ctx, arg)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

var plainPayload = strings.Repeat("x", 3500)

func (p *plainWriter) statements(ctx context.Context, i int64) error {
	user, email, at := fmt.Sprintf("usr_bare%08d", i), fmt.Sprintf("bare%08d@example.com", i), coretest.Start.UnixMilli()
	event := fmt.Sprintf("evt_bare%08d", i)
	if err := p.exec(ctx, plainEvent, event, "checkout.session.completed", "applied", "", "", 1, plainPayload, at, at, at); err != nil {
		return err
	}
	if err := p.exec(ctx, plainUser, user, email, email, "", nil, nil, "", nil, 0, "purchase", nil, at, nil); err != nil {
		return err
	}
	if err := p.rows(ctx, plainPayments, user); err != nil {
		return err
	}
	if err := p.exec(ctx, plainPayment, fmt.Sprintf("pay_bare%08d", i), user, "bio_glowup", 4700, 4700, 0, 0, 0, "", 0, 0, 0, "usd", "new", nil, fmt.Sprintf("cs_bare%08d", i),
		nil, nil, nil, nil, nil, "", "", "", nil, 0, "", at, at); err != nil {
		return err
	}
	if err := p.rows(ctx, plainAccount, user); err != nil {
		return err
	}
	if err := p.exec(ctx, plainCredit, fmt.Sprintf("crd_bare%08d", i), user, 25, "purchase", "Bio Glow-Up", 25, "cs:1", "", at); err != nil {
		return err
	}
	if err := p.exec(ctx, plainMail, fmt.Sprintf("eml_bare%08d", i), user, email, email, "purchase", fmt.Sprintf("purchase:bare%d", i), "{}", "", at, at); err != nil {
		return err
	}
	if err := p.exec(ctx, plainRecall, email, "sha256:"+core.EmailKey(email)); err != nil {
		return err
	}
	if err := p.exec(ctx, plainAnalytic, "purchase", "", user, "bio_glowup", "", "", "{}", at); err != nil {
		return err
	}
	return p.rows(ctx, plainKnown, event)
}
