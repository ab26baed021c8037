package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"sselfie/core"
)

// serve runs a batch in one transaction and answers everybody in it.
func (w *writer) serve(batch []*job) {
	stats := BatchStats{}
	start := time.Now()
	ran, err := w.transact(batch, &stats)
	if err != nil {
		w.tell(start, err)
		w.drop()
	}
	stats.Err = err
	w.rounds.Add(1) // before anybody hears of it: who asks afterwards sees what was written
	var topics []string
	for _, j := range ran {
		if wait := start.Sub(j.queued); wait > stats.Wait {
			stats.Wait = wait
		}
		stats.Size++
		switch {
		case j.err != nil:
			stats.Failed++
			if diskTrouble(j.err) {
				w.troubled.Store(true)
			}
		case err != nil:
			j.err = err
		default:
			topics = append(topics, j.wakes...)
		}
		j.answer <- j.err
	}
	if err == nil && len(topics) > 0 {
		w.committed(topics)
	}
	if w.observer != nil && stats.Size > 0 {
		w.observer.Batch(stats)
	}
	if err == nil && stats.Size > stats.Failed {
		w.checkpoint()
	}
}

// tellAgain is how long the log stays quiet about one kind of loss. Each caller
// gets the error and its own edge logs it; a full disk must not be filled
// further by one more line for each.
const tellAgain = time.Minute

// tell logs why transactions are lost, with what the operator can do.
func (w *writer) tell(now time.Time, err error) {
	if diskTrouble(err) {
		w.troubled.Store(true)
	}
	hint := hintOf(err)
	if at, ok := w.told[hint]; ok && now.Sub(at) < tellAgain {
		return
	}
	w.told[hint] = now
	if hint == "" {
		w.log.Error("a write transaction was lost", "op", "sqlite.Update", "err", err)
		return
	}
	w.log.Error("nothing can be written: "+hint, "op", "sqlite.Update")
}

// transact runs the closures of a batch. It returns those that ran; where the
// error is not nil, none of them was kept (or, after a failed commit, nobody
// knows). What did not begin goes back to the queue's head.
func (w *writer) transact(batch []*job, stats *BatchStats) (ran []*job, err error) {
	live := stayed(batch)
	if len(live) == 0 {
		return nil, nil
	}
	if err := w.connect(); err != nil {
		return w.refuse(live), translate("sqlite.connect", err)
	}
	if err := w.plain("BEGIN IMMEDIATE"); err != nil {
		return w.refuse(live), translate("sqlite.begin", err)
	}
	start := time.Now()
	alone := len(live) == 1
	hadBulk := false
	for i := 0; ; i++ {
		if i == len(live) {
			alone = alone && !w.joinable(ran)
		}
		if i == len(live) && !alone {
			late := stayed(w.latecomers(len(ran)))
			live, w.batch = append(live, late...), append(w.batch, late...)
		}
		if i == len(live) {
			break
		}
		j := live[i]
		if j.lane == bulk && len(ran) > 0 && time.Since(start) > bulkShare && (hadBulk || !w.bulkIsDue()) {
			w.putBack(live[i:])
			break
		}
		if !j.state.CompareAndSwap(waiting, begun) {
			continue // gave up meanwhile
		}
		hadBulk = hadBulk || j.lane == bulk
		ran = append(ran, j)
		if err := w.runOne(j, alone); err != nil {
			// The transaction is gone. Who has not begun can begin anew.
			w.putBack(live[i+1:])
			return ran, unavailable("sqlite.Update", fmt.Errorf("%w: %w", errOthers, err))
		}
	}
	w.passed++
	if hadBulk || len(w.held[bulk]) == 0 {
		w.passed = 0
	}
	stats.Run = time.Since(start)
	if alone && (len(ran) == 0 || ran[0].err != nil) {
		return ran, w.rollback()
	}
	start = time.Now()
	err = w.plain("COMMIT")
	stats.Commit = time.Since(start)
	if err != nil {
		return ran, unavailable("sqlite.commit", fmt.Errorf("%w: %w", errUnknown, translate("sqlite.commit", err)))
	}
	return ran, nil
}

