package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The overview says of any period what the payments themselves add up to,
// whichever days are kept: with refunds, lost and won disputes, payments that
// are told late, and such as are deleted.
func TestKeptDaysSayWhatThePaymentsSay(t *testing.T) {
	const day = 24 * time.Hour
	db, rnd := openDesk(t), rand.New(rand.NewPCG(8, 8))
	start := time.UnixMilli(1_772_539_200_000).UTC()
	now, n, ranges := start, 0, 0
	var failed error
	change := func(ctx context.Context, tx *Tx, text string, args ...any) {
		if _, err := tx.exec(ctx, text, args...); err != nil {
			failed = err
		}
	}
	some := func(most int) string { return fmt.Sprint("pay_", rnd.IntN(most)) }
	for round := range 120 {
		now = now.Add(time.Duration(rnd.Int64N(int64(2 * day))))
		if err := db.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
			if round == 0 {
				change(ctx, tx, `INSERT INTO users (id, created_at) VALUES ('u', 1)`)
			}
			for range 10 {
				at := now
				if rnd.IntN(5) == 0 { // late, or to the millisecond at midnight
					at = start.Add(time.Duration(rnd.Int64N(int64(now.Sub(start)) + 1))).Truncate([]time.Duration{time.Millisecond, day}[rnd.IntN(2)])
				}
				change(ctx, tx, `INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, currency, matched_by, session_id, live, paid_at, created_at)
					VALUES (?1, 'u', 'bio_glowup', ?2, ?2, 'usd', 'new', ?1, 0, ?3, ?3)`, fmt.Sprint("pay_", n), rnd.IntN(3)*2300, ms(at))
				n++
			}
			change(ctx, tx, `UPDATE stripe_payments SET refunded = amount WHERE id = ?`, some(n))
			change(ctx, tx, `UPDATE stripe_payments SET refunded = amount / 2 WHERE id = ?`, some(n))
			change(ctx, tx, `UPDATE stripe_payments SET dispute = ? WHERE id = ?`, []string{"open", "lost", "won"}[rnd.IntN(3)], some(n))
			if rnd.IntN(4) == 0 {
				change(ctx, tx, `DELETE FROM stripe_payments WHERE id = ?`, some(n))
				change(ctx, tx, `UPDATE stripe_payments SET paid_at = ? WHERE id = ?`, ms(start), some(n))
			}
			if failed == nil && rnd.IntN(2) == 0 { // the job comes now and then, and may be cut off
				_, err := tx.KeepDays(ctx, now, rnd.IntN(40))
				return err
			}
			return failed
		}); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			from := start.Add(-3 * day).Add(time.Duration(rnd.Int64N(int64(now.Sub(start)) + int64(6*day))))
			to := from.Add(time.Duration(rnd.Int64N(int64(60 * day))))
			if rnd.IntN(3) == 0 {
				from, to = from.Truncate(day), to.Truncate(day)
			}
			if rnd.IntN(10) == 0 {
				from, to = time.UnixMilli(0), now.AddDate(50, 0, 0)
			}
			same(t, db, from, to)
			ranges++
		}
	}
	kept, err := db.plainInt(t, `SELECT count(*) FROM payments_by_day`)
	if err != nil || kept < 20 || ranges == 0 {
		t.Errorf("%d days were kept: %v", kept, err)
	}
	if err := db.Update(t.Context(), func(ctx context.Context, tx *Tx) error {
		for {
			if k, err := tx.KeepDays(ctx, now, 7); err != nil || k == 0 {
				return err
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if today, err := db.plainInt(t, `SELECT count(*) FROM payments_by_day WHERE day >= ?`, ms(now)/day.Milliseconds()); err != nil || today != 0 {
		t.Errorf("a day that goes on is kept (%v)", err)
	}
	same(t, db, start, now)
}

func (db *DB) plainInt(t *testing.T, text string, args ...any) (int64, error) {
	t.Helper()
	return one(t.Context(), db, scalar[int64], text, args...)
}

func same(t *testing.T, db *DB, from, to time.Time) {
	t.Helper()
	type sums struct {
		revenue            int64
		payments, refunded int
	}
	want, err := one(t.Context(), db, func(s scanner) (w sums, err error) {
		err = s.Scan(&w.revenue, &w.payments, &w.refunded)
		return w, err
	}, `SELECT COALESCE(sum(amount - refunded) FILTER (WHERE dispute <> 'lost'), 0), count(*) FILTER (WHERE amount > 0), count(*) FILTER (WHERE amount > 0 AND (refunded > 0 OR dispute = 'lost'))
		FROM stripe_payments WHERE paid_at >= ? AND paid_at < ?`, ms(from), ms(to))
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Counts(t.Context(), from, to, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got := (sums{c.Revenue, c.Payments, c.Refunded}); got != want {
		t.Fatalf("%v to %v: %+v, want %+v", from, to, got, want)
	}
	if got, err := db.RevenueBetween(t.Context(), from, to); err != nil || got != want.revenue {
		t.Fatalf("%v to %v: revenue %d, want %d: %v", from, to, got, want.revenue, err)
	}
}
