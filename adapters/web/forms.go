package web

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
)

// postLead is POST /free-blueprint.
func (s *Server) postLead(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if s.opts.Leads == nil {
		return seeOther(c, "/auth/sign-up?next=%2Fstudio%3Ftab%3Dblueprint")
	}
	err = s.capture(ctx, c, Lead{Email: in.Get("email"), Name: in.Get("name"), Source: in.Get("source"), Campaign: in.Get("campaign")}, in.Get("consent") != "")
	if err != nil {
		form, status, err := formOf(c, err, map[string]string{"email": in.Get("email"), "name": in.Get("name")})
		if err != nil {
			return err
		}
		return s.show(c, status, view.FreeBlueprint{Form: form})
	}
	return s.show(c, http.StatusOK, view.FreeBlueprint{Sent: true})
}

// freebie is POST /api/freebie.
func (s *Server) freebie(ctx context.Context, c *fiber.Ctx) error {
	var in struct {
		Email    string `json:"email"`
		Name     string `json:"name"`
		Source   string `json:"source"`
		Campaign string `json:"campaign"`
		Consent  bool   `json:"consent"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.capture(ctx, c, Lead{Email: in.Email, Name: in.Name, Source: in.Source, Campaign: in.Campaign}, in.Consent); err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"accepted": true})
}

func (s *Server) capture(ctx context.Context, c *fiber.Ctx, l Lead, consent bool) error {
	const op = "web.capture"
	fields := map[string]string{}
	if msg := accounts.CheckAddress(l.Email); msg != "" {
		fields["email"] = msg
	}
	if !consent {
		fields["consent"] = "Tick the box so that we may write to you."
	}
	if utf8.RuneCountInString(l.Name) > 200 {
		fields["name"] = "A name has at most 200 characters."
	}
	if len(fields) > 0 {
		return &core.Error{Code: core.Invalid, Op: op, Message: "Check the marked fields.", Fields: fields}
	}
	if err := s.allow(c, s.limits.form); err != nil {
		return err
	}
	l.Visitor = s.visitor(c)
	return s.opts.Leads.Capture(ctx, l)
}
