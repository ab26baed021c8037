package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
)

// checkoutPage is GET /checkout/{product}, by id or by the name of its page.
func (s *Server) checkoutPage(ctx context.Context, c *fiber.Ctx) error {
	const op = "web.checkoutPage"
	p, ok := s.opts.Catalog.Product(s.productID(core.ProductID(c.Params("product"))))
	if !ok || p.Disabled {
		return &core.Error{Code: core.NotFound, Op: op, Message: "There is no product at this address."}
	}
	who, err := s.viewer(ctx, c)
	if err != nil {
		return err
	}
	if p.Kind == catalog.Pack && who == nil {
		return seeOther(c, loginFor(c))
	}
	if session := c.Query("session"); session != "" && s.opts.Billing != nil {
		st, err := s.opts.Billing.Status(ctx, session)
		if err != nil && !core.Is(err, core.NotFound) {
			return err
		}
		if st.Status == "complete" || st.Status == "processing" {
			return seeOther(c, "/checkout/success?session_id="+url.QueryEscape(session))
		}
	}
	v := view.Checkout{Product: p.ID, Link: c.Query("link"), Address: addressOf(c)}
	v.Source, v.Campaign = origin(c)
	promo := c.Query("promo")
	if left, err := s.left(ctx, c, who, p); err != nil {
		return err
	} else if left != nil {
		switch {
		case left.Paid:
			return seeOther(c, "/checkout/success?session_id="+url.QueryEscape(left.Session))
		case left.Owner && who == nil:
			return seeOther(c, loginFor(c))
		}
		v.Resume, v.Agreed, promo = string(left.Ref), left.Immediate, left.Promotion
	}
	if who != nil {
		st, err := s.standing(ctx, who.User.ID)
		if err != nil {
			return err
		}
		if p.Monthly() && member(st.Rows) {
			return s.toPortal(ctx, c, who, st)
		}
		v.Chrome, v.Upgrade = s.chrome(who, st), p.Monthly()
	}
	if v.Promo, v.PromoRefused, err = s.promo(ctx, who, promo, p); err != nil {
		return err
	}
	return s.show(c, http.StatusOK, v)
}

// left returns the checkout of this product that a letter leads back to, nil
// when the address names none for whoever asks.
func (s *Server) left(ctx context.Context, c *fiber.Ctx, who *signedIn, p catalog.Product) (*billing.Left, error) {
	ref := c.Query("resume")
	if ref == "" || s.opts.Billing == nil {
		return nil, nil
	}
	var user core.UserID
	if who != nil {
		user = who.User.ID
	}
	left, err := s.opts.Billing.FindLeft(ctx, core.CheckoutID(ref), c.Query("link"), user)
	if err != nil || left == nil || left.Product != p.ID {
		return nil, err
	}
	return left, nil
}

// origin says where a visit comes from: our own words in the address, or those
// that other tools put there.
func origin(c *fiber.Ctx) (source, campaign string) {
	source, campaign = c.Query("source"), c.Query("campaign")
	if source == "" {
		source = c.Query("utm_source")
	}
	if campaign == "" {
		campaign = c.Query("utm_campaign")
		if content := c.Query("utm_content"); campaign != "" && content != "" {
			campaign += "/" + content
		}
	}
	return source, campaign
}

// member reports whether somebody pays for Studio already.
func member(rows []billing.Row) bool {
	for _, r := range rows {
		if r.Type == catalog.EntitlementStudio && r.Live && (r.Status == "active" || r.Status == "trialing" || r.Status == "past_due") {
			return true
		}
	}
	return false
}

// toPortal sends a member to the billing portal instead of letting her pay
// twice; where the portal cannot be opened the page offers it.
func (s *Server) toPortal(ctx context.Context, c *fiber.Ctx, who *signedIn, st standing) error {
	if s.opts.Billing != nil {
		if to, err := s.opts.Billing.Portal(ctx, who.User.ID); err == nil {
			return seeOther(c, to)
		}
	}
	return s.show(c, http.StatusConflict, view.CheckoutUpgrade{Chrome: s.chrome(who, st), AlreadyMember: true})
}

// promo says what a code is worth to this customer, or why it does not count.
// Billing decides again when the checkout begins.
func (s *Server) promo(ctx context.Context, who *signedIn, code string, p catalog.Product) (*view.Promo, string, error) {
	if code == "" || s.opts.Billing == nil {
		return nil, "", nil
	}
	user := core.UserID("")
	if who != nil {
		user = who.User.ID
	}
	offer, err := s.opts.Billing.OfferFor(ctx, user, code, p.ID)
	if err != nil || offer.Refused != "" {
		return nil, offer.Refused, err
	}
	return &view.Promo{Code: offer.Promotion.Code, Off: offer.Promotion.AmountOff, Ends: offer.Ends}, "", nil
}

// upgradePage is GET /checkout-upgrade: what Studio adds, for somebody signed
// in. The code in the address survives the login.
func (s *Server) upgradePage(ctx context.Context, c *fiber.Ctx, who *signedIn) error {
	st, err := s.standing(ctx, who.User.ID)
	if err != nil {
		return err
	}
	if member(st.Rows) {
		return s.toPortal(ctx, c, who, st)
	}
	v := view.CheckoutUpgrade{Chrome: s.chrome(who, st)}
	if v.Promo, v.PromoRefused, err = s.promo(ctx, who, c.Query("promo"), s.opts.Catalog.Studio()); err != nil {
		return err
	}
	return s.show(c, http.StatusOK, v)
}

// successPage is GET /checkout/success. It signs nobody in and shows nothing
// that names a person: whoever knows a session id may see it. An unknown id
// shows the same page without a product.
func (s *Server) successPage(ctx context.Context, c *fiber.Ctx) error {
	if err := s.allow(c, s.limits.status); err != nil {
		return err
	}
	who, err := s.viewer(ctx, c)
	if err != nil {
		return err
	}
	v := view.CheckoutSuccess{Guest: who == nil}
	if session := c.Query("session_id"); session != "" && s.opts.Billing != nil {
		st, err := s.opts.Billing.Status(ctx, session)
		switch {
		case core.Is(err, core.NotFound):
		case err != nil:
			return err
		default:
			v.SessionID, v.Product, v.Status, v.Redirect = session, st.Product, st.Status, st.Redirect
			if st.Status == "open" {
				// Stripe leads here once the buyer has done her part; the webhook
				// that tells us may be a moment behind her.
				v.Status = "processing"
			}
		}
	}
	return s.show(c, http.StatusOK, v)
}

// said are the words of a checkout's address that are kept. Any other word could
// be one that a form has a meaning of its own for.
var said = [...]string{"promo", "source", "campaign", "link", "session", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"}

// addressOf returns what the address of a checkout says.
func addressOf(c *fiber.Ctx) (out []view.Hidden) {
	for _, name := range said {
		if value := c.Query(name); value != "" {
			out = append(out, view.Hidden{Name: name, Value: value})
		}
	}
	return out
}
