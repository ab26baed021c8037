package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/tracking"
)

// checkoutBody is what the three checkout calls take.
type checkoutBody struct {
	Product  core.ProductID `json:"product"`
	Promo    string         `json:"promo"`
	Source   string         `json:"source"`
	Campaign string         `json:"campaign"`
	Link     string         `json:"link"`
	Resume   string         `json:"resume"` // the checkout that the letter of link leads back to
	Medium   string         `json:"medium"` // utm_medium and utm_term, for the record of the visit
	Term     string         `json:"term"`
	Session  string         `json:"session"` // an open checkout of this product is opened again
	Consent  struct {
		Immediate bool   `json:"immediate"`
		Marketing answer `json:"marketing"`
		Version   string `json:"version"`
	} `json:"consent"`
}

// answer is yes, no, or nothing where there was no box. JSON may say it as a
// truth value, too.
type answer string

// UnmarshalJSON reads true, false, null, "yes", "no" and "".
func (a *answer) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true":
		*a = "yes"
	case "false":
		*a = "no"
	case "null":
		*a = ""
	default:
		return json.Unmarshal(b, (*string)(a))
	}
	return nil
}

// startCheckout returns the POST handler of one door.
func (s *Server) startCheckout(door billing.Door) handler {
	return func(ctx context.Context, c *fiber.Ctx) error {
		const op = "web.startCheckout"
		var in checkoutBody
		// An upgrade has nothing to choose, so it needs no body.
		if door != billing.DoorUpgrade || len(bytes.TrimSpace(c.BodyRaw())) > 0 {
			if err := readJSON(c, &in); err != nil {
				return err
			}
		}
		who, err := s.viewer(ctx, c)
		if err != nil {
			return err
		}
		if who == nil && door != billing.DoorLanding {
			return &core.Error{Code: core.NotAuthenticated, Op: op, Message: "Log in to go on."}
		}
		if s.opts.Billing == nil {
			return paymentsOff(op)
		}
		var user core.UserID
		if who != nil {
			user = who.User.ID
		}
		if in.Session != "" {
			again, err := s.openAgain(ctx, in, user)
			if err != nil {
				return err
			}
			if again != nil {
				return s.opened(c, *again)
			}
		}
		if in.Product == "" && door != billing.DoorUpgrade {
			return core.FieldError(op, "product", "Name the product to buy.")
		}
		if err := s.allow(c, s.limits.checkout); err != nil {
			return err
		}
		out, err := s.opts.Billing.Start(ctx, billing.StartCheckout{
			Door: door, Product: s.productID(in.Product), Promo: in.Promo, Source: in.Source, Campaign: in.Campaign, Link: in.Link,
			User: user, Visitor: s.visitor(c), Resume: core.CheckoutID(in.Resume), Props: visitProps(in.Medium, in.Term),
			Consent: billing.BuyerConsent{Immediate: in.Consent.Immediate, Marketing: string(in.Consent.Marketing), TextVersion: in.Consent.Version},
		})
		if core.Is(err, core.Unavailable) {
			s.limits.checkout.giveBack(counted(s.clientAddr(c.Context()))) // it was our failure, not her try
		}
		if err != nil {
			return err
		}
		return s.opened(c, out)
	}
}

// visitProps are what a visit's address said besides source and campaign.
func visitProps(medium, term string) map[string]string {
	props := map[string]string{}
	for name, value := range map[string]string{"utm_medium": medium, "utm_term": term} {
		if value = tracking.Clip(value); value != "" {
			props[name] = value
		}
	}
	return props
}

// openAgain returns the checkout of a session that still waits for its buyer,
// so that its address can be opened more than once. Whoever holds the session
// id may; a checkout that somebody began signed in is hers alone.
func (s *Server) openAgain(ctx context.Context, in checkoutBody, user core.UserID) (*billing.Opened, error) {
	co, err := s.opts.Reads.CheckoutBySession(ctx, in.Session)
	if err != nil || co == nil {
		return nil, err
	}
	if co.State != billing.CheckoutOpen || co.ClientSecret == "" || !s.opts.Clock.Now().Before(co.ExpiresAt) ||
		(co.SignedIn && co.User != user) || (in.Product != "" && s.productID(in.Product) != co.Product) {
		return nil, nil
	}
	return &billing.Opened{Ref: co.ID, Product: co.Product, SessionID: co.Session, ClientSecret: co.ClientSecret, ExpiresAt: co.ExpiresAt}, nil
}

func (s *Server) opened(c *fiber.Ctx, o billing.Opened) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(http.StatusCreated).JSON(struct {
		SessionID    string    `json:"sessionId"`
		ClientSecret string    `json:"clientSecret"`
		URL          string    `json:"url"`
		ExpiresAt    time.Time `json:"expiresAt"`
	}{o.SessionID, o.ClientSecret, s.opts.BaseURL + checkoutPath(s.product(o.Product)) + "?session=" + url.QueryEscape(o.SessionID), o.ExpiresAt.UTC()})
}

func checkoutPath(p catalog.Product) string {
	if slug := p.Slug(); slug != "" {
		return "/checkout/" + slug
	}
	return "/checkout/" + string(p.ID)
}

func (s *Server) product(id core.ProductID) catalog.Product {
	p, _ := s.opts.Catalog.Product(id)
	return p
}

// productID accepts the page's name for a product, too.
func (s *Server) productID(name core.ProductID) core.ProductID {
	if _, ok := s.opts.Catalog.Product(name); !ok {
		if p, ok := s.opts.Catalog.ByPage("/" + strings.TrimPrefix(string(name), "/")); ok {
			return p.ID
		}
	}
	return name
}

// checkoutStatus is GET /api/checkout/status. Whoever holds the session id may
// ask; the answer names nobody.
func (s *Server) checkoutStatus(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.checkoutStatus"
	session := c.Query("session_id")
	if session == "" {
		return core.FieldError(op, "session_id", "Give the session id of the checkout.")
	}
	if err := s.allow(c, s.limits.status); err != nil {
		return err
	}
	if s.opts.Billing == nil {
		return paymentsOff(op)
	}
	st, err := s.opts.Billing.Status(ctx, session)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(struct {
		Status   string         `json:"status"`
		Product  core.ProductID `json:"product"`
		Redirect string         `json:"redirect,omitempty"`
	}{st.Status, st.Product, st.Redirect})
}

// portal is POST /api/billing/portal.
func (s *Server) portal(ctx context.Context, c *fiber.Ctx) error {
	who, err := s.must(ctx, c)
	if err != nil {
		return err
	}
	if err := s.allow(c, s.limits.portal); err != nil {
		return err
	}
	if s.opts.Billing == nil {
		return paymentsOff("web.portal")
	}
	to, err := s.opts.Billing.Portal(ctx, who.User.ID)
	if err != nil {
		return err
	}
	if strings.Contains(c.Get(fiber.HeaderAccept), "text/html") { // the form of a page without scripts
		return seeOther(c, to)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"url": to})
}
