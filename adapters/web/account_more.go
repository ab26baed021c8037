package web

import (
	"archive/zip"
	"context"
	"io"
	"mime"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
)

func (s *Server) accountRoutes() {
	api := s.app.Group("/api/account")
	api.Get("/export", s.within(exportTimeout, s.exportAccount))
	api.Post("/delete", s.do(s.deleteAccount))
	s.app.Post("/account/email", s.members(s.postEmail))
	s.app.Post("/account/password", s.members(s.postPassword))
	s.app.Post("/account/devices/end", s.members(s.postDeviceEnd))
	s.app.Post("/account/devices/end-others", s.members(s.postOthersEnd))
	s.app.Post("/account/delete", s.members(s.postDelete))
	if s.opts.Customer.Wishes != nil {
		s.app.Post("/account/letters", s.members(s.postLetters))
	}
}

// accountForms is what became of a form of the account page, for the page that
// is drawn anew.
type accountForms struct {
	status                int
	email, password, gone view.Form
}

type accountFormsKey struct{}

// more adds what a customer may change of her account.
func (s *Server) more(ctx context.Context, c *fiber.Ctx, who *signedIn, v *view.Account) (status int, err error) {
	if s.opts.Customer == nil {
		return http.StatusOK, nil
	}
	forms, _ := c.Locals(accountFormsKey{}).(accountForms)
	devices, err := s.opts.People.Devices(ctx, who.User.ID, c.Cookies(s.cookie))
	if err != nil {
		return 0, err
	}
	m := &view.AccountMore{
		Email: forms.email, Password: forms.password, Delete: forms.gone, HasPassword: who.User.PasswordHash != "", AddressLost: who.User.Email == "", Admin: who.User.Admin,
	}
	for _, d := range devices {
		m.Devices = append(m.Devices, view.Device{ID: d.ID, Name: browserName(d.UserAgent), Address: d.Address, Since: d.CreatedAt, LastSeen: d.LastSeenAt, Current: d.Current})
	}
	if s.opts.Customer.Wishes != nil && who.User.Email != "" {
		sub, err := s.opts.Customer.Wishes.WantedBy(ctx, who.User.Email)
		if err != nil {
			return 0, err
		}
		m.Letters, m.Stopped = sub.Kinds, sub.Stopped
	}
	v.More, v.CanExport, v.CanDelete = m, true, !who.User.Admin
	if n, ok := saved[c.Query("saved")]; ok {
		v.Notice = append(v.Notice, n)
	}
	return forms.status, nil
}

// saved are the banners after a form went through.
var saved = map[string]view.Notice{
	"email":    {Tone: view.Success, Title: "Look into the new mailbox", Text: "The link in our mail moves your account there. Until you follow it nothing changes."},
	"password": {Tone: view.Success, Title: "Your password is changed", Text: "Every other device was signed out."},
	"device":   {Tone: view.Success, Title: "Signed out there"},
	"letters":  {Tone: view.Success, Title: "Saved", Text: "It counts from the next letter on. What you buy or ask for reaches you all the same."},
}

// again draws the account page with what is wrong.
func (s *Server) again(ctx context.Context, c *fiber.Ctx, who *signedIn, err error, values map[string]string, put func(*accountForms, view.Form)) error {
	form, status, err := formOf(c, err, values)
	if err != nil {
		return err
	}
	forms := accountForms{status: status}
	put(&forms, form)
	c.Locals(accountFormsKey{}, forms)
	return s.accountPage(ctx, c, who)
}

// renamed gives a field's error the name that the page's form has for it: three
// forms on one page can't share one name.
func renamed(f view.Form, from, to string) view.Form {
	if why, ok := f.Errors[from]; ok {
		out := map[string]string{}
		for k, v := range f.Errors {
			out[k] = v
		}
		delete(out, from)
		out[to] = why
		f.Errors = out
	}
	return f
}

// postEmail is POST /account/email.
func (s *Server) postEmail(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if err := s.opts.People.ChangeAddress(ctx, who.User.ID, in.Get("email"), in.Get("email_password")); err != nil {
		return s.again(ctx, c, who, err, map[string]string{"email": in.Get("email")}, func(a *accountForms, f view.Form) {
			a.email = renamed(f, "password", "email_password")
		})
	}
	return seeOther(c, "/account?saved=email")
}

// postPassword is POST /account/password.
func (s *Server) postPassword(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if err := s.opts.People.ChangePassword(ctx, who.User.ID, c.Cookies(s.cookie), in.Get("current_password"), in.Get("new_password")); err != nil {
		field := "new_password"
		if core.Is(err, core.InvalidCredentials) {
			field = "current_password"
		}
		return s.again(ctx, c, who, err, nil, func(a *accountForms, f view.Form) { a.password = renamed(f, "password", field) })
	}
	return seeOther(c, "/account?saved=password")
}

