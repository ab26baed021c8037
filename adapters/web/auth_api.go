package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/accounts"
)

type userJSON struct {
	ID    core.UserID `json:"id"`
	Email string      `json:"email"`
	Name  string      `json:"name"`
}

type signedJSON struct {
	User     userJSON `json:"user"`
	Redirect string   `json:"redirect"`
}

func (s *Server) signed(c *fiber.Ctx, status int, in accounts.Signed) error {
	if in.Token != "" {
		s.signIn(c, in.Token)
	}
	return c.Status(status).JSON(signedJSON{
		User: userJSON{ID: in.User.ID, Email: in.User.Email, Name: in.User.Name}, Redirect: in.Redirect,
	})
}

// signUp is POST /api/auth/sign-up.
func (s *Server) signUp(ctx context.Context, c *fiber.Ctx) error {
	var in struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Name     string `json:"name"`
		Next     string `json:"next"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.allow(c, s.limits.signUp); err != nil {
		return err
	}
	out, err := s.opts.People.SignUp(ctx, in.Email, in.Password, in.Name, in.Next, s.client(c))
	if err != nil {
		return err
	}
	return s.signed(c, http.StatusCreated, out)
}

// login is POST /api/auth/login.
func (s *Server) login(ctx context.Context, c *fiber.Ctx) error {
	var in struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Code     string `json:"code"`
		ReturnTo string `json:"returnTo"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	out, err := s.tryLogin(ctx, c, in.Email, in.Password, in.Code, in.ReturnTo)
	if err != nil {
		return err
	}
	return s.signed(c, http.StatusOK, out)
}

func (s *Server) tryLogin(ctx context.Context, c *fiber.Ctx, email, password, code, returnTo string) (accounts.Signed, error) {
	fields := map[string]string{}
	if email == "" {
		fields["email"] = "Enter your e-mail address."
	}
	if password == "" {
		fields["password"] = "Enter your password."
	}
	if len(fields) > 0 {
		return accounts.Signed{}, &core.Error{Code: core.Invalid, Op: "web.login", Message: "Check the marked fields.", Fields: fields}
	}
	if err := s.allow(c, s.limits.login); err != nil {
		return accounts.Signed{}, err
	}
	return s.opts.People.Login(ctx, email, password, code, returnTo, s.client(c))
}

// logout is POST /api/auth/logout.
func (s *Server) logout(ctx context.Context, c *fiber.Ctx) error {
	if err := s.opts.People.Logout(ctx, c.Cookies(s.cookie)); err != nil {
		return err
	}
	s.signOut(c)
	return c.SendStatus(http.StatusNoContent)
}

// forgot is POST /api/auth/password/forgot. It answers alike for everybody.
func (s *Server) forgot(ctx context.Context, c *fiber.Ctx) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.allow(c, s.limits.forgot); err != nil {
		return err
	}
	if err := s.opts.People.Forgot(ctx, in.Email); err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"accepted": true})
}

// setPassword is POST /api/auth/password/setup.
func (s *Server) setPassword(ctx context.Context, c *fiber.Ctx) error {
	var in struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.allow(c, s.limits.setup); err != nil {
		return err
	}
	out, err := s.opts.People.SetPassword(ctx, in.Token, in.Password, s.client(c))
	if err != nil {
		return err
	}
	return s.signed(c, http.StatusOK, out)
}

// me is GET /api/auth/me.
func (s *Server) me(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.mustStand(ctx, c)
	if err != nil {
		return err
	}
	right := s.right(who.Rows)
	type user struct {
		userJSON
		IsAdmin bool `json:"isAdmin"`
	}
	type entitlement struct {
		Type      string     `json:"type"`
		ExpiresAt *time.Time `json:"expiresAt"`
	}
	type credits struct {
		Balance int `json:"balance"`
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		User        user        `json:"user"`
		Entitlement entitlement `json:"entitlement"`
		Credits     credits     `json:"credits"`
	}{
		User:        user{userJSON{who.User.ID, who.User.Email, who.User.Name}, who.User.Admin},
		Entitlement: entitlement{right.Tier.String(), orNull(right.Until)},
		Credits:     credits{who.Account.Balance},
	})
}

// orNull returns a time for JSON: null for none.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
