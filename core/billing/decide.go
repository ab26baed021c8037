package billing

import (
	"fmt"
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Order is what was charged, wherever it was reported.
type Order struct {
	Currency string
	Subtotal int64
	Discount int64
	Tax      int64
	Total    int64
}

// Fits says why an order does not fit its product, or "" when it does: the
// catalogue's currency, the product's price before discounts (the one that was
// stored with our checkout when there is one), and a total that adds up
// (product.md, Purchase).
func Fits(o Order, p catalog.Product, stored int64) string {
	price := p.Price
	if stored > 0 {
		price.Minor = stored
	}
	if o.Currency != p.Price.Currency {
		return fmt.Sprintf("paid in %s, %s is sold in %s", word(o.Currency), p.Name, p.Price.Currency)
	}
	if o.Subtotal != price.Minor {
		return fmt.Sprintf("the price before discounts was %s, %s costs %s",
			core.Money{Minor: o.Subtotal, Currency: o.Currency}, p.Name, price)
	}
	if o.Discount < 0 || o.Tax < 0 || o.Total != o.Subtotal-o.Discount+o.Tax {
		return fmt.Sprintf("the total of %s is not price less discount plus tax", core.Money{Minor: o.Total, Currency: o.Currency})
	}
	return ""
}

func word(s string) string {
	if s == "" {
		return "no currency"
	}
	return s
}

// Match says how a purchase found its account.
type Match string

// The ways, best first: our own checkout row, the user id that we wrote on the
// session, a customer seen before, the e-mail address, a new account.
const (
	ByCheckout Match = "checkout"
	ByMetadata Match = "metadata"
	ByCustomer Match = "customer"
	ByEmail    Match = "email"
	ByNew      Match = "new"
	ByCreator  Match = "creator" // assigned by hand
	ByImport   Match = "import"  // came from the system before this one, which granted its credits too
)

// Own reports whether the purchase was the account's own doing, not just one
// that carried its address.
func (m Match) Own() bool { return m == ByCheckout || m == ByMetadata || m == ByCustomer }

// Holder describes the account that has the address of a purchase.
type Holder struct {
	Verified     bool // the address is proven
	Entered      bool // somebody could get in: it has or had a password or a session
	OwnPurchases bool // it holds purchases made while signed in
}

// Claim is what happens to the account that has a buyer's address.
type Claim string

// The claims.
const (
	Join     Claim = "join"     // the address is proven, or nobody was ever inside
	Revoke   Claim = "revoke"   // unproven: every way in is taken, the account goes to the address
	Dethrone Claim = "dethrone" // unproven, with purchases of its own: it loses the address only
)

// Claiming decides what a purchase by e-mail does to the account with that
// address, and why (product.md, Purchase; security.md, T1).
func Claiming(h Holder) (Claim, string) {
	switch {
	case h.Verified:
		return Join, "the address is proven"
	case !h.Entered:
		return Join, "nobody has signed in to this account yet"
	case h.OwnPurchases:
		return Dethrone, "the address was never proven, and the account holds purchases of its own"
	}
	return Revoke, "the address was never proven"
}

// PromoBuyer is what decides whether a customer may use a promotion.
type PromoBuyer struct {
	SignedIn bool
	MiniAt   time.Time // latest purchase of a mini product that counts, zero for none
	OfferEnd time.Time // of the offer kept for her, zero for none
	Used     bool
}

// Promotable says why a promotion is refused, or "" when it may be used.
func Promotable(p catalog.Promotion, product core.ProductID, b PromoBuyer, now time.Time) string {
	end := b.OfferEnd
	if end.IsZero() && !b.MiniAt.IsZero() {
		end = p.Ends(b.MiniAt)
	}
	switch {
	case product != p.Product:
		return fmt.Sprintf("The code %s is for Studio only. Leave it out to go on.", p.Code)
	case !b.SignedIn:
		return fmt.Sprintf("The code %s is for customers. Log in with the account that you bought with, then use it again.", p.Code)
	case b.Used:
		return fmt.Sprintf("You have used the code %s before; it works once.", p.Code)
	case b.MiniAt.IsZero():
		return fmt.Sprintf("The code %s is for customers who bought one of our products. Leave it out to go on.", p.Code)
	case !now.Before(end):
		return fmt.Sprintf("Your offer with the code %s ended on %s.", p.Code, end.Format("2 January 2006"))
	}
	return ""
}
