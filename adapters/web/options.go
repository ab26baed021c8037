// Package web is the way in over HTTP: routes, cookies, headers, limits and the
// handlers that turn requests into calls of the core and answers into JSON or
// pages. It decides nothing about accounts or money.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"sselfie/adapters/web/view"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/catalog"
	"sselfie/core/credits"
	"sselfie/core/mail"
	"sselfie/core/tracking"
)

// Options is everything that the server is built from. Fields without a word
// about their zero value must be set.
type Options struct {
	BaseURL        string         // public address; every link begins with it
	Hosts          []string       // further names that the server answers to
	Demo           bool           // local gateway, captured mail, time travel
	Live           bool           // content may change while the process runs: public pages are asked for anew
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed; empty: nobody's
	Limits         Limits         // DefaultLimits for a start
	MetricsToken   string         // "" leaves /metrics to loopback alone
	Grace          time.Duration  // how long a past due membership counts
	Catalog        catalog.Catalog

	Log    *slog.Logger
	Clock  core.Clock // business time
	Wall   core.Clock // wall time: limits
	Stats  *metrics.Set
	Hash   func(purpose, value string) string // keyed, for the visitor of a day
	Pages  Pages
	Reads  Reads
	Ready  func(context.Context) error // nil error: database writable, migrations current
	People *accounts.Service
	Seen   func(user core.UserID) // hears of everybody signed in who asks for something, and must return at once; nil: nobody does
	Events tracking.Service

	Billing  Billing  // nil while payments are disabled
	Payloads Payloads // reads webhooks; nil while payments are disabled

	Letters Letters // nil: no link of a mail ends a subscription here
	Returns Returns // hears of bounces and complaints by webhook
	// ReturnsSecret signs that webhook; "" means that there is none.
	ReturnsSecret string
	Voice         *Voice // nil: no segments and no campaigns at the desk
	Links         Links  // nil: no mail has links or pictures that count
	Desk          Desk   // nil: the contact form says where to write instead
	Once          Once   // nil: no offer opens by itself
	Leads         Leads  // nil: who asks for the free blueprint is led to sign up

	Customer *Customer // nil: no wizard, and no page or call that needs it

	Gateway http.Handler // browser side of the local gateway, below /gateway/; demo mode only
	Mailbox Mailbox      // captured mail; demo mode only
	Travel  Travel       // the time machine; demo mode only
	Admin   *Admin       // nil: there is no desk
}

// Pages draws. *view.Renderer is one.
type Pages interface {
	Render(w io.Writer, v view.View) error
	Public(v view.View) (*view.Asset, error)
	Assets() *view.Assets
}

// Reads is what pages show. None of it decides anything.
type Reads interface {
	// CreditAccount returns zeros for a user without an account.
	CreditAccount(ctx context.Context, user core.UserID) (credits.Account, error)
	// CreditHistory returns up to limit lines, newest first, older than the line
	// before ("" begins at the newest). core.NotFound: before is not a line of
	// this user's.
	CreditHistory(ctx context.Context, user core.UserID, before core.CreditID, limit int) ([]credits.Entry, error)
	// Standing answers the reads that are asked all the time in one question: the
	// session of a token's hash, of its living account the id, address, name and
	// role, the credits, and of the subscription rows what decides a right.
	// core.NotFound for an unknown session. It says nothing of whether the
	// session still counts.
	Standing(ctx context.Context, tokenHash string) (accounts.Session, accounts.User, credits.Account, []billing.Row, error)
	RowsOf(ctx context.Context, user core.UserID) ([]billing.Row, error)
	PaymentsOf(ctx context.Context, user core.UserID) ([]billing.Payment, error)
	// CheckoutBySession returns nil for an unknown session.
	CheckoutBySession(ctx context.Context, session string) (*billing.Checkout, error)
}

// Billing is what pages and calls ask of *billing.Service.
type Billing interface {
	Start(ctx context.Context, in billing.StartCheckout) (billing.Opened, error)
	// FindLeft returns the checkout that a letter leads back to, nil for none.
	FindLeft(ctx context.Context, ref core.CheckoutID, link string, user core.UserID) (*billing.Left, error)
	Status(ctx context.Context, session string) (billing.CheckoutStatus, error)
	Portal(ctx context.Context, user core.UserID) (string, error)
	// Receipt returns the page about one of the customer's payments; core.NotFound
	// for any other, and where there is none.
	Receipt(ctx context.Context, user core.UserID, id core.PaymentID) (string, error)
	// OfferFor says what a code is worth to a customer, "" for a visitor.
	OfferFor(ctx context.Context, user core.UserID, code string, product core.ProductID) (billing.Offer, error)
	Apply(ctx context.Context, ev billing.Event, payload []byte) (billing.Outcome, error)
	// RecordUnreadable keeps a signed event that cannot be read as a failure.
	RecordUnreadable(ctx context.Context, id core.EventID, kind string, payload []byte, cause error)
}

// Payloads reads what Stripe sends.
type Payloads interface {
	// Read checks the signature before it looks at the payload.
	// core.InvalidSignature: forged, stale or unsigned. core.Invalid: signed,
	// but unreadable; the event then has id and type, if it says them.
	Read(payload []byte, signature string) (billing.Event, error)
}

// Letters ends subscriptions by the token of a mail's link. Every method fails
// with core.TokenInvalid for a token that we did not make.
type Letters interface {
	// Subscription tells whose letters a token is about, changing nothing.
	Subscription(ctx context.Context, token string) (Subscription, error)
	// Stop ends all marketing to the token's address. The second time is fine.
	Stop(ctx context.Context, token string) error
	// Choose keeps which kinds the address wants.
	Choose(ctx context.Context, token string, wanted map[string]bool) error
}

// Returns takes what a relay reports of our letters.
type Returns interface {
	// Take keeps a report once. core.NotFound: it names a letter that is not ours,
	// and no address. core.Invalid: it makes no sense.
	Take(ctx context.Context, r mail.Report) error
}

// Subscription is what an address gets.
type Subscription struct {
	MaskedMail string // j•••@e•••.com
	Stopped    bool
	Kinds      []view.Preference
}

// Leads takes addresses that ask for the free blueprint.
type Leads interface {
	// Capture sends the blueprint's link, and answers alike whether the address
	// is known or not.
	Capture(ctx context.Context, l Lead) error
}

// Lead is an address that was left with consent.
type Lead struct {
	Email, Name, Source, Campaign, Visitor string
}

// Mailbox is the captured mail of demo mode.
type Mailbox interface {
	// List returns the mails to an address, compared folded, or to all for "",
	// newest first; a limit of 0 is none.
	List(ctx context.Context, to string, limit int) ([]mail.Captured, error)
	// Get fails with core.NotFound for an unknown mail.
	Get(ctx context.Context, id core.MailID) (mail.Captured, error)
}

// Travel moves the business clock.
type Travel interface {
	Now() time.Time
	Offset() time.Duration
	// Advance runs every job that falls due up to the time to, in order,
	// delivers what they promised, and returns what ran. core.Invalid for a time
	// that is past, core.Conflict when mail would leave the machine.
	Advance(ctx context.Context, to time.Time) ([]Ran, error)
}

// Ran is one job that ran on the way.
type Ran struct {
	Job       string    `json:"job"`
	At        time.Time `json:"at"`
	Processed int       `json:"processed"`
}
