package sqlite

import (
	"context"
	"time"

	"sselfie/core/tracking"
)

// mailFigures are the sums of tracking.MailFigures over letters l. Tests that
// the creator sends to herself count nowhere.
const mailFigures = `count(l.sent_at), count(l.sent_at) FILTER (WHERE l.state <> 'bounced'), count(l.opened_at), count(l.machine_opened_at), count(l.clicked_at), count(l.machine_clicked_at),
	coalesce(sum(l.converted), 0), coalesce(sum(l.revenue), 0), count(l.unsubscribed_at)`

const marketingBetween = ` l.created_at >= ? AND l.created_at < ? AND ` + marketingKinds + ` AND l.variant NOT LIKE 'test%'`

func figureFields(f *tracking.MailFigures) []any {
	return []any{&f.Sent, &f.Delivered, &f.Opened, &f.OpenedByMachines, &f.Clicked, &f.ClickedByMachines, &f.Converted, &f.Revenue, &f.Unsubscribed}
}

// EmailAnalytics returns what the letters that were promised between two times
// came to, in one snapshot.
func (db *DB) EmailAnalytics(ctx context.Context, from, to time.Time, currency string) (tracking.EmailAnalytics, error) {
	out := tracking.EmailAnalytics{Sequences: []tracking.StepFigures{}, Campaigns: []tracking.CampaignFigures{}, Currency: currency}
	err := db.View(ctx, func(ctx context.Context, v View) error {
		if err := each(ctx, v, func(s scanner) error {
			var f tracking.StepFigures
			var newest int64
			err := s.Scan(append([]any{&f.Sequence, &f.Step, &f.Subject, &newest}, figureFields(&f.MailFigures)...)...)
			out.Sequences = append(out.Sequences, f)
			return err
		}, `SELECT l.sequence, l.step, l.subject, max(coalesce(l.sent_at, 0)), `+mailFigures+` FROM email_logs l INDEXED BY email_logs_marketing_at
			WHERE`+marketingBetween+` AND l.sequence IS NOT NULL GROUP BY l.sequence, l.step ORDER BY l.sequence, length(l.step), l.step`, ms(from), ms(to)); err != nil {
			return err
		}
		const week = 7 * 24 * 3600 * 1000
		if err := each(ctx, v, func(s scanner) error {
			var f tracking.CampaignFigures
			err := s.Scan(append(append([]any{&f.Campaign, &f.Name, &f.Subject}, figureFields(&f.MailFigures)...), &f.HeldOut, &f.HeldOutBought, &f.Bought)...)
			out.Campaigns = append(out.Campaigns, f)
			return err
		}, `SELECT c.id, c.name, c.subject, `+mailFigures+`,
			(SELECT count(*) FROM campaign_recipients r WHERE r.campaign_id = c.id AND r.outcome = 'held_out'),
			(SELECT count(*) FROM campaign_recipients r WHERE r.campaign_id = c.id AND r.outcome = 'held_out' AND EXISTS (
				SELECT 1 FROM stripe_payments p WHERE p.user_id = r.user_id AND p.paid_at BETWEEN r.at AND r.at + ? AND `+kept+`)),
			(SELECT count(*) FROM campaign_recipients r WHERE r.campaign_id = c.id AND r.outcome = 'queued'
				AND EXISTS (SELECT 1 FROM email_logs x WHERE x.campaign_id = r.campaign_id AND x.user_id = r.user_id AND x.sent_at IS NOT NULL)
				AND EXISTS (SELECT 1 FROM stripe_payments p WHERE p.user_id = r.user_id AND p.paid_at BETWEEN r.at AND r.at + ? AND `+kept+`))
			FROM email_logs l INDEXED BY email_logs_marketing_at JOIN admin_email_campaigns c ON c.id = l.campaign_id WHERE`+marketingBetween+` GROUP BY c.id ORDER BY c.started_at DESC, c.id`,
			week, week, ms(from), ms(to)); err != nil {
			return err
		}
		var err error
		out.Totals, err = one(ctx, v, func(s scanner) (f tracking.MailFigures, err error) {
			err = s.Scan(figureFields(&f)...)
			return f, err
		}, `SELECT `+mailFigures+` FROM email_logs l INDEXED BY email_logs_marketing_at WHERE`+marketingBetween, ms(from), ms(to))
		return err
	})
	return out, err
}
