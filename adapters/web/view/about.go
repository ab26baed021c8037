package view

import (
	"fmt"
	"net/http"
	"strings"
)

// about is a page as search engines, link previews and the base layout know it.
type about struct {
	Template    string // the entry template
	Body        string // class of <body>, for the layout of a page family
	Title       string // without the brand's name
	Description string
	Path        string // canonical path; "" for pages that have none
	Private     bool   // robots: noindex; the same pages carry no canonical link
	Referrer    string // referrer policy beyond the site's, for pages with a token
	OG          string // logical name of the preview picture
	Scripts     []string
	Bare        bool // no navigation: checkout and sign-in
	JSONLD      []any
}

func (v Home) about(r *Renderer) about {
	c := r.Content().Home
	return about{
		Template: "home", Body: "home", Title: c.Title, Description: c.Description, Path: "/",
		OG: "og/home.png", Scripts: []string{"js/track.js"}, JSONLD: homeJSONLD(r),
	}
}

func (v Landing) about(r *Renderer) about {
	p := r.product(v.Product)
	c := r.Content().Product(p.ID)
	return about{
		Template: "landing", Body: "landing", Title: c.Title, Description: c.Description, Path: p.Page,
		OG: "og/" + string(p.ID) + ".png", Scripts: []string{"js/track.js", "js/slider.js", "js/buybar.js"},
		JSONLD: productJSONLD(r, p, c),
	}
}

func (v Checkout) about(r *Renderer) about {
	p := r.product(v.Product)
	return about{
		Template: "checkout", Body: "checkout", Title: "Checkout: " + p.Name, Private: true, Bare: true,
		Description: "Pay for " + p.Name + ".", Scripts: []string{"js/checkout.js"},
	}
}

// The success page tells nothing of anybody; its canonical link folds all of
// them into the one without a session.
func (v CheckoutSuccess) about(r *Renderer) about {
	return about{
		Template: "success", Body: "success", Title: "Thank you", Bare: true, Path: "/checkout/success",
		Description: "What happens after paying at " + r.site.Brand.Name + ": the mail, the first step, and where to ask.", Scripts: []string{"js/success.js"}, Referrer: "no-referrer",
	}
}

func (v CheckoutUpgrade) about(r *Renderer) about {
	name := r.site.Catalog.Studio().Name
	return about{
		Template: "checkout-upgrade", Body: "upgrade", Title: "Upgrade to " + name, Private: true,
		Description: "What " + name + " adds to what you have.", Scripts: []string{"js/roi.js"},
	}
}

func auth(template, title, description string, scripts ...string) about {
	return about{
		Template: template, Body: "auth", Title: title, Description: description,
		Private: true, Bare: true, Scripts: append([]string{"js/forms.js"}, scripts...),
	}
}

func (v Login) about(r *Renderer) about {
	return auth("login", "Log in", "Log in to "+r.site.Brand.Name+".")
}

func (v SignUp) about(r *Renderer) about {
	return auth("sign-up", "Create an account", "Create an account with "+r.site.Brand.Name+".")
}

func (v PasswordForgot) about(*Renderer) about {
	return auth("password-forgot", "Forgotten password", "Get a link to set a new password.")
}

func (v PasswordSetup) about(*Renderer) about {
	title := "Set your password"
	if v.Expired {
		title = "This link no longer works"
	}
	a := auth("password-setup", title, "Choose a password.")
	a.Referrer = "no-referrer"
	return a
}

func (v AddressConfirmed) about(*Renderer) about {
	title := "Address confirmed"
	if !v.OK {
		title = "This link no longer works"
	}
	a := auth("confirmed", title, "Your address.")
	a.Referrer = "no-referrer"
	return a
}

func (v Account) about(*Renderer) about {
	return about{
		Template: "account", Body: "account", Title: "Account", Private: true,
		Description: "Your credits, purchases and membership.", Scripts: []string{"js/forms.js", "js/billing.js"},
	}
}

func (v Studio) about(r *Renderer) about {
	return about{
		Template: "studio", Body: "studio", Title: "Studio", Private: true,
		Description: "Your studio.", Scripts: []string{"js/tabs.js", "js/dialog.js", "js/roi.js"},
	}
}

