package stripegate

import (
	"context"
	"errors"
	"slices"
	"time"
)

// step is something that falls due at a business time.
type step struct {
	at   int64
	seq  int64
	take func()
}

// steps calls found with everything that waits for a time, for the owners that
// clock names: "" are those without a test clock.
func (g *Gateway) steps(clock string, found func(step)) {
	s := g.s
	of := func(customer string) bool {
		k := s.Customers[customer]
		return (k == nil && clock == "") || (k != nil && k.Clock == clock)
	}
	for _, x := range s.Sessions {
		if !of(x.Customer) {
			continue
		}
		if x.Status == "open" {
			found(step{x.Expires, x.Seq, func() { g.expire(x) }})
		}
		if x.SettleAt != 0 {
			found(step{x.SettleAt, x.Seq, func() {
				m := s.Methods[intentMethod(s.Intents[x.Intent])]
				g.settle(x, m == nil || !m.Bounces)
			}})
		}
	}
	for _, x := range s.Subs {
		if x.ended() || x.Dormant || x.Clock != clock {
			continue
		}
		if x.PauseBehavior != "" && x.PauseResumes != 0 {
			found(step{x.PauseResumes, x.Seq, func() {
				before := g.subObj(x)
				x.PauseBehavior, x.PauseResumes = "", 0
				g.emitChange("customer.subscription.updated", before, g.subObj(x))
			}})
		}
		if x.CancelAt != 0 && !x.CancelAtEnd {
			found(step{x.CancelAt, x.Seq, func() { g.endSub(x, "") }})
		}
		switch x.Status {
		case "trialing":
			if !x.WarnedTrial {
				found(step{max(x.TrialEnd-3*day, x.TrialStart), x.Seq, func() { g.warnTrial(x) }})
			}
			found(step{x.PeriodEnd, x.Seq, func() { g.renew(x) }})
		case "active", "past_due", "unpaid":
			found(step{x.PeriodEnd, x.Seq, func() { g.renew(x) }})
		}
	}
	for _, x := range s.Invoices {
		if x.Adopted || !of(x.Customer) {
			continue
		}
		switch {
		case x.Status == "draft" && x.FinalizeAt != 0:
			found(step{x.FinalizeAt, x.Seq, func() { g.finalizeCycle(x) }})
		case x.Status == "open" && x.NextAttempt != 0:
			found(step{x.NextAttempt, x.Seq, func() { g.collect(x) }})
		}
	}
	for _, x := range s.Refunds {
		if x.FailAt != 0 && clock == "" {
			found(step{x.FailAt, x.Seq, func() { g.failRefund(x) }})
		}
	}
}

func intentMethod(in *intent) string {
	if in == nil {
		return ""
	}
	return in.Method
}

// earliest returns the first step up to a time; the older object goes first
// where two fall together.
func (g *Gateway) earliest(clock string, to int64) (best step, ok bool) {
	g.steps(clock, func(st step) {
		if st.at <= to && (!ok || st.at < best.at || st.at == best.at && st.seq < best.seq) {
			best, ok = st, true
		}
	})
	return best, ok
}

// nextStep returns when the first step up to a time is due.
func (g *Gateway) nextStep(to int64) (at int64, ok bool) {
	g.view(func() {
		var st step
		st, ok = g.earliest("", to)
		at = st.at
	})
	return at, ok
}

// runSteps takes all steps that are due at a time, at that time.
func (g *Gateway) runSteps(at int64) error {
	return g.change(func() error {
		g.at = at
		defer func() { g.at = 0 }()
		for {
			st, ok := g.earliest("", at)
			if !ok {
				return nil
			}
			g.at = st.at
			st.take()
		}
	})
}

