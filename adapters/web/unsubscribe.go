package web

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
)

// unsubscribePage is GET /unsubscribe. It only asks: mail scanners follow links.
func (s *Server) unsubscribePage(ctx context.Context, c *fiber.Ctx) error {
	if err := s.allow(c, s.limits.unsubscribe); err != nil {
		return err
	}
	return s.subscription(ctx, c, view.Unsubscribe{Token: c.Query("token"), State: "ask"})
}

// subscription shows how an address stands.
func (s *Server) subscription(ctx context.Context, c *fiber.Ctx, v view.Unsubscribe) error {
	if s.opts.Letters == nil {
		return s.show(c, http.StatusBadRequest, view.Unsubscribe{State: "invalid"})
	}
	sub, err := s.opts.Letters.Subscription(ctx, v.Token)
	if core.Is(err, core.TokenInvalid) {
		return s.show(c, http.StatusBadRequest, view.Unsubscribe{State: "invalid"})
	}
	if err != nil {
		return err
	}
	v.MaskedMail, v.Preferences = sub.MaskedMail, sub.Kinds
	if sub.Stopped {
		v.State = "done"
	}
	return s.show(c, http.StatusOK, v)
}

// unsubscribe is POST /unsubscribe: one click (RFC 8058), the page's button, or
// its list of kinds. The token in the address is all the proof there is, so it
// asks for no cookie and refuses no site.
func (s *Server) unsubscribe(ctx context.Context, c *fiber.Ctx) error {
	in, err := s.oneClick(c)
	if err != nil {
		return err
	}
	if err := s.allow(c, s.limits.unsubscribe); err != nil {
		return err
	}
	token := c.Query("token")
	v := view.Unsubscribe{Token: token, State: "ask"}
	if s.opts.Letters != nil {
		if in["preferences"] != "" {
			sub, serr := s.opts.Letters.Subscription(ctx, token)
			wanted := map[string]bool{}
			for _, k := range sub.Kinds {
				wanted[k.Key] = in[k.Key] != ""
			}
			if err = serr; err == nil {
				err = s.opts.Letters.Choose(ctx, token, wanted)
			}
			v.Saved = err == nil
		} else {
			err = s.opts.Letters.Stop(ctx, token)
		}
		if err != nil && !core.Is(err, core.TokenInvalid) {
			return err
		}
	}
	return s.subscription(ctx, c, v)
}

// oneClick reads the form, which mail programs send urlencoded or as multipart.
func (s *Server) oneClick(c *fiber.Ctx) (map[string]string, error) {
	out := map[string]string{}
	if m, err := c.MultipartForm(); err == nil {
		for k, v := range m.Value {
			if len(v) > 0 {
				out[k] = v[0]
			}
		}
		return out, nil
	}
	in, err := readForm(c)
	for k := range in {
		out[k] = in.Get(k)
	}
	return out, err
}
