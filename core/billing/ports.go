package billing

import (
	"context"
	"time"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// Outcome is the answer to an event.
type Outcome string

// The outcomes (http-api.md, Checkout and payments).
const (
	Applied   Outcome = "applied"
	Duplicate Outcome = "duplicate"
	Ignored   Outcome = "ignored"
	Parked    Outcome = "parked"
	Failed    Outcome = "failed" // kept as a record only; the sender tries again
)

// Record is an event as the webhook table keeps it.
type Record struct {
	ID         core.EventID
	Type       string
	Outcome    Outcome
	Reason     string
	Error      string
	Attempts   int
	Payload    []byte
	At         time.Time // Stripe's
	ReceivedAt time.Time
	AppliedAt  time.Time
}

// Checkout states.
const (
	CheckoutNew        = "new"  // Stripe has not answered yet
	CheckoutOpen       = "open" // waiting for the buyer
	CheckoutProcessing = "processing"
	CheckoutComplete   = "complete"
	CheckoutFailedHere = "failed"
	CheckoutOver       = "expired"
)

// Checkout is our side of a Stripe checkout. Once it exists it decides user and
// price (security.md, T5).
type Checkout struct {
	ID           core.CheckoutID
	User         core.UserID // "" for a guest, until the purchase found its account
	SignedIn     bool
	Product      core.ProductID
	Price        core.Money
	Promotion    string
	Discount     int64
	Source       string
	Campaign     string
	Link         string
	Marketing    string // "", "yes" or "no"
	Session      string
	ClientSecret string
	State        string
	Email        string
	CreatedAt    time.Time
	ExpiresAt    time.Time
	CompletedAt  time.Time
}

// Payment is one payment: a purchase, or a membership's paid invoice.
type Payment struct {
	ID            core.PaymentID
	User          core.UserID
	Product       core.ProductID
	Amount        int64
	Subtotal      int64
	Discount      int64
	Tax           int64
	Refunded      int64
	Dispute       string // "", warning, open, won or lost
	Taken         int    // credits of its grant that are taken back or held at the moment
	Shortfall     int    // credits of its grant that were spent before they could be taken
	Takes         int    // how often they were taken or given back
	Currency      string
	Match         Match
	Customer      string
	Session       string
	PaymentIntent string
	Charge        string
	Invoice       string
	Subscription  string
	Checkout      core.CheckoutID
	Source        string
	Campaign      string
	Link          string
	Mail          core.MailID
	Live          bool
	ReceiptURL    string
	PaidAt        time.Time
	CreatedAt     time.Time
}

// FullyRefunded reports whether nothing of the payment is left: refunded whole,
// or lost in a dispute. A free order that was never refunded still counts.
func (p Payment) FullyRefunded() bool {
	return p.Dispute == DisputeLost || (p.Refunded > 0 && p.Refunded >= p.Amount)
}

// Contested reports whether a dispute is open, which suspends what the payment
// brought.
func (p Payment) Contested() bool { return p.Dispute == DisputeOpen }

// GrantKey is the ledger's key of what the payment granted.
func (p Payment) GrantKey() string {
	if p.Invoice != "" {
		return "inv:" + p.Invoice
	}
	return "cs:" + p.Session
}

// States of a dispute, as a payment keeps them.
const (
	DisputeWarning = "warning" // an inquiry: no money moves
	DisputeOpen    = "open"
	DisputeIsWon   = "won"
	DisputeLost    = "lost"
)

// RefundSeen is a refund as it was last reported.
type RefundSeen struct {
	ID       string
	Payment  core.PaymentID
	Amount   int64
	Currency string
	Status   string
	At       time.Time
	Event    core.EventID
}

// DisputeSeen is a dispute as it was last reported.
type DisputeSeen struct {
	ID       string
	Payment  core.PaymentID
	Amount   int64
	Currency string
	Status   string
	Reason   string
	Closed   bool
	At       time.Time
	Event    core.EventID
}

// Object is the newest snapshot of one thing at Stripe.
type Object struct {
	Kind     string // subscription, invoice, charge, dispute
	ID       string
	User     core.UserID
	Event    core.EventID
	At       time.Time
	Snapshot []byte // JSON in our words
}

// PromotionUse is an offer that was earned, and its one use.
type PromotionUse struct {
	User      core.UserID
	Code      string
	EndsAt    time.Time
	Reference string
	UsedAt    time.Time
}

// Consent is what a buyer agreed to, kept for ever.
type Consent struct {
	ID          string
	User        core.UserID
	Checkout    core.CheckoutID
	Key         core.EmailKey
	Purpose     string
	Given       bool
	TextVersion string
	Source      string
	At          time.Time
}

// Arrival is what a purchase that comes in is going to ask about.
type Arrival struct {
	Session string
	Key     core.EmailKey // of the buyer's address, "" where that is none
	Wakes   []string      // the keys that parked events may wait for
}

// EventTx keeps events.
type EventTx interface {
	// EventByID returns nil when the event is new.
	EventByID(ctx context.Context, id core.EventID) (*Record, error)
	// ClaimEvent inserts the record of an event. Where the event is known it
	// changes nothing and returns what is known.
	ClaimEvent(ctx context.Context, r Record) (known *Record, err error)
	// SaveEvent inserts or replaces the record; payload and received time of an
	// existing one stay.
	SaveEvent(ctx context.Context, r Record) error
	// SaveWaits replaces what the event waits for.
	SaveWaits(ctx context.Context, id core.EventID, keys []string) error
	// ParkedFor returns the parked events that wait for one of the keys, oldest
	// first.
	ParkedFor(ctx context.Context, keys []string) ([]Record, error)
	// Attempt runs fn so that, when it fails, only what it wrote is undone.
	Attempt(ctx context.Context, fn func() error) error
}

// Tx is what billing needs of a transaction. Methods that look for one thing
// return nil, or an empty id, when there is none.
type Tx interface {
	EventTx
	accounts.UserReader
	accounts.Credentials
	credits.Tx
	mail.Enqueuer
	tracking.Recorder
	// Expect says what a purchase is going to ask about, so that the transaction may
	// look for all of it at once. It changes no answer.
	Expect(ctx context.Context, a Arrival) error
	InsertUser(ctx context.Context, u accounts.User) error
	// HasSessions reports whether anybody is signed in to the account.
	HasSessions(ctx context.Context, user core.UserID) (bool, error)

	CheckoutByRef(ctx context.Context, ref core.CheckoutID) (*Checkout, error)
	CheckoutBySession(ctx context.Context, session string) (*Checkout, error)
	// OpenPromotionCheckout returns the customer's checkout that holds the code.
	OpenPromotionCheckout(ctx context.Context, user core.UserID, code string) (*Checkout, error)
	SaveCheckout(ctx context.Context, c Checkout) error

	CustomerUser(ctx context.Context, customer string) (core.UserID, error)
	// LinkCustomer keeps the first owner: a customer never changes hands.
	LinkCustomer(ctx context.Context, customer string, user core.UserID, at time.Time) error
	// PriceProduct returns the product of the first price that is ours, or "".
	PriceProduct(ctx context.Context, prices []string) (core.ProductID, error)

	// FindPayment returns the payment with any of the ids that are given.
	FindPayment(ctx context.Context, by PaymentIDs) (*Payment, error)
	PaymentsOf(ctx context.Context, user core.UserID) ([]Payment, error)
	// InsertPayment adds a payment. It fails with core.Conflict, and changes
	// nothing, when one of its ids is known.
	InsertPayment(ctx context.Context, p Payment) error
	SavePayment(ctx context.Context, p Payment) error

	// RefundsOf and DisputesOf return what was reported of a payment.
	RefundsOf(ctx context.Context, p core.PaymentID) ([]RefundSeen, error)
	SaveRefund(ctx context.Context, r RefundSeen) error
	DisputesOf(ctx context.Context, p core.PaymentID) ([]DisputeSeen, error)
	SaveDispute(ctx context.Context, d DisputeSeen) error

	ObjectByID(ctx context.Context, kind, id string) (*Object, error)
	ObjectsOf(ctx context.Context, user core.UserID, kind string) ([]Object, error)
	SaveObject(ctx context.Context, o Object) error

	RowsOf(ctx context.Context, user core.UserID) ([]Row, error)
	// SaveRow inserts or replaces a subscription row. Rows that stop being live
	// are saved before the one that becomes it.
	SaveRow(ctx context.Context, r Row) error

	PromotionUse(ctx context.Context, user core.UserID, code string) (*PromotionUse, error)
	// EarnOffer starts an offer, or prolongs it: the later end counts.
	EarnOffer(ctx context.Context, user core.UserID, code string, ends, at time.Time) error
	SavePromotionUse(ctx context.Context, u PromotionUse) error
	InsertConsent(ctx context.Context, c Consent) error
	SaveSetting(ctx context.Context, key, value string, at time.Time) error
	Audit(ctx context.Context, a core.Audit) error
	// ConsentGiven reports whether the buyer of a checkout agreed to a purpose.
	ConsentGiven(ctx context.Context, checkout core.CheckoutID, purpose string) (bool, error)
	// AdoptConsents gives the consents of a checkout to the account it found.
	AdoptConsents(ctx context.Context, checkout core.CheckoutID, user core.UserID) error
	// ConvertLead marks the captured address, or that of the account, as
	// converted, once. No such address is fine.
	ConvertLead(ctx context.Context, key core.EmailKey, user core.UserID, at time.Time) error
	// TagUser gives a customer a tag, which is made where there is none. Of two
	// times the earlier is kept.
	TagUser(ctx context.Context, user core.UserID, tag, newID string, at time.Time) error
}

// PaymentIDs are the ids by which a payment may be known; empty ones are not
// compared.
type PaymentIDs struct {
	Session, PaymentIntent, Charge, Invoice string
}

// Updater runs fn in one transaction.
type Updater interface {
	Update(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Reader answers outside a transaction; nil or "" when there is none.
type Reader interface {
	CheckoutBySession(ctx context.Context, session string) (*Checkout, error)
	CheckoutByRef(ctx context.Context, ref core.CheckoutID) (*Checkout, error)
	// CheckoutOfLetter returns the checkout that a letter was written about, by the
	// letter's link; "" for a link that stands in no such letter.
	CheckoutOfLetter(ctx context.Context, link core.LinkID) (core.CheckoutID, error)
	// ConsentGiven reports whether the buyer of a checkout agreed to a purpose.
	ConsentGiven(ctx context.Context, checkout core.CheckoutID, purpose string) (bool, error)
	RowsOf(ctx context.Context, user core.UserID) ([]Row, error)
	PaymentsOf(ctx context.Context, user core.UserID) ([]Payment, error)
	PromotionUse(ctx context.Context, user core.UserID, code string) (*PromotionUse, error)
	CustomersOf(ctx context.Context, user core.UserID) ([]string, error)
	UserByID(ctx context.Context, id core.UserID) (accounts.User, error)
	FindPayment(ctx context.Context, by PaymentIDs) (*Payment, error)
	// Setting returns a stored value, and whether there is one.
	Setting(ctx context.Context, key string) (string, bool, error)
	// OpenEvents returns parked and failed events, the least tried first, at most
	// limit.
	OpenEvents(ctx context.Context, limit int) ([]Record, error)
}

// NewSession is what a gateway needs to open a checkout.
type NewSession struct {
	Key        string // idempotency key: the same checkout opens once
	Product    core.ProductID
	LookupKey  string
	Name       string
	Price      core.Money
	Membership bool
	Promotion  string // our code, applied by us; the gateway shows no field of its own for memberships
	Customer   string // known at Stripe, or ""
	Email      string // prefilled for somebody signed in without a customer
	ReturnURL  string // holds {CHECKOUT_SESSION_ID}
	Meta       Metadata
}

// OpenedSession is the gateway's answer.
type OpenedSession struct {
	ID           string
	ClientSecret string
	ExpiresAt    time.Time
}

// Gateway is Stripe, as billing sees it. Every failure is core.Unavailable with
// a sentence for the buyer, but for those named.
type Gateway interface {
	// OpenSession fails with core.NotFound when the customer is gone at Stripe,
	// and with core.Unprocessable when the promotion is.
	OpenSession(ctx context.Context, n NewSession) (OpenedSession, error)
	// PortalURL opens the billing portal; core.NotFound when the customer is gone.
	PortalURL(ctx context.Context, customer, returnURL string) (string, error)
	// ReceiptURL returns the page about what a payment charged, "" where there is
	// none yet; core.NotFound when the payment is gone at Stripe.
	ReceiptURL(ctx context.Context, paymentIntent string) (string, error)
	// EventsSince calls fn with every event from that time on, oldest first, in
	// the payload form of the webhook.
	EventsSince(ctx context.Context, since time.Time, fn func(payload []byte) error) error
	// ObjectsSince calls fn with every checkout, subscription, invoice, refunded
	// charge and dispute made since, each as a payload that says it is like this
	// now. The same state has the same event id.
	ObjectsSince(ctx context.Context, since time.Time, fn func(payload []byte) error) error
}

// Payloads reads a stored payload again: a parked event is kept as it came.
type Payloads interface {
	Parse(payload []byte) (Event, error)
}
