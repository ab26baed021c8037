package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/mail"
	"sselfie/core/onboarding"
	"sselfie/core/tracking"
)

// The sample customer that a developer can sign in as. Demo mode only.
const (
	sampleEmail    = "ada@example.com"
	samplePassword = "contact sheet"
)

// seedDays is how far back the sample history reaches.
const seedDays = 60

// seed fills an empty demo with sample history: visits, purchases, memberships
// with a renewal, a refund, and the letters of that time with what their readers
// did. Everything goes the way of the real thing, by a clock that was set back, so
// every figure of it can be explained like a real one. A database that anybody has
// used is left alone.
func (h *house) seed(ctx context.Context) error {
	if !h.config.DemoSeed || h.money == nil {
		return nil
	}
	_, done, err := h.db.Setting(ctx, "demo_seeded")
	if err != nil || done {
		return err
	}
	users, err := h.db.CountUsers(ctx)
	if err != nil || users > 0 {
		return err
	}
	offset := h.clock.Offset()
	s := &sampler{h: h, end: h.clock.Now(), rand: rand.New(rand.NewPCG(20, 26)), joining: map[string]bool{}}
	s.billing = *h.money.billing
	s.billing.Creator = ""
	err = s.history(ctx)
	h.clock.SetOffset(offset)
	if err != nil {
		return fmt.Errorf("sample history: %w", err)
	}
	if err := s.customer(ctx); err != nil {
		return fmt.Errorf("sample customer: %w", err)
	}
	if _, err := h.voice.segments.Refresh(ctx, h.clock.Now()); err != nil {
		return fmt.Errorf("sample segments: %w", err)
	}
	return h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveSetting(ctx, "demo_seeded", "yes", s.end)
	})
}

// sampler makes the sample history: it sets the business clock back, and lets
// sample people do what they do, each at the time of it.
type sampler struct {
	h        *house
	billing  billing.Service
	end      time.Time   // of the history: now
	plan     []happening // what is still to come, in order
	rand     *rand.Rand
	n        int
	objects  [][]byte        // what Stripe would know of the history
	joining  map[string]bool // addresses of those who become members
	answered bool            // somebody bought because of the campaign
}

// happening is something that a sample person does, or a moment at which letters
// go out.
type happening struct {
	at time.Time
	do func(ctx context.Context) error
}

// later plans something. Beyond the end of the history nothing happens.
func (s *sampler) later(at time.Time, do func(ctx context.Context) error) {
	if at.After(s.end) {
		return
	}
	i, _ := slices.BinarySearchFunc(s.plan, at, func(h happening, at time.Time) int {
		if h.at.After(at) {
			return 1
		}
		return -1 // of one moment, what was planned first comes first
	})
	s.plan = slices.Insert(s.plan, i, happening{at, do})
}

