package app

import (
	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/sqlite"
)

// writerFigures measures the database writer.
type writerFigures struct {
	batches, failures, closures *metrics.Counter
	size, wait, run, commit     *metrics.Summary
}

func newWriterFigures(set *metrics.Set) writerFigures {
	return writerFigures{
		batches:  set.NewCounter("sselfie_writer_batches_total"),
		failures: set.NewCounter("sselfie_writer_failed_batches_total"),
		closures: set.NewCounter("sselfie_writer_closures_total"),
		size:     set.NewSummary("sselfie_writer_batch_size"),
		wait:     set.NewSummary("sselfie_writer_wait_seconds"),
		run:      set.NewSummary("sselfie_writer_run_seconds"),
		commit:   set.NewSummary("sselfie_writer_commit_seconds"),
	}
}

// Batch implements sqlite.Observer.
func (w writerFigures) Batch(b sqlite.BatchStats) {
	w.batches.Inc()
	w.closures.Add(b.Size)
	if b.Err != nil {
		w.failures.Inc()
	}
	w.size.Update(float64(b.Size))
	w.wait.Update(b.Wait.Seconds())
	w.run.Update(b.Run.Seconds())
	w.commit.Update(b.Commit.Seconds())
}
