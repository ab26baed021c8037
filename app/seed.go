package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
// with a renewal, a refund. Everything goes the way of a real webhook, at its
// time in the past, so every figure of it can be explained like a real one.
// A database that anybody has used is left alone.
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
	s := &sampler{h: h, now: h.clock.Now(), rand: rand.New(rand.NewPCG(20, 26))}
	s.billing = *h.money.billing
	s.billing.Clock, s.billing.Creator = s, ""
	if err := s.history(ctx); err != nil {
		return fmt.Errorf("sample history: %w", err)
	}
	if err := s.customer(ctx); err != nil {
		return fmt.Errorf("sample customer: %w", err)
	}
	return h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		return tx.SaveSetting(ctx, "demo_seeded", "yes", s.now)
	})
}

// sampler makes the sample history. It is the clock of it, too.
type sampler struct {
	h       *house
	billing billing.Service
	now     time.Time // the end of the history
	at      time.Time // where it stands
	rand    *rand.Rand
	n       int
}

// Now implements core.Clock.
func (s *sampler) Now() time.Time { return s.at }

var sampleNames = []string{
	"Ada Moreau", "Bea Lindqvist", "Carmen Ortiz", "Dina Haddad", "Edda Sommer", "Femke Bos", "Grace Okafor", "Hana Sato",
	"Ines Duarte", "Joana Reis", "Kaja Nowak", "Lena Vogt", "Mira Patel", "Noor Aziz", "Olga Petrova", "Priya Nair",
	"Quinn Avery", "Rosa Bianchi", "Sunniva Dahl", "Tamsin Hale",
}

var sampleSources = []string{"instagram", "instagram", "pinterest", "newsletter", "podcast", ""}

func (s *sampler) history(ctx context.Context) error {
	minis := s.h.catalog.OfKind(catalog.Mini)
	var visits []tracking.Event
	for i, name := range sampleNames {
		s.at = s.now.Add(-time.Duration(seedDays-i*seedDays/len(sampleNames)) * 24 * time.Hour).Truncate(time.Hour)
		p, source := minis[s.rand.IntN(len(minis))], sampleSources[s.rand.IntN(len(sampleSources))]
		if i == 0 {
			p = minis[0]
		}
		for range 8 + s.rand.IntN(20) {
			seen := minis[s.rand.IntN(len(minis))].ID
			at := s.at.Add(-time.Duration(s.rand.IntN(72)) * time.Hour)
			visits = append(visits, tracking.Event{Name: tracking.PricingView, Visitor: fmt.Sprintf("sample-%d", s.rand.IntN(1e9)), Product: seen, Source: source, At: at})
		}
		visits = append(visits, tracking.Event{Name: tracking.CheckoutStart, Visitor: fmt.Sprintf("sample-%d", i), Product: p.ID, Source: source, At: s.at})
		email := sampleAddress(name)
		if err := s.buys(ctx, p, email, name, source); err != nil {
			return err
		}
		switch {
		case i == 7:
			if err := s.returns(ctx, p); err != nil {
				return err
			}
		case i%4 == 2:
			if err := s.joins(ctx, email, name, source); err != nil {
				return err
			}
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
		"id": fmt.Sprintf("evt_sample_%04d", s.n), "object": "event", "type": typ, "created": s.at.Unix(), "livemode": false,
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
	if s.h.money.gate != nil {
		raw, err := json.Marshal(object)
		if err != nil {
			return err
		}
		return s.h.money.gate.Adopt("", raw)
	}
	return nil
}

func (s *sampler) buys(ctx context.Context, p catalog.Product, email, name, source string) error {
	id := fmt.Sprintf("sample_%04d", s.n+1)
	return s.report(ctx, "checkout.session.completed", map[string]any{
		"id": "cs_test_" + id, "object": "checkout.session", "mode": "payment", "status": "complete", "payment_status": "paid",
		"currency": p.Price.Currency, "amount_subtotal": p.Price.Minor, "amount_total": p.Price.Minor, "payment_intent": "pi_" + id, "customer": "cus_" + s.key(email),
		"customer_details": map[string]any{"email": email, "name": name},
		"metadata":         map[string]any{"product_type": p.ID, "source": source},
	})
}

func (s *sampler) key(email string) string { return "sample_" + email[:len(email)-len("@example.com")] }

// returns refunds the purchase that was just made, two days later.
func (s *sampler) returns(ctx context.Context, p catalog.Product) error {
	id := fmt.Sprintf("sample_%04d", s.n)
	s.at = s.at.Add(48 * time.Hour)
	return s.report(ctx, "charge.refunded", map[string]any{
		"id": "ch_" + id, "object": "charge", "payment_intent": "pi_" + id, "currency": p.Price.Currency,
		"amount": p.Price.Minor, "amount_refunded": p.Price.Minor, "refunded": true, "created": s.at.Unix(),
	})
}

// joins makes the buyer a member a week later, with every renewal until now.
func (s *sampler) joins(ctx context.Context, email, name, source string) error {
	p := s.h.catalog.Studio()
	s.at = s.at.Add(7 * 24 * time.Hour)
	if !s.at.Before(s.now) {
		return nil
	}
	key, begun := s.key(email), s.at
	meta := map[string]any{"product_type": p.ID, "source": source}
	if err := s.report(ctx, "checkout.session.completed", map[string]any{
		"id": "cs_test_studio_" + key, "object": "checkout.session", "mode": "subscription", "status": "complete", "payment_status": "paid",
		"currency": p.Price.Currency, "amount_subtotal": p.Price.Minor, "amount_total": p.Price.Minor, "customer": "cus_" + key, "subscription": "sub_" + key,
		"customer_details": map[string]any{"email": email, "name": name}, "metadata": meta,
	}); err != nil {
		return err
	}
	for month, reason := 0, "subscription_create"; s.at.Before(s.now); month, reason = month+1, "subscription_cycle" {
		end := begun.AddDate(0, month+1, 0)
		price := map[string]any{"id": "price_sample_studio", "object": "price", "unit_amount": p.Price.Minor, "currency": p.Price.Currency, "recurring": map[string]any{"interval": "month", "interval_count": 1}}
		if err := s.report(ctx, "customer.subscription.updated", map[string]any{
			"id": "sub_" + key, "object": "subscription", "customer": "cus_" + key, "status": "active", "created": begun.Unix(), "metadata": meta,
			"current_period_start": s.at.Unix(), "current_period_end": end.Unix(), "currency": p.Price.Currency,
			"items": map[string]any{"object": "list", "data": []any{map[string]any{"id": "si_" + key, "quantity": 1, "price": price, "current_period_start": s.at.Unix(), "current_period_end": end.Unix()}}},
		}); err != nil {
			return err
		}
		inv := fmt.Sprintf("in_%s_%d", key, month)
		if err := s.report(ctx, "invoice.paid", map[string]any{
			"id": inv, "object": "invoice", "customer": "cus_" + key, "subscription": "sub_" + key, "status": "paid", "paid": true, "billing_reason": reason,
			"currency": p.Price.Currency, "subtotal": p.Price.Minor, "total": p.Price.Minor, "amount_paid": p.Price.Minor, "amount_due": p.Price.Minor,
			"payment_intent": "pi_" + inv, "charge": "ch_" + inv, "created": s.at.Unix(), "subscription_details": map[string]any{"metadata": meta},
		}); err != nil {
			return err
		}
		s.at = end
	}
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