func (v Experience) about(r *Renderer) about {
	p := r.product(v.Product)
	return about{
		Template: "experience", Body: "studio", Title: p.Name, Private: true,
		Description: "Your " + p.Name + ".", Scripts: []string{"js/dialog.js"},
	}
}

func (v FreeBlueprint) about(r *Renderer) about {
	c := r.Content().FreeBlueprint
	return about{
		Template: "free-blueprint", Body: "free", Title: c.Title, Description: c.Description, Path: "/free-blueprint",
		OG: "og/home.png", Scripts: []string{"js/forms.js", "js/track.js"},
	}
}

func (v Withdraw) about(*Renderer) about {
	return about{
		Template: "withdraw", Body: "contact", Title: "Withdraw from a contract", Private: true,
		Description: "Declare a withdrawal, and get it confirmed by mail.", Scripts: []string{"js/forms.js"},
	}
}

func (v Contact) about(r *Renderer) about {
	return about{
		Template: "contact", Body: "contact", Title: "Contact", Path: "/contact", OG: "og/home.png",
		Description: "Write to " + r.site.Brand.Name + ". A person answers.", Scripts: []string{"js/forms.js"},
	}
}

func (v Legal) about(r *Renderer) about {
	c := r.Content().Legal[v.Slug]
	return about{
		Template: "legal", Body: "legal", Title: c.Title, Description: c.Description,
		Path: "/legal/" + v.Slug, OG: "og/home.png",
	}
}

func (v ErrorPage) about(*Renderer) about {
	return about{
		Template: "error", Body: "failed", Title: v.Title(), Private: true,
		Description: "Something did not work.",
	}
}

// Title returns the status in our words, for the heading of the page.
func (v ErrorPage) Title() string {
	switch v.Status {
	case http.StatusNotFound, http.StatusGone:
		return "Nothing was developed here"
	case http.StatusForbidden:
		return "This door is closed to you"
	case http.StatusUnauthorized:
		return "Please log in first"
	case http.StatusTooManyRequests:
		return "One at a time, please"
	case http.StatusServiceUnavailable:
		return "We are changing the film"
	}
	if v.Status >= 500 {
		return "That frame is spoiled"
	}
	return "That did not work"
}

// Reason returns what happened, in a sentence.
func (v ErrorPage) Reason() string {
	if v.Message != "" {
		return v.Message
	}
	switch v.Status {
	case http.StatusNotFound:
		return "There is no page at this address. It may have moved, or the link was cut off."
	case http.StatusGone:
		return "This link was used already, or it has run out."
	case http.StatusTooManyRequests:
		return "There were too many tries in a short time. Nothing is lost; wait a minute, then go on."
	case http.StatusServiceUnavailable:
		return "The server is busy or restarting. Nothing of yours is lost. Try again in a minute."
	}
	if v.Status >= 500 {
		return "The fault is ours. Nothing was charged for this request, and we have a record of it."
	}
	if t := http.StatusText(v.Status); t != "" {
		return "The server answered: " + strings.ToLower(t) + "."
	}
	return fmt.Sprintf("The server answered with status %d.", v.Status)
}

func (v Mailbox) about(*Renderer) about {
	return about{Template: "mailbox", Body: "dev", Title: "Mailbox", Private: true, Description: "Captured mail."}
}

func (v MailboxMessage) about(*Renderer) about {
	return about{
		Template: "mailbox-message", Body: "dev", Title: "Mail: " + v.Mail.Subject, Private: true,
		Description: "A captured mail.", Scripts: []string{"js/tabs.js"},
	}
}

func (v DevIndex) about(*Renderer) about {
	return about{
		Template: "dev", Body: "dev", Title: "Developer", Private: true,
		Description: "Links, clock and test cards.", Scripts: []string{"js/dev.js", "js/toast.js"},
	}
}

func (v Components) about(*Renderer) about {
	return about{
		Template: "dev-components", Body: "dev components", Title: "Components", Private: true,
		Description: "Every component in every state.",
		Scripts:     []string{"js/slider.js", "js/dialog.js", "js/tabs.js", "js/toast.js", "js/roi.js"},
	}
}

func (v Unsubscribe) about(*Renderer) about {
	a := auth("unsubscribe", "E-mail preferences", "Choose which mail you get.")
	a.Referrer = "no-referrer"
	return a
}
