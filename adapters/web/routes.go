package web

import (
	"github.com/gofiber/fiber/v2"

	"sselfie/adapters/web/view"
	"sselfie/core/billing"
)

const (
	webhookPath = "/api/webhooks/stripe"
	returnsPath = "/api/webhooks/mail"
)

// routes is the table of everything that the server answers to. Public pages
// are served by the edge before the router; they stand here as well, so that
// the table is whole and other methods get 405.
func (s *Server) routes() {
	s.customerRoutes()
	s.publicPages()

	api := s.app.Group("/api")
	api.Post("/auth/sign-up", s.do(s.signUp))
	api.Post("/auth/login", s.do(s.login))
	api.Post("/auth/logout", s.do(s.logout))
	api.Post("/auth/password/forgot", s.do(s.forgot))
	api.Post("/auth/password/setup", s.do(s.setPassword))
	api.Get("/auth/me", s.do(s.me))

	api.Post("/checkout/landing", s.do(s.startCheckout(billing.DoorLanding)))
	api.Post("/checkout/credits", s.do(s.startCheckout(billing.DoorCredits)))
	api.Post("/checkout/upgrade", s.do(s.startCheckout(billing.DoorUpgrade)))
	api.Get("/checkout/status", s.do(s.checkoutStatus))
	api.Post("/billing/portal", s.do(s.portal))
	s.app.Post(webhookPath, s.within(webhookTimeout, s.webhook))
	if s.opts.Returns != nil && s.opts.ReturnsSecret != "" {
		s.app.Post(returnsPath, s.within(webhookTimeout, s.mailWebhook))
	}

	api.Get("/user/credits", s.do(s.creditBalance))
	api.Get("/user/credits/transactions", s.do(s.creditTransactions))
	api.Post("/track", s.do(s.track))

	s.app.Get("/auth/login", s.do(s.loginPage)).Post("/auth/login", s.do(s.postLogin))
	s.app.Post("/auth/login/code", s.do(s.postLoginCode))
	s.app.Get("/auth/sign-up", s.do(s.signUpPage)).Post("/auth/sign-up", s.do(s.postSignUp))
	s.app.Get("/auth/password/forgot", s.do(s.forgotPage)).Post("/auth/password/forgot", s.do(s.postForgot))
	s.app.Get("/auth/password/setup", s.do(s.setupPage)).Post("/auth/password/setup", s.do(s.postSetup))
	s.app.Get("/auth/confirm", s.do(s.confirmPage))
	s.app.Post("/auth/logout", s.do(s.postLogout))

	s.app.Get("/checkout/success", s.do(s.successPage))
	s.app.Get("/checkout/:product", s.do(s.checkoutPage))
	s.app.Get("/checkout-upgrade", s.members(s.upgradePage))
	s.app.Get("/account", s.members(s.accountPage))
	s.app.Get("/account/receipts/:id", s.members(s.receiptPage))
	s.app.Get("/studio", s.members(s.studioPage))
	s.app.Get("/blueprint", s.blueprintPage)
	s.app.Get("/bio/generator", s.members(s.experiencePage("bio_glowup")))
	s.app.Get("/feed-planner", s.members(s.experiencePage("nine_post_feed")))
	s.app.Get("/rebrand-wizard", s.members(s.experiencePage("rebrand_reset")))

	s.app.Get("/unsubscribe", s.do(s.unsubscribePage)).Post("/unsubscribe", s.do(s.unsubscribe))
	if s.opts.Links != nil {
		api.Get("/email/track-click", s.do(s.trackClick))
		api.Get("/email/track-open", s.do(s.trackOpen))
	}
	s.app.Post("/contact", s.do(s.postContact))
	s.app.Get("/withdraw", s.do(s.withdrawPage)).Post("/withdraw", s.do(s.postWithdraw))
	s.app.Post("/free-blueprint", s.do(s.postLead))
	if s.opts.Leads != nil {
		api.Post("/freebie", s.do(s.freebie))
	}

	s.app.Get("/assets/*", s.asset)
	s.app.Get("/favicon.ico", s.favicon)
	s.app.Get("/healthz", s.healthz)
	s.app.Get("/readyz", s.do(s.readyz))
	s.app.Get("/metrics", s.metrics)
	s.app.Get("/sitemap.xml", s.sitemap)
	s.app.Get("/robots.txt", s.robots)
	s.adminRoutes()
	s.voiceRoutes()
	s.developer()
}

// publicPages are the pages that are the same for everybody.
func (s *Server) publicPages() {
	add := func(path string, v view.View) {
		p := &publicPage{view: v, pages: s.opts.Pages, lines: s.headers[classOf([]byte(path))], live: s.opts.Live}
		s.public[path] = p
		s.publicPaths = append(s.publicPaths, path)
		s.app.Get(path, func(c *fiber.Ctx) error {
			m, err := p.current()
			if err == nil {
				m.serve(c.Context())
			}
			return err
		})
	}
	add("/", view.Home{})
	for _, p := range s.opts.Catalog.Products {
		if p.Page != "" && !p.Disabled {
			add(p.Page, view.Landing{Product: p.ID})
		}
	}
	add("/free-blueprint", view.FreeBlueprint{})
	add("/contact", view.Contact{})
	for _, slug := range view.LegalSlugs() {
		add("/legal/"+slug, view.Legal{Slug: slug})
	}
}

// Route is one line of the table.
type Route struct{ Method, Path string }

// Routes lists everything that the server answers to, for the tests that hold
// every route to the same rules.
func (s *Server) Routes() []Route {
	var out []Route
	for _, r := range s.app.GetRoutes(true) {
		out = append(out, Route{Method: r.Method, Path: r.Path})
	}
	return out
}
