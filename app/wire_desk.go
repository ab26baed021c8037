package app

import (
	"context"
	"time"

	"sselfie/adapters/sqlite"
	"sselfie/core"
	"sselfie/core/mail"
	"sselfie/core/support"
)

// creator is whom notices go to: the admin, else the address that answers
// customers; "" while neither was configured.
func (c *Config) creator() string {
	switch {
	case c.Admin.Email != "":
		return c.Admin.Email
	case c.Demo || c.Brand.Support != Default().Brand.Support:
		return c.Brand.Support
	}
	return ""
}

// desk takes what visitors write to the creator.
func (h *house) desk() *support.Service {
	return &support.Service{
		Store: sqlite.Bind(h.db, func(tx *sqlite.Tx) support.Tx { return tx }), Read: h.db, Clock: h.clock, Wall: h.wall, IDs: h.ids, Fold: h.fold,
		Post: mail.Post{IDs: h.ids, Fold: h.fold}, Creator: h.config.creator(),
		Product: func(id core.ProductID) string { p, _ := h.catalog.Product(id); return p.Name },
	}
}

// once implements web.Once.
func (h *house) once(ctx context.Context, user core.UserID, what string) (first bool, err error) {
	err = h.db.Update(ctx, func(ctx context.Context, tx *sqlite.Tx) error {
		n, err := tx.CountHit(ctx, "once:"+what+":"+string(user), 24*time.Hour, h.clock.Now())
		first = n == 1
		return err
	})
	return first, err
}
