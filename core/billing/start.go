package billing

import (
	"context"
	"strings"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
	"sselfie/core/tracking"
)

// Door says where a checkout was asked for.
type Door string

// The doors.
const (
	DoorLanding Door = "landing" // a page that anybody sees
	DoorCredits Door = "credits" // packs, inside the app
	DoorUpgrade Door = "upgrade" // to Studio, signed in
)

// BuyerConsent is what the boxes of the checkout page said.
type BuyerConsent struct {
	Immediate   bool   // delivery at once, knowing that this ends the right of withdrawal
	Marketing   string // "yes", "no", or "" where there was no box
	TextVersion string
}

// StartCheckout is the wish to buy.
type StartCheckout struct {
	Door     Door
	Product  core.ProductID
	Promo    string
	Source   string
	Campaign string
	Link     string
	User     core.UserID // "" for a guest
	Visitor  string
	Props    map[string]string // what else is known of the visit, for its record
	Consent  BuyerConsent
	Resume   core.CheckoutID // the checkout that a letter, named by Link, leads back to; "" for a new one
}

// Opened is a checkout that waits for its buyer.
type Opened struct {
	Ref          core.CheckoutID
	Product      core.ProductID
	SessionID    string
	ClientSecret string
	ExpiresAt    time.Time
}

// opening is how long a checkout may wait for Stripe's answer before another
// one may take its place.
const opening = 2 * time.Minute

// Start opens a checkout at Stripe and keeps our side of it first, so that no
// payment can arrive for something that we don't know.
func (s *Service) Start(ctx context.Context, in StartCheckout) (Opened, error) {
	if in.Resume != "" {
		if again, err := s.resume(ctx, in); err != nil || again != nil {
			if again == nil {
				again = &Opened{}
			}
			return *again, err
		}
	}
	p, err := s.sellable(in)
	if err != nil {
		return Opened{}, err
	}
	if p.Monthly() && in.User != "" {
		if err := s.refuseMember(ctx, in.User); err != nil {
			return Opened{}, err
		}
	}
	promo, err := s.promotion(ctx, in, p)
	if err != nil {
		return Opened{}, err
	}
	now := s.Clock.Now()
	co := Checkout{
		ID: core.CheckoutID(s.IDs.NewID("chk")), User: in.User, SignedIn: in.User != "", Product: p.ID, Price: p.Price,
		Promotion: promo.Code, Discount: promo.AmountOff.Minor, Source: tracking.Clip(in.Source), Campaign: tracking.Clip(in.Campaign),
		Link: tracking.Clip(in.Link), Marketing: in.Consent.Marketing, State: CheckoutNew, CreatedAt: now,
	}
	var shared *Checkout
	err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if shared, err = s.sharePromotion(ctx, tx, co, now); err != nil || shared != nil {
			return err
		}
		if err := tx.SaveCheckout(ctx, co); err != nil {
			return err
		}
		if err := s.keepConsents(ctx, tx, co, in.Consent, now); err != nil {
			return err
		}
		return tx.RecordEvent(ctx, tracking.Event{
			Name: tracking.CheckoutStart, Visitor: in.Visitor, User: in.User, Product: p.ID, Source: co.Source, Campaign: co.Campaign, Props: in.Props, At: now,
		})
	})
	if err != nil {
		return Opened{}, err
	}
	if shared != nil {
		return opened(*shared), nil
	}
	return s.openSession(ctx, co, p, "checkout:"+string(co.ID))
}

func opened(c Checkout) Opened {
	return Opened{Ref: c.ID, Product: c.Product, SessionID: c.Session, ClientSecret: c.ClientSecret, ExpiresAt: c.ExpiresAt}
}

func (s *Service) sellable(in StartCheckout) (catalog.Product, error) {
	const op = "billing.Start"
	if in.Door == DoorUpgrade {
		in.Product = s.Catalog.Studio().ID
	}
	p, ok := s.Catalog.Product(in.Product)
	if !ok || p.Disabled {
		return p, core.FieldError(op, "product", "There is no product with this name. Choose one from the home page.")
	}
	if in.Door != DoorLanding && in.User == "" {
		return p, &core.Error{Code: core.NotAuthenticated, Op: op, Message: "Log in to go on."}
	}
	fits := map[Door]bool{DoorLanding: p.Kind != catalog.Pack, DoorCredits: p.Kind == catalog.Pack, DoorUpgrade: p.Monthly()}
	if !fits[in.Door] {
		return p, core.FieldError(op, "product", p.Name+" is not sold here.")
	}
	switch in.Consent.Marketing {
	case "", "yes", "no":
	default:
		return p, core.FieldError(op, "marketing", "Answer yes or no.")
	}
	return p, nil
}

