package mail

import (
	"context"
	"errors"
	"fmt"

	"sselfie/core"
)

// lane renders and sends, one letter after the other, until the round stops.
func (r *round) lane(i int) {
	for {
		o, ok := r.next()
		if !ok {
			return
		}
		road := r.s.road(o.Kind.Lane())
		if r.halt[road].Load() {
			r.results <- back(o)
			continue
		}
		res := r.attempt(i, o)
		res.road = road
		if res.down != nil {
			r.halt[road].Store(true) // the other lanes learn it before the clerk does
		}
		r.results <- res
	}
}

// next takes the next mail: one that somebody waits for before any other.
func (r *round) next() (Outgoing, bool) {
	select {
	case o := <-r.urgent:
		return o, true
	default:
	}
	select {
	case o := <-r.urgent:
		return o, true
	case o := <-r.bulk:
		return o, true
	case <-r.stop:
		return Outgoing{}, false
	}
}

// attempt writes and sends one mail. Whatever happens to it, even a panic in a
// template, ends this mail alone.
func (r *round) attempt(lane int, o Outgoing) (res result) {
	defer func() {
		if p := recover(); p != nil {
			r.s.drop(lane)
			res = failed(o, fmt.Errorf("panic: %v", p))
		}
	}()
	ctx, cancel := r.letterContext()
	defer cancel()
	o.At = r.s.p.Clock.Now()

	if o.Purpose != NoToken {
		token, err := r.s.p.Minter.MintToken(ctx, o.User, o.Purpose, o.ToKey)
		switch {
		case core.Is(err, core.NotFound), core.Is(err, core.Conflict):
			return failed(o, fmt.Errorf("the link: %w", err))
		case err != nil:
			return again(o, "", fmt.Errorf("the link: %w", err))
		}
		o.Token = token
	}
	letter, err := r.s.p.Renderer.Render(ctx, o)
	if held := Withholding(nil); errors.As(err, &held) {
		return withheld(o, held)
	}
	if err != nil {
		return failed(o, fmt.Errorf("the letter could not be written: %w", err))
	}
	if err := r.hand(ctx, lane, r.s.road(o.Kind.Lane()), letter); err != nil {
		return refused(o, letter.Subject, err)
	}
	return result{
		mark: Mark{ID: o.ID, State: StateSent, Attempts: o.Attempts + 1, Next: o.Due, Subject: letter.Subject, SentAt: o.At},
		out:  Outcome{ID: o.ID, Kind: o.Kind, State: StateSent, Attempts: o.Attempts + 1},
	}
}

// hand gives the letter to the lane's connection on a road.
func (r *round) hand(ctx context.Context, lane, road int, l Letter) error {
	conn := r.s.conns[lane][road]
	if conn == nil {
		opened, err := r.s.sender(road).Open(ctx)
		if err != nil {
			return err
		}
		conn, r.s.conns[lane][road] = opened, opened
	}
	return conn.Send(ctx, l)
}

// letterContext bounds one letter. It outlives the round's own context by the
// grace: a letter that the server is about to accept should not be sent twice.
func (r *round) letterContext() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), r.s.l.Letter)
	unwatch := context.AfterFunc(r.ctx, func() {
		grace, done := context.WithTimeout(ctx, r.s.l.Grace)
		defer done()
		<-grace.Done()
		cancel()
	})
	return ctx, func() { unwatch(); cancel() }
}

// refused says what a failed hand-over means for the mail.
func refused(o Outgoing, subject string, err error) result {
	switch faultOf(err) {
	case Final:
		return failed(o, err)
	case Bounced:
		res := failed(o, err)
		res.mark.State, res.out.State = StateBounced, StateBounced
		res.hard = &Suppression{Key: o.ToKey, Reason: HardBounce, Detail: line(err), Since: o.At}
		return res
	case Down:
		res := back(o)
		res.mark.Error = line(err)
		res.down = err
		return res
	}
	return again(o, subject, err)
}

// again queues the mail for its next attempt, or gives it up after the last.
func again(o Outgoing, subject string, err error) result {
	attempt := o.Attempts + 1
	wait, ok := RetryAfter(attempt)
	if !ok {
		return failed(o, fmt.Errorf("given up after %d attempts: %w", attempt, err))
	}
	return result{
		mark: Mark{ID: o.ID, State: StateQueued, Attempts: attempt, Next: o.At.Add(wait), Subject: subject, Error: line(err)},
		out:  Outcome{ID: o.ID, Kind: o.Kind, State: StateQueued, Attempts: attempt, Err: err},
	}
}

func failed(o Outgoing, err error) result {
	return result{
		mark: Mark{ID: o.ID, State: StateFailed, Attempts: o.Attempts + 1, Next: o.Due, Error: line(err)},
		out:  Outcome{ID: o.ID, Kind: o.Kind, State: StateFailed, Attempts: o.Attempts + 1, Err: err},
	}
}

func suppressed(o Outgoing) result {
	return withheld(o, errors.New("the address is on the suppression list: "+string(o.Suppressed)))
}

func withheld(o Outgoing, err error) result {
	return result{
		mark: Mark{ID: o.ID, State: StateSuppressed, Attempts: o.Attempts, Next: o.Due, Error: line(err)},
		out:  Outcome{ID: o.ID, Kind: o.Kind, State: StateSuppressed, Attempts: o.Attempts, Err: err},
	}
}
