package web

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"sselfie/core/tracking"
)

// Links follows the links of mails. *tracking.Links is one.
type Links interface {
	// Click returns where a link leads, which dest cannot change, and keeps that
	// it was followed. The location counts even when there is an error.
	Click(ctx context.Context, id, dest string, m tracking.Meta) (location string, err error)
	// Open keeps that a mail's picture was asked for. An unknown id is no error.
	Open(ctx context.Context, id string, m tracking.Meta) error
}

// pixel is a picture of one transparent point: 43 bytes.
var pixel, _ = base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

// asker is what tells people from machines. Nothing of it is stored.
func (s *Server) asker(c *fiber.Ctx) tracking.Meta {
	m := tracking.Meta{Method: c.Method(), UserAgent: c.Get(fiber.HeaderUserAgent)}
	if s.opts.Hash != nil {
		m.Client = s.opts.Hash("mail-client", s.clientAddr(c.Context()).String())
	}
	return m
}

// trackClick is GET /api/email/track-click. A reader gets where she wants to go
// even when we fail to count her.
func (s *Server) trackClick(ctx context.Context, c *fiber.Ctx) error {
	to, err := s.opts.Links.Click(ctx, c.Query("id"), c.Query("dest"), s.asker(c))
	if err != nil {
		s.opts.Log.Warn("a click was not counted", "op", "web.trackClick", "err", err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(to, http.StatusFound)
}

// trackOpen is GET /api/email/track-open: always the same picture.
func (s *Server) trackOpen(ctx context.Context, c *fiber.Ctx) error {
	if err := s.opts.Links.Open(ctx, c.Query("id"), s.asker(c)); err != nil {
		s.opts.Log.Warn("an open was not counted", "op", "web.trackOpen", "err", err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store, max-age=0")
	c.Set(fiber.HeaderContentType, "image/gif")
	return c.Send(pixel)
}