// refuseMember sends an active member to the portal instead of letting her pay
// twice.
func (s *Service) refuseMember(ctx context.Context, user core.UserID) error {
	rows, err := s.Read.RowsOf(ctx, user)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Type == catalog.EntitlementStudio && r.Live && access(r.Status) >= 2 {
			e := &core.Error{Code: core.AlreadyMember, Op: "billing.Start", Message: "You are a Studio member already. Cards, invoices and cancellation are in the billing portal."}
			if url, err := s.Portal(ctx, user); err == nil {
				e.Extra = map[string]any{"portalUrl": url}
			}
			return e
		}
	}
	return nil
}

// promotion returns the promotion that the buyer may use, the zero value for
// none asked. The server decides; Stripe's own limits are a second line.
func (s *Service) promotion(ctx context.Context, in StartCheckout, p catalog.Product) (catalog.Promotion, error) {
	const op = "billing.Start"
	if strings.TrimSpace(in.Promo) == "" {
		return catalog.Promotion{}, nil
	}
	offer, err := s.OfferFor(ctx, in.User, in.Promo, p.ID)
	promo := offer.Promotion
	switch {
	case err != nil:
		return promo, err
	case promo.Code == "":
		return promo, core.FieldError(op, "promo", offer.Refused)
	case offer.Refused != "":
		return promo, &core.Error{Code: core.Unprocessable, Op: op, Message: offer.Refused, Fields: map[string]string{"promo": offer.Refused}}
	}
	return promo, nil
}

// sharePromotion returns the open checkout that holds the code already: twenty
// tabs share one discount (security.md, T17).
func (s *Service) sharePromotion(ctx context.Context, tx Tx, co Checkout, now time.Time) (*Checkout, error) {
	if co.Promotion == "" {
		return nil, nil
	}
	held, err := tx.OpenPromotionCheckout(ctx, co.User, co.Promotion)
	if err != nil || held == nil {
		return nil, err
	}
	switch {
	case held.State == CheckoutProcessing:
		return nil, &core.Error{Code: core.Conflict, Op: "billing.Start", Message: "A payment with this code is on its way. Wait for it, or go on without the code."}
	case held.State == CheckoutNew && now.Sub(held.CreatedAt) < opening:
		return nil, &core.Error{Code: core.Conflict, Op: "billing.Start", Message: "Another window is opening this checkout. Try again in a moment."}
	case held.State == CheckoutOpen && now.Before(held.ExpiresAt) && held.Price == co.Price:
		return held, nil
	}
	held.State, held.ClientSecret = CheckoutOver, ""
	return nil, tx.SaveCheckout(ctx, *held)
}

// Purposes of the consents that a checkout keeps.
const (
	ConsentImmediate = "immediate_delivery"
	ConsentMarketing = "marketing_similar_products"
)

func (s *Service) keepConsents(ctx context.Context, tx Tx, co Checkout, c BuyerConsent, now time.Time) error {
	keep := func(purpose string, given bool) error {
		return tx.InsertConsent(ctx, Consent{
			ID: s.IDs.NewID("con"), User: co.User, Checkout: co.ID, Purpose: purpose, Given: given,
			TextVersion: c.TextVersion, Source: "checkout", At: now,
		})
	}
	if c.Immediate {
		if err := keep(ConsentImmediate, true); err != nil {
			return err
		}
	}
	if c.Marketing != "" {
		return keep(ConsentMarketing, c.Marketing == "yes")
	}
	return nil
}

