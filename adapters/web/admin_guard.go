package web

import (
	"context"
	"crypto/subtle"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/admin"
	"sselfie/core/jobs"
	"sselfie/core/why"
)

// Admin is what the creator's pages ask.
type Admin struct {
	Desk    *admin.Service
	Why     Explainer   // nil: no reasons on a customer's page
	Checks  LaunchCheck // nil: the page says that there is none
	Tickets Tickets     // nil: no page lists what people wrote
	// Warnings are the banners above every page of the desk: a wrong clock. May
	// be nil.
	Warnings func() []view.Notice
	// CronSecret opens /api/cron; "" leaves it closed.
	CronSecret string
	// NextDue is the next moment at which something happens that is not there
	// every hour; demo mode only. May be nil.
	NextDue func(ctx context.Context) (at time.Time, found bool, err error)
	// Strangers says that a demo is open to more than this machine: then only
	// admins come to the local gateway's desk.
	Strangers bool
}

// Explainer says why a customer has what she has.
type Explainer interface {
	Of(ctx context.Context, u accounts.User) (why.Explanation, error)
}

// LaunchCheck looks whether the shop can open.
type LaunchCheck interface {
	Check(ctx context.Context) []admin.Finding
}

// admins is members for the creator's pages: a visitor logs in first, a
// customer hears that there is nothing here.
func (s *Server) admins(p page) fiber.Handler { return s.adminsWithin(handleTimeout, p) }

func (s *Server) adminsWithin(limit time.Duration, p page) fiber.Handler {
	return s.within(limit, func(ctx context.Context, c *fiber.Ctx) error {
		who, err := s.viewer(ctx, c)
		switch {
		case err != nil:
			return err
		case who == nil:
			return seeOther(c, loginFor(c))
		case !who.User.Admin:
			return fiber.ErrNotFound
		}
		return p(ctx, c, who)
	})
}

// adminCall is admins for the JSON behind the pages.
func (s *Server) adminCall(p page) fiber.Handler {
	return s.do(func(ctx context.Context, c *fiber.Ctx) error { return s.adminIn(ctx, c, p) })
}

func (s *Server) adminIn(ctx context.Context, c *fiber.Ctx, p page) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	if !who.User.Admin {
		return &core.Error{Code: core.Forbidden, Op: "web.adminIn", Message: "This is for admins."}
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return p(ctx, c, who)
}

// fresh is for calls that move money or data: the session's owner must have
// signed in a short while ago, so that an unattended screen moves nothing.
func (s *Server) fresh(p page) page {
	return func(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
		if who.Session.Fresh(s.opts.Wall.Now()) {
			return p(ctx, c, who)
		}
		if wantsPage(c.Context().URI().PathOriginal(), c.Request().Header.Peek(fiber.HeaderAccept)) {
			return seeOther(c, "/auth/login?again=1&returnTo="+url.QueryEscape(s.cameFrom(c)))
		}
		return &core.Error{Code: core.ReauthRequired, Op: "web.fresh", Message: "Log in again: this moves money or data, and your last login is more than 15 minutes ago."}
	}
}

// cameFrom is the page of the desk that was asked for, or that a form was sent
// from.
func (s *Server) cameFrom(c *fiber.Ctx) string {
	if c.Method() == fiber.MethodGet {
		return accounts.SafePath(c.Path())
	}
	u, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || !strings.HasPrefix(u.Path, "/admin") {
		return "/admin"
	}
	return accounts.SafePath(u.Path)
}

// cron is POST /api/cron/{job}, for a scheduler outside.
func (s *Server) cron(ctx context.Context, c *fiber.Ctx) error {
	secret := s.opts.Admin.CronSecret
	token, bearer := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !bearer || subtle.ConstantTimeCompare([]byte(token), []byte(secret)) != 1 {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		return &core.Error{Code: core.NotAuthenticated, Op: "web.cron", Message: "Send the cron secret: Authorization: Bearer <secret>."}
	}
	report, err := s.opts.Admin.Desk.Work.RunByHand(ctx, jobs.Name(c.Params("id")))
	if err != nil && report.Job == "" {
		return err
	}
	if err != nil {
		return &core.Error{Code: core.Internal, Op: "web.cron", Err: err}
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(http.StatusOK).JSON(report)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
