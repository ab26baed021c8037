package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/entitlements"
)

// show draws a page that is one person's, or nobody else's business.
func (s *Server) show(c *fiber.Ctx, status int, v view.View) error {
	var page bytes.Buffer
	if err := s.opts.Pages.Render(&page, v); err != nil {
		return &core.Error{Code: core.Internal, Op: "web.show", Err: err}
	}
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Status(status).Send(s.squeezed(c, page.Bytes()))
}

// worthSqueezing is the size from which a page is compressed on its way.
const worthSqueezing = 1400

// squeezed compresses a page for a browser that takes it. No page holds a
// secret beside words of an attacker's choice, whose length could tell.
func (s *Server) squeezed(c *fiber.Ctx, page []byte) []byte {
	if len(page) < worthSqueezing {
		return page
	}
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if !takesGzip(c.Request().Header.Peek(fiber.HeaderAcceptEncoding)) {
		return page
	}
	w, ok := s.squeezers.Get().(*gzip.Writer)
	if !ok {
		w, _ = gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // this level exists
	}
	defer s.squeezers.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(page); err != nil || w.Close() != nil {
		return page
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return out.Bytes()
}

// seeOther sends the reader on after a form, or to log in first.
func seeOther(c *fiber.Ctx, to string) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderLocation, to)
	return c.SendStatus(http.StatusSeeOther)
}

// page is a handler that needs somebody: a visitor logs in first and comes back.
type page func(ctx context.Context, c *fiber.Ctx, who *signedIn) error

func (s *Server) members(p page) fiber.Handler {
	return s.do(func(ctx context.Context, c *fiber.Ctx) error {
		who, err := s.viewer(ctx, c)
		if err != nil {
			return err
		}
		if who == nil {
			return seeOther(c, loginFor(c))
		}
		return p(ctx, c, who)
	})
}

// loginFor returns the login page that leads back to this request.
func loginFor(c *fiber.Ctx) string {
	return "/auth/login?returnTo=" + url.QueryEscape(c.OriginalURL())
}

// standing is what the header and most pages need to know of a customer.
type standing struct {
	Balance int
	Right   entitlements.Right
	Rows    []billing.Row
}

func (s *Server) standing(ctx context.Context, user core.UserID) (standing, error) {
	acct, err := s.opts.Reads.CreditAccount(ctx, user)
	if err != nil {
		return standing{}, err
	}
	rows, err := s.opts.Reads.RowsOf(ctx, user)
	if err != nil {
		return standing{}, err
	}
	return standing{Balance: acct.Balance, Right: s.right(rows), Rows: rows}, nil
}

// right returns the entitlement that counts now.
func (s *Server) right(rows []billing.Row) entitlements.Right {
	return billing.RightAt(rows, s.opts.Grace, s.opts.Clock)
}

// chrome is the frame of a signed-in page.
func (s *Server) chrome(who *signedIn, st standing) view.Chrome {
	c := view.Chrome{Viewer: &view.Viewer{
		Name: who.User.Name, Email: who.User.Email, IsAdmin: who.User.Admin, Balance: st.Balance, Tier: tierName(st.Right.Tier),
	}}
	if !who.User.AddressLostAt.IsZero() && who.User.Email == "" {
		c.Notice = append(c.Notice, view.Notice{
			Tone: view.Warning, Title: "Your e-mail address was claimed by its owner",
			Text:   "Somebody bought with the address that you signed up with and had never confirmed. This account keeps its credits and purchases, without an address. Give one of your own, or you cannot log in again.",
			Action: "Give an address", Href: "/account#h-email",
		})
	}
	return c
}

func tierName(t entitlements.Tier) string {
	switch t {
	case entitlements.Studio:
		return "sselfie_studio_membership"
	case entitlements.Blueprint:
		return "paid_blueprint"
	}
	return "free"
}
