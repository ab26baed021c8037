package web

import (
	"bytes"
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/billing"
)

// webhookTimeout is longer than a page's: an answer that Stripe does not get
// means that it sends the event again.
const webhookTimeout = 25 * time.Second

// webhook is POST /api/webhooks/stripe. An answer of 200 is a receipt: the event
// and all its effects are durable. The signature is checked on the bytes as they
// came, before anything reads them.
func (s *Server) webhook(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.webhook"
	if s.opts.Payloads == nil || s.opts.Billing == nil {
		return paymentsOff(op)
	}
	signatures := c.Context().Request.Header.PeekAll("Stripe-Signature")
	if len(signatures) != 1 || len(c.Context().Request.Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return s.badSignature(c, &core.Error{
			Code: core.InvalidSignature, Op: op,
			Message: "A webhook carries one Stripe-Signature header, over an uncompressed body.",
		})
	}
	payload := bytes.Clone(c.Context().Request.Body())
	ev, err := s.opts.Payloads.Read(payload, string(signatures[0]))
	if core.Is(err, core.InvalidSignature) {
		return s.badSignature(c, err)
	}
	if err != nil {
		s.counted.events["unreadable"].Inc()
		if ev.ID != "" {
			s.opts.Billing.RecordUnreadable(ctx, ev.ID, ev.Type, payload, err)
		}
		return err
	}
	outcome, err := s.opts.Billing.Apply(ctx, ev, payload)
	if err != nil {
		s.counted.events[string(billing.Failed)].Inc()
		return &core.Error{Code: core.Internal, Op: op, Err: err}
	}
	if n := s.counted.events[string(outcome)]; n != nil {
		n.Inc()
	}
	return c.JSON(struct {
		Received bool            `json:"received"`
		Outcome  billing.Outcome `json:"outcome"`
	}{true, outcome})
}

// badSignature counts forged webhooks by address. Genuine ones are never
// limited: Stripe has few addresses and much to say.
func (s *Server) badSignature(c *fiber.Ctx, err error) error {
	s.counted.events["invalid_signature"].Inc()
	if limited := s.allow(c, s.limits.badSignature); limited != nil {
		return limited
	}
	return err
}

func paymentsOff(op string) error {
	return &core.Error{Code: core.Unavailable, Op: op, Message: "Payments are switched off here. Nothing was charged."}
}