// postLetters is POST /account/letters.
func (s *Server) postLetters(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if who.User.Email == "" {
		return fiber.ErrNotFound
	}
	sub, err := s.opts.Customer.Wishes.WantedBy(ctx, who.User.Email)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, k := range sub.Kinds {
		wanted[k.Key] = in.Get(k.Key) != ""
	}
	if err := s.opts.Customer.Wishes.ChooseFor(ctx, who.User.ID, who.User.Email, wanted); err != nil {
		return err
	}
	return seeOther(c, "/account?saved=letters")
}

// postDeviceEnd is POST /account/devices/end. A device that is out already is
// out.
func (s *Server) postDeviceEnd(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if err := s.opts.People.EndDevice(ctx, who.User.ID, in.Get("id")); err != nil && !core.Is(err, core.NotFound) {
		return err
	}
	return seeOther(c, "/account?saved=device")
}

// postOthersEnd is POST /account/devices/end-others.
func (s *Server) postOthersEnd(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	if err := s.opts.People.EndOthers(ctx, who.User.ID, c.Cookies(s.cookie)); err != nil {
		return err
	}
	return seeOther(c, "/account?saved=device")
}

// postDelete is POST /account/delete, the form of the page.
func (s *Server) postDelete(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	in, err := readForm(c)
	if err != nil {
		return err
	}
	if err := s.opts.Customer.Privacy.Delete(ctx, who.User.ID, in.Get("password")); err != nil {
		return s.again(ctx, c, who, err, nil, func(a *accountForms, f view.Form) { a.gone = f })
	}
	s.signOut(c)
	return seeOther(c, "/")
}

// deleteAccount is POST /api/account/delete, as JSON or as a form.
func (s *Server) deleteAccount(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	var in struct {
		Password string `json:"password"`
	}
	if kind, _, _ := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); kind == fiber.MIMEApplicationForm {
		form, err := readForm(c)
		if err != nil {
			return err
		}
		in.Password = form.Get("password")
	} else if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Password == "" {
		return core.FieldError("web.deleteAccount", "password", "Give your password, so that nobody else deletes your account.")
	}
	if err := s.opts.Customer.Privacy.Delete(ctx, who.User.ID, in.Password); err != nil {
		return err
	}
	s.signOut(c)
	return c.SendStatus(http.StatusNoContent)
}

// exportTimeout is how long an export may take; pictures are large.
const exportTimeout = 2 * time.Minute

// exportAccount is GET /api/account/export. It is written to a nameless file
// first, so that what fails on the way is an error and not half an archive.
func (s *Server) exportAccount(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.exportAccount"
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	if c.Method() == fiber.MethodHead {
		return c.SendStatus(http.StatusOK)
	}
	if err := s.allow(c, s.limits.form); err != nil {
		return err
	}
	f, err := os.CreateTemp("", "export-*") // 0600
	if err != nil {
		return &core.Error{Code: core.Unavailable, Op: op, Message: "There is no room for the archive at the moment. Try again later.", Err: err}
	}
	_ = os.Remove(f.Name()) // it lives as long as it is open
	now := s.opts.Clock.Now()
	z := &archive{zip: zip.NewWriter(f), at: now}
	err = s.opts.Customer.Privacy.Export(ctx, who.User.ID, z)
	if err == nil {
		err = z.zip.Close()
	}
	size := int64(0)
	if err == nil {
		size, err = f.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="my-data-`+now.Format(time.DateOnly)+`.zip"`)
	c.Context().SetBodyStream(f, int(size)) // which closes it
	return nil
}

// archive writes a ZIP.
type archive struct {
	zip *zip.Writer
	at  time.Time
}

var _ accounts.Archive = (*archive)(nil)

// Entry implements accounts.Archive. No name leads out of the folder that the
// archive is unpacked into.
func (a *archive) Entry(name string) (io.Writer, error) {
	name = strings.ReplaceAll(name, `\`, "/")
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	return a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
}

// browserName says a user agent in two words, for the list of devices.
func browserName(agent string) string {
	pick := func(names ...string) string {
		for i := 0; i < len(names); i += 2 {
			if strings.Contains(agent, names[i]) {
				return names[i+1]
			}
		}
		return ""
	}
	what := pick("Edg", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "FxiOS", "Firefox", "CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari")
	on := pick("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS", "Mac", "CrOS", "Chromebook", "Linux", "Linux")
	switch {
	case what != "" && on != "":
		return what + " on " + on
	case what+on != "":
		return what + on
	}
	return "Another device"
}
