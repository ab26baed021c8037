package billing_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/coretest"
)

func (sh *shop) start(in billing.StartCheckout) (billing.Opened, error) {
	return sh.Start(context.Background(), in)
}

// customer has an account with a proven address and a mini product, bought at
// the clock's time.
func (sh *shop) customer(t testing.TB, email string) core.UserID {
	t.Helper()
	id := sh.signUp(t, email, true)
	ev := purchase("cs_mini_"+string(id), email, "bio_glowup")
	ev.Session.Customer, ev.At = "cus_"+string(id), sh.clock.Now()
	sh.send(t, ev)
	return id
}

// member has a membership besides.
func (sh *shop) member(t testing.TB, email string) core.UserID {
	t.Helper()
	id := sh.customer(t, email)
	for _, ev := range membership("m", email) {
		sh.send(t, ev)
	}
	return id
}

func (sh *shop) checkout(t testing.TB, ref core.CheckoutID) (co billing.Checkout) {
	t.Helper()
	must(t, sh.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
		got, err := tx.CheckoutByRef(ctx, ref)
		if got != nil {
			co = *got
		}
		return err
	}))
	return co
}

// TestDoors: what is sold where, and to whom. "me" is a customer, "member" a
// member.
func TestDoors(t *testing.T) {
	studio := core.ProductID(catalog.EntitlementStudio)
	for name, c := range map[string]struct {
		door    billing.Door
		product core.ProductID
		who     string
		want    core.Code
	}{
		"a guest buys on a landing page":           {billing.DoorLanding, "bio_glowup", "", ""},
		"a customer buys on a landing page":        {billing.DoorLanding, "bio_glowup", "me", ""},
		"a member buys a mini product":             {billing.DoorLanding, "bio_glowup", "member", ""},
		"a guest joins Studio":                     {billing.DoorLanding, studio, "", ""},
		"a customer joins Studio on its page":      {billing.DoorLanding, studio, "me", ""},
		"a customer upgrades":                      {billing.DoorUpgrade, "", "me", ""},
		"the upgrade is Studio, whatever is asked": {billing.DoorUpgrade, "bio_glowup", "me", ""},
		"a customer buys credits":                  {billing.DoorCredits, "credits_100", "me", ""},
		"a member buys credits":                    {billing.DoorCredits, "credits_200", "member", ""},
		"a pack on a landing page":                 {billing.DoorLanding, "credits_100", "me", core.Invalid},
		"a mini product through the credits' door": {billing.DoorCredits, "bio_glowup", "me", core.Invalid},
		"Studio through the credits' door":         {billing.DoorCredits, studio, "me", core.Invalid},
		"credits for a guest":                      {billing.DoorCredits, "credits_100", "", core.NotAuthenticated},
		"an upgrade for a guest":                   {billing.DoorUpgrade, "", "", core.NotAuthenticated},
		"an unknown product":                       {billing.DoorLanding, "yoga_mat", "", core.Invalid},
		"no product":                               {billing.DoorLanding, "", "", core.Invalid},
		"a product that is switched off":           {billing.DoorLanding, "rebrand_reset", "", core.Invalid},
		"a door that nobody built":                 {"cellar", "bio_glowup", "me", core.Invalid},
		"a member upgrades":                        {billing.DoorUpgrade, "", "member", core.AlreadyMember},
		"a member joins on the landing page":       {billing.DoorLanding, studio, "member", core.AlreadyMember},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			for i := range sh.Catalog.Products {
				sh.Catalog.Products[i].Disabled = sh.Catalog.Products[i].ID == "rebrand_reset"
			}
			in := billing.StartCheckout{Door: c.door, Product: c.product, Source: "landing_page", Campaign: "spring", Link: "lnk_1"}
			switch c.who {
			case "me":
				in.User = sh.customer(t, "me@example.com")
			case "member":
				in.User = sh.member(t, "me@example.com")
			}
			got, err := sh.start(in)
			if core.CodeOf(err) != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if c.want != "" {
				if len(sh.gateway.opened) != 0 {
					t.Error("a refused checkout was opened at Stripe")
				}
				return
			}
			n, co := sh.gateway.opened[0], sh.checkout(t, got.Ref)
			p, _ := sh.Catalog.Product(got.Product)
			if co.State != billing.CheckoutOpen || co.Session != got.SessionID || co.Price != p.Price || co.User != in.User || co.SignedIn != (in.User != "") {
				t.Errorf("our side: %+v", co)
			}
			if n.Meta != (billing.Metadata{Product: got.Product, Source: "landing_page", Campaign: "spring", Link: "lnk_1", Ref: string(got.Ref), User: in.User}) {
				t.Errorf("metadata: %+v", n.Meta)
			}
			if n.Key != "checkout:"+string(got.Ref)+":1" || n.Membership != p.Monthly() || n.Price != p.Price || !strings.HasPrefix(n.ReturnURL, "http://shop.test/") || !strings.Contains(n.ReturnURL, "{CHECKOUT_SESSION_ID}") {
				t.Errorf("asked of Stripe: %+v", n)
			}
			if (n.Customer != "") != (in.User != "") || (n.Customer != "" && n.Email != "") {
				t.Errorf("customer %q, address %q", n.Customer, n.Email)
			}
		})
	}
}