// renew ends a subscription's period: it begins the next one with a draft
// invoice, or ends where that was asked for.
func (g *Gateway) renew(s *subscription) {
	if s.CancelAtEnd {
		g.endSub(s, "")
		return
	}
	before := g.subObj(s)
	if s.Status == "trialing" {
		k := g.s.Customers[s.Customer]
		if s.Method == "" && (k == nil || k.Method == "") {
			switch s.MissingMethod {
			case "pause":
				g.pauseSub(s)
				return
			case "cancel":
				g.endSub(s, "payment_failed")
				return
			}
		}
		s.Status = "active"
	}
	s.Periods++
	s.PeriodStart, s.PeriodEnd = s.PeriodEnd, g.periodEnd(s, s.Periods)
	inv := g.newInvoice(s, "subscription_cycle", nil, false)
	s.LatestInvoice = inv.ID
	if s.PauseBehavior == "keep_as_draft" {
		inv.FinalizeAt = 0
	}
	g.emit("invoice.created", g.invoiceObj(inv), nil)
	g.emitChange("customer.subscription.updated", before, g.subObj(s))
}

// finalizeCycle opens a renewal's invoice and takes the money, unless
// collection is paused.
func (g *Gateway) finalizeCycle(x *invoice) {
	s := g.s.Subs[x.Subscription]
	if s != nil && s.PauseBehavior != "" {
		switch s.PauseBehavior {
		case "void":
			g.finalize(x)
			x.Status, x.VoidedAt = "void", g.now()
			g.emit("invoice.voided", g.invoiceObj(x), nil)
		case "mark_uncollectible":
			g.finalize(x)
			x.Status, x.UncollectibleAt = "uncollectible", g.now()
			g.emit("invoice.marked_uncollectible", g.invoiceObj(x), nil)
		default:
			x.FinalizeAt = 0
		}
		return
	}
	g.finalize(x)
	g.collect(x)
}

// NextDue returns when the next thing happens by itself (a renewal, an expiry,
// a repeated delivery), false when nothing waits.
func (g *Gateway) NextDue() (at time.Time, ok bool) {
	g.view(func() {
		const never = int64(1) << 60
		first := never
		if st, found := g.earliest("", never-1); found {
			first = st.at
		}
		first = min(first, g.nextDelivery(never))
		at, ok = time.Unix(first, 0).UTC(), first != never
	})
	return at, ok
}

// Undelivered reports whether there is an event that the site has not taken: it
// waits, was dropped or was given up.
func (g *Gateway) Undelivered() (missing bool) {
	g.view(func() {
		missing = slices.ContainsFunc(g.s.Events, func(e *event) bool { return !e.delivered() })
	})
	return missing
}

func (g *Gateway) nextDelivery(to int64) int64 {
	for _, e := range g.s.Events {
		for _, d := range e.Deliveries {
			if d.State == waiting {
				to = min(to, d.Next)
			}
		}
	}
	return to
}

// Advance lets business time pass up to to: everything that falls due happens
// in order, at its own time, and each event is delivered before the next thing
// happens. Failed deliveries are repeated as time passes. At the end whatever
// still waits is tried once more; what the site does not take then is reported
// as ErrUndelivered and stays queued.
//
// The clock itself belongs to the caller, who moves it before or while.
func (g *Gateway) Advance(ctx context.Context, to time.Time) error {
	g.step.Lock()
	defer g.step.Unlock()
	if err := g.pass(ctx, to.Unix()); err != nil {
		return err
	}
	g.setTime(to.Unix())
	defer g.setTime(0)
	return errors.Join(g.flush(ctx), ctx.Err())
}

// pass takes all steps and deliveries that are due up to limit, in order.
func (g *Gateway) pass(ctx context.Context, limit int64) error {
	defer g.saveLog()
	defer g.setTime(0)
	for ctx.Err() == nil {
		at, due := g.nextStep(limit)
		var again int64
		g.view(func() { again = g.nextDelivery(limit + 1) })
		switch {
		case !due && again > limit:
			return nil
		case !due || again <= at:
			g.setTime(again)
			if g.deliver(ctx, func(d *delivery) bool { return d.Next <= again }) == 0 {
				return nil // nowhere to deliver to
			}
		default:
			if err := g.runSteps(at); err != nil {
				return err
			}
		}
		g.setTime(0)
	}
	return ctx.Err()
}

// setTime makes deliveries be written down at a business time; 0 gives the
// word back to the clock.
func (g *Gateway) setTime(at int64) {
	g.mu.Lock()
	g.at = at
	g.mu.Unlock()
}
