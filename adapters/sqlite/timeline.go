package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/admin"
)

// mostMoments bounds what one part of a time line shows.
const mostMoments = 5000

// Moments returns what happened to a customer, part by part: it looks at what
// is kept of everything else and keeps nothing of its own.
func (r reads) Moments(ctx context.Context, user core.UserID) ([]admin.Moment, error) {
	var out []admin.Moment
	for _, part := range moments {
		found, err := all(ctx, r, func(s scanner) (admin.Moment, error) {
			m := admin.Moment{Kind: part.kind}
			err := s.Scan(timeIn(&m.At), &m.Title, &m.Detail, &m.Why, &m.Ref, &m.Product)
			return m, err
		}, part.query+` LIMIT 0 + ?2`, user, mostMoments)
		if err != nil {
			return nil, fmt.Errorf("the time line's part %s: %w", part.kind, err)
		}
		out = append(out, found...)
	}
	reports, err := r.reports(ctx, user)
	if err != nil {
		return nil, err
	}
	out = append(out, reports...)
	if len(out) == 0 {
		return nil, nil
	}
	first, last := out[0].At, out[0].At
	for _, m := range out {
		if m.At.Before(first) {
			first = m.At
		}
		if m.At.After(last) {
			last = m.At
		}
	}
	runs, err := r.busyRuns(ctx, first, last)
	return append(out, runs...), err
}

const amountText = `printf('%s %d.%02d', upper(currency), amount / 100, amount % 100)`

// moments are the parts that one statement each can tell: time, title, detail,
// reason, reference and product. ?1 is the customer.
var moments = []struct{ kind, query string }{
	{admin.KindAccount, `SELECT created_at, 'The account begins', '', replace(origin, '_', ' '), id, '' FROM users WHERE id = ?1
		UNION ALL SELECT email_verified_at, 'The address is proven', '', '', id, '' FROM users WHERE id = ?1 AND email_verified_at IS NOT NULL
		UNION ALL SELECT unsubscribed_at, 'Unsubscribed', '', '', id, '' FROM users WHERE id = ?1 AND unsubscribed_at IS NOT NULL
		UNION ALL SELECT deleted_at, 'The account is erased', '', '', id, '' FROM users WHERE id = ?1 AND deleted_at IS NOT NULL`},
	{admin.KindCredits, linesOf + `?1` + allBack + `SELECT created_at, printf('%+d credits', amount), printf('%d after it', balance_after), description || CASE reference WHEN '' THEN '' ELSE ', ' || reference END, id, ''
		FROM own_lines JOIN credit_transactions USING (seq) ORDER BY seq`},
	{admin.KindPayment, `SELECT paid_at, 'Paid for', ` + amountText + ` || CASE discount WHEN 0 THEN '' ELSE printf(', discount %d.%02d', discount / 100, discount % 100) END,
		CASE matched_by WHEN 'new' THEN 'a new account for a new address' ELSE 'matched by ' || replace(matched_by, '_', ' ') END || CASE WHEN email_log_id IS NULL THEN '' ELSE ', led there by mail ' || email_log_id END, id, product_id FROM stripe_payments WHERE user_id = ?1
		UNION ALL SELECT r.event_at, 'Refund ' || r.status, printf('%s %d.%02d', upper(r.currency), r.amount / 100, r.amount % 100), 'of ' || r.payment_id, r.refund_id, ''
			FROM refunds r JOIN stripe_payments p ON p.id = r.payment_id WHERE p.user_id = ?1
		UNION ALL SELECT d.event_at, 'Dispute ' || replace(d.status, '_', ' '), printf('%s %d.%02d', upper(d.currency), d.amount / 100, d.amount % 100), d.reason, d.dispute_id, ''
			FROM disputes d JOIN stripe_payments p ON p.id = d.payment_id WHERE p.user_id = ?1`},
	// Reports are emptied after a while; what they came to is kept.
	{admin.KindPayment, `SELECT event_at, 'Given back', printf('%s %d.%02d in all, of %d.%02d', upper(snapshot ->> 'currency'),
			(snapshot ->> 'refunded') / 100, (snapshot ->> 'refunded') % 100, (snapshot ->> 'amount') / 100, (snapshot ->> 'amount') % 100), 'of the charge ' || id, id, ''
		FROM stripe_objects WHERE user_id = ?1 AND +kind = 'charge' AND snapshot ->> 'refunded' > 0`},
	{admin.KindMembership, `SELECT created_at, 'Studio begins', '', '', stripe_subscription_id, '' FROM subscriptions WHERE user_id = ?1 AND stripe_subscription_id IS NOT NULL
		UNION ALL SELECT ended_at, 'Studio has ended', '', '', stripe_subscription_id, '' FROM subscriptions WHERE user_id = ?1 AND stripe_subscription_id IS NOT NULL AND ended_at IS NOT NULL`},
	{admin.KindSegment, `SELECT m.joined_at, 'Joins ' || s.name, '', 'the rule says so', s.id, ''
		FROM email_segment_members m JOIN email_segments s ON s.id = m.segment_id WHERE m.user_id = ?1`},
	{admin.KindSequence, `SELECT created_at, 'Enters the series ' || series, '', 'basis: ' || replace(basis, '_', ' '), id, product_id FROM mini_product_upsell_sequence WHERE user_id = ?1
		UNION ALL SELECT ended_at, 'Leaves the series ' || series, '', end_reason, id, product_id FROM mini_product_upsell_sequence WHERE user_id = ?1 AND ended_at IS NOT NULL
		UNION ALL SELECT h.at, 'Step ' || h.step || ' of ' || e.series || ' ' || h.outcome, '', h.reason, e.id, e.product_id
			FROM enrolment_steps h JOIN mini_product_upsell_sequence e ON e.id = h.enrolment_id WHERE e.user_id = ?1`},
	{admin.KindMail, `SELECT COALESCE(sent_at, created_at), replace(kind, '_', ' ') || ' mail ' || state, subject || CASE error WHEN '' THEN '' ELSE ' (' || error || ')' END,
			CASE reason WHEN '' THEN 'because of ' || replace(business_key, kind || ':' || user_id || ':', '') ELSE reason END, id, '' FROM email_logs WHERE user_id = ?1
		UNION ALL SELECT opened_at, 'Opened the ' || replace(kind, '_', ' ') || ' mail', subject, '', id, '' FROM email_logs WHERE user_id = ?1 AND opened_at IS NOT NULL
		UNION ALL SELECT clicked_at, 'Clicked in the ' || replace(kind, '_', ' ') || ' mail', subject, '', id, '' FROM email_logs WHERE user_id = ?1 AND clicked_at IS NOT NULL
		UNION ALL SELECT r.at, CASE r.outcome WHEN 'held_out' THEN 'Left out of' ELSE 'Does not get' END || ' the campaign ' || c.name, c.subject, r.reason, c.id, ''
			FROM campaign_recipients r JOIN admin_email_campaigns c ON c.id = r.campaign_id WHERE r.user_id = ?1 AND (r.outcome = 'skipped' OR r.outcome = 'held_out')`},
}

