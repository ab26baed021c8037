package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/campaigns"
)

const campaignColumns = `id, name, subject, subject_b, preheader, body, action, path, topic, segment_id, state, send_at, zone,
	hold_out, test_share, test_hours, goal, winner, winner_why, drawn, started_at, finished_at, missed_at`

func scanCampaign(s scanner) (c campaigns.Campaign, err error) {
	err = s.Scan(&c.ID, &c.Name, &c.Subject, &c.SubjectB, &c.Preheader, &c.Body, &c.Action, &c.Path, &c.Topic, textIn(&c.Segment), &c.State, timeIn(&c.SendAt), &c.Zone,
		&c.HoldOut, &c.TestShare, &c.TestHours, &c.Goal, &c.Winner, &c.WinnerWhy, boolIn(&c.Drawn), timeIn(&c.StartedAt), timeIn(&c.FinishedAt), timeIn(&c.MissedAt))
	if !c.MissedAt.IsZero() {
		c.State = campaigns.Missed // kept as the draft that it is again
	}
	return c, err
}

// CampaignByID implements campaigns.Reads.
func (r reads) CampaignByID(ctx context.Context, id string) (campaigns.Campaign, error) {
	return one(ctx, r, scanCampaign, `SELECT `+campaignColumns+` FROM admin_email_campaigns WHERE id = ?`, id)
}

// Campaigns implements campaigns.Reads, the newest first.
func (r reads) Campaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return all(ctx, r, scanCampaign, `SELECT `+campaignColumns+` FROM admin_email_campaigns ORDER BY created_at DESC, id DESC`)
}

// OpenCampaigns implements campaigns.Reads.
func (r reads) OpenCampaigns(ctx context.Context, now time.Time) ([]campaigns.Campaign, error) {
	return all(ctx, r, scanCampaign, `SELECT `+campaignColumns+` FROM admin_email_campaigns
		WHERE state IN ('scheduled', 'sending') AND (state = 'sending' OR send_at <= ?) ORDER BY send_at, id`, ms(now))
}

// MissedCampaigns implements campaigns.Reads.
func (r reads) MissedCampaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return all(ctx, r, scanCampaign, `SELECT `+campaignColumns+` FROM admin_email_campaigns WHERE missed_at IS NOT NULL ORDER BY missed_at DESC, id`)
}

// SegmentExists implements campaigns.Reads.
func (r reads) SegmentExists(ctx context.Context, id string) (bool, error) {
	return one(ctx, r, scalar[bool], `SELECT EXISTS (SELECT 1 FROM email_segments WHERE id = ?)`, id)
}

// SaveCampaign implements campaigns.Tx.
func (tx *Tx) SaveCampaign(ctx context.Context, c campaigns.Campaign, at time.Time) error {
	if c.Goal == "" {
		c.Goal = campaigns.Clicks
	}
	if c.Zone == "" {
		c.Zone = "UTC"
	}
	state := c.State
	if state == campaigns.Missed {
		state = campaigns.Draft
	}
	_, err := tx.exec(ctx, `INSERT INTO admin_email_campaigns (`+campaignColumns+`, created_at, updated_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?24)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, subject = excluded.subject, subject_b = excluded.subject_b, preheader = excluded.preheader,
		body = excluded.body, action = excluded.action, path = excluded.path, topic = excluded.topic, segment_id = excluded.segment_id, state = excluded.state,
		send_at = excluded.send_at, zone = excluded.zone, hold_out = excluded.hold_out, test_share = excluded.test_share, test_hours = excluded.test_hours,
		goal = excluded.goal, winner = excluded.winner, winner_why = excluded.winner_why, drawn = excluded.drawn, started_at = excluded.started_at,
		finished_at = excluded.finished_at, missed_at = excluded.missed_at, updated_at = excluded.updated_at`,
		c.ID, c.Name, c.Subject, c.SubjectB, c.Preheader, c.Body, c.Action, c.Path, c.Topic, textOrNull(c.Segment), state, msOrNull(c.SendAt), c.Zone,
		c.HoldOut, c.TestShare, c.TestHours, c.Goal, c.Winner, c.WinnerWhy, c.Drawn, msOrNull(c.StartedAt), msOrNull(c.FinishedAt), msOrNull(c.MissedAt), ms(at))
	return err
}

// UndrawnMembers implements campaigns.Tx.
func (r reads) UndrawnMembers(ctx context.Context, c campaigns.Campaign, limit int) ([]core.UserID, error) {
	return all(ctx, r, scalar[core.UserID], `SELECT user_id FROM email_segment_members WHERE segment_id = ?1
		AND user_id > coalesce((SELECT max(user_id) FROM campaign_recipients WHERE campaign_id = ?2), '') ORDER BY user_id LIMIT 0 + ?3`, c.Segment, c.ID, limit)
}

