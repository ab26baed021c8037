package sqlite

import (
	"context"
	"fmt"
	"time"

	"sselfie/core/segments"
)

// voiceInvariants are what holds of letters at any moment. A letter of a deleted
// account keeps what the figures count.
var voiceInvariants = []struct{ says, query string }{
	{"no step is written twice", `SELECT enrolment_id, count(*) || ' letters of step ' || step FROM email_logs
		WHERE enrolment_id IS NOT NULL GROUP BY enrolment_id, step HAVING count(*) > 1`},
	{"a step that was sent has its letter", `SELECT x.enrolment_id, 'step ' || x.step || ' has no letter' FROM enrolment_steps x WHERE x.outcome = 'sent'
		AND NOT EXISTS (SELECT 1 FROM email_logs l WHERE l.enrolment_id = x.enrolment_id AND l.step = x.step)`},
	{"a letter of a series has its step", `SELECT l.id, 'step ' || l.step || ' of ' || l.enrolment_id || ' is not noted as sent' FROM email_logs l WHERE l.enrolment_id IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM enrolment_steps x WHERE x.enrolment_id = l.enrolment_id AND x.step = l.step AND x.outcome = 'sent')`},
	{"a person goes through a series once at a time", `SELECT coalesce(user_id, lead_id), count(*) || ' live enrolments in ' || series FROM mini_product_upsell_sequence
		WHERE ended_at IS NULL GROUP BY coalesce(user_id, lead_id), series, product_id HAVING count(*) > 1`},
	{"nothing waits of a series that ended", `SELECT l.id, 'waits although ' || e.id || ' ended: ' || e.end_reason FROM email_logs l JOIN mini_product_upsell_sequence e ON e.id = l.enrolment_id
		WHERE l.state = 'queued' AND e.end_reason NOT IN ('', 'finished')`},
	{"a campaign writes to a customer once", `SELECT campaign_id, count(*) || ' letters to ' || user_id FROM email_logs
		WHERE campaign_id IS NOT NULL AND user_id IS NOT NULL AND variant NOT LIKE 'test%' GROUP BY campaign_id, user_id HAVING count(*) > 1`},
	{"who was written to by a campaign has its letter", `SELECT r.campaign_id, r.user_id || ' has no letter' FROM campaign_recipients r WHERE r.outcome = 'queued'
		AND NOT EXISTS (SELECT 1 FROM email_logs l WHERE l.campaign_id = r.campaign_id AND l.user_id = r.user_id)`},
	{"who was left out of a campaign got nothing", `SELECT r.campaign_id, r.user_id || ' was held out and has a letter' FROM campaign_recipients r
		JOIN email_logs l ON l.campaign_id = r.campaign_id AND l.user_id = r.user_id WHERE r.outcome = 'held_out' AND l.variant NOT LIKE 'test%'`},
	{"a letter's revenue is what its payments are worth", `SELECT l.id, 'revenue ' || l.revenue || ', payments ' || coalesce(p.worth, 0) FROM email_logs l LEFT JOIN (
		SELECT p.email_log_id, sum(CASE p.dispute WHEN 'lost' THEN 0 ELSE p.amount - p.refunded END) AS worth, max(` + kept + `) AS kept
		FROM stripe_payments p WHERE p.email_log_id IS NOT NULL GROUP BY p.email_log_id) p ON p.email_log_id = l.id
		WHERE (l.revenue <> 0 OR l.converted = 1 OR p.worth IS NOT NULL) AND (l.revenue <> coalesce(p.worth, 0) OR l.converted <> coalesce(p.kept, 0))`},
	{"a segment counts its members", `SELECT s.id, 'counts ' || s.members || ', has ' || coalesce(m.n, 0) FROM email_segments s LEFT JOIN (
		SELECT segment_id, count(*) AS n FROM email_segment_members GROUP BY segment_id) m ON m.segment_id = s.id WHERE s.members <> coalesce(m.n, 0)`},
	{"who was deleted is in no segment", `SELECT m.user_id, 'is in ' || m.segment_id FROM email_segment_members m JOIN users u ON u.id = m.user_id WHERE u.deleted_at IS NOT NULL`},
}

// VerifyVoice checks what must hold of letters, series, campaigns and segments.
//
// Members follow purchases and memberships in the same transaction, and the clock
// at each refresh. So of a rule that asks for nothing else they are right when the
// rule says the same at the last refresh or now; in between it may have changed
// its mind, and nobody looked. Rules about opens, clicks, visits, credits used,
// tags and the blueprint follow a little later, and are not judged.
func (v View) VerifyVoice(ctx context.Context, q segments.Query) ([]Finding, error) {
	var out []Finding
	for _, c := range voiceInvariants {
		found, err := v.findings(ctx, c.says, c.query+` LIMIT 0 + ?`, mostFindings)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	list, err := v.Segments(ctx)
	if err != nil {
		return nil, err
	}
	for _, seg := range list {
		if seg.RefreshedAt.IsZero() || !seg.Rule.Followed() {
			continue
		}
		found, err := v.wrongMembers(ctx, seg, q)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func (v View) findings(ctx context.Context, says, query string, args ...any) ([]Finding, error) {
	found, err := all(ctx, v, func(s scanner) (f Finding, err error) {
		err = s.Scan(&f.Subject, &f.Detail)
		f.Invariant = says
		return f, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("checking that %s: %w", says, err)
	}
	return found, nil
}

// wrongMembers returns who is a member although the rule never fits, or is none
// although it always fits, at the last refresh and now.
func (v View) wrongMembers(ctx context.Context, seg segments.Segment, q segments.Query) ([]Finding, error) {
	var says []string
	args := []any{seg.ID}
	for _, at := range []time.Time{seg.RefreshedAt, q.Now} {
		where, with, err := compileRule(seg.Rule, segments.Query{Now: at, Grace: q.Grace})
		if err != nil {
			return nil, err
		}
		says, args = append(says, where), append(args, with...)
	}
	args = append(args, seg.ID, mostFindings)
	return v.findings(ctx, "a segment's members are those who fit its rule", `SELECT id, CASE here WHEN 1 THEN 'does not fit and is in ' ELSE 'fits and is not in ' END || ? FROM (
		SELECT u.id, (u.deleted_at IS NULL AND `+says[0]+`) AS then_, (u.deleted_at IS NULL AND `+says[1]+`) AS now_,
		u.id IN (SELECT user_id FROM email_segment_members WHERE segment_id = ?) AS here FROM users u) WHERE then_ = now_ AND now_ <> here LIMIT 0 + ?`, args...)
}