func TestAMemberIsSentToThePortal(t *testing.T) {
	sh := newShop(t)
	id := sh.member(t, "me@example.com")
	_, err := sh.start(billing.StartCheckout{Door: billing.DoorUpgrade, User: id})
	var e *core.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Extra["portalUrl"].(string), "http://portal.test/cus_") {
		t.Errorf("%+v", e)
	}
}

func TestWhoeverHasLeftMayJoinAgain(t *testing.T) {
	for status, want := range map[string]core.Code{"canceled": "", "unpaid": "", "paused": "", "past_due": core.AlreadyMember, "trialing": core.AlreadyMember} {
		sh := newShop(t)
		id := sh.member(t, "me@example.com")
		sub := *membership("m", "")[1].Subscription
		sub.Status = status
		sh.send(t, billing.Event{Kind: billing.SubscriptionChanged, Type: "customer.subscription.updated", At: coretest.Start.Add(time.Hour), Subscription: &sub})
		_, err := sh.start(billing.StartCheckout{Door: billing.DoorUpgrade, User: id})
		if core.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", status, err, want)
		}
	}
}

func TestASignedInBuyerWithoutACustomerIsPrefilled(t *testing.T) {
	sh := newShop(t)
	id := sh.signUp(t, "New@example.com", false)
	_, err := sh.start(billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup", User: id})
	must(t, err)
	if n := sh.gateway.opened[0]; n.Email != "New@example.com" || n.Customer != "" {
		t.Errorf("%+v", n)
	}
}

func TestPromotionsAtTheDoor(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		code    string
		product core.ProductID
		prepare func(t *testing.T, sh *shop, id core.UserID)
		guest   bool
		want    core.Code
	}{
		"the code":                      {"MINI20", "", nil, false, ""},
		"in small letters, with spaces": {" mini20 ", "", nil, false, ""},
		"none":                          {"  ", "", nil, false, ""},
		"an unknown one":                {"MAXI90", "", nil, false, core.Invalid},
		"for another product":           {"MINI20", "bio_glowup", nil, false, core.Unprocessable},
		"for a guest":                   {"MINI20", "", nil, true, core.Unprocessable},
		"on the last day":               {"MINI20", "", func(_ *testing.T, sh *shop, _ core.UserID) { sh.clock.Advance(33*day - time.Second) }, false, ""},
		"after it":                      {"MINI20", "", func(_ *testing.T, sh *shop, _ core.UserID) { sh.clock.Advance(33 * day) }, false, core.Unprocessable},
		"after a refund": {"MINI20", "", func(t *testing.T, sh *shop, id core.UserID) {
			sh.send(t, refunded("cs_mini_"+string(id), 4700, 4700, time.Hour))
		}, false, core.Unprocessable},
		"a second time": {"MINI20", "", func(t *testing.T, sh *shop, id core.UserID) {
			must(t, sh.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
				return tx.SavePromotionUse(ctx, billing.PromotionUse{User: id, Code: "MINI20", EndsAt: month, UsedAt: noon, Reference: "sub_x"})
			}))
		}, false, core.Unprocessable},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			in := billing.StartCheckout{Door: billing.DoorLanding, Product: "sselfie_studio_membership", Promo: c.code}
			if c.product != "" {
				in.Product = c.product
			}
			if !c.guest {
				in.User = sh.customer(t, "me@example.com")
				if c.prepare != nil {
					c.prepare(t, sh, in.User)
				}
			}
			got, err := sh.start(in)
			if core.CodeOf(err) != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if c.want != "" {
				var e *core.Error
				if errors.As(err, &e); e.Fields["promo"] == "" || len(sh.gateway.opened) != 0 {
					t.Errorf("%+v", e)
				}
				return
			}
			want, off := strings.ToUpper(strings.TrimSpace(c.code)), int64(2000)
			if want == "" {
				off = 0
			}
			if co := sh.checkout(t, got.Ref); co.Promotion != want || co.Discount != off || sh.gateway.opened[0].Promotion != want {
				t.Errorf("%+v", co)
			}
		})
	}
}

