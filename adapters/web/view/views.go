// Package view holds what pages show and how they are drawn: one typed struct
// per page, the template set, the content files and the assets. It knows no
// HTTP; a handler fills a struct and calls Renderer.Render.
package view

import (
	"slices"
	"time"

	"sselfie/core"
)

// View is one page. The set is closed: each struct below names its template
// and describes itself for search engines and link previews.
type View interface {
	about(*Renderer) about
	chrome() Chrome
}

// Chrome is what any page may carry around its own content. The zero value is
// a page for a visitor.
type Chrome struct {
	Viewer *Viewer  // who is signed in; nil for a visitor and on cached public pages
	Notice []Notice // banners above the content, in order
}

func (c Chrome) chrome() Chrome { return c }

// Viewer is the signed-in person as the header shows them.
type Viewer struct {
	Name    string // may be empty; then Email stands in
	Email   string
	IsAdmin bool
	Balance int    // credits
	Tier    string // "free", "paid_blueprint" or "sselfie_studio_membership"
}

// Tone colours a notice. The words carry the meaning; the tone only supports it.
type Tone string

// The tones of a notice.
const (
	Neutral Tone = "neutral"
	Success Tone = "success"
	Warning Tone = "warning"
	Danger  Tone = "danger"
)

// Notice is a banner: what happened, and at most one thing to do about it.
type Notice struct {
	Tone   Tone
	Title  string
	Text   string
	Action string // label of the link, "" for none
	Href   string
}

// Form is the state of one form between two requests: what was typed, what is
// wrong with it. Passwords are never put into Values.
type Form struct {
	Values map[string]string // by field name
	Errors map[string]string // by field name, in words
	Error  string            // about the whole form: "This address and password don't match."
}

// Value returns what was typed into a field.
func (f Form) Value(field string) string { return f.Values[field] }

// Invalid returns the sentence under a field, "" when the field is fine.
func (f Form) Invalid(field string) string { return f.Errors[field] }

// Promo is a promotion that was checked for this customer.
type Promo struct {
	Code string
	Off  core.Money
	Ends time.Time // zero: no end to show
}

// Home is GET /. Everything on it comes from the catalogue and home.md.
type Home struct{ Chrome }

// Landing is a product's page, GET /{slug}.
type Landing struct {
	Chrome
	Product core.ProductID
}

// Checkout is GET /checkout/{product}. Where the money goes (landing, credits
// or upgrade) follows from the product's kind and Upgrade.
type Checkout struct {
	Chrome
	Product      core.ProductID
	Upgrade      bool   // membership bought by a signed-in customer: POST /api/checkout/upgrade
	Promo        *Promo // accepted; nil for none
	PromoRefused string // why the code in the address does not count, "" for none
	Source       string // travels into the checkout's metadata
	Campaign     string
	Link         string // id of the mail link that led here
	Resume       string // the checkout that a letter leads back to, "" for a new one
	Agreed       bool   // when it was begun, delivery at once was agreed to
	// Address is what the address says, for a form that is sent before its script
	// has come: the same page again, with nothing lost.
	Address []Hidden
}

// Hidden is a value that a form carries along.
type Hidden struct{ Name, Value string }

// CheckoutSuccess is GET /checkout/success. It never carries a name, an
// address in clear, a form or a session: whoever knows a session id may see it.
type CheckoutSuccess struct {
	Chrome
	SessionID  string         // of the address, "" when it is unknown; the script polls with it
	Product    core.ProductID // "" when unknown: the same page without a product
	Status     string         // "open", "processing", "complete" or "expired"
	MaskedMail string         // "j•••@e•••.com", "" when it may not be shown
	Redirect   string         // where the product is, once complete
	Guest      bool           // nobody is signed in here, so the mail may hold the way in
}

// CheckoutUpgrade is GET /checkout-upgrade before the payment begins: what
// Studio adds, and the button that leads to the checkout.
type CheckoutUpgrade struct {
	Chrome
	Promo         *Promo
	PromoRefused  string
	AlreadyMember bool // the page offers the billing portal instead
}

// Login is GET /auth/login, and the answer to a POST that failed.
type Login struct {
	Chrome
	Form     Form   // field: email
	ReturnTo string // checked path on this site, "" for the default
	Reason   string // why we ask: "Log in to continue with Studio.", "" for none
}

// SignUp is GET /auth/sign-up, and the answer to a POST that failed.
type SignUp struct {
	Chrome
	Form Form // fields: name, email, password
	Next string
}

// PasswordForgot is GET /auth/password/forgot; Sent after any POST.
type PasswordForgot struct {
	Chrome
	Form Form // field: email
	Sent bool
}

// PasswordSetup is GET /auth/password/setup?token=. Expired covers used and
// unknown tokens as well: the page says how to get a new link.
type PasswordSetup struct {
	Chrome
	Form    Form // field: password
	Token   string
	Reset   bool // an existing password is replaced; the words differ
	Expired bool
}

// AddressConfirmed is GET /auth/confirm?token=. It signs nobody in.
type AddressConfirmed struct {
	Chrome
	OK bool // false: the link was used, ran out or is unknown
}

// Account is GET /account: balance, history, membership, purchases.
type Account struct {
	Chrome
	Name           string
	Email          string
	EmailProven    bool
	Balance        int
	TotalPurchased int
	TotalUsed      int
	History        []CreditLine // newest first
	NewerURL       string       // "" on the first page
	OlderURL       string       // "" on the last page
	Membership     *Membership  // nil: never a member
	Purchases      []Purchase   // newest first
	CanExport      bool         // GET /api/account/export exists
	CanDelete      bool         // POST /api/account/delete exists
	More           *AccountMore // nil: nothing of it can be changed here
}

