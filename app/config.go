package app

import (
	"time"

	"sselfie/core"
	"sselfie/core/brand"
	"sselfie/core/catalog"
)

// Config is everything that an installation can be told. Its keys in the file
// are the field names in snake case; each key is an environment variable, too:
// SSELFIE_ and the path in capitals, joined by underscores. config.example.yaml
// says what each is for.
//
// Tags: secret hides a value and lets it come from a file, min and max bound a
// number, oneof lists the words that a text may be, hint says what to write
// instead of something wrong.
type Config struct {
	Addr           string
	BaseURL        string
	DataDir        string
	StaticDir      string
	TrustedProxies []string
	Demo           bool
	DemoSeed       bool
	DemoPublic     bool
	Payments       string `oneof:"stripe disabled"`
	GracePeriod    time.Duration

	Log     LogConfig
	Metrics MetricsConfig
	TLS     TLSConfig
	Admin   AdminConfig
	Cron    CronConfig
	Stripe  StripeConfig
	Mail    MailConfig
	SMTP    SMTPConfig
	// MarketingSMTP is another relay for letters that people may refuse; without a
	// host SMTP takes them too.
	MarketingSMTP SMTPConfig
	Returns       ReturnsConfig
	Engine        EngineConfig
	Features      FeatureConfig
	Limits        LimitConfig
	Retention     RetentionConfig
	Backup        BackupConfig
	Brand         brand.Brand
	Catalog       CatalogConfig
}

// LogConfig says what is logged and how.
type LogConfig struct {
	Level  string `oneof:"debug info warn error"`
	Format string `oneof:"text json"`
}

// MetricsConfig opens /metrics beyond loopback.
type MetricsConfig struct {
	Token string `secret:"true"`
}

// TLSConfig turns automatic HTTPS on.
type TLSConfig struct {
	Domain    string
	Email     string
	HTTPAddr  string
	Directory string
}

// AdminConfig names the first admin.
type AdminConfig struct {
	Email    string
	Password string `secret:"true"`
}

// CronConfig opens /api/cron.
type CronConfig struct {
	Secret string `secret:"true"`
}

// StripeConfig holds the keys of the creator's Stripe account.
type StripeConfig struct {
	SecretKey             string `secret:"true"`
	PublishableKey        string
	WebhookSecret         string `secret:"true"`
	PreviousWebhookSecret string `secret:"true"`
	APIBase               string
	Timeout               time.Duration
}

// MailConfig says how mail leaves and what it says about its sender.
type MailConfig struct {
	Driver  string `oneof:"smtp mailbox disabled"`
	From    string
	ReplyTo string
	// MarketingFrom and MarketingReplyTo stand in letters that people may refuse.
	MarketingFrom    string
	MarketingReplyTo string
	ReturnPath       string
	PostalAddress    string
	Buyers           string `oneof:"own_products opt_in"`
	DoubleOptIn      bool
	// Tracking leads the links of marketing letters through this program and counts
	// who opens them.
	Tracking    bool
	Connections int `min:"1" max:"64"`
	// PerMinute and PerDomainPerMinute bound how fast letters leave; 0 is no bound.
	PerMinute          int `min:"0" max:"1000000"`
	PerDomainPerMinute int `min:"0" max:"1000000"`
	DKIM               DKIMConfig
}

// DKIMConfig lets the program sign what it sends.
type DKIMConfig struct {
	Domain   string
	Selector string
	Key      string `secret:"true"`
}

// SMTPConfig is the relay that takes the mail.
type SMTPConfig struct {
	Host     string
	Port     int `min:"1" max:"65535"`
	Username string
	Password string `secret:"true"`
	TLS      string `oneof:"mandatory opportunistic none"`
}

// ReturnsConfig says where bounces and complaints come from.
type ReturnsConfig struct {
	WebhookSecret string `secret:"true"`
	Path          string
	IMAP          IMAPConfig
}

// IMAPConfig is the mailbox that bounces go to.
type IMAPConfig struct {
	Host     string
	Port     int `min:"1" max:"65535"`
	Username string
	Password string `secret:"true"`
	TLS      string `oneof:"implicit starttls none"`
	Mailbox  string
}

// EngineConfig says who makes pictures and texts.
type EngineConfig struct {
	Images string `oneof:"embedded openai"`
	Text   string `oneof:"embedded openai"`
}

// FeatureConfig holds the flags before any override in the database. Their
// variables begin with FEATURE_ alone.
type FeatureConfig struct {
	BlueprintWelcomeEnabled bool
	EntitlementWelcomeFlow  bool
}

// LimitConfig bounds what one network address may ask for in an hour.
type LimitConfig struct {
	SignUpPerHour        int `min:"1" max:"1000000"`
	LoginPerHour         int `min:"1" max:"1000000"`
	ForgotPerHour        int `min:"1" max:"1000000"`
	SetupPerHour         int `min:"1" max:"1000000"`
	CheckoutPerHour      int `min:"1" max:"1000000"`
	StatusPerHour        int `min:"1" max:"1000000"`
	PortalPerHour        int `min:"1" max:"1000000"`
	TrackPerHour         int `min:"1" max:"1000000"`
	FormPerHour          int `min:"1" max:"1000000"`
	UnsubscribePerHour   int `min:"1" max:"1000000"`
	BadSignaturesPerHour int `min:"1" max:"1000000"`
}

// RetentionConfig says how long things are kept.
type RetentionConfig struct {
	Analytics       time.Duration
	WebhookPayloads time.Duration
}

