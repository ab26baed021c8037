package app_test

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core/segments"
)

// What a run of letters did stands in its own records: killed in the middle,
// again and again, it goes on where it stopped, and nobody is written to twice.
func TestKilledWhileWritingToPeople(t *testing.T) {
	const users, due = 8_000, 800
	for name, c := range map[string]struct{ job, prepare, promised, done string }{
		"a series": {
			"mini-product-upsell", ``,
			`SELECT count(*) FROM email_logs WHERE kind = 'sequence'`,
			`SELECT count(*) = ? AND sum(state = 'sent') = count(*) AND (SELECT count(*) FROM enrolment_steps WHERE outcome = 'sent') = count(*) FROM email_logs WHERE kind = 'sequence'`,
		},
		"a campaign": {
			"send-scheduled-campaigns",
			`INSERT INTO email_segments (id, name, rule, members, created_at, updated_at) VALUES ('seg_x', 'x', '{"purchased":{"products":["bio_glowup"]}}', 800, 0, 0);
			INSERT INTO email_segment_members (segment_id, user_id, joined_at) SELECT 'seg_x', id, 0 FROM users ORDER BY id LIMIT 800;
			INSERT INTO admin_email_campaigns (id, name, subject, body, action, path, topic, segment_id, state, send_at, created_at, updated_at) VALUES ('cmp_x', 'x', 's', 'b', 'a', '/studio', 'offers', 'seg_x', 'scheduled', unixepoch() * 1000, 0, 0)`,
			`SELECT count(*) FROM email_logs WHERE kind = 'campaign'`,
			`SELECT count(*) = ? AND sum(state = 'sent') = count(*) AND (SELECT state FROM admin_email_campaigns) = 'sent' AND (SELECT count(*) FROM campaign_recipients WHERE outcome = 'queued') = count(*) FROM email_logs WHERE kind = 'campaign'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SSELFIE_CRON_SECRET", "cron")
			t.Setenv("SSELFIE_LOG_LEVEL", "error")
			dir := filepath.Join(t.TempDir(), "data")
			path := filepath.Join(dir, "sselfie.db")
			launch(t, dir).kill() // makes the folder
			sqlitetest.Crowd(t, path, users, time.Now().UTC())
			file, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = file.Close() }()
			ask := func(query string, into any, args ...any) {
				t.Helper()
				if err := file.QueryRowContext(t.Context(), query, args...).Scan(into); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := file.ExecContext(t.Context(), c.prepare); err != nil {
				t.Fatal(err)
			}
			tick := time.NewTicker(2 * time.Millisecond)
			defer tick.Stop()
			inTheMiddle, kills, promised := 0, 0, 0
			for ; promised < due; kills++ {
				if kills == 40 {
					t.Fatalf("after %d kills %d letters are promised", kills, promised)
				}
				before := promised
				p := launch(t, dir)
				ended := make(chan struct{})
				go func() { defer close(ended); p.run(t.Context(), c.job) }()
				// As soon as a chunk is there the power goes, in the middle of the next.
				for deadline := time.Now().Add(20 * time.Second); promised == before && time.Now().Before(deadline); <-tick.C {
					ask(c.promised, &promised)
				}
				p.kill()
				<-ended
				ask(c.promised, &promised)
				if promised > before && promised < due {
					inTheMiddle++
				}
			}
			if inTheMiddle == 0 {
				t.Errorf("%d kills, %d of them in the middle: the test proves nothing", kills, inTheMiddle)
			}
			p := launch(t, dir)
			defer p.kill()
			p.run(t.Context(), c.job)
			p.run(t.Context(), c.job) // and once more, for nothing
			done := false
			for deadline := time.Now().Add(60 * time.Second); !done && time.Now().Before(deadline); <-tick.C {
				ask(c.done, &done, due)
			}
			if !done {
				ask(c.promised, &promised)
				t.Errorf("after %d kills %d letters, and not all of them once and sent", kills, promised)
			}
			judgeVoice(t, path)
		})
	}
}

// run runs a job by its cron route, to its end or to that of the process.
func (p *process) run(ctx context.Context, job string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/cron/"+job, nil)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer cron")
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

// judgeVoice holds what was written to people against the rules.
func judgeVoice(t *testing.T, path string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.View(t.Context(), func(ctx context.Context, v sqlite.View) error {
		found, err := v.VerifyVoice(ctx, segments.Query{Now: time.Now(), Grace: 7 * day})
		for _, f := range found {
			t.Error(f)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
