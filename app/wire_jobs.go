package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/jobs"
	"sselfie/core/mail"
)

// Names of the jobs.
const (
	jobOutbox  jobs.Name = "outbox"
	jobCatchUp jobs.Name = "stripe-catch-up"
	jobBackup  jobs.Name = "backup"
	jobKeeping jobs.Name = "housekeeping"
	jobFlags   jobs.Name = "guard-flags"
)

func (h *house) openJobs(ctx context.Context) error {
	text, _, err := h.db.Setting(ctx, "installed_at")
	if err != nil {
		return err
	}
	since, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("the setting installed_at: %w", err)
	}
	h.runner = &jobs.Runner{
		Jobs: h.jobs(), Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) jobs.Tx { return tx }), Read: h.db,
		Clock: h.clock, Wall: h.wall, Since: since, Observe: h.observeJob,
	}
	return nil
}

// jobs is the table of what runs by itself, in the order in which jobs that fall
// due together run.
func (h *house) jobs() []jobs.Job {
	table := []jobs.Job{
		{Name: jobBackup, Title: "Copies the database", Schedule: jobs.DailyAt(4, 0), Work: h.backUp},
		{Name: jobKeeping, Title: "Removes what is kept no longer", Schedule: jobs.DailyAt(4, 30), Work: h.keepHouse},
		{Name: jobFlags, Title: "Halts a roll-out that does harm", Schedule: jobs.Hourly(), Work: h.guardFlags},
	}
	if h.money != nil {
		table = append(table, jobs.Job{Name: jobCatchUp, Title: "Applies events that the webhook missed", Schedule: jobs.Hourly(), Work: h.catchUp})
	}
	table = append(table, h.voiceJobs()...)
	if h.outbox != nil {
		table = append(table, jobs.Job{Name: jobOutbox, Title: "Sends what was promised", Schedule: jobs.Continuous(), Work: h.deliver})
	}
	if len(h.returnBoxes()) > 0 {
		table = append(table, jobs.Job{Name: jobReturns, Title: "Reads what mail servers send back", Schedule: jobs.Continuous(), Work: h.readReturns})
	}
	return table
}

func (h *house) observeJob(r jobs.Run, took time.Duration) {
	result := "done"
	if r.Error != "" {
		result = "failed"
		h.log.Error("a job failed", "op", "jobs."+string(r.Job), "err", r.Error, "took", took)
	} else {
		h.log.Info("a job is done", "op", "jobs."+string(r.Job), "processed", r.Counts.Processed, "skipped", r.Counts.Skipped, "failed", r.Counts.Failed, "took", took)
	}
	h.stats.GetOrCreateCounter(`sselfie_job_runs_total{job="` + string(r.Job) + `",result="` + result + `"}`).Inc()
	h.stats.GetOrCreateGauge(`sselfie_job_last_run_timestamp_seconds{job="`+string(r.Job)+`"}`, nil).Set(float64(r.FinishedAt.Unix()))
}

// copyAgain is how old a copy is at least before time travel makes another.
const copyAgain = 10 * time.Second

// lastBackup returns when the newest copy was made, by the wall clock.
func lastBackup(folder string) (last time.Time, ok bool) {
	files, _ := filepath.Glob(filepath.Join(folder, "*.db")) // the pattern is sound
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.ModTime().After(last) {
			last, ok = info.ModTime(), true
		}
	}
	return last, ok
}

func (h *house) backUp(ctx context.Context, _ time.Time) (jobs.Counts, error) {
	folder := sqlite.BackupFolder(h.config.databasePath())
	if last, ok := lastBackup(folder); ok && h.config.Demo && h.wall.Now().Sub(last) < copyAgain {
		// Time travels: the copy that this run would make is there, from a moment
		// ago by the wall clock.
		return jobs.Counts{Processed: 1}, nil
	}
	if _, err := h.db.Backup(ctx, folder); err != nil {
		return jobs.Counts{Failed: 1}, err
	}
	if _, err := sqlite.Prune(folder, h.config.Backup.Keep); err != nil {
		return jobs.Counts{Processed: 1}, err
	}
	return jobs.Counts{Processed: 1}, nil
}

