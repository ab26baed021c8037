package mail

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"sselfie/core"
)

// round is one sweep over the outbox. One goroutine, the clerk, claims and
// marks; the lanes render and send. They meet in channels large enough that
// neither ever waits for the other's disk or network.
type round struct {
	s       *Service
	ctx     context.Context
	urgent  chan Outgoing
	bulk    chan Outgoing
	results chan result
	stop    chan struct{}
	held    map[core.MailID]Lane // claimed and not yet marked
	count   [2]int               // of held, by lane
	ended   [2]int               // of those, how many only wait for their mark
	more    [2]bool              // the lane may hold more than was claimed
	halt    [2]atomic.Bool       // by road: no lane begins another letter
	down    [2]error             // by road: no letter can be sent now
	patient bool                 // a road that rests is left alone
	sent    int
}

// result is how an attempt ended.
type result struct {
	mark Mark
	out  Outcome
	hard *Suppression // the address that does not exist
	down error        // the server that does not work
	road int
}

// round delivers until nothing is due, and returns how many were accepted.
func (s *Service) round(ctx context.Context, patient bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &round{
		s: s, ctx: ctx, patient: patient,
		urgent:  make(chan Outgoing, s.l.Window),
		bulk:    make(chan Outgoing, s.l.Window),
		results: make(chan result, 2*s.l.Window),
		stop:    make(chan struct{}),
		held:    map[core.MailID]Lane{},
		more:    [2]bool{true, true},
	}
	return r.run()
}

func (r *round) run() (int, error) {
	started := false
	for {
		claimed, err := r.turn()
		if err != nil {
			return r.sent, r.abandon(started, err)
		}
		if !started && claimed > 0 {
			started = true
			for i := range r.s.l.Lanes {
				go r.lane(i)
			}
		}
		if len(r.held) == 0 && len(r.s.unsaved) == 0 && !r.hungry() {
			close(r.stop)
			return r.sent, r.verdict()
		}
		r.wait()
	}
}

// wait blocks until there is something for the clerk to write.
func (r *round) wait() {
	if len(r.s.unsaved) > 0 || len(r.held) == 0 {
		r.drain()
		return
	}
	done := r.ctx.Done()
	if r.ctx.Err() != nil {
		r.recall(mainRoad, marketingRoad)
		if len(r.s.unsaved) > 0 {
			return
		}
		done = nil
	}
	select {
	case res := <-r.results:
		r.take(res)
		r.gather()
	case <-r.s.wake:
		r.more = [2]bool{true, true}
	case <-done:
		r.recall(mainRoad, marketingRoad)
	}
}

// Marks are written together: a transaction for each letter would cost more than
// the letter. What ended within the linger is in doubt a moment longer, and would
// be sent again after a crash.
const (
	markTogether = 32
	linger       = 10 * time.Millisecond
)

// gather takes what ends shortly after the first result, for one transaction.
func (r *round) gather() {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for len(r.s.unsaved) < min(markTogether, len(r.held)) {
		select {
		case res := <-r.results:
			r.take(res)
		case <-timer.C:
			r.drain()
			return
		case <-r.ctx.Done():
			r.drain()
			return
		}
	}
	r.drain()
}

func (r *round) drain() {
	for {
		select {
		case res := <-r.results:
			r.take(res)
		default:
			return
		}
	}
}

// keep notes how a mail ended, to be marked in the next turn.
func (r *round) keep(res result) {
	r.s.unsaved = append(r.s.unsaved, res)
	if lane, ok := r.held[res.mark.ID]; ok {
		r.ended[lane]++
	}
}

// take notes a result, and what it says about the road.
func (r *round) take(res result) {
	r.keep(res)
	if res.down != nil && r.down[res.road] == nil {
		r.down[res.road] = res.down
		r.recall(res.road)
	}
}

// recall takes back what no lane has begun on these roads, so that it is queued
// again.
func (r *round) recall(roads ...int) {
	for lane, queue := range []chan Outgoing{r.urgent, r.bulk} {
		for slices.Contains(roads, r.s.road(Lane(lane))) && len(queue) > 0 {
			select {
			case o := <-queue:
				r.keep(back(o))
			default:
			}
		}
	}
}

// back puts a mail into the queue as it was.
func back(o Outgoing) result {
	return result{mark: Mark{ID: o.ID, State: StateQueued, Attempts: o.Attempts, Next: o.Due}}
}

// hungry reports whether a claim is worth a transaction: there may be more, and
// half of that queue is free, or will be with the marks that are written together
// with the claim.
func (r *round) hungry() bool { return r.want(Urgent) > 0 || r.want(Bulk) > 0 }

func (r *round) want(l Lane) int {
	free, road := r.s.l.Window-r.count[l]+r.ended[l], r.s.road(l)
	if !r.more[l] || r.down[road] != nil || r.ctx.Err() != nil || free < r.s.l.Window/2 {
		return 0
	}
	now := r.s.p.Clock.Now()
	if r.patient && now.Before(r.s.restsUntil(road)) {
		return 0
	}
	return min(free, r.s.pacer.room(l, now))
}