// joinable reports whether somebody waits who can be taken along by a lone caller
// that did well. Callers who were answered together come again together: without
// this, every other commit would be that of the first of them alone.
func (w *writer) joinable(ran []*job) bool {
	if len(ran) != 1 || ran[0].err != nil {
		return false
	}
	runtime.Gosched() // who is about to come may come; where nobody is, this takes nothing
	return len(w.entry[foreground]) > 0 && w.interrupter.inTransaction()
}

// stayed tells those whose context ended that nothing was done, and returns the
// others.
func stayed(jobs []*job) []*job {
	live := make([]*job, 0, len(jobs))
	for _, j := range jobs {
		if j.ctx.Err() != nil && j.state.CompareAndSwap(waiting, given) {
			j.answer <- unavailable("sqlite.Update", fmt.Errorf("%w: %w", errNotBegun, j.ctx.Err()))
			continue
		}
		live = append(live, j)
	}
	return live
}

// refuse begins all jobs at once, for a batch that cannot have a transaction.
func (w *writer) refuse(jobs []*job) (ran []*job) {
	for _, j := range jobs {
		if j.state.CompareAndSwap(waiting, begun) {
			ran = append(ran, j)
		}
	}
	return ran
}

// runOne runs one closure in its savepoint. What the closure did wrong stands
// in j.err; the error returned means that the whole transaction is lost.
func (w *writer) runOne(j *job, alone bool) error {
	if !alone {
		if err := w.plain("SAVEPOINT caller"); err != nil {
			return err
		}
	}
	tx := w.call(j)
	if j.err == nil {
		j.err = tx.lost // a closure cannot forgive this
	}
	if j.err == nil {
		j.wakes = tx.wakes
	}
	if alone {
		return nil // COMMIT or ROLLBACK tells how the transaction fares
	}
	if j.err != nil {
		if err := w.plain("ROLLBACK TO caller"); err != nil {
			return err
		}
	}
	return w.plain("RELEASE caller")
}

// call runs the closure within its limit and turns a panic into its error.
func (w *writer) call(j *job) (tx *Tx) {
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), inside{w}, true), w.limit)
	tx = &Tx{w: w, ctx: ctx, statement: context.Background()}
	tx.reads = reads{tx}
	if !w.interrupter.works() {
		tx.statement = ctx
	}
	end := limit(ctx, w.interrupter)
	defer func() { // also when the closure ends the goroutine
		if p := recover(); p != nil {
			j.err = &core.Error{
				Code: core.Internal, Op: "sqlite.Update", Message: messageInternal,
				Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
			}
		}
		tx.end()
		end.finish()
		cancel()
	}()
	j.err = j.fn(ctx, tx)
	return tx
}

// plain runs one of the statements that frame a transaction. It has no limit:
// half a COMMIT helps nobody.
func (w *writer) plain(text string) error {
	stmt, release, err := w.statements.take(context.Background(), text)
	if err != nil {
		return err
	}
	defer release()
	_, err = stmt.ExecContext(context.Background())
	return err
}

func (w *writer) rollback() error {
	if err := w.plain("ROLLBACK"); err != nil {
		return translate("sqlite.rollback", err)
	}
	return nil
}

// connect makes sure that there is a connection.
func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.db.Conn(context.Background())
	if err != nil {
		return err
	}
	w.conn, w.statements, w.interrupter = conn, newStatements(conn, true), interrupterOf(conn)
	return nil
}

// drop throws the connection away with whatever state it is in; the next batch
// gets a fresh one.
func (w *writer) drop() {
	if w.conn == nil {
		return
	}
	w.statements.close()
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // makes the pool close it
	_ = w.conn.Close()
	w.conn, w.statements = nil, nil
}