func (h *house) catchUp(ctx context.Context, _ time.Time) (jobs.Counts, error) {
	t, err := h.money.billing.CatchUp(ctx)
	return jobs.Counts{Processed: t.Processed, Skipped: t.Skipped, Failed: t.Failed}, err
}

func (h *house) deliver(ctx context.Context, _ time.Time) (jobs.Counts, error) {
	n, err := h.outbox.DeliverDue(ctx)
	return jobs.Counts{Processed: n}, err
}

// chunk is how many rows one step of the housekeeping touches: a webhook that
// arrives meanwhile waits for one step at most.
const chunk = 2000

// keepHouse goes round until every sweep finds less than it may take. A round is
// one transaction: on most days the sweeps find a handful, and that is one wait
// for the disk instead of one for each.
func (h *house) keepHouse(ctx context.Context, now time.Time) (jobs.Counts, error) {
	r := h.config.Retention
	var c jobs.Counts
	err := h.db.UpdateBulk(ctx, func(ctx context.Context, tx *sqlite.Tx) error { return tx.SweepSessions(ctx, h.wall.Now(), now) })
	if err != nil {
		return c, err
	}
	sweeps := []func(ctx context.Context, tx *sqlite.Tx, most int) (int, error){
		func(ctx context.Context, tx *sqlite.Tx, most int) (int, error) {
			return tx.ForgetVisits(ctx, now.Add(-r.Analytics), most)
		},
		func(ctx context.Context, tx *sqlite.Tx, most int) (int, error) {
			return tx.EmptyPayloads(ctx, now.Add(-r.WebhookPayloads), most)
		},
		func(ctx context.Context, tx *sqlite.Tx, most int) (int, error) {
			return tx.ForgetAnswers(ctx, now.Add(-24*time.Hour), most)
		},
		func(ctx context.Context, tx *sqlite.Tx, most int) (int, error) {
			return tx.ForgetJobRuns(ctx, now.Add(-90*day), most)
		},
		func(ctx context.Context, tx *sqlite.Tx, most int) (int, error) {
			return tx.ForgetSoftBounces(ctx, now.Add(-mail.SoftBounceWindow), most)
		},
	}
	days := 0
	for len(sweeps) > 0 {
		var done, gone int
		if err := h.db.UpdateBulk(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
			done, gone = 0, 0
			for _, sweep := range sweeps {
				n, err := sweep(ctx, tx, chunk-gone)
				if err != nil {
					return err
				}
				if gone += n; gone >= chunk {
					return nil // there may be more of this one
				}
				done++
			}
			var err error
			days, err = tx.KeepDays(ctx, now, daysAtOnce)
			return err
		}); err != nil {
			return c, err
		}
		c.Processed += gone
		sweeps = sweeps[done:]
	}
	for days == daysAtOnce { // after a night there is one
		if err := h.db.UpdateBulk(ctx, func(ctx context.Context, tx *sqlite.Tx) (err error) {
			days, err = tx.KeepDays(ctx, now, daysAtOnce)
			return err
		}); err != nil {
			return c, err
		}
	}
	return c, nil
}

// daysAtOnce is how many days of payments one step adds up: some thousands of
// payments in a large shop.
const daysAtOnce = 4

// runJob runs a job by hand, for the command line, the admin pages and cron.
func (h *house) runJob(ctx context.Context, name string) (jobs.Report, error) {
	report, err := h.runner.RunByHand(ctx, jobs.Name(name))
	if err != nil && report.Job == "" {
		return report, err
	}
	if err != nil {
		err = &core.Error{Code: core.Internal, Op: "app.runJob", Message: fmt.Sprintf("The job %s failed.", name), Err: err}
	}
	return report, err
}