// reports tells what Stripe reported of a customer, and the states that her
// memberships went through by it.
func (r reads) reports(ctx context.Context, user core.UserID) ([]admin.Moment, error) {
	events, err := r.EventsOf(ctx, user, mostMoments)
	if err != nil {
		return nil, err
	}
	var out []admin.Moment
	for _, e := range events {
		why := string(e.Outcome)
		if e.Reason != "" {
			why += ": " + e.Reason
		}
		out = append(out, admin.Moment{At: e.At, Kind: admin.KindEvent, Title: e.Type, Why: why, Ref: string(e.ID)})
		if !strings.HasPrefix(e.Type, "customer.subscription.") || e.Outcome != "applied" {
			continue
		}
		m, err := one(ctx, r, func(s scanner) (m admin.Moment, err error) {
			var status string
			var ending bool
			var at time.Time
			err = s.Scan(&m.Ref, &status, boolIn(&ending), timeIn(&at))
			m.Title = "Studio is " + strings.ReplaceAll(status, "_", " ")
			if ending {
				m.Detail = "cancelled"
			}
			if !at.IsZero() {
				m.Detail = "cancelled for " + at.Format("2006-01-02")
			}
			return m, err
		}, `SELECT json_extract(payload, '$.data.object.id'), json_extract(payload, '$.data.object.status'),
			COALESCE(json_extract(payload, '$.data.object.cancel_at_period_end'), 0), json_extract(payload, '$.data.object.cancel_at') * 1000
			FROM webhook_events WHERE id = ?`, e.ID)
		if err != nil {
			return nil, err
		}
		m.At, m.Kind, m.Why = e.At, admin.KindMembership, e.Type
		out = append(out, m)
	}
	return out, nil
}

// busyRuns returns the runs of jobs that did something, or failed, between two
// times. Those that only keep the house in order are nobody's life.
func (r reads) busyRuns(ctx context.Context, from, to time.Time) ([]admin.Moment, error) {
	return all(ctx, r, func(s scanner) (admin.Moment, error) {
		m := admin.Moment{Kind: admin.KindJob}
		err := s.Scan(timeIn(&m.At), &m.Title, &m.Detail, &m.Why)
		return m, err
	}, `SELECT started_at, 'The job ' || job || CASE error WHEN '' THEN ' ran' ELSE ' failed' END,
		printf('%d done, %d passed over, %d failed', processed, skipped, failed) || CASE error WHEN '' THEN '' ELSE ': ' || error END,
		CASE trigger WHEN 'hand' THEN 'run by hand' ELSE 'its time had come: ' || strftime('%Y-%m-%d %H:%M', scheduled_for / 1000, 'unixepoch') END
		FROM job_runs WHERE job NOT IN ('backup', 'housekeeping') AND started_at BETWEEN ? AND ? AND (processed > 0 OR failed > 0 OR error <> '') ORDER BY started_at LIMIT 0 + ?`, ms(from), ms(to), mostMoments)
}
