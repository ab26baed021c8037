package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/flags"
)

// featureFlag is GET /api/feature-flags/{key}: for whoever asks.
func (s *Server) featureFlag(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	on, _, err := s.opts.Customer.Flags.Enabled(ctx, flags.Key(c.Params("key")), who.User.ID)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Enabled bool `json:"enabled"`
	}{on})
}

// mustRule is must for calls that only an admin may make.
func (s *Server) mustRule(ctx context.Context, c *fiber.Ctx) (*signedIn, error) {
	who, err := s.must(ctx, c)
	if err == nil && !who.User.Admin {
		err = &core.Error{Code: core.Forbidden, Op: "web.mustRule", Message: "This is the creator's desk."}
	}
	return who, err
}

type flagJSON struct {
	Key       flags.Key   `json:"key"`
	State     flags.State `json:"state"`
	Percent   int         `json:"percent"`
	Override  bool        `json:"override"`
	Reason    string      `json:"reason"`
	UpdatedBy string      `json:"updatedBy"`
	UpdatedAt *time.Time  `json:"updatedAt"`
}

func flagOf(f flags.Setting) flagJSON {
	return flagJSON{f.Key, f.State, f.Percent, f.Override, f.Reason, f.UpdatedBy, orNull(f.UpdatedAt)}
}

// listFlags is GET /api/admin/flags.
func (s *Server) listFlags(ctx context.Context, c *fiber.Ctx) error {
	if _, err := s.mustRule(ctx, c); err != nil {
		return err
	}
	all, err := s.opts.Customer.Flags.List(ctx)
	if err != nil {
		return err
	}
	items := make([]flagJSON, len(all))
	for i, f := range all {
		items[i] = flagOf(f)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"items": items})
}

// getFlag is GET /api/admin/flags/{key}.
func (s *Server) getFlag(ctx context.Context, c *fiber.Ctx) error {
	if _, err := s.mustRule(ctx, c); err != nil {
		return err
	}
	f, err := s.opts.Customer.Flags.Get(ctx, flags.Key(c.Params("key")))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(flagOf(f))
}

// putFlag is PUT /api/admin/flags/{key}.
func (s *Server) putFlag(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.mustRule(ctx, c)
	if err != nil {
		return err
	}
	var in struct {
		State   flags.State `json:"state"`
		Percent *int        `json:"percent"`
		Reason  string      `json:"reason"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	percent := 0
	switch {
	case in.Percent != nil:
		percent = *in.Percent
	case in.State == flags.Percent:
		return core.FieldError("web.putFlag", "percent", "Say how many: a share is from 0 to 100.")
	}
	f, err := s.setFlag(ctx, who, flags.Key(c.Params("key")), in.State, percent, in.Reason)
	if err != nil {
		return err
	}
	return c.JSON(flagOf(f))
}

// maxReason is how long the reason of a change may be.
const maxReason = 500

func (s *Server) setFlag(ctx context.Context, who *signedIn, key flags.Key, state flags.State, percent int, reason string) (flags.Setting, error) {
	if len([]rune(reason)) > maxReason {
		return flags.Setting{}, core.FieldError("web.setFlag", "reason", "A reason has at most 500 characters.")
	}
	if reason == "" {
		reason = "set by hand"
	}
	return s.opts.Customer.Flags.Set(ctx, key, state, percent, string(who.User.ID), reason)
}
