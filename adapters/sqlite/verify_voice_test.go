package sqlite_test

import (
	"context"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core/segments"
)

// soundVoice is a customer with a purchase, a letter that earned it, a series, a
// campaign, and the segments that follow; written on day 0, refreshed on day 1.
const soundVoice = `
INSERT INTO users (id, email, email_key, created_at) VALUES ('usr_1', 'a@x', 'a@x', 0), ('usr_2', 'b@x', 'b@x', 0);
INSERT INTO stripe_payments (id, user_id, product_id, amount, subtotal, refunded, currency, matched_by, session_id, live, paid_at, created_at, email_log_id)
	VALUES ('pay_1', 'usr_1', 'bio_glowup', 4700, 4700, 700, 'usd', 'new', 'cs_1', 0, 0, 0, 'eml_1');
INSERT INTO mini_product_upsell_sequence (id, series, user_id, product_id, payment_id, basis, anchor_at, due_at, created_at) VALUES ('enr_1', 'mini-product', 'usr_1', 'bio_glowup', 'pay_1', 'own_products', 0, 0, 0);
INSERT INTO enrolment_steps (enrolment_id, step, outcome, reason, at) VALUES ('enr_1', 'day-3', 'sent', 'x', 1), ('enr_1', 'day-7', 'skipped', 'x', 1);
INSERT INTO email_segments (id, name, rule, members, refreshed_at, created_at, updated_at) VALUES
	('seg_bio', 'Bio', '{"purchased":{"products":["bio_glowup"]}}', 1, 86400000, 0, 0),
	('seg_old', 'Old', '{"lastPurchase":{"atLeastDaysAgo":30}}', 0, 86400000, 0, 0),
	('seg_open', 'Open', '{"opened":{}}', 0, 86400000, 0, 0),
	('seg_new', 'New', '{"purchased":{"products":["bio_glowup"]}}', 0, NULL, 0, 0);
INSERT INTO email_segment_members (segment_id, user_id, joined_at) VALUES ('seg_bio', 'usr_1', 0);
INSERT INTO admin_email_campaigns (id, name, subject, body, action, path, topic, segment_id, state, created_at, updated_at) VALUES ('cmp_1', 'c', 's', 'b', 'a', '/', 'offers', 'seg_bio', 'sent', 0, 0);
INSERT INTO campaign_recipients (campaign_id, user_id, part, outcome, at) VALUES ('cmp_1', 'usr_1', 'rest', 'queued', 0), ('cmp_1', 'usr_2', 'hold_out', 'held_out', 0);
INSERT INTO email_logs (id, user_id, to_address, to_key, kind, business_key, props, state, next_attempt_at, created_at, sent_at, sequence, step, enrolment_id, campaign_id, variant, opened_at, converted, revenue) VALUES
	('eml_1', 'usr_1', 'a@x', 'a@x', 'sequence', 'k1', '{}', 'sent', 0, 0, 0, 'mini-product', 'day-3', 'enr_1', NULL, '', 5, 1, 4000),
	('eml_2', 'usr_1', 'a@x', 'a@x', 'campaign', 'k2', '{}', 'queued', 0, 0, NULL, NULL, NULL, NULL, 'cmp_1', 'a', NULL, 0, 0);
`

func TestVerifyFindsWhatIsBrokenInTheVoice(t *testing.T) {
	// The database refuses most of this by itself; what refuses it is taken away.
	const unique = `DROP INDEX email_logs_step; DROP INDEX email_logs_campaign; DROP INDEX mini_product_upsell_sequence_live;`
	for name, c := range map[string]struct{ damage, want string }{
		"a sound voice":        {``, ``},
		"a step written twice": {`UPDATE email_logs SET step = 'day-3', enrolment_id = 'enr_1' WHERE id = 'eml_2'`, `no step is written twice`},
		"a step without a letter": {
			`INSERT INTO enrolment_steps (enrolment_id, step, outcome, reason, at) VALUES ('enr_1', 'day-14', 'sent', 'x', 1)`,
			`a step that was sent has its letter`,
		},
		"a letter without a step": {`UPDATE enrolment_steps SET outcome = 'skipped'`, `a letter of a series has its step`},
		"two enrolments at once": {
			`INSERT INTO mini_product_upsell_sequence (id, series, user_id, product_id, basis, anchor_at, due_at, created_at) VALUES ('enr_2', 'mini-product', 'usr_1', 'bio_glowup', 'own_products', 0, 0, 0)`,
			`a person goes through a series once at a time`,
		},
		"a letter that outlived its series": {
			`UPDATE mini_product_upsell_sequence SET ended_at = 1, end_reason = 'converted'; UPDATE email_logs SET state = 'queued' WHERE id = 'eml_1'`,
			`nothing waits of a series that ended`,
		},
		"two letters of a campaign":   {`UPDATE email_logs SET campaign_id = 'cmp_1' WHERE id = 'eml_1'`, `a campaign writes to a customer once`},
		"a promise without a letter":  {`UPDATE email_logs SET campaign_id = NULL`, `who was written to by a campaign has its letter`},
		"a letter to who was held":    {`UPDATE email_logs SET user_id = 'usr_2' WHERE id = 'eml_2'`, `who was left out of a campaign got nothing`},
		"a revenue that was refunded": {`UPDATE stripe_payments SET refunded = 4700`, `a letter's revenue is what its payments are worth`},
		"a revenue from nowhere":      {`UPDATE email_logs SET revenue = 100 WHERE id = 'eml_2'`, `a letter's revenue is what its payments are worth`},
		"a wrong count":               {`UPDATE email_segments SET members = 7 WHERE id = 'seg_bio'`, `a segment counts its members`},
		"a member who never fits":     {`INSERT INTO email_segment_members (segment_id, user_id, joined_at) VALUES ('seg_bio', 'usr_2', 0)`, `a segment's members are those who fit its rule`},
		"somebody who always fits":    {`DELETE FROM email_segment_members`, `a segment's members are those who fit its rule`},
		"a member who is gone":        {`UPDATE users SET deleted_at = 1, email_key = NULL WHERE id = 'usr_1'`, `who was deleted is in no segment`},
		"who fits since yesterday":    {`INSERT INTO email_segment_members (segment_id, user_id, joined_at) VALUES ('seg_old', 'usr_1', 0); UPDATE email_segments SET members = 1 WHERE id = 'seg_old'`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			db, path := sqlitetest.NewAt(t, sqlite.Options{})
			damage(t, path, soundVoice+unique+c.damage)
			var found []sqlite.Finding
			if err := db.View(t.Context(), func(ctx context.Context, v sqlite.View) (err error) {
				found, err = v.VerifyVoice(ctx, segments.Query{Now: time.UnixMilli(31 * 86400000), Grace: grace})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			for _, f := range found {
				if f.Invariant == c.want {
					return
				}
			}
			t.Errorf("did not find that %q is broken, but %v", c.want, found)
		})
	}
}
