package sqlite

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/segments"
)

const segmentColumns = `id, name, built_in, rule, members, joined, gone, refreshed_at`

func scanSegment(s scanner) (seg segments.Segment, err error) {
	err = s.Scan(&seg.ID, &seg.Name, boolIn(&seg.BuiltIn), jsonIn(&seg.Rule), &seg.Members, &seg.Joined, &seg.Gone, timeIn(&seg.RefreshedAt))
	return seg, err
}

// Segments implements segments.Reads.
func (r reads) Segments(ctx context.Context) ([]segments.Segment, error) {
	return all(ctx, r, scanSegment, `SELECT `+segmentColumns+` FROM email_segments ORDER BY built_in DESC, name`)
}

// SegmentByID implements segments.Reads.
func (r reads) SegmentByID(ctx context.Context, id segments.ID) (segments.Segment, error) {
	return one(ctx, r, scanSegment, `SELECT `+segmentColumns+` FROM email_segments WHERE id = ?`, id)
}

// SaveSegment implements segments.Tx.
func (tx *Tx) SaveSegment(ctx context.Context, s segments.Segment, at time.Time) error {
	rule, err := segments.MarshalRule(s.Rule)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO email_segments (id, name, built_in, rule, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, rule = excluded.rule, updated_at = excluded.updated_at,
			refreshed_at = CASE WHEN rule = excluded.rule THEN refreshed_at END
		WHERE name <> excluded.name OR rule <> excluded.rule`, s.ID, s.Name, s.BuiltIn, rule, ms(at), ms(at))
	return err
}

// DeleteSegment implements segments.Tx.
func (tx *Tx) DeleteSegment(ctx context.Context, id segments.ID) error {
	const op = "sqlite.DeleteSegment"
	s, err := tx.SegmentByID(ctx, id)
	if err != nil {
		return err
	}
	if s.BuiltIn {
		return &core.Error{Code: core.Conflict, Op: op, Message: "A built-in segment stays."}
	}
	name, used, err := maybe(ctx, tx, scalar[string], `SELECT name FROM admin_email_campaigns WHERE segment_id = ? AND state IN ('scheduled', 'sending') LIMIT 1`, id)
	if err != nil {
		return err
	}
	if used {
		return &core.Error{Code: core.Conflict, Op: op, Message: "The campaign “" + name + "” goes to this segment. Cancel it first, or send it to another."}
	}
	// What was sent keeps its recipients; a draft has to choose anew.
	if _, err := tx.exec(ctx, `UPDATE admin_email_campaigns SET segment_id = NULL WHERE segment_id = ?`, id); err != nil {
		return err
	}
	_, err = tx.exec(ctx, `DELETE FROM email_segments WHERE id = ?`, id)
	return err
}

// ApplyMembers implements segments.Tx.
func (tx *Tx) ApplyMembers(ctx context.Context, id segments.ID, changes []segments.Change, at time.Time) (joined, left int, err error) {
	var in, out []core.UserID
	for _, c := range changes {
		if c.In {
			in = append(in, c.User)
		} else {
			out = append(out, c.User)
		}
	}
	write := func(users []core.UserID, one, many string, args ...any) (int, error) {
		switch len(users) {
		case 0:
			return 0, nil
		case 1: // who just bought something: a list costs as much as the row
			res, err := tx.exec(ctx, one, append(args, users[0])...)
			if err != nil {
				return 0, err
			}
			return int(changed(res)), nil
		}
		list, err := jsonText(users)
		if err != nil {
			return 0, err
		}
		res, err := tx.exec(ctx, many, append(args, list)...)
		if err != nil {
			return 0, err
		}
		return int(changed(res)), nil
	}
	if joined, err = write(in, `INSERT INTO email_segment_members (segment_id, user_id, joined_at)
		SELECT s.id, u.id, ? FROM email_segments s, users u WHERE s.id = ? AND u.id = ? ON CONFLICT DO NOTHING`, `INSERT INTO email_segment_members (segment_id, user_id, joined_at)
		SELECT s.id, u.id, ? FROM (SELECT id FROM email_segments WHERE id = ?) s, json_each(?) j JOIN users u ON u.id = j.value
		WHERE true ON CONFLICT DO NOTHING`, ms(at), id); err != nil {
		return 0, 0, err
	}
	if left, err = write(out, `DELETE FROM email_segment_members WHERE segment_id = ? AND user_id = ?`,
		`DELETE FROM email_segment_members WHERE segment_id = ? AND user_id IN (SELECT value FROM json_each(?))`, id); err != nil {
		return 0, 0, err
	}
	if joined != left {
		_, err = tx.exec(ctx, `UPDATE email_segments SET members = members + ? WHERE id = ?`, joined-left, id)
	}
	return joined, left, err
}

// FinishRefresh implements segments.Tx.
func (tx *Tx) FinishRefresh(ctx context.Context, id segments.ID, joined, left int, at time.Time) error {
	_, err := tx.exec(ctx, `UPDATE email_segments SET joined = ?, gone = ?, refreshed_at = ? WHERE id = ?`, joined, left, ms(at), id)
	return err
}

// CountRule implements segments.Reads.
func (r reads) CountRule(ctx context.Context, rule segments.Rule, q segments.Query) (int, error) {
	where, args, err := compileRule(rule, q)
	if err != nil {
		return 0, err
	}
	return one(ctx, r, scalar[int], `SELECT count(*) FROM users u WHERE u.deleted_at IS NULL AND `+where, args...)
}

// SegmentChanges implements segments.Reads: one statement computes the set once
// and compares it with the members both ways.
func (r reads) SegmentChanges(ctx context.Context, id segments.ID, rule segments.Rule, q segments.Query) ([]segments.Change, error) {
	where, args, err := compileRule(rule, q)
	if err != nil {
		return nil, err
	}
	return all(ctx, r, func(s scanner) (c segments.Change, err error) {
		err = s.Scan(&c.User, boolIn(&c.In))
		return c, err
	}, wholeChanges(where), append(args, id, id)...)
}

// wholeChanges compares everybody who fits with everybody who is a member.
func wholeChanges(where string) string {
	return `WITH want AS MATERIALIZED (SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND ` + where + `)
		SELECT id, 1 FROM want WHERE id NOT IN (SELECT user_id FROM email_segment_members WHERE segment_id = ?)
		UNION ALL
		SELECT user_id, 0 FROM email_segment_members WHERE segment_id = ? AND user_id NOT IN (SELECT id FROM want)`
}

// Members implements segments.Reads.
func (r reads) Members(ctx context.Context, id segments.ID, fn func(segments.Member) bool) error {
	if _, err := r.SegmentByID(ctx, id); err != nil {
		return err
	}
	err := each(ctx, r, func(s scanner) error {
		var m segments.Member
		if err := s.Scan(&m.User, &m.Email, &m.Name, timeIn(&m.JoinedAt)); err != nil {
			return err
		}
		if !fn(m) {
			return errEnough
		}
		return nil
	}, `SELECT m.user_id, u.email, u.name, m.joined_at FROM email_segment_members m JOIN users u ON u.id = m.user_id
		WHERE m.segment_id = ? ORDER BY m.user_id`, id)
	if err == errEnough {
		return nil
	}
	return err
}

// errEnough ends an iteration whose caller has seen enough.
var errEnough = &core.Error{Code: core.Conflict, Op: "sqlite.each", Message: "enough"}

// SegmentFacts implements segments.Known: everything in one statement, because it
// runs inside a purchase, and nothing that no rule asks for.
func (r reads) SegmentFacts(ctx context.Context, users []core.UserID, q segments.Query, w segments.Wants) ([]segments.Facts, error) {
	list, err := jsonText(users)
	if err != nil {
		return nil, err
	}
	text, args := factsStatement(q, w)
	return all(ctx, r, scanFacts, text, append(args, list)...)
}

func scanFacts(s scanner) (f segments.Facts, err error) {
	var bought [][3]any
	var studio, blueprint bool
	var in string
	err = s.Scan(&f.User, boolIn(&f.Gone), &in, timeIn(&f.LastSeen), boolIn(&studio), boolIn(&blueprint), &f.CreditsUsed, boolIn(&f.BlueprintCompleted),
		timeIn(&f.LastOpened), timeIn(&f.LastClicked), jsonIn(&bought), jsonIn(&f.Tags))
	for id := range strings.FieldsSeq(in) {
		f.In = append(f.In, segments.ID(id))
	}
	f.Entitlement = "free"
	switch {
	case studio:
		f.Entitlement = "studio"
	case blueprint:
		f.Entitlement = "paid"
	}
	for _, b := range bought {
		product, _ := b[0].(string)
		source, _ := b[1].(string)
		at, _ := b[2].(float64) // exact: milliseconds stay below 2^53
		f.Purchases = append(f.Purchases, segments.Bought{Product: core.ProductID(product), Source: source, At: fromMS(int64(at))})
	}
	return f, err
}

// factsStatement asks for the facts that are wanted. What is not wanted is a
// constant, so that rules of one shape share a prepared statement.
func factsStatement(q segments.Query, w segments.Wants) (text string, args []any) {
	wanted := func(is bool, column, otherwise string, with ...any) string {
		if !is {
			return ", " + otherwise
		}
		args = append(args, with...)
		return ", " + column
	}
	const right = `EXISTS (SELECT 1 FROM subscriptions s WHERE s.user_id = u.id AND ` + holds + `)`
	now, late := ms(q.Now), ms(q.Now.Add(-q.Grace))
	text = `SELECT u.id, u.deleted_at IS NOT NULL, coalesce((SELECT group_concat(m.segment_id, ' ') FROM email_segment_members m WHERE m.user_id = u.id), ''), ` + seen +
		wanted(w.Entitlement, right, `0`, studioMembership, now, late) +
		wanted(w.Entitlement, right, `0`, paidBlueprint, now, late) +
		wanted(w.Credits, `coalesce((SELECT k.total_used FROM user_credits k WHERE k.user_id = u.id), 0)`, `0`) +
		wanted(w.Blueprint, `EXISTS (SELECT 1 FROM blueprint_subscribers b WHERE b.user_id = u.id AND b.strategy_generated = 1)`, `0`) +
		wanted(w.Mails, `(SELECT max(l.opened_at) FROM email_logs l WHERE l.user_id = u.id)`, `NULL`) +
		wanted(w.Mails, `(SELECT max(coalesce(l.last_click_at, l.clicked_at)) FROM email_logs l WHERE l.user_id = u.id)`, `NULL`) +
		wanted(w.Purchases, `(SELECT json_group_array(json_array(p.product_id, p.source, p.paid_at)) FROM stripe_payments p WHERE p.user_id = u.id AND `+kept+`)`, `'[]'`) +
		wanted(w.Tags, `(SELECT json_group_array(t.name) FROM user_tags x JOIN tags t ON t.id = x.tag_id WHERE x.user_id = u.id)`, `'[]'`) +
		` FROM json_each(?) j CROSS JOIN users u WHERE u.id = j.value`
	return text, args
}
