package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/admin"
)

// timeline is GET /dev/timeline?email=: everything that happened to a customer.
func (s *Server) timeline(ctx context.Context, c *fiber.Ctx) error {
	v := view.Timeline{Email: strings.TrimSpace(c.Query("email")), Now: s.opts.Clock.Now()}
	if v.Email != "" {
		u, err := s.opts.Admin.Desk.Read.UserByKey(ctx, s.opts.People.Fold(v.Email))
		switch {
		case core.Is(err, core.NotFound):
			v.Unknown = true
		case err != nil:
			return err
		default:
			all, err := s.opts.Admin.Desk.Timeline(ctx, u.ID)
			if err != nil {
				return err
			}
			v.Moments = Moments(all)
		}
	}
	return s.show(c, http.StatusOK, v)
}

// Moments turns a time line into what its page shows.
func Moments(all []admin.Moment) []view.Moment {
	out := make([]view.Moment, 0, len(all))
	for _, m := range all {
		out = append(out, view.Moment{At: m.At, Kind: m.Kind, Title: m.Title, Detail: m.Detail, Why: m.Why, Ref: m.Ref})
	}
	return out
}

// nextDue is where "the next thing due" is on the clock.
func (s *Server) nextDue(ctx context.Context) (time.Time, error) {
	if s.opts.Admin != nil && s.opts.Admin.NextDue != nil {
		at, found, err := s.opts.Admin.NextDue(ctx)
		if err != nil || found {
			return at, err
		}
	}
	return time.Time{}, &core.Error{Code: core.NotFound, Op: "web.nextDue", Message: "Nothing is due at any time."}
}

// gatewayDesk reports whether a path is one from which money is moved by hand:
// refunds, disputes, faults. The others are a buyer's.
func gatewayDesk(path string) bool {
	return path == "/gateway/" || path == "/gateway/faults" || strings.HasPrefix(path, "/gateway/events/") || strings.HasPrefix(path, "/gateway/desk/")
}

// guarded lets only admins to the gateway's desk where strangers can reach it.
func (s *Server) guarded(pages fiber.Handler) fiber.Handler {
	if s.opts.Admin == nil || !s.opts.Admin.Strangers {
		return pages
	}
	admins := s.admins(func(_ context.Context, c *fiber.Ctx, _ *signedIn) error { return pages(c) })
	return func(c *fiber.Ctx) error {
		if gatewayDesk(c.Path()) {
			return admins(c)
		}
		return pages(c)
	}
}
