package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"rsc.io/qr"

	"sselfie/adapters/web/view"
	"sselfie/core"
)

// secondFactorPage is GET /admin/second-factor. It shows a secret while one is
// being set up, so it asks for a fresh login like everything that changes it.
func (s *Server) secondFactorPage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	return s.drawSecondFactor(ctx, c, who, http.StatusOK, view.SecondFactor{})
}

func (s *Server) drawSecondFactor(ctx context.Context, c *fiber.Ctx, who *signedIn, status int, v view.SecondFactor) error {
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return err
	}
	v.Chrome = s.chrome(who, st)
	f, e, left, err := s.opts.People.SecondFactorOf(ctx, who.User.ID)
	if err != nil {
		return err
	}
	v.On, v.Since, v.Left = f.On(), f.ConfirmedAt, left
	if e.Secret != "" {
		v.Secret = inGroups(e.Secret)
		if v.QR, err = drawn(e.Address); err != nil {
			return &core.Error{Code: core.Internal, Op: "web.drawSecondFactor", Message: "The picture could not be drawn.", Err: err}
		}
	}
	return s.show(c, status, v)
}

// inGroups breaks a key into what an eye can hold.
func inGroups(s string) string {
	var out []string
	for ; len(s) > 4; s = s[4:] {
		out = append(out, s[:4])
	}
	return strings.Join(append(out, s), " ")
}

// drawn returns a QR code as one path, with the four quiet modules around it
// that scanners want.
func drawn(text string) (view.Matrix, error) {
	const quiet = 4
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return view.Matrix{}, err
	}
	var d strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				n := strconv.Itoa(run)
				d.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h" + n + "v1h-" + n + "z")
				x += run
			}
		}
	}
	return view.Matrix{Size: code.Size + 2*quiet, Path: d.String()}, nil
}

// beginSecondFactor is POST /admin/second-factor/begin.
func (s *Server) beginSecondFactor(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if err := s.opts.People.BeginSecondFactor(ctx, who.User.ID); err != nil && !core.Is(err, core.Conflict) {
		return err
	}
	return seeOther(c, "/admin/second-factor")
}

// confirmSecondFactor is POST /admin/second-factor/confirm. The answer is the
// one page that holds the recovery codes.
func (s *Server) confirmSecondFactor(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if err = s.allow(c, s.limits.login); err != nil {
		return err
	}
	codes, err := s.opts.People.ConfirmSecondFactor(ctx, who.User.ID, c.Cookies(s.cookie), in.Get("code"))
	return s.withCodes(ctx, c, who, codes, err)
}

// renewRecoveryCodes is POST /admin/second-factor/codes.
func (s *Server) renewRecoveryCodes(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	codes, err := s.opts.People.RenewRecoveryCodes(ctx, who.User.ID)
	return s.withCodes(ctx, c, who, codes, err)
}

func (s *Server) withCodes(ctx context.Context, c *fiber.Ctx, who *signedIn, codes []string, err error) error {
	if err != nil {
		form, status, err := formOf(c, err, nil)
		if err != nil {
			return err
		}
		return s.drawSecondFactor(ctx, c, who, status, view.SecondFactor{Form: form})
	}
	return s.drawSecondFactor(ctx, c, who, http.StatusOK, view.SecondFactor{Codes: codes})
}

// removeSecondFactor is POST /admin/second-factor/remove.
func (s *Server) removeSecondFactor(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if err := s.opts.People.RemoveSecondFactor(ctx, who.User.ID, string(who.User.ID)); err != nil && !core.Is(err, core.NotFound) {
		return err
	}
	return seeOther(c, "/admin/second-factor")
}
