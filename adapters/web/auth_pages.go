package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/mail"
)

// loginPage is GET /auth/login.
func (s *Server) loginPage(ctx context.Context, c *fiber.Ctx) error {
	to := wish(c.Query("returnTo"))
	if who, err := s.viewer(ctx, c); err != nil {
		return err
	} else if who != nil && c.Query("again") == "" {
		return seeOther(c, accounts.SafePath(to))
	}
	return s.show(c, http.StatusOK, view.Login{ReturnTo: to, Reason: reasonFor(to)})
}

// wish returns a path on this site that somebody asked for, "" for none.
func wish(raw string) string {
	if raw == "" {
		return ""
	}
	return accounts.SafePath(raw)
}

// postLoginCode is POST /auth/login/code: the second step of an account that has
// a second factor.
func (s *Server) postLoginCode(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	to := wish(in.Get("returnTo"))
	err = s.allow(c, s.limits.login)
	var out accounts.Signed
	if err == nil {
		out, err = s.opts.People.LoginWithCode(ctx, in.Get("challenge"), in.Get("code"), to, s.client(c))
	}
	if err != nil {
		form, status, err := formOf(c, err, nil)
		if err != nil {
			return err
		}
		if out.Challenge == "" && status == http.StatusUnauthorized { // too late: the password again
			return s.show(c, status, view.Login{Form: form, ReturnTo: to, Reason: reasonFor(to)})
		}
		return s.show(c, status, view.LoginCode{Form: form, Challenge: in.Get("challenge"), ReturnTo: to})
	}
	s.signIn(c, out.Token)
	return seeOther(c, out.Redirect)
}

func reasonFor(to string) string {
	switch {
	case strings.HasPrefix(to, "/checkout"):
		return "Log in to go on to the checkout."
	case strings.HasPrefix(to, "/admin"):
		return "Log in to work at the desk. What moves money or data asks again after 15 minutes."
	case strings.HasPrefix(to, "/account"):
		return "Log in to see your account."
	case to != "":
		return "Log in to go on."
	}
	return ""
}

// postLogin is POST /auth/login, for browsers without scripts.
func (s *Server) postLogin(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	to := wish(in.Get("returnTo"))
	out, err := s.tryLogin(ctx, c, in.Get("email"), in.Get("password"), "", to)
	if core.Is(err, core.TOTPRequired) {
		return s.show(c, http.StatusUnauthorized, view.LoginCode{Challenge: out.Challenge, ReturnTo: to})
	}
	if err != nil {
		form, status, err := formOf(c, err, map[string]string{"email": in.Get("email")})
		if err != nil {
			return err
		}
		return s.show(c, status, view.Login{Form: form, ReturnTo: to, Reason: reasonFor(to)})
	}
	s.signIn(c, out.Token)
	return seeOther(c, out.Redirect)
}

// formOf says a refusal in the form that it came from. Errors that are not the
// person's to mend come back as they are.
func formOf(c *fiber.Ctx, err error, values map[string]string) (view.Form, int, error) {
	e := problemOf(err)
	status := statusOf(e.Code)
	if status >= 500 {
		return view.Form{}, 0, err
	}
	sayWhen(&c.Response().Header, e, status)
	f := view.Form{Values: values, Errors: e.Fields}
	if len(e.Fields) == 0 {
		f.Error = e.Message
	}
	return f, status, nil
}

// signUpPage is GET /auth/sign-up.
func (s *Server) signUpPage(ctx context.Context, c *fiber.Ctx) error {
	next := wish(c.Query("next"))
	if who, err := s.viewer(ctx, c); err != nil {
		return err
	} else if who != nil {
		return seeOther(c, accounts.SafePath(next))
	}
	return s.show(c, http.StatusOK, view.SignUp{Next: next})
}

// postSignUp is POST /auth/sign-up, for browsers without scripts.
func (s *Server) postSignUp(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	next := wish(in.Get("next"))
	err = s.allow(c, s.limits.signUp)
	var out accounts.Signed
	if err == nil {
		out, err = s.opts.People.SignUp(ctx, in.Get("email"), in.Get("password"), in.Get("name"), next, s.client(c))
	}
	if err != nil {
		form, status, err := formOf(c, err, map[string]string{"email": in.Get("email"), "name": in.Get("name")})
		if err != nil {
			return err
		}
		return s.show(c, status, view.SignUp{Form: form, Next: next})
	}
	s.signIn(c, out.Token)
	return seeOther(c, out.Redirect)
}

