package mail

import (
	"context"
	"sync"
	"time"

	"sselfie/core"
)

// Ports is what the outbox needs from outside.
type Ports struct {
	Store  Store
	Reads  Reads
	Sender Sender
	// Marketing takes letters that people may refuse; nil for the same sender. What
	// becomes of one of the two holds up the other's letters in nothing.
	Marketing Sender
	Renderer  Renderer
	Minter    Minter
	Clock     core.Clock // the business clock: when a mail is due
	Watch     Watcher    // nil for nobody
}

// Limits are the sizes of the outbox; a zero takes the default.
type Limits struct {
	Lanes  int           // letters on their way at once: 4
	Window int           // mails claimed ahead in each queue: 64
	Letter time.Duration // the longest that one letter may hold a lane: 30 s
	Grace  time.Duration // how long a letter on its way may still take at shutdown: 10 s
	Idle   time.Duration // an unused connection is closed after this: 10 s
	Poll   time.Duration // the longest sleep between two looks: 1 minute
	Pace   Pace          // how fast letters leave: no bound
}

func (l Limits) filled() Limits {
	fill := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	if l.Lanes <= 0 {
		l.Lanes = 4
	}
	if l.Window <= 0 {
		l.Window = 64
	}
	fill(&l.Letter, 30*time.Second)
	fill(&l.Grace, 10*time.Second)
	fill(&l.Idle, 10*time.Second)
	fill(&l.Poll, time.Minute)
	return l
}

// Service keeps what use cases promised: it takes due mails from the outbox,
// has them rendered and handed over, and writes down how that ended.
//
// A mail is in sending from the claim to the mark. Only a crash between the
// server's yes and the mark's commit can hand a letter over twice, and then with
// the same Message-ID.
type Service struct {
	p    Ports
	l    Limits
	wake chan struct{}

	mu      sync.Mutex // one round at a time
	conns   [][2]Conn  // by lane and road, kept between rounds
	unsaved []result   // ended, but the store has not taken the mark yet
	doubt   bool       // a claim may have been committed without our knowing
	outage  [2]int     // by road, rounds in a row without a working server

	rest  sync.Mutex
	until [2]time.Time // by road, of the rest after an outage, by the business clock

	pacer pacer
}

// roads are the ways out. Where one sender takes everything there is one.
const (
	mainRoad = iota
	marketingRoad
)

// road returns which way letters of a lane leave.
func (s *Service) road(l Lane) int {
	if l == Bulk && s.p.Marketing != nil {
		return marketingRoad
	}
	return mainRoad
}

// roads returns how many there are.
func (s *Service) roads() int { return s.road(Bulk) + 1 }

// sender returns who takes the letters of a road.
func (s *Service) sender(road int) Sender {
	if road == marketingRoad {
		return s.p.Marketing
	}
	return s.p.Sender
}

// New returns the outbox. Nothing moves before Run or DeliverDue.
func New(p Ports, l Limits) *Service {
	l = l.filled()
	return &Service{p: p, l: l, wake: make(chan struct{}, 1), conns: make([][2]Conn, l.Lanes), pacer: pacer{pace: l.Pace}}
}

// Wake makes Run look at the outbox now. It never waits: the store calls it
// after each commit that promised a mail.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Requeue puts back what a crash left in sending. It is called once at the
// start: the instance lock says that nobody else holds those mails.
func (s *Service) Requeue(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	err := s.p.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		n, err = tx.RequeueMails(ctx, nil)
		return err
	})
	s.doubt = err != nil // then the next round begins with it
	return n, err
}

// Run delivers until ctx ends: at once what was left over, then whatever falls
// due, woken by Wake and by the next due time. When ctx ends, letters on their
// way may finish and the rest goes back to the queue.
func (s *Service) Run(ctx context.Context) error {
	defer s.hangUp()
	for first := true; ctx.Err() == nil; first = false {
		if first {
			if _, err := s.Requeue(ctx); err != nil {
				s.trouble(err)
			}
		}
		if s.resting() <= 0 {
			if _, err := s.round(ctx, true); err != nil && ctx.Err() == nil {
				s.trouble(err)
				if !core.Is(err, core.Unavailable) { // the store: it has no rest of its own
					for road := range s.roads() {
						s.restUntil(road, s.p.Clock.Now().Add(time.Second))
					}
				}
			}
		}
		if ctx.Err() == nil {
			s.sleep(ctx)
		}
	}
	return nil
}

