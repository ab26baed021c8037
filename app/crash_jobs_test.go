package app_test

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite/sqlitetest"
	"sselfie/core/sequences"
)

// noonJob is the one that the tests of schedules look at: it writes to people, so
// that whatever goes wrong lies in somebody's mailbox.
const noonJob = "mini-product-upsell"

// clockwork is an installation that lives several times, each time at another
// hour.
type clockwork struct {
	t    *testing.T
	dir  string
	path string
	file *sql.DB
}

// newClockwork makes an installation with so many people whose day has come by
// then, and ten times as many customers.
func newClockwork(t *testing.T, due int, at time.Time) *clockwork {
	t.Helper()
	t.Setenv("SSELFIE_CRON_SECRET", "cron")
	t.Setenv("SSELFIE_LOG_LEVEL", "error")
	dir := filepath.Join(t.TempDir(), "data")
	c := &clockwork{t: t, dir: dir, path: filepath.Join(dir, "sselfie.db")}
	launch(t, dir).kill() // makes the folder
	if due > 0 {
		sqlitetest.Crowd(t, c.path, 10*due, at)
	}
	var err error
	if c.file, err = sql.Open("sqlite", "file:"+c.path+"?_busy_timeout=10000"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.file.Close() })
	return c
}

// at lets the program live from an hour on. What it runs by is the machine's
// clock, which may have been set in any direction while it was down.
func (c *clockwork) at(now time.Time) *process {
	c.t.Helper()
	c.exec(`INSERT INTO settings (key, value, updated_at) VALUES ('clock_offset', ?, 0) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, time.Until(now).String())
	p := launch(c.t, c.dir)
	c.t.Cleanup(p.kill)
	return p
}

func (c *clockwork) exec(query string, args ...any) {
	c.t.Helper()
	if _, err := c.file.ExecContext(c.t.Context(), query, args...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *clockwork) count(query string, args ...any) (n int) {
	c.t.Helper()
	if err := c.file.QueryRowContext(c.t.Context(), query, args...).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// until waits for something to become true.
func (c *clockwork) until(what string, true func() bool) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); !true(); <-tick.C {
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// settled waits until whatever was due at the start of a life is done, and the
// outbox is empty. A run that was cut off and taken over by its successor stays
// without an end.
func (c *clockwork) settled(p *process) {
	c.t.Helper()
	c.until("the jobs of the start are done", func() bool {
		return c.count(`SELECT count(*) FROM job_runs r WHERE finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM job_runs n WHERE n.job = r.job AND n.started_at > r.started_at)`)+c.count(`SELECT count(*) FROM email_logs WHERE state IN ('queued', 'sending') AND next_attempt_at <= ?`, c.now(p).UnixMilli()) == 0
	})
}

// now is what the program takes for the present.
func (c *clockwork) now(p *process) time.Time {
	c.t.Helper()
	var answer struct{ Now time.Time }
	(&site{t: c.t, url: p.url}).get("/dev/clock", &answer)
	return answer.Now
}

// scheduled returns when the noon job's runs by schedule were for.
func (c *clockwork) scheduled() (out []string) {
	for _, ms := range sqlitetest.Ask(c.t, c.path, `SELECT scheduled_for FROM job_runs WHERE job = ? AND trigger = 'schedule' AND finished_at IS NOT NULL ORDER BY scheduled_for`, noonJob) {
		var n int64
		_, _ = fmt.Sscan(ms, &n)
		out = append(out, time.UnixMilli(n).UTC().Format("2 15:04"))
	}
	return out
}

// letters wants so many letters of a step, each promised and handed over once.
func (c *clockwork) letters(step string, want int) {
	c.t.Helper()
	c.until(fmt.Sprintf("%d letters of %s are sent", want, step), func() bool {
		return c.count(`SELECT count(*) FROM email_logs WHERE step = ? AND state = 'sent'`, step) >= want
	})
	if n := c.count(`SELECT count(*) FROM email_logs WHERE step = ?`, step); n != want {
		c.t.Errorf("%d letters of %s, want %d", n, step, want)
	}
	if n := c.count(`SELECT count(*) - count(DISTINCT to_key) FROM email_logs WHERE step = ?`, step); n != 0 {
		c.t.Errorf("%d people got %s twice", n, step)
	}
}

// A run that was missed while the process was down happens once when it is back,
// and a clock that is set forward or back while it is down makes nobody's letter
// come twice, and nobody's not at all.
func TestMissedRunsAndClocksThatJump(t *testing.T) {
	// The first of a month far enough ahead that no offset is negative.
	begin := time.Date(time.Now().UTC().Year()+1, 3, 1, 10, 0, 0, 0, time.UTC)
	day := func(n, hour int) time.Time {
		return time.Date(begin.Year(), begin.Month(), n, hour, 0, 0, 0, time.UTC)
	}
	const buyers = 20
	c := newClockwork(t, 0, begin)
	p := c.at(begin)
	c.until("the first tick is over", func() bool { return len(c.scheduled()) > 0 }) // or it would judge the buyers before their days are right
	for i := range buyers {
		name := fmt.Sprintf("cs_buyer%02d", i)
		body, sig := paid(name, name+"@example.com", "bio_glowup", 4700)
		if out := deliver(http.DefaultClient, p.url, body, sig); out != "applied" {
			t.Fatalf("the purchase of %s: %q", name, out)
		}
	}
	// The sale is dated by the wall clock, as its signature is; the days of the
	// series are counted from here.
	c.settled(p)
	p.kill()
	c.exec(`UPDATE mini_product_upsell_sequence SET anchor_at = ?1, bought_at = ?1, due_at = ?1 + 3 * 86400000`, begin.UnixMilli())
	c.exec(`UPDATE stripe_payments SET paid_at = ?`, begin.UnixMilli())
	c.exec(`UPDATE promotion_uses SET ends_at = ?`, begin.AddDate(0, 0, 33).UnixMilli())

	for _, life := range []struct {
		what   string
		at     time.Time
		runs   bool // the noon job, once
		letter string
		got    int
	}{
		{"an hour later nothing is due", day(1, 11), false, "day-3", 0},
		{"three noons were missed: one run, for the last of them", day(4, 17), true, "day-3", buyers},
		{"an hour forward: the same day", day(4, 18), false, "day-3", buyers},
		{"a day back: that noon stays done", day(3, 17), false, "day-3", buyers},
		{"an hour before the next", day(5, 11), false, "day-3", buyers},
		{"the next", day(5, 13), true, "day-3", buyers},
		{"day 7 was missed by two days, and comes", day(10, 3), true, "day-7", buyers},
		{"five weeks away: one run, and only what is not stale", day(33, 12).Add(time.Minute), true, "day-30", buyers},
	} {
		before := c.scheduled()
		p := c.at(life.at)
		slot := life.at.Add(-12 * time.Hour).Truncate(24 * time.Hour).Add(12 * time.Hour)
		if life.runs {
			c.until("the noon job has run", func() bool { return len(c.scheduled()) > len(before) })
		}
		// By hand as often as one likes: it finds what there is to do, and no more.
		for range 2 {
			if status, text := c.runs(p); status != http.StatusOK && status != http.StatusConflict {
				t.Errorf("%s: by hand: %d %s", life.what, status, text)
			}
		}
		c.settled(p)
		c.letters(life.letter, life.got)
		var want []string
		if life.runs {
			want = append(want, slot.Format("2 15:04"))
		}
		if got := c.scheduled()[len(before):]; !slices.Equal(got, want) {
			t.Errorf("%s: it ran for %v, want %v", life.what, got, want)
		}
		p.kill()
	}
	if n := c.count(`SELECT count(*) FROM email_logs WHERE step = 'day-14'`); n != 0 {
		t.Errorf("%d letters of a step that was due in the five weeks", n)
	}
	judgeVoice(t, c.path)
}

// runs asks the cron route for a run of the noon job.
func (c *clockwork) runs(p *process) (status int, text string) {
	return c.post(p.url+"/api/cron/"+noonJob, func(r *http.Request) { r.Header.Set("Authorization", "Bearer cron") })
}

func (c *clockwork) post(url string, as func(*http.Request)) (status int, text string) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	as(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// A run of the schedule that is killed in the middle goes on by itself after the
// restart, as the same run, until nobody is left who has no letter.
func TestKilledInARunOfTheSchedule(t *testing.T) {
	rounds := 1
	if os.Getenv("SOAK") == "kill" {
		rounds = 50
	}
	for n := range rounds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			// On a busy machine a run may be over before anybody could kill it.
			for tries := 1; killedInARun(t) == 0; tries++ {
				if tries == 5 {
					t.Fatal("no kill came in the middle of a run: the test proves nothing")
				}
			}
		})
	}
}

// killedInARun returns how many kills came between the first letter and the last.
func killedInARun(t *testing.T) (inTheMiddle int) {
	t.Helper()
	const due = 600
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(36*time.Hour + time.Minute) // past tomorrow's noon
	c := newClockwork(t, due, now)
	promised, kills := 0, 0
	const letters = `SELECT count(*) FROM email_logs WHERE sequence = 'mini-product'`
	for ; promised < due; kills++ {
		if kills == 40 {
			t.Fatalf("after %d kills %d letters are promised", kills, promised)
		}
		before := promised
		p := c.at(now)
		c.until("the run goes on", func() bool { promised = c.count(letters); return promised > before })
		p.kill()
		if promised = c.count(letters); promised > before && promised < due {
			inTheMiddle++
		}
	}
	p := c.at(now)
	c.until("the run is over", func() bool { return len(c.scheduled()) == 1 })
	c.settled(p)
	c.until("all letters are sent", func() bool { return c.count(letters+` AND state = 'sent'`) >= due })
	if n := c.count(letters); n != due {
		t.Errorf("%d letters to %d people", n, due)
	}
	if n := c.count(`SELECT count(*) FROM job_runs WHERE job = ?`, noonJob); n != 1 {
		t.Errorf("%d runs are noted for one noon", n)
	}
	judgeVoice(t, c.path)
	p.kill()
	return inTheMiddle
}

// Schedule, cron route, admin page and command line all ask for the same job at
// once, again and again: one of them gets it, the others are told that it runs.
func TestOneRunOfAJobAtATime(t *testing.T) {
	t.Setenv("SSELFIE_ADMIN_EMAIL", "admin@example.com")
	t.Setenv("SSELFIE_ADMIN_PASSWORD", "adminpassword")
	const due = 600
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(36*time.Hour + time.Minute)
	c := newClockwork(t, due, now)
	p := c.at(now)
	admin := (&site{t: t, url: p.url}).browser()
	resp, err := admin.Post(p.url+"/api/auth/login", "application/json", strings.NewReader(`{"email":"admin@example.com","password":"adminpassword"}`))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the admin: %v %v", resp, err)
	}
	_ = resp.Body.Close()

	var mu sync.Mutex
	var wg sync.WaitGroup
	said := map[string]int{}
	all := []string{"cron", "admin", "command line"}
	enough := func() bool { // each has had it, and each has met another
		mu.Lock()
		defer mu.Unlock()
		return !slices.ContainsFunc(all, func(who string) bool { return said[who+" 200"] < 5 || said[who+" 409"] < 5 })
	}
	asks := func(who string, ask func() (status int, text string)) {
		wg.Go(func() {
			for deadline := time.Now().Add(time.Minute); !enough() && time.Now().Before(deadline); {
				status, text := ask()
				if status != http.StatusOK && status != http.StatusConflict {
					t.Errorf("%s was told %d %s", who, status, text)
					return
				}
				mu.Lock()
				said[fmt.Sprintf("%s %d", who, status)]++
				mu.Unlock()
			}
		})
	}
	for range 3 {
		asks("cron", func() (int, string) { return c.runs(p) })
	}
	asks("admin", func() (int, string) {
		resp, err := admin.Post(p.url+"/api/admin/jobs/"+noonJob+"/run", "application/json", nil)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	})
	asks("command line", func() (int, string) {
		code, errs := run(t, map[string]string{"SSELFIE_DEMO": "true", "SSELFIE_DATA_DIR": c.dir}, "job", "run", noonJob)
		switch {
		case code == 0:
			return http.StatusOK, ""
		case strings.Contains(errs, "is running already"):
			return http.StatusConflict, ""
		}
		return code, errs
	})
	wg.Wait()
	c.until("the schedule's own run is over", func() bool { return len(c.scheduled()) == 1 })
	if !enough() {
		t.Errorf("not each of them had the job and met another: %v: the test proves nothing", said)
	}
	if n := c.count(`SELECT count(*) FROM job_runs a JOIN job_runs b ON b.job = a.job AND b.scheduled_for <> a.scheduled_for
		WHERE a.job = ? AND a.started_at < b.finished_at AND b.started_at < a.finished_at`, noonJob); n != 0 {
		t.Errorf("%d pairs of runs were at it together", n)
	}
	c.settled(p)
	c.until("all letters are sent", func() bool {
		return c.count(`SELECT count(*) FROM email_logs WHERE sequence = ? AND state = 'sent'`, sequences.MiniProduct) >= due
	})
	// While they were at it the day of one or two more may have come.
	if n := c.count(`SELECT count(*) - count(DISTINCT user_id) FROM email_logs WHERE sequence = ?`, sequences.MiniProduct); n != 0 {
		t.Errorf("%d people got a letter twice", n)
	}
	judgeVoice(t, c.path)
}