// forgotPage is GET /auth/password/forgot.
func (s *Server) forgotPage(_ context.Context, c *fiber.Ctx) error {
	return s.show(c, http.StatusOK, view.PasswordForgot{})
}

// postForgot is POST /auth/password/forgot, for browsers without scripts.
func (s *Server) postForgot(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	email := in.Get("email")
	if msg := accounts.CheckAddress(email); msg != "" {
		return s.show(c, http.StatusBadRequest, view.PasswordForgot{Form: view.Form{
			Values: map[string]string{"email": email}, Errors: map[string]string{"email": msg},
		}})
	}
	if err = s.allow(c, s.limits.forgot); err == nil {
		err = s.opts.People.Forgot(ctx, email)
	}
	if err != nil {
		form, status, err := formOf(c, err, map[string]string{"email": email})
		if err != nil {
			return err
		}
		return s.show(c, status, view.PasswordForgot{Form: form})
	}
	return s.show(c, http.StatusOK, view.PasswordForgot{Sent: true})
}

// setupPage is GET /auth/password/setup: where every set-up and reset mail
// leads. Looking at it uses nothing up, because mail scanners look too.
func (s *Server) setupPage(ctx context.Context, c *fiber.Ctx) error {
	if err := s.allow(c, s.limits.setup); err != nil {
		return err
	}
	v, err := s.setupView(ctx, c.Query("token"))
	if err != nil {
		return err
	}
	if v.Expired {
		return s.show(c, http.StatusGone, v)
	}
	return s.show(c, http.StatusOK, v)
}

func (s *Server) setupView(ctx context.Context, token string) (view.PasswordSetup, error) {
	err := s.opts.People.CheckToken(ctx, token)
	if core.Is(err, core.TokenInvalid) {
		return view.PasswordSetup{Expired: true}, nil
	}
	if err != nil {
		return view.PasswordSetup{}, err
	}
	t, err := s.opts.People.Read.TokenByHash(ctx, s.opts.People.Tokens.HashToken(token))
	if err != nil {
		return view.PasswordSetup{}, err
	}
	return view.PasswordSetup{Token: token, Reset: t.Purpose == mail.ResetToken}, nil
}

// postSetup is POST /auth/password/setup, for browsers without scripts.
func (s *Server) postSetup(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	token := in.Get("token")
	if token == "" {
		token = c.Query("token")
	}
	err = s.allow(c, s.limits.setup)
	var out accounts.Signed
	if err == nil {
		out, err = s.opts.People.SetPassword(ctx, token, in.Get("password"), s.client(c))
	}
	switch {
	case core.Is(err, core.TokenInvalid):
		return s.show(c, http.StatusGone, view.PasswordSetup{Expired: true})
	case err != nil:
		form, status, err := formOf(c, err, nil)
		if err != nil {
			return err
		}
		v, err := s.setupView(ctx, token)
		if err != nil {
			return err
		}
		v.Form = form
		return s.show(c, status, v)
	}
	if out.Token != "" {
		s.signIn(c, out.Token)
	}
	return seeOther(c, out.Redirect)
}

// confirmPage is GET /auth/confirm: it proves the address and signs nobody in.
func (s *Server) confirmPage(ctx context.Context, c *fiber.Ctx) error {
	if c.Method() == fiber.MethodHead {
		return c.SendStatus(http.StatusOK)
	}
	if err := s.allow(c, s.limits.setup); err != nil {
		return err
	}
	err := s.opts.People.Confirm(ctx, c.Query("token"))
	if core.Is(err, core.TokenInvalid) {
		return s.show(c, http.StatusGone, view.AddressConfirmed{})
	}
	if err != nil {
		return err
	}
	return s.show(c, http.StatusOK, view.AddressConfirmed{OK: true})
}

// postLogout is POST /auth/logout, the button in the account menu.
func (s *Server) postLogout(ctx context.Context, c *fiber.Ctx) error {
	if err := s.opts.People.Logout(ctx, c.Cookies(s.cookie)); err != nil {
		return err
	}
	s.signOut(c)
	return seeOther(c, "/")
}
