package web

import (
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/credits"
)

// signedIn is who sent a request.
type signedIn struct {
	Session accounts.Session
	User    accounts.User
}

type viewerKey struct{}

// viewer returns who is signed in, nil for nobody. The answer is asked for once
// in a request. An error means that we cannot tell.
func (s *Server) viewer(ctx context.Context, c *fiber.Ctx) (*signedIn, error) {
	if v, ok := c.Locals(viewerKey{}).(*signedIn); ok {
		return v, nil
	}
	token := c.Cookies(s.cookie)
	if token == "" {
		return nil, nil
	}
	sess, user, err := s.opts.People.Authenticate(ctx, token)
	if core.Is(err, core.NotAuthenticated) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &signedIn{Session: sess, User: user}
	c.Locals(viewerKey{}, v)
	s.seen(user.ID)
	return v, nil
}

// seen passes on who is here.
func (s *Server) seen(user core.UserID) {
	if s.opts.Seen != nil {
		s.opts.Seen(user)
	}
}

// must is viewer for calls that need somebody.
func (s *Server) must(ctx context.Context, c *fiber.Ctx) (*signedIn, error) {
	v, err := s.viewer(ctx, c)
	if err == nil && v == nil {
		err = &core.Error{Code: core.NotAuthenticated, Op: "web.must", Message: "Log in to go on."}
	}
	return v, err
}

// touchAfter is how old the note of a visit may be before it is made anew.
const touchAfter = time.Hour

// asking is who sent a call, and what she has.
type asking struct {
	User    accounts.User // id, address, name and role
	Account credits.Account
	Rows    []billing.Row
}

// mustStand is must for the calls that pages repeat: one question to the
// database instead of three.
func (s *Server) mustStand(ctx context.Context, c *fiber.Ctx) (asking, error) {
	token := c.Cookies(s.cookie)
	if token != "" {
		// A lookup by key needs no deadline, and without one
		// the driver starts no watcher for each.
		sess, user, acct, rows, err := s.opts.Reads.Standing(context.WithoutCancel(ctx), s.opts.People.Tokens.HashToken(token))
		if err != nil && !core.Is(err, core.NotFound) {
			return asking{}, err
		}
		now := s.opts.Wall.Now()
		if err == nil && sess.Live(now) {
			if now.Sub(sess.LastSeenAt) >= touchAfter {
				if _, _, err := s.opts.People.Authenticate(ctx, token); err != nil {
					return asking{}, err
				}
			}
			s.seen(user.ID)
			return asking{User: user, Account: acct, Rows: rows}, nil
		}
	}
	return asking{}, &core.Error{Code: core.NotAuthenticated, Op: "web.mustStand", Message: "Log in to go on."}
}

// client says who asks, for the list of signed-in devices.
func (s *Server) client(c *fiber.Ctx) accounts.Client {
	return accounts.Client{UserAgent: c.Get(fiber.HeaderUserAgent), Address: truncated(s.clientAddr(c.Context()))}
}

// signIn puts the session's cookie on the answer. Lax, not strict: the return
// from a bank's 3-D Secure page is a cross-site top-level GET.
func (s *Server) signIn(c *fiber.Ctx, token string) {
	c.Append(fiber.HeaderSetCookie, s.cookie+"="+token+"; Path=/; Max-Age="+strconv.Itoa(int(accounts.SessionLifetime.Seconds()))+s.cookieTail)
	c.Set(fiber.HeaderCacheControl, "no-store")
}

// signOut removes the cookie.
func (s *Server) signOut(c *fiber.Ctx) {
	c.Append(fiber.HeaderSetCookie, s.cookie+"=; Path=/; Max-Age=0"+s.cookieTail)
	c.Set(fiber.HeaderCacheControl, "no-store")
}
