package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/mail"
)

// travelTimeout bounds one move of the clock: a month of jobs takes seconds.
const travelTimeout = 10 * time.Minute

// mailboxLimit is how many mails one answer holds, the newest.
const mailboxLimit = 1000

// developer adds what only demo mode has. Elsewhere these paths are 404.
func (s *Server) developer() {
	if !s.opts.Demo {
		return
	}
	s.app.Get("/dev", s.do(s.devIndex))
	s.app.Get("/dev/components", s.do(func(_ context.Context, c *fiber.Ctx) error { return s.show(c, http.StatusOK, view.Components{}) }))
	if s.opts.Mailbox != nil {
		s.app.Get("/dev/mailbox", s.do(s.mailboxPage))
		s.app.Get("/dev/mailbox.json", s.do(s.mailboxJSON))
		s.app.Get("/dev/mailbox/:id", s.do(s.mailPage))
		s.app.Get("/dev/mailbox/:id/frame", s.do(s.mailFrame))
	}
	if s.opts.Admin != nil {
		s.app.Get("/dev/timeline", s.do(s.timeline))
	}
	if s.opts.Travel != nil {
		s.app.Get("/dev/clock", s.do(s.clock))
		s.app.Post("/dev/clock/advance", s.within(travelTimeout, s.advance))
	}
	if s.opts.Gateway != nil {
		pages := s.guarded(adaptor.HTTPHandler(s.opts.Gateway))
		s.app.Get("/gateway/*", pages).Post("/gateway/*", pages)
	}
}

// devIndex is GET /dev.
func (s *Server) devIndex(ctx context.Context, c *fiber.Ctx) error {
	v := view.DevIndex{Now: s.opts.Clock.Now(), Till: s.opts.Gateway != nil}
	if s.opts.Travel != nil {
		v.Offset = s.opts.Travel.Offset().Round(time.Second)
	}
	if s.opts.Mailbox != nil {
		all, err := s.opts.Mailbox.List(ctx, "", mailboxLimit)
		if err != nil {
			return err
		}
		v.Mails = len(all)
	}
	return s.show(c, http.StatusOK, v)
}

// mailboxPage is GET /dev/mailbox.
func (s *Server) mailboxPage(ctx context.Context, c *fiber.Ctx) error {
	all, err := s.opts.Mailbox.List(ctx, c.Query("to"), mailboxLimit)
	if err != nil {
		return err
	}
	v := view.Mailbox{To: c.Query("to")}
	for _, m := range all {
		v.Messages = append(v.Messages, mailItem(m))
	}
	return s.show(c, http.StatusOK, v)
}

// mailboxJSON is GET /dev/mailbox.json.
func (s *Server) mailboxJSON(ctx context.Context, c *fiber.Ctx) error {
	all, err := s.opts.Mailbox.List(ctx, c.Query("to"), mailboxLimit)
	if err != nil {
		return err
	}
	if all == nil {
		all = []mail.Captured{}
	}
	for i := range all {
		if all[i].Links == nil {
			all[i].Links = []string{}
		}
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"items": all})
}

// mailPage is GET /dev/mailbox/{id}.
func (s *Server) mailPage(ctx context.Context, c *fiber.Ctx) error {
	m, err := s.opts.Mailbox.Get(ctx, core.MailID(c.Params("id")))
	if err != nil {
		return err
	}
	return s.show(c, http.StatusOK, view.MailboxMessage{Mail: mailItem(m)})
}

// mailFrame is GET /dev/mailbox/{id}/frame: the mail itself, under a policy that
// lets it do nothing but be looked at.
func (s *Server) mailFrame(ctx context.Context, c *fiber.Ctx) error {
	m, err := s.opts.Mailbox.Get(ctx, core.MailID(c.Params("id")))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendString(m.HTML)
}

func mailItem(m mail.Captured) view.MailItem {
	v := view.MailItem{
		ID: string(m.ID), To: m.To, From: m.Headers["From"], Subject: m.Subject, Kind: string(m.Kind), SentAt: m.SentAt, HTML: m.HTML, Text: m.Text, Links: m.Links,
	}
	for name, value := range m.Headers {
		v.Headers = append(v.Headers, view.Header{Name: name, Value: value})
	}
	slices.SortFunc(v.Headers, func(a, b view.Header) int { return strings.Compare(a.Name, b.Name) })
	return v
}

// clock is GET /dev/clock.
func (s *Server) clock(_ context.Context, c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"now": s.opts.Travel.Now().UTC(), "offset": s.opts.Travel.Offset().String()})
}

// advance is POST /dev/clock/advance.
func (s *Server) advance(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.advance"
	var in struct {
		By string `json:"by"`
		To string `json:"to"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	var to time.Time
	switch {
	case (in.By == "") == (in.To == ""):
		return core.FieldError(op, "by", `Give either by, for example "72h", or to, a time such as "2026-01-31T12:00:00Z".`)
	case in.By != "":
		by, err := parseSpan(in.By)
		if err != nil || by < 0 || by > 20*366*24*time.Hour {
			return core.FieldError(op, "by", `Give a time span from 0 to 20 years, for example "72h" or "3d".`)
		}
		to = s.opts.Travel.Now().Add(by)
	case in.To == "next":
		at, err := s.nextDue(ctx)
		if err != nil {
			return err
		}
		to = at
	default:
		t, err := time.Parse(time.RFC3339, in.To)
		if err != nil {
			return core.FieldError(op, "to", `Give a time such as "2026-01-31T12:00:00Z".`)
		}
		to = t
	}
	ran, err := s.opts.Travel.Advance(ctx, to)
	if err != nil {
		return err
	}
	if ran == nil {
		ran = []Ran{}
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"now": s.opts.Travel.Now().UTC(), "ran": ran})
}

// parseSpan reads a duration, with days as well: 36h, 3d.
func parseSpan(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 20*366 {
			return 0, fmt.Errorf("days: %q", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(s)
}
