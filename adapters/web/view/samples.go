package view

import (
	"time"

	"sselfie/core"
	"sselfie/core/catalog"
)

// Sample is a page with invented data: the check draws each, the goldens keep
// each, and a developer looks at each.
type Sample struct {
	Name string // of the golden, and of the address in the preview
	View View
}

// Samples returns every page in its states, for the products of a site.
func Samples(site Site) []Sample {
	at := time.Date(2026, 3, 14, 9, 30, 0, 0, time.UTC)
	studio := site.Catalog.Studio()
	promo := &Promo{Code: "MINI20", Off: core.Money{Minor: 2000, Currency: site.Catalog.Currency}, Ends: at.AddDate(0, 0, 19)}
	in := Chrome{Viewer: &Viewer{Name: "Ines Sample", Email: "ines@example.com", Balance: 48, Tier: "free"}}
	mails := sampleMails(at)
	out := []Sample{
		{"home", Home{}},
		{"checkout-success", CheckoutSuccess{SessionID: "cs_test_sample", Product: "bio_glowup", Status: "complete", MaskedMail: "i•••@e•••.com", Redirect: "/bio/generator"}},
		{"checkout-success-waiting", CheckoutSuccess{SessionID: "cs_test_sample", Product: "bio_glowup", Status: "processing", Guest: true}},
		{"checkout-success-unknown", CheckoutSuccess{}},
		{"checkout-studio-promo", Checkout{Chrome: in, Product: studio.ID, Upgrade: true, Promo: promo}},
		{"checkout-promo-refused", Checkout{Product: studio.ID, PromoRefused: "MINI20 is for customers who bought a product here. You can still join at the full price."}},
		{"checkout-upgrade", CheckoutUpgrade{Chrome: in, Promo: promo}},
		{"checkout-upgrade-member", CheckoutUpgrade{Chrome: in, AlreadyMember: true}},
		{"login", Login{}},
		{"login-failed", Login{Reason: "Log in to continue with Studio.", ReturnTo: "/checkout-upgrade?promo=MINI20", Form: Form{
			Values: map[string]string{"email": "ines@example.com"}, Error: "This address and password don’t match. Check both, or set a new password.",
		}}},
		{"sign-up", SignUp{Next: "/studio?tab=blueprint"}},
		{"sign-up-failed", SignUp{Form: Form{
			Values: map[string]string{"name": "Ines", "email": "ines@"},
			Errors: map[string]string{"email": "This is not a complete e-mail address.", "password": "Use at least 8 characters."},
		}}},
		{"password-forgot", PasswordForgot{}},
		{"password-forgot-sent", PasswordForgot{Sent: true}},
		{"password-setup", PasswordSetup{Token: "sample"}},
		{"password-setup-reset", PasswordSetup{Token: "sample", Reset: true, Form: Form{Errors: map[string]string{"password": "Use at least 8 characters."}}}},
		{"password-setup-expired", PasswordSetup{Expired: true}},
		{"confirmed", AddressConfirmed{OK: true}},
		{"confirmed-expired", AddressConfirmed{}},
		{"account", sampleAccount(site, at, in)},
		{"account-new", Account{Chrome: in, Email: "new@example.com", Balance: 2, History: []CreditLine{{At: at, Amount: 2, Description: "Welcome credits", BalanceAfter: 2}}}},
		{"studio", Studio{Chrome: in, Name: "Ines", Balance: 48, Tier: "free", Owned: []core.ProductID{"one_time_session", "bio_glowup", "nine_post_feed"}, Purchased: "one_time_session", Upgrade: &UpgradeOffer{Trigger: "button", Promo: promo}}},
		{"studio-photos", Studio{Chrome: in, Name: "Ines", Balance: 12, Tier: "free", Tab: "photos", Upgrade: &UpgradeOffer{Trigger: "credits_low", Spent30d: 38}, RecentFrames: []Frame{{ID: "a", Status: "running"}, {ID: "b", Status: "pending"}, {ID: "c", Status: "failed"}}}},
		{"studio-blueprint", Studio{Chrome: in, Name: "Ines", Balance: 2, Tier: "free", Tab: "blueprint", Answers: []Answered{
			{"What do you do?", "Ceramics", "/welcome?change=businessType"},
			{"Who is your dream client?", "Grace, who has just left her job and wants to be seen before she has a website", "/welcome?change=dreamClient"},
		}}},
		{"studio-academy-free", Studio{Chrome: in, Balance: 0, Tier: "free", Tab: "academy", Upgrade: &UpgradeOffer{Trigger: "feature_gate", Feature: "academy"}}},
		{"studio-member", Studio{Chrome: in, Name: "Ines", Balance: 200, Tier: catalog.EntitlementStudio}},
		{"experience", Experience{Chrome: in, Product: "bio_glowup", Balance: 25}},
		{"experience-locked", Experience{Chrome: in, Product: "nine_post_feed", Balance: 2, Locked: true}},
		{"free-blueprint", FreeBlueprint{}},
		{"free-blueprint-failed", FreeBlueprint{Form: Form{Values: map[string]string{"email": "x"}, Errors: map[string]string{"email": "This is not a complete e-mail address.", "consent": "Tick the box so that we may write to you."}}}},
		{"free-blueprint-sent", FreeBlueprint{Sent: true}},
		{"desk", sampleDesk(at)},
		{"timeline", sampleTimeline(at)},
		{"ticket", sampleTicket(at)},
		{"ticket-withdrawal", sampleWithdrawal(at)},
		{"contact", Contact{}},
		{"contact-failed", Contact{Form: Form{Values: map[string]string{"product": "bio_glowup", "message": "Hello"}, Errors: map[string]string{"email": "We need an address to answer to."}}}},
		{"contact-sent", Contact{Sent: true, Ticket: "1042"}},
		{"withdraw", Withdraw{}},
		{"withdraw-customer", Withdraw{Chrome: in, Form: Form{Values: map[string]string{"name": "Ines Sample", "email": "ines@example.com"}}, Purchases: []string{"Starter Photoshoot, 2 March 2026", "Bio Glow-Up, 14 January 2026"}}},
		{"withdraw-failed", Withdraw{Form: Form{Values: map[string]string{"email": "ines@"}, Errors: map[string]string{"name": "We need the name of whoever withdraws.", "email": "This is not a complete e-mail address.", "contract": "Say which contract it is about."}}}},
		{"withdraw-confirm", Withdraw{Step: "confirm", Form: Form{Values: map[string]string{"name": "Ines Sample", "email": "ines@example.com", "contract": "Starter Photoshoot, 2 March 2026", "reason": "It was a gift."}}}},
		{"withdraw-done", Withdraw{Step: "done", Ticket: "tkt_sample", At: at, Form: Form{Values: map[string]string{"email": "ines@example.com"}}}},
		{"error-404", ErrorPage{Status: 404, Code: "not_found", RequestID: "req_sample"}},
		{"error-500", ErrorPage{Status: 500, Code: "internal", RequestID: "req_sample", Retry: true}},
		{"error-429", ErrorPage{Status: 429, Code: "rate_limited", RequestID: "req_sample", Retry: true}},
		{"mailbox", Mailbox{Messages: mails}},
		{"mailbox-empty", Mailbox{To: "nobody@example.com"}},
		{"mailbox-message", MailboxMessage{Mail: mails[0]}},
		{"dev", DevIndex{Now: at, Offset: 72 * time.Hour, Mails: 3, Till: true}},
		{"dev-components", Components{Chrome: in}},
		{"unsubscribe", Unsubscribe{Token: "sample", State: "ask", MaskedMail: "i•••@e•••.com", Preferences: []Preference{{"series", "Letters after a purchase", "Five letters in 30 days: how others use what you bought, and one offer.", true}, {"news", "Monthly letter", "One a month.", false}}}},
		{"unsubscribe-done", Unsubscribe{Token: "sample", State: "done", MaskedMail: "i•••@e•••.com"}},
		{"unsubscribe-invalid", Unsubscribe{State: "invalid"}},
	}
	out = append(out, wizardSamples(in)...)
	out = append(out, accountSamples(in, at)...)
	out = append(out, editorSamples()...)
	out = append(out, secondFactorSamples(in, at)...)
	for _, p := range site.Catalog.Products {
		if p.Page != "" {
			out = append(out, Sample{"landing-" + p.Slug(), Landing{Product: p.ID}})
		}
		out = append(out, Sample{"checkout-" + string(p.ID), Checkout{Product: p.ID}})
	}
	for _, slug := range LegalSlugs() {
		out = append(out, Sample{"legal-" + slug, Legal{Slug: slug}})
	}
	return out
}