// turn is the clerk's transaction: it marks what ended and claims what is next.
func (r *round) turn() (claimed int, err error) {
	marks, doubt := r.s.unsaved, r.s.doubt
	if len(marks) == 0 && !doubt && !r.hungry() {
		return 0, nil
	}
	now := r.s.p.Clock.Now()
	want := [2]int{r.want(Urgent), r.want(Bulk)}
	room := r.s.pacer.room(Bulk, now)
	var got [2][]Outgoing
	var all [2]bool
	var blocked []result
	// The writer is asked without the caller's cancellation: at shutdown the
	// marks of accepted letters must still be kept.
	err = r.s.p.Store.Update(context.WithoutCancel(r.ctx), func(ctx context.Context, tx Tx) error {
		blocked = nil
		claimed := 0
		if doubt {
			if _, err := tx.RequeueMails(ctx, r.flying()); err != nil {
				return err
			}
		}
		if err := settle(ctx, tx, marks); err != nil {
			return err
		}
		for lane, n := range want {
			got[lane] = nil
			if Lane(lane) == Bulk {
				n = min(n, max(0, room-claimed)) // the urgent ones took theirs
			}
			if n == 0 {
				continue
			}
			mails, err := tx.ClaimMails(ctx, Lane(lane), now, n)
			if err != nil {
				return err
			}
			for _, o := range mails {
				if o.Suppressed.Blocks(o.Kind) {
					blocked = append(blocked, suppressed(o))
					continue
				}
				if at, ok := r.s.pacer.admit(o.To, Lane(lane), now); !ok {
					o.Due = at
					blocked = append(blocked, back(o))
					continue
				}
				got[lane] = append(got[lane], o)
				claimed++
			}
			all[lane] = len(mails) < n // fewer than asked for is all there is
		}
		return settle(ctx, tx, blocked)
	})
	if err != nil {
		r.s.doubt = true
		return 0, err
	}
	r.s.doubt = false
	r.s.unsaved = nil
	for _, res := range marks {
		r.settled(res)
	}
	for _, res := range blocked {
		r.settled(res)
	}
	for lane, mails := range got {
		if all[lane] {
			r.more[lane] = false
		}
		for _, o := range mails {
			r.held[o.ID] = Lane(lane)
			r.count[lane]++
			claimed++
			r.s.pacer.spend()
			r.queue(Lane(lane)) <- o
		}
	}
	return claimed, nil
}

func settle(ctx context.Context, tx Tx, results []result) error {
	if len(results) == 0 {
		return nil
	}
	marks := make([]Mark, 0, len(results))
	for _, res := range results {
		marks = append(marks, res.mark)
		if res.hard != nil {
			if err := tx.SuppressAddress(ctx, *res.hard); err != nil {
				return err
			}
		}
	}
	return tx.MarkMails(ctx, marks)
}

// settled forgets a mail whose mark is durable.
func (r *round) settled(res result) {
	if lane, ok := r.held[res.mark.ID]; ok {
		delete(r.held, res.mark.ID)
		r.count[lane]--
		r.ended[lane]--
	}
	if res.mark.State == StateSent {
		r.sent++
		r.s.outage[r.s.road(res.out.Kind.Lane())] = 0
	}
	if res.out.ID != "" && r.s.p.Watch != nil {
		r.s.p.Watch.MailDone(res.out)
	}
}

// flying returns what this round holds, ended or not.
func (r *round) flying() []core.MailID {
	ids := make([]core.MailID, 0, len(r.held))
	for id := range r.held {
		ids = append(ids, id)
	}
	for _, res := range r.s.unsaved {
		ids = append(ids, res.mark.ID)
	}
	return ids
}

func (r *round) queue(l Lane) chan Outgoing {
	if l == Urgent {
		return r.urgent
	}
	return r.bulk
}

// abandon ends a round whose store failed: letters on their way may finish, and
// how they ended is kept for the next round.
func (r *round) abandon(started bool, err error) error {
	r.drain()
	r.recall(mainRoad, marketingRoad)
	close(r.stop)
	if started {
		pending := len(r.held)
		for _, res := range r.s.unsaved {
			if _, ok := r.held[res.mark.ID]; ok {
				pending--
			}
		}
		for ; pending > 0; pending-- {
			r.s.unsaved = append(r.s.unsaved, <-r.results)
		}
	}
	return err
}

// verdict says whether the servers work, and how long to rest from one that
// does not.
func (r *round) verdict() (err error) {
	now := r.s.p.Clock.Now()
	for road := range r.s.roads() {
		switch {
		case r.down[road] != nil:
			r.s.outage[road]++
			r.s.restUntil(road, now.Add(outagePause(r.s.outage[road])))
			err = &core.Error{Code: core.Unavailable, Op: "mail.deliver", Message: "The mail server does not take letters now.", Err: r.down[road]}
		case !r.patient || !now.Before(r.s.restsUntil(road)):
			r.s.restUntil(road, time.Time{})
		}
	}
	return err
}