// openSession asks Stripe for the form. key names this opening of the checkout,
// so that asking twice opens it once.
func (s *Service) openSession(ctx context.Context, co Checkout, p catalog.Product, key string) (Opened, error) {
	n := NewSession{
		Key: key + ":1", Product: p.ID, LookupKey: p.LookupKey, Name: p.Name, Price: p.Price, Membership: p.Monthly(),
		Promotion: co.Promotion, ReturnURL: s.BaseURL + "/checkout/success?session_id={CHECKOUT_SESSION_ID}",
		Meta: Metadata{Product: p.ID, Source: co.Source, Campaign: co.Campaign, Ref: string(co.ID), Link: co.Link, User: co.User},
	}
	if co.User != "" {
		known, err := s.Read.CustomersOf(ctx, co.User)
		if err != nil {
			return Opened{}, err
		}
		if len(known) > 0 {
			n.Customer = known[0]
		} else if u, err := s.Read.UserByID(ctx, co.User); err == nil {
			n.Email = u.Email
		}
	}
	got, err := s.Gateway.OpenSession(ctx, n)
	if core.Is(err, core.NotFound) && n.Customer != "" {
		// The customer was deleted at Stripe, or belongs to another mode.
		n.Customer, n.Key = "", key+":2"
		if u, uerr := s.Read.UserByID(ctx, co.User); uerr == nil {
			n.Email = u.Email
		}
		got, err = s.Gateway.OpenSession(ctx, n)
	}
	co.Session, co.ClientSecret, co.State, co.ExpiresAt = got.ID, got.ClientSecret, CheckoutOpen, got.ExpiresAt
	if err != nil {
		co.Session, co.ClientSecret, co.State = "", "", CheckoutFailedHere
	}
	keep := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		// The webhook may have been faster than our own answer.
		if now, err := tx.CheckoutByRef(ctx, co.ID); err != nil || now == nil || now.State != CheckoutNew {
			return err
		}
		return tx.SaveCheckout(ctx, co)
	})
	if err != nil {
		return Opened{}, err
	}
	return opened(co), keep
}

// CheckoutStatus is what the success page may know: no address, no name.
type CheckoutStatus struct {
	Status   string // open, processing, complete or expired
	Product  core.ProductID
	Redirect string // once complete
}

// Status answers whoever holds a session id. It is complete only once it is
// fulfilled here; for a membership that includes its rights.
func (s *Service) Status(ctx context.Context, session string) (CheckoutStatus, error) {
	const op = "billing.Status"
	unknown := &core.Error{Code: core.NotFound, Op: op, Message: "We don't know this checkout."}
	if session == "" {
		return CheckoutStatus{}, unknown
	}
	co, err := s.Read.CheckoutBySession(ctx, session)
	if err != nil {
		return CheckoutStatus{}, err
	}
	if co == nil {
		pay, err := s.Read.FindPayment(ctx, PaymentIDs{Session: session})
		if err != nil {
			return CheckoutStatus{}, err
		}
		if pay == nil {
			return CheckoutStatus{}, unknown
		}
		p, _ := s.Catalog.Product(pay.Product)
		return CheckoutStatus{Status: "complete", Product: pay.Product, Redirect: p.After}, nil
	}
	st := CheckoutStatus{Status: "processing", Product: co.Product}
	p, _ := s.Catalog.Product(co.Product)
	switch co.State {
	case CheckoutNew, CheckoutOpen:
		st.Status = "open"
		if !co.ExpiresAt.IsZero() && !s.Clock.Now().Before(co.ExpiresAt) {
			st.Status = "expired"
		}
	case CheckoutOver, CheckoutFailedHere:
		st.Status = "expired"
	case CheckoutComplete:
		done, err := s.fulfilled(ctx, *co, p)
		if err != nil {
			return st, err
		}
		if done {
			st.Status, st.Redirect = "complete", p.After
		}
	}
	return st, nil
}

func (s *Service) fulfilled(ctx context.Context, co Checkout, p catalog.Product) (bool, error) {
	if !p.Monthly() {
		return true, nil
	}
	rows, err := s.Read.RowsOf(ctx, co.User)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		// A membership that ended before this checkout doesn't stand for it.
		gives := r.Live && access(r.Status) >= 2
		if r.Type == p.Entitlement && r.StripeID != "" && (gives || r.CreatedAt.After(co.CreatedAt.Add(-time.Hour))) {
			return true, nil
		}
	}
	return false, nil
}

// Portal opens Stripe's billing portal for a customer.
func (s *Service) Portal(ctx context.Context, user core.UserID) (string, error) {
	const op = "billing.Portal"
	known, err := s.Read.CustomersOf(ctx, user)
	if err != nil {
		return "", err
	}
	for _, c := range known {
		url, err := s.Gateway.PortalURL(ctx, c, s.BaseURL+"/account")
		if core.Is(err, core.NotFound) {
			continue
		}
		return url, err
	}
	return "", &core.Error{Code: core.NotFound, Op: op, Message: "There is nothing to manage yet: cards and invoices appear here after the first purchase."}
}
