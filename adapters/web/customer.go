package web

import (
	"context"

	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/blueprint"
	"sselfie/core/flags"
	"sselfie/core/leads"
	"sselfie/core/onboarding"
)

// Customer is what the pages and calls of somebody who is signed in ask of the
// core: her first minute, her answers and her data.
type Customer struct {
	Onboarding *onboarding.Service
	Flags      *flags.Service
	Blueprint  *blueprint.Service
	Training   onboarding.TrainingReader
	Privacy    *accounts.Privacy
	Followed   Followed // nil: the links of captured addresses lead to the page alone
	Wishes     Wishes   // nil: no letters to choose from, because mail is disabled
}

// Wishes are which letters a signed-in customer wants.
type Wishes interface {
	WantedBy(ctx context.Context, address string) (Subscription, error)
	// ChooseFor keeps them; with none of them all marketing to her ends.
	ChooseFor(ctx context.Context, user core.UserID, address string, wanted map[string]bool) error
}

// Followed spends the links that captured addresses got.
type Followed interface {
	// Follow proves the address of a link. core.TokenInvalid: it is not ours, or
	// its address was erased.
	Follow(ctx context.Context, token string) (leads.Lead, error)
}

// customerRoutes are the routes of the customer's first minute, her account and
// the flags that decide what she sees.
func (s *Server) customerRoutes() {
	if s.opts.Customer == nil {
		return
	}
	api := s.app.Group("/api")
	api.Get("/onboarding/welcome-flow", s.do(s.welcomeFlow))
	api.Post("/onboarding/answers", s.do(s.saveAnswers))
	api.Post("/onboarding/base-complete", s.do(s.completePhase(onboarding.Base)))
	api.Post("/onboarding/blueprint-extension-complete", s.do(s.completePhase(onboarding.BlueprintExtension)))
	api.Post("/onboarding/studio-extension-complete", s.do(s.completePhase(onboarding.StudioExtension)))
	api.Post("/onboarding/complete", s.do(s.completeOnboarding))
	api.Post("/onboarding/dismiss", s.do(s.dismissOnboarding))

	s.app.Get("/welcome", s.members(s.welcomePage)).Post("/welcome", s.members(s.postWelcome))
	s.app.Post("/welcome/skip", s.members(s.skipWelcome))
	s.app.Post("/welcome/done", s.members(s.leaveWelcome))

	api.Get("/feature-flags/:key", s.do(s.featureFlag))
	api.Get("/admin/flags", s.do(s.listFlags))
	api.Get("/admin/flags/:key", s.do(s.getFlag))
	api.Put("/admin/flags/:key", s.do(s.putFlag))

	api.Get("/blueprint/state", s.do(s.blueprintState))
	api.Post("/blueprint/state", s.do(s.saveBlueprint))
	api.Get("/training/status", s.do(s.trainingStatus))
	api.Get("/academy/courses", s.do(s.courses))

	if s.opts.Admin != nil {
		s.app.Get("/admin/flags", s.admins(s.deskFlags))
		s.app.Post("/admin/flags/:key", s.admins(s.deskSetFlag))
	}
	s.accountRoutes()
	s.app.Get(freePath, s.followLead)
}
