package web

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"sselfie/adapters/web/view"
	"sselfie/core"
)

const (
	freePath = "/free-blueprint"
	planPath = "/studio?tab=blueprint"
)

// follows reports whether a request comes by a captured address's link: it is
// the public page's address, but not a page for all.
func follows(rc *fasthttp.RequestCtx, path []byte) bool {
	return len(rc.URI().QueryString()) > 0 && string(path) == freePath && rc.QueryArgs().Has("t")
}

// followLead is GET /free-blueprint?t=, where the mail leads: the address is
// proven, and an account begins with it. Without t it is the page for all.
func (s *Server) followLead(c *fiber.Ctx) error {
	token := c.Query("t")
	if token == "" || s.opts.Customer.Followed == nil || c.Method() == fiber.MethodHead {
		return c.Next()
	}
	return s.do(func(ctx context.Context, c *fiber.Ctx) error {
		if err := s.allow(c, s.limits.setup); err != nil {
			return err
		}
		lead, err := s.opts.Customer.Followed.Follow(ctx, token)
		if core.Is(err, core.TokenInvalid) {
			return s.show(c, http.StatusGone, view.FreeBlueprint{Chrome: view.Chrome{Notice: []view.Notice{{
				Tone: view.Warning, Title: "This link no longer works", Text: "Leave your address again, and a new one is on its way.",
			}}}})
		}
		if err != nil {
			return err
		}
		who, err := s.viewer(ctx, c)
		if err != nil {
			return err
		}
		if who != nil {
			return seeOther(c, planPath)
		}
		c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
		form := view.Form{Values: map[string]string{"email": lead.Email, "name": lead.Name}}
		_, err = s.opts.People.Read.UserByKey(ctx, lead.Key)
		if core.Is(err, core.NotFound) {
			return s.show(c, http.StatusOK, view.SignUp{Form: form, Next: planPath, Chrome: view.Chrome{Notice: []view.Notice{{
				Tone: view.Success, Title: "Your address is confirmed", Text: "Choose a password, and the eight questions begin. Your answers are kept as you go.",
			}}}})
		}
		if err != nil {
			return err
		}
		return s.show(c, http.StatusOK, view.Login{Form: form, ReturnTo: planPath, Reason: "Your address is confirmed. Log in, and the questions begin."})
	})(c)
}
