package app

import (
	"context"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core"
	"sselfie/core/accounts"
	"sselfie/core/billing"
	"sselfie/core/blueprint"
	"sselfie/core/entitlements"
	"sselfie/core/flags"
	"sselfie/core/jobs"
	"sselfie/core/leads"
	"sselfie/core/mail"
	"sselfie/core/onboarding"
	"sselfie/core/why"
)

// reception is what meets a customer: her first minute, her own data, and the
// address that she may have left before.
type reception struct {
	onboarding *onboarding.Service
	flags      *flags.Service
	blueprint  *blueprint.Service
	privacy    *accounts.Privacy
	leads      *leads.Service
	consent    string // version of the words beside the box
}

func (h *house) openReception(post mail.Post) *reception {
	fs := h.flagService(post)
	r := &reception{flags: fs, onboarding: h.onboardingService(fs), consent: consentVersion}
	r.blueprint = &blueprint.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) blueprint.Tx { return tx }), Read: h.db, Tiers: h.tiers(), Clock: h.clock,
	}
	r.privacy = &accounts.Privacy{
		People: h.people, Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) accounts.PrivacyTx { return tx }), Read: h.db, Settle: h.db.Scrub,
	}
	if h.mailbox != nil {
		r.privacy.Captured = h.mailbox
	}
	if h.money != nil {
		r.privacy.MayLeave = h.money.billing.MayLeave
	}
	r.leads = &leads.Service{
		Store: h.leadStore(), Clock: h.clock, Wall: h.wall, IDs: h.ids, Fold: h.fold,
		Post: post, Signer: h.signer, DoubleOptIn: h.config.Mail.DoubleOptIn,
	}
	return r
}

func (h *house) flagService(post mail.Post) *flags.Service {
	return &flags.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) flags.Tx { return tx }), Read: h.db, Clock: h.clock, IDs: h.ids, Post: post,
		Outcomes: h.db, Creator: h.config.creator(),
		Defaults: map[flags.Key]bool{
			flags.BlueprintWelcome:       h.config.Features.BlueprintWelcomeEnabled,
			flags.EntitlementWelcomeFlow: h.config.Features.EntitlementWelcomeFlow,
		},
	}
}

func (h *house) onboardingService(fs *flags.Service) *onboarding.Service {
	return &onboarding.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) onboarding.Tx { return tx }), Read: h.db, Tiers: h.tiers(), Flags: fs, Clock: h.clock,
	}
}

// tiers reads what a customer has from her subscription rows, also while
// payments are disabled.
type tiers struct {
	db    *sqlite.DB
	grace time.Duration
	clock core.Clock
}

func (h *house) tiers() tiers { return tiers{h.db, h.config.GracePeriod, h.clock} }

// TierOf implements onboarding.Tiers.
func (t tiers) TierOf(ctx context.Context, user core.UserID) (entitlements.Tier, error) {
	rows, err := t.db.RowsOf(ctx, user)
	if err != nil {
		return entitlements.Free, err
	}
	return billing.RightAt(rows, t.grace, t.clock).Tier, nil
}

// web is the reception as the web server knows it.
func (r *reception) web(h *house) *web.Customer {
	return &web.Customer{
		Onboarding: r.onboarding, Flags: r.flags, Blueprint: r.blueprint, Training: h.db, Privacy: r.privacy, Followed: r.leads,
	}
}

// Capture implements web.Leads.
func (r *reception) Capture(ctx context.Context, l web.Lead) error {
	return r.leads.Capture(ctx, leads.Request{Email: l.Email, Name: l.Name, Source: l.Source, Consent: true, TextVersion: r.consent})
}

// guardFlags is the job that halts a roll-out which does harm.
func (h *house) guardFlags(ctx context.Context, _ time.Time) (jobs.Counts, error) {
	halted, err := h.reception.flags.Guard(ctx)
	for _, f := range halted {
		h.log.Warn("a roll-out was halted", "op", "flags.Guard", "flag", f.Key, "reason", f.Reason)
	}
	return jobs.Counts{Processed: len(halted)}, err
}

// explainer says why a customer has what she has.
func (h *house) explainer(fs *flags.Service) *why.Service {
	return &why.Service{
		Read: h.db, Onboarding: h.onboardingService(fs), Flags: fs, Clock: h.clock, Fold: h.fold, Grace: h.config.GracePeriod,
	}
}