// BackupConfig bounds the backups that the daily job keeps.
type BackupConfig struct {
	Keep int `min:"1" max:"3650"`
}

// CatalogConfig is what is for sale.
type CatalogConfig struct {
	Currency      string
	SignUpCredits int `min:"0" max:"1000000"`
	Costs         CostConfig
	Products      []ProductConfig   `keyed:"ID"`
	Promotions    []PromotionConfig `keyed:"Code"`
}

// CostConfig is what work costs, in credits.
type CostConfig struct {
	Image    int `min:"1" max:"100000"`
	Training int `min:"0" max:"100000"`
}

const cents = `prices stand in the smallest unit of the currency: $49 is 4900`

// ProductConfig is one product; its key in the file is its id.
type ProductConfig struct {
	ID          string
	Kind        string `oneof:"mini pack membership"`
	Page        string
	Name        string
	Price       int `min:"50" max:"99999999" hint:"cents"`
	Credits     int `min:"0" max:"1000000"`
	Entitlement string
	After       string
	LookupKey   string
	Disabled    bool
}

// PromotionConfig is one promotion; its key in the file is its code.
type PromotionConfig struct {
	Code      string
	Product   string
	AmountOff int `min:"1" max:"99999999" hint:"cents"`
	Days      int `min:"1" max:"3650"`
}

// hints are what a tag of that name says.
func hints(tag string) string {
	if tag == "cents" {
		return cents
	}
	return ""
}

const day = 24 * time.Hour

// Default returns the configuration of an installation that was told nothing.
func Default() Config {
	return Config{
		Addr:        "127.0.0.1:8080",
		DataDir:     "./data",
		Payments:    "stripe",
		GracePeriod: 7 * day,
		Log:         LogConfig{Level: "info", Format: "text"},
		TLS:         TLSConfig{HTTPAddr: ":80"},
		Stripe:      StripeConfig{Timeout: 20 * time.Second},
		Mail:        MailConfig{DKIM: DKIMConfig{Selector: "sselfie"}, Buyers: "own_products", DoubleOptIn: true, Tracking: true, Connections: 4},
		SMTP:        SMTPConfig{Port: 587, TLS: "mandatory"},

		MarketingSMTP: SMTPConfig{Port: 587, TLS: "mandatory"},
		Returns:       ReturnsConfig{IMAP: IMAPConfig{Port: 993, TLS: "implicit", Mailbox: "INBOX"}},
		Engine:        EngineConfig{Images: "embedded", Text: "embedded"},
		Features:      FeatureConfig{BlueprintWelcomeEnabled: true, EntitlementWelcomeFlow: true},
		Limits: LimitConfig{
			SignUpPerHour: 20, LoginPerHour: 300, ForgotPerHour: 20, SetupPerHour: 120, CheckoutPerHour: 10, StatusPerHour: 7200,
			PortalPerHour: 60, TrackPerHour: 1200, FormPerHour: 20, UnsubscribePerHour: 300, BadSignaturesPerHour: 600,
		},
		Retention: RetentionConfig{
			Analytics: 396 * day, WebhookPayloads: 90 * day,
		},
		Backup:  BackupConfig{Keep: 14},
		Brand:   brand.Default(),
		Catalog: catalogConfig(catalog.Default()),
	}
}

// catalogConfig is a catalogue as the file holds it.
func catalogConfig(c catalog.Catalog) CatalogConfig {
	out := CatalogConfig{
		Currency: c.Currency, SignUpCredits: c.SignUpCredits,
		Costs: CostConfig{Image: c.Costs.Image, Training: c.Costs.Training},
	}
	for _, p := range c.Products {
		out.Products = append(out.Products, ProductConfig{
			ID: string(p.ID), Kind: string(p.Kind), Page: p.Page, Name: p.Name, Price: int(p.Price.Minor), Credits: p.Credits,
			Entitlement: p.Entitlement, After: p.After, LookupKey: p.LookupKey, Disabled: p.Disabled,
		})
	}
	for _, p := range c.Promotions {
		out.Promotions = append(out.Promotions, PromotionConfig{
			Code: p.Code, Product: string(p.Product), AmountOff: int(p.AmountOff.Minor), Days: p.Days,
		})
	}
	return out
}

// Catalogue returns what is for sale, as the core knows it.
func (c CatalogConfig) Catalogue() catalog.Catalog {
	out := catalog.Catalog{
		Currency: c.Currency, SignUpCredits: c.SignUpCredits,
		Costs: catalog.Costs{Image: c.Costs.Image, Training: c.Costs.Training},
	}
	for _, p := range c.Products {
		key := p.LookupKey
		if key == "" {
			key = p.ID + "_" + c.Currency
		}
		out.Products = append(out.Products, catalog.Product{
			ID: core.ProductID(p.ID), Kind: catalog.Kind(p.Kind), Page: p.Page, Name: p.Name,
			Price:   core.Money{Minor: int64(p.Price), Currency: c.Currency},
			Credits: p.Credits, Entitlement: p.Entitlement, After: p.After, LookupKey: key, Disabled: p.Disabled,
		})
	}
	for _, p := range c.Promotions {
		out.Promotions = append(out.Promotions, catalog.Promotion{
			Code: p.Code, Product: core.ProductID(p.Product),
			AmountOff: core.Money{Minor: int64(p.AmountOff), Currency: c.Currency}, Days: p.Days,
		})
	}
	return out
}