// CreditLine is one line of the ledger as its owner reads it.
type CreditLine struct {
	At           time.Time
	Amount       int // positive grants, negative spends
	Description  string
	BalanceAfter int
}

// Membership is the customer's Studio as it stands now.
type Membership struct {
	Status   string // "active", "trialing", "past_due", "canceled", ...
	RenewsAt time.Time
	EndsAt   time.Time // set when it was cancelled or has ended
	Price    core.Money
}

// Purchase is one thing that was bought.
type Purchase struct {
	Name   string
	At     time.Time
	Amount core.Money
	Status string // "paid", "refunded", "partially_refunded", "disputed"
	Href   string // where the product is used, "" when it may not be

	Receipt string // Stripe's page with invoice or receipt, "" for none
}

// Studio is GET /studio: the shell around the tabs.
type Studio struct {
	Chrome
	Name         string
	Balance      int
	Tier         string
	Tab          string           // "maya", "photos", "blueprint", "feed", "academy"; "" is maya
	Owned        []core.ProductID // paid and unrefunded products with a place of their own, for the next step
	Purchased    core.ProductID   // set once after purchase=success: shows the banner
	Upgrade      *UpgradeOffer    // nil: nothing to offer (members)
	Answers      []Answered       // what she has told us, in the blueprint's tab
	RecentFrames []Frame          // newest first; empty shows the blank contact sheet
}

// Answered is one answer of hers, and where she gives or changes it.
type Answered struct{ Question, Text, Change string }

// Told reports whether she has told us anything.
func (v Studio) Told() bool {
	return slices.ContainsFunc(v.Answers, func(a Answered) bool { return a.Text != "" })
}

// Frame is one picture in a contact sheet.
type Frame struct {
	ID     string
	URL    string // "" while it is being made
	Thumb  string
	Alt    string
	Status string // "pending", "running", "completed" or "failed"
}

// UpgradeOffer is what the upgrade modal and banner say. Trigger picks the
// sentence: "credits_low", "credits_out", "feature_gate", "button".
type UpgradeOffer struct {
	Trigger  string
	Feature  string // what was asked for when Trigger is feature_gate: "academy", "feed_planner_full"
	Promo    *Promo
	OpenNow  bool // the modal opens by itself; the handler knows that it is the first time today
	Spent30d int  // credits spent in the last 30 days, pre-fills the calculator
}

// Experience is a product's own place before its tools open (/bio/generator,
// /feed-planner, /rebrand-wizard, /blueprint): what is in the box, and the
// first step. Locked shows the way to buy it.
type Experience struct {
	Chrome
	Product core.ProductID
	Balance int
	Locked  bool
}

// FreeBlueprint is GET /free-blueprint; Sent after a POST that was accepted.
type FreeBlueprint struct {
	Chrome
	Form Form // fields: email, name, consent
	Sent bool
}

// Contact is GET /contact; Sent after a POST that was accepted.
type Contact struct {
	Chrome
	Form   Form   // fields: name, email, product, message
	Ticket string // number of the ticket, once sent
	Sent   bool
}

// Withdraw is GET and POST /withdraw: the two-step function by which a consumer
// declares her withdrawal, with or without an account.
type Withdraw struct {
	Chrome
	Form      Form      // fields: name, email, contract, reason
	Step      string    // "": the form, "confirm": look once more, "done"
	Purchases []string  // what a signed-in customer may choose from
	Ticket    string    // number, once done
	At        time.Time // when it reached us, once done
}

// Legal is GET /legal/{slug}: terms, privacy, imprint, withdrawal.
type Legal struct {
	Chrome
	Slug string
}

// ErrorPage is what a browser gets for a failed request.
type ErrorPage struct {
	Chrome
	Status    int
	Code      string // of the HTTP contract
	Message   string // what happened, for people; "" takes the status' own words
	RequestID string
	Retry     bool // trying again may help
}

// Mailbox is GET /dev/mailbox: captured mail, newest first.
type Mailbox struct {
	Chrome
	To       string // filter, "" for all
	Messages []MailItem
}

// MailItem is one captured mail.
type MailItem struct {
	ID      string
	To      string
	From    string
	Subject string
	Kind    string
	SentAt  time.Time
	HTML    string // shown in a sandboxed frame, never in the page itself
	Text    string
	Links   []string
	Headers []Header
}

// Header is one header line of a mail, in the order of the message.
type Header struct{ Name, Value string }

// MailboxMessage is GET /dev/mailbox/{id}.
type MailboxMessage struct {
	Chrome
	Mail MailItem
}

// DevIndex is GET /dev: the developer's table of contents in demo mode.
type DevIndex struct {
	Chrome
	Now    time.Time     // by the business clock
	Offset time.Duration // how far it was moved
	Mails  int
	Till   bool // whether there is a local gateway, whose desk moves money by hand
}

// Components is GET /dev/components: every component in every state.
type Components struct{ Chrome }

// Unsubscribe is GET and POST /unsubscribe?token=. The GET page only asks.
type Unsubscribe struct {
	Chrome
	Token       string
	State       string // "ask", "done" or "invalid"
	MaskedMail  string
	Preferences []Preference // empty hides the list
	Saved       bool
}

// Preference is one kind of mail that can be switched.
type Preference struct {
	Key   string // field name of the checkbox
	Label string
	Help  string
	On    bool
}
