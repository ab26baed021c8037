package web

import (
	"context"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/support"
)

// Desk takes what people write to the creator. *support.Service is one.
type Desk interface {
	// Write keeps a note. core.Invalid names the fields; core.RateLimited after
	// too many from one address.
	Write(ctx context.Context, r support.Request) (support.Ticket, error)
	// Check says what is missing in a withdrawal, core.Invalid with the fields.
	Check(r support.Request) error
	// Withdraw keeps a withdrawal and confirms it by mail.
	Withdraw(ctx context.Context, r support.Request) (support.Ticket, error)
}

// postContact is POST /contact.
func (s *Server) postContact(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	values := formValues(in.Get, "name", "email", "message", "product")
	if s.opts.Desk == nil {
		return s.show(c, http.StatusServiceUnavailable, view.Contact{Form: view.Form{Values: values, Error: noDesk}})
	}
	note := support.Request{Name: in.Get("name"), Email: in.Get("email"), Message: in.Get("message")}
	if p, ok := s.opts.Catalog.Product(core.ProductID(in.Get("product"))); ok {
		note.Product = p.ID
	}
	frame, user, err := s.frame(ctx, c)
	if err != nil {
		return err
	}
	note.User = user.ID
	var ticket support.Ticket
	if err = s.allow(c, s.limits.form); err == nil {
		ticket, err = s.opts.Desk.Write(ctx, note)
	}
	if err != nil {
		form, status, err := formOf(c, err, values)
		if err != nil {
			return err
		}
		return s.show(c, status, view.Contact{Chrome: frame, Form: form})
	}
	return s.show(c, http.StatusOK, view.Contact{Chrome: frame, Sent: true, Ticket: ticket.ID})
}

// withdrawPage is GET /withdraw, the first step. It needs no account; whoever
// is signed in chooses from her purchases.
func (s *Server) withdrawPage(ctx context.Context, c *fiber.Ctx) error {
	frame, user, err := s.frame(ctx, c)
	if err != nil {
		return err
	}
	v := view.Withdraw{Chrome: frame, Form: view.Form{Values: map[string]string{"name": user.Name, "email": user.Email}}}
	if v.Purchases, err = s.contracts(ctx, user.ID); err != nil {
		return err
	}
	return s.show(c, http.StatusOK, v)
}

// postWithdraw is POST /withdraw: the form, then the confirmation. Nothing is
// declared before the second step.
func (s *Server) postWithdraw(ctx context.Context, c *fiber.Ctx) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	frame, user, err := s.frame(ctx, c)
	if err != nil {
		return err
	}
	v := view.Withdraw{Chrome: frame, Form: view.Form{Values: formValues(in.Get, "name", "email", "contract", "reason")}}
	if v.Purchases, err = s.contracts(ctx, user.ID); err != nil {
		return err
	}
	step := in.Get("step")
	if step == "back" {
		return s.show(c, http.StatusOK, v)
	}
	if s.opts.Desk == nil {
		v.Form.Error = noDesk
		return s.show(c, http.StatusServiceUnavailable, v)
	}
	r := support.Request{Name: in.Get("name"), Email: in.Get("email"), Contract: in.Get("contract"), Message: in.Get("reason"), User: user.ID}
	switch err = s.opts.Desk.Check(r); {
	case err != nil:
	case step == "confirmed":
		var t support.Ticket
		if err = s.allow(c, s.limits.form); err == nil {
			t, err = s.opts.Desk.Withdraw(ctx, r)
		}
		v.Step, v.Ticket, v.At = "done", t.ID, t.CreatedAt
	default:
		v.Step = "confirm"
	}
	if err != nil {
		form, status, err := formOf(c, err, v.Form.Values)
		if err != nil {
			return err
		}
		v.Form, v.Step = form, ""
		return s.show(c, status, v)
	}
	return s.show(c, http.StatusOK, v)
}

const noDesk = "This form takes no notes at the moment. Send yours by mail to the address at the foot of the page; it reaches the same person."

// frame is the frame of a page that anybody may see, and who is looking.
func (s *Server) frame(ctx context.Context, c *fiber.Ctx) (view.Chrome, accounts.User, error) {
	who, err := s.viewer(ctx, c)
	if err != nil || who == nil {
		return view.Chrome{}, accounts.User{}, err
	}
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return view.Chrome{}, accounts.User{}, err
	}
	return s.chrome(who, st), who.User, nil
}

// contracts names what a customer has bought and not got back.
func (s *Server) contracts(ctx context.Context, user core.UserID) ([]string, error) {
	if user == "" {
		return nil, nil
	}
	pays, err := s.opts.Reads.PaymentsOf(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range pays {
		if !p.FullyRefunded() {
			out = append(out, s.product(p.Product).Name+", "+p.PaidAt.UTC().Format("2 January 2006"))
		}
	}
	return out, nil
}

func formValues(get func(string) string, names ...string) map[string]string {
	out := make(map[string]string, len(names))
	for _, n := range names {
		out[n] = get(n)
	}
	return out
}
