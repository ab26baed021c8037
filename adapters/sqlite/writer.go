package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"sselfie/core"
)

const (
	batchMax   = 64                    // callers that share one transaction
	queueMax   = 1024                  // callers that may wait in a lane
	closureMax = 5 * time.Second       // limit of one closure, unless Options says otherwise
	bulkShare  = 10 * time.Millisecond // how long a batch with foreground may run before bulk waits for the next
	bulkTurn   = 8                     // batches after which bulk gets one closure in, however busy the foreground is
)

// lane says who goes first.
type lane int

const (
	foreground lane = iota // webhooks, spends, whatever a person waits for
	bulk                   // clicks, imports, refreshes
)

// Observer is told how the writer is doing, for metrics. It is called on the
// writer's goroutine and must return at once.
type Observer interface {
	// Batch reports one transaction, whether it was committed or not.
	Batch(BatchStats)
}

// BatchStats describes one transaction of the writer.
type BatchStats struct {
	Size   int           // closures that ran in it
	Failed int           // closures that were rolled back on their own
	Wait   time.Duration // how long the closure that waited longest stood in the queue
	Run    time.Duration // all closures together
	Commit time.Duration // from COMMIT to durable
	Err    error         // why the whole transaction failed, nil when it is durable
}

// job is one caller's closure on its way through the queue.
type job struct {
	ctx    context.Context // the caller's: decides only whether it still wants its turn
	fn     func(ctx context.Context, tx *Tx) error
	lane   lane
	queued time.Time
	state  atomic.Int32
	answer chan error // one place: the writer never waits for a caller

	wakes []string
	err   error
}

// The states of a job. Whoever moves it away from waiting decides its fate.
const (
	waiting int32 = iota
	begun
	given // up: the caller went away first, the writer skips it
)

// writer owns the only writing connection. One goroutine runs all closures,
// many callers to a transaction, and answers nobody before the commit is
// durable (group commit). Callers queue in two lanes.
type writer struct {
	db          *sql.DB // one connection
	conn        *sql.Conn
	statements  *statements
	interrupter interrupter // of conn
	limit       time.Duration
	log         *slog.Logger
	observer    Observer
	committed   func(topics []string)

	entry  [2]chan *job // where callers queue
	lanes  [2]chan *job // the same, for the writer's goroutine: nil once closed and empty
	held   [2][]*job    // taken from the lanes, not yet begun
	batch  []*job       // in work
	passed int          // batches since bulk had its turn
	self   atomic.Uint64
	done   chan struct{}
	told   map[string]time.Time // when the log last had a loss of this kind

	rounds   atomic.Uint64 // transactions so far: while it stands still, so does the data
	troubled atomic.Bool   // the disk refused a write, and nobody has asked it since

	mu     sync.RWMutex // held for reading while a caller enters the queue
	closed bool
}

var (
	errClosed    = errors.New("the database is closed")
	errNested    = errors.New("Update inside Update: hand the Tx down instead")
	errNotBegun  = errors.New("the caller went away before its turn, nothing was done")
	errUnknown   = errors.New("the commit was not confirmed: the change may or may not be there")
	errOthers    = errors.New("the shared transaction was lost, nothing of it was kept")
	errQueueFull = errors.New("the writer's queue stayed full")
	errGoexit    = errors.New("a closure ended the writer's goroutine (t.Fatal inside Update?), nothing was kept")
)

func newWriter(db *sql.DB, opts Options, committed func([]string)) *writer {
	w := &writer{
		db:        db,
		limit:     opts.UpdateLimit,
		log:       opts.Log,
		observer:  opts.Observer,
		committed: committed,
		done:      make(chan struct{}),
		told:      map[string]time.Time{},
	}
	for i := range w.entry {
		w.entry[i] = make(chan *job, queueMax)
	}
	w.lanes = w.entry
	go w.run()
	return w
}

// inside marks the contexts that closures get.
type inside struct{ w *writer }

// do queues fn and returns what became of it.
func (w *writer) do(ctx context.Context, l lane, fn func(context.Context, *Tx) error) error {
	const op = "sqlite.Update"
	if ctx.Value(inside{w}) != nil {
		return nested(op)
	}
	j := &job{ctx: ctx, fn: fn, lane: l, queued: time.Now(), answer: make(chan error, 1)}
	if err := w.enter(j); errors.Is(err, errNested) {
		return nested(op)
	} else if err != nil {
		return unavailable(op, err)
	}
	// To ask who is running costs as much as a small transaction, so only who
	// waits unusually long asks whether it waits for itself.
	long := time.NewTimer(longWait)
	defer long.Stop()
	for {
		select {
		case err := <-j.answer:
			return err
		case <-long.C:
			if goroutine() == w.self.Load() && j.state.CompareAndSwap(waiting, given) {
				return nested(op)
			}
		case <-ctx.Done():
			if j.state.CompareAndSwap(waiting, given) {
				return unavailable(op, fmt.Errorf("%w: %w", errNotBegun, ctx.Err()))
			}
			return <-j.answer // begun: the caller learns the real outcome
		}
	}
}

