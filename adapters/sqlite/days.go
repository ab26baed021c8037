package sqlite

import (
	"context"
	"time"
)

// Figures of payments are kept by day, because a year of a large shop takes too
// long to add up while somebody waits. payments_by_day only spares work: what it
// does not have of a period (the parts of days at both ends, today, a day whose
// payment was refunded since) is added up from the payments themselves, so a
// figure is right whether a day is kept or not.

// paidBetween begins a statement with paid: revenue, payments and refunded of ?1
// to ?2, by day or by payment. days are those between, and pieces of days.
const paidBetween = `WITH RECURSIVE span (a, z) AS (SELECT max(?1, (SELECT min(paid_at) FROM stripe_payments)), min(?2, (SELECT max(paid_at) FROM stripe_payments) + 1)),
		days (a, b) AS (SELECT a, min(z, (a / 86400000 + 1) * 86400000) FROM span WHERE a < z
			UNION ALL SELECT b, min(z, b + 86400000) FROM days, span WHERE b < z),
		paid AS (SELECT d.revenue, d.payments, d.refunded FROM days CROSS JOIN payments_by_day d ON d.day = a / 86400000 WHERE b - a = 86400000
			UNION ALL
			SELECT ` + paymentFigures + ` FROM days CROSS JOIN stripe_payments INDEXED BY stripe_payments_paid
			WHERE NOT (b - a = 86400000 AND EXISTS (SELECT 1 FROM payments_by_day WHERE day = a / 86400000)) AND paid_at >= a AND paid_at < b)`

// paymentFigures is what one payment adds to revenue, payments and refunded. A
// payment of nothing is none.
const paymentFigures = `CASE WHEN dispute <> 'lost' THEN amount - stripe_payments.refunded ELSE 0 END, amount > 0, amount > 0 AND (stripe_payments.refunded > 0 OR dispute = 'lost')`

// KeepDays keeps up to limit more days of payments that were over at now, and
// returns how many.
func (tx *Tx) KeepDays(ctx context.Context, now time.Time, limit int) (int, error) {
	res, err := tx.exec(ctx, `WITH RECURSIVE days (day) AS (SELECT min(paid_at) / 86400000 FROM stripe_payments
			UNION ALL SELECT day + 1 FROM days WHERE day + 1 < ?1 / 86400000),
		missing AS MATERIALIZED (SELECT day FROM days WHERE day < ?1 / 86400000 AND day NOT IN (SELECT day FROM payments_by_day) LIMIT 0 + ?2)
		INSERT INTO payments_by_day (day, revenue, payments, refunded)
		SELECT day, COALESCE(sum(r), 0), COALESCE(sum(n), 0), COALESCE(sum(b), 0) FROM (
			SELECT day, 0 AS r, 0 AS n, 0 AS b FROM missing
			UNION ALL SELECT day, `+paymentFigures+` FROM missing CROSS JOIN stripe_payments INDEXED BY stripe_payments_paid
			WHERE paid_at >= day * 86400000 AND paid_at < (day + 1) * 86400000) GROUP BY day`, ms(now), limit)
	if err != nil {
		return 0, err
	}
	return int(changed(res)), nil
}