// DeliverDue hands over everything that is due now and returns how many letters
// were accepted. It does not wait out a rest after an outage: whoever asks by
// hand, or moves the clock, wants to know.
func (s *Service) DeliverDue(ctx context.Context) (int, error) {
	return s.round(ctx, false)
}

// Quiet waits until no round is under way: what was claimed by then has been
// handed over, or put back.
func (s *Service) Quiet() {
	s.mu.Lock()
	defer s.mu.Unlock()
}

// NextDue returns when the outbox has something to do next, false for never.
func (s *Service) NextDue(ctx context.Context) (next time.Time, found bool, err error) {
	for _, lane := range []Lane{Urgent, Bulk} {
		at, ok, err := s.p.Reads.NextMailDue(ctx, lane)
		if err != nil {
			return time.Time{}, false, err
		}
		if !ok {
			continue
		}
		if ready := s.pacer.ready(lane, s.p.Clock.Now()); at.Before(ready) {
			at = ready
		}
		if until := s.restsUntil(s.road(lane)); at.Before(until) {
			at = until
		}
		if !found || at.Before(next) {
			next, found = at, true
		}
	}
	return next, found, nil
}

// Waiting reports whether a mail is due at a time, whether or not it can leave.
func (s *Service) Waiting(ctx context.Context, at time.Time) (bool, error) {
	for _, lane := range []Lane{Urgent, Bulk} {
		due, ok, err := s.p.Reads.NextMailDue(ctx, lane)
		if err != nil || ok && !due.After(at) {
			return err == nil, err
		}
	}
	return false, nil
}

// Retry queues a mail that was given up. Asking for it is the creator's word
// that the address works, so a hard bounce on record is lifted.
func (s *Service) Retry(ctx context.Context, id core.MailID) error {
	return s.p.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		key, err := tx.RetryMail(ctx, id, s.p.Clock.Now())
		if err != nil {
			return err
		}
		if err := tx.LiftSuppression(ctx, key, Unreachable); err != nil {
			return err
		}
		return tx.LiftSuppression(ctx, key, HardBounce)
	})
}

// sleep waits for a wake-up or for the next due time, and closes the
// connections when nothing happens for a while.
func (s *Service) sleep(ctx context.Context) {
	next, cancel := context.WithTimeout(ctx, s.pause(ctx))
	defer cancel()
	idle, cancelIdle := context.WithTimeout(next, s.l.Idle)
	defer cancelIdle()
	wake := s.wake
	if s.resting() > 0 {
		wake = nil // one promise more does not bring the server back
	}
	select {
	case <-wake:
		return
	case <-idle.Done():
	}
	if next.Err() != nil {
		return
	}
	s.hangUp()
	select {
	case <-wake:
	case <-next.Done():
	}
}

// pause returns how long there is nothing to do, as far as can be known.
func (s *Service) pause(ctx context.Context) time.Duration {
	if rest := s.resting(); rest > 0 {
		return rest
	}
	at, ok, err := s.NextDue(ctx)
	if err != nil || !ok {
		return s.l.Poll
	}
	return min(max(at.Sub(s.p.Clock.Now()), 0), s.l.Poll)
}

// resting returns how long every road rests still.
func (s *Service) resting() time.Duration {
	now := s.p.Clock.Now()
	rest := s.restsUntil(mainRoad).Sub(now)
	for road := range s.roads() {
		rest = min(rest, s.restsUntil(road).Sub(now))
	}
	return rest
}

func (s *Service) restsUntil(road int) time.Time {
	s.rest.Lock()
	defer s.rest.Unlock()
	return s.until[road]
}

func (s *Service) restUntil(road int, t time.Time) {
	s.rest.Lock()
	defer s.rest.Unlock()
	s.until[road] = t
}

// hangUp closes the idle connections, unless a round is using them.
func (s *Service) hangUp() {
	if !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	for i := range s.conns {
		s.drop(i)
	}
}

// drop closes the connections of a lane that has no letter on its way.
func (s *Service) drop(lane int) {
	for road, c := range s.conns[lane] {
		if c != nil {
			_ = c.Close() // a failed goodbye loses nothing
			s.conns[lane][road] = nil
		}
	}
}

func (s *Service) trouble(err error) {
	if s.p.Watch != nil {
		s.p.Watch.OutboxTrouble(err)
	}
}
