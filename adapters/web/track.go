package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/tracking"
)

// visitor names a browser for one day without keeping anything in it: a keyed
// hash of the day, the truncated address and the user agent.
func (s *Server) visitor(c *fiber.Ctx) string {
	if s.opts.Hash == nil {
		return ""
	}
	day := s.opts.Clock.Now().UTC().Format(time.DateOnly)
	return s.opts.Hash("visitor", day+"|"+truncated(s.clientAddr(c.Context()))+"|"+c.Get(fiber.HeaderUserAgent))[:32]
}

// track is POST /api/track.
func (s *Server) track(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.track"
	var in struct {
		Name     tracking.Name  `json:"name"`
		Product  core.ProductID `json:"product"`
		Source   string         `json:"source"`
		Campaign string         `json:"campaign"`
		Props    map[string]any `json:"props"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Product != "" {
		in.Product = s.productID(in.Product)
		if _, ok := s.opts.Catalog.Product(in.Product); !ok {
			return core.FieldError(op, "product", "There is no product with this name.")
		}
	}
	if err := s.allow(c, s.limits.track); err != nil {
		return err
	}
	props := make(map[string]string, len(in.Props))
	for k, v := range in.Props {
		switch v := v.(type) {
		case string:
			props[k] = v
		case bool, float64:
			props[k] = fmt.Sprint(v)
		}
	}
	ev := tracking.Event{Name: in.Name, Visitor: s.visitor(c), Product: in.Product, Source: in.Source, Campaign: in.Campaign, Props: props}
	if who, err := s.viewer(ctx, c); err == nil && who != nil {
		ev.User = who.User.ID
	}
	if err := s.opts.Events.Track(ctx, ev, c.Get(fiber.HeaderUserAgent)); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}
