package sqlitetest

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Digest returns a canonical sum of the business state in the file at path, and
// the readable dump that it is the sum of. Neither depends on our own ids, on
// when something arrived, or in which order: two files that were told the same
// events have the same digest. The file may be open elsewhere.
func Digest(t testing.TB, path string) (sum, dump string) {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: "mode=ro&_busy_timeout=5000&_dqs=0"}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	d := digester{t: t, db: db, names: map[string]string{}}
	d.people()
	for _, q := range questions {
		d.section(q.title, q.text)
	}
	dump = strings.Join(d.lines, "\n") + "\n"
	b := sha256.Sum256([]byte(dump))
	return hex.EncodeToString(b[:]), dump
}

// Difference returns the lines that only one of two dumps has, "" when they are
// equal.
func Difference(a, b string) string {
	var out []string
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	count := map[string]int{}
	for _, l := range left {
		count[l]++
	}
	for _, l := range right {
		count[l]--
	}
	for line, n := range count {
		switch {
		case n > 0:
			out = append(out, fmt.Sprintf("only the first, %d times: %s", n, line))
		case n < 0:
			out = append(out, fmt.Sprintf("only the second, %d times: %s", -n, line))
		}
	}
	slices.SortFunc(out, func(x, y string) int {
		return strings.Compare(x[strings.Index(x, ": "):]+x, y[strings.Index(y, ": "):]+y)
	})
	return strings.Join(out, "\n")
}

// questions are the sections of a dump. The first column of each is a user id,
// or NULL, and is written as the account's address. Texts may hold user ids,
// too. What depends on the order of arrival is not asked for: balance_after, how
// a purchase found its account, when a row was made here, and mails that tell of
// a change, because old news is not told. What refunds and disputes took and
// gave back counts as its sum.
var questions = []struct{ title, text string }{
	{"account", `SELECT id, email_verified_at IS NOT NULL AS verified, password_hash <> '' AS password, is_admin AS admin,
		address_lost_at IS NOT NULL AS lost, deleted_at IS NOT NULL AS deleted,
		(SELECT count(*) FROM sessions s WHERE s.user_id = users.id) AS sessions FROM users`},
	{"ledger", `SELECT user_id, amount, type, idempotency_key AS key FROM credit_transactions WHERE type NOT IN ('refund', 'dispute')`},
	{"taken back", `SELECT c.user_id, sum(c.amount) AS amount, COALESCE(p.session_id, p.invoice_id, c.reference) AS "of"
		FROM credit_transactions c LEFT JOIN stripe_payments p ON p.id = c.reference WHERE c.type IN ('refund', 'dispute')
		GROUP BY c.user_id, c.reference HAVING sum(c.amount) <> 0`},
	{"balance", `SELECT user_id, balance, total_purchased AS purchased, total_used AS used FROM user_credits`},
	{"payment", `SELECT user_id, product_id AS product, session_id AS session, invoice_id AS invoice, payment_intent AS intent, charge_id AS charge,
		amount, subtotal, discount, tax, refunded, dispute, currency, live, subscription_id AS subscription FROM stripe_payments`},
	{"right", `SELECT s.user_id, s.product_type AS type, s.status, s.live, s.stripe_subscription_id AS subscription, s.current_period_start AS start,
		s.current_period_end AS "end", s.cancel_at, s.cancel_at_period_end AS at_end, s.past_due_since, s.ended_at,
		COALESCE(p.session_id, p.invoice_id) AS source FROM subscriptions s LEFT JOIN stripe_payments p ON p.id = s.source_payment_id`},
	{"refund", `SELECT p.user_id, r.refund_id AS id, r.amount, r.status FROM refunds r JOIN stripe_payments p ON p.id = r.payment_id`},
	{"dispute", `SELECT p.user_id, d.dispute_id AS id, d.amount, d.status, d.closed FROM disputes d JOIN stripe_payments p ON p.id = d.payment_id`},
	{"customer", `SELECT user_id, customer_id AS customer FROM stripe_customers`},
	{"checkout", `SELECT user_id, session_id AS session, product_id AS product, promotion, state FROM checkouts`},
	{"promotion", `SELECT user_id, code, ends_at, used_at IS NOT NULL AS used, reference FROM promotion_uses`},
	{"consent", `SELECT user_id, purpose, given FROM consents`},
	{"snapshot", `SELECT user_id, kind, id, event_id AS event FROM stripe_objects`},
	{"event", `SELECT NULL, id, type, outcome FROM webhook_events`},
	{"mail", `SELECT user_id, kind, to_key AS "to", token, business_key AS key FROM email_logs
		WHERE kind IN ('purchase', 'welcome', 'renewal') OR (kind = 'notice' AND business_key NOT LIKE '%:dispute:%')`},
	{"analytics", `SELECT user_id, name, product_id AS product, source, campaign FROM analytics_events WHERE name NOT IN ('pricing_view', 'cta_click')`},
}

type digester struct {
	t     testing.TB
	db    *sql.DB
	names map[string]string // user id to address
	lines []string
}

// people names every account by its address; one that lost it by what it holds.
func (d *digester) people() {
	d.t.Helper()
	d.each(`SELECT u.id, COALESCE(u.email_key,
		'no address, holds ' || COALESCE((SELECT min(idempotency_key) FROM credit_transactions c WHERE c.user_id = u.id AND type <> 'sign_up'), 'nothing'))
		FROM users u`, func(_ []string, row []string) { d.names[row[0]] = row[1] })
}

func (d *digester) section(title, text string) {
	d.t.Helper()
	var out []string
	d.each(text, func(columns, row []string) {
		parts := []string{title, d.name(row[0])}
		for i := 1; i < len(row); i++ {
			if row[i] != "" {
				parts = append(parts, columns[i]+"="+d.plain(row[i]))
			}
		}
		out = append(out, strings.Join(parts, " "))
	})
	slices.Sort(out)
	d.lines = append(d.lines, out...)
}

func (d *digester) name(id string) string {
	switch name, known := d.names[id]; {
	case known:
		return "<" + name + ">"
	case id == "":
		return "-"
	}
	return "<unknown " + id + ">"
}

// plain writes the accounts inside a text by their address.
func (d *digester) plain(s string) string {
	for {
		i := strings.Index(s, "usr_")
		if i < 0 {
			return s
		}
		end := i + len("usr_")
		for end < len(s) && strings.IndexByte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", s[end]) >= 0 {
			end++
		}
		s = s[:i] + d.name(s[i:end]) + s[end:]
	}
}

func (d *digester) each(text string, fn func(columns, row []string)) {
	d.t.Helper()
	rows, err := d.db.QueryContext(d.t.Context(), text)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		d.t.Fatal(err)
	}
	cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			d.t.Fatal(err)
		}
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = c.String
		}
		fn(columns, row)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
}
