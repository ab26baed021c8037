package sqlite_test

import (
	"database/sql"
	"strings"
	"testing"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
)

// Questions that every request or webhook asks must not grow with the number of
// customers. A partial index serves only a query from which its condition
// follows, and an ORDER BY can lure the planner into another one: so the plan
// is looked at, and not guessed.
func TestQuestionsAboutOneCustomerReadOneCustomer(t *testing.T) {
	_, path := sqlitetest.NewAt(t, sqlite.Options{})
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for text, index := range map[string]string{
		`SELECT kind, id, user_id, event_id, event_at, snapshot FROM stripe_objects WHERE user_id = 'u' AND +kind = 'k' ORDER BY id`:                                                                "stripe_objects_user (user_id=?)",
		`SELECT EXISTS (SELECT 1 FROM analytics_events e WHERE e.user_id = 'u' AND e.name = 'onboarding_started')`:                                                                                  "analytics_events_user (user_id=? AND name=?)",
		`SELECT (SELECT EXISTS (SELECT 1 FROM analytics_events e WHERE e.user_id = s.id AND e.name = 'onboarding_error' AND +e.at >= 1)) FROM users s WHERE s.id = 'u'`:                             "analytics_events_user (user_id=? AND name=?)",
		`SELECT to_address FROM email_logs WHERE user_id = 'u' AND token = 'change_email' ORDER BY created_at DESC, id DESC LIMIT 1`:                                                                "email_logs_user (user_id=?)",
		`UPDATE analytics_events SET user_id = NULL WHERE user_id = 'u'`:                                                                                                                            "analytics_events_user (user_id=?)",
		`UPDATE freebie_subscribers SET converted_at = 1 WHERE user_id = 'u' AND converted_at IS NULL`:                                                                                              "freebie_subscribers_user (user_id=?)",
		`SELECT EXISTS (SELECT 1 FROM email_logs WHERE to_key = 'k' AND clicked_at IS NOT NULL)`:                                                                                                    "email_logs_clicked (to_key=?",
		`SELECT EXISTS (SELECT 1 FROM email_logs WHERE to_key = 'k' AND last_click_at IS NOT NULL)`:                                                                                                 "email_logs_clicked_again (to_key=?",
		`SELECT id FROM email_logs l WHERE l.state = 'queued' AND l.next_attempt_at <= 1 AND kind <> 'abandoned_checkout' AND kind <> 'sequence' AND kind <> 'campaign' ORDER BY l.next_attempt_at`: "email_logs_urgent (next_attempt_at<?)",
		`SELECT id FROM email_logs l WHERE l.state = 'queued' AND l.next_attempt_at <= 1 AND (kind = 'abandoned_checkout' OR kind = 'sequence' OR kind = 'campaign') ORDER BY l.next_attempt_at`:    "email_logs_bulk (next_attempt_at<?)",
		`SELECT max(l.created_at) FROM email_logs l WHERE l.to_key = 'k' AND (kind = 'abandoned_checkout' OR kind = 'sequence' OR kind = 'campaign')`:                                               "email_logs_marketing (to_key=?)",
		`SELECT id FROM checkouts WHERE user_id = 'u' AND promotion = 'p' AND promotion <> '' AND (state = 'new' OR state = 'open' OR state = 'processing')`:                                        "checkouts_promotion (user_id=? AND promotion=?)",
		`SELECT c.id FROM checkouts c WHERE (state = 'open' OR state = 'expired' OR state = 'failed') AND c.email <> '' AND c.expires_at BETWEEN 1 AND 2`:                                           "checkouts_abandoned (expires_at>? AND expires_at<?)",
		`SELECT EXISTS (SELECT 1 FROM checkouts WHERE session_id = 's')`:                                                                                                                            "checkouts_session (session_id=?)",
		`SELECT EXISTS (SELECT 1 FROM webhook_waits WHERE key = 'k')`:                                                                                                                               "PRIMARY KEY (key=?)",
		`SELECT id FROM stripe_payments WHERE user_id = 'u' ORDER BY paid_at, id`:                                                                                                                   "stripe_payments_user (user_id=?)",
		`SELECT count(*) FROM campaign_recipients INDEXED BY campaign_recipients_waiting WHERE campaign_id = 'c' AND outcome = 'waiting'`:                                                           "campaign_recipients_waiting (campaign_id=?)",
		`SELECT progress FROM training_runs WHERE user_id = 'u' ORDER BY created_at DESC, id DESC LIMIT 1`:                                                                                          "training_runs_user (user_id=?)",
		// The ledger has no index by user: an account's lines are found from its newest, one after the other.
		`WITH RECURSIVE own_lines (seq) AS (SELECT last_seq FROM user_credits WHERE user_id = 'u' UNION ALL SELECT t.before_seq FROM own_lines JOIN credit_transactions t USING (seq) WHERE t.before_seq IS NOT NULL)
			SELECT seq FROM own_lines`: "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
		`WITH RECURSIVE own_lines (seq) AS (SELECT 1 LIMIT 20) SELECT description FROM own_lines JOIN credit_transactions t USING (seq) ORDER BY seq DESC`: "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
	} {
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "; "); !strings.Contains(all, index) {
			t.Errorf("%s\nis answered by %s, want %s", text, all, index)
		}
	}
}