// DrawRecipients implements campaigns.Tx.
func (tx *Tx) DrawRecipients(ctx context.Context, c campaigns.Campaign, parts map[core.UserID]campaigns.Part, at time.Time) error {
	rows := make([][2]string, 0, len(parts))
	for user, part := range parts {
		rows = append(rows, [2]string{string(user), string(part)})
	}
	list, err := jsonText(rows)
	if err != nil {
		return err
	}
	rest := at // who waits for the better subject is not looked at before it is known
	if c.SubjectB != "" {
		rest = c.StartedAt.Add(time.Duration(c.TestHours) * time.Hour)
	}
	_, err = tx.exec(ctx, `INSERT INTO campaign_recipients (campaign_id, user_id, part, outcome, at)
		SELECT ?, j.value ->> 0, j.value ->> 1, 'waiting', CASE j.value ->> 1 WHEN 'rest' THEN ? ELSE ? END FROM json_each(?) j WHERE true ON CONFLICT DO NOTHING`,
		c.ID, ms(rest), ms(at), list)
	return err
}

// ClaimRecipients implements campaigns.Tx.
func (r reads) ClaimRecipients(ctx context.Context, c campaigns.Campaign, parts []campaigns.Part, now time.Time, limit int) ([]campaigns.Recipient, error) {
	list, err := jsonText(parts)
	if err != nil {
		return nil, err
	}
	return all(ctx, r, func(s scanner) (p campaigns.Recipient, err error) {
		var reasons string
		var off bool
		err = s.Scan(&p.User, &p.Part, &p.To, &p.Key, boolIn(&p.Gone), boolIn(&off), boolIn(&p.Refused), boolIn(&p.Left), textIn(&reasons), boolIn(&p.Pending), timeIn(&p.LastMarketing))
		p.Listed = off || reasons != ""
		return p, err
	}, `WITH k AS (SELECT c.user_id, c.part, u.email AS address, coalesce(u.email_key, '') AS key, u.deleted_at, u.unsubscribed_at
			FROM campaign_recipients c JOIN users u ON u.id = c.user_id
			WHERE c.campaign_id = ? AND c.outcome = 'waiting' AND c.at <= ? AND c.part IN (SELECT value FROM json_each(?)) ORDER BY c.at, c.user_id LIMIT 0 + ?)
		SELECT k.user_id, k.part, k.address, k.key, k.deleted_at IS NOT NULL OR k.key = '', k.unsubscribed_at IS NOT NULL,
		CASE ? WHEN 'newsletter' THEN EXISTS (SELECT 1 FROM mail_preferences x WHERE x.address_key = k.key AND x.newsletter = 0)
			ELSE EXISTS (SELECT 1 FROM mail_preferences x WHERE x.address_key = k.key AND x.offers = 0) END,
		NOT EXISTS (SELECT 1 FROM email_segment_members m WHERE m.segment_id = ? AND m.user_id = k.user_id),`+addressFacts+` FROM k`,
		c.ID, ms(now), list, limit, c.Topic, c.Segment)
}

// SettleRecipient implements campaigns.Tx.
func (tx *Tx) SettleRecipient(ctx context.Context, id campaigns.ID, user core.UserID, outcome, why string, at time.Time) error {
	_, err := tx.exec(ctx, `UPDATE campaign_recipients SET outcome = ?, reason = ?, at = ? WHERE campaign_id = ? AND user_id = ? AND outcome = 'waiting'`, outcome, why, ms(at), id, user)
	return err
}

// WaitingRecipients implements campaigns.Tx.
func (r reads) WaitingRecipients(ctx context.Context, id campaigns.ID) (int, error) {
	return one(ctx, r, scalar[int], `SELECT count(*) FROM campaign_recipients INDEXED BY campaign_recipients_waiting WHERE campaign_id = ? AND outcome = 'waiting'`, id)
}

// SubjectResults implements campaigns.Tx.
func (r reads) SubjectResults(ctx context.Context, id campaigns.ID) (a, b campaigns.Result, err error) {
	err = each(ctx, r, func(s scanner) error {
		var variant string
		var res campaigns.Result
		if err := s.Scan(&variant, &res.Sent, &res.Clicked, &res.Converted); err != nil {
			return err
		}
		if variant == "b" {
			b = res
		} else {
			a = res
		}
		return nil
	}, `SELECT variant, count(sent_at), count(clicked_at), sum(converted) FROM email_logs WHERE campaign_id = ? AND variant IN ('a', 'b') GROUP BY variant`, id)
	return a, b, err
}

// WithdrawCampaign implements campaigns.Tx.
func (tx *Tx) WithdrawCampaign(ctx context.Context, id campaigns.ID, why string) error {
	if _, err := tx.exec(ctx, `UPDATE email_logs SET state = 'suppressed', error = ? WHERE campaign_id = ? AND state = 'queued'`, "withdrawn: "+why, id); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE campaign_recipients INDEXED BY campaign_recipients_waiting SET outcome = 'skipped', reason = ? WHERE campaign_id = ? AND outcome = 'waiting'`, why, id)
	return err
}

// LinksOfVariant returns the links of a campaign's letters with one subject.
func (r reads) LinksOfVariant(ctx context.Context, campaign, variant string) ([]core.LinkID, error) {
	return all(ctx, r, scalar[core.LinkID], `SELECT k.id FROM email_logs l JOIN email_links k ON k.email_log_id = l.id WHERE l.campaign_id = ? AND l.variant = ? ORDER BY k.id`, campaign, variant)
}
