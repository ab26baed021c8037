package app

import (
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core/admin"
	"sselfie/core/credits"
	"sselfie/core/why"
)

// adminDesk opens the creator's pages.
func (h *house) adminDesk() *web.Admin {
	d := &admin.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) admin.Tx { return tx }), Read: h.db,
		Ledger: credits.Ledger{IDs: h.ids}, IDs: h.ids, Clock: h.clock, Grace: h.config.GracePeriod, Price: h.catalog.Studio().Price, Catalog: h.catalog, Work: h.runner,
	}
	if h.money != nil {
		d.Money = h.money.billing
	}
	if h.outbox != nil {
		d.Letters = h.outbox
	}
	explain := &why.Service{
		Read: h.db, Onboarding: h.reception.onboarding, Flags: h.reception.flags, Clock: h.clock, Fold: h.fold, Grace: h.config.GracePeriod,
	}
	a := &web.Admin{Desk: d, Why: explain, CronSecret: h.config.Cron.Secret, Checks: newLaunchCheck(h), Tickets: h.desk(), Warnings: h.warnings, Strangers: h.config.DemoPublic}
	if h.config.Demo {
		a.NextDue = travel{h}.coming
	}
	return a
}