// live lets the time pass.
func (s *sampler) live(ctx context.Context) error {
	for len(s.plan) > 0 {
		next := s.plan[0]
		s.plan = s.plan[1:]
		s.h.clock.Set(next.at)
		if err := next.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

var sampleNames = []string{
	"Ada Moreau", "Bea Lindqvist", "Carmen Ortiz", "Dina Haddad", "Edda Sommer", "Femke Bos", "Grace Okafor", "Hana Sato",
	"Ines Duarte", "Joana Reis", "Kaja Nowak", "Lena Vogt", "Mira Patel", "Noor Aziz", "Olga Petrova", "Priya Nair",
	"Quinn Avery", "Rosa Bianchi", "Sunniva Dahl", "Tamsin Hale",
}

var sampleSources = []string{"instagram", "instagram", "pinterest", "newsletter", "podcast", ""}

// history plans what happens of itself, and lives through it with what follows.
func (s *sampler) history(ctx context.Context) error {
	minis := s.h.catalog.OfKind(catalog.Mini)
	begin := s.end.Add(-seedDays * 24 * time.Hour)
	var visits []tracking.Event
	for i, name := range sampleNames {
		at := s.daytime(begin.Add(time.Duration(i*seedDays/len(sampleNames)) * 24 * time.Hour))
		p, source := minis[s.rand.IntN(len(minis))], sampleSources[s.rand.IntN(len(sampleSources))]
		if i == 0 {
			p = minis[0]
		}
		for range 8 + s.rand.IntN(20) {
			seen := minis[s.rand.IntN(len(minis))].ID
			visits = append(visits, tracking.Event{
				Name: tracking.PricingView, Visitor: fmt.Sprintf("sample-%d", s.rand.IntN(1e9)), Product: seen, Source: source, At: at.Add(-time.Duration(s.rand.IntN(72)) * time.Hour),
			})
		}
		visits = append(visits, tracking.Event{Name: tracking.CheckoutStart, Visitor: fmt.Sprintf("sample-%d", i), Product: p.ID, Source: source, At: at})
		email := sampleAddress(name)
		s.later(at, func(ctx context.Context) error {
			payment, err := s.buys(ctx, p, email, name, source)
			if i == 7 {
				s.later(at.Add(48*time.Hour), func(ctx context.Context) error { return s.returns(ctx, p, payment) })
			}
			return err
		})
		// The night after a month is the only one that moves her by itself.
		night := at.AddDate(0, 0, 31).Truncate(24 * time.Hour).Add(3 * time.Hour)
		s.later(night, func(ctx context.Context) error {
			_, err := s.h.voice.segments.Refresh(ctx, night)
			return err
		})
		if i%4 == 2 { // joins on the afternoon of the day 7 letter
			s.joining[email] = true
			s.later(afternoon(at.Add(7*24*time.Hour)).Add(s.minutes(4*60)), func(ctx context.Context) error { return s.joins(ctx, email, name, source) })
		}
	}
	for noon := afternoon(begin).Truncate(24 * time.Hour).Add(12 * time.Hour); noon.Before(s.end); noon = noon.Add(24 * time.Hour) {
		s.later(noon, s.writes)
	}
	s.campaign()
	if err := s.live(ctx); err != nil {
		return err
	}
	if s.h.money.gate != nil {
		if err := s.h.money.gate.AdoptAll(s.objects); err != nil {
			return err
		}
	}
	return s.h.db.UpdateBulk(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		for _, v := range visits {
			if err := tx.RecordEvent(ctx, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// daytime returns a moment between seven in the morning and ten in the evening of a day, now and
// then of the day after: people don't buy by the clock.
func (s *sampler) daytime(day time.Time) time.Time {
	return day.Truncate(24 * time.Hour).Add(time.Duration(s.rand.IntN(2)) * 24 * time.Hour).Add(7 * time.Hour).Add(s.minutes(15 * 60))
}

// minutes returns a span below so many minutes, with seconds.
func (s *sampler) minutes(below int) time.Duration {
	return time.Duration(s.rand.IntN(below*60)) * time.Second
}

// afternoon returns the first moment at or after t at which the letters of a
// noon have been read.
func afternoon(t time.Time) time.Time {
	day := t.Add(12 * time.Hour).Add(-time.Nanosecond).Truncate(24 * time.Hour)
	return day.Add(15 * time.Hour)
}

func sampleAddress(name string) string {
	first := []rune(name)
	for i, r := range first {
		if r == ' ' {
			return string(first[0]+('a'-'A')) + string(first[1:i]) + "@example.com"
		}
	}
	return "somebody@example.com"
}

// report sends one event the way of the webhook.
func (s *sampler) report(ctx context.Context, typ string, object map[string]any) error {
	s.n++
	payload, err := json.Marshal(map[string]any{
		"id": fmt.Sprintf("evt_sample_%04d", s.n), "object": "event", "type": typ, "created": s.h.clock.Now().Unix(), "livemode": false,
		"data": map[string]any{"object": object},
	})
	if err != nil {
		return err
	}
	ev, err := s.h.money.reader.Parse(payload)
	if err != nil {
		return err
	}
	out, err := s.billing.Apply(ctx, ev, payload)
	if err != nil {
		return err
	}
	if out != billing.Applied {
		return fmt.Errorf("%s was %s", typ, out)
	}
	if object["created"] == nil {
		object["created"] = s.h.clock.Now().Unix()
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return err
	}
	s.objects = append(s.objects, raw)
	return s.posts(ctx)
}

// buys returns what Stripe would call the payment.
func (s *sampler) buys(ctx context.Context, p catalog.Product, email, name, source string) (payment string, err error) {
	id := fmt.Sprintf("sample_%04d", s.n+1)
	return id, s.report(ctx, "checkout.session.completed", map[string]any{
		"id": "cs_test_" + id, "object": "checkout.session", "mode": "payment", "status": "complete", "payment_status": "paid",
		"currency": p.Price.Currency, "amount_subtotal": p.Price.Minor, "amount_total": p.Price.Minor, "payment_intent": "pi_" + id, "customer": "cus_" + s.key(email),
		"customer_details": map[string]any{"email": email, "name": name},
		"metadata":         map[string]any{"product_type": p.ID, "source": source},
	})
}

func (s *sampler) key(email string) string { return "sample_" + email[:len(email)-len("@example.com")] }

// returns refunds a purchase.
func (s *sampler) returns(ctx context.Context, p catalog.Product, payment string) error {
	return s.report(ctx, "charge.refunded", map[string]any{
		"id": "ch_" + payment, "object": "charge", "payment_intent": "pi_" + payment, "currency": p.Price.Currency,
		"amount": p.Price.Minor, "amount_refunded": p.Price.Minor, "refunded": true, "created": s.h.clock.Now().Unix(),
	})
}

// joins makes a buyer a member, with every renewal from then on.
func (s *sampler) joins(ctx context.Context, email, name, source string) error {
	p := s.h.catalog.Studio()
	key := s.key(email)
	m := member{email: email, key: key, begun: s.h.clock.Now(), meta: map[string]any{"product_type": p.ID, "source": source}}
	if err := s.report(ctx, "checkout.session.completed", map[string]any{
		"id": "cs_test_studio_" + key, "object": "checkout.session", "mode": "subscription", "status": "complete", "payment_status": "paid",
		"currency": p.Price.Currency, "amount_subtotal": p.Price.Minor, "amount_total": p.Price.Minor, "customer": "cus_" + key, "subscription": "sub_" + key,
		"customer_details": map[string]any{"email": email, "name": name}, "metadata": m.meta,
	}); err != nil {
		return err
	}
	return s.pays(ctx, m, p, 0)
}

// member is somebody who pays by the month.
type member struct {
	email, key string
	begun      time.Time
	meta       map[string]any
}

// pays begins a month of a membership, the first being 0.
func (s *sampler) pays(ctx context.Context, m member, p catalog.Product, month int) error {
	now, end, reason := m.begun.AddDate(0, month, 0), m.begun.AddDate(0, month+1, 0), "subscription_cycle"
	if month == 0 {
		reason = "subscription_create"
	}
	price := map[string]any{"id": "price_sample_studio", "object": "price", "unit_amount": p.Price.Minor, "currency": p.Price.Currency, "recurring": map[string]any{"interval": "month", "interval_count": 1}}
	if err := s.report(ctx, "customer.subscription.updated", map[string]any{
		"id": "sub_" + m.key, "object": "subscription", "customer": "cus_" + m.key, "status": "active", "created": m.begun.Unix(), "metadata": m.meta,
		"current_period_start": now.Unix(), "current_period_end": end.Unix(), "currency": p.Price.Currency,
		"items": map[string]any{"object": "list", "data": []any{map[string]any{"id": "si_" + m.key, "quantity": 1, "price": price, "current_period_start": now.Unix(), "current_period_end": end.Unix()}}},
	}); err != nil {
		return err
	}
	inv := fmt.Sprintf("in_%s_%d", m.key, month)
	if err := s.report(ctx, "invoice.paid", map[string]any{
		"id": inv, "object": "invoice", "customer": "cus_" + m.key, "subscription": "sub_" + m.key, "status": "paid", "paid": true, "billing_reason": reason,
		"currency": p.Price.Currency, "subtotal": p.Price.Minor, "total": p.Price.Minor, "amount_paid": p.Price.Minor, "amount_due": p.Price.Minor,
		"payment_intent": "pi_" + inv, "charge": "ch_" + inv, "created": now.Unix(), "subscription_details": map[string]any{"metadata": m.meta},
	}); err != nil {
		return err
	}
	s.later(end, func(ctx context.Context) error { return s.pays(ctx, m, p, month+1) })
	return nil
}

// customer gives the first sample customer a password, so that a developer can
// look at the shop from her side.
func (s *sampler) customer(ctx context.Context) error {
	u, err := s.h.db.UserByKey(ctx, core.EmailKey(sampleEmail))
	if err != nil {
		return err
	}
	token, err := s.h.people.MintToken(ctx, u.ID, mail.SetupToken, u.Key)
	if err != nil {
		return err
	}
	signed, err := s.h.people.SetPassword(ctx, token, samplePassword, accounts.Client{UserAgent: "sample"})
	if err != nil {
		return err
	}
	if err := s.answers(ctx, u.ID); err != nil {
		return err
	}
	return s.h.people.Logout(ctx, signed.Token)
}

// answers lets the sample customer have answered everything that is asked of
// her, so that a developer sees her studio.
func (s *sampler) answers(ctx context.Context, user core.UserID) error {
	o := s.h.reception.onboarding
	f, err := o.Look(ctx, user)
	for err == nil && f.Phase != onboarding.Done && f.Phase != onboarding.Training {
		if f.Phase == onboarding.Welcome {
			err = o.Complete(ctx, user, onboarding.BlueprintWelcome)
		} else {
			_, err = o.CompletePhase(ctx, user, f.Phase, sampleAnswers)
		}
		if err == nil {
			f, err = o.Look(ctx, user)
		}
	}
	return err
}

var sampleAnswers = onboarding.Answers{
	"name": "Ada", "businessType": "Coach for first-time founders", "colorTheme": "warm-neutrals", "visualAesthetic": "editorial", "currentSituation": "growing",
	"dreamClient": "Grace, who has just left her job", "struggle": "Looking into the lens", "feedStyle": "mixed",
	"transformationStory": "I left a career in insurance to teach what I had learned there.", "futureVision": "A small school with twelve people a year.",
	"idealAudience": "Women who begin at forty", "communicationVoice": "Plain, warm, dry", "photoGoals": "Profile, workshop pages, every week",
	"contentPillars": []string{"First clients", "Prices", "Courage"}, "brandInspiration": "Old publishers' catalogues",
}
