package stripegate

// thing is what all stored objects have in common.
type thing struct {
	ID      string
	Seq     int64 // order of creation, for lists
	Created int64
	Meta    map[string]string `json:",omitempty"`
	Adopted bool              `json:",omitempty"` // known from a foreign event only
}

func (t *thing) head() *thing { return t }

type entry interface{ head() *thing }

type customer struct {
	thing
	Email, Name, Phone, Description string
	Country, Postal                 string
	Method                          string // default payment method
	Clock                           string // test clock
	Deleted                         bool
	Invoices                        int64 // numbered so far
	Prefix                          string
}

// method is a payment method; of a card only what a receipt shows.
type method struct {
	thing
	Customer, Kind, Brand, Last4 string
	Name, Email                  string
	ExpMonth, ExpYear            int
	Bounces                      bool // a bank account whose debits fail
}

type product struct {
	thing
	Name, Description, Default string
	Images                     []string
	Active                     bool
	Updated                    int64
}

type price struct {
	thing
	Product, Currency, LookupKey, Nickname string
	Amount                                 int64
	Interval                               string // "" sells once
	Count                                  int64
	Active                                 bool
}

type coupon struct {
	thing
	Name, Currency, Duration string
	AmountOff                int64
	PercentOff               float64
	Months, Max, RedeemBy    int64
	Redeemed                 int64
	Products                 []string
	Deleted                  bool
}

type promo struct {
	thing
	Code, Coupon, Customer string
	Active, FirstTime      bool
	Expires, Max, Redeemed int64
	Minimum                int64
	MinimumCurrency        string
}

// lineItem is one position of a checkout session.
type lineItem struct {
	ID, Price string
	Quantity  int64
}

// discount is a coupon at work on a session, a subscription or an invoice.
type discount struct {
	ID, Coupon, Promo, Session string
	Start, End                 int64
}

// pending is a payment that waits for 3-D Secure.
type pending struct {
	Email, Name string
	Method      method
}

type session struct {
	thing
	Mode, UI, Status, PayStatus          string
	Lines                                []lineItem
	Currency, Reference                  string
	Customer, CustomerEmail, Creation    string
	Email, Name                          string // typed by the buyer
	ReturnURL, SuccessURL, CancelURL     string
	Redirect, Locale, SubmitType, Secret string
	Collect                              string // payment_method_collection
	AllowPromo                           *bool
	Discount                             *discount
	Expires, Completed                   int64
	Subtotal, Off                        int64
	TaxEnabled                           bool
	Intent, Subscription, Invoice        string
	Bank                                 bool  // paid by a delayed method
	SettleAt                             int64 // when the bank debit is decided
	IntentMeta, SubMeta                  map[string]string
	IntentDescription, SubDescription    string
	TrialDays, TrialEnd                  int64
	MissingMethod                        string
	Pending                              *pending
	Attempts                             int64
}

func (s *session) total() int64 { return s.Subtotal - s.Off }

type subItem struct {
	ID, Price string
	Quantity  int64
}

type subscription struct {
	thing
	Customer, Status, Currency, Description string
	Items                                   []subItem
	Anchor, PeriodStart, PeriodEnd, Periods int64
	Method, LatestInvoice                   string
	CancelAtEnd                             bool
	CancelAt, CanceledAt, EndedAt           int64
	Reason, Feedback, Comment               string
	TrialStart, TrialEnd                    int64
	WarnedTrial                             bool
	MissingMethod                           string
	PauseBehavior                           string
	PauseResumes                            int64
	Discount                                *discount
	Clock                                   string
	Dormant                                 bool // adopted after its period had ended: not renewed by itself
}

type invoiceLine struct {
	ID, Price, Item, Description string
	Amount, Quantity, Off        int64
	Start, End                   int64
	Proration                    bool
}

type invoice struct {
	thing
	Customer, Subscription, Status, Reason, Currency string
	Number                                           string
	Lines                                            []invoiceLine
	Subtotal, Off, Paid                              int64
	Discount                                         *discount
	Intent, Charge                                   string
	Attempts, NextAttempt, FirstAttempt              int64
	FinalizeAt, FinalizedAt, PaidAt, VoidedAt        int64
	UncollectibleAt                                  int64
	PeriodStart, PeriodEnd                           int64
	SubMeta                                          map[string]string
}

func (i *invoice) total() int64 { return i.Subtotal - i.Off }

type intent struct {
	thing
	Amount                                      int64
	Currency, Customer, Status, Method, Invoice string
	Description, Email, Charge, Secret, Session string
	ErrCode, ErrDecline, ErrMessage             string
}

type charge struct {
	thing
	Amount, Refunded                                    int64
	Currency, Customer, Intent, Invoice, Method, Status string
	Description, Email, Name, Dispute                   string
	Disputed                                            bool
	FailCode, FailDecline, FailMessage                  string
	Balance                                             string
}

type refund struct {
	thing
	Amount                                   int64
	Currency, Charge, Intent, Reason, Status string
	Failure, Balance                         string
	FailAt                                   int64
}

type dispute struct {
	thing
	Amount                                   int64
	Currency, Charge, Intent, Status, Reason string
	Brand, Balance, Email, Name              string
	DueBy                                    int64
}

type portal struct {
	thing
	Customer, ReturnURL, Configuration, Subscription string
	Flow                                             string
}

type configuration struct {
	thing
	Active, Default                bool
	Headline, Privacy, Terms, Back string
	CancelMode                     string
	Updated                        int64
}

type endpoint struct {
	thing
	URL, Description, Secret, APIVersion string
	Events                               []string
	Disabled                             bool
}

type testClock struct {
	thing
	Name   string
	Frozen int64
}