func sampleAccount(site Site, at time.Time, in Chrome) Account {
	usd := func(n int64) core.Money { return core.Money{Minor: n, Currency: site.Catalog.Currency} }
	in.Notice = []Notice{{Tone: Warning, Title: "Your address is not confirmed yet", Text: "Open the link in our first mail, so that a purchase with this address finds your account."}}
	return Account{
		Chrome: in, Name: "Ines Sample", Email: "ines@example.com", Balance: 48, TotalPurchased: 250, TotalUsed: 202,
		History: []CreditLine{
			{at, -1, "Picture in the style editorial", 48},
			{at.Add(-time.Hour), -20, "Training on 12 photographs", 49},
			{at.Add(-26 * time.Hour), 200, "Studio, March", 69},
			{at.AddDate(0, 0, -12), 50, "Starter Photoshoot", 52},
			{at.AddDate(0, 0, -12), 2, "Welcome credits", 2},
		},
		OlderURL:   "/account?cursor=sample",
		Membership: &Membership{Status: "active", RenewsAt: at.AddDate(0, 1, 0), Price: usd(9700)},
		Purchases: []Purchase{
			{"Starter Photoshoot", at.AddDate(0, 0, -12), usd(4900), "paid", "/studio?tab=photos", "https://invoice.stripe.com/i/sample"},
			{"Bio Glow-Up", at.AddDate(0, -2, 0), usd(4700), "refunded", "", ""},
		},
		CanExport: true, CanDelete: true,
	}
}

func sampleMails(at time.Time) []MailItem {
	one := func(id, to, subject, kind string, ago time.Duration) MailItem {
		return MailItem{
			ID: id, To: to, From: "Sselfie <hello@localhost>", Subject: subject, Kind: kind, SentAt: at.Add(-ago),
			HTML: "<p>Your nine posts are ready.</p><script>alert(1)</script>", Text: "Your nine posts are ready.",
			Links:   []string{"http://localhost:8080/auth/password/setup?token=sample"},
			Headers: []Header{{"Message-ID", "<purchase.1@localhost>"}, {"List-Unsubscribe", "<http://localhost:8080/unsubscribe?token=sample>"}},
		}
	}
	return []MailItem{
		one("eml_3", "ines@example.com", "Welcome to Sselfie! Your 9-Post Feed is ready", "purchase", time.Minute),
		one("eml_2", "jo@example.com", "A link to set a new password", "password_reset", time.Hour),
		one("eml_1", "مها@example.com", "写真の準備ができました", "welcome", 26*time.Hour),
	}
}
