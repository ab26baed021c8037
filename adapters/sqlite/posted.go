package sqlite

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/sequences"
)

// overtaken is what may have happened since a letter was promised: it can wait in
// the outbox for as long as no server takes it. A test goes to whoever writes it,
// and nothing overtakes it.
const overtaken = `
		l.variant NOT LIKE 'test%' AND EXISTS (SELECT 1 FROM mail_preferences x WHERE x.address_key = l.to_key
			AND CASE WHEN l.sequence = 'alumni' OR l.campaign_id IN (SELECT c.id FROM admin_email_campaigns c WHERE c.topic = 'newsletter') THEN x.newsletter ELSE x.offers END = 0),
		EXISTS (SELECT 1 FROM stripe_payments p WHERE p.id = e.payment_id AND p.dispute = 'open'),
		CASE WHEN l.sequence = 'free-blueprint' THEN EXISTS (SELECT 1 FROM freebie_subscribers f WHERE f.id = e.lead_id AND f.converted_at IS NOT NULL)
			WHEN l.kind = 'abandoned_checkout' THEN EXISTS (SELECT 1 FROM stripe_payments p WHERE p.created_at >= l.created_at AND p.user_id = coalesce(l.user_id, (SELECT n.id FROM users n WHERE n.email_key = l.to_key)))
			ELSE 0 END,
		coalesce(l.sequence IN ('welcome-back', 'win-back') AND ` + seen + ` > e.anchor_at, 0),
		l.campaign_id IS NOT NULL AND l.variant NOT LIKE 'test%' AND EXISTS (SELECT 1 FROM admin_email_campaigns c WHERE c.id = l.campaign_id AND c.segment_id IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM email_segment_members m WHERE m.segment_id = c.segment_id AND m.user_id = l.user_id)),`

// PostedLetter implements sequences.Postbag.
func (r reads) PostedLetter(ctx context.Context, id core.MailID, now time.Time) (sequences.Posted, error) {
	return one(ctx, r, func(s scanner) (p sequences.Posted, err error) {
		var placed [][2]string
		err = s.Scan(textIn(&p.Series), textIn(&p.Step), textIn(&p.Campaign), &p.Variant, textIn(&p.Product), textIn(&p.EndedFor), timeIn(&p.Expires),
			textIn(&p.Link), textIn(&p.Dest), boolIn(&p.Listed), boolIn(&p.Refused), boolIn(&p.Contested), boolIn(&p.Bought), boolIn(&p.CameBack), boolIn(&p.Left), intIn(&p.CreditsLeft), intIn(&p.CreditsUsed), textIn(&p.OfferCode), timeIn(&p.OfferEnds), jsonIn(&placed))
		for _, l := range placed {
			p.Placed = append(p.Placed, sequences.Placed{ID: core.LinkID(l[0]), Dest: l[1]})
		}
		return p, err
	}, `SELECT l.sequence, l.step, l.campaign_id, l.variant, e.product_id, e.end_reason, l.expires_at,
		(SELECT k.id FROM email_links k WHERE k.email_log_id = l.id AND k.place = 0 LIMIT 1), (SELECT k.destination FROM email_links k WHERE k.email_log_id = l.id AND k.place = 0 LIMIT 1),
		EXISTS (SELECT 1 FROM email_suppressions x WHERE x.address_key = l.to_key) OR coalesce(u.unsubscribed_at, u.deleted_at) IS NOT NULL,`+overtaken+`
		(SELECT c.balance FROM user_credits c WHERE c.user_id = l.user_id),
		(`+linesOf+`l.user_id`+allBack+`SELECT -sum(t.amount) FROM own_lines JOIN credit_transactions t USING (seq) WHERE t.type IN ('spend', 'give_back') AND t.created_at >= e.anchor_at),
		(SELECT o.code FROM promotion_uses o WHERE o.user_id = l.user_id AND o.used_at IS NULL AND o.ends_at > ? ORDER BY o.ends_at LIMIT 1),
		(SELECT o.ends_at FROM promotion_uses o WHERE o.user_id = l.user_id AND o.used_at IS NULL AND o.ends_at > ? ORDER BY o.ends_at LIMIT 1),
		(SELECT json_group_array(json_array(k.id, k.destination)) FROM email_links k WHERE k.email_log_id = l.id AND k.place > 0)
		FROM email_logs l LEFT JOIN users u ON u.id = l.user_id LEFT JOIN mini_product_upsell_sequence e ON e.id = l.enrolment_id WHERE l.id = ?`, ms(now), ms(now), id)
}

// CampaignStep implements sequences.Postbag.
func (r reads) CampaignStep(ctx context.Context, campaign, variant string) (sequences.Step, error) {
	return one(ctx, r, func(s scanner) (st sequences.Step, err error) {
		var other string
		if err = s.Scan(&st.Subject, &other, &st.Preheader, &st.Action, &st.Path, &st.Text); err == nil && (variant == "b" || variant == "test_b") && other != "" {
			st.Subject = other
		}
		return st, err
	}, `SELECT subject, subject_b, preheader, action, path, body FROM admin_email_campaigns WHERE id = ?`, campaign)
}

// KnownOf implements sequences.Postbag.
func (r reads) KnownOf(ctx context.Context, user core.UserID, series sequences.Name, now time.Time) (sequences.Posted, error) {
	return one(ctx, r, func(s scanner) (p sequences.Posted, err error) {
		err = s.Scan(textIn(&p.Product), intIn(&p.CreditsLeft), intIn(&p.CreditsUsed), textIn(&p.OfferCode), timeIn(&p.OfferEnds))
		return p, err
	}, `WITH
		begun AS (SELECT e.product_id, e.anchor_at FROM mini_product_upsell_sequence e WHERE e.user_id = ?1 AND e.series = ?2 ORDER BY e.anchor_at DESC LIMIT 1),
		bought AS (SELECT p.product_id, p.paid_at FROM stripe_payments p WHERE p.user_id = ?1 AND ?2 <> '' AND p.invoice_id IS NULL AND `+kept+` ORDER BY p.paid_at DESC LIMIT 1),
		offer AS (SELECT o.code, o.ends_at FROM promotion_uses o WHERE o.user_id = ?1 AND o.used_at IS NULL AND o.ends_at > ?3 ORDER BY o.ends_at LIMIT 1)
		SELECT coalesce((SELECT product_id FROM begun), (SELECT product_id FROM bought)),
		(SELECT c.balance FROM user_credits c WHERE c.user_id = ?1),
		(`+linesOf+`?1`+allBack+`SELECT -sum(t.amount) FROM own_lines JOIN credit_transactions t USING (seq) WHERE t.type IN ('spend', 'give_back')
			AND t.created_at >= coalesce((SELECT anchor_at FROM begun), (SELECT paid_at FROM bought))),
		(SELECT code FROM offer), (SELECT ends_at FROM offer)
		FROM users u WHERE u.id = ?1 AND u.deleted_at IS NULL`, user, series, ms(now))
}