func nested(op string) error {
	return &core.Error{Code: core.Internal, Op: op, Message: messageInternal, Err: errNested}
}

// longWait is how long a caller waits before it asks whether it waits for itself.
const longWait = 100 * time.Millisecond

// enter puts j into its lane. While the lane is full it waits, as long as the
// caller does.
func (w *writer) enter(j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	if err := j.ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	select {
	case w.entry[j.lane] <- j:
		return nil
	default:
	}
	if goroutine() == w.self.Load() { // nobody would ever make room
		return errNested
	}
	select {
	case w.entry[j.lane] <- j:
		return nil
	case <-j.ctx.Done():
		return fmt.Errorf("%w: %w", errQueueFull, j.ctx.Err())
	}
}

// close takes no more callers, serves those that wait, and stops the goroutine.
// The connection stays: see DB.Close.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.entry[foreground])
		close(w.entry[bulk])
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) run() {
	orderly := false
	defer func() {
		if orderly {
			close(w.done)
			return
		}
		w.takeOver()
	}()
	w.self.Store(goroutine())
	for {
		w.batch = w.gather()
		if w.batch == nil {
			orderly = true
			return
		}
		w.serve(w.batch)
	}
}

// takeOver gives the queue to a new goroutine after a closure ended this one:
// runtime.Goexit, which a test's t.Fatal calls, cannot be recovered from.
func (w *writer) takeOver() {
	w.drop()
	var again []*job
	for _, j := range w.batch {
		switch j.state.Load() {
		case waiting:
			again = append(again, j)
		case begun:
			select {
			case j.answer <- &core.Error{Code: core.Internal, Op: "sqlite.Update", Message: messageInternal, Err: errGoexit}:
			default: // it has its answer
			}
		}
	}
	w.putBack(again)
	go w.run()
}

// gather waits for one caller, then takes along whoever waits already, up to
// batchMax, foreground first. It returns nil when the writer was closed and
// everybody is served.
func (w *writer) gather() []*job {
	w.pull(foreground)
	w.pull(bulk)
	for len(w.held[foreground])+len(w.held[bulk]) == 0 {
		if w.lanes[foreground] == nil && w.lanes[bulk] == nil {
			return nil
		}
		select { // a nil lane was closed, and blocks for ever
		case j, ok := <-w.lanes[foreground]:
			w.hold(foreground, j, ok)
		case j, ok := <-w.lanes[bulk]:
			w.hold(bulk, j, ok)
		}
		w.pull(foreground)
		w.pull(bulk)
	}
	first := min(batchMax, len(w.held[foreground]))
	second := min(batchMax-first, len(w.held[bulk]))
	if second == 0 && len(w.held[bulk]) > 0 && w.bulkIsDue() {
		first, second = first-1, 1
	}
	batch := make([]*job, 0, first+second)
	batch = append(batch, w.held[foreground][:first]...)
	batch = append(batch, w.held[bulk][:second]...)
	w.held[foreground] = w.held[foreground][first:]
	w.held[bulk] = w.held[bulk][second:]
	return batch
}

// latecomers takes who came to the foreground while a batch ran, as far as it has
// room beside those who ran. Callers who were answered together come again
// together; without this they would share commits by halves, one half always
// just too late for the other's.
func (w *writer) latecomers(ran int) []*job {
	w.pull(foreground)
	n := min(batchMax-ran, len(w.held[foreground]))
	late := w.held[foreground][:n]
	w.held[foreground] = w.held[foreground][n:]
	return late
}

// pull takes what waits in a lane, without waiting for more.
func (w *writer) pull(l lane) {
	for len(w.held[l]) < batchMax && w.lanes[l] != nil {
		select {
		case j, ok := <-w.lanes[l]:
			w.hold(l, j, ok)
		default:
			return
		}
	}
}

func (w *writer) hold(l lane, j *job, ok bool) {
	if !ok {
		w.lanes[l] = nil
		return
	}
	w.held[l] = append(w.held[l], j)
}

// putBack keeps jobs that did not begin for the next batch, ahead of the others.
func (w *writer) putBack(jobs []*job) {
	for l := range w.held {
		var again []*job
		for _, j := range jobs {
			if int(j.lane) == l {
				again = append(again, j)
			}
		}
		w.held[l] = append(again, w.held[l]...)
	}
}

// bulkIsDue says that the foreground has kept bulk away for long enough.
func (w *writer) bulkIsDue() bool { return w.passed >= bulkTurn }

// goroutine returns the number of the running goroutine. A closure that calls
// Update with a context of its own would wait for itself for ever; the number
// is the only way to see that.
func goroutine() uint64 {
	var b [40]byte
	text := b[len("goroutine "):runtime.Stack(b[:], false)]
	for i, c := range text {
		if c < '0' || c > '9' {
			n, _ := strconv.ParseUint(string(text[:i]), 10, 64)
			return n
		}
	}
	return 0
}
