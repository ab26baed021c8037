package app

import (
	"sselfie/adapters/sqlite"
	"sselfie/adapters/web"
	"sselfie/core/admin"
	"sselfie/core/credits"
)

// desk opens the creator's pages.
func (h *house) adminDesk() *web.Admin {
	d := &admin.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) admin.Tx { return tx }), Read: h.db,
		Ledger: credits.Ledger{IDs: h.ids}, IDs: h.ids, Clock: h.clock, Grace: h.config.GracePeriod, Price: h.catalog.Studio().Price, Work: h.runner,
	}
	if h.money != nil {
		d.Money = h.money.billing
	}
	if h.outbox != nil {
		d.Letters = h.outbox
	}
	return &web.Admin{Desk: d, CronSecret: h.config.Cron.Secret, Checks: launchCheck{h}, Warnings: h.warnings}
}