// Twenty windows share one discount: at most one session is opened at Stripe.
func TestTwentyWindowsShareOneDiscount(t *testing.T) {
	sh := newShop(t)
	id := sh.customer(t, "me@example.com")
	in := billing.StartCheckout{Door: billing.DoorUpgrade, Promo: "MINI20", User: id}
	var mu sync.Mutex
	sessions := map[string]bool{}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			got, err := sh.start(in)
			if err != nil && !core.Is(err, core.Conflict) {
				t.Error(err)
				return
			}
			if err == nil {
				mu.Lock()
				sessions[got.SessionID] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	again, err := sh.start(in)
	must(t, err)
	sessions[again.SessionID] = true
	if len(sessions) != 1 || len(sh.gateway.opened) != 1 || again.ClientSecret == "" {
		t.Errorf("sessions %v, %d opened at Stripe", sessions, len(sh.gateway.opened))
	}
	other, err := sh.start(billing.StartCheckout{Door: billing.DoorUpgrade, User: id})
	if err != nil || sessions[other.SessionID] {
		t.Errorf("without the code it is another checkout: %+v, %v", other, err)
	}
	sh.clock.Advance(25 * time.Hour)
	late, err := sh.start(in)
	if err != nil || sessions[late.SessionID] {
		t.Errorf("the shared one has run out, a new one opens: %+v, %v", late, err)
	}
}

func TestACustomerWhoIsGoneAtStripe(t *testing.T) {
	sh := newShop(t)
	id := sh.customer(t, "me@example.com")
	sh.gateway.err = func(n billing.NewSession) error {
		if n.Customer != "" {
			return &core.Error{Code: core.NotFound}
		}
		return nil
	}
	got, err := sh.start(billing.StartCheckout{Door: billing.DoorCredits, Product: "credits_100", User: id})
	must(t, err)
	if len(sh.gateway.opened) != 2 {
		t.Fatalf("%d tries", len(sh.gateway.opened))
	}
	if n := sh.gateway.opened[1]; n.Customer != "" || n.Email != "me@example.com" || n.Key != "checkout:"+string(got.Ref)+":2" {
		t.Errorf("the second try: %+v", n)
	}
	if co := sh.checkout(t, got.Ref); co.State != billing.CheckoutOpen || co.Session != got.SessionID {
		t.Errorf("%+v", co)
	}
}

func TestAGatewayThatIsDown(t *testing.T) {
	sh := newShop(t)
	id := sh.customer(t, "me@example.com")
	sh.gateway.err = func(billing.NewSession) error {
		return &core.Error{Code: core.Unavailable, Message: "Try again in a minute."}
	}
	in := billing.StartCheckout{Door: billing.DoorUpgrade, Promo: "MINI20", User: id}
	_, err := sh.start(in)
	if !core.Is(err, core.Unavailable) {
		t.Fatalf("%v", err)
	}
	ref := core.CheckoutID(sh.gateway.opened[0].Meta.Ref)
	if co := sh.checkout(t, ref); co.State != billing.CheckoutFailedHere || co.Session != "" || co.ClientSecret != "" {
		t.Errorf("%+v", co)
	}
	sh.gateway.err = nil
	if _, err := sh.start(in); err != nil {
		t.Errorf("the failed one still holds the code: %v", err)
	}
}

func TestConsentsOfACheckout(t *testing.T) {
	sh := newShop(t)
	_, err := sh.start(billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup", Consent: billing.BuyerConsent{Marketing: "maybe"}})
	if !core.Is(err, core.Invalid) {
		t.Errorf("an answer that is none: %v", err)
	}
}

// TestStatus: what whoever holds the session id is told.
func TestStatus(t *testing.T) {
	bio := func(t *testing.T, sh *shop) (billing.Opened, billing.Event) {
		got, err := sh.start(billing.StartCheckout{Door: billing.DoorLanding, Product: "bio_glowup"})
		must(t, err)
		ev := purchase(got.SessionID, "a@example.com", "bio_glowup")
		ev.Session.Meta.Ref = string(got.Ref)
		return got, ev
	}
	for name, c := range map[string]struct {
		story func(t *testing.T, sh *shop) string
		want  billing.CheckoutStatus
	}{
		"opened": {func(t *testing.T, sh *shop) string { o, _ := bio(t, sh); return o.SessionID }, billing.CheckoutStatus{Status: "open", Product: "bio_glowup"}},
		"never paid": {func(t *testing.T, sh *shop) string {
			o, _ := bio(t, sh)
			sh.clock.Advance(24 * time.Hour)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "expired", Product: "bio_glowup"}},
		"expired at Stripe": {func(t *testing.T, sh *shop) string {
			o, ev := bio(t, sh)
			ev.Kind, ev.Session.Paid = billing.CheckoutExpired, false
			sh.send(t, ev)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "expired", Product: "bio_glowup"}},
		"paid, and the bank takes its time": {func(t *testing.T, sh *shop) string {
			o, ev := bio(t, sh)
			ev.Session.Paid = false
			sh.send(t, ev)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "processing", Product: "bio_glowup"}},
		"the bank said no": {func(t *testing.T, sh *shop) string {
			o, ev := bio(t, sh)
			ev.Kind, ev.Session.Paid = billing.CheckoutFailed, false
			sh.send(t, ev)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "expired", Product: "bio_glowup"}},
		"fulfilled": {func(t *testing.T, sh *shop) string {
			o, ev := bio(t, sh)
			sh.send(t, ev)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "complete", Product: "bio_glowup", Redirect: "/bio/generator"}},
		"paid, and it does not fit": {func(t *testing.T, sh *shop) string {
			o, ev := bio(t, sh)
			ev.Session.Currency = "eur"
			sh.send(t, ev)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "open", Product: "bio_glowup"}},
		"bought without our checkout": {func(t *testing.T, sh *shop) string {
			sh.send(t, purchase("cs_x", "a@example.com", "nine_post_feed"))
			return "cs_x"
		}, billing.CheckoutStatus{Status: "complete", Product: "nine_post_feed", Redirect: "/feed-planner?quick=true"}},
		"a membership whose rights are on their way": {func(t *testing.T, sh *shop) string {
			return joins(t, sh, false)
		}, billing.CheckoutStatus{Status: "processing", Product: catalog.EntitlementStudio}},
		"a membership with its rights": {func(t *testing.T, sh *shop) string {
			return joins(t, sh, true)
		}, billing.CheckoutStatus{Status: "complete", Product: catalog.EntitlementStudio, Redirect: "/studio"}},
		"a second membership waits for its own rights": {func(t *testing.T, sh *shop) string {
			joins(t, sh, true)
			sub := *membership("1", "")[1].Subscription
			sub.Status, sub.EndedAt = "canceled", noon.Add(time.Hour)
			sh.send(t, billing.Event{Kind: billing.SubscriptionChanged, Type: "customer.subscription.deleted", At: noon.Add(time.Hour), Subscription: &sub})
			sh.clock.Advance(60 * 24 * time.Hour)
			sh.gateway.later = sh.clock.Now().Add(24 * time.Hour)
			o, err := sh.start(billing.StartCheckout{Door: billing.DoorUpgrade, User: sh.user(t, "m@example.com").ID})
			must(t, err)
			ev := membership("2", "m@example.com")[4]
			ev.Session.ID, ev.Session.Meta.Ref, ev.At = o.SessionID, string(o.Ref), sh.clock.Now()
			sh.send(t, ev)
			return o.SessionID
		}, billing.CheckoutStatus{Status: "processing", Product: catalog.EntitlementStudio}},
	} {
		t.Run(name, func(t *testing.T) {
			sh := newShop(t)
			got, err := sh.Status(context.Background(), c.story(t, sh))
			if err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
	sh := newShop(t)
	for _, id := range []string{"", "cs_guess"} {
		if _, err := sh.Status(context.Background(), id); !core.Is(err, core.NotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// joins lets a guest join through our checkout; its snapshot comes too, or not
// yet.
func joins(t *testing.T, sh *shop, rights bool) string {
	t.Helper()
	o, err := sh.start(billing.StartCheckout{Door: billing.DoorLanding, Product: catalog.EntitlementStudio})
	must(t, err)
	for i, ev := range membership("1", "m@example.com") {
		if i < 2 && !rights {
			continue
		}
		if ev.Session != nil {
			ev.Session.ID, ev.Session.Meta.Ref = o.SessionID, string(o.Ref)
		}
		sh.send(t, ev)
	}
	return o.SessionID
}

func TestThePortalSkipsCustomersWhoAreGone(t *testing.T) {
	sh := newShop(t)
	id := sh.signUp(t, "me@example.com", true)
	if _, err := sh.Portal(context.Background(), id); !core.Is(err, core.NotFound) {
		t.Errorf("nothing to manage yet: %v", err)
	}
	for i, c := range []string{"cus_old", "cus_gone"} {
		must(t, sh.db.Update(context.Background(), func(ctx context.Context, tx *sqlite.Tx) error {
			return tx.LinkCustomer(ctx, c, id, noon.Add(time.Duration(i)*time.Hour))
		}))
	}
	got, err := sh.Portal(context.Background(), id)
	if err != nil || got != "http://portal.test/cus_old" {
		t.Errorf("%q, %v", got, err)
	}
}
